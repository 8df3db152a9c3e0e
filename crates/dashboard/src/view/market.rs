//! What is known of one symbol's market.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Decimal, Instant};

/// A symbol in one line.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct QuoteView {
    /// The symbol.
    pub symbol: String,
    /// Price of the last trade.
    pub last: Option<Decimal>,
    /// Last minus the session's first price.
    pub change: Option<Decimal>,
    /// Change as a fraction of the session's first price.
    pub change_fraction: Option<f64>,
    /// Best bid.
    pub bid: Option<Decimal>,
    /// Shares at the best bid.
    pub bid_size: Option<u64>,
    /// Best ask.
    pub ask: Option<Decimal>,
    /// Shares at the best ask.
    pub ask_size: Option<u64>,
    /// Ask minus bid.
    pub spread: Option<Decimal>,
    /// VPIN in [0, 1]; absent until enough buckets are complete.
    pub vpin: Option<f64>,
    /// When the quote last changed.
    pub quote_at: Option<Instant>,
    /// When the last trade was made.
    pub trade_at: Option<Instant>,
    /// Net gamma exposure of its options over all expiries, dollars per 1 %; absent without a chain.
    pub gex: Option<f64>,
    /// The instant that chain is of.
    pub chain_at: Option<Instant>,
}

/// Volume-synchronised probability of informed trading.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct VpinView {
    /// In [0, 1]; absent until enough buckets are complete.
    pub value: Option<f64>,
    /// Whether enough buckets are complete.
    pub ready: bool,
    /// How many buckets the value averages.
    pub buckets: u32,
    /// How many buckets are complete so far.
    pub completed: u64,
    /// Share of its own history that was at most this value, in [0, 1]; absent without a history.
    pub cdf: Option<f64>,
    /// What it would be if the sides of trades were coins.
    pub null_level: Option<f64>,
    /// The share that alerts; absent while the history admits none.
    pub alert_level: Option<f64>,
    /// It is reached.
    pub alert: bool,
}

/// One completed VPIN bucket.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct VpinPoint {
    /// Number of the bucket, from 1 at the start.
    pub bucket: u64,
    /// When it was full.
    pub at: Instant,
    /// VPIN at that moment, in [0, 1].
    pub value: f64,
}

/// What the analytics know of a symbol now.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct FeaturesView {
    /// The symbol.
    pub symbol: String,
    /// Event time of what follows.
    pub at: Instant,
    /// Size imbalance at the touch in [-1, 1]; positive when more is bid.
    pub touch_imbalance: Option<f64>,
    /// Size imbalance of the first five levels in [-1, 1].
    pub depth_imbalance: Option<f64>,
    /// VPIN.
    pub vpin: VpinView,
    /// Shares bought minus sold by aggressors over the last minute.
    pub signed_volume_1m: Option<i64>,
    /// Session's volume-weighted average price.
    pub vwap: Option<Decimal>,
    /// Highest trade of the last five minutes.
    pub high_5m: Option<Decimal>,
    /// Lowest trade of the last five minutes.
    pub low_5m: Option<Decimal>,
    /// When the quote last changed.
    pub quote_at: Option<Instant>,
    /// When the book last changed.
    pub depth_at: Option<Instant>,
    /// When the last trade was made.
    pub trade_at: Option<Instant>,
}

/// One candle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct BarView {
    /// Start of its period.
    pub start: Instant,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Shares.
    pub volume: u64,
    /// Session VWAP at its end, or so far.
    pub vwap: Option<Decimal>,
    /// Shares bought by aggressors minus shares sold by them.
    pub signed_volume: i64,
}

/// One level of the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct BookLevelView {
    /// Price.
    pub price: Decimal,
    /// Shares.
    pub size: u64,
    /// Exchange or market maker, where the feed names it.
    pub venue: Option<String>,
}

/// The book, best levels first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct BookView {
    /// The symbol.
    pub symbol: String,
    /// When it last changed.
    pub at: Option<Instant>,
    /// Whether it can be trusted.
    pub valid: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Bids from the highest, at most ten.
    pub bids: Vec<BookLevelView>,
    /// Asks from the lowest, at most ten.
    pub asks: Vec<BookLevelView>,
}

/// Who took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Market.ts")]
pub enum Aggressor {
    /// The buyer.
    Buy,
    /// The seller.
    Sell,
    /// Not told, and not inferred.
    Unknown,
}

/// One trade on the tape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct TradeView {
    /// When.
    pub at: Instant,
    /// Price.
    pub price: Decimal,
    /// Shares.
    pub size: u64,
    /// Who took liquidity.
    pub side: Aggressor,
    /// Where, when the feed says so.
    pub venue: Option<String>,
}

/// The last trades, newest first, at most fifty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Market.ts")]
pub struct TapeView {
    /// The symbol.
    pub symbol: String,
    /// Trades, newest first.
    pub trades: Vec<TradeView>,
}
