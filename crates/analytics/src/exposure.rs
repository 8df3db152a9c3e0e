//! What a chain says when its contracts are summed: exposures, levels, moves, flow.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`state`] | [`ChainState`]: the chain of one underlying; single quotes patch its sums |
//! | [`apply`] | chains of several sources taken in, one row for each contract |
//! | [`revaluation`] | everything valued anew, at once or in slices |
//! | [`conventions`] | [`Conventions`]: assumptions; [`Moment`]: the instant by the calendar |
//! | [`document`] | [`ExposureDocument`]: the result as JSON |
//! | `rows`, `index` | the columns, sorted by expiry, root, strike and right, and how they hang together |
//! | `kernel`, `value` | both options of a strike at once; what they put into the sums |
//! | `sums`, `accounts` | sums that keep their rounding errors; by strike, expiry and range of expiries |
//! | `profile`, `zeros` | gamma exposure if spot were elsewhere, and where it crosses zero |
//! | `levels`, `pain`, `pin`, `expiry`, `unusual`, `forward` | what the numbers mark |
//!
//! Units and signs are those of [`alphatrader_model::exposure`]. The row filter, in this order, each with its counter:
//! expired, open interest unknown, multiplier unknown, no volatility, volatility outside (0, 5). Open interest of zero
//! is counted and adds nothing. Stale and crossed quotes are counted and flagged.

pub mod apply;
pub mod conventions;
pub mod document;
pub mod revaluation;
pub mod state;

mod accounts;
mod draft;
mod expiry;
mod exponential;
mod forward;
mod index;
mod kernel;
mod levels;
mod pain;
mod pin;
mod profile;
mod rows;
mod sums;
mod unusual;
mod value;
mod zeros;

#[cfg(test)]
mod tests;

use alphatrader_model::calendar::Calendar;
use alphatrader_model::chain::ChainSnapshot;
use alphatrader_model::exposure::ChainExposure;
use thiserror::Error;

pub use apply::{Applied, ChainError};
pub use conventions::{BUCKETS, Conventions, Forwards, Moment};
pub use document::ExposureDocument;
pub use revaluation::{Progress, Revaluation};
pub use rows::{RowFlags, RowGreeks, RowStatus, VolatilityFrom};
pub use state::{ChainCounts, ChainState, ContractQuote, ExposureError, Patched, RowView};
pub use unusual::MOST_UNUSUAL;

/// Why a chain has no exposures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoExposure {
    /// The chain was refused.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It says nothing.
    #[error(transparent)]
    Exposure(#[from] ExposureError),
}

/// The exposures of one chain by itself, at its own instant.
///
/// # Errors
/// [`NoExposure`].
pub fn exposure_of(
    chain: &ChainSnapshot,
    conventions: Conventions,
    calendar: &Calendar,
) -> Result<ChainExposure, NoExposure> {
    let mut state = ChainState::new(chain.underlying, conventions);
    state.apply(chain, chain.as_of)?;
    Ok(state.revalue(&Moment::new(calendar, chain.as_of))?.clone())
}
