//! Actions as they arrive at the broker: credit checks, then the exchange.

use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::{Action, BrokerEvent, InstrumentId, OrderId, OrderRequest, Price, Side, Timestamp};

use super::{Known, SimulatedBroker, middle};
use crate::account::{Claim, Refusal};
use crate::fees::OrderCost;
use crate::matching::{Change, Group, GroupRule, Handling, LiveOrder, NewOrder, OrderKey, TriggerBy};

/// Named groups and implied ones side by side in one number.
const IMPLIED: u64 = 1 << 63;

impl SimulatedBroker {
    pub(super) fn arrive(&mut self, at: Timestamp, action: Action) {
        match action {
            Action::Place(orders) => {
                for order in &orders {
                    self.place(at, order);
                }
            }
            Action::Modify(order) => self.modify(at, &order),
            Action::Cancel(id) => self.cancel(at, id),
            Action::Synchronise => self.picture(at),
        }
        self.exchange_to(at);
    }

    fn place(&mut self, at: Timestamp, order: &OrderRequest) {
        if self.known.contains_key(&order.id) {
            let reason = "Duplicate order id".to_owned();
            self.say(at, BrokerEvent::Rejected { id: order.id, code: 103, reason });
            return;
        }
        if self.known.len() >= Self::MAX_A_DAY || self.executions.len() >= Self::MAX_A_DAY {
            let reason = format!(
                "Order rejected - reason: {} orders or executions today are the most",
                Self::MAX_A_DAY
            );
            self.say(at, BrokerEvent::Rejected { id: order.id, code: 201, reason });
            return;
        }
        if let Err(Refusal { code, reason }) = self.check(order, None) {
            self.say(at, BrokerEvent::Rejected { id: order.id, code, reason });
            return;
        }
        let Some(instrument) = self.exchange.find(&order.contract) else { return };
        let known = Known {
            request: *order,
            perm_id: self.next_perm,
            filled: alphatrader_model::Quantity::ZERO,
            executions: 0,
            cost: OrderCost::default(),
            state: BrokerOrderState::PendingSubmit,
        };
        self.next_perm += 1;
        self.next_id = self.next_id.max(OrderId(order.id.0.saturating_add(1)));
        self.known.insert(order.id, known);
        let new = NewOrder {
            key: key(order.id),
            instrument,
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            time_in_force: order.time_in_force,
            parent: order.parent.map(key),
            group: order.one_cancels_all.map(|entry| Group::Named(key(entry).0)),
            group_rule: GroupRule::Reduce,
            trigger_by: TriggerBy::Quote,
            outside_session: false,
            handling: Handling::NONE,
        };
        if let Err(full) = self.exchange.submit(at, new) {
            self.known.remove(&order.id);
            self.say(at, BrokerEvent::Rejected { id: order.id, code: 201, reason: full.to_string() });
            return;
        }
        self.exchange_to(at);
    }

    fn modify(&mut self, at: Timestamp, order: &OrderRequest) {
        if self.exchange.order(key(order.id)).is_none() {
            self.say(at, BrokerEvent::UnknownOrder { id: order.id });
            return;
        }
        if let Err(Refusal { code, reason }) = self.check(order, Some(order.id)) {
            self.say(at, BrokerEvent::Notice { code, text: format!("order {}: {reason}", order.id) });
            return;
        }
        let change = Change::new(key(order.id), order.quantity, order.kind);
        if let Err(full) = self.exchange.change(at, change) {
            self.say(at, BrokerEvent::Notice { code: 201, text: full.to_string() });
        }
    }

    fn cancel(&mut self, at: Timestamp, id: OrderId) {
        if let Err(full) = self.exchange.cancel(at, key(id)) {
            self.say(at, BrokerEvent::Notice { code: 201, text: full.to_string() });
        }
    }

    /// Whether the account bears the order beside those that live; `replaces` is left out of them.
    fn check(&self, order: &OrderRequest, replaces: Option<OrderId>) -> Result<(), Refusal> {
        let unknown = || Refusal {
            code: 200,
            reason: format!("No security definition has been found for the request: {}", order.contract),
        };
        let id = self.exchange.find(&order.contract).ok_or_else(unknown)?;
        let instrument = self.exchange.instrument(id).ok_or_else(unknown)?;
        let price =
            self.price_for(id, order.side, order.kind.limit(), order.kind.trigger()).ok_or_else(|| {
                let reason = format!("Order rejected - reason: no market price for {} yet", order.contract);
                Refusal { code: 201, reason }
            })?;
        let filled = replaces.and_then(|id| self.known.get(&id)).map_or_else(Default::default, |k| k.filled);
        let parent = order
            .parent
            .and_then(|id| self.known.get(&id))
            .filter(|p| p.request.contract == order.contract && p.request.side != order.side);
        let parent_lives = parent.is_some_and(|p| self.exchange.order(key(p.request.id)).is_some());
        // The exchange lets an exit work for what its parent filled, and no more.
        let most = parent.filter(|_| !parent_lives).map_or(order.quantity, |p| order.quantity.min(p.filled));
        let claim = Claim {
            contract: order.contract,
            multiplier: instrument.multiplier,
            side: order.side,
            remaining: most.saturating_sub(filled),
            price,
            group: group_number(order),
            covered_by_parent: parent_lives,
        };
        let working: Vec<Claim> = self
            .exchange
            .orders()
            .filter(|live| replaces.is_none_or(|id| live.key != key(id)))
            .filter_map(|live| self.claim(live))
            .collect();
        self.account.check(&claim, &working)
    }

    /// What a live order claims. One whose price cannot be known claims nothing: it has no market.
    fn claim(&self, live: &LiveOrder) -> Option<Claim> {
        let id = self.exchange.find(&live.contract)?;
        let multiplier = self.exchange.instrument(id)?.multiplier;
        let price = self.price_for(id, live.side, live.kind.limit(), live.kind.trigger())?;
        let group = live.group.map(|group| match group {
            Group::Named(number) => number,
            Group::Implied(owner) => IMPLIED | owner.0,
        });
        let open = alphatrader_model::Quantity::new(live.open());
        Some(Claim {
            contract: live.contract,
            multiplier,
            side: live.side,
            remaining: open,
            price,
            group,
            covered_by_parent: live.parent.is_some() && open.is_zero(),
        })
    }

    /// The price at which to reckon an order: its limit, else what the market asks, and the trigger
    /// where that is worse.
    fn price_for(
        &self,
        id: InstrumentId,
        side: Side,
        limit: Option<Price>,
        trigger: Option<Price>,
    ) -> Option<Price> {
        if limit.is_some() {
            return limit;
        }
        let quote = self.exchange.quote(id);
        let touch = quote.and_then(|q| if side == Side::Buy { q.ask } else { q.bid }).map(|l| l.price);
        let market =
            touch.or_else(|| quote.as_ref().and_then(middle)).or_else(|| self.last.get(&id).copied());
        match (market, trigger) {
            (Some(market), Some(trigger)) if side == Side::Buy => Some(market.max(trigger)),
            (market, trigger) => market.or(trigger),
        }
    }
}

fn key(id: OrderId) -> OrderKey {
    OrderKey(u64::from(id.0.unsigned_abs()))
}

fn group_number(order: &OrderRequest) -> Option<u64> {
    match (order.one_cancels_all, order.parent) {
        (Some(entry), _) => Some(key(entry).0),
        (None, Some(parent)) => Some(IMPLIED | key(parent).0),
        (None, None) => None,
    }
}
