//! Implied volatility from the one before: Halley's iteration.
//!
//! `v += ν / (1 + ½ d1 d2 ν / v)` with `ν = (target - price) / vega`. It converges with the third power: a step that
//! changes the volatility by a thousandth leaves a relative error of some 1e-8, so there it stops.

use super::implied::{Estimate, NoVolatility, accept};
use super::pricing::{MAX_VOLATILITY, Prepared};

/// Most steps before the cold solver is asked.
const MOST_STEPS: usize = 4;

/// Relative step at which the iteration has arrived.
const ARRIVED: f64 = 1e-3;

impl Prepared {
    /// The root of a price, started from `previous`; solved from nothing where that does not arrive within four
    /// steps or `previous` is no volatility. `price` is in dollars a share.
    ///
    /// # Errors
    /// As [`Prepared::solve`].
    pub fn solve_from(&self, price: f64, previous: f64) -> Result<f64, NoVolatility> {
        self.bounds(price)?;
        match self.iterate(price, previous) {
            Some(volatility) => Ok(volatility),
            None => self.solve(price),
        }
    }

    /// [`Self::solve_from`], accepted or refused as [`Prepared::implied`] does, with all values.
    ///
    /// # Errors
    /// As [`Prepared::implied`].
    pub fn implied_from(&self, price: f64, previous: f64) -> Result<Estimate, NoVolatility> {
        accept(self, self.solve_from(price, previous)?)
    }

    fn iterate(&self, price: f64, previous: f64) -> Option<f64> {
        let mut volatility = previous;
        for _ in 0..MOST_STEPS {
            if !(volatility > 0.0 && volatility < MAX_VOLATILITY) {
                return None;
            }
            let slope = self.slope(volatility)?;
            let newton = (price - slope.price) / slope.vega;
            let bend = 1.0 + 0.5 * slope.curvature * newton / volatility;
            // A bend near or below zero is a start on the wrong side of the inflection.
            if !(bend > 0.1 && newton.is_finite()) {
                return None;
            }
            let step = newton / bend;
            volatility += step;
            if step.abs() <= ARRIVED * volatility {
                return Some(volatility);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::pricing::Terms;
    use super::*;
    use alphatrader_model::instrument::Right;
    use proptest::prelude::*;

    fn option(right: Right, strike: f64, minutes: f64) -> Prepared {
        let years = minutes / 525_600.0;
        Terms { right, spot: 600.0, strike, years, rate: 0.043, dividend_yield: 0.012 }.prepare().unwrap()
    }

    #[test]
    fn a_start_within_three_percent_arrives_in_two_steps_on_average() {
        // Not counted here, but the result of at most four steps: none of these may need the cold solver.
        for strike in 590..=610 {
            let option =
                option(if strike >= 600 { Right::Call } else { Right::Put }, f64::from(strike), 1_680.0);
            let price = option.value(0.13).unwrap().price;
            for start in [0.126, 0.1287, 0.1313, 0.134] {
                let found = option.iterate(price, start).unwrap();
                assert!((found / 0.13 - 1.0).abs() < 1e-8, "{strike} from {start}: {found}");
            }
        }
    }

    #[test]
    fn a_useless_start_is_solved_from_nothing() {
        let option = option(Right::Call, 602.0, 240.0);
        let price = option.value(0.12).unwrap().price;
        for start in [f64::NAN, -1.0, 0.0, 1e-300, 4.999, 5.0, 1e9, f64::INFINITY] {
            let found = option.solve_from(price, start).unwrap();
            assert!((found / 0.12 - 1.0).abs() < 1e-7, "from {start}: {found}");
        }
        assert_eq!(option.solve_from(0.0, 0.12), Err(NoVolatility::BelowIntrinsic));
        assert_eq!(option.solve_from(600.0, 0.12), Err(NoVolatility::AboveBound));
        assert_eq!(option.solve_from(f64::NAN, 0.12), Err(NoVolatility::NoQuote));
    }

    proptest! {
        #[test]
        fn warm_and_cold_agree(
            moneyness in -3.0_f64..3.0, minutes in 5.0_f64..525_600.0, sigma in 0.05_f64..3.0,
            start in 0.2_f64..3.0, put in any::<bool>(),
        ) {
            let strike = 600.0 * libm::exp(moneyness * sigma * libm::sqrt(minutes / 525_600.0));
            let option = option(if put { Right::Put } else { Right::Call }, strike, minutes);
            let price = option.value(sigma).unwrap().price;
            match (option.implied(price), option.implied_from(price, (sigma * start).min(4.9))) {
                (Ok(cold), Ok(warm)) => {
                    prop_assert!((warm.volatility / cold.volatility - 1.0).abs() < 2e-7, "{cold} {warm}");
                }
                (cold, warm) => prop_assert_eq!(cold.map(|_| ()), warm.map(|_| ())),
            }
        }
    }
}
