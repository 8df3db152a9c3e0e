//! LEAN's equity files: ticks, seconds and minutes of trades and quotes, as QuantConnect publishes them.
//!
//! | file | columns |
//! | --- | --- |
//! | tick, trade | time, price, size, venue, conditions (hexadecimal bits), suspicious |
//! | tick, quote | time, bid, bid size, ask, ask size, venue, conditions, suspicious |
//! | second or minute, trade | time, open, high, low, close, volume |
//! | second or minute, quote | time, bid open, high, low, close, bid size, ask open, high, low, close, ask size |
//!
//! Times are milliseconds after midnight on the exchange's wall clock; prices are dollars times
//! 10 000, which is the unit of [`Price`](alphatrader_model::Price); sizes are shares.
//!
//! - **Bars** and quotes of a second or a minute are stamped with their start; the reader moves them
//!   to their *end*. The file's last row of a period is only known when the period is over.
//! - **Tick quotes** are the national best bid and offer, one side a line with the venue that sets
//!   it; a zero price leaves the side as it is. (Held against the one-second quotes of the same day,
//!   the last bid line and the last ask line are the best bid and offer in every second, sizes
//!   included; a best over each venue's last line is not.) A bid line and the ask line that follows
//!   it with the same stamp are one change, so no state between the two is ever shown.
//! - **Tick trades** carry sale conditions: see [`condition`].
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`condition`] | what sale conditions mean |
//! | [`kind`] | what kind of file it is, from its name and from its content |
//! | [`reader`] | [`Reader`]: a file as a stream of items |
//! | `decode` | a line as a quote, a trade or a bar |

pub mod condition;
pub mod kind;
pub mod reader;

mod decode;

pub use kind::{Data, Kind, LeanFile, Resolution, Security};
pub use reader::{Counts, Reader};
