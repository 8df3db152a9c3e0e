//! From the bytes of an answer to what it says. Pure, and apart from all state, so that large bodies are read off the
//! thread that waits.

use alphatrader_model::{Calendar, Symbol, Timestamp};

use crate::body::{Broken, Class, Verdict, classify};
use crate::earnings::{self, NoReports};
use crate::key::ApiKey;
use crate::movers::Movers;
use crate::news::Feed;
use crate::options::{self, Decoded};
use crate::quotes::{BulkQuote, GlobalQuote};
use crate::request::Request;
use crate::series::Series;
use crate::spot::Spot;
use crate::transport::Reply;
use crate::{movers, news, quotes, series, venues};

/// Bodies longer than this are read off the thread that waits.
pub const LARGE: usize = 1024 * 1024;

/// What is needed to read an answer.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What was asked.
    pub request: Request,
    /// When the answer came.
    pub received: Timestamp,
    /// Price of the underlying by a better source.
    pub spot: Option<Spot>,
    /// Continuous rate a year.
    pub rate: f64,
    /// Sessions.
    pub calendar: Calendar,
    /// To be taken out of refusals.
    pub key: ApiKey,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Nothing that can be used.
    Verdict(Verdict),
    /// A chain, or why it may not be used.
    Chain(Decoded),
    /// News.
    News(Feed),
    /// Quotes.
    Quotes(Vec<BulkQuote>),
    /// One quote.
    Quote(Option<GlobalQuote>),
    /// Whether US equities trade.
    Open(Option<bool>),
    /// Reports of companies.
    Earnings(Vec<earnings::Report>),
    /// Movers of the day.
    Movers(Movers),
    /// A rate.
    Series(Series),
}

impl Reading {
    /// Reads an answer, or what came instead of one.
    pub fn read(&self, reply: Result<&Reply, Broken>) -> Answer {
        let reply = match reply {
            Ok(reply) => reply,
            Err(broken) => return Answer::Verdict(Verdict::silent(Class::Transport(broken))),
        };
        let function = self.request.function();
        let verdict = classify(reply.status, &reply.body, function, self.request.format(), &self.key);
        if verdict.class != Class::Data {
            return Answer::Verdict(verdict);
        }
        let body = crate::body::trimmed(&reply.body);
        let read = match &self.request {
            Request::RealtimeOptions { symbol, .. } | Request::HistoricalOptions { symbol, .. } => {
                return self.chain(*symbol, body);
            }
            Request::EarningsCalendar { .. } => return reports(body),
            Request::NewsSentiment { .. } => news::decode(body).map(Answer::News),
            Request::RealtimeBulkQuotes { symbols } => {
                quotes::bulk(body, symbols, &self.calendar).map(Answer::Quotes)
            }
            Request::GlobalQuote { .. } => quotes::global(body).map(Answer::Quote),
            Request::MarketStatus => venues::us_equities_open(body).map(Answer::Open),
            Request::TopGainersLosers => movers::decode(body).map(Answer::Movers),
            Request::TreasuryYield { .. } | Request::FederalFundsRate => {
                series::decode(body).map(Answer::Series)
            }
        };
        // JSON, but not that of the function: as good as a body that was cut.
        read.unwrap_or_else(|error| {
            let text = self.key.redact(&error.to_string());
            Answer::Verdict(Verdict { class: Class::Transport(Broken::Truncated), text })
        })
    }

    fn chain(&self, symbol: Symbol, body: &[u8]) -> Answer {
        let asked = options::Asked {
            function: self.request.function(),
            format: self.request.format(),
            symbol,
            expiration: self.request.expiration(),
            received: self.received,
            spot: self.spot,
            rate: self.rate,
            calendar: &self.calendar,
            key: &self.key,
        };
        match options::decode(body, &asked) {
            Decoded::Verdict(verdict) => Answer::Verdict(verdict),
            decoded => Answer::Chain(decoded),
        }
    }
}

fn reports(body: &[u8]) -> Answer {
    match earnings::decode(body) {
        Ok(reports) => Answer::Earnings(reports),
        Err(error) => {
            let class = match error {
                NoReports::Throttled => Class::MinuteLimit,
                NoReports::NotATable => Class::Transport(Broken::Truncated),
            };
            Answer::Verdict(Verdict { class, text: error.to_string() })
        }
    }
}
