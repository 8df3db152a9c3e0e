//! What the name of a file says.

use std::path::Path;

use alphatrader_model::Symbol;
use jiff::civil::Date;

/// A file of LOBSTER's by its name, `SYMBOL_DATE_START_END_message_LEVELS.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LobsterFile {
    /// Of whom.
    pub symbol: Symbol,
    /// Of which exchange day.
    pub date: Date,
    /// First and last millisecond after midnight.
    pub span: (u32, u32),
    /// Levels of a side: of a message file, those whose events it holds.
    pub levels: u16,
    /// Whether it is the book file.
    pub is_book: bool,
}

impl LobsterFile {
    /// What a name says; nothing when it is no such name.
    pub fn from_path(path: &Path) -> Option<Self> {
        let stem = stem(path.file_name()?.to_str()?)?;
        let mut words = stem.split('_');
        let symbol = Symbol::new(words.next()?).ok()?;
        let date = words.next()?.parse().ok()?;
        let span = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let is_book = match words.next()? {
            "message" => false,
            "orderbook" => true,
            _ => return None,
        };
        let levels = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self { symbol, date, span, levels, is_book })
    }

    /// Whether two files tell of the same symbol from the same instant on.
    pub(super) fn begins_as(&self, other: &Self) -> bool {
        (self.symbol, self.date, self.span.0) == (other.symbol, other.date, other.span.0)
    }
}

/// A name without its ends: `.csv`, and a way of packing.
fn stem(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".zst").or_else(|| name.strip_suffix(".gz")).unwrap_or(name);
    name.strip_suffix(".csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_pairs_found() {
        let read = |name: &str| LobsterFile::from_path(Path::new(name));
        let message = read("x/AAPL_2012-06-21_34200000_57600000_message_10.csv.zst").unwrap();
        assert_eq!((message.symbol.as_str(), message.levels, message.is_book), ("AAPL", 10, false));
        assert_eq!((message.date.to_string().as_str(), message.span.0), ("2012-06-21", 34_200_000));
        let book = read("AAPL_2012-06-21_34200000_57600000_orderbook_10.csv.gz").unwrap();
        assert_eq!((book.is_book, book.span), (true, message.span));
        let deeper = read("AAPL_2012-06-21_34200000_37800000_message_50.csv").unwrap();
        assert!(deeper.begins_as(&book));
        for name in [
            "AAPL_2012-06-21_34200000_57600000_message_10.zip",
            "AAPL_2012-06-21_34200000_57600000_trades_10.csv",
            "AAPL_2012-06-31_34200000_57600000_message_10.csv",
            "AAPL_2012-06-21_34200000_57600000_message_10_x.csv",
            "aapl_20120621.csv",
            "",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
