//! A chain's exposures as one JSON document, in the names of `tests/oracles/gex-expected.json`.
//!
//! Prices are numbers in dollars; strikes as keys are written shortest (`"600"`, `"122.5"`), dates as `2026-06-17`,
//! instants in RFC 3339. What is not known is `null`.

use alphatrader_model::chain::Provider;
use alphatrader_model::exposure::{
    Bucket, BucketExposure, Cell, ChainExposure, DealerSign, ExpectedMove, ExpiryExposure, GreeksSource,
    Levels, Pin, ProfilePoint, PutCall, RowCounts, SmilePoint, StrikeExposure, Sums, TradedSide, Unusual,
    Zero,
};
use alphatrader_model::instrument::{OptionContract, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::conventions::{Conventions, Forwards};

/// The document of a [`ChainExposure`].
#[derive(Debug, Clone, Serialize)]
pub struct ExposureDocument<'a> {
    underlying: Symbol,
    as_of: Timestamp,
    spot: f64,
    conventions: ConventionsPart,
    #[serde(flatten)]
    total: &'a Sums,
    levels: LevelsPart<'a>,
    /// Of the nearest expiry.
    max_pain: Option<Dollars>,
    /// Of the nearest expiry.
    expected_move: Option<MovePart>,
    put_call: Option<PutCall>,
    pin: Option<PinPart>,
    rows: RowsPart,
    degraded: bool,
    flagged_share: f64,
    providers: &'a [Provider],
    ages: Ages,
    unusual: Vec<UnusualPart>,
    unusual_0dte: Vec<UnusualPart>,
    new_strikes: Vec<UnusualPart>,
    by_strike: ByStrike<'a>,
    by_expiry: ByExpiry<'a>,
    by_bucket: ByBucket<'a>,
    by_strike_expiry: Matrix<'a>,
    profile: &'a [ProfilePoint],
}

#[derive(Debug, Clone, Serialize)]
struct ConventionsPart {
    dealer_sign: DealerSign,
    sign: &'static str,
    greeks: GreeksSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwards: Option<Forwards>,
    day_count: &'static str,
    gex: &'static str,
    dex: &'static str,
    dealer_dex: &'static str,
    vanna_ex: &'static str,
    charm_ex: &'static str,
    gex_shares: &'static str,
    vol_gex: &'static str,
    profile: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct LevelsPart<'a> {
    gamma_flip: Option<f64>,
    all_zeros: &'a [Zero],
    profile_positive: Option<bool>,
    call_wall: Option<Dollars>,
    put_wall: Option<Dollars>,
    net_call_wall: Option<Dollars>,
    net_put_wall: Option<Dollars>,
    abs_gamma_strike: Option<Dollars>,
    call_wall_oi: Option<Dollars>,
    put_wall_oi: Option<Dollars>,
    cum_flip: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct MovePart {
    atm_strike: Dollars,
    straddle_mid: Option<f64>,
    straddle_085: Option<f64>,
    one_sigma_from_atm_iv: Option<f64>,
    mean_abs_move_from_iv: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct PinPart {
    strike: Dollars,
    gamma_share: f64,
    distance_sigma: Option<f64>,
    strength: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct RowsPart {
    rows: u32,
    included: u32,
    excluded: Excluded,
    flagged: Flagged,
}

#[derive(Debug, Clone, Serialize)]
struct Excluded {
    expired: u32,
    missing_oi: u32,
    unknown_multiplier: u32,
    no_iv: u32,
    iv_out_of_range: u32,
}

#[derive(Debug, Clone, Serialize)]
struct Flagged {
    stale: u32,
    crossed: u32,
    interpolated: u32,
    disagreed: u32,
}

#[derive(Debug, Clone, Serialize)]
struct Ages {
    oldest_quote: Option<Timestamp>,
    oldest_seconds: Option<f64>,
}

#[derive(Debug, Clone, Serialize)]
struct UnusualPart {
    symbol: OptionContract,
    ratio: Option<f64>,
    volume: u32,
    open_interest: u32,
    premium_usd: f64,
    ask_share: Option<f64>,
    side: Option<TradedSide>,
    seen_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize)]
struct ExpiryPart<'a> {
    minutes: f64,
    forward: Option<f64>,
    atm_iv: Option<f64>,
    skew_25: Option<f64>,
    #[serde(flatten)]
    sums: &'a Sums,
    levels: LevelsPart<'a>,
    max_pain: Option<Dollars>,
    expected_move: Option<MovePart>,
    put_call: PutCall,
    put_call_oi: Option<f64>,
    put_call_volume: Option<f64>,
    smile: Vec<SmilePart>,
}

#[derive(Debug, Clone, Serialize)]
struct SmilePart {
    strike: Dollars,
    iv: f64,
    interpolated: bool,
}

#[derive(Debug, Clone, Serialize)]
struct BucketPart<'a> {
    #[serde(flatten)]
    sums: &'a Sums,
    levels: LevelsPart<'a>,
    put_call: PutCall,
    by_strike: ByStrike<'a>,
    profile: &'a [ProfilePoint],
}

#[derive(Debug, Clone, Serialize)]
struct CellPart {
    gex: f64,
    dex: f64,
    vol_gex: f64,
}

/// A price as a number: whole where it is whole.
#[derive(Debug, Clone, Copy)]
struct Dollars(Price);

#[derive(Debug, Clone, Copy)]
struct ByStrike<'a>(&'a [StrikeExposure]);

#[derive(Debug, Clone, Copy)]
struct ByExpiry<'a>(&'a [ExpiryExposure]);

#[derive(Debug, Clone, Copy)]
struct ByBucket<'a>(&'a [BucketExposure]);

#[derive(Debug, Clone, Copy)]
struct Matrix<'a>(&'a [Cell]);

impl<'a> ExposureDocument<'a> {
    /// The document of a result. `conventions` adds the rate and the yield that it rests on, where they are at hand.
    pub fn new(exposure: &'a ChainExposure, conventions: Option<&Conventions>) -> Self {
        let all = exposure.bucket(Bucket::All);
        let nearest = exposure.by_expiry.first();
        let unusual = |wanted: fn(&Unusual) -> bool| {
            exposure.unusual.iter().filter(|unusual| wanted(unusual)).map(UnusualPart::new).collect()
        };
        Self {
            underlying: exposure.underlying,
            as_of: exposure.as_of,
            spot: exposure.spot,
            conventions: ConventionsPart::new(exposure, conventions),
            total: &exposure.total,
            levels: LevelsPart::new(all.map_or(&NO_LEVELS, |all| &all.levels)),
            max_pain: nearest.and_then(|expiry| expiry.max_pain).map(Dollars),
            expected_move: nearest.and_then(|expiry| expiry.expected_move).map(MovePart::new),
            put_call: all.map(|all| all.put_call),
            pin: exposure.pin.as_ref().map(PinPart::new),
            rows: RowsPart::new(&exposure.rows),
            degraded: exposure.degraded,
            flagged_share: exposure.flagged_share,
            providers: &exposure.providers,
            ages: Ages {
                oldest_quote: exposure.oldest,
                oldest_seconds: exposure.oldest.map(|oldest| exposure.as_of.since(oldest).as_seconds()),
            },
            unusual: unusual(|unusual| !unusual.zero_dte && !unusual.new_strike),
            unusual_0dte: unusual(|unusual| unusual.zero_dte && !unusual.new_strike),
            new_strikes: unusual(|unusual| unusual.new_strike),
            by_strike: ByStrike(all.map_or(&[], |all| &all.by_strike)),
            by_expiry: ByExpiry(&exposure.by_expiry),
            by_bucket: ByBucket(&exposure.buckets),
            by_strike_expiry: Matrix(&exposure.cells),
            profile: all.map_or(&[], |all| &all.profile),
        }
    }
}

static NO_LEVELS: Levels = Levels {
    gamma_flip: None,
    all_zeros: Vec::new(),
    profile_positive: None,
    call_wall: None,
    put_wall: None,
    net_call_wall: None,
    net_put_wall: None,
    abs_gamma_strike: None,
    call_wall_oi: None,
    put_wall_oi: None,
    cum_flip: None,
};

impl ConventionsPart {
    fn new(exposure: &ChainExposure, conventions: Option<&Conventions>) -> Self {
        Self {
            dealer_sign: exposure.dealer_sign,
            sign: match exposure.dealer_sign {
                DealerSign::Naive => "dealers long calls (+1), short puts (-1)",
                DealerSign::Inverse => "dealers short calls (-1), long puts (+1)",
                DealerSign::ShortBoth => "dealers short calls (-1), short puts (-1)",
            },
            greeks: exposure.greeks,
            r: conventions.map(|conventions| conventions.rate),
            q: conventions.map(|conventions| conventions.dividend_yield),
            forwards: conventions.map(|conventions| conventions.forwards),
            day_count: "calendar minutes / 525600",
            gex: "sign*gamma*OI*mult*S^2*0.01, USD of delta per 1% spot move",
            dex: "delta*OI*mult*S, USD, holder side (puts negative), no dealer sign",
            dealer_dex: "sign*delta*OI*mult*S, USD",
            vanna_ex: "sign*vanna*OI*mult*S*0.01, USD of delta per +1 vol point",
            charm_ex: "sign*charm*OI*mult*S/365, USD of delta per calendar day passing",
            gex_shares: "sign*gamma*OI*mult, shares per 1 USD move",
            vol_gex: "gex with the day volume in place of OI",
            profile: "sticky strike: volatility and time of each contract held, spot replaced in gamma and in S^2",
        }
    }
}

impl<'a> LevelsPart<'a> {
    fn new(levels: &'a Levels) -> Self {
        Self {
            gamma_flip: levels.gamma_flip,
            all_zeros: &levels.all_zeros,
            profile_positive: levels.profile_positive,
            call_wall: levels.call_wall.map(Dollars),
            put_wall: levels.put_wall.map(Dollars),
            net_call_wall: levels.net_call_wall.map(Dollars),
            net_put_wall: levels.net_put_wall.map(Dollars),
            abs_gamma_strike: levels.abs_gamma_strike.map(Dollars),
            call_wall_oi: levels.call_wall_oi.map(Dollars),
            put_wall_oi: levels.put_wall_oi.map(Dollars),
            cum_flip: levels.cum_flip,
        }
    }
}

impl MovePart {
    fn new(expected: ExpectedMove) -> Self {
        Self {
            atm_strike: Dollars(expected.atm_strike),
            straddle_mid: expected.straddle_mid,
            straddle_085: expected.straddle_085,
            one_sigma_from_atm_iv: expected.one_sigma_from_atm_iv,
            mean_abs_move_from_iv: expected.mean_abs_move_from_iv,
        }
    }
}

impl PinPart {
    fn new(pin: &Pin) -> Self {
        Self {
            strike: Dollars(pin.strike),
            gamma_share: pin.gamma_share,
            distance_sigma: pin.distance_sigma,
            strength: pin.strength,
        }
    }
}

impl RowsPart {
    fn new(rows: &RowCounts) -> Self {
        Self {
            rows: rows.rows,
            included: rows.included,
            excluded: Excluded {
                expired: rows.expired,
                missing_oi: rows.missing_oi,
                unknown_multiplier: rows.unknown_multiplier,
                no_iv: rows.no_iv,
                iv_out_of_range: rows.iv_out_of_range,
            },
            flagged: Flagged {
                stale: rows.stale,
                crossed: rows.crossed,
                interpolated: rows.interpolated,
                disagreed: rows.disagreed,
            },
        }
    }
}

impl UnusualPart {
    fn new(unusual: &Unusual) -> Self {
        Self {
            symbol: unusual.contract,
            ratio: unusual.ratio,
            volume: unusual.volume,
            open_interest: unusual.open_interest,
            premium_usd: unusual.premium_usd,
            ask_share: unusual.ask_share,
            side: unusual.side,
            seen_at: unusual.seen_at,
        }
    }
}

impl<'a> ExpiryPart<'a> {
    fn new(expiry: &'a ExpiryExposure) -> Self {
        let smile = |point: &SmilePoint| SmilePart {
            strike: Dollars(point.strike),
            iv: point.iv,
            interpolated: point.interpolated,
        };
        Self {
            minutes: expiry.minutes,
            forward: expiry.forward,
            atm_iv: expiry.atm_iv,
            skew_25: expiry.skew_25,
            sums: &expiry.sums,
            levels: LevelsPart::new(&expiry.levels),
            max_pain: expiry.max_pain.map(Dollars),
            expected_move: expiry.expected_move.map(MovePart::new),
            put_call: expiry.put_call,
            put_call_oi: expiry.put_call.oi,
            put_call_volume: expiry.put_call.volume,
            smile: expiry.smile.iter().map(smile).collect(),
        }
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.raw() % Price::SCALE == 0 {
            serializer.serialize_i64(self.0.raw() / Price::SCALE)
        } else {
            serializer.serialize_f64(self.0.to_f64())
        }
    }
}

/// The shortest way to write a price: `600`, `122.5`.
fn shortest(price: Price) -> String {
    price.to_f64().to_string()
}

impl Serialize for ByStrike<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for strike in self.0 {
            map.serialize_entry(&shortest(strike.strike), &strike.sums)?;
        }
        map.end()
    }
}

impl Serialize for ByExpiry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for expiry in self.0 {
            map.serialize_entry(&expiry.expiry, &ExpiryPart::new(expiry))?;
        }
        map.end()
    }
}

impl Serialize for ByBucket<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for bucket in self.0 {
            let part = BucketPart {
                sums: &bucket.sums,
                levels: LevelsPart::new(&bucket.levels),
                put_call: bucket.put_call,
                by_strike: ByStrike(&bucket.by_strike),
                profile: &bucket.profile,
            };
            map.serialize_entry(&bucket.bucket, &part)?;
        }
        map.end()
    }
}

/// Expiry, then strike.
impl Serialize for Matrix<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for cells in self.0.chunk_by(|a, b| a.expiry == b.expiry) {
            map.serialize_entry(&cells[0].expiry, &Row(cells))?;
        }
        map.end()
    }
}

struct Row<'a>(&'a [Cell]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for cell in self.0 {
            let part = CellPart { gex: cell.gex, dex: cell.dex, vol_gex: cell.vol_gex };
            map.serialize_entry(&shortest(cell.strike), &part)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_are_written_shortest() {
        let written = [(6_000_000, "600"), (1_225_000, "122.5"), (1_222_500, "122.25")];
        for (raw, text) in written {
            assert_eq!(shortest(Price::from_raw(raw)), text);
            assert_eq!(serde_json::to_string(&Dollars(Price::from_raw(raw))).unwrap(), text);
        }
    }
}
