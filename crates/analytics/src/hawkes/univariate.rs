//! One stream of events.
//!
//! `λ(t) = μ + Σ a exp(-b (t - t_i))` over the events before t; the branching ratio a/b is the share of events
//! that other events caused. The sum is kept as one number: S <- (S + 1) exp(-b dt).

use serde::{Deserialize, Serialize};

use super::NotStationary;
use crate::decay::decay;

/// Parameters of a stationary process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Univariate {
    mu: f64,
    alpha: f64,
    beta: f64,
}

impl Univariate {
    /// From μ > 0 (events a second), a >= 0, b > 0 (both per second), a < b.
    ///
    /// # Errors
    /// One of these does not hold.
    pub fn new(mu: f64, alpha: f64, beta: f64) -> Result<Self, NotStationary> {
        let usable = mu > 0.0 && mu.is_finite() && alpha >= 0.0 && beta > 0.0 && beta.is_finite();
        if usable && alpha < beta { Ok(Self { mu, alpha, beta }) } else { Err(NotStationary(alpha / beta)) }
    }

    /// μ, events a second that nothing caused.
    pub const fn mu(&self) -> f64 {
        self.mu
    }

    /// a, what an event adds to the intensity.
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// b, how fast that fades.
    pub const fn beta(&self) -> f64 {
        self.beta
    }

    /// a/b, the events that each event causes.
    pub fn branching(&self) -> f64 {
        self.alpha / self.beta
    }

    /// `Σ ln λ(t_i) - ∫λ` over events in order of time, watched from zero to `end`.
    pub fn log_likelihood(&self, events: &[f64], end: f64) -> f64 {
        let mut filter = Filter::new(*self);
        let mut sum = 0.0;
        for t in events {
            sum += libm::log(filter.on_event(*t));
        }
        sum - self.compensator(events, end)
    }

    /// ∫λ from zero to `end`: the number of events expected.
    pub fn compensator(&self, events: &[f64], end: f64) -> f64 {
        let caused: f64 = events.iter().map(|t| 1.0 - decay(self.beta * (end - t))).sum();
        self.mu * end + self.branching() * caused
    }

    /// ∫λ between successive events, from zero to the first on: independent exponentials of mean one when
    /// the process is the right one.
    pub fn residuals(&self, events: &[f64]) -> Vec<f64> {
        let (mut state, mut before) = (0.0, 0.0);
        events
            .iter()
            .map(|t| {
                let dt = t - before;
                let kept = decay(self.beta * dt);
                let residual = self.mu * dt + self.branching() * state * (1.0 - kept);
                (state, before) = (state * kept + 1.0, *t);
                residual
            })
            .collect()
    }
}

/// A running intensity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    hawkes: Univariate,
    /// `Σ exp(-b (t - t_i))` at `at`.
    state: f64,
    at: f64,
}

impl Filter {
    /// An intensity at rest at time zero.
    pub const fn new(hawkes: Univariate) -> Self {
        Self { hawkes, state: 0.0, at: 0.0 }
    }

    /// The intensity at `t`; before the last event, as of that.
    pub fn intensity(&self, t: f64) -> f64 {
        self.hawkes.mu + self.hawkes.alpha * self.state * decay(self.hawkes.beta * (t - self.at))
    }

    /// Takes an event at `t`, not before the last one; the intensity just before it.
    pub fn on_event(&mut self, t: f64) -> f64 {
        self.state *= decay(self.hawkes.beta * (t - self.at));
        self.at = self.at.max(t);
        let before = self.hawkes.mu + self.hawkes.alpha * self.state;
        self.state += 1.0;
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [f64; 7] = [0.5, 1.2, 1.3, 2.9, 3.0, 3.05, 4.4];

    /// By numerical quadrature with scipy.
    #[test]
    fn the_worked_example() {
        let hawkes = Univariate::new(0.6, 0.8, 2.0).unwrap();
        let expected =
            [0.6, 0.797_277_571, 1.416_501_82, 0.665_892_177, 1.308_932_55, 1.965_338_64, 0.745_522_693];
        let mut filter = Filter::new(hawkes);
        for (t, expected) in EVENTS.into_iter().zip(expected) {
            let before = filter.on_event(t);
            assert!((before - expected).abs() < 5e-9, "{t}: {before} {expected}");
        }
        assert!((hawkes.compensator(&EVENTS, 5.0) - 5.657_607_02).abs() < 5e-9);
        assert!((hawkes.log_likelihood(&EVENTS, 5.0) - -5.802_215_41).abs() < 5e-9);
        assert!((filter.intensity(5.0) - 0.884_785_962).abs() < 5e-10);
        let to_the_last: f64 = hawkes.residuals(&EVENTS).iter().sum();
        assert!((to_the_last - hawkes.compensator(&EVENTS, 4.4)).abs() < 1e-12);
    }

    #[test]
    fn what_explodes_is_refused() {
        assert_eq!(Univariate::new(1.0, 2.0, 2.0), Err(NotStationary(1.0)));
        assert!(Univariate::new(0.0, 1.0, 2.0).is_err());
        assert!(Univariate::new(1.0, 1.0, f64::NAN).is_err());
    }
}
