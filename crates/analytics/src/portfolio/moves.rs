//! Profit at finite moves, for options that settle today: gamma at a point misleads there.

use serde::{Deserialize, Serialize};

use super::value::{Revaluer, Scenario, Shock, VolatilityShock};

/// Moves that are shown, standard deviations of the time left.
pub const SIGMAS: [f64; 8] = [-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0];

/// Profit of one underlying's options that settle today, at one move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FiniteMove {
    /// Place of the underlying in the portfolio.
    pub underlying: usize,
    /// Standard deviations of the time left.
    pub sigmas: f64,
    /// Spot after it, dollars.
    pub spot: f64,
    /// Profit if it happens now, dollars.
    pub now: f64,
    /// Profit if that is spot at the close, dollars.
    pub at_close: f64,
}

/// The moves of every underlying with options that settle today. Their volatility at the money is that of the option
/// nearest to spot; where none has a volatility, there are no moves.
pub fn finite_moves(held: &mut Revaluer) -> Vec<FiniteMove> {
    let count = held.portfolio().underlyings.len();
    let mut shocks = vec![Shock { spot: 1.0, volatility: VolatilityShock::NONE }; count];
    let mut moves = Vec::new();
    for underlying in 0..count {
        let Some((spot, deviation, years)) = remaining(held, underlying) else { continue };
        for sigmas in SIGMAS {
            let moved = spot * libm::exp(sigmas * deviation);
            shocks[underlying].spot = moved / spot;
            let today = |option: &super::OptionHolding| option.zero_dte;
            let mut profit =
                |years: f64| held.profit_of(underlying, &Scenario { shocks: &shocks, years }, today, false);
            let (now, at_close) = (profit(0.0), profit(years));
            moves.push(FiniteMove { underlying, sigmas, spot: moved, now, at_close });
        }
        shocks[underlying].spot = 1.0;
    }
    moves
}

/// Spot, standard deviation of the time left, and that time.
fn remaining(held: &Revaluer, underlying: usize) -> Option<(f64, f64, f64)> {
    let portfolio = held.portfolio();
    let spot = portfolio.underlyings[underlying].spot?;
    let options = portfolio.options.iter().filter(|option| {
        option.underlying == underlying
            && option.zero_dte
            && option.years > 0.0
            && option.volatility.is_some()
    });
    let distance = |option: &super::OptionHolding| (option.contract.strike.to_f64() - spot).abs();
    let nearest = options.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let deviation = nearest.volatility? * libm::sqrt(nearest.years);
    (deviation > 0.0 && deviation.is_finite()).then_some((spot, deviation, nearest.years))
}

#[cfg(test)]
mod tests {
    use super::super::tests::condor;
    use super::*;

    #[test]
    fn a_short_straddle_shows_what_gamma_hides() {
        let mut portfolio = condor();
        portfolio.options.truncate(1);
        let mut call = portfolio.options[0];
        (call.contract, call.contracts) = ("SPY260617C00600000".parse().unwrap(), -1);
        (call.years, call.zero_dte, call.volatility) = (240.0 / 525_600.0, true, Some(0.12));
        let mut put = call;
        put.contract = "SPY260617P00600000".parse().unwrap();
        // Another expiry does not count.
        portfolio.options = vec![call, put, portfolio.options[0]];
        let mut held = Revaluer::new(portfolio).unwrap();
        let moves = finite_moves(&mut held);
        assert_eq!(moves.len(), 8);
        let deviation = 0.12 * libm::sqrt(240.0 / 525_600.0);
        let up = moves.last().unwrap();
        assert!((up.spot - 600.0 * libm::exp(2.0 * deviation)).abs() < 1e-9);
        let premium = 100.0 * (held.mark(0) + held.mark(1));
        assert!((up.at_close - (premium - 100.0 * (up.spot - 600.0))).abs() < 1e-6, "{up:?} {premium}");
        assert!(
            up.now < -100.0 && moves.iter().all(|at| at.at_close > at.now),
            "time is on the writer's side"
        );
    }

    #[test]
    fn without_options_of_today_there_are_no_moves() {
        assert!(finite_moves(&mut Revaluer::new(condor()).unwrap()).is_empty());
        let mut dark = condor();
        for option in &mut dark.options {
            (option.zero_dte, option.volatility) = (true, None);
        }
        assert!(finite_moves(&mut Revaluer::new(dark).unwrap()).is_empty());
    }
}
