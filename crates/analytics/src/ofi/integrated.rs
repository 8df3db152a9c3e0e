//! Integrated order-flow imbalance (Cont, Cucuringu, Zhang 2023): one number for all levels.
//!
//! The vector of depth-normalised flows is weighted by its first principal component, the weights scaled
//! so that their absolute values sum to one. They are fitted over recorded sessions: [`FlowMoments`] is
//! what an observer of the vectors keeps (bounded), [`FlowMoments::weights`] the fit.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::book::ladder::LEVELS;

/// Weights of the levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    levels: usize,
    of_level: [f64; LEVELS],
    /// Part of the variance that the component explains, in [0, 1].
    explained: f64,
}

impl Weights {
    /// Given weights, first the touch; absent when there are none or more than ten, one is not finite, or
    /// all are zero. They are scaled here.
    pub fn new(given: &[f64]) -> Option<Self> {
        let scale: f64 = given.iter().map(|weight| weight.abs()).sum();
        if given.len() > LEVELS || !scale.is_finite() || scale <= 0.0 {
            return None;
        }
        let mut weights = [0.0; LEVELS];
        for (weight, given) in weights.iter_mut().zip(given) {
            *weight = given / scale;
        }
        Some(Self { levels: given.len(), of_level: weights, explained: 0.0 })
    }

    /// Levels they are for.
    pub const fn levels(&self) -> usize {
        self.levels
    }

    /// The weights, first the touch.
    pub fn weights(&self) -> &[f64] {
        &self.of_level[..self.levels]
    }

    /// Part of the variance that the component explains, in [0, 1]; zero for weights that were given.
    pub const fn explained(&self) -> f64 {
        self.explained
    }

    /// The weighted sum of a vector.
    #[inline]
    pub fn of(&self, vector: &[f64; LEVELS]) -> f64 {
        self.of_level.iter().zip(vector).map(|(weight, value)| weight * value).sum()
    }
}

/// Why there are no weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoWeights {
    /// Too few vectors.
    #[error("{seen} vectors of flow: {LEAST} are needed")]
    TooFew {
        /// Vectors seen.
        seen: u64,
    },
    /// The levels never flowed, or no component stands out.
    #[error("no component of the flow stands out")]
    Flat,
}

/// Least vectors for a fit.
pub const LEAST: u64 = 500;
/// Steps of the iteration at most.
const STEPS: usize = 10_000;

/// Means and products of vectors, for the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowMoments {
    levels: usize,
    seen: u64,
    mean: [f64; LEVELS],
    /// Sums of products of deviations from the mean.
    products: [[f64; LEVELS]; LEVELS],
}

impl FlowMoments {
    /// For vectors of `levels` numbers, 1 to 10.
    pub fn new(levels: usize) -> Self {
        let levels = levels.clamp(1, LEVELS);
        Self { levels, seen: 0, mean: [0.0; LEVELS], products: [[0.0; LEVELS]; LEVELS] }
    }

    /// A vector of [`super::Ofi::vector`]; take one an interval, so that windows do not overlap. One with
    /// a number that is not finite is left out.
    pub fn add(&mut self, vector: &[f64; LEVELS]) {
        if vector[..self.levels].iter().any(|value| !value.is_finite()) {
            return;
        }
        self.seen += 1;
        let n = self.seen as f64;
        let mut before = [0.0; LEVELS];
        for level in 0..self.levels {
            before[level] = vector[level] - self.mean[level];
            self.mean[level] += before[level] / n;
        }
        let after = core::array::from_fn::<f64, LEVELS, _>(|level| vector[level] - self.mean[level]);
        for (row, before) in self.products.iter_mut().zip(&before[..self.levels]) {
            for (product, after) in row.iter_mut().zip(&after[..self.levels]) {
                *product += before * after;
            }
        }
    }

    /// Vectors seen.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// The first principal component, its sum positive.
    ///
    /// # Errors
    /// Too few vectors, or none of the components stands out.
    pub fn weights(&self) -> Result<Weights, NoWeights> {
        if self.seen < LEAST {
            return Err(NoWeights::TooFew { seen: self.seen });
        }
        let n = self.levels;
        let trace: f64 = (0..n).map(|level| self.products[level][level]).sum();
        if !trace.is_finite() || trace <= 0.0 {
            return Err(NoWeights::Flat);
        }
        // Power iteration from a vector that no component is likely to be at right angles to.
        let mut vector = [0.0; LEVELS];
        for (level, value) in vector[..n].iter_mut().enumerate() {
            *value = 1.0 + level as f64 * 0.01;
        }
        for _ in 0..STEPS {
            let mut next = [0.0; LEVELS];
            for (i, value) in next[..n].iter_mut().enumerate() {
                *value = (0..n).map(|j| self.products[i][j] * vector[j]).sum::<f64>() / trace;
            }
            let length = libm::sqrt(next.iter().map(|value| value * value).sum());
            if length <= 0.0 {
                return Err(NoWeights::Flat);
            }
            let mut change = 0.0_f64;
            for (value, old) in next.iter_mut().zip(&vector) {
                *value /= length;
                change = change.max((*value - old).abs());
            }
            vector = next;
            if change < 1e-13 {
                let sign = if vector.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
                let signed = vector.map(|value| sign * value);
                let weights = Weights::new(&signed[..n]).ok_or(NoWeights::Flat)?;
                return Ok(Weights { explained: length.min(1.0), ..weights });
            }
        }
        Err(NoWeights::Flat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        let weights = Weights::new(&[3.0, -1.0]).unwrap();
        assert_eq!((weights.weights(), weights.levels()), (&[0.75, -0.25][..], 2));
        let mut vector = [0.0; LEVELS];
        (vector[0], vector[1]) = (4.0, 2.0);
        assert_eq!(weights.of(&vector), 2.5);
        assert_eq!((Weights::new(&[]), Weights::new(&[f64::NAN]), Weights::new(&[0.0])), (None, None, None));
        assert_eq!(Weights::new(&[1.0; 11]), None);
    }

    /// Two levels with variances 2 and 2 and covariance 1: the component is (1, 1) and explains 3 of 4.
    #[test]
    fn the_component_of_equal_levels_is_their_mean() {
        let mut moments = FlowMoments::new(2);
        let mut vector = [0.0; LEVELS];
        for n in 0..600 {
            let (common, own) = (f64::from(n % 2 * 2 - 1), f64::from(n / 2 % 2 * 2 - 1));
            let other = f64::from(n / 4 % 2 * 2 - 1);
            (vector[0], vector[1]) = (5.0 + common + own, common + other);
            moments.add(&vector);
        }
        vector[1] = f64::INFINITY;
        moments.add(&vector);
        let weights = moments.weights().unwrap();
        assert!(weights.weights().iter().all(|weight| (weight - 0.5).abs() < 1e-9), "{weights:?}");
        assert!((weights.explained() - 0.75).abs() < 1e-9);
        assert_eq!(moments.seen(), 600);
    }

    #[test]
    fn it_refuses_what_does_not_flow() {
        let mut moments = FlowMoments::new(3);
        assert_eq!(moments.weights(), Err(NoWeights::TooFew { seen: 0 }));
        for _ in 0..LEAST {
            moments.add(&[0.0; LEVELS]);
        }
        assert_eq!(moments.weights(), Err(NoWeights::Flat));
    }
}
