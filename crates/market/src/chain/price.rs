//! What an option is worth: Black-Scholes with a smile.

use alphatrader_analytics::options::{self, Terms};
use alphatrader_model::{OptionContract, Right};

use super::clock::Left;

/// Slope of the smile: relative change of volatility per deviation of log strike.
const SKEW: f64 = -0.055;
/// Curvature of the smile, per squared deviation.
const CURVATURE: f64 = 0.018;
/// Beyond this many deviations the smile is flat: options there are worth less than a tick.
const WING: f64 = 4.0;

/// Value in dollars, not below what exercise now brings. In units of deviations the smile is the
/// same at every time, so in strikes it rises as time shrinks.
pub(super) fn value(option: &OptionContract, spot: f64, log_strike: f64, left: Left, rate: f64) -> f64 {
    let strike = option.strike.to_f64();
    let z = (log_strike - libm::log(spot)) / left.deviation;
    let z = z.clamp(-WING, WING);
    let volatility = left.deviation / libm::sqrt(left.years) * (1.0 + SKEW * z + CURVATURE * z * z);
    let terms = Terms { right: option.right, spot, strike, years: left.years, rate, dividend_yield: 0.0 };
    let exercise = match option.right {
        Right::Call => spot - strike,
        Right::Put => strike - spot,
    };
    let worth =
        options::price(&terms, volatility).expect("spot, strike and volatility are those of a market");
    worth.max(exercise).max(0.0)
}
