//! What is in a file: first and last instant, records, trades.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use alphatrader_model::{Calendar, Event, InstrumentId, Payload, Price, Side, Symbol, Timestamp, Trade};
use serde::Serialize;

use crate::chain::{self, Survey};
use crate::context::Context;
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::kind::{Kind, not_played};
use crate::lean::{Data, Resolution};
use crate::limits::Limits;
use crate::lobster::{LobsterFile, pair};
use crate::progress::Progress;
use crate::reader::Reader;
use crate::recording::{Fault, Piece, Recording};
use crate::walk;

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Where it is.
    pub file: String,
    /// What it is, such as `lean-equity-tick-trade`; `unknown` when it is of no kind that is read.
    pub kind: &'static str,
    /// Of whom, where it is of one.
    pub symbol: Option<Symbol>,
    /// Of whom else, the first [`FileReport::NAMES`] of them in order: symbols, and options as OCC writes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
    /// Instant of its first record; of a bar, its end.
    pub first: Option<Timestamp>,
    /// Instant of its last record; of a bar, its end.
    pub last: Option<Timestamp>,
    /// How many records of each kind (`trade`, `quote`, `bar`) could be read.
    pub records: BTreeMap<&'static str, u64>,
    /// Its trades; absent when it holds none by its kind.
    pub trades: Option<Trades>,
    /// Lines, or ends of the file, that could not be read.
    pub malformed: u64,
    /// The first of them, in words, at most [`FileReport::EXAMPLES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed_examples: Vec<String>,
    /// What else is known of a recording of this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recorded>,
    /// Why its kind is `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is known of a recording of this system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// The program that wrote it.
    pub program: String,
    /// Exchange date of its first event.
    pub date: jiff::civil::Date,
    /// Where its market comes from.
    pub market: String,
    /// The symbols of its settings.
    pub symbols: Vec<Symbol>,
    /// The start of the engine whose events these are.
    pub incarnation: u32,
    /// Files of the same start before this one.
    pub part: u32,
    /// Files that its market half was rebuilt from.
    pub rebuilt_from: Vec<String>,
    /// Records that the ledger knew at the start.
    pub recovered: u64,
    /// Its last digest.
    pub digest: Option<String>,
    /// Whether it says that it ended in order.
    pub ended: bool,
    /// Ranges of events that were not recorded.
    pub lost: u64,
    /// Bytes at its end that were being written when the process stopped.
    pub torn_bytes: u64,
    /// The checksum of everything in it.
    pub chain: String,
}

/// Trades of a file. A file of bars knows neither their number nor their sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trades {
    /// How many.
    pub count: Option<u64>,
    /// Shares or contracts.
    pub volume: u64,
    /// Trades whose aggressor bought, as the feed states it.
    pub buy: Option<u64>,
    /// Trades whose aggressor sold, as the feed states it.
    pub sell: Option<u64>,
    /// Trades of which the feed states no aggressor.
    pub unknown: Option<u64>,
    /// Lowest price of any trade, whatever its conditions.
    pub low: Option<Price>,
    /// Highest price of any trade, whatever its conditions.
    pub high: Option<Price>,
}

/// Reports on files, one after the other, sorted by path.
pub struct Inspection {
    files: std::vec::IntoIter<Result<PathBuf, (PathBuf, String)>>,
    calendar: Calendar,
    progress: Progress,
}

/// Looks into a file, or into every file below a folder.
///
/// # Errors
/// [`HistoryError::Open`] when there is no such file or folder, [`HistoryError::TooMany`]. What is
/// wrong with a file below it stands in its report.
pub fn inspect(path: &Path, calendar: &Calendar) -> Result<Inspection, HistoryError> {
    let below = walk::below(path, |_| true)?;
    let unreadable = below.unreadable.into_iter().map(|(path, error)| Err((path, error.to_string())));
    let files: Vec<_> = below.files.into_iter().map(Ok).chain(unreadable).collect();
    Ok(Inspection { files: files.into_iter(), calendar: calendar.clone(), progress: Progress::default() })
}

impl Inspection {
    /// Bytes read of the bytes of all files that were opened so far.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Iterator for Inspection {
    type Item = FileReport;

    fn next(&mut self) -> Option<FileReport> {
        Some(match self.files.next()? {
            Ok(path) => FileReport::of(&path, &self.calendar, &self.progress),
            Err((path, reason)) => FileReport::unknown(&path, reason),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.files.size_hint()
    }
}

impl ExactSizeIterator for Inspection {}

impl FileReport {
    /// Most examples of what is malformed.
    pub const EXAMPLES: usize = 5;
    /// Most names.
    pub const NAMES: usize = 20;

    fn unknown(path: &Path, reason: String) -> Self {
        Self {
            file: path.display().to_string(),
            kind: "unknown",
            symbol: None,
            symbols: Vec::new(),
            first: None,
            last: None,
            records: BTreeMap::new(),
            trades: None,
            malformed: 0,
            malformed_examples: Vec::new(),
            recording: None,
            reason: Some(reason),
        }
    }

    fn of(path: &Path, calendar: &Calendar, progress: &Progress) -> Self {
        if Recording::is_one(path) {
            return match Recording::open(path, progress) {
                Ok(recording) => Self::read_recording(path, recording),
                Err(HistoryError::Unknown { reason, .. }) => Self::unknown(path, reason),
                Err(other) => Self::unknown(path, other.to_string()),
            };
        }
        let context = Context { calendar, instrument: InstrumentId(0), limits: Limits::default(), progress };
        if LobsterFile::from_path(path).is_some_and(|named| named.is_book) {
            return Self::read_rows(path, context);
        }
        match Reader::open(path, SourceId(0), context) {
            Ok(reader) => Self::read(path, reader),
            Err(HistoryError::Unknown { reason, .. }) => match chain::survey(path, calendar) {
                Ok(survey) => Self::of_options(path, survey),
                Err(HistoryError::NoChain { reason, .. }) => Self::unknown(path, reason),
                Err(_) => Self::unknown(path, reason),
            },
            Err(HistoryError::Open { source, .. }) => {
                Self::unknown(path, format!("cannot be opened: {source}"))
            }
            Err(other) => Self::unknown(path, other.to_string()),
        }
    }

    /// A file with options.
    fn of_options(path: &Path, survey: Survey) -> Self {
        let reason = (!survey.notes.is_empty()).then(|| survey.notes.join("; "));
        Self {
            kind: survey.kind.name(),
            symbol: survey.symbol,
            first: survey.first,
            last: survey.last,
            records: survey.records,
            malformed: survey.malformed,
            malformed_examples: survey.examples,
            reason,
            ..Self::unknown(path, String::new())
        }
    }

    fn read_recording(path: &Path, mut recording: Recording) -> Self {
        let mut report = Self { reason: None, kind: "recording", ..Self::unknown(path, String::new()) };
        let header = recording.header();
        let mut known = Recorded {
            program: header.program.clone(),
            date: header.date,
            market: header.market.clone(),
            symbols: header.settings.symbols.clone(),
            incarnation: header.incarnation,
            part: header.part,
            rebuilt_from: header.rebuilt_from.iter().map(|p| p.file.clone()).collect(),
            recovered: 0,
            digest: None,
            ended: false,
            lost: 0,
            torn_bytes: 0,
            chain: String::new(),
        };
        report.symbol = if let [one] = known.symbols[..] { Some(one) } else { None };
        let mut options = BTreeSet::new();
        for piece in recording.by_ref() {
            match piece {
                Ok(Piece::Events(taken)) => {
                    for one in &taken {
                        report.count_event(&one.event, &mut options);
                    }
                }
                Ok(Piece::Recovered(records)) => known.recovered = records.len() as u64,
                Ok(Piece::Checkpoint(checkpoint)) => known.digest = Some(checkpoint.digest),
                Ok(Piece::Lost(_)) => known.lost += 1,
                Ok(Piece::End(_)) => known.ended = true,
                Ok(Piece::Header(_)) => {}
                Err(Fault::Torn { bytes, .. }) => known.torn_bytes = bytes,
                Err(fault) => {
                    report.malformed += 1;
                    if report.malformed_examples.len() < Self::EXAMPLES {
                        report.malformed_examples.push(fault.to_string());
                    }
                }
            }
        }
        known.chain = recording.chain_so_far().hex();
        report.recording = Some(known);
        report
    }

    /// Trades are those of stocks: prices of options beside them would say nothing.
    fn count_event(&mut self, event: &Event, options: &mut BTreeSet<InstrumentId>) {
        *self.records.entry(event.payload.name()).or_insert(0) += 1;
        self.first = Some(self.first.map_or(event.ts_event, |first| first.min(event.ts_event)));
        self.last = Some(self.last.map_or(event.ts_event, |last| last.max(event.ts_event)));
        if let Payload::Instrument(instrument) = &event.payload
            && instrument.contract.option().is_some()
        {
            options.insert(instrument.id);
        }
        let Payload::Trade(trade) = &event.payload else { return };
        if options.contains(&trade.instrument) {
            return;
        }
        let trades = self.trades.get_or_insert_with(|| Trades::none(true));
        trades.count_one(trade);
    }

    /// A book file of LOBSTER's by itself.
    fn read_rows(path: &Path, context: Context<'_>) -> Self {
        let mut report =
            Self { reason: None, kind: "lobster-orderbook", ..Self::unknown(path, String::new()) };
        report.symbol = LobsterFile::from_path(path).map(|named| named.symbol);
        let rows = match pair::rows(path, context.limits, context.progress) {
            Ok(rows) => rows,
            Err(error) => return Self::unknown(path, format!("cannot be opened: {error}")),
        };
        let mut read = 0;
        for row in rows {
            match row {
                Ok(()) => read += 1,
                Err((line, reason)) => report.note(line, &reason),
            }
        }
        report.records.insert("row", read);
        report
    }

    /// A line that could not be read.
    fn note(&mut self, line: u64, reason: &impl std::fmt::Display) {
        self.malformed += 1;
        if self.malformed_examples.len() < Self::EXAMPLES {
            self.malformed_examples.push(format!("line {line}: {reason}"));
        }
    }

    fn read(path: &Path, mut reader: Reader) -> Self {
        let kind = reader.kind();
        let mut report = Self { reason: None, ..Self::unknown(path, String::new()) };
        report.kind = kind.name();
        let names = reader.names();
        match names.as_slice() {
            [one] => report.symbol = Symbol::new(one).ok(),
            several => report.symbols = several.iter().take(Self::NAMES).cloned().collect(),
        }
        if let Kind::Dbn(schema) = kind
            && schema.is_some_and(|schema| !crate::databento::is_played(schema))
        {
            report.reason = Some(not_played(schema));
        }
        if kind.trades().is_some() {
            let bars = matches!(kind, Kind::Lean(lean) if lean.data == Data::Trade && lean.resolution != Resolution::Tick);
            report.trades = Some(Trades::none(!bars));
        }
        for item in &mut reader {
            match item {
                Ok(item) => report.count(&item),
                Err(malformed) => report.note(malformed.line, &malformed.reason),
            }
        }
        report.last = reader.clock().or(report.last);
        report.first = reader.began().or(report.first);
        report.malformed = reader.malformed();
        report.records = reader.records();
        report
    }

    fn count(&mut self, item: &Item) {
        self.first.get_or_insert(item.input.ts_event);
        self.last = Some(item.input.ts_event);
        let Some(trades) = &mut self.trades else { return };
        match &item.input.payload {
            Payload::Trade(trade) => trades.count_one(trade),
            Payload::Bar(bar) => trades.add(bar.volume.get(), bar.low, bar.high),
            _ => {}
        }
    }
}

impl Trades {
    fn none(single: bool) -> Self {
        let zero = single.then_some(0);
        Self { count: zero, volume: 0, buy: zero, sell: zero, unknown: zero, low: None, high: None }
    }

    fn count_one(&mut self, trade: &Trade) {
        let side = match trade.aggressor {
            Some(Side::Buy) => &mut self.buy,
            Some(Side::Sell) => &mut self.sell,
            None => &mut self.unknown,
        };
        *side.get_or_insert(0) += 1;
        *self.count.get_or_insert(0) += 1;
        self.add(trade.size.get(), trade.price, trade.price);
    }

    fn add(&mut self, volume: u64, low: Price, high: Price) {
        // The readers bound a size to ten digits and a file to sixteen gibibytes: the sum fits.
        self.volume += volume;
        self.low = Some(self.low.map_or(low, |known| known.min(low)));
        self.high = Some(self.high.map_or(high, |known| known.max(high)));
    }
}
