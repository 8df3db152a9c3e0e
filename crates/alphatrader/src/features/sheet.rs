//! Rows on their way out: CSV, Parquet or a JSON object a line.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use alphatrader_history::tables::csv;
use alphatrader_history::tables::parquet::ParquetTable;
use alphatrader_history::tables::row::{Cell, Type};
use serde_json::{Map, Value};

use crate::cli::SheetFormat;
use crate::failure::Failure;

/// A column: its name and what is in it.
pub(super) type Column = (String, Type);

/// Rows being written.
pub(super) struct Sheet {
    columns: Vec<Column>,
    out: Out,
    /// A file has another name until it is whole.
    partial: Option<(PathBuf, PathBuf)>,
    rows: u64,
}

enum Out {
    Csv(Box<dyn Write>),
    Json(Box<dyn Write>),
    Parquet(Box<ParquetTable>),
}

/// Whoever read our output has had enough: no failure, and nothing more to do.
pub(super) struct Closed;

impl Sheet {
    /// Begins: on stdout, or in the file that is named.
    ///
    /// # Errors
    /// Parquet without a file; a file that cannot be written.
    pub(super) fn begin(
        format: SheetFormat,
        to: Option<&Path>,
        columns: Vec<Column>,
    ) -> Result<Self, Failure> {
        let partial = to.map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".part");
            (PathBuf::from(name), path.to_owned())
        });
        let file = match &partial {
            Some((path, _)) => Some(File::create(path).map_err(|e| unwritable(path, &e))?),
            None => None,
        };
        let text = |file: Option<File>| -> Box<dyn Write> {
            match file {
                Some(file) => Box::new(BufWriter::with_capacity(1 << 16, file)),
                None => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
            }
        };
        let out = match (format, file) {
            (SheetFormat::Csv, file) => Out::Csv(text(file)),
            (SheetFormat::Json, file) => Out::Json(text(file)),
            (SheetFormat::Parquet, Some(file)) => {
                let table = ParquetTable::with_columns(file, &columns, 2);
                Out::Parquet(Box::new(table.map_err(|e| Failure::new(e.to_string()))?))
            }
            (SheetFormat::Parquet, None) => {
                return Err(Failure::config(
                    "Parquet is no text: name a file with --to, such as --to features.parquet",
                ));
            }
        };
        let mut sheet = Self { columns, out, partial, rows: 0 };
        let names = sheet.columns.iter().map(|(name, _)| name.as_str());
        if let Out::Csv(out) = &mut sheet.out {
            csv::write_names(out, names).map_err(|e| Failure::new(format!("cannot write: {e}")))?;
        }
        Ok(sheet)
    }

    /// Rows so far.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a row, whose cells are those of the columns; `whole` is what a JSON line also holds.
    ///
    /// # Errors
    /// The system's; [`Closed`] among them when the reader went away.
    pub(super) fn push(
        &mut self,
        row: &[Cell],
        whole: Option<(&str, Value)>,
    ) -> Result<Result<(), Closed>, Failure> {
        self.rows += 1;
        let done = match &mut self.out {
            Out::Csv(out) => csv::write_row(out, row),
            Out::Parquet(table) => table.push(row),
            Out::Json(out) => {
                let mut object: Map<String, Value> = self
                    .columns
                    .iter()
                    .zip(row)
                    .map(|((name, _), cell)| (name.clone(), json(cell)))
                    .collect();
                object.extend(whole.map(|(name, value)| (name.to_owned(), value)));
                serde_json::to_writer(&mut *out, &object)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"))
            }
        };
        settle(done)
    }

    /// Whether rows are JSON lines.
    pub(super) const fn is_json(&self) -> bool {
        matches!(self.out, Out::Json(_))
    }

    /// Ends it; a file gets its name.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let done = match self.out {
            Out::Csv(mut out) | Out::Json(mut out) => out.flush(),
            Out::Parquet(table) => table.finish(),
        };
        // Nobody waits for what is left.
        let _ = settle(done)?;
        if let Some((partial, path)) = &self.partial {
            std::fs::rename(partial, path).map_err(|e| unwritable(path, &e))?;
        }
        Ok(())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: cannot be written: {error}", path.display()))
}

fn settle(done: io::Result<()>) -> Result<Result<(), Closed>, Failure> {
    match done {
        Ok(()) => Ok(Ok(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Err(Closed)),
        Err(error) => Err(Failure::new(format!("cannot write: {error}"))),
    }
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Time(nanos) => alphatrader_model::Timestamp::from_nanos(*nanos).to_string().into(),
        Cell::Word(word) => (*word).into(),
        Cell::Text(text) => text.clone().into(),
        Cell::Price(raw) => alphatrader_model::Price::from_raw(*raw).to_string().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Date(date) => date.to_string().into(),
        Cell::Float(number) => (*number).into(),
        Cell::Flag(flag) => (*flag).into(),
    }
}
