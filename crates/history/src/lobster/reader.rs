//! A day as a stream of items.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alphatrader_analytics::book::orders::OrderBook;
use alphatrader_model::market::{Gap, Stream, TradeFlags, TradingState, TradingStatus};
use alphatrader_model::{Input, InstrumentId, Payload, Price, Quantity, Side, Span, Timestamp, Trade};

use super::message::{Kind, Message};
use super::name::LobsterFile;
use super::pair::{self, Body, BookRow};
use crate::context::{Context, midnight};
use crate::error::HistoryError;
use crate::item::{Item, SourceId};
use crate::ladder::{Ladder, Row};
use crate::malformed::{Malformed, Reason};

/// A LOBSTER day as a stream of items, in order of time; what cannot be read stands among them.
///
/// A line's trade comes before what the line made of the book, so whoever takes the items in their order
/// holds a trade against the book that it met. A line that goes back in time is reported and dropped.
pub struct Reader {
    path: Arc<Path>,
    file: LobsterFile,
    source: SourceId,
    instrument: InstrumentId,
    midnight: Timestamp,
    messages: Body,
    view: View,
    ladder: Ladder,
    /// Best bid and offer after the line before.
    touch: Option<(i64, i64)>,
    out: VecDeque<Payload>,
    /// Time and number of the line that is being told.
    time: i64,
    line: u64,
    /// Time of the first line.
    began: Option<i64>,
    records: BTreeMap<Kind, u64>,
    malformed: u64,
    over: bool,
}

/// Where the book after a line is known from.
enum View {
    /// The vendor says it, line for line.
    Vendor { rows: Body, row: BookRow, path: Arc<Path> },
    /// It is built from the orders. The first line is in the seed already.
    Orders { book: Box<OrderBook>, begun: bool },
    /// It is not.
    Unknown,
}

impl Reader {
    /// Opens a message file, with its book file where that lies beside it. The book file may be named
    /// instead.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] for a file with another kind of name or a book
    /// file without its messages.
    pub fn open(path: &Path, source: SourceId, context: Context<'_>) -> Result<Self, HistoryError> {
        let unknown =
            |reason: &str| HistoryError::Unknown { path: path.to_owned(), reason: reason.to_owned() };
        let Some(named) = LobsterFile::from_path(path) else {
            return Err(unknown(
                "not named as LOBSTER names its files, SYMBOL_DATE_START_END_message_LEVELS.csv",
            ));
        };
        let message = if named.is_book {
            pair::other(path)
                .ok_or_else(|| unknown("a LOBSTER book file whose message file is not beside it"))?
        } else {
            path.to_owned()
        };
        let file = LobsterFile { is_book: false, ..named };
        let (view, _) =
            view(&message, context).map_err(|(path, source)| HistoryError::Open { path, source })?;
        let messages = pair::open(&message, context.limits, context.progress)
            .map_err(|source| HistoryError::Open { path: message.clone(), source })?;
        Ok(Self::start(&message, file, messages, view, source, context))
    }

    /// As [`Reader::open`], from bytes that are not in files; `path` is what they are called.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_bytes(
        path: &Path,
        messages: Vec<u8>,
        book: Option<Vec<u8>>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let Some(file) = LobsterFile::from_path(path) else {
            let reason = "not named as LOBSTER names its files".to_owned();
            return Err(HistoryError::Unknown { path: path.to_owned(), reason });
        };
        let body = |bytes| {
            Body::of_bytes(bytes, context.limits, context.progress)
                .map_err(|source| HistoryError::Open { path: path.to_owned(), source })
        };
        let view = match book {
            Some(book) => View::Vendor { rows: body(book)?, row: BookRow::default(), path: Arc::from(path) },
            None => View::Unknown,
        };
        Ok(Self::start(path, file, body(messages)?, view, source, context))
    }

    fn start(
        path: &Path,
        file: LobsterFile,
        messages: Body,
        view: View,
        source: SourceId,
        context: Context<'_>,
    ) -> Self {
        Self {
            path: Arc::from(path),
            file,
            source,
            instrument: context.instrument,
            midnight: midnight(context.calendar, file.date),
            messages,
            view,
            ladder: Ladder::new(context.instrument),
            touch: None,
            out: VecDeque::with_capacity(64),
            time: 0,
            line: 0,
            began: None,
            records: BTreeMap::new(),
            malformed: 0,
            over: false,
        }
    }

    /// What the file is.
    pub const fn file(&self) -> &LobsterFile {
        &self.file
    }

    /// Lines that were read so far, by what they tell.
    pub fn records(&self) -> BTreeMap<&'static str, u64> {
        self.records.iter().map(|(kind, count)| (kind.name(), *count)).collect()
    }

    /// Lines, or ends of a file, that could not be read so far.
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Whether the book after a line is known.
    pub const fn knows_book(&self) -> bool {
        !matches!(self.view, View::Unknown)
    }

    /// When the first line was.
    pub fn began(&self) -> Option<Timestamp> {
        self.began.map(|time| self.midnight + Span::from_nanos(time))
    }

    /// When the last line was.
    pub fn clock(&self) -> Option<Timestamp> {
        (self.line > 0).then(|| self.midnight + Span::from_nanos(self.time))
    }

    fn fault(&mut self, path: &Arc<Path>, line: u64, reason: Reason) -> Malformed {
        self.malformed += 1;
        Malformed { file: Arc::clone(path), line, reason }
    }

    /// Reads a line of each file.
    fn read(&mut self) -> Option<Result<(), Malformed>> {
        let (line, read) = match self.messages.next_line() {
            None => {
                self.over = true;
                return None;
            }
            Some((line, read)) => (line, read.and_then(Message::read)),
        };
        let told = self.look();
        let path = Arc::clone(&self.path);
        match read {
            Ok(message) if message.time < self.time => Some(Err(self.fault(&path, line, Reason::OutOfOrder))),
            Ok(message) => {
                (self.time, self.line) = (message.time, line);
                self.began.get_or_insert(message.time);
                *self.records.entry(message.kind).or_insert(0) += 1;
                self.tell(&message);
                let shown = match told {
                    Ok(shows) => {
                        if shows {
                            self.show(&message);
                        }
                        Ok(())
                    }
                    Err((path, line, reason)) => Err(self.fault(&path, line, reason)),
                };
                Some(shown)
            }
            Err(reason) => {
                if reason.ends_file() {
                    self.over = true;
                    self.messages.close();
                }
                Some(Err(self.fault(&path, line, reason)))
            }
        }
    }

    /// Reads the vendor's row. False where there is nothing to show.
    fn look(&mut self) -> Result<bool, (Arc<Path>, u64, Reason)> {
        let View::Vendor { rows, row, path } = &mut self.view else {
            return Ok(matches!(self.view, View::Orders { .. }));
        };
        let path = Arc::clone(path);
        let (line, read) = match rows.next_line() {
            Some((line, read)) => (line, read.and_then(|line| row.read(line))),
            None => (0, Err(Reason::Truncated)),
        };
        let Err(reason) = read else { return Ok(true) };
        if reason.ends_file() {
            // From here on nobody knows the book.
            self.view = View::Unknown;
            self.touch = None;
            let lost = |stream| Payload::Gap(Gap { instrument: self.instrument, stream });
            self.out.extend([lost(Stream::Quotes), lost(Stream::Depth)]);
        }
        Err((path, line, reason))
    }

    /// What a line says by itself.
    fn tell(&mut self, message: &Message) {
        let (aggressor, flags) = match message.kind {
            Kind::New | Kind::Cancel | Kind::Delete => return,
            Kind::Execution => (Some(message.side.opposite()), TradeFlags::NONE),
            Kind::HiddenExecution => (by_middle(message.price, self.touch), TradeFlags::HIDDEN),
            Kind::Cross => (None, TradeFlags::AUCTION),
            Kind::Halt => {
                // Quoting without trading (0) is still a halt.
                let state = if message.price == 1 { TradingState::Trading } else { TradingState::Halted };
                self.out.push_back(Payload::Status(TradingStatus { instrument: self.instrument, state }));
                return;
            }
        };
        self.out.push_back(Payload::Trade(Trade {
            instrument: self.instrument,
            price: Price::from_raw(message.price),
            size: Quantity::new(u64::from(message.size)),
            aggressor,
            venue: None,
            flags,
        }));
    }

    /// What a line made of the book.
    fn show(&mut self, message: &Message) {
        match &mut self.view {
            View::Vendor { row, .. } => {
                let of = |(price, size): &(i64, u64)| Row::new(Price::from_raw(*price), *size);
                self.ladder.show(Side::Buy, row.bids.iter().map(of), &mut self.out);
                self.ladder.show(Side::Sell, row.asks.iter().map(of), &mut self.out);
                self.touch = row.bids.first().zip(row.asks.first()).map(|(bid, ask)| (bid.0, ask.0));
            }
            View::Orders { book, begun } => {
                apply(message, book, !*begun);
                *begun = true;
                for side in [Side::Buy, Side::Sell] {
                    let rows =
                        book.levels(side).map(|level| Row::new(Price::from_raw(level.price), level.size));
                    self.ladder.show(side, rows, &mut self.out);
                }
                self.touch = book.best(Side::Buy).zip(book.best(Side::Sell)).map(|(b, a)| (b.price, a.price));
            }
            View::Unknown => return,
        }
        self.ladder.quote_of_rows(&mut self.out);
    }
}

/// Who was the aggressor of an execution that no displayed order tells: by its price against the middle of
/// the book before it.
pub(crate) fn by_middle(price: i64, touch: Option<(i64, i64)>) -> Option<Side> {
    let (bid, ask) = touch?;
    match (2 * price).cmp(&(bid + ask)) {
        core::cmp::Ordering::Greater => Some(Side::Buy),
        core::cmp::Ordering::Less => Some(Side::Sell),
        core::cmp::Ordering::Equal => None,
    }
}

/// Applies a line to a book. The first line of a book that was laid down from a row is in it already.
pub(crate) fn apply(message: &Message, book: &mut OrderBook, first_of_seed: bool) {
    let Message { order, side, price, size, .. } = *message;
    match message.kind {
        Kind::New if first_of_seed => book.adopt(order, side, price, size),
        _ if first_of_seed => {}
        Kind::New => book.add(order, side, price, size),
        Kind::Cancel | Kind::Execution => book.reduce(order, side, price, size),
        Kind::Delete => book.delete(order, side, price, size),
        Kind::HiddenExecution | Kind::Cross | Kind::Halt => {}
    }
}

/// Where the book of a message file is known from, and the file that says so.
fn view(message: &Path, context: Context<'_>) -> Result<(View, Option<PathBuf>), (PathBuf, io::Error)> {
    if let Some(book) = pair::other(message) {
        let rows = pair::open(&book, context.limits, context.progress).map_err(|e| (book.clone(), e))?;
        let view = View::Vendor { rows, row: BookRow::default(), path: Arc::from(book.as_path()) };
        return Ok((view, Some(book)));
    }
    let seed = pair::seed(message);
    let row = seed.as_deref().and_then(pair::first_row);
    Ok(match (row, seed) {
        (Some(row), Some(seed)) => {
            let mut book = Box::new(OrderBook::new());
            pair::lay(&row, &mut book);
            (View::Orders { book, begun: false }, Some(seed))
        }
        _ => (View::Unknown, None),
    })
}

impl Iterator for Reader {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(payload) = self.out.pop_front() {
                let at = self.midnight + Span::from_nanos(self.time);
                let input = Input { ts_event: at, ts_recv: at, payload };
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
    use crate::{Limits, Progress};
    use alphatrader_model::Calendar;
    use proptest::prelude::*;

    const NAME: &str = "AAPL_2012-06-21_34200000_57600000_message_2.csv";
    const MESSAGES: &str = "34200.1,1,7,50,1000000,1
34200.2,4,7,20,1000000,1
34200.2,5,0,10,1000900,1
34200.2,5,0,10,1000500,1
34201,7,0,0,-1,-1
34202,7,0,0,1,-1
34203,6,-1,500,1000500,-1
34204,3,7,30,1000000,1
";
    const BOOK: &str = "1001000,9,1000000,50,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,1000000,30,1002000,4,999000,8
1001000,9,999000,8,1002000,4,998000,1
";

    fn read(messages: &[u8], book: Option<&[u8]>) -> (Vec<Item>, Vec<Malformed>, Reader) {
        let calendar = Calendar::xnys();
        let progress = Progress::default();
        let context = Context {
            calendar: &calendar,
            instrument: InstrumentId(4),
            limits: Limits::default(),
            progress: &progress,
        };
        let book = book.map(<[u8]>::to_vec);
        let mut reader =
            Reader::from_bytes(Path::new(NAME), messages.to_vec(), book, SourceId(0), context).unwrap();
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for item in &mut reader {
            match item {
                Ok(item) => items.push(item),
                Err(fault) => faults.push(fault),
            }
        }
        (items, faults, reader)
    }

    fn trades(items: &[Item]) -> Vec<(u64, Option<Side>, TradeFlags, u64)> {
        items
            .iter()
            .filter_map(|item| match item.input.payload {
                Payload::Trade(trade) => Some((item.line, trade.aggressor, trade.flags, trade.size.get())),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn executions_halts_and_crosses_are_told_with_what_they_made_of_the_book() {
        for header in ["", "Time,Type,OrderId,Size,Price,Direction\n"] {
            let names = if header.is_empty() { "" } else { "BestAsk,BestAskVolume,BestBid,BestBidVolume\n" };
            let messages = format!("{header}{MESSAGES}");
            let (items, faults, reader) =
                read(messages.as_bytes(), Some(format!("{names}{BOOK}").as_bytes()));
            assert_eq!((faults, reader.malformed()), (Vec::new(), 0));
            let line = u64::from(!header.is_empty());
            let expected = [
                (line + 2, Some(Side::Sell), TradeFlags::NONE, 20),
                (line + 3, Some(Side::Buy), TradeFlags::HIDDEN, 10),
                (line + 4, None, TradeFlags::HIDDEN, 10),
                (line + 7, None, TradeFlags::AUCTION, 500),
            ];
            assert_eq!(trades(&items), expected);
            let states: Vec<TradingState> = items
                .iter()
                .filter_map(|item| match item.input.payload {
                    Payload::Status(status) => Some(status.state),
                    _ => None,
                })
                .collect();
            assert_eq!(states, [TradingState::Halted, TradingState::Trading]);
            let quotes: Vec<(i64, u64)> = items
                .iter()
                .filter_map(|item| match item.input.payload {
                    Payload::Quote(quote) => quote.bid.map(|bid| (bid.price.raw(), bid.size.get())),
                    _ => None,
                })
                .collect();
            assert_eq!(quotes, [(1_000_000, 50), (1_000_000, 30), (999_000, 8)]);
            assert_eq!(items[0].input.ts_event.to_string(), "2012-06-21T13:30:00.1Z");
            assert_eq!(reader.records()["hidden_execution"], 2);
        }
    }

    #[test]
    fn a_trade_comes_before_the_book_it_leaves() {
        let (items, ..) = read(MESSAGES.as_bytes(), Some(BOOK.as_bytes()));
        let second: Vec<&str> =
            items.iter().filter(|item| item.line == 2).map(|item| item.input.payload.name()).collect();
        assert_eq!(second, ["trade", "depth", "quote"]);
    }

    #[test]
    fn messages_alone_tell_trades_and_no_quotes() {
        let (items, faults, _) = read(MESSAGES.as_bytes(), None);
        assert!(faults.is_empty());
        assert_eq!(trades(&items).len(), 4);
        assert!(
            !items.iter().any(|item| matches!(item.input.payload, Payload::Quote(_) | Payload::Depth(_)))
        );
    }

    #[test]
    fn a_book_file_that_is_too_short_is_a_gap() {
        let short: String = BOOK.split_inclusive('\n').take(3).collect();
        let (items, faults, _) = read(MESSAGES.as_bytes(), Some(short.as_bytes()));
        assert_eq!(faults.iter().map(|fault| &fault.reason).collect::<Vec<_>>(), [&Reason::Truncated]);
        assert_eq!(items.iter().filter(|item| matches!(item.input.payload, Payload::Gap(_))).count(), 2);
        assert_eq!(trades(&items).len(), 4, "the trades go on");
    }

    #[test]
    fn a_line_that_goes_back_is_dropped_with_its_row() {
        let messages = "34200.2,1,1,5,1000000,1\n34200.1,1,2,5,1000100,1\n34200.3,1,3,5,1000200,1\n";
        let book = "1001000,1,1000000,5\n1001000,1,1000100,5\n1001000,1,1000200,5\n";
        let (items, faults, _) = read(messages.as_bytes(), Some(book.as_bytes()));
        assert_eq!((faults.len(), &faults[0].reason, faults[0].line), (1, &Reason::OutOfOrder, 2));
        assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_order_of_time(
            messages in proptest::collection::vec(any::<u8>(), 0..300),
            book in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)),
            cut in 0_usize..400,
        ) {
            let (items, faults, reader) = read(&messages, book.as_deref());
            prop_assert_eq!(faults.len() as u64, reader.malformed());
            prop_assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
            let packed = zstd::encode_all(MESSAGES.as_bytes(), 1).unwrap();
            let (_, faults, _) = read(&packed[..cut.min(packed.len())], Some(BOOK.as_bytes()));
            prop_assert!(cut >= packed.len() || cut == 0 || !faults.is_empty());
        }
    }
}
