//! An option chain at one instant, as one source tells it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::instrument::{OptionContract, Symbol};
use crate::number::Price;
use crate::time::Timestamp;

/// Rows a chain may have: the largest seen have 14 065 (SPY) and 19 156 (SPX).
pub const MOST_ROWS: usize = 65_536;

/// Who tells a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// The broker's ticks.
    Ibkr,
    /// Alpha Vantage.
    AlphaVantage,
    /// A Cboe table of delayed quotes.
    Cboe,
    /// A LEAN option day.
    Lean,
    /// Made by our own generator.
    Synthetic,
    /// Another published table of the day's end.
    EndOfDay,
}

/// When an option may be exercised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exercise {
    /// On any day: ETFs and stocks.
    American,
    /// At expiry alone: indices.
    European,
}

/// Sensitivities that the source itself states. Each absent where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct VendorGreeks {
    /// Per share, puts negative.
    pub delta: Option<f64>,
    /// Per dollar.
    pub gamma: Option<f64>,
    /// Dollars per calendar day.
    pub theta: Option<f64>,
    /// Dollars per vol point.
    pub vega: Option<f64>,
    /// Dollars per percentage point of the rate.
    pub rho: Option<f64>,
}

/// One contract of a chain. What the source does not state is absent, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChainEntry {
    /// The option.
    pub contract: OptionContract,
    /// Shares a contract delivers; never assumed. A source whose format is bound to standard contracts says 100.
    pub multiplier: Option<u32>,
    /// When it may be exercised.
    pub exercise: Exercise,
    /// The instant that settles it: the close of its last day, or that day's open where it settles on opening prices.
    pub settles: Timestamp,
    /// Best bid; positive.
    pub bid: Option<Price>,
    /// Best offer; positive.
    pub ask: Option<Price>,
    /// Contracts bid for.
    pub bid_size: Option<u32>,
    /// Contracts offered.
    pub ask_size: Option<u32>,
    /// Last price; positive.
    pub last: Option<Price>,
    /// Contracts traded in the session so far.
    pub volume: Option<u32>,
    /// Contracts open at the last clearing: constant through a session.
    pub open_interest: Option<u32>,
    /// Implied volatility that the source states, a fraction a year, as stated: not bounded here.
    pub implied_volatility: Option<f64>,
    /// Greeks that the source states.
    pub greeks: VendorGreeks,
    /// When its quote was made, where the source says so for each contract; else the chain's `as_of` counts.
    pub quoted_at: Option<Timestamp>,
}

impl ChainEntry {
    /// Middle of bid and ask in dollars, when both are there and do not cross.
    pub fn mid(&self) -> Option<f64> {
        let (bid, ask) = (self.bid?, self.ask?);
        (bid <= ask).then(|| f64::midpoint(bid.to_f64(), ask.to_f64()))
    }

    /// Whether the bid is above the ask.
    pub fn is_crossed(&self) -> bool {
        matches!((self.bid, self.ask), (Some(bid), Some(ask)) if bid > ask)
    }
}

/// A chain at one instant. Rows are sorted by expiry, strike and right; no contract stands twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainSnapshot {
    /// Whose options.
    pub underlying: Symbol,
    /// Who says so.
    pub provider: Provider,
    /// The instant it is of. Where the source states only a date, when it was received.
    pub as_of: Timestamp,
    /// Price of the underlying that the source states beside it.
    pub spot: Option<Price>,
    /// Absent for the whole chain; else the only expiry that was asked for.
    pub expiry: Option<Date>,
    /// The source says that its quotes are delayed: shown, never traded on.
    pub delayed: bool,
    /// The contracts.
    pub rows: Vec<ChainEntry>,
}
