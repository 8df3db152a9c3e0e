//! Records a second of feeds of single orders, decoding included: DBN mbo and LOBSTER, as items and as a
//! rebuilt book, on a day that is made here. Prints figures; compares nothing.

#![allow(missing_docs, reason = "a program, not an interface")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use alphatrader_history::{Context, Limits, Progress, Reader, Rebuild, SourceId};
use alphatrader_model::{Calendar, InstrumentId};
use dbn::encode::EncodeRecord as _;
use dbn::{FlagSet, MboMsg, Metadata, RecordHeader, SType, Schema};

/// Each case runs this long; the best pass counts.
const LONG: Duration = Duration::from_secs(3);
/// Orders of the day: each comes, and goes a hundred orders later.
const ORDERS: u64 = 250_000;
const BEGIN: u64 = 1_340_285_400_000_000_000;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dbn = folder.path().join("x.mbo.dbn");
    std::fs::write(&dbn, mbo()).expect("a file is written");
    let lobster = folder.path().join("ABC_2012-06-21_34200000_57600000_message_50.csv");
    std::fs::write(&lobster, messages()).expect("a file is written");
    for (name, path) in [("DBN mbo", &dbn), ("LOBSTER messages", &lobster)] {
        case(&format!("{name}, rebuilt book"), || rebuilt(path));
        case(&format!("{name}, items"), || items(path));
    }
}

fn case(name: &str, pass: impl Fn() -> u64) {
    let (begin, mut best, mut records) = (Instant::now(), f64::MAX, 0);
    while begin.elapsed() < LONG {
        let one = Instant::now();
        records = pass();
        best = best.min(one.elapsed().as_secs_f64());
    }
    println!("{name}: {records} records, {:.2} million records/s", records as f64 / best / 1e6);
}

fn rebuilt(path: &Path) -> u64 {
    let rebuild = Rebuild::open(path, None, None, &Calendar::xnys(), &Progress::default()).expect("a book");
    rebuild.map(|step| u64::from(std::hint::black_box(step).is_ok())).sum()
}

fn items(path: &Path) -> u64 {
    let (calendar, progress) = (Calendar::xnys(), Progress::default());
    let context = Context {
        calendar: &calendar,
        instrument: InstrumentId(0),
        limits: Limits::default(),
        progress: &progress,
    };
    let mut reader = Reader::open(path, SourceId(0), context).expect("a file that was made opens");
    for item in &mut reader {
        std::hint::black_box(&item);
    }
    reader.records().values().sum()
}

/// What happens: an order, its side, its price in cents from 100 dollars, and whether it comes.
fn events() -> impl Iterator<Item = (u64, bool, i64, bool)> {
    let of = |id: u64| {
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let buys = mixed & 1 == 1;
        let away = 1 + (mixed >> 1) as i64 % 30;
        (id, buys, if buys { -away } else { away })
    };
    let at = move |(id, buys, cents): (u64, bool, i64), comes| (id, buys, cents, comes);
    (1..=ORDERS + 100).flat_map(move |id| {
        let comes = (id <= ORDERS).then(|| at(of(id), true));
        let goes = (id > 100).then(|| at(of(id - 100), false));
        comes.into_iter().chain(goes)
    })
}

fn mbo() -> Vec<u8> {
    let metadata = Metadata::builder()
        .dataset("XNAS.ITCH")
        .schema(Some(Schema::Mbo))
        .start(BEGIN)
        .stype_in(Some(SType::RawSymbol))
        .stype_out(SType::InstrumentId)
        .build();
    let mut bytes = Vec::new();
    let mut encoder = dbn::encode::dbn::Encoder::new(&mut bytes, &metadata).expect("metadata are written");
    for (at, (id, buys, cents, comes)) in events().enumerate() {
        let time = BEGIN + at as u64 * 1_000;
        let record = MboMsg {
            hd: RecordHeader::new::<MboMsg>(dbn::enums::rtype::MBO, 2, 7, time),
            order_id: id,
            price: (10_000 + cents) * 10_000_000,
            size: 100,
            flags: FlagSet::new(dbn::flags::LAST),
            action: (if comes { b'A' } else { b'C' }) as core::ffi::c_char,
            side: (if buys { b'B' } else { b'A' }) as core::ffi::c_char,
            ts_recv: time,
            ..MboMsg::default()
        };
        encoder.encode_record(&record).expect("a record is written");
    }
    bytes
}

fn messages() -> String {
    let mut text = String::new();
    for (at, (id, buys, cents, comes)) in events().enumerate() {
        let (kind, side) = (if comes { 1 } else { 3 }, if buys { 1 } else { -1 });
        let (seconds, micros) = (34_200 + at / 1_000_000, at % 1_000_000);
        let price = (10_000 + cents) * 100;
        writeln!(text, "{seconds}.{micros:06},{kind},{id},100,{price},{side}").expect("a string grows");
    }
    text
}
