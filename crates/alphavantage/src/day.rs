//! Dates as the server writes them.

use jiff::civil::Date;

/// `YYYY-MM-DD`; nothing for anything else, and for a date that does not exist.
pub(crate) fn date(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.trim().as_bytes().try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let digits = |range: core::ops::Range<usize>| {
        bytes[range].iter().try_fold(0_i16, |n, b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
    };
    Date::new(digits(0..4)?, digits(5..7)? as i8, digits(8..10)? as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_dates_that_exist_are_read() {
        assert_eq!(date("2026-11-23"), Date::new(2026, 11, 23).ok());
        for text in ["2099-99-99", "2026-02-30", "2026-1-1", "20261123", "", "2026-11-2x", "2026/11/23"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_library(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            prop_assert_eq!(date(&text), text.parse().ok());
        }
    }
}
