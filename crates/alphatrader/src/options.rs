//! `alphatrader options`: chains, their exposures, and option prices at the command line.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `source` | a chain from whatever file holds it, with the price of its underlying |
//! | `alpha_vantage` | a saved answer of Alpha Vantage as a chain |
//! | `stated` | a chain made ready to be summed by its source's own Greeks |
//! | `exposure`, `picture` | the exposures of a chain: computed, drawn |
//! | `rows` | the contracts of a chain |
//! | `compare` | own volatility and Greeks against the source's |
//! | `price` | a table of options, priced row by row |
//! | `table` | CSV as it comes in: bounded lines, quoted cells |

pub(crate) mod compare;
pub(crate) mod exposure;
pub(crate) mod price;
pub(crate) mod rows;

mod alpha_vantage;
mod picture;
mod source;
mod stated;
mod table;
