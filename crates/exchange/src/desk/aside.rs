//! Orders that the gateway keeps to itself: those that wait for their conditions (and the children of
//! such), and combinations, which no exchange here trades as one.

use alphatrader_market::matching::Change;
use alphatrader_model::{Contract, Money, Price, Quantity, Span};

use super::{Desk, key_of};
use crate::broker::order::{BrokerOrder, OcaKind, Status};
use crate::broker::ticket::condition::{Condition, Conditions};
use crate::wire::message::contract::Contract as WireContract;

/// Conditions are looked at this often.
pub(super) const LOOK_EVERY: Span = Span::from_millis(50);

impl Desk {
    /// Whether an order that was transmitted is not at the exchange but here.
    pub(super) fn is_aside(&self, perm_id: i64) -> bool {
        self.waiting.contains(&perm_id) || self.combinations.contains_key(&perm_id)
    }

    /// Lets an order go where it belongs: to wait here, to work here, or to the exchange.
    pub(super) fn dispatch(&mut self, mut order: BrokerOrder) {
        let perm_id = order.perm_id;
        if self.must_wait(&order) {
            self.waiting.insert(perm_id);
            order.status = Status::PreSubmitted;
            order.updated = self.now;
            self.keep(order);
            return;
        }
        self.waiting.remove(&perm_id);
        if order.ticket.conditions.as_ref().is_some_and(|conditions| conditions.cancel) {
            self.watched.insert(perm_id);
        }
        if order.is_combination() {
            self.begin_combination(order);
        } else {
            self.submit(order);
        }
    }

    /// An order that ended is nowhere.
    pub(super) fn forget(&mut self, perm_id: i64) {
        self.waiting.remove(&perm_id);
        self.watched.remove(&perm_id);
        self.combinations.remove(&perm_id);
        self.runs.remove(&perm_id);
    }

    /// Whether an order waits: for its conditions, or for a parent that does.
    fn must_wait(&self, order: &BrokerOrder) -> bool {
        let parent = order.ticket.parent.and_then(|parent| self.state.order_of(order.client_id, parent));
        let waits = |parent: &BrokerOrder| self.waiting.contains(&parent.perm_id);
        let unmet = |conditions: &Conditions| !conditions.cancel && !self.are_met(conditions, order);
        parent.is_some_and(waits) || order.ticket.conditions.as_ref().is_some_and(unmet)
    }

    /// Looks at what waits and at what is to be cancelled, when it is time to.
    pub(super) fn look_at_conditions(&mut self) {
        if self.waiting.is_empty() && self.watched.is_empty() || self.now < self.next_look {
            return;
        }
        self.next_look = self.now + LOOK_EVERY;
        // Parents have lower numbers than their children: one pass lets a family go.
        for perm_id in self.waiting.iter().copied().collect::<Vec<_>>() {
            let Some(order) = self.state.orders.get(&perm_id).cloned() else { continue };
            if order.ticket.handling.good_till.is_some_and(|till| till <= self.now) {
                self.end_order(order, Status::Cancelled, "the good till date has passed");
            } else if !self.must_wait(&order) {
                self.dispatch(order);
            }
        }
        for perm_id in self.watched.iter().copied().collect::<Vec<_>>() {
            let Some(order) = self.state.orders.get(&perm_id).filter(|o| !o.status.is_final()).cloned()
            else {
                self.watched.remove(&perm_id);
                continue;
            };
            if order.ticket.conditions.as_ref().is_some_and(|conditions| self.are_met(conditions, &order)) {
                self.watched.remove(&perm_id);
                let (client_id, order_id) = (order.client_id, order.order_id);
                if let Err(refused) = self.withdraw(order) {
                    self.notice(client_id, order_id, refused);
                }
            }
        }
    }

    fn are_met(&self, conditions: &Conditions, order: &BrokerOrder) -> bool {
        (conditions.any_hour || self.exchange.is_open())
            && conditions.met(|condition| self.holds(condition, order))
    }

    fn holds(&self, condition: &Condition, order: &BrokerOrder) -> bool {
        let ticker = condition.con_id().and_then(|con_id| {
            let asked = WireContract { con_id: Some(con_id), ..WireContract::default() };
            self.feed.ticker(self.feed.catalogue.find_one(&asked).ok()?.instrument.id)
        });
        let beyond = |more: bool, is: f64, than: f64| if more { is >= than } else { is <= than };
        match condition {
            Condition::Price { more, price, .. } => {
                let last =
                    ticker.and_then(|ticker| ticker.last.map(|last| last.price).or_else(|| ticker.mark()));
                last.is_some_and(|last| if *more { last >= *price } else { last <= *price })
            }
            Condition::Time { more, at } => (self.now > *at) == *more,
            Condition::Margin { more, percent } => {
                let margins = self.margins();
                let worth = margins.net_liquidation.to_f64();
                worth > 0.0 && beyond(*more, 100.0 * margins.excess().to_f64() / worth, f64::from(*percent))
            }
            Condition::Execution { symbol, security_type } => {
                let fits = |asked: &str, is: Option<&String>| {
                    asked.is_empty() || is.is_some_and(|is| is.eq_ignore_ascii_case(asked))
                };
                self.state.executions.iter().any(|execution| {
                    execution.time >= order.created
                        && fits(symbol, execution.told.symbol.as_ref())
                        && fits(security_type, execution.told.sec_type.as_ref())
                })
            }
            Condition::Volume { more, volume, .. } => {
                ticker.is_some_and(|ticker| beyond(*more, ticker.volume as f64, *volume as f64))
            }
            Condition::Change { more, percent, .. } => {
                let change = ticker.and_then(|ticker| {
                    let (last, close) = (ticker.last?.price.to_f64(), ticker.close?.to_f64());
                    Some(100.0 * (last / close - 1.0))
                });
                change.is_some_and(|change| beyond(*more, change, *percent))
            }
        }
    }

    /// A fill's one-cancels-all group, where one of the two orders is not at the exchange: the others
    /// are cancelled, or reduced by what was filled.
    pub(super) fn spread_group(&mut self, filled: &BrokerOrder, quantity: Quantity) {
        let Some((group, kind)) = filled.ticket.oca.clone() else { return };
        let others: Vec<BrokerOrder> = self
            .state
            .orders
            .values()
            .filter(|o| o.perm_id != filled.perm_id && !o.status.is_final())
            .filter(|o| o.ticket.oca.as_ref().is_some_and(|(name, _)| *name == group))
            .filter(|o| filled.is_combination() || self.is_aside(o.perm_id))
            .cloned()
            .collect();
        for mut other in others {
            let left = other.remaining().saturating_sub(quantity);
            if kind == OcaKind::Cancel || left.is_zero() {
                self.end_by_group(other);
                continue;
            }
            let whole = other.ticket.quantity.saturating_sub(quantity);
            if self.is_aside(other.perm_id) {
                other.ticket.quantity = whole;
                other.terms.total_quantity = Some(whole.to_string());
                self.keep(other);
            } else {
                let kind =
                    self.exchange.order(key_of(other.perm_id)).map_or(other.ticket.kind, |live| live.kind);
                let sent = self.exchange.change(self.now, Change::new(key_of(other.perm_id), whole, kind));
                log_full(sent);
            }
        }
    }

    fn end_by_group(&mut self, other: BrokerOrder) {
        if self.is_aside(other.perm_id) {
            self.end_order(other, Status::Cancelled, "another order of its one-cancels-all group was filled");
        } else {
            log_full(self.exchange.cancel(self.now, key_of(other.perm_id)));
        }
    }

    /// Multiplier and commission of a trade of a listed contract.
    pub(super) fn costs(
        &self,
        contract: &Contract,
        before: (Quantity, i64),
        quantity: Quantity,
        price: Price,
    ) -> (u32, Money) {
        let listing = self.feed.catalogue.by_contract(contract).expect("only listed contracts trade");
        (listing.instrument.multiplier, self.commission(&listing.instrument, before, quantity, price))
    }
}

/// The exchange takes more words than there can be orders in a group; if it ever does not, say so.
fn log_full(sent: Result<(), alphatrader_market::matching::Full>) {
    if let Err(full) = sent {
        tracing::error!(%full, "the others of a one-cancels-all group were not told of a fill");
    }
}
