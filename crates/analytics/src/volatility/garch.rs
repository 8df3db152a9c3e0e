//! GARCH(1,1) of zero-mean returns (Bollerslev 1986, 1987): v <- ω + α r² + β v.
//!
//! As a filter with fixed parameters, its likelihood with normal or Student's t innovations, and the fit
//! by maximum likelihood: the one-state rival that regimes must beat out of sample.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::probability::Density;
use crate::simplex::{Limits, minimise};

/// Returns needed for a fit.
pub const LEAST: usize = 250;
/// Calls of the likelihood in a fit at most.
pub const MAX_EVALUATIONS: u32 = 3_000;
/// Returns that the first variance of a fit is made of, and how the later ones are discounted.
const BACK_CAST: (usize, f64) = (75, 0.94);

/// Why there are no parameters.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum GarchError {
    /// Not a stationary model.
    #[error(
        "omega {omega}, alpha {alpha}, beta {beta}: omega must be above zero, the others not below, their sum below one"
    )]
    Parameters {
        /// ω.
        omega: f64,
        /// α.
        alpha: f64,
        /// β.
        beta: f64,
    },
    /// Too few returns.
    #[error("{0} returns are too few: {LEAST} are needed")]
    TooFew(usize),
    /// A return that is not finite, at this place.
    #[error("return {0} is not a finite number: leave it out before fitting")]
    NotFinite(usize),
    /// All returns are zero.
    #[error("the series does not move")]
    Constant,
    /// The search did not end.
    #[error("no maximum of the likelihood was found in {MAX_EVALUATIONS} steps")]
    NotConverged,
}

/// Parameters of a stationary GARCH(1,1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Garch {
    omega: f64,
    alpha: f64,
    beta: f64,
    density: Density,
}

impl Garch {
    /// From ω > 0, α >= 0, β >= 0, α + β < 1.
    ///
    /// # Errors
    /// One of these does not hold.
    pub fn new(omega: f64, alpha: f64, beta: f64, density: Density) -> Result<Self, GarchError> {
        if omega > 0.0 && omega.is_finite() && alpha >= 0.0 && beta >= 0.0 && alpha + beta < 1.0 {
            Ok(Self { omega, alpha, beta, density })
        } else {
            Err(GarchError::Parameters { omega, alpha, beta })
        }
    }

    /// ω.
    pub const fn omega(&self) -> f64 {
        self.omega
    }

    /// α: what the last return adds.
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// β: what stays of the last variance.
    pub const fn beta(&self) -> f64 {
        self.beta
    }

    /// Density of the innovations.
    pub const fn density(&self) -> &Density {
        &self.density
    }

    /// The variance it returns to: ω / (1 - α - β).
    pub fn long_run(&self) -> f64 {
        self.omega / (1.0 - self.alpha - self.beta)
    }

    /// The variance of the next return.
    #[inline]
    pub fn next(&self, variance: f64, r: f64) -> f64 {
        self.omega + self.alpha * r * r + self.beta * variance
    }

    /// Σ ln f(r) with the first variance given.
    pub fn log_likelihood(&self, returns: &[f64], first_variance: f64) -> f64 {
        let mut variance = first_variance;
        let mut sum = 0.0;
        for r in returns {
            sum += self.density.log(*r, variance);
            variance = self.next(variance, *r);
        }
        sum
    }
}

/// A running filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GarchFilter {
    garch: Garch,
    variance: f64,
    observed: u64,
}

impl GarchFilter {
    /// A filter that expects `first_variance` of the first return; the long-run variance when that is not
    /// above zero.
    pub fn new(garch: Garch, first_variance: f64) -> Self {
        let usable = first_variance > 0.0 && first_variance.is_finite();
        Self { variance: if usable { first_variance } else { garch.long_run() }, garch, observed: 0 }
    }

    /// The variance expected of the next return.
    pub const fn variance(&self) -> f64 {
        self.variance
    }

    /// Returns taken.
    pub const fn observed(&self) -> u64 {
        self.observed
    }

    /// Takes a return and gives its log density under what was expected: the predictive score. One whose
    /// square is not finite is refused and changes nothing.
    pub fn on_return(&mut self, r: f64) -> Option<f64> {
        let next = self.garch.next(self.variance, r);
        if !next.is_finite() {
            return None;
        }
        let score = self.garch.density.log(r, self.variance);
        self.variance = next;
        self.observed = self.observed.saturating_add(1);
        Some(score)
    }

    /// Back to the long-run variance: returns were lost.
    pub fn clear(&mut self) {
        *self = Self::new(self.garch, self.garch.long_run());
    }
}

/// What the innovations of a fit are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Innovations {
    /// Normal.
    Normal,
    /// Student's t, its degrees of freedom fitted too (2.05 to 200).
    StudentT,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct GarchFit {
    /// The parameters.
    pub garch: Garch,
    /// The variance assumed of the first return.
    pub first_variance: f64,
    /// Log-likelihood of the returns.
    pub log_likelihood: f64,
    /// Bayes' information criterion, smaller is better.
    pub bic: f64,
    /// Calls of the likelihood.
    pub evaluations: u32,
}

/// The variance that a fit assumes of the first return: a discounted mean of the first squares, as the
/// Python package `arch` does it. None when nothing moves.
pub fn back_cast(returns: &[f64]) -> Option<f64> {
    let (count, discount) = BACK_CAST;
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for r in returns.iter().take(count) {
        sum += weight * r * r;
        weights += weight;
        weight *= discount;
    }
    (sum > 0.0).then(|| sum / weights)
}

/// Fits by maximum likelihood, with the search of [`crate::simplex`].
///
/// # Errors
/// The series cannot be fitted, or the search did not end.
pub fn fit(returns: &[f64], innovations: Innovations) -> Result<GarchFit, GarchError> {
    if returns.len() < LEAST {
        return Err(GarchError::TooFew(returns.len()));
    }
    if let Some(place) = returns.iter().position(|r| !r.is_finite()) {
        return Err(GarchError::NotFinite(place));
    }
    let scale = returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64;
    let first_variance = back_cast(returns).filter(|_| scale.is_finite()).ok_or(GarchError::Constant)?;
    let coded = Coded { scale, innovations };
    let (start, step) = coded.start();
    let limits = Limits { evaluations: MAX_EVALUATIONS, tolerance: 1e-11 };
    let found = minimise(
        |at| coded.model(at).map_or(f64::INFINITY, |garch| -garch.log_likelihood(returns, first_variance)),
        &start,
        &step,
        limits,
    );
    match coded.model(&found.at) {
        Some(garch) if found.converged => {
            let log_likelihood = -found.value;
            let bic = -2.0 * log_likelihood + start.len() as f64 * libm::log(returns.len() as f64);
            Ok(GarchFit { garch, first_variance, log_likelihood, bic, evaluations: found.evaluations })
        }
        _ => Err(GarchError::NotConverged),
    }
}

/// The parameters as numbers without bounds: ln(ω / (scale (1 - α - β))), the logits of α + β and of
/// α / (α + β), and ln(ν - 2.05).
struct Coded {
    scale: f64,
    innovations: Innovations,
}

impl Coded {
    fn start(&self) -> (Vec<f64>, Vec<f64>) {
        // The long-run variance is the sample's, α + β = 0.95, α = 0.05, ν = 8.
        let mut start = vec![0.0, 2.944, -2.89];
        let mut step = vec![0.5, 0.8, 0.8];
        if self.innovations == Innovations::StudentT {
            start.push(1.78);
            step.push(0.7);
        }
        (start, step)
    }

    fn model(&self, at: &[f64]) -> Option<Garch> {
        let logistic = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        let persistence = logistic(at[1]);
        let alpha = persistence * logistic(at[2]);
        let density = match self.innovations {
            Innovations::Normal => Density::NORMAL,
            Innovations::StudentT => Density::student_t((2.05 + libm::exp(at[3])).min(200.0))?,
        };
        let omega = self.scale * libm::exp(at[0]) * (1.0 - persistence);
        Garch::new(omega, alpha, persistence - alpha, density).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::normal_quantile;

    /// arch 8.0.0. The first variance is passed in; the package's back-cast of these returns is the last.
    #[test]
    fn the_worked_example() {
        let garch = Garch::new(0.05, 0.10, 0.85, Density::NORMAL).unwrap();
        let returns = [0.5, -1.2, 0.8, 0.3, -2.1, 1.7, -0.4, 0.2];
        let expected = [
            1.103_331_95,
            1.131_832_16,
            1.076_057_33,
            0.973_648_734,
            1.318_601_42,
            1.459_811_21,
            1.306_839_53,
        ];
        let mut filter = GarchFilter::new(garch, 1.209_802_29);
        let mut sum = 0.0;
        for (i, r) in returns.into_iter().enumerate() {
            sum += filter.on_return(r).unwrap();
            if let Some(expected) = expected.get(i) {
                assert!((filter.variance() - expected).abs() < 6e-9, "{i}: {} {expected}", filter.variance());
            }
        }
        assert!((sum - -12.553_446_8).abs() < 5e-8, "{sum}");
        assert_eq!(sum, garch.log_likelihood(&returns, 1.209_802_29));
        assert!((back_cast(&returns).unwrap() - 1.220_844_520_523_667_8).abs() < 1e-14);
    }

    #[test]
    fn planted_parameters_are_found() {
        let truth = Garch::new(2e-8, 0.08, 0.90, Density::NORMAL).unwrap();
        let mut state = 5_u64;
        let mut variance = truth.long_run();
        let returns: Vec<f64> = (0..4_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let unit = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
                let r = normal_quantile(unit) * libm::sqrt(variance);
                variance = truth.next(variance, r);
                r
            })
            .collect();
        let found = fit(&returns, Innovations::Normal).unwrap();
        assert!(
            (found.garch.alpha() - 0.08).abs() < 0.03 && (found.garch.beta() - 0.90).abs() < 0.05,
            "{found:?}"
        );
        assert!(found.log_likelihood >= truth.log_likelihood(&returns, found.first_variance), "a maximum");
        let wide = fit(&returns, Innovations::StudentT).unwrap();
        assert!(wide.garch.density().nu().unwrap() > 20.0 && wide.bic > found.bic, "{wide:?}");
    }

    #[test]
    fn what_is_no_model_is_refused() {
        assert!(Garch::new(0.0, 0.1, 0.8, Density::NORMAL).is_err());
        assert!(Garch::new(1.0, 0.2, 0.8, Density::NORMAL).is_err());
        assert!(Garch::new(1.0, f64::NAN, 0.8, Density::NORMAL).is_err());
        assert_eq!(fit(&[0.1; 10], Innovations::Normal), Err(GarchError::TooFew(10)));
        assert_eq!(fit(&[0.0; 300], Innovations::Normal), Err(GarchError::Constant));
        let mut filter = GarchFilter::new(Garch::new(1.0, 0.1, 0.8, Density::NORMAL).unwrap(), 0.0);
        assert_eq!(filter.on_return(1e300), None);
        assert_eq!(filter.on_return(f64::NAN), None);
        assert!((filter.variance() - 10.0).abs() < 1e-12);
    }
}
