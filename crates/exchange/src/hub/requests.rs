//! What connections ask: rates and limits first, then the scenario, then the session.

use alphatrader_model::Span;

use super::pacing::Verdict;
use super::{ConnectionId, Hub, Output, listener};
use crate::scenario::stage::Fate;
use crate::scenario::when::Event;
use crate::session::{Allowance, Session, tell};
use crate::wire::message::market_data::TickByTickRequest;
use crate::wire::message::session::StartApiRequest;
use crate::wire::{DecodeError, Reply, Request, notice};

/// Instruments whose tick-by-tick requests are remembered; more are forgotten as if long ago.
const MOST_TICKED: usize = 10_000;

impl Hub {
    /// The wall's time since the gateway began; it only ever grows. Rates are counted in it.
    pub fn set_wall(&mut self, wall: Span) {
        self.wall = self.wall.max(wall);
        while let Some((id, request)) = self.pacer.release(self.wall, &self.limits) {
            self.admit(id, &request);
        }
    }

    /// When, in the wall's time, a request that waits for its turn is to be served.
    pub fn next_wall(&self) -> Option<Span> {
        self.pacer.due(&self.limits)
    }

    /// Whether new connections are to be refused.
    pub fn is_shut(&self) -> bool {
        self.stage.is_shut()
    }

    /// A connection finished its handshake; `paced` when it would rather wait than be refused.
    pub fn hello(&mut self, id: ConnectionId, paced: bool) {
        self.pacer.hello(id, paced);
        let time = self.desk.calendar().local(self.desk.now()).strftime("%Y%m%d %H:%M:%S").to_string();
        self.outputs.push((id, Output::Hello(format!("{time} America/New_York"))));
    }

    /// A connection asks.
    pub fn request(&mut self, id: ConnectionId, request: &Request) {
        match self.pacer.arrive(id, request, self.wall, &self.limits) {
            Verdict::Serve => self.admit(id, request),
            Verdict::Wait => {}
            Verdict::Refuse { text, close } => {
                self.error(id, notice::SESSION, notice::TOO_MANY_MESSAGES, &text);
                if close {
                    self.end_session(id, &Output::Close);
                }
            }
        }
    }

    /// A connection sent a frame that could not be read.
    pub fn unreadable(&mut self, id: ConnectionId, error: &DecodeError) {
        let mut out = Vec::new();
        Session::on_unreadable(error, self.desk.now(), &mut out);
        self.extend(id, out);
    }

    /// A connection is gone.
    pub fn gone(&mut self, id: ConnectionId) {
        if let Some(session) = self.sessions.remove(&id) {
            self.happened(Event::Disconnect, session.client_id());
        }
        self.stage.gone(id);
        self.pacer.gone(id);
        self.outputs.retain(|(of, _)| *of != id);
    }

    /// A request that keeps to the rate.
    fn admit(&mut self, id: ConnectionId, request: &Request) {
        let client_id = match (self.sessions.get(&id), request) {
            (Some(session), _) => session.client_id(),
            (None, Request::StartApi(asked)) => return self.start(id, asked),
            (None, _) => {
                let text = "Error validating request:-'start the API first'";
                return self.error(id, notice::SESSION, notice::INVALID_REQUEST, text);
            }
        };
        match self.stage.fate(id, client_id, request) {
            Fate::Serve => self.serve(id, request),
            Fate::Silence => {}
            Fate::Lost => {
                let text = "Connectivity between IBKR and Trader Workstation has been lost.";
                self.error(id, notice::SESSION, notice::CONNECTION_LOST, text);
            }
        }
    }

    fn start(&mut self, id: ConnectionId, asked: &StartApiRequest) {
        let client_id = asked.client_id.unwrap_or(0);
        let taken = self.sessions.values().any(|session| session.client_id() == client_id);
        if self.stage.is_busy(client_id) || taken {
            let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
            self.error(id, notice::SESSION, notice::CLIENT_ID_IN_USE, text);
            self.outputs.push((id, Output::Close));
            return;
        }
        let mut out = Vec::new();
        let session = Session::start(client_id, &mut self.desk, &mut out);
        self.sessions.insert(id, session);
        self.extend(id, out);
        self.tell_lost_link(id);
        self.happened(Event::Connect, client_id);
        self.spread();
    }

    /// A request of a session that nothing keeps from being served.
    pub(super) fn serve(&mut self, id: ConnectionId, request: &Request) {
        if let Err((about, code, text)) = self.check(id, request) {
            return self.error(id, about, code, &text);
        }
        let left = self.left();
        let Some(client_id) = self.sessions.get(&id).map(Session::client_id) else { return };
        let event = match request {
            Request::PlaceOrder(placed) => Some(self.order_event(client_id, placed)),
            Request::MarketData(_) => Some(Event::MarketData),
            Request::MarketDepth(_) => Some(Event::Depth),
            _ => None,
        };
        let mut out = Vec::new();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.on_request(request, left, &mut self.desk, &mut out);
        }
        self.extend(id, out);
        self.tell_no_data(id, request);
        if let Some(event) = event {
            self.happened(event, client_id);
        }
        self.spread();
    }

    /// The broker's rules on how often something may be asked.
    fn check(&mut self, id: ConnectionId, request: &Request) -> Result<(), (i32, i32, String)> {
        match request {
            Request::HistoricalData(asked) => {
                let about = asked.req_id.unwrap_or(notice::SESSION);
                let outcome = self.asked.ask(asked, self.wall, &self.limits.history);
                outcome.map_err(|text| (about, notice::HISTORY_FAILED, text))
            }
            Request::TickByTick(asked) => self.check_ticks(asked),
            Request::AccountSummary(asked) => {
                let open: usize = self.sessions.values().map(Session::summaries).sum();
                let again =
                    asked.req_id.is_some_and(|of| self.sessions.get(&id).is_some_and(|s| s.has_summary(of)));
                if open < self.limits.summaries || again {
                    return Ok(());
                }
                let about = asked.req_id.unwrap_or(notice::SESSION);
                let text = "Error processing request.-'Maximum number of account summary requests exceeded'";
                Err((about, notice::REQUEST_FAILED, text.to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn check_ticks(&mut self, asked: &TickByTickRequest) -> Result<(), (i32, i32, String)> {
        let Some(interval) = self.limits.tick_interval else { return Ok(()) };
        let contract = asked.contract.clone().unwrap_or_default();
        let Ok(listing) = self.desk.feed().catalogue.find_one(&contract) else { return Ok(()) };
        let instrument = listing.instrument.id;
        let since = |at: &Span| self.wall.nanos() - at.nanos();
        if self.ticks_asked.get(&instrument).is_some_and(|at| since(at) < interval.span().nanos()) {
            let text = format!(
                "Failed to request tick-by-tick data:one request for an instrument within {interval}"
            );
            let about = asked.req_id.unwrap_or(notice::SESSION);
            return Err((about, notice::NOT_AVAILABLE_TICK_BY_TICK, text));
        }
        if self.ticks_asked.len() >= MOST_TICKED {
            self.ticks_asked.clear();
        }
        self.ticks_asked.insert(instrument, self.wall);
        Ok(())
    }

    fn left(&self) -> Allowance {
        let limits = &self.limits;
        let mut left =
            Allowance { lines: limits.lines, books: limits.books, ticks: limits.ticks, bars: limits.bars };
        for session in self.sessions.values() {
            let used = session.usage();
            left.lines = left.lines.saturating_sub(used.lines);
            left.books = left.books.saturating_sub(used.books);
            left.ticks = left.ticks.saturating_sub(used.ticks);
            left.bars = left.bars.saturating_sub(used.bars);
        }
        left
    }

    fn error(&mut self, id: ConnectionId, about: i32, code: i32, text: &str) {
        let reply = tell::error(about, code, text, self.desk.now());
        self.extend(id, vec![reply]);
    }

    fn extend(&mut self, id: ConnectionId, replies: Vec<Reply>) {
        let now = self.desk.now();
        let Some(session) = self.sessions.get(&id) else {
            self.outputs.extend(replies.into_iter().map(|reply| (id, Output::Reply(reply))));
            return;
        };
        let to = listener(id, session);
        for reply in replies {
            self.stage.pass(to, reply, now, &mut self.outputs);
        }
    }
}
