//! Parameters by maximum likelihood, and when to refuse them.
//!
//! Sessions are fitted together, each starting at rest. The search is [`crate::simplex`]'s over logarithms,
//! so every place it visits is a stationary process. Refused: a session of fewer than 2 000 events; a
//! branching ratio of 0.98 or more (sweeps that were not merged look like that, and so does a rate that
//! changes in a way the baseline does not know); residuals that are not exponential, by Kolmogorov and
//! Smirnov at one in a hundred.

use alphatrader_model::market::Side;
use thiserror::Error;

use super::{Bivariate, Univariate};
use crate::probability::kolmogorov_tail;
use crate::simplex::{Limits, Minimum, minimise};

/// Events that a session needs.
pub const LEAST_EVENTS: usize = 2_000;
/// Events of all sessions together at most: the caller gives fewer sessions.
pub const MAX_EVENTS: usize = 500_000;
/// Branching ratio from which a fit is refused.
pub const MAX_BRANCHING: f64 = 0.98;
/// Level of the test of the residuals.
pub const LEVEL: f64 = 0.01;
/// Calls of the likelihood at most.
pub const MAX_EVALUATIONS: u32 = 1_500;

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum HawkesRefusal {
    /// A session is too short, or there is none.
    #[error("session {session} has {found} events: {LEAST_EVENTS} are needed")]
    TooFew {
        /// Place of the session.
        session: usize,
        /// Its events.
        found: usize,
    },
    /// More events than a fit may take.
    #[error("{0} events are more than the {MAX_EVENTS} of one fit: give fewer sessions")]
    TooMany(usize),
    /// Events out of order, at one instant (of one side), before zero or after the session's end.
    #[error(
        "session {session}: event {place} is not after the one before, or outside the session; merge the prints of an instant first"
    )]
    Order {
        /// Place of the session.
        session: usize,
        /// Place of the event.
        place: usize,
    },
    /// The search did not end.
    #[error("no maximum of the likelihood was found in {MAX_EVALUATIONS} steps")]
    NotConverged,
    /// The process would hardly need a cause from outside.
    #[error("branching ratio {0}: {MAX_BRANCHING} or more is refused")]
    Branching(f64),
    /// Time between events is not what the process says.
    #[error("residuals: distance {distance}, p {p}: not exponential at {LEVEL}")]
    Residuals {
        /// Kolmogorov and Smirnov's distance.
        distance: f64,
        /// Its p-value.
        p: f64,
    },
}

/// Events of one session, in operational seconds from its open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Session<'a, E> {
    /// In order of time.
    pub events: &'a [E],
    /// When the session ended.
    pub end: f64,
}

/// A fit that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct HawkesFit<P> {
    /// The parameters.
    pub parameters: P,
    /// Log-likelihood of all sessions.
    pub log_likelihood: f64,
    /// Events of all sessions.
    pub events: usize,
    /// Kolmogorov and Smirnov's distance of the residuals from the exponential.
    pub distance: f64,
    /// Its p-value.
    pub p: f64,
}

/// Fits one stream.
///
/// # Errors
/// The sessions are too short or out of order, or the fit must be refused: see the module.
pub fn fit_univariate(sessions: &[Session<'_, f64>]) -> Result<HawkesFit<Univariate>, HawkesRefusal> {
    let events =
        admit(sessions, |before, event| before.is_none_or(|before| *event > *before), |event| *event)?;
    let rate = events as f64 / sessions.iter().map(|session| session.end).sum::<f64>();
    let model = |at: &[f64]| {
        let beta = rate * libm::exp(at[2]);
        Univariate::new(rate * libm::exp(at[0]), logistic(at[1]) * beta, beta).ok()
    };
    let likelihood = |hawkes: &Univariate| -> f64 {
        sessions.iter().map(|session| hawkes.log_likelihood(session.events, session.end)).sum()
    };
    let found = search(
        |at| model(at).map_or(f64::INFINITY, |hawkes| -likelihood(&hawkes)),
        &[-0.7, 0.0, 0.7],
        &[1.0; 3],
    );
    let parameters = model(&found.at).filter(|_| found.converged).ok_or(HawkesRefusal::NotConverged)?;
    let residuals = sessions.iter().flat_map(|session| parameters.residuals(session.events)).collect();
    judged(parameters, parameters.branching(), -found.value, events, residuals)
}

/// Fits buyers and sellers: their base rates, the excitation of the own side and of the other (alike for
/// both), one decay.
///
/// # Errors
/// As [`fit_univariate`].
pub fn fit_bivariate(sessions: &[Session<'_, (f64, Side)>]) -> Result<HawkesFit<Bivariate>, HawkesRefusal> {
    let in_order = |before: Option<&(f64, Side)>, event: &(f64, Side)| {
        before.is_none_or(|before| event.0 > before.0 || (event.0 == before.0 && event.1 != before.1))
    };
    let events = admit(sessions, in_order, |event| event.0)?;
    let rate = events as f64 / sessions.iter().map(|session| session.end).sum::<f64>();
    let model = |at: &[f64]| {
        let (total, own) = (logistic(at[2]), logistic(at[3]));
        let mu = [rate * libm::exp(at[0]), rate * libm::exp(at[1])];
        Bivariate::symmetric(mu, total * own, total * (1.0 - own), rate * libm::exp(at[4])).ok()
    };
    let likelihood = |hawkes: &Bivariate| -> f64 {
        sessions.iter().map(|session| hawkes.log_likelihood(session.events, session.end)).sum()
    };
    let start = [-1.4, -1.4, 0.0, 0.7, 0.7];
    let found =
        search(|at| model(at).map_or(f64::INFINITY, |hawkes| -likelihood(&hawkes)), &start, &[1.0; 5]);
    let parameters = model(&found.at).filter(|_| found.converged).ok_or(HawkesRefusal::NotConverged)?;
    let residuals = sessions.iter().flat_map(|session| parameters.residuals(session.events)).collect();
    judged(parameters, parameters.branching(), -found.value, events, residuals)
}

/// How many events there are, when they can be fitted.
fn admit<E>(
    sessions: &[Session<'_, E>],
    in_order: impl Fn(Option<&E>, &E) -> bool,
    time: impl Fn(&E) -> f64,
) -> Result<usize, HawkesRefusal> {
    if sessions.is_empty() {
        return Err(HawkesRefusal::TooFew { session: 0, found: 0 });
    }
    let events: usize = sessions.iter().map(|session| session.events.len()).sum();
    if events > MAX_EVENTS {
        return Err(HawkesRefusal::TooMany(events));
    }
    for (place, session) in sessions.iter().enumerate() {
        if session.events.len() < LEAST_EVENTS {
            return Err(HawkesRefusal::TooFew { session: place, found: session.events.len() });
        }
        let mut before = None;
        for (i, event) in session.events.iter().enumerate() {
            if !in_order(before, event) || !(0.0..=session.end).contains(&time(event)) {
                return Err(HawkesRefusal::Order { session: place, place: i });
            }
            before = Some(event);
        }
    }
    Ok(events)
}

fn search(function: impl FnMut(&[f64]) -> f64, start: &[f64], step: &[f64]) -> Minimum {
    minimise(function, start, step, Limits { evaluations: MAX_EVALUATIONS, tolerance: 1e-9 })
}

fn judged<P>(
    parameters: P,
    branching: f64,
    log_likelihood: f64,
    events: usize,
    residuals: Vec<f64>,
) -> Result<HawkesFit<P>, HawkesRefusal> {
    if branching.is_nan() || branching >= MAX_BRANCHING {
        return Err(HawkesRefusal::Branching(branching));
    }
    let distance = distance_from_exponential(residuals);
    let p = kolmogorov_tail(distance, events as u64);
    if p < LEVEL {
        return Err(HawkesRefusal::Residuals { distance, p });
    }
    Ok(HawkesFit { parameters, log_likelihood, events, distance, p })
}

/// The largest distance of the distribution of `residuals` from the exponential of mean one.
pub fn distance_from_exponential(mut residuals: Vec<f64>) -> f64 {
    residuals.sort_by(f64::total_cmp);
    let n = residuals.len() as f64;
    let mut largest = 0.0_f64;
    for (i, residual) in residuals.iter().enumerate() {
        let expected = -libm::expm1(-residual);
        largest = largest.max((expected - i as f64 / n).abs()).max(((i + 1) as f64 / n - expected).abs());
    }
    largest
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::open_unit as chance;

    /// Ogata's thinning.
    fn simulated(hawkes: &Bivariate, count: usize, seed: u64) -> Vec<(f64, Side)> {
        let mut unit = chance(seed);
        let mut filter = super::super::bivariate::Filter::new(*hawkes);
        let (mut t, mut events) = (0.0, vec![]);
        while events.len() < count {
            let bound: f64 = filter.intensity(t).iter().sum();
            t -= libm::log(unit()) / bound;
            let now = filter.intensity(t);
            let draw = unit() * bound;
            if draw < now[0] + now[1] {
                let side = if draw < now[0] { Side::Buy } else { Side::Sell };
                filter.on_event(t, side);
                events.push((t, side));
            }
        }
        events
    }

    #[test]
    fn planted_parameters_are_found() {
        let truth = Bivariate::symmetric([0.3, 0.2], 0.4, 0.15, 4.0).unwrap();
        let events = simulated(&truth, 6_000, 5);
        let end = events.last().unwrap().0;
        let found = fit_bivariate(&[Session { events: &events, end }]).unwrap();
        let h = &found.parameters;
        assert!((h.branching() - 0.55).abs() < 0.05, "{found:?}");
        assert!((h.mu()[0] - 0.3).abs() < 0.05 && (h.mu()[1] - 0.2).abs() < 0.05, "{found:?}");
        assert!((h.beta()[0][0] - 4.0).abs() < 0.8, "{found:?}");
        assert!(found.log_likelihood >= truth.log_likelihood(&events, end) && found.p > LEVEL);

        // One side alone.
        let one = Univariate::new(0.5, 2.0, 4.0).unwrap();
        let lone = Bivariate::new([0.5, 1e-9], [[2.0, 0.0], [0.0, 0.0]], [[4.0; 2]; 2]).unwrap();
        let times: Vec<f64> = simulated(&lone, 4_000, 9).into_iter().map(|(t, _)| t).collect();
        let end = *times.last().unwrap();
        let found = fit_univariate(&[Session { events: &times, end }]).unwrap();
        assert!((found.parameters.branching() - one.branching()).abs() < 0.06, "{found:?}");
    }

    #[test]
    fn sweeps_that_were_not_merged_are_refused() {
        // A steady stream whose every event is five prints within microseconds.
        let mut unit = chance(4);
        let mut t = 0.0;
        let mut events = vec![];
        for _ in 0..800 {
            t -= libm::log(unit());
            for print in 0..5 {
                events.push(t + f64::from(print) * 1e-6);
            }
            t += 1e-3;
        }
        let refused = fit_univariate(&[Session { events: &events, end: t }]).unwrap_err();
        assert!(
            matches!(refused, HawkesRefusal::Branching(_) | HawkesRefusal::Residuals { .. }),
            "{refused}"
        );
    }

    #[test]
    fn a_clockwork_is_refused() {
        let mut unit = chance(8);
        let events: Vec<f64> = (1..=4_000).map(|i| f64::from(i) + 0.1 * unit()).collect();
        let refused = fit_univariate(&[Session { events: &events, end: 4_002.0 }]).unwrap_err();
        assert!(
            matches!(refused, HawkesRefusal::Residuals { .. } | HawkesRefusal::NotConverged),
            "{refused}"
        );
    }

    #[test]
    fn sessions_that_cannot_be_fitted() {
        let few = [0.5, 1.0];
        let refused = fit_univariate(&[Session { events: &few, end: 2.0 }]);
        assert_eq!(refused, Err(HawkesRefusal::TooFew { session: 0, found: 2 }));
        assert_eq!(fit_univariate(&[]), Err(HawkesRefusal::TooFew { session: 0, found: 0 }));
        let mut events: Vec<f64> = (0..LEAST_EVENTS).map(|i| i as f64).collect();
        events[7] = 6.0;
        let refused = fit_univariate(&[Session { events: &events, end: 1e9 }]);
        assert_eq!(refused, Err(HawkesRefusal::Order { session: 0, place: 7 }));
        events[7] = f64::NAN;
        assert!(fit_univariate(&[Session { events: &events, end: 1e9 }]).is_err());
    }
}
