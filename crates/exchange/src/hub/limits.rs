//! What a gateway allows: the broker's own figures, each of them configurable.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::scenario::Wait;

/// Limits of all connections together, as at the broker.
///
/// Rates are counted in the wall's time, as a client's own limiters count them, whatever the speed
/// of the simulated clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Market data lines (code 101 beyond).
    #[garde(range(max = 100_000))]
    pub lines: usize,
    /// Order books (309): three for a hundred lines, one more for each hundred after.
    #[garde(range(max = 60))]
    pub books: usize,
    /// Tick-by-tick streams (10190): as many as books.
    #[garde(range(max = 60))]
    pub ticks: usize,
    /// 5-second bar streams.
    #[garde(range(max = 100_000))]
    pub bars: usize,
    /// Account summaries that stream (322).
    #[garde(range(max = 1_000))]
    pub summaries: usize,
    /// Messages in any second of the wall's clock from all clients together (100); nothing for no limit.
    #[garde(inner(range(min = 1, max = 100_000)))]
    pub messages_per_second: Option<u32>,
    /// Seconds with too many messages after which a client is closed.
    #[garde(range(min = 1, max = 1_000))]
    pub strikes: u32,
    /// Messages that may wait for a client that asked to be paced (`+PACEAPI`); it is closed beyond.
    #[garde(range(min = 1, max = 100_000))]
    pub paced: usize,
    /// A tick-by-tick request of the same instrument comes no sooner (10189); nothing for no rule.
    #[garde(skip)]
    pub tick_interval: Option<Wait>,
    /// Requests of history (162).
    #[garde(dive)]
    pub history: HistoryLimits,
}

/// How much history may be asked for. Rates hold for bars of 30 seconds and shorter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryLimits {
    /// Whether the rates below hold.
    #[garde(skip)]
    pub paced: bool,
    /// Requests in ten minutes; `BID_ASK` counts twice.
    #[garde(range(min = 1, max = 100_000))]
    pub in_ten_minutes: u32,
    /// An identical request comes no sooner.
    #[garde(skip)]
    pub identical: Wait,
    /// Requests for one contract, exchange and kind of data in two seconds; so many are too many.
    #[garde(range(min = 1, max = 100_000))]
    pub burst: u32,
}

impl Limits {
    /// The broker's figures for an account with so many market data lines.
    pub fn for_lines(lines: usize) -> Self {
        let books = (lines / 100 + 2).clamp(3, 60);
        let rate = u32::try_from(lines / 2).unwrap_or(u32::MAX).clamp(50, 100_000);
        Self {
            lines,
            books,
            ticks: books,
            bars: 50,
            summaries: 2,
            messages_per_second: Some(rate),
            strikes: 3,
            paced: 1_000,
            tick_interval: Some(Wait::from_seconds(15)),
            history: HistoryLimits::default(),
        }
    }

    /// The same without rates: for programs that are not to be slowed down, such as tests.
    #[must_use]
    pub fn without_rates(mut self) -> Self {
        self.messages_per_second = None;
        self.tick_interval = None;
        self.history.paced = false;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::for_lines(100)
    }
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self { paced: true, in_ten_minutes: 60, identical: Wait::from_seconds(15), burst: 6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_rate_follow_the_lines() {
        let of = |lines| {
            let limits = Limits::for_lines(lines);
            (limits.books, limits.ticks, limits.messages_per_second)
        };
        assert_eq!(of(100), (3, 3, Some(50)));
        assert_eq!(of(400), (6, 6, Some(200)));
        assert_eq!(of(100_000), (60, 60, Some(50_000)));
        assert_eq!(of(0), (3, 3, Some(50)));
    }
}
