//! Recorded days of LOBSTER, Databento and TAQ, held against what the vendor's own book, or another file of
//! the same minutes, says. Skipped where the recordings are not at hand.

use std::path::{Path, PathBuf};

use alphatrader_analytics::book::Book;
use alphatrader_history::{Context, Item, Limits, Progress, Reader, Rebuild, SourceId};
use alphatrader_model::features::BookState;
use alphatrader_model::market::TradeFlags;
use alphatrader_model::{Calendar, InstrumentId, Payload, Quote, Side, Trade};

/// The folder of the recordings; nothing, and a line that says so, where it is absent.
fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if data.join("lobster").is_dir() && data.join("databento").is_dir() {
        return Some(data);
    }
    println!("skipped: recorded data absent");
    None
}

/// All items of a file, none of it malformed.
fn items(path: &Path) -> Vec<Item> {
    let (calendar, progress) = (Calendar::xnys(), Progress::default());
    let context = Context {
        calendar: &calendar,
        instrument: InstrumentId(0),
        limits: Limits::default(),
        progress: &progress,
    };
    let items: Vec<Item> = Reader::open(path, SourceId(0), context).unwrap().map(Result::unwrap).collect();
    assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
    items
}

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let plain =
        if path.extension().unwrap() == "zst" { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
    String::from_utf8(plain).unwrap()
}

fn trades(items: &[Item]) -> Vec<Trade> {
    let of = |item: &Item| match item.input.payload {
        Payload::Trade(trade) => Some(trade),
        _ => None,
    };
    items.iter().filter_map(of).collect()
}

const AAPL_10: &str = "lobster/AAPL_2012-06-21_34200000_57600000_message_10.csv";
const AAPL_50: &str = "lobster/AAPL_2012-06-21_34200000_37800000_message_50.csv.zst";
const AMZN: &str = "lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst";

/// Built from the first row of a book of ten levels and the messages of fifty, the first ten levels are the
/// vendor's after each of the 999 messages that both files have.
#[test]
fn recorded_aapl_is_rebuilt_order_by_order_as_the_vendors_book() {
    let Some(data) = data() else { return };
    let (messages, book) =
        (text(&data.join(AAPL_10)), text(&data.join(AAPL_10.replace("message", "orderbook"))));
    // The files print the same time with more or fewer digits.
    let key = |line: &str| {
        let (time, rest) = line.split_once(',').unwrap();
        ((time.parse::<f64>().unwrap() * 1e6).round() as i64, rest.to_owned())
    };
    let mut wanted = messages.lines().map(key).zip(book.lines()).peekable();
    let deep = text(&data.join(AAPL_50));
    let calendar = Calendar::xnys();
    let mut rebuild =
        Rebuild::open(&data.join(AAPL_50), None, None, &calendar, &Progress::default()).unwrap();
    assert_eq!(rebuild.seed(), Some(data.join(AAPL_10.replace("message", "orderbook")).as_path()));
    let (mut same, mut rows) = (0, 0);
    for line in deep.lines() {
        rebuild.next().unwrap().unwrap();
        rows += 1;
        if wanted.peek().is_none_or(|(wanted, _)| *wanted != key(line)) {
            continue;
        }
        let (_, row) = wanted.next().unwrap();
        let row: Vec<i64> = row.split(',').map(|field| field.parse().unwrap()).collect();
        let is = |side, at: usize| {
            let levels = rebuild.book().levels(side).take(10).map(|level| (level.price, level.size as i64));
            levels.eq(row.chunks(4).map(|level| (level[at], level[at + 1])))
        };
        same += usize::from(is(Side::Sell, 0) && is(Side::Buy, 2));
    }
    assert_eq!((same, wanted.count(), rows), (999, 0, 91_997));
}

/// The day as items: counts of the vendor's page, and the touch after each line the vendor's.
#[test]
fn recorded_amzn_has_the_vendors_touch_after_each_event() {
    let Some(data) = data() else { return };
    let items = items(&data.join(AMZN));
    let book = text(&data.join(AMZN.replace("message", "orderbook")));
    let rows: Vec<Vec<i64>> = book
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|field| field.parse().unwrap()).collect())
        .collect();
    assert_eq!(rows.len(), 57_515);
    // Quotes change where the vendor's touch does, and nowhere else.
    let mut quotes = items.iter().filter_map(|item| match item.input.payload {
        Payload::Quote(quote) => Some((item.line, quote)),
        _ => None,
    });
    let mut touch: Option<Quote> = None;
    let mut next = quotes.next();
    for (at, row) in rows.iter().enumerate() {
        if let Some((line, quote)) = next
            && line == at as u64 + 2
        {
            (touch, next) = (Some(quote), quotes.next());
        }
        let quote = touch.unwrap();
        let (bid, ask) = (quote.bid.unwrap(), quote.ask.unwrap());
        let told = [ask.price.raw(), ask.size.get() as i64, bid.price.raw(), bid.size.get() as i64];
        assert_eq!(told[..], row[..4], "line {}", at + 2);
    }
    assert_eq!(next, None);

    let trades = trades(&items);
    let hidden: Vec<&Trade> = trades.iter().filter(|t| t.flags.contains(TradeFlags::HIDDEN)).collect();
    assert_eq!((trades.len() - hidden.len(), hidden.len()), (8_974, 2_445));
    let volume = |trades: &mut dyn Iterator<Item = &Trade>| trades.map(|t| t.size.get()).sum::<u64>() as f64;
    let share = volume(&mut hidden.iter().copied()) / volume(&mut trades.iter());
    assert!((0.235..0.245).contains(&share), "{share}");
}

/// Each visible execution of AMZN is at the touch of the line before, on the side that its aggressor takes.
#[test]
fn recorded_amzn_executions_are_at_the_touch_they_met() {
    let Some(data) = data() else { return };
    let mut touch: Option<Quote> = None;
    let mut at_touch = 0;
    for item in items(&data.join(AMZN)) {
        match item.input.payload {
            Payload::Quote(quote) => touch = Some(quote),
            Payload::Trade(trade) if trade.flags == TradeFlags::NONE => {
                let quote = touch.unwrap();
                let met = if trade.aggressor == Some(Side::Buy) { quote.ask } else { quote.bid };
                at_touch += u64::from(met.unwrap().price == trade.price);
            }
            _ => {}
        }
    }
    assert_eq!(at_touch, 8_974);
}

/// The depth edits of the pair, applied one by one, are the vendor's ten rows.
#[test]
fn recorded_aapl_edits_make_the_vendors_rows() {
    let Some(data) = data() else { return };
    let mut book = Book::default();
    for item in items(&data.join(AAPL_10)) {
        if let Payload::Depth(edit) = &item.input.payload {
            book.apply(edit);
        }
    }
    let last = text(&data.join(AAPL_10.replace("message", "orderbook")));
    let last: Vec<i64> = last.lines().last().unwrap().split(',').map(|f| f.parse().unwrap()).collect();
    assert_eq!(book.state(), BookState::Valid);
    for (rows, at) in [(book.asks(), 0), (book.bids(), 2)] {
        let rows: Vec<(i64, i64)> =
            rows.iter().map(|row| (row.level.price.raw(), row.level.size.get() as i64)).collect();
        let expected: Vec<(i64, i64)> = last.chunks(4).map(|level| (level[at], level[at + 1])).collect();
        assert_eq!(rows, expected);
    }
    let counts = book.counts();
    assert_eq!((counts.out_of_range, counts.not_monotonic, counts.bad_value), (0, 0, 0));
}

/// The same four minutes of a future in two schemas: the trades of one are those of the other.
#[test]
fn recorded_futures_have_the_same_trades_in_two_schemas() {
    let Some(data) = data() else { return };
    let of = |name: &str| -> Vec<(i64, i64, u64, Option<Side>)> {
        let items = items(&data.join("databento").join(name));
        let plain = |item: &Item| match item.input.payload {
            Payload::Trade(t) => {
                Some((item.input.ts_event.nanos(), t.price.raw(), t.size.get(), t.aggressor))
            }
            _ => None,
        };
        items.iter().filter_map(plain).collect()
    };
    let trades = of("es_20240701.trades.dbn.zst");
    assert_eq!(trades.len(), 120);
    // The book's records are clamped to the order in which they were received, trades among them.
    let plain = |all: Vec<(i64, i64, u64, Option<Side>)>| -> Vec<(i64, u64, Option<Side>)> {
        all.into_iter().map(|(_, price, size, side)| (price, size, side)).collect()
    };
    assert_eq!(plain(of("es_20240701.mbp-1.dbn.zst")), plain(trades));
}

/// A snapshot of a future's whole book: 8 725 orders, one event, told when it was received.
#[test]
fn recorded_snapshot_of_a_future_is_one_book() {
    let Some(data) = data() else { return };
    let path = data.join("databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst");
    let calendar = Calendar::xnys();
    let mut rebuild = Rebuild::open(&path, Some("ESH4"), None, &calendar, &Progress::default()).unwrap();
    assert_eq!(rebuild.by_ref().map(Result::unwrap).count(), 8_725);
    assert_eq!(rebuild.book().resting(), 8_725);
    let best = |side| rebuild.book().best(side).map(|l| (l.price / 1_000_000, l.size, l.orders)).unwrap();
    assert_eq!((best(Side::Buy), best(Side::Sell)), ((4_799_000, 16, 4), (4_799_500, 23, 4)));
    let items = items(&path);
    let quotes = items.iter().filter(|item| matches!(item.input.payload, Payload::Quote(_))).count();
    assert_eq!((quotes, items.len()), (1, 21), "ten rows of each side and the touch");
}

/// The consolidated prints and quotes of a day: every line is read.
#[test]
fn recorded_taq_is_read_to_the_last_line() {
    let Some(data) = data() else { return };
    let prints = trades(&items(&data.join("taq/XXX_20180102_trades_raw.csv.zst")));
    assert_eq!(prints.len(), 39_470);
    let odd = prints.iter().filter(|t| t.flags.contains(TradeFlags::ODD_LOT)).count();
    assert_eq!(odd, 17_592, "the lines whose condition has an I");
    let quotes = items(&data.join("taq/XXX_20180102_quotes_raw.csv.zst"));
    let mut book = Book::default();
    for item in &quotes {
        if let Payload::Depth(edit) = &item.input.payload {
            book.apply(edit);
        }
    }
    let counts = book.counts();
    assert_eq!((counts.out_of_range, counts.not_monotonic, counts.bad_value), (0, 0, 0));
    assert!(counts.applied > 66_000, "{counts:?}");
}
