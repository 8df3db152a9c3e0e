//! What the view of a chain keeps, cuts and leaves out.

use alphatrader_model::exposure::{Cell, Zero};
use alphatrader_model::{OptionContract, Symbol, Timestamp};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

const DAY: Date = date(2026, 11, 23);

/// A chain that knows nothing but its spot.
fn bare() -> ChainExposure {
    ChainExposure {
        underlying: Symbol::new("SPY").unwrap(),
        as_of: Timestamp::from_seconds(1_000),
        spot: 600.0,
        providers: vec![Provider::AlphaVantage, Provider::Ibkr],
        oldest: None,
        dealer_sign: DealerSign::ShortBoth,
        greeks: GreeksSource::Own,
        rows: RowCounts { rows: 10, included: 8, missing_oi: 2, ..RowCounts::default() },
        flagged_share: 0.0,
        degraded: true,
        total: Sums::default(),
        buckets: Vec::new(),
        by_expiry: Vec::new(),
        cells: Vec::new(),
        unusual: Vec::new(),
        pin: None,
    }
}

/// As the market half knows it.
fn shown(chain: &ChainExposure) -> OptionsView {
    let mut known = OptionsKnown::new(chain.underlying);
    assert_eq!(options(&known), None, "nothing before the first round");
    known.exposure = Some(std::sync::Arc::new(chain.clone()));
    options(&known).unwrap()
}

fn a_bucket(bucket: Bucket, strikes: i64) -> BucketExposure {
    let by_strike = (0..strikes).map(|n| StrikeExposure {
        strike: Price::from_cents((600 - strikes / 2 + n) * 100),
        sums: Sums { gex: n as f64, ..Sums::default() },
    });
    BucketExposure {
        bucket,
        sums: Sums { gex: -1.24e9, ..Sums::default() },
        levels: Levels::default(),
        put_call: PutCall::default(),
        by_strike: by_strike.collect(),
        profile: Vec::new(),
    }
}

fn an_expiry(day: Date) -> ExpiryExposure {
    ExpiryExposure {
        expiry: day,
        minutes: 300.0,
        forward: None,
        atm_iv: None,
        skew_25: None,
        sums: Sums::default(),
        levels: Levels::default(),
        max_pain: None,
        expected_move: None,
        put_call: PutCall::default(),
        smile: Vec::new(),
    }
}

#[test]
fn what_is_not_known_is_null_and_never_zero() {
    let mut chain = bare();
    chain.buckets = vec![a_bucket(Bucket::All, 1)];
    chain.buckets[0].sums.vanna_ex = f64::NAN;
    chain.by_expiry = vec![an_expiry(DAY)];
    chain.unusual = vec![Unusual {
        contract: OptionContract {
            root: chain.underlying,
            expiry: DAY,
            strike: Price::from_cents(58_500),
            right: Right::Put,
        },
        ratio: None,
        new_strike: true,
        volume: 900,
        open_interest: 0,
        premium_usd: 1e5,
        ask_share: None,
        side: None,
        seen_at: None,
        zero_dte: false,
    }];
    let json = serde_json::to_value(shown(&chain)).unwrap();
    for pointer in [
        "/oldest",
        "/pin",
        "/buckets/0/sums/vanna_ex",
        "/buckets/0/levels/gamma_flip",
        "/buckets/0/levels/call_wall",
        "/buckets/0/levels/profile_positive",
        "/buckets/0/put_call/oi",
        "/expiries/0/atm_iv",
        "/expiries/0/forward",
        "/expiries/0/max_pain",
        "/expiries/0/expected_move",
        "/unusual/0/ratio",
        "/unusual/0/ask_share",
        "/unusual/0/seen_at",
        "/unusual/0/side",
    ] {
        assert!(json.pointer(pointer).is_some_and(serde_json::Value::is_null), "{pointer} in {json}");
    }
    assert_eq!(json["unusual"][0]["contract"], "SPY261123P00585000");
    assert_eq!(json["dealer_sign"], "short-both");
    assert_eq!(json["providers"], serde_json::json!(["alpha_vantage", "ibkr"]));
    assert_eq!((&json["rows"]["included"], &json["degraded"]), (&8.into(), &true.into()));
}

#[test]
fn the_strikes_around_spot_are_kept_and_all_are_counted() {
    let mut chain = bare();
    chain.buckets = vec![a_bucket(Bucket::Zero, 401)];
    let view = shown(&chain);
    let strikes = &view.buckets[0].strikes;
    assert_eq!((view.buckets[0].strikes_total, strikes.len()), (401, MOST_STRIKES));
    assert_eq!(strikes[MOST_STRIKES / 2].strike.to_string(), "600.00");
    assert!(strikes.is_sorted_by_key(|row| row.strike));
}

#[test]
fn levels_are_todays_where_there_are_any() {
    let mut chain = bare();
    assert_eq!(levels(&chain), None);
    chain.buckets = vec![a_bucket(Bucket::All, 3)];
    assert_eq!(levels(&chain).unwrap().bucket, "all");
    chain.buckets.insert(0, a_bucket(Bucket::Zero, 3));
    chain.buckets[0].levels.gamma_flip = Some(602.099_94);
    chain.by_expiry = vec![ExpiryExposure { max_pain: Some(Price::from_cents(60_000)), ..an_expiry(DAY) }];
    let levels = levels(&chain).unwrap();
    assert_eq!((levels.bucket.as_str(), levels.gex), ("0dte", Some(-1.24e9)));
    assert_eq!(levels.gamma_flip.map(|d| d.to_string()).as_deref(), Some("602.0999"));
    assert_eq!(levels.max_pain.map(|d| d.to_string()).as_deref(), Some("600.00"));
    assert_eq!(levels.call_wall, None);
}

#[test]
fn a_zero_tells_its_direction() {
    let zeros =
        vec![Zero { spot: 598.0, direction: Crossing::Down }, Zero { spot: 602.1, direction: Crossing::Up }];
    let view = marks(&Levels { all_zeros: zeros, ..Levels::default() });
    let told: Vec<_> = view.zeros.iter().map(|zero| (zero.spot.to_string(), zero.up)).collect();
    assert_eq!(told, [("598.00".to_owned(), false), ("602.10".to_owned(), true)]);
}

#[test]
fn a_cell_without_a_contract_is_nothing() {
    let mut chain = bare();
    let cell = |day: Date, dollars: i64, gex: f64| Cell {
        expiry: day,
        strike: Price::from_cents(dollars * 100),
        gex,
        dex: -gex,
        vol_gex: 0.0,
    };
    chain.cells = vec![cell(DAY, 600, 5.0), cell(DAY.tomorrow().unwrap(), 601, -7.0)];
    let map = shown(&chain).map;
    assert_eq!(map.expiries, ["2026-11-23", "2026-11-24"]);
    assert_eq!(map.gex, [[Some(5.0), None], [None, Some(-7.0)]]);
    assert_eq!(map.vol_gex[0], [Some(0.0), None], "a volume of zero is known");
}

#[test]
fn a_long_profile_keeps_its_ends() {
    let points: Vec<_> = (0..1_000).map(|n| ProfilePoint { spot: f64::from(n), gex: 1.0 }).collect();
    let kept = profile(&points);
    assert!(kept.len() <= MOST_PROFILE);
    assert_eq!((kept[0][0], kept.last().unwrap()[0]), (0.0, 999.0));
    assert_eq!(profile(&[]), Vec::<[f64; 2]>::new());
}

proptest! {
    #[test]
    fn neighbours_hold_the_centre(count in 0_i64..200, centre in 0.0_f64..250.0, most in 1_usize..90) {
        let sorted: Vec<Price> = (0..count).map(|n| Price::from_cents(n * 100)).collect();
        let shown = around(&sorted, |price| *price, centre, most);
        prop_assert_eq!(shown.len(), most.min(sorted.len()));
        let nearest = sorted.iter().min_by(|a, b| (a.to_f64() - centre).abs().total_cmp(&(b.to_f64() - centre).abs()));
        if let Some(nearest) = nearest {
            prop_assert!(shown.contains(nearest), "{} of {:?}", nearest, shown);
        }
    }
}
