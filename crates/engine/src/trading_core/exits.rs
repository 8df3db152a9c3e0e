//! The way out of a position: its stop and target, and closing it.
//!
//! The broker's own groups keep stop and target from selling more than is held. What is done here
//! must not work against that: sizes are touched only when the broker has had its say, nothing new is
//! placed while an execution is known to be on its way, and a stop found missing is looked for in the
//! broker's picture before another takes its place (signals-and-risk, section 6, check 18).

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::{
    Action, Contract, Money, Order, OrderId, OrderKind, OrderRef, OrderRequest, OrderState, Price, Quantity,
    Record, Role, SignalId, Span, TimeInForce,
};
use alphatrader_trading::breaker::Trip;

use super::state::{Change, Link, Step, TradingCore};
use super::trade::Trade;

/// After a word of the broker about a position's orders their sizes are left alone this long: it
/// takes fills of one exit from the other by itself.
const BROKER_SIZES: Span = Span::from_seconds(1);
/// Stops placed for one position before it is closed instead.
const MOST_STOPS: u8 = 2;
/// Closing orders placed for one position before a person is asked.
const MOST_CLOSES: u8 = 5;
/// The same change of an order that the broker did not take is asked for again at most so often.
const MOST_CHANGES: u8 = 5;
/// And no sooner than this.
const CHANGE_AGAIN: Span = Span::SECOND;

impl TradingCore {
    /// Once the entry is over, stop and target are priced from the actual fill and sized to what is
    /// held. A stop never loosens (invariant 6).
    pub(crate) fn dress(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(entry) = self.orders.get(&trade.entry) else { return };
        let (Some(position), Some(settings)) = (trade.position.as_ref(), self.settings.as_ref()) else {
            return;
        };
        let quiet = trade.heard.is_none_or(|at| past(step.event.ts_recv.since(at), BROKER_SIZES));
        if !entry.state.is_final() || !quiet || !self.tradable(step, position.contract) {
            return;
        }
        let Some(paid) = price_of(position.cost_opened, entry.filled, position.multiplier) else { return };
        let rule = &settings.strategies.zero_dte;
        let Some(contract) = self.contract(step.view, position.contract) else { return };
        let tick = |p: Price| contract.instrument.tick_at(p);
        let (Ok(stop), Ok(target)) = (paid.scaled(1.0 - rule.stop_loss), paid.scaled(1.0 + rule.target))
        else {
            return;
        };
        let (stop, target) = (stop.floor_to(tick(stop)), target.ceil_to(tick(target)));
        let (stop_id, target_id) = (trade.stop, trade.target);
        if let Some(order) = self.order(target_id).copied().filter(|o| self.may_change(o)) {
            let quantity = covering(trade, &order);
            self.refit(step, &order, OrderKind::Limit { limit: target }, quantity);
        }
        let Some(trade) = self.trades.get(&signal) else { return };
        if let Some(order) = self.order(stop_id).copied().filter(|o| self.may_change(o)) {
            let now = order.request.kind.trigger().unwrap_or(stop);
            // The second stop is wider than the first on purpose.
            let trigger = if order.request.reference.attempt > 1 { now } else { now.max(stop) };
            let quantity = covering(trade, &order);
            self.refit(step, &order, OrderKind::Stop { trigger }, quantity);
        }
        self.note_protection(step, signal);
    }

    pub(crate) fn may_change(&self, order: &Order) -> bool {
        order.state.is_live() && order.state != OrderState::PendingCancel && !self.awaits(order.request.id)
    }

    /// Whether an order in the contract can work now: inside the session, before it expires. What
    /// cannot is put off, not refused (check 4).
    fn tradable(&self, step: &Step<'_>, contract: Contract) -> bool {
        let expires = self.contract(step.view, contract).and_then(|c| c.instrument.expires);
        self.session.is_some_and(|s| s.contains(step.now())) && expires.is_none_or(|at| step.now() < at)
    }

    fn refit(&mut self, step: &mut Step<'_>, order: &Order, kind: OrderKind, quantity: Quantity) {
        if order.request.kind != kind || order.request.quantity != quantity {
            self.modify(step, OrderRequest { kind, quantity, ..order.request });
        }
    }

    /// Asks for a change of an order; the same one a few times at most. Says whether it may still help.
    pub(crate) fn modify(&mut self, step: &mut Step<'_>, request: OrderRequest) -> bool {
        let at = step.event.ts_recv;
        let OrderRequest { id, kind, quantity, .. } = request;
        let same = self.changes.get(&id).filter(|c| c.kind == kind && c.quantity == quantity);
        let times = match same {
            Some(known) if known.times >= MOST_CHANGES => return false,
            Some(known) if !past(at.since(known.at), CHANGE_AGAIN) => return true,
            Some(known) => known.times + 1,
            None => 1,
        };
        self.changes.insert(id, Change { kind, quantity, times, at });
        self.note_sent(step.now(), &request);
        self.act(step, Action::Modify(request), None);
        true
    }

    /// The position shows the stop and target that are in force.
    pub(crate) fn note_protection(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let live = |id: Option<OrderId>| self.order(id).filter(|o| o.state.is_live()).map(|o| o.request.kind);
        let stop = live(trade.stop).and_then(OrderKind::trigger);
        let target = live(trade.target).and_then(OrderKind::limit);
        let Some(position) = self.trades.get_mut(&signal).and_then(|t| t.position.as_mut()) else { return };
        if position.stop != stop || position.target != target {
            position.stop = stop;
            position.target = target;
            let position = position.clone();
            step.record(Record::Position(Box::new(position)));
        }
    }

    pub(crate) fn time_stop(&mut self, step: &Step<'_>, signal: SignalId) {
        let (Some(session), Some(settings)) = (self.session, self.settings.as_ref()) else { return };
        let at = session.close - settings.strategies.zero_dte.time_stop.before_close();
        let reason = if self.halt == HaltLevel::Flatten {
            "flatten"
        } else if step.now() >= at {
            "time stop"
        } else {
            return;
        };
        if let Some(trade) = self.trades.get_mut(&signal).filter(|t| t.closing.is_none()) {
            trade.closing = Some(reason.into());
        }
    }

    /// Closes a position. The target becomes marketable, so that it and the stop still cancel each
    /// other and the position cannot be carried through zero (check 18); only without a live target
    /// is the stop cancelled first and a closing order placed after it has gone.
    pub(crate) fn close(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let (stop, target, close, attempts) = (trade.stop, trade.target, trade.close, trade.close_attempts);
        let contract = trade.signal.contract;
        if !self.tradable(step, contract) {
            return;
        }
        let Some((bid, limit)) = self.closing_limit(step, contract) else { return };
        if let Some(order) = self.order(close).copied().filter(|o| o.state.is_live()) {
            let marketable = order.request.kind.limit().is_some_and(|l| l <= bid);
            if !marketable && self.may_change(&order) {
                self.modify(step, OrderRequest { kind: OrderKind::Limit { limit }, ..order.request });
            }
            return;
        }
        if let Some(order) = self.order(target).copied().filter(|o| o.state.is_live()) {
            return self.close_by_target(step, &order, bid, limit);
        }
        if let Some(order) = self.order(stop).copied().filter(|o| o.state.is_live()) {
            if self.may_change(&order) {
                self.act(step, Action::Cancel(order.request.id), None);
            }
            return;
        }
        if attempts >= MOST_CLOSES {
            let reason = format!("{contract} could not be closed in {attempts} attempts");
            return self.trip(step, Trip { level: HaltLevel::Halt, reason });
        }
        let last = self.order(close).map(|o| o.updated);
        if self.may_place() && last.is_none_or(|at| past(step.now().since(at), CHANGE_AGAIN)) {
            let held = self.trades[&signal].held().abs();
            self.place_single(step, signal, Role::Close, OrderKind::Limit { limit }, held);
        }
    }

    fn close_by_target(&mut self, step: &mut Step<'_>, order: &Order, bid: Price, limit: Price) {
        let signal = order.request.reference.signal;
        let marketable = order.request.kind.limit().is_some_and(|l| l <= bid);
        if marketable || !self.may_change(order) {
            return;
        }
        // Never more than is held, nor than it is for already: what the broker took from it stays
        // taken. An entry that may still fill is being cancelled; what it adds is closed after this.
        let quantity = order.request.quantity.min(covering(&self.trades[&signal], order));
        let request = OrderRequest { kind: OrderKind::Limit { limit }, quantity, ..order.request };
        if !self.modify(step, request) {
            self.act(step, Action::Cancel(order.request.id), None);
        }
    }

    /// The bid, and the bid less a discount; unknown without a bid, and then nothing is guessed.
    fn closing_limit(&self, step: &Step<'_>, contract: Contract) -> Option<(Price, Price)> {
        let view = self.contract(step.view, contract)?;
        let bid = view.quote?.bid?.price;
        let discount = self.settings.as_ref()?.execution.close_discount;
        let limit = bid.scaled(1.0 - discount).ok()?;
        let tick = view.instrument.tick_at(limit);
        Some((bid, limit.floor_to(tick).max(tick)))
    }

    /// A position whose stop is gone gets one more stop, then is closed. The broker's picture is asked
    /// for first: the stop may have filled.
    pub(crate) fn protect(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(position) = trade.position.as_ref() else { return };
        let contract = position.contract;
        let stop_waits = trade.stop.is_some_and(|id| self.awaits(id));
        let stop = self.order(trade.stop).copied().filter(|o| o.state.is_live());
        let working = stop.is_some_and(|o| o.state != OrderState::Inactive);
        if stop_waits || working || !self.tradable(step, contract) {
            if let Some(trade) = self.trades.get_mut(&signal).filter(|_| working) {
                trade.unprotected = None;
            }
            return;
        }
        // Held back by the broker, it protects nothing.
        if let Some(order) = stop {
            return self.act(step, Action::Cancel(order.request.id), None);
        }
        let (attempts, held) = (trade.stop_attempts, trade.held().abs());
        let trigger = position.stop.unwrap_or(trade.signal.stop);
        if !self.asked_before_placing(step, signal) {
            return;
        }
        if attempts < MOST_STOPS {
            let Some(view) = self.contract(step.view, contract) else { return };
            let wider = trigger.scaled(0.9).unwrap_or(trigger);
            let tick = view.instrument.tick_at(wider);
            let trigger = wider.floor_to(tick).max(tick);
            self.place_single(step, signal, Role::Stop, OrderKind::Stop { trigger }, held);
        } else if let Some(trade) = self.trades.get_mut(&signal) {
            trade.closing = Some("its stop could not be placed".into());
        }
    }

    /// Whether a whole picture of the broker's has come since the stop was found missing.
    fn asked_before_placing(&mut self, step: &mut Step<'_>, signal: SignalId) -> bool {
        let seq = step.event.seq;
        let Some(trade) = self.trades.get_mut(&signal) else { return false };
        let since = *trade.unprotected.get_or_insert(seq);
        match self.link {
            Link::Reconciled { begun, .. } if begun > since => return true,
            Link::Reconciled { .. } => self.synchronise(step),
            _ => {}
        }
        false
    }

    /// New orders leave only while our books and the broker's agree.
    const fn may_place(&self) -> bool {
        matches!(self.link, Link::Reconciled { .. })
    }

    fn place_single(
        &mut self,
        step: &mut Step<'_>,
        signal: SignalId,
        role: Role,
        kind: OrderKind,
        quantity: Quantity,
    ) {
        let Some(id) = self.allocate() else { return };
        let Some(trade) = self.trades.get_mut(&signal) else { return };
        let attempt = if role == Role::Stop {
            trade.stop_attempts += 1;
            trade.stop = Some(id);
            trade.stop_attempts
        } else {
            trade.close_attempts += 1;
            trade.close = Some(id);
            trade.close_attempts
        };
        // A new stop joins the group of the target it shares the position with.
        let group = (role == Role::Stop).then_some(trade.entry);
        let (contract, strategy) = (trade.signal.contract, trade.signal.strategy);
        let request = OrderRequest {
            id,
            reference: OrderRef { signal, role, attempt },
            contract,
            side: Side::Sell,
            quantity,
            kind,
            time_in_force: TimeInForce::Day,
            parent: None,
            one_cancels_all: group,
        };
        self.intend(step, strategy, request);
        self.act(step, Action::Place(vec![request]), None);
    }
}

/// What an exit should be for: what is held, and what it has closed itself.
fn covering(trade: &Trade, exit: &Order) -> Quantity {
    let held = trade.held().abs();
    held.checked_add(exit.filled).unwrap_or(held)
}

/// Whether a wait is over. A clock that was set back does not make it longer.
fn past(waited: Span, least: Span) -> bool {
    waited >= least || waited < Span::ZERO
}

/// Average price of `quantity` units that cost `total`, rounded down to a price unit.
fn price_of(total: Money, quantity: Quantity, multiplier: u32) -> Option<Price> {
    let units = quantity.get().checked_mul(u64::from(multiplier))?;
    let micros = total.micros().checked_div(i64::try_from(units).ok()?)?;
    Some(Price::from_raw(micros / (Money::SCALE / Price::SCALE)))
}
