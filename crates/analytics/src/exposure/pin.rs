//! Gamma that may hold spot at a strike on the day of an expiry.
//!
//! The strike with the most gamma of today's expiry, both sides, gamma taken with at least 60 minutes to go, so that
//! the last half hour does not collapse it to one strike. It pins while it is within 0.5 % of spot and its net
//! exposure is positive; its strength is its share of the expiry's absolute exposure.

use alphatrader_model::exposure::Pin;
use alphatrader_model::instrument::Right;

use super::conventions::Conventions;
use super::expiry::{at_the_money, volatility};
use super::index::Strike;
use super::kernel::Carry;
use super::rows::{RowStatus, Rows};
use super::sums::signs;

/// Gamma is taken with at least this long to go, years: an hour.
const LEAST_YEARS: f64 = 60.0 / 525_600.0;

/// A strike further from spot does not pin, as a fraction of spot.
const NEAR: f64 = 0.005;

/// The pin of an expiry; nothing when it has no gamma.
pub(crate) fn pin(rows: &Rows, strikes: &[Strike], carry: &Carry, conventions: &Conventions) -> Option<Pin> {
    let longer = Carry::new(carry.spot, carry.years.max(LEAST_YEARS), carry.rate, carry.dividend_yield)?;
    let (of_calls, of_puts) = signs(conventions.dealer_sign);
    let mut whole = 0.0;
    let mut best: Option<(f64, f64, &Strike)> = None;
    for strike in strikes {
        let (mut gross, mut net) = (0.0, 0.0);
        for (right, sign) in [(Right::Call, of_calls), (Right::Put, of_puts)] {
            let Some(row) = strike.row(right) else { continue };
            let (RowStatus::Included, Some(iv)) = (rows.status[row], rows.iv[row]) else { continue };
            let open = f64::from(rows.open_interest[row].unwrap_or(0));
            let held = open * f64::from(rows.multiplier[row].unwrap_or(0));
            let gamma = longer.both(strike.dollars, strike.ln, iv).gamma * held;
            gross += gamma;
            net += sign * gamma;
        }
        whole += gross;
        if best.is_none_or(|(most, _, _)| gross > most) {
            best = Some((gross, net, strike));
        }
    }
    let (gross, net, strike) = best.filter(|(gross, _, _)| *gross > 0.0)?;
    let away = (carry.spot - strike.dollars).abs();
    let share = (gross / whole).min(1.0);
    let sigma = at_the_money(strikes, carry.spot).and_then(|strike| volatility(rows, strike, carry.forward));
    let holds = away <= NEAR * carry.spot && net > 0.0;
    Some(Pin {
        strike: strike.price,
        gamma_share: share,
        distance_sigma: sigma.map(|(iv, _)| away / (carry.spot * iv * carry.root)),
        strength: holds.then_some(share),
    })
}
