//! Times in orders: `YYYYMMDD HH:MM:SS [zone]` or `YYYYMMDD-HH:MM:SS` (UTC).

use alphatrader_model::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::Refused;
use crate::wire::notice;

/// The zone of a time that names none: the exchange's.
const EXCHANGE_ZONE: &str = "America/New_York";

/// Reads a time; `what` names the field in the refusal.
///
/// # Errors
/// [`Refused`] with code 391.
pub fn read_time(text: &str, what: &str) -> Result<Timestamp, Refused> {
    read(text.trim()).ok_or_else(|| {
        let text = format!(
            "The {what} '{text}' is invalid. The correct format is YYYYMMDD HH:MM:SS [time zone], or YYYYMMDD-HH:MM:SS for UTC."
        );
        Refused::new(notice::INVALID_TIME, text)
    })
}

fn read(text: &str) -> Option<Timestamp> {
    if let Ok(utc) = DateTime::strptime("%Y%m%d-%H:%M:%S", text) {
        return instant(utc, &TimeZone::UTC);
    }
    let mut parts = text.split_whitespace();
    let (date, clock) = (parts.next()?, parts.next().unwrap_or("00:00:00"));
    let zone = zone(parts.next().unwrap_or(EXCHANGE_ZONE))?;
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    let local = DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {clock}")).ok()?;
    parts.next().is_none().then(|| instant(local, &zone))?
}

/// The abbreviations of the exchange's zone mean it, summer and winter; others go by their full name.
fn zone(name: &str) -> Option<TimeZone> {
    let name = match name {
        "EST" | "EDT" | "ET" | "EST5EDT" => EXCHANGE_ZONE,
        "GMT" => "UTC",
        other => other,
    };
    TimeZoneDatabase::bundled().get(name).ok()
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let nanos = zone.to_zoned(local).ok()?.timestamp().as_nanosecond();
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_zone() {
        let at = |text| read_time(text, "time").map(Timestamp::seconds).map_err(|refused| refused.code);
        assert_eq!(at("20260316 09:30:00"), Ok(1_773_667_800));
        assert_eq!(at("20260316 09:30:00 US/Eastern"), Ok(1_773_667_800));
        assert_eq!(at("20260316 09:30 EST"), Ok(1_773_667_800));
        assert_eq!(at("20260316-13:30:00"), Ok(1_773_667_800));
        assert_eq!(at("20260316 13:30:00 UTC"), Ok(1_773_667_800));
        assert_eq!(at("20260316"), Ok(1_773_633_600));
        for text in
            ["", "soon", "20261316 09:30:00", "20260316 25:00:00", "20260316 09:30:00 Moon/Base", "1 2 3 4"]
        {
            assert_eq!(at(text), Err(notice::INVALID_TIME), "{text}");
        }
    }
}
