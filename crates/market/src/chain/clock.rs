//! The clock of variance: how much movement is left until each expiry, and the year fraction that
//! turns it into a volatility.

use alphatrader_model::{Session, Timestamp};

use super::ChainConfig;
use crate::day::Shape;

/// What is left until an expiry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    /// Calendar time in years of 365 days; at least a minute.
    pub(super) years: f64,
    /// Deviation of the underlying's log return until then, at the money.
    pub(super) deviation: f64,
}

/// Variance of a session spread over its hours, over nights, and over the sessions to come, which
/// return to the long run's volatility.
#[derive(Debug, Clone)]
pub(super) struct VarianceClock {
    today: Session,
    session_variance: f64,
    /// Close of each expiry, and the variance between today's close and it.
    expiries: Vec<(Timestamp, f64)>,
    shape: Shape,
}

impl VarianceClock {
    /// Variance from a close to the next open as a part of a session's.
    const NIGHT: f64 = 0.35;
    /// Sessions in which two thirds of a day's unusual volatility are gone.
    const RETURN: f64 = 15.0;

    /// `sessions` begins with today and leaves none out; expiries are places in it, ascending.
    pub(super) fn new(config: &ChainConfig, sessions: &[Session], expiries: &[usize]) -> Self {
        let square = |x: f64| x * x;
        let (now, long) = (square(config.session_volatility), square(config.long_volatility));
        let mut after = vec![0.0];
        for (place, session) in sessions.iter().enumerate().skip(1) {
            let variance = long + (now - long) * libm::exp(-(place as f64) / Self::RETURN);
            let length = session.close.since(session.open).as_seconds() / Session::FULL.as_seconds();
            after.push(after[place - 1] + variance * (Self::NIGHT + length));
        }
        Self {
            today: sessions[0],
            session_variance: now,
            expiries: expiries.iter().map(|place| (sessions[*place].close, after[*place])).collect(),
            shape: Shape::new(),
        }
    }

    /// What is left at `at` until an expiry, by place.
    pub(super) fn left(&self, expiry: usize, at: Timestamp) -> Left {
        const YEAR: f64 = 365.0 * 86_400.0;
        let (close, after) = self.expiries[expiry];
        let variance = self.session_variance * (1.0 - self.shape.variance_until(&self.today, at)) + after;
        let years = close.since(at).as_seconds().max(60.0) / YEAR;
        Left { years, deviation: libm::sqrt(variance.max(1e-12)) }
    }

    /// Share of the day's volume traded by `at`, in [0, 1].
    pub(super) fn volume_share(&self, at: Timestamp) -> f64 {
        self.shape.volume_until(&self.today, at)
    }

    /// Rate of volume at `at` relative to the day's mean.
    pub(super) fn volume_rate(&self, at: Timestamp) -> f64 {
        self.shape.volume_rate(&self.today, at)
    }
}
