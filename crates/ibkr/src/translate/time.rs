//! Times as the broker writes them.

use alphatrader_model::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Zone of times that name none: TWS writes them in the zone it was started in.
const FALLBACK_ZONE: &str = "America/New_York";

/// Abbreviations that gateways send for zones; the pair of a zone maps to the one that observes both.
const ABBREVIATIONS: [(&str, &str); 9] = [
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("MST", "America/Denver"),
    ("MDT", "America/Denver"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("GMT", "UTC"),
];

/// Reads `20261120 09:31:02 America/New_York`, `20261120 09:31:02 EST`, `20261120  09:31:02` (New
/// York) and `20261120-14:31:02` (UTC).
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    if text.len() > 80 || !text.is_char_boundary(8) {
        return None;
    }
    let (date, rest) = text.split_at(8);
    let (separator, rest) = (rest.chars().next()?, rest.trim_start_matches([' ', '-']));
    let (clock, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let local = DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {clock}")).ok()?;
    let zone = match (zone.trim(), separator) {
        ("", '-') => TimeZone::UTC,
        ("", _) => named(FALLBACK_ZONE)?,
        (name, _) => named(name)?,
    };
    let instant = zone.to_timestamp(local).ok()?.as_nanosecond();
    i64::try_from(instant).ok().map(Timestamp::from_nanos)
}

fn named(name: &str) -> Option<TimeZone> {
    let name = ABBREVIATIONS.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long);
    TimeZoneDatabase::bundled().get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_forms_of_a_time_are_the_same_instant() {
        let expected: Timestamp = "2026-11-20T14:31:02Z".parse().unwrap();
        for text in [
            "20261120 09:31:02 America/New_York",
            "20261120 09:31:02 US/Eastern",
            "20261120 09:31:02 EST",
            "20261120  09:31:02",
            "20261120-14:31:02",
            "20261120 15:31:02 Europe/Berlin",
            "20261120 14:31:02 GMT",
        ] {
            assert_eq!(instant(text), Some(expected), "{text}");
        }
        let summer: Timestamp = "2026-07-20T13:31:02Z".parse().unwrap();
        assert_eq!(instant("20260720 09:31:02 America/New_York"), Some(summer));
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in ["", "20261120", "20261320 09:31:02", "20261120 09:31:02 Mars/Olympus", "20261120 9h"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,100}") {
            let _ = instant(&text);
        }
    }
}
