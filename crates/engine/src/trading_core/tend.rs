//! What time does to orders and positions: walking entries, time stops, protection, the day's loss.

use std::collections::BTreeMap;

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::signal::Refusal;
use alphatrader_model::{
    Action, Money, Order, OrderId, OrderKind, OrderRef, OrderRequest, OrderState, Price, Quantity, Record,
    Role, SignalId, SignalState, Span, TimeInForce,
};
use alphatrader_trading::breaker::{self, Trip};

use super::state::{Step, Trade, TradingCore};

/// An entry's limit moves this often, by a quarter of the spread (signals-and-risk, section 3).
const WALK_EVERY: Span = Span::from_seconds(5);
/// A position may be without a live stop this long (invariant 4).
const UNPROTECTED: Span = Span::from_seconds(2);
/// Stops placed for one position before it is closed instead.
const MOST_STOPS: u8 = 2;
/// Closing orders placed for one position before a person is asked.
const MOST_CLOSES: u8 = 5;

impl TradingCore {
    /// Looks after every signal that is not over.
    pub(crate) fn tend_all(&mut self, step: &mut Step<'_>) {
        // Ten times a second and at most a few signals are alive; the list ends the borrow.
        let alive: Vec<SignalId> =
            self.trades.values().filter(|t| self.needs_care(t)).map(|t| t.signal.id).collect();
        for signal in alive {
            self.tend(step, signal);
        }
    }

    fn needs_care(&self, trade: &Trade) -> bool {
        !trade.signal.state.is_final()
            || [Some(trade.entry), trade.stop, trade.target, trade.close].into_iter().any(|o| self.is_live(o))
    }

    fn tend(&mut self, step: &mut Step<'_>, signal: SignalId) {
        self.tend_entry(step, signal);
        if self.trades.get(&signal).is_some_and(|t| !t.held().is_flat()) {
            self.dress(step, signal);
            self.time_stop(step, signal);
            if self.trades[&signal].closing.is_some() {
                self.close(step, signal);
            } else {
                self.protect(step, signal);
            }
        } else {
            self.clear_up(step, signal);
        }
    }

    /// Cancels an entry whose time is up or that may no longer work; else walks its limit.
    fn tend_entry(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(entry) = self.orders.get(&trade.entry).copied() else { return };
        if !entry.state.is_live() || entry.state == OrderState::PendingCancel || self.awaits(entry.request.id)
        {
            return;
        }
        let reason = if step.now() >= trade.signal.expires {
            "not filled in time"
        } else if self.stopping {
            "the system was shutting down"
        } else if self.halt >= HaltLevel::Reduce {
            "trading was halted"
        } else {
            return self.walk(step, signal, &entry);
        };
        self.note_end(entry.request.id, reason);
        self.act(step, Action::Cancel(entry.request.id), None);
    }

    /// Moves a working entry's limit by a quarter of the spread, never beyond the offer.
    fn walk(&mut self, step: &mut Step<'_>, signal: SignalId, entry: &Order) {
        let working = matches!(entry.state, OrderState::Submitted | OrderState::PartiallyFilled);
        let due = self.trades.get(&signal).is_some_and(|t| step.now().since(t.walked) >= WALK_EVERY);
        let (Some(limit), true, true) = (entry.request.kind.limit(), working, due) else { return };
        let Some(contract) = self.contract(step.view, entry.request.contract) else { return };
        let Some((bid, ask)) = contract.quote.and_then(|q| q.firm()) else { return };
        let tick = contract.instrument.tick_at(limit);
        let quarter = Price::from_raw((ask.price.raw() - bid.price.raw()) / 4).ceil_to(tick).max(tick);
        let Some(next) = limit.checked_add(quarter).map(|p| p.min(ask.price)) else { return };
        let now = step.now();
        if let Some(trade) = self.trades.get_mut(&signal) {
            trade.walked = now;
        }
        if next > limit {
            let request = OrderRequest { kind: OrderKind::Limit { limit: next }, ..entry.request };
            self.modify(step, request);
        }
    }

    /// Once the entry is over, stop and target are priced from the actual fill and sized to it. A
    /// stop never loosens (invariant 6).
    fn dress(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(entry) = self.orders.get(&trade.entry) else { return };
        let (Some(position), Some(settings)) = (trade.position.as_ref(), self.settings.as_ref()) else {
            return;
        };
        if !entry.state.is_final() || trade.closing.is_some() {
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
        // What a child should cover: what is held, and what it has already closed itself.
        let held = position.quantity.abs();
        let (stop_id, target_id) = (trade.stop, trade.target);
        if let Some(order) = self.order(target_id).copied().filter(|o| self.may_change(o)) {
            let quantity = held.checked_add(order.filled).unwrap_or(held);
            self.refit(step, &order, OrderKind::Limit { limit: target }, quantity);
        }
        if let Some(order) = self.order(stop_id).copied().filter(|o| self.may_change(o)) {
            let trigger = order.request.kind.trigger().map_or(stop, |t| t.max(stop));
            let quantity = held.checked_add(order.filled).unwrap_or(held);
            self.refit(step, &order, OrderKind::Stop { trigger }, quantity);
        }
        self.note_protection(step, signal);
    }

    fn may_change(&self, order: &Order) -> bool {
        order.state.is_live() && order.state != OrderState::PendingCancel && !self.awaits(order.request.id)
    }

    fn refit(&mut self, step: &mut Step<'_>, order: &Order, kind: OrderKind, quantity: Quantity) {
        if order.request.kind != kind || order.request.quantity != quantity {
            self.modify(step, OrderRequest { kind, quantity, ..order.request });
        }
    }

    /// The position shows the stop and target that are in force.
    fn note_protection(&mut self, step: &mut Step<'_>, signal: SignalId) {
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

    pub(crate) fn note_prices(&mut self, step: &mut Step<'_>, order: &Order) {
        self.note_protection(step, order.request.reference.signal);
    }

    fn modify(&mut self, step: &mut Step<'_>, request: OrderRequest) {
        let now = step.now();
        self.note_sent(now, &request);
        self.act(step, Action::Modify(request), None);
    }

    fn time_stop(&mut self, step: &mut Step<'_>, signal: SignalId) {
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
    fn close(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let (stop, target, close, attempts) = (trade.stop, trade.target, trade.close, trade.close_attempts);
        let held = trade.held().abs();
        let contract = trade.signal.contract;
        if self.is_live(close) {
            return;
        }
        let Some(limit) = self.closing_limit(step, contract) else { return };
        if let Some(order) = self.order(target).copied().filter(|o| o.state.is_live()) {
            let marketable = order.request.kind.limit().is_some_and(|l| l <= limit);
            if !marketable && self.may_change(&order) {
                self.modify(step, OrderRequest { kind: OrderKind::Limit { limit }, ..order.request });
            }
            return;
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
        self.place_single(step, signal, Role::Close, OrderKind::Limit { limit }, held);
    }

    /// The bid less a discount; unknown without a bid, and then nothing is guessed.
    fn closing_limit(&self, step: &Step<'_>, contract: alphatrader_model::Contract) -> Option<Price> {
        let view = self.contract(step.view, contract)?;
        let bid = view.quote?.bid?.price;
        let discount = self.settings.as_ref()?.execution.close_discount;
        let limit = bid.scaled(1.0 - discount).ok()?;
        let tick = view.instrument.tick_at(limit);
        Some(limit.floor_to(tick).max(tick))
    }

    /// A position whose stop is gone gets one more stop, then is closed.
    fn protect(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(position) = trade.position.as_ref() else { return };
        let young = step.now().since(position.opened) < UNPROTECTED;
        let stop_waits = trade.stop.is_some_and(|id| self.awaits(id));
        // A target that filled in part takes its quantity from the stop; both are then live still.
        if young || stop_waits || self.is_live(trade.stop) {
            return;
        }
        let (attempts, held) = (trade.stop_attempts, trade.held().abs());
        let trigger = position.stop.unwrap_or(trade.signal.stop);
        if attempts < MOST_STOPS {
            let wider = trigger.scaled(0.9).unwrap_or(trigger).floor_to(Price::CENT).max(Price::CENT);
            self.place_single(step, signal, Role::Stop, OrderKind::Stop { trigger: wider }, held);
        } else if let Some(trade) = self.trades.get_mut(&signal) {
            trade.closing = Some("its stop could not be placed".into());
        }
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

    /// Nothing is held: what could still trade for this signal is cancelled.
    fn clear_up(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        if self.orders.get(&trade.entry).is_some_and(|o| !o.state.is_final()) {
            return;
        }
        for id in [trade.stop, trade.target, trade.close].into_iter().flatten() {
            if self.orders.get(&id).copied().is_some_and(|o| self.may_change(&o)) {
                self.act(step, Action::Cancel(id), None);
            }
        }
        self.settle(step, signal);
    }

    /// The day's loss against its budget.
    pub(crate) fn watch_day(&mut self, step: &mut Step<'_>) {
        let Some(profit) = self.day_profit(step.view) else { return };
        let (Some(settings), Some((_, start))) = (self.settings.as_ref(), self.day_start.as_ref()) else {
            return;
        };
        if let Some(trip) = breaker::daily_loss(&settings.risk.breakers, *start, profit) {
            self.trip(step, trip);
        }
    }
}

/// Average price of `quantity` units that cost `total`, rounded down to a price unit.
fn price_of(total: Money, quantity: Quantity, multiplier: u32) -> Option<Price> {
    let units = quantity.get().checked_mul(u64::from(multiplier))?;
    let micros = total.micros().checked_div(i64::try_from(units).ok()?)?;
    Some(Price::from_raw(micros / (Money::SCALE / Price::SCALE)))
}

/// Where a signal is, by its entry, its position and its closing orders.
pub(crate) fn signal_state(trade: &Trade, entry: &Order, orders: &BTreeMap<OrderId, Order>) -> SignalState {
    let held = trade.held();
    if !held.is_flat() {
        return SignalState::Open;
    }
    if let Some(position) = trade.position.as_ref().filter(|_| entry.state.is_final()) {
        let profit = position.realized.checked_sub(position.commissions).unwrap_or(position.realized);
        return SignalState::Closed { reason: close_reason(trade, orders), profit };
    }
    let ended = |otherwise: &str| trade.ended.clone().unwrap_or_else(|| otherwise.into());
    match entry.state {
        OrderState::Intent => SignalState::Created,
        OrderState::PendingSubmit | OrderState::PreSubmitted | OrderState::Inactive => SignalState::Sent,
        OrderState::Submitted | OrderState::PartiallyFilled | OrderState::PendingCancel => {
            SignalState::Working
        }
        // Filled by its status, its execution still on the way.
        OrderState::Filled => SignalState::Working,
        OrderState::NotSent => SignalState::Expired { reason: ended("not sent") },
        OrderState::Cancelled => SignalState::Expired { reason: ended("cancelled by the broker") },
        OrderState::Rejected => SignalState::Rejected(Refusal {
            rule: "broker".into(),
            reason: trade.refused.clone().unwrap_or_else(|| "refused without a reason".into()),
        }),
    }
}

/// Why the last part of a position was closed, by the order that closed it.
fn close_reason(trade: &Trade, orders: &BTreeMap<OrderId, Order>) -> String {
    let last = trade.fills.iter().rev().map(|(_, f)| f).find(|f| f.side == Side::Sell);
    let role = last.and_then(|f| orders.get(&f.order)).map(|o| o.request.reference.role);
    match (role, &trade.closing) {
        (Some(Role::Stop), _) => "stop".into(),
        (_, Some(reason)) => reason.clone(),
        (Some(Role::Target), None) => "target".into(),
        (Some(role), None) => role.to_string(),
        (None, None) => "closed".into(),
    }
}
