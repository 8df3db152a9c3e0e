//! Parameters of a chain from whole sessions: expectation-maximisation with restarts, for discovery.
//!
//! Baum and Welch (1970) with scaled forward and backward passes; Student's t by its usual weights (Peel
//! and `McLachlan` 2000), the degrees of freedom fixed. Chance comes from the caller's seeded generator, so
//! the same series and seed give the same bits. A state may not shrink below a ten-thousandth of the
//! series' variance: without that floor a run of unchanged prices swallows a state.

#![allow(clippy::needless_range_loop, reason = "i and j are states, as in the formulas")]

use thiserror::Error;

use super::chain::{Chain, MAX_STATES};
use crate::probability::Density;

/// Iterations of one restart at most.
pub const MAX_ITERATIONS: u32 = 500;
/// Restarts at most.
pub const MAX_RESTARTS: u32 = 50;
/// A restart has converged when an iteration gains less than this in log-likelihood.
pub const TOLERANCE: f64 = 1e-6;
/// The smallest variance of a state, as a share of the series'.
pub const VARIANCE_FLOOR: f64 = 1e-4;
/// Returns needed for each state.
pub const LEAST_PER_STATE: usize = 50;

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitRefusal {
    /// Not 1 to 4 states, or no restart.
    #[error("a chain has 1 to {MAX_STATES} states and 1 to {MAX_RESTARTS} restarts")]
    Shape,
    /// Too few returns.
    #[error("{found} returns are too few for this many states: {needed} are needed")]
    TooFew {
        /// Returns given.
        found: usize,
        /// Returns needed.
        needed: usize,
    },
    /// A return that is not finite, at this place.
    #[error("return {0} is not a finite number: leave it out before fitting")]
    NotFinite(usize),
    /// All returns are zero.
    #[error("the series does not move")]
    Constant,
}

/// A fitted chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The best of the restarts, its states sorted by variance.
    pub chain: Chain,
    /// Its log-likelihood.
    pub log_likelihood: f64,
    /// That of the second best restart; the best's own when there was only one.
    pub second_log_likelihood: f64,
    /// Bayes' information criterion, smaller is better: -2·ll + p·ln n.
    pub bic: f64,
    /// Share of bars in each state (smoothed).
    pub occupancy: Vec<f64>,
    /// Iterations of the best restart.
    pub iterations: u32,
    /// The best restart converged before its iterations ran out.
    pub converged: bool,
}

/// Fits a chain of `states` to `returns`, best of `restarts`. `unit` draws uniform numbers in [0, 1).
///
/// # Errors
/// The series cannot be fitted: see [`FitRefusal`].
pub fn fit(
    returns: &[f64],
    states: usize,
    density: Density,
    restarts: u32,
    unit: &mut impl FnMut() -> f64,
) -> Result<Fit, FitRefusal> {
    if !(1..=MAX_STATES).contains(&states) || !(1..=MAX_RESTARTS).contains(&restarts) {
        return Err(FitRefusal::Shape);
    }
    let needed = LEAST_PER_STATE * states;
    if returns.len() < needed {
        return Err(FitRefusal::TooFew { found: returns.len(), needed });
    }
    if let Some(place) = returns.iter().position(|r| !r.is_finite()) {
        return Err(FitRefusal::NotFinite(place));
    }
    let variance = returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64;
    if !(variance > 0.0 && variance.is_finite()) {
        return Err(FitRefusal::Constant);
    }
    let mut best: Option<Trial> = None;
    let mut second = f64::NEG_INFINITY;
    let mut passes = Passes::new(returns.len());
    // One state has one optimum.
    for restart in 0..if states == 1 { 1 } else { restarts } {
        let guess = Guess::new(states, variance, restart, unit);
        let trial = climb(returns, guess, density, variance * VARIANCE_FLOOR, &mut passes);
        match &best {
            Some(kept) if kept.log_likelihood >= trial.log_likelihood => {
                second = second.max(trial.log_likelihood);
            }
            kept => {
                second = kept.as_ref().map_or(second, |kept| kept.log_likelihood);
                best = Some(trial);
            }
        }
    }
    best.map(|trial| trial.into_fit(density, second, returns.len())).ok_or(FitRefusal::Shape)
}

/// Parameters while they are being found, states in no order.
#[derive(Debug, Clone)]
struct Guess {
    states: usize,
    start: [f64; MAX_STATES],
    transition: [[f64; MAX_STATES]; MAX_STATES],
    variance: [f64; MAX_STATES],
}

impl Guess {
    /// The first restart spreads the variances evenly on the scale of logarithms, the others at random.
    fn new(states: usize, variance: f64, restart: u32, unit: &mut impl FnMut() -> f64) -> Self {
        let k = states as f64;
        let mut guess = Self {
            states,
            start: [0.0; MAX_STATES],
            transition: [[0.0; MAX_STATES]; MAX_STATES],
            variance: [0.0; MAX_STATES],
        };
        for i in 0..states {
            let stay = if states == 1 {
                1.0
            } else if restart == 0 {
                0.95
            } else {
                0.7 + 0.29 * unit()
            };
            let exponent = if restart == 0 { (i as f64 + 0.5) / k * 2.0 - 1.0 } else { 2.0 * unit() - 1.0 };
            guess.start[i] = 1.0 / k;
            // From a fifth of the variance to five times it.
            guess.variance[i] = variance * libm::exp(exponent * 1.609_437_912_434_1);
            for j in 0..states {
                guess.transition[i][j] = if i == j { stay } else { (1.0 - stay) / (k - 1.0) };
            }
        }
        guess
    }
}

/// Room for the passes over a series, used again by each iteration.
struct Passes {
    density: Vec<[f64; MAX_STATES]>,
    forward: Vec<[f64; MAX_STATES]>,
    scale: Vec<f64>,
}

impl Passes {
    fn new(n: usize) -> Self {
        Self { density: vec![[0.0; MAX_STATES]; n], forward: vec![[0.0; MAX_STATES]; n], scale: vec![0.0; n] }
    }

    /// Scaled densities and forward probabilities; the log-likelihood.
    fn forward(&mut self, returns: &[f64], guess: &Guess, density: Density) -> f64 {
        let k = guess.states;
        let mut log_likelihood = 0.0;
        for (t, r) in returns.iter().enumerate() {
            let mut logs = [f64::NEG_INFINITY; MAX_STATES];
            let mut largest = f64::NEG_INFINITY;
            for i in 0..k {
                logs[i] = density.log(*r, guess.variance[i]);
                largest = largest.max(logs[i]);
            }
            let mut sum = 0.0;
            for i in 0..k {
                self.density[t][i] = libm::exp(logs[i] - largest);
                let prior = if t == 0 {
                    guess.start[i]
                } else {
                    (0..k).map(|j| self.forward[t - 1][j] * guess.transition[j][i]).sum()
                };
                self.forward[t][i] = prior * self.density[t][i];
                sum += self.forward[t][i];
            }
            let sum = sum.max(f64::MIN_POSITIVE);
            for i in 0..k {
                self.forward[t][i] /= sum;
            }
            self.scale[t] = sum;
            log_likelihood += largest + libm::log(sum);
        }
        log_likelihood
    }

    /// The backward pass: sums of the smoothed probabilities that the next guess is made of.
    fn backward(&self, returns: &[f64], guess: &Guess, density: Density) -> Sums {
        let k = guess.states;
        let n = returns.len();
        let mut sums = Sums::default();
        let mut after = [1.0; MAX_STATES];
        for t in (0..n).rev() {
            let mut gamma = [0.0; MAX_STATES];
            let mut total = 0.0;
            for i in 0..k {
                gamma[i] = self.forward[t][i] * after[i];
                total += gamma[i];
            }
            let total = total.max(f64::MIN_POSITIVE);
            let r = returns[t];
            for i in 0..k {
                let p = gamma[i] / total;
                sums.weight[i] += p;
                sums.square[i] += p * density.weight(r, guess.variance[i]) * r * r;
                if t == 0 {
                    sums.start[i] = p;
                }
            }
            if t > 0 {
                let mut before = [0.0; MAX_STATES];
                for i in 0..k {
                    for j in 0..k {
                        let step = guess.transition[i][j] * self.density[t][j] * after[j] / self.scale[t];
                        before[i] += step;
                        sums.moves[i][j] += self.forward[t - 1][i] * step;
                    }
                }
                after = before;
            }
        }
        sums
    }
}

#[derive(Debug, Clone, Default)]
struct Sums {
    start: [f64; MAX_STATES],
    /// Expected bars in each state.
    weight: [f64; MAX_STATES],
    /// Weighted squares of the returns in each state.
    square: [f64; MAX_STATES],
    /// Expected moves from state to state.
    moves: [[f64; MAX_STATES]; MAX_STATES],
}

impl Sums {
    fn next_guess(&self, last: &Guess, floor: f64) -> Guess {
        let k = last.states;
        let mut guess = last.clone();
        let started: f64 = self.start[..k].iter().sum();
        for i in 0..k {
            guess.start[i] = if started > 0.0 { self.start[i] / started } else { last.start[i] };
            if self.weight[i] > 0.0 {
                guess.variance[i] = (self.square[i] / self.weight[i]).max(floor);
            }
            let left: f64 = self.moves[i][..k].iter().sum();
            if left > 0.0 {
                for j in 0..k {
                    guess.transition[i][j] = self.moves[i][j] / left;
                }
            }
        }
        guess
    }
}

struct Trial {
    guess: Guess,
    occupancy: [f64; MAX_STATES],
    log_likelihood: f64,
    iterations: u32,
    converged: bool,
}

fn climb(returns: &[f64], first: Guess, density: Density, floor: f64, passes: &mut Passes) -> Trial {
    let mut guess = first;
    let mut log_likelihood = passes.forward(returns, &guess, density);
    let mut sums = passes.backward(returns, &guess, density);
    let (mut iterations, mut converged) = (0, false);
    while iterations < MAX_ITERATIONS && !converged {
        iterations += 1;
        let next = sums.next_guess(&guess, floor);
        let reached = passes.forward(returns, &next, density);
        converged = reached - log_likelihood < TOLERANCE;
        if reached < log_likelihood {
            // Only rounding, or the floor, goes down: keep the better one.
            break;
        }
        (guess, log_likelihood) = (next, reached);
        sums = passes.backward(returns, &guess, density);
    }
    let n = returns.len() as f64;
    Trial { guess, occupancy: sums.weight.map(|w| w / n), log_likelihood, iterations, converged }
}

impl Trial {
    fn into_fit(self, density: Density, second: f64, n: usize) -> Fit {
        let k = self.guess.states;
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|a, b| self.guess.variance[*a].total_cmp(&self.guess.variance[*b]));
        let mut chain_start = self.guess.start;
        normalise(&mut chain_start[..k]);
        let rows: Vec<Vec<f64>> = (0..k)
            .map(|i| {
                let mut row = self.guess.transition[i][..k].to_vec();
                normalise(&mut row);
                row
            })
            .collect();
        let chain = Chain::new(density, &chain_start[..k], &rows, &self.guess.variance[..k])
            .expect("normalised rows and variances above the floor are a chain");
        let log_likelihood = self.log_likelihood;
        Fit {
            log_likelihood,
            second_log_likelihood: if second.is_finite() { second } else { log_likelihood },
            bic: -2.0 * log_likelihood + chain.free_parameters() as f64 * libm::log(n as f64),
            occupancy: order.iter().map(|i| self.occupancy[*i]).collect(),
            iterations: self.iterations,
            converged: self.converged,
            chain,
        }
    }
}

fn normalise(row: &mut [f64]) {
    let sum: f64 = row.iter().sum();
    for p in row {
        *p = (*p / sum).clamp(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::unit as chance;
    use crate::probability::normal_quantile;

    /// 1 500 bars that change between two volatilities, 1 and 3, staying with probability 0.97.
    fn planted() -> Vec<f64> {
        let mut unit = chance(11);
        let mut high = false;
        (0..1_500)
            .map(|_| {
                high ^= unit() > 0.97;
                normal_quantile(unit().max(1e-12)) * if high { 3e-3 } else { 1e-3 }
            })
            .collect()
    }

    #[test]
    fn planted_regimes_are_found_and_preferred() {
        let returns = planted();
        let one = fit(&returns, 1, Density::NORMAL, 10, &mut chance(1)).unwrap();
        let two = fit(&returns, 2, Density::NORMAL, 10, &mut chance(1)).unwrap();
        let three = fit(&returns, 3, Density::NORMAL, 4, &mut chance(1)).unwrap();
        assert!(two.bic < one.bic && two.bic < three.bic, "{} {} {}", one.bic, two.bic, three.bic);
        assert!(two.converged && two.log_likelihood - two.second_log_likelihood < 0.1, "{two:?}");
        let sd: Vec<f64> = two.chain.variance().iter().map(|v| libm::sqrt(*v)).collect();
        assert!((sd[0] / 1e-3 - 1.0).abs() < 0.1 && (sd[1] / 3e-3 - 1.0).abs() < 0.1, "{sd:?}");
        assert!((two.chain.transition(0)[0] - 0.97).abs() < 0.02, "{:?}", two.chain);
        assert!((two.occupancy.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(
            fit(&returns, 2, Density::NORMAL, 10, &mut chance(1)).unwrap(),
            two,
            "same seed, same bits"
        );
    }

    #[test]
    fn one_state_is_the_variance() {
        let returns = planted();
        let variance = returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64;
        let one = fit(&returns, 1, Density::NORMAL, 1, &mut chance(1)).unwrap();
        assert!((one.chain.variance()[0] / variance - 1.0).abs() < 1e-12);
        assert_eq!(one.occupancy, [1.0]);
        assert_eq!(one.second_log_likelihood, one.log_likelihood);
    }

    #[test]
    fn the_t_density_needs_no_second_state_for_fat_tails() {
        // Student's t with five degrees: a normal over the root of a mean square.
        let mut unit = chance(3);
        let mut normal = || normal_quantile(unit().max(1e-12));
        let returns: Vec<f64> = (0..1_500)
            .map(|_| {
                let square: f64 = (0..5).map(|_| normal()).map(|z| z * z).sum();
                1e-3 * normal() / libm::sqrt(square / 5.0)
            })
            .collect();
        let t = Density::student_t(5.0).unwrap();
        let bic = |states, density| fit(&returns, states, density, 5, &mut chance(2)).unwrap().bic;
        assert!(bic(2, Density::NORMAL) < bic(1, Density::NORMAL), "the normal is fooled");
        assert!(bic(1, t) < bic(2, t), "the t is not");
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let mut unit = chance(1);
        let mut refused =
            |returns: &[f64], states| fit(returns, states, Density::NORMAL, 2, &mut unit).unwrap_err();
        assert_eq!(refused(&[0.1; 10], 2), FitRefusal::TooFew { found: 10, needed: 100 });
        assert_eq!(refused(&[0.0; 200], 2), FitRefusal::Constant);
        assert_eq!(refused(&[0.1; 200], 5), FitRefusal::Shape);
        let mut returns = [0.1; 200];
        returns[7] = f64::NAN;
        assert_eq!(refused(&returns, 1), FitRefusal::NotFinite(7));
        assert!(
            fit(&[0.1; 200], 3, Density::NORMAL, 2, &mut unit).is_ok(),
            "equal returns still have a variance"
        );
    }
}
