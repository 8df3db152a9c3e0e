//! TAQ as CSV: trades and quotes of one symbol and day, each with its venue, as the consolidated tapes
//! print them; plain, `.gz` or `.zst`.
//!
//! | file | columns, in any order, by their names in the first line |
//! | --- | --- |
//! | trades | `DT`, `EX`, `SYMBOL`, `COND`, `SIZE` (shares), `PRICE`, `CORR` |
//! | quotes | `DT`, `EX`, `SYMBOL`, `BID`, `BIDSIZ`, `OFR`, `OFRSIZ` (round lots of 100) |
//!
//! `EX`, `COND` and `CORR` may be missing. Times are `2018-01-02T10:01:21.479Z`; without the `Z` they are
//! New York's.
//!
//! - **Conditions** become flags by the one table of [`condition`](alphatrader_model::condition); so do
//!   **corrections**: 00, 01, 07 and 08 are prints (that some were cancelled or corrected later nobody
//!   knew when they were printed), 10 to 12 say so themselves and are marked as busts.
//! - **Quotes** are each venue's own. Every line replaces that venue's bid and offer; what goes out is
//!   the book of venues (a row a venue, as a smart-depth subscription shows it) and the best of them as the
//!   quote, with the largest size that one venue shows at that price. Venues that left a quote standing
//!   make it cross: that is told as it is.
//! - **No aggressor** is stated.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`columns`] | what the columns are, and when a line was |
//! | [`reader`] | [`Reader`]: a file as a stream of items |

pub mod columns;
pub mod reader;

pub use reader::{Reader, TaqFile};
