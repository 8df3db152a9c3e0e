//! Exponentially weighted covariances: c <- λ c + (1 - λ) x y, seeded with the first products.

use serde::{Deserialize, Serialize};

use crate::matrix::Symmetric;

/// Most symbols: bounds the state to 32 KiB and an update to 2 080 products.
pub const MAX_SYMBOLS: usize = 64;

/// Running covariances of synchronous zero-mean returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EwmaCovariance {
    lambda: f64,
    matrix: Symmetric,
    observed: u64,
    rejected: u64,
}

impl EwmaCovariance {
    /// For `symbols` (1 to [`MAX_SYMBOLS`]; none beyond), with the weight `lambda` of the past moved into
    /// [0, 1).
    pub fn new(symbols: usize, lambda: f64) -> Option<Self> {
        let lambda = if lambda.is_finite() { lambda.clamp(0.0, 0.999_999) } else { return None };
        (1..=MAX_SYMBOLS).contains(&symbols).then(|| Self {
            lambda,
            matrix: Symmetric::zeros(symbols),
            observed: 0,
            rejected: 0,
        })
    }

    /// Takes one row: a return of each symbol over the same bar. A row of another length, or with a number
    /// that is not finite, is refused and counted.
    pub fn on_row(&mut self, row: &[f64]) {
        // No product of two can overflow then.
        if row.len() != self.matrix.order() || !row.iter().all(|r| r.abs() < 1e100) {
            self.rejected = self.rejected.saturating_add(1);
            return;
        }
        let (keep, add) = if self.observed == 0 { (0.0, 1.0) } else { (self.lambda, 1.0 - self.lambda) };
        for i in 0..row.len() {
            for j in 0..=i {
                let value = keep * self.matrix.get(i, j) + add * row[i] * row[j];
                self.matrix.set(i, j, value);
            }
        }
        self.observed = self.observed.saturating_add(1);
    }

    /// The covariance of a bar; absent before the first row.
    pub fn covariance(&self) -> Option<&Symmetric> {
        (self.observed > 0).then_some(&self.matrix)
    }

    /// The correlation of two symbols; absent before the first row, and where one has not moved.
    pub fn correlation(&self, i: usize, j: usize) -> Option<f64> {
        let n = self.matrix.order();
        if self.observed == 0 || i >= n || j >= n {
            return None;
        }
        let scale = libm::sqrt(self.matrix.get(i, i) * self.matrix.get(j, j));
        (scale > 0.0).then(|| (self.matrix.get(i, j) / scale).clamp(-1.0, 1.0))
    }

    /// Rows taken.
    pub const fn observed(&self) -> u64 {
        self.observed
    }

    /// Rows refused.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// The observations that the weights are worth: (1 + λ)/(1 - λ), or the rows taken when fewer.
    pub fn effective(&self) -> f64 {
        ((1.0 + self.lambda) / (1.0 - self.lambda)).min(self.observed as f64)
    }

    /// Forgets everything but the refusals.
    pub fn clear(&mut self) {
        self.matrix = Symmetric::zeros(self.matrix.order());
        self.observed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_worked_example() {
        let mut ewma = EwmaCovariance::new(2, 0.94).unwrap();
        for row in [[0.010, 0.008], [-0.005, -0.002], [0.003, 0.006], [-0.012, -0.010], [0.007, 0.001]] {
            ewma.on_row(&row);
        }
        let matrix = ewma.covariance().unwrap();
        assert!((matrix.get(0, 0) - 9.085_951_6e-5).abs() < 5e-14);
        assert!((matrix.get(1, 1) - 5.777_584_96e-5).abs() < 5e-14);
        assert!((matrix.get(0, 1) - 7.110_055_52e-5).abs() < 5e-14);
        assert!((ewma.correlation(0, 1).unwrap() - 0.981_328_953).abs() < 5e-10);
    }

    #[test]
    fn rows_that_cannot_be_are_counted() {
        let mut ewma = EwmaCovariance::new(2, 0.94).unwrap();
        ewma.on_row(&[1.0]);
        ewma.on_row(&[1.0, f64::NAN]);
        ewma.on_row(&[1.0, 1e200]);
        assert_eq!((ewma.observed(), ewma.rejected(), ewma.covariance()), (0, 3, None));
        ewma.on_row(&[1.0, 0.0]);
        assert_eq!(
            (ewma.correlation(0, 1), ewma.correlation(0, 0), ewma.correlation(0, 2)),
            (None, Some(1.0), None)
        );
        assert_eq!(EwmaCovariance::new(MAX_SYMBOLS + 1, 0.94), None);
    }

    proptest! {
        #[test]
        fn it_is_positive_semidefinite(rows in prop::collection::vec(prop::array::uniform4(-1.0..1.0_f64), 1..40), lambda in 0.0..1.0_f64) {
            let mut ewma = EwmaCovariance::new(4, lambda).unwrap();
            for row in &rows {
                ewma.on_row(row);
            }
            let least = ewma.covariance().unwrap().eigen().values[0];
            prop_assert!(least > -1e-14, "{least}");
            let restored: EwmaCovariance = postcard::from_bytes(&postcard::to_stdvec(&ewma).unwrap()).unwrap();
            prop_assert_eq!(restored, ewma);
        }
    }
}
