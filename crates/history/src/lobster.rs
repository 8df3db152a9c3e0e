//! LOBSTER: Nasdaq's order events of one stock and day, and the book after each of them.
//!
//! Two files a day, line for line: `AAPL_2012-06-21_34200000_57600000_message_10.csv` and the same with
//! `orderbook`; plain, `.gz` or `.zst`, with or without a line of names. What a file is stands in its name
//! alone: symbol, exchange date, first and last millisecond, levels.
//!
//! | column of a message | |
//! | --- | --- |
//! | time | seconds after midnight in New York, to the nanosecond |
//! | type | 1 new, 2 partly cancelled, 3 deleted, 4 executed, 5 hidden order executed, 6 cross, 7 halt |
//! | order, size, price | price in 1/10 000 dollar; of a halt −1 (stopped), 0 (quoting again), 1 (trading again) |
//! | direction | of the *resting* order: 1 buys, −1 sells |
//!
//! What becomes of it:
//!
//! - **Executions** are trades; the aggressor is the other side of the resting order. Prints of one stamp
//!   and side are one marketable order: adding them up is for whoever looks for sweeps.
//! - **Hidden executions** are trades marked [hidden](alphatrader_model::market::TradeFlags::HIDDEN). The
//!   direction of their line is not to be relied on: who was the aggressor is told by the price against the
//!   middle of the book before the line, and nobody at the middle.
//! - **Crosses** are trades marked as auction, without aggressor. **Halts** are trading states.
//! - **The book** is the vendor's own where the book file is there: its first ten rows as edits by
//!   position, and the touch as quotes. With messages alone the book is built order by order from the
//!   first row of a book file of the same symbol and start (see [`pair::seed`]); without any, what rested
//!   before the first line is not known, and no quote is told.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`name`] | [`LobsterFile`]: what a name says |
//! | [`message`] | a line of a message file |
//! | [`pair`] | a message file with its book file, and where a book begins |
//! | [`reader`] | [`Reader`]: a day as a stream of items |

pub mod message;
pub mod name;
pub mod pair;
pub mod reader;

pub use name::LobsterFile;
pub use reader::Reader;
