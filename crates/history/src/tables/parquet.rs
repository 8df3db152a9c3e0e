//! A table as a Parquet file: zstd, dictionaries for words, prices as decimals with four digits.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    StringBuilder, TimestampNanosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::row::{Cell, Kind, Type};

/// Rows that are handed over at once.
const BATCH: usize = 8_192;
/// Rows of a group: what is in memory of one table before it is written.
const GROUP: usize = 131_072;
/// Digits of a decimal, and of them after the point: those of [`Price`](alphatrader_model::Price).
const DIGITS: (u8, i8) = (18, 4);

/// A table being written.
pub struct ParquetTable {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Time(TimestampNanosecondBuilder),
    Text(StringBuilder),
    Price(Decimal128Builder),
    Number(Int64Builder),
    Date(Date32Builder),
    Float(Float64Builder),
    Flag(BooleanBuilder),
}

fn of_parquet(error: ParquetError) -> io::Error {
    match error {
        // What the system said keeps its kind: a full disk is a full disk.
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(system) => *system,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::other(error),
    }
}

fn data_type(of: Type) -> DataType {
    match of {
        Type::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Type::Text => DataType::Utf8,
        Type::Price => DataType::Decimal128(DIGITS.0, DIGITS.1),
        Type::Number => DataType::Int64,
        Type::Date => DataType::Date32,
        Type::Float => DataType::Float64,
        Type::Flag => DataType::Boolean,
    }
}

impl ParquetTable {
    /// Begins a file.
    ///
    /// # Errors
    /// The system's.
    pub fn create(path: &Path, kind: Kind) -> io::Result<Self> {
        // Only the first three columns are always there.
        Self::with_columns(File::create(path)?, &kind.columns(), 3)
    }

    /// Begins a table in an empty file, of which the first `always` columns are in every row.
    ///
    /// # Errors
    /// The system's.
    pub fn with_columns(file: File, columns: &[(impl AsRef<str>, Type)], always: usize) -> io::Result<Self> {
        let field = |(place, (name, of)): (usize, &(_, Type))| {
            Field::new(AsRef::as_ref(name), data_type(*of), place >= always)
        };
        let fields: Vec<Field> = columns.iter().enumerate().map(field).collect();
        let schema = Arc::new(Schema::new(fields));
        let level = ZstdLevel::try_new(3).map_err(of_parquet)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP))
            .set_created_by(concat!("alphatrader ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(of_parquet)?;
        let columns = columns.iter().map(|(_, of)| Builder::new(*of)).collect();
        Ok(Self { writer, schema, columns, rows: 0 })
    }

    /// Adds a row, whose cells are those of the kind.
    ///
    /// # Errors
    /// The system's.
    pub fn push(&mut self, row: &[Cell]) -> io::Result<()> {
        for (builder, cell) in self.columns.iter_mut().zip(row) {
            builder.push(cell);
        }
        self.rows += 1;
        if self.rows >= BATCH { self.hand_over() } else { Ok(()) }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let arrays = self.columns.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(of_parquet)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<()> {
        self.hand_over()?;
        self.writer.into_inner().map_err(of_parquet)?.sync_data()
    }
}

impl Builder {
    fn new(of: Type) -> Self {
        match of {
            Type::Time => Self::Time(TimestampNanosecondBuilder::new().with_timezone("UTC")),
            Type::Text => Self::Text(StringBuilder::new()),
            Type::Price => Self::Price(Decimal128Builder::new().with_data_type(data_type(Type::Price))),
            Type::Number => Self::Number(Int64Builder::new()),
            Type::Date => Self::Date(Date32Builder::new()),
            Type::Float => Self::Float(Float64Builder::new()),
            Type::Flag => Self::Flag(BooleanBuilder::new()),
        }
    }

    /// A cell of another type than the column's does not exist: rows are made beside their columns.
    fn push(&mut self, cell: &Cell) {
        match (self, cell) {
            (Self::Time(column), Cell::Time(nanos)) => column.append_value(*nanos),
            (Self::Text(column), Cell::Word(word)) => column.append_value(word),
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Price(column), Cell::Price(raw)) => column.append_value(i128::from(*raw)),
            (Self::Number(column), Cell::Number(number)) => column.append_value(*number),
            (Self::Date(column), Cell::Date(date)) => column.append_value(days(*date)),
            (Self::Float(column), Cell::Float(number)) => column.append_value(*number),
            (Self::Flag(column), Cell::Flag(flag)) => column.append_value(*flag),
            (Self::Time(column), _) => column.append_null(),
            (Self::Text(column), _) => column.append_null(),
            (Self::Price(column), _) => column.append_null(),
            (Self::Number(column), _) => column.append_null(),
            (Self::Date(column), _) => column.append_null(),
            (Self::Float(column), _) => column.append_null(),
            (Self::Flag(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Time(column) => ArrayBuilder::finish(column),
            Self::Text(column) => ArrayBuilder::finish(column),
            Self::Price(column) => ArrayBuilder::finish(column),
            Self::Number(column) => ArrayBuilder::finish(column),
            Self::Date(column) => ArrayBuilder::finish(column),
            Self::Float(column) => ArrayBuilder::finish(column),
            Self::Flag(column) => ArrayBuilder::finish(column),
        }
    }
}

/// Days since 1970.
fn days(date: Date) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.until(date).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(days(jiff::civil::date(1970, 1, 1)), 0);
        assert_eq!(days(jiff::civil::date(2026, 3, 16)), 20_528);
    }
}
