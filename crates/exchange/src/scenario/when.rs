//! Moments and events, as scenarios write them.

use std::str::FromStr;

use alphatrader_model::{Calendar, Session, Span, Timestamp};
use garde::Validate;
use serde::{Deserialize, Serialize};

use super::Wait;

/// A moment: a time of the exchange's day (`10:30` or `10:30:15`) or so long after the scenario began (`+20s`).
///
/// A time of day means the first trading day on which it is still ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// So long after the scenario began.
    After(Wait),
    /// Seconds since midnight in New York.
    OfDay(i32),
}

/// First and last second of the day at which simulated time passes: 9:30 to 16:00.
const DAY: std::ops::RangeInclusive<i32> = 34_200..=57_600;

impl Moment {
    /// The instant, for a scenario that began at `start` in the session `today`.
    pub fn instant(self, start: Timestamp, today: Session, calendar: &Calendar) -> Timestamp {
        let of_day = match self {
            Self::After(wait) => return start + wait.span(),
            Self::OfDay(seconds) => seconds,
        };
        let on = |session: Session| {
            let minute = of_day / 60;
            let hour = i8::try_from(minute / 60).expect("a day has 24 hours");
            let instant = calendar.instant(
                session.date,
                hour,
                i8::try_from(minute % 60).expect("an hour has 60 minutes"),
            );
            instant + Span::from_seconds(i64::from(of_day % 60))
        };
        let first = on(today);
        if first >= start { first } else { on(calendar.next_session(today.date)) }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(wait) = text.strip_prefix('+') {
            return wait.parse().map(Self::After);
        }
        let wrong = || {
            format!(
                "'{text}' is no moment: write a time of day from 09:30 to 16:00, such as 10:30 or 10:30:15, or +20s for so long after the start"
            )
        };
        let mut seconds = 0;
        let parts: Vec<_> = text.split(':').collect();
        if !(2..=3).contains(&parts.len()) || parts.iter().any(|part| part.len() != 2) {
            return Err(wrong());
        }
        for (index, unit) in [3_600, 60, 1].into_iter().enumerate() {
            let part: i32 = parts.get(index).map_or(Ok(0), |part| part.parse()).map_err(|_| wrong())?;
            if index > 0 && !(0..60).contains(&part) {
                return Err(wrong());
            }
            seconds += part * unit;
        }
        if DAY.contains(&seconds) { Ok(Self::OfDay(seconds)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::After(wait) => format!("+{wait}"),
            Moment::OfDay(seconds) => {
                format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
            }
        }
    }
}

/// Something that a step can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A client started its API.
    Connect,
    /// A client is gone.
    Disconnect,
    /// An order was placed.
    Order,
    /// An order began to work at the exchange.
    Working,
    /// An execution.
    Fill,
    /// An order was cancelled.
    Cancelled,
    /// An order was filled whole.
    Filled,
    /// A client changed an order.
    Modify,
    /// A client subscribed to market data.
    MarketData,
    /// A client subscribed to an order book.
    Depth,
    /// A trading day began (the first is that of the start).
    Day,
}

/// The event that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// Which.
    #[garde(skip)]
    pub event: Event,
    /// How many of them, the last one included.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default = "one")]
    pub nth: u32,
    /// Of this client id only.
    #[garde(skip)]
    #[serde(default)]
    pub client: Option<i32>,
    /// How long after it.
    #[garde(skip)]
    #[serde(default)]
    pub delay: Wait,
}

pub(super) fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_are_times_of_day_or_lengths() {
        let read = |text: &str| text.parse::<Moment>();
        assert_eq!(read("09:30"), Ok(Moment::OfDay(34_200)));
        assert_eq!(read("15:59:59"), Ok(Moment::OfDay(57_599)));
        assert_eq!(read("+20s"), Ok(Moment::After(Wait::from_seconds(20))));
        for wrong in ["", "9:30", "23:45", "10:60", "10:30:61", "10", "+20", "10:30:15:10", "-1:00", "ab:cd"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("23:45").unwrap_err().contains("from 09:30 to 16:00"));
    }

    #[test]
    fn a_time_that_is_over_is_tomorrows() {
        let calendar = Calendar::xnys();
        let today = calendar.session(jiff::civil::date(2026, 3, 13)).unwrap();
        let start = today.open + Span::from_minutes(90);
        let at = |text: &str| text.parse::<Moment>().unwrap().instant(start, today, &calendar).to_string();
        assert_eq!(at("+90s"), "2026-03-13T15:01:30Z");
        assert_eq!(at("11:00"), "2026-03-13T15:00:00Z");
        // A Friday: the next trading day is Monday.
        assert_eq!(at("10:59:59"), "2026-03-16T14:59:59Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 34_200..=57_600, millis in 0..86_400_000_u32, of_day: bool) {
            let moment = if of_day { Moment::OfDay(seconds) } else { Moment::After(Wait::from_millis(millis)) };
            prop_assert_eq!(String::from(moment).parse::<Moment>(), Ok(moment));
        }

        #[test]
        fn any_text_does_no_harm(text in "\\PC{0,10}") {
            let _ = text.parse::<Moment>();
        }
    }
}
