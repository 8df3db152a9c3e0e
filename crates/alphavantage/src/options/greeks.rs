//! The source's deltas against ours.

use alphatrader_analytics::options::{Terms, delta, years_between};
use alphatrader_model::{ChainEntry, Price, Timestamp};

/// Rows looked at, spread over the chain.
const SAMPLE: usize = 512;
/// Rows that are needed to say anything.
const LEAST: usize = 8;

/// Median absolute difference of the source's delta and ours at the source's volatility, among rows whose delta is
/// between a tenth and nine tenths. Absent with fewer than eight such rows.
pub(super) fn median_delta_difference(
    rows: &[ChainEntry],
    spot: Price,
    rate: f64,
    now: Timestamp,
) -> Option<f64> {
    let usable = |row: &&ChainEntry| row.greeks.delta.is_some_and(|delta| (0.1..0.9).contains(&delta.abs()));
    let count = rows.iter().filter(usable).count();
    let step = count.div_ceil(SAMPLE).max(1);
    let difference = |row: &ChainEntry| {
        let terms = Terms {
            right: row.contract.right,
            spot: spot.to_f64(),
            strike: row.contract.strike.to_f64(),
            years: years_between(now, row.settles),
            rate,
            dividend_yield: 0.0,
        };
        let ours = delta(&terms, row.implied_volatility?).ok()?;
        Some((ours - row.greeks.delta?).abs())
    };
    let mut differences: Vec<f64> = rows.iter().filter(usable).step_by(step).filter_map(difference).collect();
    if differences.len() < LEAST {
        return None;
    }
    differences.sort_by(f64::total_cmp);
    Some(differences[differences.len() / 2])
}
