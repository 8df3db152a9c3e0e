//! Price and the eight values of a European option with a continuous yield.
//!
//! With `w` +1 for calls and -1 for puts, `N` and `n` the normal distribution and its density, `Dq = e^(-qT)`,
//! `Dr = e^(-rT)`, `d1 = (ln(S/K) + (r - q + σ²/2)T) / (σ√T)`, `d2 = d1 - σ√T`:
//!
//! | value | formula | unit |
//! | --- | --- | --- |
//! | price | `w (S Dq N(w d1) - K Dr N(w d2))` | dollars a share |
//! | delta | `w Dq N(w d1)` | per dollar of spot, puts negative |
//! | gamma | `Dq n(d1) / (S σ√T)` | per dollar squared, never negative |
//! | vega | `S Dq n(d1) √T` | dollars per 1.00 of volatility |
//! | theta | `-S Dq n(d1) σ / (2√T) - w r K Dr N(w d2) + w q S Dq N(w d1)` | dollars a year as time passes |
//! | rho | `w K T Dr N(w d2)` | dollars per 1.00 of rate |
//! | vanna | `-Dq n(d1) d2 / σ` | delta per 1.00 of volatility |
//! | charm | `w q Dq N(w d1) - Dq n(d1) (2(r - q)T - d2 σ√T) / (2T σ√T)` | delta a year as time passes |
//!
//! An option on a future is this with `q = r` and the future as spot (Black-76). Source: Haug, The Complete Guide
//! to Option Pricing Formulas, 2nd ed., chapters 1 and 2.
//!
//! [`Terms`] is the plain way in. Who prices many options of one expiry makes a [`Horizon`] once, an
//! [`Prepared`] of each strike, and asks that for values at any volatility.

use core::f64::consts::FRAC_1_SQRT_2;

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
    /// Dollars for 1.00 of the rate; a hundredth of it is a percentage point.
    pub rho: f64,
    /// Change of delta for 1.00 of volatility, which is that of vega for one dollar of spot; a hundredth is per vol point.
    pub vanna: f64,
    /// Change of delta a year as calendar time passes; divide by 365 for a day.
    pub charm: f64,
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

/// Price and sensitivities. Some 65 to 100 ns.
///
/// At and after expiry the price is intrinsic, delta 0, ½ or 1 (negative for puts) and the rest 0.
///
/// # Errors
/// [`PricingError`] for terms or a volatility outside their ranges.
pub fn value(terms: &Terms, volatility: f64) -> Result<Valuation, PricingError> {
    terms.prepare()?.value(volatility)
}

/// What the options of one expiry share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Years that are priced: at least a minute, 0 when expired.
    years: f64,
    root: f64,
    rate: f64,
    dividend_yield: f64,
    carry: f64,
    discount: f64,
    clamped: bool,
}

impl Horizon {
    /// Of an expiry `years` away, at a continuous rate and dividend yield. Zero or less is expired, less than a
    /// minute is priced as a minute.
    ///
    /// # Errors
    /// [`PricingError::Years`] and [`PricingError::Rate`].
    pub fn new(years: f64, rate: f64, dividend_yield: f64) -> Result<Self, PricingError> {
        check_time(years, rate, dividend_yield)?;
        let clamped = years > 0.0 && years < ONE_MINUTE;
        let years = life(years);
        Ok(Self {
            years,
            root: libm::sqrt(years),
            rate,
            dividend_yield,
            carry: libm::exp(-dividend_yield * years),
            discount: libm::exp(-rate * years),
            clamped,
        })
    }

    /// One option of this expiry.
    ///
    /// # Errors
    /// [`PricingError::Spot`] and [`PricingError::Strike`].
    pub fn option(&self, right: Right, spot: f64, strike: f64) -> Result<Prepared, PricingError> {
        check_dollars(spot, strike)?;
        Ok(Prepared { horizon: *self, right, spot, strike, log_moneyness: libm::log(spot / strike) })
    }

    /// Years that are priced: at least a minute, 0 when expired.
    pub const fn years(&self) -> f64 {
        self.years
    }

    /// What a dollar at expiry is worth now: `e^(-rT)`.
    pub const fn discount(&self) -> f64 {
        self.discount
    }

    /// What a share at expiry is worth now, in shares: `e^(-qT)`.
    pub const fn carry(&self) -> f64 {
        self.carry
    }
}

/// One option, all done that does not depend on volatility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prepared {
    horizon: Horizon,
    right: Right,
    spot: f64,
    strike: f64,
    log_moneyness: f64,
}

/// What an iteration on volatility needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slope {
    /// Dollars a share.
    pub(crate) price: f64,
    /// Dollars for 1.00 of volatility.
    pub(crate) vega: f64,
    /// `d1 d2`: the relative change of vega for the relative change of volatility.
    pub(crate) curvature: f64,
}

impl Prepared {
    /// All values at a volatility. See [`value`].
    ///
    /// # Errors
    /// [`PricingError::Volatility`] outside `(0, 5]`.
    pub fn value(&self, volatility: f64) -> Result<Valuation, PricingError> {
        if !(volatility > 0.0 && volatility <= MAX_VOLATILITY) {
            return Err(PricingError::Volatility(volatility));
        }
        let Self { horizon: h, spot, strike, .. } = *self;
        if h.years <= 0.0 {
            return Ok(expired(self));
        }
        let sign = sign_of(self.right);
        let (spot_now, strike_now) = (spot * h.carry, strike * h.discount);
        let Some((d1, total)) = self.distance(volatility) else {
            return Ok(certain(self, spot_now, strike_now));
        };
        let d2 = d1 - total;
        let (of_d1, of_d2) = (normal_cdf(sign * d1), normal_cdf(sign * d2));
        let density = normal_density(d1);
        let carried = h.carry * density;
        let drift = (h.rate - h.dividend_yield) * h.years;
        Ok(Valuation {
            price: (sign * (spot_now * of_d1 - strike_now * of_d2)).max(0.0),
            delta: sign * h.carry * of_d1,
            gamma: carried / (spot * total),
            vega: spot * carried * h.root,
            theta: -spot * carried * volatility / (2.0 * h.root)
                + sign * (h.dividend_yield * spot_now * of_d1 - h.rate * strike_now * of_d2),
            rho: sign * strike_now * h.years * of_d2,
            vanna: -carried * d2 / volatility,
            charm: sign * h.dividend_yield * h.carry * of_d1
                - carried * (2.0 * drift - d2 * total) / (2.0 * h.years * total),
            clamped: h.clamped,
        })
    }

    /// The price alone at a volatility: the bits of [`Prepared::value`] in half its time.
    ///
    /// # Errors
    /// [`PricingError::Volatility`] outside `(0, 5]`.
    pub fn price(&self, volatility: f64) -> Result<f64, PricingError> {
        if !(volatility > 0.0 && volatility <= MAX_VOLATILITY) {
            return Err(PricingError::Volatility(volatility));
        }
        let h = &self.horizon;
        let (spot_now, strike_now) = (self.spot * h.carry, self.strike * h.discount);
        let sign = sign_of(self.right);
        Ok(match self.distance(volatility) {
            Some((d1, total)) if h.years > 0.0 => {
                let (of_d1, of_d2) = (normal_cdf(sign * d1), normal_cdf(sign * (d1 - total)));
                (sign * (spot_now * of_d1 - strike_now * of_d2)).max(0.0)
            }
            _ => (sign * (spot_now - strike_now)).max(0.0),
        })
    }

    /// Price, vega and its curvature at a volatility in `(0, 5]`; absent where the price does not depend on it.
    pub(crate) fn slope(&self, volatility: f64) -> Option<Slope> {
        let Self { horizon: h, spot, strike, .. } = *self;
        if h.years <= 0.0 {
            return None;
        }
        let sign = sign_of(self.right);
        let (d1, total) = self.distance(volatility)?;
        let d2 = d1 - total;
        let spot_now = spot * h.carry;
        Some(Slope {
            price: sign * (spot_now * normal_cdf(sign * d1) - strike * h.discount * normal_cdf(sign * d2)),
            vega: spot_now * normal_density(d1) * h.root,
            curvature: d1 * d2,
        })
    }

    /// Price of the underlying for delivery at expiry.
    pub fn forward(&self) -> f64 {
        self.spot * self.horizon.carry / self.horizon.discount
    }

    /// What the options of its expiry share.
    pub const fn horizon(&self) -> &Horizon {
        &self.horizon
    }

    /// Call or put.
    pub const fn right(&self) -> Right {
        self.right
    }

    /// Price of the underlying, dollars.
    pub const fn spot(&self) -> f64 {
        self.spot
    }

    /// Strike, dollars.
    pub const fn strike(&self) -> f64 {
        self.strike
    }

    /// `d1` and `σ√T`; absent where the outcome is certain.
    fn distance(&self, volatility: f64) -> Option<(f64, f64)> {
        let h = &self.horizon;
        let total = volatility * h.root;
        if total < MIN_TOTAL_VOLATILITY {
            return None;
        }
        let drift = h.rate - h.dividend_yield;
        let d1 = (self.log_moneyness + (drift + 0.5 * volatility * volatility) * h.years) / total;
        (d1.abs() <= MAX_D1).then_some((d1, total))
    }
}

impl Terms {
    /// Whether these terms can be priced.
    ///
    /// # Errors
    /// [`PricingError`] that names the first term outside its range.
    pub fn check(&self) -> Result<(), PricingError> {
        check_dollars(self.spot, self.strike)?;
        check_time(self.years, self.rate, self.dividend_yield)
    }

    /// The same, ready to be valued at any volatility.
    ///
    /// # Errors
    /// [`PricingError`] that names the first term outside its range.
    pub fn prepare(&self) -> Result<Prepared, PricingError> {
        check_dollars(self.spot, self.strike)?;
        Horizon::new(self.years, self.rate, self.dividend_yield)?.option(self.right, self.spot, self.strike)
    }

    /// Price of the underlying for delivery at expiry.
    pub fn forward(&self) -> f64 {
        self.spot * libm::exp((self.rate - self.dividend_yield) * self.life())
    }

    /// Years that are priced: at least a minute, unless expired.
    pub(crate) fn life(&self) -> f64 {
        life(self.years)
    }
}

fn life(years: f64) -> f64 {
    if years <= 0.0 { 0.0 } else { years.max(ONE_MINUTE) }
}

fn check_dollars(spot: f64, strike: f64) -> Result<(), PricingError> {
    let dollars = 1e-9..=1e12;
    if !dollars.contains(&spot) {
        return Err(PricingError::Spot(spot));
    }
    if !dollars.contains(&strike) {
        return Err(PricingError::Strike(strike));
    }
    Ok(())
}

fn check_time(years: f64, rate: f64, dividend_yield: f64) -> Result<(), PricingError> {
    if !(years.is_finite() && years < 1_000.0) {
        return Err(PricingError::Years(years));
    }
    let life = years.max(ONE_MINUTE);
    for rate in [rate, dividend_yield] {
        let total = rate * life;
        if !(total.is_finite() && total.abs() <= 100.0) {
            return Err(PricingError::Rate(rate));
        }
    }
    Ok(())
}

/// +1 for calls, -1 for puts.
pub(crate) const fn sign_of(right: Right) -> f64 {
    match right {
        Right::Call => 1.0,
        Right::Put => -1.0,
    }
}

fn expired(option: &Prepared) -> Valuation {
    let sign = sign_of(option.right);
    let inside = sign * (option.spot - option.strike);
    Valuation {
        price: inside.max(0.0),
        delta: sign * step(inside),
        gamma: 0.0,
        vega: 0.0,
        theta: 0.0,
        rho: 0.0,
        vanna: 0.0,
        charm: 0.0,
        clamped: false,
    }
}

/// No chance is left: the option ends in or out of the money for sure. The limit of the formula, with
/// the forward in the place of spot; theta, rho and charm are the interest on what will be exchanged.
fn certain(option: &Prepared, spot_now: f64, strike_now: f64) -> Valuation {
    let h = &option.horizon;
    let sign = sign_of(option.right);
    let inside = sign * (spot_now - strike_now);
    let exercised = sign * step(inside);
    Valuation {
        price: inside.max(0.0),
        delta: h.carry * exercised,
        gamma: 0.0,
        vega: 0.0,
        theta: exercised * (h.dividend_yield * spot_now - h.rate * strike_now),
        rho: exercised * strike_now * h.years,
        vanna: 0.0,
        charm: exercised * h.dividend_yield * h.carry,
        clamped: h.clamped,
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
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

pub(crate) fn normal_density(x: f64) -> f64 {
    /// `1 / √(2π)`.
    const SCALE: f64 = 0.398_942_280_401_432_7;
    libm::exp(-0.5 * x * x) * SCALE
}

#[cfg(test)]
mod tests;
