//! Buyers and sellers, each exciting itself and the other.
//!
//! `λ_i(t) = μ_i + Σ_j Σ a_ij exp(-b_ij (t - t_k))` over the events k of side j. Side 0 buys, side 1 sells.
//! The branching ratio is the spectral radius of `a_ij/b_ij`. Four sums are kept; where all b are equal one
//! exponential serves them.

use alphatrader_model::market::Side;
use serde::{Deserialize, Serialize};

use super::NotStationary;
use crate::decay::decay;

/// Parameters of a stationary process of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bivariate {
    mu: [f64; 2],
    alpha: [[f64; 2]; 2],
    beta: [[f64; 2]; 2],
    /// All decays are equal.
    common: bool,
}

/// The place of a side.
pub(super) const fn place(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

impl Bivariate {
    /// From base rates, excitations `alpha[i][j]` of side i by an event of side j, and their decays.
    ///
    /// # Errors
    /// A rate or decay is not above zero, an excitation is below, or the branching ratio is one or more.
    pub fn new(mu: [f64; 2], alpha: [[f64; 2]; 2], beta: [[f64; 2]; 2]) -> Result<Self, NotStationary> {
        let cells = || alpha.iter().flatten().zip(beta.iter().flatten());
        let usable = mu.iter().all(|mu| *mu > 0.0 && mu.is_finite())
            && cells().all(|(a, b)| *a >= 0.0 && a.is_finite() && *b > 0.0 && b.is_finite());
        let common = cells().all(|(_, b)| *b == beta[0][0]);
        let hawkes = Self { mu, alpha, beta, common };
        let branching = hawkes.branching();
        if usable && branching < 1.0 { Ok(hawkes) } else { Err(NotStationary(branching)) }
    }

    /// A process in which both sides behave alike: events a second of each side that nothing caused, events
    /// of its own side and of the other that an event causes, and the decay.
    ///
    /// # Errors
    /// As [`Bivariate::new`].
    pub fn symmetric(mu: [f64; 2], own: f64, other: f64, beta: f64) -> Result<Self, NotStationary> {
        let (a, c) = (own * beta, other * beta);
        Self::new(mu, [[a, c], [c, a]], [[beta; 2]; 2])
    }

    /// Base rates, buyers first.
    pub const fn mu(&self) -> [f64; 2] {
        self.mu
    }

    /// Excitations.
    pub const fn alpha(&self) -> [[f64; 2]; 2] {
        self.alpha
    }

    /// Decays.
    pub const fn beta(&self) -> [[f64; 2]; 2] {
        self.beta
    }

    /// The spectral radius of `a_ij/b_ij`: events that an event causes, of whatever side.
    pub fn branching(&self) -> f64 {
        let ratio = |i: usize, j: usize| self.alpha[i][j] / self.beta[i][j];
        let (half, gap) = (f64::midpoint(ratio(0, 0), ratio(1, 1)), (ratio(0, 0) - ratio(1, 1)) / 2.0);
        // Never negative under the root: all cells are positive.
        half + libm::sqrt(gap * gap + ratio(0, 1) * ratio(1, 0))
    }

    /// `Σ ln λ(t_k) - ∫λ` of both sides, over events in order of time, watched from zero to `end`.
    pub fn log_likelihood(&self, events: &[(f64, Side)], end: f64) -> f64 {
        let mut filter = Filter::new(*self);
        let mut sum = 0.0;
        for (t, side) in events {
            sum += libm::log(filter.on_event(*t, *side)[place(*side)]);
        }
        sum - self.compensator(events, end)
    }

    /// ∫λ of both sides from zero to `end`.
    pub fn compensator(&self, events: &[(f64, Side)], end: f64) -> f64 {
        let mut sum = (self.mu[0] + self.mu[1]) * end;
        for (t, side) in events {
            let j = place(*side);
            let faded = decay(self.beta[0][j] * (end - t));
            for i in 0..2 {
                let kept = if self.common { faded } else { decay(self.beta[i][j] * (end - t)) };
                sum += self.alpha[i][j] / self.beta[i][j] * (1.0 - kept);
            }
        }
        sum
    }

    /// ∫λ of each side between successive events of that side: independent exponentials of mean one when
    /// the process is the right one. Both sides in one list, in order of time.
    pub fn residuals(&self, events: &[(f64, Side)]) -> Vec<f64> {
        let mut filter = Filter::new(*self);
        let mut grown = [0.0; 2];
        events
            .iter()
            .map(|(t, side)| {
                let passed = filter.integrate(*t);
                filter.on_event(*t, *side);
                grown = [grown[0] + passed[0], grown[1] + passed[1]];
                core::mem::take(&mut grown[place(*side)])
            })
            .collect()
    }
}

/// Running intensities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    hawkes: Bivariate,
    /// `Σ exp(-b_ij (t - t_k))` over events of side j, at `at`.
    state: [[f64; 2]; 2],
    at: f64,
}

impl Filter {
    /// Intensities at rest at time zero.
    pub const fn new(hawkes: Bivariate) -> Self {
        Self { hawkes, state: [[0.0; 2]; 2], at: 0.0 }
    }

    /// The parameters.
    pub const fn hawkes(&self) -> &Bivariate {
        &self.hawkes
    }

    /// At rest at `t`.
    pub const fn rest(&mut self, t: f64) {
        (self.state, self.at) = ([[0.0; 2]; 2], t);
    }

    #[inline]
    fn faded(&self, dt: f64) -> [[f64; 2]; 2] {
        let b = &self.hawkes.beta;
        let first = decay(b[0][0] * dt);
        if self.hawkes.common {
            [[first; 2]; 2]
        } else {
            [[first, decay(b[0][1] * dt)], [decay(b[1][0] * dt), decay(b[1][1] * dt)]]
        }
    }

    #[inline]
    fn sum(&self, state: &[[f64; 2]; 2]) -> [f64; 2] {
        let (mu, a) = (&self.hawkes.mu, &self.hawkes.alpha);
        [
            mu[0] + a[0][0] * state[0][0] + a[0][1] * state[0][1],
            mu[1] + a[1][0] * state[1][0] + a[1][1] * state[1][1],
        ]
    }

    /// The intensities of buyers and sellers at `t`; before the last event, as of that.
    pub fn intensity(&self, t: f64) -> [f64; 2] {
        let faded = self.faded(t - self.at);
        let s = &self.state;
        self.sum(&[
            [s[0][0] * faded[0][0], s[0][1] * faded[0][1]],
            [s[1][0] * faded[1][0], s[1][1] * faded[1][1]],
        ])
    }

    /// Takes an event at `t`, not before the last one; the intensities just before it.
    #[inline]
    pub fn on_event(&mut self, t: f64, side: Side) -> [f64; 2] {
        let faded = self.faded(t - self.at);
        for (row, faded) in self.state.iter_mut().zip(&faded) {
            row[0] *= faded[0];
            row[1] *= faded[1];
        }
        self.at = self.at.max(t);
        let before = self.sum(&self.state);
        let j = place(side);
        self.state[0][j] += 1.0;
        self.state[1][j] += 1.0;
        before
    }

    /// ∫λ of each side from the last event to `t`.
    fn integrate(&self, t: f64) -> [f64; 2] {
        let dt = t - self.at;
        let faded = self.faded(dt);
        let h = &self.hawkes;
        core::array::from_fn(|i| {
            let caused: f64 =
                (0..2).map(|j| h.alpha[i][j] / h.beta[i][j] * self.state[i][j] * (1.0 - faded[i][j])).sum();
            h.mu[i] * dt + caused
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Univariate;
    use super::*;
    use proptest::prelude::*;

    /// Two sides that do not know of each other are two univariate processes.
    #[test]
    fn without_cross_excitation_it_is_two_of_one() {
        let both = Bivariate::new([0.6, 0.3], [[0.8, 0.0], [0.0, 0.5]], [[2.0, 1.0], [1.0, 3.0]]).unwrap();
        let (buy, sell) = (Univariate::new(0.6, 0.8, 2.0).unwrap(), Univariate::new(0.3, 0.5, 3.0).unwrap());
        let events =
            [(0.5, Side::Buy), (1.2, Side::Sell), (1.3, Side::Buy), (2.9, Side::Sell), (3.0, Side::Sell)];
        let of = |side| -> Vec<f64> { events.iter().filter(|(_, s)| *s == side).map(|(t, _)| *t).collect() };
        let alone = buy.log_likelihood(&of(Side::Buy), 5.0) + sell.log_likelihood(&of(Side::Sell), 5.0);
        assert!((both.log_likelihood(&events, 5.0) - alone).abs() < 1e-12);
        assert!((both.branching() - 0.4).abs() < 1e-15);
        let residuals: Vec<f64> = both.residuals(&events);
        let expected = buy.residuals(&of(Side::Buy));
        assert!((residuals[0] - expected[0]).abs() < 1e-12 && (residuals[2] - expected[1]).abs() < 1e-12);
    }

    #[test]
    fn the_branching_ratio_is_the_spectral_radius() {
        let hawkes = Bivariate::symmetric([0.1, 0.1], 0.3, 0.2, 5.0).unwrap();
        assert!((hawkes.branching() - 0.5).abs() < 1e-15);
        assert!(Bivariate::symmetric([0.1, 0.1], 0.6, 0.4, 5.0).is_err());
        assert!(Bivariate::symmetric([0.1, 0.0], 0.1, 0.1, 5.0).is_err());
        assert!(Bivariate::symmetric([0.1, 0.1], 0.1, f64::NAN, 5.0).is_err());
    }

    proptest! {
        #[test]
        fn one_decay_or_four_equal_ones(events in prop::collection::vec((0.0..2.0_f64, any::<bool>()), 1..50)) {
            let one = Bivariate::symmetric([0.4, 0.7], 0.3, 0.2, 1.5).unwrap();
            let mut four = one;
            four.common = false;
            let (mut a, mut b) = (Filter::new(one), Filter::new(four));
            let mut t = 0.0;
            for (wait, buy) in events {
                t += wait;
                let side = if buy { Side::Buy } else { Side::Sell };
                prop_assert_eq!(a.on_event(t, side), b.on_event(t, side));
            }
            prop_assert_eq!(a.intensity(t + 1.0), b.intensity(t + 1.0));
        }
    }
}
