//! Max pain: the listed strike at which the holders of one expiry gain least if it settles there.
//!
//! Needs open interest alone, so rows without a volatility count. In whole units: ties are ties.

use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

/// Shares under call and put at one strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) strike: Price,
    pub(crate) calls: u64,
    pub(crate) puts: u64,
}

/// Of strikes that ascend, the one with the least intrinsic value; of two, the nearer to spot.
pub(crate) fn max_pain(held: &[Held], spot: f64) -> Option<Price> {
    let first = held.first()?.strike;
    let far = |strike: Price| i128::from(strike.raw()) - i128::from(first.raw());
    // Settling at the lowest strike, every put is worth its distance from there.
    let mut value: i128 = held.iter().map(|at| i128::from(at.puts) * far(at.strike)).sum();
    let mut below: i128 = 0;
    let mut above: i128 = held.iter().map(|at| i128::from(at.puts)).sum();
    let mut best: Option<(i128, f64, Price)> = None;
    let mut last = first;
    for at in held {
        let step = i128::from(at.strike.raw()) - i128::from(last.raw());
        value += (below - above) * step;
        last = at.strike;
        let away = (at.strike.to_f64() - spot).abs();
        let better = match best {
            None => true,
            Some((least, nearest, _)) => value < least || (value == least && away < nearest),
        };
        if better {
            best = Some((value, away, at.strike));
        }
        below += i128::from(at.calls);
        above -= i128::from(at.puts);
    }
    best.map(|(_, _, strike)| strike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn held(dollars: i64, calls: u64, puts: u64) -> Held {
        Held { strike: Price::from_cents(dollars * 100), calls, puts }
    }

    #[test]
    fn holders_gain_least() {
        // At 100: calls of 95 gain 5·10, puts of 105 gain 5·10. At 95 and 105: 10·10 of one side.
        assert_eq!(
            max_pain(&[held(95, 10, 0), held(100, 1, 1), held(105, 0, 10)], 97.0),
            Some(Price::from_cents(10_000))
        );
        assert_eq!(max_pain(&[], 97.0), None);
        // Nothing is open: every strike is a tie.
        assert_eq!(max_pain(&[held(95, 0, 0), held(100, 0, 0)], 97.0), Some(Price::from_cents(9_500)));
    }

    proptest! {
        #[test]
        fn it_is_the_least_by_counting(open in prop::collection::vec((0_u64..50, 0_u64..50), 1..20)) {
            let rows: Vec<Held> =
                open.iter().enumerate().map(|(at, (c, p))| held(90 + at as i64, *c, *p)).collect();
            let at = |settle: i64| -> i64 {
                rows.iter()
                    .map(|row| {
                        let strike = row.strike.raw() / 10_000;
                        row.calls as i64 * (settle - strike).max(0) + row.puts as i64 * (strike - settle).max(0)
                    })
                    .sum()
            };
            let found = max_pain(&rows, 95.0).unwrap().raw() / 10_000;
            let least = rows.iter().map(|row| at(row.strike.raw() / 10_000)).min().unwrap();
            prop_assert_eq!(at(found), least);
        }
    }
}
