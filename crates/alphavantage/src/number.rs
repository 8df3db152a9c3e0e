//! The one reading of numbers, which in JSON are strings.
//!
//! Absent is never zero. Nothing is rounded in silence: a price finer than its unit is refused.

use core::fmt;
use std::borrow::Cow;

use alphatrader_model::Price;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

/// A text that should be a number and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a number")]
pub struct NotANumber;

/// Texts that stand for a hole.
const HOLES: [&str; 9] = ["", "None", "none", "null", "-", ".", "N/A", "nan", "inf"];

/// A value of a field as it came: a string, a bare number, a hole, or something that no field has.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Field<'a> {
    /// The field is missing or null.
    #[default]
    Absent,
    /// A string, borrowed from the body unless it has escapes.
    Text(Cow<'a, str>),
    /// A bare number.
    Bare(f64),
    /// A list, an object, true or false.
    Odd,
}

impl<'a> Field<'a> {
    /// A string of a table.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The text, where it is one that says something.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A number with its fraction.
    ///
    /// # Errors
    /// [`NotANumber`] when something is there that is none, or not finite.
    pub fn number(&self) -> Result<Option<f64>, NotANumber> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => number(text),
            Self::Bare(value) => finite(*value).map(Some),
            Self::Odd => Err(NotANumber),
        }
    }

    /// A percentage (`-0.3082%`) as it is written, without the sign; thousands commas are allowed.
    ///
    /// # Errors
    /// [`NotANumber`].
    pub fn percent(&self) -> Result<Option<f64>, NotANumber> {
        match self {
            Self::Text(text) => number(text.trim().trim_end_matches('%')),
            other => other.number(),
        }
    }

    /// A price in our unit.
    ///
    /// # Errors
    /// [`NotANumber`], also for a price finer than 1/10 000 dollar.
    pub fn price(&self) -> Result<Option<Price>, NotANumber> {
        match self {
            Self::Text(text) => match text.trim() {
                hole if is_hole(hole) => Ok(None),
                text => match plain(text) {
                    Some(raw) => Ok(Some(Price::from_raw(raw))),
                    None => number(text)?.map(Price::from_f64).transpose().map_err(|_| NotANumber),
                },
            },
            other => other.number()?.map(Price::from_f64).transpose().map_err(|_| NotANumber),
        }
    }

    /// A whole number, also negative.
    ///
    /// # Errors
    /// [`NotANumber`], also for a number with a fraction.
    pub fn whole(&self) -> Result<Option<i64>, NotANumber> {
        if let Self::Text(text) = self
            && let Ok(value) = text.trim().parse::<i64>()
        {
            return Ok(Some(value));
        }
        match self.number()? {
            None => Ok(None),
            Some(value) if value == libm::trunc(value) && value.abs() < 9.0e15 => Ok(Some(value as i64)),
            Some(_) => Err(NotANumber),
        }
    }
}

fn is_hole(text: &str) -> bool {
    HOLES.contains(&text)
}

fn finite(value: f64) -> Result<f64, NotANumber> {
    if value.is_finite() { Ok(value) } else { Err(NotANumber) }
}

/// Reads a number: a hole is absent; thousands commas are dropped.
///
/// # Errors
/// [`NotANumber`].
pub fn number(text: &str) -> Result<Option<f64>, NotANumber> {
    let text = text.trim();
    if is_hole(text) {
        return Ok(None);
    }
    // Rust also reads `infinity` and `NaN`: what begins with a letter is no number.
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+' | b'e' | b'E')) {
        return Err(NotANumber);
    }
    let read = if text.contains(',') { text.replace(',', "").parse() } else { text.parse() };
    read.map_err(|_| NotANumber).and_then(finite).map(Some)
}

/// `[-]digits[.up to four digits]` in 1/10 000, the form that nearly all prices have.
fn plain(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mut raw, mut decimals, mut dot, mut any) = (0_i64, 0_u32, false, false);
    if digits.len() > 15 {
        return None;
    }
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' if decimals < 4 => {
                raw = raw * 10 + i64::from(byte - b'0');
                decimals += u32::from(dot);
                any = true;
            }
            // More decimals than the unit has: only zeros lose nothing.
            b'0' => {}
            b'.' if !dot => dot = true,
            _ => return None,
        }
    }
    let raw = raw.checked_mul(10_i64.pow(4 - decimals))?;
    any.then_some(if negative { -raw } else { raw })
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyField;
        impl<'de> Visitor<'de> for AnyField {
            type Value = Field<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
                Ok(Field::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Field<'de>, E> {
                Ok(Field::Bare(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Field<'de>, E> {
                Ok(Field::Bare(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
                Ok(Field::Bare(value as f64))
            }
            fn visit_unit<E>(self) -> Result<Field<'de>, E> {
                Ok(Field::Absent)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
                Ok(Field::Odd)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Field::Odd)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Field::Odd)
            }
        }
        deserializer.deserialize_any(AnyField)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn holes_are_absent_never_zero() {
        for hole in HOLES {
            assert_eq!(number(hole), Ok(None), "{hole}");
            assert_eq!(Field::text(hole).price(), Ok(None));
            assert_eq!(Field::text(hole).whole(), Ok(None));
        }
        assert_eq!(serde_json::from_str::<Field<'_>>("null").unwrap().number(), Ok(None));
        assert_eq!(number("0.00000"), Ok(Some(0.0)));
    }

    #[test]
    fn numbers_are_read_in_every_form_that_was_seen() {
        assert_eq!(number(" 0.27340 "), Ok(Some(0.2734)));
        assert_eq!(number("1,234,567.5"), Ok(Some(1_234_567.5)));
        assert_eq!(Field::text("-0.3082%").percent(), Ok(Some(-0.3082)));
        assert_eq!(serde_json::from_str::<Field<'_>>("0.25").unwrap().number(), Ok(Some(0.25)));
        assert_eq!(serde_json::from_str::<Field<'_>>("12").unwrap().whole(), Ok(Some(12)));
        assert_eq!(Field::text("53").whole(), Ok(Some(53)));
        assert_eq!(Field::text("53.0").whole(), Ok(Some(53)));
        assert_eq!(Field::text("238.93").price(), Ok(Some(Price::from_cents(23_893))));
        assert_eq!(Field::text("-1").price(), Ok(Some(Price::from_cents(-100))));
        assert_eq!(Field::text("1e2").price(), Ok(Some(Price::from_cents(10_000))));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["abc", "NaN", "infinity", "1.2.3", "--1", "1e999", "$5"] {
            assert_eq!(number(text), Err(NotANumber), "{text}");
        }
        assert_eq!(Field::text("1.23456").price(), Err(NotANumber), "finer than the unit");
        assert_eq!(Field::text("1.23000").price(), Ok(Some(Price::from_cents(123))));
        assert_eq!(Field::text("1.5").whole(), Err(NotANumber));
        for odd in ["[1]", "{\"a\":1}", "true"] {
            assert_eq!(serde_json::from_str::<Field<'_>>(odd).unwrap().number(), Err(NotANumber));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            let field = Field::text(&text);
            if let Ok(Some(value)) = field.number() {
                prop_assert!(value.is_finite());
            }
            let _ = (field.price(), field.whole(), field.percent());
        }

        #[test]
        fn the_short_way_agrees_with_the_long_one(raw in -9_999_999_999_i64..9_999_999_999) {
            let text = Price::from_raw(raw).to_string();
            prop_assert_eq!(plain(&text), Some(raw));
            prop_assert_eq!(Field::text(&text).price(), Ok(Some(Price::from_raw(raw))));
        }
    }
}
