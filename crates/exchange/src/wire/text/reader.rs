//! Reading a body: texts to values.

use std::collections::BTreeMap;
use std::str::Split;

use super::TextError;
use super::escape::unescape;
use super::fields::{Fields, Step};
use crate::wire::DecodeError;

/// What some clients send for a quantity they did not set.
const UNSET_DECIMAL: &str = "170141183460469231731687303715884105727";

/// Walks the fields of one body.
pub(super) struct FieldReader<'a> {
    version: i32,
    rest: Split<'a, char>,
    /// Fields taken, the message id among them.
    taken: usize,
    /// The field taken last.
    last: &'a str,
    /// Fields in the body, the message id among them.
    total: usize,
}

impl<'a> FieldReader<'a> {
    /// Reads the message id; the walk begins behind it.
    pub(super) fn open(version: i32, body: &'a [u8]) -> Result<(i32, Self), DecodeError> {
        let text = std::str::from_utf8(body).map_err(|_| TextError::NotText.of(0))?;
        let text = text.strip_suffix('\0').unwrap_or(text);
        let total = text.split('\0').count();
        let mut reader = Self { version, rest: text.split('\0'), taken: 0, last: "", total };
        let id = reader.take().map_err(|error| error.of(0))?;
        let message_id = id
            .parse()
            .ok()
            .filter(|id: &i32| *id > 0)
            .ok_or_else(|| reader.wrong(id, "a message id").of(0))?;
        Ok((message_id, reader))
    }

    /// The next field. A client may leave out the last one, not more.
    fn take(&mut self) -> Result<&'a str, TextError> {
        self.taken += 1;
        self.last = match self.rest.next() {
            Some(field) => field,
            None if self.taken == self.total + 1 => "",
            None => return Err(TextError::Short(self.total)),
        };
        Ok(self.last)
    }

    fn wrong(&self, text: &str, expected: &'static str) -> TextError {
        TextError::Field { at: self.taken, text: text.chars().take(40).collect(), expected }
    }
}

/// Clients write whole numbers as integers or as floating point.
fn read_int(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
    })
}

fn read_number(text: &str) -> Option<f64> {
    match text {
        "Infinity" | "Infinite" => Some(f64::INFINITY),
        _ => text.parse().ok().filter(|number: &f64| !number.is_nan()),
    }
}

impl Fields for FieldReader<'_> {
    fn version(&self) -> i32 {
        self.version
    }

    fn fixed(&mut self, _: &'static str) -> Step {
        self.take().map(drop)
    }

    fn text(&mut self, field: &mut Option<String>) -> Step {
        let text = self.take()?;
        *field = (!text.is_empty()).then(|| text.to_owned());
        Ok(())
    }

    fn escaped(&mut self, field: &mut Option<String>) -> Step {
        let text = self.take()?;
        *field = (!text.is_empty()).then(|| unescape(text));
        Ok(())
    }

    fn int(&mut self, field: &mut Option<i32>) -> Step {
        let text = self.take()?;
        let wrong = || self.wrong(text, "an integer");
        *field = match text {
            "" => None,
            "true" | "True" => Some(1),
            "false" | "False" => Some(0),
            _ => {
                let value = read_int(text).ok_or_else(wrong)?;
                Some(i32::try_from(value).map_err(|_| wrong())?).filter(|value| *value != i32::MAX)
            }
        };
        Ok(())
    }

    fn int_or(&mut self, field: &mut Option<i32>, absent: i32) -> Step {
        self.int(field)?;
        *field = field.filter(|value| *value != absent || absent == 0);
        Ok(())
    }

    fn long(&mut self, field: &mut Option<i64>) -> Step {
        let text = self.take()?;
        *field = if text.is_empty() {
            None
        } else {
            let value = read_int(text).ok_or_else(|| self.wrong(text, "an integer"))?;
            Some(value).filter(|value| *value != i64::MAX && *value != i64::from(i32::MAX))
        };
        Ok(())
    }

    fn number(&mut self, field: &mut Option<f64>) -> Step {
        let text = self.take()?;
        *field = if text.is_empty() {
            None
        } else {
            let value = read_number(text).ok_or_else(|| self.wrong(text, "a number"))?;
            // The largest number of this kind means: not set.
            Some(value).filter(|value| *value < f64::MAX || value.is_infinite())
        };
        Ok(())
    }

    fn number_or(&mut self, field: &mut Option<f64>, absent: f64) -> Step {
        self.number(field)?;
        *field = field.filter(|value| value.total_cmp(&absent).is_ne() || absent == 0.0);
        Ok(())
    }

    fn flag(&mut self, field: &mut Option<bool>) -> Step {
        let mut number = None;
        self.int(&mut number)?;
        *field = number.map(|number| number != 0);
        Ok(())
    }

    fn decimal(&mut self, field: &mut Option<String>) -> Step {
        let text = self.take()?;
        *field = if text.is_empty() || text == UNSET_DECIMAL {
            None
        } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Some(text.to_owned())
        } else {
            let number = read_number(text).ok_or_else(|| self.wrong(text, "a quantity"))?;
            (number < f64::MAX).then(|| number.to_string())
        };
        Ok(())
    }

    fn whole(&mut self, field: &mut Option<String>) -> Step {
        self.decimal(field)
    }

    fn either(&mut self, field: &mut Option<bool>, yes: &'static str, _: &'static str) -> Step {
        let text = self.take()?;
        *field = Some(text == yes);
        Ok(())
    }

    fn marks(&mut self, first: &mut Option<bool>, second: &mut Option<bool>) -> Step {
        let mut mask = None;
        self.int(&mut mask)?;
        let mask = mask.unwrap_or_default();
        (*first, *second) = (Some(mask & 1 != 0), Some(mask & 2 != 0));
        Ok(())
    }

    fn options(&mut self, field: &mut BTreeMap<String, String>) -> Step {
        let text = self.take()?;
        let entries = text.split(';').filter(|entry| !entry.is_empty());
        *field = entries
            .map(|entry| entry.split_once('=').unwrap_or((entry, "")))
            .map(|(tag, value)| (tag.to_owned(), value.to_owned()))
            .collect();
        Ok(())
    }

    fn unknown(&self, expected: &'static str) -> Step {
        Err(self.wrong(self.last, expected))
    }

    fn count(&mut self, _: usize, fields: usize) -> Result<usize, TextError> {
        let text = self.take()?;
        let count =
            if text.is_empty() { 0 } else { text.parse().map_err(|_| self.wrong(text, "a count"))? };
        let left = self.total.saturating_sub(self.taken);
        // The last field of the message may be left out.
        if count > (left + 1) / fields.max(1) {
            return Err(TextError::Count { at: self.taken, count, left });
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(body: &[u8]) -> FieldReader<'_> {
        FieldReader::open(178, body).unwrap().1
    }

    #[test]
    fn what_clients_send_for_nothing_is_nothing() {
        let mut reader =
            open(b"1\x00\x001.7976931348623157e+308\x001.7976931348623157E308\x002147483647\x00\x00");
        let (mut number, mut int) = (Some(1.0), Some(1));
        for _ in 0..3 {
            reader.number(&mut number).unwrap();
            assert_eq!(number, None);
        }
        reader.int(&mut int).unwrap();
        assert_eq!(int, None);
        let mut quantity = None;
        open(b"1\x00170141183460469231731687303715884105727\x00").decimal(&mut quantity).unwrap();
        assert_eq!(quantity, None);
    }

    #[test]
    fn python_writes_whole_numbers_with_a_point() {
        let mut reader = open(b"1\x005.0\x0010.0\x001e+16\x00Infinite\x00True\x00");
        let (mut int, mut quantity, mut number, mut flag) = (None, None, None, None);
        reader.int(&mut int).unwrap();
        reader.decimal(&mut quantity).unwrap();
        assert_eq!((int, quantity.as_deref()), (Some(5), Some("10")));
        reader.decimal(&mut quantity).unwrap();
        assert_eq!(quantity.as_deref(), Some("10000000000000000"));
        reader.number(&mut number).unwrap();
        reader.flag(&mut flag).unwrap();
        assert_eq!((number, flag), (Some(f64::INFINITY), Some(true)));
    }

    #[test]
    fn only_the_last_field_may_be_left_out() {
        let mut reader = open(b"1\x00a\x00");
        let mut text = None;
        reader.text(&mut text).unwrap();
        reader.text(&mut text).unwrap();
        assert_eq!(text, None);
        assert_eq!(reader.text(&mut text), Err(TextError::Short(2)));
    }

    #[test]
    fn a_count_can_not_promise_more_than_there_is() {
        assert_eq!(open(b"1\x002\x00a\x00b\x00c\x00d\x00").count(0, 2), Ok(2));
        assert!(matches!(open(b"1\x003\x00a\x00b\x00c\x00d\x00").count(0, 2), Err(TextError::Count { .. })));
        assert!(matches!(open(b"1\x00-1\x00a\x00").count(0, 1), Err(TextError::Field { at: 2, .. })));
    }

    #[test]
    fn a_body_without_an_id_is_refused() {
        for body in [&b""[..], b"\x00", b"x\x00", b"-5\x00", b"\xFF\x00", b"99999999999\x00"] {
            assert!(FieldReader::open(178, body).is_err(), "{body:?}");
        }
    }
}
