//! Recorded days: what the readers say of one file is held against what another file of the same
//! day says. Skipped where the recordings are not at hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alphatrader_history::lean::Reader;
use alphatrader_history::lean::reader::Context;
use alphatrader_history::{Item, Limits, Progress, SourceId, inspect, locate};
use alphatrader_model::market::{Quote, TradeFlags};
use alphatrader_model::{Bar, Calendar, InstrumentId, Payload, Price, Span, Symbol, Timestamp, Trade};
use jiff::civil::date;

/// The folder of the recordings; nothing, and a line that says so, where it is absent.
fn lean() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let lean = data.join("lean");
    if lean.is_dir() {
        return Some(lean);
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
    let reader = Reader::open(path, SourceId(0), context).unwrap();
    let items: Vec<Item> = reader.map(Result::unwrap).collect();
    assert_eq!(progress.read(), progress.total());
    items
}

fn trades(items: &[Item]) -> impl Iterator<Item = (Timestamp, Trade)> + '_ {
    items.iter().map(|item| match item.input.payload {
        Payload::Trade(trade) => (item.input.ts_event, trade),
        ref other => panic!("no trade: {other:?}"),
    })
}

fn bars(items: &[Item]) -> impl Iterator<Item = (Timestamp, Bar)> + '_ {
    items.iter().map(|item| match item.input.payload {
        Payload::Bar(bar) => (item.input.ts_event, bar),
        ref other => panic!("no bar: {other:?}"),
    })
}

fn quotes(items: &[Item]) -> impl Iterator<Item = (Timestamp, Quote)> + '_ {
    items.iter().map(|item| match item.input.payload {
        Payload::Quote(quote) => (item.input.ts_event, quote),
        ref other => panic!("no quote: {other:?}"),
    })
}

/// The end of the second that an instant lies in.
fn second_of(at: Timestamp) -> Timestamp {
    at.floor_to(Span::SECOND) + Span::SECOND
}

/// What the ticks of a second say.
#[derive(Default)]
struct Second {
    volume: u64,
    low: Option<Price>,
    high: Option<Price>,
}

#[test]
fn recorded_trade_ticks_and_second_bars_tell_the_same_day() {
    let Some(lean) = lean() else { return };
    let ticks = items(&lean.join("equity/usa/tick/spy/20131007_trade.zip"));
    let rows = items(&lean.join("equity/usa/second/spy/20131007_trade.zip"));
    assert_eq!((ticks.len(), rows.len()), (250_601, 16_675));

    let mut seconds: BTreeMap<Timestamp, Second> = BTreeMap::new();
    let (mut all, mut counted) = (0, 0);
    let official = TradeFlags::AUCTION.with(TradeFlags::NOT_LAST);
    for (at, trade) in trades(&ticks) {
        let size = trade.size.get();
        all += size;
        let second = seconds.entry(second_of(at)).or_default();
        second.low = Some(second.low.map_or(trade.price, |low| low.min(trade.price)));
        second.high = Some(second.high.map_or(trade.price, |high| high.max(trade.price)));
        if !trade.flags.contains(official) {
            counted += size;
            second.volume += size;
        }
    }
    assert_eq!(all, 97_062_721);

    // A bar at its end lies over the ticks of the second before it, in time and in price.
    let (mut volume, mut equal, mut outside) = (0, 0, 0);
    for (end, bar) in bars(&rows) {
        let second = seconds.get(&end).unwrap_or_else(|| panic!("a bar without ticks at {end}"));
        let inside = second.low.unwrap() <= bar.low && bar.high <= second.high.unwrap();
        outside += u64::from(!inside);
        volume += bar.volume.get();
        equal += u64::from(second.volume == bar.volume.get());
    }
    assert_eq!(volume, 92_720_576);
    // The last bar before 16:00 already has the price of the closing auction, printed just after.
    assert_eq!(outside, 1);
    // The bars carry the volume of prints that set no price into a later bar, or drop it: 1 %.
    assert!(counted >= volume && counted - volume < volume / 100, "{counted} {volume}");
    assert!(equal > 14_000, "{equal} of {} bars have the very volume of their ticks", rows.len());
}

#[test]
fn recorded_quote_ticks_and_second_quotes_tell_the_same_day() {
    let Some(lean) = lean() else { return };
    let ticks = items(&lean.join("equity/usa/tick/bac/20131007_quote.zip"));
    let rows = items(&lean.join("equity/usa/second/bac/20131007_quote.zip"));
    assert_eq!(rows.len(), 18_817);
    // 476 855 lines: nearly each bid has its ask behind it.
    assert!(ticks.len() < 240_000, "{}", ticks.len());
    let mut ticks = quotes(&ticks).peekable();
    let mut last = None;
    for (end, quote) in quotes(&rows) {
        while let Some((_, tick)) = ticks.next_if(|(at, _)| second_of(*at) <= end) {
            last = Some(tick);
        }
        assert_eq!(last, Some(quote), "{end}");
    }
}

#[test]
fn recorded_day_of_spy_is_found_and_merges_in_order() {
    let Some(lean) = lean() else { return };
    let spy = Symbol::new("SPY").unwrap();
    let located = locate(&lean, spy, date(2013, 10, 7)).unwrap();
    let progress = Progress::default();
    let mut merge = located.open(&Calendar::xnys(), InstrumentId(0), &progress).unwrap();
    let mut before = None;
    for next in &mut merge {
        let key = Some(next.unwrap().key());
        assert!(before < key, "{before:?} {key:?}");
        before = key;
    }
    assert_eq!(merge.counts().items, 250_601 + 27_409);
    assert_eq!(merge.counts().malformed, 0);
    assert_eq!(progress.read(), progress.total());
    let told = locate(&lean, spy, date(2013, 10, 9)).unwrap_err().to_string();
    assert!(told.contains("2013-10-04, 2013-10-07, 2013-10-08"), "{told}");
}

#[test]
fn recorded_files_are_all_reported() {
    let Some(lean) = lean() else { return };
    let calendar = Calendar::xnys();
    // Every kind of file, not every file: most of the bytes are more of the same ticks.
    let folders = ["alternative", "equity/usa/daily", "equity/usa/minute", "equity/usa/second/spy"];
    let more =
        ["equity/usa/tick/ibm", "equity/usa/tick/spy/20131007_trade.zip", "index", "indexoption", "option"];
    let folders = folders.iter().chain(&more).map(|folder| lean.join(folder));
    let reports: Vec<_> = folders.flat_map(|folder| inspect(&folder, &calendar).unwrap()).collect();
    let of = |name: &str| reports.iter().find(|report| report.file.ends_with(name)).unwrap();

    let spy = of("tick/spy/20131007_trade.zip");
    assert_eq!(spy.records.get("trade"), Some(&250_601));
    let trades = spy.trades.unwrap();
    assert_eq!((trades.count, trades.unknown, trades.volume), (Some(250_601), Some(250_601), 97_062_721));
    assert_eq!(of("tick/ibm/20131007_quote.zip").records.get("quote"), Some(&109_067));
    assert_eq!(of("minute/spy/20131007_quote.zip").kind, "lean-equity-minute-quote");
    for report in &reports {
        assert_eq!(report.malformed, 0, "{report:?}");
        let read = report.kind != "unknown";
        // What is read may have a remark too.
        assert!(read || report.reason.is_some(), "{report:?}");
        let known = ["equity/usa/tick/", "equity/usa/second/", "equity/usa/minute/", "option/usa/"]
            .iter()
            .any(|folder| report.file.contains(folder));
        assert_eq!(read, known, "{report:?}");
    }
}
