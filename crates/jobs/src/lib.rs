//! Work over many recorded days.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`discover`] | finding parameters: what is asked, what is found, symbol by symbol |
//! | [`summary`] | one session of one symbol, read once and kept small |
//! | [`survey`] | all sessions of a source, read on all cores |
//! | [`file`](mod@file) | `discovered.yaml`: written whole, read with suspicion, the last thirty kept |
//! | [`synthesize`] | sessions of a synthetic market as recordings |
//! | [`threads`] | a bounded number of threads over a list, answers in its order |
//!
//! `docs/discovery.md` says what each number means and what is refused. The statistics are in
//! `alphatrader-analytics`, module `discovery`; here they are fed, on all cores. The same sessions, seed and
//! incumbent give the same result to the last bit, whatever the number of threads.

pub mod discover;
pub mod file;
pub mod summary;
pub mod survey;
pub mod synthesize;
pub mod threads;

pub use discover::{DiscoverError, Request, discover};
