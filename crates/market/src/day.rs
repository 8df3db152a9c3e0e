//! The shape of a trading day: how volume and movement spread over its half hours.

use alphatrader_model::{Session, Timestamp};

/// Share of a day's prints in each of its thirteen half hours, measured on the consolidated tape of
/// SPY, 2013-10-07.
pub const PRINT_SHARES: [f64; 13] =
    [0.16, 0.13, 0.07, 0.08, 0.05, 0.04, 0.05, 0.05, 0.04, 0.06, 0.04, 0.06, 0.18];

/// Shares of volume and of variance over the day. Half days are the same shape, run faster.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    volume: [f64; 13],
    variance: [f64; 13],
}

impl Default for Shape {
    fn default() -> Self {
        Self::new()
    }
}

impl Shape {
    /// The measured shape. Variance follows it with less of a swing: the square root of volume.
    pub fn new() -> Self {
        let total: f64 = PRINT_SHARES.iter().sum();
        let volume = PRINT_SHARES.map(|share| share / total);
        let roots = volume.map(libm::sqrt);
        let sum: f64 = roots.iter().sum();
        Self { volume, variance: roots.map(|root| root / sum) }
    }

    /// Share of the day's volume until `at`, in [0, 1].
    pub fn volume_until(&self, session: &Session, at: Timestamp) -> f64 {
        cumulated(&self.volume, fraction(session, at))
    }

    /// Share of the day's variance until `at`, in [0, 1].
    pub fn variance_until(&self, session: &Session, at: Timestamp) -> f64 {
        cumulated(&self.variance, fraction(session, at))
    }

    /// Rate of volume at `at` relative to the day's mean.
    pub fn volume_rate(&self, session: &Session, at: Timestamp) -> f64 {
        self.volume[place(fraction(session, at))] * 13.0
    }
}

/// How much of the session has gone by, in [0, 1].
fn fraction(session: &Session, at: Timestamp) -> f64 {
    let length = session.close.since(session.open).as_seconds();
    (at.since(session.open).as_seconds() / length).clamp(0.0, 1.0)
}

fn place(fraction: f64) -> usize {
    ((fraction * 13.0) as usize).min(12)
}

fn cumulated(shares: &[f64; 13], fraction: f64) -> f64 {
    let here = place(fraction);
    let before: f64 = shares[..here].iter().sum();
    (before + shares[here] * (fraction * 13.0 - here as f64)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Calendar;

    #[test]
    fn a_day_is_used_up_from_open_to_close() {
        let session = Calendar::xnys().session("2025-06-02".parse().unwrap()).unwrap();
        let shape = Shape::new();
        let at = |minutes: i64| session.open + alphatrader_model::Span::from_minutes(minutes);
        assert_eq!(shape.volume_until(&session, at(-5)), 0.0);
        assert!((shape.volume_until(&session, session.close) - 1.0).abs() < 1e-12);
        assert!((shape.variance_until(&session, session.close) - 1.0).abs() < 1e-12);
        // The first half hour holds 16 of 101 hundredths of the prints.
        assert!((shape.volume_until(&session, at(30)) - 0.16 / 1.01).abs() < 1e-12);
        let shares: Vec<f64> = (0..=390).map(|m| shape.variance_until(&session, at(m))).collect();
        assert!(shares.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(shape.volume_rate(&session, at(1)) > 2.0 * shape.volume_rate(&session, at(180)));
    }
}
