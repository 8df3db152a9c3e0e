//! Economic series: rates by day, newest first as they come. The date is the period they are of, not of a release.

use jiff::civil::Date;
use serde::Deserialize;

use crate::day;
use crate::number::Field;

/// Points of a series that are kept: the newest.
pub const POINTS: usize = 2_000;

/// A series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name, as the server says it.
    pub name: String,
    /// Its unit: `percent`.
    pub unit: String,
    /// Its points, newest first. Holes (`.`) are left out.
    pub points: Vec<(Date, f64)>,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    name: Field<'a>,
    #[serde(borrow, default)]
    unit: Field<'a>,
    #[serde(borrow)]
    data: Vec<RawPoint<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawPoint<'a> {
    #[serde(borrow, default)]
    date: Field<'a>,
    #[serde(borrow, default)]
    value: Field<'a>,
}

/// Reads a series.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn decode(body: &[u8]) -> Result<Series, serde_json::Error> {
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let point = |raw: &RawPoint<'_>| {
        Some((raw.date.as_str().and_then(day::date)?, raw.value.number().ok().flatten()?))
    };
    let mut points: Vec<_> = raw.data.iter().filter_map(point).collect();
    points.sort_by_key(|point| core::cmp::Reverse(point.0));
    points.dedup_by_key(|point| point.0);
    points.truncate(POINTS);
    let text = |field: &Field<'_>| field.as_str().unwrap_or("").chars().take(100).collect();
    Ok(Series { name: text(&raw.name), unit: text(&raw.unit), points })
}

impl Series {
    /// The newest value as a continuous rate a year, where the unit is percent and the value one of a rate
    /// (above -5 % and below 50 %). Yields of the treasury are bond-equivalent: twice a year.
    pub fn newest_rate(&self) -> Option<(Date, f64)> {
        let (date, percent) = *self.points.first()?;
        let is_rate = self.unit.eq_ignore_ascii_case("percent") && (-5.0..50.0).contains(&percent);
        is_rate.then(|| (date, 2.0 * libm::log1p(percent / 200.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_series_is_read_without_its_holes() {
        let body = br#"{"name":"3-month Treasury Constant Maturity Rate","interval":"daily","unit":"percent","data":[
            {"date":"2026-09-07","value":"."},{"date":"2026-09-08","value":"4.10"},{"date":"2026-09-04","value":"4.05"},{"date":"x","value":"1"}]}"#;
        let series = decode(body).unwrap();
        assert_eq!(series.points.len(), 2);
        let (date, rate) = series.newest_rate().unwrap();
        assert_eq!(date, Date::new(2026, 9, 8).unwrap());
        assert!((rate - 0.040_585_406_5).abs() < 1e-9, "{rate}");
        assert!(decode(br#"{"name":"x"}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
