//! A file as a stream of items.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Calendar, Input, InstrumentId, Payload, Price, Quantity, Side, Symbol, Timestamp, Trade, Venue, condition,
};
use jiff::civil::Date;

use super::columns::{Clock, Column, Columns, Texts};
use crate::context::{Context, day};
use crate::error::HistoryError;
use crate::fields::Fields;
use crate::item::{Item, SourceId};
use crate::ladder::{Ladder, Row};
use crate::limits::Limits;
use crate::lines::Lines;
use crate::malformed::{Malformed, Reason};
use crate::packed::Packed;
use crate::progress::Progress;

/// Sizes above ten billion shares are damage.
const MOST: i64 = 10_000_000_000;
/// Shares of a round lot.
const LOT: i64 = 100;
/// Most venues whose quotes are kept.
const MOST_VENUES: usize = 64;

/// A file of TAQ by its first lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaqFile {
    /// Of whom.
    pub symbol: Symbol,
    /// Of which exchange day.
    pub date: Date,
    /// Quotes; trades otherwise.
    pub is_quotes: bool,
}

/// A TAQ file as a stream of items, in order of time; what cannot be read stands among them: lines that go
/// back in time, and those of other symbols and days than the first.
pub struct Reader {
    path: Arc<Path>,
    file: TaqFile,
    source: SourceId,
    instrument: InstrumentId,
    lines: Lines,
    columns: Columns,
    clock: Clock,
    /// The last instant.
    at: Timestamp,
    began: Option<Timestamp>,
    /// The instants between which the file's day lies.
    day: (Timestamp, Timestamp),
    line: u64,
    venues: Vec<Quoted>,
    ladder: Ladder,
    out: VecDeque<Payload>,
    records: u64,
    malformed: u64,
    over: bool,
}

/// What a venue quotes.
#[derive(Debug, Clone, Copy)]
struct Quoted {
    venue: Option<Venue>,
    bid: Option<Row>,
    ask: Option<Row>,
}

impl TaqFile {
    /// What a file is, from its first lines.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] when it is none of TAQ's.
    pub fn identify(path: &Path, limits: Limits, calendar: &Calendar) -> Result<Self, HistoryError> {
        let progress = Progress::default();
        let context = Context { calendar, instrument: InstrumentId(0), limits, progress: &progress };
        Reader::open(path, SourceId(0), context).map(|reader| reader.file)
    }

    /// Whether the first bytes of a file, unpacked, are the names of TAQ's columns.
    pub(crate) fn are(start: &[u8]) -> bool {
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Columns::of(line.strip_suffix(b"\r").unwrap_or(line)).is_some()
    }
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`TaqFile::identify`].
    pub fn open(path: &Path, source: SourceId, context: Context<'_>) -> Result<Self, HistoryError> {
        let packed = Packed::open(path, context.limits, context.progress);
        Self::start(path, packed, source, context)
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
        Self::start(path, Packed::from_bytes(bytes, context.limits, context.progress), source, context)
    }

    fn start(
        path: &Path,
        packed: std::io::Result<Packed>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let unknown =
            |reason: &str| HistoryError::Unknown { path: path.to_owned(), reason: reason.to_owned() };
        let packed = packed.map_err(|source| HistoryError::Open { path: path.to_owned(), source })?;
        let mut lines = Lines::of_packed(packed, context.limits);
        let (file, columns) = first_lines(lines.peek(), context.calendar).map_err(unknown)?;
        lines.next_line();
        Ok(Self {
            path: Arc::from(path),
            file,
            source,
            instrument: context.instrument,
            lines,
            columns,
            clock: Clock::new(context.calendar),
            at: Timestamp::from_nanos(i64::MIN),
            began: None,
            day: day(context.calendar, file.date),
            line: 0,
            venues: Vec::new(),
            ladder: Ladder::new(context.instrument),
            out: VecDeque::with_capacity(64),
            records: 0,
            malformed: 0,
            over: false,
        })
    }

    /// What the file is.
    pub const fn file(&self) -> &TaqFile {
        &self.file
    }

    /// Lines that were read so far.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Lines, or ends of the file, that could not be read so far.
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// When the first line was.
    pub const fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// When the last line was.
    pub fn clock(&self) -> Option<Timestamp> {
        (self.line > 0).then_some(self.at)
    }

    /// Reads a line.
    fn read(&mut self) -> Option<Result<(), Malformed>> {
        let (line, read) = self.lines.next_line()?;
        let told = read.and_then(|line| {
            let texts = self.columns.split(line)?;
            if texts.of(Column::Symbol) != self.file.symbol.as_str().as_bytes() {
                return Err(Reason::PassedOver("of another symbol than the first line"));
            }
            let at = self.clock.read(texts.of(Column::Time))?;
            let said = if self.columns.quotes { Said::quote(&texts) } else { Said::trade(&texts) }?;
            Ok((at, said))
        });
        let told = told.and_then(|(at, said)| self.place(at).map(|()| said));
        Some(match told {
            Ok(said) => {
                self.line = line;
                self.records += 1;
                self.tell(&said);
                Ok(())
            }
            Err(reason) => {
                if reason.ends_file() {
                    self.over = true;
                    self.lines.close();
                }
                self.malformed += 1;
                Err(Malformed { file: Arc::clone(&self.path), line, reason })
            }
        })
    }

    /// Goes on to an instant.
    fn place(&mut self, at: Timestamp) -> Result<(), Reason> {
        if !(self.day.0..self.day.1).contains(&at) {
            return Err(Reason::PassedOver("of another day than the first line"));
        }
        if at < self.at {
            return Err(Reason::OutOfOrder);
        }
        self.at = at;
        self.began.get_or_insert(at);
        Ok(())
    }

    fn tell(&mut self, said: &Said) {
        match *said {
            Said::Trade { price, size, venue, flags } => self.out.push_back(Payload::Trade(Trade {
                instrument: self.instrument,
                price,
                size,
                aggressor: None,
                venue,
                flags,
            })),
            Said::Quote(quoted) => self.quote(quoted),
        }
    }

    /// A venue's bid and offer are these from here on.
    fn quote(&mut self, quoted: Quoted) {
        match self.venues.binary_search_by_key(&quoted.venue, |known| known.venue) {
            Ok(at) => self.venues[at] = quoted,
            Err(at) if self.venues.len() < MOST_VENUES => self.venues.insert(at, quoted),
            Err(_) => return,
        }
        let mut bids: Vec<Row> = self.venues.iter().filter_map(|known| known.bid).collect();
        bids.sort_by_key(|row| core::cmp::Reverse(row.price));
        let mut asks: Vec<Row> = self.venues.iter().filter_map(|known| known.ask).collect();
        asks.sort_by_key(|row| row.price);
        let (bid, ask) = (best(&bids), best(&asks));
        self.ladder.show(Side::Buy, bids.into_iter(), &mut self.out);
        self.ladder.show(Side::Sell, asks.into_iter(), &mut self.out);
        self.ladder.quote(bid, ask, &mut self.out);
    }
}

/// The best of sorted rows, with the largest size that one venue shows there.
fn best(rows: &[Row]) -> Option<Level> {
    let price = rows.first()?.price;
    let size = rows.iter().take_while(|row| row.price == price).map(|row| row.size).max()?;
    Some(Level { price, size: Quantity::new(size) })
}

/// What a line says.
enum Said {
    Trade { price: Price, size: Quantity, venue: Option<Venue>, flags: TradeFlags },
    Quote(Quoted),
}

impl Said {
    fn trade(texts: &Texts<'_>) -> Result<Self, Reason> {
        let price = texts.dollars(Column::Price, "price")?;
        let size = texts.whole(Column::Size, "size", MOST)?;
        if price == 0 {
            return Err(Reason::OutOfRange("price"));
        }
        if size == 0 {
            return Err(Reason::OutOfRange("size"));
        }
        let letters = core::str::from_utf8(texts.of(Column::Condition));
        let letters = letters.map_err(|_| Reason::Unreadable("condition"))?;
        let correction = match texts.of(Column::Correction) {
            b"" => 0,
            code => Fields::of(code).number("correction", 99)? as u8,
        };
        let flags = condition::of_letters(letters).with(condition::of_correction(correction));
        Ok(Self::Trade {
            price: Price::from_raw(price),
            size: Quantity::new(size.unsigned_abs()),
            venue: venue(texts)?,
            flags,
        })
    }

    fn quote(texts: &Texts<'_>) -> Result<Self, Reason> {
        let venue = venue(texts)?;
        let row = |price: i64, lots: i64| {
            let row = Row { price: Price::from_raw(price), size: (lots * LOT).unsigned_abs(), venue };
            (price > 0 && lots > 0).then_some(row)
        };
        let bid =
            row(texts.dollars(Column::Bid, "bid")?, texts.whole(Column::BidSize, "bid size", MOST / LOT)?);
        let ask = row(
            texts.dollars(Column::Ask, "offer")?,
            texts.whole(Column::AskSize, "offer size", MOST / LOT)?,
        );
        Ok(Self::Quote(Quoted { venue, bid, ask }))
    }
}

fn venue(texts: &Texts<'_>) -> Result<Option<Venue>, Reason> {
    let text = texts.of(Column::Venue);
    if text.is_empty() {
        return Ok(None);
    }
    let name = core::str::from_utf8(text).ok().and_then(|text| Venue::new(text.trim()).ok());
    name.map(Some).ok_or(Reason::Unreadable("venue"))
}

/// What the line of names and the first line after it say.
fn first_lines(start: &[u8], calendar: &Calendar) -> Result<(TaqFile, Columns), &'static str> {
    let mut lines = start.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let columns =
        lines.next().and_then(Columns::of).ok_or("no TAQ: its first line does not name TAQ's columns")?;
    let mut clock = Clock::new(calendar);
    // A bad line or two at the start do not hide the file.
    let read = |line: &[u8]| {
        let texts = columns.split(line).ok()?;
        let symbol = Symbol::new(core::str::from_utf8(texts.of(Column::Symbol)).ok()?).ok()?;
        let at = clock.read(texts.of(Column::Time)).ok()?;
        Some(TaqFile { symbol, date: calendar.date_of(at), is_quotes: columns.quotes })
    };
    let file = lines.take(16).find_map(read).ok_or("TAQ without a line that could be read")?;
    Ok((file, columns))
}

impl Iterator for Reader {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(payload) = self.out.pop_front() {
                let input = Input { ts_event: self.at, ts_recv: self.at, payload };
                return Some(Ok(Item { input, source: self.source, line: self.line }));
            }
            if self.over {
                return None;
            }
            if let Err(malformed) = self.read()? {
                return Some(Err(malformed));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = (Vec<Item>, Vec<(u64, Reason)>);

    fn read(bytes: &[u8]) -> Result<Read, HistoryError> {
        let calendar = Calendar::xnys();
        let progress = Progress::default();
        let limits = Limits::default();
        let context =
            Context { calendar: &calendar, instrument: InstrumentId(1), limits, progress: &progress };
        let reader = Reader::from_bytes(Path::new("x.csv"), bytes.to_vec(), SourceId(0), context)?;
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for item in reader {
            match item {
                Ok(item) => items.push(item),
                Err(fault) => faults.push((fault.line, fault.reason)),
            }
        }
        Ok((items, faults))
    }

    const TRADES: &str = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR
2018-01-02T14:30:00.1Z,P,XXX,F,200,157.8,0
2018-01-02T14:30:00.1Z,D,XXX,4 B,100,157.81,0
2018-01-02T14:30:00Z,P,XXX,,1,157.8,0
2018-01-02T14:30:01Z,P,YYY,,1,157.8,0
2018-01-03T14:30:01Z,P,XXX,,1,157.8,0
2018-01-02T14:30:02Z,,XXX,,100,157.80001,0
2018-01-02T14:30:02Z,N,XXX,O,5000,157.9,12
";

    #[test]
    fn trades_carry_conditions_and_corrections() {
        let (items, faults) = read(TRADES.as_bytes()).unwrap();
        let trades: Vec<(String, u64, TradeFlags)> = items
            .iter()
            .map(|item| match item.input.payload {
                Payload::Trade(trade) => (trade.price.to_string(), trade.size.get(), trade.flags),
                _ => panic!("trades alone"),
            })
            .collect();
        assert_eq!((trades.len(), trades[0].2), (3, TradeFlags::SWEEP));
        assert!(trades[1].2.contains(TradeFlags::NOT_LAST));
        assert!(trades[2].2.contains(TradeFlags::AUCTION.with(TradeFlags::BUST)));
        let expected = [
            (4, Reason::OutOfOrder),
            (5, Reason::PassedOver("of another symbol than the first line")),
            (6, Reason::PassedOver("of another day than the first line")),
            (7, Reason::TooFine("price")),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn quotes_are_a_book_of_venues_and_the_best_of_them() {
        let quotes = "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL
2018-01-02T14:30:00Z,P,100.00,1,100.05,3,XXX
2018-01-02T14:30:01Z,N,100.01,2,100.05,1,XXX
2018-01-02T14:30:02Z,Q,100.01,5,0,0,XXX
2018-01-02T14:30:03Z,N,0,0,100.05,1,XXX
";
        let (items, faults) = read(quotes.as_bytes()).unwrap();
        assert!(faults.is_empty());
        let best: Vec<(i64, u64, u64)> = items
            .iter()
            .filter_map(|item| match item.input.payload {
                Payload::Quote(quote) => {
                    let (bid, ask) = (quote.bid.unwrap(), quote.ask.unwrap());
                    Some((bid.price.raw(), bid.size.get(), ask.size.get()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(best, [(1_000_000, 100, 300), (1_000_100, 200, 300), (1_000_100, 500, 300)]);
        let mut book = alphatrader_analytics::book::Book::default();
        for item in &items {
            if let Payload::Depth(edit) = &item.input.payload {
                book.apply(edit);
            }
        }
        let venues: Vec<_> = book.bids().iter().map(|row| row.venue.unwrap().as_str().to_owned()).collect();
        assert_eq!(venues, ["Q", "P"]);
        assert_eq!(book.counts().out_of_range + book.counts().not_monotonic, 0);
    }

    #[test]
    fn other_tables_are_refused() {
        for text in ["", "DT,RV1,RV5\n2014-01-02,1,2\n", "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\n"] {
            assert!(matches!(read(text.as_bytes()), Err(HistoryError::Unknown { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_order_of_time(
            at in 0_usize..400,
            damage in proptest::collection::vec(any::<u8>(), 0..40),
            cut in 0_usize..400,
        ) {
            let mut bytes = TRADES.as_bytes().to_vec();
            let at = at.min(bytes.len());
            bytes.splice(at..at, damage);
            if let Ok((items, _)) = read(&bytes) {
                prop_assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
            }
            let packed = zstd::encode_all(TRADES.as_bytes(), 1).unwrap();
            let _ = read(&packed[..cut.min(packed.len())]);
        }
    }
}
