//! The probabilities of a chain's states given the returns so far: K² products a bar.

#![allow(clippy::needless_range_loop, reason = "i and j are states, as in the formulas")]

use serde::{Deserialize, Serialize};

use super::chain::{Chain, MAX_STATES};

/// A running forward filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    chain: Chain,
    /// Filtered probabilities; before the first return those of the start.
    probability: [f64; MAX_STATES],
    observed: u64,
    log_likelihood: f64,
    rejected: u64,
}

impl Filter {
    /// A filter before its first return.
    pub fn new(chain: Chain) -> Self {
        let mut probability = [0.0; MAX_STATES];
        probability[..chain.states()].copy_from_slice(chain.start());
        Self { chain, probability, observed: 0, log_likelihood: 0.0, rejected: 0 }
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Takes the return of one bar and gives its log density under what was known before: the predictive
    /// score of the bar. A return that is not finite is refused, counted and changes nothing.
    pub fn on_return(&mut self, r: f64) -> Option<f64> {
        if !r.is_finite() {
            self.rejected = self.rejected.saturating_add(1);
            return None;
        }
        let k = self.chain.states();
        let prior = self.predicted();
        let mut log_density = [0.0; MAX_STATES];
        let mut largest = f64::NEG_INFINITY;
        for i in 0..k {
            log_density[i] = self.chain.density().log(r, self.chain.variance()[i]);
            largest = largest.max(log_density[i]);
        }
        let mut joint = [0.0; MAX_STATES];
        let mut sum = 0.0;
        for i in 0..k {
            // The largest density is scaled to one: no underflow, however far out the return.
            joint[i] = prior[i] * libm::exp(log_density[i] - largest);
            sum += joint[i];
        }
        // Where the likely state has no prior weight at all the sum can vanish: then the prior stays.
        let score = if sum > 0.0 {
            for i in 0..k {
                self.probability[i] = joint[i] / sum;
            }
            largest + libm::log(sum)
        } else {
            self.probability = prior;
            largest
        };
        self.observed = self.observed.saturating_add(1);
        self.log_likelihood += score;
        Some(score)
    }

    /// Probabilities of the states of the next bar.
    fn predicted(&self) -> [f64; MAX_STATES] {
        if self.observed == 0 {
            return self.probability;
        }
        let k = self.chain.states();
        let mut prior = [0.0; MAX_STATES];
        for from in 0..k {
            for (to, p) in self.chain.transition(from).iter().enumerate() {
                prior[to] += self.probability[from] * p;
            }
        }
        prior
    }

    /// Filtered probabilities of the states, by ascending variance; they sum to one.
    pub fn probabilities(&self) -> &[f64] {
        &self.probability[..self.chain.states()]
    }

    /// The variance expected of the next bar.
    pub fn expected_variance(&self) -> f64 {
        self.predicted().iter().zip(self.chain.variance()).map(|(p, v)| p * v).sum()
    }

    /// Returns taken.
    pub const fn observed(&self) -> u64 {
        self.observed
    }

    /// Returns refused because they were not finite.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Sum of the scores of all returns taken.
    pub const fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Back to the start of the chain: bars were lost.
    pub fn clear(&mut self) {
        let rejected = self.rejected;
        *self = Self::new(self.chain);
        self.rejected = rejected;
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::worked;
    use super::*;
    use crate::probability::Density;
    use proptest::prelude::*;

    /// hmmlearn 0.3.3.
    #[test]
    fn the_worked_example() {
        let mut filter = Filter::new(worked());
        let returns = [0.0004, -0.0009, 0.0031, -0.0045, 0.0020, 0.0003];
        let high = [0.192_636_923, 0.114_951_591, 0.805_309_217, 0.999_866_2, 0.946_603_092, 0.670_982_982];
        for (r, high) in returns.into_iter().zip(high) {
            filter.on_return(r).unwrap();
            assert!((filter.probabilities()[1] - high).abs() < 5e-10, "{:?} {high}", filter.probabilities());
        }
        assert!((filter.log_likelihood() - 26.939_035_6).abs() < 5e-8, "{}", filter.log_likelihood());
    }

    #[test]
    fn the_wildest_return_leaves_probabilities() {
        for density in [Density::NORMAL, Density::student_t(5.0).unwrap()] {
            let chain =
                Chain::new(density, &[1.0, 0.0], &[vec![1.0, 0.0], vec![0.0, 1.0]], &[1e-12, 1.0]).unwrap();
            let mut filter = Filter::new(chain);
            for r in [1e9, -1e-300, f64::NAN, 0.0] {
                filter.on_return(r);
                assert!(filter.probabilities().iter().all(|p| p.is_finite()));
            }
            assert_eq!((filter.observed(), filter.rejected()), (3, 1));
        }
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one(returns in prop::collection::vec(-0.1..0.1_f64, 0..60), stay in 0.0..1.0_f64) {
            let leave = (1.0 - stay) / 2.0;
            let rows = vec![vec![stay, leave, leave], vec![leave, stay, leave], vec![leave, leave, stay]];
            let chain = Chain::new(Density::student_t(5.0).unwrap(), &[0.2, 0.3, 0.5], &rows, &[1e-4, 1e-8, 1e-6]).unwrap();
            let mut filter = Filter::new(chain);
            for (i, r) in returns.iter().enumerate() {
                filter.on_return(*r);
                prop_assert!((filter.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!(filter.expected_variance() > 0.0);
                if i == 20 {
                    // Restored and continued is uninterrupted.
                    let restored: Filter = postcard::from_bytes(&postcard::to_stdvec(&filter).unwrap()).unwrap();
                    prop_assert_eq!(&restored, &filter);
                    filter = restored;
                }
            }
        }
    }
}
