//! Tables by day and symbol, whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alphatrader_model::{Input, Instrument, InstrumentId, Payload, Symbol};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::csv::CsvTable;
use super::parquet::ParquetTable;
use super::row::{Cell, Kind, chain_rows};
use crate::error::HistoryError;

/// Most tables that are written at once: a file is open for each.
pub const MOST_TABLES: usize = 512;

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// CSV with a line of names.
    Csv,
}

impl Format {
    /// What its files end in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// Why tables are not written.
#[derive(Debug, Error)]
pub enum TableError {
    /// A file or folder cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// More tables than files may be open.
    #[error(
        "more than {limit} tables of one day; name fewer symbols with --symbol, or fewer tables with --kind"
    )]
    TooMany {
        /// Most tables.
        limit: usize,
    },
    /// The market cannot be read.
    #[error(transparent)]
    Source(#[from] HistoryError),
}

/// A table that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

enum Table {
    Parquet(Box<ParquetTable>),
    Csv(CsvTable),
}

/// Tables of a day on their way. Files have another name until all of them are whole; those that are not
/// go when this is dropped.
pub struct Folder {
    root: PathBuf,
    format: Format,
    kinds: BTreeSet<Kind>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    tables: BTreeMap<(Symbol, Kind), (Table, u64)>,
}

impl Folder {
    /// Tables below `root`: a folder by symbol, in it a file by kind. All kinds when none is named.
    pub fn new(root: PathBuf, format: Format, kinds: &[Kind]) -> Self {
        let kinds = if kinds.is_empty() { &Kind::ALL } else { kinds };
        Self {
            root,
            format,
            kinds: kinds.iter().copied().collect(),
            instruments: BTreeMap::new(),
            tables: BTreeMap::new(),
        }
    }

    /// Takes the next event. Contracts are announced before anything is said of them; what is said of
    /// others, and what has no table, is left out.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn take(&mut self, input: &mut Input) -> Result<(), TableError> {
        if let Payload::Instrument(instrument) = &input.payload {
            self.instruments.insert(instrument.id, (**instrument).clone());
            return Ok(());
        }
        if let Payload::ChainSnapshot(chain) = &input.payload {
            if self.kinds.contains(&Kind::Chains) {
                for row in chain_rows(input, chain) {
                    self.push(chain.underlying, Kind::Chains, &row)?;
                }
            }
            return Ok(());
        }
        let about = input.payload.about_mut().map(|id| *id);
        let Some(instrument) = about.and_then(|id| self.instruments.get(&id)) else { return Ok(()) };
        let symbol = instrument.underlying;
        let Some((kind, row)) = Kind::row(input, instrument) else { return Ok(()) };
        if self.kinds.contains(&kind) { self.push(symbol, kind, &row) } else { Ok(()) }
    }

    fn push(&mut self, symbol: Symbol, kind: Kind, row: &[Cell]) -> Result<(), TableError> {
        if !self.tables.contains_key(&(symbol, kind)) {
            let table = self.begin(symbol, kind)?;
            self.tables.insert((symbol, kind), (table, 0));
        }
        let Some((table, rows)) = self.tables.get_mut(&(symbol, kind)) else { return Ok(()) };
        *rows += 1;
        let pushed = match table {
            Table::Parquet(table) => table.push(row),
            Table::Csv(table) => table.push(row),
        };
        pushed.map_err(|source| TableError::Write { path: self.partial(symbol, kind), source })
    }

    fn begin(&self, symbol: Symbol, kind: Kind) -> Result<Table, TableError> {
        if self.tables.len() >= MOST_TABLES {
            return Err(TableError::TooMany { limit: MOST_TABLES });
        }
        let path = self.partial(symbol, kind);
        let begin = || {
            fs::create_dir_all(self.root.join(symbol.as_str()))?;
            Ok(match self.format {
                Format::Parquet => Table::Parquet(Box::new(ParquetTable::create(&path, kind)?)),
                Format::Csv => Table::Csv(CsvTable::create(&path, kind)?),
            })
        };
        begin().map_err(|source| TableError::Write { path: path.clone(), source })
    }

    fn whole(&self, symbol: Symbol, kind: Kind) -> PathBuf {
        let file = format!("{}.{}", kind.name(), self.format.extension());
        self.root.join(symbol.as_str()).join(file)
    }

    fn partial(&self, symbol: Symbol, kind: Kind) -> PathBuf {
        self.whole(symbol, kind).with_extension(format!("{}.part", self.format.extension()))
    }

    /// Ends all tables and gives them their names.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn finish(mut self) -> Result<Vec<Written>, TableError> {
        let mut ended = Vec::new();
        while let Some(((symbol, kind), (table, rows))) = self.tables.pop_first() {
            let partial = self.partial(symbol, kind);
            let done = match table {
                Table::Parquet(table) => table.finish(),
                Table::Csv(table) => table.finish(),
            };
            ended.push((partial.clone(), self.whole(symbol, kind), rows));
            if let Err(source) = done {
                for (partial, ..) in &ended {
                    remove(partial);
                }
                return Err(TableError::Write { path: partial, source });
            }
        }
        let mut written = Vec::with_capacity(ended.len());
        for (partial, path, rows) in ended {
            let done = fs::rename(&partial, &path).and_then(|()| fs::metadata(&path));
            let bytes = done.map_err(|source| TableError::Write { path: path.clone(), source })?.len();
            written.push(Written { path, rows, bytes });
        }
        Ok(written)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for (symbol, kind) in self.tables.keys() {
            remove(&self.partial(*symbol, *kind));
        }
    }
}

/// What is not whole is of no use; where it cannot be removed, its name says what it is.
fn remove(partial: &Path) {
    let _ = fs::remove_file(partial);
}
