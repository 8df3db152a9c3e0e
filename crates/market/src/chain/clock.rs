//! The clock of variance: how much movement is left until an expiry, and the year fraction that
//! turns it into a volatility.

use alphatrader_model::{Session, Timestamp};

use crate::day::Shape;

/// What is left until an expiry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    /// Calendar time in years of 365 days; at least a minute.
    pub(super) years: f64,
    /// Deviation of the underlying's log return until then, at the money.
    pub(super) deviation: f64,
}

/// Variance of a session spread over its hours, and over night.
#[derive(Debug, Clone)]
pub(super) struct VarianceClock {
    session_variance: f64,
    night_variance: f64,
    sessions: [Session; 2],
    shape: Shape,
}

impl VarianceClock {
    /// Variance from a close to the next open as a part of a session's.
    const NIGHT: f64 = 0.35;

    pub(super) fn new(session_volatility: f64, session: Session, next: Session) -> Self {
        let session_variance = session_volatility * session_volatility;
        Self {
            session_variance,
            night_variance: Self::NIGHT * session_variance,
            sessions: [session, next],
            shape: Shape::new(),
        }
    }

    /// What is left at `at` until the close of today's (0) or the next (1) session.
    pub(super) fn left(&self, expiry: usize, at: Timestamp) -> Left {
        const YEAR: f64 = 365.0 * 86_400.0;
        let [today, next] = &self.sessions;
        let mut variance = self.session_variance * (1.0 - self.shape.variance_until(today, at));
        let mut end = today.close;
        if expiry == 1 {
            let length = next.close.since(next.open).as_seconds() / Session::FULL.as_seconds();
            variance += self.night_variance + self.session_variance * length;
            end = next.close;
        }
        let years = end.since(at).as_seconds().max(60.0) / YEAR;
        Left { years, deviation: libm::sqrt(variance.max(1e-12)) }
    }

    /// Share of the day's volume traded by `at`, in [0, 1].
    pub(super) fn volume_share(&self, at: Timestamp) -> f64 {
        self.shape.volume_until(&self.sessions[0], at)
    }
}
