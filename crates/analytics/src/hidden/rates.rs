//! How fast displayed size comes back: after trades, and after cancels of the same weight as the control.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};

/// Refills a second after a cancel, until measured.
pub const LAMBDA_0: f64 = 0.5;
/// Refills a second of an iceberg, until measured: half of them within 35 ms.
pub const LAMBDA_1: f64 = 20.0;
/// Least episodes of a kind to measure it.
pub const LEAST: u64 = 200;

/// Episodes of waiting for a refill: how many, how many found one, how long was waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Waits {
    episodes: u64,
    refills: u64,
    nanos: u64,
}

impl Waits {
    pub(super) fn add(&mut self, refilled: bool, waited: Span) {
        self.episodes += 1;
        self.refills += u64::from(refilled);
        self.nanos = self.nanos.saturating_add(waited.nanos().max(0).unsigned_abs());
    }

    /// Episodes.
    pub const fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Those that found a refill.
    pub const fn refills(&self) -> u64 {
        self.refills
    }

    /// Refills a second of waiting; absent below [`LEAST`] episodes or without a refill.
    pub fn rate(&self) -> Option<f64> {
        let ready = self.episodes >= LEAST && self.refills > 0 && self.nanos > 0;
        ready.then(|| self.refills as f64 / (self.nanos as f64 / 1e9))
    }

    /// [`Self::rate`] with the number of episodes.
    pub fn metric(&self, quality: Quality) -> Metric {
        Metric::new(self.rate(), self.episodes, quality)
    }

    fn merge(&mut self, other: &Self) {
        self.episodes = self.episodes.saturating_add(other.episodes);
        self.refills = self.refills.saturating_add(other.refills);
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

/// Waits after trades and after cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RefillRates {
    /// After trades.
    pub trades: Waits,
    /// After cancels: the control.
    pub cancels: Waits,
}

impl RefillRates {
    /// Adds another day's.
    pub fn merge(&mut self, other: &Self) {
        self.trades.merge(&other.trades);
        self.cancels.merge(&other.cancels);
    }

    /// λ0 and λ1 as measured; absent while either has too few episodes, or when trades are not refilled
    /// faster than cancels: then this market shows no icebergs.
    pub fn measured(&self) -> Option<(f64, f64)> {
        let (background, after_trades) = (self.cancels.rate()?, self.trades.rate()?);
        (after_trades > background).then_some((background, after_trades))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_need_enough_episodes() {
        let mut rates = RefillRates::default();
        for n in 0..200 {
            assert_eq!(rates.measured(), None);
            rates.trades.add(n % 2 == 0, Span::from_millis(50));
            rates.cancels.add(n % 10 == 0, Span::from_millis(200));
        }
        let (background, iceberg) = rates.measured().unwrap();
        assert!((background - 0.5).abs() < 1e-12 && (iceberg - 10.0).abs() < 1e-12);
        let mut other = RefillRates::default();
        other.merge(&rates);
        assert_eq!((other, other.trades.episodes(), other.trades.refills()), (rates, 200, 100));
        // Cancels come back as fast as trades do: nothing can be told apart.
        let same = RefillRates { trades: rates.cancels, cancels: rates.cancels };
        assert_eq!(same.measured(), None);
    }
}
