//! How a value of VPIN ranks among those of earlier sessions.
//!
//! A histogram of 1 024 bins over [0, 1] with a Fenwick tree: ten steps to add, to remove and to rank. Values
//! leave by whole sessions, or earlier when more than fifty a session are held. Consecutive values share
//! all but one of their buckets: only every n-th says something new, and a level q of the distribution
//! means something only from N(1 − q) ≥ 5 on, N = values / n: 50 independent ones for 0.90, 100 for
//! 0.95, 500 for 0.99.

use serde::{Deserialize, Serialize};

/// Bins of the histogram: the rank of a value is right to a thousandth of VPIN.
pub const BINS: usize = 1_024;

/// Values held at most, 250 sessions of fifty buckets; the oldest leave first. Fewer sessions have room for as many
/// of each, twenty at least.
pub const CAPACITY: usize = 250 * BUCKETS;

/// Values that a session has room for.
const BUCKETS: usize = 50;

/// Sessions that there is room for, however few are held.
const LEAST_SESSIONS: usize = 20;

/// Sessions held at most.
pub const MAX_SESSIONS: u16 = 500;

/// Levels at which an alert may stand.
pub const LEVELS: [f64; 3] = [0.90, 0.95, 0.99];

/// Independent values above a level that make it mean something.
const BEYOND: f64 = 5.0;

/// The values of earlier sessions and of this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Sums of bins; the first is not used. No sum is above [`CAPACITY`].
    tree: Box<[u16]>,
    /// Bins of the values, a ring.
    values: Box<[u16]>,
    first: usize,
    length: usize,
    /// Values of each session, a ring; the running one is the last.
    sessions: Box<[u32]>,
    oldest: usize,
    held: usize,
}

impl Distribution {
    /// Holds this many sessions, the running one among them, 1 to [`MAX_SESSIONS`].
    pub fn new(sessions: u16) -> Self {
        let sessions = usize::from(sessions.clamp(1, MAX_SESSIONS));
        Self {
            tree: vec![0; BINS + 1].into_boxed_slice(),
            values: vec![0; (sessions.max(LEAST_SESSIONS) * BUCKETS).min(CAPACITY)].into_boxed_slice(),
            first: 0,
            length: 0,
            sessions: vec![0; sessions].into_boxed_slice(),
            oldest: 0,
            held: 1,
        }
    }

    /// Values held.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Bytes on the heap, always the same: 29 KiB at most.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.tree) + size_of_val(&*self.values) + size_of_val(&*self.sessions)
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Share of the values held that are not above `value`, in [0, 1]; absent when there are none.
    pub fn rank(&self, value: f64) -> Option<f64> {
        (self.length > 0).then(|| f64::from(self.up_to(bin(value))) / self.length as f64)
    }

    /// Independent values held, of windows of `window` buckets.
    pub fn effective(&self, window: usize) -> f64 {
        self.length as f64 / window.max(1) as f64
    }

    /// The highest of [`LEVELS`] not above `requested` that the values held admit.
    pub fn level(&self, window: usize, requested: f64) -> Option<f64> {
        let effective = self.effective(window);
        // Binary fractions put some levels a hair off.
        let admits = |level: &f64| *level <= requested && effective * (1.0 - level) >= BEYOND - 1e-9;
        LEVELS.into_iter().rev().find(admits)
    }

    /// Adds a value of the running session.
    pub fn add(&mut self, value: f64) {
        if self.length == self.values.len() {
            self.drop_oldest();
        }
        let bin = bin(value);
        let place = (self.first + self.length) % self.values.len();
        self.values[place] = bin as u16;
        self.length += 1;
        self.change(bin, 1);
        let running = (self.oldest + self.held - 1) % self.sessions.len();
        self.sessions[running] += 1;
    }

    /// A session begins. The oldest leaves when as many are held as may be: at most [`CAPACITY`] steps.
    pub fn on_session(&mut self) {
        let running = (self.oldest + self.held - 1) % self.sessions.len();
        if self.sessions[running] == 0 {
            return;
        }
        if self.held == self.sessions.len() {
            for _ in 0..self.sessions[self.oldest] {
                self.drop_oldest();
            }
            self.oldest = (self.oldest + 1) % self.sessions.len();
            self.held -= 1;
        }
        self.held += 1;
        let running = (self.oldest + self.held - 1) % self.sessions.len();
        self.sessions[running] = 0;
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.tree.fill(0);
        self.sessions.fill(0);
        (self.first, self.length, self.oldest, self.held) = (0, 0, 0, 1);
    }

    fn drop_oldest(&mut self) {
        if self.length == 0 {
            return;
        }
        let bin = usize::from(self.values[self.first]);
        self.first = (self.first + 1) % self.values.len();
        self.length -= 1;
        self.change(bin, -1);
        // It was of the oldest session; an empty one before it gives way.
        while self.sessions[self.oldest] == 0 && self.held > 1 {
            self.oldest = (self.oldest + 1) % self.sessions.len();
            self.held -= 1;
        }
        self.sessions[self.oldest] = self.sessions[self.oldest].saturating_sub(1);
    }

    fn change(&mut self, bin: usize, by: i16) {
        let mut place = bin + 1;
        while place <= BINS {
            self.tree[place] = self.tree[place].wrapping_add_signed(by);
            place += place & place.wrapping_neg();
        }
    }

    fn up_to(&self, bin: usize) -> u32 {
        let (mut place, mut sum) = (bin + 1, 0);
        while place > 0 {
            sum += u32::from(self.tree[place]);
            place &= place - 1;
        }
        sum
    }
}

fn bin(value: f64) -> usize {
    // What is not in [0, 1], and no number, falls into the ends.
    ((value * BINS as f64) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_level_needs_five_independent_values_beyond() {
        let mut values = Distribution::new(250);
        assert_eq!((values.rank(0.5), values.level(50, 0.99)), (None, None));
        let mut admitted = vec![];
        for count in 1..=16_384_usize {
            values.add(0.3);
            // With a window of 10: 500 values are 50 independent ones.
            if let Some(level) = values.level(10, 0.99)
                && admitted.last().is_none_or(|(known, _)| *known != level)
            {
                admitted.push((level, count));
            }
        }
        assert_eq!(admitted, [(0.90, 500), (0.95, 1_000), (0.99, 5_000)]);
        assert_eq!((values.level(10, 0.95), values.level(10, 0.5)), (Some(0.95), None));
    }

    #[test]
    fn sessions_leave_whole() {
        let mut values = Distribution::new(2);
        for (session, value) in [0.1, 0.2, 0.3].into_iter().enumerate() {
            values.on_session();
            for _ in 0..=session {
                values.add(value);
            }
        }
        // The first is gone, the second has two values, the third three.
        assert_eq!((values.len(), values.rank(0.15), values.rank(0.25)), (5, Some(0.0), Some(0.4)));
        values.on_session();
        values.on_session();
        assert_eq!(values.len(), 3, "an empty session is none");
        values.clear();
        assert_eq!((values.len(), values.rank(1.0)), (0, None));
    }

    #[test]
    fn what_is_no_number_falls_into_an_end() {
        let mut values = Distribution::new(2);
        for value in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 1.0, 0.0, -3.0] {
            values.add(value);
        }
        assert_eq!((values.rank(0.0), values.rank(1.0)), (Some(4.0 / 6.0), Some(1.0)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Against a list that is counted anew.
        #[test]
        fn ranks_are_counted_right(
            sessions in prop::collection::vec(prop::collection::vec(0_u16..1_024, 0..40), 1..12),
            held in 1_u16..5, probe in 0_u16..1_024,
        ) {
            let middle = |bin: u16| (f64::from(bin) + 0.5) / BINS as f64;
            let mut values = Distribution::new(held);
            let mut kept: Vec<Vec<u16>> = vec![];
            for session in sessions {
                values.on_session();
                if kept.last().is_none_or(|running| !running.is_empty()) {
                    kept.push(vec![]);
                    kept.drain(..kept.len().saturating_sub(usize::from(held)));
                }
                for bin in session {
                    values.add(middle(bin));
                    kept.last_mut().unwrap().push(bin);
                }
                let all: Vec<u16> = kept.concat();
                prop_assert_eq!(values.len(), all.len());
                let below = all.iter().filter(|bin| **bin <= probe).count();
                let expected = (!all.is_empty()).then(|| below as f64 / all.len() as f64);
                prop_assert_eq!(values.rank(middle(probe)), expected);
            }
        }

        /// The oldest leave when it is full, whatever the sessions.
        #[test]
        fn it_holds_no_more_than_it_may(lengths in prop::collection::vec(0_usize..900, 1..8)) {
            let mut values = Distribution::new(6);
            let mut all = vec![];
            for (session, length) in lengths.into_iter().enumerate() {
                values.on_session();
                for _ in 0..length {
                    let value = session as f64 / 10.0;
                    values.add(value);
                    all.push(value);
                }
                let newest = &all[all.len().saturating_sub(values.values.len())..];
                prop_assert!(values.len() <= newest.len());
                let held = values.sessions.iter().map(|count| *count as usize).sum::<usize>();
                prop_assert!(held >= values.len());
                let kept = &all[all.len() - values.len()..];
                let above = kept.iter().filter(|value| **value <= 0.25).count();
                let expected = (!kept.is_empty()).then(|| above as f64 / kept.len() as f64);
                prop_assert_eq!(values.rank(0.25), expected);
            }
        }
    }
}
