//! Unusual volume: the running minute against the minutes before it.
//!
//! The minute so far is compared with up to [`EARLIER`] whole minutes of the same session that were
//! watched from start to end (those without a print count as zero), once there are [`LEAST`] of them.
//! It is unusual when it has traded [`RATIO`] times their mean *and* lies [`DEVIATIONS`] standard
//! deviations (divisor n - 1) above it. A minute that is not over is never scaled up: it can only become
//! unusual by what was really traded. A window of half an hour follows the day's own shape, so the busy
//! first and last minutes are compared with their neighbours, not with noon.

use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::UnusualVolume;
use serde::{Deserialize, Serialize};

/// Minutes looked back.
pub const EARLIER: usize = 30;
/// Minutes needed.
pub const LEAST: usize = 5;
/// Times the mean.
pub const RATIO: f64 = 3.0;
/// Standard deviations above the mean.
pub const DEVIATIONS: f64 = 3.0;

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// Volume of the running minute and of those before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinuteVolumes {
    /// Number of the running minute since the epoch.
    minute: Option<i64>,
    /// It was watched from its start.
    whole: bool,
    volume: u64,
    earlier: [u64; EARLIER],
    /// Place of the next one in `earlier`.
    place: usize,
    known: usize,
    /// Mean and standard deviation of the earlier ones, worked out when a minute ends.
    usual: (f64, f64),
}

impl Default for MinuteVolumes {
    fn default() -> Self {
        Self {
            minute: None,
            whole: false,
            volume: 0,
            earlier: [0; EARLIER],
            place: 0,
            known: 0,
            usual: (0.0, 0.0),
        }
    }
}

impl MinuteVolumes {
    /// Moves on to a second of the session, since the epoch; one that is not in a later minute changes
    /// nothing. `watched` says whether the session was watched since the minute began. At most
    /// [`EARLIER`] steps.
    pub fn advance(&mut self, second: i64, watched: bool) {
        let minute = second.div_euclid(MINUTE);
        match self.minute {
            Some(running) if minute <= running => {}
            Some(running) => {
                if self.whole {
                    self.close(self.volume);
                    // Quiet minutes in between.
                    for _ in 0..(minute - running - 1).min(EARLIER as i64) {
                        self.close(0);
                    }
                }
                (self.minute, self.volume, self.whole) = (Some(minute), 0, true);
            }
            None => (self.minute, self.volume, self.whole) = (Some(minute), 0, watched),
        }
    }

    fn close(&mut self, volume: u64) {
        self.earlier[self.place] = volume;
        self.place = (self.place + 1) % EARLIER;
        self.known = (self.known + 1).min(EARLIER);
        if self.known >= LEAST {
            let earlier = &self.earlier[..self.known];
            let n = self.known as f64;
            let mean = earlier.iter().map(|v| *v as f64).sum::<f64>() / n;
            let squares: f64 = earlier.iter().map(|v| (*v as f64 - mean) * (*v as f64 - mean)).sum();
            self.usual = (mean, libm::sqrt(squares / (n - 1.0)));
        }
    }

    /// Adds shares to the running minute.
    #[inline]
    pub fn add(&mut self, shares: u64) {
        self.volume = self.volume.saturating_add(shares);
    }

    /// Forgets everything: something was missed, or a new session begins.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How unusual the running minute is; absent until [`LEAST`] others are known.
    pub fn value(&self) -> Option<UnusualVolume> {
        let minute = self.minute.filter(|_| self.known >= LEAST && self.whole)?;
        let (mean, deviation) = self.usual;
        if mean <= 0.0 {
            return None;
        }
        let volume = self.volume as f64;
        let z = (deviation > 0.0).then(|| (volume - mean) / deviation);
        let ratio = volume / mean;
        Some(UnusualVolume {
            minute: Timestamp::from_nanos(minute.saturating_mul(Span::MINUTE.nanos())),
            volume: self.volume,
            minutes: self.known as u32,
            mean,
            ratio,
            z,
            unusual: ratio >= RATIO && z.is_none_or(|z| z >= DEVIATIONS),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Minutes with these volumes, the last one running.
    fn minutes(volumes: &[u64]) -> MinuteVolumes {
        let mut minutes = MinuteVolumes::default();
        for (n, volume) in volumes.iter().enumerate() {
            minutes.advance(6_000 + 60 * n as i64, true);
            minutes.add(*volume);
        }
        minutes
    }

    #[test]
    fn a_busy_minute_stands_out() {
        let value = minutes(&[100, 120, 80, 110, 90, 400]).value().unwrap();
        assert_eq!((value.mean, value.ratio, value.minutes, value.unusual), (100.0, 4.0, 5, true));
        // Deviations 0, 20, -20, 10, -10: variance 250.
        assert!((value.z.unwrap() - 300.0 / 250.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(value.minute, Timestamp::from_seconds(6_300));
        let usual = minutes(&[100, 120, 80, 110, 90, 200]).value().unwrap();
        assert!(!usual.unusual && usual.z > Some(3.0), "twice the mean is not three times");
        let wild = minutes(&[0, 500, 0, 0, 0, 301]).value().unwrap();
        assert!(!wild.unusual && wild.ratio > 3.0, "where minutes differ that much anyway");
    }

    #[test]
    fn it_waits_for_enough_whole_minutes() {
        assert_eq!(minutes(&[100, 100, 100, 100, 400]).value(), None);
        let equal = minutes(&[100, 100, 100, 100, 100, 400]).value().unwrap();
        assert_eq!((equal.z, equal.unusual), (None, true));
        let mut late = MinuteVolumes::default();
        late.advance(6_030, false);
        late.add(999_999);
        for n in 0..6 {
            late.advance(6_060 + 60 * n, true);
            late.add(100);
        }
        assert_eq!(late.value().unwrap().mean, 100.0, "the minute that was joined late does not count");
        late.clear();
        assert_eq!(late.value(), None);
    }

    #[test]
    fn quiet_minutes_count_as_zero() {
        let mut minutes = MinuteVolumes::default();
        minutes.advance(6_000, true);
        minutes.add(600);
        minutes.advance(6_000 + 60 * 6, true);
        minutes.add(500);
        assert_eq!(minutes.value().map(|v| (v.minutes, v.mean)), Some((6, 100.0)));
        minutes.advance(i64::MAX, true);
        assert_eq!(minutes.value(), None, "half an hour of nothing has no mean to compare with");
    }

    proptest! {
        #[test]
        fn it_equals_the_mean_of_the_last_half_hour(volumes in prop::collection::vec(0_u64..10_000, 7..100)) {
            let (running, earlier) = volumes.split_last().unwrap();
            let window = &earlier[earlier.len().saturating_sub(EARLIER)..];
            let mean = window.iter().sum::<u64>() as f64 / window.len() as f64;
            let value = minutes(&volumes).value();
            prop_assert_eq!(value.is_some(), mean > 0.0);
            if let Some(value) = value {
                prop_assert!((value.mean - mean).abs() < 1e-6);
                prop_assert_eq!((value.volume, value.minutes), (*running, window.len() as u32));
            }
        }
    }
}
