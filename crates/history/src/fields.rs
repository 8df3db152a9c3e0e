//! Fields of a line: whole numbers and short texts between commas.

use crate::malformed::Reason;

/// What is left of a line.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    ended: bool,
}

/// Most digits of a number: all of them fit 64 bits with a sign.
const DIGITS: usize = 18;

impl<'a> Fields<'a> {
    pub(crate) const fn of(line: &'a [u8]) -> Self {
        Self { rest: line, ended: false }
    }

    /// A whole number without a sign, at most `most`.
    pub(crate) fn number(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        let mut value = 0_i64;
        let mut at = 0;
        while let Some(byte) = self.rest.get(at) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            at += 1;
        }
        if at == 0 {
            return Err(if self.ended { Reason::Missing(field) } else { Reason::NotANumber(field) });
        }
        self.close(at, Reason::NotANumber(field))?;
        if at > DIGITS || value > most { Err(Reason::OutOfRange(field)) } else { Ok(value) }
    }

    /// A whole number with or without a minus before it, its amount at most `most`.
    pub(crate) fn signed(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        match self.rest.strip_prefix(b"-") {
            Some(rest) => {
                self.rest = rest;
                // The amount is at most eighteen digits: it has a negative.
                self.number(field, most).map(|amount| -amount)
            }
            None => self.number(field, most),
        }
    }

    /// A number of seconds without a sign in nanoseconds. What is finer goes: some files hold numbers as a
    /// binary fraction prints (`35821.088778456004`).
    pub(crate) fn seconds(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        const NANOS: usize = 9;
        let text = self.text(field)?;
        let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
        let finer = text.get(point + 1 + NANOS..).unwrap_or_default();
        if !finer.iter().all(u8::is_ascii_digit) {
            return Err(Reason::NotANumber(field));
        }
        Fields::of(&text[..text.len() - finer.len()]).decimal(field, NANOS, most)
    }

    /// A decimal number without a sign as a whole number of units of 10 to the minus `digits`; finer ones
    /// are refused.
    pub(crate) fn decimal(&mut self, field: &'static str, digits: usize, most: i64) -> Result<i64, Reason> {
        let text = self.text(field)?;
        let (whole, part) = match text.iter().position(|byte| *byte == b'.') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, &[][..]),
        };
        // Zeros at the end say nothing: some writers print all digits of a floating-point number.
        let length = part.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
        let part = &part[..length];
        if whole.is_empty() && part.is_empty() {
            return Err(Reason::NotANumber(field));
        }
        if whole.len() + digits > DIGITS {
            return Err(Reason::OutOfRange(field));
        }
        let mut value = 0_i64;
        let zeros = digits.saturating_sub(part.len());
        for byte in whole.iter().chain(part).chain(core::iter::repeat_n(&b'0', zeros)) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Err(Reason::NotANumber(field));
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        }
        if part.len() > digits {
            return Err(Reason::TooFine(field));
        }
        if value > most { Err(Reason::OutOfRange(field)) } else { Ok(value) }
    }

    /// A whole number above zero, at most `most`.
    pub(crate) fn positive(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        let value = self.number(field, most)?;
        if value == 0 { Err(Reason::OutOfRange(field)) } else { Ok(value) }
    }

    /// A whole number, at most `most`, or 0 for an empty field.
    pub(crate) fn number_or_none(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        if !self.ended && matches!(self.rest.first(), None | Some(b',')) {
            self.close(0, Reason::NotANumber(field))?;
            return Ok(0);
        }
        self.number(field, most)
    }

    /// Hexadecimal bits; 0 for an empty field.
    pub(crate) fn bits(&mut self, field: &'static str) -> Result<u64, Reason> {
        let mut value = 0_u64;
        let mut at = 0;
        while let Some(byte) = self.rest.get(at) {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => byte - b'A' + 10,
                _ => break,
            };
            value = value << 4 | u64::from(digit);
            at += 1;
        }
        if self.ended {
            return Err(Reason::Missing(field));
        }
        self.close(at, Reason::Unreadable(field))?;
        if at > 16 { Err(Reason::OutOfRange(field)) } else { Ok(value) }
    }

    /// Whatever stands up to the next comma.
    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a [u8], Reason> {
        if self.ended {
            return Err(Reason::Missing(field));
        }
        let at = self.rest.iter().position(|byte| *byte == b',').unwrap_or(self.rest.len());
        let text = &self.rest[..at];
        self.close(at, Reason::Unreadable(field))?;
        Ok(text)
    }

    /// `0` or `1`; no for an empty field.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, Reason> {
        self.number_or_none(field, 1).map(|value| value == 1)
    }

    /// The line holds no more.
    pub(crate) const fn end(&self) -> Result<(), Reason> {
        if self.ended { Ok(()) } else { Err(Reason::ExtraFields) }
    }

    fn close(&mut self, at: usize, otherwise: Reason) -> Result<(), Reason> {
        match self.rest.get(at) {
            None => {
                self.rest = &[];
                self.ended = true;
                Ok(())
            }
            Some(b',') => {
                self.rest = &self.rest[at + 1..];
                Ok(())
            }
            Some(_) => Err(otherwise),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read_to_the_last_and_not_beyond() {
        let mut fields = Fields::of(b"14400464,P,20002000,,1");
        assert_eq!(fields.number("time", i64::MAX), Ok(14_400_464));
        assert_eq!(fields.text("venue"), Ok(&b"P"[..]));
        assert_eq!(fields.end(), Err(Reason::ExtraFields));
        assert_eq!(fields.bits("conditions"), Ok(0x2000_2000));
        assert_eq!(fields.number_or_none("size", i64::MAX), Ok(0));
        assert_eq!(fields.flag("suspicious"), Ok(true));
        assert_eq!(fields.end(), Ok(()));
        assert_eq!(fields.number("more", i64::MAX), Err(Reason::Missing("more")));
        assert_eq!(fields.bits("more"), Err(Reason::Missing("more")));
        assert_eq!(fields.text("more"), Err(Reason::Missing("more")));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for line in ["", "x", "-1", "1.5", "1 ", " 1"] {
            assert_eq!(
                Fields::of(line.as_bytes()).number("price", i64::MAX),
                Err(Reason::NotANumber("price")),
                "{line}"
            );
        }
        assert_eq!(
            Fields::of(b"1234567890123456789").number("price", i64::MAX),
            Err(Reason::OutOfRange("price"))
        );
        assert_eq!(Fields::of(b"0").positive("price", i64::MAX), Err(Reason::OutOfRange("price")));
        assert_eq!(Fields::of(b"2").flag("suspicious"), Err(Reason::OutOfRange("suspicious")));
        assert_eq!(Fields::of(b"1,").number_or_none("a", i64::MAX), Ok(1));
        assert_eq!(
            Fields::of(b"12345678901234567").bits("conditions"),
            Err(Reason::OutOfRange("conditions"))
        );
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let read = |text: &str| Fields::of(text.as_bytes()).decimal("price", 4, i64::MAX);
        assert_eq!(read("157.8"), Ok(1_578_000));
        assert_eq!(read("157.80000000"), Ok(1_578_000));
        assert_eq!(read(".5"), Ok(5_000));
        assert_eq!(read("7."), Ok(70_000));
        assert_eq!(read("34200.004241"), Err(Reason::TooFine("price")));
        for text in ["", ".", "-1", "1e5", "1.2.3", "1.x"] {
            assert_eq!(read(text), Err(Reason::NotANumber("price")), "{text}");
        }
        assert_eq!(read("123456789012345"), Err(Reason::OutOfRange("price")));
        let seconds = |text: &str| Fields::of(text.as_bytes()).seconds("time", i64::MAX);
        assert_eq!(seconds("35821.088778456004"), Ok(35_821_088_778_456));
        assert_eq!(seconds("7"), Ok(7_000_000_000));
        assert_eq!(seconds("1.000000000x"), Err(Reason::NotANumber("time")));
        assert_eq!(Fields::of(b"-12").signed("a", 99), Ok(-12));
        assert_eq!(Fields::of(b"--1").signed("a", 99), Err(Reason::NotANumber("a")));
    }

    proptest! {
        #[test]
        fn numbers_are_what_the_standard_library_reads(value in 0_i64..1_000_000_000_000_000_000, bits in any::<u64>()) {
            let line = format!("{value},{bits:x}");
            let mut fields = Fields::of(line.as_bytes());
            prop_assert_eq!(fields.number("a", i64::MAX), Ok(value));
            prop_assert_eq!(fields.bits("b"), Ok(bits));
            prop_assert_eq!(fields.end(), Ok(()));
        }
    }
}
