//! Chains for the tests.

use alphatrader_model::calendar::Calendar;
use alphatrader_model::chain::{ChainEntry, ChainSnapshot, Exercise, Provider, VendorGreeks};
use alphatrader_model::instrument::{OptionContract, Right, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};

use crate::chance::unit;
use crate::exposure::{Conventions, Forwards, Moment};
use crate::options::{Terms, price};

pub(crate) fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

/// Noon of a Wednesday in New York.
pub(crate) fn noon() -> Timestamp {
    "2026-06-17T16:00:00Z".parse().unwrap()
}

pub(crate) fn moment() -> Moment {
    Moment::new(&Calendar::xnys(), noon())
}

pub(crate) fn conventions() -> Conventions {
    Conventions { rate: 0.04, dividend_yield: 0.01, forwards: Forwards::Yield, ..Conventions::default() }
}

/// Both sides of strikes a dollar apart about 600, in each of these expiries (hours away), quoted a cent wide or 2 %.
pub(crate) fn chain(hours: &[i64], strikes: i64, seed: u64) -> ChainSnapshot {
    let mut draw = unit(seed);
    let mut rows = Vec::new();
    for hours in hours {
        for step in 0..strikes {
            for right in [Right::Call, Right::Put] {
                rows.push(entry(*hours, 600 + step - strikes / 2, right, &mut draw));
            }
        }
    }
    ChainSnapshot {
        underlying: spy(),
        provider: Provider::AlphaVantage,
        as_of: noon(),
        spot: Some(Price::from_cents(60_000)),
        expiry: None,
        delayed: false,
        rows,
    }
}

fn entry(hours: i64, dollars: i64, right: Right, draw: &mut impl FnMut() -> f64) -> ChainEntry {
    let settles = noon() + Span::from_minutes(hours * 60);
    let years = hours as f64 / 8_760.0;
    let strike = dollars as f64;
    let volatility = (0.05 / libm::sqrt(years)).max(0.15) * (1.0 + 0.05 * draw());
    let terms = Terms { right, spot: 600.0, strike, years, rate: 0.04, dividend_yield: 0.01 };
    let fair = price(&terms, volatility).unwrap();
    let half = (fair * 0.01).max(0.01);
    let units = |dollars: f64| Price::from_raw((dollars * 10_000.0) as i64);
    let expiry = Calendar::xnys().date_of(settles);
    ChainEntry {
        contract: OptionContract { root: spy(), expiry, strike: Price::from_cents(dollars * 100), right },
        multiplier: Some(100),
        exercise: Exercise::American,
        settles,
        bid: Some(units(fair - half).max(Price::from_raw(10))),
        ask: Some(units(fair + half)),
        bid_size: Some(10),
        ask_size: Some(10),
        last: Some(units(fair).max(Price::from_raw(10))),
        volume: Some((draw() * 3_000.0) as u32),
        open_interest: Some((draw() * 9_000.0) as u32),
        implied_volatility: Some(volatility),
        greeks: VendorGreeks::default(),
        quoted_at: None,
    }
}
