//! Events of an iCalendar file: the `VEVENT`s with their `DTSTART` and `SUMMARY`.
//!
//! Times are in UTC (`Z`), in a zone (`TZID`), or floating, which counts as New York's; a date alone is a day
//! without a time. Lines that go on in the next one are joined. Recurrence rules are not followed: release
//! calendars name each day.

use alphatrader_model::{Calendar, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{BadLine, Certainty, EconomicEvent, MOST_EVENTS};

/// Reads the text.
///
/// # Errors
/// [`BadLine`].
pub fn parse(text: &str, source: &str, calendar: &Calendar) -> Result<Vec<EconomicEvent>, BadLine> {
    let mut events = Vec::new();
    let mut open: Option<(usize, Option<When>, Option<String>)> = None;
    for (number, line) in unfolded(text) {
        let (name, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
        let (name, parameters) = name.split_once(';').unwrap_or((name, ""));
        match (name.to_ascii_uppercase().as_str(), &mut open) {
            ("BEGIN", None) if value == "VEVENT" => open = Some((number, None, None)),
            ("END", Some(_)) if value == "VEVENT" => {
                let Some((began, when, name)) = open.take() else { continue };
                let (at, date, whole_day) = when.ok_or((began, "an event without DTSTART".to_owned()))?;
                if events.len() == MOST_EVENTS {
                    return Err((number, format!("more than {MOST_EVENTS} events; is it the right file?")));
                }
                events.push(EconomicEvent {
                    at,
                    date,
                    whole_day,
                    name: name.ok_or((began, "an event without SUMMARY".to_owned()))?,
                    impact: None,
                    country: String::new(),
                    source: source.to_owned(),
                    certainty: Certainty::Confirmed,
                });
            }
            ("DTSTART", Some((_, when, _))) => {
                *when = Some(
                    instant(value, parameters, calendar)
                        .ok_or_else(|| (number, format!("`{value}` is no time such as 20261210T133000Z")))?,
                );
            }
            ("SUMMARY", Some((.., name))) => *name = Some(plain(value)),
            _ => {}
        }
    }
    match open {
        Some((began, ..)) => Err((began, "an event without its end: the file is cut off".to_owned())),
        None => Ok(events),
    }
}

type When = (Timestamp, Date, bool);

fn instant(value: &str, parameters: &str, calendar: &Calendar) -> Option<When> {
    if !value.contains('T') {
        let date = Date::strptime("%Y%m%d", value).ok()?;
        return Some((calendar.midnight(date), date, true));
    }
    let (text, utc) = value.strip_suffix('Z').map_or((value, false), |text| (text, true));
    let time = DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
    let zone = parameters.split(';').find_map(|part| part.strip_prefix("TZID="));
    let zone = match (utc, zone) {
        (true, _) => TimeZone::UTC,
        (false, Some(name)) => {
            // Some calendars name zones after their own fashion: US-Eastern.
            let name = name.trim_matches('"').replace("US-", "US/");
            TimeZoneDatabase::bundled().get(&name).ok()?
        }
        (false, None) => TimeZoneDatabase::bundled().get("America/New_York").ok()?,
    };
    let nanos = time.to_zoned(zone).ok()?.timestamp().as_nanosecond();
    let at = Timestamp::from_nanos(i64::try_from(nanos).ok()?);
    Some((at, calendar.date_of(at), false))
}

/// Lines with their numbers; one that begins with a space or a tab goes on with the line before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ => lines.push((place + 1, line.to_owned())),
        }
    }
    lines
}

fn plain(text: &str) -> String {
    let text = text.replace("\\,", ",").replace("\\;", ";").replace("\\n", " ").replace("\\\\", "\\");
    text.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn zones_days_and_folded_lines() {
        let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=US-Eastern:20261210T083000\r\n\
            SUMMARY:Consumer Price\r\n  Index\\, November\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
            DTSTART:20261209T190000Z\r\nSUMMARY:FOMC\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
            DTSTART;VALUE=DATE:20261224\r\nSUMMARY:Half day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let events = parse(text, "bls.ics", &Calendar::xnys()).unwrap();
        assert_eq!(events[0].name, "Consumer Price Index, November");
        assert_eq!(events[0].at.to_string(), "2026-12-10T13:30:00Z");
        assert_eq!(events[1].at.to_string(), "2026-12-09T19:00:00Z");
        assert_eq!((events[2].date, events[2].whole_day), (date(2026, 12, 24), true));
        let cut = text.split("END:VEVENT").next().unwrap();
        assert!(parse(cut, "bls.ics", &Calendar::xnys()).unwrap_err().1.contains("cut off"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let calendar = Calendar::xnys();
            let _ = super::super::parse(&text, "x", &calendar);
            let _ = parse(&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}"), "x", &calendar);
        }
    }
}
