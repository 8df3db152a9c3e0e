//! Lines a second of recorded zips, unpacking included: trade ticks and quote ticks alone, and the
//! merge of a day's finest files. Prints figures; compares nothing.

#![allow(missing_docs, reason = "a program, not an interface")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alphatrader_history::lean::{Reader, reader::Context};
use alphatrader_history::{Limits, Merge, Progress, SourceId};
use alphatrader_model::{Calendar, InstrumentId};

/// Each case runs this long; the best pass counts.
const LONG: Duration = Duration::from_secs(3);

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let equity = data.join("lean/equity/usa");
    if !equity.is_dir() {
        println!("skipped: recorded data absent");
        return;
    }
    let trades = equity.join("tick/spy/20131007_trade.zip");
    let quotes = equity.join("second/spy/20131007_quote.zip");
    case("SPY trade ticks", &[&trades]);
    case("BAC quote ticks", &[&equity.join("tick/bac/20131007_quote.zip")]);
    case("SPY one-second quotes", &[&quotes]);
    case("SPY trade ticks and one-second quotes, merged", &[&trades, &quotes]);
}

fn case(name: &str, files: &[&Path]) {
    let calendar = Calendar::xnys();
    let begin = Instant::now();
    let mut best = f64::MAX;
    let mut lines = 0;
    while begin.elapsed() < LONG {
        let pass = Instant::now();
        let progress = Progress::default();
        let context = Context {
            calendar: &calendar,
            instrument: InstrumentId(0),
            limits: Limits::default(),
            progress: &progress,
        };
        let open = |(source, path): (usize, &&Path)| {
            Reader::open(path, SourceId(source as u16), context).expect("a recorded file opens")
        };
        let mut merge = Merge::new(files.iter().enumerate().map(open).collect());
        for item in &mut merge {
            std::hint::black_box(&item);
        }
        lines = merge.sources().iter().map(|reader| reader.counts().records).sum();
        best = best.min(pass.elapsed().as_secs_f64());
    }
    println!("{name}: {lines} lines, {:.2} million lines/s", lines as f64 / best / 1e6);
}
