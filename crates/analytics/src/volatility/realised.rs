//! Realised measures of a slice of returns: how much it moved, and how much of that by jumps.
//!
//! | measure | definition, of n returns |
//! | --- | --- |
//! | RV | Σ r² |
//! | BV | (π/2) · n/(n-1) · Σ of abs(r) abs(the one before): without jumps (Barndorff-Nielsen, Shephard 2004) |
//! | `MinRV` | π/(π-2) · n/(n-1) · Σ min² of two neighbours (Andersen, Dobrev, Schaumburg 2012) |
//! | `MedRV` | π/(6-4√3+π) · n/(n-2) · Σ median² of three (same) |
//! | TQ | n · μ⁻³ · n/(n-2) · Σ (product of three)^(4/3), μ = 2^(2/3) Γ(7/6)/Γ(1/2) |
//! | jump share | max(0, 1 - BV/RV) |
//! | z | (1 - BV/RV) / √( ((π/2)² + π - 5)/n · max(1, TQ/BV²) ) (Huang, Tauchen 2005) |
//!
//! The factor n/(n-1) of BV is applied; [`Realised::bipower_raw`] is without it, as in the published form.
//! A jump is flagged at z > 3.09 (one in a thousand), and only from sixty returns on.

use core::f64::consts::{FRAC_PI_2, PI};

/// Returns needed before anything is said.
pub const LEAST: usize = 3;
/// Returns needed before a jump may be flagged.
pub const LEAST_JUMP: usize = 60;
/// z above which a jump is flagged: a chance of one in a thousand.
pub const JUMP_Z: f64 = 3.09;

/// μ of 4/3: the mean of |Z|^(4/3) of a standard normal.
const MU_4_3: f64 = 0.830_860_925_029_559_2;
/// (π/2)² + π - 5.
const JUMP_SCALE: f64 = FRAC_PI_2 * FRAC_PI_2 + PI - 5.0;
const SQRT_3: f64 = 1.732_050_807_568_877_2;

/// What a slice of returns says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Realised {
    /// Returns.
    pub returns: usize,
    /// RV.
    pub variance: f64,
    /// BV, with n/(n-1).
    pub bipower: f64,
    /// `MedRV`.
    pub median: f64,
    /// `MinRV`.
    pub minimum: f64,
    /// TQ.
    pub quarticity: f64,
}

/// Sums that the measures are made of: [`realised`] fills them at once, a window by and by.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Sums {
    pub(super) squares: f64,
    pub(super) pairs: f64,
    pub(super) minima: f64,
    pub(super) medians: f64,
    pub(super) triples: f64,
}

/// What a return adds together with the one before.
#[inline]
pub(super) fn pair(before: f64, r: f64) -> (f64, f64) {
    let (a, b) = (before.abs(), r.abs());
    let least = a.min(b);
    (a * b, least * least)
}

/// What a return adds together with the two before, given the three to the power 4/3: the square of the
/// median, the product of the powers.
#[inline]
pub(super) fn triple(r: [f64; 3], powers: [f64; 3]) -> (f64, f64) {
    let [a, b, c] = r.map(f64::abs);
    let median = a.max(b).min(a.min(b).max(c));
    (median * median, powers[0] * powers[1] * powers[2])
}

/// |r|^(4/3).
#[inline]
pub(super) fn power(r: f64) -> f64 {
    let root = libm::cbrt(r.abs());
    root * r.abs()
}

impl Sums {
    pub(super) fn measures(&self, returns: usize) -> Option<Realised> {
        if returns < LEAST {
            return None;
        }
        let n = returns as f64;
        // What a window took away again may leave a last digit below zero.
        let positive = |sum: f64| sum.max(0.0);
        Some(Realised {
            returns,
            variance: positive(self.squares),
            bipower: FRAC_PI_2 * n / (n - 1.0) * positive(self.pairs),
            median: PI / (6.0 - 4.0 * SQRT_3 + PI) * n / (n - 2.0) * positive(self.medians),
            minimum: PI / (PI - 2.0) * n / (n - 1.0) * positive(self.minima),
            quarticity: n * n / (n - 2.0) / (MU_4_3 * MU_4_3 * MU_4_3) * positive(self.triples),
        })
    }
}

/// The measures of a slice of finite returns; none of fewer than three.
pub fn realised(returns: &[f64]) -> Option<Realised> {
    let mut sums = Sums::default();
    for (i, r) in returns.iter().enumerate() {
        sums.squares += r * r;
        if i >= 1 {
            let (product, least) = pair(returns[i - 1], *r);
            sums.pairs += product;
            sums.minima += least;
        }
        if i >= 2 {
            let three = [returns[i - 2], returns[i - 1], *r];
            let (median, product) = triple(three, three.map(power));
            sums.medians += median;
            sums.triples += product;
        }
    }
    sums.measures(returns.len())
}

impl Realised {
    /// BV without the factor n/(n-1).
    pub fn bipower_raw(&self) -> f64 {
        let n = self.returns as f64;
        self.bipower * (n - 1.0) / n
    }

    /// The share of the variance that jumps made, in [0, 1]; none when nothing moved.
    pub fn jump_share(&self) -> Option<f64> {
        (self.variance > 0.0).then(|| (1.0 - self.bipower / self.variance).max(0.0))
    }

    /// The z of the ratio jump test; none when nothing moved.
    pub fn jump_z(&self) -> Option<f64> {
        let bipower = self.bipower;
        if !(self.variance > 0.0 && bipower > 0.0) {
            return None;
        }
        let spread = (self.quarticity / (bipower * bipower)).max(1.0);
        Some((1.0 - bipower / self.variance) / libm::sqrt(JUMP_SCALE / self.returns as f64 * spread))
    }

    /// Whether a jump is beyond doubt; none of fewer than sixty returns.
    pub fn jumped(&self) -> Option<bool> {
        if self.returns < LEAST_JUMP {
            return None;
        }
        self.jump_z().map(|z| z > JUMP_Z)
    }
}

/// Returns of the reference's prices.
#[cfg(test)]
pub(super) fn worked() -> Vec<f64> {
    let prices: [f64; 8] = [100.0, 100.1, 100.05, 100.2, 99.0, 99.1, 99.05, 99.15];
    prices.windows(2).map(|two| libm::log(two[1] / two[0])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(ours: f64, theirs: f64) {
        assert!((ours / theirs - 1.0).abs() < 5e-9, "{ours} {theirs}");
    }

    /// orderflow-metrics 0.40.0 for the first five.
    #[test]
    fn the_worked_example() {
        let found = realised(&worked()).unwrap();
        near(found.variance, 0.000_150_947_684);
        near(found.bipower_raw(), 5.102_022_41e-5);
        near(found.bipower, 5.952_359_47e-5);
        near(found.median, 1.495_352_43e-5);
        near(found.minimum, 1.371_659_71e-5);
        near(found.quarticity, 1.350_767_83e-9);
        near(1.0 - found.bipower_raw() / found.variance, 0.662_000_617);
        near(found.jump_z().unwrap(), 2.053_415_28);
        assert_eq!(found.jumped(), None, "seven returns are too few");
    }

    #[test]
    fn mu_is_the_moment() {
        let mu = libm::pow(2.0, 2.0 / 3.0) * libm::tgamma(7.0 / 6.0) / libm::tgamma(0.5);
        assert!((MU_4_3 - mu).abs() < 1e-14, "{mu}");
    }

    #[test]
    fn a_jump_is_seen_and_calm_is_not() {
        let mut returns: Vec<f64> = (0..120).map(|i| 1e-4 * libm::sin(f64::from(i * i))).collect();
        assert_eq!(realised(&returns).unwrap().jumped(), Some(false));
        returns[60] = 5e-3;
        let found = realised(&returns).unwrap();
        assert_eq!(found.jumped(), Some(true));
        assert!(found.jump_share().unwrap() > 0.5);
    }

    #[test]
    fn what_does_not_move_has_no_share() {
        let found = realised(&[0.0; 100]).unwrap();
        assert_eq!(
            (found.variance, found.jump_share(), found.jump_z(), found.jumped()),
            (0.0, None, None, None)
        );
        assert_eq!(realised(&[0.1, 0.2]), None);
    }

    proptest! {
        #[test]
        fn measures_are_finite_and_not_negative(returns in prop::collection::vec(-0.5..0.5_f64, 3..80)) {
            let m = realised(&returns).unwrap();
            for x in [m.variance, m.bipower, m.median, m.minimum, m.quarticity] {
                prop_assert!(x >= 0.0 && x.is_finite());
            }
            prop_assert!(m.jump_share().is_none_or(|s| (0.0..=1.0).contains(&s)));
            prop_assert!(m.jump_z().is_none_or(f64::is_finite));
        }
    }
}
