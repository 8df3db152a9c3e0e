//! Hot state and the ledger.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`ledger`] | [`Ledger`]: one SQLite file, an append-only journal and its projections |
//! | [`writer`] | [`LedgerWriter`]: its thread, with group commit |
//! | [`fallback`] | the pre-allocated file for records that the ledger cannot take |
//! | [`hot`] | [`HotStore`]: the newest value of everything, with expiry, and its [`Publisher`] |

pub mod fallback;
pub mod hot;
pub mod ledger;
pub mod writer;

pub use hot::{HotError, HotStore, MemoryStore, Publisher};
pub use ledger::{Ledger, LedgerError, Recorded, Recovery, Step};
pub use writer::{AppendError, LedgerWriter, ShutdownError, WriterMetrics};

#[cfg(test)]
#[path = "../tests/it/samples.rs"]
mod samples;

/// The samples name this crate as its users do.
#[cfg(test)]
extern crate self as alphatrader_store;
