//! Since when prints have been seen without a hole: a window is known only when all of it was watched.

use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What part of a session has been watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// First whole second that was watched.
    since: Option<i64>,
}

impl Coverage {
    /// Watching goes on at `ts`; the first time after a restart it begins here, but not before `open`.
    /// A second that has begun unseen does not count.
    pub fn observe(&mut self, ts: Timestamp, open: Timestamp) {
        self.since.get_or_insert_with(|| {
            let start = ts.max(open);
            let whole = start.floor_to(Span::SECOND);
            if whole == start { start.seconds() } else { start.seconds() + 1 }
        });
    }

    /// First whole second that was watched, since the epoch.
    pub const fn since(&self) -> Option<i64> {
        self.since
    }

    /// Something was missed: watching begins anew.
    pub fn restart(&mut self) {
        self.since = None;
    }

    /// Whether the `seconds` before `second` (an epoch second) were all watched.
    pub fn covers(&self, second: i64, seconds: i64) -> bool {
        self.since.is_some_and(|since| second.saturating_sub(since) >= seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_the_open_or_at_the_first_whole_second_seen() {
        let open = Timestamp::from_seconds(1_000);
        let mut early = Coverage::default();
        assert!(!early.covers(2_000, 0));
        early.observe(Timestamp::from_seconds(900), open);
        assert!(!early.covers(1_059, 60) && early.covers(1_060, 60));
        let mut late = Coverage::default();
        late.observe(Timestamp::from_millis(1_500_001), open);
        late.observe(Timestamp::from_seconds(1_600), open);
        assert!(!late.covers(1_560, 60) && late.covers(1_561, 60));
        late.restart();
        assert!(!late.covers(1_561, 60));
    }
}
