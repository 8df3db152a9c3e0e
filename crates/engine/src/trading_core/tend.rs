//! What time does to orders and positions: walking entries, silence of the broker, the day's loss.

use std::ops::Bound;

use alphatrader_model::event::HaltLevel;
use alphatrader_model::{Action, Money, Order, OrderKind, OrderRequest, OrderState, Price, SignalId, Span};
use alphatrader_trading::breaker;

use super::state::{Link, Step, TradingCore};
use super::trade::Trade;

/// An entry's limit moves this often, by a quarter of the spread (signals-and-risk, section 3).
const WALK_EVERY: Span = Span::from_seconds(5);
/// What the broker does not answer for this long is asked about.
const UNANSWERED: Span = Span::from_seconds(5);
/// What expired and is held as far as we know, and what has no commission, is asked about this often.
const UNSETTLED: Span = Span::MINUTE;

impl TradingCore {
    /// Looks after every signal that is not over.
    pub(crate) fn tend_all(&mut self, step: &mut Step<'_>) {
        // What would leave now would be lost, or decided on half a picture.
        if !matches!(self.link, Link::Reconciled { .. } | Link::Differs) {
            return;
        }
        self.ask_about_silence(step);
        // Ten times a second, so without a list: tending one signal changes no other.
        let mut next = self.next_alive(Bound::Unbounded);
        while let Some(signal) = next {
            self.tend(step, signal);
            next = self.next_alive(Bound::Excluded(signal));
        }
    }

    fn next_alive(&self, after: Bound<SignalId>) -> Option<SignalId> {
        let mut later = self.trades.range((after, Bound::Unbounded)).map(|(_, trade)| trade);
        later.find(|trade| self.needs_care(trade)).map(|trade| trade.signal.id)
    }

    /// Every signal that is not over, or has an order that may fill.
    pub(crate) fn alive(&self) -> Vec<SignalId> {
        self.trades.values().filter(|t| self.needs_care(t)).map(|t| t.signal.id).collect()
    }

    pub(crate) fn needs_care(&self, trade: &Trade) -> bool {
        !trade.signal.state.is_final() || trade.orders().any(|id| self.is_live(Some(id)))
    }

    fn tend(&mut self, step: &mut Step<'_>, signal: SignalId) {
        self.tend_entry(step, signal);
        let Some(trade) = self.trades.get(&signal) else { return };
        // What is held is not known while executions are on their way.
        if self.executions_due(trade) {
            return;
        }
        if trade.held().is_flat() {
            return self.clear_up(step, signal);
        }
        self.time_stop(step, signal);
        if self.trades[&signal].closing.is_some() {
            self.close(step, signal);
        } else {
            self.dress(step, signal);
            self.protect(step, signal);
        }
    }

    /// Orders, cancels, executions and commissions that the broker owes us a word about: its picture
    /// has it.
    fn ask_about_silence(&mut self, step: &mut Step<'_>) {
        let (now, recv) = (step.now(), step.event.ts_recv);
        let silent = |since: Span| since >= UNANSWERED;
        let order = self.unheard.values().any(|left| silent(recv.since(left.at)));
        let cancel = self
            .orders
            .values()
            .any(|o| o.state == OrderState::PendingCancel && silent(now.since(o.updated)));
        let execution = self
            .trades
            .values()
            .any(|trade| self.executions_due(trade) && trade.heard.is_some_and(|at| silent(recv.since(at))));
        let expired = self.trades.values().filter(|trade| !trade.held().is_flat()).any(|trade| {
            let contract = self.contract(step.view, trade.signal.contract);
            let end = contract.and_then(|c| c.instrument.expires);
            end.is_some_and(|at| silent(now.since(at)))
        });
        let mut fills = self.trades.values().flat_map(|trade| &trade.fills);
        let unpriced = fills.any(|(_, f)| f.commission.is_none() && silent(now.since(f.time)));
        // A broker may take all night to settle, and long to price; anything else is a matter of seconds.
        let wait = if order || cancel || execution { UNANSWERED } else { UNSETTLED };
        let lately = self.asked_about.is_some_and(|at| (Span::ZERO..wait).contains(&recv.since(at)));
        if (order || cancel || execution || expired || unpriced) && !lately {
            self.asked_about = Some(recv);
            self.synchronise(step);
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
        } else if self.order(trade.stop).is_some_and(|o| o.state.is_final()) {
            "its stop is gone"
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
        let next = next.floor_to(contract.instrument.tick_at(next));
        let now = step.now();
        if let Some(trade) = self.trades.get_mut(&signal) {
            trade.walked = now;
        }
        if next > limit {
            let request = OrderRequest { kind: OrderKind::Limit { limit: next }, ..entry.request };
            self.modify(step, request);
        }
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
        // Ten times a second: a day that has not lost is held against nothing.
        let lost = self.known_day_profit(step.view).filter(|profit| *profit < Money::ZERO);
        let Some(profit) = lost else { return };
        let (Some(settings), Some(start)) = (self.settings.as_ref(), self.day_base()) else { return };
        if let Some(trip) = breaker::daily_loss(&settings.risk.breakers, start, profit) {
            self.trip(step, trip);
        }
    }
}
