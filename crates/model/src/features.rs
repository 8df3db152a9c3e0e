//! What the analytics know of one symbol.
//!
//! | module | groups |
//! | --- | --- |
//! | [`flow`] | VPIN ([`Toxicity`]), order flow ([`Flow`]), cost and impact ([`Impact`]) |
//! | [`mod@book`] | imbalance and fair price ([`Liquidity`]), [`Hidden`] orders, [`Sweeping`] |
//! | [`state`] | [`Volatility`], [`Regime`], [`Structure`] in time, [`SessionState`] |
//! | [`table`] | every number by name, with unit, range, meaning and source |
//!
//! The flat fields are what decisions rest on; the groups say how sure each number is.

pub mod book;
pub mod flow;
pub mod state;
pub mod table;

pub use book::{Hidden, HiddenEvidence, HiddenOrder, Liquidity, Sweeping};
pub use flow::{Classification, Flow, Impact, Toxicity};
pub use state::{OpeningRange, Regime, RegimeLevel, RegimeSource, SessionState, Structure, Volatility};

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
/// It is large, so it is written in place and not copied from event to event: it has no `Copy`. Groups
/// that change slowly are brought up to date once a second or at the end of a volume bucket.
///
/// Rules: `docs/signals-and-risk.md`, section 1; formulas and papers stand beside the code in `analytics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

    /// VPIN in its versions.
    #[serde(default)]
    pub toxicity: Toxicity,
    /// Order flow of quotes and trades.
    #[serde(default)]
    pub flow: Flow,
    /// What trading costs and moves.
    #[serde(default)]
    pub impact: Impact,
    /// Imbalance and fair price.
    #[serde(default)]
    pub liquidity: Liquidity,
    /// Hidden and iceberg orders.
    #[serde(default)]
    pub hidden: Hidden,
    /// Sweeps.
    #[serde(default)]
    pub sweeps: Sweeping,
    /// Volatility.
    #[serde(default)]
    pub volatility: Volatility,
    /// Volatility regime.
    #[serde(default)]
    pub regime: Regime,
    /// Memory of returns and signs.
    #[serde(default)]
    pub structure: Structure,
    /// How the day stands.
    #[serde(default)]
    pub session: SessionState,
}

impl Features {
    /// The middle of best bid and offer, down to the unit of prices; absent while a side is not quoted.
    pub fn middle(&self) -> Option<Price> {
        let (bid, ask) = self.bid.zip(self.ask)?;
        Some(Price::from_raw(i64::midpoint(bid.raw(), ask.raw())))
    }

    /// Knows nothing yet.
    pub fn new(symbol: Symbol) -> Self {
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
            toxicity: Toxicity::default(),
            flow: Flow::default(),
            impact: Impact::default(),
            liquidity: Liquidity::default(),
            hidden: Hidden::default(),
            sweeps: Sweeping::default(),
            volatility: Volatility::default(),
            regime: Regime::default(),
            structure: Structure::default(),
            session: SessionState::default(),
        }
    }
}
