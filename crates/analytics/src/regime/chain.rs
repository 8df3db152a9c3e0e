//! The parameters of a hidden Markov chain whose states are variances of zero-mean returns.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::probability::Density;

/// Most states.
pub const MAX_STATES: usize = 4;

/// How far rows of probabilities may be from one.
const SLACK: f64 = 1e-6;

/// Why parameters are not a chain.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ChainError {
    /// Not 1 to 4 states, or lists of different lengths.
    #[error("a chain has 1 to {MAX_STATES} states and as many variances, starts and rows; {0} were given")]
    States(usize),
    /// A probability outside [0, 1], or a row that does not sum to one.
    #[error("{0}: probabilities must lie in 0..1 and sum to one; they sum to {1}")]
    Probabilities(&'static str, f64),
    /// A variance that is not above zero.
    #[error("the variance of state {0} is {1}; it must be above zero and finite")]
    Variance(usize, f64),
}

/// A chain of `states` variances, the smallest first: after every fit states are sorted, so state 0 is
/// always the quiet one (label switching is the standing complaint about other programs).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    states: usize,
    density: Density,
    start: [f64; MAX_STATES],
    transition: [[f64; MAX_STATES]; MAX_STATES],
    variance: [f64; MAX_STATES],
}

impl Chain {
    /// A chain from its parts, in any order of states: probabilities at the start, of going from the row's
    /// state to the column's, and variances of a return in each state.
    ///
    /// # Errors
    /// The parts do not fit each other, or are no probabilities and variances.
    pub fn new(
        density: Density,
        start: &[f64],
        transition: &[Vec<f64>],
        variance: &[f64],
    ) -> Result<Self, ChainError> {
        let states = variance.len();
        let equal = start.len() == states && transition.len() == states;
        if !(1..=MAX_STATES).contains(&states) || !equal || transition.iter().any(|row| row.len() != states) {
            return Err(ChainError::States(states));
        }
        if let Some(i) = variance.iter().position(|v| !(*v > 0.0 && v.is_finite())) {
            return Err(ChainError::Variance(i, variance[i]));
        }
        check("start", start)?;
        for row in transition {
            check("transition", row)?;
        }
        let mut order: Vec<usize> = (0..states).collect();
        order.sort_by(|a, b| variance[*a].total_cmp(&variance[*b]));
        let mut chain = Self {
            states,
            density,
            start: [0.0; MAX_STATES],
            transition: [[0.0; MAX_STATES]; MAX_STATES],
            variance: [0.0; MAX_STATES],
        };
        for (i, from) in order.iter().enumerate() {
            chain.start[i] = start[*from];
            chain.variance[i] = variance[*from];
            for (j, to) in order.iter().enumerate() {
                chain.transition[i][j] = transition[*from][*to];
            }
        }
        Ok(chain)
    }

    /// States, 1 to 4.
    pub const fn states(&self) -> usize {
        self.states
    }

    /// Density of a return within a state.
    pub const fn density(&self) -> &Density {
        &self.density
    }

    /// Probabilities of the states before the first return.
    pub fn start(&self) -> &[f64] {
        &self.start[..self.states]
    }

    /// Probabilities of the next state from state `from`.
    pub fn transition(&self, from: usize) -> &[f64] {
        &self.transition[from][..self.states]
    }

    /// Variances, ascending.
    pub fn variance(&self) -> &[f64] {
        &self.variance[..self.states]
    }

    /// Expected bars spent in a state before it is left; infinite when it is never left.
    pub fn mean_dwell(&self, state: usize) -> f64 {
        1.0 / (1.0 - self.transition[state][state]).max(0.0)
    }

    /// Free parameters: K(K-1) transitions, K-1 starts, K variances.
    pub const fn free_parameters(&self) -> usize {
        let k = self.states;
        k * (k - 1) + (k - 1) + k
    }
}

fn check(what: &'static str, row: &[f64]) -> Result<(), ChainError> {
    let sum: f64 = row.iter().sum();
    if row.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() <= SLACK {
        Ok(())
    } else {
        Err(ChainError::Probabilities(what, sum))
    }
}

/// The chain of the reference's worked example.
#[cfg(test)]
pub(super) fn worked() -> Chain {
    Chain::new(Density::NORMAL, &[0.6, 0.4], &[vec![0.95, 0.05], vec![0.10, 0.90]], &[1e-6, 9e-6]).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_sorted_by_variance() {
        let chain =
            Chain::new(Density::NORMAL, &[0.4, 0.6], &[vec![0.90, 0.10], vec![0.05, 0.95]], &[9e-6, 1e-6])
                .unwrap();
        assert_eq!(chain, worked());
        assert!((chain.mean_dwell(0) - 20.0).abs() < 1e-9 && (chain.mean_dwell(1) - 10.0).abs() < 1e-9);
        assert_eq!(chain.free_parameters(), 5);
    }

    #[test]
    fn what_is_not_a_chain_is_refused() {
        let normal = Density::NORMAL;
        assert_eq!(Chain::new(normal, &[], &[], &[]), Err(ChainError::States(0)));
        assert_eq!(Chain::new(normal, &[1.0], &[vec![1.0]], &[0.0]), Err(ChainError::Variance(0, 0.0)));
        assert!(Chain::new(normal, &[1.0], &[vec![1.0]], &[f64::NAN]).is_err());
        assert!(matches!(
            Chain::new(normal, &[0.5], &[vec![1.0]], &[1.0]),
            Err(ChainError::Probabilities("start", _))
        ));
        assert!(Chain::new(normal, &[1.0], &[vec![f64::NAN]], &[1.0]).is_err());
        assert!(Chain::new(normal, &[0.2; 5], &vec![vec![0.2; 5]; 5], &[1.0; 5]).is_err());
    }
}
