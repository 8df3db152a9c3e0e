//! The volatility signature: the session's realised variance at 5, 10, 30, 60 and 300 seconds.
//!
//! Bounce makes the finest grids look wilder than the coarse ones. When RV(5 s) is more than 1.2 times
//! RV(300 s), five seconds are too fine for this symbol: use 60.

use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

/// Five-second returns in each scale's return: 5, 10, 30, 60, 300 seconds.
pub const SCALES: [u32; 5] = [1, 2, 6, 12, 60];
/// Ratio of the finest to the coarsest above which the finest is too fine.
pub const TOO_FINE: f64 = 1.2;
/// Coarsest returns needed: an hour.
pub const LEAST: u32 = 12;

/// Running sums of one session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Signature {
    scales: [Scale; SCALES.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Scale {
    /// The return that is growing, and of how many five-second ones.
    open: f64,
    steps: u32,
    squares: f64,
    returns: u32,
}

impl Signature {
    /// Adds a five-second return.
    pub fn push(&mut self, r: f64) {
        if !r.is_finite() {
            return;
        }
        for (scale, length) in self.scales.iter_mut().zip(SCALES) {
            scale.open += r;
            scale.steps += 1;
            if scale.steps == length {
                scale.squares += scale.open * scale.open;
                scale.returns = scale.returns.saturating_add(1);
                (scale.open, scale.steps) = (0.0, 0);
            }
        }
    }

    /// Returns that are growing are dropped: a stretch was lost. The sums stay.
    pub fn break_off(&mut self) {
        for scale in &mut self.scales {
            (scale.open, scale.steps) = (0.0, 0);
        }
    }

    /// A new session.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Realised variance per five seconds by scale; absent before the scale's first return.
    pub fn per_step(&self) -> [Option<f64>; SCALES.len()] {
        let mut found = [None; SCALES.len()];
        for ((found, scale), length) in found.iter_mut().zip(&self.scales).zip(SCALES) {
            *found =
                (scale.returns > 0).then(|| scale.squares / (f64::from(scale.returns) * f64::from(length)));
        }
        found
    }

    /// RV(5 s) / RV(300 s) over the same stretch; absent before an hour, or when nothing moved. Above
    /// [`TOO_FINE`] use 60 seconds.
    pub fn ratio(&self) -> Metric {
        let coarsest = &self.scales[SCALES.len() - 1];
        let ratio = match self.per_step() {
            [Some(finest), .., Some(coarse)] if coarsest.returns >= LEAST && coarse > 0.0 => {
                Some(finest / coarse)
            }
            _ => None,
        };
        Metric::new(ratio, u64::from(coarsest.returns), Quality::GOOD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounce_shows_and_a_walk_does_not() {
        let mut bounce = Signature::default();
        let mut walk = Signature::default();
        let mut state = 1_u64;
        for i in 0..60 * 40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let step = if state >> 63 == 1 { 1e-4 } else { -1e-4 };
            walk.push(step);
            bounce.push(step + if i % 2 == 0 { 2e-4 } else { -2e-4 });
        }
        assert!(walk.ratio().value.unwrap() < 1.6, "{:?}", walk.per_step());
        assert!(bounce.ratio().value.unwrap() > 3.0, "{:?}", bounce.per_step());
        assert_eq!(walk.ratio().n_obs, 40);
    }

    #[test]
    fn each_scale_sums_its_own_steps() {
        let mut signature = Signature::default();
        for _ in 0..60 {
            signature.push(1e-3);
        }
        let found = signature.per_step().map(Option::unwrap);
        for (found, length) in found.into_iter().zip(SCALES) {
            let expected = 1e-6 * f64::from(length);
            assert!((found / expected - 1.0).abs() < 1e-12);
        }
        assert_eq!(signature.ratio().value, None, "not yet an hour");
        signature.push(1.0);
        signature.break_off();
        assert_eq!(signature.scales[4].steps, 0);
    }
}
