//! Volatility regimes: a hidden Markov chain filtered forward, hysteresis, and percentiles as the floor.
//!
//! | module | what |
//! | --- | --- |
//! | [`chain`] | [`Chain`]: the parameters of a hidden Markov chain of at most four variances, checked |
//! | [`filter`] | [`Filter`]: the probabilities of its states now, from the past alone |
//! | [`fit`] | Baum and Welch's EM over whole sessions, for discovery |
//! | [`hysteresis`] | when a state is entered and left |
//! | [`percentile`] | the fallback, always on: today's variance among earlier sessions at this time of day |
//! | [`state`] | [`RegimeState`]: all of it for one symbol, fed with mids |
//!
//! Only filtered probabilities are used live: smoothed and Viterbi states look into the future. In the
//! worked example the first filtered and smoothed probabilities differ by 0.38.

pub mod chain;
pub mod filter;
pub mod fit;
pub mod hysteresis;
pub mod percentile;
pub mod state;

pub use chain::{Chain, ChainError, MAX_STATES};
pub use filter::Filter;
pub use fit::{Fit, FitRefusal, fit};
pub use hysteresis::Hysteresis;
pub use percentile::Percentiles;
pub use state::RegimeState;
