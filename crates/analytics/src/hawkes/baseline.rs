//! Operational time: the usual pattern of a day divided out of the clock.
//!
//! Of each five minutes of a session it is known how many orders usually come; where it is twice the mean,
//! operational time runs twice as fast. A stationary process in operational time is busy at the open and
//! the close on the clock.

use serde::{Deserialize, Serialize};

/// Slots of a session.
pub const SLOTS: usize = 78;
/// Length of a slot, in seconds.
pub const SLOT_SECONDS: f64 = 300.0;
/// Least and most that a slot may stretch time: a slot without orders would stop it.
pub const STRETCH: (f64, f64) = (0.05, 20.0);

/// How fast operational time runs in each slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Operational seconds a second.
    speed: Box<[f64]>,
    /// Operational seconds before each slot.
    before: Box<[f64]>,
}

impl Default for Baseline {
    /// Operational time is the clock.
    fn default() -> Self {
        Self::of(vec![1.0; SLOTS])
    }
}

impl Baseline {
    /// From the events of each of the [`SLOTS`] slots, summed over sessions; their mean becomes one. None of
    /// another number of slots, or without events.
    pub fn from_counts(counts: &[u64]) -> Option<Self> {
        let total: f64 = counts.iter().map(|count| *count as f64).sum();
        if counts.len() != SLOTS || total <= 0.0 {
            return None;
        }
        let mean = total / SLOTS as f64;
        Some(Self::of(
            counts.iter().map(|count| (*count as f64 / mean).clamp(STRETCH.0, STRETCH.1)).collect(),
        ))
    }

    fn of(speed: Vec<f64>) -> Self {
        let mut sum = 0.0;
        let before = speed
            .iter()
            .map(|speed| {
                let before = sum;
                sum += speed * SLOT_SECONDS;
                before
            })
            .collect();
        Self { speed: speed.into_boxed_slice(), before }
    }

    fn slot(seconds: f64) -> usize {
        // Before the open and after the last slot the nearest one counts.
        ((seconds / SLOT_SECONDS) as usize).min(SLOTS - 1)
    }

    /// Operational seconds at so many traded seconds since the open.
    #[inline]
    pub fn operational(&self, seconds: f64) -> f64 {
        let slot = Self::slot(seconds);
        self.before[slot] + (seconds - slot as f64 * SLOT_SECONDS) * self.speed[slot]
    }

    /// Operational seconds a second then.
    pub fn speed(&self, seconds: f64) -> f64 {
        self.speed[Self::slot(seconds)]
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        (self.speed.len() + self.before.len()) * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn busy_slots_run_faster() {
        let mut counts = [10; SLOTS];
        counts[0] = 88;
        let baseline = Baseline::from_counts(&counts).unwrap();
        assert!((baseline.speed(0.0) - 8.0).abs() < 1e-12);
        assert!((baseline.operational(300.0) - 2_400.0).abs() < 1e-9);
        assert!((baseline.operational(360.0) - 2_400.0 - 60.0 * baseline.speed(360.0)).abs() < 1e-9);
        assert!((baseline.operational(23_400.0) - 23_400.0).abs() < 1e-6);
        assert_eq!(Baseline::default().operational(-7.0), -7.0);
        assert_eq!(Baseline::from_counts(&[0; SLOTS]), None);
        assert_eq!(Baseline::from_counts(&[1; 3]), None);
    }

    proptest! {
        #[test]
        fn operational_time_only_goes_forward(counts in prop::collection::vec(0_u64..1_000, SLOTS), a in -100.0..30_000.0_f64, b in -100.0..30_000.0_f64) {
            if let Some(baseline) = Baseline::from_counts(&counts) {
                let (early, late) = (a.min(b), a.max(b));
                prop_assert!(baseline.operational(early) <= baseline.operational(late) + 1e-9);
            }
        }
    }
}
