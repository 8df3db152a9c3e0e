//! Parameters found in the recorded market, with how they were found and how sure that is.
//!
//! The whole of it enters the core as one event, [`Payload::Discovered`](crate::Payload::Discovered), so a
//! replay needs nothing else. The file `discovered.yaml` has the same shape: what is absent is left out.
//! Who uses a number asks for what is *in force* ([`Discovered::vpin`], [`Parameter::in_force`]) and never
//! reads a value past its [`Status`]. `docs/discovery.md` says what each number means.
//!
//! Values are `f64` whatever they count; a whole number stays exact up to 2^53.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::instrument::Symbol;
use crate::time::Timestamp;

/// Version of the shape. A file with another one is not used.
pub const SCHEMA_VERSION: u32 = 1;

/// What became of the search for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The data support the value. It is in force.
    Accepted,
    /// In force, but less than was asked for: what the data admit, or one day's step towards it.
    Limited,
    /// Nothing beat the default. The configuration stays in force.
    Default,
    /// The data cannot answer. The configuration stays in force.
    #[default]
    Refused,
}

impl Status {
    /// Whether the value may be used.
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Accepted | Self::Limited)
    }

    /// As in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Limited => "limited",
            Self::Default => "default",
            Self::Refused => "refused",
        }
    }
}

/// What a number rests on. What does not apply is absent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Sessions.
    pub sessions: Option<u64>,
    /// Volume buckets.
    pub buckets: Option<u64>,
    /// Points of a series.
    pub points: Option<u64>,
    /// Episodes: bursts, refills.
    pub episodes: Option<u64>,
    /// Observations that are as good as independent.
    pub effective: Option<f64>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameter {
    /// The value; absent when nothing could be computed.
    pub value: Option<f64>,
    /// Its unit: `shares`, `buckets`, `minutes`, `dollars`, `per_second`; empty for a pure number.
    pub unit: String,
    /// Whether it may be used.
    pub status: Status,
    /// Share of bootstrap replicates whose choice lies within one grid step of the value, in [0, 1]:
    /// how stable the choice is. Not a probability of profit.
    pub confidence: Option<f64>,
    /// 95 % interval over the bootstrap by sessions.
    pub ci95: Option<[f64; 2]>,
    /// What it rests on.
    pub n: Sample,
    /// How it was found: `adv_over_50`, `grid_one_se`, `robust_acf`.
    pub method: String,
    /// Results of tests by name: p-values, statistics, the count of searches.
    pub tests: BTreeMap<String, f64>,
    /// Whether it foretold anything beyond its placebo in sessions it was not chosen on.
    pub predictive: Option<bool>,
    /// What stands without discovery.
    pub default: Option<f64>,
    /// What was wanted, where less is in force.
    pub requested: Option<f64>,
    /// Why it is not accepted, or what limits it: short fixed words, such as `placebo_not_rejected`.
    pub reasons: Vec<String>,
}

impl Parameter {
    /// The value when it may be used.
    pub fn in_force(&self) -> Option<f64> {
        self.value.filter(|_| self.status.is_in_force())
    }

    /// Nothing could be said.
    #[must_use]
    pub fn refused(unit: &str, default: Option<f64>, reason: impl Into<String>) -> Self {
        Self { unit: unit.into(), default, reasons: vec![reason.into()], ..Self::default() }
    }
}

/// VPIN of one symbol.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VpinParameters {
    /// Volume of one bucket, shares. In force together with `window`: the pair was chosen as one.
    pub bucket_volume: Parameter,
    /// Buckets in the window.
    pub window: Parameter,
    /// Level of VPIN's own distribution at which it counts as an alert, in (0, 1).
    pub alert_cdf: Parameter,
    /// Decay of the variance of price changes in bulk classification, a bar.
    pub sigma_lambda: Parameter,
}

/// A variance ratio (Lo and `MacKinlay` 1988), robust to changing variance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VarianceRatio {
    /// Variance over q minutes beside q times that of one minute; 1 for a random walk.
    pub value: Option<f64>,
    /// Its robust z.
    pub z_robust: Option<f64>,
    /// Two-sided p of `z_robust`.
    pub p: Option<f64>,
}

/// How long the past counts, and in which direction.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TemporalParameters {
    /// Bars of one minute after which autocorrelation is inside the robust band.
    pub lookback_bars: Parameter,
    /// The lag after which each series is inside its band, by name: `returns`, `absolute_returns`,
    /// `signed_volume`, `order_flow_imbalance`.
    pub series: BTreeMap<String, Parameter>,
    /// Minutes after which the autocorrelation of absolute returns has fallen to 1/e; absent for long memory.
    pub tau_bars: Option<f64>,
    /// `exponential` or `long_memory`, by BIC.
    pub decay: String,
    /// Variance ratio over two minutes.
    pub vr_q2: VarianceRatio,
    /// `momentum`, `reversion` or `none`: the first two only when the joint test and most sessions agree.
    pub drift: String,
    /// p of the joint test of the variance ratios over 2, 4, 8 and 16 minutes (Chow and Denning 1993).
    pub vr_joint_p: Option<f64>,
    /// Share of sessions whose own variance ratio lies on the same side of 1.
    pub vr_sessions_agree: Option<f64>,
}

/// Volatility regimes: a hidden Markov model of five-minute returns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RegimeParameters {
    /// Number of states. One means: none were found, percentiles serve.
    pub k: u32,
    /// Whether the model may be used.
    pub status: Status,
    /// Mean adjusted Rand index of bootstrap fits with this one.
    pub confidence: Option<f64>,
    /// BIC by number of states; lower is better.
    pub bic: BTreeMap<u32, f64>,
    /// Volatility of a five-minute return in each state, rising.
    pub sigma_5m: Vec<f64>,
    /// Probabilities from the state of the row to that of the column.
    pub transition: Vec<Vec<f64>>,
    /// Volatility of each five minutes of the session beside the session's mean; the first is the open.
    pub time_of_day: Vec<f64>,
    /// Log score a bar, out of sample, beyond a one-state GARCH(1,1) of Student t.
    pub oos_logscore_gain: Option<f64>,
    /// What it rests on.
    pub n: Sample,
    /// How it was found.
    pub method: String,
    /// Results of tests by name.
    pub tests: BTreeMap<String, f64>,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
    /// After this it is not used.
    pub valid_until: Option<Timestamp>,
}

/// A part that is one verdict: profiles of market makers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MarketMakers {
    /// Whether profiles may be used.
    pub status: Status,
    /// Makers or venues with enough presence.
    pub makers: Vec<String>,
    /// What it rests on.
    pub n: Sample,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
}

/// All parameters of one symbol.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SymbolParameters {
    /// VPIN.
    pub vpin: VpinParameters,
    /// Temporal structure.
    pub temporal: TemporalParameters,
    /// Volatility regimes.
    pub regimes: RegimeParameters,
    /// Market makers.
    pub market_makers: MarketMakers,
    /// Least notional of a burst that is called a sweep, dollars.
    pub sweep_floor: Parameter,
    /// Rate at which displayed size comes back after a cancel, per second: no iceberg.
    pub iceberg_background_rate: Parameter,
    /// Rate at which displayed size comes back after a trade, per second.
    pub iceberg_refill_rate: Parameter,
}

/// Correlation of the symbols' five-minute returns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrelationMatrix {
    /// Whether it may be used.
    pub status: Status,
    /// Rows and columns.
    pub symbols: Vec<Symbol>,
    /// Estimator that lost least out of sample: `sample_5m`, `ledoit_wolf_5m`, `ewma_1`, `ewma_5`,
    /// `ewma_20`, `hayashi_yoshida`.
    pub method: String,
    /// Weight of the identity, in [0, 1].
    pub shrinkage: Option<f64>,
    /// Rows of returns it rests on.
    pub n: u64,
    /// Greatest eigenvalue over the least.
    pub condition: Option<f64>,
    /// Share of the variance in eigenvalues above Marchenko and Pastur's edge.
    pub above_noise: Option<f64>,
    /// Correlations, in [-1, 1].
    pub matrix: Vec<Vec<f64>>,
    /// 95 % interval of each pair (first, second, low, high), by Fisher with the effective number of rows.
    pub pairs: Vec<PairInterval>,
    /// Loss out of sample by estimator; lower is better.
    pub losses: BTreeMap<String, f64>,
    /// Results of tests by name.
    pub tests: BTreeMap<String, f64>,
    /// Symbols left out, with the reason.
    pub dropped: BTreeMap<Symbol, String>,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
}

/// The interval of one correlation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairInterval {
    /// One symbol.
    pub first: Symbol,
    /// The other.
    pub second: Symbol,
    /// Correlation.
    pub value: f64,
    /// Lower end at 95 %.
    pub low: f64,
    /// Upper end at 95 %.
    pub high: f64,
}

/// The program that searched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Searcher {
    /// Its version.
    pub version: String,
    /// The commit it was built from, where the build said so.
    pub git: Option<String>,
    /// SHA-256 of the part of the configuration that discovery rests on, in hexadecimal.
    pub config_sha256: String,
    /// Seed of placebo, bootstrap and restarts.
    pub seed: u64,
}

/// A session that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcludedSession {
    /// Exchange date.
    pub date: Date,
    /// Of which symbol; absent when of all.
    #[serde(default)]
    pub symbol: Option<Symbol>,
    /// Why: `half_day`, `outage`, `no_data`.
    pub reason: String,
}

/// What was searched.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchedData {
    /// Where it comes from: `recording`, `synthetic`, `lean`.
    pub source: String,
    /// What the feed says: `tick_by_tick`, `snapshot`, `bars`.
    pub feed: String,
    /// First session.
    pub first: Option<Date>,
    /// Last session.
    pub last: Option<Date>,
    /// Sessions with data of at least one symbol.
    pub sessions_used: u64,
    /// Sessions that were not used.
    pub sessions_excluded: Vec<ExcludedSession>,
    /// Volume that the admission gate kept out, beside all.
    pub excluded_volume_share: Option<f64>,
}

/// Everything discovery found, or why there is nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Discovered {
    /// [`SCHEMA_VERSION`] of who wrote it.
    pub schema_version: u32,
    /// The instant it speaks of: half an hour after the close of the last session that was searched. Not
    /// the time of writing, so that the same market gives the same bytes.
    pub generated_at: Timestamp,
    /// Who searched.
    pub engine: Searcher,
    /// What was searched.
    pub data: SearchedData,
    /// Parameters by symbol.
    pub symbols: BTreeMap<Symbol, SymbolParameters>,
    /// Correlation of the symbols.
    pub correlation: CorrelationMatrix,
    /// After this nothing of it is used.
    pub valid_until: Timestamp,
    /// Why nothing of the file is in force: `missing`, `expired`, `edited`... Never in a file.
    pub unusable: Option<String>,
}

/// VPIN's parameters that are in force beyond the settings; what is absent is the settings'.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VpinInForce {
    /// Volume of a bucket in shares, at least 1, and buckets in the window, 10 to 250.
    pub buckets: Option<(u64, u32)>,
    /// Level of alert, in (0, 1).
    pub alert_cdf: Option<f64>,
    /// Decay of bulk classification's variance, in (0, 1).
    pub sigma_lambda: Option<f64>,
}

impl Discovered {
    /// Nothing is in force, for this reason.
    #[must_use]
    pub fn unusable(reason: impl Into<String>) -> Self {
        Self { schema_version: SCHEMA_VERSION, unusable: Some(reason.into()), ..Self::default() }
    }

    /// Whether anything of it may be in force at an instant.
    pub fn is_valid(&self, at: Timestamp) -> bool {
        self.schema_version == SCHEMA_VERSION && self.unusable.is_none() && at <= self.valid_until
    }

    /// A symbol's parameters, as long as they are valid. Each still has its own status.
    pub fn of(&self, symbol: Symbol, at: Timestamp) -> Option<&SymbolParameters> {
        self.symbols.get(&symbol).filter(|_| self.is_valid(at))
    }

    /// What is in force of VPIN for a session that opens at `at`. Numbers outside their ranges are not.
    pub fn vpin(&self, symbol: Symbol, at: Timestamp) -> VpinInForce {
        let Some(of) = self.of(symbol, at).map(|of| &of.vpin) else { return VpinInForce::default() };
        let within = |parameter: &Parameter, low: f64, high: f64| {
            parameter.in_force().filter(|value| (low..=high).contains(value))
        };
        let bucket = within(&of.bucket_volume, 1.0, 1e9);
        let window = within(&of.window, 10.0, 250.0);
        VpinInForce {
            buckets: bucket.zip(window).map(|(bucket, window)| (bucket as u64, window as u32)),
            alert_cdf: within(&of.alert_cdf, 0.5, 0.999),
            sigma_lambda: within(&of.sigma_lambda, 0.5, 0.9999),
        }
    }

    /// The model of regimes in force for a session that opens at `at`: its own validity is longer.
    pub fn regimes(&self, symbol: Symbol, at: Timestamp) -> Option<&RegimeParameters> {
        let usable = self.schema_version == SCHEMA_VERSION && self.unusable.is_none();
        let regimes = &self.symbols.get(&symbol).filter(|_| usable)?.regimes;
        let in_time = regimes.valid_until.is_some_and(|until| at <= until);
        (in_time && regimes.status.is_in_force() && regimes.k > 1).then_some(regimes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(status: Status) -> Discovered {
        let parameter = |value| Parameter { value: Some(value), status, ..Parameter::default() };
        let vpin = VpinParameters {
            bucket_volume: parameter(1_400_000.0),
            window: parameter(50.0),
            alert_cdf: parameter(0.9),
            sigma_lambda: parameter(0.97),
        };
        let symbol = SymbolParameters { vpin, ..SymbolParameters::default() };
        Discovered {
            schema_version: SCHEMA_VERSION,
            valid_until: Timestamp::from_seconds(100),
            symbols: BTreeMap::from([(Symbol::new("SPY").unwrap(), symbol)]),
            ..Discovered::default()
        }
    }

    #[test]
    fn only_what_was_accepted_and_is_in_time_is_in_force() {
        let (spy, at) = (Symbol::new("SPY").unwrap(), Timestamp::from_seconds);
        for status in [Status::Accepted, Status::Limited] {
            let in_force = found(status).vpin(spy, at(100));
            assert_eq!(in_force.buckets, Some((1_400_000, 50)));
            assert_eq!((in_force.alert_cdf, in_force.sigma_lambda), (Some(0.9), Some(0.97)));
        }
        let nothing = VpinInForce::default();
        assert_eq!(found(Status::Default).vpin(spy, at(1)), nothing);
        assert_eq!(found(Status::Refused).vpin(spy, at(1)), nothing);
        let good = found(Status::Accepted);
        assert_eq!(good.vpin(spy, at(101)), nothing, "expired");
        assert_eq!(good.vpin(Symbol::new("QQQ").unwrap(), at(1)), nothing);
        assert_eq!(Discovered { schema_version: 2, ..good.clone() }.vpin(spy, at(1)), nothing);
        assert_eq!(Discovered { unusable: Some("edited".into()), ..good }.vpin(spy, at(1)), nothing);
    }

    #[test]
    fn a_number_out_of_range_is_not_used() {
        let spy = Symbol::new("SPY").unwrap();
        let mut odd = found(Status::Accepted);
        let vpin = &mut odd.symbols.get_mut(&spy).unwrap().vpin;
        vpin.window.value = Some(1e9);
        vpin.alert_cdf.value = Some(f64::NAN);
        let in_force = odd.vpin(spy, Timestamp::from_seconds(1));
        assert_eq!((in_force.buckets, in_force.alert_cdf), (None, None));
        assert_eq!(in_force.sigma_lambda, Some(0.97));
    }

    #[test]
    fn it_survives_the_recording_and_json() {
        let good = found(Status::Limited);
        let bytes = postcard::to_stdvec(&good).unwrap();
        assert_eq!(postcard::from_bytes::<Discovered>(&bytes).unwrap(), good);
        let json = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<Discovered>(&json).unwrap(), good);
    }
}
