//! The edge without its threads and sockets: requests go out of it, answers come in, inputs of the engine come out.
//!
//! What decides alone by one body is decided in [`crate::options`]; here stands what needs the one before it: half of a
//! chain, a feed that does not change any more, the spot by the best source.

mod chains;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::{Calendar, Payload, Price, Span, Symbol, Timestamp};
use jiff::civil::Date;

use self::chains::Chains;
use crate::answer::{Answer, Reading};
use crate::body::{Broken, Class, Verdict};
use crate::key::ApiKey;
use crate::movers::Movers;
use crate::options::Decoded;
use crate::request::Request;
use crate::scheduler::{Asked, Outcome, Scheduler, Step, Subject, Ticket};
use crate::sentiment::Newsroom;
use crate::settings::Settings;
use crate::spot::{Heard, Spot};
use crate::status::{Alarm, RateStatus, Status};
use crate::{earnings, request};

/// A quote of the broker may be so old.
const SPOT_AGE: Span = Span::from_seconds(30);
/// The price beside a chain may be so old.
const BESIDE_AGE: Span = Span::from_seconds(15);
/// Words that nobody has seen yet are said aloud so often.
const UNKNOWN_EVERY: Span = Span::from_minutes(60);
/// An alarm in the same words is said again after so long.
const ALARM_EVERY: Span = Span::from_minutes(10);
/// Alarms that are kept.
const ALARMS: usize = 32;

/// The edge without its threads and sockets.
#[derive(Debug)]
pub struct Collector {
    settings: Settings,
    key: ApiKey,
    calendar: Calendar,
    scheduler: Scheduler,
    chains: Chains,
    newsroom: Newsroom,
    /// The broker's, then the source's own.
    broker: BTreeMap<Symbol, Heard>,
    bulk: BTreeMap<Symbol, (Price, Timestamp)>,
    rates: BTreeMap<&'static str, (Date, f64)>,
    us_open: Option<bool>,
    movers: Option<Movers>,
    earnings: Vec<earnings::Report>,
    alarms: VecDeque<Alarm>,
    alarms_total: u64,
    last_error: Option<String>,
    last_data: Option<Timestamp>,
    /// When words that nobody has seen yet were last said aloud.
    unknown_said: Option<Timestamp>,
    bytes: u64,
}

impl Collector {
    /// An edge that begins at `now`.
    pub fn new(settings: Settings, key: ApiKey, calendar: Calendar, now: Timestamp) -> Self {
        Self {
            scheduler: Scheduler::new(&settings, calendar.clone(), now),
            chains: Chains::default(),
            newsroom: Newsroom::new(&settings.symbols).with_half_life(settings.half_life),
            broker: BTreeMap::new(),
            bulk: BTreeMap::new(),
            rates: BTreeMap::new(),
            us_open: None,
            movers: None,
            earnings: Vec::new(),
            alarms: VecDeque::with_capacity(ALARMS),
            alarms_total: 0,
            last_error: None,
            last_data: None,
            unknown_said: None,
            bytes: 0,
            settings,
            key,
            calendar,
        }
    }

    /// What to do now.
    pub fn next(&mut self, now: Timestamp) -> Step {
        self.scheduler.next(now)
    }

    /// Symbols with an open position or a live signal: theirs go first.
    pub fn set_hot(&mut self, now: Timestamp, symbols: &[Symbol]) {
        self.scheduler.set_hot(now, symbols.iter().copied());
    }

    /// The broker's price of an underlying, for the checks of chains.
    pub fn set_spot(&mut self, now: Timestamp, symbol: Symbol, price: Price) {
        if price > Price::ZERO && self.settings.symbols.contains(&symbol) {
            let heard = self.broker.entry(symbol).or_insert_with(|| Heard::first(now, price));
            heard.hear(now, price);
        }
    }

    /// Somebody wants a chain now, unless what is there is younger than `ttl`.
    pub fn ask(&mut self, now: Timestamp, symbol: Symbol, expiry: Option<Date>, ttl: Span) -> Asked {
        self.scheduler.ask(now, symbol, expiry, ttl)
    }

    /// What is needed to read the answer of a ticket that came at `received`.
    pub fn reading(&self, request: &Request, received: Timestamp) -> Reading {
        Reading {
            request: request.clone(),
            received,
            spot: request.symbol().and_then(|symbol| self.spot(symbol, received)),
            rate: self.settings.risk_free_rate,
            calendar: self.calendar.clone(),
            key: self.key.clone(),
        }
    }

    fn spot(&self, symbol: Symbol, now: Timestamp) -> Option<Spot> {
        let own = || {
            let quote = self.bulk.get(&symbol).filter(|(_, at)| now.since(*at) <= SPOT_AGE);
            quote.map(|(price, _)| Spot::at(*price))
        };
        self.broker.get(&symbol).and_then(|heard| heard.young(now, SPOT_AGE)).or_else(own)
    }

    /// Takes an answer of so many bytes. Gives what the engine is to be told.
    pub fn answered(
        &mut self,
        now: Timestamp,
        ticket: &Ticket,
        bytes: usize,
        answer: Answer,
    ) -> Vec<Payload> {
        self.bytes += bytes as u64;
        let mut out = Vec::new();
        let outcome = match answer {
            Answer::Verdict(verdict) => self.refused(now, ticket, &verdict),
            Answer::Chain(decoded) => self.chain(now, ticket, decoded, &mut out),
            other => {
                self.data(now, ticket, other, &mut out);
                Outcome::Answered(Class::Data)
            }
        };
        if outcome == Outcome::Answered(Class::Data) {
            self.last_data = Some(now);
        }
        self.scheduler.done(now, ticket.id, outcome);
        out
    }

    fn refused(&mut self, now: Timestamp, ticket: &Ticket, verdict: &Verdict) -> Outcome {
        if verdict.class == Class::Empty {
            if let Request::NewsSentiment { .. } = ticket.request {
                return Outcome::Answered(Class::Empty);
            }
            if let Some(symbol) = ticket.request.symbol() {
                self.chains.stale(symbol, ticket.request.expiration());
            }
        }
        let text = format!("{}: {} {}", ticket.subject, verdict.class.name(), verdict.text);
        tracing::debug!(subject = %ticket.subject, class = verdict.class.name(), text = %verdict.text, "no data");
        let text = text.trim_end().to_owned();
        match verdict.class {
            Class::AuthInvalid
            | Class::DemoKey
            | Class::DayLimit
            | Class::NotEntitled
            | Class::BadRequest => {
                self.alarm(now, text.clone());
            }
            Class::Transport(Broken::Unknown)
                if self.unknown_said.is_none_or(|at| now.since(at) >= UNKNOWN_EVERY) =>
            {
                self.unknown_said = Some(now);
                self.alarm(now, text.clone());
            }
            _ => {}
        }
        self.last_error = Some(text);
        Outcome::Answered(verdict.class)
    }

    fn chain(
        &mut self,
        now: Timestamp,
        ticket: &Ticket,
        decoded: Decoded,
        out: &mut Vec<Payload>,
    ) -> Outcome {
        let Some(symbol) = ticket.request.symbol() else { return Outcome::Refused };
        let in_session = self.calendar.session_containing(now).is_some();
        let watched =
            matches!(ticket.subject, Subject::Expiry(of, 0) if self.settings.daily_expiries.contains(&of));
        let beside = self.bulk.get(&symbol).filter(|(_, at)| now.since(*at) <= BESIDE_AGE);
        let beside = beside.map(|(price, _)| *price);
        let today = self.calendar.date_of(now);
        let taken = self.chains.take(now, today, &ticket.request, decoded, in_session && watched);
        for alarm in taken.alarms {
            self.alarm(now, format!("{}: {alarm}", ticket.subject));
        }
        let Some(mut snapshot) = taken.snapshot else { return Outcome::Refused };
        if snapshot.expiry.is_none() && ticket.request.function() == request::Function::RealtimeOptions {
            let mut expiries: Vec<Date> = snapshot.rows.iter().map(|row| row.contract.expiry).collect();
            expiries.dedup();
            self.scheduler.learn(now, symbol, expiries);
        }
        snapshot.spot = beside;
        out.push(Payload::ChainSnapshot(Box::new(snapshot)));
        Outcome::Answered(Class::Data)
    }

    fn data(&mut self, now: Timestamp, ticket: &Ticket, answer: Answer, out: &mut Vec<Payload>) {
        match answer {
            Answer::News(feed) => {
                let asked = ticket.request.symbol();
                for of in self.newsroom.take(now, asked, &feed) {
                    out.push(Payload::Sentiment(Box::new(self.newsroom.sentiment(now, of))));
                }
                if let Some(since) = self.newsroom.since(asked) {
                    self.scheduler.news_from(asked, since);
                }
            }
            Answer::Quotes(quotes) => {
                for quote in quotes {
                    if let Some(price) = quote.extended.or(quote.last) {
                        self.bulk.insert(quote.symbol, (price, now));
                    }
                }
            }
            Answer::Series(series) => {
                let name = match &ticket.request {
                    Request::TreasuryYield { maturity } => maturity.name(),
                    _ => "overnight",
                };
                if let Some(newest) = series.newest_rate() {
                    self.rates.insert(name, newest);
                }
            }
            Answer::Open(open) => {
                let ours = self.calendar.session_containing(now).is_some();
                // The vendor closes at 16:15, we at 16:00: between the two nothing is wrong.
                if open == Some(false) && ours {
                    self.alarm(
                        now,
                        "the vendor says that the US market is closed; our calendar says open".to_owned(),
                    );
                }
                self.us_open = open;
            }
            Answer::Movers(movers) => self.movers = Some(movers),
            Answer::Earnings(reports) => {
                let followed = |report: &earnings::Report| self.settings.symbols.contains(&report.symbol);
                self.earnings = reports.into_iter().filter(followed).collect();
            }
            Answer::Quote(Some(quote)) => {
                if let Some(price) = quote.price.filter(|_| !quote.delayed) {
                    self.bulk.insert(quote.symbol, (price, now));
                }
            }
            Answer::Quote(None) | Answer::Verdict(_) | Answer::Chain(_) => {}
        }
    }

    fn alarm(&mut self, at: Timestamp, text: String) {
        self.alarms_total += 1;
        // What comes and goes is said now and then, not at every turn.
        if self.alarms.iter().any(|alarm| alarm.text == text && at.since(alarm.at) < ALARM_EVERY) {
            return;
        }
        tracing::warn!(%text, "alpha vantage");
        if self.alarms.len() == ALARMS {
            self.alarms.pop_front();
        }
        self.alarms.push_back(Alarm { at, text });
    }

    /// How it is.
    pub fn status(&self, now: Timestamp) -> Status {
        let report = self.scheduler.report(now);
        Status {
            text: Status::words(&report, self.last_data),
            last_data: self.last_data,
            last_error: self.last_error.clone(),
            chains: self.chains.status(now),
            refused: self.chains.refused(),
            rejections: self.chains.rejections().clone(),
            news: self.newsroom.counts(),
            rates: self
                .rates
                .iter()
                .map(|(name, (date, rate))| RateStatus { name, date: *date, rate: *rate })
                .collect(),
            us_open: self.us_open,
            movers: self.movers.clone(),
            earnings: self.earnings.clone(),
            alarms: self.alarms.iter().cloned().collect(),
            alarms_total: self.alarms_total,
            bytes: self.bytes,
            scheduler: report,
        }
    }
}
