//! What an option is worth: Black-Scholes on a surface of volatility without arbitrage.
//!
//! The surface is SSVI (Gatheral and Jacquier, 2014, "Arbitrage-free SVI volatility surfaces"): total
//! variance at log moneyness k to an expiry with total variance t at the money is
//! `t / 2 (1 + r p k + sqrt((p k + r)² + 1 - r²))` with p a function of t. Their theorems 4.1 and 4.2
//! give what keeps calendar spreads and butterflies from being free; the tests hold the parameters to
//! it. A slope at a month that is not much flatter than at a week, and a smile that is the same in
//! deviations below a week, are as measured on SPY (close of 2023-09-14).

use alphatrader_analytics::options::{self, Terms};
use alphatrader_model::{OptionContract, Right};

use super::clock::Left;

/// A surface: how it leans and how it bends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smile {
    /// Lean, above -1 and below 1: negative where puts cost more.
    pub lean: f64,
    /// Strength of the bend.
    pub bend: f64,
    /// How fast the bend falls with total variance, 0 to 0.5.
    pub fall: f64,
    /// Total variance below which the smile is the same in deviations: a week's.
    pub short: f64,
}

impl Smile {
    /// Of an index fund.
    pub const FUND: Self = Self { lean: -0.7, bend: 4.57, fall: 0.15, short: 1.8e-4 };
    /// Of a large stock.
    pub const STOCK: Self = Self { lean: -0.35, bend: 2.0, fall: 0.30, short: 1.0e-3 };

    /// The bend for a total variance at the money.
    fn bend_at(&self, variance: f64) -> f64 {
        if variance >= self.short {
            return self.bend * libm::pow(variance, -self.fall);
        }
        self.bend * libm::pow(self.short, 0.5 - self.fall) / libm::sqrt(variance)
    }

    /// Total variance at a log moneyness (log of strike over forward).
    fn total(&self, variance: f64, moneyness: f64) -> f64 {
        let bent = self.bend_at(variance) * moneyness;
        let root = libm::sqrt((bent + self.lean) * (bent + self.lean) + 1.0 - self.lean * self.lean);
        0.5 * variance * (1.0 + self.lean * bent + root)
    }

    /// Value in dollars, not below what exercise now brings.
    pub(super) fn value(&self, option: &OptionContract, spot: &Spot, log_strike: f64, left: Left) -> f64 {
        let strike = option.strike.to_f64();
        let moneyness = log_strike - spot.log - spot.rate * left.years;
        let total = self.total(left.deviation * left.deviation, moneyness);
        let volatility = libm::sqrt(total / left.years);
        let terms = Terms {
            right: option.right,
            spot: spot.dollars,
            strike,
            years: left.years,
            rate: spot.rate,
            dividend_yield: 0.0,
        };
        let exercise = match option.right {
            Right::Call => spot.dollars - strike,
            Right::Put => strike - spot.dollars,
        };
        let worth =
            options::price(&terms, volatility).expect("spot, strike and volatility are those of a market");
        worth.max(exercise).max(0.0)
    }
}

/// The underlying's price, its log, and the interest rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) dollars: f64,
    pub(super) log: f64,
    pub(super) rate: f64,
}

impl Spot {
    pub(super) fn new(dollars: f64, rate: f64) -> Self {
        Self { dollars, log: libm::log(dollars), rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a minute to a year, of a fund and of a wild stock.
    const VARIANCES: [f64; 9] = [1e-9, 1e-7, 1e-5, 1.8e-4, 4e-4, 1e-3, 1e-2, 5e-2, 0.15];

    #[test]
    fn butterflies_cannot_be_free() {
        for smile in [Smile::FUND, Smile::STOCK] {
            for variance in VARIANCES.iter().filter(|v| smile == Smile::STOCK || **v < 0.03) {
                let bend = smile.bend_at(*variance);
                let wing = variance * bend * (1.0 + smile.lean.abs());
                assert!(wing < 4.0, "theorem 4.2, first condition: {wing}");
                assert!(wing * bend <= 4.0, "theorem 4.2, second condition at {variance}: {}", wing * bend);
            }
        }
    }

    #[test]
    fn more_time_has_more_variance_at_every_strike() {
        for smile in [Smile::FUND, Smile::STOCK] {
            for moneyness in (-60..=60).map(|step| f64::from(step) * 0.01) {
                let totals: Vec<f64> = VARIANCES.iter().map(|v| smile.total(*v, moneyness)).collect();
                assert!(totals.windows(2).all(|pair| pair[0] <= pair[1]), "at {moneyness}: {totals:?}");
            }
        }
    }

    #[test]
    fn the_slope_of_an_index_fund_is_the_measured_one() {
        // Days, volatility at the money, slope of volatility by log strike: SPY, 2023-09-14.
        for (days, volatility, measured) in [(7.0, 0.097, -0.51), (36.0, 0.106, -0.52)] {
            let years = days / 365.0;
            let variance = volatility * volatility * years;
            let at = |k: f64| libm::sqrt(Smile::FUND.total(variance, k) / years);
            let slope = (at(0.001) - at(-0.001)) / 0.002;
            assert!((slope / measured - 1.0).abs() < 0.25, "{days} days: {slope} for {measured}");
        }
    }
}
