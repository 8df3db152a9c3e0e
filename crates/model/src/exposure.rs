//! What a chain says when its contracts are summed: exposures, levels, moves, flow.
//!
//! Names are those of the field and of `tests/oracles/gex-expected.json`; formulas stand in `docs/options.md`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::chain::Provider;
use crate::instrument::{OptionContract, Symbol};
use crate::number::Price;
use crate::time::Timestamp;

/// On which side dealers are assumed to stand. It is an assumption: it stands beside every number that rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DealerSign {
    /// Long calls, short puts: +1, −1.
    #[default]
    Naive,
    /// Short calls, long puts: −1, +1.
    Inverse,
    /// Short both: −1, −1.
    ShortBoth,
}

/// Whose volatilities and Greeks the sums rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GreeksSource {
    /// Implied here from the quotes.
    #[default]
    Own,
    /// As the source states them.
    Vendor,
}

/// Sums over contracts. Dollars, except where it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Delta dollars that dealers gain when spot rises by 1 %: sign × gamma × OI × multiplier × spot² × 0.01.
    pub gex: f64,
    /// Delta of the holders: delta × OI × multiplier × spot, puts negative, without the dealers' sign.
    pub dex: f64,
    /// The same with the dealers' sign.
    pub dealer_dex: f64,
    /// Delta dollars a vol point: sign × vanna × OI × multiplier × spot × 0.01.
    pub vanna_ex: f64,
    /// Delta dollars a calendar day: sign × charm × OI × multiplier × spot / 365.
    pub charm_ex: f64,
    /// Shares per dollar of spot: sign × gamma × OI × multiplier.
    pub gex_shares: f64,
    /// `gex` with the day's volume in place of open interest.
    pub vol_gex: f64,
    /// Part of `gex` that calls make.
    pub call_gex: f64,
    /// Part of `gex` that puts make.
    pub put_gex: f64,
    /// Part of `vol_gex` that calls make.
    #[serde(default)]
    pub call_vol_gex: f64,
    /// Part of `vol_gex` that puts make.
    #[serde(default)]
    pub put_vol_gex: f64,
    /// Part of `dex` that calls make.
    pub call_dex: f64,
    /// Part of `dex` that puts make.
    pub put_dex: f64,
    /// Contracts of open calls.
    pub call_oi: u64,
    /// Contracts of open puts.
    pub put_oi: u64,
    /// Calls traded in the session.
    pub call_volume: u64,
    /// Puts traded in the session.
    pub put_volume: u64,
}

/// How the profile crosses zero as spot rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// Negative below, positive above.
    Up,
    /// Positive below, negative above.
    Down,
}

/// A zero of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Zero {
    /// At which spot, dollars.
    pub spot: f64,
    /// Which way.
    pub direction: Crossing,
}

/// Gamma exposure if spot were elsewhere, each contract's volatility and time held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProfilePoint {
    /// Spot, dollars.
    pub spot: f64,
    /// As [`Sums::gex`], at that spot.
    pub gex: f64,
}

/// Prices that exposures mark. Absent where nothing qualifies.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Levels {
    /// The zero of the profile that is nearest to spot.
    pub gamma_flip: Option<f64>,
    /// Every zero within the profile's range, ascending.
    pub all_zeros: Vec<Zero>,
    /// Where there is no zero: whether the whole profile is positive.
    pub profile_positive: Option<bool>,
    /// Strike of the largest call-side exposure.
    pub call_wall: Option<Price>,
    /// Strike of the largest put-side exposure.
    pub put_wall: Option<Price>,
    /// Strike of the largest net exposure.
    pub net_call_wall: Option<Price>,
    /// Strike of the most negative net exposure.
    pub net_put_wall: Option<Price>,
    /// Strike of the largest exposure of both sides, not netted.
    pub abs_gamma_strike: Option<Price>,
    /// Strike of the most open calls.
    pub call_wall_oi: Option<Price>,
    /// Strike of the most open puts.
    pub put_wall_oi: Option<Price>,
    /// Where the net exposure summed over rising strikes crosses zero: known from other services, no revaluation.
    pub cum_flip: Option<f64>,
}

/// What an expiry's straddle and volatility say of the move until it settles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExpectedMove {
    /// Strike nearest to spot; of two, the lower.
    pub atm_strike: Price,
    /// Middle of the straddle at that strike, dollars.
    pub straddle_mid: Option<f64>,
    /// 0.85 times the straddle, as brokers show it, dollars.
    pub straddle_085: Option<f64>,
    /// One standard deviation from the volatility at the money, dollars.
    pub one_sigma_from_atm_iv: Option<f64>,
    /// Mean absolute move from it: 0.79788 standard deviations, dollars.
    pub mean_abs_move_from_iv: Option<f64>,
}

/// Puts over calls. Absent where there are no calls.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PutCall {
    /// By open interest.
    pub oi: Option<f64>,
    /// By volume.
    pub volume: Option<f64>,
    /// By volume times the middle of the quote.
    pub premium: Option<f64>,
}

/// A point of the smile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SmilePoint {
    /// Strike.
    pub strike: Price,
    /// Implied volatility of the side out of the money, a fraction a year.
    pub iv: f64,
    /// Taken over from its neighbours: the contract has no bid.
    pub interpolated: bool,
}

/// One expiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpiryExposure {
    /// The last trading day.
    pub expiry: Date,
    /// Calendar minutes to settlement.
    pub minutes: f64,
    /// Price at which its forward stands, from put-call parity, dollars.
    pub forward: Option<f64>,
    /// Volatility at the money.
    pub atm_iv: Option<f64>,
    /// Volatility of the 25-delta put less that of the 25-delta call.
    pub skew_25: Option<f64>,
    /// Exposures.
    pub sums: Sums,
    /// Levels.
    pub levels: Levels,
    /// Listed strike at which holders gain least.
    pub max_pain: Option<Price>,
    /// The move until it settles.
    pub expected_move: Option<ExpectedMove>,
    /// Puts over calls.
    pub put_call: PutCall,
    /// The smile, by strike.
    pub smile: Vec<SmilePoint>,
}

/// A range of expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Bucket {
    /// Settles today.
    #[serde(rename = "0dte")]
    Zero,
    /// Settles at the next session's close.
    #[serde(rename = "1dte")]
    One,
    /// Settles within 14 days, today's included.
    #[serde(rename = "<=14d")]
    Fortnight,
    /// Every expiry.
    #[serde(rename = "all")]
    All,
}

/// Exposures of a range of expiries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BucketExposure {
    /// Which.
    pub bucket: Bucket,
    /// Exposures.
    pub sums: Sums,
    /// Levels.
    pub levels: Levels,
    /// Puts over calls.
    pub put_call: PutCall,
    /// By strike, ascending.
    pub by_strike: Vec<StrikeExposure>,
    /// The profile, by spot.
    pub profile: Vec<ProfilePoint>,
}

/// One strike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StrikeExposure {
    /// Strike.
    pub strike: Price,
    /// Exposures.
    pub sums: Sums,
}

/// One strike of one expiry, for the map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The last trading day.
    pub expiry: Date,
    /// Strike.
    pub strike: Price,
    /// As [`Sums::gex`].
    pub gex: f64,
    /// As [`Sums::dex`].
    pub dex: f64,
    /// As [`Sums::vol_gex`].
    pub vol_gex: f64,
}

/// Where the volume of an unusual contract was seen to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradedSide {
    /// Most of it at or nearer the ask.
    Ask,
    /// Most of it at or nearer the bid.
    Bid,
    /// Neither.
    Mid,
}

/// A contract that trades more than is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unusual {
    /// The option.
    pub contract: OptionContract,
    /// Volume over open interest; absent for a strike with none open ([`Self::new_strike`]).
    pub ratio: Option<f64>,
    /// Whether nothing was open at the last clearing.
    pub new_strike: bool,
    /// Contracts traded in the session.
    pub volume: u32,
    /// Contracts open.
    pub open_interest: u32,
    /// Volume × middle × multiplier, dollars.
    pub premium_usd: f64,
    /// Share of its volume seen at or nearer the ask, in [0, 1]; absent for a chain that was seen once.
    pub ask_share: Option<f64>,
    /// What that says.
    pub side: Option<TradedSide>,
    /// When its volume last grew; absent for a chain that was seen once.
    pub seen_at: Option<Timestamp>,
    /// Settles today: its ratio is compared with its own past, not with the rule.
    pub zero_dte: bool,
}

/// Gamma that may hold spot at a strike on expiry afternoon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// The strike.
    pub strike: Price,
    /// Share of today's absolute gamma at the strike, in [0, 1].
    pub gamma_share: f64,
    /// Distance of spot from it in standard deviations of the time left.
    pub distance_sigma: Option<f64>,
    /// Strength in [0, 1]; absent where the rule does not hold.
    pub strength: Option<f64>,
}

/// Rows that were counted and that were not, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows of the chain.
    pub rows: u32,
    /// Rows in the sums.
    pub included: u32,
    /// Settled already.
    pub expired: u32,
    /// Open interest unknown.
    pub missing_oi: u32,
    /// No usable quote, or nothing that implies a volatility.
    pub no_iv: u32,
    /// Volatility outside (0, 5).
    pub iv_out_of_range: u32,
    /// Shares a contract delivers unknown.
    pub unknown_multiplier: u32,
    /// Counted, with a quote that is too old.
    pub stale: u32,
    /// Counted, with a bid above its ask.
    pub crossed: u32,
    /// Counted, with a volatility of its neighbours.
    pub interpolated: u32,
    /// Counted, with two sources that differ by more than the spread.
    #[serde(default)]
    pub disagreed: u32,
}

/// Everything of one chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainExposure {
    /// Whose options.
    pub underlying: Symbol,
    /// The instant it is of.
    pub as_of: Timestamp,
    /// Price of the underlying it rests on, dollars.
    pub spot: f64,
    /// Who told the contracts, in the order of their number.
    pub providers: Vec<Provider>,
    /// Age of the oldest chain that is in it, when it was computed; absent where it is a single instant.
    pub oldest: Option<Timestamp>,
    /// The dealers' side that was assumed.
    pub dealer_sign: DealerSign,
    /// Whose Greeks.
    pub greeks: GreeksSource,
    /// Rows and reasons.
    pub rows: RowCounts,
    /// Share of |GEX| that comes from stale or crossed rows, in [0, 1].
    pub flagged_share: f64,
    /// More than a fifth of |GEX| comes from them, or part of the chain is missing.
    pub degraded: bool,
    /// Sums over all.
    pub total: Sums,
    /// By range of expiry: 0dte, 1dte, <=14d, all.
    pub buckets: Vec<BucketExposure>,
    /// By expiry, ascending.
    pub by_expiry: Vec<ExpiryExposure>,
    /// By strike and expiry, where there is any.
    pub cells: Vec<Cell>,
    /// Unusual contracts, the highest ratio first.
    pub unusual: Vec<Unusual>,
    /// On the afternoon of an expiry.
    pub pin: Option<Pin>,
}

/// The heads of a [`ChainExposure`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ExposureSummary {
    /// Whose options.
    pub underlying: Symbol,
    /// The instant it is of.
    pub as_of: Timestamp,
    /// Price of the underlying it rests on, dollars.
    pub spot: f64,
    /// As [`Sums::gex`], of all expiries.
    pub gex: f64,
    /// As [`Sums::dex`], of all expiries.
    pub dex: f64,
    /// As [`Levels::gamma_flip`], of all expiries.
    pub gamma_flip: Option<f64>,
    /// Rows in the sums.
    pub included: u32,
    /// As [`ChainExposure::degraded`].
    pub degraded: bool,
}

impl ChainExposure {
    /// Its heads.
    pub fn summary(&self) -> ExposureSummary {
        ExposureSummary {
            underlying: self.underlying,
            as_of: self.as_of,
            spot: self.spot,
            gex: self.total.gex,
            dex: self.total.dex,
            gamma_flip: self.bucket(Bucket::All).and_then(|all| all.levels.gamma_flip),
            included: self.rows.included,
            degraded: self.degraded,
        }
    }

    /// A range of expiries, when the chain has any.
    pub fn bucket(&self, bucket: Bucket) -> Option<&BucketExposure> {
        self.buckets.iter().find(|b| b.bucket == bucket)
    }
}
