//! Finding parameters in recorded sessions: the statistics, without reading, threads or files.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`slices`] | [`SessionSlices`]: one session of one symbol in slices of five seconds |
//! | [`buckets`] | volume buckets cut from slices, as they are or with their signs drawn anew |
//! | [`foretell`] | what VPIN says of the volatility to come, beyond the volatility that was |
//! | [`moments`] | sums of squares and products by session, and regressions from them |
//! | [`memory`] | autocorrelation inside sessions, robust to changing variance |
//! | [`resample`] | sessions drawn with replacement, in runs |
//! | [`rank`] | ranks, Spearman's correlation, quantiles |
//! | [`choose`] | rules of choice: one standard error, the daily step, admissible alert levels |
//!
//! Chance comes from the caller as random bits, so that equal seeds give equal results whatever the number of
//! threads. The rules are those of `docs/discovery.md`.

pub mod buckets;
pub mod choose;
pub mod foretell;
pub mod memory;
pub mod moments;
pub mod rank;
pub mod resample;
pub mod slices;

pub use slices::SessionSlices;
