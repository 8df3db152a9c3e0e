//! Price and sensitivities of a European option with a continuous yield.

use core::f64::consts::{FRAC_1_SQRT_2, PI};

use alphatrader_model::instrument::Right;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::tenor::ONE_MINUTE;

/// Highest volatility that is priced: 500 vol.
pub const MAX_VOLATILITY: f64 = 5.0;

/// Least `sigma * sqrt(T)` at which the price is more than intrinsic.
const MIN_TOTAL_VOLATILITY: f64 = 1e-8;

/// `|d1|` beyond which the normal density underflows.
const MAX_D1: f64 = 38.0;

/// What an option is written on and how long it lives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Call or put.
    pub right: Right,
    /// Price of the underlying, dollars; `1e-9..=1e12`.
    pub spot: f64,
    /// Strike, dollars; `1e-9..=1e12`.
    pub strike: f64,
    /// Time to expiry, years of 365 days ([`super::years_between`]). Zero or less is expired; less
    /// than a minute is priced as a minute.
    pub years: f64,
    /// Risk-free rate, continuous, a year; with `years` it discounts by at most `e^100`.
    pub rate: f64,
    /// Dividend yield, continuous, a year; likewise. The rate itself for an option on a future.
    pub dividend_yield: f64,
}

/// What cannot be priced.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum PricingError {
    /// Not a price of an underlying.
    #[error("a spot of {0} cannot be priced: it must be from 1e-9 to 1e12 dollars")]
    Spot(f64),
    /// Not a strike.
    #[error("a strike of {0} cannot be priced: it must be from 1e-9 to 1e12 dollars")]
    Strike(f64),
    /// Not a time.
    #[error("a time to expiry of {0} years cannot be priced: it must be finite and below 1000")]
    Years(f64),
    /// Rate or yield is not finite, or far beyond any market's.
    #[error(
        "a rate or yield of {0} a year cannot be priced: over the option's life it must stay within ±100"
    )]
    Rate(f64),
    /// Volatility outside `(0, 5]`.
    #[error("a volatility of {0} cannot be priced: it must be above 0 and at most 5 (500 vol)")]
    Volatility(f64),
}

/// Price and sensitivities of one option on one share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Valuation {
    /// Dollars a share.
    pub price: f64,
    /// Change of the price for one dollar of spot: 0 to 1 for calls, -1 to 0 for puts (times `e^(-qT)`).
    pub delta: f64,
    /// Change of delta for one dollar of spot; never negative.
    pub gamma: f64,
    /// Dollars for 1.00 of volatility; a hundredth of it is a vol point.
    pub vega: f64,
    /// Dollars a year as calendar time passes; divide by 365 for a day.
    pub theta: f64,
    /// Less than a minute was left, and a minute was priced.
    pub clamped: bool,
}

/// Price, dollars a share.
///
/// # Errors
/// [`PricingError`] for terms or a volatility outside their ranges.
pub fn price(terms: &Terms, volatility: f64) -> Result<f64, PricingError> {
    value(terms, volatility).map(|v| v.price)
}

/// Delta: negative for puts.
///
/// # Errors
/// [`PricingError`] for terms or a volatility outside their ranges.
pub fn delta(terms: &Terms, volatility: f64) -> Result<f64, PricingError> {
    value(terms, volatility).map(|v| v.delta)
}

/// Price and sensitivities. About 100 ns.
///
/// At and after expiry the price is intrinsic, delta 0, ½ or 1 (negative for puts) and the rest 0.
///
/// # Errors
/// [`PricingError`] for terms or a volatility outside their ranges.
pub fn value(terms: &Terms, volatility: f64) -> Result<Valuation, PricingError> {
    terms.check()?;
    if !(volatility > 0.0 && volatility <= MAX_VOLATILITY) {
        return Err(PricingError::Volatility(volatility));
    }
    if terms.years <= 0.0 {
        return Ok(expired(terms));
    }
    let clamped = terms.years < ONE_MINUTE;
    let years = if clamped { ONE_MINUTE } else { terms.years };
    let Terms { spot, strike, rate, dividend_yield, .. } = *terms;
    let sign = sign_of(terms.right);
    let root = libm::sqrt(years);
    let total = volatility * root;
    let drift = rate - dividend_yield;
    let d1 = if total < MIN_TOTAL_VOLATILITY {
        f64::INFINITY
    } else {
        (libm::log(spot / strike) + (drift + 0.5 * volatility * volatility) * years) / total
    };
    let (carry, discount) = (libm::exp(-dividend_yield * years), libm::exp(-rate * years));
    let (spot_now, strike_now) = (spot * carry, strike * discount);
    if d1.abs() > MAX_D1 {
        return Ok(certain(terms, carry, spot_now, strike_now, clamped));
    }
    let d2 = d1 - total;
    let (of_d1, of_d2) = (normal_cdf(sign * d1), normal_cdf(sign * d2));
    let density = normal_density(d1);
    Ok(Valuation {
        price: (sign * (spot_now * of_d1 - strike_now * of_d2)).max(0.0),
        delta: sign * carry * of_d1,
        gamma: carry * density / (spot * total),
        vega: spot_now * density * root,
        theta: -spot_now * density * volatility / (2.0 * root)
            + sign * (dividend_yield * spot_now * of_d1 - rate * strike_now * of_d2),
        clamped,
    })
}

impl Terms {
    /// Whether these terms can be priced.
    ///
    /// # Errors
    /// [`PricingError`] that names the first term outside its range.
    pub fn check(&self) -> Result<(), PricingError> {
        let dollars = 1e-9..=1e12;
        if !dollars.contains(&self.spot) {
            return Err(PricingError::Spot(self.spot));
        }
        if !dollars.contains(&self.strike) {
            return Err(PricingError::Strike(self.strike));
        }
        if !(self.years.is_finite() && self.years < 1_000.0) {
            return Err(PricingError::Years(self.years));
        }
        let life = self.years.max(ONE_MINUTE);
        for rate in [self.rate, self.dividend_yield] {
            let total = rate * life;
            if !(total.is_finite() && total.abs() <= 100.0) {
                return Err(PricingError::Rate(rate));
            }
        }
        Ok(())
    }

    /// Price of the underlying for delivery at expiry.
    pub fn forward(&self) -> f64 {
        self.spot * libm::exp((self.rate - self.dividend_yield) * self.life())
    }

    /// Years that are priced: at least a minute, unless expired.
    pub(crate) fn life(&self) -> f64 {
        if self.years <= 0.0 { 0.0 } else { self.years.max(ONE_MINUTE) }
    }
}

/// +1 for calls, -1 for puts.
pub(crate) const fn sign_of(right: Right) -> f64 {
    match right {
        Right::Call => 1.0,
        Right::Put => -1.0,
    }
}

fn expired(terms: &Terms) -> Valuation {
    let sign = sign_of(terms.right);
    let inside = sign * (terms.spot - terms.strike);
    Valuation {
        price: inside.max(0.0),
        delta: sign * step(inside),
        gamma: 0.0,
        vega: 0.0,
        theta: 0.0,
        clamped: false,
    }
}

/// No chance is left: the option ends in or out of the money for sure. The limit of the formula, with
/// the forward in the place of spot; theta is the interest on what will be exchanged.
fn certain(terms: &Terms, carry: f64, spot_now: f64, strike_now: f64, clamped: bool) -> Valuation {
    let sign = sign_of(terms.right);
    let inside = sign * (spot_now - strike_now);
    let exercised = step(inside);
    Valuation {
        price: inside.max(0.0),
        delta: sign * carry * exercised,
        gamma: 0.0,
        vega: 0.0,
        theta: sign * exercised * (terms.dividend_yield * spot_now - terms.rate * strike_now),
        clamped,
    }
}

/// 1 above zero, 0 below, ½ at it.
fn step(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        0.0
    } else {
        0.5
    }
}

/// Both tails keep their digits: never one less the other tail.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(right: Right, spot: f64, strike: f64, years: f64) -> Terms {
        Terms { right, spot, strike, years, rate: 0.043, dividend_yield: 0.012 }
    }

    #[test]
    fn after_expiry_only_intrinsic_is_left() {
        let call = value(&terms(Right::Call, 601.0, 600.0, 0.0), 0.12).unwrap();
        assert_eq!((call.price, call.delta, call.gamma, call.theta), (1.0, 1.0, 0.0, 0.0));
        let put = value(&terms(Right::Put, 601.0, 600.0, -0.1), 0.12).unwrap();
        assert_eq!((put.price, put.delta), (0.0, 0.0));
        assert_eq!(value(&terms(Right::Put, 600.0, 600.0, 0.0), 0.12).unwrap().delta, -0.5);
    }

    #[test]
    fn less_than_a_minute_is_priced_as_a_minute_and_says_so() {
        let minute = value(&terms(Right::Call, 600.0, 600.0, ONE_MINUTE), 0.25).unwrap();
        let second = value(&terms(Right::Call, 600.0, 600.0, ONE_MINUTE / 60.0), 0.25).unwrap();
        assert!(second.clamped && !minute.clamped);
        assert_eq!(second.gamma, minute.gamma);
    }

    #[test]
    fn no_volatility_leaves_the_forward_against_the_strike() {
        let terms = terms(Right::Call, 600.0, 590.0, 1.0);
        let certain = value(&terms, 1e-9).unwrap();
        let forward = (600.0 * libm::exp(-0.012) - 590.0 * libm::exp(-0.043)).max(0.0);
        assert!((certain.price - forward).abs() < 1e-9);
        // A whole vol point is as good as certain ten standard deviations from the strike.
        let nearly = value(&terms, 0.002).unwrap();
        assert!((nearly.price - certain.price).abs() < 1e-9);
        assert!((nearly.delta - certain.delta).abs() < 1e-9);
        assert!((nearly.theta - certain.theta).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_priced_is_an_error() {
        let good = terms(Right::Call, 600.0, 600.0, 0.1);
        for volatility in [0.0, -0.1, 5.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(value(&good, volatility), Err(PricingError::Volatility(_))), "{volatility}");
        }
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(value(&Terms { spot: bad, ..good }, 0.2), Err(PricingError::Spot(_))));
            assert!(matches!(value(&Terms { strike: bad, ..good }, 0.2), Err(PricingError::Strike(_))));
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(value(&Terms { years: bad, ..good }, 0.2), Err(PricingError::Years(_))));
            assert!(matches!(value(&Terms { rate: bad, ..good }, 0.2), Err(PricingError::Rate(_))));
            assert!(matches!(value(&Terms { dividend_yield: bad, ..good }, 0.2), Err(PricingError::Rate(_))));
        }
    }

    prop_compose! {
        fn any_terms()(
            spot in 1.0_f64..10_000.0, moneyness in 0.5_f64..2.0, years in ONE_MINUTE..2.0,
            rate in -0.05_f64..0.3, dividend_yield in -0.05_f64..0.3,
        ) -> Terms {
            Terms { right: Right::Call, spot, strike: spot * moneyness, years, rate, dividend_yield }
        }
    }

    proptest! {
        #[test]
        fn put_call_parity(call in any_terms(), sigma in 0.001_f64..5.0) {
            let put = Terms { right: Right::Put, ..call };
            let (c, p) = (value(&call, sigma).unwrap(), value(&put, sigma).unwrap());
            let carry = libm::exp(-call.dividend_yield * call.years);
            let gap = c.price - p.price - call.spot * carry + call.strike * libm::exp(-call.rate * call.years);
            prop_assert!(gap.abs() <= 2e-12 * call.spot.max(call.strike), "{gap}");
            prop_assert!((c.delta - p.delta - carry).abs() < 1e-12);
            prop_assert_eq!(c.gamma, p.gamma);
            prop_assert_eq!(c.vega, p.vega);
        }

        /// Central differences of the price, which the closed forms of the sensitivities never saw.
        #[test]
        fn sensitivities_are_the_slopes_of_the_price(call in any_terms(), sigma in 0.05_f64..2.0, put in any::<bool>()) {
            let terms = Terms { right: if put { Right::Put } else { Right::Call }, ..call };
            // Near the money, at least an hour: elsewhere a difference of prices has no digits left.
            prop_assume!(terms.years > 1.2e-4);
            let total = sigma * libm::sqrt(terms.years);
            let terms = Terms { strike: terms.forward() * libm::exp(total * (terms.strike / terms.spot - 1.0)), ..terms };
            let at = |spot: f64, vol: f64, years: f64| value(&Terms { spot, years, ..terms }, vol).unwrap();
            let v = at(terms.spot, sigma, terms.years);
            let h = terms.spot * total * 1e-3;
            let (up, down) = (at(terms.spot + h, sigma, terms.years), at(terms.spot - h, sigma, terms.years));
            let close = |what: &str, exact: f64, difference: f64, scale: f64| {
                prop_assert!((exact - difference).abs() <= 1e-5 * scale, "{what}: {exact} {difference}");
                Ok(())
            };
            close("delta", v.delta, (up.price - down.price) / (2.0 * h), 1.0)?;
            close("gamma", v.gamma, (up.delta - down.delta) / (2.0 * h), v.gamma)?;
            let dv = sigma * 1e-4;
            let (up, down) = (at(terms.spot, sigma + dv, terms.years), at(terms.spot, sigma - dv, terms.years));
            close("vega", v.vega, (up.price - down.price) / (2.0 * dv), v.vega)?;
            let dt = terms.years * 1e-4;
            let (up, down) = (at(terms.spot, sigma, terms.years + dt), at(terms.spot, sigma, terms.years - dt));
            let scale = v.theta.abs() + v.vega * sigma / terms.years;
            close("theta", v.theta, (down.price - up.price) / (2.0 * dt), scale)?;
        }

        #[test]
        fn no_input_gives_a_nan(
            spot in any::<f64>(), strike in any::<f64>(), years in any::<f64>(), rate in any::<f64>(),
            dividend_yield in any::<f64>(), sigma in any::<f64>(), put in any::<bool>(),
        ) {
            let right = if put { Right::Put } else { Right::Call };
            if let Ok(v) = value(&Terms { right, spot, strike, years, rate, dividend_yield }, sigma) {
                for x in [v.price, v.delta, v.gamma, v.vega, v.theta] {
                    prop_assert!(!x.is_nan());
                }
            }
        }

        #[test]
        fn every_tenor_and_moneyness_is_finite_and_within_its_bounds(
            call in any_terms(), sigma in 1e-12_f64..5.0, put in any::<bool>(),
        ) {
            let terms = Terms { right: if put { Right::Put } else { Right::Call }, ..call };
            let v = value(&terms, sigma).unwrap();
            for x in [v.price, v.delta, v.gamma, v.vega, v.theta] {
                prop_assert!(x.is_finite());
            }
            prop_assert!(v.price >= 0.0 && v.gamma >= 0.0 && v.vega >= 0.0);
            let carry = libm::exp(-terms.dividend_yield * terms.years);
            prop_assert!((0.0..=carry).contains(&(v.delta * sign_of(terms.right))));
        }
    }
}
