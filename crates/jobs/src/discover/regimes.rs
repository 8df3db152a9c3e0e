//! Volatility regimes: a hidden Markov model of five-minute returns over their time of day.
//!
//! BIC alone finds two regimes in fat-tailed noise and in GARCH, where there are none. So a chain must also beat a
//! one-state GARCH(1,1) of Student's t in sessions that neither was fitted on, by one standard error over
//! sessions, and its states must be visited, last, differ and be found again.

use std::collections::BTreeMap;

use alphatrader_analytics::discovery::resample::{self, REPLICATES};
use alphatrader_analytics::discovery::slices::MINUTE;
use alphatrader_analytics::probability::Density;
use alphatrader_analytics::regime::{Chain, Filter, Fit, fit};
use alphatrader_analytics::volatility::garch::{self, Innovations};
use alphatrader_model::Timestamp;
use alphatrader_model::discovered::{RegimeParameters, Sample, Status};

use super::{Subject, rounded};

/// Returns below which nothing is found: about twenty sessions.
const LEAST: usize = 1_500;
const RESTARTS: u32 = 10;
/// The best two restarts may differ by this in log-likelihood.
const SAME: f64 = 0.1;
const LEAST_OCCUPANCY: f64 = 0.05;
const LEAST_DWELL: f64 = 5.0;
const LEAST_RATIO: f64 = 1.5;
const LEAST_AGREEMENT: f64 = 0.7;
/// Sessions left out between those that are fitted and those that are judged.
const EMBARGO: usize = 1;
const FIVE_MINUTES: usize = 5 * MINUTE;
/// Slots on either side that a slot of the day's shape is smoothed with.
const NEAR: usize = 3;

/// Returns of each session over the shape of the day, the shape, and the mean size.
struct Returns {
    scaled: Vec<Vec<f64>>,
    shape: Vec<f64>,
}

pub(super) fn find(subject: &Subject<'_>, seed: u64, valid_until: Timestamp) -> RegimeParameters {
    let split = subject.selection();
    let returns = Returns::of(subject, split);
    let whole: Vec<f64> = returns.scaled.concat();
    let mut found = RegimeParameters {
        k: 1,
        status: Status::Default,
        n: Sample {
            sessions: Some(subject.sessions.len() as u64),
            points: Some(whole.len() as u64),
            ..Sample::default()
        },
        method: "hmm_bic_against_garch_t".into(),
        ..RegimeParameters::default()
    };
    if whole.len() < LEAST {
        (found.status, found.k) = (Status::Refused, 0);
        found.reasons.push("needs_1500_five_minute_bars".into());
        return found;
    }
    let fitted = returns.scaled[..split.saturating_sub(EMBARGO)].concat();
    let mut random = subject.random(seed, 30, 0);
    let fits: Vec<Fit> = (1..=4)
        .filter_map(|k| fit(&fitted, k, Density::NORMAL, RESTARTS, &mut || random.unit()).ok())
        .filter(|fit| fit.log_likelihood - fit.second_log_likelihood <= SAME || fit.chain.states() == 1)
        .collect();
    found.bic = fits.iter().map(|fit| (fit.chain.states() as u32, rounded(fit.bic))).collect();
    let best = fits.iter().min_by(|a, b| a.bic.total_cmp(&b.bic)).filter(|best| best.chain.states() > 1);
    let Some(best) = best else {
        found.reasons.push("one_state_by_bic".into());
        return found;
    };
    found.tests.insert("states_by_bic".into(), best.chain.states() as f64);
    judge(subject, &returns, &fitted, best, seed, &mut found);
    if found.reasons.is_empty() {
        accept(&returns, &whole, best, &mut random.clone(), &mut found);
        found.valid_until = Some(valid_until);
    }
    found
}

impl Returns {
    /// The shape of the day comes from the first `split` sessions.
    fn of(subject: &Subject<'_>, split: usize) -> Self {
        let raw: Vec<Vec<f64>> =
            subject.sessions.iter().map(|session| session.slices.returns(FIVE_MINUTES)).collect();
        let slots = raw.iter().map(Vec::len).max().unwrap_or(0);
        let mut shape: Vec<f64> = (0..slots)
            .map(|slot| {
                let of = raw[..split.max(1).min(raw.len())].iter().filter_map(|session| session.get(slot));
                // Mean size and not root mean square: one stormy session is not the shape of the day.
                let (sum, count) = of.fold((0.0, 0.0), |(sum, count), r| (sum + r.abs(), count + 1.0));
                sum / f64::max(count, 1.0)
            })
            .collect();
        shape = smooth(&shape);
        let mean = libm::sqrt(shape.iter().map(|s| s * s).sum::<f64>() / slots.max(1) as f64);
        for s in &mut shape {
            *s = if mean > 0.0 && *s > 0.0 { *s / mean } else { 1.0 };
        }
        let scaled =
            raw.iter().map(|session| session.iter().zip(&shape).map(|(r, s)| r / s).collect()).collect();
        Self { scaled, shape }
    }
}

/// Each slot with three neighbours on either side: a few sessions leave the single slots noisy.
fn smooth(shape: &[f64]) -> Vec<f64> {
    (0..shape.len())
        .map(|slot| {
            let near = &shape[slot.saturating_sub(NEAR)..(slot + NEAR + 1).min(shape.len())];
            near.iter().sum::<f64>() / near.len() as f64
        })
        .collect()
}

/// All that speaks against the chain.
fn judge(
    subject: &Subject<'_>,
    returns: &Returns,
    fitted: &[f64],
    best: &Fit,
    seed: u64,
    found: &mut RegimeParameters,
) {
    let chain = &best.chain;
    let states = 0..chain.states();
    let occupancy = best.occupancy.iter().copied().fold(f64::INFINITY, f64::min);
    let dwell = states.map(|state| chain.mean_dwell(state)).fold(f64::INFINITY, f64::min);
    let ratio = chain.variance().windows(2).map(|pair| pair[1] / pair[0]).fold(f64::INFINITY, f64::min);
    let mut tests = BTreeMap::from([
        ("least_occupancy".to_owned(), rounded(occupancy)),
        ("least_dwell_bars".to_owned(), rounded(dwell)),
        ("least_variance_ratio".to_owned(), rounded(ratio)),
    ]);
    let mut against = Vec::new();
    let mut hold = |good: bool, reason: &str| {
        if !good {
            against.push(reason.to_owned());
        }
    };
    hold(occupancy >= LEAST_OCCUPANCY, "state_hardly_visited");
    hold(dwell >= LEAST_DWELL, "states_do_not_last");
    hold(ratio >= LEAST_RATIO, "states_hardly_differ");
    match gains(subject, returns, fitted, chain) {
        Some(gains) => {
            let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len().max(1) as f64;
            let mut random = subject.random(seed, 31, 0);
            let replicates: Vec<f64> = (0..REPLICATES)
                .map(|_| {
                    let drawn = resample::sessions(gains.len(), &mut || random.bits());
                    mean(&drawn.iter().map(|place| gains[*place]).collect::<Vec<_>>())
                })
                .collect();
            let (gain, error) =
                (mean(&gains), resample::standard_error(&replicates).unwrap_or(f64::INFINITY));
            found.oos_logscore_gain = Some(rounded(gain));
            if error.is_finite() {
                tests.insert("oos_logscore_gain_error".to_owned(), rounded(error));
            }
            hold(gain > error, "garch_student_t_not_beaten");
        }
        None => hold(false, "garch_not_fitted"),
    }
    // The dearest test last, and only for what is left.
    if against.is_empty() {
        let agreement = agreement(subject, returns, chain, seed);
        found.confidence = Some(rounded(agreement));
        if agreement < LEAST_AGREEMENT {
            against.push("states_not_found_again".to_owned());
        }
    }
    found.tests.append(&mut tests);
    found.reasons.extend(against);
}

/// Log score a bar beyond the GARCH's, for each session of confirmation.
fn gains(subject: &Subject<'_>, returns: &Returns, fitted: &[f64], chain: &Chain) -> Option<Vec<f64>> {
    let rival = garch::fit(fitted, Innovations::StudentT).ok()?;
    let (mut filter, mut variance) = (Filter::new(*chain), rival.first_variance);
    let mut gains = Vec::new();
    for (session, returns) in returns.scaled.iter().enumerate() {
        let mut gain = 0.0;
        for r in returns {
            let score = filter.on_return(*r)?;
            gain += score - rival.garch.density().log(*r, variance);
            variance = rival.garch.next(variance, *r);
        }
        if session >= subject.selection() {
            gains.push(gain / returns.len().max(1) as f64);
        }
    }
    Some(gains)
}

/// The state of each bar, by the filter.
fn states(chain: &Chain, returns: &[f64]) -> Vec<usize> {
    let mut filter = Filter::new(*chain);
    returns
        .iter()
        .map(|r| {
            filter.on_return(*r);
            let likely = filter.probabilities().iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            likely.map_or(0, |(state, _)| state)
        })
        .collect()
}

/// Mean adjusted Rand index between the states of the chain and those of chains fitted to sessions drawn anew.
fn agreement(subject: &Subject<'_>, returns: &Returns, chain: &Chain, seed: u64) -> f64 {
    let selection = &returns.scaled[..subject.selection()];
    let series = selection.concat();
    let own = states(chain, &series);
    let mut random = subject.random(seed, 32, 0);
    let mut sum = 0.0;
    for _ in 0..REPLICATES {
        let drawn = resample::sessions(selection.len(), &mut || random.bits());
        let sample = drawn.iter().flat_map(|place| selection[*place].iter().copied()).collect::<Vec<_>>();
        let again = fit(&sample, chain.states(), Density::NORMAL, 1, &mut || random.unit());
        sum += again.map_or(0.0, |again| adjusted_rand(&own, &states(&again.chain, &series), chain.states()));
    }
    sum / REPLICATES as f64
}

/// Hubert and Arabie's index of two labellings of one length: 1 when equal, about 0 when unrelated.
fn adjusted_rand(a: &[usize], b: &[usize], k: usize) -> f64 {
    let mut table = vec![vec![0.0; k]; k];
    for (a, b) in a.iter().zip(b) {
        table[*a][*b] += 1.0;
    }
    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    let whole = pairs(a.len() as f64);
    let both: f64 = table.iter().flatten().map(|n| pairs(*n)).sum();
    let rows: f64 = table.iter().map(|row| pairs(row.iter().sum())).sum();
    let columns: f64 = (0..k).map(|j| pairs(table.iter().map(|row| row[j]).sum())).sum();
    let expected = rows * columns / whole.max(1.0);
    let most = f64::midpoint(rows, columns);
    if (most - expected).abs() < 1e-12 { 0.0 } else { (both - expected) / (most - expected) }
}

/// The chain, fitted once more on all sessions.
fn accept(
    returns: &Returns,
    whole: &[f64],
    best: &Fit,
    random: &mut alphatrader_market::random::Random,
    found: &mut RegimeParameters,
) {
    let k = best.chain.states();
    let last = fit(whole, k, Density::NORMAL, RESTARTS, &mut || random.unit());
    let chain = last.map_or(best.chain, |last| last.chain);
    found.status = Status::Accepted;
    found.k = k as u32;
    found.sigma_5m = chain.variance().iter().map(|variance| rounded(libm::sqrt(*variance))).collect();
    found.transition =
        (0..k).map(|from| chain.transition(from).iter().map(|p| rounded(*p)).collect()).collect();
    found.time_of_day = returns.shape.iter().map(|s| rounded(*s)).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{Builder, Summary};
    use alphatrader_analytics::discovery::SessionSlices;
    use alphatrader_analytics::discovery::slices::SESSION_SLICES;
    use alphatrader_market::random::Random;
    use alphatrader_model::{Calendar, Symbol};

    /// `sklearn.metrics.adjusted_rand_score([0, 0, 1, 1], [0, 0, 1, 2])` is 0.5714285714285715.
    #[test]
    fn the_index_is_that_of_scikit_learn() {
        let index = adjusted_rand(&[0, 0, 1, 1], &[0, 0, 1, 2], 3);
        assert!((index - 0.571_428_571_428_571_5).abs() < 1e-12, "{index}");
        assert_eq!(adjusted_rand(&[0, 1, 0, 1], &[1, 0, 1, 0], 2), 1.0);
        assert_eq!(adjusted_rand(&[0, 0, 0], &[0, 0, 0], 2), 0.0);
    }

    /// Sessions whose five-minute returns `of` makes from the bar of the session and a normal number.
    fn find_in(sessions: usize, mut of: impl FnMut(usize, &mut Random) -> f64) -> RegimeParameters {
        let symbol = Symbol::new("SPY").unwrap();
        let mut random = Random::new(9);
        let mut days = vec![Calendar::xnys().next_session(jiff::civil::date(2025, 7, 7))];
        while days.len() < sessions {
            days.push(Calendar::xnys().next_session(days[days.len() - 1].date));
        }
        let summaries: Vec<Summary> = days
            .into_iter()
            .map(|session| {
                let mut summary = Builder::new(symbol, session).finish();
                summary.slices = SessionSlices::new(SESSION_SLICES);
                let mut log = 6.0;
                summary.slices.mid[0] = Some(log);
                for bar in 0..78 {
                    log += 1e-3 * of(bar, &mut random);
                    summary.slices.mid[(bar + 1) * FIVE_MINUTES - 1] = Some(log);
                }
                summary
            })
            .collect();
        let subject = Subject { symbol, sessions: summaries.iter().collect(), incumbent: None };
        super::find(&subject, 1, Timestamp::from_seconds(7))
    }

    #[test]
    fn planted_regimes_are_found() {
        let mut wild = false;
        let found = find_in(24, |_, random| {
            wild ^= random.chance(if wild { 0.04 } else { 0.02 });
            random.normal() * if wild { 2.0 } else { 0.5 }
        });
        assert_eq!((found.status, found.k), (Status::Accepted, 2), "{found:?}");
        let ratio = found.sigma_5m[1] / found.sigma_5m[0];
        assert!((3.2..4.8).contains(&ratio), "planted is 4: {ratio}");
        assert!(found.oos_logscore_gain.unwrap() > 0.0 && found.confidence.unwrap() >= LEAST_AGREEMENT);
        assert_eq!(found.valid_until, Some(Timestamp::from_seconds(7)));
    }

    /// BIC finds two states here, and there are none.
    #[test]
    fn fat_tails_and_garch_are_no_regimes() {
        let mut variance = 1.0;
        let garch = find_in(24, |_, random| {
            let r = libm::sqrt(variance) * random.normal();
            variance = 0.05 + 0.10 * r * r + 0.85 * variance;
            r
        });
        // Student's t of four degrees: a normal over the root of a chi square's mean.
        let fat = find_in(24, |_, random| {
            let chi: f64 = (0..4).map(|_| random.normal()).map(|x| x * x).sum();
            random.normal() / libm::sqrt(chi / 4.0)
        });
        for found in [garch, fat] {
            assert_eq!((found.status, found.k), (Status::Default, 1), "{found:?}");
            assert!(!found.reasons.is_empty());
        }
    }

    #[test]
    fn a_slot_is_smoothed_with_its_neighbours() {
        assert_eq!(smooth(&[2.0, 2.0, 2.0]), [2.0, 2.0, 2.0]);
        assert_eq!(smooth(&[]), [] as [f64; 0]);
    }
}
