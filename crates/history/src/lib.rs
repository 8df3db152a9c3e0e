//! Readers of recorded markets, and their merge into one order.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`item`] | [`Item`]: one thing that happened, with the source and the line that said so |
//! | [`malformed`] | [`Malformed`]: one line, or the rest of a file, that could not be read, and why |
//! | [`error`] | [`HistoryError`]: why nothing can be read at all |
//! | `archive` | entries of a zip as a stream of bytes, whole, truncated or hostile |
//! | `packed` | a file as a stream of bytes: plain, gzip or zstd |
//! | `lines` | lines of an entry or a file, each bounded, none copied |
//! | `fields` | fields of a line |
//! | `ladder` | the top of a book as edits by position |
//! | `context` | what a reader needs to know beyond its file |
//! | [`lean`] | LEAN's equity files: ticks, seconds, minutes; trades and quotes |
//! | [`lobster`] | LOBSTER's order events of one stock and day, with the book after each |
//! | [`databento`] | Databento's DBN files |
//! | [`rebuild`] | a book from single orders, record by record |
//! | [`taq`] | TAQ's trades and quotes |
//! | [`kind`] | what a file is, whoever published it |
//! | [`reader`] | [`Reader`]: a file of any kind as a stream of items |
//! | [`merge`] | [`Merge`]: several sources in the one order |
//! | [`locate()`] | which files of a folder hold a symbol's day, the finest first |
//! | [`days`] | [`Days`]: which days can be played, and a day of several symbols in one order |
//! | [`inspect()`] | what is in a file: first and last instant, records, trades |
//! | [`progress`] | [`Progress`]: bytes read of all bytes, for a progress bar |
//! | [`recording`] | our own recordings: the format, its writer, its readers |
//! | [`chain`] | option chains: Cboe's tables, LEAN's option days and universes, daily rows |
//! | [`economic`] | economic events: files of the user's (CSV, ICS), estimates by rule |
//! | [`tables`] | the market as Parquet or CSV: the archive, and what is exported |
//! | `foreign` | what a file is that is none of ours |
//! | `walk` | files below a folder, sorted and bounded |
//!
//! The way of a line: [`locate()`] chooses files, [`Located::open`] gives a [`Merge`] of
//! [`Reader`]s, each of which streams its file through a window of 64 KiB; no file is loaded
//! whole and no line becomes a `String`. Bars and quotes of a second or a minute carry their *end*:
//! what a reader hands over at an instant was known at that instant.
//!
//! Nothing a file holds makes a reader panic or grow: lines, entries and unpacked bytes are bounded
//! by [`Limits`], and what cannot be read is a [`Malformed`] among the items.

pub mod chain;
pub mod databento;
pub mod days;
pub mod economic;
pub mod error;
pub mod inspect;
pub mod item;
pub mod kind;
pub mod lean;
pub mod limits;
pub mod lobster;
pub mod locate;
pub mod malformed;
pub mod merge;
pub mod progress;
pub mod reader;
pub mod rebuild;
pub mod recording;
pub mod tables;
pub mod taq;

mod archive;
mod context;
mod fields;
mod foreign;
mod ladder;
mod lines;
mod packed;
mod walk;

pub use context::Context;
pub use days::{Days, Play};
pub use error::HistoryError;
pub use inspect::{FileReport, Inspection, inspect};
pub use item::{Item, SourceId};
pub use kind::Kind;
pub use limits::Limits;
pub use locate::{Chosen, Located, locate};
pub use malformed::{Malformed, Reason};
pub use merge::Merge;
pub use packed::{Unpacked, unpacked};
pub use progress::Progress;
pub use reader::Reader;
pub use rebuild::Rebuild;
