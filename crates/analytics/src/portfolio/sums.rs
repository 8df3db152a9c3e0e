//! Value and sensitivities, summed.

use alphatrader_model::chain::Exercise;
use alphatrader_model::instrument::Symbol;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Missing;
use super::value::{Revaluer, size};
use crate::options::american::{DividendModel, Model, Purpose, model_for};
use crate::options::{Tree, Valuation, value};

/// Days of a year of option prices.
const DAYS: f64 = 365.0;

/// Of one underlying.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderlyingSums {
    /// Which.
    pub symbol: Symbol,
    /// Worth of its options and shares, dollars.
    pub value: f64,
    /// Delta, shares.
    pub delta_shares: f64,
    /// Change of it for a dollar of spot, shares.
    pub gamma_shares: f64,
    /// Dollars per 1.00 of volatility; a hundredth is a vol point.
    pub vega: f64,
    /// The same by expiry, ascending.
    pub vega_by_expiry: Vec<(Date, f64)>,
    /// Dollars a calendar day.
    pub theta_per_day: f64,
    /// Change of delta for a vol point, shares.
    pub vanna_per_point: f64,
    /// Change of delta until the close, shares.
    pub charm_to_close: f64,
}

/// Of everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Worth, dollars.
    pub value: f64,
    /// Dollars per 1.00 of volatility.
    pub vega: f64,
    /// Dollars a calendar day.
    pub theta_per_day: f64,
    /// Delta in shares of the reference: `Σ β S / S_ref × delta`; absent when a beta or a price is missing.
    pub beta_weighted_delta: Option<f64>,
    /// By underlying, in the portfolio's order.
    pub underlyings: Vec<UnderlyingSums>,
    /// What it does not rest on: those holdings are in the value and in no sensitivity.
    pub missing: Missing,
}

/// Sums a portfolio. `reference` is the price of what betas are measured against (SPY), `to_close` the years that are
/// left of the session.
pub fn sums(held: &Revaluer, reference: Option<f64>, to_close: f64) -> Sums {
    let portfolio = held.portfolio();
    let mut tree = Tree::default();
    let mut missing = held.missing();
    let mut underlyings: Vec<UnderlyingSums> =
        portfolio.underlyings.iter().map(|underlying| empty(underlying.symbol)).collect();
    for (place, option) in portfolio.options.iter().enumerate() {
        let sum = &mut underlyings[option.underlying];
        let shares = size(option);
        sum.value += shares * held.mark(place);
        let Some((terms, volatility)) = held.terms(place) else { continue };
        let dividends = &portfolio.underlyings[option.underlying].dividends;
        let (model, _) = model_for(option.exercise, &terms, dividends, Purpose::Position);
        let american = option.exercise == Exercise::American && model == Model::American;
        let found = if american {
            let found = tree.value(&terms, volatility, dividends, DividendModel::SpotDrop);
            found.ok().map(|found| found.valuation)
        } else {
            value(&terms, volatility).ok()
        };
        match found {
            Some(valuation) => sum.add(shares, &valuation, option.contract.expiry, to_close),
            None => missing.refused += 1,
        }
    }
    for shares in &portfolio.shares {
        let sum = &mut underlyings[shares.underlying];
        let spot = portfolio.underlyings[shares.underlying].spot.or(shares.mark);
        sum.value += shares.shares * spot.unwrap_or(0.0);
        sum.delta_shares += shares.shares;
    }
    let weighted = portfolio.underlyings.iter().zip(&underlyings).map(|(underlying, sum)| {
        let share = underlying.beta? * underlying.spot? / reference?;
        Some(share * sum.delta_shares).filter(|weighted| weighted.is_finite())
    });
    Sums {
        value: underlyings.iter().map(|sum| sum.value).sum(),
        vega: underlyings.iter().map(|sum| sum.vega).sum(),
        theta_per_day: underlyings.iter().map(|sum| sum.theta_per_day).sum(),
        beta_weighted_delta: weighted.sum(),
        underlyings,
        missing,
    }
}

impl UnderlyingSums {
    fn add(&mut self, shares: f64, v: &Valuation, expiry: Date, to_close: f64) {
        self.delta_shares += shares * v.delta;
        self.gamma_shares += shares * v.gamma;
        self.vega += shares * v.vega;
        self.theta_per_day += shares * v.theta / DAYS;
        self.vanna_per_point += shares * v.vanna / 100.0;
        self.charm_to_close += shares * v.charm * to_close;
        match self.vega_by_expiry.binary_search_by(|(at, _)| at.cmp(&expiry)) {
            Ok(place) => self.vega_by_expiry[place].1 += shares * v.vega,
            Err(place) => self.vega_by_expiry.insert(place, (expiry, shares * v.vega)),
        }
    }
}

fn empty(symbol: Symbol) -> UnderlyingSums {
    UnderlyingSums {
        symbol,
        value: 0.0,
        delta_shares: 0.0,
        gamma_shares: 0.0,
        vega: 0.0,
        vega_by_expiry: Vec::new(),
        theta_per_day: 0.0,
        vanna_per_point: 0.0,
        charm_to_close: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{condor, spy};
    use super::super::{ShareHolding, Underlying};
    use super::*;
    use jiff::civil::date;

    fn close(ours: f64, theirs: f64) {
        assert!((ours / theirs - 1.0).abs() <= 1e-9, "{ours} {theirs}");
    }

    #[test]
    fn the_condor_has_the_sums_of_the_oracle() {
        let held = Revaluer::new(condor()).unwrap();
        let found = sums(&held, Some(600.0), 240.0 / 525_600.0);
        let of = &found.underlyings[0];
        close(found.value, -3_450.944_255_901_289_6);
        close(of.delta_shares, -28.965_674_611_684_705);
        close(of.gamma_shares, -16.996_685_667_884_304);
        close(of.vega, -31_336.648_425_809_486);
        close(of.theta_per_day * 365.0, 53_218.813_448_644_24);
        assert_eq!(of.vega_by_expiry, [(date(2026, 7, 1), of.vega)]);
        close(found.beta_weighted_delta.unwrap(), of.delta_shares);
        assert!(!found.missing.is_degraded());
    }

    #[test]
    fn charm_and_vanna_foretell_delta() {
        let mut portfolio = condor();
        let held = Revaluer::new(portfolio.clone()).unwrap();
        let hour = 60.0 / 525_600.0;
        let before = sums(&held, None, hour);
        for option in &mut portfolio.options {
            option.years -= hour;
        }
        let later = sums(&Revaluer::new(portfolio.clone()).unwrap(), None, hour);
        let moved = later.underlyings[0].delta_shares - before.underlyings[0].delta_shares;
        assert!((moved / before.underlyings[0].charm_to_close - 1.0).abs() < 0.01, "{moved}");
        for option in &mut portfolio.options {
            option.years += hour;
            option.volatility = option.volatility.map(|volatility| volatility + 0.001);
        }
        let up = sums(&Revaluer::new(portfolio).unwrap(), None, hour);
        let moved = up.underlyings[0].delta_shares - before.underlyings[0].delta_shares;
        assert!((moved / (0.1 * before.underlyings[0].vanna_per_point) - 1.0).abs() < 0.05, "{moved}");
        assert_eq!(before.beta_weighted_delta, None, "no reference price");
    }

    #[test]
    fn betas_weigh_and_what_is_missing_is_said() {
        let mut portfolio = condor();
        let qqq = Underlying { spot: Some(500.0), beta: Some(1.2), ..spy() };
        portfolio.underlyings.push(qqq);
        portfolio.options.clear();
        portfolio.shares = vec![
            ShareHolding { underlying: 0, shares: 10.0, mark: None },
            ShareHolding { underlying: 1, shares: -30.0, mark: None },
        ];
        let found = sums(&Revaluer::new(portfolio.clone()).unwrap(), Some(600.0), 0.0);
        close(found.beta_weighted_delta.unwrap(), 10.0 - 30.0 * 1.2 * 500.0 / 600.0);
        close(found.value, 6_000.0 - 15_000.0);
        portfolio.underlyings[1].beta = None;
        let found = sums(&Revaluer::new(portfolio).unwrap(), Some(600.0), 0.0);
        assert_eq!(found.beta_weighted_delta, None);
        let mut dark = condor();
        dark.options[0].volatility = None;
        let found = sums(&Revaluer::new(dark).unwrap(), Some(600.0), 0.0);
        assert!(found.missing.is_degraded() && found.missing.no_volatility == 1);
    }
}
