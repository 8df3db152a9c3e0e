//! The end of options: exercise, assignment, lapse; and before it, on the last afternoon, the closing of
//! what the account could not afford to be delivered.
//!
//! As at the broker, an option that is a cent or more in the money is exercised by itself, against its
//! holder or for him, unless he said otherwise. Both halves are executions: the option at a price of zero,
//! the shares at the strike, each with the number of how it came about.

use alphatrader_model::{Contract, Instrument, Price, Quantity, Right, Side, Span, Timestamp};

use super::margin::{self, Margins};
use super::{Desk, Happening};
use crate::broker::book::{Book, BookTrade};
use crate::broker::fact::{Fact, Instructed};
use crate::broker::order::{BrokerExecution, BrokerOrder, Placement};
use crate::broker::snapshot::execution_fact;
use crate::broker::ticket::{Refused, read_ticket};
use crate::feed::catalogue::Listing;
use crate::wire::message::option_request::ExerciseOptionsRequest;
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

/// How an option ended, as the broker numbers it.
mod kind {
    pub(super) const EXERCISE: i32 = 1;
    pub(super) const LAPSE: i32 = 2;
    pub(super) const ASSIGNED: i32 = 100;
    pub(super) const AUTO_EXERCISE: i32 = 101;
    pub(super) const EXPIRED: i32 = 102;
}

/// How often the afternoon's risk is looked at.
const LOOK: Span = Span::from_seconds(30);

/// What the broker does when options end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiryRules {
    /// Shares are delivered; without it options are settled in cash at what they are worth.
    pub delivers: bool,
    /// The account is warned of options that it could not afford to be delivered so long before the
    /// close; nothing for never.
    pub warns: Option<Span>,
    /// They are closed so long before the close; nothing for never.
    pub liquidates: Option<Span>,
}

impl Default for ExpiryRules {
    fn default() -> Self {
        Self {
            delivers: true,
            warns: Some(Span::from_minutes(120)),
            liquidates: Some(Span::from_minutes(60)),
        }
    }
}

/// What becomes of a holding: so many units end in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    quantity: Quantity,
    kind: i32,
    /// Whether shares change hands.
    delivers: bool,
}

impl Desk {
    /// A client says what is to become of an option: exercise (1) or lapse (2). Exercise of one that is not
    /// in the money, and lapse of one that is, need the override.
    ///
    /// # Errors
    /// [`Refused`]: to be said about the request's id.
    pub fn instruct(&mut self, asked: &ExerciseOptionsRequest) -> Result<(), Refused> {
        let failed = |reason: &str| {
            Refused::new(notice::REQUEST_FAILED, format!("Error processing request.-'{reason}'"))
        };
        let contract = asked.contract.clone().unwrap_or_default();
        let listing = self.feed.catalogue.find_one(&contract);
        let listing = listing.map_err(|e| Refused::new(notice::NO_SECURITY_DEFINITION, e.text()))?;
        let instrument = listing.instrument.clone();
        if instrument.contract.option().is_none() {
            return Err(failed("only options can be exercised"));
        }
        if asked.account.as_ref().is_some_and(|a| !a.is_empty() && *a != self.state.account) {
            return Err(failed("Invalid account code"));
        }
        let held = self.state.book.held(&instrument.contract).get();
        let quantity = asked.exercise_quantity.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
        let quantity = quantity.ok_or_else(|| failed("the quantity is a whole number above zero"))?;
        if i64::try_from(quantity).map_or(true, |quantity| quantity > held) {
            return Err(failed("the account does not hold so many of the option"));
        }
        let forced = asked.r#override == Some(true);
        let in_the_money = self.intrinsic(&instrument).is_some_and(|worth| worth >= Price::CENT);
        let exercise = match asked.exercise_action {
            Some(1) if in_the_money || forced => true,
            Some(1) => return Err(failed("Exercise ignored because option is not in-the-money.")),
            Some(2) if !in_the_money || forced => false,
            Some(2) => return Err(failed("Lapse ignored because option is in-the-money.")),
            _ => return Err(failed("the action is 1 (exercise) or 2 (lapse)")),
        };
        let contract = instrument.contract.to_string();
        self.record(Fact::Instructed(Instructed { contract, exercise, quantity }));
        Ok(())
    }

    /// After the close: what expired ends, and what its holder exercises early.
    pub fn settle_expired(&mut self, at: Timestamp) {
        for (instrument, held, expired) in self.ending(at) {
            if !self.config.expiry.delivers {
                if expired {
                    self.settle_in_cash(&instrument);
                }
                continue;
            }
            let Some(worth) = self.intrinsic(&instrument) else {
                tracing::error!(contract = %instrument.contract, "no price of the underlying: not settled");
                continue;
            };
            let instruction = self.state.instructions.get(&instrument.contract).copied();
            for part in parts(held, worth >= Price::CENT, expired, instruction) {
                self.end_part(&instrument, held, part);
            }
            if instruction.is_some() {
                let (contract, exercise) = (instrument.contract.to_string(), false);
                self.record(Fact::Instructed(Instructed { contract, exercise, quantity: 0 }));
            }
        }
    }

    /// Options held that end at `at`: expired, or to be exercised early. Units held with sign.
    fn ending(&self, at: Timestamp) -> Vec<(Instrument, i64, bool)> {
        let holdings = self.state.book.holdings.iter().filter(|(_, holding)| !holding.quantity.is_flat());
        let ending = holdings.filter_map(|(contract, holding)| {
            let instrument = &self.feed.catalogue.by_contract(contract)?.instrument;
            let expired = instrument.expires? <= at;
            let early = self.state.instructions.get(contract).is_some_and(|(exercise, _)| *exercise);
            (expired || early).then(|| (instrument.clone(), holding.quantity.get(), expired))
        });
        ending.collect()
    }

    fn settle_in_cash(&mut self, instrument: &Instrument) {
        let Some(price) = self.intrinsic(instrument) else {
            tracing::error!(contract = %instrument.contract, "no price of the underlying: not settled");
            return;
        };
        let contract = instrument.contract.to_string();
        self.record(Fact::Settled(crate::broker::fact::Settled { contract, price: price.raw() }));
        self.happenings.push(Happening::Settled(instrument.contract));
    }

    fn end_part(&mut self, instrument: &Instrument, held: i64, part: Part) {
        let Some((option, shares)) = trades(instrument, held, part) else { return };
        self.end_by(&option, part.kind);
        if let Some(shares) = shares {
            self.end_by(&shares, part.kind);
        }
    }

    fn end_by(&mut self, trade: &BookTrade, kind: i32) {
        let told = self.feed.catalogue.by_contract(&trade.contract).map(|listing| listing.told("SMART"));
        let execution = BrokerExecution {
            exec_id: self.state.next_exec_id(),
            perm_id: 0,
            client_id: 0,
            order_id: 0,
            contract: trade.contract,
            told: told.unwrap_or_default(),
            side: trade.side,
            quantity: trade.quantity,
            price: trade.price,
            multiplier: trade.multiplier,
            time: self.now,
            venue: "SMART".to_owned(),
            cumulative: trade.quantity,
            average_price: trade.price.to_f64(),
            order_ref: String::new(),
            liquidity: 0,
            commission: trade.commission,
            realized: None,
            liquidation: false,
            exercise: Some(kind),
        };
        self.record(Fact::Executed(Box::new(execution_fact(&execution))));
        let kept = self.state.executions.last().expect("it was kept just now").clone();
        self.happenings.push(Happening::Executed(Box::new(kept)));
    }

    /// Looks, from time to time, whether the account could afford the delivery of what expires today;
    /// warns, then closes.
    pub fn watch_expiry(&mut self, at: Timestamp) {
        let rules = self.config.expiry;
        let Some(session) = self.session.filter(|session| rules.delivers && at < session.close) else {
            return;
        };
        let before = session.close.since(at).nanos();
        let within = |span: Option<Span>| span.is_some_and(|span| before <= span.nanos());
        if at < self.expiry_due || !(within(rules.warns) || within(rules.liquidates)) {
            return;
        }
        self.expiry_due = at + LOOK;
        let mut book = self.state.book.clone();
        let mut options = self.deliver(&mut book, session.close);
        let mut after = margin::of_book(&book, &self.feed);
        if options.is_empty() || after.excess() >= alphatrader_model::Money::ZERO {
            return;
        }
        if !within(rules.liquidates) {
            self.warn(session.date, after);
            return;
        }
        // The largest delivery first, until what is left can be afforded.
        while after.excess() < alphatrader_model::Money::ZERO
            && let Some((listing, held)) = options.pop()
        {
            self.liquidate(&listing, held);
            let mut book = self.state.book.clone();
            for (other, held) in &options {
                apply(&mut book, &other.instrument, *held);
            }
            after = margin::of_book(&book, &self.feed);
        }
    }

    /// Makes of a book what delivery would make of it at the prices of now. The options that would
    /// deliver, by the value of their shares.
    fn deliver(&self, book: &mut Book, close: Timestamp) -> Vec<(Listing, i64)> {
        let mut options = Vec::new();
        for (instrument, held, expired) in self.ending(close) {
            let in_the_money = self.intrinsic(&instrument).is_some_and(|worth| worth >= Price::CENT);
            if expired && in_the_money && apply(book, &instrument, held) {
                options
                    .extend(self.feed.catalogue.get(instrument.id).cloned().map(|listing| (listing, held)));
            }
        }
        options.sort_by_key(|(listing, held)| {
            let strike = listing.instrument.contract.option().map_or(0, |option| option.strike.raw());
            (i128::from(strike) * i128::from(held.unsigned_abs()), listing.con_id)
        });
        options
    }

    fn warn(&mut self, date: jiff::civil::Date, after: Margins) {
        if self.warned == Some(date) {
            return;
        }
        self.warned = Some(date);
        let text = format!(
            "Options that expire today would leave the account without the margin for the shares delivered: excess liquidity would be {:.2} USD. Close them, or they are liquidated before the close.",
            after.excess().to_f64()
        );
        self.happenings.push(Happening::Told { code: notice::EXPIRY_WARNING, text });
    }

    /// Closes an option by an order of the broker's own; the client's orders on it are cancelled.
    fn liquidate(&mut self, listing: &Listing, held: i64) {
        let contract = listing.instrument.contract;
        let working: Vec<BrokerOrder> = self
            .state
            .orders
            .values()
            .filter(|order| order.contract == contract && !order.status.is_final())
            .cloned()
            .collect();
        if working.iter().any(|order| order.liquidation) {
            return;
        }
        for order in working {
            let (client_id, order_id) = (order.client_id, order.order_id);
            self.notice(client_id, order_id, Refused::rejected("the position is being liquidated"));
            if let Err(refused) = self.withdraw(order) {
                self.notice(client_id, order_id, refused);
            }
        }
        let perm_id = self.state.last_perm_id + 1;
        let terms = Terms {
            client_id: Some(0),
            order_id: Some(0),
            perm_id: Some(perm_id),
            action: Some(if held > 0 { "SELL" } else { "BUY" }.to_owned()),
            total_quantity: Some(held.unsigned_abs().to_string()),
            order_type: Some("MKT".to_owned()),
            tif: Some("DAY".to_owned()),
            account: Some(self.state.account.clone()),
            ..Terms::default()
        };
        let Ok(ticket) = read_ticket(&terms) else { return };
        let placement = Placement {
            perm_id,
            client_id: 0,
            order_id: 0,
            contract,
            told: listing.told("SMART"),
            terms,
            ticket,
            legs: Vec::new(),
            liquidation: true,
        };
        let order = placement.begin(self.now);
        tracing::info!(contract = %contract, held, "the broker closes what the account could not be delivered");
        self.keep(order.clone());
        self.dispatch(order);
    }

    /// What an option is worth per share against the underlying's last price.
    pub(super) fn intrinsic(&self, instrument: &Instrument) -> Option<Price> {
        let option = instrument.contract.option()?;
        let underlying = self.feed.catalogue.by_contract(&Contract::Stock(instrument.underlying))?;
        let ticker = self.feed.ticker(underlying.instrument.id)?;
        let spot = ticker.last.map(|last| last.price).or_else(|| ticker.mark())?;
        let worth = match option.right {
            Right::Call => spot.raw() - option.strike.raw(),
            Right::Put => option.strike.raw() - spot.raw(),
        };
        Some(Price::from_raw(worth.max(0)))
    }
}

/// What becomes of a holding of an option that expires, or of which its holder exercises some early.
fn parts(held: i64, in_the_money: bool, expired: bool, instruction: Option<(bool, u64)>) -> Vec<Part> {
    let units = held.unsigned_abs();
    let part = |quantity: u64, kind, delivers| Part { quantity: Quantity::new(quantity), kind, delivers };
    let all = if held < 0 {
        vec![if in_the_money { part(units, kind::ASSIGNED, true) } else { part(units, kind::EXPIRED, false) }]
    } else {
        let said = instruction.map_or(0, |(_, quantity)| quantity.min(units));
        let rest = units - said;
        let by_itself = if in_the_money {
            part(rest, kind::AUTO_EXERCISE, true)
        } else {
            part(rest, kind::EXPIRED, false)
        };
        match instruction {
            Some((true, _)) if !expired => vec![part(said, kind::EXERCISE, true)],
            Some((true, _)) => vec![part(said, kind::EXERCISE, true), by_itself],
            Some((false, _)) => vec![part(said, kind::LAPSE, false), by_itself],
            None => vec![by_itself],
        }
    };
    all.into_iter().filter(|part| !part.quantity.is_zero()).collect()
}

/// The option's trade at zero, and that of the shares at the strike; nothing when it is no option or the
/// shares are too many.
fn trades(instrument: &Instrument, held: i64, part: Part) -> Option<(BookTrade, Option<BookTrade>)> {
    let option = instrument.contract.option()?;
    let commission = alphatrader_model::Money::ZERO;
    let ends = BookTrade {
        contract: instrument.contract,
        side: if held > 0 { Side::Sell } else { Side::Buy },
        quantity: part.quantity,
        price: Price::ZERO,
        multiplier: instrument.multiplier,
        commission,
    };
    if !part.delivers {
        return Some((ends, None));
    }
    let shares = part.quantity.get().checked_mul(u64::from(instrument.multiplier))?;
    let buys = (option.right == Right::Call) == (held > 0);
    let delivered = BookTrade {
        contract: Contract::Stock(instrument.underlying),
        side: if buys { Side::Buy } else { Side::Sell },
        quantity: Quantity::new(shares),
        price: option.strike,
        multiplier: 1,
        commission,
    };
    Some((ends, Some(delivered)))
}

/// Delivers all of an option in a book; whether it could be.
fn apply(book: &mut Book, instrument: &Instrument, held: i64) -> bool {
    let whole = Part { quantity: Quantity::new(held.unsigned_abs()), kind: kind::EXERCISE, delivers: true };
    let Some((option, Some(shares))) = trades(instrument, held, whole) else { return false };
    book.trade(&option).is_ok() && book.trade(&shares).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(parts: &[Part]) -> Vec<(u64, i32, bool)> {
        parts.iter().map(|part| (part.quantity.get(), part.kind, part.delivers)).collect()
    }

    #[test]
    fn a_cent_in_the_money_decides_unless_the_holder_says_otherwise() {
        assert_eq!(told(&parts(5, true, true, None)), [(5, kind::AUTO_EXERCISE, true)]);
        assert_eq!(told(&parts(5, false, true, None)), [(5, kind::EXPIRED, false)]);
        assert_eq!(told(&parts(-5, true, true, None)), [(5, kind::ASSIGNED, true)]);
        assert_eq!(told(&parts(-5, false, true, None)), [(5, kind::EXPIRED, false)]);
        let lapse = told(&parts(5, true, true, Some((false, 2))));
        assert_eq!(lapse, [(2, kind::LAPSE, false), (3, kind::AUTO_EXERCISE, true)]);
        let forced = told(&parts(5, false, true, Some((true, 2))));
        assert_eq!(forced, [(2, kind::EXERCISE, true), (3, kind::EXPIRED, false)]);
        assert_eq!(told(&parts(5, true, false, Some((true, 2)))), [(2, kind::EXERCISE, true)]);
    }

    proptest! {
        #[test]
        fn nothing_of_what_expired_is_left(held in -500_i64..500, itm: bool, said: bool, quantity in 0_u64..900, any: bool) {
            prop_assume!(held != 0);
            let all = parts(held, itm, true, any.then_some((said, quantity)));
            prop_assert_eq!(all.iter().map(|part| part.quantity.get()).sum::<u64>(), held.unsigned_abs());
        }
    }
}
