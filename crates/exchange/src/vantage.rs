//! A local Alpha Vantage: the vendor's one endpoint, told of the simulated market.
//!
//! ```text
//!  bytes ─► http ─► Request ─► Vantage::answer ─► Response ─► http ─► bytes
//!                                │    │    └─ faults: what goes wrong, on demand or by chance
//!                                │    └─ limits: a sliding minute and second for each key
//!                                └─ market: the gateway's own, or one of the same kind
//! ```
//!
//! Everything is answered at HTTP 200, refusals too, as the vendor does. The same seed has the same prices at
//! the same simulated instant as a gateway, because they come from the same place.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`request`] | the query of a URL |
//! | [`limits`] | keys and how often each may ask |
//! | [`refusal`] | the vendor's words for what it refuses |
//! | [`faults`], [`spoil`] | what goes wrong: whole answers, and rows of a chain |
//! | [`journal`] | the requests that came, with their times |
//! | [`market`] | the market that is told of |
//! | [`functions`], [`demo`] | the functions by name, who may call them |
//! | [`options`], [`news`], [`quotes`], [`series`], [`listings`], [`economic`] | the bodies |
//! | [`json`], [`table`] | how bodies are written |
//! | [`http`], [`server`] | the thin shell: sockets, threads |

pub mod demo;
pub mod economic;
pub mod faults;
pub mod functions;
pub mod http;
pub mod journal;
pub mod json;
pub mod limits;
pub mod listings;
pub mod market;
pub mod news;
pub mod options;
pub mod quotes;
pub mod refusal;
pub mod request;
pub mod series;
pub mod server;
pub mod spoil;
pub mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alphatrader_model::{Calendar, Timestamp};

pub use faults::{Fault, FaultError, FaultPlan, Rule};
use functions::{Asked, Body};
pub use journal::{Entry, Journal};
use json::Json;
pub use limits::Key;
use limits::Meter;
pub use market::{Market, OwnMarket};
use refusal::Refusal;
pub use request::Request;
pub use server::{Alone, AlphaVantage, AlphaVantageConfig, AlphaVantageError, AlphaVantageHandle};

/// How an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// Half of it; then the connection is closed.
    Truncated,
    /// Nothing: the connection is reset.
    Reset,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Its kind.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
    /// How it leaves.
    pub delivery: Delivery,
    /// How much later, in the wall's time.
    pub delay: Duration,
}

impl Response {
    const JSON: &'static str = "application/json";
    const CSV: &'static str = "application/x-download";
    const HTML: &'static str = "text/html; charset=utf-8";

    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        Self { status, content_type, body, delivery: Delivery::Whole, delay: Duration::ZERO }
    }
}

/// The server without sockets and without a clock. Shared by threads.
pub struct Vantage {
    market: Arc<dyn Market>,
    calendar: Calendar,
    pretty: bool,
    state: Mutex<State>,
}

struct State {
    meters: BTreeMap<Key, Meter>,
    faults: FaultPlan,
    journal: Journal,
}

impl fmt::Debug for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vantage").field("pretty", &self.pretty).finish_non_exhaustive()
    }
}

impl Vantage {
    /// A server that tells of `market`.
    pub fn new(market: Arc<dyn Market>, faults: FaultPlan, pretty: bool) -> Self {
        let meters = [Key::Normal, Key::Free, Key::Demo].map(|key| (key, Meter::new(key.allowance())));
        let state = State { meters: BTreeMap::from(meters), faults, journal: Journal::default() };
        Self { market, calendar: Calendar::xnys(), pretty, state: Mutex::new(state) }
    }

    /// Answers a request that came at `now`. Blocks while it looks at the market.
    pub fn answer(&self, request: &Request, now: Timestamp) -> Response {
        let key = Key::of(request.get("apikey"));
        let (number, verdict) = self.admit(request, key, now);
        let (response, how) = match verdict {
            Verdict::Refuse(refusal, how) => (self.refuse(refusal, request), how),
            Verdict::Serve(fault) => self.serve(request, key, now, fault),
        };
        self.lock().journal.answered(number, how);
        response
    }

    /// The requests that came after number `after`, oldest first.
    pub fn log(&self, after: u64) -> Vec<Entry> {
        self.lock().journal.since(after)
    }

    /// Requests ever, and those that the log no longer has.
    pub fn counts(&self) -> (u64, u64) {
        let state = self.lock();
        (state.journal.count(), state.journal.forgotten())
    }

    /// Something is to go wrong.
    ///
    /// # Errors
    /// [`FaultError::TooMany`].
    pub fn inject(&self, rule: Rule) -> Result<(), FaultError> {
        self.lock().faults.add(rule)
    }

    /// Nothing more goes wrong.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the request, counts it, and draws what goes wrong with it.
    fn admit(&self, request: &Request, key: Key, now: Timestamp) -> (u64, Verdict) {
        let told: Vec<String> = request
            .told()
            .filter(|(name, _)| *name != "function")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let state = &mut *self.lock();
        let number = state.journal.note(now, key, request.function(), &told.join("&"));
        let Some(meter) = state.meters.get_mut(&key) else {
            return (number, Verdict::Refuse(Refusal::InvalidKey, "invalid_key".to_owned()));
        };
        if let Err(exceeded) = meter.take(now, self.calendar.date_of(now)) {
            let how = format!("limit:{}", format!("{exceeded:?}").to_lowercase());
            return (number, Verdict::Refuse(Refusal::of_limit(key, exceeded), how));
        }
        (number, Verdict::Serve(state.faults.draw(request)))
    }

    fn refuse(&self, refusal: Refusal, request: &Request) -> Response {
        let limit = matches!(
            refusal,
            Refusal::Minute | Refusal::Burst(_) | Refusal::FreeBurst | Refusal::Day | Refusal::DayEcho
        );
        if limit && request.function() == "EARNINGS_CALENDAR" {
            // A refusal that was written as a table: its first letters are the cells of a row.
            return Response::new(200, Response::CSV, functions::spelled_refusal());
        }
        let key = request.get("apikey").unwrap_or_default();
        let body = refusal.body(request.function(), key);
        Response::new(200, Response::JSON, body.write(self.pretty))
    }

    fn serve(
        &self,
        request: &Request,
        key: Key,
        now: Timestamp,
        drawn: Option<(Fault, crate::scenario::Wait)>,
    ) -> (Response, String) {
        let fault = drawn.map(|(fault, _)| fault);
        if let Some(fault) = fault
            && let Some(response) = self.instead(fault, request)
        {
            return (response, fault.name());
        }
        let asked = Asked { request, key, now, fault: fault.filter(|fault| fault.is_of_rows()) };
        let (mut response, mut how) = match functions::call(&*self.market, &asked) {
            Ok(Body::Json(json)) => {
                (Response::new(200, Response::JSON, json.write(self.pretty)), "served".to_owned())
            }
            Ok(Body::Text(text)) => (Response::new(200, Response::CSV, text), "served".to_owned()),
            Err(refusal) => (self.refuse(refusal, request), format!("refused:{refusal:?}").to_lowercase()),
        };
        if let Some((fault, delay)) = drawn {
            how = fault.name();
            match fault {
                Fault::Truncated => response.delivery = Delivery::Truncated,
                Fault::Reset => response.delivery = Delivery::Reset,
                Fault::Slow => response.delay = delay.duration(),
                Fault::Cut => {
                    let half = (0..=response.body.len() / 2).rev();
                    let end = half.into_iter().find(|at| response.body.is_char_boundary(*at));
                    response.body.truncate(end.unwrap_or_default());
                }
                _ => {}
            }
        }
        (response, how)
    }

    /// What is answered in the place of an answer.
    fn instead(&self, fault: Fault, request: &Request) -> Option<Response> {
        const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Alpha Vantage</title></head>\
            <body><h1>We will be back soon</h1></body></html>\n";
        let refused = |refusal| Some(self.refuse(refusal, request));
        let json = |json: Json| Some(Response::new(200, Response::JSON, json.write(self.pretty)));
        match fault {
            Fault::InvalidKey => refused(Refusal::InvalidKey),
            Fault::InvalidKeyInformation => refused(Refusal::InvalidKeyInformation),
            Fault::InvalidCall => refused(Refusal::InvalidCall),
            Fault::NoSuchFunction => refused(Refusal::NoSuchFunction),
            Fault::InvalidInputs => refused(Refusal::InvalidInputs),
            Fault::MinuteLimit => refused(Refusal::Minute),
            Fault::Burst => refused(Refusal::Burst(10)),
            Fault::Burst20 => refused(Refusal::Burst(20)),
            Fault::Burst30 => refused(Refusal::Burst(30)),
            Fault::FreeBurst => refused(Refusal::FreeBurst),
            Fault::DayLimit => refused(Refusal::Day),
            Fault::DayLimitEcho => refused(Refusal::DayEcho),
            Fault::OldMinuteLimit => refused(Refusal::OldMinute),
            Fault::OldVolume => refused(Refusal::OldVolume),
            Fault::Premium => refused(Refusal::Premium),
            Fault::Demo => refused(Refusal::Demo),
            Fault::EmptyObject => refused(Refusal::Empty),
            Fault::Detail => refused(Refusal::Detail),
            Fault::Sample => json(functions::sample(request.function())),
            Fault::EmptyData => json(functions::empty(request.function())),
            Fault::TooManyRequests => {
                Some(Response::new(429, Response::HTML, "Too Many Requests\n".to_owned()))
            }
            Fault::ServerError => {
                Some(Response::new(500, Response::HTML, "<h1>Server Error (500)</h1>\n".to_owned()))
            }
            Fault::Unavailable => Some(Response::new(503, Response::HTML, PAGE.to_owned())),
            Fault::Html => Some(Response::new(200, Response::HTML, PAGE.to_owned())),
            _ => None,
        }
    }
}

enum Verdict {
    Refuse(Refusal, String),
    Serve(Option<(Fault, crate::scenario::Wait)>),
}

#[cfg(test)]
mod tests;
