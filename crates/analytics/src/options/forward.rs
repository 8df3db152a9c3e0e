//! The forward that option prices imply: no guess at dividends.
//!
//! Put-call parity of European options: `C - P = e^(-rT) (F - K)`, so each strike says `F = K + e^(rT) (C - P)`. The two
//! strikes nearest to spot say it best, since their quotes are the narrowest and the right to exercise early is worth
//! the least there; the forward is the mean of the two. `q = r - ln(F/S) / T` then stands for all dividends until
//! expiry. American options of more than some weeks keep a bias of the size of their exercise premium.

use super::pricing::Horizon;

/// A strike with the middle prices of both its options.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParityStrike {
    /// Strike, dollars.
    pub strike: f64,
    /// Middle of the call, dollars.
    pub call: f64,
    /// Middle of the put, dollars.
    pub put: f64,
}

/// A forward from parity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParityForward {
    /// Price of the underlying for delivery at expiry, dollars.
    pub forward: f64,
    /// The yield that carries spot to it, continuous, a year.
    pub dividend_yield: f64,
    /// Strikes it rests on: 1 or 2.
    pub strikes: u8,
    /// How far the two disagree, dollars; 0 of a single one.
    pub spread: f64,
}

/// The forward of an expiry, `years` away at a continuous `rate`, from the two strikes nearest to spot.
///
/// Absent when no strike has both prices, the option has expired, or the result is no price. Strikes in any order;
/// of two that are equally near the lower counts.
pub fn parity_forward(
    strikes: impl IntoIterator<Item = ParityStrike>,
    spot: f64,
    years: f64,
    rate: f64,
) -> Option<ParityForward> {
    let horizon = Horizon::new(years, rate, rate).ok()?;
    let usable = spot.is_finite() && spot > 0.0 && horizon.years() > 0.0;
    if !usable {
        return None;
    }
    let known = |row: &ParityStrike| {
        row.strike.is_finite() && row.strike > 0.0 && row.call.is_finite() && row.put.is_finite()
    };
    let rank = |row: &ParityStrike| ((row.strike - spot).abs(), row.strike);
    let mut nearest: [Option<ParityStrike>; 2] = [None, None];
    for row in strikes.into_iter().filter(known) {
        if nearest[0].is_none_or(|best| rank(&row) < rank(&best)) {
            nearest = [Some(row), nearest[0]];
        } else if nearest[1].is_none_or(|best| rank(&row) < rank(&best)) {
            nearest[1] = Some(row);
        }
    }
    let says = |row: ParityStrike| row.strike + (row.call - row.put) / horizon.discount();
    let first = says(nearest[0]?);
    let second = nearest[1].map(says);
    let forward = second.map_or(first, |second| f64::midpoint(first, second));
    if !(forward.is_finite() && forward > 0.0) {
        return None;
    }
    let dividend_yield = rate - libm::log(forward / spot) / horizon.years();
    dividend_yield.is_finite().then_some(ParityForward {
        forward,
        dividend_yield,
        strikes: if second.is_some() { 2 } else { 1 },
        spread: second.map_or(0.0, |second| (first - second).abs()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::pricing::{Terms, price};
    use super::*;
    use alphatrader_model::instrument::Right;
    use proptest::prelude::*;

    fn strike(terms: &Terms, strike: f64, volatility: f64) -> ParityStrike {
        let of = |right| price(&Terms { right, strike, ..*terms }, volatility).unwrap();
        ParityStrike { strike, call: of(Right::Call), put: of(Right::Put) }
    }

    #[test]
    fn the_nearest_two_decide() {
        let exact = |strike: f64| ParityStrike { strike, call: 601.0 - strike + 5.0, put: 5.0 };
        let off = |strike: f64| ParityStrike { call: exact(strike).call + 3.0, ..exact(strike) };
        let found =
            parity_forward([off(590.0), exact(599.0), exact(602.0), off(603.0)], 600.0, 0.1, 0.0).unwrap();
        assert!(
            (found.forward - 601.0).abs() < 1e-9 && found.strikes == 2 && found.spread < 1e-9,
            "{found:?}"
        );
        let single = parity_forward([off(590.0)], 600.0, 0.1, 0.0).unwrap();
        assert!((single.forward - 604.0).abs() < 1e-9 && single.strikes == 1, "{single:?}");
        // 598 and 602 are equally far: the lower counts, with 600.
        let tie = parity_forward([exact(602.0), off(598.0), exact(600.0)], 600.0, 0.1, 0.0).unwrap();
        assert!((tie.forward - 602.5).abs() < 1e-9 && (tie.spread - 3.0).abs() < 1e-9, "{tie:?}");
    }

    #[test]
    fn what_says_nothing_has_no_forward() {
        let row = ParityStrike { strike: 600.0, call: 5.0, put: 5.0 };
        assert_eq!(parity_forward([], 600.0, 0.1, 0.04), None);
        assert_eq!(parity_forward([ParityStrike { call: f64::NAN, ..row }], 600.0, 0.1, 0.04), None);
        assert_eq!(parity_forward([row], 600.0, 0.0, 0.04), None, "expired");
        assert_eq!(parity_forward([row], f64::NAN, 0.1, 0.04), None);
        assert_eq!(parity_forward([row], 600.0, 0.1, f64::INFINITY), None);
        assert_eq!(
            parity_forward([ParityStrike { put: 700.0, ..row }], 600.0, 0.1, 0.04),
            None,
            "below zero"
        );
    }

    proptest! {
        #[test]
        fn made_prices_give_their_yield_back(
            years in 0.003_f64..2.0, rate in -0.02_f64..0.1, dividend_yield in -0.02_f64..0.1, sigma in 0.05_f64..1.0,
        ) {
            let terms = Terms { right: Right::Call, spot: 600.0, strike: 600.0, years, rate, dividend_yield };
            let rows = [590.0, 599.0, 601.0, 620.0].map(|k| strike(&terms, k, sigma));
            let found = parity_forward(rows, 600.0, years, rate).unwrap();
            prop_assert!((found.forward - terms.forward()).abs() < 1e-8);
            prop_assert!((found.dividend_yield - dividend_yield).abs() < 1e-8);
        }
    }
}
