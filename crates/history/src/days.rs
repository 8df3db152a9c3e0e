//! Which days below a folder can be played, and a day of several symbols in the one order.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use alphatrader_model::{Calendar, Input, Instrument, InstrumentId, Payload, Session, Symbol};
use jiff::civil::Date;

use crate::context::Context;
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::kind::{Known, may_be};
use crate::lean::kind::Named;
use crate::lean::{Data, LeanFile, Resolution, Security};
use crate::limits::Limits;
use crate::locate::locate;
use crate::malformed::Malformed;
use crate::merge::Merge;
use crate::progress::Progress;
use crate::reader::Reader;
use crate::recording::shelf::EXTENSION;
use crate::recording::{MarketReader, Recording};
use crate::walk;

/// Files with names that say nothing, of which at most this many are opened to find out.
const NAMELESS: usize = 1_000;
/// Events of a recording that are looked through for its contracts.
const LOOKED_AHEAD: usize = 100_000;
/// Most symbols of one file that are noted.
const MOST_NOTED: usize = 20_000;
/// Most symbols of one day that are played together.
pub const MOST_SYMBOLS: usize = 256;

/// The days of a file or a folder, whatever its files are.
#[derive(Debug, Clone)]
pub struct Days {
    path: PathBuf,
    calendar: Calendar,
    found: BTreeMap<Date, BTreeSet<Symbol>>,
    /// Recordings of this system by day, in the order in which they were begun.
    recorded: BTreeMap<Date, Vec<PathBuf>>,
    as_taken: bool,
}

/// Any reader: items in order of time, what cannot be read among them.
pub type Source = Box<dyn Iterator<Item = Result<Item, Malformed>> + Send>;

/// A day on its way: first the instruments at the session's open or before it, then what happened.
pub struct Play {
    /// The day's session.
    pub session: Session,
    /// What is played, by number: of recordings, what they announce early.
    pub instruments: Vec<Instrument>,
    announced: usize,
    merge: Merge<Source>,
}

impl Days {
    /// Looks at names, and at the content of files whose names do not say enough.
    ///
    /// # Errors
    /// [`HistoryError::Open`], [`HistoryError::TooMany`], [`HistoryError::Nothing`] when no day can be
    /// played, and for a single file what it is instead.
    pub fn of(path: &Path, calendar: &Calendar) -> Result<Self, HistoryError> {
        let mut days = Self {
            path: path.to_owned(),
            calendar: calendar.clone(),
            found: BTreeMap::new(),
            recorded: BTreeMap::new(),
            as_taken: false,
        };
        if path.is_file() && Recording::is_one(path) {
            days.note_recording(path)?;
        } else if path.is_file() {
            days.note_all(&Known::of(path, calendar)?);
        } else {
            days.scan(&walk::below(path, enters)?.files);
        }
        if days.found.is_empty() {
            return Err(HistoryError::Nothing { path: path.to_owned() });
        }
        Ok(days)
    }

    /// Recordings keep the times that their events had, as [`MarketReader::as_taken`] does.
    #[must_use]
    pub fn as_taken(mut self) -> Self {
        self.as_taken = true;
        self
    }

    fn scan(&mut self, files: &[PathBuf]) {
        for path in files.iter().filter(|path| has_extension(path, EXTENSION)) {
            if let Err(error) = self.note_recording(path) {
                tracing::warn!(%error, "a recording that is not read");
            }
        }
        for path in files.iter().filter(|path| may_be(path)) {
            if let Ok(file) = Known::of(path, &self.calendar) {
                self.note_all(&file);
            }
        }
        let mut nameless = 0;
        for path in files.iter().filter(|path| has_extension(path, "zip")) {
            let named = Named::from_path(path);
            let coarse = matches!(named.resolution, Some(Resolution::Hour | Resolution::Daily));
            let elsewhere = matches!(named.security, Some(Security::Option | Security::Other));
            if coarse || elsewhere || named.data == Some(Data::OpenInterest) {
                continue;
            }
            match (named.symbol, named.date, named.data) {
                (Some(symbol), Some(date), Some(_)) => self.note(date, symbol),
                _ if nameless >= NAMELESS => {}
                _ => {
                    nameless += 1;
                    if let Ok(file) = LeanFile::identify(path, Limits::default()) {
                        self.note(file.date, file.symbol);
                    }
                }
            }
        }
    }

    /// A recording is of its day, and of the symbols that the settings at its start name.
    fn note_recording(&mut self, path: &Path) -> Result<(), HistoryError> {
        let recording = Recording::open(path, &Progress::default())?;
        let (date, symbols) = (recording.header().date, recording.header().settings.symbols.clone());
        for symbol in symbols {
            self.note(date, symbol);
        }
        if self.found.contains_key(&date) {
            self.recorded.entry(date).or_default().push(path.to_owned());
        }
        Ok(())
    }

    /// Whether a day is played from recordings of this system.
    pub fn is_recorded(&self, date: Date) -> bool {
        self.recorded.contains_key(&date)
    }

    /// What can be played of a file.
    fn note_all(&mut self, file: &Known) {
        if file.kind.trades().is_none() && file.kind.quotes().is_none() {
            return;
        }
        for date in &file.dates {
            for symbol in file.symbols.iter().take(MOST_NOTED) {
                self.note(*date, *symbol);
            }
        }
    }

    /// A day without a session cannot be played.
    fn note(&mut self, date: Date, symbol: Symbol) {
        if self.calendar.session(date).is_some() {
            self.found.entry(date).or_default().insert(symbol);
        }
    }

    /// Where they lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Days with their symbols, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Date, &BTreeSet<Symbol>)> {
        self.found.iter().map(|(date, symbols)| (*date, symbols))
    }

    /// The first session; there is one.
    pub fn first(&self) -> Session {
        let date = self.found.keys().next().copied().expect("days are made with at least one");
        self.calendar.session(date).expect("only days with a session are kept")
    }

    /// The session after a day, when it was recorded.
    pub fn after(&self, date: Date) -> Option<Session> {
        let next = self.found.keys().find(|day| **day > date)?;
        self.calendar.session(*next)
    }

    /// Opens a day: of the symbols that are asked for and were recorded, or of all when none is named.
    ///
    /// # Errors
    /// [`HistoryError::NotFound`] when nothing of it was recorded; as [`Reader::open`] when a file
    /// went away or changed since.
    pub fn play(&self, date: Date, asked: &[Symbol], progress: &Progress) -> Result<Play, HistoryError> {
        if let (Some(files), Some(session)) = (self.recorded.get(&date), self.calendar.session(date)) {
            let mut ahead = MarketReader::open(files.clone(), asked, SourceId(0), &Progress::default())?;
            ahead.by_ref().take(LOOKED_AHEAD).for_each(drop);
            let instruments: Vec<Instrument> = ahead.instruments().cloned().collect();
            let reader = MarketReader::open(files.clone(), asked, SourceId(0), progress)?;
            let reader = if self.as_taken { reader.as_taken() } else { reader };
            let merge = Merge::new(vec![Box::new(reader) as Source]);
            return Ok(Play { session, announced: instruments.len(), instruments, merge });
        }
        let known = self.found.get(&date);
        let wanted = |symbol: &Symbol| asked.is_empty() || asked.contains(symbol);
        let symbols: Vec<Symbol> =
            known.into_iter().flatten().copied().filter(wanted).take(MOST_SYMBOLS).collect();
        let session = self.calendar.session(date);
        let (Some(first), Some(session)) = (symbols.first().or(asked.first()), session) else {
            return Err(HistoryError::Nothing { path: self.path.clone() });
        };
        if symbols.is_empty() {
            // Says which days and symbols there are.
            locate(&self.path, *first, date)?;
        }
        let mut instruments = Vec::with_capacity(symbols.len());
        // A file of several symbols is read once.
        let mut files: Vec<(PathBuf, Vec<(Symbol, InstrumentId)>)> = Vec::new();
        for symbol in symbols {
            let id = InstrumentId(instruments.len() as u32);
            let located = locate(&self.path, symbol, date)?;
            for path in located.paths() {
                match files.iter_mut().find(|(known, _)| known == path) {
                    Some((_, wanted)) => wanted.push((symbol, id)),
                    None => files.push((path.to_owned(), vec![(symbol, id)])),
                }
            }
            // Dearer than a dollar a stock moves in cents, which is what it is traded in here.
            instruments.push(Instrument::stock(id, symbol));
        }
        let limits = Limits::default();
        let context = Context { calendar: &self.calendar, instrument: InstrumentId(0), limits, progress };
        let open = |(number, (path, wanted)): (usize, (PathBuf, Vec<(Symbol, InstrumentId)>))| {
            let reader = Reader::of_day(&path, &wanted, date, SourceId(number as u16), context)?;
            Ok(Box::new(reader) as Source)
        };
        let sources: Result<Vec<Source>, HistoryError> = files.into_iter().enumerate().map(open).collect();
        Ok(Play { session, instruments, announced: 0, merge: Merge::new(sources?) })
    }
}

impl Iterator for Play {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(instrument) = self.instruments.get(self.announced) else { return self.merge.next() };
        self.announced += 1;
        let at = self.session.open;
        let payload = Payload::Instrument(Box::new(instrument.clone()));
        let input = Input { ts_event: at, ts_recv: at, payload };
        Some(Ok(Item { input, source: SourceId(0), line: 0 }))
    }
}

/// LEAN's folders of what is not read.
fn enters(folder: &Path) -> bool {
    let name = folder.file_name().and_then(OsStr::to_str).unwrap_or_default();
    !["option", "index", "indexoption", "crypto", "forex", "cfd", "future"]
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}
