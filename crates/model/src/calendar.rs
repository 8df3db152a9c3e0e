//! Exchange sessions in New York time: rules of the New York Stock Exchange, and a table of the
//! days on which the exchange decided otherwise.
//!
//! The rules are those in force since 2013 (Juneteenth since 2022, Martin Luther King Jr. Day since
//! 1998); half days before 2013 follow today's rule. The exchange publishes about three years
//! ahead: later years are by rule, and [`Calendar::with_overrides`] corrects them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`hours`] | times of a session: extended hours, auctions, the end of trading in options |
//! | [`expiry`] | when options expire, trade last and settle, by root |

pub mod expiry;
pub mod hours;

pub use expiry::{Cadence, Expiration, SettledOn};

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::{Span, Timestamp};

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Exchange date.
    pub date: Date,
    /// 09:30 New York.
    pub open: Timestamp,
    /// 16:00 New York, or 13:00 on half days.
    pub close: Timestamp,
}

impl Session {
    /// From 09:30 to 16:00.
    pub const FULL: Span = Span::from_minutes(390);

    /// Whether it closes early.
    pub fn is_half_day(&self) -> bool {
        self.close.since(self.open) < Self::FULL
    }

    /// Whether `instant` lies in it: the open belongs to it, the close does not.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.open <= instant && instant < self.close
    }
}

/// What kind of day it is for the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// No session.
    Closed,
    /// 09:30 to 13:00.
    Half,
    /// 09:30 to 16:00.
    Full,
}

/// Why a table of overrides was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// More days than [`Calendar::MAX_OVERRIDES`].
    #[error(
        "more than {} days override the exchange's rules: keep only the days that differ",
        Calendar::MAX_OVERRIDES
    )]
    TooMany,
}

/// The exchange calendar. Cheap to clone: the zone is shared.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    overrides: BTreeMap<Date, DayKind>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::xnys()
    }
}

/// Closures that no rule foretells: the attacks of 2001, days of mourning for presidents, the
/// hurricane of 2012.
const UNSCHEDULED: [(i16, i8, i8); 10] = [
    (2001, 9, 11),
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),
    (2007, 1, 2),
    (2012, 10, 29),
    (2012, 10, 30),
    (2018, 12, 5),
    (2025, 1, 9),
];

impl Calendar {
    /// Most days that may override the rules. Bounds the search for the next session.
    pub const MAX_OVERRIDES: usize = 1_024;
    /// The years whose instants a [`Timestamp`] holds with room to search.
    const YEARS: core::ops::RangeInclusive<i16> = 1_700..=2_250;
    /// Days looked at for a neighbouring session. By rule at most four days in a row are closed.
    const SEARCH: usize = Self::MAX_OVERRIDES + 16;

    /// The New York Stock Exchange; Nasdaq and the option exchanges keep the same days.
    pub fn xnys() -> Self {
        let zone = TimeZoneDatabase::bundled()
            .get("America/New_York")
            .expect("the zone data compiled into the program hold New York");
        let closed =
            UNSCHEDULED.map(|(year, month, day)| (jiff::civil::date(year, month, day), DayKind::Closed));
        Self { zone, overrides: BTreeMap::from(closed) }
    }

    /// The same calendar where these days are what is said here.
    ///
    /// # Errors
    /// [`CalendarError::TooMany`].
    pub fn with_overrides(
        mut self,
        days: impl IntoIterator<Item = (Date, DayKind)>,
    ) -> Result<Self, CalendarError> {
        for (date, kind) in days {
            self.overrides.insert(date, kind);
            if self.overrides.len() > Self::MAX_OVERRIDES {
                return Err(CalendarError::TooMany);
            }
        }
        Ok(self)
    }

    /// What kind of day it is.
    pub fn kind(&self, date: Date) -> DayKind {
        match self.overrides.get(&date) {
            Some(kind) => *kind,
            None if is_closed(date) => DayKind::Closed,
            None if is_half(date) => DayKind::Half,
            None => DayKind::Full,
        }
    }

    /// The session of a day; nothing on weekends, holidays, and outside the years 1700 to 2250.
    pub fn session(&self, date: Date) -> Option<Session> {
        if !Self::YEARS.contains(&date.year()) {
            return None;
        }
        let close = match self.kind(date) {
            DayKind::Closed => return None,
            DayKind::Half => 13,
            DayKind::Full => 16,
        };
        Some(Session { date, open: self.instant(date, 9, 30), close: self.instant(date, close, 0) })
    }

    /// The first session on a day after `after`. Days outside the years 1700 to 2250 count as the
    /// nearest inside.
    pub fn next_session(&self, after: Date) -> Session {
        let last = jiff::civil::date(*Self::YEARS.end(), 1, 1);
        self.search(after.clamp(jiff::civil::date(*Self::YEARS.start(), 1, 1), last), Date::tomorrow)
    }

    /// The last session on a day before `before`. Days outside the years 1700 to 2250 count as the
    /// nearest inside.
    pub fn previous_session(&self, before: Date) -> Session {
        let first = jiff::civil::date(*Self::YEARS.start() + 4, 1, 1);
        self.search(before.clamp(first, jiff::civil::date(*Self::YEARS.end(), 12, 31)), Date::yesterday)
    }

    /// The session that an instant lies in.
    pub fn session_containing(&self, instant: Timestamp) -> Option<Session> {
        self.session(self.date_of(instant)).filter(|session| session.contains(instant))
    }

    /// The exchange date of an instant.
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.local(instant).date()
    }

    /// Date and time of an instant on the exchange's wall clock.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_nanosecond(i128::from(instant.nanos()))
            .expect("64 bits of nanoseconds lie inside the years of the time library");
        Zoned::new(instant, self.zone.clone()).datetime()
    }

    /// The instant of a time on the exchange's wall clock: `hour` 0 to 23, `minute` 0 to 59. Where
    /// the clock jumps forward over it, the instant as if it had not; where the clock shows it
    /// twice, the first. Outside the years 1678 to 2262 the nearest instant inside.
    ///
    /// # Panics
    /// When hour or minute do not exist.
    pub fn instant(&self, date: Date, hour: i8, minute: i8) -> Timestamp {
        let zoned = self.zone.to_zoned(date.at(hour, minute, 0, 0));
        let nanos = match zoned {
            Ok(zoned) => zoned.timestamp().as_nanosecond(),
            // Only the first and last days of the library's ten thousand years overflow.
            Err(_) if date.year() > 0 => i128::MAX,
            Err(_) => i128::MIN,
        };
        Timestamp::from_nanos(nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }

    /// The start of a day in New York.
    pub fn midnight(&self, date: Date) -> Timestamp {
        self.instant(date, 0, 0)
    }

    fn search(&self, from: Date, step: impl Fn(Date) -> Result<Date, jiff::Error>) -> Session {
        let days = core::iter::successors(Some(from), |date| step(*date).ok());
        days.skip(1)
            .take(Self::SEARCH)
            .find_map(|date| self.session(date))
            .expect("more days are looked at than overrides and holidays can close")
    }
}

/// Whether the rules close the exchange: weekends and the ten holidays.
fn is_closed(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
        || is_floating_holiday(date)
        || is_fixed_holiday(date)
        || is_good_friday(date)
}

/// Holidays that are the n-th weekday of a month.
fn is_floating_holiday(date: Date) -> bool {
    match (date.month(), date.weekday(), date.day()) {
        // Martin Luther King Jr. Day, third Monday of January
        (1, Weekday::Monday, 15..=21) => date.year() >= 1998,
        // Washington's Birthday, third Monday of February; Memorial Day, last Monday of May;
        // Labor Day, first Monday of September; Thanksgiving, fourth Thursday of November
        (2, Weekday::Monday, 15..=21)
        | (5, Weekday::Monday, 25..=31)
        | (9, Weekday::Monday, 1..=7)
        | (11, Weekday::Thursday, 22..=28) => true,
        _ => false,
    }
}

/// Holidays of a fixed date, on it or on the weekday that stands for it: Saturday's on the Friday
/// before, Sunday's on the Monday after. A New Year's Day on Saturday is not moved: the Friday
/// before belongs to the old year.
fn is_fixed_holiday(date: Date) -> bool {
    let is_one = |day: Date| match (day.month(), day.day()) {
        (1, 1) | (7, 4) | (12, 25) => true,
        (6, 19) => day.year() >= 2022,
        _ => false,
    };
    let saturday = || date.tomorrow().is_ok_and(|day| is_one(day) && (day.month(), day.day()) != (1, 1));
    let sunday = || date.yesterday().is_ok_and(is_one);
    is_one(date)
        || (date.weekday() == Weekday::Friday && saturday())
        || (date.weekday() == Weekday::Monday && sunday())
}

/// The Friday before Easter Sunday.
fn is_good_friday(date: Date) -> bool {
    if date.weekday() != Weekday::Friday || !matches!(date.month(), 3 | 4) {
        return false;
    }
    // Friday, Saturday, Easter Sunday.
    let sunday = date.tomorrow().and_then(Date::tomorrow);
    sunday.is_ok_and(|day| (day.month(), day.day()) == easter(day.year()))
}

/// Month and day of Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i16) -> (i8, i8) {
    let year = i32::from(year);
    let golden = year % 19;
    let (century, rest) = (year / 100, year % 100);
    let lunar = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - lunar + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * correction + 114;
    ((days / 31) as i8, (days % 31 + 1) as i8)
}

/// Whether the rules close a session at 13:00: the day after Thanksgiving, Christmas Eve, and the
/// third of July when the fourth is a holiday from Tuesday to Friday.
fn is_half(date: Date) -> bool {
    match (date.month(), date.day()) {
        (7, 3) => !matches!(date.weekday(), Weekday::Friday | Weekday::Saturday | Weekday::Sunday),
        (12, 24) => true,
        (11, 23..=29) => date.weekday() == Weekday::Friday,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Closures and early closes of the exchange, 2015 to 2030, from two public calendars that agree.
    const ORACLE: &str = include_str!("../../../tests/oracles/xnys-calendar.csv");

    fn oracle() -> BTreeMap<Date, DayKind> {
        let row = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            let kind = match (fields[1], fields[2]) {
                ("holiday", "") => DayKind::Closed,
                ("early_close", "13:00") => DayKind::Half,
                other => panic!("a kind of day nobody here knows: {other:?}"),
            };
            (fields[0].parse().unwrap(), kind)
        };
        ORACLE.lines().skip(1).map(row).collect()
    }

    #[test]
    fn every_day_of_sixteen_years_is_as_the_exchange_had_it() {
        let (calendar, oracle) = (Calendar::xnys(), oracle());
        let count = |kind| oracle.values().filter(|k| **k == kind).count();
        assert_eq!((count(DayKind::Closed), count(DayKind::Half)), (153, 34));
        let last = oracle.keys().next_back().unwrap().year();
        let mut sessions = 0;
        for day in date(2015, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() <= last) {
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            let expected = match oracle.get(&day) {
                Some(kind) => *kind,
                None if weekend => DayKind::Closed,
                None => DayKind::Full,
            };
            assert_eq!(calendar.kind(day), expected, "{day}");
            let session = calendar.session(day);
            assert_eq!(session.is_some(), expected != DayKind::Closed, "{day}");
            if let Some(session) = session {
                sessions += 1;
                assert_eq!(session.is_half_day(), expected == DayKind::Half, "{day}");
                let close = if session.is_half_day() { 13 } else { 16 };
                assert_eq!(calendar.local(session.open), day.at(9, 30, 0, 0));
                assert_eq!(calendar.local(session.close), day.at(close, 0, 0, 0));
            }
        }
        assert_eq!(sessions, 4_021);
    }

    #[test]
    fn summer_time_is_right() {
        let calendar = Calendar::xnys();
        let open = |day| calendar.session(day).unwrap().open.to_string();
        assert_eq!(open(date(2013, 10, 7)), "2013-10-07T13:30:00Z");
        assert_eq!(open(date(2013, 11, 1)), "2013-11-01T13:30:00Z");
        assert_eq!(open(date(2013, 11, 4)), "2013-11-04T14:30:00Z");
        assert_eq!(calendar.midnight(date(2014, 3, 9)).to_string(), "2014-03-09T05:00:00Z");
        assert_eq!(calendar.midnight(date(2014, 3, 10)).to_string(), "2014-03-10T04:00:00Z");
        assert_eq!(calendar.date_of("2013-10-08T03:59:59Z".parse().unwrap()), date(2013, 10, 7));
        assert_eq!(calendar.date_of("2013-10-08T04:00:00Z".parse().unwrap()), date(2013, 10, 8));
    }

    #[test]
    fn a_session_holds_its_open_and_not_its_close() {
        let calendar = Calendar::xnys();
        let session = calendar.session(date(2024, 12, 24)).unwrap();
        assert_eq!(calendar.session_containing(session.open), Some(session));
        assert_eq!(calendar.session_containing(session.close), None);
        assert_eq!(calendar.session_containing(session.open - Span::from_nanos(1)), None);
        assert_eq!(calendar.session_containing(session.close - Span::from_nanos(1)), Some(session));
    }

    #[test]
    fn a_configured_day_overrides_the_rule_both_ways() {
        let (mourning, holiday) = (date(2026, 3, 4), date(2026, 12, 25));
        let calendar =
            Calendar::xnys().with_overrides([(mourning, DayKind::Closed), (holiday, DayKind::Half)]).unwrap();
        assert_eq!(calendar.session(mourning), None);
        assert!(calendar.session(holiday).unwrap().is_half_day());
        assert_eq!(calendar.next_session(date(2026, 3, 3)).date, date(2026, 3, 5));
        let many = (0..2_000).map(|n| (date(2030, 1, 1) + jiff::Span::new().days(n), DayKind::Closed));
        assert_eq!(Calendar::xnys().with_overrides(many).unwrap_err(), CalendarError::TooMany);
    }

    #[test]
    fn the_search_ends_even_where_years_are_closed() {
        let closed = (0..1_000).map(|n| (date(2030, 1, 1) + jiff::Span::new().days(n), DayKind::Closed));
        let calendar = Calendar::xnys().with_overrides(closed).unwrap();
        assert_eq!(calendar.next_session(date(2030, 1, 1)).date, date(2032, 9, 27));
        assert_eq!(calendar.previous_session(date(2032, 9, 27)).date, date(2029, 12, 31));
        for edge in [Date::MIN, Date::MAX] {
            assert_eq!(calendar.session(edge), None);
            let _ = (calendar.next_session(edge), calendar.previous_session(edge), calendar.midnight(edge));
        }
    }

    proptest! {
        #[test]
        fn neighbours_meet_without_a_session_between(year in 1971_i16..2200, day in 0_i32..366) {
            let calendar = Calendar::xnys();
            let from = date(year, 1, 1) + jiff::Span::new().days(day);
            let (next, previous) = (calendar.next_session(from), calendar.previous_session(from));
            prop_assert!(previous.date < from && from < next.date);
            let inside: Vec<Date> = previous.date.series(jiff::Span::new().days(1)).skip(1)
                .take_while(|d| *d < next.date).filter(|d| calendar.session(*d).is_some()).collect();
            prop_assert!(inside.is_empty() || inside == vec![from], "{inside:?}");
            prop_assert_eq!(calendar.previous_session(next.date.tomorrow().unwrap()), next);
        }

        #[test]
        fn any_instant_has_a_date(nanos in any::<i64>()) {
            let calendar = Calendar::xnys();
            let date = calendar.date_of(Timestamp::from_nanos(nanos));
            let midnight = calendar.midnight(date);
            prop_assert!(midnight.nanos() <= nanos);
            let _ = calendar.session_containing(Timestamp::from_nanos(nanos));
        }
    }
}
