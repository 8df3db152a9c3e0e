//! Stops asking what does not answer, and looks again with one probe.

use std::collections::VecDeque;

use alphatrader_model::{Span, Timestamp};
use serde::Serialize;

/// Where a breaker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Requests pass.
    Closed,
    /// None passes.
    Open,
    /// One probe passes.
    Probing,
}

/// One breaker. Refusals for rate do not count: they are answers.
#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    results: VecDeque<(Timestamp, bool)>,
    consecutive: u32,
    /// While it is not closed: until when nothing passes.
    until: Option<Timestamp>,
    probing: bool,
    reopened: u32,
}

impl Breaker {
    const CONSECUTIVE: u32 = 5;
    const LAST: usize = 20;
    const WITHIN: Span = Span::MINUTE;
    const FIRST: Span = Span::from_seconds(15);
    const LONGEST: Span = Span::from_minutes(5);

    pub(crate) fn new() -> Self {
        Self {
            results: VecDeque::with_capacity(Self::LAST),
            consecutive: 0,
            until: None,
            probing: false,
            reopened: 0,
        }
    }

    /// The earliest instant at which a request may pass; nothing while a probe is on its way.
    pub(crate) fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.until {
            None => Some(now),
            Some(_) if self.probing => None,
            Some(until) => Some(until.max(now)),
        }
    }

    /// Notes that a request passes.
    pub(crate) fn passes(&mut self) {
        self.probing = self.until.is_some();
    }

    /// Notes how a request ended. True when the breaker opens by it.
    pub(crate) fn note(&mut self, now: Timestamp, failed: bool) -> bool {
        if self.results.len() == Self::LAST {
            self.results.pop_front();
        }
        self.results.push_back((now, failed));
        self.consecutive = if failed { self.consecutive + 1 } else { 0 };
        match (self.until, failed) {
            // What left before it opened, and failed.
            (Some(_), true) if !self.probing => false,
            (Some(_), true) => {
                self.probing = false;
                self.reopened = (self.reopened + 1).min(16);
                self.open(now);
                true
            }
            (Some(_), false) => {
                *self = Self::new();
                false
            }
            (None, true) if self.consecutive >= Self::CONSECUTIVE || self.half_failed(now) => {
                self.open(now);
                true
            }
            (None, _) => false,
        }
    }

    /// The probe came back without saying anything of the connection (it was refused for rate).
    pub(crate) fn unsaid(&mut self) {
        self.probing = false;
    }

    fn half_failed(&self, now: Timestamp) -> bool {
        let recent = self.results.iter().filter(|(at, _)| now.since(*at) <= Self::WITHIN);
        let (count, failed) = recent.fold((0, 0), |(n, f), (_, failed)| (n + 1, f + usize::from(*failed)));
        count >= Self::LAST && failed * 2 >= count
    }

    fn open(&mut self, now: Timestamp) {
        let doubled = Self::FIRST.nanos() << self.reopened;
        self.until = Some(now + Span::from_nanos(doubled.min(Self::LONGEST.nanos())));
    }

    /// Where it is.
    pub(crate) fn state(&self, now: Timestamp) -> BreakerState {
        match self.until {
            None => BreakerState::Closed,
            Some(until) if self.probing || until <= now => BreakerState::Probing,
            Some(_) => BreakerState::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_probe_closes_it() {
        let mut breaker = Breaker::new();
        for n in 0..4 {
            assert!(!breaker.note(at(n), true));
        }
        assert!(breaker.note(at(4), true));
        assert_eq!((breaker.state(at(5)), breaker.opens_at(at(5))), (BreakerState::Open, Some(at(19))));
        assert_eq!(breaker.state(at(19)), BreakerState::Probing);
        breaker.passes();
        assert_eq!(breaker.opens_at(at(30)), None, "one probe at a time");
        breaker.note(at(20), false);
        assert_eq!(breaker.state(at(20)), BreakerState::Closed);
    }

    #[test]
    fn each_reopening_doubles_to_five_minutes() {
        let mut breaker = Breaker::new();
        for n in 0..5 {
            breaker.note(at(n), true);
        }
        let (mut now, mut waits) = (at(4), Vec::new());
        for _ in 0..7 {
            let opens = breaker.opens_at(now).unwrap();
            waits.push(opens.since(now).millis() / 1_000);
            now = opens;
            breaker.passes();
            breaker.note(now, true);
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn half_of_the_last_twenty_within_a_minute_open_it() {
        let mut breaker = Breaker::new();
        for n in 0..19 {
            assert!(!breaker.note(at(n), n % 2 == 0), "{n}");
        }
        assert!(breaker.note(at(19), true));
        let mut slow = Breaker::new();
        for n in 0..40 {
            assert!(!slow.note(at(n * 10), n % 2 == 0), "spread over minutes");
        }
    }

    #[test]
    fn late_failures_do_not_lengthen_it() {
        let mut breaker = Breaker::new();
        for n in 0..5 {
            breaker.note(at(n), true);
        }
        assert!(!breaker.note(at(10), true));
        assert_eq!(breaker.opens_at(at(10)), Some(at(19)));
    }
}
