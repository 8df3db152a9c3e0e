//! What a file with options is.

use core::fmt;
use std::path::Path;

use super::lean_name::EntryName;
use crate::archive::Archive;
use crate::error::HistoryError;
use crate::foreign;
use crate::kind::first_unpacked;
use crate::lean::{Data, Resolution};
use crate::limits::Limits;
use crate::progress::Progress;

/// A kind of file with options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Cboe's table of delayed quotes.
    CboeCsv,
    /// The same as JSON.
    CboeJson,
    /// An answer of Alpha Vantage, CSV or JSON.
    AlphaVantage,
    /// A LEAN universe: the day's end, a row a contract.
    LeanUniverse,
    /// Daily rows of options.
    OptionsDaily,
    /// A zip of a LEAN option day: an entry a contract.
    Lean(LeanOptions),
}

/// What a zip of a LEAN option day holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeanOptions {
    /// Length of a row.
    pub resolution: Resolution,
    /// What the rows say.
    pub data: Data,
}

impl ChainKind {
    /// What a file is, by its first bytes; of a zip, by the name of its first entry.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] with what it is instead.
    pub fn of(path: &Path) -> Result<Self, HistoryError> {
        let start = first_unpacked(path)?;
        if let Some(kind) = Self::of_start(&start) {
            return Ok(kind);
        }
        let unknown = |reason| HistoryError::Unknown { path: path.to_owned(), reason };
        if !start.starts_with(b"PK") {
            return Err(unknown(foreign::describe(&start)));
        }
        let first = Archive::open(path, Limits::default(), &Progress::default())
            .ok()
            .and_then(|mut archive| archive.next_entry());
        match first {
            Some(Ok(name)) => EntryName::of(&name).map(|name| Self::Lean(name.holds)).ok_or_else(|| {
                unknown(format!("a zip whose first entry, {name}, is no option of LEAN's: `alphatrader data inspect` says what it is"))
            }),
            Some(Err(reason)) => Err(unknown(reason.to_string())),
            None => Err(unknown("an empty archive".into())),
        }
    }

    /// What a file that is one stream is, by its first bytes.
    pub(crate) fn of_start(start: &[u8]) -> Option<Self> {
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let holds = |mark: &str| memchr::memmem::find(text, mark.as_bytes()).is_some();
        if text.starts_with(b"{") {
            let cboe = holds("\"option\"") || (holds("\"options\"") && holds("\"data\""));
            return if holds("\"contractID\"") || holds("_OPTIONS\"") || holds(" Options\"") {
                Some(Self::AlphaVantage)
            } else if cboe || (holds("\"current_price\"") && holds("\"data\"")) {
                Some(Self::CboeJson)
            } else {
                None
            };
        }
        if text.starts_with(b"#expiry,strike,right,") {
            Some(Self::LeanUniverse)
        } else if text.starts_with(b"contractID,") {
            Some(Self::AlphaVantage)
        } else if text.starts_with(b"underlying,underlying_last,") {
            Some(Self::OptionsDaily)
        } else if holds("\nExpiration Date,Calls,") || text.starts_with(b"Expiration Date,Calls,") {
            Some(Self::CboeCsv)
        } else {
            None
        }
    }

    /// Its name where programs read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CboeCsv => "cboe-quotes-csv",
            Self::CboeJson => "cboe-quotes-json",
            Self::AlphaVantage => "alpha-vantage-options",
            Self::LeanUniverse => "lean-option-universe",
            Self::OptionsDaily => "options-daily",
            Self::Lean(holds) => match (holds.resolution, holds.data) {
                (Resolution::Minute, Data::Quote) => "lean-option-minute-quote",
                (Resolution::Minute, Data::Trade) => "lean-option-minute-trade",
                (Resolution::Minute, Data::OpenInterest) => "lean-option-minute-open-interest",
                (Resolution::Hour, Data::Quote) => "lean-option-hour-quote",
                (Resolution::Hour, Data::Trade) => "lean-option-hour-trade",
                (Resolution::Hour, Data::OpenInterest) => "lean-option-hour-open-interest",
                (_, Data::Quote) => "lean-option-quote",
                (_, Data::Trade) => "lean-option-trade",
                (_, Data::OpenInterest) => "lean-option-open-interest",
            },
        }
    }
}

/// By its name.
impl fmt::Display for ChainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_bytes_say_what_it_is() {
        let kind = |text: &str| ChainKind::of_start(text.as_bytes());
        assert_eq!(kind("\nX,Last: 1\n\"Date: a\"\nExpiration Date,Calls,Last"), Some(ChainKind::CboeCsv));
        assert_eq!(kind("\u{feff}{\"data\": {\"options\": ["), Some(ChainKind::CboeJson));
        assert_eq!(kind("{\"data\": {\"current_price\": 1"), Some(ChainKind::CboeJson));
        assert_eq!(kind("{\"endpoint\": \"Realtime Options\", \"data\": ["), Some(ChainKind::AlphaVantage));
        assert_eq!(kind("contractID,symbol,"), Some(ChainKind::AlphaVantage));
        assert_eq!(kind("#expiry,strike,right,open"), Some(ChainKind::LeanUniverse));
        assert_eq!(kind("underlying,underlying_last,optionroot"), Some(ChainKind::OptionsDaily));
        for other in ["", "<!DOCTYPE html>", "{\"a\": 1}", "[1]", "DT,EX,SYMBOL"] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_kind_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ChainKind::of_start(&bytes);
        }
    }
}
