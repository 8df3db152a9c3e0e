//! What the broker, the barrier and the ledger say.

use alphatrader_model::broker::{BrokerOrderState, Execution, OpenOrder};
use alphatrader_model::event::{BarrierVerdict, HaltLevel, LedgerEvent};
use alphatrader_model::{
    Account, BrokerEvent, EffectId, Fill, Money, OrderId, Quantity, Record, SignalId, SignalState, Span,
};
use alphatrader_trading::breaker::Trip;
use alphatrader_trading::fills::FillError;
use alphatrader_trading::lifecycle;

use super::state::{Link, Pending, Picture, Step, TradingCore, Unheard};

impl TradingCore {
    pub(crate) fn on_broker(&mut self, step: &mut Step<'_>, said: &BrokerEvent) {
        match said {
            BrokerEvent::Connected { account, next_order_id, .. } => {
                self.account_id = Some(account.clone());
                self.next_order_id = self.next_order_id.max(next_order_id.0);
                self.link = Link::Up;
                self.sync_retries = 0;
                self.asked = None;
                self.synchronise(step);
            }
            BrokerEvent::Disconnected { .. } => {
                self.link = Link::Down;
                self.asked = None;
            }
            BrokerEvent::SyncBegin => {
                let (begun, began) = (step.event.seq, step.event.ts_recv);
                self.link = Link::Syncing(Picture { begun, began, ..Picture::default() });
                self.asked = None;
            }
            BrokerEvent::SyncEnd => self.reconcile(step),
            BrokerEvent::OpenOrder(order) => self.on_open_order(step, order),
            BrokerEvent::OrderStatus { id, perm_id, state, filled, .. } => {
                self.note_told(step, *id, *state, *filled);
                self.on_status(step, *id, *perm_id, *state);
            }
            BrokerEvent::Rejected { id, code, reason } => self.on_rejected(step, *id, *code, reason),
            // Gone or never there, filled or not: the broker's picture tells which.
            BrokerEvent::UnknownOrder { id } => {
                if self.orders.get(id).is_some_and(|o| !o.state.is_final()) {
                    self.synchronise(step);
                }
            }
            BrokerEvent::Execution(execution) => self.on_execution(step, execution),
            BrokerEvent::Commission { exec_id, commission } => self.on_commission(step, exec_id, *commission),
            BrokerEvent::Position { contract, quantity, .. } => {
                if let Link::Syncing(picture) = &mut self.link {
                    picture.positions.insert(*contract, *quantity);
                } else if quantity.is_flat() {
                    self.settle_expired(step, Span::ZERO, |held| held == *contract);
                }
            }
            BrokerEvent::Account(account) => self.on_account(step, account),
            BrokerEvent::Notice { .. } => {}
            BrokerEvent::Doubled { id, perm_ids } => {
                let twins: Vec<String> = perm_ids.iter().map(i64::to_string).collect();
                let reason = format!(
                    "order {id} works at the broker more than once (its numbers {}): a cancel takes all of them",
                    twins.join(", ")
                );
                self.trip(step, Trip { level: HaltLevel::Halt, reason });
            }
        }
    }

    fn on_open_order(&mut self, step: &mut Step<'_>, listed: &OpenOrder) {
        if let Link::Syncing(picture) = &mut self.link {
            picture.orders.insert(listed.id, *listed);
        }
        if let Some(id) = self.known(listed.id, listed.reference) {
            self.adopt_terms(step, id, listed);
            self.on_status(step, id, listed.perm_id, listed.state);
        }
    }

    /// The broker's word on an order's terms counts: fills elsewhere in its group take from its
    /// quantity, and a change that we asked for may have been refused or lost.
    fn adopt_terms(&mut self, step: &mut Step<'_>, id: OrderId, listed: &OpenOrder) {
        // The edge repeats what we sent, with no number of the broker's, while that is on its way.
        if listed.perm_id == 0 || self.awaits(id) {
            return;
        }
        let now = step.now();
        let Some(order) = self.orders.get_mut(&id).filter(|o| !o.state.is_final()) else { return };
        if order.request.kind == listed.kind && order.request.quantity == listed.quantity {
            return;
        }
        order.request.kind = listed.kind;
        order.request.quantity = listed.quantity;
        order.updated = now;
        let order = *order;
        step.record(Record::Order(Box::new(order)));
        self.note_protection(step, order.request.reference.signal);
    }

    /// Notes executions that a status speaks of before they have come.
    fn note_told(&mut self, step: &Step<'_>, id: OrderId, state: BrokerOrderState, filled: Quantity) {
        let Some(order) = self.orders.get(&id) else { return };
        // What is filled whole is filled at all, whatever the status counts.
        let least = Quantity::new(u64::from(state == BrokerOrderState::Filled));
        let told = filled.max(least);
        if told > order.filled {
            let known = self.told_filled.entry(id).or_insert((told, step.event.seq));
            known.0 = told.max(known.0);
        }
    }

    fn on_status(&mut self, step: &mut Step<'_>, id: OrderId, perm_id: i64, state: BrokerOrderState) {
        if let Link::Syncing(picture) = &mut self.link
            && let Some(listed) = picture.orders.get_mut(&id)
        {
            listed.state = state;
        }
        if let Some(order) = self.orders.get_mut(&id).filter(|_| perm_id > 0) {
            order.perm_id = Some(perm_id);
        }
        self.note_heard(step, id);
        self.move_order(step, id, lifecycle::Step::Status(state));
        self.after_order(step, id);
    }

    fn on_rejected(&mut self, step: &mut Step<'_>, id: OrderId, code: i32, reason: &str) {
        let Some(signal) = self.trade_of(id) else { return };
        self.note_heard(step, id);
        self.move_order(step, id, lifecycle::Step::Refused);
        if let Some(trade) = self.trades.get_mut(&signal)
            && trade.entry == id
        {
            trade.refused = Some(format!("{code}: {reason}"));
        }
        let now = step.now();
        let trip =
            self.settings.as_ref().map(|s| s.risk.breakers.clone()).and_then(|b| self.rejects.note(&b, now));
        if let Some(trip) = trip {
            self.trip(step, trip);
        }
        self.after_order(step, id);
    }

    /// Counts an execution once, whatever repeats it; a correction replaces what it corrects.
    fn on_execution(&mut self, step: &mut Step<'_>, execution: &Execution) {
        let Some(id) = self.known(execution.order, execution.reference) else {
            self.troubles.foreign_executions += 1;
            return;
        };
        let order = self.orders[&id];
        let signal = order.request.reference.signal;
        let base = execution.base_id().to_string();
        let revision = execution.revision();
        let early = self.take_orphan(&base);
        self.note_heard(step, id);
        let Some(trade) = self.trades.get_mut(&signal) else { return };
        let known = trade.fills.iter_mut().find(|(_, f)| f.exec_id == base);
        let fill = Fill {
            exec_id: base,
            order: id,
            reference: order.request.reference,
            contract: execution.contract,
            side: execution.side,
            quantity: execution.quantity,
            price: execution.price,
            multiplier: trade.signal.multiplier,
            commission: known.as_ref().and_then(|(_, f)| f.commission).or(early),
            time: execution.time,
            strategy: order.strategy,
        };
        match known {
            Some((seen, _)) if *seen >= revision => return,
            Some(place) => *place = (revision, fill.clone()),
            None => trade.fills.push((revision, fill.clone())),
        }
        step.record(Record::Fill(Box::new(fill)));
        self.rebuild(step, signal);
        self.count_filled(step, id);
        self.after_order(step, id);
    }

    /// A position is nothing but its fills (invariant 1): each change folds them anew.
    pub(crate) fn rebuild(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get_mut(&signal) else { return };
        let before = trade.position.clone();
        let wrong = trade.fold();
        if let Some(position) = trade.position.as_ref().filter(|p| before.as_ref() != Some(*p)) {
            step.record(Record::Position(Box::new(position.clone())));
        }
        match wrong {
            None => {}
            // Its purchase may be on its way still: the picture brings it, or shows the difference.
            Some(FillError::ThroughZero { .. }) => {
                self.troubles.impossible += 1;
                self.synchronise(step);
            }
            Some(error) => {
                let reason = format!("a fill cannot be booked: {error}");
                self.trip(step, Trip { level: HaltLevel::Halt, reason });
            }
        }
    }

    fn count_filled(&mut self, step: &mut Step<'_>, id: OrderId) {
        let reference = self.orders[&id].request.reference;
        let Some(trade) = self.trades.get(&reference.signal) else { return };
        let filled = trade
            .fills
            .iter()
            .filter(|(_, f)| f.reference == reference)
            .fold(Quantity::ZERO, |sum, (_, f)| sum.checked_add(f.quantity).unwrap_or(sum));
        let Some(order) = self.orders.get_mut(&id) else { return };
        let changed = order.filled != filled;
        order.filled = filled;
        if self.told_filled.get(&id).is_some_and(|(told, _)| *told <= filled) {
            self.told_filled.remove(&id);
        }
        let whole = filled >= order.request.quantity;
        let before = order.state;
        self.move_order(
            step,
            id,
            if whole { lifecycle::Step::FilledWhole } else { lifecycle::Step::FilledInPart },
        );
        let order = self.orders[&id];
        if changed && order.state == before {
            step.record(Record::Order(Box::new(order)));
        }
    }

    fn on_commission(&mut self, step: &mut Step<'_>, exec_id: &str, commission: Money) {
        let base = exec_id.rsplit_once('.').map_or(exec_id, |(base, _)| base);
        let place = self.trades.values_mut().find_map(|t| {
            let signal = t.signal.id;
            t.fills.iter_mut().find(|(_, f)| f.exec_id == base).map(|(_, f)| (signal, f))
        });
        let Some((signal, fill)) = place else { return self.note_orphan(base, commission) };
        if fill.commission == Some(commission) {
            return;
        }
        fill.commission = Some(commission);
        let fill = fill.clone();
        step.record(Record::Fill(Box::new(fill)));
        self.rebuild(step, signal);
        self.settle(step, signal);
    }

    pub(crate) fn on_account(&mut self, step: &mut Step<'_>, account: &Account) {
        self.account = Some(*account);
        let Some(session) = self.session else { return };
        let date = session.date.to_string();
        if self.day_start.as_ref().is_none_or(|(known, _)| *known != date) {
            self.day_start = Some((date.clone(), account.equity));
            step.record(Record::DayStart { date, equity: account.equity });
        }
    }

    /// The barrier decided on an effect; this, and nothing else, moves the orders it is about.
    pub(crate) fn on_verdict(&mut self, step: &mut Step<'_>, effect: EffectId, verdict: BarrierVerdict) {
        let Some(pending) = self.pending.remove(&effect) else { return };
        let released = verdict == BarrierVerdict::Released;
        let left = Unheard { seq: step.event.seq, at: step.event.ts_recv };
        match pending {
            Pending::Place(orders) => {
                let by = if released { lifecycle::Step::Released } else { lifecycle::Step::Withheld };
                for id in orders {
                    if !released {
                        self.note_end(id, &format!("not sent: {}", words(verdict)));
                    }
                    if released {
                        self.unheard.insert(id, left);
                    }
                    self.move_order(step, id, by);
                    self.after_order(step, id);
                }
            }
            Pending::Modify(request) => {
                let order = self.orders.get_mut(&request.id);
                if let Some(order) = order.filter(|o| released && !o.state.is_final()) {
                    self.unheard.insert(request.id, left);
                    order.request = request;
                    order.updated = step.event.ts_event;
                    let order = *order;
                    step.record(Record::Order(Box::new(order)));
                    self.note_protection(step, order.request.reference.signal);
                }
            }
            Pending::Cancel(id) => {
                if released {
                    self.move_order(step, id, lifecycle::Step::CancelAsked);
                }
            }
            Pending::Other => {}
        }
    }

    pub(crate) fn on_ledger(&mut self, step: &mut Step<'_>, said: &LedgerEvent) {
        if let LedgerEvent::Failed { reason } = said {
            self.trip(
                step,
                Trip { level: HaltLevel::Halt, reason: format!("the ledger cannot be written: {reason}") },
            );
        }
    }

    /// Why an entry ended, for its signal.
    pub(crate) fn note_end(&mut self, order: OrderId, reason: &str) {
        let Some(signal) = self.trade_of(order) else { return };
        if let Some(trade) = self.trades.get_mut(&signal).filter(|t| t.entry == order && t.ended.is_none()) {
            trade.ended = Some(reason.to_string());
        }
    }

    /// An order changed: what follows for its signal.
    pub(crate) fn after_order(&mut self, step: &mut Step<'_>, order: OrderId) {
        if let Some(signal) = self.trade_of(order) {
            self.settle(step, signal);
        }
    }

    /// Brings a signal's state in line with its orders and its position.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>, signal: SignalId) {
        let Some(trade) = self.trades.get(&signal) else { return };
        let Some(entry) = self.orders.get(&trade.entry) else { return };
        let mut next = super::outcome::signal_state(trade, entry, &self.orders);
        // What is still to come may open it again.
        if next.is_final() && self.executions_due(trade) {
            return;
        }
        // Why it ended was known when it did; only a late commission changes what it earned.
        match (&trade.signal.state, &mut next) {
            (SignalState::Closed { reason: known, .. }, SignalState::Closed { reason, .. }) => {
                reason.clone_from(known);
            }
            (SignalState::Expired { .. }, SignalState::Expired { .. })
            | (SignalState::Rejected(_), SignalState::Rejected(_)) => return,
            _ => {}
        }
        if next == trade.signal.state {
            return;
        }
        let Some(trade) = self.trades.get_mut(&signal) else { return };
        trade.signal.state = next;
        let signal = trade.signal.clone();
        if let SignalState::Closed { profit, .. } = signal.state {
            let pace = self.paces.entry((signal.strategy, signal.symbol)).or_default();
            pace.last_lost = profit < Money::ZERO;
        }
        step.record(Record::Signal(Box::new(signal)));
    }
}

const fn words(verdict: BarrierVerdict) -> &'static str {
    match verdict {
        BarrierVerdict::Released => "released",
        BarrierVerdict::Expired => "it waited longer than it was good for",
        BarrierVerdict::Withdrawn => "withdrawn before it left",
        BarrierVerdict::Unrecorded => "its record could not be made durable",
    }
}
