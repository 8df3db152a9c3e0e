//! Series of prices: parts of days, days, indices.

use std::borrow::Cow;

use alphatrader_model::{Contract, Session, Span, Symbol, Timestamp};
use jiff::civil::Date;

use super::json::{Json, fixed};
use super::table::Table;
use crate::feed::archive::Outline;
use crate::feed::history::bars::{Query, Size};
use crate::feed::history::{History, Show};

/// Points of a compact series.
const COMPACT: usize = 100;
/// Sessions that a full series of parts of days goes back, and a full series of days.
const FULL_SESSIONS: usize = 22;
const FULL_DAYS: usize = 1_500;

/// One point: its name and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    name: String,
    values: [f64; 4],
    volume: u64,
}

/// How much is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// All that there is rather than a hundred points.
    pub full: bool,
    /// Of this month alone: its first day.
    pub month: Option<Date>,
}

/// Parts of days of so many minutes, newest first; nothing for a symbol that the market does not have.
pub fn intraday(history: &History<'_>, symbol: Symbol, minutes: i64, reach: Reach) -> Option<Vec<Point>> {
    let listing = history.feed.catalogue.by_contract(&Contract::Stock(symbol))?;
    let whole = |session: Session| (session, session.open, session.close);
    let sessions = history.sessions_before(history.now).map(whole);
    let stretches: Vec<_> = match reach.month {
        Some(first) => sessions
            .skip_while(|(session, ..)| session.date > first.last_of_month())
            .take_while(|(session, ..)| session.date >= first)
            .collect(),
        None => sessions
            .take(if reach.full { FULL_SESSIONS } else { 1 + COMPACT / (390 / minutes as usize).max(1) })
            .collect(),
    };
    let size = Size::Part(Span::from_minutes(minutes));
    let bars = history.bars(&Query { listing, show: Show::Trades, size, stretches }).unwrap_or_default();
    let mut points: Vec<Point> = bars
        .iter()
        .rev()
        .map(|bar| Point {
            name: history.calendar.local(bar.begin).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            values: [bar.open, bar.high, bar.low, bar.close],
            volume: bar.volume,
        })
        .collect();
    if !reach.full && reach.month.is_none() {
        points.truncate(COMPACT);
    }
    Some(points)
}

/// Days, newest first, today so far among them when it began; nothing for an unknown symbol.
pub fn daily(history: &History<'_>, symbol: Symbol, full: bool) -> Option<Vec<Point>> {
    history.feed.catalogue.by_contract(&Contract::Stock(symbol))?;
    let today = history.outline_today(&Contract::Stock(symbol));
    let all = today.into_iter().chain(history.outlines(symbol));
    Some(all.take(if full { FULL_DAYS } else { COMPACT }).map(|day| of_day(&day)).collect())
}

fn of_day(day: &Outline) -> Point {
    Point {
        name: day.session.date.to_string(),
        values: [day.open, day.high, day.low, day.close].map(alphatrader_model::Price::to_f64),
        volume: day.volume,
    }
}

/// Which series, as its texts tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Parts of days: the interval.
    Intraday(String),
    /// Days.
    Daily,
    /// Days with dividends and splits; there are none.
    Adjusted,
}

/// The body.
pub fn body(kind: &Kind, symbol: &str, points: &[Point], full: bool, suffix: &str) -> Json {
    let size = if full { "Full size" } else { "Compact" };
    let last = points.first().map(|point| point.name.clone()).unwrap_or_default();
    let (meta, name) = match kind {
        Kind::Intraday(interval) => (
            vec![
                ("Information", format!("Intraday ({interval}) open, high, low, close prices and volume")),
                ("Symbol", symbol.to_owned()),
                ("Last Refreshed", last),
                ("Interval", interval.clone()),
                ("Output Size", size.to_owned()),
                ("Time Zone", "US/Eastern".to_owned()),
            ],
            format!("Time Series ({interval}){suffix}"),
        ),
        Kind::Daily | Kind::Adjusted => {
            let what = if *kind == Kind::Daily {
                "Daily Prices (open, high, low, close) and Volumes"
            } else {
                "Daily Time Series with Splits and Dividend Events"
            };
            let meta = vec![
                ("Information", what.to_owned()),
                ("Symbol", symbol.to_owned()),
                ("Last Refreshed", last),
                ("Output Size", size.to_owned()),
                ("Time Zone", "US/Eastern".to_owned()),
            ];
            (meta, format!("Time Series (Daily){suffix}"))
        }
    };
    let meta = meta.into_iter().zip(1..);
    let meta = meta.map(|((key, value), n)| (Cow::Owned(format!("{n}. {key}")), Json::text(value)));
    let rows = points.iter().map(|point| {
        let fields = cells(kind, point).into_iter().zip(1..);
        let fields = fields.map(|((key, value), n)| (Cow::Owned(format!("{n}. {key}")), Json::text(value)));
        (Cow::Owned(point.name.clone()), Json::Object(fields.collect()))
    });
    Json::Object(vec![
        (Cow::Borrowed("Meta Data"), Json::Object(meta.collect())),
        (Cow::Owned(name), Json::Object(rows.collect())),
    ])
}

/// The same as text.
pub fn text(kind: &Kind, points: &[Point]) -> String {
    let base = ["timestamp", "open", "high", "low", "close"];
    let names: Vec<&str> = match kind {
        Kind::Adjusted => base
            .into_iter()
            .chain(["adjusted_close", "volume", "dividend_amount", "split_coefficient"])
            .collect(),
        _ => base.into_iter().chain(["volume"]).collect(),
    };
    let mut table = Table::new(names);
    for point in points {
        let cells = cells(kind, point);
        table.row([point.name.as_str()].into_iter().chain(cells.iter().map(|(_, value)| value.as_str())));
    }
    table.finish()
}

fn cells(kind: &Kind, point: &Point) -> Vec<(&'static str, String)> {
    let [open, high, low, close] = point.values.map(|value| fixed(value, 4));
    let mut cells = vec![("open", open), ("high", high), ("low", low), ("close", close.clone())];
    if *kind == Kind::Adjusted {
        cells.push(("adjusted close", close));
    }
    cells.push(("volume", point.volume.to_string()));
    if *kind == Kind::Adjusted {
        cells.push(("dividend amount", "0.0000".to_owned()));
        cells.push(("split coefficient", "1.0".to_owned()));
    }
    cells
}

/// The indices: name, whose prices they follow, how many times as high.
const INDICES: [(&str, &str, &str, f64); 6] = [
    ("SPX", "S&P 500 Index (simulated)", "SPY", 10.0),
    ("NDX", "Nasdaq 100 Index (simulated)", "QQQ", 41.0),
    ("COMP", "Nasdaq Composite Index (simulated)", "QQQ", 38.0),
    ("RUT", "Russell 2000 Index (simulated)", "IWM", 10.0),
    ("DJI", "Dow Jones Industrial Average (simulated)", "SPY", 70.0),
    ("VIX", "Volatility Index (simulated)", "SPY", 100.0),
];

/// An index by days, weeks or months, newest first; nothing for an unknown one.
pub fn index(history: &History<'_>, name: &str, interval: &str) -> Option<Json> {
    let (_, title, of, scale) = INDICES.into_iter().find(|(known, ..)| *known == name)?;
    let symbol = Symbol::new(of).expect("the table holds symbols");
    let listing = history.feed.catalogue.by_contract(&Contract::Stock(symbol))?;
    let size = match interval {
        "daily" => Size::Day,
        "weekly" => Size::Week,
        _ => Size::Month,
    };
    let show = if name == "VIX" { Show::ImpliedVolatility } else { Show::Trades };
    let stretches: Vec<(Session, Timestamp, Timestamp)> =
        history.sessions_before(history.now).take(250).map(|s| (s, s.open, s.close)).collect();
    let bars = history.bars(&Query { listing, show, size, stretches }).unwrap_or_default();
    let rows = bars.iter().rev().map(|bar| {
        let value = |value: f64| Json::fixed(scale * value, 4);
        Json::object([
            ("date", Json::whole(bar.date)),
            ("open", value(bar.open)),
            ("high", value(bar.high)),
            ("low", value(bar.low)),
            ("close", value(bar.close)),
        ])
    });
    Some(Json::object([
        ("name", Json::text(title)),
        ("symbol", Json::text(name.to_owned())),
        ("interval", Json::text(interval.to_owned())),
        ("data", Json::Array(rows.collect())),
    ]))
}
