//! Fields of a line: whole numbers and short texts between commas.

use crate::malformed::Reason;

/// What is left of a line.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    ended: bool,
}

/// Most digits of a number: all of them fit 64 bits with a sign.
const DIGITS: usize = 18;

impl<'a> Fields<'a> {
    pub(super) const fn of(line: &'a [u8]) -> Self {
        Self { rest: line, ended: false }
    }

    /// A whole number without a sign, at most `most`.
    pub(super) fn number(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
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

    /// A whole number above zero, at most `most`.
    pub(super) fn positive(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        let value = self.number(field, most)?;
        if value == 0 { Err(Reason::OutOfRange(field)) } else { Ok(value) }
    }

    /// A whole number, at most `most`, or 0 for an empty field.
    pub(super) fn number_or_none(&mut self, field: &'static str, most: i64) -> Result<i64, Reason> {
        if !self.ended && matches!(self.rest.first(), None | Some(b',')) {
            self.close(0, Reason::NotANumber(field))?;
            return Ok(0);
        }
        self.number(field, most)
    }

    /// Hexadecimal bits; 0 for an empty field.
    pub(super) fn bits(&mut self, field: &'static str) -> Result<u64, Reason> {
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
    pub(super) fn text(&mut self, field: &'static str) -> Result<&'a [u8], Reason> {
        if self.ended {
            return Err(Reason::Missing(field));
        }
        let at = self.rest.iter().position(|byte| *byte == b',').unwrap_or(self.rest.len());
        let text = &self.rest[..at];
        self.close(at, Reason::Unreadable(field))?;
        Ok(text)
    }

    /// `0` or `1`; no for an empty field.
    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, Reason> {
        self.number_or_none(field, 1).map(|value| value == 1)
    }

    /// The line holds no more.
    pub(super) const fn end(&self) -> Result<(), Reason> {
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
