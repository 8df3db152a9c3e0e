//! Quotes of stocks: one, many, top of book.

use alphatrader_model::{Contract, Symbol, Timestamp};
use jiff::civil::Date;

use super::json::{Json, fixed};
use super::table::Table;
use crate::feed::history::History;

/// Symbols of one request; further ones are dropped without a word, as at the vendor.
pub const MOST: usize = 100;

/// What is known of a stock now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    open: f64,
    high: f64,
    low: f64,
    /// Last price.
    pub close: f64,
    /// Shares so far.
    pub volume: u64,
    /// The last price of the day before.
    pub previous: f64,
    /// The exchange date.
    date: Date,
    /// When it was quoted.
    at: Timestamp,
    bid: Option<(f64, u64)>,
    ask: Option<(f64, u64)>,
}

impl Day {
    /// What the price changed by since the day before.
    pub fn change(&self) -> f64 {
        self.close - self.previous
    }

    /// The same in per cent.
    pub fn percent(&self) -> f64 {
        100.0 * self.change() / self.previous
    }
}

/// How fresh quotes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlement {
    /// The last session's end.
    EndOfDay,
    /// Fifteen minutes late: the name of the answer says so.
    Delayed,
    /// Now.
    Realtime,
}

/// A stock's day so far; nothing for one that the market does not have or that never traded.
pub fn live(history: &History<'_>, symbol: Symbol) -> Option<Day> {
    let listing = history.feed.catalogue.by_contract(&Contract::Stock(symbol))?;
    let ticker = history.feed.ticker(listing.instrument.id)?;
    let close = ticker.last.map(|last| last.price).or_else(|| ticker.mark())?.to_f64();
    let range = ticker.range.map_or((close, close, close), |range| {
        (range.open.to_f64(), range.high.to_f64(), range.low.to_f64())
    });
    let side =
        |level: Option<alphatrader_model::market::Level>| level.map(|l| (l.price.to_f64(), l.size.get()));
    Some(Day {
        open: range.0,
        high: range.1,
        low: range.2,
        close,
        volume: ticker.volume,
        previous: history.previous_close(listing).unwrap_or(close),
        date: history.calendar.date_of(history.now),
        at: ticker.last.map_or(history.now, |last| last.time),
        bid: side(ticker.bid),
        ask: side(ticker.ask),
    })
}

/// A stock's last day that is over.
pub fn end_of_day(history: &History<'_>, symbol: Symbol) -> Option<Day> {
    let mut days = history.outlines(symbol);
    let (last, before) = (days.next()?, days.next()?);
    Some(Day {
        open: last.open.to_f64(),
        high: last.high.to_f64(),
        low: last.low.to_f64(),
        close: last.close.to_f64(),
        volume: last.volume,
        previous: before.close.to_f64(),
        date: last.session.date,
        at: last.session.close,
        bid: None,
        ask: None,
    })
}

/// What was known a quarter of an hour ago, as far as the price goes.
pub fn delayed(history: &History<'_>, symbol: Symbol) -> Option<Day> {
    use crate::feed::history::Show;
    use crate::feed::history::bars::{Query, Size};
    let day = live(history, symbol)?;
    let listing = history.feed.catalogue.by_contract(&Contract::Stock(symbol))?;
    let session = history.feed.archive.session()?;
    let to = history.now - alphatrader_model::Span::from_minutes(15);
    if to <= session.open {
        return end_of_day(history, symbol);
    }
    let size = Size::Part(alphatrader_model::Span::MINUTE);
    let query = Query { listing, show: Show::Trades, size, stretches: vec![(session, session.open, to)] };
    let bars = history.bars(&query).ok()?;
    let (first, last) = (bars.first()?, bars.last()?);
    Some(Day {
        open: first.open,
        high: bars.iter().map(|bar| bar.high).fold(f64::MIN, f64::max),
        low: bars.iter().map(|bar| bar.low).fold(f64::MAX, f64::min),
        close: last.close,
        volume: bars.iter().map(|bar| bar.volume).sum(),
        at: to,
        ..day
    })
}

/// The body of one quote; without a day that of an unknown symbol.
pub fn global(symbol: &str, day: Option<&Day>, entitlement: Entitlement) -> Json {
    let name = match entitlement {
        Entitlement::Delayed => "Global Quote - DATA DELAYED BY 15 MINUTES",
        _ => "Global Quote",
    };
    let fields = day.map(|day| global_fields(symbol, day)).unwrap_or_default();
    let numbered = fields.into_iter().zip(1..).map(|((name, value), number)| {
        (std::borrow::Cow::Owned(format!("{number:02}. {name}")), Json::text(value))
    });
    Json::object([(name, Json::Object(numbered.collect()))])
}

/// The same as text.
pub fn global_text(symbol: &str, day: Option<&Day>) -> String {
    const NAMES: [&str; 10] = [
        "symbol",
        "open",
        "high",
        "low",
        "price",
        "volume",
        "latestDay",
        "previousClose",
        "change",
        "changePercent",
    ];
    let mut table = Table::new(NAMES);
    if let Some(day) = day {
        let fields = global_fields(symbol, day);
        table.row(fields.iter().map(|(_, value)| value.as_str()));
    }
    table.finish()
}

fn global_fields(symbol: &str, day: &Day) -> Vec<(&'static str, String)> {
    vec![
        ("symbol", symbol.to_owned()),
        ("open", fixed(day.open, 4)),
        ("high", fixed(day.high, 4)),
        ("low", fixed(day.low, 4)),
        ("price", fixed(day.close, 4)),
        ("volume", day.volume.to_string()),
        ("latest trading day", day.date.to_string()),
        ("previous close", fixed(day.previous, 4)),
        ("change", fixed(day.change(), 4)),
        ("change percent", format!("{}%", fixed(day.percent(), 4))),
    ]
}

/// One row of many quotes.
pub fn bulk_row(history: &History<'_>, symbol: &str, day: &Day) -> Vec<(&'static str, String)> {
    let local = history.calendar.local(day.at).strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        ("symbol", symbol.to_owned()),
        ("timestamp", format!("{local}.{:03}", day.at.millis().rem_euclid(1_000))),
        ("open", fixed(day.open, 2)),
        ("high", fixed(day.high, 2)),
        ("low", fixed(day.low, 2)),
        ("close", fixed(day.close, 2)),
        ("volume", day.volume.to_string()),
        ("previous_close", fixed(day.previous, 2)),
        ("change", fixed(day.change(), 2)),
        ("change_percent", fixed(day.percent(), 4)),
        // The simulated market trades in sessions alone.
        ("extended_hours_quote", String::new()),
        ("extended_hours_change", String::new()),
        ("extended_hours_change_percent", String::new()),
    ]
}

/// One row of many tops of book.
pub fn book_row(history: &History<'_>, symbol: &str, day: &Day) -> Vec<(&'static str, String)> {
    let local = history.calendar.local(history.now).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let price = |side: Option<(f64, u64)>| fixed(side.map_or(0.0, |(price, _)| price), 2);
    let size = |side: Option<(f64, u64)>| side.map_or(0, |(_, size)| size).to_string();
    vec![
        ("symbol", symbol.to_owned()),
        ("timestamp", format!("{local}.{:03}", history.now.millis().rem_euclid(1_000))),
        ("bid_price", price(day.bid)),
        ("bid_size", size(day.bid)),
        ("ask_price", price(day.ask)),
        ("ask_size", size(day.ask)),
    ]
}

/// Rows under an envelope.
pub fn rows_body(endpoint: &'static str, array: &'static str, rows: &[Vec<(&'static str, String)>]) -> Json {
    let rows = rows
        .iter()
        .map(|row| Json::object(row.iter().map(|(name, value)| (*name, Json::text(value.clone())))));
    Json::object([
        ("endpoint", Json::text(endpoint)),
        ("message", Json::text("success")),
        (array, Json::Array(rows.collect())),
    ])
}

/// Rows as text.
pub fn rows_text(rows: &[Vec<(&'static str, String)>]) -> String {
    let mut table = Table::new(rows.first().into_iter().flatten().map(|(name, _)| *name));
    for row in rows {
        table.row(row.iter().map(|(_, value)| value.as_str()));
    }
    table.finish()
}

/// The rows in the place of a premium answer: plausible ones, which only the message betrays.
pub fn sample() -> Json {
    let row = [
        ("symbol", "MSFT"),
        ("timestamp", "2024-10-18 19:59:55.291"),
        ("open", "417.14"),
        ("high", "419.65"),
        ("low", "416.26"),
        ("close", "418.16"),
        ("volume", "17145262"),
        ("previous_close", "416.72"),
        ("change", "1.44"),
        ("change_percent", "0.3456"),
        ("extended_hours_quote", "418.2"),
        ("extended_hours_change", "0.04"),
        ("extended_hours_change_percent", "0.0096"),
    ];
    Json::object([
        ("endpoint", Json::text("Realtime Bulk Quotes")),
        (
            "message",
            Json::text(
                "This is a premium endpoint. The response below is for illustration purposes only. Please subscribe \
                 to any of the premium plans with realtime US market data to unlock realtime bulk quotes.",
            ),
        ),
        ("data", Json::Array(vec![Json::object(row.map(|(name, value)| (name, Json::text(value))))])),
    ])
}
