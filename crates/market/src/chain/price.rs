//! What an option is worth: Black-Scholes on the forward, with a smile.

use alphatrader_model::{OptionContract, Right};

use super::clock::Left;

/// Slope of the smile: relative change of volatility per deviation of log strike.
const SKEW: f64 = -0.055;
/// Curvature of the smile, per squared deviation.
const CURVATURE: f64 = 0.018;
/// Beyond this many deviations the smile is flat: options there are worth less than a tick.
const WING: f64 = 4.0;

/// Value in dollars, not below what exercise now brings. In units of deviations the smile is the same at
/// every time, so in strikes it rises as time shrinks.
pub(super) fn value(option: &OptionContract, spot: f64, log_strike: f64, left: Left, rate: f64) -> f64 {
    let strike = option.strike.to_f64();
    let growth = rate * left.years;
    let moneyness = log_strike - libm::log(spot) - growth;
    let z = (moneyness / left.deviation).clamp(-WING, WING);
    let deviation = left.deviation * (1.0 + SKEW * z + CURVATURE * z * z);
    let discount = libm::exp(-growth);
    let d1 = -moneyness / deviation + 0.5 * deviation;
    let d2 = d1 - deviation;
    let (black, exercise) = match option.right {
        Right::Call => (spot * below(d1) - strike * discount * below(d2), spot - strike),
        Right::Put => (strike * discount * below(-d2) - spot * below(-d1), strike - spot),
    };
    black.max(exercise).max(0.0)
}

/// Normal probability of a value below `x`.
fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}
