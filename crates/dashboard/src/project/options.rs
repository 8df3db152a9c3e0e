//! From a chain's exposures to what the page shows of them: bounded, and unknown where unknown.

use alphatrader_model::chain::Provider;
use alphatrader_model::exposure::{
    Bucket, BucketExposure, ChainExposure, Crossing, DealerSign, ExpectedMove, ExpiryExposure, GreeksSource,
    Levels, Pin, ProfilePoint, PutCall, RowCounts, SmilePoint, StrikeExposure, Sums, TradedSide, Unusual,
};
use alphatrader_model::view::{ChainSource, OptionsView as OptionsKnown};
use alphatrader_model::{Price, Right};

use super::market::dollars;
use super::measures::significant;
use super::strike_map::strike_map;
use crate::view::{
    BucketView, ChainSourceView, Decimal, ExpectedMoveView, ExpiryView, Instant, LevelsView, MarksView,
    OptionsView, PinView, PutCallView, RowsView, SmileView, StrikeView, SumsView, UnusualView, ZeroView,
};

/// Strikes of a range that are shown: those around spot.
const MOST_STRIKES: usize = 81;
/// Points of a profile that are shown.
const MOST_PROFILE: usize = 161;
/// Zeros of a profile that are shown.
const MOST_ZEROS: usize = 16;
/// Expiries that are shown.
const MOST_EXPIRIES: usize = 60;
/// Expiries whose smile is shown.
const MOST_SMILES: usize = 6;
/// Points of a smile that are shown: those around the forward.
const MOST_SMILE: usize = 81;
/// Unusual contracts that are shown.
const MOST_UNUSUAL: usize = 50;

/// Everything that is shown of a chain; nothing before its first round of exposures.
pub(crate) fn options(known: &OptionsKnown) -> Option<OptionsView> {
    let chain = known.exposure.as_deref()?;
    Some(OptionsView {
        symbol: chain.underlying.to_string(),
        at: chain.as_of.into(),
        oldest: chain.oldest.map(Instant::from),
        spot: dollars(chain.spot),
        providers: chain.providers.iter().map(|provider| provider_name(*provider).to_owned()).collect(),
        dealer_sign: dealer_sign(chain.dealer_sign).to_owned(),
        greeks: match chain.greeks {
            GreeksSource::Own => "own",
            GreeksSource::Vendor => "vendor",
        }
        .to_owned(),
        rows: rows(&chain.rows),
        flagged_share: significant(chain.flagged_share),
        degraded: chain.degraded,
        buckets: chain.buckets.iter().map(|bucket| self::bucket(bucket, chain.spot)).collect(),
        expiries: chain
            .by_expiry
            .iter()
            .take(MOST_EXPIRIES)
            .enumerate()
            .map(|(n, expiry)| self::expiry(expiry, chain.spot, n < MOST_SMILES))
            .collect(),
        map: strike_map(chain),
        unusual: chain.unusual.iter().take(MOST_UNUSUAL).map(unusual).collect(),
        pin: chain.pin.as_ref().map(pin),
        sources: known.sources.iter().map(source).collect(),
        disagreeing: known.disagreeing,
    })
}

fn source(source: &ChainSource) -> ChainSourceView {
    ChainSourceView {
        provider: provider_name(source.provider).to_owned(),
        at: source.as_of.into(),
        whole_at: source.whole_at.map(Instant::from),
        rows: source.rows,
        delayed: source.delayed,
        stale: source.stale,
    }
}

/// Its levels in one line: today's expiry where there is one, else all of them.
pub(crate) fn levels(chain: &ChainExposure) -> Option<LevelsView> {
    let bucket = chain.bucket(Bucket::Zero).or_else(|| chain.bucket(Bucket::All))?;
    Some(LevelsView {
        at: chain.as_of.into(),
        oldest: chain.oldest.map(Instant::from),
        bucket: bucket_name(bucket.bucket).to_owned(),
        dealer_sign: dealer_sign(chain.dealer_sign).to_owned(),
        degraded: chain.degraded,
        gex: significant(bucket.sums.gex),
        gamma_flip: bucket.levels.gamma_flip.and_then(dollars),
        call_wall: bucket.levels.call_wall.map(Decimal::from),
        put_wall: bucket.levels.put_wall.map(Decimal::from),
        max_pain: chain.by_expiry.first().and_then(|nearest| nearest.max_pain).map(Decimal::from),
        pin: chain.pin.map(|pin| Decimal::from(pin.strike)),
    })
}

/// Net gamma exposure over all expiries, for the list of symbols.
pub(super) fn net_gamma(chain: &ChainExposure) -> Option<f64> {
    significant(chain.total.gex)
}

fn bucket(bucket: &BucketExposure, spot: f64) -> BucketView {
    let shown = around(&bucket.by_strike, |row| row.strike, spot, MOST_STRIKES);
    BucketView {
        bucket: bucket_name(bucket.bucket).to_owned(),
        sums: sums(&bucket.sums),
        levels: marks(&bucket.levels),
        put_call: put_call(&bucket.put_call),
        strikes_total: u32::try_from(bucket.by_strike.len()).unwrap_or(u32::MAX),
        strikes: shown.iter().map(strike).collect(),
        profile: profile(&bucket.profile),
    }
}

fn strike(row: &StrikeExposure) -> StrikeView {
    StrikeView { strike: row.strike.into(), sums: sums(&row.sums) }
}

fn expiry(expiry: &ExpiryExposure, spot: f64, with_smile: bool) -> ExpiryView {
    let centre = expiry.forward.unwrap_or(spot);
    let smile = around(&expiry.smile, |point| point.strike, centre, MOST_SMILE);
    ExpiryView {
        expiry: expiry.expiry.to_string(),
        minutes: significant(expiry.minutes),
        forward: expiry.forward.and_then(dollars),
        atm_iv: expiry.atm_iv.and_then(significant),
        skew_25: expiry.skew_25.and_then(significant),
        sums: sums(&expiry.sums),
        levels: marks(&expiry.levels),
        max_pain: expiry.max_pain.map(Decimal::from),
        expected_move: expiry.expected_move.as_ref().map(expected_move),
        put_call: put_call(&expiry.put_call),
        smile: if with_smile { smile.iter().filter_map(smile_point).collect() } else { Vec::new() },
    }
}

fn smile_point(point: &SmilePoint) -> Option<SmileView> {
    Some(SmileView {
        strike: point.strike.into(),
        iv: significant(point.iv)?,
        interpolated: point.interpolated,
    })
}

fn expected_move(of: &ExpectedMove) -> ExpectedMoveView {
    ExpectedMoveView {
        atm_strike: of.atm_strike.into(),
        straddle: of.straddle_mid.and_then(dollars),
        straddle_085: of.straddle_085.and_then(dollars),
        one_sigma: of.one_sigma_from_atm_iv.and_then(dollars),
        mean_abs: of.mean_abs_move_from_iv.and_then(dollars),
    }
}

fn sums(sums: &Sums) -> SumsView {
    SumsView {
        gex: significant(sums.gex),
        call_gex: significant(sums.call_gex),
        put_gex: significant(sums.put_gex),
        dex: significant(sums.dex),
        call_dex: significant(sums.call_dex),
        put_dex: significant(sums.put_dex),
        dealer_dex: significant(sums.dealer_dex),
        vanna_ex: significant(sums.vanna_ex),
        charm_ex: significant(sums.charm_ex),
        vol_gex: significant(sums.vol_gex),
        call_vol_gex: significant(sums.call_vol_gex),
        put_vol_gex: significant(sums.put_vol_gex),
        call_oi: sums.call_oi,
        put_oi: sums.put_oi,
        call_volume: sums.call_volume,
        put_volume: sums.put_volume,
    }
}

fn marks(levels: &Levels) -> MarksView {
    let zeros = levels
        .all_zeros
        .iter()
        .filter_map(|zero| Some(ZeroView { spot: dollars(zero.spot)?, up: zero.direction == Crossing::Up }));
    MarksView {
        gamma_flip: levels.gamma_flip.and_then(dollars),
        zeros: zeros.take(MOST_ZEROS).collect(),
        profile_positive: levels.profile_positive,
        call_wall: levels.call_wall.map(Decimal::from),
        put_wall: levels.put_wall.map(Decimal::from),
        net_call_wall: levels.net_call_wall.map(Decimal::from),
        net_put_wall: levels.net_put_wall.map(Decimal::from),
        abs_gamma_strike: levels.abs_gamma_strike.map(Decimal::from),
        cum_flip: levels.cum_flip.and_then(dollars),
    }
}

fn put_call(ratios: &PutCall) -> PutCallView {
    PutCallView {
        oi: ratios.oi.and_then(significant),
        volume: ratios.volume.and_then(significant),
        premium: ratios.premium.and_then(significant),
    }
}

/// Every so-manieth point when there are too many; both ends stay.
fn profile(points: &[ProfilePoint]) -> Vec<[f64; 2]> {
    let every = points.len().div_ceil(MOST_PROFILE).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(n, _)| n % every == 0 || *n == last);
    kept.filter_map(|(_, point)| Some([significant(point.spot)?, significant(point.gex)?])).collect()
}

fn unusual(of: &Unusual) -> UnusualView {
    UnusualView {
        contract: of.contract.to_string(),
        root: of.contract.root.to_string(),
        expiry: of.contract.expiry.to_string(),
        strike: of.contract.strike.into(),
        right: match of.contract.right {
            Right::Call => "call",
            Right::Put => "put",
        }
        .to_owned(),
        ratio: of.ratio.and_then(significant),
        new_strike: of.new_strike,
        volume: of.volume,
        open_interest: of.open_interest,
        premium: significant(of.premium_usd),
        ask_share: of.ask_share.and_then(significant),
        side: of.side.map(|side| {
            match side {
                TradedSide::Ask => "ask",
                TradedSide::Bid => "bid",
                TradedSide::Mid => "mid",
            }
            .to_owned()
        }),
        seen_at: of.seen_at.map(Instant::from),
        zero_dte: of.zero_dte,
    }
}

fn pin(pin: &Pin) -> PinView {
    PinView {
        strike: pin.strike.into(),
        gamma_share: significant(pin.gamma_share),
        distance_sigma: pin.distance_sigma.and_then(significant),
        strength: pin.strength.and_then(significant),
    }
}

const fn rows(counts: &RowCounts) -> RowsView {
    RowsView {
        rows: counts.rows,
        included: counts.included,
        expired: counts.expired,
        missing_oi: counts.missing_oi,
        no_iv: counts.no_iv,
        iv_out_of_range: counts.iv_out_of_range,
        unknown_multiplier: counts.unknown_multiplier,
        stale: counts.stale,
        crossed: counts.crossed,
        interpolated: counts.interpolated,
    }
}

/// The `most` neighbours in a list by price whose middle is nearest to `centre`.
pub(super) fn around<T>(sorted: &[T], price: impl Fn(&T) -> Price, centre: f64, most: usize) -> &[T] {
    let distance = |n: usize| sorted.get(n).map_or(f64::INFINITY, |row| (price(row).to_f64() - centre).abs());
    let next = sorted.partition_point(|row| price(row).to_f64() < centre);
    let place = if next > 0 && distance(next - 1) < distance(next) { next - 1 } else { next };
    let first = place.saturating_sub(most / 2).min(sorted.len().saturating_sub(most));
    &sorted[first..sorted.len().min(first + most)]
}

const fn bucket_name(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Zero => "0dte",
        Bucket::One => "1dte",
        Bucket::Fortnight => "<=14d",
        Bucket::All => "all",
    }
}

const fn dealer_sign(sign: DealerSign) -> &'static str {
    match sign {
        DealerSign::Naive => "naive",
        DealerSign::Inverse => "inverse",
        DealerSign::ShortBoth => "short-both",
    }
}

const fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Ibkr => "ibkr",
        Provider::AlphaVantage => "alpha_vantage",
        Provider::Cboe => "cboe",
        Provider::Lean => "lean",
        Provider::EndOfDay => "end_of_day",
        Provider::Synthetic => "synthetic",
    }
}

#[cfg(test)]
mod tests;
