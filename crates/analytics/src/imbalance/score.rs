//! An imbalance in standard deviations of its last hour, sampled once a second.
//!
//! Samples are kept in steps of 1/10 000, so that the sums of the sliding window are exact and never drift.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Samples of the window: an hour of seconds.
pub const SAMPLES: usize = 3_600;
/// Samples needed.
pub const LEAST: usize = 300;

const STEPS: f64 = 10_000.0;

/// The last hour of one imbalance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImbalanceScore {
    samples: Box<[i16]>,
    place: usize,
    known: usize,
    sum: i64,
    squares: i64,
    next: Timestamp,
    newest: Option<f64>,
}

impl Default for ImbalanceScore {
    fn default() -> Self {
        Self {
            samples: vec![0; SAMPLES].into_boxed_slice(),
            place: 0,
            known: 0,
            sum: 0,
            squares: 0,
            next: Timestamp::from_nanos(i64::MIN),
            newest: None,
        }
    }
}

impl ImbalanceScore {
    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.samples)
    }

    /// The imbalance in [-1, 1] at this moment; absent when there is none. One a second is sampled, the
    /// first that comes: call it with each timer and each change.
    #[inline]
    pub fn observe(&mut self, ts: Timestamp, imbalance: Option<f64>) {
        self.newest = imbalance.filter(|value| value.is_finite()).map(|value| value.clamp(-1.0, 1.0));
        if ts >= self.next
            && let Some(value) = self.newest
        {
            self.sample(ts, value);
        }
    }

    #[cold]
    fn sample(&mut self, ts: Timestamp, value: f64) {
        let second = ts.floor_to(Span::SECOND);
        self.next = Timestamp::from_nanos(second.nanos().saturating_add(Span::SECOND.nanos()));
        let new = (value * STEPS) as i16;
        let old = &mut self.samples[self.place];
        if self.known == SAMPLES {
            let gone = i64::from(*old);
            self.sum -= gone;
            self.squares -= gone * gone;
        } else {
            self.known += 1;
        }
        *old = new;
        self.sum += i64::from(new);
        self.squares += i64::from(new) * i64::from(new);
        self.place = (self.place + 1) % SAMPLES;
    }

    /// The newest imbalance less the mean of the samples, in their standard deviations (divisor n − 1);
    /// ready after [`LEAST`] samples that were not all equal.
    pub fn score(&self, quality: Quality) -> Metric {
        let n = self.known as f64;
        let variance = (self.known >= LEAST).then(|| {
            // Sums of an hour: exact in integers, and in 53 bits.
            let spread = self.known as i64 * self.squares - self.sum * self.sum;
            spread as f64 / (n * (n - 1.0))
        });
        let deviation = variance.filter(|variance| *variance > 0.0).map(libm::sqrt);
        let value =
            deviation.zip(self.newest).map(|(sd, newest)| (newest * STEPS - self.sum as f64 / n) / sd);
        Metric::new(value, self.known as u64, quality)
    }

    /// The stream was lost, or a new session begins.
    pub fn clear(&mut self) {
        (self.place, self.known, self.sum, self.squares, self.newest) = (0, 0, 0, 0, None);
        self.samples.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_needs_five_minutes_and_some_change() {
        let mut score = ImbalanceScore::default();
        for n in 0..LEAST as i64 {
            assert_eq!(score.score(Quality::GOOD).value, None);
            let value = if n % 2 == 0 { 0.5 } else { -0.5 };
            score.observe(Timestamp::from_millis(n * 1_000), Some(value));
            // Within the second: shown, not sampled.
            score.observe(Timestamp::from_millis(n * 1_000 + 1), Some(1.0));
        }
        let n = LEAST as f64;
        let expected = 1.0 / libm::sqrt(0.25 * n / (n - 1.0));
        assert!((score.score(Quality::GOOD).value.unwrap() - expected).abs() < 1e-12);
        score.observe(Timestamp::from_seconds(400), None);
        assert_eq!(score.score(Quality::GOOD).value, None, "there is none now");
        score.clear();
        assert_eq!(score.score(Quality::GOOD), Metric::NONE);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_window_slides_exactly(values in prop::collection::vec(-10_000_i16..10_000, 3_000..4_500)) {
            let mut score = ImbalanceScore::default();
            for (n, value) in values.iter().enumerate() {
                score.observe(Timestamp::from_seconds(n as i64), Some(f64::from(*value) / STEPS));
            }
            let window = &values[values.len().saturating_sub(SAMPLES)..];
            let n = window.len() as f64;
            // A step may be lost when the value is cut to steps: a ten-thousandth.
            let mean = window.iter().map(|value| f64::from(*value)).sum::<f64>() / n;
            let variance = window.iter().map(|value| (f64::from(*value) - mean) * (f64::from(*value) - mean)).sum::<f64>() / (n - 1.0);
            let expected = (f64::from(*values.last().unwrap()) - mean) / libm::sqrt(variance);
            prop_assert!((score.score(Quality::GOOD).value.unwrap() - expected).abs() < 1e-3);
        }
    }
}
