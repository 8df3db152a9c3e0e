//! Autocorrelations of a series and whether they are more than chance.
//!
//! `rho_k = Σ (x_t - m)(x_t-k - m) / Σ (x_t - m)²`, with the mean m of the whole series and no correction of
//! the divisor. Ljung and Box (1978): `Q = n(n+2) Σ rho_k²/(n-k)`, chi-square of h (less fitted) degrees. It
//! assumes a constant variance. The robust form scales each `rho_k` by its own variance,
//! `Σ (x_t - m)²(x_t-k - m)² / (Σ (x_t - m)²)²`, which holds when the variance changes (Lo and `MacKinlay` 1989,
//! Lobato, Nankervis and Savin 2001): `Q* = Σ rho_k²/var_k`.

use crate::probability::chi_square_tail;

/// One and two-sided 95 % of the normal.
const BAND: f64 = 1.959_963_984_540_054;

/// A series less its mean, with the sum of its squares.
struct Centred {
    x: Vec<f64>,
    squares: f64,
}

impl Centred {
    /// None when it does not move, or is not finite.
    fn new(series: &[f64]) -> Option<Self> {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        let x: Vec<f64> = series.iter().map(|x| x - mean).collect();
        let squares = x.iter().map(|x| x * x).sum::<f64>();
        moves_at_all(series, squares).then_some(Self { x, squares })
    }

    fn rho(&self, lag: usize) -> f64 {
        rho(&self.x, self.squares, lag)
    }

    fn variance(&self, lag: usize) -> f64 {
        variance(&self.x, self.squares, lag)
    }
}

/// The autocorrelation of a series less its mean, whose squares sum to `squares`.
pub(super) fn rho(centred: &[f64], squares: f64, lag: usize) -> f64 {
    let products: f64 = centred.iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum();
    products / squares
}

/// Its variance when the series remembers nothing, whatever its own variance does.
pub(super) fn variance(centred: &[f64], squares: f64, lag: usize) -> f64 {
    let products: f64 = centred.iter().zip(&centred[lag..]).map(|(a, b)| a * a * b * b).sum();
    products / (squares * squares)
}

/// Whether the squares about the mean are more than what rounding leaves of a constant, and finite.
pub(super) fn moves_at_all(series: &[f64], squares: f64) -> bool {
    let raw: f64 = series.iter().map(|x| x * x).sum();
    squares > raw * 1e-26 && squares.is_finite()
}

/// Autocorrelations of lags 1 to `lags`; none of a series that does not move, or is not longer than that.
pub fn autocorrelation(series: &[f64], lags: usize) -> Option<Vec<f64>> {
    if series.len() <= lags {
        return None;
    }
    let centred = Centred::new(series)?;
    Some((1..=lags).map(|lag| centred.rho(lag)).collect())
}

/// The half-width of the 95 % band of each autocorrelation of lags 1 to `lags` when the series remembers
/// nothing, whatever its variance does; none as in [`autocorrelation`].
pub fn robust_band(series: &[f64], lags: usize) -> Option<Vec<f64>> {
    if series.len() <= lags {
        return None;
    }
    let centred = Centred::new(series)?;
    Some((1..=lags).map(|lag| BAND * libm::sqrt(centred.variance(lag))).collect())
}

/// A test of all autocorrelations up to a lag at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LjungBox {
    /// The statistic.
    pub q: f64,
    /// Its degrees of freedom.
    pub degrees: usize,
    /// Its p-value.
    pub p: f64,
}

/// Ljung and Box's test of lags 1 to `lags` of a series that a model with `fitted` parameters left over;
/// none when no degree of freedom is left, or as in [`autocorrelation`].
pub fn ljung_box(series: &[f64], lags: usize, fitted: usize) -> Option<LjungBox> {
    let rho = autocorrelation(series, lags)?;
    let n = series.len() as f64;
    let sum: f64 = rho.iter().zip(1..).map(|(rho, lag)| rho * rho / (n - f64::from(lag))).sum();
    test(n * (n + 2.0) * sum, lags, fitted)
}

/// The robust form of [`ljung_box`]; none also when a lag's variance vanishes.
pub fn robust_ljung_box(series: &[f64], lags: usize, fitted: usize) -> Option<LjungBox> {
    if series.len() <= lags {
        return None;
    }
    let centred = Centred::new(series)?;
    let mut q = 0.0;
    for lag in 1..=lags {
        let (rho, variance) = (centred.rho(lag), centred.variance(lag));
        if variance <= 0.0 {
            return None;
        }
        q += rho * rho / variance;
    }
    test(q, lags, fitted)
}

fn test(q: f64, lags: usize, fitted: usize) -> Option<LjungBox> {
    let degrees = lags.checked_sub(fitted).filter(|degrees| *degrees > 0)?;
    q.is_finite().then(|| LjungBox { q, degrees, p: chi_square_tail(q, degrees as f64) })
}

/// How far back to look: the smallest k for which the five autocorrelations after it all lie inside the
/// robust band (a single dip into it says nothing). Searched up to a tenth of the series; none when it is
/// not found there, or the series does not move.
pub fn lookback(series: &[f64]) -> Option<usize> {
    const RUN: usize = 5;
    let bound = series.len() / 10;
    let lags = bound + RUN;
    let (rho, band) = (autocorrelation(series, lags)?, robust_band(series, lags)?);
    let inside: Vec<bool> = rho.iter().zip(&band).map(|(rho, band)| rho.abs() <= *band).collect();
    (0..=bound).find(|k| inside[*k..k + RUN].iter().all(|inside| *inside))
}

/// The reference's series.
#[cfg(test)]
pub(super) const WORKED: [f64; 12] = [0.5, -0.2, 0.3, 0.1, -0.4, 0.6, -0.1, 0.2, -0.3, 0.4, 0.05, -0.25];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::normal_quantile;
    use proptest::prelude::*;

    /// statsmodels 0.15.0, orderflow-metrics the same.
    #[test]
    fn the_worked_example() {
        let rho = autocorrelation(&WORKED, 3).unwrap();
        for (ours, theirs) in rho.iter().zip([-0.593_685_3, 0.127_329_193, 0.050_207_039_3]) {
            assert!((ours - theirs).abs() < 5e-9, "{ours} {theirs}");
        }
        let test = ljung_box(&WORKED, 3, 0).unwrap();
        assert!((test.q - 5.702_487_29).abs() < 5e-9 && (test.p - 0.127_016_94).abs() < 5e-9, "{test:?}");
        assert_eq!(ljung_box(&WORKED, 3, 1).unwrap().degrees, 2);
        assert_eq!(ljung_box(&WORKED, 3, 3), None);
    }

    fn normals(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                normal_quantile(((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64)
            })
            .collect()
    }

    /// A hundred series whose variance clusters but which remember nothing: the plain test cries wolf.
    #[test]
    fn changing_variance_fools_only_the_plain_test() {
        let (mut plain, mut robust) = (0, 0);
        for seed in 0..100 {
            let z = normals(500, seed * 7_919 + 1);
            let mut variance = 1.0;
            let series: Vec<f64> = z
                .iter()
                .map(|z| {
                    let r = z * libm::sqrt(variance);
                    variance = 0.05 + 0.3 * r * r + 0.65 * variance;
                    r
                })
                .collect();
            plain += u32::from(ljung_box(&series, 5, 0).unwrap().p < 0.05);
            robust += u32::from(robust_ljung_box(&series, 5, 0).unwrap().p < 0.05);
        }
        assert!(plain >= 15, "{plain}");
        assert!(robust <= 11, "{robust}");
    }

    #[test]
    fn the_lookback_is_where_memory_ends() {
        // A moving sum of four: three lags of memory.
        let z = normals(3_000, 3);
        let series: Vec<f64> = z.windows(4).map(|four| four.iter().sum()).collect();
        assert_eq!(lookback(&series), Some(3));
        let calm = lookback(&z).unwrap();
        assert!(calm <= 1, "{calm}");
        assert_eq!(lookback(&[1.0; 100]), None);
    }

    #[test]
    fn what_does_not_move_has_none() {
        assert_eq!(autocorrelation(&[1.0; 9], 2), None);
        assert_eq!(autocorrelation(&[1.0, 2.0], 2), None);
        assert_eq!(autocorrelation(&[], 0), None);
        assert_eq!(robust_ljung_box(&[1.0, f64::NAN, 2.0], 1, 0), None);
    }

    proptest! {
        #[test]
        fn autocorrelations_lie_in_their_range(series in prop::collection::vec(-1e3..1e3_f64, 6..60)) {
            let rho = autocorrelation(&series, 5).unwrap();
            prop_assert!(rho.iter().all(|rho| rho.abs() <= 1.0 + 1e-12));
            let scaled: Vec<f64> = series.iter().map(|x| 3.0 * x - 7.0).collect();
            for (a, b) in rho.iter().zip(autocorrelation(&scaled, 5).unwrap()) {
                prop_assert!((a - b).abs() < 1e-9);
            }
        }
    }
}
