//! A file of any kind as a stream of items.

use std::collections::BTreeMap;
use std::path::Path;

use alphatrader_model::{Contract, InstrumentId, Symbol, Timestamp};

use crate::context::{Context, day};
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::kind::{Format, Kind, is_chain, not_played};
use crate::lean::{self, Data, Resolution};
use crate::malformed::Malformed;
use crate::{databento, lobster, taq};

/// A file of any kind as a stream of items, in order of time; what cannot be read stands among them.
pub enum Reader {
    /// One of LEAN's zips.
    Lean(Box<lean::Reader>),
    /// A day of LOBSTER's.
    Lobster(Box<lobster::Reader>),
    /// One of Databento's.
    Dbn(Box<databento::Reader>),
    /// TAQ's trades or quotes.
    Taq(Box<taq::Reader>),
}

impl Reader {
    /// Opens a file, whatever it holds. What it tells of goes by the context's number; of a file of several,
    /// by numbers from that one on.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] with what the file is instead.
    pub fn open(path: &Path, source: SourceId, context: Context<'_>) -> Result<Self, HistoryError> {
        Ok(match Format::of(path)? {
            Format::Lean => Self::Lean(Box::new(lean::Reader::open(path, source, context)?)),
            Format::Lobster(_) => Self::Lobster(Box::new(lobster::Reader::open(path, source, context)?)),
            Format::Dbn => Self::Dbn(Box::new(databento::Reader::open(path, source, context)?)),
            Format::Taq => Self::Taq(Box::new(taq::Reader::open(path, source, context)?)),
            Format::Chain(kind) => return Err(is_chain(path, kind)),
        })
    }

    /// Opens a file for a day of some of its symbols, each with a number; a file of one symbol gives that
    /// symbol the first number.
    ///
    /// # Errors
    /// As [`Reader::open`], and [`HistoryError::Unknown`] for what is not played.
    pub(crate) fn of_day(
        path: &Path,
        wanted: &[(Symbol, InstrumentId)],
        date: jiff::civil::Date,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let instrument = wanted.first().map_or(context.instrument, |(_, id)| *id);
        let reader = Self::open(path, source, Context { instrument, ..context })?;
        let Self::Dbn(reader) = reader else { return Ok(reader) };
        if !reader.file().is_played() {
            let reason = not_played(reader.file().schema);
            return Err(HistoryError::Unknown { path: path.to_owned(), reason });
        }
        let (from, until) = day(context.calendar, date);
        Ok(Self::Dbn(Box::new(reader.only(wanted.iter().copied()).between(from, until))))
    }

    /// What the file is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Lean(reader) => Kind::Lean(reader.file().kind),
            Self::Lobster(reader) => {
                Kind::Lobster { levels: reader.file().levels, book: reader.knows_book() }
            }
            Self::Dbn(reader) => Kind::Dbn(reader.file().schema),
            Self::Taq(reader) if reader.file().is_quotes => Kind::TaqQuotes,
            Self::Taq(_) => Kind::TaqTrades,
        }
    }

    /// Whom the file tells of, as its name or its symbology says: symbols, and options as OCC writes them.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Lean(reader) => vec![reader.file().symbol.to_string()],
            Self::Lobster(reader) => vec![reader.file().symbol.to_string()],
            Self::Taq(reader) => vec![reader.file().symbol.to_string()],
            Self::Dbn(reader) => {
                let name = |contract: &Contract| match contract {
                    Contract::Stock(symbol) => symbol.to_string(),
                    Contract::Option(option) => option.to_string(),
                };
                reader.file().contracts.iter().map(name).collect()
            }
        }
    }

    /// Records that were read so far, by kind.
    pub fn records(&self) -> BTreeMap<&'static str, u64> {
        match self {
            Self::Lean(reader) => {
                let kind = reader.file().kind;
                let name = match kind.data {
                    Data::Trade if kind.resolution == Resolution::Tick => "trade",
                    Data::Trade => "bar",
                    Data::Quote => "quote",
                    Data::OpenInterest => "open_interest",
                };
                BTreeMap::from([(name, reader.counts().records)])
            }
            Self::Lobster(reader) => reader.records(),
            Self::Dbn(reader) => reader.records().clone(),
            Self::Taq(reader) => {
                let name = if reader.file().is_quotes { "quote" } else { "trade" };
                BTreeMap::from([(name, reader.records())])
            }
        }
    }

    /// What could not be read so far.
    pub fn malformed(&self) -> u64 {
        match self {
            Self::Lean(reader) => reader.counts().malformed,
            Self::Lobster(reader) => reader.malformed(),
            Self::Dbn(reader) => reader.malformed(),
            Self::Taq(reader) => reader.malformed(),
        }
    }

    /// When the first record was, where that is kept.
    pub fn began(&self) -> Option<Timestamp> {
        match self {
            Self::Lean(_) => None,
            Self::Lobster(reader) => reader.began(),
            Self::Dbn(reader) => reader.began(),
            Self::Taq(reader) => reader.began(),
        }
    }

    /// When the last record was, where that is kept.
    pub fn clock(&self) -> Option<Timestamp> {
        match self {
            Self::Lean(_) => None,
            Self::Lobster(reader) => reader.clock(),
            Self::Dbn(reader) => reader.clock(),
            Self::Taq(reader) => reader.clock(),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Item, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Lean(reader) => reader.next(),
            Self::Lobster(reader) => reader.next(),
            Self::Dbn(reader) => reader.next(),
            Self::Taq(reader) => reader.next(),
        }
    }
}
