//! Orders that excite orders: exponential Hawkes processes (Hawkes 1971; Bacry, Mastromatteo, Muzy 2015).
//!
//! | module | what |
//! | --- | --- |
//! | [`univariate`] | `λ(t) = μ + Σ a exp(-b (t - t_i))`: parameters, filter, likelihood |
//! | [`bivariate`] | the same for buyers and sellers: each side excites itself and the other |
//! | [`baseline`] | operational time: the day's usual pattern divided out |
//! | [`fit`] | maximum likelihood, and when to refuse it |
//! | [`state`] | [`OrderFlow`]: intensities and the chance that the next order buys, of one symbol |
//!
//! Times here are seconds of *operational* time: traded seconds (halts do not count), stretched where a
//! session is usually busy. All prints of one instant and side are one event: one order that swept several
//! others is one decision, and counting it as many sends the branching ratio to one.

pub mod baseline;
pub mod bivariate;
pub mod fit;
pub mod state;
pub mod univariate;

pub use baseline::Baseline;
pub use bivariate::Bivariate;
pub use fit::{HawkesRefusal, fit_bivariate, fit_univariate};
pub use state::OrderFlow;
pub use univariate::Univariate;

use thiserror::Error;

/// Numbers that are not the parameters of a stationary process.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error(
    "base rates and decays must be above zero, excitations not below, and the branching ratio {0} below one"
)]
pub struct NotStationary(pub f64);
