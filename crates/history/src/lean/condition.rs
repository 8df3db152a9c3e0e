//! Conditions of LEAN's files: of prints by the one table of [`alphatrader_model::condition`], of quotes here.

pub use alphatrader_model::condition::of_lean as flags;

/// Conditions of a quote that make its prices a band of permitted prices (limit up, limit down)
/// instead of a quote.
pub(super) const PRICE_BAND: u64 = 1 << 18 | 1 << 19;
