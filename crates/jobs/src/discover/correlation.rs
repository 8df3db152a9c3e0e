//! Which correlation matrix to use.
//!
//! Six estimators of five-minute returns are judged on the sessions after those they were made from: by QLIKE and
//! by the variance of the least-variance portfolio. Ledoit and Wolf's is the incumbent; another takes its place
//! only when its loss is smaller by Diebold and Mariano's test over blocks of sessions (Holm over all), and
//! smaller again in the sessions of confirmation.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_analytics::correlation::hayashi_yoshida::Leg;
use alphatrader_analytics::correlation::spectrum::{
    MAX_CONDITION, condition_number, share_above_noise, usable,
};
use alphatrader_analytics::correlation::{
    EwmaCovariance, HayashiYoshida, Support, fisher_interval, ledoit_wolf, shrinkage::sample_covariance,
    support,
};
use alphatrader_analytics::discovery::foretell::{JUDGED, first_judged};
use alphatrader_analytics::discovery::resample::{self, REPLICATES};
use alphatrader_analytics::discovery::slices::{MINUTE, SLICE_SECONDS, SessionSlices};
use alphatrader_analytics::matrix::Symmetric;
use alphatrader_analytics::probability::multiple::holm;
use alphatrader_analytics::probability::normal_cdf;
use alphatrader_market::random::{Random, mix};
use alphatrader_model::Symbol;
use alphatrader_model::discovered::{CorrelationMatrix, PairInterval, Status};
use jiff::civil::Date;

use super::{LEAST, SELECTION, Subject, rounded};

const WIDTH: usize = 5 * MINUTE;
const ROWS_A_SESSION: f64 = 78.0;
const LEAST_ROWS: usize = 500;
/// Share of bars without a mid above which a symbol is left out.
const MOST_MISSING: f64 = 0.05;
const LEVEL: f64 = 0.05;
/// Sessions left out between those an estimator is made from and those it is judged on.
const EMBARGO: usize = 1;
/// Symbols at most.
const MOST_SYMBOLS: usize = 64;

/// An estimator.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    LedoitWolf,
    Sample,
    Ewma(f64),
    HayashiYoshida,
}

/// The incumbent first.
const METHODS: [(Method, &str); 6] = [
    (Method::LedoitWolf, "ledoit_wolf_5m"),
    (Method::Sample, "sample_5m"),
    (Method::Ewma(1.0), "ewma_1"),
    (Method::Ewma(5.0), "ewma_5"),
    (Method::Ewma(20.0), "ewma_20"),
    (Method::HayashiYoshida, "hayashi_yoshida"),
];

/// One session of all symbols.
struct Day<'s> {
    /// Five-minute returns, a row for each bar.
    rows: Vec<Vec<f64>>,
    slices: Vec<&'s SessionSlices>,
}

pub(super) fn find(subjects: &[Subject<'_>], seed: u64) -> CorrelationMatrix {
    let mut found = CorrelationMatrix::default();
    let kept: Vec<&Subject<'_>> = subjects.iter().filter(|subject| keep(subject, &mut found)).collect();
    let refuse = |mut found: CorrelationMatrix, reason: &str| {
        found.reasons.push(reason.to_owned());
        found
    };
    if kept.len() < 2 {
        return refuse(found, "needs_two_symbols");
    }
    if kept.len() > MOST_SYMBOLS {
        return refuse(found, "at_most_64_symbols");
    }
    let days = days(&kept);
    found.symbols = kept.iter().map(|subject| subject.symbol).collect();
    found.n = days.iter().map(|day| day.rows.len() as u64).sum();
    let rows = found.n as usize;
    if days.len() < LEAST || rows < LEAST_ROWS || support(rows, kept.len()) == Support::Refused {
        return refuse(found, "needs_500_common_rows_and_10_sessions");
    }
    let losses = losses(&days);
    let (chosen, tests) = choose(&losses, seed);
    found.tests = tests;
    for (place, (_, name)) in METHODS.iter().enumerate() {
        let of: Vec<f64> = losses.iter().map(|session| session[place].0).collect();
        if !of.is_empty() {
            found.losses.insert((*name).to_owned(), rounded(of.iter().sum::<f64>() / of.len() as f64));
        }
    }
    let (method, name) = METHODS[chosen];
    name.clone_into(&mut found.method);
    let Some(matrix) = estimate(method, &days).and_then(|covariance| usable(&covariance)) else {
        return refuse(found, "a_symbol_does_not_move");
    };
    describe(&matrix, method, &days, &mut found);
    found
}

/// Whether a symbol has few enough bars without a mid; else it is dropped, and said so.
fn keep(subject: &Subject<'_>, found: &mut CorrelationMatrix) -> bool {
    let (mut bars, mut missing) = (0_u32, 0_u32);
    for session in &subject.sessions {
        for bar in session.slices.mid.chunks(WIDTH) {
            bars += 1;
            missing += u32::from(bar.iter().all(Option::is_none));
        }
    }
    let good = bars > 0 && f64::from(missing) <= MOST_MISSING * f64::from(bars);
    if !good {
        let reason = if bars == 0 { "no_session" } else { "more_than_5_percent_of_bars_missing" };
        found.dropped.insert(subject.symbol, reason.to_owned());
    }
    good
}

/// Sessions that all symbols have.
fn days<'s>(subjects: &[&Subject<'s>]) -> Vec<Day<'s>> {
    let by_date: Vec<BTreeMap<Date, &SessionSlices>> = subjects
        .iter()
        .map(|subject| {
            subject.sessions.iter().map(|session| (session.session.date, &session.slices)).collect()
        })
        .collect();
    let dates: BTreeSet<Date> = by_date.iter().flat_map(|of| of.keys().copied()).collect();
    dates
        .into_iter()
        .filter_map(|date| by_date.iter().map(|of| of.get(&date).copied()).collect::<Option<Vec<_>>>())
        .map(|slices| {
            let columns: Vec<Vec<f64>> = slices.iter().map(|slices| slices.returns(WIDTH)).collect();
            let length = columns.iter().map(Vec::len).min().unwrap_or(0);
            let rows = (0..length).map(|bar| columns.iter().map(|column| column[bar]).collect()).collect();
            Day { rows, slices }
        })
        .collect()
}

fn estimate(method: Method, days: &[Day<'_>]) -> Option<Symmetric> {
    let rows = || days.iter().flat_map(|day| day.rows.iter().cloned()).collect::<Vec<_>>();
    match method {
        Method::LedoitWolf => ledoit_wolf(&rows()).ok().map(|shrunk| shrunk.covariance),
        Method::Sample => sample_covariance(&rows()).ok(),
        Method::Ewma(sessions) => {
            let symbols = days.first()?.slices.len();
            let mut filter = EwmaCovariance::new(symbols, lambda(sessions))?;
            days.iter().flat_map(|day| &day.rows).for_each(|row| filter.on_row(row));
            filter.covariance().cloned()
        }
        Method::HayashiYoshida => hayashi_yoshida(days),
    }
}

/// Decay a bar of a half-life in sessions.
fn lambda(sessions: f64) -> f64 {
    libm::exp(-core::f64::consts::LN_2 / (sessions * ROWS_A_SESSION))
}

/// Covariance a five-minute bar from changes of mids, at most one in five seconds, at their own times.
fn hayashi_yoshida(days: &[Day<'_>]) -> Option<Symmetric> {
    let symbols = days.first()?.slices.len();
    let rows: usize = days.iter().map(|day| day.rows.len()).sum();
    let covariance = |i: usize, j: usize| {
        let mut sum = 0.0;
        for day in days {
            let mut pair = HayashiYoshida::default();
            let nanos = SLICE_SECONDS as i64 * 1_000_000_000;
            let mut last = (None, None);
            for (slice, (first, second)) in day.slices[i].mid.iter().zip(&day.slices[j].mid).enumerate() {
                let at = slice as i64 * nanos;
                if let Some(value) = first.filter(|value| Some(*value) != last.0) {
                    last.0 = Some(value);
                    pair.on_tick(Leg::First, at, value);
                }
                if let Some(value) = second.filter(|value| Some(*value) != last.1) {
                    last.1 = Some(value);
                    pair.on_tick(Leg::Second, at, value);
                }
            }
            sum += pair.covariance();
        }
        sum / rows.max(1) as f64
    };
    usable_covariance(&Symmetric::from_fn(symbols, covariance))
}

/// Pairs put together need not be a covariance: the nearest correlation with the same variances.
fn usable_covariance(matrix: &Symmetric) -> Option<Symmetric> {
    let correlation = usable(matrix)?;
    Some(Symmetric::from_fn(matrix.order(), |i, j| {
        correlation.get(i, j) * libm::sqrt(matrix.get(i, i) * matrix.get(j, j))
    }))
}

/// For each judged session and each estimator: QLIKE and the squared return of the least-variance portfolio, a
/// bar.
fn losses(days: &[Day<'_>]) -> Vec<[(f64, f64); METHODS.len()]> {
    let mut losses = Vec::new();
    let mut from = first_judged(days.len()) + EMBARGO;
    while from < days.len() {
        let until = (from + JUDGED).min(days.len());
        let estimates = METHODS.map(|(method, _)| estimate(method, &days[..from - EMBARGO]));
        for day in &days[from..until] {
            losses.push(core::array::from_fn(|place| {
                estimates[place]
                    .as_ref()
                    .and_then(|estimate| loss(estimate, &day.rows))
                    .unwrap_or((f64::MAX, f64::MAX))
            }));
        }
        from = until;
    }
    losses
}

fn loss(covariance: &Symmetric, rows: &[Vec<f64>]) -> Option<(f64, f64)> {
    let log_determinant = covariance.log_determinant()?;
    let ones = vec![1.0; covariance.order()];
    let mut weights = covariance.solve(&ones)?;
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    let (mut qlike, mut variance) = (0.0, 0.0);
    for row in rows {
        let solved = covariance.solve(row)?;
        qlike += log_determinant + solved.iter().zip(row).map(|(x, r)| x * r).sum::<f64>();
        let portfolio: f64 = weights.iter().zip(row).map(|(weight, r)| weight * r).sum();
        variance += portfolio * portfolio;
    }
    let n = rows.len().max(1) as f64;
    Some((qlike / n, variance / n)).filter(|(q, v)| q.is_finite() && v.is_finite())
}

/// The place of the estimator to use, and the tests.
fn choose(losses: &[[(f64, f64); METHODS.len()]], seed: u64) -> (usize, BTreeMap<String, f64>) {
    let split = (losses.len() as f64 * SELECTION) as usize;
    let (selection, confirmation) = losses.split_at(split);
    let gain = |of: &[[(f64, f64); METHODS.len()]], place: usize| {
        of.iter().map(|row| row[0].0 - row[place].0).sum::<f64>() / of.len().max(1) as f64
    };
    let safer = |of: &[[(f64, f64); METHODS.len()]], place: usize| {
        of.iter().map(|row| row[place].1).sum::<f64>() <= of.iter().map(|row| row[0].1).sum::<f64>()
    };
    let mut random = Random::new(mix(&[seed, 50]));
    let replicates: Vec<Vec<f64>> = (0..if selection.is_empty() { 0 } else { REPLICATES })
        .map(|_| {
            let drawn = resample::sessions(selection.len(), &mut || random.bits());
            let rows: Vec<_> = drawn.iter().map(|place| selection[*place]).collect();
            (0..METHODS.len()).map(|place| gain(&rows, place)).collect()
        })
        .collect();
    let p: Vec<f64> = (1..METHODS.len())
        .map(|place| {
            let of: Vec<f64> = replicates.iter().map(|gains| gains[place]).collect();
            match resample::standard_error(&of) {
                Some(error) if error > 0.0 => 1.0 - normal_cdf(gain(selection, place) / error),
                _ => 1.0,
            }
        })
        .collect();
    let adjusted = holm(&p);
    let good = |place: &usize| {
        adjusted[place - 1] <= LEVEL
            && safer(selection, *place)
            && gain(confirmation, *place) > 0.0
            && safer(confirmation, *place)
    };
    let chosen = (1..METHODS.len())
        .filter(good)
        .max_by(|a, b| gain(selection, *a).total_cmp(&gain(selection, *b)))
        .unwrap_or(0);
    let tests =
        METHODS[1..].iter().zip(&adjusted).map(|((_, name), p)| (format!("dm_p_holm_{name}"), rounded(*p)));
    let mut tests: BTreeMap<String, f64> = tests.collect();
    tests.insert("judged_sessions".into(), losses.len() as f64);
    (chosen, tests)
}

fn describe(matrix: &Symmetric, method: Method, days: &[Day<'_>], found: &mut CorrelationMatrix) {
    let rows: Vec<Vec<f64>> = days.iter().flat_map(|day| day.rows.iter().cloned()).collect();
    if method == Method::LedoitWolf {
        found.shrinkage = ledoit_wolf(&rows).ok().map(|shrunk| rounded(shrunk.intensity));
    }
    found.condition = condition_number(matrix).map(rounded);
    found.above_noise = share_above_noise(matrix, rows.len()).map(rounded);
    let n = matrix.order();
    found.matrix = (0..n).map(|i| (0..n).map(|j| rounded(matrix.get(i, j))).collect()).collect();
    let keeps: Vec<f64> = (0..n).map(|i| first_lag(&rows, i)).collect();
    let symbols: Vec<Symbol> = found.symbols.clone();
    for i in 0..n {
        for j in 0..i {
            let effective = effective(method, rows.len() as f64, keeps[i] * keeps[j]);
            let rho = matrix.get(i, j);
            if let Some((low, high)) = fisher_interval(rho, effective) {
                let (first, second) = (symbols[j], symbols[i]);
                let [value, low, high] = [rho, low, high].map(rounded);
                found.pairs.push(PairInterval { first, second, value, low, high });
            }
        }
    }
    if found.condition.is_none_or(|condition| condition >= MAX_CONDITION) {
        found.reasons.push("condition_above_10000".into());
    } else if support(rows.len(), n) == Support::Provisional {
        found.status = Status::Limited;
        found.reasons.push("provisional_below_3_rows_a_symbol".into());
    } else {
        found.status = Status::Accepted;
    }
}

/// Rows that are as good as independent for a pair whose first autocorrelations have this product.
fn effective(method: Method, rows: f64, keeps: f64) -> f64 {
    let weighted = match method {
        Method::Ewma(sessions) => {
            let lambda = lambda(sessions);
            ((1.0 + lambda) / (1.0 - lambda)).min(rows)
        }
        _ => rows,
    };
    weighted * ((1.0 - keeps) / (1.0 + keeps)).clamp(0.01, 1.0)
}

fn first_lag(rows: &[Vec<f64>], column: usize) -> f64 {
    let squares: f64 = rows.iter().map(|row| row[column] * row[column]).sum();
    let products: f64 = rows.windows(2).map(|pair| pair[0][column] * pair[1][column]).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}
