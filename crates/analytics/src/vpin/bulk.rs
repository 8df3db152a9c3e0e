//! VPIN of bulk volume: bars of which a fraction was bought.
//!
//! The buckets of [`Vpin`](super::Vpin), filled with fractions of shares. Sums are `f64`, taken anew from the window each time
//! the ring has gone round: they do not drift.

use serde::{Deserialize, Serialize};

use super::{MAX_WINDOW, null};

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Closed {
    imbalance: f64,
    squares: f64,
}

/// Volume buckets of one symbol and their window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkBuckets {
    bucket: u64,
    filled: u64,
    buy: f64,
    squares: f64,
    ring: Box<[Closed]>,
    head: usize,
    length: usize,
    sum: f64,
    sum_squares: f64,
    completed: u64,
    window_volume: u64,
}

impl BulkBuckets {
    /// As [`Vpin::new`](super::Vpin::new).
    pub fn new(bucket: u64, window: u32) -> Self {
        let window = window.clamp(1, MAX_WINDOW);
        let bucket = bucket.clamp(1, u64::MAX / (u64::from(window) + 1));
        Self {
            bucket,
            filled: 0,
            buy: 0.0,
            squares: 0.0,
            ring: vec![Closed::default(); window as usize].into_boxed_slice(),
            head: 0,
            length: 0,
            sum: 0.0,
            sum_squares: 0.0,
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

    /// Shares of the open bucket, and how many of them were bought.
    pub const fn open_bucket(&self) -> (u64, f64) {
        (self.filled, self.buy)
    }

    /// |bought − sold| of the last buckets, the oldest first.
    pub fn imbalances(&self) -> impl Iterator<Item = f64> + '_ {
        let first = if self.length == self.ring.len() { self.head } else { 0 };
        (0..self.length).map(move |place| self.ring[(first + place) % self.ring.len()].imbalance)
    }

    /// VPIN in [0, 1]; absent until the window is full.
    pub fn value(&self) -> Option<f64> {
        (self.length == self.ring.len()).then(|| (self.sum / self.window_volume as f64).clamp(0.0, 1.0))
    }

    /// Bars of equal size that a bucket holds, on average over the window; absent until it is full.
    pub fn bars_per_bucket(&self) -> Option<f64> {
        let mean = self.sum_squares / self.ring.len() as f64;
        let bucket = self.bucket as f64;
        (self.length == self.ring.len() && mean > 0.0).then(|| bucket * bucket / mean)
    }

    /// VPIN over its level without information ([`null::of_bulk`]); absent until the window is full, and below
    /// five bars a bucket.
    pub fn null_ratio(&self) -> Option<f64> {
        null::ratio(self.value()?, null::of_bulk(self.bars_per_bucket()?)?)
    }

    /// Adds `volume` shares of which `fraction`, in [0, 1], was bought, in bars of `bar` shares. `on_bucket` sees the
    /// buckets after each that is completed: at most n + 1.
    pub fn add(&mut self, volume: u64, fraction: f64, bar: u64, mut on_bucket: impl FnMut(&Self)) {
        let fraction = if fraction.is_nan() { 0.5 } else { fraction.clamp(0.0, 1.0) };
        let room = self.bucket - self.filled;
        if volume < room {
            return self.fill(volume, fraction, bar);
        }
        let mut rest = volume - room;
        self.complete(room, fraction, bar);
        on_bucket(self);
        if rest > self.window_volume {
            let kept = self.window_volume + rest % self.bucket;
            self.completed = self.completed.saturating_add((rest - kept) / self.bucket);
            rest = kept;
        }
        while rest >= self.bucket {
            rest -= self.bucket;
            self.complete(self.bucket, fraction, bar);
            on_bucket(self);
        }
        self.fill(rest, fraction, bar);
    }

    fn fill(&mut self, take: u64, fraction: f64, bar: u64) {
        self.filled += take;
        self.buy += take as f64 * fraction;
        self.squares += take as f64 * take.min(bar) as f64;
    }

    fn complete(&mut self, take: u64, fraction: f64, bar: u64) {
        self.fill(take, fraction, bar);
        let bucket = self.bucket as f64;
        let imbalance = (2.0 * self.buy - bucket).abs().min(bucket);
        let closed = Closed { imbalance, squares: self.squares };
        (self.filled, self.buy, self.squares) = (0, 0.0, 0.0);
        let old = std::mem::replace(&mut self.ring[self.head], closed);
        self.sum += closed.imbalance;
        self.sum_squares += closed.squares;
        if self.length == self.ring.len() {
            self.sum -= old.imbalance;
            self.sum_squares -= old.squares;
        } else {
            self.length += 1;
        }
        self.head += 1;
        if self.head == self.ring.len() {
            self.head = 0;
            self.sum = self.ring.iter().map(|closed| closed.imbalance).sum();
            self.sum_squares = self.ring.iter().map(|closed| closed.squares).sum();
        }
        self.completed = self.completed.saturating_add(1);
    }

    /// Forgets window and open bucket (prints were lost); completed buckets stay counted.
    pub fn clear(&mut self) {
        self.ring.fill(Closed::default());
        (self.filled, self.buy, self.squares) = (0, 0.0, 0.0);
        (self.head, self.length, self.sum, self.sum_squares) = (0, 0, 0.0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::bulk::BulkCdf;
    use proptest::prelude::*;

    /// Seven bars of the reference's example with their fractions: close in dollars, volume.
    const BARS: [(f64, u64); 8] = [
        (100.00, 120),
        (100.05, 80),
        (100.02, 150),
        (100.02, 60),
        (99.90, 240),
        (99.95, 100),
        (100.00, 130),
        (99.97, 120),
    ];
    const SIGMA: f64 = 0.062_678_317_1;

    fn close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 5e-9, "{value} {expected}");
    }

    fn example(cdf: &BulkCdf, fractions: [f64; 7], imbalances: [f64; 4], vpin: f64, open: f64) {
        let changes: Vec<f64> = BARS.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        let mean = changes.iter().sum::<f64>() / 7.0;
        let sigma = libm::sqrt(changes.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 6.0);
        close(sigma, SIGMA);
        let mut buckets = BulkBuckets::new(200, 3);
        let mut seen = vec![];
        for ((change, (_, volume)), expected) in changes.iter().zip(&BARS[1..]).zip(fractions) {
            let fraction = cdf.of(change / sigma);
            close(fraction, expected);
            buckets.add(*volume, fraction, *volume, |buckets| seen.extend(buckets.imbalances().last()));
        }
        assert_eq!(seen.len(), 4);
        for (value, expected) in seen.into_iter().zip(imbalances) {
            close(value, expected);
        }
        close(buckets.value().unwrap(), vpin);
        assert_eq!(buckets.open_bucket().0, 80);
        close(buckets.open_bucket().1, open);
    }

    #[test]
    fn the_worked_example_with_the_normal_distribution() {
        let (up, down) = (0.787_484_674, 0.316_099_363);
        example(
            &BulkCdf::Normal,
            [up, down, 0.5, 0.027_775_744_4, up, up, down],
            [1.861_394_95, 114.923_374, 82.530_452_2, 77.283_044_6],
            0.457_894_785,
            25.287_949_1,
        );
    }

    #[test]
    fn the_worked_example_with_students_distribution() {
        let (up, down) = (0.626_655_171, 0.411_116_614);
        example(
            &BulkCdf::student(),
            [up, down, 0.5, 0.305_767_963, up, up, down],
            [1.067_185_21, 48.064_051_2, 32.768_605_6, 33.418_983_8],
            0.190_419_401,
            32.889_329_1,
        );
    }

    /// Fractions that anything may be, K bars a bucket: 0.208, 0.147 and 0.084 simulated elsewhere, 0.499 for one.
    #[test]
    fn without_information_it_stands_at_its_floor() {
        for (bars, level) in [(1, 0.499), (5, 0.208), (10, 0.147), (30, 0.084)] {
            let mut buckets = BulkBuckets::new(600, 1_000);
            let mut draw = 3_u64;
            while buckets.value().is_none() {
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let fraction = (draw >> 11) as f64 / (1_u64 << 53) as f64;
                buckets.add(600 / bars, fraction, 600 / bars, |_| ());
            }
            let value = buckets.value().unwrap();
            assert!((value / level - 1.0).abs() < 0.05, "{bars}: {value}");
            close(buckets.bars_per_bucket().unwrap(), bars as f64);
            let ratio = buckets.null_ratio();
            assert!(
                if bars < 5 { ratio.is_none() } else { (ratio.unwrap() - 1.0).abs() < 0.06 },
                "{ratio:?}"
            );
        }
    }

    #[test]
    fn the_largest_bar_ends_after_one_window_and_one_bucket() {
        for (bucket, window) in [(1, 1), (3, 50), (u64::MAX, 250)] {
            let mut buckets = BulkBuckets::new(bucket, window);
            let mut steps = 0;
            for volume in [7, u64::MAX, u64::MAX] {
                buckets.add(volume, 0.75, volume, |_| steps += 1);
            }
            assert!(steps <= 3 * (u64::from(window) + 1), "{bucket} {window}: {steps}");
            assert!(buckets.value().is_none_or(|value| (0.0..=1.0).contains(&value)));
            assert!(buckets.open_bucket().0 < buckets.bucket());
        }
    }

    proptest! {
        #[test]
        fn whole_fractions_are_signed_trades(trades in prop::collection::vec((1_u64..2_000, any::<bool>()), 1..80)) {
            use alphatrader_model::market::Side;
            let (mut bulk, mut signed) = (BulkBuckets::new(130, 4), super::super::Vpin::new(130, 4));
            for (size, buy) in trades {
                bulk.add(size, f64::from(u8::from(buy)), size, |_| ());
                signed.add(size, Some(if buy { Side::Buy } else { Side::Sell }), |_| ());
                prop_assert_eq!(bulk.value(), signed.value());
                prop_assert_eq!(bulk.completed(), signed.completed());
            }
        }

        #[test]
        fn a_mirrored_market_has_the_same_vpin(bars in prop::collection::vec((1_u64..500, 0.0_f64..1.0), 1..80)) {
            let (mut here, mut there) = (BulkBuckets::new(130, 4), BulkBuckets::new(130, 4));
            for (volume, fraction) in bars {
                here.add(volume, fraction, volume, |_| ());
                there.add(volume, 1.0 - fraction, volume, |_| ());
                match (here.value(), there.value()) {
                    (Some(one), Some(other)) => prop_assert!((one - other).abs() < 1e-12),
                    (one, other) => prop_assert_eq!(one, other),
                }
            }
        }
    }
}
