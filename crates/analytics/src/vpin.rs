//! VPIN (Easley, López de Prado, O'Hara 2012): volume-synchronised imbalance of trades.
//!
//! | module | what it holds |
//! | --- | --- |
//! | this one | [`Vpin`] of signed trades, in whole shares |
//! | [`bulk`] | the same of fractions ([`bulk::BulkBuckets`]) |
//! | [`bars`] | prints as bars, and bars as fractions ([`bars::BulkBars`]) |
//! | [`null`] | what VPIN would be without any information |
//! | [`distribution`] | the values of earlier sessions, and how a value ranks among them |
//! | [`meter`] | [`meter::VpinMeter`]: all of it for one symbol: what an integrator feeds |
//!
//! Buckets of equal volume V; of each the imbalance |bought − sold|; VPIN is the sum of the last n
//! imbalances over nV, in [0, 1]. The unfilled bucket is never part of it. Buckets go on over sessions: the
//! clock is volume. Counters are integers: the sum of a window stays exact for ever.

pub mod bars;
pub mod bulk;
pub mod distribution;
pub mod meter;
pub mod null;

pub use meter::{VpinMeter, VpinParameters, VpinPoint, VpinSource};

use alphatrader_model::market::Side;
use serde::{Deserialize, Serialize};

/// Most buckets in a window.
pub const MAX_WINDOW: u32 = 1_024;

/// A trade longer than this many windows is cut, and said so.
pub const MOST_WINDOWS: u64 = 64;

/// A completed bucket.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Closed {
    /// |bought − sold|.
    imbalance: u64,
    /// Sum of the squared sizes of what signed trades put into it.
    squares: u128,
}

/// Volume buckets of one symbol and their window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vpin {
    bucket: u64,
    buy: u64,
    sell: u64,
    squares: u128,
    /// Where the odd unit of an unsigned trade goes next: the buyers or the sellers.
    odd_to_buy: bool,
    /// The last buckets, a ring.
    ring: Box<[Closed]>,
    head: usize,
    length: usize,
    sum: u64,
    sum_squares: u128,
    completed: u64,
    /// nV.
    window_volume: u64,
}

impl Vpin {
    /// Buckets of `bucket` shares (at least 1), a window of `window` buckets (1 to [`MAX_WINDOW`]).
    /// Values outside are moved to the nearest one inside; settings refuse them long before.
    pub fn new(bucket: u64, window: u32) -> Self {
        let window = window.clamp(1, MAX_WINDOW);
        // One bucket more than the window must fit 64 bits: the longest trade that is looked at whole. Then
        // the squares of a window, at most nV², fit 128.
        let bucket = bucket.clamp(1, u64::MAX / (u64::from(window) + 1));
        Self {
            bucket,
            buy: 0,
            sell: 0,
            squares: 0,
            odd_to_buy: true,
            ring: vec![Closed::default(); window as usize].into_boxed_slice(),
            head: 0,
            length: 0,
            sum: 0,
            sum_squares: 0,
            completed: 0,
            window_volume: bucket * u64::from(window),
        }
    }

    /// Shares in a bucket.
    pub const fn bucket(&self) -> u64 {
        self.bucket
    }

    /// Buckets in the window.
    pub const fn window(&self) -> usize {
        self.ring.len()
    }

    /// Shares in a window, nV.
    pub const fn window_volume(&self) -> u64 {
        self.window_volume
    }

    /// Buckets completed since the start.
    pub const fn completed(&self) -> u64 {
        self.completed
    }

    /// Completed buckets that the window holds.
    pub const fn held(&self) -> usize {
        self.length
    }

    /// Bytes on the heap: 32 for each bucket of the window.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.ring)
    }

    /// Bought and sold shares of the open bucket; together fewer than a bucket.
    pub const fn open_bucket(&self) -> (u64, u64) {
        (self.buy, self.sell)
    }

    /// VPIN in [0, 1]; absent until the window is full.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (self.length == self.ring.len()).then(|| self.sum as f64 / self.window_volume as f64)
    }

    /// VPIN over its level without information ([`null::of_signed`]), 1 when the sides are coins tossed;
    /// absent until the window is full, and when nobody signed any of it.
    pub fn null_ratio(&self) -> Option<f64> {
        let value = self.value()?;
        let mean = self.sum_squares as f64 / self.ring.len() as f64;
        null::ratio(value, null::of_signed(mean, self.bucket))
    }

    /// Adds a trade. `on_bucket` hears VPIN at each bucket it completes, once the window is full.
    ///
    /// A trade nobody signed is cut at the ends of buckets and each piece halved, the odd unit going to
    /// either side in turn, first to the buyers. A trade longer than the window completes at most n + 1 buckets
    /// here: what it would fill before is counted and pushed out of the window at once, with the same result.
    #[inline]
    pub fn add(&mut self, size: u64, side: Option<Side>, mut on_bucket: impl FnMut(f64)) {
        self.add_each(size, side, |vpin| {
            if let Some(value) = vpin.value() {
                on_bucket(value);
            }
        });
    }

    /// As [`Self::add`]; `on_bucket` sees the buckets after each that is completed, full window or not.
    #[inline]
    pub fn add_each(&mut self, size: u64, side: Option<Side>, on_bucket: impl FnMut(&Self)) {
        let room = self.bucket - self.buy - self.sell;
        if size < room {
            self.fill(size, side);
        } else {
            self.overflow(size, room, side, on_bucket);
        }
    }

    fn overflow(&mut self, size: u64, room: u64, side: Option<Side>, mut on_bucket: impl FnMut(&Self)) {
        let mut rest = size - room;
        self.complete(room, side);
        on_bucket(self);
        if rest > self.window_volume {
            let kept = self.window_volume + rest % self.bucket;
            self.skip((rest - kept) / self.bucket, side);
            rest = kept;
        }
        while rest >= self.bucket {
            rest -= self.bucket;
            self.complete(self.bucket, side);
            on_bucket(self);
        }
        self.fill(rest, side);
    }

    /// Counts buckets that a long trade fills and pushes out again.
    fn skip(&mut self, buckets: u64, side: Option<Side>) {
        self.completed = self.completed.saturating_add(buckets);
        if side.is_none() && self.bucket % 2 == 1 && buckets % 2 == 1 {
            self.odd_to_buy = !self.odd_to_buy;
        }
    }

    fn complete(&mut self, take: u64, side: Option<Side>) {
        self.fill(take, side);
        let closed = Closed { imbalance: self.buy.abs_diff(self.sell), squares: self.squares };
        (self.buy, self.sell, self.squares) = (0, 0, 0);
        self.sum += closed.imbalance;
        self.sum_squares += closed.squares;
        if self.length == self.ring.len() {
            self.sum -= self.ring[self.head].imbalance;
            self.sum_squares -= self.ring[self.head].squares;
        } else {
            self.length += 1;
        }
        self.ring[self.head] = closed;
        self.head = if self.head + 1 == self.ring.len() { 0 } else { self.head + 1 };
        self.completed = self.completed.saturating_add(1);
    }

    #[inline]
    fn fill(&mut self, take: u64, side: Option<Side>) {
        if let Some(side) = side {
            // Sides are hard to predict: a choice of numbers, not of ways.
            let bought = if side == Side::Buy { take } else { 0 };
            self.buy += bought;
            self.sell += take - bought;
            self.squares += u128::from(take) * u128::from(take);
        } else {
            let (half, odd) = (take / 2, take % 2);
            let to_buy = if self.odd_to_buy { odd } else { 0 };
            self.buy += half + to_buy;
            self.sell += half + odd - to_buy;
            self.odd_to_buy ^= odd == 1;
        }
    }

    /// Forgets window and open bucket (prints were lost); completed buckets stay counted.
    pub fn clear(&mut self) {
        (self.buy, self.sell, self.squares) = (0, 0, 0);
        (self.head, self.length, self.sum, self.sum_squares) = (0, 0, 0, 0);
        self.odd_to_buy = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BUY: Option<Side> = Some(Side::Buy);
    const SELL: Option<Side> = Some(Side::Sell);

    /// The worked example of the reference, which another implementation gives to the digit.
    #[test]
    fn the_worked_example() {
        let mut vpin = Vpin::new(100, 4);
        let trades =
            [(60, BUY), (30, BUY), (50, SELL), (250, SELL), (40, BUY), (70, BUY), (15, SELL), (385, BUY)];
        let expected = [None, None, None, None, Some(0.9), Some(0.95), Some(0.95), Some(0.925)];
        let mut points = Vec::new();
        for ((size, side), expected) in trades.into_iter().zip(expected) {
            vpin.add(size, side, |value| points.push(value));
            assert_eq!(vpin.value(), expected, "after {size}");
        }
        assert_eq!(vpin.completed(), 9);
        assert_eq!(vpin.open_bucket(), (0, 0));
        // Imbalances 80, 100, 100, 80, 100, 70, 100, 100, 100, four at a time.
        assert_eq!(points, [0.9, 0.95, 0.875, 0.875, 0.925, 0.925]);
    }

    #[test]
    fn unsigned_trades_are_halved_and_the_odd_share_alternates() {
        let mut vpin = Vpin::new(100, 1);
        vpin.add(3, None, |_| ());
        assert_eq!(vpin.open_bucket(), (2, 1));
        vpin.add(3, None, |_| ());
        assert_eq!(vpin.open_bucket(), (3, 3));
    }

    #[test]
    fn the_largest_trade_ends_after_one_window_and_one_bucket() {
        for (bucket, window) in [(1, 1), (1, 1_024), (3, 50), (u64::MAX, 250), (1_000_000_000, 250)] {
            for side in [BUY, SELL, None] {
                let mut vpin = Vpin::new(bucket, window);
                let mut steps = 0;
                vpin.add(7, side, |_| steps += 1);
                vpin.add(u64::MAX, side, |_| steps += 1);
                vpin.add(u64::MAX, side, |_| steps += 1);
                assert!(steps <= 3 * (u64::from(window) + 1), "{bucket} {window}: {steps}");
                if let Some(value) = vpin.value() {
                    assert!((0.0..=1.0).contains(&value));
                }
                let (buy, sell) = vpin.open_bucket();
                assert!(buy + sell < vpin.bucket());
            }
        }
    }

    /// Fifty equal trades a bucket, sides by tosses of a coin: 0.1123 simulated elsewhere, 0.1128 by formula.
    #[test]
    fn without_information_it_stands_at_its_null() {
        let mut vpin = Vpin::new(5_000, 1_000);
        let mut toss = 7_u64;
        while vpin.value().is_none() {
            toss = toss.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            vpin.add(100, if toss >> 63 == 0 { BUY } else { SELL }, |_| ());
        }
        let (value, ratio) = (vpin.value().unwrap(), vpin.null_ratio().unwrap());
        assert!((value - 0.1123).abs() < 0.006, "{value}");
        assert!((value / ratio - 0.112_837_917).abs() < 1e-9, "{}", value / ratio);
    }

    #[test]
    fn nothing_signed_has_no_null() {
        let mut vpin = Vpin::new(10, 2);
        vpin.add(20, None, |_| ());
        assert_eq!((vpin.value(), vpin.null_ratio()), (Some(0.0), None));
        vpin.add(20, BUY, |_| ());
        // One trade a bucket: E0 = sqrt(2/π).
        assert!((vpin.null_ratio().unwrap() - 1.253_314_137).abs() < 1e-9);
    }

    #[test]
    fn lost_prints_empty_the_window() {
        let mut vpin = Vpin::new(10, 2);
        vpin.add(25, BUY, |_| ());
        assert_eq!(vpin.value(), Some(1.0));
        vpin.clear();
        assert_eq!((vpin.value(), vpin.completed(), vpin.open_bucket()), (None, 2, (0, 0)));
        vpin.add(20, SELL, |_| ());
        assert_eq!(vpin.value(), Some(1.0));
    }

    /// One share at a time, the last n imbalances summed anew: no ring, no bound, no arithmetic to get wrong.
    struct Naive {
        bucket: u64,
        window: usize,
        buy: u64,
        sell: u64,
        odd_to_buy: bool,
        imbalances: Vec<u64>,
    }

    impl Naive {
        fn add(&mut self, mut size: u64, side: Option<Side>) {
            while size > 0 {
                let take = size.min(self.bucket - self.buy - self.sell);
                size -= take;
                match side {
                    Some(Side::Buy) => self.buy += take,
                    Some(Side::Sell) => self.sell += take,
                    None => {
                        self.buy += take / 2;
                        self.sell += take / 2;
                        if take % 2 == 1 {
                            if self.odd_to_buy {
                                self.buy += 1;
                            } else {
                                self.sell += 1;
                            }
                            self.odd_to_buy = !self.odd_to_buy;
                        }
                    }
                }
                if self.buy + self.sell == self.bucket {
                    self.imbalances.push(self.buy.abs_diff(self.sell));
                    (self.buy, self.sell) = (0, 0);
                }
            }
        }

        fn value(&self) -> Option<f64> {
            let first = self.imbalances.len().checked_sub(self.window)?;
            let sum: u64 = self.imbalances[first..].iter().sum();
            Some(sum as f64 / (self.bucket * self.window as u64) as f64)
        }
    }

    fn side() -> impl Strategy<Value = Option<Side>> {
        prop_oneof![Just(BUY), Just(SELL), Just(None)]
    }

    proptest! {
        #[test]
        fn it_equals_the_naive_one(
            bucket in 1_u64..40, window in 1_u32..6,
            trades in prop::collection::vec((1_u64..1_500, side()), 1..60),
        ) {
            let mut vpin = Vpin::new(bucket, window);
            let mut naive = Naive { bucket, window: window as usize, buy: 0, sell: 0, odd_to_buy: true, imbalances: vec![] };
            let mut volume = 0;
            for (size, side) in trades {
                vpin.add(size, side, |value| assert!((0.0..=1.0).contains(&value)));
                naive.add(size, side);
                volume += size;
                prop_assert_eq!(vpin.value(), naive.value());
                prop_assert_eq!(vpin.open_bucket(), (naive.buy, naive.sell));
                prop_assert_eq!(vpin.completed(), naive.imbalances.len() as u64);
                prop_assert_eq!(vpin.completed() * bucket + naive.buy + naive.sell, volume);
            }
        }

        #[test]
        fn pieces_of_a_trade_are_the_trade(bucket in 1_u64..100, pieces in prop::collection::vec(1_u64..300, 1..30), buy in any::<bool>()) {
            let side = if buy { BUY } else { SELL };
            let (mut whole, mut split) = (Vpin::new(bucket, 5), Vpin::new(bucket, 5));
            whole.add(pieces.iter().sum(), side, |_| ());
            for piece in pieces {
                split.add(piece, side, |_| ());
            }
            prop_assert_eq!(whole.value(), split.value());
            prop_assert_eq!(whole.open_bucket(), split.open_bucket());
        }

        #[test]
        fn a_mirrored_market_has_the_same_vpin(trades in prop::collection::vec((1_u64..300, any::<bool>()), 1..100)) {
            let (mut here, mut there) = (Vpin::new(100, 5), Vpin::new(100, 5));
            for (size, buy) in trades {
                here.add(size, if buy { BUY } else { SELL }, |_| ());
                there.add(size, if buy { SELL } else { BUY }, |_| ());
                prop_assert_eq!(here.value(), there.value());
            }
        }
    }
}
