//! What a file is, whoever published it.

use core::cmp::Reverse;
use core::fmt;
use std::path::Path;

use alphatrader_model::{Calendar, Symbol};
use dbn::Schema;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::chain::ChainKind;
use crate::databento::{self, DbnFile};
use crate::error::HistoryError;
use crate::foreign;
use crate::lean::{self, Data, LeanFile, Resolution};
use crate::limits::Limits;
use crate::lobster::{LobsterFile, pair};
use crate::packed::{Packed, has_extension};
use crate::progress::Progress;
use crate::taq::TaqFile;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of LEAN's zips.
    Lean(lean::Kind),
    /// One of Databento's.
    Dbn(Option<Schema>),
    /// LOBSTER's messages of so many levels.
    Lobster {
        /// Levels of a side whose events they tell.
        levels: u16,
        /// Whether the book is known: from its own file, or from where another's begins.
        book: bool,
    },
    /// Prints of the consolidated tapes.
    TaqTrades,
    /// Quotes of each venue.
    TaqQuotes,
}

impl Kind {
    /// Its name where programs read: `lean-equity-tick-trade`, `dbn-mbo`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lean(kind) => kind.name(),
            Self::Dbn(schema) => schema_name(schema),
            Self::Lobster { .. } => "lobster-message",
            Self::TaqTrades => "taq-trade",
            Self::TaqQuotes => "taq-quote",
        }
    }

    /// How fine its trades are, the finest first; nothing when it has none.
    pub(crate) const fn trades(self) -> Option<u8> {
        Some(match self {
            Self::Lobster { .. } | Self::Dbn(Some(Schema::Mbo)) => 0,
            Self::Dbn(Some(Schema::Mbp10)) => 1,
            Self::Dbn(Some(Schema::Mbp1)) => 2,
            Self::Dbn(Some(Schema::Trades) | None) => 3,
            Self::Dbn(_) | Self::TaqQuotes => return None,
            Self::TaqTrades => 4,
            Self::Lean(kind) => match (kind.data, kind.resolution) {
                (Data::Trade, Resolution::Tick) => 4,
                (Data::Trade, Resolution::Second) => 5,
                (Data::Trade, _) => 6,
                _ => return None,
            },
        })
    }

    /// How fine its quotes are, the finest first; nothing when it has none.
    pub(crate) const fn quotes(self) -> Option<u8> {
        Some(match self {
            Self::Lobster { book: true, .. } | Self::Dbn(Some(Schema::Mbo)) => 0,
            Self::Dbn(Some(Schema::Mbp10)) => 1,
            Self::Dbn(Some(Schema::Mbp1)) => 2,
            Self::TaqQuotes => 4,
            Self::Dbn(_) | Self::TaqTrades | Self::Lobster { .. } => return None,
            Self::Lean(kind) => match (kind.data, kind.resolution) {
                (Data::Quote, Resolution::Tick) => 4,
                (Data::Quote, Resolution::Second) => 5,
                (Data::Quote, _) => 6,
                _ => return None,
            },
        })
    }

    /// Among files that are equally fine, the one that tells more levels goes first.
    pub(crate) const fn depth(self) -> Reverse<u16> {
        match self {
            Self::Lobster { levels, .. } => Reverse(levels),
            _ => Reverse(0),
        }
    }
}

const fn schema_name(schema: Option<Schema>) -> &'static str {
    match schema {
        None => "dbn",
        Some(Schema::Mbo) => "dbn-mbo",
        Some(Schema::Mbp1) => "dbn-mbp-1",
        Some(Schema::Mbp10) => "dbn-mbp-10",
        Some(Schema::Tbbo) => "dbn-tbbo",
        Some(Schema::Trades) => "dbn-trades",
        Some(Schema::Ohlcv1S) => "dbn-ohlcv-1s",
        Some(Schema::Ohlcv1M) => "dbn-ohlcv-1m",
        Some(Schema::Ohlcv1H) => "dbn-ohlcv-1h",
        Some(Schema::Ohlcv1D) => "dbn-ohlcv-1d",
        Some(Schema::OhlcvEod) => "dbn-ohlcv-eod",
        Some(Schema::Definition) => "dbn-definition",
        Some(Schema::Statistics) => "dbn-statistics",
        Some(Schema::Status) => "dbn-status",
        Some(Schema::Imbalance) => "dbn-imbalance",
        Some(Schema::Cmbp1) => "dbn-cmbp-1",
        Some(Schema::Cbbo1S) => "dbn-cbbo-1s",
        Some(Schema::Cbbo1M) => "dbn-cbbo-1m",
        Some(Schema::Tcbbo) => "dbn-tcbbo",
        Some(Schema::Bbo1S) => "dbn-bbo-1s",
        Some(Schema::Bbo1M) => "dbn-bbo-1m",
    }
}

/// By its name.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// As a person says it: `trade ticks`, `order events of 10 levels`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lean(kind) => kind.fmt(f),
            Self::Dbn(Some(schema)) => write!(f, "DBN {schema}"),
            Self::Dbn(None) => f.write_str("DBN"),
            Self::Lobster { levels, .. } => write!(f, "order events of {levels} levels"),
            Self::TaqTrades => f.write_str("trade ticks of the tapes"),
            Self::TaqQuotes => f.write_str("quote ticks of the venues"),
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) kind: Kind,
    /// Whom it tells of; of options nobody.
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) dates: Vec<Date>,
}

/// How a file is packed and told, by its first bytes.
pub(crate) enum Format {
    Lean,
    Lobster(LobsterFile),
    Dbn,
    Taq,
    /// A chain of options at an instant: it is read by [`chain`](crate::chain).
    Chain(ChainKind),
}

/// First bytes, unpacked, that are looked at.
const LOOKED_AT: usize = 4_096;

impl Format {
    /// The format of a file: LOBSTER's by its name, the others by their content.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] with what it is instead.
    pub(crate) fn of(path: &Path) -> Result<Self, HistoryError> {
        if let Some(named) = LobsterFile::from_path(path) {
            return Ok(Self::Lobster(named));
        }
        let start = first_unpacked(path)?;
        if start.starts_with(b"PK") {
            Ok(Self::Lean)
        } else if start.starts_with(b"DBN") {
            Ok(Self::Dbn)
        } else if TaqFile::are(&start) {
            Ok(Self::Taq)
        } else if let Some(kind) = ChainKind::of_start(&start) {
            Ok(Self::Chain(kind))
        } else {
            Err(HistoryError::Unknown { path: path.to_owned(), reason: foreign::describe(&start) })
        }
    }
}

/// The first bytes of a file, unpacked; where nothing can be unpacked, as they are.
///
/// # Errors
/// [`HistoryError::Open`].
pub(crate) fn first_unpacked(path: &Path) -> Result<Vec<u8>, HistoryError> {
    let open = |source| HistoryError::Open { path: path.to_owned(), source };
    let mut packed = Packed::open(path, Limits::default(), &Progress::default()).map_err(open)?;
    let mut start = vec![0; LOOKED_AT];
    let mut length = 0;
    while length < start.len() {
        match packed.fill(&mut start[length..]) {
            Ok(made) if made > 0 => length += made,
            // What is damaged is told by the reader, which comes as far as this.
            _ => break,
        }
    }
    start.truncate(length);
    if start.is_empty() {
        // Nothing could be unpacked: what it is then says its first packed bytes.
        start = std::fs::File::open(path).and_then(first_bytes).map_err(open)?;
    }
    Ok(start)
}

/// Why a chain is not played.
pub(crate) fn is_chain(path: &Path, kind: ChainKind) -> HistoryError {
    let reason =
        format!("{kind}: a chain of options, which is not played; `alphatrader options chain` shows it");
    HistoryError::Unknown { path: path.to_owned(), reason }
}

fn first_bytes(file: std::fs::File) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    file.take(LOOKED_AT as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Known {
    /// What a file is, from its name and its first bytes; nothing else of it is read.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] for what is not played.
    pub(crate) fn of(path: &Path, calendar: &Calendar) -> Result<Self, HistoryError> {
        let unknown = |reason: String| HistoryError::Unknown { path: path.to_owned(), reason };
        Ok(match Format::of(path)? {
            Format::Lean => {
                let file = LeanFile::identify(path, Limits::default())?;
                Self { kind: Kind::Lean(file.kind), symbols: vec![file.symbol], dates: vec![file.date] }
            }
            Format::Lobster(named) => {
                let message = if named.is_book { pair::other(path) } else { Some(path.to_owned()) };
                let message = message.ok_or_else(|| {
                    unknown("a LOBSTER book file whose message file is not beside it".into())
                })?;
                let kind = Kind::Lobster { levels: named.levels, book: pair::seed(&message).is_some() };
                Self { kind, symbols: vec![named.symbol], dates: vec![named.date] }
            }
            Format::Dbn => {
                let file = DbnFile::identify(path, Limits::default())?;
                if !file.is_played() {
                    return Err(unknown(not_played(file.schema)));
                }
                let kind = Kind::Dbn(file.schema);
                Self { kind, symbols: file.symbols().collect(), dates: file.days().collect() }
            }
            Format::Chain(kind) => return Err(is_chain(path, kind)),
            Format::Taq => {
                let file = TaqFile::identify(path, Limits::default(), calendar)?;
                let kind = if file.is_quotes { Kind::TaqQuotes } else { Kind::TaqTrades };
                Self { kind, symbols: vec![file.symbol], dates: vec![file.date] }
            }
        })
    }
}

/// Why a schema is not played.
pub(crate) fn not_played(schema: Option<Schema>) -> String {
    let name = schema.map_or_else(|| "of several kinds".to_owned(), |schema| schema.to_string());
    format!("DBN {name} is known but not played; mbo, mbp-10, mbp-1, trades, definition and statistics are")
}

/// Whether a name may be that of a file which is none of LEAN's zips: such files are opened to find out.
pub(crate) fn may_be(path: &Path) -> bool {
    if LobsterFile::from_path(path).is_some_and(|named| named.is_book) {
        // Its messages stand for both.
        return false;
    }
    databento::is_named(path) || has_extension(path, "csv")
}
