//! The invariants of signals-and-risk, section 11, as far as they apply to what exists.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alphatrader_market::SimulatedBroker;
use alphatrader_model::event::HaltLevel;
use alphatrader_model::{
    Action, BrokerEvent, Contract, Effect, Event, Fill, Money, OrderId, OrderKind, OrderRef, Payload, Price,
    Record, Seq, Side, SignalId, SignalState, Span, Timestamp,
};

use super::trace::{Line, told};
use crate::engine::Engine;
use crate::trading_core::TradingCore;

/// Things of the past that are told with a violation.
const TRACE: usize = 120;
/// A position may be without protection this long while the broker can be reached (invariant 4: two
/// seconds; five where an order was lost without a word; and the time it takes to ask and be answered).
const BARE: Span = Span::from_seconds(7);
/// And what protects it may be for more than is held no longer than this.
const TOO_MUCH: Span = Span::from_seconds(8);
/// An entry may work this long after its time while the broker can be reached: until an unanswered
/// cancel is asked about and sent again, by a clock that may be set back by four.
const STALE: Span = Span::from_seconds(13);
/// More effects than this in a second are a storm.
const STORM: usize = 60;

/// One thing a step put out, in order.
#[derive(Debug, Clone)]
pub(super) enum Output {
    Saw(Box<Event>),
    Commit(Seq, Vec<Record>),
    Perform(Effect),
}

#[derive(Debug, Default)]
pub(super) struct Judge {
    trace: VecDeque<(Timestamp, Line)>,
    references: BTreeMap<OrderRef, OrderId>,
    ids: BTreeSet<OrderId>,
    /// Until when each entry is good, by our clock.
    entries: BTreeMap<OrderId, Timestamp>,
    stale: BTreeMap<OrderId, Timestamp>,
    /// Orders whose parent was refused are refused too.
    children: BTreeSet<OrderId>,
    /// Trigger of each stop as it was last sent.
    triggers: BTreeMap<OrderId, (SignalId, Price)>,
    /// How each signal ended, as far as it was recorded.
    ends: BTreeMap<SignalId, SignalState>,
    /// As the core knows it at the output at hand.
    halted: bool,
    reconciled: bool,
    bare: BTreeMap<Contract, Timestamp>,
    too_much: BTreeMap<Contract, Timestamp>,
    performed: VecDeque<Timestamp>,
    pub(super) halts: u64,
}

type Verdict = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

impl Judge {
    pub(super) fn note(&mut self, now: Timestamp, text: impl Into<String>) {
        self.line(now, Line::Note(text.into()));
    }

    fn line(&mut self, now: Timestamp, line: Line) {
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back((now, line));
    }

    pub(super) fn trace(&self, open: Timestamp) -> Vec<String> {
        let line =
            |(at, line): &(Timestamp, Line)| format!("{:9.3} {}", at.since(open).as_seconds(), told(line));
        self.trace.iter().map(line).collect()
    }

    /// A process begins with what was durable.
    pub(super) fn begin(&mut self, durable: &[&Record]) {
        self.reconciled = false;
        self.excuse();
        // What was recorded and did not become durable never was.
        self.ends.clear();
        self.halted = false;
        for record in durable {
            match record {
                Record::Signal(s) if s.state.is_final() => {
                    self.ends.insert(s.id, s.state.clone());
                }
                Record::Halt { level, .. } => self.halted = *level != HaltLevel::None,
                _ => {}
            }
        }
    }

    /// Looks at one output of a step; `through` is the last durable step.
    pub(super) fn output(&mut self, now: Timestamp, output: &Output, through: Seq) -> Verdict {
        match output {
            Output::Saw(event) => {
                if let Payload::Broker(word) = &event.payload {
                    self.line(now, Line::Word((**word).clone()));
                    match **word {
                        BrokerEvent::SyncEnd => self.reconciled = true,
                        BrokerEvent::Connected { .. }
                        | BrokerEvent::Disconnected { .. }
                        | BrokerEvent::SyncBegin => self.reconciled = false,
                        _ => {}
                    }
                }
                Ok(())
            }
            Output::Commit(_, records) => records.iter().try_for_each(|record| self.record(now, record)),
            Output::Perform(effect) => self.effect(now, effect, through),
        }
    }

    fn record(&mut self, now: Timestamp, record: &Record) -> Verdict {
        self.line(now, Line::Record(record.clone()));
        match record {
            Record::Halt { level, reason } => {
                self.halted = *level != HaltLevel::None;
                self.halts += u64::from(self.halted);
                // Nothing here happens that reconciliation cannot explain.
                let unexplained = reason.contains("differ") || reason.contains("booked");
                ensure(!unexplained, || format!("halted without need: {reason}"))
            }
            Record::Signal(signal) => {
                if let Some(before) = self.ends.get(&signal.id) {
                    let same = match (before, &signal.state) {
                        // A commission may come late.
                        (SignalState::Closed { reason: a, .. }, SignalState::Closed { reason: b, .. }) => {
                            a == b
                        }
                        (a, b) => a == b,
                    };
                    ensure(same, || {
                        format!("invariant 8: {} was {before:?} and became {:?}", signal.id, signal.state)
                    })?;
                }
                if signal.state.is_final() {
                    self.ends.insert(signal.id, signal.state.clone());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn effect(&mut self, now: Timestamp, effect: &Effect, through: Seq) -> Verdict {
        self.line(now, Line::Effect(effect.clone()));
        self.performed.push_back(now);
        while self.performed.front().is_some_and(|at| now.since(*at) >= Span::SECOND) {
            self.performed.pop_front();
        }
        ensure(self.performed.len() <= STORM, || format!("{} effects in a second", self.performed.len()))?;
        if effect.adds_risk {
            ensure(!self.halted && self.reconciled, || {
                format!(
                    "invariant 3: an entry left (halted: {}, reconciled: {})",
                    self.halted, self.reconciled
                )
            })?;
        }
        match &effect.action {
            Action::Place(orders) => {
                ensure(!effect.adds_risk || effect.id.seq <= through, || {
                    format!("invariant 12: {:?} left, durable is {through}", effect.id)
                })?;
                for order in orders {
                    let known = self.references.insert(order.reference, order.id);
                    ensure(known.is_none(), || format!("invariant 5: {} was used before", order.reference))?;
                    ensure(self.ids.insert(order.id), || {
                        format!("order number {} was used before", order.id)
                    })?;
                    if let Some(expires) = effect.expires.filter(|_| !order.reference.role.reduces()) {
                        self.entries.insert(order.id, expires);
                    }
                    if order.parent.is_some() {
                        self.children.insert(order.id);
                    }
                    self.trigger(order.id, order.reference.signal, order.kind, true)?;
                }
                Ok(())
            }
            Action::Modify(order) => self.trigger(order.id, order.reference.signal, order.kind, false),
            Action::Cancel(_) | Action::Synchronise => Ok(()),
        }
    }

    fn trigger(&mut self, id: OrderId, signal: SignalId, kind: OrderKind, new: bool) -> Verdict {
        let OrderKind::Stop { trigger } = kind else { return Ok(()) };
        if new {
            // The second stop of a position may be a tenth wider, and a tick for rounding.
            let last = self.triggers.values().filter(|(s, _)| *s == signal).map(|(_, t)| *t).next_back();
            let wide = last.is_some_and(|t| trigger.raw() < t.raw() * 9 / 10 - Price::from_cents(5).raw());
            ensure(!wide, || format!("invariant 6: a stop at {trigger} after {last:?}"))?;
        } else if let Some((_, before)) = self.triggers.get(&id) {
            ensure(trigger >= *before, || format!("invariant 6: stop {id} loosened, {before} to {trigger}"))?;
        }
        self.triggers.insert(id, (signal, trigger));
        Ok(())
    }

    /// What the broker itself refuses and no race explains.
    pub(super) fn refusal(&mut self, now: Timestamp, word: &BrokerEvent) -> Verdict {
        let BrokerEvent::Rejected { id, reason, .. } = word else { return Ok(()) };
        self.note(now, format!("the broker refuses {id}: {reason}"));
        let over = reason.contains("SUFFICIENT LONG POSITION") || reason.contains("Duplicate order");
        ensure(!over || self.children.contains(id), || {
            format!("invariant 13 was left to the broker: order {id}: {reason}")
        })
    }

    /// What holds after every step: positions are made of fills, and nothing is short.
    pub(super) fn books(trading: &TradingCore) -> Verdict {
        let mut sums: BTreeMap<SignalId, i64> = BTreeMap::new();
        let signed = |f: &Fill| f.side.sign() * f.quantity.get() as i64;
        for fill in trading.fills() {
            *sums.entry(fill.signal()).or_default() += signed(fill);
        }
        for position in trading.positions() {
            let sum = sums.get(&position.signal).copied().unwrap_or_default();
            let held = position.quantity.get();
            // A sale told before its purchase is left out until that comes.
            ensure(held == sum || (sum < held && trading.is_unbooked(position.signal)), || {
                format!("invariant 1: {} holds {held}, its fills {sum}", position.signal)
            })?;
            ensure(held >= 0, || format!("invariant 13: {} holds {held}", position.signal))?;
        }
        Ok(())
    }

    /// An entry whose time is up is cancelled, and cancelled again if that is lost.
    pub(super) fn stale_entries(
        &mut self,
        now: Timestamp,
        clock: Timestamp,
        broker: &SimulatedBroker,
    ) -> Verdict {
        for order in broker.exchange().orders() {
            let id = OrderId(order.key.0 as i32);
            let over = self.entries.get(&id).is_some_and(|expires| clock > *expires);
            let since = if over { *self.stale.entry(id).or_insert(now) } else { now };
            ensure(now.since(since) <= STALE, || format!("entry {id} works long after its time"))?;
        }
        Ok(())
    }

    /// What the broker holds, and what protects it there.
    pub(super) fn protection(
        &mut self,
        now: Timestamp,
        broker: &SimulatedBroker,
        engine: &Engine,
    ) -> Verdict {
        let open = broker.exchange().is_open();
        for (contract, holding) in broker.account().holdings() {
            let held = holding.quantity.get();
            ensure(held >= 0, || format!("invariant 13: the account holds {held} of {contract}"))?;
            let (mut stops, mut others) = (0, 0);
            for order in
                broker.exchange().orders().filter(|o| o.contract == *contract && o.side == Side::Sell)
            {
                if order.kind.trigger().is_some() {
                    stops += order.open();
                } else {
                    others += order.open();
                }
            }
            let held = held.unsigned_abs();
            let closing = engine.trading().is_closing(*contract);
            let late = |since: &mut BTreeMap<Contract, Timestamp>, wrong: bool, limit: Span| {
                if !wrong {
                    since.remove(contract);
                    return false;
                }
                now.since(*since.entry(*contract).or_insert(now)) > limit
            };
            let bare = held > stops && !closing && open && engine.trading().is_connected();
            ensure(!late(&mut self.bare, bare, BARE), || {
                format!("invariant 4: {held} of {contract} held, stops for {stops}")
            })?;
            let much = stops.max(others) > held && open && engine.trading().is_connected();
            ensure(!late(&mut self.too_much, much, TOO_MUCH), || {
                format!("{held} of {contract} held, stops for {stops}, others for {others}")
            })?;
        }
        Ok(())
    }

    /// The connection is gone, or an order was refused or lost: what is missing at the broker is
    /// counted anew.
    pub(super) fn excuse(&mut self) {
        self.bare.clear();
        self.too_much.clear();
        self.stale.clear();
    }

    /// All is over and quiet.
    pub(super) fn end(broker: &SimulatedBroker, engine: &Engine, start: Money) -> Verdict {
        let trading = engine.trading();
        for signal in trading.signals() {
            ensure(signal.state.is_final(), || format!("invariant 8: {} is {:?}", signal.id, signal.state))?;
        }
        for order in trading.orders() {
            let request = order.request;
            ensure(order.state.is_final(), || {
                format!("order {} ({}) is {:?}", request.id, request.reference, order.state)
            })?;
        }
        ensure(engine.is_quiet(), || "the core is not quiet".into())?;
        let orders = broker.exchange().orders().count();
        ensure(orders == 0, || format!("{orders} orders still live at the broker"))?;
        for (contract, holding) in broker.account().holdings() {
            ensure(holding.quantity.is_flat(), || format!("{} of {contract} still held", holding.quantity))?;
        }
        let (realized, commissions) = trading.day_result();
        let profit = realized.micros() - commissions.micros();
        let earned = broker.account().cash().micros() - start.micros();
        ensure(profit == earned, || {
            let (ours, theirs) = (Money::from_micros(profit), Money::from_micros(earned));
            format!("invariant 2: our profit is {ours}, the account earned {theirs}")
        })
    }
}
