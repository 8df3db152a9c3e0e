//! Amihud's illiquidity (2002): the mean of |return| over dollar volume.
//!
//! His is of days; this one is of bars of five minutes, times 10⁶: percent-like moves for a million
//! dollars. Returns are simple, from close to close; of the first bar of a session from its own open. Bars
//! without volume are left out. The mean is taken anew over the window at each bar: it does not drift.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::quality::QualityMemory;

/// Bars in the window: a session of six and a half hours.
pub const WINDOW: usize = 78;

/// Bars below which nothing is told.
pub const LEAST: usize = 4;

/// Length of a bar.
pub const BAR: Span = Span::from_minutes(5);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Bar {
    /// When it ends.
    until: i64,
    from: Price,
    to: Price,
    /// Ten-thousandths of a dollar.
    dollars: u128,
}

/// Illiquidity of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amihud {
    ring: Box<[f64]>,
    head: usize,
    length: usize,
    mean: f64,
    running: Option<Bar>,
    previous: Option<Price>,
    bars: u64,
    quality: QualityMemory,
}

impl Default for Amihud {
    fn default() -> Self {
        Self {
            ring: vec![0.0; WINDOW].into_boxed_slice(),
            head: 0,
            length: 0,
            mean: 0.0,
            running: None,
            previous: None,
            bars: 0,
            quality: QualityMemory::default(),
        }
    }
}

impl Amihud {
    /// Adds a print at its trading time.
    #[inline]
    pub fn on_trade(&mut self, now: Timestamp, price: Price, size: u64, quality: Quality) {
        self.on_timer(now);
        self.quality.mark(quality, self.bars);
        let bar = self.running.get_or_insert_with(|| {
            let number = now.nanos().div_euclid(BAR.nanos());
            let until = number.saturating_add(1).saturating_mul(BAR.nanos());
            Bar { until, from: price, to: price, dollars: 0 }
        });
        bar.to = price;
        bar.dollars = bar.dollars.saturating_add(u128::from(price.raw().unsigned_abs()) * u128::from(size));
    }

    /// Trading time passed: a bar that has ended is counted.
    #[inline]
    pub fn on_timer(&mut self, now: Timestamp) {
        if let Some(bar) = &self.running
            && now.nanos() >= bar.until
        {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.running.take() {
            let from = self.previous.unwrap_or(bar.from);
            self.previous = Some(bar.to);
            if from > Price::ZERO {
                let change = (bar.to.raw() - from.raw()) as f64 / from.raw() as f64;
                self.add(change, bar.dollars as f64 * 1e-4);
            }
        }
    }

    /// Adds a bar's return and its dollar volume; one without volume is left out.
    pub fn add(&mut self, change: f64, dollars: f64) {
        let ratio = change.abs() / dollars;
        if dollars > 0.0 && ratio.is_finite() {
            self.ring[self.head] = ratio;
            self.head = (self.head + 1) % WINDOW;
            self.length = (self.length + 1).min(WINDOW);
            self.bars += 1;
            self.mean = self.ring[..self.length].iter().sum::<f64>() / self.length as f64;
        }
    }

    /// The mean times 10⁶, of as many bars; absent below [`LEAST`].
    pub fn illiquidity(&self) -> Metric {
        let value = (self.length >= LEAST).then_some(self.mean * 1e6);
        let flags = self.quality.within(self.bars, WINDOW as u64 + 1);
        Metric::new(value, self.length as u64, flags)
    }

    /// A session begins, or trading goes on after a halt: the running bar ends, and the next is measured
    /// from its own open.
    pub fn restart(&mut self) {
        self.finish();
        self.previous = None;
    }

    /// Prints were lost: the running bar is not known any more.
    pub fn clear(&mut self) {
        (self.running, self.previous) = (None, None);
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

    /// The reference's example: 7e-9.
    #[test]
    fn the_worked_example() {
        let mut amihud = Amihud::default();
        for (change, dollars) in [(0.01, 1e6), (-0.02, 2.5e6), (0.005, 5e5), (0.3, 0.0)] {
            amihud.add(change, dollars);
            assert_eq!(amihud.illiquidity().value, None);
        }
        amihud.add(0.0, 8e5);
        let value = amihud.illiquidity();
        assert!((value.value.unwrap() - 7e-3).abs() < 1e-15, "{value:?}");
        assert_eq!(value.n_obs, 4);
    }

    #[test]
    fn bars_are_of_five_minutes_and_a_session_begins_from_its_own_open() {
        let mut amihud = Amihud::default();
        let print = |amihud: &mut Amihud, second, cents, size| {
            amihud.on_trade(Timestamp::from_seconds(second), Price::from_cents(cents), size, Quality::GOOD);
        };
        print(&mut amihud, 0, 10_000, 50);
        print(&mut amihud, 299, 10_100, 50);
        print(&mut amihud, 300, 10_201, 100);
        assert!((amihud.mean - 0.01 / 10_050.0).abs() < 1e-15, "{}", amihud.mean);
        amihud.on_timer(Timestamp::from_seconds(600));
        assert!((amihud.ring[1] - 0.01 / 10_201.0).abs() < 1e-15);
        print(&mut amihud, 700, 10_201, 1);
        amihud.restart();
        print(&mut amihud, 90_000, 20_000, 1);
        amihud.restart();
        assert_eq!((amihud.length, amihud.ring[2], amihud.ring[3]), (4, 0.0, 0.0));
        amihud.clear();
        assert!(amihud.illiquidity().is_ready());
    }

    proptest! {
        #[test]
        fn a_snapshot_goes_on_as_if_nothing_had_been(
            prints in prop::collection::vec((0_i64..200, 1_i64..10_000_000_000_000, 1_u64..1_000_000_000_000), 1..200), at in 0_usize..200,
        ) {
            let mut amihud = Amihud::default();
            let mut restored: Option<Amihud> = None;
            let mut now = 0;
            for (place, (pause, price, size)) in prints.into_iter().enumerate() {
                if place == at {
                    restored = Some(postcard::from_bytes(&postcard::to_allocvec(&amihud).unwrap()).unwrap());
                }
                now += pause;
                for one in [Some(&mut amihud), restored.as_mut()].into_iter().flatten() {
                    one.on_trade(Timestamp::from_seconds(now), Price::from_raw(price), size, Quality::GOOD);
                }
                prop_assert!(amihud.illiquidity().value.is_none_or(|value| value >= 0.0));
            }
            prop_assert!(restored.is_none_or(|restored| restored == amihud));
        }
    }
}
