use dbn::encode::EncodeRecord as _;
use dbn::encode::dbn::Encoder;
use dbn::{MappingInterval, Metadata, SType, SymbolMapping, flags};
use proptest::prelude::*;

use super::*;
use alphatrader_model::{Calendar, Quote};

const LAST: u8 = flags::LAST;
const SNAPSHOT: u8 = flags::SNAPSHOT | flags::BAD_TS_RECV;
const BEGIN: u64 = 1_609_160_400_000_000_000;

fn metadata(schema: Schema) -> Metadata {
    let mut metadata = Metadata::builder()
        .dataset("GLBX.MDP3")
        .schema(Some(schema))
        .start(BEGIN)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let date = dbn::record::ts_to_dt(BEGIN).unwrap().date();
    metadata.symbols.push("ESH1".to_owned());
    metadata.mappings.push(SymbolMapping {
        raw_symbol: "ESH1".to_owned(),
        intervals: vec![MappingInterval {
            start_date: date,
            end_date: date.next_day().unwrap(),
            symbol: "5482".to_owned(),
        }],
    });
    metadata
}

fn file<R: dbn::encode::DbnEncodable>(schema: Schema, records: &[R]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, &metadata(schema)).unwrap();
    encoder.encode_records(records).unwrap();
    bytes
}

fn header<T: dbn::HasRType<Header = RecordHeader>>(at: u64) -> RecordHeader {
    RecordHeader::new::<T>(dbn::enums::rtype::MBO, 1, 5_482, BEGIN + at)
}

fn mbo(at: u64, action: char, side: char, id: u64, price: i64, size: u32, flags: u8) -> MboMsg {
    MboMsg {
        hd: header::<MboMsg>(at),
        order_id: id,
        price: price * 250_000_000,
        size,
        flags: FlagSet::new(flags),
        action: action as core::ffi::c_char,
        side: side as core::ffi::c_char,
        ts_recv: BEGIN + at + 500,
        sequence: id as u32,
        ..MboMsg::default()
    }
}

fn read(bytes: Vec<u8>) -> Result<(Vec<Item>, Vec<Reason>, Reader), HistoryError> {
    let calendar = Calendar::xnys();
    let progress = Progress::default();
    let context = Context {
        calendar: &calendar,
        instrument: InstrumentId(3),
        limits: Limits::default(),
        progress: &progress,
    };
    let mut reader = Reader::from_bytes(Path::new("x.dbn"), bytes, SourceId(0), context)?;
    let (mut items, mut faults) = (Vec::new(), Vec::new());
    for item in &mut reader {
        match item {
            Ok(item) => items.push(item),
            Err(fault) => faults.push(fault.reason),
        }
    }
    Ok((items, faults, reader))
}

type Best = Option<(i64, u64)>;

fn quotes(items: &[Item]) -> Vec<(Best, Best)> {
    let plain = |quote: &Quote| {
        let level = |level: alphatrader_model::market::Level| (level.price.raw() / 2_500, level.size.get());
        (quote.bid.map(level), quote.ask.map(level))
    };
    items
        .iter()
        .filter_map(|item| match &item.input.payload {
            Payload::Quote(quote) => Some(plain(quote)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_book_is_told_at_the_end_of_each_event() {
    let records = [
        mbo(0, 'R', 'N', 0, 0, 0, SNAPSHOT),
        mbo(0, 'A', 'B', 1, 100, 5, SNAPSHOT),
        mbo(0, 'A', 'A', 2, 102, 7, SNAPSHOT | LAST),
        // An order that crosses, its trade and what is left of both sides: one event.
        mbo(9, 'T', 'B', 0, 102, 3, 0),
        mbo(9, 'F', 'A', 2, 102, 3, 0),
        mbo(9, 'C', 'A', 2, 102, 3, LAST),
        mbo(20, 'M', 'B', 1, 101, 6, LAST),
        mbo(30, 'C', 'B', 1, 101, 6, LAST),
    ];
    let (items, faults, reader) = read(file(Schema::Mbo, &records)).unwrap();
    assert_eq!((faults, reader.records()["mbo"]), (vec![], 8));
    let expected = [
        (Some((100, 5)), Some((102, 7))),
        (Some((100, 5)), Some((102, 4))),
        (Some((101, 6)), Some((102, 4))),
        (None, Some((102, 4))),
    ];
    assert_eq!(quotes(&items), expected);
    // The snapshot happens when it was received; the trade when the engine says so, before its book.
    assert_eq!(items[0].input.ts_event.nanos() as u64, BEGIN + 500);
    let trade = items.iter().position(|item| matches!(item.input.payload, Payload::Trade(_))).unwrap();
    let Payload::Trade(print) = &items[trade].input.payload else { panic!("a trade") };
    assert_eq!((print.aggressor, print.size.get(), print.instrument), (Some(Side::Buy), 3, InstrumentId(3)));
    assert_eq!(print.venue.unwrap().as_str(), "GLBX");
    assert!(matches!(items[trade + 1].input.payload, Payload::Depth(_)));
    assert_eq!(items.iter().filter(|item| matches!(item.input.payload, Payload::Trade(_))).count(), 1);
}

#[test]
fn a_lost_message_is_a_gap_and_a_fine_price_no_trade() {
    let mut fine = mbo(1, 'T', 'A', 0, 100, 1, LAST);
    fine.price += 1;
    let records = [mbo(0, 'A', 'B', 1, 100, 5, LAST | flags::MAYBE_BAD_BOOK), fine];
    let (items, faults, _) = read(file(Schema::Mbo, &records)).unwrap();
    assert_eq!(faults, [Reason::TooFine("price")]);
    assert_eq!(items.iter().filter(|item| matches!(item.input.payload, Payload::Gap(_))).count(), 2);
}

#[test]
fn a_top_of_book_record_is_its_side() {
    let tob = LAST | flags::TOB;
    let records =
        [mbo(0, 'A', 'B', 0, 100, 5, tob), mbo(1, 'A', 'B', 0, 99, 4, tob), mbo(2, 'A', 'B', 0, 0, 0, tob)];
    let mut records = records;
    records[2].price = UNDEF_PRICE;
    let (items, ..) = read(file(Schema::Mbo, &records)).unwrap();
    assert_eq!(quotes(&items), [(Some((100, 5)), None), (Some((99, 4)), None), (None, None)]);
}

#[test]
fn trades_of_a_window_are_told_alone() {
    let trade = |at: u64, side: char| TradeMsg {
        hd: RecordHeader::new::<TradeMsg>(dbn::enums::rtype::MBP_0, 1, 5_482, BEGIN + at),
        price: 3_720_250_000_000,
        size: 5,
        action: b'T' as core::ffi::c_char,
        side: side as core::ffi::c_char,
        ts_recv: BEGIN + at,
        ..TradeMsg::default()
    };
    let records = [trade(0, 'A'), trade(10, 'B'), trade(9, 'N'), trade(20, 'A')];
    let bytes = file(Schema::Trades, &records);
    let (items, ..) = read(bytes.clone()).unwrap();
    let sides: Vec<_> = items
        .iter()
        .map(|item| match item.input.payload {
            Payload::Trade(trade) => (item.input.ts_event.nanos() as u64 - BEGIN, trade.aggressor),
            _ => panic!("trades alone"),
        })
        .collect();
    assert_eq!(sides, [(0, Some(Side::Sell)), (10, Some(Side::Buy)), (10, None), (20, Some(Side::Sell))]);

    let calendar = Calendar::xnys();
    let progress = Progress::default();
    let context = Context {
        calendar: &calendar,
        instrument: InstrumentId(0),
        limits: Limits::default(),
        progress: &progress,
    };
    let at = |nanos: u64| Timestamp::from_nanos((BEGIN + nanos) as i64);
    let open = || Reader::from_bytes(Path::new("x.dbn"), bytes.clone(), SourceId(0), context).unwrap();
    assert_eq!(open().between(at(5), at(20)).count(), 2);
    let es = Symbol::new("ESH1").unwrap();
    assert_eq!(open().only([(es, InstrumentId(9))]).count(), 4);
    assert_eq!(open().only([(Symbol::new("SPY").unwrap(), InstrumentId(9))]).count(), 0);
}

#[test]
fn old_versions_and_other_files_are_told_apart() {
    let mut bytes = file(Schema::Mbo, &[mbo(0, 'A', 'B', 1, 100, 5, LAST)]);
    assert_eq!(read(zstd::encode_all(&bytes[..], 1).unwrap()).unwrap().0.len(), 2);
    let cut = bytes.len() - 7;
    assert_eq!(read(bytes[..cut].to_vec()).unwrap().1, [Reason::Truncated]);
    bytes[3] = 9;
    let why = read(bytes).err().unwrap().to_string();
    assert!(why.contains("versions 1 to 3"), "{why}");
    assert!(
        read(b"DBN".to_vec()).is_err() && read(Vec::new()).is_err() && read(b"date,x\n".to_vec()).is_err()
    );
}

#[test]
fn a_record_of_an_odd_length_ends_the_file() {
    let records = [mbo(0, 'A', 'B', 1, 100, 5, LAST), mbo(1, 'A', 'B', 2, 100, 5, LAST)];
    let mut bytes = file(Schema::Mbo, &records);
    let first = bytes.len() - 2 * size_of::<MboMsg>();
    assert_eq!(bytes[first], 14, "words of four bytes");
    bytes[first] = 13;
    let (items, faults, _) = read(bytes).unwrap();
    assert_eq!((items.len(), faults), (0, vec![Reason::Damaged("a record of an odd length")]));
}

proptest! {
    #[test]
    fn any_bytes_end_in_order_of_time(
        mut tail in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0_usize..1_000,
        damage in any::<u8>(),
        cut in 0_usize..1_000,
    ) {
        let records: Vec<MboMsg> =
            (0..8).map(|n| mbo(n, ['A', 'C', 'M', 'T'][n as usize % 4], 'B', n % 3, 100, 5, LAST)).collect();
        let mut whole = file(Schema::Mbo, &records);
        let place = at % whole.len();
        whole[place] = damage;
        let mut glued = file(Schema::Mbo, &records[..2]);
        glued.append(&mut tail);
        let short = whole[..cut.min(whole.len())].to_vec();
        for bytes in [whole, glued, short] {
            if let Ok((items, ..)) = read(bytes) {
                prop_assert!(items.windows(2).all(|pair| pair[0].input.ts_event <= pair[1].input.ts_event));
            }
        }
    }
}
