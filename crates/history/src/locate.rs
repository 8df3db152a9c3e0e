//! Which files of a folder hold a symbol's day, the finest first.

use core::fmt;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use alphatrader_model::{Calendar, InstrumentId, Symbol};
use jiff::civil::Date;
use serde::Serialize;

use crate::context::Context;
use crate::error::{Found, HistoryError};
use crate::item::SourceId;
use crate::kind::{Kind, Known, may_be};
use crate::lean::kind::Named;
use crate::lean::{Data, Resolution, Security};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::progress::Progress;
use crate::reader::Reader;
use crate::walk;

/// A file that was chosen, or passed over for a finer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
}

/// The files of a symbol's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located {
    /// Of whom.
    pub symbol: Symbol,
    /// Of which exchange day.
    pub date: Date,
    /// The finest trades.
    pub trades: Option<Chosen>,
    /// The finest quotes; the same file where it tells both.
    pub quotes: Option<Chosen>,
    /// What the day also has, and is not read.
    pub passed_over: Vec<Chosen>,
}

impl Located {
    /// Opens what was chosen, merged. What the files cannot say stands among the items.
    ///
    /// # Errors
    /// As [`Reader::open`]: a file went away or changed since it was found.
    pub fn open(
        &self,
        calendar: &Calendar,
        instrument: InstrumentId,
        progress: &Progress,
    ) -> Result<Merge<Reader>, HistoryError> {
        let context = Context { calendar, instrument, limits: Limits::default(), progress };
        let wanted = [(self.symbol, instrument)];
        let open = |(number, path): (usize, &Path)| {
            Reader::of_day(path, &wanted, self.date, SourceId(number as u16), context)
        };
        Ok(Merge::new(self.paths().enumerate().map(open).collect::<Result<_, _>>()?))
    }

    /// The files that were chosen, each once.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let trades = self.trades.as_ref().map(|chosen| chosen.path.as_path());
        let quotes = self.quotes.as_ref().map(|chosen| chosen.path.as_path());
        trades.into_iter().chain(quotes.filter(move |path| Some(*path) != trades))
    }
}

/// A line for people: what was chosen and from where.
impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.symbol, self.date)?;
        if let (Some(trades), Some(quotes)) = (&self.trades, &self.quotes)
            && trades.path == quotes.path
        {
            return write!(f, "{} from {}", trades.kind, trades.path.display());
        }
        for (at, (chosen, none)) in
            [(&self.trades, "no trades"), (&self.quotes, "no quotes")].iter().enumerate()
        {
            if at > 0 {
                f.write_str(", ")?;
            }
            match chosen {
                Some(chosen) => write!(f, "{} from {}", chosen.kind, chosen.path.display())?,
                None => f.write_str(none)?,
            }
        }
        Ok(())
    }
}

/// Files with names that say nothing, of which at most this many are opened to find out.
const NAMELESS: usize = 1_000;

/// Finds the finest trades and the finest quotes of a symbol's day below a folder, or in one file.
///
/// The folder may be any: the one that holds `equity/usa/tick/spy/20131007_trade.zip`, one above it,
/// one inside it. Names say where to look, content says what was found.
///
/// # Errors
/// [`HistoryError::NotFound`] with the days and symbols that are there, [`HistoryError::Open`],
/// [`HistoryError::TooMany`], and for a single file [`HistoryError::Unknown`] with what it is instead.
pub fn locate(path: &Path, symbol: Symbol, date: Date) -> Result<Located, HistoryError> {
    let calendar = Calendar::xnys();
    let mut search = Search { calendar, symbol, date, found: Found::default(), chosen: Vec::new() };
    if path.is_file() {
        let file = Known::of(path, &search.calendar)?;
        search.met(path, &file);
    } else {
        let below = walk::below(path, |folder| search.enters(folder))?;
        search.look_through(&below.files);
    }
    search.conclude(path)
}

struct Search {
    calendar: Calendar,
    symbol: Symbol,
    date: Date,
    found: Found,
    chosen: Vec<Chosen>,
}

impl Search {
    /// Whether files of the symbol may lie below a folder. Beside the symbol's own folder, LEAN has
    /// one for each other symbol: thousands of them, which need not be listed.
    fn enters(&mut self, folder: &Path) -> bool {
        let name = |path: &Path| path.file_name().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        let Some(last) = name(folder) else { return true };
        if matches!(last.as_str(), "option" | "index" | "indexoption" | "crypto" | "forex" | "cfd" | "future")
        {
            return false;
        }
        let above = folder.parent().and_then(name);
        if !above.is_some_and(|above| matches!(above.as_str(), "tick" | "second" | "minute")) {
            return true;
        }
        match Symbol::new(&last.to_ascii_uppercase()) {
            Ok(other) if other != self.symbol => {
                self.found.symbols.push(other);
                false
            }
            _ => true,
        }
    }

    fn look_through(&mut self, files: &[PathBuf]) {
        let mut nameless = 0;
        for path in files.iter().filter(|path| may_be(path)) {
            self.look_at(path, false);
        }
        for path in
            files.iter().filter(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip")))
        {
            let named = Named::from_path(path);
            let coarse = matches!(named.resolution, Some(Resolution::Hour | Resolution::Daily));
            let elsewhere = matches!(named.security, Some(Security::Option | Security::Other));
            if coarse || elsewhere || named.data == Some(Data::OpenInterest) {
                continue;
            }
            let full = named.symbol.is_some() && named.date.is_some() && named.data.is_some();
            if full && (named.symbol, named.date) != (Some(self.symbol), Some(self.date)) {
                self.note(named.symbol, named.date);
                continue;
            }
            if !full {
                nameless += 1;
                if nameless > NAMELESS {
                    continue;
                }
            }
            self.look_at(path, full);
        }
    }

    /// Opens a file; one whose name promises the day and which cannot be read is told of.
    fn look_at(&mut self, path: &Path, promised: bool) {
        match Known::of(path, &self.calendar) {
            Ok(file) => self.met(path, &file),
            Err(HistoryError::Unknown { reason, .. }) if promised => {
                self.found.refused.push((path.to_owned(), reason));
            }
            Err(HistoryError::Open { source, .. }) if promised => {
                self.found.refused.push((path.to_owned(), source.to_string()));
            }
            Err(_) => {}
        }
    }

    fn met(&mut self, path: &Path, file: &Known) {
        if file.symbols.contains(&self.symbol) && file.dates.contains(&self.date) {
            self.chosen.push(Chosen { path: path.to_owned(), kind: file.kind });
            return;
        }
        for symbol in &file.symbols {
            for date in &file.dates {
                self.note(Some(*symbol), Some(*date));
            }
        }
    }

    fn note(&mut self, symbol: Option<Symbol>, date: Option<Date>) {
        match (symbol, date) {
            (Some(symbol), Some(date)) if symbol == self.symbol => self.found.dates.push(date),
            (Some(symbol), _) => self.found.symbols.push(symbol),
            _ => {}
        }
    }

    /// The file with the finest rows of a sort; of several the deepest, and of these the first by its path.
    fn finest(&self, rank: fn(Kind) -> Option<u8>) -> Option<Chosen> {
        let ranked = self.chosen.iter().filter_map(|chosen| Some((rank(chosen.kind)?, chosen)));
        ranked
            .min_by_key(|(rank, chosen)| (*rank, chosen.kind.depth(), &chosen.path))
            .map(|(_, one)| one.clone())
    }

    fn conclude(mut self, path: &Path) -> Result<Located, HistoryError> {
        let mut located = Located {
            symbol: self.symbol,
            date: self.date,
            trades: self.finest(Kind::trades),
            quotes: None,
            passed_over: Vec::new(),
        };
        // A file that tells both tells them in one order.
        let both = located.trades.clone().filter(|chosen| chosen.kind.quotes().is_some());
        located.quotes = both.or_else(|| self.finest(Kind::quotes));
        self.chosen.sort_by(|left, right| left.path.cmp(&right.path));
        let taken = [&located.trades, &located.quotes].map(|chosen| chosen.as_ref().map(|c| c.path.clone()));
        self.chosen.retain(|chosen| !taken.iter().flatten().any(|path| *path == chosen.path));
        located.passed_over = core::mem::take(&mut self.chosen);
        if located.trades.is_some() || located.quotes.is_some() {
            return Ok(located);
        }
        self.found.dates.sort_unstable();
        self.found.dates.dedup();
        self.found.symbols.sort_unstable();
        self.found.symbols.dedup();
        Err(HistoryError::NotFound {
            path: path.to_owned(),
            symbol: self.symbol,
            date: self.date,
            found: Box::new(self.found),
        })
    }
}
