//! The risk-free rate by tenor.
//!
//! Rates are continuous fractions a year. Published yields are not: a Treasury bond-equivalent yield `y` is
//! `2 ln(1 + y/2)` ([`continuous_from_semiannual`]). Between two tenors the rate is linear in days, outside the first
//! and the last it stays: an option that expires today is discounted by the shortest bill, never by the ten-year yield.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::tenor::MINUTES_PER_YEAR;

/// One tenor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Calendar days from now, at least 0.
    pub days: f64,
    /// Continuous rate, a year.
    pub rate: f64,
}

/// Why points make no curve.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum RateCurveError {
    /// Nothing to interpolate.
    #[error("a rate curve needs from 1 to {max} points and {0} were given", max = RateCurve::MAX_POINTS)]
    Count(usize),
    /// A tenor is negative, not a number, or not above the one before.
    #[error("tenor {0} of a rate curve must be at least 0 days and above the tenor before it")]
    Tenor(f64),
    /// A rate is not a number or beyond any market's.
    #[error("a rate of {0} a year is no rate: it must lie within ±1 (±100 %)")]
    Rate(f64),
}

/// Rates by tenor: 1 to 32 points, ascending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<RatePoint>", into = "Vec<RatePoint>")]
pub struct RateCurve(Vec<RatePoint>);

impl RateCurve {
    /// Most points.
    pub const MAX_POINTS: usize = 32;

    /// From points in ascending order of days.
    ///
    /// # Errors
    /// [`RateCurveError`] that says which point is wrong.
    pub fn new(points: Vec<RatePoint>) -> Result<Self, RateCurveError> {
        if points.is_empty() || points.len() > Self::MAX_POINTS {
            return Err(RateCurveError::Count(points.len()));
        }
        let mut before = -1.0;
        for point in &points {
            if !(point.days.is_finite() && point.days >= 0.0 && point.days > before) {
                return Err(RateCurveError::Tenor(point.days));
            }
            if point.rate.is_nan() || point.rate.abs() > 1.0 {
                return Err(RateCurveError::Rate(point.rate));
            }
            before = point.days;
        }
        Ok(Self(points))
    }

    /// The same rate for every tenor.
    ///
    /// # Errors
    /// [`RateCurveError::Rate`].
    pub fn flat(rate: f64) -> Result<Self, RateCurveError> {
        Self::new(vec![RatePoint { days: 0.0, rate }])
    }

    /// The continuous rate of a tenor in calendar days. Not a number counts as today.
    pub fn rate(&self, days: f64) -> f64 {
        let above = self.0.iter().position(|point| point.days > days);
        match above {
            Some(0) => self.0[0].rate,
            Some(place) => {
                let (low, high) = (self.0[place - 1], self.0[place]);
                let share = (days - low.days) / (high.days - low.days);
                low.rate + (high.rate - low.rate) * share
            }
            None if days.is_nan() => self.0[0].rate,
            None => self.0[self.0.len() - 1].rate,
        }
    }

    /// The same of a tenor in years of option prices.
    pub fn rate_for_years(&self, years: f64) -> f64 {
        self.rate(years * (MINUTES_PER_YEAR / 1_440.0))
    }

    /// Its points, ascending.
    pub fn points(&self) -> &[RatePoint] {
        &self.0
    }
}

impl TryFrom<Vec<RatePoint>> for RateCurve {
    type Error = RateCurveError;

    fn try_from(points: Vec<RatePoint>) -> Result<Self, RateCurveError> {
        Self::new(points)
    }
}

impl From<RateCurve> for Vec<RatePoint> {
    fn from(curve: RateCurve) -> Self {
        curve.0
    }
}

/// The continuous rate of a yield that compounds twice a year, as Treasury yields are published: 0.04 is 0.0396.
pub fn continuous_from_semiannual(annual_yield: f64) -> f64 {
    2.0 * libm::log1p(annual_yield / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> RateCurve {
        let point = |days, rate| RatePoint { days, rate };
        RateCurve::new(vec![point(1.0, 0.043), point(91.0, 0.041), point(365.0, 0.038)]).unwrap()
    }

    #[test]
    fn between_tenors_it_is_linear_and_outside_flat() {
        let curve = curve();
        assert_eq!(curve.rate(0.0), 0.043);
        assert_eq!(curve.rate(1.0), 0.043);
        assert!((curve.rate(46.0) - 0.042).abs() < 1e-15);
        assert_eq!(curve.rate(91.0), 0.041);
        assert!((curve.rate(228.0) - 0.0395).abs() < 1e-15);
        assert_eq!((curve.rate(365.0), curve.rate(9_000.0)), (0.038, 0.038));
        assert_eq!((curve.rate(-3.0), curve.rate(f64::NAN)), (0.043, 0.043));
        assert!((curve.rate_for_years(46.0 / 365.0) - 0.042).abs() < 1e-15);
        assert_eq!(RateCurve::flat(0.05).unwrap().rate(700.0), 0.05);
    }

    #[test]
    fn points_that_make_no_curve_are_refused() {
        let point = |days, rate| RatePoint { days, rate };
        assert_eq!(RateCurve::new(vec![]), Err(RateCurveError::Count(0)));
        assert_eq!(RateCurve::new(vec![point(1.0, 0.0); 33]), Err(RateCurveError::Count(33)));
        assert_eq!(RateCurve::new(vec![point(1.0, 0.0), point(1.0, 0.0)]), Err(RateCurveError::Tenor(1.0)));
        assert_eq!(RateCurve::new(vec![point(-1.0, 0.0)]), Err(RateCurveError::Tenor(-1.0)));
        assert!(matches!(RateCurve::flat(f64::NAN), Err(RateCurveError::Rate(_))));
        assert_eq!(RateCurve::flat(4.3), Err(RateCurveError::Rate(4.3)), "per cent is not a fraction");
    }

    #[test]
    fn what_is_written_is_read_back_and_checked() {
        let text = serde_json::to_string(&curve()).unwrap();
        assert_eq!(serde_json::from_str::<RateCurve>(&text).unwrap(), curve());
        assert!(serde_json::from_str::<RateCurve>("[]").is_err());
    }

    #[test]
    fn published_yields_become_continuous() {
        assert!((continuous_from_semiannual(0.04) - 0.039_605_254_592_7).abs() < 1e-12);
        assert_eq!(continuous_from_semiannual(0.0), 0.0);
    }
}
