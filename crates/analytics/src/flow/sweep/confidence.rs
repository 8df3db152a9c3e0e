//! How often groups that look like this one are marked by the exchange: a logistic regression, fitted on
//! feeds where exchanges mark sweeps and used as a calibrated frequency everywhere.
//!
//! Marks are incomplete, so the number is a lower bound on "one order stood behind it", and it is not a
//! probability of profit.

use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Numbers that describe a group, beside the constant.
pub const FEATURES: usize = 5;
/// Unknowns of the fit: the constant and the weights.
const N: usize = FEATURES + 1;
/// Least groups of either kind for a fit.
pub const LEAST: usize = 200;
/// Steps of Newton's method at most.
const STEPS: usize = 50;
/// Pulls the weights to zero, so that kinds which a plane separates have a finite fit.
const RIDGE: f64 = 1e-3;

/// What a group looks like, without its marks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Prints.
    pub prints: u32,
    /// Prices taken.
    pub levels: u32,
    /// Exchanges known by name.
    pub venues: u32,
    /// Its shares over those displayed at the touch when it began, when that was known.
    pub over_displayed: Option<f64>,
    /// From its first print to its last.
    pub duration: Span,
}

impl Look {
    /// The numbers of the regression: logarithm of the prints, further prices, further exchanges,
    /// logarithm of shares over displayed (0 when not known, kept within 0 and 10), tens of milliseconds.
    fn numbers(&self) -> [f64; FEATURES] {
        [
            libm::log(f64::from(self.prints.max(1))),
            f64::from(self.levels.saturating_sub(1).min(20)),
            f64::from(self.venues.saturating_sub(1)),
            self.over_displayed.map_or(0.0, |over| libm::log(over.max(1.0)).clamp(0.0, 10.0)),
            self.duration.as_seconds().clamp(0.0, 1.0) * 100.0,
        ]
    }
}

/// A fitted regression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SweepModel {
    /// The constant.
    pub constant: f64,
    /// Weights in the order of the numbers of a [`Look`]: ln(prints), prices beyond the first, exchanges
    /// beyond the first, ln(shares over displayed), tens of milliseconds.
    pub weights: [f64; FEATURES],
}

/// Why there is no fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoModel {
    /// Too few groups of a kind.
    #[error("{marked} marked and {unmarked} unmarked bursts: {LEAST} of each are needed")]
    TooFew {
        /// Groups with a mark.
        marked: usize,
        /// Groups without.
        unmarked: usize,
    },
    /// Newton's method did not settle.
    #[error("the fit did not settle within {STEPS} steps: the bursts do not determine it")]
    Unsettled,
}

impl SweepModel {
    /// How often a group that looks so is marked, in (0, 1).
    pub fn marked(&self, look: &Look) -> f64 {
        let sum: f64 = self.weights.iter().zip(look.numbers()).map(|(weight, number)| weight * number).sum();
        logistic(self.constant + sum)
    }

    /// Fits it to groups and whether each was marked, by Newton's method with a small ridge.
    ///
    /// # Errors
    /// Too few groups of either kind, or no convergence.
    pub fn fit(bursts: &[(Look, bool)]) -> Result<Self, NoModel> {
        let marked = bursts.iter().filter(|(_, marked)| *marked).count();
        let unmarked = bursts.len() - marked;
        if marked < LEAST || unmarked < LEAST {
            return Err(NoModel::TooFew { marked, unmarked });
        }
        let mut beta = [0.0; N];
        for _ in 0..STEPS {
            let mut slope = beta.map(|weight| -RIDGE * weight);
            let mut curve = [[0.0; N]; N];
            for (n, row) in curve.iter_mut().enumerate() {
                row[n] = RIDGE;
            }
            for (look, marked) in bursts {
                let numbers = look.numbers();
                let mut x = [1.0; N];
                x[1..].copy_from_slice(&numbers);
                let p = logistic(beta.iter().zip(&x).map(|(b, x)| b * x).sum());
                let miss = f64::from(u8::from(*marked)) - p;
                for i in 0..N {
                    slope[i] += miss * x[i];
                    for j in 0..N {
                        curve[i][j] += p * (1.0 - p) * x[i] * x[j];
                    }
                }
            }
            let rows: Vec<f64> = curve.iter().flatten().copied().collect();
            let step = crate::linear::solve(rows, slope.to_vec()).ok_or(NoModel::Unsettled)?;
            for (weight, change) in beta.iter_mut().zip(&step) {
                *weight += change;
            }
            if step.iter().all(|change| change.abs() < 1e-10) {
                let mut weights = [0.0; FEATURES];
                weights.copy_from_slice(&beta[1..]);
                return Ok(Self { constant: beta[0], weights });
            }
        }
        Err(NoModel::Unsettled)
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(prints: u32, levels: u32) -> Look {
        Look { prints, levels, venues: 1, over_displayed: None, duration: Span::ZERO }
    }

    /// With one yes-or-no number the fit must give each kind's own frequency.
    #[test]
    fn it_gives_the_frequencies_it_was_shown() {
        let mut bursts = vec![];
        for n in 0..1_000 {
            bursts.push((look(1, 1), n % 10 == 0));
            bursts.push((look(1, 2), n % 10 < 6));
        }
        let model = SweepModel::fit(&bursts).unwrap();
        assert!((model.marked(&look(1, 1)) - 0.1).abs() < 1e-4, "{model:?}");
        assert!((model.marked(&look(1, 2)) - 0.6).abs() < 1e-4);
        assert_eq!(model.weights[2..], [0.0; 3]);
    }

    #[test]
    fn it_refuses_what_it_cannot_know() {
        let few = vec![(look(2, 2), true); 500];
        assert_eq!(SweepModel::fit(&few), Err(NoModel::TooFew { marked: 500, unmarked: 0 }));
        // Kinds that a line separates still have a finite fit.
        let apart: Vec<_> = (0..1_000).map(|n| (look(2, 1 + n % 2), n % 2 == 1)).collect();
        let model = SweepModel::fit(&apart).unwrap();
        assert!(model.marked(&look(2, 2)) > 0.99 && model.marked(&look(2, 1)) < 0.01);
    }
}
