//! What the analytics know of one symbol.

use serde::{Deserialize, Serialize};

use crate::instrument::Symbol;
use crate::number::Price;
use crate::time::Timestamp;

/// Whether the order book can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookState {
    /// No depth is subscribed or recorded.
    #[default]
    Absent,
    /// Depth is being rebuilt after a start, a gap or a reset: one side or both not refilled yet.
    Rebuilding,
    /// Best bid at or above best offer.
    Crossed,
    /// Good.
    Valid,
}

/// One symbol, rebuilt on change. What is not known is absent, never zero.
///
/// Rules: `docs/signals-and-risk.md`, section 1; formulas and papers stand beside the code in `analytics`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// Whose.
    pub symbol: Symbol,
    /// Event time of the last change.
    pub as_of: Timestamp,

    /// Last price that a regular print set.
    pub last: Option<Price>,
    /// First regular print of the session, for the change of the day.
    pub session_open: Option<Price>,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Spread in basis points of the mid.
    pub spread_bp: Option<f64>,
    /// Volume-weighted average price of the session's regular prints, dollars.
    pub vwap: Option<f64>,
    /// Shares of the session's regular prints.
    pub session_volume: u64,
    /// Highest regular print of the five minutes before the current one-second slot; absent until
    /// five minutes of the session are covered.
    pub high_5m: Option<Price>,
    /// Lowest regular print, likewise.
    pub low_5m: Option<Price>,

    /// (bid size − ask size) / (bid size + ask size) at the touch, in [-1, 1].
    pub imbalance_touch: Option<f64>,
    /// The same over five levels of a valid book.
    pub imbalance_5: Option<f64>,
    /// Bought less sold shares of the last 60 seconds, signed by Lee-Ready; absent until 60 seconds are covered.
    pub signed_volume_1m: Option<i64>,
    /// VPIN in [0, 1] over the configured window of buckets; absent until the window is full.
    pub vpin: Option<f64>,
    /// Volume buckets completed since the start.
    pub vpin_buckets: u64,

    /// Event time of the last quote.
    pub quote_at: Option<Timestamp>,
    /// Event time of the last print.
    pub trade_at: Option<Timestamp>,
    /// Event time of the last depth change.
    pub depth_at: Option<Timestamp>,
    /// Whether the book can be trusted.
    pub book: BookState,
}

impl Features {
    /// Knows nothing yet.
    pub const fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            as_of: Timestamp::from_nanos(0),
            last: None,
            session_open: None,
            bid: None,
            ask: None,
            spread_bp: None,
            vwap: None,
            session_volume: 0,
            high_5m: None,
            low_5m: None,
            imbalance_touch: None,
            imbalance_5: None,
            signed_volume_1m: None,
            vpin: None,
            vpin_buckets: 0,
            quote_at: None,
            trade_at: None,
            depth_at: None,
            book: BookState::Absent,
        }
    }
}
