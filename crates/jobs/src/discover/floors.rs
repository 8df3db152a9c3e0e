//! Sweep floor, iceberg rates, market makers.

use std::collections::BTreeMap;

use alphatrader_analytics::discovery::resample::{self, REPLICATES};
use alphatrader_analytics::flow::sweep::FLOOR;
use alphatrader_model::Venue;
use alphatrader_model::discovered::{MarketMakers, Parameter, Sample, Status};

use super::{Subject, middle, rounded};
use crate::summary::Bursts;

/// The floor is the notional that this share of bursts stays below.
const QUANTILE: f64 = 0.95;
const SESSIONS: usize = 20;
const LEAST_BURSTS: u64 = 500;
/// Episodes of each cause.
const LEAST_EPISODES: u64 = 200;
/// A maker is profiled from this many sessions, changes and minutes on.
const MAKER_SESSIONS: u64 = 5;
const MAKER_UPDATES: u64 = 500;
const MAKER_MINUTES: u64 = 10;
/// A step of the floor's grid: a tenth.
const STEP: f64 = 0.1;

pub(super) struct Floors {
    pub(super) market_makers: MarketMakers,
    pub(super) sweep_floor: Parameter,
    pub(super) iceberg_background_rate: Parameter,
    pub(super) iceberg_refill_rate: Parameter,
}

pub(super) fn find(subject: &Subject<'_>, seed: u64) -> Floors {
    let (iceberg_background_rate, iceberg_refill_rate) = icebergs(subject, seed);
    Floors {
        market_makers: makers(subject),
        sweep_floor: sweep_floor(subject, seed),
        iceberg_background_rate,
        iceberg_refill_rate,
    }
}

fn sweep_floor(subject: &Subject<'_>, seed: u64) -> Parameter {
    let last = &subject.sessions[subject.sessions.len().saturating_sub(SESSIONS)..];
    let bursts: u64 = last.iter().map(|session| session.bursts.count_all()).sum();
    let n = Sample { sessions: Some(last.len() as u64), episodes: Some(bursts), ..Sample::default() };
    let refused = |reason: &str| Parameter { n, ..Parameter::refused("dollars", Some(FLOOR), reason) };
    if last.len() < SESSIONS {
        return refused("needs_20_sessions");
    }
    if bursts < LEAST_BURSTS {
        return refused("needs_500_bursts");
    }
    let floor =
        |places: &[usize]| Bursts::quantile(places.iter().map(|place| &last[*place].bursts), QUANTILE);
    let Some(found) = floor(&(0..last.len()).collect::<Vec<_>>()) else { return refused("needs_500_bursts") };
    let mut random = subject.random(seed, 40, 0);
    let replicates: Vec<f64> = (0..REPLICATES)
        .filter_map(|_| floor(&resample::sessions(last.len(), &mut || random.bits())))
        .collect();
    let near = replicates.iter().filter(|again| (*again / found - 1.0).abs() <= STEP).count();
    Parameter {
        value: Some(found.round()),
        unit: "dollars".into(),
        status: Status::Accepted,
        confidence: Some(rounded(near as f64 / REPLICATES as f64)),
        ci95: middle(replicates),
        n,
        method: "burst_notional_p95".into(),
        default: Some(FLOOR),
        ..Parameter::default()
    }
}

/// Rates at which displayed size comes back: after cancels, which is no iceberg's doing, and after prints.
fn icebergs(subject: &Subject<'_>, seed: u64) -> (Parameter, Parameter) {
    let causes = |places: &[usize]| {
        let mut sum = [crate::summary::Cause::default(); 2];
        for place in places {
            sum[0].add(&subject.sessions[*place].refills.cancelled);
            sum[1].add(&subject.sessions[*place].refills.traded);
        }
        sum
    };
    let sessions = subject.sessions.len();
    let whole = causes(&(0..sessions).collect::<Vec<_>>());
    let rates = whole.map(|cause| cause.rate());
    let enough = whole.iter().all(|cause| cause.episodes >= LEAST_EPISODES);
    let mut random = subject.random(seed, 41, 0);
    let replicates: Vec<[Option<f64>; 2]> = (0..if enough { REPLICATES } else { 0 })
        .map(|_| causes(&resample::sessions(sessions, &mut || random.bits())).map(|cause| cause.rate()))
        .collect();
    let faster = rates[0].zip(rates[1]).is_some_and(|(background, traded)| traded > background);
    let (status, reason) = match (enough, faster) {
        (false, _) => (Status::Default, Some("needs_200_episodes_of_each_cause")),
        (true, false) => (Status::Default, Some("prints_are_not_refilled_faster_than_cancels")),
        (true, true) => (Status::Accepted, None),
    };
    let of = |cause: usize| {
        let own: Vec<f64> = replicates.iter().filter_map(|rates| rates[cause]).collect();
        let near =
            own.iter().filter(|again| rates[cause].is_some_and(|found| (*again / found - 1.0).abs() <= STEP));
        Parameter {
            value: rates[cause].map(rounded),
            unit: "per_second".into(),
            status,
            confidence: enough.then(|| rounded(near.count() as f64 / REPLICATES as f64)),
            n: Sample {
                sessions: Some(sessions as u64),
                episodes: Some(whole[cause].episodes),
                ..Sample::default()
            },
            ci95: middle(own),
            method: "refills_by_time_watched".into(),
            reasons: reason.map(str::to_owned).into_iter().collect(),
            ..Parameter::default()
        }
    };
    (of(0), of(1))
}

fn makers(subject: &Subject<'_>) -> MarketMakers {
    let mut seen: BTreeMap<Venue, (u64, u64, u64)> = BTreeMap::new();
    for session in &subject.sessions {
        for (name, maker) in session.makers.iter() {
            let (sessions, updates, minutes) = seen.entry(name).or_default();
            *sessions += 1;
            *updates += maker.updates;
            *minutes += u64::from(maker.minutes);
        }
    }
    let n = Sample { sessions: Some(subject.sessions.len() as u64), ..Sample::default() };
    let refused =
        |reason: &str| MarketMakers { n, reasons: vec![reason.to_owned()], ..MarketMakers::default() };
    if seen.is_empty() {
        return refused("no_maker_named_in_feed");
    }
    let present = |(sessions, updates, minutes): &(u64, u64, u64)| {
        *sessions >= MAKER_SESSIONS && *updates >= MAKER_UPDATES && *minutes >= MAKER_MINUTES
    };
    let makers: Vec<String> =
        seen.iter().filter(|(_, seen)| present(seen)).map(|(name, _)| name.to_string()).collect();
    if makers.is_empty() {
        return refused("no_maker_with_5_sessions_500_changes_and_10_minutes");
    }
    // Rows of single makers may be shown; nothing is said of groups of them.
    MarketMakers { status: Status::Limited, makers, n, reasons: vec!["single_rows_only".to_owned()] }
}
