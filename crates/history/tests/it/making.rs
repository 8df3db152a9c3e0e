//! Zips made for the tests.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use alphatrader_history::lean::Reader;
use alphatrader_history::lean::reader::Context;
use alphatrader_history::{HistoryError, Item, Limits, Malformed, Progress, SourceId};
use alphatrader_model::{Calendar, InstrumentId};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(crate) const TRADES: &str = "20131007_spy_Trade_Tick.csv";

/// A zip of these entries.
pub(crate) fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    packed(entries, CompressionMethod::Deflated)
}

pub(crate) fn packed(entries: &[(&str, &str)], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// `count` lines of trade ticks, a millisecond apart, from 09:30.
pub(crate) fn ticks(count: u64) -> String {
    let line = |n: u64| format!("{},{},{},P,1,0\n", 34_200_000 + n, 1_674_100 + n % 7 * 100, 100 + n % 13);
    (0..count).map(line).collect()
}

/// Puts a zip into a folder.
pub(crate) fn put(root: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn open(bytes: Vec<u8>, limits: Limits) -> Result<Reader, HistoryError> {
    let (calendar, progress) = (Calendar::xnys(), Progress::default());
    let context = Context { calendar: &calendar, instrument: InstrumentId(1), limits, progress: &progress };
    Reader::from_bytes(Path::new("day.zip"), bytes, SourceId(0), context)
}

/// All that a file says.
pub(crate) fn read(bytes: Vec<u8>, limits: Limits) -> (Vec<Item>, Vec<Malformed>) {
    let (mut items, mut faults) = (Vec::new(), Vec::new());
    for next in open(bytes, limits).unwrap() {
        match next {
            Ok(item) => items.push(item),
            Err(malformed) => faults.push(malformed),
        }
    }
    (items, faults)
}
