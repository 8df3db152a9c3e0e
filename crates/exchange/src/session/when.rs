//! Times, durations and bar sizes as clients write them.

use alphatrader_model::{Calendar, Session, Span, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZoneDatabase;

use super::refusal::Refusal;
use crate::feed::history::bars::Size;
use crate::wire::notice;

/// How the broker tells that it can't read a time (10314).
const BAD_TIME: &str = "The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that there is a space between the date and time, and between the time and time-zone.  If no date is specified, current date is assumed. If no time-zone is specified, local time-zone is assumed(deprecated).  You can also provide yyyymmddd-hh:mm:ss time is in UTC. Note that there is a dash between the date and time in UTC notation.";

/// Sizes by the broker's names; a size may also be written with or without its final `s`.
const SIZES: [(&str, Size); 21] = [
    ("1 sec", seconds(1)),
    ("5 sec", seconds(5)),
    ("10 sec", seconds(10)),
    ("15 sec", seconds(15)),
    ("30 sec", seconds(30)),
    ("1 min", seconds(60)),
    ("2 min", seconds(120)),
    ("3 min", seconds(180)),
    ("5 min", seconds(300)),
    ("10 min", seconds(600)),
    ("15 min", seconds(900)),
    ("20 min", seconds(1_200)),
    ("30 min", seconds(1_800)),
    ("1 hour", seconds(3_600)),
    ("2 hour", seconds(7_200)),
    ("3 hour", seconds(10_800)),
    ("4 hour", seconds(14_400)),
    ("8 hour", seconds(28_800)),
    ("1 day", Size::Day),
    ("1 week", Size::Week),
    ("1 month", Size::Month),
];

const fn seconds(seconds: i64) -> Size {
    Size::Part(Span::from_seconds(seconds))
}

/// Reads a bar size.
pub(super) fn bar_size(text: &str) -> Result<Size, Refusal> {
    let asked = text.trim().to_ascii_lowercase();
    let asked = match asked.as_str() {
        "1w" => "1 week",
        "1m" => "1 month",
        other => other.strip_suffix('s').unwrap_or(other),
    };
    SIZES.iter().find(|(name, _)| *name == asked).map(|(_, size)| *size).ok_or_else(|| {
        Refusal::invalid(
            "bar size",
            "Historical data bar size setting is invalid. Legal ones are: 1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M",
        )
    })
}

/// How far back from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duration {
    /// Seconds of trading.
    Seconds(u32),
    /// Sessions.
    Days(u32),
    /// Weeks of the calendar.
    Weeks(u32),
    /// Months of the calendar.
    Months(u32),
}

/// Reads `3600 S`, `2 D`, `1 W`, `6 M`, `1 Y`.
pub(super) fn duration(text: &str) -> Result<Duration, Refusal> {
    let text = text.trim();
    let wrong = |cause: &str| Refusal::invalid("duration", cause);
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
        wrong("Historical data query duration must be a positive whole number and a unit, such as '1 D'")
    })?;
    let limited = |most: u32, unit: &str, larger: &str, duration: Duration| {
        if number <= most {
            return Ok(duration);
        }
        let cause = format!(
            "Historical data requests for durations longer than {most} {unit} must be made in {larger}."
        );
        Err(wrong(&cause))
    };
    match unit.trim() {
        "S" | "s" => limited(86_400, "seconds", "days", Duration::Seconds(number)),
        "D" | "d" => limited(365, "days", "years", Duration::Days(number)),
        "W" | "w" => limited(52, "weeks", "years", Duration::Weeks(number)),
        "M" | "m" => limited(12, "months", "years", Duration::Months(number)),
        "Y" | "y" => limited(68, "years", "smaller steps", Duration::Months(number.saturating_mul(12))),
        _ => Err(wrong("Historical data query duration unit is invalid. Legal ones are: S, D, W, M, Y")),
    }
}

/// The sessions, newest first, and what of each lies in the duration before `end`.
pub(super) fn stretches(
    sessions: impl Iterator<Item = Session>,
    end: Timestamp,
    duration: Duration,
    calendar: &Calendar,
) -> Vec<(Session, Timestamp, Timestamp)> {
    let whole = |session: Session| (session, session.open, session.close.min(end));
    let last = calendar.date_of(end);
    let since = |span: jiff::Span| last.checked_sub(span).unwrap_or(Date::MIN);
    match duration {
        Duration::Days(days) => sessions.take(days as usize).map(whole).collect(),
        Duration::Weeks(weeks) => {
            let after = since(jiff::Span::new().weeks(i64::from(weeks)));
            sessions.take_while(|session| session.date > after).map(whole).collect()
        }
        Duration::Months(months) => {
            let after = since(jiff::Span::new().months(i64::from(months)));
            sessions.take_while(|session| session.date > after).map(whole).collect()
        }
        Duration::Seconds(seconds) => {
            let mut left = Span::from_seconds(i64::from(seconds)).nanos();
            let mut stretches = Vec::new();
            for session in sessions {
                let (_, open, close) = whole(session);
                let length = close.since(open).nanos().min(left);
                if length <= 0 {
                    break;
                }
                left -= length;
                stretches.push((session, close - Span::from_nanos(length), close));
            }
            stretches
        }
    }
}

/// Reads a time; nothing for an empty text. Without a zone it is the exchange's. `field` names it in
/// the error.
pub(super) fn instant(
    text: &str,
    field: &str,
    now: Timestamp,
    calendar: &Calendar,
) -> Result<Option<Timestamp>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || Refusal::new(notice::UNREADABLE_TIME, format!("{field}: {BAD_TIME}"));
    if let Some((date, time)) = text.split_once('-') {
        // The dash means UTC.
        let civil = date_of(date).zip(time_of(time)).ok_or_else(refused)?;
        return at(civil, "UTC").map(Some).ok_or_else(refused);
    }
    let mut parts = text.split_whitespace().peekable();
    let date = match parts.peek().and_then(|part| date_of(part)) {
        Some(date) => {
            parts.next();
            date
        }
        None => calendar.date_of(now),
    };
    let time = match parts.next() {
        Some(part) => time_of(part).ok_or_else(refused)?,
        None => Time::MAX,
    };
    let zone = parts.next().unwrap_or("America/New_York");
    if parts.next().is_some() {
        return Err(refused());
    }
    at((date, time), zone).map(Some).ok_or_else(refused)
}

fn date_of(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Date::strptime("%Y%m%d", text).ok()).flatten()
}

fn time_of(text: &str) -> Option<Time> {
    Time::strptime("%H:%M:%S", text).or_else(|_| Time::strptime("%H:%M", text)).ok()
}

fn at((date, time): (Date, Time), zone: &str) -> Option<Timestamp> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let zoned = zone.to_zoned(DateTime::from_parts(date, time)).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        let calendar = Calendar::xnys();
        let now = "2026-03-16T12:00:00-04:00".parse().unwrap();
        let read = instant(text, "End Date/Time", now, &calendar).ok()?;
        Some(read.map_or(String::new(), |at| calendar.local(at).strftime("%Y%m%d %H:%M:%S").to_string()))
    }

    #[test]
    fn times_are_read_in_all_their_forms() {
        for (text, wanted) in [
            ("", ""),
            ("20260313 15:59:00", "20260313 15:59:00"),
            ("20260313  15:59:00", "20260313 15:59:00"),
            ("20260313 15:59:00 US/Eastern", "20260313 15:59:00"),
            ("20260313 15:59:00 America/New_York", "20260313 15:59:00"),
            ("20260313 12:59:00 US/Pacific", "20260313 15:59:00"),
            ("20260313-19:59:00", "20260313 15:59:00"),
            ("20260313 19:59:00 UTC", "20260313 15:59:00"),
            ("11:30:00", "20260316 11:30:00"),
            ("20260313", "20260313 23:59:59"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
        for text in ["yesterday", "20261345 10:00:00", "20260313 25:00:00", "20260313 10:00:00 Mars/Olympus"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_and_durations_are_those_of_the_broker() {
        assert_eq!(bar_size("1 secs").unwrap(), seconds(1));
        assert_eq!(bar_size("2 hours").unwrap(), seconds(7_200));
        assert_eq!(bar_size("1W").unwrap(), Size::Week);
        assert_eq!(bar_size("1 month").unwrap(), Size::Month);
        assert_eq!(bar_size("7 mins").unwrap_err().code, notice::INVALID_REQUEST);
        assert_eq!(duration("3600 S").unwrap(), Duration::Seconds(3_600));
        assert_eq!(duration("2 Y").unwrap(), Duration::Months(24));
        for wrong in ["", "D", "0 D", "366 D", "1 X", "-1 D", "99999999999 D"] {
            assert_eq!(duration(wrong).unwrap_err().code, notice::INVALID_REQUEST, "{wrong}");
        }
    }

    #[test]
    fn seconds_count_trading_time() {
        let calendar = Calendar::xnys();
        let end = calendar.instant(jiff::civil::date(2026, 3, 16), 9, 40);
        let sessions = || {
            let monday = calendar.session(jiff::civil::date(2026, 3, 16)).unwrap();
            std::iter::successors(Some(monday), |day| Some(calendar.previous_session(day.date)))
        };
        let found = stretches(sessions(), end, Duration::Seconds(1_800), &calendar);
        assert_eq!(found.len(), 2);
        // Ten minutes of Monday, twenty of Friday.
        assert_eq!(found[0].2.since(found[0].1), Span::from_minutes(10));
        assert_eq!(found[1].2.since(found[1].1), Span::from_minutes(20));
        assert_eq!(found[1].0.date, jiff::civil::date(2026, 3, 13));
        assert_eq!(stretches(sessions(), end, Duration::Weeks(1), &calendar).len(), 5);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(text in ".{0,40}") {
            let calendar = Calendar::xnys();
            let now = Timestamp::from_seconds(1_773_680_000);
            let _ = instant(&text, "x", now, &calendar);
            let _ = (bar_size(&text), duration(&text));
        }
    }
}
