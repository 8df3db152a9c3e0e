//! What bursts are worth: a histogram from which discovery takes the floor of sweeps.

use serde::{Deserialize, Serialize};

/// Bins of an octave.
const FINE: f64 = 4.0;
/// Bins: worth of 1 dollar to 2^32 dollars; what is outside goes to the first or the last.
pub(super) const BINS: usize = 128;

/// Counts of bursts by their worth, in steps of a quarter of an octave (19 %).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurstSizes {
    bins: Box<[u32]>,
    bursts: u64,
}

impl Default for BurstSizes {
    fn default() -> Self {
        Self { bins: vec![0; BINS].into_boxed_slice(), bursts: 0 }
    }
}

impl BurstSizes {
    /// Least bursts for a floor.
    pub const LEAST: u64 = 500;

    /// Adds a burst worth so many dollars; what is no number is left out.
    pub(super) fn add(&mut self, dollars: f64) {
        if !dollars.is_finite() {
            return;
        }
        // A number that is too large or small saturates in the conversion.
        let bin = (libm::log2(dollars.max(1.0)) * FINE) as usize;
        let bin = &mut self.bins[bin.min(BINS - 1)];
        *bin = bin.saturating_add(1);
        self.bursts += 1;
    }

    /// Adds those of another day.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.bins.iter_mut().zip(&other.bins) {
            *mine = mine.saturating_add(*theirs);
        }
        self.bursts = self.bursts.saturating_add(other.bursts);
    }

    /// Bursts counted.
    pub const fn bursts(&self) -> u64 {
        self.bursts
    }

    /// Worth in dollars that `share` (in (0, 1)) of the bursts do not exceed, the upper end of its bin;
    /// absent below [`Self::LEAST`] bursts.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        if self.bursts < Self::LEAST {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * self.bursts as f64;
        let mut sum = 0_u64;
        let bin = self.bins.iter().position(|count| {
            sum += u64::from(*count);
            sum as f64 >= wanted
        })?;
        Some(libm::exp2((bin + 1) as f64 / FINE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_comes_from_enough_bursts() {
        let mut sizes = BurstSizes::default();
        for n in 1..500 {
            sizes.add(f64::from(n) * 1_000.0);
        }
        sizes.add(f64::NAN);
        assert_eq!(sizes.percentile(0.95), None);
        sizes.add(500_000.0);
        let floor = sizes.percentile(0.95).unwrap();
        assert!((475_000.0..475_000.0 * 1.19).contains(&floor), "{floor}");
        let before = sizes.clone();
        sizes.merge(&before);
        assert_eq!((sizes.percentile(0.95), sizes.bursts()), (Some(floor), 1_000));
        sizes.add(0.0);
        sizes.add(1e300);
        assert_eq!(sizes.bins[BINS - 1], 1);
    }
}
