//! The state of the system as a whole.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::Instant;

/// Where the process stands between start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StatusView.ts")]
pub enum RunState {
    /// Modules are being started; nothing trades.
    Starting,
    /// Everything that must run does.
    Running,
    /// Working orders are being cancelled and state saved.
    Stopping,
}

/// Whose money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StatusView.ts")]
pub enum TradingMode {
    /// Nobody's: orders go to the paper gateway.
    Paper,
    /// Nobody's: a recorded day runs through the core.
    Replay,
    /// The account's own.
    Live,
}

/// Where the market comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StatusView.ts")]
pub enum MarketKind {
    /// Real feeds, now.
    Live,
    /// A recorded day.
    Recorded,
    /// Made by the synthetic market: no price in it was ever traded.
    Synthetic,
}

/// Mode, in the words the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "StatusView.ts")]
pub struct ModeView {
    /// Whose money moves.
    pub trading: TradingMode,
    /// Where the market comes from.
    pub market: MarketKind,
    /// One line on what is simulated, shown on the page as it is; absent when nothing is.
    pub label: Option<String>,
    /// How many seconds of the market pass in one second; absent when events alone move time.
    pub speed: Option<f64>,
}

/// Where the exchange's day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StatusView.ts")]
pub enum SessionPhase {
    /// Before the open.
    Before,
    /// Between open and close.
    Open,
    /// After the close.
    After,
}

/// The exchange session in view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "StatusView.ts")]
pub struct SessionView {
    /// Its date in New York, `2026-11-23`.
    pub date: String,
    /// Opening.
    pub open: Instant,
    /// Closing.
    pub close: Instant,
    /// Where in it the system's clock stands.
    pub phase: SessionPhase,
}

/// How well a source or a part of the system does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "StatusView.ts")]
pub enum FeedState {
    /// Works.
    Ok,
    /// Works, with something to look at.
    Warn,
    /// Doesn't.
    Down,
}

/// One light in the footer.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "StatusView.ts")]
pub struct FeedView {
    /// What it is, for example `IBKR 7497`.
    pub name: String,
    /// How it does.
    pub state: FeedState,
    /// Last measured delay in milliseconds of wall time.
    pub latency_ms: Option<f64>,
    /// What a person should know beside the light; empty when nothing.
    pub text: String,
}

/// A counter since start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "StatusView.ts")]
pub struct Counter {
    /// What is counted.
    pub name: String,
    /// How many.
    pub value: u64,
}

/// The system as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "StatusView.ts")]
pub struct StatusView {
    /// Version of the program.
    pub version: String,
    /// Where the process stands.
    pub state: RunState,
    /// Mode.
    pub mode: ModeView,
    /// The system's clock: wall time when live, the market's own time when simulated or recorded.
    pub at: Instant,
    /// The session in view.
    pub session: Option<SessionView>,
    /// Symbols followed, in the order of the configuration.
    pub symbols: Vec<String>,
    /// Lights of feeds and connections.
    pub feeds: Vec<FeedView>,
    /// How long the ledger's last commit took, milliseconds of wall time.
    pub ledger_commit_ms: Option<f64>,
    /// When positions and orders were last compared with the broker's.
    pub reconciled_at: Option<Instant>,
    /// Counters since start.
    pub counters: Vec<Counter>,
}
