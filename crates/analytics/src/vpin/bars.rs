//! Prints as bars, and bars as fractions, for bulk VPIN.
//!
//! A bar spans a stretch of time (the paper: a minute) or a share of a bucket's volume, which keeps the number
//! of bars in a bucket and with it VPIN's floor constant: preferred when the tape is irregular. A bar of
//! time without prints is none.

use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::classify::bulk::{BulkCdf, BulkClassifier};

/// What a bar spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkBar {
    /// A stretch of time, 1 to 300 s.
    Time(Span),
    /// This part of a bucket: its volume over a number of bars, 1 to 1 000.
    PerBucket(u16),
}

/// How bars become fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BulkParameters {
    /// Student's distribution instead of the normal one.
    pub student: bool,
    /// What a bar spans.
    pub bar: BulkBar,
    /// Weight of the past in σ², 0.9 to 0.999.
    pub sigma_lambda: f64,
}

impl Default for BulkParameters {
    /// The normal distribution, ten bars a bucket.
    fn default() -> Self {
        Self { student: false, bar: BulkBar::PerBucket(10), sigma_lambda: BulkClassifier::LAMBDA }
    }
}

/// A finished bar, or several without change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BulkVolume {
    /// Shares.
    pub volume: u64,
    /// The fraction bought.
    pub fraction: f64,
    /// Shares of one bar.
    pub bar: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Running {
    /// Which stretch of time.
    slot: i64,
    open: Price,
    close: Price,
    volume: u64,
}

/// The running bar of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkBars {
    classifier: BulkClassifier,
    /// Nanoseconds of a bar of time; zero for bars of volume.
    span: i64,
    /// Shares of a bar of volume.
    size: u64,
    running: Option<Running>,
    /// The close before, in this session.
    previous: Option<Price>,
}

impl BulkBars {
    /// Bytes outside the value itself.
    pub const fn heap_bytes(&self) -> usize {
        self.classifier.heap_bytes()
    }

    /// Bars for buckets of `bucket` shares. Values outside their ranges are moved to the nearest one inside.
    pub fn new(parameters: &BulkParameters, bucket: u64) -> Self {
        let cdf = if parameters.student { BulkCdf::student() } else { BulkCdf::Normal };
        let (span, size) = match parameters.bar {
            BulkBar::Time(span) => (span.clamp(Span::SECOND, Span::from_seconds(300)).nanos(), u64::MAX),
            BulkBar::PerBucket(bars) => (0, (bucket / u64::from(bars.clamp(1, 1_000))).max(1)),
        };
        let classifier = BulkClassifier::new(cdf, parameters.sigma_lambda);
        Self { classifier, span, size, running: None, previous: None }
    }

    /// Adds a print at its trading time. `emit` hears what is finished: the bar of time before, or at most
    /// two pieces of bars of volume (the running one, and all whole ones inside the print).
    pub fn on_trade(&mut self, now: Timestamp, price: Price, size: u64, mut emit: impl FnMut(BulkVolume)) {
        if self.span > 0 {
            self.advance(now, emit);
            let slot = now.nanos().div_euclid(self.span);
            let bar = self.running.get_or_insert(Running { slot, open: price, close: price, volume: 0 });
            bar.close = price;
            bar.volume = bar.volume.saturating_add(size);
            return;
        }
        let bar = self.running.get_or_insert(Running { slot: 0, open: price, close: price, volume: 0 });
        bar.close = price;
        let room = self.size - bar.volume;
        if size < room {
            bar.volume += size;
            return;
        }
        bar.volume = self.size;
        self.finish(&mut emit);
        let (whole, rest) = ((size - room) / self.size, (size - room) % self.size);
        if whole > 0 {
            self.classifier.still_bars(whole);
            emit(BulkVolume { volume: whole * self.size, fraction: 0.5, bar: self.size });
        }
        if rest > 0 {
            self.running = Some(Running { slot: 0, open: price, close: price, volume: rest });
        }
    }

    /// Time passed: finishes a bar of time that has ended.
    pub fn advance(&mut self, now: Timestamp, mut emit: impl FnMut(BulkVolume)) {
        let ended = |bar: &Running| self.span > 0 && now.nanos().div_euclid(self.span) > bar.slot;
        if self.running.as_ref().is_some_and(ended) {
            self.finish(&mut emit);
        }
    }

    fn finish(&mut self, emit: &mut impl FnMut(BulkVolume)) {
        if let Some(Running { open, close, volume, .. }) = self.running.take() {
            let change = close.raw() - self.previous.unwrap_or(open).raw();
            self.previous = Some(close);
            let fraction = self.classifier.bar(change as f64 * 1e-4);
            emit(BulkVolume { volume, fraction, bar: volume });
        }
    }

    /// A session begins, or trading goes on after a halt: the running bar ends, and the next is measured
    /// from its own open.
    pub fn restart(&mut self, mut emit: impl FnMut(BulkVolume)) {
        self.finish(&mut emit);
        self.previous = None;
    }

    /// Prints were lost: the running bar is not known any more. σ stays.
    pub fn clear(&mut self) {
        (self.running, self.previous) = (None, None);
    }

    /// The same σ for bars of other buckets.
    pub(crate) fn learn_from(&mut self, other: &Self) {
        self.classifier = other.classifier.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn minute() -> BulkBars {
        let bar = BulkBar::Time(Span::MINUTE);
        BulkBars::new(&BulkParameters { bar, sigma_lambda: 0.9, ..BulkParameters::default() }, 1_000)
    }

    #[test]
    fn a_bar_of_time_ends_with_its_time() {
        let mut bars = minute();
        let mut seen = vec![];
        for (second, cents, size) in [(0, 100, 5), (30, 104, 5), (60, 103, 7), (130, 105, 1)] {
            bars.on_trade(at(second), Price::from_cents(cents), size, |bar| seen.push(bar));
        }
        bars.advance(at(179), |bar| seen.push(bar));
        assert_eq!(seen.len(), 2);
        bars.advance(at(180), |bar| seen.push(bar));
        // First four cents from its own open: no σ yet. Then a cent down with σ = 0.04: F(−1/4).
        assert_eq!(seen[0], BulkVolume { volume: 10, fraction: 0.5, bar: 10 });
        assert_eq!((seen[1].volume, seen[2].volume), (7, 1));
        assert!((seen[1].fraction - 0.401_293_674).abs() < 1e-9, "{seen:?}");
        assert!(seen[2].fraction > 0.5);
    }

    #[test]
    fn a_session_begins_from_its_own_open() {
        let mut bars = minute();
        let mut seen = vec![];
        for (second, cents) in [(0, 100), (10, 104)] {
            bars.on_trade(at(second), Price::from_cents(cents), 5, |bar| seen.push(bar));
        }
        bars.restart(|bar| seen.push(bar));
        assert_eq!(seen.len(), 1);
        // A dollar over night is no change; from its open it stood still.
        bars.on_trade(at(90_000), Price::from_cents(204), 5, |bar| seen.push(bar));
        bars.advance(at(99_999), |bar| seen.push(bar));
        assert_eq!((seen.len(), seen[1].fraction), (2, 0.5));
    }

    #[test]
    fn bars_of_volume_are_cut_from_prints() {
        let parameters = BulkParameters { bar: BulkBar::PerBucket(10), ..BulkParameters::default() };
        let mut bars = BulkBars::new(&parameters, 1_000);
        let mut seen = vec![];
        for (cents, size) in [(100, 60), (102, 30), (103, 1_000_000_015), (102, 95)] {
            bars.on_trade(at(0), Price::from_cents(cents), size, |bar| seen.push(bar));
        }
        let volumes: Vec<_> = seen.iter().map(|bar| (bar.volume, bar.bar)).collect();
        // 90 + 10, then ten million whole ones, 5 left, and 95 more.
        assert_eq!(volumes, [(100, 100), (1_000_000_000, 100), (100, 100)]);
        assert_eq!([seen[0].fraction, seen[1].fraction], [0.5, 0.5]);
        assert_eq!(seen[2].fraction, 0.5, "so many still bars leave no σ");
        assert_eq!(bars.running, None);
    }

    #[test]
    fn the_largest_prints_are_no_trouble() {
        for bar in [BulkBar::Time(Span::MINUTE), BulkBar::PerBucket(10), BulkBar::PerBucket(0)] {
            let mut bars = BulkBars::new(&BulkParameters { bar, ..BulkParameters::default() }, 1);
            let mut emitted = 0;
            for second in 0..4 {
                bars.on_trade(at(second * 60), Price::from_cents(1), u64::MAX, |_| emitted += 1);
            }
            assert!(emitted <= 8);
        }
    }
}
