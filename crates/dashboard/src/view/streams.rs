//! The streams of market data and how the broker's rations are shared out.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StreamsView.ts")]
pub enum StreamStateView {
    /// Live data.
    Live,
    /// Asked for; nothing has come yet.
    Opening,
    /// Waits for its turn: more are wanted than the broker allows.
    Waiting,
    /// Frozen or delayed data, which is not used.
    NotLive,
    /// It ended or fell silent, and is opened anew.
    Broken,
}

/// One stream, or the streams of a kind of all options of an underlying together.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "StreamsView.ts")]
pub struct StreamView {
    /// Whose: a symbol.
    pub symbol: String,
    /// How many option contracts stand behind this row; absent for the symbol's own stream.
    pub options: Option<u32>,
    /// `quotes`, `trades`, `depth` or `bars`.
    pub kind: String,
    /// The worst state of any of them.
    pub state: StreamStateView,
    /// From a feed that samples: not every print.
    pub sampled: bool,
    /// Milliseconds of wall time since the last message of any of them; absent before the first.
    pub age_ms: Option<u64>,
    /// Messages a second of wall time, over the last ten.
    pub per_second: f64,
    /// Milliseconds between an event at its source and its arrival, where the source tells the time.
    pub lag_ms: Option<i64>,
    /// Times that a part was lost.
    pub gaps: u64,
    /// Times it was opened anew.
    pub restarts: u64,
    /// What is the matter, in a trader's words.
    pub problem: Option<String>,
}

/// All streams, and the plan they follow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "StreamsView.ts")]
pub struct StreamsView {
    /// Market data lines of the account.
    pub lines: u32,
    /// Of these, in use now.
    pub lines_used: u32,
    /// How lines, books and trade streams are shared out, in words.
    pub plan: String,
    /// What the connection says of itself, in a trader's words.
    pub connection: String,
    /// Streams, the worst first, then by symbol.
    pub streams: Vec<StreamView>,
}
