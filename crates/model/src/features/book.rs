//! What the order book says: imbalance, fair price, hidden orders, sweeps.

use serde::{Deserialize, Serialize};

use crate::market::Side;
use crate::metric::Metric;
use crate::number::Price;
use crate::time::Timestamp;
use crate::view::Sweep;

/// Imbalance and fair price.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Liquidity {
    /// (bid size − ask size) / sum at the touch, in [-1, 1]: the flat `imbalance_touch` with its quality.
    pub imbalance_touch: Metric,
    /// Over five levels, in [-1, 1].
    pub imbalance_5: Metric,
    /// Over all levels, weighted by exp(−distance in ticks / κ), in [-1, 1].
    pub imbalance_weighted: Metric,
    /// The touch imbalance in standard deviations of its last hour, sampled each second.
    pub imbalance_z: Metric,
    /// Middle weighted by the opposite sizes, dollars; inside the spread.
    pub weighted_mid: Metric,
    /// Middle plus the fitted adjustment (Stoikov 2018), dollars. Absent where nothing was fitted: then
    /// `weighted_mid` stands in, and does not pretend.
    pub micro_price: Metric,
    /// The adjustment, ticks.
    pub micro_adjustment: Metric,
    /// Mean of bid and ask size at the touch over the last ten seconds, shares.
    pub touch_depth: Metric,
}

/// A hidden execution or an iceberg, as it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HiddenOrder {
    /// When it was last seen.
    pub time: Timestamp,
    /// Side of the resting order.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What shows it.
    pub evidence: HiddenEvidence,
    /// Shares executed beyond what was displayed, or by refills.
    pub executed: u64,
    /// Times the displayed size came back after a trade.
    pub refills: u32,
    /// Median displayed size after a refill, shares; zero before the first.
    pub peak: u64,
    /// Probability that it is an iceberg and not makers who re-quote, in [0, 1]; absent for a single hidden execution.
    pub posterior: Option<f64>,
    /// Shares expected to remain; absent while too few episodes were seen to the end.
    pub remaining: Option<f64>,
}

/// What shows a hidden order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenEvidence {
    /// More was traded at a level than it displayed, and the level stayed.
    HiddenExecution,
    /// The displayed size came back after trades, more often than after cancels.
    Iceberg,
    /// A print strictly inside the spread: at the middle, or against a hidden order. Never called an iceberg.
    InsidePrint,
}

/// Hidden and iceberg orders of the session.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// Executions beyond the displayed size, so far.
    pub executions: u64,
    /// Their shares.
    pub volume: u64,
    /// Icebergs found.
    pub icebergs: u64,
    /// Prints strictly inside the spread.
    pub inside_prints: u64,
    /// Shares of hidden executions over all signed shares of the session, in [0, 1].
    pub share: Metric,
    /// Times that a displayed size comes back after a trade, a second (λ₁).
    pub refill_rate: Metric,
    /// Times that a displayed size comes back after a cancel of the same size, a second (λ₀): the control.
    pub control_rate: Metric,
    /// The newest.
    pub last: Option<HiddenOrder>,
}

/// Sweeps of the session.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sweeping {
    /// Sweeps that bought, so far.
    pub bought: u64,
    /// Sweeps that sold.
    pub sold: u64,
    /// Bursts of a feed that samples: what a sweep may have become; never counted as one.
    pub inferred_bursts: u64,
    /// Shares of sweeps that bought less those that sold.
    pub signed_volume: i64,
    /// Dollars that a burst must be worth, as in force this session.
    pub floor: f64,
    /// Probability of the newest one's prints under the fitted arrivals; small is significant.
    pub p_value: Metric,
    /// The newest.
    pub last: Option<Sweep>,
}
