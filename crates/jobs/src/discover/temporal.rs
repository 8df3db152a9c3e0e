//! How long the past counts: memory of returns, of their size, of signed volume and of order flow, minute by
//! minute.
//!
//! The lookback of the symbol is the longest among returns, signed volume and order flow: the series with a
//! direction. How fast volatility forgets is `tau_bars`.

use std::collections::BTreeMap;

use alphatrader_analytics::discovery::memory::Memory;
use alphatrader_analytics::discovery::resample::{self, REPLICATES};
use alphatrader_analytics::discovery::slices::{MINUTE, SessionSlices};
use alphatrader_analytics::temporal::memory::decay_of;
use alphatrader_analytics::temporal::variance_ratio::{STEPS, Variant, joint, variance_ratio};
use alphatrader_model::discovered::{Parameter, Sample, Status, TemporalParameters, VarianceRatio};

use super::{Subject, middle, rounded};

/// Sessions and points below which nothing is found.
const LEAST_SESSIONS: usize = 20;
const LEAST_POINTS: usize = 2_000;
/// Longest lag, minutes; a tenth of the points bounds it too.
const LAGS: usize = 120;
/// Minutes that share one volatility of the time of day.
const TIME_OF_DAY: usize = 15;
/// Level of the joint test of variance ratios, and the share of sessions that must agree.
const LEVEL: f64 = 0.01;
const AGREE: f64 = 0.7;
/// Series with a direction.
const DIRECTED: [&str; 3] = ["returns", "signed_volume", "order_flow_imbalance"];

pub(super) fn find(subject: &Subject<'_>, seed: u64) -> TemporalParameters {
    let points: usize = subject.sessions.iter().map(|session| session.slices.len() / MINUTE).sum();
    let refusal = if subject.sessions.len() < LEAST_SESSIONS {
        "needs_20_sessions"
    } else if points < LEAST_POINTS {
        "needs_2000_points"
    } else {
        ""
    };
    let n = Sample {
        sessions: Some(subject.sessions.len() as u64),
        points: Some(points as u64),
        ..Sample::default()
    };
    if !refusal.is_empty() {
        let lookback_bars = Parameter { n, ..Parameter::refused("minutes", None, refusal) };
        return TemporalParameters { lookback_bars, drift: "none".into(), ..TemporalParameters::default() };
    }
    let returns = standardised(subject);
    let absolute = map(&returns, f64::abs);
    let signed = minutes(subject, |slices| {
        let (buy, sell) =
            (SessionSlices::sums(&slices.buy, MINUTE), SessionSlices::sums(&slices.sell, MINUTE));
        buy.iter().zip(sell).map(|(buy, sell)| buy - sell).collect()
    });
    let flow = minutes(subject, |slices| SessionSlices::sums(&slices.order_flow, MINUTE));
    let all = [
        ("returns", &returns),
        ("absolute_returns", &absolute),
        ("signed_volume", &signed),
        ("order_flow_imbalance", &flow),
    ];
    let series: BTreeMap<String, Parameter> = all
        .into_iter()
        .zip(0..)
        .map(|((name, points), place)| (name.to_owned(), lookback(subject, points, n, seed, place)))
        .collect();
    let (decay, tau_bars) = decay(&absolute);
    let mut found = TemporalParameters {
        lookback_bars: longest(&series, n),
        series,
        tau_bars,
        decay,
        drift: "none".into(),
        ..TemporalParameters::default()
    };
    drift(&returns, &mut found);
    found
}

fn minutes(subject: &Subject<'_>, of: impl Fn(&SessionSlices) -> Vec<f64>) -> Vec<Vec<f64>> {
    subject.sessions.iter().map(|session| of(&session.slices)).collect()
}

fn map(series: &[Vec<f64>], f: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    series.iter().map(|session| session.iter().map(|x| f(*x)).collect()).collect()
}

/// Minute returns over the volatility of their time of day.
fn standardised(subject: &Subject<'_>) -> Vec<Vec<f64>> {
    let returns = minutes(subject, |slices| slices.returns(MINUTE));
    let slots = returns.iter().map(Vec::len).max().unwrap_or(0).div_ceil(TIME_OF_DAY);
    let mut squares = vec![(0.0, 0.0); slots];
    for session in &returns {
        for (minute, r) in session.iter().enumerate() {
            let (sum, count) = &mut squares[minute / TIME_OF_DAY];
            *sum += r * r;
            *count += 1.0;
        }
    }
    let sigma: Vec<f64> =
        squares.iter().map(|(sum, count)| libm::sqrt(sum / f64::max(*count, 1.0))).collect();
    returns
        .iter()
        .map(|session| {
            let over = |(minute, r): (usize, &f64)| {
                let sigma = sigma[minute / TIME_OF_DAY];
                if sigma > 0.0 { r / sigma } else { 0.0 }
            };
            session.iter().enumerate().map(over).collect()
        })
        .collect()
}

/// Tables of memory by session.
fn memories(series: &[Vec<f64>]) -> Vec<Memory> {
    let points: usize = series.iter().map(Vec::len).sum();
    let mean = series.iter().flatten().sum::<f64>() / points.max(1) as f64;
    let lags = LAGS.min(points / 10);
    series.iter().map(|session| Memory::of(session, mean, lags)).collect()
}

fn sum<'m>(memories: impl IntoIterator<Item = &'m Memory>) -> Memory {
    let mut memories = memories.into_iter();
    let mut whole = memories.next().cloned().unwrap_or_default();
    memories.for_each(|memory| whole.add(memory));
    whole
}

fn lookback(subject: &Subject<'_>, series: &[Vec<f64>], n: Sample, seed: u64, place: u64) -> Parameter {
    let memories = memories(series);
    let (selection, confirmation) = memories.split_at(subject.selection());
    let chosen = sum(selection);
    let Some(lookback) = chosen.lookback() else {
        let reason =
            if chosen.correlations().is_none() { "series_does_not_move" } else { "longer_than_120_minutes" };
        return Parameter { n, method: "robust_acf".into(), ..Parameter::refused("minutes", None, reason) };
    };
    let mut random = subject.random(seed, 20 + place, 0);
    let replicates: Vec<f64> = (0..REPLICATES)
        .filter_map(|_| {
            let drawn = resample::sessions(selection.len(), &mut || random.bits());
            sum(drawn.iter().map(|place| &selection[*place])).lookback().map(|found| found as f64)
        })
        .collect();
    // A step of the grid is a minute, or a fifth of a longer lookback.
    let step = (lookback as f64 / 5.0).max(1.0);
    let near = replicates.iter().filter(|found| (*found - lookback as f64).abs() <= step).count();
    let again = sum(confirmation).lookback().map(|found| found as f64);
    let interval = middle(replicates);
    let confirmed =
        interval.zip(again).is_some_and(|([low, high], again)| again >= low - step && again <= high + step);
    let value = sum(&memories).lookback().unwrap_or(lookback) as f64;
    Parameter {
        value: Some(value),
        unit: "minutes".into(),
        status: if confirmed { Status::Accepted } else { Status::Default },
        confidence: Some(rounded(near as f64 / REPLICATES as f64)),
        ci95: interval,
        n: Sample { effective: sum(&memories).effective().map(rounded), ..n },
        method: "robust_acf".into(),
        tests: again.map(|again| ("confirmation_lookback".to_owned(), again)).into_iter().collect(),
        reasons: (!confirmed).then(|| "not_confirmed_on_last_sessions".to_owned()).into_iter().collect(),
        ..Parameter::default()
    }
}

/// The longest lookback among the directed series that were accepted.
fn longest(series: &BTreeMap<String, Parameter>, n: Sample) -> Parameter {
    let directed = DIRECTED.iter().filter_map(|name| series.get(*name));
    let accepted = directed.filter(|parameter| parameter.in_force().is_some());
    match accepted.max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0))) {
        Some(longest) => Parameter { method: "longest_of_directed_series".into(), ..longest.clone() },
        None => Parameter { n, ..Parameter::refused("minutes", None, "no_series_confirmed") },
    }
}

/// How the memory of absolute returns dies, and after how many minutes it is down to 1/e.
fn decay(absolute: &[Vec<f64>]) -> (String, Option<f64>) {
    let fitted = sum(&memories(absolute)).correlations().and_then(|(rho, band)| decay_of(&rho, &band));
    match fitted {
        Some(decay) if decay.is_long_memory() => ("long_memory".into(), None),
        Some(decay) => ("exponential".into(), Some(rounded(decay.tau))),
        None => ("unknown".into(), None),
    }
}

fn drift(returns: &[Vec<f64>], found: &mut TemporalParameters) {
    let whole: Vec<f64> = returns.iter().flatten().copied().collect();
    let Some(test) = joint(&whole, &STEPS) else { return };
    found.vr_joint_p = Some(rounded(test.p));
    let Some(two) = test.ratios.first() else { return };
    found.vr_q2 = VarianceRatio {
        value: Some(rounded(two.ratio)),
        z_robust: Some(rounded(two.z)),
        p: Some(rounded(two.p)),
    };
    let strongest = test.ratios.iter().max_by(|a, b| a.z.abs().total_cmp(&b.z.abs())).unwrap_or(two);
    let (steps, above) = (strongest.steps, strongest.ratio > 1.0);
    let own =
        |session: &Vec<f64>| variance_ratio(session, steps, Variant::Debiased).map(|own| own.ratio > 1.0);
    let sides: Vec<bool> = returns.iter().filter_map(own).collect();
    let agree = sides.iter().filter(|side| **side == above).count() as f64 / sides.len().max(1) as f64;
    found.vr_sessions_agree = Some(rounded(agree));
    if test.p <= LEVEL && agree >= AGREE {
        found.drift = if above { "momentum" } else { "reversion" }.into();
    }
}
