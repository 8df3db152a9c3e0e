//! A file as a stream of items.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use alphatrader_analytics::book::orders::OrderBook;
use alphatrader_model::market::{ChainRow, Gap, Stream, TradeFlags};
use alphatrader_model::{
    Contract, Input, InstrumentId, Payload, Price, Quantity, Side, Symbol, Timestamp, Trade, Venue,
};
use jiff::civil::Date;

use dbn::{
    BidAskPair, FlagSet, InstrumentDefMsg, MboMsg, Mbp1Msg, Mbp10Msg, Publisher, RecordHeader, RecordRef,
    Schema, StatMsg, TradeMsg, UNDEF_PRICE, UNDEF_TIMESTAMP,
};

use super::define::{defined, instrument, price};
use super::frames::{Frames, Refusal};
use super::names::Names;
use super::{UNITS, is_played, orders};
use crate::context::Context;
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::ladder::{Ladder, Row};
use crate::limits::Limits;
use crate::malformed::{Malformed, Reason};
use crate::packed::Packed;
use crate::progress::Progress;

/// Most instruments whose books are kept at once.
const MOST_BOOKS: usize = 1_024;
/// Kind of statistic: open interest.
const OPEN_INTEREST: u16 = 9;

/// What stands before the records of a file.
#[derive(Debug, Clone)]
pub struct DbnFile {
    /// What its records are; nothing where they may be of several kinds.
    pub schema: Option<Schema>,
    /// Where they come from, such as `XNAS.ITCH`.
    pub dataset: String,
    /// What its symbology names, in order.
    pub contracts: Vec<Contract>,
    /// The first instant that was asked for.
    pub start: Timestamp,
    /// The end of what was asked for, where that is said.
    pub end: Option<Timestamp>,
}

/// A DBN file as a stream of items, in order of time; what cannot be read stands among them.
pub struct Reader {
    path: Arc<Path>,
    source: SourceId,
    file: DbnFile,
    frames: Frames,
    names: Names,
    told: Told,
    books: BTreeMap<u32, Book>,
    /// The publisher that was looked up last.
    venue: (u16, Option<Venue>),
    /// Nothing before it is told, and nothing from the other on is read.
    window: Option<(Timestamp, Timestamp)>,
    clock: Timestamp,
    began: Option<Timestamp>,
    out: VecDeque<Payload>,
    records: BTreeMap<&'static str, u64>,
    malformed: u64,
    over: bool,
}

/// Whom the items are about.
struct Told {
    ids: BTreeMap<Contract, InstrumentId>,
    /// Whether those that are not known get a number when they are met.
    all: bool,
    next: u32,
}

/// The book of an instrument.
struct Book {
    publisher: u16,
    orders: OrderBook,
    ladder: Ladder,
    /// Rows of a book that the vendor sums.
    rows: [Vec<Row>; 2],
    /// Something changed that was not told yet, at this instant of the matching engine.
    pending: Option<u64>,
    summed: bool,
}

impl DbnFile {
    /// What a file is, from what stands before its records.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] when it is no DBN.
    pub fn identify(path: &Path, limits: Limits) -> Result<Self, HistoryError> {
        let opened = Frames::open(path, limits, &Progress::default());
        let (_, metadata) = opened.map_err(|refusal| refused(path, refusal))?;
        Ok(Self::of(&metadata, &Names::of(&metadata)))
    }

    fn of(metadata: &dbn::Metadata, names: &Names) -> Self {
        let instant = |nanos: u64| Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
        Self {
            schema: metadata.schema,
            dataset: metadata.dataset.clone(),
            contracts: names.contracts(),
            start: instant(metadata.start),
            end: metadata.end.map(|end| instant(end.get())).filter(|end| end.nanos() < i64::MAX),
        }
    }

    /// Symbols of what is no option, in order.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.contracts.iter().filter_map(|contract| match contract {
            Contract::Stock(symbol) => Some(*symbol),
            Contract::Option(_) => None,
        })
    }

    /// The first day that was asked for; the publisher's days are those of UTC.
    pub fn day(&self) -> Date {
        date(self.start)
    }

    /// The days that were asked for, at most [`DbnFile::MOST_DAYS`].
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let last =
            self.end.map_or(self.day(), |end| date(Timestamp::from_nanos(end.nanos().saturating_sub(1))));
        self.day().series(jiff::Span::new().days(1)).take_while(move |day| *day <= last).take(Self::MOST_DAYS)
    }

    /// Most days of a file.
    pub const MOST_DAYS: usize = 3_660;

    /// Whether its records are played.
    pub fn is_played(&self) -> bool {
        self.schema.is_none_or(is_played)
    }
}

fn date(at: Timestamp) -> Date {
    let at = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

fn refused(path: &Path, refusal: Refusal) -> HistoryError {
    match refusal {
        Refusal::Io(source) => HistoryError::Open { path: path.to_owned(), source },
        Refusal::Not(reason) => HistoryError::Unknown { path: path.to_owned(), reason },
    }
}

impl Reader {
    /// Opens a file. What it tells of gets numbers as it is met, from the context's instrument on.
    ///
    /// # Errors
    /// As [`DbnFile::identify`].
    pub fn open(path: &Path, source: SourceId, context: Context<'_>) -> Result<Self, HistoryError> {
        let opened = Frames::open(path, context.limits, context.progress);
        Self::start(path, opened, source, context)
    }

    /// As [`Reader::open`], from bytes that are not in a file; `path` is what they are called.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_bytes(
        path: &Path,
        bytes: Vec<u8>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let packed = Packed::from_bytes(bytes, context.limits, context.progress).map_err(Refusal::Io);
        Self::start(path, packed.and_then(Frames::start), source, context)
    }

    fn start(
        path: &Path,
        opened: Result<(Frames, dbn::Metadata), Refusal>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let (frames, metadata) = opened.map_err(|refusal| refused(path, refusal))?;
        let names = Names::of(&metadata);
        Ok(Self {
            path: Arc::from(path),
            source,
            file: DbnFile::of(&metadata, &names),
            frames,
            names,
            told: Told { ids: BTreeMap::new(), all: true, next: context.instrument.0 },
            books: BTreeMap::new(),
            venue: (0, None),
            window: None,
            clock: Timestamp::from_nanos(i64::MIN),
            began: None,
            out: VecDeque::with_capacity(64),
            records: BTreeMap::new(),
            malformed: 0,
            over: false,
        })
    }

    /// Tells only of these, under these numbers.
    #[must_use]
    pub fn only(mut self, wanted: impl IntoIterator<Item = (Symbol, InstrumentId)>) -> Self {
        let ids = wanted.into_iter().map(|(symbol, id)| (Contract::Stock(symbol), id));
        self.told = Told { ids: ids.collect(), all: false, next: 0 };
        self
    }

    /// Tells only what happens from one instant on and before another.
    #[must_use]
    pub fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.window = Some((from, until));
        self
    }

    /// What stands before the records.
    pub const fn file(&self) -> &DbnFile {
        &self.file
    }

    /// Records that were read so far, by kind.
    pub const fn records(&self) -> &BTreeMap<&'static str, u64> {
        &self.records
    }

    /// Records, or ends of the file, that could not be read so far.
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// When the first record was.
    pub const fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// When the last record was, as far as its kind says.
    pub fn clock(&self) -> Option<Timestamp> {
        (self.clock.nanos() > i64::MIN).then_some(self.clock)
    }

    fn fault(&mut self, reason: Reason) -> Malformed {
        self.malformed += 1;
        Malformed { file: Arc::clone(&self.path), line: self.frames.number(), reason }
    }

    /// Takes a record.
    fn take(&mut self) -> Result<(), Reason> {
        let Some(record) = self.frames.record() else { return Ok(()) };
        let taken = Taken::of(record)?;
        let name = match (&taken, self.file.schema) {
            (Taken::Other(_), Some(schema)) => schema.as_str(),
            (taken, _) => taken.name(),
        };
        *self.records.entry(name).or_insert(0) += 1;
        let (header, times) = taken.times();
        self.clock = self.clock.max(instant(times)?);
        self.began.get_or_insert(self.clock);
        if let Some((_, until)) = self.window
            && self.clock >= until
        {
            self.over = true;
            return Ok(());
        }
        if let Taken::Definition(definition) = &taken
            && let Some(contract) = defined(definition)
        {
            self.names.learn(header.instrument_id, contract);
        }
        let Some(id) = self.id(&header)? else { return Ok(()) };
        match taken {
            Taken::Order(record) => self.order(&record, id),
            Taken::Trade(record) => {
                self.trade(&record.hd, id, record.price, record.size, record.side as u8, record.flags)
            }
            Taken::Top(record) => {
                let levels = core::slice::from_ref(&record.levels[0]);
                let told =
                    Summed { action: record.action as u8, side: record.side as u8, price: record.price };
                self.summed(&record.hd, id, &told, record.size, record.flags, levels)
            }
            Taken::Ten(record) => {
                let told =
                    Summed { action: record.action as u8, side: record.side as u8, price: record.price };
                self.summed(&record.hd, id, &told, record.size, record.flags, &record.levels)
            }
            Taken::Definition(record) => self.definition(&record, id),
            Taken::Statistic(record) => self.statistic(&record, id),
            Taken::Other(_) => Ok(()),
        }
    }

    /// The number that an instrument goes by; nothing where it is not asked for.
    fn id(&mut self, header: &RecordHeader) -> Result<Option<InstrumentId>, Reason> {
        let at = self.clock.nanos().max(0).unsigned_abs();
        let Some(contract) = self.names.get(header.instrument_id, at) else {
            return Err(Reason::Unreadable("the instrument's name"));
        };
        let told = &mut self.told;
        if let Some(id) = told.ids.get(&contract) {
            return Ok(Some(*id));
        }
        if !told.all {
            return Ok(None);
        }
        let id = InstrumentId(told.next);
        told.next += 1;
        told.ids.insert(contract, id);
        Ok(Some(id))
    }

    fn is_told(&self) -> bool {
        self.window.is_none_or(|(from, _)| self.clock >= from)
    }

    fn order(&mut self, record: &MboMsg, id: InstrumentId) -> Result<(), Reason> {
        let traded = if record.action as u8 == b'T' {
            self.trade(&record.hd, id, record.price, record.size, record.side as u8, record.flags)
        } else {
            Ok(())
        };
        let Some(book) = self.book(&record.hd, id, false)? else { return traded };
        orders::apply(record, &mut book.orders);
        self.changed(&record.hd, id, record.flags);
        traded
    }

    fn summed(
        &mut self,
        header: &RecordHeader,
        id: InstrumentId,
        told: &Summed,
        size: u32,
        flags: FlagSet,
        levels: &[BidAskPair],
    ) -> Result<(), Reason> {
        let traded = if told.action == b'T' {
            self.trade(header, id, told.price, size, told.side, flags)
        } else {
            Ok(())
        };
        let Some(book) = self.book(header, id, true)? else { return traded };
        let row = |price: i64, size: u32| {
            let there = price != UNDEF_PRICE && size > 0 && price % UNITS == 0;
            there.then(|| Row::new(Price::from_raw(price / UNITS), u64::from(size)))
        };
        let [bids, asks] = &mut book.rows;
        bids.clear();
        bids.extend(levels.iter().map_while(|level| row(level.bid_px, level.bid_sz)));
        asks.clear();
        asks.extend(levels.iter().map_while(|level| row(level.ask_px, level.ask_sz)));
        self.changed(header, id, flags);
        traded
    }

    /// The book of an instrument; nothing where another publisher's is told. What an earlier event left
    /// untold is told first.
    fn book(
        &mut self,
        header: &RecordHeader,
        id: InstrumentId,
        summed: bool,
    ) -> Result<Option<&mut Book>, Reason> {
        let number = header.instrument_id;
        if !self.books.contains_key(&number) && self.books.len() >= MOST_BOOKS {
            return Err(Reason::PassedOver("the file has more books than are kept at once"));
        }
        let told = self.is_told();
        let book = self.books.entry(number).or_insert_with(|| Book {
            publisher: header.publisher_id,
            orders: OrderBook::new(),
            ladder: Ladder::new(id),
            rows: [Vec::new(), Vec::new()],
            pending: None,
            summed,
        });
        if book.publisher != header.publisher_id {
            return Ok(None);
        }
        if told && book.pending.is_some_and(|since| since != header.ts_event) {
            book.show(&mut self.out);
        }
        Ok(Some(book))
    }

    /// A record of a book was taken: at the end of its event the book is told.
    fn changed(&mut self, header: &RecordHeader, id: InstrumentId, flags: FlagSet) {
        let told = self.is_told();
        if told && flags.is_maybe_bad_book() {
            let lost = |stream| Payload::Gap(Gap { instrument: id, stream });
            self.out.extend([lost(Stream::Quotes), lost(Stream::Depth)]);
        }
        let Some(book) = self.books.get_mut(&header.instrument_id) else { return };
        // A snapshot's records have the times of their orders: it ends where it says so.
        let since =
            if flags.is_snapshot() { book.pending.unwrap_or(header.ts_event) } else { header.ts_event };
        book.pending = Some(since);
        if told && flags.is_last() {
            book.show(&mut self.out);
        }
    }

    fn trade(
        &mut self,
        header: &RecordHeader,
        instrument: InstrumentId,
        raw: i64,
        size: u32,
        side: u8,
        flags: FlagSet,
    ) -> Result<(), Reason> {
        if !self.is_told() {
            return Ok(());
        }
        if raw % UNITS != 0 {
            return Err(Reason::TooFine("price"));
        }
        let price = price(raw).filter(|price| *price > Price::ZERO).ok_or(Reason::OutOfRange("price"))?;
        if size == 0 {
            return Err(Reason::OutOfRange("size"));
        }
        // What a snapshot repeats was traded before.
        let told = if flags.is_snapshot() { TradeFlags::NOT_LAST } else { TradeFlags::NONE };
        let venue = self.venue(header.publisher_id);
        self.out.push_back(Payload::Trade(Trade {
            instrument,
            price,
            size: Quantity::new(u64::from(size)),
            aggressor: orders::side(side),
            venue,
            flags: told,
        }));
        Ok(())
    }

    fn venue(&mut self, publisher: u16) -> Option<Venue> {
        if self.venue.0 != publisher {
            let known = Publisher::try_from(publisher).ok();
            self.venue = (publisher, known.and_then(|known| Venue::new(known.venue().as_str()).ok()));
        }
        self.venue.1
    }

    fn definition(&mut self, record: &InstrumentDefMsg, id: InstrumentId) -> Result<(), Reason> {
        let contract = defined(record).ok_or(Reason::Unreadable("the instrument's name"))?;
        let made = instrument(record, contract, id)?;
        if self.is_told() {
            self.out.push_back(Payload::Instrument(Box::new(made)));
        }
        Ok(())
    }

    fn statistic(&mut self, record: &StatMsg, id: InstrumentId) -> Result<(), Reason> {
        let option = self
            .told
            .ids
            .iter()
            .any(|(contract, known)| *known == id && matches!(contract, Contract::Option(_)));
        if record.stat_type != OPEN_INTEREST || !option || !self.is_told() {
            return Ok(());
        }
        let open_interest = u32::try_from(record.quantity).map_err(|_| Reason::OutOfRange("quantity"))?;
        let row = ChainRow { instrument: id, open_interest: Some(open_interest), volume: None };
        self.out.push_back(Payload::Chain(row));
        Ok(())
    }

    /// The file is over: what its last events left untold.
    fn finish(&mut self) {
        self.over = true;
        if self.is_told() {
            for book in self.books.values_mut().filter(|book| book.pending.is_some()) {
                book.show(&mut self.out);
            }
        }
    }
}

impl Book {
    /// Tells the best rows and the touch.
    fn show(&mut self, out: &mut VecDeque<Payload>) {
        self.pending = None;
        let [bids, asks] = &self.rows;
        if self.summed {
            self.ladder.show(Side::Buy, bids.iter().copied(), out);
            self.ladder.show(Side::Sell, asks.iter().copied(), out);
        } else {
            for side in [Side::Buy, Side::Sell] {
                // A price finer than ours has no row: the rows after it move up.
                let whole = self.orders.levels(side).filter(|level| level.price % UNITS == 0);
                let rows = whole.map(|level| Row::new(Price::from_raw(level.price / UNITS), level.size));
                self.ladder.show(side, rows, out);
            }
        }
        self.ladder.quote_of_rows(out);
    }
}

/// What a record of a summed book says happened.
struct Summed {
    action: u8,
    side: u8,
    price: i64,
}

/// A record of a kind that is told, or not.
enum Taken {
    Order(MboMsg),
    Trade(TradeMsg),
    Top(Mbp1Msg),
    Ten(Box<Mbp10Msg>),
    Definition(Box<InstrumentDefMsg>),
    Statistic(StatMsg),
    Other(RecordHeader),
}

impl Taken {
    #[inline]
    fn of(record: RecordRef<'_>) -> Result<Self, Reason> {
        let short = |_| Reason::Unreadable("a record shorter than its kind");
        Ok(if record.has::<MboMsg>() {
            Self::Order(record.try_get::<MboMsg>().map_err(short)?.clone())
        } else if record.has::<TradeMsg>() {
            Self::Trade(record.try_get::<TradeMsg>().map_err(short)?.clone())
        } else if record.has::<Mbp1Msg>() {
            Self::Top(record.try_get::<Mbp1Msg>().map_err(short)?.clone())
        } else if record.has::<Mbp10Msg>() {
            Self::Ten(Box::new(record.try_get::<Mbp10Msg>().map_err(short)?.clone()))
        } else if record.has::<InstrumentDefMsg>() {
            Self::Definition(Box::new(record.try_get::<InstrumentDefMsg>().map_err(short)?.clone()))
        } else if record.has::<StatMsg>() {
            Self::Statistic(record.try_get::<StatMsg>().map_err(short)?.clone())
        } else {
            Self::Other(*record.header())
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Order(_) => "mbo",
            Self::Trade(_) => "trade",
            Self::Top(_) => "mbp-1",
            Self::Ten(_) => "mbp-10",
            Self::Definition(_) => "definition",
            Self::Statistic(_) => "statistic",
            Self::Other(_) => "other",
        }
    }

    /// Its header, and when it happened: as the matching engine says, of a snapshot as it was received.
    fn times(&self) -> (RecordHeader, (u64, u64)) {
        let (header, received, snapshot) = match self {
            Self::Order(record) => (record.hd, record.ts_recv, record.flags.is_snapshot()),
            Self::Trade(record) => (record.hd, record.ts_recv, record.flags.is_snapshot()),
            Self::Top(record) => (record.hd, record.ts_recv, record.flags.is_snapshot()),
            Self::Ten(record) => (record.hd, record.ts_recv, record.flags.is_snapshot()),
            Self::Definition(record) => (record.hd, record.ts_recv, true),
            Self::Statistic(record) => (record.hd, record.ts_recv, false),
            Self::Other(header) => (*header, UNDEF_TIMESTAMP, false),
        };
        (header, if snapshot { (received, header.ts_event) } else { (header.ts_event, received) })
    }
}

/// The first of two instants that is said.
fn instant((first, second): (u64, u64)) -> Result<Timestamp, Reason> {
    let said = if first == UNDEF_TIMESTAMP { second } else { first };
    i64::try_from(said).map(Timestamp::from_nanos).map_err(|_| Reason::OutOfRange("time"))
}

impl Iterator for Reader {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(payload) = self.out.pop_front() {
                let at = self.clock;
                let input = Input { ts_event: at, ts_recv: at, payload };
                return Some(Ok(Item { input, source: self.source, line: self.frames.number() }));
            }
            if self.over {
                return None;
            }
            let fault = match self.frames.advance() {
                None => {
                    self.finish();
                    continue;
                }
                Some(Ok(())) => match self.take() {
                    Ok(()) => continue,
                    Err(reason) => reason,
                },
                Some(Err(reason)) => {
                    self.finish();
                    reason
                }
            };
            return Some(Err(self.fault(fault)));
        }
    }
}

#[cfg(test)]
mod tests;
