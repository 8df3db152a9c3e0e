//! Bought less sold shares of the last minute.

use serde::{Deserialize, Serialize};

/// Slots of one second: the current one and the 59 before it.
pub const SLOTS: usize = 60;

/// A sliding sum over one-second slots. An addition and, once a second, a subtraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVolume {
    slots: Box<[i64]>,
    /// Place of the current second.
    place: usize,
    /// The current second, since the epoch.
    second: i64,
    sum: i64,
}

impl Default for SignedVolume {
    fn default() -> Self {
        Self { slots: vec![0; SLOTS].into_boxed_slice(), place: 0, second: i64::MIN, sum: 0 }
    }
}

impl SignedVolume {
    /// Moves on to a second; one that is not later changes nothing. At most [`SLOTS`] steps.
    pub fn advance(&mut self, second: i64) {
        if second <= self.second {
            return;
        }
        let steps = second.saturating_sub(self.second).min(SLOTS as i64);
        self.second = second;
        for _ in 0..steps {
            self.place = if self.place + 1 == SLOTS { 0 } else { self.place + 1 };
            self.sum -= core::mem::take(&mut self.slots[self.place]);
        }
    }

    /// Adds shares to the current second: positive when bought.
    #[inline]
    pub fn add(&mut self, shares: i64) {
        // Admitted sizes are at most 10^12: nine million such prints in a minute before this could overflow,
        // and then it stops the program instead of lying.
        self.slots[self.place] += shares;
        self.sum += shares;
    }

    /// Bought less sold shares of the current second and the 59 before it.
    #[inline]
    pub const fn sum(&self) -> i64 {
        self.sum
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val::<[i64]>(&self.slots)
    }

    /// Forgets everything but the time.
    pub fn clear(&mut self) {
        self.slots.fill(0);
        self.sum = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_print_leaves_after_a_minute() {
        let mut flow = SignedVolume::default();
        flow.advance(100);
        flow.add(7);
        flow.advance(159);
        flow.add(-2);
        assert_eq!(flow.sum(), 5);
        flow.advance(160);
        assert_eq!(flow.sum(), -2);
        flow.advance(150);
        assert_eq!(flow.sum(), -2);
        flow.advance(i64::MAX);
        assert_eq!(flow.sum(), 0);
    }

    proptest! {
        #[test]
        fn it_equals_the_sum_of_what_was_added_in_the_window(
            steps in prop::collection::vec((0_i64..90, -1_000_i64..1_000), 1..200),
        ) {
            let mut flow = SignedVolume::default();
            let mut all = vec![];
            let mut now = 1_000;
            for (pause, shares) in steps {
                now += pause;
                flow.advance(now);
                flow.add(shares);
                all.push((now, shares));
                let expected: i64 = all.iter().filter(|(at, _)| *at > now - 60).map(|(_, shares)| shares).sum();
                prop_assert_eq!(flow.sum(), expected);
            }
        }
    }
}
