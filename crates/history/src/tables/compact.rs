//! A day's recordings as Parquet, once.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::folder::{Folder, Format, TableError, Written};
use crate::item::SourceId;
use crate::progress::Progress;
use crate::recording::{MarketReader, Previous, Shelf};

/// The file that says what an archived day was made of.
const NOTE: &str = "compacted.json";

/// An archived day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Which day.
    pub date: Date,
    /// The recordings it was made of, as far as they went.
    pub from: Vec<Previous>,
    /// The bytes that each of them had.
    pub lengths: Vec<u64>,
    /// Parts of them that could not be read.
    pub malformed: u64,
    /// The tables.
    pub tables: Vec<Written>,
}

impl Compacted {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// What an archive says of a day; nothing when it does not hold the day.
    pub fn of(archive: &Path, date: Date) -> Option<Self> {
        let text = fs::read(archive.join(date.to_string()).join(NOTE)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Whether a day has recordings of which its archive does not know, or that have grown since.
pub fn is_due(shelf: &Shelf, archive: &Path, date: Date) -> bool {
    let now = lengths(&shelf.files(date));
    !now.is_empty() && Compacted::of(archive, date).is_none_or(|known| known.lengths != now)
}

fn lengths(files: &[PathBuf]) -> Vec<u64> {
    files.iter().map(|path| fs::metadata(path).map_or(0, |metadata| metadata.len())).collect()
}

/// Writes the market of a day's recordings as Parquet below `archive`, a folder by day and symbol. Times are
/// those that the events had. A file that is being written is read up to its last whole frame.
///
/// # Errors
/// [`TableError`]; what was archived of the day before stays as it was.
pub fn compact(
    shelf: &Shelf,
    archive: &Path,
    date: Date,
    progress: &Progress,
) -> Result<Compacted, TableError> {
    let files = shelf.files(date);
    let lengths = lengths(&files);
    let mut reader = MarketReader::open(files, &[], SourceId(0), progress)?.as_taken();
    let root = archive.join(date.to_string());
    let mut folder = Folder::new(root.clone(), Format::Parquet, &[]);
    let mut malformed = 0;
    for item in reader.by_ref() {
        match item {
            Ok(mut item) => folder.take(&mut item.input)?,
            Err(fault) => {
                malformed += 1;
                tracing::warn!(%fault, "part of a recording is not archived");
            }
        }
    }
    let mut tables = folder.finish()?;
    for table in &mut tables {
        table.path =
            table.path.strip_prefix(&root).map(Path::to_owned).unwrap_or(std::mem::take(&mut table.path));
    }
    let from = reader
        .read()
        .iter()
        .map(|(path, chain)| Previous { file: shelf.name_of(path), chain: chain.hex() })
        .collect();
    let compacted = Compacted { date, from, lengths, malformed, tables };
    let note = root.join(NOTE);
    let write = || {
        fs::create_dir_all(&root)?;
        let partial = note.with_extension("part");
        fs::write(&partial, serde_json::to_vec_pretty(&compacted)?)?;
        fs::rename(&partial, &note)
    };
    write().map_err(|source| TableError::Write { path: note.clone(), source })?;
    Ok(compacted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::segment::Segment;
    use crate::recording::{Piece, layout, samples};
    use alphatrader_model::{Payload, Price};
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::{Decimal128Type, TimestampNanosecondType};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    fn recorded(folder: &Path) -> Shelf {
        let shelf = Shelf::new(folder);
        let date = samples::header().date;
        let mut segment = Segment::create(&shelf.next_file(date).unwrap()).unwrap();
        segment.say(&Piece::Header(Box::new(samples::header()))).unwrap();
        let mut payloads = vec![
            Payload::Instrument(Box::new(samples::instrument(0, "SPY"))),
            Payload::Instrument(Box::new(samples::instrument(1, "SPY260316C00600000"))),
        ];
        payloads.extend(layout::payloads());
        payloads.extend((0..20_000).map(|n| samples::quote(n % 2, 60_000 + i64::from(n % 7))));
        let taken = (1..).zip(payloads).map(|(seq, payload)| samples::taken(seq, seq as i64 * 10, payload));
        segment.say(&Piece::Events(taken.collect())).unwrap();
        shelf
    }

    #[test]
    fn a_day_becomes_tables_once_and_again_when_it_has_grown() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = recorded(&folder.path().join("recordings"));
        let (archive, date) = (folder.path().join("archive"), samples::header().date);
        assert!(is_due(&shelf, &archive, date));
        let compacted = compact(&shelf, &archive, date, &Progress::default()).unwrap();
        assert_eq!(compacted.malformed, 0);
        assert_eq!(Compacted::of(&archive, date), Some(compacted.clone()));
        assert!(!is_due(&shelf, &archive, date));
        let names: Vec<String> =
            compacted.tables.iter().map(|t| format!("{} {}", t.path.display(), t.rows)).collect();
        let expected = [
            "SPY/quotes.parquet 10001",
            "SPY/trades.parquet 1",
            "SPY/depth.parquet 1",
            "SPY/bars.parquet 1",
            "SPY/option_quotes.parquet 10000",
            "SPY/chain.parquet 1",
            "SPY/chains.parquet 1",
            "SPY/gaps.parquet 1",
        ];
        assert_eq!(names, expected);

        let file = fs::File::open(archive.join(date.to_string()).join("SPY/quotes.parquet")).unwrap();
        let batches: Vec<_> = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 10_001);
        let first = &batches[0];
        let times = first.column_by_name("ts_event").unwrap().as_primitive::<TimestampNanosecondType>();
        let bids = first.column_by_name("bid").unwrap().as_primitive::<Decimal128Type>();
        // The sample that stands among one of every kind, then the first of the many.
        assert_eq!(bids.value(0), i128::from(Price::from_cents(60_000).raw()));
        let kinds = layout::payloads();
        let sample = kinds.iter().position(|payload| matches!(payload, Payload::Quote(_))).unwrap();
        let between = (kinds.len() - sample) as i64;
        assert_eq!(times.value(1) - times.value(0), 10_000_000 * between);
        assert!(first.column_by_name("ask").unwrap().is_null(0));

        recorded(shelf.root());
        assert!(is_due(&shelf, &archive, date));
        assert_eq!(compact(&shelf, &archive, date, &Progress::default()).unwrap().from.len(), 2);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_half_done() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = recorded(&folder.path().join("recordings"));
        let archive = folder.path().join("archive");
        fs::write(&archive, "a file where a folder belongs").unwrap();
        let error = compact(&shelf, &archive, samples::header().date, &Progress::default()).unwrap_err();
        assert!(error.to_string().contains("cannot be written"), "{error}");
    }
}
