//! What held options and shares are worth, how that moves, and what can be lost.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`value`] | [`Revaluer`]: the portfolio revalued in full under any [`Scenario`] |
//! | [`sums`] | [`Sums`]: value and sensitivities by underlying and expiry, beta-weighted delta |
//! | [`moves`] | profit at finite moves for options that expire today, now and at the close |
//! | [`history`] | [`value_at_risk`]: historical, full revaluation; the number that limits use |
//! | [`delta_gamma`] | the exact quantile of one quadratic factor, Cornish-Fisher of several |
//! | [`grid`] | the sixteen scenarios after SPAN, and the stress table |
//!
//! A delta-normal figure does not exist here: for a short iron condor it is wrong by a factor of four.
//!
//! An option without a volatility, or whose underlying has no price, is valued at the worse of its intrinsic value and
//! its last mark. Every result then says `degraded` and counts such holdings, and new risk is to be blocked
//! ([`Missing::blocks_new_risk`]). Amounts are dollars, losses negative; a value at risk is a loss and positive.

pub mod delta_gamma;
pub mod grid;
pub mod history;
pub mod moves;
pub mod sums;
pub mod value;

use alphatrader_model::chain::Exercise;
use alphatrader_model::instrument::{OptionContract, Symbol};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::options::CashDividend;

pub use delta_gamma::{Factor, Quadratic, cornish_fisher, exact_quantile};
pub use grid::{GridSettings, SpanGrid, StressCell, StressSettings, span_grid, stress_table};
pub use history::{DayShock, HistorySettings, ValueAtRisk, tail, value_at_risk};
pub use moves::{FiniteMove, finite_moves};
pub use sums::{Sums, UnderlyingSums, sums};
pub use value::{Revaluer, Scenario, Shock, VolatilityShock};

/// An underlying, and what its market says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Underlying {
    /// Its symbol.
    pub symbol: Symbol,
    /// Price, dollars; absent when there is none.
    pub spot: Option<f64>,
    /// Slope of its returns on those of the reference; 1 where unknown is for the caller to say.
    pub beta: Option<f64>,
    /// Continuous dividend yield, a year; 0 where cash dividends are listed.
    pub dividend_yield: f64,
    /// Dividends in cash that are known.
    pub dividends: Vec<CashDividend>,
}

/// A held option.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OptionHolding {
    /// Which.
    pub contract: OptionContract,
    /// Place of its underlying in [`Portfolio::underlyings`].
    pub underlying: usize,
    /// Contracts, negative when written.
    pub contracts: i64,
    /// Shares a contract delivers.
    pub multiplier: u32,
    /// When it may be exercised.
    pub exercise: Exercise,
    /// Time to settlement, years.
    pub years: f64,
    /// Settles today.
    pub zero_dte: bool,
    /// Continuous rate of its tenor, a year.
    pub rate: f64,
    /// Implied volatility; absent when the market says none.
    pub volatility: Option<f64>,
    /// Its last mark, dollars a share; absent when there was none.
    pub mark: Option<f64>,
}

/// Held shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShareHolding {
    /// Place of their underlying.
    pub underlying: usize,
    /// Shares, negative when sold short.
    pub shares: f64,
    /// Last mark, dollars a share; absent when there was none.
    pub mark: Option<f64>,
}

/// Everything that is held.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Portfolio {
    /// What the holdings are written on.
    pub underlyings: Vec<Underlying>,
    /// Options.
    pub options: Vec<OptionHolding>,
    /// Shares.
    pub shares: Vec<ShareHolding>,
}

/// Why a portfolio is none.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum PortfolioError {
    /// More than is valued at once.
    #[error("a portfolio has at most {max} holdings and as many underlyings, this has {0}", max = Portfolio::MAX_HOLDINGS)]
    Large(usize),
    /// A holding on an underlying that is not listed.
    #[error("holding {0} names an underlying that the portfolio does not list")]
    Underlying(usize),
    /// A number of a holding cannot be: multiplier 0, no time, no rate, no amount.
    #[error("holding {0} has a multiplier of 0, or a time, rate or amount that is no number")]
    Holding(usize),
}

impl Portfolio {
    /// Most options, shares or underlyings.
    pub const MAX_HOLDINGS: usize = 4_096;

    /// Whether everything in it can be valued, prices and volatilities aside.
    ///
    /// # Errors
    /// [`PortfolioError`] that names the first holding that cannot.
    pub fn check(&self) -> Result<(), PortfolioError> {
        let most = self.underlyings.len().max(self.options.len()).max(self.shares.len());
        if most > Self::MAX_HOLDINGS {
            return Err(PortfolioError::Large(most));
        }
        for (place, held) in self.options.iter().enumerate() {
            if held.underlying >= self.underlyings.len() {
                return Err(PortfolioError::Underlying(place));
            }
            if held.multiplier == 0 || !held.years.is_finite() || !held.rate.is_finite() {
                return Err(PortfolioError::Holding(place));
            }
        }
        for (place, held) in self.shares.iter().enumerate() {
            if held.underlying >= self.underlyings.len() {
                return Err(PortfolioError::Underlying(place));
            }
            if !held.shares.is_finite() {
                return Err(PortfolioError::Holding(place));
            }
        }
        Ok(())
    }
}

/// Holdings that a result does not rest on a market for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Missing {
    /// Options without a volatility, valued at the worse of intrinsic value and last mark.
    pub no_volatility: u32,
    /// Holdings whose underlying has no price, valued at their last mark and not moved.
    pub no_spot: u32,
    /// Holdings without even a mark: counted as worthless when held, and not valued when written or sold short.
    pub no_mark: u32,
    /// Options that the pricing formulas refuse.
    pub refused: u32,
}

impl Missing {
    /// Whether any holding lacks its market: the result is a bound, not a measurement.
    pub const fn is_degraded(&self) -> bool {
        self.no_volatility + self.no_spot + self.no_mark + self.refused > 0
    }

    /// Whether new risk is to be refused until the markets are back.
    pub const fn blocks_new_risk(&self) -> bool {
        self.is_degraded()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alphatrader_model::instrument::Right;

    /// Spot 600, ten short iron condors of 14 days: the portfolio of `gex-expected.json`.
    pub(crate) fn condor() -> Portfolio {
        let held = |text: &str, contracts: i64, volatility: f64| OptionHolding {
            contract: text.parse().unwrap(),
            underlying: 0,
            contracts,
            multiplier: 100,
            exercise: Exercise::European,
            years: 20_400.0 / 525_600.0,
            zero_dte: false,
            rate: 0.043,
            volatility: Some(volatility),
            mark: Some(1.0),
        };
        Portfolio {
            underlyings: vec![spy()],
            options: vec![
                held("SPY260701C00610000", -10, 0.1338),
                held("SPY260701C00620000", 10, 0.1338),
                held("SPY260701P00590000", -10, 0.1433),
                held("SPY260701P00580000", 10, 0.1531),
            ],
            shares: vec![],
        }
    }

    pub(crate) fn spy() -> Underlying {
        Underlying {
            symbol: Symbol::new("SPY").unwrap(),
            spot: Some(600.0),
            beta: Some(1.0),
            dividend_yield: 0.012,
            dividends: vec![],
        }
    }

    #[test]
    fn a_portfolio_that_cannot_be_valued_is_refused() {
        let good = condor();
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.options[2].contract.right, Right::Put);
        let mut bad = good.clone();
        bad.options[1].underlying = 1;
        assert_eq!(bad.check(), Err(PortfolioError::Underlying(1)));
        let mut bad = good.clone();
        bad.options[3].multiplier = 0;
        assert_eq!(bad.check(), Err(PortfolioError::Holding(3)), "never a default of 100");
        let mut bad = good.clone();
        bad.options[0].years = f64::NAN;
        assert_eq!(bad.check(), Err(PortfolioError::Holding(0)));
        let mut bad = good.clone();
        bad.shares = vec![ShareHolding { underlying: 0, shares: f64::INFINITY, mark: None }];
        assert_eq!(bad.check(), Err(PortfolioError::Holding(0)));
        bad.shares[0].underlying = 9;
        assert_eq!(bad.check(), Err(PortfolioError::Underlying(0)));
        let large = Portfolio { options: vec![good.options[0]; 4_097], ..good };
        assert_eq!(large.check(), Err(PortfolioError::Large(4_097)));
    }
}
