//! Both options of a strike at once, with what their expiry shares taken out of the loop.
//!
//! The formulas are those of [`crate::options`]; here the square root, the discount factors and the logarithm of
//! spot are made once for each expiry, the density once for each strike, and each of N(d1), N(d2) gives both
//! tails: the lesser by `erfc`, the greater as one less the lesser, which loses nothing.

use core::f64::consts::FRAC_1_SQRT_2;

use alphatrader_model::instrument::Right;
use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

use super::exponential::decay;
use crate::options::{Market, NoVolatility, ONE_MINUTE, Terms, solve_volatility};

/// 1/sqrt(2 pi).
pub(crate) const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;

/// Least `sigma * sqrt(T)` at which the price is more than intrinsic.
pub(crate) const LEAST_TOTAL_VOLATILITY: f64 = 1e-8;

/// `|d1|` beyond which the density is nothing.
const MOST_D1: f64 = 38.0;

/// Volatilities are below this.
pub(crate) const VOLATILITY_LIMIT: f64 = 5.0;

/// Least change of a price for one vol point, dollars, for a volatility to mean anything.
const LEAST_POINT: f64 = 0.001;

/// A warm start ends when a step is less than this part of the volatility; the next would be its cube.
const WARM_STEP: f64 = 1e-4;

/// Steps of a warm start before the cold solver is asked.
const WARM_STEPS: usize = 4;

/// What the options of one expiry share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carry {
    pub(crate) spot: f64,
    pub(crate) ln_spot: f64,
    /// Years to settlement, at least a minute.
    pub(crate) years: f64,
    pub(crate) root: f64,
    pub(crate) rate: f64,
    pub(crate) dividend_yield: f64,
    /// e^(-qT).
    pub(crate) kept: f64,
    /// e^(-rT).
    pub(crate) discount: f64,
    /// (r - q)T.
    pub(crate) drift: f64,
    pub(crate) forward: f64,
    /// Less than a minute is left and a minute is priced.
    pub(crate) clamped: bool,
}

/// One side of a strike: dollars a share, per year, per 1.00 of volatility.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Side {
    pub(crate) price: f64,
    pub(crate) delta: f64,
    pub(crate) theta: f64,
    pub(crate) rho: f64,
    pub(crate) charm: f64,
}

/// Both sides of a strike at one volatility.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Both {
    pub(crate) gamma: f64,
    pub(crate) vega: f64,
    pub(crate) vanna: f64,
    pub(crate) call: Side,
    pub(crate) put: Side,
}

impl Carry {
    /// Nothing when it has expired. Spot and rates are checked by the caller.
    pub(crate) fn new(spot: f64, years: f64, rate: f64, dividend_yield: f64) -> Option<Self> {
        if years.is_nan() || years <= 0.0 {
            return None;
        }
        let clamped = years < ONE_MINUTE;
        let years = years.max(ONE_MINUTE);
        let drift = (rate - dividend_yield) * years;
        Some(Self {
            spot,
            ln_spot: libm::log(spot),
            years,
            root: libm::sqrt(years),
            rate,
            dividend_yield,
            kept: libm::exp(-dividend_yield * years),
            discount: libm::exp(-rate * years),
            drift,
            forward: spot * libm::exp(drift),
            clamped,
        })
    }

    /// d1 of a strike, and `sigma * sqrt(T)`; nothing when no chance is left in it.
    pub(crate) fn d1(&self, ln_strike: f64, volatility: f64) -> Option<(f64, f64)> {
        let total = volatility * self.root;
        if total < LEAST_TOTAL_VOLATILITY {
            return None;
        }
        Some(((self.ln_spot - ln_strike + self.drift) / total + 0.5 * total, total))
    }

    /// All of a strike at a volatility in (0, 5).
    pub(crate) fn both(&self, strike: f64, ln_strike: f64, volatility: f64) -> Both {
        match self.d1(ln_strike, volatility) {
            Some((d1, total)) if d1.abs() <= MOST_D1 => self.uncertain(strike, volatility, d1, total),
            _ => self.certain(strike),
        }
    }

    fn uncertain(&self, strike: f64, volatility: f64, d1: f64, total: f64) -> Both {
        let d2 = d1 - total;
        let (spot_now, strike_now) = (self.spot * self.kept, strike * self.discount);
        let density = DENSITY_AT_ZERO * decay(-0.5 * d1 * d1);
        let ((n1, m1), (n2, m2)) = (tails(d1), tails(d2));
        let (rate, q) = (self.rate, self.dividend_yield);
        // The part of theta and of charm that both sides share.
        let fading = spot_now * density * volatility / (2.0 * self.root);
        let turning = self.kept * density * (2.0 * self.drift - d2 * total) / (2.0 * self.years * total);
        let life = strike_now * self.years;
        Both {
            gamma: self.kept * density / (self.spot * total),
            vega: spot_now * density * self.root,
            vanna: -self.kept * density * d2 / volatility,
            call: Side {
                price: (spot_now * n1 - strike_now * n2).max(0.0),
                delta: self.kept * n1,
                theta: q * spot_now * n1 - rate * strike_now * n2 - fading,
                rho: life * n2,
                charm: q * self.kept * n1 - turning,
            },
            put: Side {
                price: (strike_now * m2 - spot_now * m1).max(0.0),
                delta: -self.kept * m1,
                theta: rate * strike_now * m2 - q * spot_now * m1 - fading,
                rho: -life * m2,
                charm: -q * self.kept * m1 - turning,
            },
        }
    }

    /// No chance is left: the forward decides.
    fn certain(&self, strike: f64) -> Both {
        let (spot_now, strike_now) = (self.spot * self.kept, strike * self.discount);
        let inside = spot_now - strike_now;
        let exercised = if inside > 0.0 {
            1.0
        } else if inside < 0.0 {
            0.0
        } else {
            0.5
        };
        let side = |sign: f64, exercised: f64| Side {
            price: (sign * inside).max(0.0),
            delta: sign * self.kept * exercised,
            theta: sign * exercised * (self.dividend_yield * spot_now - self.rate * strike_now),
            rho: sign * exercised * strike_now * self.years,
            charm: sign * self.dividend_yield * self.kept * exercised,
        };
        Both { call: side(1.0, exercised), put: side(-1.0, 1.0 - exercised), ..Both::default() }
    }

    /// The volatility at which the option costs `price`; `guess` is the one it had a moment ago.
    pub(crate) fn imply(
        &self,
        right: Right,
        strike: f64,
        ln_strike: f64,
        price: f64,
        guess: Option<f64>,
    ) -> Result<f64, NoVolatility> {
        let warm = guess.and_then(|guess| self.warm(right, strike, ln_strike, price, guess));
        let found = match warm {
            Some(found) => found,
            None => self.cold(right, strike, price)?,
        };
        if !(found > 0.0 && found < VOLATILITY_LIMIT) {
            return Err(NoVolatility::OutOfRange);
        }
        let (d1, _) = self.d1(ln_strike, found).ok_or(NoVolatility::Unreliable)?;
        let vega = self.spot * self.kept * self.root * DENSITY_AT_ZERO * decay(-0.5 * d1 * d1);
        if vega * 0.01 < LEAST_POINT { Err(NoVolatility::Unreliable) } else { Ok(found) }
    }

    fn cold(&self, right: Right, strike: f64, price: f64) -> Result<f64, NoVolatility> {
        let terms = Terms {
            right,
            spot: self.spot,
            strike,
            years: self.years,
            rate: self.rate,
            dividend_yield: self.dividend_yield,
        };
        solve_volatility(&terms, price)
    }

    /// Halley's steps from a volatility nearby: each error is about the cube of the one before.
    fn warm(&self, right: Right, strike: f64, ln_strike: f64, price: f64, guess: f64) -> Option<f64> {
        let (spot_now, strike_now) = (self.spot * self.kept, strike * self.discount);
        let call = right == Right::Call;
        let inside = if call { spot_now - strike_now } else { strike_now - spot_now };
        if price <= inside.max(0.0) || price >= if call { spot_now } else { strike_now } {
            return None;
        }
        let mut volatility = guess;
        for _ in 0..WARM_STEPS {
            let (d1, total) = self.d1(ln_strike, volatility)?;
            if d1.abs() > MOST_D1 {
                return None;
            }
            let d2 = d1 - total;
            let vega = spot_now * self.root * DENSITY_AT_ZERO * decay(-0.5 * d1 * d1);
            let at = if call {
                spot_now * lower_tail(d1) - strike_now * lower_tail(d2)
            } else {
                strike_now * lower_tail(-d2) - spot_now * lower_tail(-d1)
            };
            let newton = (price - at) / vega;
            let step = newton / (1.0 + 0.5 * d1 * d2 * newton / volatility);
            volatility += step;
            if !(volatility > 0.0 && volatility < VOLATILITY_LIMIT) {
                return None;
            }
            if step.abs() < WARM_STEP * volatility {
                return Some(volatility);
            }
        }
        None
    }
}

/// N(x).
fn lower_tail(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// N(x) and N(-x).
fn tails(x: f64) -> (f64, f64) {
    let lesser = 0.5 * libm::erfc(x.abs() * FRAC_1_SQRT_2);
    let greater = 1.0 - lesser;
    if x > 0.0 { (greater, lesser) } else { (lesser, greater) }
}

/// Middle of a quote that is fit to imply a volatility from, dollars. When a last trade was made no chain says, so
/// none stands in.
pub(crate) fn usable_middle(bid: Option<Price>, ask: Option<Price>) -> Option<f64> {
    Market { bid, ask, last: None }.price().ok().map(|(price, _)| price)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::value;
    use proptest::prelude::*;

    fn close(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-11 * scale.abs().max(b.abs())
    }

    proptest! {
        #[test]
        fn it_says_what_the_formula_of_one_option_says(
            moneyness in -4.0_f64..4.0, minutes in 0.5_f64..1_000_000.0, sigma in 0.01_f64..4.9,
            rate in -0.02_f64..0.08, q in -0.02_f64..0.08,
        ) {
            let years = minutes / 525_600.0;
            let strike = 600.0 * libm::exp((moneyness * sigma * libm::sqrt(years)).clamp(-5.0, 5.0));
            let carry = Carry::new(600.0, years, rate, q).unwrap();
            let both = carry.both(strike, libm::log(strike), sigma);
            for (right, side) in [(Right::Call, both.call), (Right::Put, both.put)] {
                let terms = Terms { right, spot: 600.0, strike, years, rate, dividend_yield: q };
                let exact = value(&terms, sigma).unwrap();
                prop_assert!(close(side.price, exact.price, 600.0), "{side:?} {exact:?}");
                prop_assert!(close(side.delta, exact.delta, 1.0));
                prop_assert!(close(side.theta, exact.theta, 600.0 * sigma / carry.root));
                prop_assert!(close(both.gamma, exact.gamma, 1.0 / (600.0 * sigma * carry.root)));
                prop_assert!(close(both.vega, exact.vega, 600.0 * carry.root));
                prop_assert!(close(side.rho, exact.rho, strike * years));
                prop_assert!(close(both.vanna, exact.vanna, 1.0 / sigma));
                prop_assert!(close(side.charm, exact.charm, 1.0 / carry.years + 1.0));
            }
        }

        #[test]
        fn a_warm_start_ends_where_a_cold_one_does(
            moneyness in -2.0_f64..2.0, minutes in 30.0_f64..525_600.0, sigma in 0.05_f64..2.0, off in -0.2_f64..0.2,
        ) {
            let years = minutes / 525_600.0;
            let strike = 600.0 * libm::exp(moneyness * sigma * libm::sqrt(years));
            let ln_strike = libm::log(strike);
            let carry = Carry::new(600.0, years, 0.04, 0.01).unwrap();
            let right = if strike >= carry.forward { Right::Call } else { Right::Put };
            let both = carry.both(strike, ln_strike, sigma);
            let price = if right == Right::Call { both.call.price } else { both.put.price };
            let cold = carry.imply(right, strike, ln_strike, price, None);
            let warm = carry.imply(right, strike, ln_strike, price, Some(sigma * (1.0 + off)));
            match (cold, warm) {
                (Ok(cold), Ok(warm)) => prop_assert!((cold / warm - 1.0).abs() < 1e-9, "{cold} {warm}"),
                (cold, warm) => prop_assert_eq!(cold, warm),
            }
        }
    }

    #[test]
    fn a_quote_is_usable_or_not() {
        let cents = |cents: i64| Some(Price::from_cents(cents));
        assert_eq!(usable_middle(cents(100), cents(104)), Some(1.02));
        assert_eq!(usable_middle(cents(35), cents(45)), Some(0.40));
        assert_eq!(usable_middle(cents(34), cents(45)), None);
        assert_eq!(usable_middle(cents(104), cents(104)), None);
        assert_eq!(usable_middle(None, cents(4)), None);
        assert_eq!(usable_middle(cents(0), cents(4)), None);
    }
}
