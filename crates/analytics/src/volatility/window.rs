//! Realised measures over the last n returns: each return adds and takes away a few products.
//!
//! Sums of floats drift as they slide; after every 2^16 returns that left the window they are summed anew.

use serde::{Deserialize, Serialize};

use super::realised::{LEAST, Realised, Sums, pair, power, triple};
use crate::ring::Ring;

/// Most returns in a window: a day of five seconds.
pub const MAX_WINDOW: usize = 4_680;
/// Returns leaving the window between two exact sums.
pub const RESUM: u32 = 1 << 16;

/// Sliding realised measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RealisedWindow {
    returns: Ring,
    /// |r|^(4/3) of each.
    powers: Ring,
    sums: Sums,
    evicted: u32,
}

impl RealisedWindow {
    /// A window of `window` returns, moved into 3 to [`MAX_WINDOW`].
    pub fn new(window: usize) -> Self {
        let window = window.clamp(LEAST, MAX_WINDOW);
        Self { returns: Ring::new(window), powers: Ring::new(window), sums: Sums::default(), evicted: 0 }
    }

    /// Adds a return; one that is not finite changes nothing.
    pub fn push(&mut self, r: f64) {
        if !r.is_finite() {
            return;
        }
        if self.returns.is_full() {
            self.evict();
        }
        self.returns.push(r);
        self.powers.push(power(r));
        let n = self.returns.len();
        self.sums.squares += r * r;
        if n >= 2 {
            let (product, least) = pair(self.returns.get(n - 2), r);
            self.sums.pairs += product;
            self.sums.minima += least;
        }
        if n >= 3 {
            let (median, product) = self.triple_at(n - 3);
            self.sums.medians += median;
            self.sums.triples += product;
        }
        if self.evicted >= RESUM {
            self.resum();
        }
    }

    /// Takes the oldest return out of the sums; it leaves the ring with the next push.
    fn evict(&mut self) {
        let (first, second) = (self.returns.get(0), self.returns.get(1));
        self.sums.squares -= first * first;
        let (product, least) = pair(first, second);
        self.sums.pairs -= product;
        self.sums.minima -= least;
        let (median, product) = self.triple_at(0);
        self.sums.medians -= median;
        self.sums.triples -= product;
        self.evicted += 1;
    }

    fn triple_at(&self, i: usize) -> (f64, f64) {
        triple(
            [self.returns.get(i), self.returns.get(i + 1), self.returns.get(i + 2)],
            [self.powers.get(i), self.powers.get(i + 1), self.powers.get(i + 2)],
        )
    }

    fn resum(&mut self) {
        let mut sums = Sums::default();
        for i in 0..self.returns.len() {
            let r = self.returns.get(i);
            sums.squares += r * r;
            if i >= 1 {
                let (product, least) = pair(self.returns.get(i - 1), r);
                sums.pairs += product;
                sums.minima += least;
            }
            if i >= 2 {
                let (median, product) = self.triple_at(i - 2);
                sums.medians += median;
                sums.triples += product;
            }
        }
        (self.sums, self.evicted) = (sums, 0);
    }

    /// The measures of what is in the window; none of fewer than three returns.
    pub fn measures(&self) -> Option<Realised> {
        self.sums.measures(self.returns.len())
    }

    /// Returns in the window.
    pub const fn len(&self) -> usize {
        self.returns.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.returns.len() == 0
    }

    /// Whether it is full.
    pub const fn is_full(&self) -> bool {
        self.returns.is_full()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.returns.clear();
        self.powers.clear();
        (self.sums, self.evicted) = (Sums::default(), 0);
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.returns.heap_bytes() + self.powers.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::realised::{realised, worked};
    use super::*;
    use proptest::prelude::*;

    fn close(ours: &Realised, theirs: &Realised) -> bool {
        let gap = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs() + 1e-18;
        ours.returns == theirs.returns
            && gap(ours.variance, theirs.variance)
            && gap(ours.bipower, theirs.bipower)
            && gap(ours.median, theirs.median)
            && gap(ours.minimum, theirs.minimum)
            && gap(ours.quarticity, theirs.quarticity)
    }

    #[test]
    fn a_window_that_holds_all_is_the_slice() {
        let mut window = RealisedWindow::new(100);
        for r in worked() {
            window.push(r);
        }
        assert_eq!(window.measures(), realised(&worked()));
    }

    #[test]
    fn the_sums_do_not_drift() {
        let mut window = RealisedWindow::new(4);
        for i in 0..RESUM + 10 {
            // A wild stretch, then a calm one: the rest of the wild one would show in the calm sums.
            let scale = if i < RESUM / 2 { 1.0 } else { 1e-6 };
            window.push(scale * libm::sin(f64::from(i)));
        }
        let last: Vec<f64> = (0..4).map(|i| window.returns.get(i)).collect();
        let (ours, theirs) = (window.measures().unwrap(), realised(&last).unwrap());
        assert!(close(&ours, &theirs), "{ours:?} {theirs:?}");
        assert!(window.evicted < RESUM);
    }

    #[test]
    fn it_is_bounded() {
        let window = RealisedWindow::new(usize::MAX);
        assert!(size_of::<RealisedWindow>() + window.heap_bytes() <= 76 * 1024);
        let mut window = RealisedWindow::new(0);
        window.push(f64::NAN);
        assert!(window.is_empty() && window.measures().is_none());
    }

    proptest! {
        #[test]
        fn it_equals_the_slice_of_the_last(window in 3_usize..12, returns in prop::collection::vec(-0.01..0.01_f64, 1..60)) {
            let mut sliding = RealisedWindow::new(window);
            for (i, r) in returns.iter().enumerate() {
                sliding.push(*r);
                let last = &returns[(i + 1).saturating_sub(window)..=i];
                match (sliding.measures(), realised(last)) {
                    (Some(ours), Some(theirs)) => prop_assert!(close(&ours, &theirs), "{ours:?} {theirs:?}"),
                    (ours, theirs) => prop_assert_eq!(ours, theirs),
                }
            }
            let restored: RealisedWindow = postcard::from_bytes(&postcard::to_stdvec(&sliding).unwrap()).unwrap();
            prop_assert_eq!(restored, sliding);
        }
    }
}
