//! A table as a CSV file: a line of names, then a line a row; what is not known is empty.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use alphatrader_model::{Price, Timestamp};

use super::row::{Cell, Kind};

/// A table being written.
#[derive(Debug)]
pub struct CsvTable {
    out: BufWriter<File>,
}

/// Writes the line of names.
///
/// # Errors
/// The system's.
pub fn write_names<'a>(out: &mut impl Write, names: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    for (place, name) in names.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        out.write_all(name.as_bytes())?;
    }
    out.write_all(b"\n")
}

/// Writes a row. A measured number has as many digits as it takes to read it back exactly.
///
/// # Errors
/// The system's.
pub fn write_row(out: &mut impl Write, row: &[Cell]) -> io::Result<()> {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        // No cell holds a comma or a quote: symbols, contracts and our own words have none.
        match cell {
            Cell::Nothing => {}
            Cell::Time(nanos) => write!(out, "{}", Timestamp::from_nanos(*nanos))?,
            Cell::Word(word) => out.write_all(word.as_bytes())?,
            Cell::Text(text) => out.write_all(text.as_bytes())?,
            Cell::Price(raw) => write!(out, "{}", Price::from_raw(*raw))?,
            Cell::Number(number) => write!(out, "{number}")?,
            Cell::Date(date) => write!(out, "{date}")?,
            Cell::Float(number) => write!(out, "{number}")?,
            Cell::Flag(flag) => write!(out, "{flag}")?,
        }
    }
    out.write_all(b"\n")
}

impl CsvTable {
    /// Begins a file.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path, kind: Kind) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
        write_names(&mut out, kind.columns().iter().map(|(name, _)| *name))?;
        Ok(Self { out })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The system's.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        write_row(&mut self.out, row)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_data()
    }
}
