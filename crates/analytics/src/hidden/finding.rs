//! What the detector is given, what it says, what it counts.

use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::{Side, TradeFlags};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::view::Iceberg;
use serde::{Deserialize, Serialize};

/// A print as this detector sees it.
#[derive(Debug, Clone, Copy)]
pub struct HiddenPrint {
    /// Price; positive.
    pub price: Price,
    /// Shares; positive.
    pub size: Quantity,
    /// Who crossed the spread, when known.
    pub side: Option<Side>,
    /// Where, when the feed says.
    pub venue: Option<Symbol>,
    /// What its conditions mean; auctions and prints that do not set the last price do not come here.
    pub flags: TradeFlags,
}

/// Something was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Shares that were not displayed traded at a level; `side` is that of the resting order.
    Hidden {
        /// Bids are [`Side::Buy`].
        side: Side,
        /// Of the level.
        price: Price,
        /// Shares beyond those displayed.
        shares: u64,
    },
    /// A level is refilled like an iceberg; told anew at each further refill.
    Iceberg(Iceberg),
}

/// Volumes since the start of the session, shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HiddenCounts {
    /// Prints.
    pub prints: u64,
    /// Their shares.
    pub volume: u64,
    /// Shares that the feed states to be hidden.
    pub stated: u64,
    /// Shares beyond the displayed ones, as inferred.
    pub inferred: u64,
    /// Shares at the mid.
    pub midpoint: u64,
    /// Other shares strictly inside the spread.
    pub inside: u64,
    /// Times that shares beyond the displayed ones were inferred.
    pub executions: u64,
    /// Prints strictly inside the spread, at the mid or not.
    pub inside_prints: u64,
    /// Icebergs found.
    pub icebergs: u64,
}
