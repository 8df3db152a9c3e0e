//! How long things last when some are only seen in part: the Kaplan-Meier estimate over whole steps.
//!
//! A thing that *ended* at step k lasted exactly k steps; one that was *left* at k lasted at least k (it was
//! still there when watching stopped). Of those that reach a step, the part that ends there is d/n, and
//! S(k), the probability to last longer than k steps, is the product of 1 − d/n up to k.

use serde::{Deserialize, Serialize};

/// Counts of things by the steps they lasted. Bounded: steps beyond the last are counted as left there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survival {
    ended: Box<[u32]>,
    left: Box<[u32]>,
    seen: u64,
}

impl Survival {
    /// Steps 0 to `steps` - 1 (at least one).
    pub fn new(steps: usize) -> Self {
        let none = vec![0; steps.max(1)].into_boxed_slice();
        Self { ended: none.clone(), left: none, seen: 0 }
    }

    /// A thing that lasted `steps`, and whether it ended then.
    #[inline]
    pub fn add(&mut self, steps: usize, ended: bool) {
        let last = self.ended.len() - 1;
        let counter =
            if ended && steps <= last { &mut self.ended[steps] } else { &mut self.left[steps.min(last)] };
        *counter = counter.saturating_add(1);
        self.seen = self.seen.saturating_add(1);
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.ended) + size_of_val(&*self.left)
    }

    /// Things seen.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Those of them that ended.
    pub fn ended(&self) -> u64 {
        self.ended.iter().map(|count| u64::from(*count)).sum()
    }

    /// Adds those of another day with as many steps; others are left out.
    pub fn merge(&mut self, other: &Self) {
        if self.ended.len() != other.ended.len() {
            return;
        }
        for (mine, theirs) in self.ended.iter_mut().zip(&other.ended) {
            *mine = mine.saturating_add(*theirs);
        }
        for (mine, theirs) in self.left.iter_mut().zip(&other.left) {
            *mine = mine.saturating_add(*theirs);
        }
        self.seen = self.seen.saturating_add(other.seen);
    }

    /// The conditional survival from step `from` on: for each step k from there whether a thing that
    /// reached `from` lasts longer than k. Ends with the last step that anything reached.
    fn beyond(&self, from: usize) -> impl Iterator<Item = f64> {
        let counts = || self.ended.iter().zip(&self.left).skip(from);
        let mut at_risk: u64 = counts().map(|(ended, left)| u64::from(*ended) + u64::from(*left)).sum();
        let mut survival = 1.0;
        counts().map_while(move |(ended, left)| {
            if at_risk == 0 {
                return None;
            }
            survival *= 1.0 - f64::from(*ended) / at_risk as f64;
            at_risk -= u64::from(*ended) + u64::from(*left);
            Some(survival)
        })
    }

    /// S(k), the probability to last longer than `step`; absent where nothing was seen that long.
    pub fn at(&self, step: usize) -> Option<f64> {
        self.beyond(0).nth(step)
    }

    /// Steps that a thing which has lasted `from` steps is still expected to last: the mean up to the
    /// longest seen, so too small when those were left. Absent when nothing lasted so long.
    pub fn expected_beyond(&self, from: usize) -> Option<f64> {
        let mut survivals = self.beyond(from).peekable();
        survivals.peek()?;
        Some(survivals.sum())
    }

    /// The first step that at most half last beyond; absent when more than half were never seen to end.
    pub fn median(&self) -> Option<usize> {
        self.beyond(0).position(|survival| survival <= 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Durations 1, 2+, 3, 3, 4+, 5 (+ is left); S by hand, and by `lifelines.KaplanMeierFitter`.
    fn example() -> Survival {
        let mut survival = Survival::new(8);
        for (steps, ended) in [(1, true), (2, false), (3, true), (3, true), (4, false), (5, true)] {
            survival.add(steps, ended);
        }
        survival
    }

    #[test]
    fn it_is_kaplan_meier() {
        let survival = example();
        let expected = [1.0, 5.0 / 6.0, 5.0 / 6.0, 5.0 / 12.0, 5.0 / 12.0, 0.0];
        for (step, expected) in expected.into_iter().enumerate() {
            assert!((survival.at(step).unwrap() - expected).abs() < 1e-12, "{step}");
        }
        assert_eq!((survival.at(6), survival.median()), (None, Some(3)));
        assert_eq!((survival.seen(), survival.ended()), (6, 4));
        // Of the four that reach 3: half go on, and of these the last ends at 5.
        let further = survival.expected_beyond(3).unwrap();
        assert!((further - (0.5 + 0.5)).abs() < 1e-12);
        assert_eq!(survival.expected_beyond(6), None);
        let mut twice = survival.clone();
        twice.merge(&survival);
        twice.merge(&Survival::new(3));
        assert_eq!((twice.at(3), twice.seen()), (survival.at(3), 12));
    }

    #[test]
    fn what_outlasts_the_steps_has_not_ended() {
        let mut survival = Survival::new(2);
        survival.add(7, true);
        survival.add(usize::MAX, true);
        assert_eq!((survival.ended(), survival.median(), survival.at(1)), (0, None, Some(1.0)));
        assert_eq!(Survival::new(0).median(), None);
    }

    proptest! {
        #[test]
        fn without_losses_it_is_the_share_that_lasts(lives in prop::collection::vec(0_usize..20, 1..100)) {
            let mut survival = Survival::new(20);
            for life in &lives {
                survival.add(*life, true);
            }
            for step in 0..*lives.iter().max().unwrap() {
                let longer = lives.iter().filter(|life| **life > step).count() as f64 / lives.len() as f64;
                prop_assert!((survival.at(step).unwrap() - longer).abs() < 1e-12);
            }
            let mean = lives.iter().sum::<usize>() as f64 / lives.len() as f64;
            prop_assert!((survival.expected_beyond(0).unwrap() - mean).abs() < 1e-9);
        }
    }
}
