//! What one expiry says beside its sums: the move until it settles, its smile, puts over calls.

use alphatrader_model::exposure::{ExpectedMove, GreeksSource, PutCall, SmilePoint};
use alphatrader_model::instrument::Right;
use core::ops::Range;
use serde::{Deserialize, Serialize};

use super::index::Strike;
use super::kernel::Carry;
use super::rows::{RowStatus, Rows, VolatilityFrom};

/// Mean absolute value of a standard normal variable: sqrt(2/pi).
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;

/// A straddle times this is in use by brokers as the expected move.
const STRADDLE_PART: f64 = 0.85;

/// The delta at which skew is measured.
const SKEW_DELTA: f64 = 0.25;

/// The strike nearest to spot at which both sides are listed; of two, the lower. Where none is, the nearest.
pub(crate) fn at_the_money(strikes: &[Strike], spot: f64) -> Option<&Strike> {
    let nearest = |both: bool| {
        strikes
            .iter()
            .filter(|strike| !both || (strike.row(Right::Call).is_some() && strike.row(Right::Put).is_some()))
            .min_by(|a, b| (a.dollars - spot).abs().total_cmp(&(b.dollars - spot).abs()))
    };
    nearest(true).or_else(|| nearest(false))
}

/// The volatility of a strike and whether it is its neighbours': of the side that is out of the money, else of the
/// other.
pub(crate) fn volatility(rows: &Rows, strike: &Strike, forward: f64) -> Option<(f64, bool)> {
    let outside = if strike.dollars >= forward { Right::Call } else { Right::Put };
    let row = strike.row(outside).filter(|row| rows.iv[*row].is_some()).or_else(|| {
        [Right::Call, Right::Put]
            .into_iter()
            .filter_map(|right| strike.row(right))
            .find(|row| rows.iv[*row].is_some())
    })?;
    Some((rows.iv[row]?, rows.iv_from[row] == Some(VolatilityFrom::Neighbours)))
}

/// The move until settlement.
pub(crate) fn expected_move(rows: &Rows, strikes: &[Strike], carry: &Carry) -> Option<ExpectedMove> {
    let strike = at_the_money(strikes, carry.spot)?;
    let middle = |right| rows.middle(strike.row(right)?);
    let straddle = middle(Right::Call).zip(middle(Right::Put)).map(|(call, put)| call + put);
    let sigma = volatility(rows, strike, carry.forward).map(|(iv, _)| carry.spot * iv * carry.root);
    Some(ExpectedMove {
        atm_strike: strike.price,
        straddle_mid: straddle,
        straddle_085: straddle.map(|straddle| STRADDLE_PART * straddle),
        one_sigma_from_atm_iv: sigma,
        mean_abs_move_from_iv: sigma.map(|sigma| MEAN_ABSOLUTE * sigma),
    })
}

/// The smile, by strike.
pub(crate) fn smile(rows: &Rows, strikes: &[Strike], forward: f64, into: &mut Vec<SmilePoint>) {
    into.clear();
    into.extend(strikes.iter().filter_map(|strike| {
        let (iv, interpolated) = volatility(rows, strike, forward)?;
        Some(SmilePoint { strike: strike.price, iv, interpolated })
    }));
}

/// Volatility of the 25-delta put less that of the 25-delta call, each linear in delta between two strikes.
pub(crate) fn skew_25(rows: &Rows, strikes: &[Strike], source: GreeksSource) -> Option<f64> {
    let at = |right: Right, wanted: f64| {
        let mut before: Option<(f64, f64)> = None;
        for strike in strikes {
            let Some(row) = strike.row(right) else { continue };
            let Some(iv) = rows.iv[row] else { continue };
            if source == GreeksSource::Own && rows.iv_from[row] == Some(VolatilityFrom::Neighbours) {
                continue;
            }
            let delta = rows.greeks[row].delta;
            if let Some((earlier, low)) = before
                && delta < earlier
                && delta <= wanted
                && wanted <= earlier
            {
                return Some(low + (iv - low) * (earlier - wanted) / (earlier - delta));
            }
            before = Some((delta, iv));
        }
        None
    };
    Some(at(Right::Put, -SKEW_DELTA)? - at(Right::Call, SKEW_DELTA)?)
}

/// Puts and calls counted for their ratios.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Sides {
    open: [u64; 2],
    traded: [u64; 2],
    premium: [f64; 2],
}

impl Sides {
    /// The rows that are in the sums.
    pub(crate) fn count(rows: &Rows, range: Range<usize>) -> Self {
        let mut sides = Self::default();
        for row in range {
            if rows.status[row] != RowStatus::Included {
                continue;
            }
            let side = usize::from(rows.contract[row].right == Right::Put);
            sides.open[side] += u64::from(rows.open_interest[row].unwrap_or(0));
            let Some(volume) = rows.volume[row] else { continue };
            sides.traded[side] += u64::from(volume);
            if let (Some(middle), Some(shares)) = (rows.middle(row), rows.multiplier[row]) {
                sides.premium[side] += f64::from(volume) * middle * f64::from(shares);
            }
        }
        sides
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for side in 0..2 {
            self.open[side] += other.open[side];
            self.traded[side] += other.traded[side];
            self.premium[side] += other.premium[side];
        }
    }

    pub(crate) fn ratios(&self) -> PutCall {
        let of = |[calls, puts]: [f64; 2]| (calls > 0.0).then(|| puts / calls);
        PutCall {
            oi: of(self.open.map(|n| n as f64)),
            volume: of(self.traded.map(|n| n as f64)),
            premium: of(self.premium),
        }
    }
}
