//! What the matching engine's reports make of orders and account.

use alphatrader_market::matching::{CancelReason, Cause, Liquidity, Report, ReportKind, Standing};
use alphatrader_model::{Instrument, Money, Price, Quantity, Side};

use super::place::{cancelled, not_cancellable};
use super::{Desk, Happening, key_of};
use crate::broker::fact::Fact;
use crate::broker::order::{BrokerExecution, BrokerOrder, Status};
use crate::broker::snapshot::execution_fact;
use crate::broker::ticket::Refused;
use crate::wire::notice;

impl Desk {
    /// Takes reports in the order in which the exchange made them.
    pub(super) fn take_reports(&mut self, reports: &mut Vec<Report>) {
        for report in reports.drain(..) {
            let perm_id = i64::try_from(report.key.0).expect("keys are made from positive order numbers");
            let Some(order) = self.state.orders.get(&perm_id).cloned() else {
                tracing::error!(perm_id, "the matching engine reports an order that the desk never sent");
                continue;
            };
            self.now = self.now.max(report.time);
            self.take_report(order, report);
        }
    }

    fn take_report(&mut self, mut order: BrokerOrder, report: Report) {
        order.updated = report.time;
        match report.what {
            ReportKind::Accepted => self.accepted(order),
            // A stop that followed the market is kept; its client asks for it.
            ReportKind::Working | ReportKind::Trailed { .. } => self.restand(order),
            ReportKind::Triggered => {
                order.triggered = true;
                self.restand(order);
            }
            ReportKind::Fill { quantity, price, liquidity, .. } => {
                for part in self.faults.parts(quantity) {
                    self.filled(order.clone(), part, price, liquidity);
                    order = self.state.orders[&order.perm_id].clone();
                    order.updated = report.time;
                }
            }
            ReportKind::Cancelled { reason, .. } => self.ended(order, reason),
            ReportKind::Rejected { code, reason } => self.refused(order, code, &reason),
            ReportKind::Replaced { quantity, kind, cause } => {
                let pending = self.pending.remove(&order.perm_id).filter(|_| cause == Cause::Requested);
                // A step of an algorithm is no change of what the client asked.
                let stepped = pending.is_none() && order.ticket.plan.is_some();
                if let Some(pending) = pending {
                    order.terms = pending.terms;
                    order.ticket = pending.ticket;
                }
                order.ticket.quantity = quantity;
                if !stepped {
                    order.ticket.kind = kind;
                }
                order.terms.total_quantity = Some(quantity.to_string());
                self.restand(order);
            }
            ReportKind::ChangeRefused { code, reason } => {
                self.pending.remove(&order.perm_id);
                self.notice(order.client_id, order.order_id, Refused::new(code, reason));
            }
            // A cancel or change crossed the order's end on its way.
            ReportKind::Unknown => {
                self.pending.remove(&order.perm_id);
                self.notice(order.client_id, order.order_id, not_cancellable(&order));
            }
        }
    }

    fn accepted(&mut self, order: BrokerOrder) {
        let standing = self.exchange.order(key_of(order.perm_id)).map(|live| live.standing);
        if standing == Some(Standing::Held) {
            let session = crate::feed::details::session_ahead(&self.calendar, self.now);
            let open = self.calendar.local(session.open).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let side = if order.ticket.side == Side::Buy { "BUY" } else { "SELL" };
            let what = format!("{side} {} {}", order.ticket.quantity, order.contract.label());
            let text = format!(
                "Order Message:\n{what}\nWarning: Your order will not be placed at the exchange until {open} US/Eastern"
            );
            self.tell_warning(&order, text);
        }
        self.restand(order);
    }

    /// Gives an order the status that its standing at the exchange means.
    fn restand(&mut self, mut order: BrokerOrder) {
        let standing = self.exchange.order(key_of(order.perm_id)).map(|live| live.standing);
        match standing {
            Some(Standing::Working) if order.status != Status::PendingCancel => {
                order.status = Status::Submitted;
            }
            Some(Standing::Waiting | Standing::Held | Standing::Armed | Standing::Gathered)
                if order.status != Status::PendingCancel =>
            {
                order.status = Status::PreSubmitted;
            }
            _ => {}
        }
        self.keep(order);
    }

    fn filled(&mut self, mut order: BrokerOrder, quantity: Quantity, price: Price, liquidity: Liquidity) {
        let before = (order.filled, order.filled_value);
        let cumulative = order.filled.checked_add(quantity).expect("bounded by the order's quantity");
        order.filled = cumulative;
        order.filled_value +=
            price.raw() * i64::try_from(quantity.get()).expect("bounded by the order's quantity");
        order.last_price = Some(price);
        let listing = self.feed.catalogue.by_contract(&order.contract).expect("only listed contracts trade");
        let commission = self.commission(&listing.instrument, before, quantity, price);
        let venue = self
            .feed
            .ticker(listing.instrument.id)
            .and_then(|ticker| ticker.last)
            .and_then(|last| last.venue);
        let execution = BrokerExecution {
            exec_id: self.state.next_exec_id(),
            perm_id: order.perm_id,
            client_id: order.client_id,
            order_id: order.order_id,
            contract: order.contract,
            told: order.told.clone(),
            side: order.ticket.side,
            quantity,
            price,
            multiplier: listing.instrument.multiplier,
            time: order.updated,
            venue: venue.map_or_else(|| "SMART".to_owned(), |venue| venue.to_string()),
            cumulative,
            average_price: order.average_price(),
            order_ref: order.terms.order_ref.clone().unwrap_or_default(),
            liquidity: match liquidity {
                Liquidity::Added => 1,
                Liquidity::Removed => 2,
            },
            commission,
            realized: None,
            liquidation: order.liquidation,
            exercise: None,
        };
        self.record(Fact::Executed(Box::new(execution_fact(&execution))));
        let kept = self.state.executions.last().expect("it was kept just now").clone();
        self.happenings.push(Happening::Executed(Box::new(kept)));
        if order.remaining().is_zero() {
            order.status = Status::Filled;
            order.ending = format!("Filled Size: {}", order.filled);
            self.forget(order.perm_id);
            self.keep(order.clone());
        } else {
            self.restand(order.clone());
        }
        self.spread_group(&order, quantity);
    }

    /// What an execution is charged: what its order costs with it less what it cost before
    /// (quantity and sum of price times quantity).
    pub(super) fn commission(
        &self,
        instrument: &Instrument,
        before: (Quantity, i64),
        quantity: Quantity,
        price: Price,
    ) -> Money {
        let units = |n: Quantity| i64::try_from(n.get()).unwrap_or(i64::MAX);
        let per_unit = Money::SCALE / Price::SCALE * i64::from(instrument.multiplier);
        let cost = |filled: Quantity, value: i64| {
            self.config.fees.order(
                &instrument.contract,
                filled,
                Money::from_micros(value.saturating_mul(per_unit)),
            )
        };
        let filled = Quantity::new(before.0.get().saturating_add(quantity.get()));
        let value = before.1.saturating_add(price.raw().saturating_mul(units(quantity)));
        let (now, then) = (cost(filled, value), cost(before.0, before.1));
        now.checked_sub(then).unwrap_or(Money::ZERO).max(Money::ZERO)
    }

    fn ended(&mut self, mut order: BrokerOrder, reason: CancelReason) {
        self.pending.remove(&order.perm_id);
        self.forget(order.perm_id);
        let text = match reason {
            CancelReason::Requested => "",
            CancelReason::Expired if order.ticket.handling.auction.is_some() => {
                "its auction traded at another price, or not at all"
            }
            CancelReason::Expired => "the order expired at the end of the session",
            CancelReason::Immediate => "immediate or cancel: the rest could not be filled at once",
            CancelReason::Killed => "fill or kill: it could not be filled whole",
            CancelReason::Group => "another order of its one-cancels-all group was filled",
            CancelReason::Parent => "its parent order ended",
        };
        order.status = Status::Cancelled;
        order.ending = if text.is_empty() { "Cancelled by Trader".to_owned() } else { text.to_owned() };
        let (client_id, order_id) = (order.client_id, order.order_id);
        self.keep(order);
        self.notice(client_id, order_id, cancelled(text));
    }

    fn refused(&mut self, order: BrokerOrder, code: i32, reason: &str) {
        let text = if code == notice::ORDER_REJECTED && !reason.starts_with("Order rejected") {
            format!("Order rejected - reason:{reason}")
        } else {
            reason.to_owned()
        };
        self.notice(order.client_id, order.order_id, Refused::new(code, text));
        self.end_order(order, Status::Inactive, reason);
    }
}
