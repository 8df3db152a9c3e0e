//! A message file with its book file, and where a book begins.

use std::fs;
use std::path::{Path, PathBuf};

use alphatrader_analytics::book::orders::OrderBook;
use alphatrader_model::Side;

use super::message::is_header;
use super::name::LobsterFile;
use crate::fields::Fields;
use crate::limits::Limits;
use crate::lines::Lines;
use crate::malformed::Reason;
use crate::packed::Packed;
use crate::progress::Progress;

/// Rows of a side of a book file that are read.
const MOST_ROWS: usize = 200;
/// Files beside a message file that are looked at for one that begins its book.
const MOST_BESIDE: usize = 10_000;
/// What stands for the price of a level that is not there.
const NONE: i64 = 9_999_999_999;

/// The book after a line: price and shares by level, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BookRow {
    pub(crate) asks: Vec<(i64, u64)>,
    pub(crate) bids: Vec<(i64, u64)>,
}

impl BookRow {
    /// Reads a line of a book file.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<(), Reason> {
        self.asks.clear();
        self.bids.clear();
        let mut fields = Fields::of(line);
        for _ in 0..MOST_ROWS {
            let ask = level(&mut fields, "ask", "ask size")?;
            let bid = level(&mut fields, "bid", "bid size")?;
            push(&mut self.asks, ask, Side::Sell)?;
            push(&mut self.bids, bid, Side::Buy)?;
            if fields.end().is_ok() {
                return Ok(());
            }
        }
        Err(Reason::ExtraFields)
    }
}

fn level(
    fields: &mut Fields<'_>,
    price: &'static str,
    size: &'static str,
) -> Result<Option<(i64, u64)>, Reason> {
    let price = fields.signed(price, NONE)?;
    let size = fields.number(size, NONE)?;
    Ok((price > 0 && price < NONE && size > 0).then_some((price, size.unsigned_abs())))
}

/// Adds a level that is there; one that is not better than the one after it is damage.
fn push(levels: &mut Vec<(i64, u64)>, level: Option<(i64, u64)>, side: Side) -> Result<(), Reason> {
    let Some(level) = level else { return Ok(()) };
    let worse = levels.last().is_none_or(|last| match side {
        Side::Buy => level.0 < last.0,
        Side::Sell => level.0 > last.0,
    });
    if !worse {
        return Err(Reason::Contradiction);
    }
    levels.push(level);
    Ok(())
}

/// Lines of a file after the line of names, if it has one.
pub(crate) fn open(path: &Path, limits: Limits, progress: &Progress) -> std::io::Result<Body> {
    Ok(Body { lines: Lines::of_packed(Packed::open(path, limits, progress)?, limits), begun: false })
}

/// Lines that are not the first line of names.
pub(crate) struct Body {
    lines: Lines,
    begun: bool,
}

impl Body {
    pub(crate) fn of_bytes(bytes: Vec<u8>, limits: Limits, progress: &Progress) -> std::io::Result<Self> {
        Ok(Self {
            lines: Lines::of_packed(Packed::from_bytes(bytes, limits, progress)?, limits),
            begun: false,
        })
    }

    pub(crate) fn next_line(&mut self) -> Option<(u64, Result<&[u8], Reason>)> {
        if !self.begun {
            self.begun = true;
            let first = self.lines.peek();
            if is_header(first) {
                self.lines.next_line();
            }
        }
        self.lines.next_line()
    }

    pub(crate) fn close(&mut self) {
        self.lines.close();
    }
}

/// The rows of a book file by themselves: each read, or its line and what is wrong with it.
pub(crate) fn rows(
    path: &Path,
    limits: Limits,
    progress: &Progress,
) -> std::io::Result<impl Iterator<Item = Result<(), (u64, Reason)>> + use<>> {
    let (mut body, mut row) = (open(path, limits, progress)?, BookRow::default());
    Ok(std::iter::from_fn(move || {
        let (line, read) = body.next_line()?;
        Some(read.and_then(|line| row.read(line)).map_err(|reason| (line, reason)))
    }))
}

/// The other file of a pair, packed in whichever way.
pub fn other(path: &Path) -> Option<PathBuf> {
    let this = LobsterFile::from_path(path)?;
    let name = path.file_name()?.to_str()?;
    let (from, to) = if this.is_book { ("_orderbook_", "_message_") } else { ("_message_", "_orderbook_") };
    let plain = name.strip_suffix(".zst").or_else(|| name.strip_suffix(".gz")).unwrap_or(name);
    let plain = plain.replace(from, to);
    let packed = ["", ".zst", ".gz"].map(|end| path.with_file_name(format!("{plain}{end}")));
    packed.into_iter().find(|path| path.is_file())
}

/// The book file whose first row is the book after the first line of a message file: its own, or one of
/// the same symbol, day and start whose own messages begin with the same line.
pub fn seed(message: &Path) -> Option<PathBuf> {
    if let Some(own) = other(message) {
        return Some(own);
    }
    let this = LobsterFile::from_path(message)?;
    let first = first_line(message)?;
    let folder = message.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = fs::read_dir(folder).ok()?.take(MOST_BESIDE).filter_map(Result::ok);
    let mut found: Vec<(LobsterFile, PathBuf)> = beside
        .filter_map(|entry| Some((LobsterFile::from_path(&entry.path())?, entry.path())))
        .filter(|(file, _)| file.is_book && file.begins_as(&this))
        .collect();
    // The deepest knows most.
    found.sort_by(|left, right| right.0.levels.cmp(&left.0.levels).then(left.1.cmp(&right.1)));
    let begins_alike = |book: &Path| other(book).and_then(|path| first_line(&path)) == Some(first.clone());
    found.into_iter().map(|(_, path)| path).find(|book| begins_alike(book))
}

/// The first line that is not one of names.
fn first_line(path: &Path) -> Option<Vec<u8>> {
    let mut body = open(path, Limits::default(), &Progress::default()).ok()?;
    let (_, line) = body.next_line()?;
    line.ok().map(<[u8]>::to_vec)
}

/// The first row of a book file.
pub(crate) fn first_row(path: &Path) -> Option<BookRow> {
    let mut row = BookRow::default();
    row.read(&first_line(path)?).ok()?;
    Some(row)
}

/// Lays a row down as size of which no order is known.
pub(crate) fn lay(row: &BookRow, book: &mut OrderBook) {
    for (side, levels) in [(Side::Sell, &row.asks), (Side::Buy, &row.bids)] {
        for (price, size) in levels {
            book.seed(side, *price, *size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_holds_the_levels_that_are_there() {
        let mut row = BookRow::default();
        let line = b"101,5,100,7,9999999999,0,99,1,9999999999,0,-9999999999,0";
        assert_eq!(row.read(line), Ok(()));
        assert_eq!((row.asks, row.bids), (vec![(101, 5)], vec![(100, 7), (99, 1)]));
        let mut row = BookRow::default();
        assert_eq!(row.read(b"101,5,100,7,101,5,99,1"), Err(Reason::Contradiction));
        assert_eq!(row.read(b"101,5,100"), Err(Reason::Missing("bid size")));
        assert_eq!(row.read(b""), Err(Reason::NotANumber("ask")));
    }

    proptest! {
        #[test]
        fn any_row_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = BookRow::default().read(&line);
        }
    }
}
