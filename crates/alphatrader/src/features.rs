//! `alphatrader features`: every feature over a recorded market, as a table.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `market` | a day from several paths in one order |
//! | `parameters` | the settings, what was found beyond them, and the flags |
//! | `rows` | the columns, and a row of each kind |
//! | `sheet` | CSV, Parquet or JSON lines |

mod market;
mod parameters;
mod rows;
mod sheet;

use std::collections::BTreeMap;

use alphatrader_analytics::Alone;
use alphatrader_history::Progress;
use alphatrader_model::{Calendar, InstrumentId, Payload, Session, Span, Symbol, Timestamp};
use indicatif::ProgressBar;

use crate::cli::FeaturesArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::replay::{progress_bar, show_malformed};

use market::{Day, Markets, Told};
use parameters::Chosen;
use rows::Every;
use sheet::{Closed, Sheet};

/// Runs the command.
///
/// # Errors
/// Nothing to read, a flag that says nothing, a file that cannot be written, found parameters that cannot be used.
pub(crate) fn features(config: &Config, args: &FeaturesArgs) -> Result<(), Failure> {
    let every = every(&args.every)?;
    let symbols = symbols(&args.symbol)?;
    let calendar = Calendar::xnys();
    let markets = Markets::of(&args.paths, symbols, &calendar)?;
    let mut dates = markets.dates();
    if let Some(date) = &args.date {
        let date = date
            .parse()
            .map_err(|_| Failure::config(format!("--date `{date}` is not a date such as 2013-10-07")))?;
        dates.retain(|day, _| *day == date);
    }
    let mut all: Vec<Symbol> = dates.values().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Err(Failure::new(
            "the paths have nothing of that; `alphatrader data inspect PATH` lists what they have",
        ));
    }
    if every == Every::Bucket && all.len() > 1 {
        let names: Vec<String> = all.iter().take(12).map(ToString::to_string).collect();
        return Err(Failure::config(format!(
            "--every bucket is a table of one symbol: name it with --symbol; there are {}",
            names.join(", ")
        )));
    }
    let sheet = Sheet::begin(args.output, args.to.as_deref(), rows::columns(every, args.quality))?;
    let mut study = Study {
        symbols: BTreeMap::new(),
        chosen: Chosen::of(config, args)?,
        every,
        quality: args.quality,
        sheet,
        next_row: Timestamp::default(),
        bucket: 0,
    };
    let progress = Progress::default();
    let bar = progress_bar(0);
    let mut malformed = 0;
    for date in dates.into_keys() {
        let day = markets.play(date, &progress)?;
        bar.set_length(progress.total());
        if let Err(Closed) = study.day(day, &bar, &progress, &mut malformed)? {
            break;
        }
    }
    bar.finish_and_clear();
    study.report(malformed);
    study.sheet.finish()
}

/// Symbols on their way through recorded days.
struct Study {
    symbols: BTreeMap<Symbol, Alone>,
    chosen: Chosen,
    every: Every,
    quality: bool,
    sheet: Sheet,
    next_row: Timestamp,
    /// The last bucket that was written.
    bucket: u64,
}

/// Events between two looks at the progress.
const LOOK: usize = 4_096;

impl Study {
    fn day(
        &mut self,
        day: Day,
        bar: &ProgressBar,
        progress: &Progress,
        malformed: &mut u64,
    ) -> Result<Result<(), Closed>, Failure> {
        let session = day.session;
        for (name, symbol) in &mut self.symbols {
            symbol.on_parameters(self.chosen.at(*name, session));
            symbol.on_session(session);
        }
        self.next_row = Timestamp::from_nanos(i64::MAX);
        let mut last = None;
        for (place, told) in day.enumerate() {
            if place % LOOK == 0 {
                bar.set_position(progress.read());
            }
            match told {
                Told::Malformed(line) => {
                    *malformed += 1;
                    show_malformed(bar, *malformed, &line);
                }
                Told::Event(symbol, mut item) => {
                    let ts = item.input.ts_event;
                    if last.is_none() {
                        self.next_row = self.row_after(ts);
                    }
                    if let Err(closed) = self.pass(ts)? {
                        return Ok(Err(closed));
                    }
                    last = Some(ts);
                    if let Err(closed) = self.take(symbol, ts, session, &mut item.input.payload)? {
                        return Ok(Err(closed));
                    }
                }
            }
        }
        match last {
            Some(ts) => self.pass(ts + Span::SECOND),
            None => Ok(Ok(())),
        }
    }

    /// The first moment of a row at or after an instant.
    fn row_after(&self, ts: Timestamp) -> Timestamp {
        let step = match self.every {
            Every::Seconds(seconds) => Span::from_seconds(i64::from(seconds)),
            Every::Trade | Every::Bucket => Span::SECOND,
        };
        let floor = ts.floor_to(step);
        if floor == ts { floor } else { floor + step }
    }

    /// Time passes up to `ts`: each whole second moves the windows, each row that is due is written.
    fn pass(&mut self, ts: Timestamp) -> Result<Result<(), Closed>, Failure> {
        while self.next_row < ts {
            let now = self.next_row;
            for symbol in self.symbols.values_mut() {
                symbol.on_timer(now);
                if self.every == Every::Bucket
                    && let Err(closed) = write_buckets(symbol, &mut self.bucket, &mut self.sheet)?
                {
                    return Ok(Err(closed));
                }
                if matches!(self.every, Every::Seconds(_)) {
                    let features = symbol.features();
                    let row = rows::row(now, features, None, self.quality);
                    let whole = self.sheet.is_json().then(|| whole(features));
                    if let Err(closed) = self.sheet.push(&row, whole)? {
                        return Ok(Err(closed));
                    }
                }
            }
            self.next_row = self.row_after(now + Span::from_nanos(1));
        }
        Ok(Ok(()))
    }

    fn take(
        &mut self,
        name: Symbol,
        ts: Timestamp,
        session: Session,
        payload: &mut Payload,
    ) -> Result<Result<(), Closed>, Failure> {
        let place = self.symbols.len() as u32;
        let symbol = self.symbols.entry(name).or_insert_with(|| {
            let mut symbol = Alone::new(name, InstrumentId(place), self.chosen.at(name, session));
            symbol.on_session(session);
            symbol
        });
        if let Some(id) = payload.about_mut() {
            *id = symbol.analytics().instrument();
        }
        let before = symbol.analytics().admission().trades;
        symbol.on_payload(ts, payload);
        match (self.every, payload) {
            (Every::Bucket, _) => write_buckets(symbol, &mut self.bucket, &mut self.sheet),
            (Every::Trade, Payload::Trade(trade)) if symbol.analytics().admission().trades > before => {
                let side = symbol.analytics().history().tape.back().and_then(|print| print.side);
                let features = symbol.features();
                let row = rows::row(ts, features, Some((trade, side)), self.quality);
                let whole = self.sheet.is_json().then(|| whole(features));
                self.sheet.push(&row, whole)
            }
            _ => Ok(Ok(())),
        }
    }

    /// What was left out and why, and what the symbols hold in memory, on stderr.
    fn report(&self, malformed: u64) {
        for (name, symbol) in &self.symbols {
            let counts = symbol.analytics().admission();
            let reasons = match serde_json::to_value(counts) {
                Ok(serde_json::Value::Object(fields)) => fields
                    .into_iter()
                    .filter(|(_, count)| count.as_u64() != Some(0))
                    .map(|(reason, count)| format!("{reason} {count}"))
                    .collect::<Vec<_>>()
                    .join(", "),
                _ => String::new(),
            };
            eprintln!(
                "{name}: {} bytes of state; the gate counted: {reasons}",
                symbol.analytics().state_bytes()
            );
        }
        eprintln!("{} rows", self.sheet.rows());
        if malformed > 0 {
            eprintln!("{malformed} lines or parts could not be read");
        }
    }
}

/// Buckets that ended since the last one that was written.
fn write_buckets(
    symbol: &Alone,
    written: &mut u64,
    sheet: &mut Sheet,
) -> Result<Result<(), Closed>, Failure> {
    if symbol.features().vpin_buckets <= *written {
        return Ok(Ok(()));
    }
    for row in rows::buckets(symbol, *written) {
        if let Err(closed) = sheet.push(&row, None)? {
            return Ok(Err(closed));
        }
    }
    *written = symbol.features().vpin_buckets;
    Ok(Ok(()))
}

fn whole(features: &alphatrader_model::Features) -> (&'static str, serde_json::Value) {
    ("features", serde_json::to_value(features).unwrap_or_default())
}

fn symbols(asked: &[String]) -> Result<Vec<Symbol>, Failure> {
    let read = |text: &String| {
        text.to_ascii_uppercase().parse().map_err(|e| Failure::config(format!("--symbol: {e}")))
    };
    asked.iter().map(read).collect()
}

fn every(text: &str) -> Result<Every, Failure> {
    let seconds = |text: &str, unit: u32| text.parse::<u32>().ok().and_then(|n| n.checked_mul(unit));
    match text {
        "trade" => Some(Every::Trade),
        "bucket" => Some(Every::Bucket),
        _ => {
            let seconds = text
                .strip_suffix('s')
                .map_or_else(|| text.strip_suffix('m').and_then(|n| seconds(n, 60)), |n| seconds(n, 1));
            seconds.filter(|n| (1..=86_400).contains(n)).map(Every::Seconds)
        }
    }
    .ok_or_else(|| {
        Failure::config(format!(
            "--every `{text}` is none of trade, bucket, and a time from 1s to 1440m such as 10s"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_due_as_it_is_said() {
        let read = |text| every(text).ok();
        assert_eq!(read("trade"), Some(Every::Trade));
        assert_eq!(read("bucket"), Some(Every::Bucket));
        assert_eq!((read("1s"), read("5m")), (Some(Every::Seconds(1)), Some(Every::Seconds(300))));
        for wrong in ["", "0s", "s", "1", "-1s", "90000s", "tick"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
