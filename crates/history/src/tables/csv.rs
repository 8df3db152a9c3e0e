//! A table as a CSV file: a line of names, then a line a row; what is not known is empty.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use alphatrader_model::{Price, Timestamp};

use super::row::{Cell, Kind};

/// A table being written.
#[derive(Debug)]
pub struct CsvTable {
    out: BufWriter<File>,
}

impl CsvTable {
    /// Begins a file.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path, kind: Kind) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
        let names: Vec<&str> = kind.columns().into_iter().map(|(name, _)| name).collect();
        writeln!(out, "{}", names.join(","))?;
        Ok(Self { out })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The system's.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        for (place, cell) in row.iter().enumerate() {
            if place > 0 {
                self.out.write_all(b",")?;
            }
            // No cell holds a comma or a quote: symbols, contracts and our own words have none.
            match cell {
                Cell::Nothing => {}
                Cell::Time(nanos) => write!(self.out, "{}", Timestamp::from_nanos(*nanos))?,
                Cell::Word(word) => self.out.write_all(word.as_bytes())?,
                Cell::Text(text) => self.out.write_all(text.as_bytes())?,
                Cell::Price(raw) => write!(self.out, "{}", Price::from_raw(*raw))?,
                Cell::Number(number) => write!(self.out, "{number}")?,
                Cell::Date(date) => write!(self.out, "{date}")?,
            }
        }
        self.out.write_all(b"\n")
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
