//! Roll's spread (1984): twice the root of the negative covariance of a change of price with the one before.
//!
//! The bounce between bid and offer makes successive changes of price go against each other; the covariance of
//! a change with the one before tells how wide the bounce is. It is taken over the last n changes with the mean
//! of all n and the divisor n − 1, the number of pairs. Not below zero, no spread: absent, never zero.
//! Sums are integers: exact for ever.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

use crate::quality::QualityMemory;

/// Most changes in a window.
pub const MAX_WINDOW: usize = 4_096;

/// Changes of price in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Roll {
    /// The last changes, a ring, in price units.
    ring: Box<[i64]>,
    head: usize,
    length: usize,
    sum: i128,
    /// Of each change with the one before it, both in the window.
    products: i128,
    last: Option<Price>,
    seen: u64,
    quality: QualityMemory,
}

impl Roll {
    /// Usual window.
    pub const WINDOW: usize = 512;

    /// A window of `window` changes, 3 to [`MAX_WINDOW`]; values outside are moved to the nearest one inside.
    pub fn new(window: usize) -> Self {
        let window = window.clamp(3, MAX_WINDOW);
        Self {
            ring: vec![0; window].into_boxed_slice(),
            head: 0,
            length: 0,
            sum: 0,
            products: 0,
            last: None,
            seen: 0,
            quality: QualityMemory::default(),
        }
    }

    /// Adds a print that has an aggressor. One that must not be compared with the print before
    /// (`continues` false, the first after a halt) is where the next begins.
    #[inline]
    pub fn on_trade(&mut self, price: Price, continues: bool, quality: Quality) {
        let last = self.last.replace(price);
        self.quality.mark(quality, self.seen);
        if let Some(last) = last
            && continues
        {
            self.change(price.raw() - last.raw());
        }
    }

    #[inline]
    fn change(&mut self, change: i64) {
        let size = self.ring.len();
        let after = if self.head + 1 == size { 0 } else { self.head + 1 };
        if self.length == size {
            let oldest = self.ring[self.head];
            let second = self.ring[after];
            self.sum -= i128::from(oldest);
            self.products -= i128::from(oldest) * i128::from(second);
        } else {
            self.length += 1;
        }
        if self.length > 1 {
            let before = self.ring[if self.head == 0 { size - 1 } else { self.head - 1 }];
            self.products += i128::from(before) * i128::from(change);
        }
        self.sum += i128::from(change);
        self.ring[self.head] = change;
        self.head = after;
        self.seen += 1;
    }

    /// Covariance of a change with the one before, in squared price units; absent until the window is full.
    fn covariance(&self) -> Option<f64> {
        if self.length < self.ring.len() {
            return None;
        }
        let n = self.length as i128;
        let newest = self.ring[(self.head + self.length - 1) % self.length];
        let oldest = self.ring[self.head];
        // n² times the sum over the pairs of (a − mean)(b − mean), whole: the sum less mean · (all but the ends
        // twice) plus (n − 1) · mean².
        let ends = 2 * self.sum - i128::from(newest) - i128::from(oldest);
        let whole = n * n * self.products - n * self.sum * ends + (n - 1) * self.sum * self.sum;
        let n = self.length as f64;
        Some(whole as f64 / (n * n * (n - 1.0)))
    }

    /// The spread in dollars; absent until the window is full, and while changes do not go against each other.
    pub fn spread(&self) -> Metric {
        let spread = self
            .covariance()
            .filter(|covariance| *covariance < 0.0)
            .map(|covariance| 2.0 * libm::sqrt(-covariance) * 1e-4);
        let flags = self.quality.within(self.seen, self.ring.len() as u64 + 1);
        Metric::new(spread, self.length as u64, flags)
    }

    /// Prints were lost, or a session begins: the window begins anew.
    pub fn clear(&mut self) {
        (self.head, self.length, self.sum, self.products) = (0, 0, 0, 0);
        self.last = None;
        self.quality.clear();
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn feed(roll: &mut Roll, prices: impl IntoIterator<Item = i64>) {
        for price in prices {
            roll.on_trade(Price::from_raw(price), true, Quality::GOOD);
        }
    }

    /// The reference's example: 0.03082207, as two other programs have it.
    #[test]
    fn the_worked_example() {
        let mut roll = Roll::new(9);
        feed(&mut roll, [0, 2, 0, 2, 2, 0, 2, 0, 1].map(|cents| 1_000_000 + 100 * cents));
        assert_eq!(roll.spread(), Metric::new(None, 8, Quality::GOOD));
        feed(&mut roll, [1_000_000]);
        let spread = roll.spread();
        assert!((spread.value.unwrap() - 0.030_822_07).abs() < 5e-9, "{spread:?}");
        assert_eq!(spread.n_obs, 9);
    }

    #[test]
    fn a_trend_has_no_spread_and_it_is_not_zero() {
        let mut roll = Roll::new(4);
        feed(&mut roll, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!((roll.spread().value, roll.spread().n_obs), (None, 4));
        feed(&mut roll, [64; 9]);
        assert_eq!(roll.spread().value, None, "nor has a still market");
    }

    #[test]
    fn the_first_print_after_a_halt_is_a_beginning() {
        let mut roll = Roll::new(3);
        feed(&mut roll, [100, 102, 100, 102]);
        let before = roll.spread().value;
        roll.on_trade(Price::from_raw(900), false, Quality::HALT_RESUME);
        assert_eq!(roll.spread().value, before);
        assert_eq!(roll.spread().quality, Quality::HALT_RESUME);
        feed(&mut roll, [902, 900, 902]);
        assert_eq!(roll.spread().value, before);
        feed(&mut roll, [900, 902]);
        assert_eq!(roll.spread().quality, Quality::GOOD);
        roll.clear();
        assert_eq!(roll.spread(), Metric::NONE);
    }

    /// The definition, over a list.
    fn naive(changes: &[i64]) -> f64 {
        let n = changes.len() as f64;
        let mean = changes.iter().sum::<i64>() as f64 / n;
        let pairs = changes.windows(2).map(|pair| (pair[0] as f64 - mean) * (pair[1] as f64 - mean));
        pairs.sum::<f64>() / (n - 1.0)
    }

    proptest! {
        #[test]
        fn it_is_the_covariance_of_the_last_changes(
            window in 3_usize..12, prices in prop::collection::vec(1_i64..2_000, 1..80), at in 0_usize..80,
        ) {
            let mut roll = Roll::new(window);
            let mut changes = vec![];
            for (place, pair) in prices.windows(2).enumerate() {
                if place == 0 {
                    feed(&mut roll, [pair[0]]);
                }
                feed(&mut roll, [pair[1]]);
                changes.push(pair[1] - pair[0]);
                let expected = changes.len().checked_sub(window).map(|first| naive(&changes[first..]));
                match (roll.covariance(), expected) {
                    (Some(one), Some(other)) => prop_assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0)),
                    (one, other) => prop_assert_eq!(one, other),
                }
                if place == at {
                    roll = postcard::from_bytes(&postcard::to_allocvec(&roll).unwrap()).unwrap();
                }
            }
        }

        #[test]
        fn no_price_is_too_much(prices in prop::collection::vec(1_i64..10_000_000_000_000, 6..40)) {
            let mut roll = Roll::new(4);
            feed(&mut roll, prices);
            prop_assert!(roll.spread().value.is_none_or(|spread| spread.is_finite() && spread > 0.0));
        }
    }
}
