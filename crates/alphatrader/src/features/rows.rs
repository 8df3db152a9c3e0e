//! The columns of the export, and a row of each kind.

use alphatrader_analytics::Alone;
use alphatrader_history::tables::row::{Cell, Type};
use alphatrader_model::features::table::COLUMNS;
use alphatrader_model::metric::Quality;
use alphatrader_model::{Features, Price, Side, Timestamp, Trade};

use super::sheet::Column;

/// When a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Every {
    /// Each so many seconds of the market's time.
    Seconds(u32),
    /// Each print that the gate let pass.
    Trade,
    /// Each VPIN bucket that ends.
    Bucket,
}

/// Names and types of all columns.
pub(super) fn columns(every: Every, quality: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut put = |name: &str, of: Type| columns.push((name.to_owned(), of));
    put("ts", Type::Time);
    if every == Every::Bucket {
        put("bucket", Type::Number);
        for name in ["vpin", "vpin_cdf", "vpin_null_ratio"] {
            put(name, Type::Float);
        }
        put("ready", Type::Flag);
        return columns;
    }
    put("symbol", Type::Text);
    if every == Every::Trade {
        put("price", Type::Price);
        put("size", Type::Number);
        put("side", Type::Text);
    }
    for name in ["last", "bid", "ask"] {
        put(name, Type::Price);
    }
    for name in ["spread_bp", "vwap"] {
        put(name, Type::Float);
    }
    put("session_volume", Type::Number);
    for name in ["high_5m", "low_5m"] {
        put(name, Type::Price);
    }
    put("signed_volume_1m", Type::Number);
    put("vpin_buckets", Type::Number);
    put("regime", Type::Text);
    put("unusual_volume", Type::Flag);
    for name in ["sweeps_bought", "sweeps_sold", "hidden_executions", "icebergs"] {
        put(name, Type::Number);
    }
    for column in COLUMNS {
        let name = format!("{}_{}", column.group, column.name);
        put(&name, Type::Float);
        if quality {
            put(&format!("{name}_n"), Type::Number);
            put(&format!("{name}_quality"), Type::Text);
        }
    }
    columns
}

/// A row of everything.
pub(super) fn row(
    ts: Timestamp,
    features: &Features,
    trade: Option<(&Trade, Option<Side>)>,
    quality: bool,
) -> Vec<Cell> {
    let mut row = Vec::with_capacity(24 + COLUMNS.len() * if quality { 3 } else { 1 });
    row.push(Cell::Time(ts.nanos()));
    row.push(Cell::Text(features.symbol.to_string()));
    if let Some((trade, side)) = trade {
        row.push(Cell::Price(trade.price.raw()));
        row.push(whole(trade.size.get()));
        row.push(
            side.map_or(Cell::Nothing, |side| Cell::Word(if side == Side::Buy { "buy" } else { "sell" })),
        );
    }
    row.extend([features.last, features.bid, features.ask].map(price));
    row.extend([features.spread_bp, features.vwap].map(float));
    row.push(whole(features.session_volume));
    row.extend([features.high_5m, features.low_5m].map(price));
    row.push(features.signed_volume_1m.map_or(Cell::Nothing, Cell::Number));
    row.push(whole(features.vpin_buckets));
    row.push(features.regime.level.map_or(Cell::Nothing, |level| Cell::Word(level.name())));
    row.push(Cell::Flag(features.session.unusual_volume));
    let counts =
        [features.sweeps.bought, features.sweeps.sold, features.hidden.executions, features.hidden.icebergs];
    row.extend(counts.map(whole));
    for column in COLUMNS {
        let metric = (column.get)(features);
        row.push(float(metric.value));
        if quality {
            row.push(Cell::Number(i64::from(metric.n_obs)));
            row.push(flags(metric.quality));
        }
    }
    row
}

/// A row of each bucket after number `seen`, in order.
pub(super) fn buckets(symbol: &Alone, seen: u64) -> impl Iterator<Item = Vec<Cell>> {
    let points = symbol.analytics().ended_buckets();
    let first = points.map_or(0, |points| {
        points.len() - points.iter().rev().take_while(|(_, point)| point.bucket > seen).count()
    });
    points.into_iter().flatten().skip(first).map(|(ts, point)| {
        vec![
            Cell::Time(ts.nanos()),
            whole(point.bucket),
            float(point.vpin),
            float(point.cdf),
            float(point.null_ratio),
            Cell::Flag(point.vpin.is_some()),
        ]
    })
}

fn price(price: Option<Price>) -> Cell {
    price.map_or(Cell::Nothing, |price| Cell::Price(price.raw()))
}

fn float(number: Option<f64>) -> Cell {
    number.map_or(Cell::Nothing, Cell::Float)
}

/// No count of a market leaves the range of the column.
fn whole(number: u64) -> Cell {
    Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

fn flags(quality: Quality) -> Cell {
    let names: Vec<&str> = quality.names().collect();
    if names.is_empty() { Cell::Nothing } else { Cell::Text(names.join("|")) }
}
