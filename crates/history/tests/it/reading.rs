//! Files as they should be, and lines as they should not.

use alphatrader_history::{Limits, Reason, inspect};
use alphatrader_model::{Calendar, Payload};
use zip::CompressionMethod;

use crate::making::{TRADES, packed, put, read, ticks, zip};

#[test]
fn every_line_of_a_good_file_is_read_in_order() {
    for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
        let (items, faults) = read(packed(&[(TRADES, &ticks(50_000))], method), Limits::default());
        assert_eq!(faults, vec![]);
        assert_eq!(items.len(), 50_000);
        for (at, item) in items.iter().enumerate() {
            assert_eq!(item.line, at as u64 + 1);
            assert_eq!(item.input.ts_event, item.input.ts_recv);
        }
        assert_eq!(items[0].input.ts_event.to_string(), "2013-10-07T13:30:00Z");
        assert_eq!(items[49_999].input.ts_event.to_string(), "2013-10-07T13:30:49.999Z");
    }
}

#[test]
fn the_wall_clock_is_right_on_days_when_it_changes() {
    // Sunday 2013-11-03: at 09:30 in New York it is 14:30 UTC, and the day began at 04:00 UTC.
    let name = "20131103_spy_Trade_Tick.csv";
    let (items, _) = read(zip(&[(name, "34200000,1674100,100,P,1,0\n")]), Limits::default());
    assert_eq!(items[0].input.ts_event.to_string(), "2013-11-03T14:30:00Z");
}

#[test]
fn bad_lines_are_reported_with_their_number_and_the_rest_is_read() {
    let long = "9".repeat(5_000);
    let huge = "9".repeat(200_000);
    let content = format!(
        "34200000,1674100,100,P,1,0\r\n\
         34200001,1674100,100,P,1\r\n\
         \r\n\
         34200002,-1,100,P,1,0\r\n\
         {long}\r\n\
         34200003,1674100,100,P,1,0\r\n\
         34200001,1674100,100,P,1,0\r\n\
         {huge}\n\
         34200004,1674100,100,P,1,0\n\
         34200005,1674100,100,P,xyz,0\n\
         34200006,1674100,100,P,1,0"
    );
    let (items, faults) = read(zip(&[(TRADES, &content)]), Limits::default());
    assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [1, 6, 9, 11]);
    let faults: Vec<_> = faults.into_iter().map(|fault| (fault.line, fault.reason)).collect();
    let expected = [
        (2, Reason::Missing("suspicious")),
        (3, Reason::NotANumber("time")),
        (4, Reason::NotANumber("price")),
        (5, Reason::LineTooLong(4_096)),
        (7, Reason::OutOfOrder),
        (8, Reason::LineTooLong(4_096)),
        (10, Reason::Unreadable("conditions")),
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_report_says_what_is_in_each_file_and_what_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let rows = "34200000,1674100,100,P,1,0\n34200001,1674300,50,Q,20000020,1\nrubbish\n";
    put(root.path(), "a/trades.zip", &zip(&[(TRADES, rows)]));
    let bars = "34200000,100,120,90,110,77\n34201000,110,110,110,110,3\n";
    put(root.path(), "b/second/spy/20131007_trade.zip", &zip(&[("20131007_spy_second_trade.csv", bars)]));
    put(root.path(), "c/quotes.csv.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0, 0]);
    put(root.path(), "d/empty.zip", b"");
    let reports: Vec<_> = inspect(root.path(), &Calendar::xnys()).unwrap().collect();
    let json: Vec<_> = reports.iter().map(|report| serde_json::to_value(report).unwrap()).collect();

    assert_eq!(json[0]["kind"], "lean-equity-tick-trade");
    assert_eq!(json[0]["symbol"], "SPY");
    assert_eq!(json[0]["first"], "2013-10-07T13:30:00Z");
    assert_eq!(json[0]["last"], "2013-10-07T13:30:00.001Z");
    assert_eq!(json[0]["records"], serde_json::json!({"trade": 2}));
    let trades = serde_json::json!({"count": 2, "volume": 150, "buy": 0, "sell": 0, "unknown": 2,
        "low": "167.41", "high": "167.43"});
    assert_eq!(json[0]["trades"], trades);
    assert_eq!(json[0]["malformed"], 1);
    assert_eq!(json[0]["malformed_examples"][0], "line 3: time is not a whole number");
    assert!(json[0].get("reason").is_none());

    assert_eq!(json[1]["kind"], "lean-equity-second-trade");
    assert_eq!(json[1]["last"], "2013-10-07T13:30:02Z");
    let trades = serde_json::json!({"count": null, "volume": 80, "buy": null, "sell": null, "unknown": null,
        "low": "0.009", "high": "0.012"});
    assert_eq!(json[1]["trades"], trades);

    for (at, reason) in [(2, "packed with zstd"), (3, "an empty file")] {
        assert_eq!(json[at]["kind"], "unknown");
        assert!(json[at]["reason"].as_str().unwrap().starts_with(reason), "{}", json[at]);
        assert_eq!(json[at]["trades"], serde_json::Value::Null);
    }
    assert!(inspect(&root.path().join("nothing"), &Calendar::xnys()).is_err());
}

#[test]
fn quotes_and_trades_keep_their_kind_whatever_the_file_is_called() {
    let rows = "34200000,1674000,100,0,0,P,1,0\n34200000,0,0,1674100,300,Q,1,0\n";
    let (items, faults) = read(zip(&[("20131007_spy_Trade_Tick.csv", rows)]), Limits::default());
    assert_eq!(faults, vec![]);
    let Payload::Quote(quote) = items[0].input.payload else { panic!("{items:?}") };
    assert!(quote.firm().is_some());
    assert_eq!((items.len(), items[0].line), (1, 2));
}
