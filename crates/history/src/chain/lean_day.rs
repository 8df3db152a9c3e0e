//! A LEAN option day at an instant: of each contract the last quote that ended at or before it, the day's open
//! interest, the volume and the last price of the trades until then; spot from the underlying's minute bars.
//!
//! Bars carry their start; what they say is known at their end. A side that a bar of quotes leaves empty did not change
//! in it. A contract that is in none of the trades has no volume, where the day's trades are at hand; one that is not
//! in the open interest has none that is known.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use alphatrader_model::chain::{ChainEntry, MOST_ROWS, Provider};
use alphatrader_model::instrument::OptionContract;
use alphatrader_model::{Calendar, InstrumentId, Payload, Price, Span, Timestamp};

use super::ask::Ask;
use super::kind::{ChainKind, LeanOptions};
use super::lean_files::DayFiles;
use super::lean_name::EntryName;
use super::reading::{Reading, SpotFrom};
use super::rows::{Faults, Rows, Stated};
use super::{stamp, text};
use crate::archive::{Archive, Refusal};
use crate::context::{Context, midnight};
use crate::error::HistoryError;
use crate::fields::Fields;
use crate::foreign;
use crate::item::SourceId;
use crate::lean::{self, Data, Resolution};
use crate::limits::Limits;
use crate::lines::Lines;
use crate::malformed::Reason;
use crate::progress::Progress;

/// Prices above ten million dollars, and more contracts than this, are damage.
const HIGHEST: i64 = 10_000_000 * Price::SCALE;
const MOST: i64 = 4_000_000_000;
const DAY: i64 = 86_400_000;

pub(super) fn read(
    path: &Path,
    holds: Option<LeanOptions>,
    ask: &Ask,
    calendar: &Calendar,
) -> Result<Reading, HistoryError> {
    let files = DayFiles::of(path, holds, ask)?;
    let at = ask.within(files.date, calendar);
    let mut day = Day {
        calendar,
        date: files.date,
        at,
        chain: BTreeMap::new(),
        faults: Faults::default(),
        full: false,
    };
    let mut used = Vec::new();
    let mut kind = LeanOptions { resolution: Resolution::Minute, data: Data::Quote };
    for (file, data) in
        [(&files.quotes, Data::Quote), (&files.trades, Data::Trade), (&files.interest, Data::OpenInterest)]
    {
        let Some(file) = file else { continue };
        let resolution = day.take(file)?;
        if used.is_empty() {
            kind = LeanOptions { resolution, data };
        }
        used.push(file.clone());
    }
    if files.trades.is_some() && !day.faults.partial {
        for entry in day.chain.values_mut() {
            entry.volume.get_or_insert(0);
        }
    }
    let mut notes = Vec::new();
    for (file, what) in [
        (&files.quotes, "quotes are not at hand: nothing can be implied"),
        (&files.trades, "trades are not at hand: volume is unknown"),
        (&files.interest, "open interest is not at hand: it is unknown"),
    ] {
        if file.is_none() {
            notes.push(what.to_owned());
        }
    }
    notes.extend(day.still_standing());
    let (mut spot, mut spot_from) = (None, SpotFrom::Nowhere);
    if let Some((bars, is_index)) = &files.bars {
        spot = if *is_index { day.index_at(bars)? } else { day.stock_at(bars) };
        if spot.is_some() {
            used.push(bars.clone());
            spot_from = SpotFrom::Bars(bars.clone());
        }
    }
    let mut rows = Rows::of(path);
    rows.faults = day.faults;
    for (number, entry) in (1..).zip(day.chain.into_values()) {
        // `Day` keeps no more than there is room for.
        let _ = rows.push(number, entry);
    }
    let stated =
        Stated { kind: ChainKind::Lean(kind), provider: Provider::Lean, as_of: at, spot, delayed: false };
    let mut reading = rows.into_reading(&Ask { symbol: None, ..*ask }, stated)?;
    reading.files = used;
    reading.spot_from = spot_from;
    reading.notes = notes;
    Ok(reading)
}

/// A day at an instant, as its files are read.
struct Day<'a> {
    calendar: &'a Calendar,
    date: jiff::civil::Date,
    at: Timestamp,
    chain: BTreeMap<OptionContract, ChainEntry>,
    faults: Faults,
    full: bool,
}

/// What a line said.
pub(super) enum Line {
    Quote { bid: Option<(Price, u32)>, ask: Option<(Price, u32)> },
    Trade { close: Price, volume: u32 },
    OpenInterest(u32),
}

impl Day<'_> {
    /// A bar is written when something changed: a quote without a later one still stands, so that the chain's
    /// instant counts for all of them. How many are older is said.
    fn still_standing(&mut self) -> Option<String> {
        let mut older = 0;
        for entry in self.chain.values_mut() {
            let changed = entry.quoted_at.take();
            older += usize::from(changed.is_some_and(|changed| self.at.since(changed) > Span::MINUTE));
        }
        (older > 0)
            .then(|| format!("{older} quotes changed last more than a minute before; they still stand"))
    }

    /// Takes one of the day's zips; the length of its rows.
    fn take(&mut self, path: &Path) -> Result<Resolution, HistoryError> {
        let file: Arc<Path> = Arc::from(path);
        let mut lines = open(path)?;
        let mut resolution = None;
        while let Some(entered) = lines.next_entry() {
            let name = match entered {
                Ok(name) => name,
                Err(reason) => {
                    self.faults.note(&file, 0, reason);
                    continue;
                }
            };
            let Some(name) = EntryName::of(&name) else {
                self.faults.note(&file, 0, Reason::Unreadable("the name of an entry"));
                continue;
            };
            resolution.get_or_insert(name.holds.resolution);
            self.take_entry(&file, name, &mut lines);
        }
        Ok(resolution.unwrap_or(Resolution::Minute))
    }

    fn take_entry(&mut self, file: &Arc<Path>, name: EntryName, lines: &mut Lines) {
        let span = name.holds.resolution.span().unwrap_or(Span::ZERO);
        let start = midnight(self.calendar, self.date);
        let mut last = i64::MIN;
        while let Some((number, line)) = lines.next_line() {
            let said = line.and_then(|line| parse(line, name.holds));
            let (millis, date, said) = match said {
                Ok(said) => said,
                Err(reason) => {
                    self.faults.note(file, number, reason);
                    continue;
                }
            };
            if date.is_some_and(|date| date != self.date) {
                continue;
            }
            if millis < last {
                self.faults.note(file, number, Reason::OutOfOrder);
                continue;
            }
            last = millis;
            let ends = start + Span::from_millis(millis) + span;
            let counts = matches!(said, Line::OpenInterest(_)) || ends <= self.at;
            if let Some(entry) = self.entry(file, name)
                && counts
            {
                apply(entry, &said, ends);
            }
        }
    }

    fn entry(&mut self, file: &Arc<Path>, name: EntryName) -> Option<&mut ChainEntry> {
        if self.chain.len() >= MOST_ROWS && !self.chain.contains_key(&name.contract) {
            if !self.full {
                self.full = true;
                self.faults.note(file, 0, Reason::TooManyRows(MOST_ROWS));
            }
            return None;
        }
        let calendar = self.calendar;
        let fresh = || ChainEntry { exercise: name.exercise, ..text::bare(name.contract, calendar) };
        Some(self.chain.entry(name.contract).or_insert_with(fresh))
    }

    /// Close of the underlying's last bar that ended by then.
    fn stock_at(&self, bars: &Path) -> Option<Price> {
        let progress = Progress::default();
        let context = Context {
            calendar: self.calendar,
            instrument: InstrumentId(0),
            limits: Limits::default(),
            progress: &progress,
        };
        let reader = lean::Reader::open(bars, SourceId(0), context).ok()?;
        let bars = reader.filter_map(Result::ok).take_while(|item| item.input.ts_event <= self.at);
        bars.filter_map(
            |item| if let Payload::Bar(bar) = item.input.payload { Some(bar.close) } else { None },
        )
        .last()
    }

    /// The same of an index, whose prices have a decimal point.
    fn index_at(&mut self, bars: &Path) -> Result<Option<Price>, HistoryError> {
        let file: Arc<Path> = Arc::from(bars);
        let mut lines = open(bars)?;
        let start = midnight(self.calendar, self.date);
        let mut spot = None;
        if !matches!(lines.next_entry(), Some(Ok(_))) {
            return Ok(None);
        }
        while let Some((number, line)) = lines.next_line() {
            let read = line.and_then(|line| {
                let mut fields = Fields::of(line);
                let millis = fields.number("time", DAY - 1)?;
                for name in ["open", "high", "low"] {
                    fields.decimal(name, 4, HIGHEST)?;
                }
                Ok((millis, fields.decimal("close", 4, HIGHEST)?))
            });
            match read {
                Ok((millis, close)) if start + Span::from_millis(millis) + Span::MINUTE <= self.at => {
                    spot = (close > 0).then(|| Price::from_raw(close));
                }
                Ok(_) => {}
                Err(reason) => _ = self.faults.note(&file, number, reason),
            }
        }
        Ok(spot)
    }
}

/// Lines of a zip: of no entry yet.
pub(super) fn open(path: &Path) -> Result<Lines, HistoryError> {
    let limits = Limits::default();
    let unknown = |reason| HistoryError::Unknown { path: path.to_owned(), reason };
    match Archive::open(path, limits, &Progress::default()) {
        Ok(archive) => Ok(Lines::of_archive(archive, limits)),
        Err(Refusal::Io(source)) => Err(HistoryError::Open { path: path.to_owned(), source }),
        Err(Refusal::NotZip(start)) => Err(unknown(foreign::describe(&start))),
        Err(Refusal::TooManyEntries(most)) => Err(unknown(format!("more than {most} entries"))),
    }
}

fn apply(entry: &mut ChainEntry, said: &Line, ends: Timestamp) {
    match said {
        Line::Quote { bid, ask } => {
            // A side that a bar leaves empty did not change in it: of the gaps of a recorded day three quarters end
            // at the price at which they began.
            if let Some((price, size)) = bid {
                (entry.bid, entry.bid_size) = (Some(*price), Some(*size));
            }
            if let Some((price, size)) = ask {
                (entry.ask, entry.ask_size) = (Some(*price), Some(*size));
            }
            entry.quoted_at = Some(ends);
        }
        Line::Trade { close, volume } => {
            entry.last = Some(*close);
            entry.volume = Some(entry.volume.unwrap_or(0).saturating_add(*volume));
        }
        Line::OpenInterest(contracts) => entry.open_interest = Some(*contracts),
    }
}

/// Milliseconds after midnight, the date where the line states one, and what it says.
pub(super) fn parse(
    line: &[u8],
    holds: LeanOptions,
) -> Result<(i64, Option<jiff::civil::Date>, Line), Reason> {
    let mut fields = Fields::of(line);
    let (millis, date) = match holds.resolution {
        Resolution::Hour | Resolution::Daily => {
            let (millis, date) = dated(fields.text("time")?)?;
            (millis, Some(date))
        }
        _ => (fields.number("time", DAY - 1)?, None),
    };
    let said = match holds.data {
        Data::Quote => {
            let bid = side(&mut fields)?;
            let ask = side(&mut fields)?;
            Line::Quote { bid, ask }
        }
        Data::Trade => {
            for name in ["open", "high", "low"] {
                fields.positive(name, HIGHEST)?;
            }
            let close = Price::from_raw(fields.positive("close", HIGHEST)?);
            Line::Trade { close, volume: fields.number("volume", MOST)? as u32 }
        }
        Data::OpenInterest => Line::OpenInterest(fields.number("open interest", MOST)? as u32),
    };
    fields.end()?;
    Ok((millis, date, said))
}

/// Open, high, low, close and size of one side; empty or zero where it did not change.
fn side(fields: &mut Fields<'_>) -> Result<Option<(Price, u32)>, Reason> {
    for name in ["open", "high", "low"] {
        fields.number_or_none(name, HIGHEST)?;
    }
    let close = fields.number_or_none("close", HIGHEST)?;
    let size = fields.number_or_none("size", MOST)?;
    Ok((close > 0).then_some((Price::from_raw(close), size as u32)))
}

/// `20140606 09:00`.
fn dated(text: &[u8]) -> Result<(i64, jiff::civil::Date), Reason> {
    let unreadable = || Reason::Unreadable("time");
    let text = core::str::from_utf8(text).map_err(|_| unreadable())?;
    let (date, time) = text.split_once(' ').ok_or_else(unreadable)?;
    let date = stamp::compact_date(date).ok_or_else(unreadable)?;
    let time: jiff::civil::Time = time.parse().map_err(|_| unreadable())?;
    Ok((i64::from(time.hour()) * 3_600_000 + i64::from(time.minute()) * 60_000, date))
}
