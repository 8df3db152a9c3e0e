//! VPIN's bucket and window, its alert level, the decay of bulk classification.
//!
//! The grid is five bucket counts a day by three windows. Each pair is judged by what it foretells out of sample
//! beyond its placebos; p-values are Holm's over the grid. Of the pairs not worse than the best by one standard
//! error the nearest to a fiftieth of the day's volume and fifty buckets is taken, and confirmed once on sessions
//! that no choice has seen.

use std::collections::BTreeMap;

use alphatrader_analytics::discovery::buckets::Bars;
use alphatrader_analytics::discovery::choose::{self, Candidate};
use alphatrader_analytics::discovery::foretell::{self, Scratch};
use alphatrader_analytics::discovery::moments::Residuals;
use alphatrader_analytics::discovery::rank::quantile;
use alphatrader_analytics::discovery::resample::{self, REPLICATES};
use alphatrader_analytics::discovery::slices::{MINUTE, SessionSlices};
use alphatrader_analytics::probability::multiple::holm;
use alphatrader_market::random::Random;
use alphatrader_model::discovered::{Parameter, Sample, Status, VpinParameters};

use super::{LEAST, Request, Step, Subject, middle, rounded};
use crate::summary::Feed;
use crate::threads;

/// Buckets a day.
const COUNTS: [f64; 5] = [10.0, 20.0, 50.0, 100.0, 200.0];
/// Buckets in the window.
const WINDOWS: [usize; 3] = [25, 50, 100];
/// The default's places in the two.
const DEFAULT: (usize, usize) = (2, 1);
/// Placebos.
const DRAWS: u64 = 199;
/// Level of the tests.
const LEVEL: f64 = 0.05;
/// Prints that a bucket holds at least, in the median session.
const LEAST_PRINTS: f64 = 20.0;
/// Bars that a bucket holds at least, where only bars are known.
const LEAST_BARS: f64 = 5.0;
/// Sessions of the mean volume.
const VOLUME_SESSIONS: usize = 20;
/// Below this many sessions what is accepted is provisional.
const FIRM: usize = 20;
/// Least agreement of the two halves of the prints.
const LEAST_AGREEMENT: f64 = 0.6;
/// The alert level that is wanted.
const WANTED_ALERT: f64 = 0.99;
/// Decays of bulk classification's variance; the middle one is the default.
const DECAYS: [f64; 5] = [0.90, 0.94, 0.97, 0.985, 0.995];
const DEFAULT_DECAY: usize = 2;

/// What is searched of a symbol.
struct Search {
    /// Bars of the sessions of choice, and of all.
    selection: Bars,
    all: Bars,
    split: usize,
    volume: Volume,
    /// Places in [`COUNTS`] that the data allow.
    counts: Vec<usize>,
    embargo: usize,
}

/// The day's volume.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Volume {
    mean: f64,
    variation: f64,
    trend: f64,
}

/// What one draw, or the world as it is, gives: for each count and window what is left over by session.
type Judged = Vec<Vec<Vec<Residuals>>>;

pub(super) fn find(
    subjects: &[Subject<'_>],
    request: &Request,
    told: &(impl Fn(Step) + Sync),
) -> Vec<VpinParameters> {
    let searches: Vec<Option<Search>> = subjects.iter().map(Search::of).collect();
    let draws: Vec<(usize, u64)> = searches
        .iter()
        .enumerate()
        .filter(|(_, search)| search.is_some())
        .flat_map(|(place, _)| (0..=DRAWS).map(move |draw| (place, draw)))
        .collect();
    let judge = |_, (place, draw): &(usize, u64)| {
        let search = searches[*place].as_ref()?;
        Some(search.judge(&mut signs(&subjects[*place], request.seed, *draw)))
    };
    let of = draws.len();
    let judged = threads::map(&draws, request.threads, judge, |done| {
        if done % 16 == 0 || done == of {
            told(Step { what: "placebo", done, of });
        }
    });
    let mut judged = judged.into_iter().flatten();
    let choices: Vec<Option<Choice>> = subjects
        .iter()
        .zip(&searches)
        .map(|(subject, search)| {
            let search = search.as_ref()?;
            let observed = judged.next()?;
            let placebos: Vec<Judged> = judged.by_ref().take(DRAWS as usize).collect();
            Some(search.choose(&observed, &placebos, &mut subject.random(request.seed, 12, 0)))
        })
        .collect();
    let confirmed = confirm(subjects, &searches, &choices, request, told);
    subjects
        .iter()
        .zip(searches)
        .zip(choices.into_iter().zip(confirmed))
        .map(|((subject, search), (choice, confirmed))| match (search, choice) {
            (Some(search), Some(choice)) => report(subject, &search, &choice, confirmed, request.seed),
            _ => refused(subject),
        })
        .collect()
}

/// The sign of each bar in a draw; draw zero is the world as it is.
fn signs(subject: &Subject<'_>, seed: u64, draw: u64) -> impl FnMut(usize) -> f64 + use<> {
    let mut random = subject.random(seed, 11, draw);
    let (mut bits, mut left) = (0_u64, 0_u32);
    move |_| {
        if draw == 0 {
            return 1.0;
        }
        if left == 0 {
            (bits, left) = (random.bits(), 64);
        }
        left -= 1;
        bits >>= 1;
        if bits & 1 == 0 { 1.0 } else { -1.0 }
    }
}

impl Search {
    fn of(subject: &Subject<'_>) -> Option<Self> {
        if subject.sessions.len() < LEAST {
            return None;
        }
        let split = subject.selection();
        let slices = || subject.sessions.iter().map(|session| &session.slices);
        let volume = Volume::of(&slices().map(SessionSlices::volume).collect::<Vec<_>>())?;
        let mut prints: Vec<f64> = subject.sessions.iter().map(|session| session.prints as f64).collect();
        prints.sort_by(f64::total_cmp);
        let prints = quantile(&prints, 0.5)?;
        let allowed = |count: f64| match subject.feed() {
            Feed::Bars => 390.0 / count >= LEAST_BARS,
            _ => prints / count >= LEAST_PRINTS,
        };
        let counts: Vec<usize> = (0..COUNTS.len()).filter(|place| allowed(COUNTS[*place])).collect();
        let fewest = counts.first().map(|place| COUNTS[*place])?;
        Some(Self {
            selection: Bars::of(slices().take(split)),
            all: Bars::of(slices()),
            split,
            volume,
            counts,
            // The longest of all, so that every pair is judged on the same sessions.
            embargo: foretell::embargo(fewest),
        })
    }

    fn bucket(&self, count: usize) -> f64 {
        (self.volume.mean / COUNTS[count]).max(1.0)
    }

    fn judge(&self, sign: &mut impl FnMut(usize) -> f64) -> Judged {
        // The signs of one draw are the same for every pair.
        let drawn: Vec<f64> = (0..self.selection.change.len()).map(sign).collect();
        let mut scratch = Scratch::default();
        let of = |count: &usize| {
            let tables = foretell::tables(
                &self.selection,
                self.bucket(*count),
                &WINDOWS,
                |bar| drawn[bar],
                &mut scratch,
            );
            tables.iter().map(|tables| foretell::walk_forward(tables, self.embargo)).collect()
        };
        self.counts.iter().map(of).collect()
    }

    /// The correlation in the sessions of confirmation.
    fn confirm(&self, count: usize, window: usize, sign: &mut impl FnMut(usize) -> f64) -> f64 {
        let tables = foretell::tables(
            &self.all,
            self.bucket(count),
            &[WINDOWS[window]],
            sign,
            &mut Scratch::default(),
        );
        foretell::confirm(&tables[0], self.split, self.embargo).correlation()
    }

    fn choose(&self, observed: &Judged, placebos: &[Judged], random: &mut Random) -> Choice {
        let pairs: Vec<Pair> = (0..self.counts.len())
            .flat_map(|row| (0..WINDOWS.len()).map(move |window| (row, window)))
            .map(|(row, window)| {
                let rho = foretell::pooled(&observed[row][window]);
                let nulls: Vec<f64> = placebos.iter().map(|p| foretell::pooled(&p[row][window])).collect();
                let placebo = nulls.iter().sum::<f64>() / nulls.len().max(1) as f64;
                let p = choose::placebo_p(rho, nulls);
                Pair { row, count: self.counts[row], window, rho, placebo, p }
            })
            .collect();
        let adjusted = holm(&pairs.iter().map(|pair| pair.p).collect::<Vec<_>>());
        let sessions = observed.first().and_then(|row| row.first()).map_or(0, Vec::len);
        let replicates: Vec<Vec<f64>> = (0..REPLICATES)
            .map(|_| {
                let drawn = resample::sessions(sessions, &mut || random.bits());
                let rho = |pair: &Pair| {
                    let of = &observed[pair.row][pair.window];
                    foretell::pooled(drawn.iter().map(|place| &of[*place]))
                };
                pairs.iter().map(rho).collect()
            })
            .collect();
        let errors: Vec<f64> = (0..pairs.len())
            .map(|place| {
                let of: Vec<f64> = replicates.iter().map(|rhos| rhos[place]).collect();
                resample::standard_error(&of).unwrap_or(0.0)
            })
            .collect();
        let candidates = |rhos: &dyn Fn(usize) -> f64| -> Vec<Candidate> {
            let of = |(place, pair): (usize, &Pair)| Candidate {
                score: rhos(place) - pair.placebo,
                error: errors[place],
                distance: pair.distance(),
            };
            pairs.iter().enumerate().map(of).collect()
        };
        let chosen = choose::within_one_error(&candidates(&|place| pairs[place].rho)).unwrap_or(0);
        let near = replicates.iter().filter(|rhos| {
            let again = choose::within_one_error(&candidates(&|place| rhos[place])).unwrap_or(0);
            pairs[again].near(&pairs[chosen])
        });
        let stability = near.count() as f64 / REPLICATES as f64;
        Choice { pair: pairs[chosen], p_holm: adjusted[chosen], pairs: pairs.len(), stability }
    }
}

/// One pair of the grid, judged.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// Place among the counts that are allowed.
    row: usize,
    count: usize,
    window: usize,
    rho: f64,
    placebo: f64,
    p: f64,
}

impl Pair {
    /// Steps of the grid from the default.
    fn distance(&self) -> f64 {
        (self.count.abs_diff(DEFAULT.0) + self.window.abs_diff(DEFAULT.1)) as f64
    }

    fn near(&self, other: &Self) -> bool {
        self.count.abs_diff(other.count) <= 1 && self.window.abs_diff(other.window) <= 1
    }
}

struct Choice {
    pair: Pair,
    p_holm: f64,
    pairs: usize,
    stability: f64,
}

impl Choice {
    fn stands_out(&self) -> bool {
        self.p_holm <= LEVEL
    }
}

/// The correlation and its p in the sessions of confirmation, for the choices that stood out.
fn confirm(
    subjects: &[Subject<'_>],
    searches: &[Option<Search>],
    choices: &[Option<Choice>],
    request: &Request,
    told: &(impl Fn(Step) + Sync),
) -> Vec<Option<(f64, f64)>> {
    let good = |place: &usize| choices[*place].as_ref().is_some_and(Choice::stands_out);
    let draws: Vec<(usize, u64)> = (0..subjects.len())
        .filter(good)
        .flat_map(|place| (0..=DRAWS).map(move |draw| (place, draw)))
        .collect();
    let work = |_, (place, draw): &(usize, u64)| {
        let (search, choice) = (searches[*place].as_ref()?, choices[*place].as_ref()?);
        let mut sign = signs(&subjects[*place], request.seed, *draw);
        Some(search.confirm(choice.pair.count, choice.pair.window, &mut sign))
    };
    let of = draws.len();
    let rhos = threads::map(&draws, request.threads, work, |done| {
        if done % 16 == 0 || done == of {
            told(Step { what: "confirming", done, of });
        }
    });
    let mut rhos = rhos.into_iter().flatten();
    (0..subjects.len())
        .map(|place| {
            let observed = good(&place).then(|| rhos.next()).flatten()?;
            let p = choose::placebo_p(observed, rhos.by_ref().take(DRAWS as usize));
            Some((observed, p))
        })
        .collect()
}

impl Volume {
    /// Of the last sessions; absent when nothing was traded.
    fn of(sessions: &[f64]) -> Option<Self> {
        let last = &sessions[sessions.len().saturating_sub(VOLUME_SESSIONS)..];
        let n = last.len() as f64;
        let mean = last.iter().sum::<f64>() / n;
        if mean < 1.0 || mean.is_nan() {
            return None;
        }
        let squares: f64 = last.iter().map(|volume| (volume - mean) * (volume - mean)).sum();
        let middle = (n - 1.0) / 2.0;
        let slope: f64 = last.iter().zip(0..).map(|(volume, t)| (f64::from(t) - middle) * volume).sum();
        let spread: f64 = (0..last.len()).map(|t| (t as f64 - middle) * (t as f64 - middle)).sum();
        let variation = libm::sqrt(squares / (n - 1.0).max(1.0)) / mean;
        Some(Self { mean, variation, trend: slope / spread.max(1.0) / mean })
    }
}

/// Nothing can be said.
fn refused(subject: &Subject<'_>) -> VpinParameters {
    let reason = if subject.sessions.len() < LEAST { "needs_10_sessions" } else { "too_few_prints" };
    let n = Sample { sessions: Some(subject.sessions.len() as u64), ..Sample::default() };
    let of = |unit: &str, default| Parameter { n, ..Parameter::refused(unit, default, reason) };
    VpinParameters {
        bucket_volume: of("shares", None),
        window: of("buckets", Some(WINDOWS[DEFAULT.1] as f64)),
        alert_cdf: of("", None),
        sigma_lambda: of("", Some(DECAYS[DEFAULT_DECAY])),
    }
}

fn report(
    subject: &Subject<'_>,
    search: &Search,
    choice: &Choice,
    confirmed: Option<(f64, f64)>,
    seed: u64,
) -> VpinParameters {
    let pair = choice.pair;
    let agreement = split_half(subject, search.bucket(pair.count), WINDOWS[pair.window]);
    let (mut status, mut reasons) = verdict(subject, choice, confirmed, agreement);
    let predictive = choice.stands_out() && confirmed.is_some_and(|(_, p)| p <= LEVEL);
    let (count, window) = if status.is_in_force() { (pair.count, pair.window) } else { DEFAULT };
    let sessions = subject.sessions.len() as f64;
    let effective = sessions * COUNTS[count] / WINDOWS[window] as f64;
    let found = (search.volume.mean / COUNTS[count]).round().max(1.0);
    let before = subject.incumbent.and_then(|of| of.vpin.bucket_volume.in_force());
    let (value, cut) = match before.filter(|_| status.is_in_force()) {
        Some(before) => choose::step_towards(before, found),
        None => (found, false),
    };
    if cut {
        status = Status::Limited;
        reasons.push("daily_step_of_20_percent".into());
    }
    let n = Sample {
        sessions: Some(subject.sessions.len() as u64),
        buckets: Some((sessions * COUNTS[count]) as u64),
        effective: Some(rounded(effective)),
        ..Sample::default()
    };
    let default = (search.volume.mean / COUNTS[DEFAULT.0]).round().max(1.0);
    let bucket_volume = Parameter {
        value: Some(value.round()),
        unit: "shares".into(),
        status,
        confidence: Some(rounded(choice.stability)),
        ci95: volume_interval(subject, COUNTS[count], seed),
        n,
        method: if status.is_in_force() { "grid_one_se" } else { "adv_over_50" }.into(),
        tests: tests(subject, search, choice, confirmed, agreement),
        predictive: Some(predictive),
        default: Some(default),
        requested: cut.then_some(found),
        reasons: reasons.clone(),
    };
    let window = Parameter {
        value: Some(WINDOWS[window] as f64),
        unit: "buckets".into(),
        status,
        confidence: bucket_volume.confidence,
        n,
        method: bucket_volume.method.clone(),
        predictive: Some(predictive),
        default: Some(WINDOWS[DEFAULT.1] as f64),
        reasons,
        ..Parameter::default()
    };
    VpinParameters {
        bucket_volume,
        window,
        alert_cdf: alert(effective, n),
        sigma_lambda: decay(subject, seed),
    }
}

fn verdict(
    subject: &Subject<'_>,
    choice: &Choice,
    confirmed: Option<(f64, f64)>,
    agreement: Option<f64>,
) -> (Status, Vec<String>) {
    let reasons = |all: &[&str]| all.iter().map(|reason| (*reason).to_owned()).collect();
    if !choice.stands_out() {
        return (Status::Default, reasons(&["placebo_not_rejected"]));
    }
    let mut against = Vec::new();
    if confirmed.is_none_or(|(_, p)| p > LEVEL) {
        against.push("not_confirmed_on_last_sessions");
    }
    if agreement.is_none_or(|agreement| agreement < LEAST_AGREEMENT) {
        against.push("halves_of_prints_disagree");
    }
    if !against.is_empty() {
        (Status::Default, reasons(&against))
    } else if subject.sessions.len() < FIRM {
        (Status::Limited, reasons(&["provisional_below_20_sessions"]))
    } else {
        (Status::Accepted, Vec::new())
    }
}

fn tests(
    subject: &Subject<'_>,
    search: &Search,
    choice: &Choice,
    confirmed: Option<(f64, f64)>,
    agreement: Option<f64>,
) -> BTreeMap<String, f64> {
    let pair = choice.pair;
    let mut tests = BTreeMap::new();
    let mut put = |name: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            tests.insert(name.to_owned(), rounded(value));
        }
    };
    put("placebo_p", Some(pair.p));
    put("placebo_p_holm", Some(choice.p_holm));
    put("partial_rho", Some(pair.rho));
    put("placebo_rho", Some(pair.placebo));
    put("buckets_per_day", Some(COUNTS[pair.count]));
    put("window", Some(WINDOWS[pair.window] as f64));
    put("searches", Some(choice.pairs as f64));
    put("confirmation_rho", confirmed.map(|(rho, _)| rho));
    put("confirmation_p", confirmed.map(|(_, p)| p));
    put("split_half", agreement);
    put("duration_log_sd", foretell::duration_spread(&search.all, search.bucket(pair.count)));
    put("volume_variation", Some(search.volume.variation));
    put("volume_trend_per_session", Some(search.volume.trend));
    put("tick_rule_agreement", tick_agreement(subject));
    tests
}

/// Correlation of a minute's imbalance by the engine's classification with that by the tick rule alone.
fn tick_agreement(subject: &Subject<'_>) -> Option<f64> {
    let (mut own, mut tick) = (Vec::new(), Vec::new());
    for session in &subject.sessions {
        let slices = &session.slices;
        let sums = |of: &[f64]| SessionSlices::sums(of, MINUTE);
        for ((buy, sell), by_tick) in
            sums(&slices.buy).iter().zip(sums(&slices.sell)).zip(sums(&slices.tick_buy))
        {
            own.push(buy - sell);
            tick.push(2.0 * by_tick - buy - sell);
        }
    }
    foretell::agreement(&own, &tick)
}

fn split_half(subject: &Subject<'_>, bucket: f64, window: usize) -> Option<f64> {
    let (mut even, mut odd) = (Bars::of([]), Bars::of([]));
    let whole = Bars::of(subject.sessions.iter().map(|session| &session.slices));
    let mut place = 0;
    for session in &subject.sessions {
        let slices = &session.slices;
        let sums = |of: &[f64]| SessionSlices::sums(of, alphatrader_analytics::discovery::buckets::WIDTH);
        for (buy, sell) in sums(&slices.even_buy).iter().zip(sums(&slices.even_sell)) {
            even.signed.push(buy - sell);
            odd.signed.push(whole.signed[place] - (buy - sell));
            place += 1;
        }
    }
    // Both halves are cut where the whole is.
    for half in [&mut even, &mut odd] {
        (half.starts, half.change, half.volume) =
            (whole.starts.clone(), whole.change.clone(), whole.volume.clone());
    }
    foretell::split_half(&even, &odd, bucket, window)
}

/// The middle 95 % of the mean volume of the last sessions, cut in so many buckets.
fn volume_interval(subject: &Subject<'_>, count: f64, seed: u64) -> Option<[f64; 2]> {
    let volumes: Vec<f64> = subject.sessions.iter().map(|session| session.slices.volume()).collect();
    let last = &volumes[volumes.len().saturating_sub(VOLUME_SESSIONS)..];
    let mut random = subject.random(seed, 13, 0);
    let means = (0..REPLICATES).map(|_| {
        let drawn = resample::sessions(last.len(), &mut || random.bits());
        drawn.iter().map(|place| last[*place]).sum::<f64>() / drawn.len() as f64 / count
    });
    middle(means.collect()).map(|interval| interval.map(f64::round))
}

fn alert(effective: f64, n: Sample) -> Parameter {
    let value = choose::alert_level(effective);
    let (status, reason) = match value {
        Some(level) if level >= WANTED_ALERT => (Status::Accepted, None),
        Some(_) => (Status::Limited, Some(choose::least_effective(WANTED_ALERT))),
        None => (Status::Refused, Some(choose::least_effective(choose::ALERT_LEVELS[0]))),
    };
    Parameter {
        value,
        status,
        n,
        method: "empirical_cdf".into(),
        requested: Some(WANTED_ALERT),
        reasons: reason.map(|needs| format!("needs_{needs}_effective_observations")).into_iter().collect(),
        ..Parameter::default()
    }
}

/// The decay whose variance, made of the minutes before, loses least on the next minute (QLIKE), one forecast a
/// minute; the default stays unless it is beaten by one standard error and again in the sessions of confirmation.
fn decay(subject: &Subject<'_>, seed: u64) -> Parameter {
    let losses: Vec<[f64; DECAYS.len()]> = subject
        .sessions
        .iter()
        .map(|session| DECAYS.map(|decay| qlike(&session.slices.returns(MINUTE), decay)))
        .collect();
    let (selection, confirmation) = losses.split_at(subject.selection());
    let gain = |of: &[[f64; DECAYS.len()]], place: usize| {
        of.iter().map(|row| row[DEFAULT_DECAY] - row[place]).sum::<f64>() / of.len().max(1) as f64
    };
    let mut random = subject.random(seed, 14, 0);
    let replicates: Vec<Vec<f64>> = (0..REPLICATES)
        .map(|_| {
            let drawn = resample::sessions(selection.len(), &mut || random.bits());
            let rows: Vec<_> = drawn.iter().map(|place| selection[*place]).collect();
            (0..DECAYS.len()).map(|place| gain(&rows, place)).collect()
        })
        .collect();
    let candidates = |gains: &dyn Fn(usize) -> f64| -> Vec<Candidate> {
        let error = |place: usize| {
            let of: Vec<f64> = replicates.iter().map(|row| row[place]).collect();
            resample::standard_error(&of).unwrap_or(0.0)
        };
        (0..DECAYS.len())
            .map(|place| Candidate {
                score: gains(place),
                error: error(place),
                distance: place.abs_diff(DEFAULT_DECAY) as f64,
            })
            .collect()
    };
    let chosen =
        choose::within_one_error(&candidates(&|place| gain(selection, place))).unwrap_or(DEFAULT_DECAY);
    let best = |row: &Vec<f64>| {
        let (place, _) =
            row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap_or((DEFAULT_DECAY, &0.0));
        place
    };
    let near = replicates.iter().filter(|row| best(row).abs_diff(chosen) <= 1).count();
    let (status, reason) = match chosen {
        DEFAULT_DECAY => (Status::Default, Some("default_not_beaten")),
        _ if gain(confirmation, chosen) <= 0.0 => (Status::Default, Some("not_confirmed_on_last_sessions")),
        _ => (Status::Accepted, None),
    };
    let place = if status.is_in_force() { chosen } else { DEFAULT_DECAY };
    Parameter {
        value: Some(DECAYS[place]),
        status,
        confidence: Some(rounded(near as f64 / REPLICATES as f64)),
        n: Sample {
            sessions: Some(subject.sessions.len() as u64),
            points: Some(subject.sessions.iter().map(|s| s.slices.len() / MINUTE).sum::<usize>() as u64),
            ..Sample::default()
        },
        method: "qlike_one_se".into(),
        tests: [
            ("qlike_gain".to_owned(), rounded(gain(selection, chosen))),
            ("confirmation_gain".to_owned(), rounded(gain(confirmation, chosen))),
            ("searches".to_owned(), DECAYS.len() as f64),
        ]
        .into(),
        default: Some(DECAYS[DEFAULT_DECAY]),
        reasons: reason.map(str::to_owned).into_iter().collect(),
        ..Parameter::default()
    }
}

/// Mean QLIKE of a session: log of the forecast variance and the square beside it. The first half hour warms up.
fn qlike(returns: &[f64], decay: f64) -> f64 {
    const WARM: usize = 30;
    let mut variance = returns.iter().take(WARM).map(|r| r * r).sum::<f64>() / WARM as f64;
    let floor = (variance * 1e-4).max(1e-14);
    let (mut sum, mut count) = (0.0, 0.0);
    for r in returns.iter().skip(WARM) {
        let forecast = variance.max(floor);
        sum += libm::log(forecast) + r * r / forecast;
        count += 1.0;
        variance = decay * variance + (1.0 - decay) * r * r;
    }
    if count > 0.0 { sum / count } else { 0.0 }
}
