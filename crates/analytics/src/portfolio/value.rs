//! The portfolio revalued in full under a scenario.

use alphatrader_model::instrument::Right;
use serde::{Deserialize, Serialize};

use super::{Missing, OptionHolding, Portfolio, PortfolioError};
use crate::options::american::{DividendModel, Model, Purpose, model_for};
use crate::options::{Horizon, MINUTES_PER_YEAR, Terms, Tree};

/// Least volatility that a shock leaves.
const LEAST_VOLATILITY: f64 = 1e-3;

/// Highest volatility that is priced.
const MOST_VOLATILITY: f64 = 5.0;

/// What happens to the volatilities of an underlying's options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityShock {
    /// Times so much.
    Times(f64),
    /// Plus so much: 0.01 is a vol point.
    Plus(f64),
    /// Up or down by a share of itself, at least by so much; another share for options that settle today.
    Span {
        /// Share, with its sign.
        share: f64,
        /// Share of options that settle today, with its sign.
        zero_dte: f64,
        /// Least change, without sign.
        least: f64,
    },
}

impl VolatilityShock {
    /// Nothing changes.
    pub const NONE: Self = Self::Times(1.0);

    fn apply(self, volatility: f64, zero_dte: bool) -> f64 {
        let shocked = match self {
            Self::Times(times) => volatility * times,
            Self::Plus(change) => volatility + change,
            Self::Span { share, zero_dte: today, least } => {
                let share = if zero_dte { today } else { share };
                let change = (share.abs() * volatility).max(least);
                if share < 0.0 { volatility - change } else { volatility + change }
            }
        };
        shocked.clamp(LEAST_VOLATILITY.min(volatility), MOST_VOLATILITY)
    }
}

/// What happens to one underlying.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shock {
    /// Spot times so much, above 0.
    pub spot: f64,
    /// Its options' volatilities.
    pub volatility: VolatilityShock,
}

/// What happens to all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario<'a> {
    /// By underlying, in the portfolio's order; an underlying beyond its end stands still.
    pub shocks: &'a [Shock],
    /// Years that pass.
    pub years: f64,
}

/// What a holding without a market is worth.
#[derive(Debug, Clone, Copy)]
enum Basis {
    /// Its volatility and its spot are known.
    Market { horizon: Horizon, volatility: f64, spot: f64 },
    /// Only spot is: the worse of intrinsic value and last mark.
    Intrinsic { spot: f64 },
    /// Neither: its last mark.
    Mark,
}

/// A portfolio that can be revalued.
#[derive(Debug, Clone)]
pub struct Revaluer {
    portfolio: Portfolio,
    bases: Vec<Basis>,
    tree: Tree,
    missing: Missing,
    base: f64,
    /// What each option is worth now, dollars a share.
    marks: Vec<f64>,
}

impl Revaluer {
    /// Checks a portfolio, chooses how each holding is valued, and values it.
    ///
    /// # Errors
    /// [`PortfolioError`].
    pub fn new(portfolio: Portfolio) -> Result<Self, PortfolioError> {
        portfolio.check()?;
        let mut missing = Missing::default();
        let bases = portfolio.options.iter().map(|held| basis(&portfolio, held, &mut missing)).collect();
        for held in &portfolio.shares {
            if spot_of(&portfolio, held.underlying).is_none() {
                missing.no_spot += 1;
                missing.no_mark += u32::from(held.mark.is_none());
            }
        }
        let mut revaluer =
            Self { portfolio, bases, tree: Tree::default(), missing, base: 0.0, marks: Vec::new() };
        let still = Scenario { shocks: &[], years: 0.0 };
        revaluer.marks = (0..revaluer.portfolio.options.len()).map(|n| revaluer.option(n, &still)).collect();
        revaluer.base = revaluer.worth(&still);
        Ok(revaluer)
    }

    /// What everything is worth now, dollars.
    pub const fn value(&self) -> f64 {
        self.base
    }

    /// What an option of the portfolio is worth now, dollars a share.
    pub fn mark(&self, option: usize) -> f64 {
        self.marks[option]
    }

    /// What the result does not rest on.
    pub const fn missing(&self) -> Missing {
        self.missing
    }

    /// What is held.
    pub const fn portfolio(&self) -> &Portfolio {
        &self.portfolio
    }

    /// Profit of the whole under a scenario, dollars.
    pub fn profit(&mut self, scenario: &Scenario<'_>) -> f64 {
        self.worth(scenario) - self.base
    }

    /// Profit of the holdings on one underlying, its options filtered.
    pub(super) fn profit_of(
        &mut self,
        underlying: usize,
        scenario: &Scenario<'_>,
        takes: impl Fn(&OptionHolding) -> bool,
        shares: bool,
    ) -> f64 {
        let mut sum = 0.0;
        for place in 0..self.portfolio.options.len() {
            let held = self.portfolio.options[place];
            if held.underlying == underlying && takes(&held) {
                sum += size(&held) * (self.option(place, scenario) - self.marks[place]);
            }
        }
        if shares {
            let shock = shock_of(scenario, underlying);
            let spot = spot_of(&self.portfolio, underlying).unwrap_or(0.0);
            let held = self.portfolio.shares.iter().filter(|held| held.underlying == underlying);
            sum += held.map(|held| held.shares * spot * (shock.spot - 1.0)).sum::<f64>();
        }
        sum
    }

    /// An option's way of being valued, for those that need more than its price.
    pub(super) fn terms(&self, option: usize) -> Option<(Terms, f64)> {
        let held = &self.portfolio.options[option];
        match self.bases[option] {
            Basis::Market { spot, volatility, .. } => {
                Some((terms(&self.portfolio, held, spot, held.years), volatility))
            }
            Basis::Intrinsic { .. } | Basis::Mark => None,
        }
    }

    fn worth(&mut self, scenario: &Scenario<'_>) -> f64 {
        let mut sum = 0.0;
        for place in 0..self.portfolio.options.len() {
            sum += size(&self.portfolio.options[place]) * self.option(place, scenario);
        }
        for held in &self.portfolio.shares {
            let price = match spot_of(&self.portfolio, held.underlying) {
                Some(spot) => spot * shock_of(scenario, held.underlying).spot,
                None => held.mark.unwrap_or(0.0),
            };
            sum += held.shares * price;
        }
        sum
    }

    /// Dollars a share of one option.
    fn option(&mut self, place: usize, scenario: &Scenario<'_>) -> f64 {
        let held = self.portfolio.options[place];
        let shock = shock_of(scenario, held.underlying);
        match self.bases[place] {
            Basis::Mark => held.mark.unwrap_or(0.0),
            Basis::Intrinsic { spot } => {
                let inside = intrinsic(&held, spot * shock.spot);
                // The worse of the two for whoever holds it.
                match held.mark {
                    Some(mark) if held.contracts < 0 => inside.max(mark),
                    Some(mark) => inside.min(mark),
                    None => inside,
                }
            }
            Basis::Market { horizon, volatility, spot } => {
                let spot = spot * shock.spot;
                let volatility = shock.volatility.apply(volatility, held.zero_dte);
                let years = held.years - scenario.years;
                // Under half a second is settled: years are differences of rounded numbers.
                if years * MINUTES_PER_YEAR < 0.008 {
                    return intrinsic(&held, spot);
                }
                let terms = terms(&self.portfolio, &held, spot, years);
                let dividends = &self.portfolio.underlyings[held.underlying].dividends;
                let (model, _) = model_for(held.exercise, &terms, dividends, Purpose::Position);
                if model == Model::American {
                    let found = self.tree.quick(&terms, volatility, dividends, DividendModel::SpotDrop);
                    if let Ok(found) = found {
                        return found.valuation.price;
                    }
                }
                let horizon = if scenario.years == 0.0 {
                    Ok(horizon)
                } else {
                    Horizon::new(years, terms.rate, terms.dividend_yield)
                };
                let option = horizon.and_then(|horizon| horizon.option(terms.right, spot, terms.strike));
                // Terms were checked when the basis was chosen; a spot beyond all bounds leaves intrinsic value.
                option.and_then(|option| option.price(volatility)).unwrap_or(intrinsic(&held, spot))
            }
        }
    }
}

/// Shares that an option position controls, negative when written.
pub(super) fn size(held: &OptionHolding) -> f64 {
    held.contracts as f64 * f64::from(held.multiplier)
}

fn shock_of(scenario: &Scenario<'_>, underlying: usize) -> Shock {
    let still = Shock { spot: 1.0, volatility: VolatilityShock::NONE };
    scenario.shocks.get(underlying).copied().unwrap_or(still)
}

fn spot_of(portfolio: &Portfolio, underlying: usize) -> Option<f64> {
    portfolio.underlyings[underlying].spot.filter(|spot| spot.is_finite() && *spot > 0.0)
}

fn intrinsic(held: &OptionHolding, spot: f64) -> f64 {
    let strike = held.contract.strike.to_f64();
    match held.contract.right {
        Right::Call => (spot - strike).max(0.0),
        Right::Put => (strike - spot).max(0.0),
    }
}

fn terms(portfolio: &Portfolio, held: &OptionHolding, spot: f64, years: f64) -> Terms {
    Terms {
        right: held.contract.right,
        spot,
        strike: held.contract.strike.to_f64(),
        years,
        rate: held.rate,
        dividend_yield: portfolio.underlyings[held.underlying].dividend_yield,
    }
}

fn basis(portfolio: &Portfolio, held: &OptionHolding, missing: &mut Missing) -> Basis {
    let Some(spot) = spot_of(portfolio, held.underlying) else {
        missing.no_spot += 1;
        missing.no_mark += u32::from(held.mark.is_none());
        return Basis::Mark;
    };
    let settled = held.years <= 0.0;
    let known = |volatility: &f64| *volatility > 0.0 && *volatility <= MOST_VOLATILITY;
    let volatility = match held.volatility.filter(known) {
        Some(volatility) => volatility,
        // At and after settlement volatility says nothing.
        None if settled => LEAST_VOLATILITY,
        None => {
            missing.no_volatility += 1;
            return Basis::Intrinsic { spot };
        }
    };
    let terms = terms(portfolio, held, spot, held.years);
    match Horizon::new(terms.years, terms.rate, terms.dividend_yield) {
        Ok(horizon) if terms.check().is_ok() => Basis::Market { horizon, volatility, spot },
        _ => {
            missing.refused += 1;
            Basis::Intrinsic { spot }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::condor;
    use super::super::{ShareHolding, Underlying};
    use super::*;
    use alphatrader_model::chain::Exercise;

    fn moved(spot: f64, volatility: VolatilityShock) -> [Shock; 1] {
        [Shock { spot, volatility }]
    }

    #[test]
    fn a_still_market_leaves_the_value() {
        let mut held = Revaluer::new(condor()).unwrap();
        // gex-expected.json, portfolio.value_usd.
        assert!((held.value() - -3_450.944_255_901_29).abs() < 1e-8, "{}", held.value());
        assert_eq!(held.profit(&Scenario { shocks: &[], years: 0.0 }), 0.0);
        assert!(!held.missing().is_degraded());
    }

    #[test]
    fn an_option_without_a_market_is_worth_the_worse_for_its_holder() {
        let mut portfolio = condor();
        for held in &mut portfolio.options {
            held.volatility = None;
        }
        portfolio.underlyings[0].spot = Some(615.0);
        let held = Revaluer::new(portfolio.clone()).unwrap();
        assert_eq!(held.missing(), Missing { no_volatility: 4, ..Missing::default() });
        assert!(held.missing().is_degraded() && held.missing().blocks_new_risk());
        // Short 610 call: intrinsic 5 above mark 1; the long ones: intrinsic 0 below it; short put: mark.
        assert_eq!(held.value(), -10.0 * 100.0 * 5.0 - 10.0 * 100.0 * 1.0);
        portfolio.underlyings[0].spot = None;
        let mut held = Revaluer::new(portfolio).unwrap();
        assert_eq!(held.missing().no_spot, 4);
        assert_eq!(held.value(), 0.0, "four marks of a dollar");
        assert_eq!(held.profit(&Scenario { shocks: &moved(0.9, VolatilityShock::NONE), years: 0.0 }), 0.0);
    }

    #[test]
    fn shares_move_with_spot_and_time_runs_out() {
        let mut portfolio = condor();
        portfolio.shares = vec![ShareHolding { underlying: 0, shares: 50.0, mark: None }];
        let mut held = Revaluer::new(portfolio.clone()).unwrap();
        let still = held.profit(&Scenario { shocks: &[], years: 1.0 });
        let gain = held.value() - 50.0 * 600.0;
        assert!((still + gain).abs() < 1e-9, "after a year the condor expired worthless: {still} {gain}");
        portfolio.options.clear();
        let mut held = Revaluer::new(portfolio).unwrap();
        let fall = held.profit(&Scenario { shocks: &moved(0.97, VolatilityShock::NONE), years: 0.0 });
        assert!((fall - -900.0).abs() < 1e-9);
    }

    #[test]
    fn american_puts_are_worth_more_in_the_money() {
        let mut portfolio = condor();
        portfolio.options.truncate(3);
        portfolio.options.drain(..2);
        portfolio.options[0].contracts = 1;
        let european = Revaluer::new(portfolio.clone()).unwrap();
        portfolio.options[0].exercise = Exercise::American;
        let mut american = Revaluer::new(portfolio).unwrap();
        let premium = american.value() - european.value();
        assert!(premium > 0.0 && premium < 10.0, "{premium}");
        let crash = Scenario { shocks: &moved(0.8, VolatilityShock::NONE), years: 0.0 };
        let worth = american.value() + american.profit(&crash);
        assert!((worth - 100.0 * (590.0 - 480.0)).abs() < 1e-6, "exercised: {worth}");
    }

    #[test]
    fn shocks_of_volatility_have_bounds() {
        let span = VolatilityShock::Span { share: -0.25, zero_dte: -0.5, least: 0.03 };
        assert!((span.apply(0.2, false) - 0.15).abs() < 1e-15);
        assert!((span.apply(0.2, true) - 0.1).abs() < 1e-15);
        assert!((span.apply(0.1, false) - 0.07).abs() < 1e-15, "at least three points");
        assert_eq!(span.apply(0.02, false), LEAST_VOLATILITY);
        assert_eq!(VolatilityShock::Times(100.0).apply(0.2, false), MOST_VOLATILITY);
        assert_eq!(VolatilityShock::Plus(-1.0).apply(0.2, false), LEAST_VOLATILITY);
        assert_eq!(VolatilityShock::NONE.apply(5e-4, false), 5e-4);
    }

    #[test]
    fn nothing_held_is_worth_nothing() {
        let mut none = Revaluer::new(Portfolio {
            underlyings: vec![Underlying { spot: None, ..super::super::tests::spy() }],
            ..Portfolio::default()
        })
        .unwrap();
        assert_eq!((none.value(), none.missing()), (0.0, Missing::default()));
        assert_eq!(none.profit(&Scenario { shocks: &moved(0.5, VolatilityShock::NONE), years: 0.0 }), 0.0);
    }
}
