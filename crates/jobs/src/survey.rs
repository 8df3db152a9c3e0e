//! All sessions of a source, read once, on all cores: a day is one piece of work.

use std::collections::BTreeMap;
use std::sync::Mutex;

use alphatrader_history::{Days, HistoryError, Progress};
use alphatrader_model::{Contract, Payload, Symbol};
use jiff::civil::Date;
use thiserror::Error;

use crate::summary::{Builder, Summary};
use crate::threads;

/// Sessions of symbols that are held in memory at once: about 1.3 GB.
pub const MOST_SUMMARIES: usize = 4_000;

/// What is read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Symbols; all that the source names when empty.
    pub symbols: Vec<Symbol>,
    /// First and last exchange date.
    pub from: Date,
    /// Last exchange date.
    pub to: Date,
    /// Threads.
    pub threads: usize,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Sessions by symbol, in order of date; unfit ones too.
    pub sessions: BTreeMap<Symbol, Vec<Summary>>,
    /// Days inside the range.
    pub dates: Vec<Date>,
    /// Lines or parts that could not be read.
    pub malformed: u64,
    /// The source holds made-up prices.
    pub synthetic: bool,
    /// The source is a recording of this system.
    pub recorded: bool,
}

/// Why nothing was read.
#[derive(Debug, Error)]
pub enum SurveyError {
    /// A day cannot be opened.
    #[error("{date}: {error}")]
    Day {
        /// Which.
        date: Date,
        /// Why.
        error: HistoryError,
    },
    /// The range holds no day.
    #[error("{place} has no session from {from} to {to}; it has {there}")]
    Nothing {
        /// The source.
        place: String,
        /// First date asked for.
        from: Date,
        /// Last date asked for.
        to: Date,
        /// What it has, in words.
        there: String,
    },
    /// More than fits.
    #[error(
        "{sessions} sessions of symbols are more than the {MOST_SUMMARIES} that are searched at once: name fewer \
         symbols with --symbol or a shorter range"
    )]
    TooMany {
        /// How many.
        sessions: usize,
    },
}

/// One day, read.
struct Day {
    summaries: Vec<Summary>,
    malformed: u64,
    synthetic: bool,
}

/// Reads them. `progress` counts bytes; `told` hears how many days are done.
///
/// # Errors
/// [`SurveyError`].
pub fn survey(
    days: &Days,
    wanted: &Wanted,
    progress: &Progress,
    told: impl Fn(usize, usize) + Sync,
) -> Result<Survey, SurveyError> {
    let asked = |symbol: &Symbol| wanted.symbols.is_empty() || wanted.symbols.contains(symbol);
    let chosen: Vec<(Date, Vec<Symbol>)> = days
        .iter()
        .filter(|(date, _)| (wanted.from..=wanted.to).contains(date))
        .map(|(date, symbols)| (date, symbols.iter().copied().filter(asked).collect::<Vec<_>>()))
        .filter(|(_, symbols)| !symbols.is_empty())
        .collect();
    if chosen.is_empty() {
        return Err(nothing(days, wanted));
    }
    let sessions = chosen.iter().map(|(_, symbols)| symbols.len()).sum();
    if sessions > MOST_SUMMARIES {
        return Err(SurveyError::TooMany { sessions });
    }
    let failed = Mutex::new(None);
    let work = |_, (date, symbols): &(Date, Vec<Symbol>)| match read(days, *date, symbols, progress) {
        Ok(day) => Some(day),
        Err(error) => {
            // Of several the earliest is told, whichever thread came first.
            if let Ok(mut failed) = failed.lock()
                && failed.as_ref().is_none_or(|(known, _)| date < known)
            {
                *failed = Some((*date, error));
            }
            None
        }
    };
    let read = threads::map(&chosen, wanted.threads, work, |done| told(done, chosen.len()));
    if let Some((date, error)) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(SurveyError::Day { date, error });
    }
    let mut survey = Survey {
        sessions: BTreeMap::new(),
        recorded: chosen.iter().any(|(date, _)| days.is_recorded(*date)),
        dates: chosen.into_iter().map(|(date, _)| date).collect(),
        malformed: 0,
        synthetic: false,
    };
    for day in read.into_iter().flatten() {
        survey.malformed += day.malformed;
        survey.synthetic |= day.synthetic;
        for summary in day.summaries {
            survey.sessions.entry(summary.symbol).or_default().push(summary);
        }
    }
    Ok(survey)
}

fn nothing(days: &Days, wanted: &Wanted) -> SurveyError {
    let there: Vec<Date> = days.iter().map(|(date, _)| date).collect();
    let there = match (there.first(), there.last()) {
        (Some(first), Some(last)) if wanted.symbols.is_empty() => format!("{first} to {last}"),
        (Some(first), Some(last)) => format!("{first} to {last}, perhaps of other symbols"),
        _ => "none".to_owned(),
    };
    SurveyError::Nothing { place: days.path().display().to_string(), from: wanted.from, to: wanted.to, there }
}

fn read(days: &Days, date: Date, symbols: &[Symbol], progress: &Progress) -> Result<Day, HistoryError> {
    let play = days.play(date, symbols, progress)?;
    let session = play.session;
    let mut builders: Vec<Builder> = symbols.iter().map(|symbol| Builder::new(*symbol, session)).collect();
    // By number of the instrument: its place among the builders.
    let mut places: Vec<Option<usize>> = Vec::new();
    let mut day = Day { summaries: Vec::new(), malformed: 0, synthetic: false };
    for item in play {
        let Ok(mut item) = item else {
            day.malformed += 1;
            continue;
        };
        if let Payload::Instrument(instrument) = &item.input.payload {
            let place = match instrument.contract {
                Contract::Stock(symbol) => symbols.iter().position(|known| *known == symbol),
                Contract::Option(_) => None,
            };
            day.synthetic |= instrument.synthetic && place.is_some();
            let number = instrument.id.0 as usize;
            if number >= places.len() {
                places.resize(number + 1, None);
            }
            places[number] = place;
            continue;
        }
        let ts = item.input.ts_event;
        let Some(about) = item.input.payload.about_mut().copied() else { continue };
        if let Some(Some(place)) = places.get(about.0 as usize) {
            builders[*place].on(ts, &item.input.payload);
        }
    }
    day.summaries = builders.into_iter().map(Builder::finish).collect();
    Ok(day)
}
