//! A server in the same process: it counts as the vendor's does, and makes chains from one smile.

use std::collections::VecDeque;
use std::fmt::Write as _;

use alphatrader_alphavantage::{Reply, Request};
use alphatrader_analytics::options::{Terms, value, years_between};
use alphatrader_model::{Calendar, OptionContract, Price, Right, Span, Symbol, Timestamp};
use jiff::civil::Date;

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// When it came.
    pub(crate) at: Timestamp,
    /// What was asked.
    pub(crate) request: Request,
    /// Whether it was refused for rate.
    pub(crate) refused: bool,
}

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    calendar: Calendar,
    per_minute: usize,
    per_second: usize,
    minute: VecDeque<Timestamp>,
    /// Strikes on each side of the spot.
    strikes: i64,
    /// Everything that came.
    pub(crate) log: Vec<Entry>,
}

const HEADER: &str = "contractID,symbol,expiration,strike,type,last,mark,bid,bid_size,ask,ask_size,volume,open_interest,date,implied_volatility,delta,gamma,theta,vega,rho\r\n";

impl Server {
    /// A server that allows 600 a minute and 10 a second.
    pub(crate) fn new(strikes: i64) -> Self {
        Self {
            calendar: Calendar::xnys(),
            per_minute: 600,
            per_second: 10,
            minute: VecDeque::new(),
            strikes,
            log: Vec::new(),
        }
    }

    /// Answers, at `now`.
    pub(crate) fn answer(&mut self, request: &Request, now: Timestamp) -> Reply {
        while self.minute.front().is_some_and(|at| now.since(*at) >= Span::MINUTE) {
            self.minute.pop_front();
        }
        let second = self.minute.iter().rev().take_while(|at| now.since(**at) < Span::SECOND).count();
        self.minute.push_back(now);
        let refusal = if second >= self.per_second {
            Some("Burst pattern detected. Please query no more than 10 requests per second.")
        } else if self.minute.len() > self.per_minute {
            Some("Minute-level rate limit exceed.")
        } else {
            None
        };
        self.log.push(Entry { at: now, request: request.clone(), refused: refusal.is_some() });
        let body = match refusal {
            Some(text) => format!("{{\"Information\":\"{text}\"}}"),
            None => self.body(request, now),
        };
        Reply { status: 200, body: body.into() }
    }

    fn body(&self, request: &Request, now: Timestamp) -> String {
        match request {
            Request::RealtimeOptions { symbol, expiration, .. } => self.chain(*symbol, *expiration, now),
            Request::RealtimeBulkQuotes { symbols } => {
                let row = |symbol: &Symbol| format!(r#"{{"symbol":"{symbol}","close":"{:.2}"}}"#, spot(*symbol, now));
                let rows: Vec<String> = symbols.iter().map(row).collect();
                format!(r#"{{"endpoint":"Realtime Bulk Quotes","message":"success","data":[{}]}}"#, rows.join(","))
            }
            Request::NewsSentiment { .. } => r#"{"items":"0","feed":[]}"#.to_owned(),
            Request::EarningsCalendar { .. } => "symbol,name,reportDate,fiscalDateEnding,estimate,currency\r\n".to_owned(),
            Request::TreasuryYield { .. } | Request::FederalFundsRate => {
                r#"{"name":"r","interval":"daily","unit":"percent","data":[{"date":"2026-11-20","value":"4.1"}]}"#.to_owned()
            }
            Request::TopGainersLosers => r#"{"top_gainers":[],"top_losers":[],"most_actively_traded":[]}"#.to_owned(),
            _ => r#"{"markets":[]}"#.to_owned(),
        }
    }

    fn chain(&self, symbol: Symbol, expiration: Option<Date>, now: Timestamp) -> String {
        let today = self.calendar.date_of(now);
        let mut out = HEADER.to_owned();
        for days in [0, 1, 4, 11, 25] {
            let Ok(day) = today.checked_add(jiff::Span::new().days(days)) else { continue };
            let Some(session) = self.calendar.session(day) else { continue };
            if expiration.is_some_and(|asked| asked != day) {
                continue;
            }
            let middle = spot(symbol, now).round() as i64;
            for n in -self.strikes..=self.strikes {
                for right in [Right::Call, Right::Put] {
                    let contract = OptionContract {
                        root: symbol,
                        expiry: day,
                        strike: Price::from_cents((middle + n) * 100),
                        right,
                    };
                    let terms = Terms {
                        right,
                        spot: spot(symbol, now),
                        strike: contract.strike.to_f64(),
                        years: years_between(now, session.close),
                        rate: 0.04,
                        dividend_yield: 0.0,
                    };
                    row(&mut out, &contract, &terms, today, now);
                }
            }
        }
        out
    }
}

/// Where the price of a symbol is: a slow wave.
fn spot(symbol: Symbol, now: Timestamp) -> f64 {
    let seconds = (now.nanos() / 1_000_000_000 % 86_400) as f64;
    let base = 100.0 + f64::from(symbol.as_str().as_bytes()[0]) * 5.0;
    base + 2.0 * (seconds / 700.0).sin()
}

fn row(out: &mut String, contract: &OptionContract, terms: &Terms, today: Date, now: Timestamp) {
    let Ok(worth) = value(terms, 0.2) else { return };
    let bid = ((worth.price - 0.02).max(0.0) * 100.0).floor() / 100.0;
    let ask = bid + 0.05;
    let right = if terms.right == Right::Call { "call" } else { "put" };
    let volume = now.nanos() / 1_000_000_000 % 100_000;
    let _ = write!(
        out,
        "{contract},{},{},{:.2},{right},{bid:.2},{:.2},{bid:.2},12,{ask:.2},9,{volume},1500,{today},0.20000,{:.5},{:.5},{:.5},{:.5},0.01000\r\n",
        contract.root,
        contract.expiry,
        terms.strike,
        f64::midpoint(bid, ask),
        worth.delta,
        worth.gamma,
        worth.theta / 365.0,
        worth.vega / 100.0,
    );
}
