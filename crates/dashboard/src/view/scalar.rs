//! How money, prices and instants are written for people and programs outside.

use core::fmt;

use alphatrader_model::{Money, Price, Timestamp};
use serde::{Serialize, Serializer};
use ts_rs::TS;
use utoipa::ToSchema;

/// Dollars as decimal text with at least two and at most six decimals, for example `"602.1234"`.
///
/// Text and not a JSON number, because a reader that parses numbers as binary floats would round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
#[ts(type = "string", export_to = "Decimal.ts")]
#[schema(value_type = String, example = "602.12", pattern = r"^-?[0-9]+\.[0-9]{2,6}$")]
pub struct Decimal(i64);

impl Decimal {
    /// From millionths of a dollar.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Millionths of a dollar.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl From<Price> for Decimal {
    /// A price is at most 9.2e14 of its units, so that a hundred times it could overflow only for
    /// prices beyond any market; those are shown at the largest value that fits.
    fn from(price: Price) -> Self {
        Self(price.raw().saturating_mul(100))
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Self(money.micros())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:06}", magnitude % 1_000_000);
        let keep = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{sign}{}.{}", magnitude / 1_000_000, &fraction[..keep])
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An instant as RFC 3339 text in UTC with microseconds, for example `"2026-11-23T15:48:19.250000Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS, ToSchema)]
#[ts(type = "string", export_to = "Instant.ts")]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T15:48:19.250000Z")]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the epoch, UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch, UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at.nanos().div_euclid(1_000))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{at:.6}")
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A statistic rounded to six decimals: what is beyond them is noise, and bytes on the wire.
///
/// Returns nothing for what is not a number, since JSON has no word for it.
pub fn statistic(value: f64) -> Option<f64> {
    value.is_finite().then(|| (value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_decimal_text() {
        let cases = [
            (602_120_000, "602.12"),
            (602_123_400, "602.1234"),
            (-1, "-0.000001"),
            (0, "0.00"),
            (-1_500_000, "-1.50"),
        ];
        for (micros, text) in cases {
            assert_eq!(Decimal::from_micros(micros).to_string(), text);
        }
        let json = serde_json::to_string(&Decimal::from_micros(5_000_000)).unwrap();
        assert_eq!(json, r#""5.00""#);
    }

    #[test]
    fn instants_always_have_microseconds() {
        let at = Instant::from_micros(1_795_448_899_250_000);
        assert_eq!(at.to_string(), "2026-11-23T15:48:19.250000Z");
        assert_eq!(Instant::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn statistics_are_finite_and_short() {
        assert_eq!(statistic(0.123_456_789), Some(0.123_457));
        assert_eq!(statistic(f64::NAN), None);
        assert_eq!(statistic(f64::INFINITY), None);
    }
}
