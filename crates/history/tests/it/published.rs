//! Databento's, LOBSTER's and TAQ's files: found, inspected and played from folders that are made here.

use std::path::Path;

use alphatrader_history::{Days, HistoryError, Item, Progress, Rebuild, inspect, locate};
use alphatrader_model::{Calendar, InstrumentId, Payload, Side, Symbol};
use dbn::encode::EncodeRecord as _;
use dbn::{MappingInterval, MboMsg, Metadata, SType, Schema, SymbolMapping, TradeMsg};
use jiff::civil::{Date, date};

use crate::making::put;

const DAY: Date = date(2024, 7, 1);
/// 09:30 in New York.
const OPEN: u64 = 1_719_840_600_000_000_000;
const BOOK: &str = "1001000,9,1000000,50\n1001000,9,1000000,30\n";
const MESSAGES: &str = "34200.1,1,7,50,1000000,1\n34200.2,4,7,20,1000000,1\n";
const TRADES: &str = "DT,EX,SYMBOL,COND,SIZE,PRICE,CORR
2024-07-01T13:30:00.1Z,P,XXX,F,200,157.8,0
2024-07-01T13:30:00.2Z,D,XXX,4 B,100,157.81,0
";
const QUOTES: &str = "DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL
2024-07-01T13:30:00Z,P,157.70,1,157.80,3,XXX
";

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// A file of two instruments: 5 is ESU4, 6 is NQU4.
fn dbn_file<R: dbn::encode::DbnEncodable>(schema: Schema, records: &[R]) -> Vec<u8> {
    let mut metadata = Metadata::builder()
        .dataset("GLBX.MDP3")
        .schema(Some(schema))
        .start(OPEN)
        .end(std::num::NonZeroU64::new(OPEN + 3_600_000_000_000))
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let day = dbn::record::ts_to_dt(OPEN).unwrap().date();
    for (name, number) in [("ESU4", "5"), ("NQU4", "6")] {
        let interval =
            MappingInterval { start_date: day, end_date: day.next_day().unwrap(), symbol: number.to_owned() };
        metadata.mappings.push(SymbolMapping { raw_symbol: name.to_owned(), intervals: vec![interval] });
    }
    let mut bytes = Vec::new();
    let mut encoder = dbn::encode::dbn::Encoder::new(&mut bytes, &metadata).unwrap();
    encoder.encode_records(records).unwrap();
    zstd::encode_all(&bytes[..], 3).unwrap()
}

fn order(number: u32, at: u64, action: char, side: char, id: u64, price: i64, size: u32) -> MboMsg {
    MboMsg {
        hd: dbn::RecordHeader::new::<MboMsg>(dbn::enums::rtype::MBO, 1, number, OPEN + at),
        order_id: id,
        price: price * 1_000_000_000,
        size,
        flags: dbn::FlagSet::new(dbn::flags::LAST),
        action: action as core::ffi::c_char,
        side: side as core::ffi::c_char,
        ts_recv: OPEN + at,
        sequence: 100 + id as u32,
        ..MboMsg::default()
    }
}

fn orders() -> Vec<MboMsg> {
    vec![
        order(5, 0, 'A', 'B', 1, 5_500, 10),
        order(6, 1, 'A', 'B', 1, 20_000, 3),
        order(5, 2, 'A', 'A', 2, 5_501, 4),
        order(5, 3, 'T', 'B', 0, 5_501, 1),
        order(5, 3, 'C', 'A', 2, 5_501, 1),
    ]
}

/// All kinds in one folder.
fn market(root: &Path) {
    put(root, "lobster/ABC_2024-07-01_34200000_57600000_message_1.csv", MESSAGES.as_bytes());
    put(root, "lobster/ABC_2024-07-01_34200000_57600000_orderbook_1.csv", BOOK.as_bytes());
    put(root, "taq/XXX_trades.csv.zst", &zstd::encode_all(TRADES.as_bytes(), 3).unwrap());
    put(root, "taq/XXX_quotes.csv", QUOTES.as_bytes());
    put(root, "databento/es.mbo.dbn.zst", &dbn_file(Schema::Mbo, &orders()));
    let trade = TradeMsg {
        hd: dbn::RecordHeader::new::<TradeMsg>(dbn::enums::rtype::MBP_0, 1, 5, OPEN),
        price: 5_500_000_000_000,
        size: 1,
        action: b'T' as core::ffi::c_char,
        side: b'A' as core::ffi::c_char,
        ts_recv: OPEN,
        ..TradeMsg::default()
    };
    let tbbo = dbn::Mbp1Msg {
        hd: dbn::RecordHeader::new::<dbn::Mbp1Msg>(dbn::enums::rtype::MBP_1, 1, 5, OPEN),
        ..dbn::Mbp1Msg::default()
    };
    put(root, "databento/es.trades.dbn.zst", &dbn_file(Schema::Trades, &[trade]));
    put(root, "databento/es.tbbo.dbn.zst", &dbn_file(Schema::Tbbo, &[tbbo]));
}

#[test]
fn every_kind_is_inspected() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let reports: Vec<_> = inspect(root.path(), &Calendar::xnys()).unwrap().collect();
    let kinds: Vec<&str> = reports.iter().map(|report| report.kind).collect();
    let expected = [
        "dbn-mbo",
        "dbn-tbbo",
        "dbn-trades",
        "lobster-message",
        "lobster-orderbook",
        "taq-quote",
        "taq-trade",
    ];
    assert_eq!(kinds, expected);
    assert!(reports.iter().all(|report| report.malformed == 0), "{reports:?}");
    let mbo = &reports[0];
    assert_eq!(
        (mbo.symbols.as_slice(), mbo.records["mbo"]),
        (&["ESU4".to_owned(), "NQU4".to_owned()][..], 5)
    );
    assert_eq!(mbo.first.unwrap().to_string(), "2024-07-01T13:30:00Z");
    let trades = mbo.trades.unwrap();
    assert_eq!((trades.count, trades.buy, trades.volume), (Some(1), Some(1), 1));
    assert!(reports[1].reason.as_deref().unwrap().contains("tbbo is known but not played"));
    assert_eq!((reports[3].records["new"], reports[3].records["execution"]), (1, 1));
    assert_eq!((reports[3].symbol, reports[4].records["row"]), (Some(symbol("ABC")), 2));
    assert_eq!(reports[6].trades.unwrap().volume, 300);
    assert_eq!(reports[6].last.unwrap().to_string(), "2024-07-01T13:30:00.2Z");
}

#[test]
fn a_symbols_day_is_found_among_all_kinds_the_finest_first() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let kinds = |name: &str| {
        let located = locate(root.path(), symbol(name), DAY).unwrap();
        let name = |chosen: &Option<alphatrader_history::Chosen>| chosen.as_ref().map(|c| c.kind.name());
        (name(&located.trades), name(&located.quotes), located.passed_over.len(), located.to_string())
    };
    let (trades, quotes, over, line) = kinds("ESU4");
    assert_eq!((trades, quotes, over), (Some("dbn-mbo"), Some("dbn-mbo"), 1));
    assert!(line.starts_with("ESU4 2024-07-01: DBN mbo from "), "{line}");
    let (trades, quotes, over, _) = kinds("ABC");
    assert_eq!((trades, quotes, over), (Some("lobster-message"), Some("lobster-message"), 0));
    let (trades, quotes, over, _) = kinds("XXX");
    assert_eq!((trades, quotes, over), (Some("taq-trade"), Some("taq-quote"), 0));
    let Err(HistoryError::NotFound { found, .. }) = locate(root.path(), symbol("SPY"), DAY) else {
        panic!("there is no SPY")
    };
    assert_eq!(found.symbols, [symbol("ABC"), symbol("ESU4"), symbol("NQU4"), symbol("XXX")]);
}

#[test]
fn a_day_of_all_kinds_is_played_in_one_order() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let days = Days::of(root.path(), &Calendar::xnys()).unwrap();
    let (day, symbols) = days.iter().next().unwrap();
    assert_eq!((day, symbols.len(), days.iter().count()), (DAY, 4, 1));
    let play = days.play(DAY, &[], &Progress::default()).unwrap();
    let names: Vec<String> = play.instruments.iter().map(|i| i.underlying.to_string()).collect();
    assert_eq!(names, ["ABC", "ESU4", "NQU4", "XXX"]);
    let items: Vec<Item> = play.map(Result::unwrap).collect();
    assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
    let traded = |id: u32| {
        let of = |item: &&Item| matches!(&item.input.payload, Payload::Trade(t) if t.instrument == InstrumentId(id));
        items.iter().filter(of).count()
    };
    assert_eq!([traded(0), traded(1), traded(2), traded(3)], [1, 1, 0, 2]);
    let quoted = items.iter().filter(|item| matches!(item.input.payload, Payload::Quote(_))).count();
    assert_eq!(quoted, 2 + 3 + 1 + 1, "each touch once: {items:?}");
    // One symbol of a file of several.
    let play = days.play(DAY, &[symbol("NQU4")], &Progress::default()).unwrap();
    assert_eq!(
        play.map(Result::unwrap).filter(|item| matches!(item.input.payload, Payload::Quote(_))).count(),
        1
    );
}

#[test]
fn a_book_is_rebuilt_record_by_record() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let calendar = Calendar::xnys();
    let progress = Progress::default();
    let open =
        |path: &str, symbol| Rebuild::open(&root.path().join(path), symbol, None, &calendar, &progress);
    let why = open("databento", None).err().unwrap().to_string();
    assert!(why.contains("ESU4 2024-07-01, NQU4 2024-07-01"), "{why}");
    let why = open("databento/es.mbo.dbn.zst", None).err().unwrap().to_string();
    assert!(why.contains("--symbol: ESU4, NQU4"), "{why}");
    let why = open("databento/es.trades.dbn.zst", Some("ESU4")).err().unwrap().to_string();
    assert!(why.contains("rebuilt from mbo"), "{why}");

    let mut rebuild = open("databento", Some("esu4")).unwrap();
    let mut rows = Vec::new();
    while let Some(step) = rebuild.next() {
        let step = step.unwrap();
        let best = |side| rebuild.book().best(side).map(|level| (level.price / 1_000_000_000, level.size));
        rows.push((step.action, step.sequence, best(Side::Buy), best(Side::Sell)));
    }
    let expected = [
        (b'A', 101, Some((5_500, 10)), None),
        (b'A', 102, Some((5_500, 10)), Some((5_501, 4))),
        (b'T', 100, Some((5_500, 10)), Some((5_501, 4))),
        (b'C', 102, Some((5_500, 10)), Some((5_501, 3))),
    ];
    assert_eq!(rows, expected);

    let mut rebuild = open("lobster", None).unwrap();
    let steps: Vec<_> = rebuild.by_ref().map(Result::unwrap).collect();
    assert_eq!((steps[1].action, steps[1].side, steps[1].sequence), (b'F', b'B', 2));
    assert_eq!(rebuild.agreement().unwrap().all, 2);
    assert_eq!(rebuild.book().order(7).unwrap().2, 30);
}

#[test]
fn a_level_that_comes_into_view_is_the_vendors_unless_only_the_seed_is_wanted() {
    let root = tempfile::tempdir().unwrap();
    // The order at 99 was entered below the one level that is told.
    let messages = "34200.1,1,7,50,1000000,1\n34200.2,3,7,50,1000000,1\n";
    let book = "1001000,9,1000000,50\n1001000,9,990000,8\n";
    let path = put(root.path(), "ABC_2024-07-01_34200000_57600000_message_1.csv", messages.as_bytes());
    put(root.path(), "ABC_2024-07-01_34200000_57600000_orderbook_1.csv", book.as_bytes());
    let open = || Rebuild::open(&path, None, None, &Calendar::xnys(), &Progress::default()).unwrap();
    let (mut with, mut without) = (open(), open().seed_only());
    assert_eq!((with.by_ref().count(), without.by_ref().count()), (2, 2));
    let bid = with.book().best(Side::Buy).unwrap();
    assert_eq!((bid.price, bid.size, bid.orders), (990_000, 8, 0));
    assert_eq!(without.book().best(Side::Buy), None);
    assert_eq!((with.levels(), without.levels()), (Some(1), None));
    assert_eq!((with.agreement().unwrap().touch, with.agreement().unwrap().settled), (1, 1));
}
