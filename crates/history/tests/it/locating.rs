//! Finding a day's files below any folder.

use std::path::Path;

use alphatrader_history::{HistoryError, Item, Progress, locate};
use alphatrader_model::{Calendar, InstrumentId, Symbol};
use jiff::civil::{Date, date};

use crate::making::{put, ticks, zip};

const DAY: Date = date(2013, 10, 7);
const QUOTE: &str = "34200000,1,1,1,1,9,2,2,2,2,9\n34201000,1,1,1,1,9,2,2,2,2,9\n";
const BAR: &str = "34200000,1,1,1,1,9\n34260000,1,1,1,1,9\n";

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

/// SPY's day as trade ticks, one-minute bars and one-second quotes; another day; another symbol.
fn market(root: &Path) {
    let equity = root.join("lean/equity/usa");
    let tick = zip(&[("20131007_spy_Trade_Tick.csv", &ticks(10))]);
    put(&equity, "tick/spy/20131007_trade.zip", &tick);
    put(&equity, "tick/bac/20131007_trade.zip", b"never opened");
    put(&equity, "second/spy/20131007_quote.zip", &zip(&[("20131007_spy_second_quote.csv", QUOTE)]));
    put(&equity, "minute/spy/20131007_trade.zip", &zip(&[("20131007_spy_minute_trade.csv", BAR)]));
    put(&equity, "minute/spy/20131004_trade.zip", &zip(&[("20131004_spy_minute_trade.csv", BAR)]));
    put(&equity, "daily/spy.zip", &zip(&[("spy.csv", "20131007 00:00,1,1,1,1,1\n")]));
    put(root, "lean/option/usa/minute/spy/20131007_quote_american.zip", b"never opened");
}

#[test]
fn the_finest_files_are_found_from_any_folder_above_them() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    for folder in ["", "lean", "lean/equity", "lean/equity/usa"] {
        let located = locate(&root.path().join(folder), spy(), DAY).unwrap();
        let (trades, quotes) = (located.trades.as_ref().unwrap(), located.quotes.as_ref().unwrap());
        assert_eq!(trades.kind.name(), "lean-equity-tick-trade", "{folder}");
        assert_eq!(quotes.kind.name(), "lean-equity-second-quote");
        assert_eq!(located.passed_over.len(), 1);
        let line = located.to_string();
        assert!(line.starts_with("SPY 2013-10-07: trade ticks from "), "{line}");
        assert!(line.contains(", one-second quotes from "), "{line}");
        let json = serde_json::to_value(&located).unwrap();
        assert_eq!(json["quotes"]["kind"], "lean-equity-second-quote");
    }
    let located = locate(&root.path().join("lean/equity/usa/minute"), spy(), DAY).unwrap();
    assert_eq!(located.trades.unwrap().kind.name(), "lean-equity-minute-trade");
    assert_eq!(located.quotes, None);
}

#[test]
fn the_chosen_files_come_merged_and_their_bytes_are_counted() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let progress = Progress::default();
    let located = locate(root.path(), spy(), DAY).unwrap();
    let mut merge = located.open(&Calendar::xnys(), InstrumentId(0), &progress).unwrap();
    assert!(progress.read() < progress.total());
    let items: Vec<_> = merge.by_ref().map(Result::unwrap).collect();
    // Ten trades of 09:30:00, then the quotes of that second and of the next.
    assert_eq!(
        items.iter().map(|item| item.source.0).collect::<Vec<_>>(),
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
    );
    assert!(items.is_sorted_by_key(Item::key));
    assert_eq!(merge.counts().items, 12);
    assert_eq!(progress.read(), progress.total());
}

#[test]
fn one_file_is_taken_for_what_it_holds() {
    let root = tempfile::tempdir().unwrap();
    let path = put(root.path(), "download.zip", &zip(&[("20131007_spy_Trade_Tick.csv", &ticks(3))]));
    assert!(locate(&path, spy(), DAY).unwrap().trades.is_some());
    // A folder of nameless files is looked into as well.
    assert!(locate(root.path(), spy(), DAY).unwrap().trades.is_some());
    let other = locate(&path, spy(), date(2013, 10, 8)).unwrap_err();
    assert!(other.to_string().contains("days of this symbol: 2013-10-07"), "{other}");
    let text = put(root.path(), "notes.txt", b"hello");
    assert!(locate(&text, spy(), DAY).unwrap_err().to_string().contains("plain text"));
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let root = tempfile::tempdir().unwrap();
    market(root.path());
    let told =
        |symbol: &str, day| locate(root.path(), Symbol::new(symbol).unwrap(), day).unwrap_err().to_string();
    let wrong_day = told("SPY", date(2013, 10, 9));
    assert!(wrong_day.contains("no trades or quotes of SPY on 2013-10-09"), "{wrong_day}");
    assert!(wrong_day.contains("days of this symbol: 2013-10-04, 2013-10-07"), "{wrong_day}");
    let wrong_symbol = told("QQQ", DAY);
    assert!(wrong_symbol.contains("symbols there: BAC, SPY"), "{wrong_symbol}");
    let empty = tempfile::tempdir().unwrap();
    let nothing = locate(empty.path(), spy(), DAY).unwrap_err().to_string();
    assert!(nothing.contains("equity/usa/tick/spy/20131007_trade.zip"), "{nothing}");
    assert!(matches!(locate(&empty.path().join("no"), spy(), DAY), Err(HistoryError::Open { .. })));
    let damaged = put(empty.path(), "tick/spy/20131007_trade.zip", b"rubbish");
    let refused = locate(empty.path(), spy(), DAY).unwrap_err().to_string();
    assert!(refused.contains(&damaged.display().to_string()), "{refused}");
}
