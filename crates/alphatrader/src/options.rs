//! `alphatrader options`: option prices at the command line.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `price` | a table of options, priced row by row |
//! | `table` | CSV as it comes in: bounded lines, quoted cells |

pub(crate) mod price;
mod table;
