//! Parameters that were found in the recorded market, and what became of them.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::Instant;

/// How the found parameters stand as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Parameters.ts")]
pub enum FoundState {
    /// The core has been told of none yet.
    #[default]
    Unknown,
    /// There is no file.
    Missing,
    /// The file's time is over.
    Expired,
    /// The file was changed by hand.
    Edited,
    /// The file was made for other symbols or analytics.
    OtherConfiguration,
    /// The file's shape is another version's.
    OtherSchema,
    /// The file cannot be read.
    Unreadable,
    /// What was accepted is used in this session.
    InForce,
    /// It waits for the next session; none is used in this one.
    Waiting,
}

/// What became of the search for one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Parameters.ts")]
pub enum FoundStatus {
    /// The data support the value.
    Accepted,
    /// Less than was asked for, or one day's step towards it.
    Limited,
    /// Nothing beat the default.
    Default,
    /// The data cannot answer.
    Refused,
}

/// What a number rests on; what does not apply is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct SampleView {
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

/// One parameter beside its default.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct ParameterView {
    /// Its name, for example `vpin.bucket_volume`.
    pub name: String,
    /// Its unit: `shares`, `buckets`, `minutes`, `dollars`, `per_second`; empty for a pure number.
    pub unit: String,
    /// What was found; absent when nothing could be computed.
    pub value: Option<f64>,
    /// What stands without discovery.
    pub default: Option<f64>,
    /// What was wanted, where less is in force.
    pub requested: Option<f64>,
    /// What is used in this session; absent when nothing is known of it.
    pub in_force: Option<f64>,
    /// The number in use is the found one.
    pub found_in_force: bool,
    /// What became of the search; absent when nothing was searched.
    pub status: Option<FoundStatus>,
    /// How stable the choice is under resampling, in [0, 1]. Not a probability of profit.
    pub confidence: Option<f64>,
    /// Ends of its 95 % interval.
    pub ci95: Option<[f64; 2]>,
    /// What it rests on.
    pub n: SampleView,
    /// How it was found.
    pub method: String,
    /// Results of tests by name.
    pub tests: BTreeMap<String, f64>,
    /// Whether it foretold anything beyond its placebo.
    pub predictive: Option<bool>,
    /// Why it is not accepted, or what limits it: fixed words, such as `placebo_not_rejected`.
    pub reasons: Vec<String>,
}

/// The model of volatility regimes.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct RegimesView {
    /// What became of it.
    pub status: FoundStatus,
    /// It is used in this session.
    pub in_force: bool,
    /// States; one means that none were found.
    pub states: u32,
    /// How stable the states are under resampling, in [0, 1].
    pub confidence: Option<f64>,
    /// Volatility of a five-minute return in each state, rising.
    pub sigma_5m: Vec<f64>,
    /// Probabilities from the state of the row to that of the column.
    pub transition: Vec<Vec<f64>>,
    /// BIC by number of states; lower is better.
    pub bic: BTreeMap<u32, f64>,
    /// Log score a bar, out of sample, beyond a model with one state.
    pub gain: Option<f64>,
    /// What it rests on.
    pub n: SampleView,
    /// Results of tests by name.
    pub tests: BTreeMap<String, f64>,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
    /// After this it is not used.
    pub valid_until: Option<Instant>,
}

/// A part that is one verdict.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct VerdictView {
    /// What became of it.
    pub status: FoundStatus,
    /// Whom it names.
    pub names: Vec<String>,
    /// What it rests on.
    pub n: SampleView,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
}

/// Parameters of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct SymbolParametersView {
    /// The symbol.
    pub symbol: String,
    /// Parameters, in a fixed order.
    pub parameters: Vec<ParameterView>,
    /// Volatility regimes; absent when nothing was searched.
    pub regimes: Option<RegimesView>,
    /// Profiles of market makers; absent when nothing was searched.
    pub market_makers: Option<VerdictView>,
}

/// One correlation.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct PairView {
    /// One symbol.
    pub first: String,
    /// The other.
    pub second: String,
    /// Correlation, in [-1, 1].
    pub value: f64,
    /// Ends of its 95 % interval.
    pub ci95: [f64; 2],
}

/// Correlation of the symbols.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct CorrelationView {
    /// What became of it.
    pub status: FoundStatus,
    /// Rows and columns.
    pub symbols: Vec<String>,
    /// The estimator that lost least out of sample.
    pub method: String,
    /// Weight of the identity.
    pub shrinkage: Option<f64>,
    /// Rows of returns.
    pub n: u64,
    /// Greatest eigenvalue over the least.
    pub condition: Option<f64>,
    /// Correlations.
    pub matrix: Vec<Vec<f64>>,
    /// Each pair with its interval.
    pub pairs: Vec<PairView>,
    /// Symbols left out, with the reason.
    pub dropped: BTreeMap<String, String>,
    /// Why it is not accepted.
    pub reasons: Vec<String>,
}

/// A session that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct ExcludedSessionView {
    /// Its date.
    pub date: String,
    /// Of which symbol; absent when of all.
    pub symbol: Option<String>,
    /// Why.
    pub reason: String,
}

/// All parameters, found and by default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "Parameters.ts")]
pub struct ParametersView {
    /// How the found ones stand.
    pub state: FoundState,
    /// What the program says of the file, where it cannot be used.
    pub problem: Option<String>,
    /// Since when what is in force is: the opening of the session it began with.
    pub since: Option<Instant>,
    /// Newer ones wait for the next session: the instant they speak of.
    pub next: Option<Instant>,
    /// The instant they speak of.
    pub generated_at: Option<Instant>,
    /// After this nothing of them is used.
    pub valid_until: Option<Instant>,
    /// Version of the program that searched.
    pub version: String,
    /// The commit it was built from.
    pub git: Option<String>,
    /// What was searched: its source.
    pub source: String,
    /// What its feed was.
    pub feed: String,
    /// First session.
    pub first: Option<String>,
    /// Last session.
    pub last: Option<String>,
    /// Sessions used.
    pub sessions: u64,
    /// Sessions that were not used; at most a hundred are listed.
    pub excluded: Vec<ExcludedSessionView>,
    /// Volume that the admission gate kept out, beside all.
    pub excluded_volume_share: Option<f64>,
    /// By symbol.
    pub symbols: Vec<SymbolParametersView>,
    /// Correlation of the symbols; absent when nothing was searched.
    pub correlation: Option<CorrelationView>,
}
