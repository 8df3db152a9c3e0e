//! Faults on order: what the broker does to orders and executions when a scenario says so.

use std::collections::VecDeque;

use alphatrader_model::{Price, Quantity};

use super::{Desk, Happening};
use crate::broker::correction::next_version;
use crate::broker::fact::Fact;
use crate::broker::order::{BrokerOrder, Placement, Ticket};
use crate::broker::snapshot::execution_fact;
use crate::broker::ticket::Refused;
use crate::wire::message::order_terms::Order as Terms;

/// Most kinds of rejections that wait; the oldest is forgotten when there is another.
const MOST_REJECTIONS: usize = 100;

/// Most executions that one fill is split into.
const MOST_PARTS: u64 = 100;

/// What is to go wrong next.
#[derive(Debug, Default)]
pub struct Faults {
    rejections: VecDeque<(String, u32)>,
    split_fills: Option<(u64, u32)>,
    split_modify: u32,
}

impl Faults {
    /// The next orders are rejected.
    pub fn reject(&mut self, reason: String, times: u32) {
        if self.rejections.len() >= MOST_REJECTIONS {
            self.rejections.pop_front();
        }
        self.rejections.push_back((reason, times));
    }

    /// The next fills come as executions of at most so many units.
    pub fn split_fills(&mut self, most: u64, times: u32) {
        self.split_fills = Some((most.max(1), times));
    }

    /// The next changes leave a second live order behind.
    pub fn split_modify(&mut self, times: u32) {
        self.split_modify = times;
    }

    /// Why the order that is about to leave is rejected.
    pub(super) fn take_rejection(&mut self) -> Option<Refused> {
        let (reason, left) = self.rejections.front_mut()?;
        let refused = Refused::rejected(reason);
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.rejections.pop_front();
        }
        Some(refused)
    }

    /// The executions that a fill is told as.
    pub(super) fn parts(&mut self, quantity: Quantity) -> Vec<Quantity> {
        let Some((most, left)) = self.split_fills.filter(|(most, _)| quantity.get() > *most) else {
            return vec![quantity];
        };
        self.split_fills = (left > 1).then_some((most, left - 1));
        let most = most.max(quantity.get().div_ceil(MOST_PARTS));
        let mut rest = quantity.get();
        let mut parts = Vec::new();
        while rest > 0 {
            let part = rest.min(most);
            parts.push(Quantity::new(part));
            rest -= part;
        }
        parts
    }

    /// Whether the change that is about to leave becomes a second order.
    pub(super) fn take_split_modify(&mut self) -> bool {
        let split = self.split_modify > 0;
        self.split_modify = self.split_modify.saturating_sub(1);
        split
    }
}

impl Desk {
    /// What is to go wrong next, to be added to.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The client's numbers for its working orders.
    pub fn working_ids(&self, client_id: i32) -> Vec<i32> {
        let working = self.state.orders.values().filter(|o| o.client_id == client_id && !o.status.is_final());
        working.map(|order| order.order_id).collect()
    }

    /// Cancels the working orders of the clients meant, as if the broker wished it.
    pub fn cancel_by_broker(&mut self, reason: &str, meant: impl Fn(i32) -> bool) {
        let mut working: Vec<BrokerOrder> = self.state.orders.values().cloned().collect();
        working.retain(|order| !order.status.is_final() && meant(order.client_id));
        for order in working {
            // A parent's end takes its children along.
            if self.state.orders.get(&order.perm_id).is_some_and(|o| o.status.is_final()) {
                continue;
            }
            let (client_id, order_id) = (order.client_id, order.order_id);
            self.notice(client_id, order_id, Refused::rejected(reason));
            if let Err(refused) = self.withdraw(order) {
                self.notice(client_id, order_id, refused);
            }
        }
    }

    /// Corrects the price of the newest execution of an order that a client placed. Nothing happens when there is none,
    /// or when its price would not be above zero.
    pub fn correct_last(&mut self, cents: i64) {
        // A combination is told as one execution beside those of its legs; it has no price in the book.
        let single = |perm_id: i64| self.state.orders.get(&perm_id).is_none_or(|order| order.legs.is_empty());
        let newest = self.state.executions.iter().rev().find(|e| e.exercise.is_none() && single(e.perm_id));
        let Some(mut corrected) = newest.cloned() else { return };
        let price = corrected.price.raw() + cents * (Price::SCALE / 100);
        if price <= 0 || cents == 0 {
            return;
        }
        let Some(exec_id) = next_version(&corrected.exec_id) else { return };
        let moved = (price - corrected.price.raw()).saturating_mul(
            i64::try_from(corrected.quantity.get()).expect("bounded by the order's quantity"),
        );
        corrected.exec_id.clone_from(&exec_id);
        corrected.price = Price::from_raw(price);
        if let Some(mut order) = self.state.orders.get(&corrected.perm_id).cloned() {
            order.filled_value += moved;
            order.last_price = Some(corrected.price);
            corrected.average_price = order.average_price();
            self.keep(order);
        }
        self.record(Fact::Corrected(Box::new(execution_fact(&corrected))));
        let kept = self.state.executions.iter().find(|execution| execution.exec_id == exec_id).cloned();
        if let Some(kept) = kept {
            self.happenings.push(Happening::Executed(Box::new(kept)));
        }
    }

    /// A change that went wrong: the old order works on, and a second one with the new terms and a
    /// number of its own works beside it under the same order id.
    pub(super) fn split(&mut self, order: &BrokerOrder, mut terms: Terms, mut ticket: Ticket) {
        let perm_id = self.state.last_perm_id + 1;
        terms.perm_id = Some(perm_id);
        ticket.quantity = ticket.quantity.saturating_sub(order.filled);
        terms.total_quantity = Some(ticket.quantity.to_string());
        let BrokerOrder { client_id, order_id, contract, told, legs, liquidation, .. } = order.clone();
        let placement =
            Placement { perm_id, client_id, order_id, contract, told, terms, ticket, legs, liquidation };
        self.keep(placement.begin(self.now));
        self.transmit(perm_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_are_split_without_losing_a_unit() {
        let mut faults = Faults::default();
        assert_eq!(faults.parts(Quantity::new(7)), [Quantity::new(7)]);
        faults.split_fills(3, 1);
        assert_eq!(faults.parts(Quantity::new(3)), [Quantity::new(3)]);
        assert_eq!(faults.parts(Quantity::new(7)), [3, 3, 1].map(Quantity::new));
        assert_eq!(faults.parts(Quantity::new(7)), [Quantity::new(7)]);
        faults.split_fills(1, 1);
        let parts = faults.parts(Quantity::new(1_000_000));
        assert!(parts.len() <= 100);
        assert_eq!(parts.iter().map(|part| part.get()).sum::<u64>(), 1_000_000);
    }
}
