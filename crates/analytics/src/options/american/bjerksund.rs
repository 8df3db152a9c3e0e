//! Bjerksund and Stensland 2002: American options by a closed approximation.
//!
//! Exercise along a boundary of two flat steps gives a lower bound that is within a thousandth of the strike. It costs
//! a few microseconds, no tree; for screens over many options. The bare formula can fall below the European value, so
//! what is handed out is never less than that.
//!
//! Source: Bjerksund and Stensland 2002, as in Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., 3.1.

use alphatrader_model::instrument::Right;

use super::super::pricing::{PricingError, Terms, normal_cdf, value};
use super::never_exercised_early;

/// Price of an American option, dollars a share, never below its European price.
///
/// # Errors
/// [`PricingError`] for terms or a volatility outside their ranges.
pub fn bjerksund_stensland(terms: &Terms, volatility: f64) -> Result<f64, PricingError> {
    let european = value(terms, volatility)?.price;
    let life = terms.life();
    if life <= 0.0 || never_exercised_early(terms) {
        return Ok(european);
    }
    let bare = bare(terms, volatility);
    // With next to no chance the powers of the formula leave the range of numbers; then only the ends count.
    let inside = super::super::pricing::sign_of(terms.right) * (terms.spot - terms.strike);
    let bare = if bare.is_finite() { bare } else { inside };
    Ok(bare.max(european).max(inside))
}

/// The formula as it is, without a floor; may be no number where powers overflow.
pub fn bare(terms: &Terms, volatility: f64) -> f64 {
    let (years, carry) = (terms.life(), terms.rate - terms.dividend_yield);
    match terms.right {
        Right::Call => call(terms.spot, terms.strike, years, terms.rate, carry, volatility),
        // A put is the call on the strike for spot.
        Right::Put => call(terms.strike, terms.spot, years, terms.rate - carry, -carry, volatility),
    }
}

/// What the terms of the sum share.
struct Boundary {
    spot: f64,
    first: f64,
    rate: f64,
    carry: f64,
    variance: f64,
    volatility: f64,
    /// Boundary until `first`.
    high: f64,
    /// Boundary after it.
    low: f64,
}

fn call(spot: f64, strike: f64, years: f64, rate: f64, carry: f64, volatility: f64) -> f64 {
    let variance = volatility * volatility;
    if carry >= rate {
        let discounted = libm::exp((carry - rate) * years);
        let total = volatility * libm::sqrt(years);
        let d1 = (libm::log(spot / strike) + (carry + 0.5 * variance) * years) / total;
        return spot * discounted * normal_cdf(d1)
            - strike * libm::exp(-rate * years) * normal_cdf(d1 - total);
    }
    let first = 0.5 * (libm::sqrt(5.0) - 1.0) * years;
    let tilt = carry / variance - 0.5;
    let beta = -tilt + libm::sqrt(tilt * tilt + 2.0 * rate / variance);
    let forever = beta / (beta - 1.0) * strike;
    let at_expiry = strike.max(rate / (rate - carry) * strike);
    let boundary = |time: f64| {
        let speed = -(carry * time + 2.0 * volatility * libm::sqrt(time)) * strike * strike
            / ((forever - at_expiry) * at_expiry);
        at_expiry + (forever - at_expiry) * -libm::expm1(speed)
    };
    let (low, high) = (boundary(first), boundary(years));
    if spot >= high {
        return spot - strike;
    }
    let b = Boundary { spot, first, rate, carry, variance, volatility, high, low };
    // The coefficients `(I - K) I^-β`, with spot's power taken in: it would overflow by itself.
    let outer = (high - strike) * libm::pow(spot / high, beta);
    let inner = (low - strike) * libm::pow(spot / low, beta);
    outer - outer * b.phi(beta, high) + spot * (b.phi(1.0, high) - b.phi(1.0, low))
        - strike * (b.phi(0.0, high) - b.phi(0.0, low))
        + inner * (b.phi(beta, low) - b.psi(beta, low, years))
        + spot * (b.psi(1.0, low, years) - b.psi(1.0, strike, years))
        - strike * (b.psi(0.0, low, years) - b.psi(0.0, strike, years))
}

impl Boundary {
    fn growth(&self, gamma: f64) -> f64 {
        -self.rate + gamma * self.carry + 0.5 * gamma * (gamma - 1.0) * self.variance
    }

    fn exponent(&self, gamma: f64) -> f64 {
        2.0 * self.carry / self.variance + 2.0 * gamma - 1.0
    }

    fn drift(&self, gamma: f64, time: f64) -> f64 {
        (self.carry + (gamma - 0.5) * self.variance) * time
    }

    /// `φ` over spot's power: paid at the first time if spot ends below `level` and never met the high boundary.
    fn phi(&self, gamma: f64, level: f64) -> f64 {
        let total = self.volatility * libm::sqrt(self.first);
        let d = -(libm::log(self.spot / level) + self.drift(gamma, self.first)) / total;
        let mirror = libm::log(self.high / self.spot);
        let kept = normal_cdf(d);
        let lost = libm::exp(self.exponent(gamma) * mirror + log_normal_cdf(d - 2.0 * mirror / total));
        libm::exp(self.growth(gamma) * self.first) * (kept - lost)
    }

    /// `ψ` over spot's power: the same at expiry, with both steps of the boundary.
    fn psi(&self, gamma: f64, level: f64, years: f64) -> f64 {
        let (near, far) = (self.volatility * libm::sqrt(self.first), self.volatility * libm::sqrt(years));
        let (at_first, at_expiry) = (self.drift(gamma, self.first), self.drift(gamma, years));
        let to_low = libm::log(self.spot / self.low);
        let mirror = libm::log(self.high * self.high / (self.spot * self.low));
        let e =
            [to_low + at_first, mirror + at_first, to_low - at_first, mirror - at_first].map(|x| -x / near);
        let to_level = libm::log(self.spot / level);
        let (over_high, over_low) = (libm::log(self.high / self.spot), libm::log(self.low / self.spot));
        let f = [
            to_level,
            to_level + 2.0 * over_high,
            to_level + 2.0 * over_low,
            to_level + 2.0 * (over_low - over_high),
        ]
        .map(|x| -(x + at_expiry) / far);
        let rho = libm::sqrt(self.first / years);
        let kappa = self.exponent(gamma);
        let weigh = |log: f64, mass: f64| if mass == 0.0 { 0.0 } else { libm::exp(kappa * log) * mass };
        libm::exp(self.growth(gamma) * years)
            * (bivariate(e[0], f[0], rho)
                - weigh(over_high, bivariate(e[1], f[1], rho))
                - weigh(over_low, bivariate(e[2], f[2], -rho))
                + weigh(over_low - over_high, bivariate(e[3], f[3], -rho)))
    }
}

/// Logarithm of the normal distribution, also where that itself is no number any more.
fn log_normal_cdf(x: f64) -> f64 {
    if x > -35.0 {
        return libm::log(normal_cdf(x));
    }
    let square = x * x;
    -0.5 * square - libm::log(-x) - 0.918_938_533_204_672_8
        + libm::log1p(-1.0 / square + 3.0 / (square * square))
}

/// Nodes and weights of Gauss-Legendre's rule of 20 points, the positive half.
const NODES: [(f64, f64); 10] = [
    (0.076_526_521_133_497_33, 0.152_753_387_130_725_85),
    (0.227_785_851_141_645_08, 0.149_172_986_472_603_75),
    (0.373_706_088_715_419_56, 0.142_096_109_318_382_05),
    (0.510_867_001_950_827_1, 0.131_688_638_449_176_63),
    (0.636_053_680_726_515, 0.118_194_531_961_518_42),
    (0.746_331_906_460_150_8, 0.101_930_119_817_240_44),
    (0.839_116_971_822_218_8, 0.083_276_741_576_704_75),
    (0.912_234_428_251_326, 0.062_672_048_334_109_06),
    (0.963_971_927_277_913_8, 0.040_601_429_800_386_94),
    (0.993_128_599_185_094_9, 0.017_614_007_139_152_12),
];

/// Chance that two standard normal numbers of correlation `rho` lie below `a` and `b`; `|rho|` below 0.9.
///
/// Source: Drezner and Wesolowsky 1990 in the arrangement of Genz 2004.
fn bivariate(a: f64, b: f64, rho: f64) -> f64 {
    let (a, b) = (a.clamp(-38.0, 38.0), b.clamp(-38.0, 38.0));
    let (product, squares) = (a * b, f64::midpoint(a * a, b * b));
    let angle = libm::asin(rho);
    let mut sum = 0.0;
    for (node, weight) in NODES {
        for side in [-node, node] {
            let sine = libm::sin(0.5 * angle * (1.0 + side));
            sum += weight * libm::exp((sine * product - squares) / (1.0 - sine * sine));
        }
    }
    sum * angle / (4.0 * core::f64::consts::PI) + normal_cdf(a) * normal_cdf(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn haugs_numbers_come_out() {
        // Haug, table 3-2: calls on a stock at 90, 100, 110 with carry -0.04, a tenth of a year, 15 vol.
        let at = |spot| call(spot, 100.0, 0.1, 0.1, 0.0, 0.15);
        for (spot, price) in [(90.0, 0.0205), (100.0, 1.8757), (110.0, 10.0)] {
            assert!((at(spot) - price).abs() < 5e-5, "{spot}: {}", at(spot));
        }
    }

    #[test]
    fn two_normal_numbers() {
        assert!((bivariate(0.0, 0.0, 0.5) - 1.0 / 3.0).abs() < 1e-15);
        assert!((bivariate(0.0, 0.0, -0.5) - 1.0 / 6.0).abs() < 1e-15);
        assert!((bivariate(38.0, 0.3, 0.7) - normal_cdf(0.3)).abs() < 1e-14);
        assert!((bivariate(-1.0, 0.5, 0.0) - normal_cdf(-1.0) * normal_cdf(0.5)).abs() < 1e-16);
    }

    #[test]
    fn it_is_never_less_than_european() {
        // The bare formula is: oracle row `am-put-hivol-30d`.
        let years = 30.0 / 365.0;
        let put =
            Terms { right: Right::Put, spot: 20.0, strike: 25.0, years, rate: 0.05, dividend_yield: 0.0 };
        let european = value(&put, 1.5).unwrap().price;
        assert!(bare(&put, 1.5) < european);
        assert_eq!(bjerksund_stensland(&put, 1.5).unwrap(), european);
        assert!(bjerksund_stensland(&Terms { spot: -1.0, ..put }, 1.5).is_err());
        assert_eq!(bjerksund_stensland(&Terms { years: 0.0, ..put }, 1.5).unwrap(), 5.0);
    }

    proptest! {
        #[test]
        fn any_terms_have_a_price(
            strike in 100.0_f64..3_000.0, years in 1e-6_f64..3.0, sigma in 0.005_f64..5.0, rate in -0.05_f64..0.15,
            dividend_yield in -0.05_f64..0.15, put in any::<bool>(),
        ) {
            let right = if put { Right::Put } else { Right::Call };
            let terms = Terms { right, spot: 600.0, strike, years, rate, dividend_yield };
            let price = bjerksund_stensland(&terms, sigma).unwrap();
            let most = if put { strike } else { 600.0 };
            prop_assert!(price.is_finite() && price >= 0.0 && price <= most * libm::exp(0.05 * years) + 1e-9, "{price}");
        }
    }
}
