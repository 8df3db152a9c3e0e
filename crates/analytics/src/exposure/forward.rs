//! The price of the underlying for delivery at an expiry, from what calls and puts of one strike cost.

use super::index::Strike;
use super::kernel::{Carry, usable_middle};
use super::rows::Rows;

/// Strikes asked, nearest the money first.
const ASKED: usize = 2;

/// A forward further from spot than this, and a fifth of it a year, is an error of the quotes.
const MOST_AWAY: f64 = 0.02;
const MOST_AWAY_A_YEAR: f64 = 0.20;

/// The forward by put-call parity: F = K + (C − P)·e^(rT), the mean of the two strikes nearest to spot at which both
/// sides have a usable quote. Nothing where there are none, or it is beyond belief.
pub(crate) fn from_parity(rows: &Rows, strikes: &[Strike], carry: &Carry) -> Option<f64> {
    let middle = strikes.partition_point(|strike| strike.dollars < carry.spot);
    let (mut below, mut above) = (middle, middle);
    let (mut sum, mut found) = (0.0, 0_usize);
    while found < ASKED && (below > 0 || above < strikes.len()) {
        let lower = below.checked_sub(1).map(|place| &strikes[place]);
        let take_lower = match (lower, strikes.get(above)) {
            (Some(lower), Some(upper)) => carry.spot - lower.dollars <= upper.dollars - carry.spot,
            (lower, _) => lower.is_some(),
        };
        let place = if take_lower {
            below -= 1;
            below
        } else {
            above += 1;
            above - 1
        };
        if let Some(forward) = of_strike(rows, &strikes[place], carry) {
            sum += forward;
            found += 1;
        }
    }
    let forward = (found > 0).then(|| sum / found as f64)?;
    let away = libm::log(forward / carry.spot).abs();
    (forward > 0.0 && away <= MOST_AWAY + MOST_AWAY_A_YEAR * carry.years).then_some(forward)
}

fn of_strike(rows: &Rows, strike: &Strike, carry: &Carry) -> Option<f64> {
    use alphatrader_model::instrument::Right::{Call, Put};
    let (call, put) = (strike.row(Call)?, strike.row(Put)?);
    let call = usable_middle(rows.bid[call], rows.ask[call])?;
    let put = usable_middle(rows.bid[put], rows.ask[put])?;
    Some(strike.dollars + (call - put) / carry.discount)
}
