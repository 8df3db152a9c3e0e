//! Loss quantiles of a quadratic: `P&L = Δ x + Γ x² / 2` with normal `x`.
//!
//! Of one factor the quantile is exact: where the parabola lies below a level are one or two half lines, or the space
//! between two roots. Of several it is Cornish and Fisher's expansion in skew and kurtosis, which is only used while the
//! skew is moderate; of short gamma it mostly is not, and then there is no figure. Full revaluation
//! ([`super::history`]) is what limits rest on: a quadratic overstates the loss of spreads, whose wings it does not see.

use serde::{Deserialize, Serialize};

use crate::probability::{normal_cdf, normal_quantile};

/// Most of `|skew|` at which the expansion is used.
const MOST_SKEW: f64 = 1.0;

/// Halvings that find a quantile to the last digit.
const HALVINGS: u32 = 200;

/// One factor's exposure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Dollars for a unit of the factor: delta in shares for a dollar of spot.
    pub delta: f64,
    /// Change of it for a unit: shares per dollar.
    pub gamma: f64,
}

/// Moments of a quadratic in normal factors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quadratic {
    /// Mean profit, dollars.
    pub mean: f64,
    /// Standard deviation, dollars.
    pub deviation: f64,
    /// Third standardised moment.
    pub skew: f64,
    /// Fourth, less 3.
    pub excess_kurtosis: f64,
}

impl Quadratic {
    /// Of independent exposures to factors of a covariance (row by row, one row a factor). Absent when the sizes do not
    /// fit, a number is none, or nothing varies.
    pub fn of(factors: &[Factor], covariance: &[f64]) -> Option<Self> {
        let n = factors.len();
        if n == 0 || covariance.len() != n * n {
            return None;
        }
        // `M = Γ Σ`; with diagonal Γ each row of Σ times its gamma.
        let m: Vec<f64> = (0..n * n).map(|at| factors[at / n].gamma * covariance[at]).collect();
        let product = |a: &[f64], b: &[f64]| -> Vec<f64> {
            let cell = |at: usize| (0..n).map(|k| a[at / n * n + k] * b[k * n + at % n]).sum();
            (0..n * n).map(cell).collect()
        };
        let trace = |a: &[f64]| -> f64 { (0..n).map(|k| a[k * n + k]).sum() };
        let delta: Vec<f64> = factors.iter().map(|factor| factor.delta).collect();
        // `Δ' Σ A Δ` for a power A of M.
        let form = |a: Option<&[f64]>| -> f64 {
            let whole = a.map_or_else(|| covariance.to_vec(), |a| product(covariance, a));
            (0..n * n).map(|at| delta[at / n] * whole[at] * delta[at % n]).sum()
        };
        let (square, cube) = (product(&m, &m), product(&m, &product(&m, &m)));
        let fourth = product(&square, &square);
        let mean = 0.5 * trace(&m);
        let variance = form(None) + 0.5 * trace(&square);
        if !(variance > 0.0 && variance.is_finite() && mean.is_finite()) {
            return None;
        }
        let deviation = libm::sqrt(variance);
        let skew = (3.0 * form(Some(&m)) + trace(&cube)) / (variance * deviation);
        let excess_kurtosis = (12.0 * form(Some(&square)) + 3.0 * trace(&fourth)) / (variance * variance);
        Some(Self { mean, deviation, skew, excess_kurtosis })
    }

    /// Value at risk by Cornish and Fisher with skew and kurtosis, dollars, a loss positive; absent where the skew is
    /// 1 or more either way, or the level is not in (0.5, 1).
    pub fn value_at_risk(&self, level: f64) -> Option<f64> {
        let usable = level > 0.5 && level < 1.0 && self.skew.abs() < MOST_SKEW;
        if !usable {
            return None;
        }
        let z = cornish_fisher(normal_quantile(1.0 - level), self.skew, self.excess_kurtosis);
        Some(-(self.mean + z * self.deviation)).filter(|var| var.is_finite())
    }
}

/// The quantile of a distribution of this skew and excess kurtosis, standardised, from the normal one `z`.
pub fn cornish_fisher(z: f64, skew: f64, excess_kurtosis: f64) -> f64 {
    let square = z * z;
    let curved = if excess_kurtosis == 0.0 {
        0.0
    } else {
        (square - 3.0) * z * excess_kurtosis / 24.0 - (2.0 * square - 5.0) * z * skew * skew / 36.0
    };
    z + (square - 1.0) * skew / 6.0 + curved
}

/// The exact value at risk of one factor of standard deviation `deviation`, dollars, a loss positive. Absent when a
/// number is none, nothing varies, or the level is not in (0.5, 1).
pub fn exact_quantile(factor: Factor, deviation: f64, level: f64) -> Option<f64> {
    let slope = factor.delta * deviation;
    let bend = 0.5 * factor.gamma * deviation * deviation;
    let usable = level > 0.5 && level < 1.0 && slope.is_finite() && bend.is_finite();
    if !usable || (slope == 0.0 && bend == 0.0) {
        return None;
    }
    // Chance that `bend z² + slope z <= profit`.
    let chance = |profit: f64| {
        if bend == 0.0 {
            return normal_cdf(profit / slope.abs());
        }
        let root = slope * slope + 4.0 * bend * profit;
        if root <= 0.0 {
            return if bend > 0.0 { 0.0 } else { 1.0 };
        }
        let root = libm::sqrt(root);
        let (a, b) = ((-slope - root) / (2.0 * bend), (-slope + root) / (2.0 * bend));
        let (low, high) = (a.min(b), a.max(b));
        if bend > 0.0 { normal_cdf(high) - normal_cdf(low) } else { normal_cdf(low) + normal_cdf(-high) }
    };
    let reach = 40.0 * slope.abs() + 1_600.0 * bend.abs();
    let (mut low, mut high) = (-reach, reach);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if chance(middle) < 1.0 - level { low = middle } else { high = middle }
    }
    Some(-f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONDOR: Factor = Factor { delta: -28.965_674_611_684_705, gamma: -16.996_685_667_884_304 };
    const DEVIATION: f64 = 5.669_467_095_138_408;

    #[test]
    fn one_factor_is_exact() {
        let var = exact_quantile(CONDOR, DEVIATION, 0.99).unwrap();
        assert!((var / 1_942.940_419_172_096_9 - 1.0).abs() < 1e-9, "{var}");
        // A straight line is the normal quantile; gamma held long loses no more than its vertex.
        let line = exact_quantile(Factor { delta: 10.0, gamma: 0.0 }, 2.0, 0.99).unwrap();
        assert!((line - 20.0 * 2.326_347_874_040_840_8).abs() < 1e-9, "{line}");
        let long = exact_quantile(Factor { delta: 1.0, gamma: 1.0 }, 10.0, 0.99).unwrap();
        assert!(long > 0.0 && long <= 0.5, "{long}");
        assert_eq!(exact_quantile(Factor { delta: 0.0, gamma: 0.0 }, 1.0, 0.99), None);
        assert_eq!(exact_quantile(CONDOR, f64::NAN, 0.99), None);
        assert_eq!(exact_quantile(CONDOR, 1.0, 1.0), None);
    }

    #[test]
    fn moments_are_those_of_the_oracle_and_too_skewed_to_use() {
        let moments = Quadratic::of(&[CONDOR], &[DEVIATION * DEVIATION]).unwrap();
        for (ours, theirs) in [
            (moments.mean, -273.161_019_662_426_27),
            (moments.deviation, 419.764_307_348_605_1),
            (moments.skew, -2.802_191_790_895_328_4),
        ] {
            assert!((ours / theirs - 1.0).abs() < 1e-9, "{ours} {theirs}");
        }
        let z = cornish_fisher(-2.326_347_874_040_840_8, moments.skew, 0.0);
        assert!((z / -4.386_843_600_207_054_5 - 1.0).abs() < 1e-9);
        assert!((-(moments.mean + z * moments.deviation) / 2_114.601_384_950_001_4 - 1.0).abs() < 1e-9);
        assert_eq!(moments.value_at_risk(0.99), None, "a skew of -2.8");
    }

    /// Two alike and fully correlated factors of delta alone are one of twice the delta.
    #[test]
    fn correlation_counts() {
        let half = Factor { delta: 5.0, gamma: 0.0 };
        let both = Quadratic::of(&[half, half], &[4.0, 4.0, 4.0, 4.0]).unwrap();
        assert!((both.deviation - 20.0).abs() < 1e-12 && both.skew == 0.0, "{both:?}");
        // Short gamma in both: x² + x² of the same x.
        let short = Factor { delta: 0.0, gamma: -1.0 };
        let both = Quadratic::of(&[short, short], &[4.0, 4.0, 4.0, 4.0]).unwrap();
        let one = Quadratic::of(&[Factor { delta: 0.0, gamma: -2.0 }], &[4.0]).unwrap();
        for (ours, theirs) in [
            (both.mean, one.mean),
            (both.deviation, one.deviation),
            (both.skew, one.skew),
            (both.excess_kurtosis, one.excess_kurtosis),
        ] {
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{both:?} {one:?}");
        }
    }

    #[test]
    fn what_is_no_quadratic_has_no_moments() {
        assert_eq!(Quadratic::of(&[], &[]), None);
        assert_eq!(Quadratic::of(&[CONDOR], &[1.0, 2.0]), None);
        assert_eq!(Quadratic::of(&[CONDOR], &[f64::NAN]), None);
        assert_eq!(Quadratic::of(&[CONDOR], &[0.0]), None);
    }

    proptest! {
        /// Independent factors: cumulants add up.
        #[test]
        fn independent_factors_add(delta in -100.0_f64..100.0, gamma in -5.0_f64..5.0, deviation in 0.1_f64..10.0) {
            let (first, second) = (Factor { delta, gamma }, Factor { delta: 7.0, gamma: -0.3 });
            let variance = deviation * deviation;
            let one = Quadratic::of(&[first], &[variance]).unwrap();
            let other = Quadratic::of(&[second], &[2.0]).unwrap();
            let both = Quadratic::of(&[first, second], &[variance, 0.0, 0.0, 2.0]).unwrap();
            let cumulants = |q: &Quadratic| {
                let square = q.deviation * q.deviation;
                [q.mean, square, q.skew * square * q.deviation, q.excess_kurtosis * square * square]
            };
            let alone = [cumulants(&one), cumulants(&other)];
            for (order, sum) in cumulants(&both).into_iter().enumerate() {
                let parts = alone[0][order] + alone[1][order];
                let scale = alone[0][order].abs() + alone[1][order].abs();
                prop_assert!((sum - parts).abs() <= 1e-9 * scale, "{order}: {sum} {parts}");
            }
        }

        /// With little gamma the expansion is close to the exact quantile.
        #[test]
        fn the_expansion_is_near_where_it_is_used(delta in 50.0_f64..100.0, gamma in -4.0_f64..4.0) {
            let factor = Factor { delta, gamma };
            let moments = Quadratic::of(&[factor], &[9.0]).unwrap();
            let (near, exact) = (moments.value_at_risk(0.99).unwrap(), exact_quantile(factor, 3.0, 0.99).unwrap());
            prop_assert!((near / exact - 1.0).abs() < 0.02, "{near} {exact} {moments:?}");
        }
    }
}
