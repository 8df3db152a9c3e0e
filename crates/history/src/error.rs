//! Why nothing can be read at all.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use alphatrader_model::Symbol;
use jiff::civil::Date;
use thiserror::Error;

use crate::foreign::READ;

/// Why nothing can be read at all.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// A file or folder cannot be opened.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not of a kind that is read.
    #[error("{}: {reason}", path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// What it is, or what is not known of it.
        reason: String,
    },
    /// A folder holds more than is looked through.
    #[error("{}: more than {limit} files and folders below it; name a folder nearer to the data", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// How many are looked through.
        limit: usize,
    },
    /// Nothing that could be played.
    #[error(
        "{}: no day of a market that could be played is below it; looked for {READ}",
        path.display()
    )]
    Nothing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// No option chain as it was asked for.
    #[error("{}: {reason}", path.display())]
    NoChain {
        /// Where it was looked for.
        path: PathBuf,
        /// What is missing, and how to ask for it.
        reason: String,
    },
    /// No file of the symbol's day.
    #[error("{}: no trades or quotes of {symbol} on {date}{}", path.display(), .found.hint())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
        /// For whom.
        symbol: Symbol,
        /// For which day.
        date: Date,
        /// What is there instead.
        found: Box<Found>,
    },
}

/// What a search met that was not what it looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Days of the symbol, in order.
    pub dates: Vec<Date>,
    /// Other symbols, in order.
    pub symbols: Vec<Symbol>,
    /// Files of the symbol's day that cannot be read, and why.
    pub refused: Vec<(PathBuf, String)>,
}

impl Found {
    /// Most names that a message lists.
    const SHOWN: usize = 12;

    fn hint(&self) -> String {
        let mut text = String::new();
        for (path, why) in self.refused.iter().take(Self::SHOWN) {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "; {}: {why}", path.display());
        }
        if !self.dates.is_empty() {
            let _ = write!(text, "; days of this symbol: {}", shown(&self.dates, Self::SHOWN));
        } else if !self.symbols.is_empty() {
            let _ = write!(text, "; symbols there: {}", shown(&self.symbols, Self::SHOWN));
        } else if self.refused.is_empty() {
            text.push_str(
                "; looked for LEAN's zips, such as equity/usa/tick/spy/20131007_trade.zip, and for DBN, LOBSTER and TAQ files, and found none",
            );
        }
        text
    }
}

fn shown<T: ToString>(all: &[T], most: usize) -> String {
    let mut text = all.iter().take(most).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > most {
        let _ = write!(text, " and {} more", all.len() - most);
    }
    text
}
