//! Keys, and how often each may ask: a sliding minute, a sliding second, an exchange day.

use std::collections::VecDeque;

use alphatrader_model::{Span, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

/// Whose key it is. The text of a key goes no further than here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// `normal`: the plan with real-time market data, 600 a minute, 10 a second.
    Normal,
    /// `free`: 25 a day, one a second, no premium functions.
    Free,
    /// `demo`: the documentation's examples.
    Demo,
    /// Any other, or none.
    Invalid,
}

impl Key {
    /// The key of this text.
    pub fn of(text: Option<&str>) -> Self {
        match text {
            Some("normal") => Self::Normal,
            Some("free") => Self::Free,
            Some("demo") => Self::Demo,
            _ => Self::Invalid,
        }
    }

    /// How often it may ask.
    pub const fn allowance(self) -> Allowance {
        match self {
            Self::Normal => Allowance { second: 10, minute: Some(600), day: None },
            Self::Free => Allowance { second: 1, minute: None, day: Some(25) },
            Self::Demo | Self::Invalid => Allowance { second: 10, minute: Some(600), day: None },
        }
    }
}

/// How often a key may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// In any second.
    pub second: usize,
    /// In any minute.
    pub minute: Option<usize>,
    /// On an exchange date.
    pub day: Option<u32>,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeded {
    /// Too many within a second.
    Second,
    /// Too many within a minute.
    Minute,
    /// Too many today.
    Day,
}

/// What a key asked of late. Every attempt counts, also a refused one.
#[derive(Debug, Clone)]
pub struct Meter {
    allowance: Allowance,
    second: VecDeque<Timestamp>,
    minute: VecDeque<Timestamp>,
    today: Option<(Date, u32)>,
}

impl Meter {
    /// Nothing asked yet.
    pub fn new(allowance: Allowance) -> Self {
        Self { allowance, second: VecDeque::new(), minute: VecDeque::new(), today: None }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Exceeded`]: the narrowest bound first.
    pub fn take(&mut self, now: Timestamp, today: Date) -> Result<(), Exceeded> {
        let second = slide(&mut self.second, self.allowance.second, Span::SECOND, now);
        let minute =
            self.allowance.minute.is_none_or(|most| slide(&mut self.minute, most, Span::MINUTE, now));
        let count = match self.today {
            Some((date, count)) if date == today => count.saturating_add(1),
            _ => 1,
        };
        if !second {
            return Err(Exceeded::Second);
        }
        if !minute {
            return Err(Exceeded::Minute);
        }
        self.today = Some((today, count));
        if self.allowance.day.is_some_and(|most| count > most) {
            return Err(Exceeded::Day);
        }
        Ok(())
    }
}

/// Notes `now` and says whether fewer than `most` lie within `length` before it. At most `most` are kept.
fn slide(kept: &mut VecDeque<Timestamp>, most: usize, length: Span, now: Timestamp) -> bool {
    let within = kept.len() < most || kept.front().is_none_or(|oldest| now.since(*oldest) >= length);
    kept.push_back(now);
    if kept.len() > most {
        kept.pop_front();
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 3, 16);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn a_free_key_has_one_a_second_and_twenty_five_a_day() {
        let mut meter = Meter::new(Key::Free.allowance());
        assert_eq!(meter.take(at(0), TODAY), Ok(()));
        assert_eq!(meter.take(at(999), TODAY), Err(Exceeded::Second));
        for n in 2..=25 {
            assert_eq!(meter.take(at(n * 2_000), TODAY), Ok(()), "{n}");
        }
        assert_eq!(meter.take(at(60_000), TODAY), Err(Exceeded::Day));
        assert_eq!(meter.take(at(70_000), date(2026, 3, 17)), Ok(()));
    }

    #[test]
    fn the_six_hundred_and_first_within_a_minute_is_refused() {
        let mut meter = Meter::new(Key::Normal.allowance());
        for n in 0..600 {
            assert_eq!(meter.take(at(n * 100), TODAY), Ok(()), "{n}");
        }
        assert_eq!(meter.take(at(59_999), TODAY), Err(Exceeded::Second));
        let mut slow = Meter::new(Allowance { second: 1_000, ..Key::Normal.allowance() });
        for n in 0..600 {
            assert_eq!(slow.take(at(n), TODAY), Ok(()));
        }
        assert_eq!(slow.take(at(59_999), TODAY), Err(Exceeded::Minute));
        assert_eq!(slow.take(at(60_001), TODAY), Ok(()));
    }

    proptest! {
        #[test]
        fn no_window_serves_more_than_it_may(gaps in prop::collection::vec(0_i64..400, 1..900)) {
            let mut meter = Meter::new(Allowance { second: 7, minute: Some(100), day: None });
            let (mut now, mut served) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                if meter.take(at(now), TODAY).is_ok() {
                    served.push(now);
                }
            }
            for (place, from) in served.iter().enumerate() {
                let within = |length: i64| served[place..].iter().filter(|t| **t - from < length).count();
                prop_assert!(within(1_000) <= 7 && within(60_000) <= 100);
            }
        }
    }
}
