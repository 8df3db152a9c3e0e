//! Option chains as their sources publish them, each as a
//! [`ChainSnapshot`](alphatrader_model::ChainSnapshot).
//!
//! | what | found by | what it states |
//! | --- | --- | --- |
//! | Cboe's table of delayed quotes, CSV | its line of 22 names | one instant with its zone, spot, quotes, volume, open interest, IV, delta, gamma |
//! | the same, JSON | `data.options` | the same with sizes and all Greeks |
//! | a LEAN option day | a zip of an entry a contract | quotes by the minute or the hour; trades and open interest in zips of their own beside it |
//! | a LEAN universe | its line of names | the day's end: closes, volume, open interest, IV, Greeks; no bid, no ask |
//! | daily rows of options | their line of names | the day's end, a row a contract and day |
//! | a recording of this system | its own mark | the chains that were taken |
//!
//! What all of them share:
//!
//! - **Absent is absent.** An empty field, a bid of zero, a Greek that is not a number: nothing, never 0. Open
//!   interest 0 and volume 0 are numbers.
//! - **100 shares a contract** is the unit of these formats. A root with a digit (`SPY1`) is an adjusted contract
//!   that delivers something else: how much is unknown.
//! - **Settlement** goes by root and calendar ([`terms`]).
//! - **What cannot be read** is counted and named, and the rest is read. A file that ends in the middle gives
//!   what stands before, and says that it is a part.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`kind`] | what a file is |
//! | [`ask`] | [`Ask`]: of whom, and at which instant |
//! | [`reading`] | [`Reading`]: the chain, and how it was found |
//! | [`terms`] | underlying, exercise, multiplier and settlement of a root |
//! | [`parity`] | spot from the options themselves, where the source states none |
//! | `rows` | contracts as they come: bounded, sorted, each once |
//! | `text` | fields of these tables |
//! | `stamp` | dates and times as these sources write them |
//! | `cboe_csv`, `cboe_json`, `universe`, `daily`, `recorded` | a reader each |
//! | `lean_name`, `lean_files`, `lean_day` | LEAN's option days: names, files that belong together, their rows |
//! | `survey` | what a file holds, without an instant to ask for |

pub mod ask;
pub mod kind;
pub mod parity;
pub mod reading;
pub mod terms;

mod cboe_csv;
mod cboe_json;
mod daily;
mod lean_day;
mod lean_files;
mod lean_name;
mod recorded;
mod rows;
mod stamp;
mod survey;
mod text;
mod universe;

use std::path::Path;

use alphatrader_model::Calendar;

pub use ask::Ask;
pub use kind::ChainKind;
pub use reading::{Reading, SpotFrom};
pub(crate) use survey::{Survey, survey};

use crate::error::HistoryError;
use crate::limits::Limits;
use crate::lines::Lines;
use crate::packed::Packed;
use crate::progress::Progress;
use crate::recording::Recording;

/// Reads one chain of a file, or of a folder of LEAN's option days.
///
/// # Errors
/// [`HistoryError::Open`], [`HistoryError::Unknown`] with what the file is instead, [`HistoryError::NoChain`]
/// with what is missing and how to ask for it.
pub fn read(path: &Path, ask: &Ask, calendar: &Calendar) -> Result<Reading, HistoryError> {
    if path.is_dir() {
        return lean_day::read(path, None, ask, calendar);
    }
    if Recording::is_one(path) {
        return recorded::read(path, ask);
    }
    let source = Source { path, calendar, limits: Limits::default() };
    match ChainKind::of(path)? {
        ChainKind::CboeCsv => cboe_csv::read(source, ask),
        ChainKind::CboeJson => cboe_json::read(source, ask),
        ChainKind::LeanUniverse => universe::read(source, ask),
        ChainKind::OptionsDaily => daily::read(source, ask),
        ChainKind::Lean(data) => lean_day::read(path, Some(data), ask, calendar),
        ChainKind::AlphaVantage => Err(HistoryError::Unknown {
            path: path.to_owned(),
            reason: "an answer of Alpha Vantage: `alphatrader options` reads it".into(),
        }),
    }
}

/// A file that is one stream, and what its reader needs to know beyond it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) calendar: &'a Calendar,
    pub(crate) limits: Limits,
}

impl Source<'_> {
    /// Its bytes, unpacked.
    fn packed(&self) -> Result<Packed, HistoryError> {
        let open = |source| HistoryError::Open { path: self.path.to_owned(), source };
        Packed::open(self.path, self.limits, &Progress::default()).map_err(open)
    }

    /// Its lines.
    fn lines(&self) -> Result<Lines, HistoryError> {
        Ok(Lines::of_packed(self.packed()?, self.limits))
    }

    fn unknown(&self, reason: impl Into<String>) -> HistoryError {
        HistoryError::Unknown { path: self.path.to_owned(), reason: reason.into() }
    }
}
