//! The forward of a series from what its calls and puts cost.

use alphatrader_model::instrument::Right;

use super::index::Strike;
use super::kernel::{Carry, usable_middle};
use super::rows::Rows;
use crate::options::{ParityStrike, parity_forward};

/// A forward further from spot than this, and a fifth of it a year, is an error of the quotes.
const MOST_AWAY: f64 = 0.02;
const MOST_AWAY_A_YEAR: f64 = 0.20;

/// The yield that carries spot to the forward of put-call parity at the two strikes nearest to spot where both sides
/// have a usable quote. Nothing where there are none, or the forward is beyond belief.
pub(crate) fn parity_yield(rows: &Rows, strikes: &[Strike], carry: &Carry) -> Option<f64> {
    let middle = |row: usize| usable_middle(rows.bid[row], rows.ask[row]);
    let quoted = strikes.iter().filter_map(|strike| {
        let (call, put) = (strike.row(Right::Call)?, strike.row(Right::Put)?);
        Some(ParityStrike { strike: strike.dollars, call: middle(call)?, put: middle(put)? })
    });
    let found = parity_forward(quoted, carry.spot, carry.years, carry.rate)?;
    let away = libm::log(found.forward / carry.spot).abs();
    (away <= MOST_AWAY + MOST_AWAY_A_YEAR * carry.years).then_some(found.dividend_yield)
}

#[cfg(test)]
mod tests {
    use super::super::index::Index;
    use super::super::rows::Told;
    use super::*;
    use alphatrader_model::chain::{ChainEntry, Exercise, Provider, VendorGreeks};
    use alphatrader_model::instrument::{OptionContract, Symbol};
    use alphatrader_model::number::Price;
    use alphatrader_model::time::Timestamp;
    use jiff::civil::date;

    fn rows(quotes: &[(i64, Right, i64, i64)]) -> Rows {
        let mut rows = Rows::default();
        for (dollars, right, bid, ask) in quotes {
            let entry = ChainEntry {
                contract: OptionContract {
                    root: Symbol::new("SPY").unwrap(),
                    expiry: date(2026, 6, 17),
                    strike: Price::from_cents(dollars * 100),
                    right: *right,
                },
                multiplier: Some(100),
                exercise: Exercise::American,
                settles: Timestamp::from_seconds(0),
                bid: Some(Price::from_cents(*bid)),
                ask: Some(Price::from_cents(*ask)),
                bid_size: None,
                ask_size: None,
                last: None,
                volume: None,
                open_interest: None,
                implied_volatility: None,
                greeks: VendorGreeks::default(),
                quoted_at: None,
            };
            rows.push(&Told::from_entry(&entry, Provider::Synthetic, Timestamp::from_seconds(0), 1).unwrap());
        }
        rows
    }

    #[test]
    fn the_strikes_at_the_money_tell_the_yield() {
        use Right::{Call, Put};
        // 599: 3.00 - 1.60 = 1.40; 601: 2.00 - 2.60 = -0.60: both say 600.40.
        let quotes =
            [(599, Call, 295, 305), (599, Put, 155, 165), (601, Call, 195, 205), (601, Put, 255, 265)];
        let rows = rows(&quotes);
        let strikes = Index::new(&rows).strikes;
        let carry = Carry::new(600.0, 0.1, 0.0, 0.0).unwrap();
        let found = parity_yield(&rows, &strikes, &carry).unwrap();
        assert!((found + libm::log(600.4 / 600.0) / 0.1).abs() < 1e-12, "{found}");
        // A spot of another day is not believed.
        assert_eq!(parity_yield(&rows, &strikes, &Carry::new(560.0, 0.1, 0.0, 0.0).unwrap()), None);
    }
}
