//! What prints say: VPIN, order flow, price impact.

use serde::{Deserialize, Serialize};

use crate::metric::Metric;

/// Who decides the side of a trade. It travels with every number that rests on sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// The feed where it states the aggressor; nobody else.
    Native,
    /// The tick rule.
    Tick,
    /// The quote rule; at the middle nobody.
    Quote,
    /// The feed where it states the aggressor, else the quote rule, at the middle the tick rule (Lee and Ready 1991).
    #[default]
    LeeReady,
    /// At the touch by the quote, else the tick rule (Ellis, Michaely and O'Hara 2000).
    Emo,
    /// Near the touch by the quote, else the tick rule (Chakrabarty, Li, Nguyen and Van Ness 2007).
    Clnv,
    /// Volume of a bar is divided by its standardised price change (Easley, López de Prado and O'Hara 2012).
    Bulk,
}

impl Classification {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 7] =
        [Self::Native, Self::Tick, Self::Quote, Self::LeeReady, Self::Emo, Self::Clnv, Self::Bulk];

    /// Its name on a command line and in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tick => "tick",
            Self::Quote => "quote",
            Self::LeeReady => "lee-ready",
            Self::Emo => "emo",
            Self::Clnv => "clnv",
            Self::Bulk => "bvc",
        }
    }
}

/// Toxicity of the order flow: VPIN in its versions (Easley, López de Prado, O'Hara 2012).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Toxicity {
    /// VPIN of signed trades, in [0, 1]: the flat `vpin` with its observations (buckets in the window) and quality.
    pub vpin: Metric,
    /// Share of the window's history (trailing sessions) that was at most this VPIN, in [0, 1].
    pub cdf: Metric,
    /// VPIN over what it would be if sides were coins, at the window's trade sizes; 1 means no information.
    pub null_ratio: Metric,
    /// VPIN by bulk volume classification, in [0, 1].
    pub bulk: Metric,
    /// Share of its history that was at most this.
    pub bulk_cdf: Metric,
    /// Bulk VPIN over its level without information.
    pub bulk_null_ratio: Metric,
    /// The level of the CDF that alerts: the highest that the history admits, at most the wanted one.
    /// Absent while the history admits none.
    pub alert_level: Option<f64>,
    /// The CDF is at or above that level.
    pub alert: bool,
    /// Sessions in the history of the CDF.
    pub history_sessions: u32,
    /// Shares in a bucket, as in force this session.
    pub bucket_volume: u64,
    /// Buckets in the window, as in force this session.
    pub window: u32,
    /// Part of the open bucket that is filled, in [0, 1).
    pub open_bucket: Metric,
    /// Who signs the trades.
    pub classification: Classification,
    /// Part of the signed trades that a good rule gets right, from the literature; absent where none says.
    pub accuracy_prior: Option<f64>,
}

/// Order flow: of quotes (Cont, Kukanov, Stoikov 2014) and of trades (Hawkes 1971).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// Order-flow imbalance at the touch over the interval (10 s), shares.
    pub ofi: Metric,
    /// The same over the mean depth of the touch in the interval.
    pub ofi_normalised: Metric,
    /// The same with an exponential decay (τ 10 s), shares.
    pub ofi_decayed: Metric,
    /// Sum over the levels of the book (10 at most), shares.
    pub ofi_levels: Metric,
    /// Depth-normalised over all levels, equal weights until a first principal component is fitted.
    pub ofi_integrated: Metric,
    /// Bought less sold shares of the last minute: the flat `signed_volume_1m` with its prints.
    pub signed_volume: Metric,
    /// Part of the last minute's signed shares that was bought, in [0, 1].
    pub buy_share: Metric,
    /// Expected orders to buy a second, at this moment (Hawkes).
    pub buy_intensity: Metric,
    /// Expected orders to sell a second, at this moment.
    pub sell_intensity: Metric,
    /// Probability that the next order buys, in [0, 1].
    pub buy_probability: Metric,
    /// Orders that one order causes, in [0, 1).
    pub branching: Metric,
}

/// What trading costs and moves.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Impact {
    /// Quoted spread, basis points of the middle, weighted by the time it stood this session.
    pub quoted_spread_bp: Metric,
    /// Effective spread 2·D·(p − m), basis points, volume-weighted.
    pub effective_spread_bp: Metric,
    /// Realised spread 2·D·(p − m after 30 s), basis points, volume-weighted.
    pub realised_spread_bp: Metric,
    /// Price impact 2·D·(m after 30 s − m), basis points; effective = realised + impact.
    pub price_impact_bp: Metric,
    /// Kyle's λ: basis points of the middle for 100 000 dollars of signed volume.
    pub kyle_lambda: Metric,
    /// t statistic of λ; λ is absent while it lies within ±2.
    pub kyle_t: Metric,
    /// Amihud's illiquidity: |return| for a dollar of volume, × 10⁶, over five-minute bars.
    pub amihud: Metric,
    /// Roll's implied spread, basis points of the price; absent when the covariance is not negative.
    pub roll_bp: Metric,
}
