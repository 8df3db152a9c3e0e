//! Trades and refills at one level, as long as they may belong together.

use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Refills remembered by size.
pub(super) const RECENT: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Episode {
    pub(super) since: Timestamp,
    pub(super) last_trade: Timestamp,
    /// Shares traded at the level.
    pub(super) executed: u64,
    /// Of these beyond the displayed ones.
    pub(super) hidden: u64,
    pub(super) refills: u32,
    /// Sizes of the last refills, a ring.
    recent: [u64; RECENT],
    /// Nanoseconds in which a refill was waited for.
    waited: u64,
    /// It was reported.
    pub(super) told: bool,
}

impl Default for Episode {
    fn default() -> Self {
        let never = Timestamp::from_nanos(i64::MIN);
        Self {
            since: never,
            last_trade: never,
            executed: 0,
            hidden: 0,
            refills: 0,
            recent: [0; RECENT],
            waited: 0,
            told: false,
        }
    }
}

impl Episode {
    /// Whether anything was traded in it.
    pub(super) const fn is_open(&self) -> bool {
        self.executed > 0
    }

    #[inline]
    pub(super) fn trade(&mut self, ts: Timestamp, size: u64) {
        if self.executed == 0 {
            self.since = ts;
        }
        self.last_trade = self.last_trade.max(ts);
        self.executed = self.executed.saturating_add(size);
    }

    pub(super) fn wait(&mut self, waited: Span) {
        self.waited = self.waited.saturating_add(waited.nanos().max(0).unsigned_abs());
    }

    pub(super) fn refill(&mut self, size: u64) {
        self.recent[self.refills as usize % RECENT] = size;
        self.refills = self.refills.saturating_add(1);
    }

    fn sizes(&self) -> &[u64] {
        &self.recent[..(self.refills as usize).min(RECENT)]
    }

    /// Median of the last refills, shares (the lower one of two in the middle).
    pub(super) fn peak(&self) -> Option<u64> {
        let mut sizes = self.recent;
        let known = self.sizes().len();
        let sizes = &mut sizes[..known];
        sizes.sort_unstable();
        sizes.get(known.checked_sub(1)? / 2).copied()
    }

    /// How many of the last refills lie within a tenth of their median.
    pub(super) fn agreeing(&self) -> u32 {
        let Some(peak) = self.peak() else {
            return 0;
        };
        self.sizes().iter().filter(|size| size.abs_diff(peak) <= peak / 10).count() as u32
    }

    /// Log-likelihood ratio of refills at a rate of λ1 against λ0.
    pub(super) fn score(&self, (background, iceberg): (f64, f64)) -> f64 {
        let seconds = self.waited as f64 / 1e9;
        f64::from(self.refills) * libm::log(iceberg / background) - (iceberg - background) * seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_the_median_of_the_last_refills() {
        let mut episode = Episode::default();
        assert_eq!((episode.peak(), episode.agreeing()), (None, 0));
        for size in [300, 900, 310] {
            episode.refill(size);
        }
        assert_eq!((episode.peak(), episode.agreeing()), (Some(310), 2));
        for _ in 0..RECENT {
            episode.refill(500);
        }
        assert_eq!((episode.peak(), episode.agreeing(), episode.refills), (Some(500), 8, 11));
    }

    #[test]
    fn refills_speak_for_an_iceberg_and_waiting_against_it() {
        let mut episode = Episode::default();
        (0..3).for_each(|_| episode.refill(300));
        episode.wait(Span::from_millis(140));
        let score = episode.score((0.5, 20.0));
        assert!((score - (3.0 * libm::log(40.0) - 19.5 * 0.14)).abs() < 1e-12);
        episode.wait(Span::SECOND);
        assert!(episode.score((0.5, 20.0)) < 0.0);
    }
}
