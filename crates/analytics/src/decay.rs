//! Exponential forgetting by time: w = exp(−dt/τ).

use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};

mod exponential;

pub use exponential::decay;

/// Forgets with a time constant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    /// 1/τ, per nanosecond.
    rate: f64,
}

impl Decay {
    /// Forgets all but 1/e of a thing in `tau`, of which less than a nanosecond counts as one. The half-life
    /// is τ ln 2.
    pub fn new(tau: Span) -> Self {
        Self { rate: 1.0 / tau.nanos().max(1) as f64 }
    }

    /// What is left after `time`, in [0, 1]; 1 when the time is not positive.
    #[inline]
    pub fn left(&self, time: Span) -> f64 {
        decay(time.nanos().max(0) as f64 * self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_halves_in_its_half_life() {
        let decay = Decay::new(Span::from_seconds(10));
        assert!((decay.left(Span::from_nanos(6_931_471_806)) - 0.5).abs() < 1e-10);
        assert_eq!((decay.left(Span::ZERO), decay.left(Span::from_seconds(-1))), (1.0, 1.0));
        assert_eq!(decay.left(Span::from_nanos(i64::MAX)), 0.0);
        assert!(Decay::new(Span::ZERO).left(Span::SECOND) < 1e-300);
    }

    proptest! {
        #[test]
        fn it_is_the_exponential(nanos in 0_i64..200_000_000) {
            let decay = Decay::new(Span::from_seconds(10));
            let exact = libm::exp(-(nanos as f64) / 1e10);
            prop_assert!((decay.left(Span::from_nanos(nanos)) - exact).abs() < 1e-12);
        }
    }
}
