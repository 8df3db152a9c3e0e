//! All connections, the market and the desk in one state machine, without I/O and without a clock.
//!
//! Inputs are requests and the passing of simulated time; outputs are what each connection is told.
//! Outputs are handed over by [`Hub::commit`] alone, after the facts that they follow from are durable.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, Payload, Session as TradingSession, Span, Timestamp};

use crate::broker::journal::StateError;
use crate::broker::store::Store;
use crate::desk::Desk;
use crate::feed::recap::Recap;
use crate::feed::source::{Numbers, Source};
use crate::scenario::Scenario;
use crate::scenario::director::Director;
use crate::scenario::stage::{Listener, Stage};
use crate::session::{QUANTUM, Session};
use crate::wire::Reply;
use history::History;
use pacing::Pacer;

mod act;
pub mod history;
pub mod limits;
pub mod pacing;
mod requests;

pub use limits::{HistoryLimits, Limits};

/// A connection's number; never used twice in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What a connection is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The handshake is answered with this time.
    Hello(String),
    /// A message.
    Reply(Reply),
    /// Nothing more: close, when what was said before is sent.
    Close,
    /// Close at once.
    Cut,
    /// Keep the socket, send nothing and read nothing, until it is cut.
    Hold,
    /// Bytes leave in another way from here on.
    Shape(Shape),
}

/// How bytes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// So many at a time; all that is there without a number.
    pub pieces: Option<usize>,
    /// The wall's time between two writes.
    pub pause: std::time::Duration,
}

/// Simulated time after the close before the night passes at once.
pub const EVENING: Span = Span::from_seconds(30);

/// See the module's text.
pub struct Hub {
    desk: Desk,
    source: Box<dyn Source>,
    store: Box<dyn Store>,
    numbers: Numbers,
    limits: Limits,
    stage: Stage,
    pacer: Pacer,
    asked: History,
    /// When each instrument's ticks were last asked for, in the wall's time.
    ticks_asked: BTreeMap<alphatrader_model::InstrumentId, Span>,
    /// The wall's time since the gateway began.
    wall: Span,
    /// Connections that started their API.
    sessions: BTreeMap<ConnectionId, Session>,
    outputs: Vec<(ConnectionId, Output)>,
    today: TradingSession,
    quantum: Timestamp,
    instant: Timestamp,
    reserved: Timestamp,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("desk", &self.desk)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub that goes on where the desk's state left off: in the day that it names, or in the
    /// session of `begin` (or the next one) for a state without a day. What the market did before is
    /// made again; then working orders go back to the exchange.
    pub fn new(
        mut desk: Desk,
        source: Box<dyn Source>,
        store: Box<dyn Store>,
        limits: Limits,
        begin: Timestamp,
    ) -> Self {
        let calendar = desk.calendar();
        let known = desk.state().day.as_ref().and_then(|day| calendar.session(day.date));
        let resumed = known.is_some();
        let today = known.unwrap_or_else(|| crate::feed::details::session_ahead(calendar, begin));
        let now = if resumed { desk.state().clock.max(today.open) } else { begin.max(today.open) };
        desk.start_at(now);
        desk.know(source.chronicle().cloned());
        let mut hub = Self {
            desk,
            source,
            store,
            numbers: Numbers::default(),
            limits,
            stage: Stage::default(),
            pacer: Pacer::default(),
            asked: History::default(),
            ticks_asked: BTreeMap::new(),
            wall: Span::from_nanos(0),
            sessions: BTreeMap::new(),
            outputs: Vec::new(),
            today,
            quantum: now.floor_to(QUANTUM) + QUANTUM,
            instant: now,
            reserved: Timestamp::from_nanos(i64::MIN),
        };
        hub.begin_day(today);
        hub.catch_up(now);
        hub.desk.restore_orders();
        hub.desk.take_happenings();
        hub
    }

    /// Simulated time.
    pub fn now(&self) -> Timestamp {
        self.desk.now()
    }

    /// The trading day's session.
    pub fn today(&self) -> TradingSession {
        self.today
    }

    /// Plays a scenario from now on, with its limits where it has some.
    pub fn play(&mut self, scenario: &Scenario) {
        if let Some(limits) = &scenario.limits {
            self.limits = limits.clone();
        }
        self.stage.play(Director::new(scenario, self.desk.now(), self.today, self.desk.calendar()));
    }

    /// The desk, to be looked at.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Connections that started their API.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Simulated time passes to `to`, and the market with it. When the day is over and its evening
    /// has passed, the next day begins: then the answer is its first instant, at which the caller's
    /// clock is to go on.
    pub fn run_to(&mut self, to: Timestamp) -> Option<Timestamp> {
        let end = self.today.close + EVENING;
        self.run_day(to.min(end));
        if to < end {
            return None;
        }
        self.desk.end_day();
        self.spread();
        let next = self.source.session_after(self.today, self.desk.calendar());
        self.today = next;
        self.quantum = next.open;
        self.begin_day(next);
        self.run_day(next.open);
        Some(next.open)
    }

    /// Makes durable what happened, then hands over what may be said, and whether there was anything
    /// to make durable.
    ///
    /// # Errors
    /// [`StateError`]: nothing may be said any more, the hub is of no further use.
    pub fn commit(&mut self) -> Result<(Vec<(ConnectionId, Output)>, bool), StateError> {
        let facts = self.desk.take_facts();
        if !facts.is_empty() {
            self.store.commit(&facts)?;
            self.store.tidy(self.desk.state());
        }
        Ok((std::mem::take(&mut self.outputs), !facts.is_empty()))
    }

    /// Marks time as told for `ahead` from now on (to the end of the session at most), unless half of
    /// it is still left.
    pub fn reserve_clock(&mut self, ahead: Span) {
        let now = self.desk.now();
        let half = Span::from_nanos(ahead.nanos() / 2);
        if now + half < self.reserved {
            return;
        }
        let close = self.today.close;
        let until = if now < close { (now + ahead).min(close) } else { now + ahead };
        if until > self.reserved {
            self.reserved = until;
            self.desk.reserve_clock(until);
        }
    }

    /// Marks exactly now as told: a restart goes on from here. The last thing of an orderly end.
    pub fn release_clock(&mut self) {
        let now = self.desk.now();
        self.reserved = now;
        self.desk.reserve_clock(now);
    }

    /// When something happens by itself next: the market moves, an order arrives, a sample is due.
    pub fn next_due(&mut self) -> Timestamp {
        let market = self.source.peek();
        let order = self.desk.next_due();
        let scenario = self.stage.next_due();
        [market, order, scenario].into_iter().flatten().fold(self.quantum, Timestamp::min)
    }

    fn begin_day(&mut self, session: TradingSession) {
        self.source.begin(session);
        self.numbers.begin_day();
    }

    /// The market up to `to` as it was before a restart, told to nobody.
    fn catch_up(&mut self, to: Timestamp) {
        let mut recap = Recap::default();
        while self.source.peek().is_some_and(|at| at <= to) {
            let Some(input) = self.source.next() else { break };
            let payload = self.numbers.translate(input.payload);
            if let Some(payload) = &payload {
                self.hear_of_halt(input.ts_event, payload);
                // A recap keeps of quotes only the last; history is made of all.
                if matches!(payload, Payload::Quote(_)) {
                    self.desk.remember(input.ts_event, payload);
                }
            }
            if let Some(payload) = payload.and_then(|payload| recap.take(input.ts_event, payload)) {
                self.desk.on_market(input.ts_event, &payload);
            }
        }
        let (at, payloads) = recap.finish();
        for payload in &payloads {
            self.desk.on_market(at, payload);
        }
        self.desk.advance(to);
    }

    /// Everything of today that happens until `to`, in order of time.
    fn run_day(&mut self, to: Timestamp) {
        loop {
            let at = self.next_due();
            if at > to {
                break;
            }
            self.pass_to(at);
            self.play_due(at);
            if at == self.quantum {
                self.desk.watch_expiry(at);
                self.quantum = at + QUANTUM;
                self.each(|session, desk, out| session.on_quantum(at, desk, out));
            }
            self.move_market(at);
        }
        self.pass_to(to);
        if to >= self.today.close {
            self.desk.settle_expired(to);
            self.spread();
        }
    }

    /// The market's events of the instant `at`.
    fn move_market(&mut self, at: Timestamp) {
        while self.source.peek().is_some_and(|next| next <= at) {
            let Some(input) = self.source.next() else { break };
            let Some(payload) = self.numbers.translate(input.payload) else {
                tracing::error!("the market spoke of a contract that it had not announced");
                continue;
            };
            self.hear_of_halt(input.ts_event, &payload);
            self.desk.on_market(input.ts_event, &payload);
            self.each(|session, desk, out| session.on_market(input.ts_event, &payload, desk, out));
            self.spread();
        }
    }

    /// A stock whose quotes go because of a halt is halted until it is quoted again.
    fn hear_of_halt(&mut self, at: Timestamp, payload: &Payload) {
        let (instrument, halted) = match payload {
            Payload::Quote(quote) if self.desk.feed().halted.contains(&quote.instrument) => {
                (quote.instrument, false)
            }
            Payload::Gap(gap) => (gap.instrument, true),
            _ => return,
        };
        let listing = self.desk.feed().catalogue.get(instrument);
        if let Some(contract @ Contract::Stock(symbol)) = listing.map(|listing| listing.instrument.contract)
            && (!halted || self.source.is_halted(symbol, at))
        {
            self.desk.halt(&contract, halted);
        }
    }

    fn pass_to(&mut self, at: Timestamp) {
        if at > self.instant {
            self.instant = at;
            self.each(Session::on_instant_over);
        }
        self.desk.advance(at);
        self.spread();
    }

    /// Tells all sessions what happened at the desk.
    fn spread(&mut self) {
        for happening in self.desk.take_happenings() {
            self.direct(&happening);
            self.each(|session, desk, out| session.on_happening(&happening, desk, out));
        }
    }

    fn each(&mut self, mut what: impl FnMut(&mut Session, &Desk, &mut Vec<Reply>)) {
        let (now, mut out) = (self.desk.now(), Vec::new());
        for (id, session) in &mut self.sessions {
            what(session, &self.desk, &mut out);
            let to = listener(*id, session);
            out.drain(..).for_each(|reply| self.stage.pass(to, reply, now, &mut self.outputs));
        }
    }
}

fn listener(id: ConnectionId, session: &Session) -> Listener {
    Listener { id, client_id: session.client_id(), takes_delayed: session.takes_delayed() }
}

#[cfg(test)]
mod tests;
