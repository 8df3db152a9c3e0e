//! Finding parameters.
//!
//! | module | what it finds |
//! | --- | --- |
//! | `vpin` | bucket, window, alert level and decay of bulk classification |
//! | `temporal` | how long the past counts |
//! | `regimes` | volatility regimes |
//! | `correlation` | which correlation matrix to use |
//! | `floors` | sweep floor, iceberg rates, market makers |
//!
//! The general rules are in `docs/discovery.md`: completed sessions only; choice on the first 70 % of them, one
//! confirmation on the rest; an embargo between what is fitted and what is judged; bootstrap by sessions; all
//! searches counted; what is in force stays unless beaten by one standard error.

mod correlation;
mod floors;
mod regimes;
mod temporal;
mod vpin;

use std::collections::BTreeMap;

use alphatrader_history::{Days, HistoryError, Progress};
use alphatrader_market::random::{Random, mix};
use alphatrader_model::discovered::{
    Discovered, ExcludedSession, SCHEMA_VERSION, SearchedData, Searcher, SymbolParameters,
};
use alphatrader_model::{Calendar, Settings, Span, Symbol, Timestamp};
use jiff::civil::Date;
use thiserror::Error;

use crate::file;
use crate::summary::{Feed, Summary};
use crate::survey::{self, Survey, SurveyError, Wanted};
use crate::threads;

/// Sessions after which what was found is not used any more.
const VALID: usize = 5;
/// Regimes last longer.
const REGIMES_VALID: usize = 20;
/// After the close, when the day's prints and corrections are in.
const AFTER_CLOSE: Span = Span::from_minutes(30);
/// Share of the sessions on which choices are made; the rest confirms.
const SELECTION: f64 = 0.7;
/// Sessions below which nothing is found.
const LEAST: usize = 10;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Symbols; all that the source names when empty.
    pub symbols: Vec<Symbol>,
    /// First exchange date.
    pub from: Date,
    /// Last exchange date; sessions that are not over are not in the source.
    pub to: Date,
    /// Threads; the result does not depend on it.
    pub threads: usize,
    /// Seed of placebo, bootstrap and restarts.
    pub seed: u64,
    /// The settings whose analytics are searched for.
    pub settings: Settings,
    /// What is in force: changes start from it.
    pub incumbent: Option<Discovered>,
    /// The commit that the program was built from, where it is known.
    pub git: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done, in a word: `reading`, `placebo`, `confirming`, `structure`, `correlation`.
    pub what: &'static str,
    /// Done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// Why nothing is found at all.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] HistoryError),
    /// Its sessions cannot be read.
    #[error(transparent)]
    Survey(#[from] SurveyError),
}

/// One symbol's sessions that may be searched, in order.
struct Subject<'s> {
    symbol: Symbol,
    sessions: Vec<&'s Summary>,
    /// What is in force for it.
    incumbent: Option<&'s SymbolParameters>,
}

impl Subject<'_> {
    /// Sessions on which choices are made.
    fn selection(&self) -> usize {
        (self.sessions.len() as f64 * SELECTION) as usize
    }

    fn feed(&self) -> Feed {
        self.sessions.iter().map(|session| session.feed).min().unwrap_or_default()
    }

    /// Chance for a purpose: of this symbol, this purpose and this draw alone.
    fn random(&self, seed: u64, purpose: u64, draw: u64) -> Random {
        let name =
            self.symbol.as_str().bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(64) + u64::from(byte));
        Random::new(mix(&[seed, name, purpose, draw]))
    }
}

/// Reads the sessions of a source and finds what they support. `told` hears how far it is, from any thread.
///
/// # Errors
/// [`DiscoverError`]: what the data cannot support is no error but a refusal inside the result.
pub fn discover(
    source: &Days,
    request: &Request,
    progress: &Progress,
    told: &(impl Fn(Step) + Sync),
) -> Result<Discovered, DiscoverError> {
    let wanted = Wanted {
        symbols: request.symbols.clone(),
        from: request.from,
        to: request.to,
        threads: request.threads,
    };
    let survey =
        survey::survey(source, &wanted, progress, |done, of| told(Step { what: "reading", done, of }))?;
    Ok(of_survey(&survey, request, told))
}

/// Finds what sessions that were read support.
pub fn of_survey(survey: &Survey, request: &Request, told: &(impl Fn(Step) + Sync)) -> Discovered {
    let (fit, excluded) = sort_out(survey);
    let subjects: Vec<Subject<'_>> = fit
        .iter()
        .map(|(symbol, sessions)| Subject {
            symbol: *symbol,
            sessions: sessions.clone(),
            incumbent: request.incumbent.as_ref().and_then(|known| known.symbols.get(symbol)),
        })
        .collect();
    let calendar = Calendar::xnys();
    let last = survey.dates.last().copied();
    let generated_at = last
        .and_then(|date| calendar.session(date))
        .map_or(Timestamp::default(), |session| session.close + AFTER_CLOSE);
    let vpin = vpin::find(&subjects, request, told);
    let of = subjects.len();
    let structure = threads::map(
        &subjects,
        request.threads,
        |_, subject| {
            (
                temporal::find(subject, request.seed),
                regimes::find(subject, request.seed, until(&calendar, last, REGIMES_VALID)),
                floors::find(subject, request.seed),
            )
        },
        |done| told(Step { what: "structure", done, of }),
    );
    told(Step { what: "correlation", done: 0, of: 1 });
    let correlation = correlation::find(&subjects, request.seed);
    told(Step { what: "correlation", done: 1, of: 1 });
    let symbols =
        subjects.iter().zip(vpin).zip(structure).map(|((subject, vpin), (temporal, regimes, floors))| {
            let floors::Floors { market_makers, sweep_floor, iceberg_background_rate, iceberg_refill_rate } =
                floors;
            let parameters = SymbolParameters {
                vpin,
                temporal,
                regimes,
                market_makers,
                sweep_floor,
                iceberg_background_rate,
                iceberg_refill_rate,
            };
            (subject.symbol, parameters)
        });
    Discovered {
        schema_version: SCHEMA_VERSION,
        generated_at,
        engine: Searcher {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: request.git.clone(),
            config_sha256: file::config_sha256(&request.settings),
            seed: request.seed,
        },
        data: data(survey, &subjects, excluded),
        symbols: symbols.collect(),
        correlation,
        valid_until: until(&calendar, last, VALID),
        unusable: None,
    }
}

/// Half an hour after the close of the session that is so many after the last one.
fn until(calendar: &Calendar, last: Option<Date>, sessions: usize) -> Timestamp {
    let Some(mut date) = last else { return Timestamp::default() };
    let mut close = Timestamp::default();
    for _ in 0..sessions {
        let next = calendar.next_session(date);
        (date, close) = (next.date, next.close);
    }
    close + AFTER_CLOSE
}

type Fit<'s> = BTreeMap<Symbol, Vec<&'s Summary>>;

/// Sessions that may be searched, and the others with their reasons.
fn sort_out(survey: &Survey) -> (Fit<'_>, Vec<ExcludedSession>) {
    let mut fit = Fit::new();
    let mut excluded = Vec::new();
    for (symbol, sessions) in &survey.sessions {
        let good = fit.entry(*symbol).or_default();
        for session in sessions {
            match session.unfit() {
                None => good.push(session),
                Some(reason) => excluded.push(ExcludedSession {
                    date: session.session.date,
                    symbol: Some(*symbol),
                    reason: reason.to_owned(),
                }),
            }
        }
    }
    (fit, of_all(excluded, survey.sessions.len()))
}

/// What holds for every symbol of a day is said once.
fn of_all(mut excluded: Vec<ExcludedSession>, symbols: usize) -> Vec<ExcludedSession> {
    let key = |one: &ExcludedSession| (one.date, one.reason.clone());
    excluded.sort_by_key(|one| (key(one), one.symbol));
    let mut told: Vec<ExcludedSession> = Vec::new();
    for group in excluded.chunk_by(|a, b| key(a) == key(b)) {
        if group.len() == symbols {
            told.push(ExcludedSession { symbol: None, ..group[0].clone() });
        } else {
            told.extend_from_slice(group);
        }
    }
    told
}

fn data(survey: &Survey, subjects: &[Subject<'_>], excluded: Vec<ExcludedSession>) -> SearchedData {
    let used: std::collections::BTreeSet<Date> =
        subjects.iter().flat_map(|subject| subject.sessions.iter().map(|s| s.session.date)).collect();
    let all = || survey.sessions.values().flatten();
    let (admitted, kept_out) = all().fold((0_u64, 0_u64), |(admitted, excluded), session| {
        (admitted.saturating_add(session.admitted), excluded.saturating_add(session.excluded))
    });
    let whole = admitted.saturating_add(kept_out);
    let source = match (survey.synthetic, survey.recorded) {
        (true, _) => "synthetic",
        (false, true) => "recording",
        (false, false) => "files",
    };
    SearchedData {
        source: source.to_owned(),
        feed: subjects.iter().map(Subject::feed).max().unwrap_or_default().name().to_owned(),
        first: survey.dates.first().copied(),
        last: survey.dates.last().copied(),
        sessions_used: used.len() as u64,
        sessions_excluded: excluded,
        excluded_volume_share: (whole > 0).then(|| rounded(kept_out as f64 / whole as f64)),
    }
}

/// Six significant digits: what is written is read back as it was, and no more is known.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    // Through decimal text, so that the file holds the shortest form of the same number.
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// The middle 95 % of replicates; absent without any.
fn middle(mut replicates: Vec<f64>) -> Option<[f64; 2]> {
    replicates.retain(|value| value.is_finite());
    replicates.sort_by(f64::total_cmp);
    let at = |q| alphatrader_analytics::discovery::rank::quantile(&replicates, q);
    Some([rounded(at(0.025)?), rounded(at(0.975)?)])
}
