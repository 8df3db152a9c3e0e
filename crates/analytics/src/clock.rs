//! Trading time: time as it passes while a symbol trades. It stands still in a halt.
//!
//! What decays or waits by the clock (Hawkes intensity, weighted averages, spreads some seconds later) asks
//! [`TradingClock::at`] instead of the event's own time: a halt of an hour is then no time at all. It
//! never runs backward; between sessions it runs on, and whoever must not carry over a night begins anew.

use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The clock of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TradingClock {
    halted: Span,
    since: Option<Timestamp>,
}

impl TradingClock {
    /// Trading time of an event: its own less all halts before it.
    #[inline]
    pub fn at(&self, ts: Timestamp) -> Timestamp {
        let ts = self.since.map_or(ts, |since| ts.min(since));
        Timestamp::from_nanos(ts.nanos().saturating_sub(self.halted.nanos()))
    }

    /// Trading stops; a second stop changes nothing.
    pub fn halt(&mut self, ts: Timestamp) {
        self.since.get_or_insert(ts);
    }

    /// Trading goes on.
    pub fn resume(&mut self, ts: Timestamp) {
        if let Some(since) = self.since.take() {
            let stopped = ts.nanos().saturating_sub(since.nanos()).max(0);
            self.halted = Span::from_nanos(self.halted.nanos().saturating_add(stopped));
        }
    }

    /// Whether trading is stopped.
    #[inline]
    pub const fn is_halted(&self) -> bool {
        self.since.is_some()
    }

    /// Time that halts have taken.
    pub const fn halted(&self) -> Span {
        self.halted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_halt_takes_no_time() {
        let mut clock = TradingClock::default();
        assert_eq!(clock.at(at(10)), at(10));
        clock.halt(at(20));
        clock.halt(at(25));
        assert_eq!((clock.at(at(19)), clock.at(at(90))), (at(19), at(20)));
        clock.resume(at(100));
        assert_eq!((clock.at(at(100)), clock.at(at(101))), (at(20), at(21)));
        clock.resume(at(200));
        clock.halt(at(300));
        clock.resume(at(299));
        assert_eq!((clock.at(at(301)), clock.halted()), (at(221), Span::from_seconds(80)));
    }
}
