//! What is measured of a symbol, how sure it is, and how it went.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Aggressor, Decimal, Instant};

/// A measured number.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct MeasureView {
    /// The number, in the unit of its [`MeasureInfo`]; absent until there are enough observations.
    pub value: Option<f64>,
    /// Observations it rests on.
    pub n_obs: u32,
    /// What was wrong with them, by name: `stale_quote`, `side_unknown`...; empty when nothing was.
    pub quality: Vec<String>,
}

/// What a measured number is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct MeasureInfo {
    /// Its key on the stream: group, dot, name.
    pub key: String,
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its unit: `1` is a pure number, `sd` standard deviations, `1/√year` a fraction a year.
    pub unit: String,
    /// Where it can lie.
    pub range: String,
    /// What it is, in words.
    pub meaning: String,
    /// Who defined it.
    pub source: String,
}

/// Some measures at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct PointView {
    /// When.
    pub at: Instant,
    /// By key; what was not known is left out.
    pub values: BTreeMap<String, f64>,
}

/// What stands behind the numbers of a symbol, in words and counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct StateView {
    /// `calm`, `normal`, `volatile` or `extreme`; absent until known.
    pub regime: Option<String>,
    /// Who says so: `percentile` among earlier sessions, or `hmm`, a hidden Markov model.
    pub regime_source: String,
    /// When it was entered.
    pub regime_since: Option<Instant>,
    /// States of the model; zero without one.
    pub regime_states: u8,
    /// Who signs trades: `lee-ready`, `native`...
    pub classification: String,
    /// Part of the trades that a rule like it gets right, from the literature; absent where none says.
    pub accuracy_prior: Option<f64>,
    /// Level of VPIN's distribution that alerts; absent while the history admits none.
    pub alert_level: Option<f64>,
    /// It is reached.
    pub alert: bool,
    /// Sessions in the history of VPIN's distribution.
    pub history_sessions: u32,
    /// Shares in a VPIN bucket.
    pub bucket_volume: u64,
    /// Buckets in VPIN's window.
    pub window: u32,
    /// Lowest print of the opening range.
    pub opening_low: Option<Decimal>,
    /// Highest print of the opening range.
    pub opening_high: Option<Decimal>,
    /// The opening range does not change any more.
    pub opening_complete: bool,
    /// Lowest print of the session.
    pub session_low: Option<Decimal>,
    /// Highest print of the session.
    pub session_high: Option<Decimal>,
    /// Shares of the session's regular prints.
    pub session_volume: u64,
    /// The running minute has more volume than usual.
    pub unusual_volume: bool,
    /// Sweeps that bought, in the session.
    pub sweeps_bought: u64,
    /// Sweeps that sold.
    pub sweeps_sold: u64,
    /// Executions beyond the displayed size, in the session.
    pub hidden_executions: u64,
    /// Their shares.
    pub hidden_volume: u64,
    /// Icebergs found in the session.
    pub icebergs: u64,
    /// Prints strictly inside the spread, in the session.
    pub inside_prints: u64,
    /// Prints come from a feed that samples.
    pub sampled: bool,
    /// Streams that were lost and have not spoken since: `quotes`, `trades`, `depth`.
    pub lost: Vec<String>,
    /// `trading`, `halted`...; absent until its market has said so.
    pub trading: Option<String>,
}

/// What kind of order a mark on the tape stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Measures.ts")]
pub enum MarkKind {
    /// One order took several prints at once.
    Sweep,
    /// What may have been a sweep, from a feed that samples: never called one.
    InferredBurst,
    /// More was executed at a level than it displayed.
    HiddenExecution,
    /// The displayed size came back after trades.
    Iceberg,
    /// A print strictly inside the spread.
    InsidePrint,
}

/// Evidence of a large or hidden order.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct MarkView {
    /// What it is.
    pub kind: MarkKind,
    /// When it began.
    pub start: Instant,
    /// When it was last seen.
    pub end: Instant,
    /// Sweep: who took liquidity. Hidden: the side of the resting order.
    pub side: Aggressor,
    /// First price.
    pub price: Decimal,
    /// Furthest price.
    pub to: Decimal,
    /// Shares.
    pub quantity: u64,
    /// Sweep: prints. Iceberg: times it was refilled.
    pub count: u32,
    /// Sweep: prices taken.
    pub levels: Option<u32>,
    /// Sweep: exchanges known by name.
    pub venues: Option<u32>,
    /// Sweep: part of its shares that the exchange marked as a sweep, in [0, 1].
    pub marked: Option<f64>,
    /// Sweep: chance of so many prints together when nothing stands behind them, in [0, 1]; small is significant.
    pub chance: Option<f64>,
    /// Iceberg: probability that it is one, in [0, 1].
    pub posterior: Option<f64>,
    /// Iceberg: shares expected to remain.
    pub remaining: Option<f64>,
}

/// What the admission gate kept out, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct ExclusionView {
    /// Why, in words.
    pub reason: String,
    /// Of what: `prints`, `quotes` or `bars`.
    pub of: String,
    /// How many.
    pub count: u64,
}

/// The book at one moment, for the liquidity map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Measures.ts")]
pub struct DepthColumn {
    /// When.
    pub at: Instant,
    /// Best bid; absent when the book was not valid.
    pub bid: Option<Decimal>,
    /// Best ask.
    pub ask: Option<Decimal>,
    /// Bids from the best: distance from it in ten-thousandths of a dollar, shares. At most ten.
    pub bids: Vec<[u64; 2]>,
    /// Asks, likewise.
    pub asks: Vec<[u64; 2]>,
}
