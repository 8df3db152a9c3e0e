//! Exponentially weighted variance: v <- λ v + (1 - λ) r², seeded with the first r² (`RiskMetrics` 1996).

use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

/// Weight of the past for daily returns and five-minute bars.
pub const LAMBDA: f64 = 0.94;

/// A running variance of zero-mean returns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ewma {
    lambda: f64,
    variance: f64,
    n: u64,
    least: u64,
}

impl Ewma {
    /// Weight `lambda` of the past, moved into [0, 1); ready after as many returns as weigh half.
    pub fn new(lambda: f64) -> Self {
        let lambda = if lambda.is_finite() { lambda.clamp(0.0, 0.999_999) } else { LAMBDA };
        let half_life = if lambda > 0.0 { core::f64::consts::LN_2 / -libm::log(lambda) } else { 1.0 };
        Self { lambda, variance: 0.0, n: 0, least: libm::ceil(half_life) as u64 }
    }

    /// Takes a return; one that is not finite changes nothing.
    #[inline]
    pub fn push(&mut self, r: f64) {
        let square = r * r;
        if !square.is_finite() {
            return;
        }
        self.variance =
            if self.n == 0 { square } else { self.lambda * self.variance + (1.0 - self.lambda) * square };
        self.n = self.n.saturating_add(1);
    }

    /// The variance of a return, from the first one on.
    pub fn latest(&self) -> Option<f64> {
        (self.n > 0).then_some(self.variance)
    }

    /// The variance of a return; absent until the seed weighs less than half.
    pub fn variance(&self) -> Metric {
        Metric::new((self.n >= self.least).then_some(self.variance), self.n, Quality::GOOD)
    }

    /// Returns taken.
    pub const fn observed(&self) -> u64 {
        self.n
    }

    /// Forgets everything.
    pub const fn clear(&mut self) {
        (self.variance, self.n) = (0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        let mut ewma = Ewma::new(LAMBDA);
        for r in [0.01, -0.005, 0.003, -0.012, 0.007] {
            ewma.push(r);
        }
        assert!((ewma.latest().unwrap() - 9.085_951_6e-5).abs() < 5e-14, "{:?}", ewma.latest());
        assert_eq!(ewma.variance().value, None, "twelve returns are needed");
        ewma.push(f64::NAN);
        ewma.push(1e200);
        assert_eq!(ewma.observed(), 5);
    }
}
