//! Short options that something else held covers: a long option of the same right that lasts at least
//! as long, or shares.
//!
//! A covered unit needs what it can lose at most beside its cover: the distance of the strikes where
//! the short one is nearer to the money, else nothing. That is never more than an uncovered one needs.

use alphatrader_model::{OptionContract, Price, Right, Symbol};

/// An option position in one contract.
#[derive(Debug, Clone, Copy)]
pub(super) struct OptionHeld {
    /// Which.
    pub option: OptionContract,
    /// What a unit is an option on.
    pub underlying: Symbol,
    /// Contracts; positive is long.
    pub units: i64,
    /// Shares per contract.
    pub multiplier: u32,
}

/// Units of a short option with what covers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Covered {
    /// Place of the short option.
    pub short: usize,
    /// Place of the long option that covers it; shares without.
    pub long: Option<usize>,
    /// How many.
    pub units: u64,
    /// What a share of a unit can lose at most; nothing where shares cover it.
    pub risk: Price,
}

/// Pairs short options with what covers them, the least risk first; `shares` says how many shares of
/// an underlying are held (negative when short). What is left of a short option is uncovered.
pub(super) fn cover(held: &[OptionHeld], shares: impl Fn(Symbol) -> i64) -> Vec<Covered> {
    let mut left: Vec<u64> = held.iter().map(|position| position.units.unsigned_abs()).collect();
    let mut covered = cover_by_shares(held, &mut left, shares);
    let mut pairs: Vec<(Price, usize, usize)> = Vec::new();
    for (short, sold) in held.iter().enumerate().filter(|(_, position)| position.units < 0) {
        for (long, bought) in held.iter().enumerate().filter(|(_, position)| position.units > 0) {
            let same = sold.underlying == bought.underlying && sold.option.right == bought.option.right;
            if same && sold.multiplier == bought.multiplier && bought.option.expiry >= sold.option.expiry {
                pairs.push((risk(&sold.option, &bought.option), short, long));
            }
        }
    }
    pairs.sort_by_key(|(risk, short, long)| (*risk, *short, *long));
    for (risk, short, long) in pairs {
        let units = left[short].min(left[long]);
        if units > 0 {
            left[short] -= units;
            left[long] -= units;
            covered.push(Covered { short, long: Some(long), units, risk });
        }
    }
    covered
}

/// Calls sold against shares that are held, puts sold against shares that are sold short.
fn cover_by_shares(held: &[OptionHeld], left: &mut [u64], shares: impl Fn(Symbol) -> i64) -> Vec<Covered> {
    let mut used: Vec<(Symbol, Right, u64)> = Vec::new();
    let mut covered = Vec::new();
    for (short, sold) in held.iter().enumerate().filter(|(_, position)| position.units < 0) {
        let all = shares(sold.underlying);
        let usable = if sold.option.right == Right::Call { all.max(0) } else { -all.min(0) }.unsigned_abs();
        let key = (sold.underlying, sold.option.right);
        let place = used.iter().position(|(of, right, _)| (*of, *right) == key).unwrap_or_else(|| {
            used.push((key.0, key.1, 0));
            used.len() - 1
        });
        let per_unit = u64::from(sold.multiplier).max(1);
        let units = left[short].min(usable.saturating_sub(used[place].2) / per_unit);
        if units > 0 {
            used[place].2 += units * per_unit;
            left[short] -= units;
            covered.push(Covered { short, long: None, units, risk: Price::ZERO });
        }
    }
    covered
}

fn risk(sold: &OptionContract, bought: &OptionContract) -> Price {
    let distance = match sold.right {
        Right::Call => bought.strike.raw() - sold.strike.raw(),
        Right::Put => sold.strike.raw() - bought.strike.raw(),
    };
    Price::from_raw(distance.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str, units: i64) -> OptionHeld {
        let contract: alphatrader_model::Contract = name.parse().unwrap();
        let underlying = Symbol::new("SPY").unwrap();
        OptionHeld { option: *contract.option().unwrap(), underlying, units, multiplier: 100 }
    }

    #[test]
    fn spreads_are_paired_by_the_least_risk() {
        let positions = [
            held("SPY261123C00600000", -3),
            held("SPY261123C00605000", 2),
            held("SPY261123C00595000", 2),
            held("SPY261123P00600000", -1),
            held("SPY261124P00590000", 1),
        ];
        let pairs = cover(&positions, |_| 0);
        let one = |short, long, units, dollars: i64| Covered {
            short,
            long: Some(long),
            units,
            risk: Price::from_cents(dollars * 100),
        };
        assert_eq!(pairs, [one(0, 2, 2, 0), one(0, 1, 1, 5), one(3, 4, 1, 10)]);
    }

    #[test]
    fn a_cover_must_last_as_long_and_shares_cover_once() {
        let early = [held("SPY261124C00600000", -1), held("SPY261123C00590000", 1)];
        assert_eq!(cover(&early, |_| 0), []);
        let calls =
            [held("SPY261123C00600000", -2), held("SPY261124C00610000", -2), held("SPY261124P00610000", -1)];
        let covered = cover(&calls, |_| 350);
        let by_shares = |short, units| Covered { short, long: None, units, risk: Price::ZERO };
        assert_eq!(covered, [by_shares(0, 2), by_shares(1, 1)]);
        assert_eq!(cover(&calls, |_| -100), [by_shares(2, 1)]);
    }
}
