//! Order flow of the session over sliding windows of one-second slots, in exact integers.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`signed_volume`] | [`SignedVolume`]: bought less sold shares of a minute |
//! | [`extremes`] | [`Extremes`]: high and low of five minutes before the current second |
//! | [`sweep`] | [`Sweeps`]: prints so close together that one order stands behind them |
//! | [`unusual`] | [`MinuteVolumes`]: the running minute against those before it |
//! | [`same_minute`] | [`SameMinute`]: the running minute against the same minute of earlier sessions |
//! | [`opening`] | [`Opening`]: range of the session's first minutes |
//! | [`vwap`] | [`Vwap`]: volume-weighted average price of the session, and its bands |
//! | [`coverage`] | [`Coverage`]: since when prints have been seen without a hole |

pub mod coverage;
pub mod extremes;
pub mod opening;
pub mod same_minute;
pub mod signed_volume;
pub mod sweep;
pub mod unusual;
pub mod vwap;

pub use coverage::Coverage;
pub use extremes::Extremes;
pub use opening::Opening;
pub use same_minute::SameMinute;
pub use signed_volume::SignedVolume;
pub use sweep::Sweeps;
pub use unusual::MinuteVolumes;
pub use vwap::Vwap;
