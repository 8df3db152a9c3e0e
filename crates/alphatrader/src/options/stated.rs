//! A chain made ready to be summed by the Greeks that its source states: what it states is counted, row by row.
//!
//! Two things would leave stated gammas out, and other programs that print the same file count them:
//!
//! - Contracts that settled earlier on the chain's day (a table of 16:31 still states the gammas of that day's
//!   expiry). The chain is then valued a minute before the first of them settled.
//! - Rows whose volatility is stated as zero or not at all beside a gamma that is not. Delta and gamma are the stated
//!   ones; for vanna and charm the volatility stated at the nearest strike of that expiry is taken.
//!
//! Both are said in words.

use alphatrader_model::chain::ChainEntry;
use alphatrader_model::{ChainSnapshot, Span};

/// Volatilities at and above which nothing is counted.
const LIMIT: f64 = 5.0;

/// The chain made ready, and what to say about it.
pub(crate) fn as_stated(chain: &ChainSnapshot) -> (ChainSnapshot, Vec<String>) {
    let (mut ready, mut notes) = (chain.clone(), Vec::new());
    let states = |row: &ChainEntry| row.greeks.gamma.is_some_and(|gamma| gamma != 0.0);
    let settled = |row: &&ChainEntry| {
        let today = chain.as_of.since(row.settles);
        row.settles <= chain.as_of && today < Span::from_minutes(24 * 60) && states(row)
    };
    let first = chain.rows.iter().filter(settled).map(|row| row.settles).min();
    if let Some(first) = first {
        let count = chain.rows.iter().filter(settled).count();
        ready.as_of = first - Span::MINUTE;
        notes.push(format!(
            "{count} contracts that were settled by then are counted, as the source still states their gammas; --greeks own leaves them out"
        ));
    }
    let filled = fill(&mut ready.rows);
    if filled > 0 {
        notes.push(format!(
            "{filled} rows state a gamma and no volatility: counted by their delta and gamma; their vanna and charm by the volatility of the nearest strike"
        ));
    }
    (ready, notes)
}

fn usable(row: &ChainEntry) -> Option<f64> {
    row.implied_volatility.filter(|iv| *iv > 0.0 && *iv < LIMIT)
}

/// Rows are sorted by expiry and strike: the nearest usable one before or after, of the same expiry.
fn fill(rows: &mut [ChainEntry]) -> usize {
    let mut filled = 0;
    for expiry in rows.chunk_by_mut(|left, right| left.contract.expiry == right.contract.expiry) {
        let known: Vec<(f64, f64)> =
            expiry.iter().filter_map(|row| Some((row.contract.strike.to_f64(), usable(row)?))).collect();
        for row in expiry.iter_mut() {
            let states = row.greeks.gamma.is_some_and(|gamma| gamma != 0.0);
            if !states || usable(row).is_some() {
                continue;
            }
            let strike = row.contract.strike.to_f64();
            let after = known.partition_point(|(other, _)| *other < strike);
            let near = [after.checked_sub(1).and_then(|at| known.get(at)), known.get(after)];
            let nearest = near
                .into_iter()
                .flatten()
                .min_by(|left, right| (left.0 - strike).abs().total_cmp(&(right.0 - strike).abs()));
            // Of an expiry without any volatility: one that makes vanna and charm of no account away from spot.
            row.implied_volatility = Some(nearest.map_or(0.01, |(_, iv)| *iv));
            filled += 1;
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::chain::{Exercise, Provider, VendorGreeks};
    use alphatrader_model::{Symbol, Timestamp};

    fn row(name: &str, gamma: f64, iv: Option<f64>, settles: i64) -> ChainEntry {
        ChainEntry {
            contract: name.parse().unwrap(),
            multiplier: Some(100),
            exercise: Exercise::American,
            settles: Timestamp::from_seconds(settles),
            bid: None,
            ask: None,
            bid_size: None,
            ask_size: None,
            last: None,
            volume: None,
            open_interest: Some(1),
            implied_volatility: iv,
            greeks: VendorGreeks { gamma: Some(gamma), ..VendorGreeks::default() },
            quoted_at: None,
        }
    }

    #[test]
    fn what_is_stated_is_made_countable_and_said() {
        let chain = |rows| ChainSnapshot {
            underlying: Symbol::new("SPY").unwrap(),
            provider: Provider::Cboe,
            as_of: Timestamp::from_seconds(10_000),
            spot: None,
            expiry: None,
            delayed: true,
            rows,
        };
        let (ready, notes) = as_stated(&chain(vec![
            row("SPY230914C00100000", 0.0, Some(0.0), 9_000),
            row("SPY230914C00101000", 0.1, Some(0.0), 9_000),
            row("SPY230915C00100000", 0.1, Some(0.2), 99_000),
            row("SPY230915C00101000", 0.1, None, 99_000),
            row("SPY230915C00109000", 0.1, Some(0.3), 99_000),
        ]));
        assert_eq!(ready.as_of, Timestamp::from_seconds(9_000 - 60));
        let ivs: Vec<Option<f64>> = ready.rows.iter().map(|row| row.implied_volatility).collect();
        assert_eq!(ivs, [Some(0.0), Some(0.01), Some(0.2), Some(0.2), Some(0.3)]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        let plain = chain(vec![
            row("SPY230914C00100000", 0.0, Some(0.0), 9_000),
            row("SPY230915C00100000", 0.1, Some(0.2), 99_000),
        ]);
        assert_eq!(as_stated(&plain), (plain.clone(), Vec::new()));
    }
}
