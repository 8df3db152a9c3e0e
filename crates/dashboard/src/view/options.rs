//! What a symbol's option chain says: exposures, levels, volatilities, flow.
//!
//! Dollars of exposure are statistics and travel as numbers; strikes, spot and levels are prices and travel as
//! [`Decimal`]. Every exposure by open interest rests on [`OptionsView::dealer_sign`], an assumption.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Decimal, Instant};

/// Everything of one chain.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct OptionsView {
    /// Whose options.
    pub symbol: String,
    /// The instant it is of.
    pub at: Instant,
    /// When the oldest quotes in it were made; absent where it is a single instant.
    pub oldest: Option<Instant>,
    /// Price of the underlying it rests on.
    pub spot: Option<Decimal>,
    /// Who told the contracts, in the order of their number: `ibkr`, `alpha_vantage`, `cboe`, `lean`,
    /// `end_of_day`, `synthetic`.
    pub providers: Vec<String>,
    /// The dealers' side that was assumed: `naive` (long calls, short puts), `inverse` or `short-both`.
    pub dealer_sign: String,
    /// Whose Greeks: `own` or `vendor`.
    pub greeks: String,
    /// Rows counted and not counted.
    pub rows: RowsView,
    /// Share of absolute gamma exposure that comes from stale or crossed rows, in [0, 1].
    pub flagged_share: Option<f64>,
    /// More than a fifth of it does, or part of the chain is missing.
    pub degraded: bool,
    /// By range of expiry: `0dte`, `1dte`, `<=14d`, `all`. A range without a contract is left out.
    pub buckets: Vec<BucketView>,
    /// By expiry, ascending; at most 60.
    pub expiries: Vec<ExpiryView>,
    /// Strike by expiry.
    pub map: StrikeMapView,
    /// Unusual contracts, the highest ratio first; at most 50.
    pub unusual: Vec<UnusualView>,
    /// On the afternoon of an expiry.
    pub pin: Option<PinView>,
    /// Who tells the chain; a source that was never heard is not here.
    pub sources: Vec<ChainSourceView>,
    /// Contracts on which two fresh sources disagree by more than a spread.
    pub disagreeing: u32,
}

/// One source of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct ChainSourceView {
    /// Who: as in [`OptionsView::providers`].
    pub provider: String,
    /// The newest instant it spoke of.
    pub at: Instant,
    /// When its whole chain was last told; absent where it tells contracts one by one.
    pub whole_at: Option<Instant>,
    /// Contracts that it told.
    pub rows: u32,
    /// It says that its quotes are delayed.
    pub delayed: bool,
    /// Not heard of for a minute or more.
    pub stale: bool,
}

/// Rows of a chain that were counted and that were not, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct RowsView {
    /// Rows of the chain.
    pub rows: u32,
    /// Rows in the sums.
    pub included: u32,
    /// Settled already.
    pub expired: u32,
    /// Open interest not known.
    pub missing_oi: u32,
    /// No usable quote, or nothing that implies a volatility.
    pub no_iv: u32,
    /// Volatility outside (0, 5).
    pub iv_out_of_range: u32,
    /// Shares a contract delivers not known.
    pub unknown_multiplier: u32,
    /// Counted, with a quote that is too old.
    pub stale: u32,
    /// Counted, with a bid above its ask.
    pub crossed: u32,
    /// Counted, with a volatility of its neighbours.
    pub interpolated: u32,
}

/// Sums over contracts, dollars. Absent where a sum is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct SumsView {
    /// Gamma exposure: delta dollars that dealers gain when spot rises by 1 %, by open interest.
    pub gex: Option<f64>,
    /// Part of it that calls make.
    pub call_gex: Option<f64>,
    /// Part of it that puts make.
    pub put_gex: Option<f64>,
    /// Delta exposure of the holders, puts negative, without the dealers' sign.
    pub dex: Option<f64>,
    /// Part of it that calls make.
    pub call_dex: Option<f64>,
    /// Part of it that puts make.
    pub put_dex: Option<f64>,
    /// Delta exposure with the dealers' sign.
    pub dealer_dex: Option<f64>,
    /// Delta dollars a vol point.
    pub vanna_ex: Option<f64>,
    /// Delta dollars a calendar day.
    pub charm_ex: Option<f64>,
    /// Gamma exposure with the day's volume in place of open interest.
    pub vol_gex: Option<f64>,
    /// Part of it that calls make.
    pub call_vol_gex: Option<f64>,
    /// Part of it that puts make.
    pub put_vol_gex: Option<f64>,
    /// Contracts of open calls.
    pub call_oi: u64,
    /// Contracts of open puts.
    pub put_oi: u64,
    /// Calls traded in the session.
    pub call_volume: u64,
    /// Puts traded in the session.
    pub put_volume: u64,
}

/// A zero of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct ZeroView {
    /// At which spot.
    pub spot: Decimal,
    /// Negative below and positive above.
    pub up: bool,
}

/// Prices that exposures mark. Absent where nothing qualifies.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct MarksView {
    /// The zero of the profile that is nearest to spot.
    pub gamma_flip: Option<Decimal>,
    /// Every zero within the profile's range, ascending; at most 16.
    pub zeros: Vec<ZeroView>,
    /// Where there is no zero: whether the whole profile is positive.
    pub profile_positive: Option<bool>,
    /// Strike of the largest call-side exposure.
    pub call_wall: Option<Decimal>,
    /// Strike of the largest put-side exposure.
    pub put_wall: Option<Decimal>,
    /// Strike of the largest net exposure.
    pub net_call_wall: Option<Decimal>,
    /// Strike of the most negative net exposure.
    pub net_put_wall: Option<Decimal>,
    /// Strike of the largest exposure of both sides, not netted.
    pub abs_gamma_strike: Option<Decimal>,
    /// Where net exposure summed over rising strikes crosses zero; no revaluation.
    pub cum_flip: Option<Decimal>,
}

/// Puts over calls. Absent where there are no calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct PutCallView {
    /// By open interest.
    pub oi: Option<f64>,
    /// By volume.
    pub volume: Option<f64>,
    /// By volume times the middle of the quote.
    pub premium: Option<f64>,
}

/// A range of expiries.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct BucketView {
    /// `0dte`, `1dte`, `<=14d` or `all`.
    pub bucket: String,
    /// Exposures.
    pub sums: SumsView,
    /// Levels.
    pub levels: MarksView,
    /// Puts over calls.
    pub put_call: PutCallView,
    /// Strikes with exposure.
    pub strikes_total: u32,
    /// Those around spot, ascending; at most 81.
    pub strikes: Vec<StrikeView>,
    /// Gamma exposure if spot were elsewhere: spot and dollars, by spot; at most 161 points.
    pub profile: Vec<[f64; 2]>,
}

/// One strike.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct StrikeView {
    /// Strike.
    pub strike: Decimal,
    /// Exposures.
    pub sums: SumsView,
}

/// What an expiry's straddle and volatility say of the move until it settles, dollars either way.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct ExpectedMoveView {
    /// Strike nearest to spot.
    pub atm_strike: Decimal,
    /// Middle of the straddle at that strike.
    pub straddle: Option<Decimal>,
    /// 0.85 times the straddle, as brokers show it.
    pub straddle_085: Option<Decimal>,
    /// One standard deviation from the volatility at the money.
    pub one_sigma: Option<Decimal>,
    /// Mean absolute move from it.
    pub mean_abs: Option<Decimal>,
}

/// A point of the smile.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct SmileView {
    /// Strike.
    pub strike: Decimal,
    /// Implied volatility of the side out of the money, a fraction a year.
    pub iv: f64,
    /// Taken over from its neighbours: the contract has no bid.
    pub interpolated: bool,
}

/// One expiry.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct ExpiryView {
    /// The last trading day, `YYYY-MM-DD`.
    pub expiry: String,
    /// Calendar minutes to settlement.
    pub minutes: Option<f64>,
    /// Where its forward stands, from put-call parity.
    pub forward: Option<Decimal>,
    /// Volatility at the money, a fraction a year.
    pub atm_iv: Option<f64>,
    /// Volatility of the 25-delta put less that of the 25-delta call.
    pub skew_25: Option<f64>,
    /// Exposures.
    pub sums: SumsView,
    /// Levels.
    pub levels: MarksView,
    /// Listed strike at which holders gain least.
    pub max_pain: Option<Decimal>,
    /// The move until it settles.
    pub expected_move: Option<ExpectedMoveView>,
    /// Puts over calls.
    pub put_call: PutCallView,
    /// The smile around the forward, by strike: of the first six expiries, at most 81 points.
    pub smile: Vec<SmileView>,
}

/// Strike by expiry: a row for each strike, a column for each expiry, nothing where no contract is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct StrikeMapView {
    /// Columns: last trading days, ascending; at most 12.
    pub expiries: Vec<String>,
    /// Rows: strikes around spot, ascending; at most 61.
    pub strikes: Vec<Decimal>,
    /// Net gamma exposure by open interest, dollars.
    pub gex: Vec<Vec<Option<f64>>>,
    /// The same by volume.
    pub vol_gex: Vec<Vec<Option<f64>>>,
    /// Delta exposure of the holders, dollars.
    pub dex: Vec<Vec<Option<f64>>>,
}

/// A contract that trades more than is open.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct UnusualView {
    /// The option by its OSI name, for example `SPY261204P00585000`.
    pub contract: String,
    /// Its root symbol.
    pub root: String,
    /// Its last trading day.
    pub expiry: String,
    /// Its strike.
    pub strike: Decimal,
    /// `call` or `put`.
    pub right: String,
    /// Volume over open interest; absent for a strike with none open.
    pub ratio: Option<f64>,
    /// Nothing was open at the last clearing.
    pub new_strike: bool,
    /// Contracts traded in the session.
    pub volume: u32,
    /// Contracts open.
    pub open_interest: u32,
    /// Volume × middle × shares a contract, dollars.
    pub premium: Option<f64>,
    /// Share of its volume seen at or nearer the ask, in [0, 1]; absent for a chain that was seen once.
    pub ask_share: Option<f64>,
    /// What that says: `ask`, `bid` or `mid`.
    pub side: Option<String>,
    /// When its volume last grew; absent for a chain that was seen once.
    pub seen_at: Option<Instant>,
    /// Settles today: its ratio is compared with its own past, not with the rule.
    pub zero_dte: bool,
}

/// Gamma that may hold spot at a strike on expiry afternoon.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct PinView {
    /// The strike.
    pub strike: Decimal,
    /// Share of today's absolute gamma at the strike, in [0, 1].
    pub gamma_share: Option<f64>,
    /// Distance of spot from it in standard deviations of the time left.
    pub distance_sigma: Option<f64>,
    /// Strength in [0, 1]; absent where the rule does not hold.
    pub strength: Option<f64>,
}

/// The levels of a chain in one line, for the candles.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Options.ts")]
pub struct LevelsView {
    /// The instant the chain is of.
    pub at: Instant,
    /// When the oldest quotes in it were made; absent where it is a single instant.
    pub oldest: Option<Instant>,
    /// Which range of expiries: today's where there is one, else all.
    pub bucket: String,
    /// The dealers' side that was assumed.
    pub dealer_sign: String,
    /// The sums rest on part of the chain, or on old quotes.
    pub degraded: bool,
    /// Net gamma exposure of the range, dollars per 1 %.
    pub gex: Option<f64>,
    /// The zero of the profile that is nearest to spot.
    pub gamma_flip: Option<Decimal>,
    /// Strike of the largest call-side exposure.
    pub call_wall: Option<Decimal>,
    /// Strike of the largest put-side exposure.
    pub put_wall: Option<Decimal>,
    /// Of the nearest expiry: listed strike at which holders gain least.
    pub max_pain: Option<Decimal>,
    /// Strike that may hold spot this afternoon.
    pub pin: Option<Decimal>,
}
