//! What prices say: volatility, regime, temporal structure, and how the day stands.

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::number::Price;
use crate::time::Timestamp;

/// Volatility, all of it a fraction a year (0.16 is 16 %), from middles of five seconds unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Volatility {
    /// Realised: root of the sum of squared returns of the window.
    pub realised: Metric,
    /// Bipower: without jumps (Barndorff-Nielsen and Shephard 2004).
    pub bipower: Metric,
    /// From medians of three returns (Andersen, Dobrev, Schaumburg 2012).
    pub med_rv: Metric,
    /// From minima of two returns (the same).
    pub min_rv: Metric,
    /// Part of the variance that jumped, in [0, 1].
    pub jump_share: Metric,
    /// Statistic of the ratio jump test; a jump above 3.09.
    pub jump_z: Metric,
    /// Realised at five seconds over realised at five minutes: above 1.2 the fast one measures noise.
    pub signature_ratio: Metric,
    /// Exponentially weighted, of the last returns.
    pub ewma: Metric,
    /// GARCH(1,1) forecast with the parameters in force.
    pub garch: Metric,
    /// From highs and lows of one-minute bars (Parkinson 1980).
    pub parkinson: Metric,
    /// From open, high, low, close (Garman and Klass 1980).
    pub garman_klass: Metric,
    /// Free of drift (Rogers and Satchell 1991).
    pub rogers_satchell: Metric,
    /// Free of drift and of gaps between bars (Yang and Zhang 2000).
    pub yang_zhang: Metric,
}

/// How wild it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegimeLevel {
    /// Below the lower quarter.
    Calm,
    /// The middle.
    Normal,
    /// Above the upper quarter.
    Volatile,
    /// Above 95 of 100.
    Extreme,
}

impl RegimeLevel {
    /// Its name in exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Normal => "normal",
            Self::Volatile => "volatile",
            Self::Extreme => "extreme",
        }
    }
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegimeSource {
    /// Percentile of the exponentially weighted variance among earlier sessions: always on.
    #[default]
    Percentile,
    /// Filtered hidden Markov model whose fit was accepted.
    Hmm,
}

/// Volatility regime.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Regime {
    /// The regime, after hysteresis; absent until one is known.
    pub level: Option<RegimeLevel>,
    /// Who says so.
    pub source: RegimeSource,
    /// When it was entered.
    pub since: Option<Timestamp>,
    /// States of the model, by rising variance; zero without a model.
    pub states: u8,
    /// Filtered probabilities of the states; those beyond `states` are absent.
    pub probabilities: [Metric; 4],
    /// Percentile of the variance among earlier sessions at the same time of day, in [0, 1].
    pub percentile: Metric,
}

/// Memory of returns and signs.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Structure {
    /// First autocorrelation of one-minute returns, in [-1, 1].
    pub autocorrelation: Metric,
    /// Ljung-Box statistic of the first lags over its 95 % bound, robust to changing variance; above 1 is significant.
    pub portmanteau: Metric,
    /// Variance ratio of two minutes (Lo, `MacKinlay` 1988); 1 is a random walk.
    pub variance_ratio: Metric,
    /// Its statistic, robust to changing variance.
    pub variance_ratio_z: Metric,
    /// Time in which half of a deviation is gone, minutes; absent where returns do not revert.
    pub half_life: Metric,
    /// First autocorrelation of the signs of trades.
    pub sign_autocorrelation: Metric,
}

/// The range of the session's first minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningRange {
    /// Lowest regular print.
    pub low: Price,
    /// Highest regular print.
    pub high: Price,
    /// The minutes are over: it does not change any more.
    pub complete: bool,
}

/// How the day stands.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionState {
    /// Volume-weighted standard deviation of prices about the VWAP, dollars. Bands stand at VWAP ± k of it.
    pub vwap_deviation: Metric,
    /// (last − VWAP) / deviation.
    pub vwap_z: Metric,
    /// The opening range; absent until the session has prints, or when its first minutes were not watched.
    pub opening_range: Option<OpeningRange>,
    /// Volume of the running minute over the mean of the same minute of earlier sessions.
    pub volume_ratio: Metric,
    /// The same, in standard deviations.
    pub volume_z: Metric,
    /// More is traded than usual by the rule.
    pub unusual_volume: bool,
    /// Shares of prints that the admission gate left out of signed measures.
    pub excluded_volume: u64,
    /// Prints that it left out.
    pub excluded_prints: u64,
}
