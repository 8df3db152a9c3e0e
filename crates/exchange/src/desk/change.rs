//! Changing an order that was placed: the same id again.

use alphatrader_market::matching::Change;
use alphatrader_model::{OrderKind, Price};

use super::place::Subject;
use super::{Desk, Pending, key_of};
use crate::broker::order::{BrokerOrder, Status, Ticket};
use crate::broker::ticket::Refused;
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

impl Desk {
    /// A client changes an order. At the exchange the change takes its time; what waits here is
    /// changed at once.
    pub(super) fn change(
        &mut self,
        mut order: BrokerOrder,
        subject: &Subject,
        mut terms: Terms,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        check(&order, subject, &terms, &ticket)?;
        terms.client_id = Some(order.client_id);
        terms.order_id = Some(order.order_id);
        terms.perm_id = Some(order.perm_id);
        terms.account = Some(self.state.account.clone());
        let perm_id = order.perm_id;
        if order.status == Status::PendingSubmit || self.is_aside(perm_id) {
            let (transmit, held) = (ticket.transmit, order.status == Status::PendingSubmit);
            (order.terms, order.ticket, order.updated) = (terms, ticket, self.now);
            self.keep(order);
            if held && transmit {
                self.transmit(perm_id);
            }
            return Ok(());
        }
        if self.faults.take_split_modify() {
            self.split(&order, terms, ticket);
            return Ok(());
        }
        let change = self.change_at_exchange(&order, &terms, &ticket);
        let sent = self.exchange.change(self.now + self.config.order_latency, change);
        sent.map_err(|full| Refused::rejected(&full.to_string()))?;
        self.pending.insert(perm_id, Pending { terms, ticket });
        Ok(())
    }

    /// The change in the matching engine's words. A trailing stop that the client leaves as it is
    /// goes on from where it has come to; slices of an algorithm go on.
    fn change_at_exchange(&self, order: &BrokerOrder, terms: &Terms, ticket: &Ticket) -> Change {
        let mut change = Change::new(key_of(order.perm_id), ticket.quantity, ticket.kind);
        let mut handling = ticket.handling;
        if let Some(live) = self.exchange.order(change.key) {
            handling.paced = live.handling.paced;
            if handling.trail.is_some() && trails_as_before(&order.terms, terms, live.kind) {
                handling.trail = live.handling.trail;
                change.kind = live.kind;
            }
        }
        change.handling = Some(handling);
        change.time_in_force = Some(ticket.time_in_force);
        change
    }
}

fn check(order: &BrokerOrder, subject: &Subject, terms: &Terms, ticket: &Ticket) -> Result<(), Refused> {
    if order.status == Status::Filled {
        return Err(Refused::new(notice::CANNOT_MODIFY_FILLED, "Cannot modify a filled order."));
    }
    if order.status.is_final() {
        return Err(Refused::new(notice::DUPLICATE_ORDER_ID, "Duplicate order id"));
    }
    let same = order.contract == subject.contract
        && order.legs == subject.legs
        && order.ticket.side == ticket.side
        && order.terms.order_type == terms.order_type
        && order.ticket.handling.auction == ticket.handling.auction;
    if !same {
        let text = "Order being modified does not match original order";
        return Err(Refused::new(notice::MODIFICATION_MISMATCH, text));
    }
    if order.ticket.plan != ticket.plan {
        let text = "The algorithm of an order cannot be modified";
        return Err(Refused::new(notice::ALGORITHM_UNCHANGEABLE, text));
    }
    if ticket.quantity <= order.filled {
        return Err(Refused::new(notice::CANNOT_MODIFY_FILLED, "Cannot modify a filled order."));
    }
    Ok(())
}

/// Whether the client leaves a trailing stop alone: the same distance, and as stop what it named
/// before, nothing, or what it was told of where the stop is now.
fn trails_as_before(before: &Terms, now: &Terms, live: OrderKind) -> bool {
    let price =
        |price: Option<f64>| price.and_then(|p| Price::from_f64(p).ok()).filter(|p| *p != Price::ZERO);
    let stop = price(now.trail_stop_price);
    price(before.aux_price) == price(now.aux_price)
        && before.trailing_percent == now.trailing_percent
        && price(before.lmt_price_offset) == price(now.lmt_price_offset)
        && (stop.is_none() || stop == live.trigger() || stop == price(before.trail_stop_price))
}
