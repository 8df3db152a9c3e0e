//! How fast requests may follow each other now: halved by a refusal for the minute, bound by a refusal for the second,
//! recovered by a twentieth a minute.

use alphatrader_model::{Span, Timestamp};

/// The present rate, requests a second.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    /// What the settings allow.
    full: f64,
    /// What a refusal named, less a fifth. Kept: the limit belongs to the key.
    bound: f64,
    now: f64,
    /// Nothing is recovered before.
    held_until: Timestamp,
    recovered: Timestamp,
}

impl Rate {
    /// How long a halved rate stays.
    const HOLD: Span = Span::from_minutes(5);
    /// Part of the full rate that a minute gives back.
    const RECOVERY: f64 = 0.05;
    /// Slowest rate: a request every 20 seconds.
    const LEAST: f64 = 0.05;

    pub(crate) fn new(spacing: Span) -> Self {
        let full = 1.0 / spacing.as_seconds().max(0.001);
        let start = Timestamp::from_nanos(i64::MIN);
        Self { full, bound: f64::INFINITY, now: full, held_until: start, recovered: start }
    }

    fn most(&self) -> f64 {
        self.full.min(self.bound)
    }

    /// A refusal for the minute.
    pub(crate) fn minute(&mut self, now: Timestamp) {
        self.now = (self.now * 0.5).max(Self::LEAST);
        self.held_until = now + Self::HOLD;
        self.recovered = self.held_until;
    }

    /// A refusal for the second, with the number allowed where it said so.
    pub(crate) fn burst(&mut self, now: Timestamp, per_second: Option<u32>) {
        match per_second {
            Some(n) => {
                self.bound = self.bound.min(0.8 * f64::from(n));
                self.now = self.now.min(self.bound).max(Self::LEAST);
            }
            None => self.now = (self.now * 0.8).max(Self::LEAST),
        }
        self.recovered = self.recovered.max(now);
    }

    /// Gives back what the time since the last call allows.
    pub(crate) fn recover(&mut self, now: Timestamp) {
        if self.now >= self.most() || now < self.held_until {
            self.recovered = self.recovered.max(now);
            return;
        }
        let minutes = (now.since(self.recovered).as_seconds() / 60.0).max(0.0);
        self.now = (self.now + Self::RECOVERY * self.full * minutes).min(self.most());
        self.recovered = self.recovered.max(now);
    }

    /// Requests a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.now
    }

    /// Least distance of two requests.
    pub(crate) fn spacing(&self) -> Span {
        // Rounded up, so that a spacing of the settings stays what it is.
        Span::from_nanos(libm::ceil(1e9 / self.now - 1e-3) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    #[test]
    fn a_minute_limit_halves_for_five_minutes_and_then_comes_back() {
        let mut rate = Rate::new(Span::from_millis(125));
        assert_eq!((rate.per_second(), rate.spacing()), (8.0, Span::from_millis(125)));
        rate.minute(at(0));
        rate.recover(at(299));
        assert_eq!(rate.per_second(), 4.0);
        rate.recover(at(360));
        assert!((rate.per_second() - 4.4).abs() < 1e-9, "{}", rate.per_second());
        rate.recover(at(7_200));
        assert_eq!(rate.per_second(), 8.0);
    }

    #[test]
    fn a_burst_limit_is_remembered() {
        let mut rate = Rate::new(Span::from_millis(50));
        rate.burst(at(0), Some(10));
        assert_eq!(rate.per_second(), 8.0);
        rate.recover(at(100_000));
        assert_eq!(rate.per_second(), 8.0);
        rate.burst(at(100_001), Some(1));
        assert_eq!(rate.spacing(), Span::from_millis(1_250));
        rate.recover(at(200_000));
        assert_eq!(rate.per_second(), 0.8);
        rate.burst(at(200_001), Some(30));
        assert_eq!(rate.per_second(), 0.8, "the smallest that was named counts");
    }
}
