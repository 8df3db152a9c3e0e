//! The market half rebuilt from what was recorded earlier in the day.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_engine::market_core::MarketCore;
use alphatrader_engine::rerun::Rebuild;
use alphatrader_history::recording::market::SHORT_PAUSE;
use alphatrader_history::recording::{MarketReader, Previous, Shelf};
use alphatrader_history::{Progress, SourceId};
use alphatrader_model::{Instrument, Settings, Span, Timestamp};
use jiff::civil::Date;

/// Events that are read at most: a busy day has a few millions.
const MOST_EVENTS: u64 = 20_000_000;
/// How far a clock may be behind the recording and still belong to it.
const BEHIND: Span = Span::from_seconds(5);

/// What the day's recordings say of the market.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    /// The market half.
    pub(crate) market: MarketCore,
    /// Its contracts, by number: the run that goes on from it numbers them the same.
    pub(crate) instruments: Vec<Instrument>,
    /// The files it was rebuilt from.
    pub(crate) from: Vec<Previous>,
    /// Events of them.
    pub(crate) events: u64,
}

/// Rebuilds the market half from the files of a day, for a run that goes on `now`; nothing to go on from
/// is no fault.
///
/// # Errors
/// In words, when there are files and they cannot be used: then the market half begins anew.
pub(crate) fn of_day(
    shelf: &Shelf,
    date: Date,
    settings: &Settings,
    now: Timestamp,
    patience: Duration,
) -> Result<Recall, String> {
    let files = shelf.files(date);
    if files.is_empty() {
        return Ok(Recall::default());
    }
    of_files(shelf, files, settings, now, Some(Clock::instant() + patience))
}

/// The same, from these files.
///
/// # Errors
/// In words: a file that cannot be read, too much to read, or a time that does not go on from theirs.
pub(crate) fn of_files(
    shelf: &Shelf,
    files: Vec<PathBuf>,
    settings: &Settings,
    now: Timestamp,
    deadline: Option<Instant>,
) -> Result<Recall, String> {
    let reader = MarketReader::open(files, &[], SourceId(0), &Progress::default());
    let mut reader = reader.map_err(|e| e.to_string())?.with_time();
    let mut rebuild = Rebuild::new(settings, now);
    let mut last = None;
    for item in reader.by_ref() {
        match item {
            Ok(item) => {
                last = Some(item.input.ts_event);
                rebuild.take(item.input.ts_event, item.input.payload);
            }
            Err(malformed) => tracing::warn!(%malformed, "a recording of today"),
        }
        if rebuild.taken() > MOST_EVENTS {
            return Err(format!("more than {MOST_EVENTS} events"));
        }
        let look = rebuild.taken().is_multiple_of(4_096);
        if look && deadline.is_some_and(|deadline| Clock::instant() > deadline) {
            return Err(format!("{} events were read and time was over", rebuild.taken()));
        }
    }
    let Some(last) = last else { return Ok(Recall::default()) };
    if last.since(now) > BEHIND {
        return Err(format!("it is {now} here, and the recordings go on to {last}"));
    }
    let named = |(path, chain): &(PathBuf, alphatrader_history::recording::frame::Chain)| Previous {
        file: shelf.name_of(path),
        chain: chain.hex(),
    };
    Ok(Recall {
        instruments: reader.instruments().cloned().collect(),
        from: reader.read().iter().map(named).collect(),
        events: rebuild.taken(),
        market: rebuild.finish(now, now.since(last) <= SHORT_PAUSE),
    })
}
