//! One strike: the volatility its quotes imply, and what its contracts put into the sums.

use alphatrader_model::exposure::GreeksSource;
use alphatrader_model::instrument::Right;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::conventions::Conventions;
use super::index::Strike;
use super::kernel::{Both, Carry, VOLATILITY_LIMIT, usable_middle};
use super::rows::{RowFlags, RowGreeks, RowStatus, Rows, VolatilityFrom};
use super::sums::{
    CALL_DEX, CALL_GEX, CALL_VOLUME_GEX, CHARM, PUT_DEX, PUT_GEX, PUT_VOLUME_GEX, Parts, VANNA, signs,
};
use crate::options::{self, NoVolatility};

/// Days of the year of option prices.
const DAYS: f64 = 365.0;

/// What is known of a strike's volatility.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) enum Known {
    /// Nothing: neither its quotes nor its neighbours say anything.
    #[default]
    Nothing,
    /// Its quote asks for 500 vol or more.
    OutOfRange,
    /// From the quote of this side.
    Quote(Right, f64),
    /// From its neighbours.
    Neighbours(f64),
}

/// A strike's volatility, and where the next search for it begins.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Smile {
    pub(crate) known: Known,
    pub(crate) guess: Option<f64>,
}

/// When rows are valued.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Now {
    pub(crate) at: Timestamp,
    pub(crate) in_session: bool,
    pub(crate) stale_after: Span,
}

impl Now {
    /// Whether the row's quote is too old, or was left out of its source's last chain.
    pub(crate) fn is_stale(&self, rows: &Rows, row: usize) -> bool {
        let age = self.at.since(rows.quoted_at[row]);
        rows.left_out[row] || (self.in_session && age > self.stale_after)
    }
}

impl Smile {
    /// Asks the side that is out of the money; where it is not listed, the other.
    pub(crate) fn imply(&mut self, rows: &Rows, strike: &Strike, carry: &Carry) {
        let outside = if strike.dollars >= carry.forward { Right::Call } else { Right::Put };
        let side = strike.row(outside).map(|row| (outside, row)).or_else(|| {
            [Right::Call, Right::Put].into_iter().find_map(|right| Some((right, strike.row(right)?)))
        });
        self.known = Known::Nothing;
        let Some((right, row)) = side else { return };
        let Some(price) = usable_middle(rows.bid[row], rows.ask[row]) else { return };
        match carry.imply(right, strike.dollars, strike.ln, price, self.guess) {
            Ok(volatility) => {
                self.known = Known::Quote(right, volatility);
                self.guess = Some(volatility);
            }
            Err(NoVolatility::OutOfRange) => self.known = Known::OutOfRange,
            Err(_) => {}
        }
    }
}

/// Gives the strikes of one series that imply nothing the volatility of their neighbours: total variance linear in
/// the logarithm of the strike between two, and beyond the last that of the last.
pub(crate) fn interpolate(strikes: &[Strike], smiles: &mut [Smile]) {
    let own = |smiles: &[Smile], place: usize| match smiles[place].known {
        Known::Quote(_, volatility) => Some(options::Known { strike: strikes[place].dollars, volatility }),
        _ => None,
    };
    let mut below: Option<options::Known> = None;
    let mut at = 0;
    while at < smiles.len() {
        if let Some(known) = own(smiles, at) {
            below = Some(known);
            at += 1;
            continue;
        }
        let end = (at..smiles.len()).find(|other| own(smiles, *other).is_some()).unwrap_or(smiles.len());
        let above = if end < smiles.len() { own(smiles, end) } else { None };
        for place in at..end {
            if smiles[place].known != Known::OutOfRange {
                let found = options::between(strikes[place].dollars, below, above);
                smiles[place].known = found.map_or(Known::Nothing, Known::Neighbours);
            }
        }
        at = end;
    }
}

/// Writes what the strike's rows are worth and returns what they put into the sums.
pub(crate) fn value_strike(
    rows: &mut Rows,
    strike: &Strike,
    smile: &Smile,
    carry: Option<&Carry>,
    conventions: &Conventions,
    now: &Now,
) -> Parts {
    let mut parts = Parts::default();
    let mut made: Option<(f64, Both)> = None;
    for right in [Right::Call, Right::Put] {
        let Some(row) = strike.row(right) else { continue };
        let Some(carry) = carry else {
            forget(rows, row, RowStatus::Expired);
            continue;
        };
        let (volatility, from) = match volatility(rows, row, right, smile, conventions.greeks) {
            Ok(found) => found,
            Err(status) => {
                forget(rows, row, status);
                continue;
            }
        };
        let both = match made {
            Some((at, both)) if at.to_bits() == volatility.to_bits() => both,
            _ => carry.both(strike.dollars, strike.ln, volatility),
        };
        made = Some((volatility, both));
        let greeks = of_side(&both, right, rows, row, conventions.greeks);
        let quoted = match from {
            VolatilityFrom::OtherSide => strike.row(other(right)).unwrap_or(row),
            _ => row,
        };
        rows.iv[row] = Some(volatility);
        rows.iv_from[row] = Some(from);
        rows.greeks[row] = greeks;
        rows.flags[row] = RowFlags {
            stale: now.is_stale(rows, quoted),
            crossed: rows.is_crossed(row),
            interpolated: from == VolatilityFrom::Neighbours,
            clamped: carry.clamped,
            disagrees: rows.disagrees[row],
        };
        rows.status[row] = status(rows, row);
        if rows.status[row] == RowStatus::Included {
            put_into(&mut parts, rows, row, right, carry.spot, conventions);
        }
    }
    parts
}

/// What keeps a row with a volatility out of the sums.
fn status(rows: &Rows, row: usize) -> RowStatus {
    if rows.open_interest[row].is_none() {
        RowStatus::MissingOi
    } else if rows.multiplier[row].is_none() {
        RowStatus::UnknownMultiplier
    } else {
        RowStatus::Included
    }
}

/// A row that has no value: the first of the reasons in their order, and nothing computed.
fn forget(rows: &mut Rows, row: usize, reason: RowStatus) {
    rows.iv[row] = None;
    rows.iv_from[row] = None;
    rows.greeks[row] = RowGreeks::default();
    rows.flags[row] = RowFlags { disagrees: rows.disagrees[row], ..RowFlags::default() };
    rows.status[row] = match (reason, status(rows, row)) {
        (RowStatus::Expired, _) | (_, RowStatus::Included) => reason,
        (_, earlier) => earlier,
    };
}

fn volatility(
    rows: &Rows,
    row: usize,
    right: Right,
    smile: &Smile,
    source: GreeksSource,
) -> Result<(f64, VolatilityFrom), RowStatus> {
    match source {
        GreeksSource::Vendor => match rows.vendor_iv[row] {
            None => Err(RowStatus::NoIv),
            Some(iv) if iv > 0.0 && iv < VOLATILITY_LIMIT => Ok((iv, VolatilityFrom::Vendor)),
            Some(_) => Err(RowStatus::IvOutOfRange),
        },
        GreeksSource::Own => match smile.known {
            Known::Nothing => Err(RowStatus::NoIv),
            Known::OutOfRange => Err(RowStatus::IvOutOfRange),
            Known::Quote(side, iv) if side == right => Ok((iv, VolatilityFrom::Quote)),
            Known::Quote(_, iv) => Ok((iv, VolatilityFrom::OtherSide)),
            Known::Neighbours(iv) => Ok((iv, VolatilityFrom::Neighbours)),
        },
    }
}

fn of_side(both: &Both, right: Right, rows: &Rows, row: usize, source: GreeksSource) -> RowGreeks {
    let side = match right {
        Right::Call => both.call,
        Right::Put => both.put,
    };
    let (mut delta, mut gamma) = (side.delta, both.gamma);
    if source == GreeksSource::Vendor {
        delta = rows.vendor_delta[row].unwrap_or(delta);
        gamma = rows.vendor_gamma[row].unwrap_or(gamma);
    }
    RowGreeks {
        price: side.price,
        delta,
        gamma,
        vega: both.vega,
        theta: side.theta,
        rho: side.rho,
        vanna: both.vanna,
        charm: side.charm,
    }
}

fn put_into(parts: &mut Parts, rows: &Rows, row: usize, right: Right, spot: f64, conventions: &Conventions) {
    let (Some(open), Some(shares)) = (rows.open_interest[row], rows.multiplier[row]) else { return };
    let (of_calls, of_puts) = signs(conventions.dealer_sign);
    let (sign, gex, dex, vol_gex, side) = match right {
        Right::Call => (of_calls, CALL_GEX, CALL_DEX, CALL_VOLUME_GEX, 0),
        Right::Put => (of_puts, PUT_GEX, PUT_DEX, PUT_VOLUME_GEX, 1),
    };
    let greeks = &rows.greeks[row];
    let traded = rows.volume[row].unwrap_or(0);
    let shares = f64::from(shares);
    let held = f64::from(open) * shares;
    let gamma = sign * greeks.gamma * spot * spot * 0.01;
    parts.dollars[gex] += gamma * held;
    parts.dollars[dex] += greeks.delta * held * spot;
    parts.dollars[VANNA] += sign * greeks.vanna * held * spot * 0.01;
    parts.dollars[CHARM] += sign * greeks.charm * held * spot / DAYS;
    parts.dollars[vol_gex] += gamma * f64::from(traded) * shares;
    parts.contracts[side] += u64::from(open);
    parts.contracts[2 + side] += u64::from(traded);
    parts.rows += 1;
}

pub(crate) const fn other(right: Right) -> Right {
    match right {
        Right::Call => Right::Put,
        Right::Put => Right::Call,
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::NONE;
    use super::*;
    use alphatrader_model::number::Price;

    fn strike(dollars: i64) -> Strike {
        let price = Price::from_cents(dollars * 100);
        let ln = libm::log(price.to_f64());
        Strike { price, dollars: price.to_f64(), ln, call: NONE, put: NONE, place: 0, series: 0 }
    }

    #[test]
    fn variance_is_linear_between_neighbours_and_flat_beyond_the_last() {
        let strikes = [strike(90), strike(95), strike(100), strike(105), strike(110)];
        let mut smiles = [Smile::default(); 5];
        smiles[1].known = Known::Quote(Right::Put, 0.3);
        smiles[3].known = Known::Quote(Right::Call, 0.2);
        interpolate(&strikes, &mut smiles);
        assert_eq!(smiles[0].known, Known::Neighbours(0.3));
        assert_eq!(smiles[4].known, Known::Neighbours(0.2));
        let Known::Neighbours(middle) = smiles[2].known else { panic!("{:?}", smiles[2]) };
        let share = libm::log(100.0 / 95.0) / libm::log(105.0 / 95.0);
        assert!((middle * middle - (0.09 + share * (0.04 - 0.09))).abs() < 1e-15);
    }

    #[test]
    fn without_neighbours_nothing_is_known() {
        let mut smiles = [Smile { known: Known::Neighbours(0.2), guess: None }, Smile::default()];
        interpolate(&[strike(90), strike(95)], &mut smiles);
        assert_eq!(smiles.map(|smile| smile.known), [Known::Nothing; 2]);
    }
}
