//! How fast autocorrelations die: by a half-life, or slowly, as a power.
//!
//! A exp(-k/τ) and A k^-g are fitted to `rho_1..rho_h` by weighted least squares (weights one over the robust
//! variance of each rho) and compared by Bayes' criterion. A power is long memory, as signs of trades have
//! it where large orders are split: then a half-life would mislead.

/// Steps of the search for a rate: a coarse grid, then golden sections around its best.
const GRID: usize = 64;
const SECTIONS: usize = 60;
/// Autocorrelations needed.
const LEAST: usize = 5;

/// The lags after which an AR(1) of coefficient `rho` has lost half: ln ½ / ln rho; none outside (0, 1).
pub fn half_life(rho: f64) -> Option<f64> {
    let found = (rho > 0.0 && rho < 1.0).then(|| -core::f64::consts::LN_2 / libm::log(rho));
    found.filter(|found| found.is_finite())
}

/// How autocorrelations die.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// τ of the exponential, in lags.
    pub tau: f64,
    /// g of the power.
    pub exponent: f64,
    /// Bayes' criterion of the exponential, smaller is better.
    pub bic_exponential: f64,
    /// Bayes' criterion of the power.
    pub bic_power: f64,
}

impl Decay {
    /// The power fits better.
    pub fn is_long_memory(&self) -> bool {
        self.bic_power < self.bic_exponential
    }

    /// The half-life in lags; none for long memory.
    pub fn half_life(&self) -> Option<f64> {
        (!self.is_long_memory()).then_some(self.tau * core::f64::consts::LN_2)
    }
}

/// Fits both decays to `rho` of lags 1, 2, ... with the half-widths `band` of its robust band; none of fewer
/// than five, of different lengths, or when nothing can be fitted.
pub fn decay_of(rho: &[f64], band: &[f64]) -> Option<Decay> {
    let usable = rho.len() >= LEAST && rho.len() == band.len();
    if !usable || rho.iter().any(|x| !x.is_finite()) || band.iter().any(|x| !(*x > 0.0 && x.is_finite())) {
        return None;
    }
    let h = rho.len() as f64;
    // On the scale of logarithms: τ from a fifth of a lag to a hundred times the lags, g from 0.02 to 10.
    let exponential = |u: f64| residual(rho, band, |k| libm::exp(-k / libm::exp(u)));
    let power = |u: f64| residual(rho, band, |k| libm::exp(-libm::exp(u) * libm::log(k)));
    let (log_tau, left_exponential) = smallest(exponential, libm::log(0.2), libm::log(100.0 * h));
    let (log_exponent, left_power) = smallest(power, libm::log(0.02), libm::log(10.0));
    let bic = |left: f64| h * libm::log(left.max(f64::MIN_POSITIVE) / h) + 2.0 * libm::log(h);
    Some(Decay {
        tau: libm::exp(log_tau),
        exponent: libm::exp(log_exponent),
        bic_exponential: bic(left_exponential),
        bic_power: bic(left_power),
    })
}

/// The weighted squares that the best multiple of `shape` leaves.
fn residual(rho: &[f64], band: &[f64], shape: impl Fn(f64) -> f64) -> f64 {
    let (mut fitted, mut square, mut all) = (0.0, 0.0, 0.0);
    for ((rho, band), k) in rho.iter().zip(band).zip(1..) {
        let (weight, f) = (1.0 / (band * band), shape(f64::from(k)));
        fitted += weight * f * rho;
        square += weight * f * f;
        all += weight * rho * rho;
    }
    if square > 0.0 { (all - fitted * fitted / square).max(0.0) } else { all }
}

/// Where the function is smallest, and its value: the best of a grid, then golden sections beside it.
fn smallest(function: impl Fn(f64) -> f64, from: f64, to: f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let width = (to - from) / GRID as f64;
    let at = |i: usize| from + width * i as f64;
    let best = (0..=GRID).min_by(|a, b| function(at(*a)).total_cmp(&function(at(*b)))).unwrap_or(0);
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(GRID)));
    for _ in 0..SECTIONS {
        let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if function(a) <= function(b) { high = b } else { low = a }
    }
    let middle = f64::midpoint(low, high);
    (middle, function(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_half_life() {
        assert!((half_life(0.8).unwrap() - 3.106_283_72).abs() < 5e-9);
        for rho in [0.0, 1.0, -0.5, f64::NAN] {
            assert_eq!(half_life(rho), None);
        }
    }

    #[test]
    fn each_decay_is_told_from_the_other() {
        let band = [0.02; 50];
        let exponential: Vec<f64> = (1..=50).map(|k| 0.4 * libm::exp(-f64::from(k) / 6.0)).collect();
        let found = decay_of(&exponential, &band).unwrap();
        assert!(!found.is_long_memory() && (found.tau - 6.0).abs() < 1e-6, "{found:?}");
        assert!((found.half_life().unwrap() - 4.158_883).abs() < 1e-5);
        let power: Vec<f64> = (1..=50).map(|k| 0.4 * libm::pow(f64::from(k), -0.5)).collect();
        let found = decay_of(&power, &band).unwrap();
        assert!(found.is_long_memory() && (found.exponent - 0.5).abs() < 1e-6, "{found:?}");
        assert_eq!(found.half_life(), None);
    }

    #[test]
    fn what_cannot_be_fitted_is_none() {
        assert_eq!(decay_of(&[0.1; 4], &[0.1; 4]), None);
        assert_eq!(decay_of(&[0.1; 6], &[0.1; 5]), None);
        assert_eq!(decay_of(&[0.1; 6], &[0.0; 6]), None);
        assert!(decay_of(&[0.0; 6], &[0.1; 6]).is_some());
    }
}
