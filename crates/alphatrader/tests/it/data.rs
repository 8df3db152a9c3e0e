//! `data inspect` and `replay`, on files made here and on recorded days where they are.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{json, output, text};

/// Two hours of SPY by the second: a slow range, and a break upward that buyers lead.
fn make_day(folder: &Path) -> (String, String) {
    let (mut trades, mut quotes) = (String::new(), String::new());
    for second in 0_i64..7_200 {
        let ms = (34_200 + second) * 1_000;
        let rising = (second - 3_600).clamp(0, 900) / 6;
        let price = 1_670_000 + (second / 40 % 4) * 100 + rising * 100;
        writeln!(trades, "{},{price},{},P,0,0", ms + 500, 300 + second % 7 * 100).unwrap();
        let (bid, ask) = (price - 100, price);
        writeln!(quotes, "{ms},{bid},{bid},{bid},{bid},9000,{ask},{ask},{ask},{ask},1500").unwrap();
    }
    write_zip(folder, "tick", "trade", "20131007_spy_Trade_Tick.csv", &trades);
    write_zip(folder, "second", "quote", "20131007_spy_second_quote.csv", &quotes);
    (trades, quotes)
}

fn write_zip(folder: &Path, resolution: &str, kind: &str, entry: &str, content: &str) -> PathBuf {
    let folder = folder.join(format!("equity/usa/{resolution}/spy"));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("20131007_{kind}.zip"));
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    zip.start_file(entry, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    zip.finish().unwrap();
    path
}

fn replay(folder: &Path, chain: bool) -> Value {
    let folder = folder.to_str().unwrap();
    let mut arguments = vec!["replay", folder, "--symbol", "SPY", "--date", "2013-10-07", "--output", "json"];
    if chain {
        arguments.extend(["--chain", "synthetic"]);
    }
    let output = output(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    json(&output)
}

#[test]
fn a_replay_gives_the_same_digest_twice_and_trades_only_with_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    make_day(folder.path());
    let (first, second) = (replay(folder.path(), true), replay(folder.path(), true));
    assert_eq!(first["digest"], second["digest"]);
    assert!(first["fills"].as_u64().unwrap() >= 2, "{first}");
    assert_eq!(first["malformed"], 0);
    assert_eq!(first["chain"], "synthetic");
    let money = first["realized_pnl"].as_str().unwrap();
    assert!(money.parse::<alphatrader_model::Money>().is_ok(), "{money}");

    let without = replay(folder.path(), false);
    assert_ne!(without["digest"], first["digest"]);
    assert_eq!((&without["signals"], &without["orders"]), (&Value::from(0), &Value::from(0)));
    let stopped: Vec<&str> =
        without["stopped_by"].as_array().unwrap().iter().map(|g| g[0].as_str().unwrap()).collect();
    assert!(stopped.contains(&"option"), "the summary says why: {without}");
    for key in ["events", "seconds", "events_per_second"] {
        assert!(without[key].as_f64().unwrap() > 0.0, "{key}");
    }
}

#[test]
fn malformed_lines_are_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (trades, _) = make_day(folder.path());
    let broken = trades.replacen("1670000", "sixteen", 1) + "not,a,line\n";
    write_zip(folder.path(), "tick", "trade", "20131007_spy_Trade_Tick.csv", &broken);
    let path = folder.path().to_str().unwrap();
    let output = output(&["replay", path, "--symbol", "SPY", "--date", "2013-10-07"]);
    assert_eq!(json(&output)["malformed"], 2);
    assert!(text(&output.stderr).contains("20131007_trade.zip:1:"), "{}", text(&output.stderr));
}

#[test]
fn a_truncated_zip_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    make_day(folder.path());
    let path = folder.path().join("equity/usa/tick/spy/20131007_trade.zip");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
    let report = replay(folder.path(), false);
    assert!(report["malformed"].as_u64().unwrap() >= 1, "{report}");
    assert!(report["events"].as_u64().unwrap() > 7_200, "{report}");
    let inspected = output(&["data", "inspect", path.to_str().unwrap(), "--output", "json"]);
    assert!(json(&inspected)["malformed"].as_u64().unwrap() >= 1);
}

#[test]
fn a_book_is_printed_row_by_row_and_may_be_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ABC_2012-06-21_34200000_57600000_message_1.csv");
    let mut messages = String::from("34200.1,1,7,50,1000000,1\n34200.2,4,7,20,1000000,1\n");
    let book = "1001000,9,1000000,50\n1001000,9,1000000,30\n";
    std::fs::write(&path, &messages).unwrap();
    std::fs::write(folder.path().join("ABC_2012-06-21_34200000_57600000_orderbook_1.csv"), book).unwrap();
    let output = output(&["data", "book", path.to_str().unwrap(), "--levels", "1", "--output", "csv"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let expected =
        "ts_event,sequence,action,side,price,size,bid_px_00,bid_sz_00,bid_ct_00,ask_px_00,ask_sz_00,ask_ct_00
1340285400100000000,1,A,B,100.00,50,100.00,50,1,100.10,9,0
1340285400200000000,2,F,B,100.00,20,100.00,30,1,100.10,9,0
";
    assert_eq!(text(&output.stdout), expected);
    assert!(text(&output.stderr).contains("best bid and offer in 2 of 2 rows"), "{}", text(&output.stderr));

    // Whoever reads the rows may stop after the first of many.
    for n in 0..20_000 {
        writeln!(messages, "34201,1,{},1,{},1", n + 10, 1_000 + n).unwrap();
    }
    std::fs::write(&path, &messages).unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(["data", "book", path.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0; 8];
    std::io::Read::read_exact(&mut program.stdout.take().unwrap(), &mut first).unwrap();
    assert_eq!(&first, b"ts_event");
    assert!(program.wait().unwrap().success());
}

#[test]
fn inspect_says_what_a_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    make_day(folder.path());
    let file = folder.path().join("equity/usa/tick/spy/20131007_trade.zip");
    let report = json(&output(&["data", "inspect", file.to_str().unwrap(), "--output", "json"]));
    assert_eq!(report["symbol"], "SPY");
    assert_eq!(report["first"], "2013-10-07T13:30:00.5Z");
    assert_eq!(report["malformed"], 0);
    let trades = &report["trades"];
    assert_eq!((&trades["count"], &trades["unknown"]), (&Value::from(7_200), &Value::from(7_200)));
    assert_eq!((&trades["buy"], &trades["sell"]), (&Value::from(0), &Value::from(0)));
    assert_eq!(trades["low"], "167.00");
    let volume: u64 = (0..7_200_u64).map(|second| 300 + second % 7 * 100).sum();
    assert_eq!(trades["volume"], volume);
    let all = json(&output(&["data", "inspect", folder.path().to_str().unwrap(), "--output", "json"]));
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[test]
fn recorded_spy_day_replays_to_one_digest_and_trades_on_a_synthetic_chain() {
    let data = std::env::var_os("ALPHATRADER_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let lean = data.join("lean");
    if !lean.is_dir() {
        println!("skipped: recorded data absent");
        return;
    }
    let (first, second) = (replay(&lean, true), replay(&lean, true));
    assert_eq!(first["digest"], second["digest"]);
    assert_eq!(first["malformed"], 0);
    assert!(first["fills"].as_u64().unwrap() >= 2, "{first}");
    assert_eq!(first["open_positions"], 0);
    let without = replay(&lean, false);
    assert_eq!(without["signals"], 0);
    assert!(!without["stopped_by"].as_array().unwrap().is_empty());
}
