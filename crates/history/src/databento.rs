//! Databento's DBN files, plain, `.zst` or `.gz`, versions 1 to 3, decoded by their publisher's own crate.
//!
//! | schema | here |
//! | --- | --- |
//! | `mbo` | a book order by order: its first ten rows as edits by position, the touch as quotes, trades |
//! | `mbp-10`, `mbp-1` | the book as the vendor sums it: rows, quotes, trades |
//! | `trades` | trades |
//! | `definition` | instruments |
//! | `statistics` | open interest of options, as rows of the chain |
//! | `tbbo`, `bbo-*`, `cmbp-1`, `cbbo-*`, `tcbbo`, `ohlcv-*`, `status`, `imbalance` | known, counted by `data inspect`, not played |
//!
//! - **Prices** are 1e-9 of the currency; one that is no whole number of 1/10 000 is refused and counted,
//!   but keeps its place in a book.
//! - **The aggressor** of a trade is the side of the record: `B` bought, `A` sold, `N` is not known. Fills
//!   (`F`) are the other side of a trade and not counted again.
//! - **A book** changes at the end of an event (`F_LAST`), never between its records. A snapshot
//!   (`F_SNAPSHOT`, after a clear `R`) is one event and happens when it was *received*: its orders are older.
//!   Where the publisher lost messages (`F_MAYBE_BAD_BOOK`), quotes and depth have a gap.
//! - **Time** is that of the matching engine; where it goes back (records are in the order in which they
//!   were received), it is that of the record before.
//! - **Names**: an instrument goes by the name that the file's symbology gives its number on that day; one
//!   without a name by its number (`I5482`).
//! - Of several publishers of one instrument, the first one's book is told, and the trades of all.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`frames`] | [`Frames`](frames::Frames): the records of a file |
//! | [`names`] | [`Names`](names::Names): which contract a number is, and when |
//! | [`orders`] | what a record says of a book of orders |
//! | [`define`] | a definition as an instrument |
//! | [`reader`] | [`Reader`]: a file as a stream of items |

pub mod define;
pub mod frames;
pub mod names;
pub mod orders;
pub mod reader;

use std::path::Path;

pub use dbn::Schema;
pub use reader::{DbnFile, Reader};

use crate::packed::has_extension;

/// Whether a name is one of a DBN file.
pub(crate) fn is_named(path: &Path) -> bool {
    has_extension(path, "dbn")
}

/// Units of DBN's prices in one of [`Price`](alphatrader_model::Price).
pub(crate) const UNITS: i64 = 100_000;

/// Whether files of a schema are played.
pub const fn is_played(schema: Schema) -> bool {
    matches!(
        schema,
        Schema::Mbo | Schema::Mbp1 | Schema::Mbp10 | Schema::Trades | Schema::Definition | Schema::Statistics
    )
}
