//! Combinations: several contracts at one net price.
//!
//! A combination trades when the quotes of all its legs together reach its price, each leg at the far
//! side of its own quote, all of them at once or none: the net is then never worse than the limit.
//! There is one execution for the combination and one for each leg; only the legs touch the account.

use alphatrader_model::{Contract, Price, Quantity, Side, TimeInForce};

use super::place::{Subject, exchange_of};
use super::{Desk, Happening};
use crate::broker::fact::Fact;
use crate::broker::order::{BrokerExecution, BrokerOrder, Leg, Status};
use crate::broker::snapshot::execution_fact;
use crate::broker::ticket::Refused;
use crate::wire::message::contract::{ComboLeg, Contract as WireContract};
use crate::wire::notice;

/// Most legs of a combination.
const MAX_LEGS: usize = 6;

/// Most units of a leg in one unit of a combination.
const MAX_RATIO: i32 = 100;

/// What the legs' quotes offer now.
struct Offer {
    /// Net price of one unit of the combination as it is bought.
    net: i64,
    /// Units that all legs have.
    units: u64,
    /// Price of each leg.
    prices: Vec<Price>,
}

impl Desk {
    /// Reads the legs of a combination.
    pub(super) fn combination(&self, asked: &WireContract) -> Result<Subject, Refused> {
        if asked.combo_legs.is_empty() {
            let text = "Security type 'BAG' requires combo leg details.";
            return Err(Refused::new(notice::NO_LEGS, text));
        }
        let invalid = |why: &str| {
            Refused::new(notice::INVALID_COMBINATION, format!("The combo details are invalid: {why}."))
        };
        if !(2..=MAX_LEGS).contains(&asked.combo_legs.len()) {
            return Err(invalid(&format!("it has 2 to {MAX_LEGS} legs")));
        }
        let mut legs: Vec<Leg> = Vec::new();
        for (place, given) in asked.combo_legs.iter().enumerate() {
            let leg = self.leg(given).map_err(|why| {
                let text = format!("The combo details for leg '{place}' are invalid: {why}.");
                Refused::new(notice::INVALID_LEG, text)
            })?;
            if legs.iter().any(|other| other.contract == leg.contract) {
                return Err(invalid("a contract is named twice"));
            }
            legs.push(leg);
        }
        let told = WireContract {
            exchange: Some(exchange_of(asked).to_owned()),
            currency: Some("USD".to_owned()),
            combo_legs_descrip: Some(describe(&asked.combo_legs)),
            ..asked.clone()
        };
        Ok(Subject { contract: legs[0].contract, told, legs })
    }

    fn leg(&self, given: &ComboLeg) -> Result<Leg, String> {
        let con_id = given.con_id.filter(|id| *id > 0).ok_or("it names no contract")?;
        let asked = WireContract { con_id: Some(con_id), ..WireContract::default() };
        let listing = self.feed.catalogue.find_one(&asked).map_err(|e| e.text().to_owned())?;
        let ratio = given.ratio.filter(|ratio| (1..=MAX_RATIO).contains(ratio));
        let ratio = ratio.ok_or_else(|| format!("its ratio is not from 1 to {MAX_RATIO}"))?;
        let side = match given.action.as_deref().unwrap_or_default() {
            "BUY" => Side::Buy,
            "SELL" | "SSHORT" => Side::Sell,
            other => return Err(format!("'{other}' is not an action")),
        };
        Ok(Leg { contract: listing.instrument.contract, ratio: ratio.unsigned_abs().into(), side })
    }

    /// A combination works from here on, once its way to the exchange would be over.
    pub(super) fn begin_combination(&mut self, mut order: BrokerOrder) {
        self.combinations.insert(order.perm_id, self.now + self.config.order_latency);
        order.status = if self.exchange.is_open() { Status::Submitted } else { Status::PreSubmitted };
        order.updated = self.now;
        self.keep(order);
    }

    /// Trades what the quotes of the legs reach.
    pub(super) fn work_combinations(&mut self) {
        if self.combinations.is_empty() || !self.exchange.is_open() {
            return;
        }
        let due: Vec<i64> = self
            .combinations
            .iter()
            .filter(|(_, due)| **due <= self.now)
            .map(|(perm_id, _)| *perm_id)
            .collect();
        for perm_id in due {
            self.work_combination(perm_id);
        }
    }

    fn work_combination(&mut self, perm_id: i64) {
        let Some(mut order) = self.state.orders.get(&perm_id).cloned() else { return };
        if order.status == Status::PreSubmitted {
            order.status = Status::Submitted;
            order.updated = self.now;
            self.keep(order.clone());
        }
        let whole =
            order.ticket.handling.all_or_none || order.ticket.time_in_force == TimeInForce::FillOrKill;
        if let Some(offer) = self.offer(&order) {
            let units = offer.units.min(order.remaining().get());
            let reached = match (order.ticket.kind.limit(), order.ticket.side) {
                (None, _) => true,
                (Some(limit), Side::Buy) => offer.net <= limit.raw(),
                (Some(limit), Side::Sell) => offer.net >= limit.raw(),
            };
            if units > 0 && reached && (!whole || units == order.remaining().get()) {
                order = self.trade_combination(order, &offer, units);
            }
        }
        let at_once =
            matches!(order.ticket.time_in_force, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        if at_once && !order.status.is_final() {
            self.end_order(order, Status::Cancelled, "the rest could not be filled at once");
        } else if order.ticket.handling.good_till.is_some_and(|till| till <= self.now)
            && !order.status.is_final()
        {
            self.end_order(order, Status::Cancelled, "the good till date has passed");
        }
    }

    /// What the legs offer together; nothing while one of them has no quote or does not trade. For a
    /// combination that is sold the net is what is received.
    fn offer(&self, order: &BrokerOrder) -> Option<Offer> {
        let (mut net, mut units, mut prices) = (0_i64, u64::MAX, Vec::new());
        for leg in &order.legs {
            let id = self.instrument_id(&leg.contract)?;
            if self.exchange.is_halted(id) {
                return None;
            }
            let level = self.exchange.left(id, leg.side_in(order.ticket.side).opposite())?;
            units = units.min(level.size.get() / leg.ratio);
            // Seen from the combination as it is bought: a leg that it sells is received.
            let ratio = i64::try_from(leg.ratio).ok()?;
            net = net.checked_add(level.price.raw().checked_mul(ratio)?.checked_mul(leg.side.sign())?)?;
            prices.push(level.price);
        }
        Some(Offer { net, units, prices })
    }

    fn trade_combination(&mut self, mut order: BrokerOrder, offer: &Offer, units: u64) -> BrokerOrder {
        let base = (self.state.execution_prefix, self.state.execution_count + 1);
        let id = |part: usize| format!("{:08x}.{:08x}.{part:02x}.01", base.0, base.1);
        let quantity = Quantity::new(units);
        order.filled = order.filled.checked_add(quantity).expect("bounded by the order's quantity");
        let count = i64::try_from(units).expect("bounded by the order's quantity");
        order.filled_value = order.filled_value.saturating_add(offer.net.saturating_mul(count));
        order.last_price = Some(Price::from_raw(offer.net));
        order.updated = self.now;
        let whole = self.execution_of(
            &order,
            id(1),
            order.contract,
            order.ticket.side,
            quantity,
            Price::from_raw(offer.net),
        );
        self.record(Fact::Remembered(Box::new(execution_fact(&whole))));
        self.happenings.push(Happening::Executed(Box::new(whole)));
        for (place, (leg, price)) in order.legs.clone().into_iter().zip(&offer.prices).enumerate() {
            self.trade_leg(&order, leg, id(place + 2), units, *price);
        }
        if order.remaining().is_zero() {
            order.status = Status::Filled;
            order.ending = format!("Filled Size: {}", order.filled);
            self.forget(order.perm_id);
        }
        self.keep(order.clone());
        self.spread_group(&order, quantity);
        order
    }

    fn trade_leg(&mut self, order: &BrokerOrder, leg: Leg, exec_id: String, units: u64, price: Price) {
        let side = leg.side_in(order.ticket.side);
        let quantity = Quantity::new(units.saturating_mul(leg.ratio));
        let mut execution = self.execution_of(order, exec_id, leg.contract, side, quantity, price);
        let listing = self.feed.catalogue.by_contract(&leg.contract).expect("its quote was found just now");
        execution.told = listing.told(order.told.exchange.as_deref().unwrap_or("SMART"));
        // What this leg of the order traded before.
        let before = self.state.executions.iter().filter(|e| {
            e.perm_id == order.perm_id
                && e.contract == leg.contract
                && e.told.sec_type.as_deref() != Some("BAG")
        });
        let sums = before.fold((0_u64, 0_i64), |(units, value), e| {
            let count = i64::try_from(e.quantity.get()).unwrap_or(i64::MAX);
            (units + e.quantity.get(), value.saturating_add(e.price.raw().saturating_mul(count)))
        });
        (execution.multiplier, execution.commission) =
            self.costs(&leg.contract, (Quantity::new(sums.0), sums.1), quantity, price);
        execution.cumulative = Quantity::new(sums.0 + quantity.get());
        let value = sums.1 as f64 + price.raw() as f64 * quantity.get() as f64;
        execution.average_price = value / execution.cumulative.get() as f64 / Price::SCALE as f64;
        let id = listing.instrument.id;
        self.exchange.take(id, side.opposite(), price, quantity);
        self.record(Fact::Executed(Box::new(execution_fact(&execution))));
        let kept = self.state.executions.last().expect("it was kept just now").clone();
        self.happenings.push(Happening::Executed(Box::new(kept)));
    }

    /// An execution of an order, not charged yet.
    fn execution_of(
        &self,
        order: &BrokerOrder,
        exec_id: String,
        contract: Contract,
        side: Side,
        quantity: Quantity,
        price: Price,
    ) -> BrokerExecution {
        BrokerExecution {
            exec_id,
            perm_id: order.perm_id,
            client_id: order.client_id,
            order_id: order.order_id,
            contract,
            told: order.told.clone(),
            side,
            quantity,
            price,
            multiplier: 1,
            time: self.now,
            venue: "SMART".to_owned(),
            cumulative: order.filled,
            average_price: order.average_price(),
            order_ref: order.terms.order_ref.clone().unwrap_or_default(),
            liquidity: 2,
            commission: alphatrader_model::Money::ZERO,
            realized: None,
            liquidation: order.liquidation,
            exercise: None,
        }
    }

    /// The session is over: combinations for the day end.
    pub(super) fn end_day_of_combinations(&mut self) {
        let Some(close) = self.session.map(|session| session.close) else { return };
        let over: Vec<BrokerOrder> = self
            .combinations
            .keys()
            .chain(&self.waiting)
            .filter_map(|perm_id| self.state.orders.get(perm_id))
            .filter(|order| {
                order.ticket.time_in_force != TimeInForce::GoodTillCancelled && order.created < close
            })
            .cloned()
            .collect();
        for order in over {
            // The end of a parent has ended its children.
            if self.is_aside(order.perm_id) {
                self.end_order(order, Status::Cancelled, "the order expired at the end of the session");
            }
        }
    }
}

/// `1000|1,1001|-1`: legs as open orders describe them.
fn describe(legs: &[ComboLeg]) -> String {
    let one = |leg: &ComboLeg| {
        let sign = if leg.action.as_deref() == Some("BUY") { "" } else { "-" };
        format!("{}|{sign}{}", leg.con_id.unwrap_or(0), leg.ratio.unwrap_or(0))
    };
    legs.iter().map(one).collect::<Vec<_>>().join(",")
}
