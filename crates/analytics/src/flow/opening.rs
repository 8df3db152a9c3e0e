//! The opening range: lowest and highest regular print of the session's first minutes (5, 15 or 30).
//!
//! It is known when those minutes were watched from the open on: a program that starts later, or loses
//! prints meanwhile, has none that day.

use alphatrader_model::features::OpeningRange;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Range of the first minutes of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    length: Span,
    /// First and last moment (not included) of the range; absent before the first session, or when part of
    /// the range was missed.
    hours: Option<(Timestamp, Timestamp)>,
    range: Option<(Price, Price)>,
    complete: bool,
}

impl Opening {
    /// Of the first `minutes` (1 to 120; 5, 15 and 30 are usual).
    pub fn new(minutes: u32) -> Self {
        let length = Span::from_minutes(i64::from(minutes.clamp(1, 120)));
        Self { length, hours: None, range: None, complete: false }
    }

    /// A session opens at `open` and is watched from `watched` on: later than the open, its range is unknown.
    pub fn on_session(&mut self, open: Timestamp, watched: Timestamp) {
        let hours = (watched <= open).then(|| (open, open + self.length));
        *self = Self { length: self.length, hours, range: None, complete: false };
    }

    /// A print that sets the last price.
    #[inline]
    pub fn on_print(&mut self, ts: Timestamp, price: Price) {
        if self.complete {
            return;
        }
        let Some((from, to)) = self.hours else {
            return;
        };
        if ts >= to {
            self.complete = true;
        } else if ts >= from {
            self.range = Some(match self.range {
                Some((low, high)) => (low.min(price), high.max(price)),
                None => (price, price),
            });
        }
    }

    /// Time passed.
    #[inline]
    pub fn advance(&mut self, ts: Timestamp) {
        self.complete |= self.hours.is_some_and(|(_, to)| ts >= to);
    }

    /// Prints were lost: a range that is not complete is unknown this session.
    pub fn lose_prints(&mut self) {
        if !self.complete {
            (self.hours, self.range) = (None, None);
        }
    }

    /// The range so far.
    pub fn value(&self) -> Option<OpeningRange> {
        self.range.map(|(low, high)| OpeningRange { low, high, complete: self.complete })
    }

    /// Where a price stands in the complete range: 0 at its low, 1 at its high, outside [0, 1] beyond; absent
    /// when the range is not complete or has no width.
    pub fn standing(&self, price: Price) -> Option<f64> {
        let (low, high) = self.range.filter(|(low, high)| self.complete && low < high)?;
        Some((price.raw() - low.raw()) as f64 / (high.raw() - low.raw()) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn it_grows_until_its_minutes_are_over() {
        let mut opening = Opening::new(5);
        opening.on_print(at(0), Price::from_cents(1));
        assert_eq!(opening.value(), None, "no session");
        opening.on_session(at(1_000), at(400));
        let cents = Price::from_cents;
        for (second, price) in [(999, 1), (1_000, 100), (1_100, 104), (1_299, 102)] {
            opening.on_print(at(second), cents(price));
        }
        let range = |complete| Some(OpeningRange { low: cents(100), high: cents(104), complete });
        assert_eq!((opening.value(), opening.standing(cents(102))), (range(false), None));
        opening.on_print(at(1_300), cents(110));
        assert_eq!((opening.value(), opening.standing(cents(102))), (range(true), Some(0.5)));
        assert_eq!(opening.standing(cents(106)), Some(1.5));
        opening.lose_prints();
        assert_eq!(opening.value(), range(true), "what is complete stays");
    }

    #[test]
    fn it_must_be_watched_from_the_open() {
        let mut late = Opening::new(15);
        late.on_session(at(1_000), at(1_001));
        late.on_print(at(1_002), Price::from_cents(100));
        assert_eq!(late.value(), None);
        let mut holed = Opening::new(15);
        holed.on_session(at(1_000), at(1_000));
        holed.on_print(at(1_002), Price::from_cents(100));
        holed.lose_prints();
        holed.on_print(at(1_003), Price::from_cents(100));
        assert_eq!(holed.value(), None);
        let mut quiet = Opening::new(1);
        quiet.on_session(at(1_000), at(1_000));
        quiet.on_print(at(1_002), Price::from_cents(100));
        quiet.advance(at(1_060));
        assert_eq!(quiet.value().map(|range| range.complete), Some(true));
        assert_eq!(quiet.standing(Price::from_cents(100)), None, "a range without width");
    }
}
