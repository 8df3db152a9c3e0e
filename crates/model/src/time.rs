//! Nanoseconds: an instant in UTC and a length of time.

use core::fmt;
use core::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An instant: nanoseconds since 1970-01-01T00:00:00Z. Covers the years 1678 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A length of time in nanoseconds, positive or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(i64);

impl Timestamp {
    /// From nanoseconds since the epoch, UTC.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds since the epoch, UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From seconds since the epoch, UTC.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// Nanoseconds since the epoch, UTC.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, UTC, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole seconds since the epoch, UTC, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// The start of the period of length `span` that holds this instant, counted from the epoch.
    #[must_use]
    pub fn floor_to(self, span: Span) -> Self {
        assert!(span.0 > 0, "a period has a length");
        Self(self.0.div_euclid(span.0).saturating_mul(span.0))
    }

    /// Time since `earlier`; negative when `earlier` is later. At most the ends of the range: recorded bytes may
    /// name any instant.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000_000_000);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros * 1_000)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// From minutes.
    pub const fn from_minutes(minutes: i64) -> Self {
        Self(minutes * 60_000_000_000)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds with their fraction.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// RFC 3339 in UTC with as many decimals as the instant has (none, 3, 6 or 9).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every i64 of nanoseconds lies inside jiff's range of years.
        let instant = jiff::Timestamp::from_nanosecond(i128::from(self.0)).map_err(|_| fmt::Error)?;
        fmt::Display::fmt(&instant, f)
    }
}

impl core::str::FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let instant: jiff::Timestamp = text.parse()?;
        let nanos = i64::try_from(instant.as_nanosecond()).map_err(|_| {
            jiff::Error::from_args(format_args!("`{text}` is outside the years 1678 to 2262"))
        })?;
        Ok(Self(nanos))
    }
}

/// RFC 3339 text where people read, nanoseconds where machines do.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(D::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339() {
        let instant = Timestamp::from_millis(1_381_152_600_123);
        assert_eq!(instant.to_string(), "2013-10-07T13:30:00.123Z");
        assert_eq!("2013-10-07T13:30:00.123Z".parse::<Timestamp>().ok(), Some(instant));
        assert_eq!("2013-10-07T09:30:00.123-04:00".parse::<Timestamp>().ok(), Some(instant));
        assert!("9999-10-07T13:30:00Z".parse::<Timestamp>().is_err());
    }

    #[test]
    fn periods_start_at_or_before_the_instant() {
        let minute = Span::MINUTE;
        let instant = Timestamp::from_seconds(61);
        assert_eq!(instant.floor_to(minute), Timestamp::from_seconds(60));
        assert_eq!(Timestamp::from_nanos(-1).floor_to(minute), Timestamp::from_seconds(-60));
    }
}
