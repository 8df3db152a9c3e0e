//! What trading costs and moves: spreads, impact, Kyle, Roll, Amihud, as two other programs have them.

use alphatrader_analytics::impact::kyle::Moments;
use alphatrader_analytics::impact::spread::{HORIZONS, LEAST};
use alphatrader_analytics::impact::{Amihud, Kyle, Roll, Spreads};
use alphatrader_model::market::Side;
use alphatrader_model::metric::Quality;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde_json::Value;

use super::{cases, list, near, number};

fn whole(case: &Value, name: &str) -> i64 {
    case[name].as_i64().unwrap_or_else(|| panic!("`{name}` is no whole number"))
}

/// Each trade by itself, as often as a mean needs; its middle of later is in force at each horizon.
#[test]
fn spreads_and_impact_of_a_trade() {
    for case in cases("spreads").as_array().expect("a list") {
        let side = if whole(case, "side") == 1 { Side::Buy } else { Side::Sell };
        let mut spreads = Spreads::default();
        let at = |place: u64| Timestamp::from_seconds(40 * place as i64);
        for place in 0..LEAST {
            spreads.on_mid(at(place), Some(2 * whole(case, "mid")));
            spreads.on_trade(at(place), Price::from_raw(whole(case, "price")), 100, side, Quality::GOOD);
            spreads.on_mid(at(place) + Span::from_millis(500), Some(2 * whole(case, "later")));
        }
        spreads.on_timer(at(LEAST) + Span::from_seconds(300));
        for horizon in 0..HORIZONS.len() {
            let (realised, impact) = (spreads.realised(horizon), spreads.impact(horizon));
            assert_eq!((realised.n_obs, impact.n_obs), (LEAST as u32, LEAST as u32), "horizon {horizon}");
            near("realised", realised.value.expect("ten trades"), number(case, "realised"), 1e-9, 1e-12);
            near("impact", impact.value.expect("ten trades"), number(case, "impact"), 1e-9, 1e-12);
        }
    }
}

/// All thirty trades in one window, of one size each: the means are the means of theirs, at every horizon.
#[test]
fn spreads_and_impact_of_a_session() {
    let cases = cases("spreads");
    let cases = cases.as_array().expect("a list");
    let mut spreads = Spreads::default();
    // Far enough apart for the shorter horizons; each trade's middle of later stands until the next.
    let at = |place: usize| Timestamp::from_seconds(40 * place as i64);
    for (place, case) in cases.iter().enumerate() {
        let side = if whole(case, "side") == 1 { Side::Buy } else { Side::Sell };
        spreads.on_mid(at(place), Some(2 * whole(case, "mid")));
        spreads.on_trade(at(place), Price::from_raw(whole(case, "price")), 300, side, Quality::GOOD);
        spreads.on_mid(at(place) + Span::from_millis(500), Some(2 * whole(case, "later")));
        spreads.on_timer(at(place) + Span::from_seconds(39));
    }
    let mean = |name| cases.iter().map(|case| number(case, name)).sum::<f64>() / cases.len() as f64;
    let effective = spreads.effective();
    assert_eq!(effective.n_obs as usize, cases.len());
    near("effective", effective.value.expect("thirty trades"), mean("effective"), 1e-9, 1e-12);
    for horizon in 0..3 {
        let (realised, impact) = (spreads.realised(horizon), spreads.impact(horizon));
        assert_eq!(realised.n_obs as usize, cases.len(), "horizon {horizon}");
        near("realised", realised.value.expect("thirty trades"), mean("realised"), 1e-9, 1e-12);
        near("impact", impact.value.expect("thirty trades"), mean("impact"), 1e-9, 1e-12);
    }
}

#[test]
fn kyles_slope_with_its_error() {
    let case = cases("kyle");
    let (flow, change) = (list(&case["flow"]), list(&case["change"]));
    let mut moments = Moments::new(1.0);
    for (x, y) in flow.iter().zip(&change) {
        moments.add(*x, *y);
    }
    let slope = moments.slope().expect("sixty different intervals");
    for theirs in ["lambda", "orderflow"] {
        near(theirs, slope.lambda, number(&case, theirs), 1e-11, 0.0);
    }
    near("t", slope.t, number(&case, "t"), 1e-10, 0.0);
    near("r2", slope.r2, number(&case, "r2"), 1e-10, 0.0);
    assert_eq!(slope.effective, flow.len() as f64);
}

/// The same flow and changes as minutes of prints and middles: the moments that fade, told in dollars and in
/// basis points, are the weighted regression of what was seen.
#[test]
fn kyles_slope_of_minutes() {
    let case = cases("kyle");
    let (flow, change) = (list(&case["flow"]), list(&case["change"]));
    let mut kyle = Kyle::new(Span::MINUTE, 31);
    let at = |minute: usize, second: i64| Timestamp::from_seconds(60 * minute as i64 + second);
    let mut twice_mid = 2_000_000_i64;
    kyle.on_mid(at(0, 0), twice_mid, true);
    let fade = 30.0 / 32.0;
    let (mut weight, mut sums) = (0.0, [0.0; 4]);
    for (minute, (x, y)) in flow.iter().zip(&change).enumerate() {
        kyle.on_trade(at(minute, 20), *x as i64, Quality::GOOD);
        // Twice the middle, in price units: what of their change is a whole number of them.
        let moved = libm::round(y * 2e4);
        twice_mid += moved as i64;
        kyle.on_mid(at(minute, 40), twice_mid, true);
        let y = moved * 0.5e-4;
        weight = fade * weight + 1.0;
        for (sum, new) in sums.iter_mut().zip([*x, y, x * x, x * y]) {
            *sum = fade * *sum + new;
        }
    }
    kyle.on_timer(at(flow.len(), 1));
    let [x, y, xx, xy] = sums;
    let theirs = (xy - x * y / weight) / (xx - x * x / weight);
    near("lambda", kyle.lambda().value.expect("sixty minutes"), theirs, 1e-9, 0.0);
    let mid = twice_mid as f64 * 0.5e-4;
    let bps = kyle.bps_per_100k().value.expect("sixty minutes");
    near("bps", bps, theirs * 1e9 / (mid * mid), 1e-9, 0.0);
    near("about theirs of all alike", theirs, number(&case, "lambda"), 0.35, 0.0);
}

#[test]
fn rolls_spread_over_the_whole_series() {
    let case = cases("roll");
    let prices = list(&case["price"]);
    let mut roll = Roll::new(prices.len() - 1);
    for (place, price) in prices.iter().enumerate() {
        assert_eq!(roll.spread().value, None, "{place} prints of {}", prices.len());
        roll.on_trade(Price::from_raw(libm::round(price * 1e4) as i64), true, Quality::GOOD);
    }
    let spread = roll.spread();
    near("roll", spread.value.expect("it bounces"), number(&case, "roll"), 1e-9, 0.0);
    assert_eq!(spread.n_obs as usize, prices.len() - 1);
}

/// Ours is times a million dollars.
#[test]
fn amihuds_illiquidity() {
    let case = cases("amihud");
    let mut amihud = Amihud::default();
    for (change, dollars) in list(&case["return"]).into_iter().zip(list(&case["volume"])) {
        amihud.add(change, dollars);
    }
    let value = amihud.illiquidity().value.expect("forty bars");
    near("amihud", value, 1e6 * number(&case, "amihud"), 1e-12, 0.0);
}

/// Effective is realised and impact, in their numbers too.
#[test]
fn the_cases_hang_together() {
    for case in cases("spreads").as_array().expect("a list") {
        let sum = number(case, "realised") + number(case, "impact");
        near("effective", sum, number(case, "effective"), 1e-9, 1e-12);
    }
    let kyle = cases("kyle");
    near("both programs", number(&kyle, "lambda"), number(&kyle, "orderflow"), 1e-10, 0.0);
    assert_eq!(list(&kyle["flow"]).len(), list(&kyle["change"]).len());
}
