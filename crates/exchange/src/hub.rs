//! All connections, the market and the desk in one state machine, without I/O and without a clock.
//!
//! Inputs are requests and the passing of simulated time; outputs are what each connection is told.
//! Outputs are handed over by [`Hub::commit`] alone, after the facts that they follow from are durable.

use std::collections::BTreeMap;

use alphatrader_model::{Session as TradingSession, Span, Timestamp};

use crate::broker::journal::StateError;
use crate::broker::store::Store;
use crate::desk::Desk;
use crate::feed::recap::Recap;
use crate::feed::source::{Numbers, Source};
use crate::session::{Allowance, QUANTUM, Session, tell};
use crate::wire::{DecodeError, Reply, Request, notice};

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
    /// Nothing more: close.
    Close,
}

/// Limits of all connections together, as at the broker.
pub type Limits = Allowance;

/// What a gateway without other wishes allows: the broker's figures for a hundred lines.
pub const DEFAULT_LIMITS: Limits = Allowance { lines: 100, books: 3, ticks: 3, bars: 50 };

/// Simulated time after the close before the night passes at once.
pub const EVENING: Span = Span::from_seconds(30);

/// See the module's text.
pub struct Hub {
    desk: Desk,
    source: Box<dyn Source>,
    store: Box<dyn Store>,
    numbers: Numbers,
    limits: Limits,
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
        let mut hub = Self {
            desk,
            source,
            store,
            numbers: Numbers::default(),
            limits,
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

    /// The desk, to be looked at.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Connections that started their API.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// A connection finished its handshake.
    pub fn hello(&mut self, id: ConnectionId) {
        let time = self.desk.calendar().local(self.desk.now()).strftime("%Y%m%d %H:%M:%S").to_string();
        self.outputs.push((id, Output::Hello(format!("{time} America/New_York"))));
    }

    /// A connection asks.
    pub fn request(&mut self, id: ConnectionId, request: &Request) {
        let left = self.left();
        let mut out = Vec::new();
        match (self.sessions.get_mut(&id), request) {
            (Some(session), _) => session.on_request(request, left, &mut self.desk, &mut out),
            (None, Request::StartApi(asked)) => {
                let client_id = asked.client_id.unwrap_or(0);
                if self.sessions.values().any(|session| session.client_id() == client_id) {
                    let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
                    out.push(tell::error(notice::SESSION, notice::CLIENT_ID_IN_USE, text, self.desk.now()));
                    self.extend(id, out);
                    self.outputs.push((id, Output::Close));
                    return;
                }
                let session = Session::start(client_id, &mut self.desk, &mut out);
                self.sessions.insert(id, session);
            }
            (None, _) => {
                let text = "Error validating request:-'start the API first'";
                out.push(tell::error(notice::SESSION, notice::INVALID_REQUEST, text, self.desk.now()));
            }
        }
        self.extend(id, out);
        self.spread();
    }

    /// A connection sent a frame that could not be read.
    pub fn unreadable(&mut self, id: ConnectionId, error: &DecodeError) {
        let mut out = Vec::new();
        Session::on_unreadable(error, self.desk.now(), &mut out);
        self.extend(id, out);
    }

    /// A connection is gone.
    pub fn gone(&mut self, id: ConnectionId) {
        self.sessions.remove(&id);
        self.outputs.retain(|(of, _)| *of != id);
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
        [market, order].into_iter().flatten().fold(self.quantum, Timestamp::min)
    }

    fn left(&self) -> Allowance {
        let mut left = self.limits;
        for session in self.sessions.values() {
            let used = session.usage();
            left.lines = left.lines.saturating_sub(used.lines);
            left.books = left.books.saturating_sub(used.books);
            left.ticks = left.ticks.saturating_sub(used.ticks);
            left.bars = left.bars.saturating_sub(used.bars);
        }
        left
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
            if at == self.quantum {
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
            self.desk.on_market(input.ts_event, &payload);
            self.each(|session, desk, out| session.on_market(input.ts_event, &payload, desk, out));
            self.spread();
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
            self.each(|session, desk, out| session.on_happening(&happening, desk, out));
        }
    }

    fn each(&mut self, mut what: impl FnMut(&mut Session, &Desk, &mut Vec<Reply>)) {
        let mut out = Vec::new();
        for (id, session) in &mut self.sessions {
            what(session, &self.desk, &mut out);
            self.outputs.extend(out.drain(..).map(|reply| (*id, Output::Reply(reply))));
        }
    }

    fn extend(&mut self, id: ConnectionId, replies: Vec<Reply>) {
        self.outputs.extend(replies.into_iter().map(|reply| (id, Output::Reply(reply))));
    }
}

#[cfg(test)]
mod tests;
