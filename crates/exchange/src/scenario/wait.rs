//! A length of time as scenarios and limits write it: `250ms`, `30s`, `2m`, `1h`.

use std::fmt;
use std::str::FromStr;

use alphatrader_model::Span;
use serde::{Deserialize, Serialize};

/// The longest that can be written: a day.
const MOST: i64 = 86_400_000;

/// A length of time, whole milliseconds from 0 to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wait(i64);

impl Wait {
    /// So many milliseconds; a day at most.
    pub const fn from_millis(millis: u32) -> Self {
        let millis = millis as i64;
        Self(if millis > MOST { MOST } else { millis })
    }

    /// So many seconds; a day at most.
    pub const fn from_seconds(seconds: u32) -> Self {
        Self::from_millis(seconds.saturating_mul(1_000))
    }

    /// As a span of time.
    pub const fn span(self) -> Span {
        Span::from_millis(self.0)
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// As the system's own kind of duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.unsigned_abs())
    }
}

impl FromStr for Wait {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no length of time: write 250ms, 30s, 2m or 1h (a day at most)");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        number.checked_mul(unit).filter(|millis| *millis <= MOST).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Wait> for String {
    fn from(wait: Wait) -> Self {
        wait.to_string()
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        match units.iter().find(|(unit, _)| self.0 > 0 && self.0 % unit == 0) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_read_with_their_unit() {
        let millis = |text: &str| text.parse::<Wait>().map(|wait| wait.span().nanos() / 1_000_000);
        assert_eq!(millis("250ms"), Ok(250));
        assert_eq!(millis("30s"), Ok(30_000));
        assert_eq!(millis("2m"), Ok(120_000));
        assert_eq!(millis("24h"), Ok(MOST));
        for wrong in ["", "30", "s", "1.5s", "-1s", "25h", "99999999999999999999s", "1d", "1 s", "1S"] {
            assert!(millis(wrong).unwrap_err().contains("30s"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(millis in 0..=86_400_000_u32) {
            let wait = Wait::from_millis(millis);
            prop_assert_eq!(wait.to_string().parse::<Wait>(), Ok(wait));
        }

        #[test]
        fn any_text_does_no_harm(text in ".{0,12}") {
            let _ = text.parse::<Wait>();
        }
    }
}
