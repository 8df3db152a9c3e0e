//! Bought less sold shares of the last minute, and which part of them was bought.

use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

/// Slots of one second: the current one and the 59 before it.
pub const SLOTS: usize = 60;

/// Signed prints of a second, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Sums {
    /// Bought less sold shares.
    net: i64,
    /// Bought and sold ones.
    all: i64,
    prints: u32,
}

/// Sliding sums over one-second slots. Two additions and, once a second, two subtractions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVolume {
    slots: Box<[Sums]>,
    /// Place of the current second.
    place: usize,
    /// The current second, since the epoch.
    second: i64,
    window: Sums,
}

impl Default for SignedVolume {
    fn default() -> Self {
        let slots = vec![Sums::default(); SLOTS].into_boxed_slice();
        Self { slots, place: 0, second: i64::MIN, window: Sums::default() }
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
            let gone = core::mem::take(&mut self.slots[self.place]);
            self.window.net -= gone.net;
            self.window.all -= gone.all;
            self.window.prints -= gone.prints;
        }
    }

    /// Adds shares to the current second: positive when bought.
    #[inline]
    pub fn add(&mut self, shares: i64) {
        // Admitted sizes are at most 10^12: nine million such prints in a minute before this could overflow,
        // and then it stops the program instead of lying.
        for sums in [&mut self.slots[self.place], &mut self.window] {
            sums.net += shares;
            sums.all += shares.abs();
            sums.prints += 1;
        }
    }

    /// Bought less sold shares of the current second and the 59 before it.
    #[inline]
    pub const fn sum(&self) -> i64 {
        self.window.net
    }

    /// The same with its prints, shares; and which part of the shares was bought, in [0, 1], absent when there were
    /// none.
    pub fn metrics(&self) -> [Metric; 2] {
        let Sums { net, all, prints } = self.window;
        let metric = |value| Metric::new(value, u64::from(prints), Quality::GOOD);
        let bought = (all > 0).then(|| (all + net) as f64 / (2.0 * all as f64));
        [metric(Some(net as f64)), metric(bought)]
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val::<[Sums]>(&self.slots)
    }

    /// Forgets everything but the time.
    pub fn clear(&mut self) {
        self.slots.fill(Sums::default());
        self.window = Sums::default();
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
        assert_eq!(flow.metrics().map(|metric| (metric.value, metric.n_obs)), [(Some(0.0), 0), (None, 0)]);
    }

    #[test]
    fn the_part_that_was_bought() {
        let mut flow = SignedVolume::default();
        flow.advance(100);
        flow.add(300);
        flow.add(-100);
        let [net, bought] = flow.metrics();
        assert_eq!((net.value, net.n_obs, bought.value), (Some(200.0), 2, Some(0.75)));
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
                let [net, bought] = flow.metrics();
                let within = all.iter().filter(|(at, _)| *at > now - 60);
                let (buys, prints) = within.fold((0, 0), |(buys, n), (_, shares)| (buys + shares.max(&0), n + 1));
                prop_assert_eq!((net.value, net.n_obs), (Some(expected as f64), prints));
                let part = (2 * buys > expected).then(|| buys as f64 / (2 * buys - expected) as f64);
                prop_assert!(bought.value.zip(part).is_none_or(|(one, two)| (one - two).abs() < 1e-12));
                prop_assert_eq!(bought.is_ready(), part.is_some());
            }
        }
    }
}
