//! Dates and times as these sources write them.

use alphatrader_model::{Calendar, Span, Timestamp};
use jiff::civil::{Date, DateTime};

use crate::context::midnight;

/// The zone words that are known, in minutes east of Greenwich; `ET` is New York's own time.
const ZONES: [(&str, Option<i64>); 13] = [
    ("ET", None),
    ("EST", Some(-300)),
    ("EDT", Some(-240)),
    ("CST", Some(-360)),
    ("CDT", Some(-300)),
    ("MST", Some(-420)),
    ("MDT", Some(-360)),
    ("PST", Some(-480)),
    ("PDT", Some(-420)),
    ("UTC", Some(0)),
    ("GMT", Some(0)),
    ("BST", Some(60)),
    ("CET", Some(60)),
];

/// `September 14, 2023 at 4:31 PM EDT`, and the same without `at`, with 24 hours, or with seconds. Nothing
/// where it has no zone, or one that is not known.
pub(super) fn cboe(text: &str, calendar: &Calendar) -> Option<Timestamp> {
    let mut words = text.split([' ', ',']).filter(|word| !matches!(*word, "" | "at" | "@")).take(8);
    let month = month(words.next()?)?;
    let day: i8 = words.next()?.parse().ok()?;
    let year: i16 = words.next()?.parse().ok()?;
    let date = Date::new(year, month, day).ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let second = clock.next().unwrap_or(Ok(0)).ok()?;
    let mut next = words.next()?;
    let hour = match next.to_ascii_uppercase().as_str() {
        "AM" if (1..=12).contains(&hour) => hour % 12,
        "PM" if (1..=12).contains(&hour) => hour % 12 + 12,
        "AM" | "PM" => return None,
        _ => hour,
    };
    if matches!(next.to_ascii_uppercase().as_str(), "AM" | "PM") {
        next = words.next()?;
    }
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return None;
    }
    let span = Span::from_seconds(hour * 3_600 + minute * 60 + second);
    let (_, zone) = ZONES.iter().find(|(name, _)| next.eq_ignore_ascii_case(name))?;
    Some(match zone {
        None => midnight(calendar, date) + span,
        Some(east) => utc(date) + span - Span::from_minutes(*east),
    })
}

/// `2022-07-12 22:57:33` or the same with a `T`: of Greenwich.
pub(super) fn of_greenwich(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.trim().trim_end_matches('Z').parse().ok()?;
    let nanos = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond();
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

/// `20151224`.
pub(super) fn compact_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// `Thu Sep 14 2023`.
pub(super) fn long_date(text: &str) -> Option<Date> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let (name, day, year) = (words.next()?, words.next()?, words.next()?);
    Date::new(year.parse().ok()?, month(name)?, day.parse().ok()?).ok()
}

fn month(name: &str) -> Option<i8> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = name.get(..3)?.to_ascii_lowercase();
    NAMES.iter().position(|known| *known == name).map(|at| at as i8 + 1)
}

/// Midnight of Greenwich.
fn utc(date: Date) -> Timestamp {
    let days = date.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
    Timestamp::from_seconds(days * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_has_its_zone() {
        let calendar = Calendar::xnys();
        let read = |text: &str| cboe(text, &calendar).map(|at| at.to_string());
        for text in [
            "September 14, 2023 at 4:31 PM EDT",
            "September 14, 2023 at 16:31 ET",
            "Sep 14 2023 @ 16:31:00 EDT",
            "September 14, 2023, 3:31 PM CDT",
            "September 14, 2023 at 8:31 PM GMT",
        ] {
            assert_eq!(read(text).as_deref(), Some("2023-09-14T20:31:00Z"), "{text}");
        }
        assert_eq!(read("December 12, 2022 at 12:05 AM EST").as_deref(), Some("2022-12-12T05:05:00Z"));
        for text in [
            "",
            "September 14, 2023 at 4:31 PM",
            "September 14, 2023 at 4:31 PM XYZ",
            "14 de septiembre de 2023, 22:31 CEST",
            "September 31, 2023 at 4:31 PM EDT",
            "September 14, 2023 at 16:31 PM EDT",
            "September 14, 2023 at 4:61 PM EDT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(of_greenwich("2022-07-12 22:57:33").unwrap().to_string(), "2022-07-12T22:57:33Z");
        assert_eq!(of_greenwich("yesterday"), None);
        assert_eq!(long_date("Thu Sep 14 2023"), Some(date(2023, 9, 14)));
        assert_eq!(compact_date("20151224"), Some(date(2015, 12, 24)));
        assert_eq!(compact_date("20151324"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_stamp_or_none(text in ".{0,60}") {
            let calendar = Calendar::xnys();
            let _ = (cboe(&text, &calendar), of_greenwich(&text), long_date(&text), compact_date(&text));
        }
    }
}
