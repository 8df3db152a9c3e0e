//! A book rebuilt from a feed of single orders, record by record: what `data book` prints.
//!
//! Unlike the readers of items, nothing is left out or put in order here: each record of the file is one
//! [`Step`], with the time that it states, and the book after it stands in [`Rebuild::book`], in the
//! feed's own unit of price.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use alphatrader_analytics::book::orders::OrderBook;
use alphatrader_model::{Calendar, Contract, Side, Span, Symbol, Timestamp};
use dbn::{MboMsg, Schema, UNDEF_PRICE};
use jiff::civil::Date;

use crate::context::midnight;
use crate::databento::frames::{Frames, Refusal};
use crate::databento::names::{Names, contract};
use crate::databento::orders;
use crate::error::HistoryError;
use crate::limits::Limits;
use crate::lobster::LobsterFile;
use crate::lobster::message::{Kind, Message};
use crate::lobster::pair::{self, Body, BookRow};
use crate::lobster::reader::{apply, by_middle};
use crate::malformed::{Malformed, Reason};
use crate::progress::Progress;
use crate::walk;

/// A record of a feed of single orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it happened, in nanoseconds since the epoch, as the file states it.
    pub ts_event: u64,
    /// The venue's number of the message; of LOBSTER the line.
    pub sequence: u64,
    /// What happened, in DBN's letters: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N`
    /// none.
    pub action: u8,
    /// `B`, `A` or `N`: of a trade the aggressor, of anything else the resting order.
    pub side: u8,
    /// In the feed's unit; absent where there is none.
    pub price: Option<i64>,
    /// Shares or contracts.
    pub size: u32,
}

/// In how many rows the messages alone gave the vendor's book, after the row before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Rows of both.
    pub rows: u64,
    /// Rows whose best bid and offer are the same, sizes included.
    pub touch: u64,
    /// Rows whose first five levels are the same, or as many as the vendor tells.
    pub five: u64,
    /// Rows all of whose levels are the same.
    pub all: u64,
    /// Levels that were taken from the vendor's rows: those that came into view.
    pub settled: u64,
}

/// A book on its way.
pub struct Rebuild {
    path: Arc<Path>,
    feed: Feed,
    book: OrderBook,
    over: bool,
}

enum Feed {
    Lobster(Box<Lobster>),
    Dbn(Box<Dbn>),
}

struct Lobster {
    messages: Body,
    midnight: Timestamp,
    seed: Option<PathBuf>,
    /// The first line is in the seed already.
    in_seed: bool,
    vendor: Option<Body>,
    /// Levels of a side that the vendor tells.
    levels: usize,
    settles: bool,
    row: BookRow,
    agreement: Agreement,
}

struct Dbn {
    frames: Frames,
    names: Names,
    wanted: Option<Contract>,
    publisher: Option<u16>,
}

impl Rebuild {
    /// Opens a file of single orders, or the one of them below a folder: of a symbol and a day, where these
    /// are named.
    ///
    /// # Errors
    /// [`HistoryError`]: no such file, or none whose book can be rebuilt, or several.
    pub fn open(
        path: &Path,
        symbol: Option<&str>,
        date: Option<Date>,
        calendar: &Calendar,
        progress: &Progress,
    ) -> Result<Self, HistoryError> {
        let file = find(path, symbol, date)?;
        match LobsterFile::from_path(&file) {
            Some(named) => Self::lobster(&file, named, symbol, calendar, progress),
            None => Self::dbn(&file, symbol, progress),
        }
    }

    fn lobster(
        path: &Path,
        named: LobsterFile,
        symbol: Option<&str>,
        calendar: &Calendar,
        progress: &Progress,
    ) -> Result<Self, HistoryError> {
        if symbol.is_some_and(|symbol| !symbol.eq_ignore_ascii_case(named.symbol.as_str())) {
            return Err(unknown(path, format!("this file is of {}", named.symbol)));
        }
        let message = if named.is_book { pair::other(path) } else { Some(path.to_owned()) };
        let message = message.ok_or_else(|| {
            unknown(path, "a LOBSTER book file whose message file is not beside it".to_owned())
        })?;
        let open = |path: &Path| {
            pair::open(path, Limits::default(), progress)
                .map_err(|source| HistoryError::Open { path: path.to_owned(), source })
        };
        let seed = pair::seed(&message);
        let mut book = OrderBook::new();
        let row = seed.as_deref().and_then(pair::first_row);
        if let Some(row) = &row {
            pair::lay(row, &mut book);
        }
        let vendor = pair::other(&message).map(|path| open(&path)).transpose()?;
        let feed = Lobster {
            messages: open(&message)?,
            midnight: midnight(calendar, named.date),
            in_seed: row.is_some(),
            seed: seed.filter(|_| row.is_some()),
            vendor,
            levels: usize::from(named.levels),
            settles: true,
            row: BookRow::default(),
            agreement: Agreement::default(),
        };
        Ok(Self {
            path: Arc::from(message.as_path()),
            feed: Feed::Lobster(Box::new(feed)),
            book,
            over: false,
        })
    }

    fn dbn(path: &Path, symbol: Option<&str>, progress: &Progress) -> Result<Self, HistoryError> {
        let (frames, metadata) =
            Frames::open(path, Limits::default(), progress).map_err(|refusal| match refusal {
                Refusal::Io(source) => HistoryError::Open { path: path.to_owned(), source },
                Refusal::Not(reason) => unknown(path, reason),
            })?;
        match metadata.schema {
            Some(Schema::Mbo) | None => {}
            Some(schema) => {
                let reason = format!("DBN {schema} tells no single orders; a book is rebuilt from mbo");
                return Err(unknown(path, reason));
            }
        }
        let names = Names::of(&metadata);
        let wanted = match symbol {
            Some(text) => {
                let not = || unknown(path, format!("`{text}` is no symbol"));
                Some(contract(text).ok_or_else(not)?)
            }
            None => None,
        };
        let known = names.contracts();
        let listed = || known.iter().take(12).map(name).collect::<Vec<_>>().join(", ");
        match wanted {
            None if known.len() > 1 => {
                return Err(unknown(
                    path,
                    format!("it tells of several: name one with --symbol: {}", listed()),
                ));
            }
            Some(wanted) if !known.is_empty() && !known.contains(&wanted) => {
                return Err(unknown(path, format!("it tells of {}", listed())));
            }
            _ => {}
        }
        let feed = Feed::Dbn(Box::new(Dbn { frames, names, wanted, publisher: None }));
        Ok(Self { path: Arc::from(path), feed, book: OrderBook::new(), over: false })
    }

    /// Takes only the first row of a book file, and builds on what the messages tell.
    ///
    /// A message file of ten levels tells what happens in the best ten. An order that arrived below them is not
    /// told, and comes into view unannounced: without the vendor's rows its level is missing from then on.
    #[must_use]
    pub fn seed_only(mut self) -> Self {
        if let Feed::Lobster(feed) = &mut self.feed {
            feed.settles = false;
        }
        self
    }

    /// Levels of a side that are known, where not all are.
    pub fn levels(&self) -> Option<usize> {
        match &self.feed {
            Feed::Lobster(feed) => (feed.vendor.is_some() && feed.settles).then_some(feed.levels),
            Feed::Dbn(_) => None,
        }
    }

    /// The file that is read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file whose first row the book begins with, where there is one.
    pub fn seed(&self) -> Option<&Path> {
        match &self.feed {
            Feed::Lobster(feed) => feed.seed.as_deref(),
            Feed::Dbn(_) => None,
        }
    }

    /// Decimals of the unit in which prices are told.
    pub const fn decimals(&self) -> u32 {
        match self.feed {
            Feed::Lobster(_) => 4,
            Feed::Dbn(_) => 9,
        }
    }

    /// The book after the last step.
    pub const fn book(&self) -> &OrderBook {
        &self.book
    }

    /// How often the book was the vendor's so far, where the vendor's lies beside the messages.
    pub fn agreement(&self) -> Option<Agreement> {
        match &self.feed {
            Feed::Lobster(feed) => feed.vendor.is_some().then_some(feed.agreement),
            Feed::Dbn(_) => None,
        }
    }

    fn fault(&mut self, line: u64, reason: Reason) -> Malformed {
        self.over |= reason.ends_file();
        Malformed { file: Arc::clone(&self.path), line, reason }
    }
}

impl Iterator for Rebuild {
    type Item = Result<Step, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let (line, step) = match &mut self.feed {
            Feed::Lobster(feed) => feed.step(&mut self.book)?,
            Feed::Dbn(feed) => feed.step(&mut self.book)?,
        };
        Some(step.map_err(|reason| self.fault(line, reason)))
    }
}

impl Lobster {
    fn step(&mut self, book: &mut OrderBook) -> Option<(u64, Result<Step, Reason>)> {
        let (line, read) = self.messages.next_line()?;
        let read = read.and_then(Message::read);
        let step = read.map(|message| {
            let touch = book.best(Side::Buy).zip(book.best(Side::Sell)).map(|(b, a)| (b.price, a.price));
            apply(&message, book, self.in_seed);
            self.in_seed = false;
            let resting = letter(Some(message.side));
            let (action, side) = match message.kind {
                Kind::New => (b'A', resting),
                Kind::Cancel | Kind::Delete => (b'C', resting),
                Kind::Execution => (b'F', resting),
                Kind::HiddenExecution => (b'T', letter(by_middle(message.price, touch))),
                Kind::Cross => (b'T', b'N'),
                Kind::Halt => (b'N', b'N'),
            };
            let at = self.midnight + Span::from_nanos(message.time);
            Step {
                ts_event: at.nanos().max(0).unsigned_abs(),
                sequence: line,
                action,
                side,
                price: (message.kind != Kind::Halt).then_some(message.price),
                size: message.size,
            }
        });
        self.compare(book);
        Some((line, step))
    }

    /// Holds the book against the vendor's next row, and takes from it what came into view.
    fn compare(&mut self, book: &mut OrderBook) {
        let Some(vendor) = &mut self.vendor else { return };
        let row = vendor.next_line().and_then(|(_, line)| line.ok());
        if row.is_none_or(|line| self.row.read(line).is_err()) {
            return;
        }
        let same = |side: Side, rows: &[(i64, u64)], most: usize| {
            let most = most.min(rows.len());
            book.levels(side)
                .map(|level| (level.price, level.size))
                .take(most)
                .eq(rows[..most].iter().copied())
        };
        let both = |most| same(Side::Buy, &self.row.bids, most) && same(Side::Sell, &self.row.asks, most);
        let Agreement { rows, touch, five, all, settled } = &mut self.agreement;
        *rows += 1;
        for (count, most) in [(touch, 1), (five, 5), (all, usize::MAX)] {
            *count += u64::from(both(most));
        }
        if self.settles {
            for (side, told) in [(Side::Buy, &self.row.bids), (Side::Sell, &self.row.asks)] {
                *settled += book.settle(side, told, told.len() < self.levels);
            }
        }
    }
}

impl Dbn {
    /// The next record of the instrument that is asked for.
    fn step(&mut self, book: &mut OrderBook) -> Option<(u64, Result<Step, Reason>)> {
        loop {
            let advanced = self.frames.advance()?;
            let line = self.frames.number();
            if let Err(reason) = advanced {
                return Some((line, Err(reason)));
            }
            let Some(record) = self.frames.record() else { continue };
            if !record.has::<MboMsg>() {
                continue;
            }
            let Ok(record) = record.try_get::<MboMsg>() else {
                return Some((line, Err(Reason::Unreadable("a record shorter than its kind"))));
            };
            if let Some(wanted) = self.wanted
                && self.names.get(record.hd.instrument_id, record.ts_recv) != Some(wanted)
            {
                continue;
            }
            if *self.publisher.get_or_insert(record.hd.publisher_id) != record.hd.publisher_id {
                return Some((line, Err(Reason::PassedOver("of another publisher than the first record"))));
            }
            orders::apply(record, book);
            let step = Step {
                ts_event: record.hd.ts_event,
                sequence: u64::from(record.sequence),
                action: record.action as u8,
                side: record.side as u8,
                price: (record.price != UNDEF_PRICE).then_some(record.price),
                size: record.size,
            };
            return Some((line, Ok(step)));
        }
    }
}

/// DBN's letter of a side.
const fn letter(side: Option<Side>) -> u8 {
    match side {
        Some(Side::Buy) => b'B',
        Some(Side::Sell) => b'A',
        None => b'N',
    }
}

fn name(contract: &Contract) -> String {
    match contract {
        Contract::Stock(symbol) => symbol.to_string(),
        Contract::Option(option) => option.to_string(),
    }
}

fn unknown(path: &Path, reason: String) -> HistoryError {
    HistoryError::Unknown { path: path.to_owned(), reason }
}

/// The file to read: the one that is named, or the only one below a folder; of a day of LOBSTER's in
/// several files the deepest.
fn find(path: &Path, symbol: Option<&str>, date: Option<Date>) -> Result<PathBuf, HistoryError> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let mut found: Vec<(Symbol, Date, core::cmp::Reverse<u16>, PathBuf)> = Vec::new();
    for file in walk::below(path, |_| true)?.files {
        if let Some(named) = LobsterFile::from_path(&file).filter(|named| !named.is_book) {
            found.push((named.symbol, named.date, core::cmp::Reverse(named.levels), file));
        } else if crate::databento::is_named(&file)
            && let Ok(dbn) = crate::databento::DbnFile::identify(&file, Limits::default())
            && dbn.schema == Some(Schema::Mbo)
        {
            let date = dbn.day();
            for symbol in dbn.symbols() {
                found.push((symbol, date, core::cmp::Reverse(u16::MAX), file.clone()));
            }
        }
    }
    found.retain(|(of, day, ..)| {
        symbol.is_none_or(|symbol| symbol.eq_ignore_ascii_case(of.as_str()))
            && date.is_none_or(|date| date == *day)
    });
    found.sort();
    found.dedup_by(|later, first| (later.0, later.1) == (first.0, first.1));
    match found.as_slice() {
        [] => Err(unknown(
            path,
            "no file of single orders is below it: Databento's mbo, or LOBSTER's messages".to_owned(),
        )),
        [(.., one)] => Ok(one.clone()),
        several => {
            let listed: Vec<String> = several.iter().take(12).map(|(s, d, ..)| format!("{s} {d}")).collect();
            let asked = "name one with --symbol and --date";
            Err(unknown(path, format!("several books are below it: {asked}: {}", listed.join(", "))))
        }
    }
}
