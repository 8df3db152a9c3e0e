//! Spot from the options themselves, where the source states none.
//!
//! A call less a put of the same strike is worth a forward less the strike, so strike + call − put is the price at
//! which the underlying is bought for that expiry: spot, but for interest and dividends until then. The nearest
//! expiry that is not settled yet is taken, and of it the median of the strikes where call and put differ least. For
//! a day's options the difference to spot is a few cents in a hundred dollars at most; for American options
//! near the money the early exercise of the put takes less than that.

use alphatrader_model::chain::{ChainEntry, ChainSnapshot};
use alphatrader_model::instrument::Right;
use jiff::civil::Date;

/// Strikes whose median is taken.
const STRIKES: usize = 5;

/// What the options say of spot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParitySpot {
    /// Dollars.
    pub spot: f64,
    /// Of which expiry.
    pub expiry: Date,
    /// How many strikes it rests on.
    pub strikes: usize,
}

/// Spot by put-call parity at the nearest expiry where both sides of at least one strike are quoted.
pub fn spot(chain: &ChainSnapshot) -> Option<ParitySpot> {
    let live = |row: &&ChainEntry| row.settles > chain.as_of && row.multiplier.is_some();
    let mut rows: Vec<&ChainEntry> = chain.rows.iter().filter(live).collect();
    rows.sort_by_key(|row| (row.settles, row.contract.root, row.contract.strike, row.contract.right));
    let mut from = 0;
    while from < rows.len() {
        let key = (rows[from].settles, rows[from].contract.root);
        let until = rows[from..]
            .iter()
            .position(|row| (row.settles, row.contract.root) != key)
            .map_or(rows.len(), |more| from + more);
        if let Some(found) = of_expiry(&rows[from..until]) {
            return Some(found);
        }
        from = until;
    }
    None
}

/// Rows of one expiry and root, by strike, the call before the put.
fn of_expiry(rows: &[&ChainEntry]) -> Option<ParitySpot> {
    let mut pairs: Vec<(f64, f64)> = rows
        .windows(2)
        .filter(|pair| pair[0].contract.strike == pair[1].contract.strike)
        .filter(|pair| (pair[0].contract.right, pair[1].contract.right) == (Right::Call, Right::Put))
        .filter_map(|pair| {
            let difference = pair[0].mid()? - pair[1].mid()?;
            Some((difference.abs(), pair[0].contract.strike.to_f64() + difference))
        })
        .filter(|(_, spot)| *spot > 0.0)
        .collect();
    pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
    pairs.truncate(STRIKES);
    let mut spots: Vec<f64> = pairs.iter().map(|(_, spot)| *spot).collect();
    spots.sort_by(f64::total_cmp);
    let middle = *spots.get(spots.len().checked_sub(1)? / 2)?;
    Some(ParitySpot { spot: middle, expiry: rows.first()?.contract.expiry, strikes: spots.len() })
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;
    use alphatrader_model::chain::Provider;
    use alphatrader_model::{Calendar, Price, Symbol};

    fn chain(quotes: &[(&str, f64)]) -> ChainSnapshot {
        let calendar = Calendar::xnys();
        let row = |(name, mid): &(&str, f64)| {
            let price = |dollars: f64| Price::from_f64(dollars).ok();
            let bare = text::bare(name.parse().unwrap(), &calendar);
            ChainEntry { bid: price(mid - 0.01), ask: price(mid + 0.01), ..bare }
        };
        ChainSnapshot {
            underlying: Symbol::new("SPY").unwrap(),
            provider: Provider::Cboe,
            as_of: calendar.instant(jiff::civil::date(2023, 9, 14), 12, 0),
            spot: None,
            expiry: None,
            delayed: false,
            rows: quotes.iter().map(row).collect(),
        }
    }

    #[test]
    fn the_nearest_expiry_that_can_speak_does() {
        let found = spot(&chain(&[
            ("SPY230913C00450000", 9.0),
            ("SPY230913P00450000", 1.0),
            ("SPY230914C00449000", 2.20),
            ("SPY230914P00449000", 0.40),
            ("SPY230914C00450000", 1.50),
            ("SPY230914P00450000", 0.70),
            ("SPY230914C00451000", 0.90),
            ("SPY230914P00451000", 1.10),
            ("SPY230915C00450000", 5.00),
            ("SPY230915P00450000", 1.00),
        ]))
        .unwrap();
        assert!((found.spot - 450.80).abs() < 1e-9, "{found:?}");
        assert_eq!((found.strikes, found.expiry), (3, jiff::civil::date(2023, 9, 14)));
        let later = spot(&chain(&[
            ("SPY230914C00449000", 2.20),
            ("SPY230914P00450000", 0.40),
            ("SPY230915C00450000", 5.00),
            ("SPY230915P00450000", 1.00),
        ]));
        assert!((later.unwrap().spot - 454.0).abs() < 1e-9);
        assert_eq!(spot(&chain(&[("SPY230914C00449000", 2.2)])), None);
        assert_eq!(spot(&chain(&[])), None);
    }
}
