//! When the next request may leave: a ceiling for any 60 seconds, and a least distance.
//!
//! The instants of all sends are kept, so *any* 60 seconds are counted, whether the server's minute slides or not. A
//! bucket alone would not do: with capacity B it lets B + a minute's refill through in one minute.

use std::collections::VecDeque;

use alphatrader_model::{Span, Timestamp};

/// The log of sends. Holds at most the ceiling's number of instants.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    ceiling: usize,
    sent: VecDeque<Timestamp>,
}

impl Window {
    /// The length that is counted.
    pub(crate) const LENGTH: Span = Span::MINUTE;
    /// Sends shift on their way: so much longer is waited before an old one counts as gone.
    pub(crate) const GUARD: Span = Span::from_millis(10);

    pub(crate) fn new(ceiling: u32) -> Self {
        let ceiling = ceiling.max(1) as usize;
        Self { ceiling, sent: VecDeque::with_capacity(ceiling) }
    }

    /// The earliest instant, not before `now`, at which one more may leave, `spacing` after the last. A clock that
    /// went back waits until it has caught up.
    pub(crate) fn earliest(&self, now: Timestamp, spacing: Span) -> Timestamp {
        let spaced = self.sent.back().map_or(now, |last| *last + spacing);
        let room = match self.sent.front() {
            Some(oldest) if self.sent.len() >= self.ceiling => *oldest + Self::LENGTH + Self::GUARD,
            _ => now,
        };
        now.max(spaced).max(room)
    }

    /// Notes a send. Only at or after [`Window::earliest`].
    pub(crate) fn note(&mut self, at: Timestamp) {
        if self.sent.len() >= self.ceiling {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
    }

    /// Sends in the 60 seconds before `now`.
    pub(crate) fn used(&self, now: Timestamp) -> usize {
        let from = now - Self::LENGTH;
        self.sent.len() - self.sent.partition_point(|at| *at <= from)
    }

    /// When the oldest of our sends leaves the window.
    pub(crate) fn oldest_leaves(&self, now: Timestamp) -> Timestamp {
        let from = now - Self::LENGTH;
        let oldest = self.sent.iter().find(|at| **at > from).copied().unwrap_or(from);
        oldest + Self::LENGTH + Self::GUARD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Most sends that lie in any 60 seconds, ends included.
    fn densest(sent: &[Timestamp]) -> usize {
        (0..sent.len())
            .map(|i| sent[i..].iter().take_while(|at| at.since(sent[i]) <= Window::LENGTH).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn at_full_rate_the_ceiling_holds_and_is_used() {
        let mut window = Window::new(590);
        let (mut now, mut sent) = (Timestamp::from_seconds(0), Vec::new());
        while now < Timestamp::from_seconds(300) {
            now = window.earliest(now, Span::from_millis(100));
            window.note(now);
            sent.push(now);
        }
        assert_eq!(densest(&sent), 590);
        assert!(sent.len() > 590 * 5 - 10, "{}", sent.len());
    }

    #[test]
    fn use_is_counted_over_the_last_minute() {
        let mut window = Window::new(3);
        for second in [0, 10, 20] {
            window.note(Timestamp::from_seconds(second));
        }
        assert_eq!(window.used(Timestamp::from_seconds(20)), 3);
        assert_eq!(window.used(Timestamp::from_seconds(60)), 2);
        assert_eq!(window.oldest_leaves(Timestamp::from_seconds(60)), Timestamp::from_millis(70_010));
        assert_eq!(window.earliest(Timestamp::from_seconds(30), Span::ZERO), Timestamp::from_millis(60_010));
    }

    proptest! {
        /// Whatever the pattern of arrivals and whatever the clock does, jumps in both directions included.
        #[test]
        fn no_minute_holds_more_than_the_ceiling(
            ceiling in 1_u32..40,
            spacing in 0_i64..3_000,
            steps in proptest::collection::vec((-90_000_i64..90_000, 0_u8..6), 0..300),
        ) {
            let spacing = Span::from_millis(spacing);
            let mut window = Window::new(ceiling);
            let (mut now, mut sent) = (Timestamp::from_seconds(1_000_000), Vec::new());
            for (jump, kind) in steps {
                // Mostly small steps, so that the window fills.
                now = now + Span::from_millis(if kind == 0 { jump } else { jump.rem_euclid(700) });
                if window.earliest(now, spacing) <= now {
                    window.note(now);
                    sent.push(now);
                }
            }
            prop_assert!(densest(&sent) <= ceiling as usize);
            prop_assert!(sent.windows(2).all(|pair| pair[1].since(pair[0]) >= spacing));
        }
    }
}
