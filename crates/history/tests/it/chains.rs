//! Option chains in files made here: whole, wrong, truncated and hostile.

use std::path::{Path, PathBuf};

use alphatrader_history::chain::{self, Ask, ChainKind, Reading, SpotFrom};
use alphatrader_history::{HistoryError, Reason};
use alphatrader_model::chain::{ChainEntry, Exercise, Provider};
use alphatrader_model::{Calendar, Price, Symbol};
use jiff::civil::{date, time};
use proptest::prelude::*;

use crate::making::{put, zip};

const HEAD: &str = "\nSome Fund,Last: 450.81,Change:  3.85\n\"Date: September 14, 2023 at 4:31 PM EDT\",Bid: 450.81,Ask: 450.83,Size: 9*11,\"Volume: 71,039,449\"\nExpiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n";
const ROW: &str = "Fri Sep 15 2023,SPY230915C00451000,1.5,0.1,1.49,1.51,12000,0.101,0.48,0.12,3000,451.00,SPY230915P00451000,1.7,-0.1,1.69,1.71,9000,0.099,-0.52,0.13,4000\n";

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn read(name: &str, bytes: &[u8], ask: &Ask) -> Result<Reading, HistoryError> {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), name, bytes);
    chain::read(&path, ask, &Calendar::xnys())
}

fn csv(rows: &str) -> Reading {
    read("spy.csv", format!("{HEAD}{rows}").as_bytes(), &Ask::default()).unwrap()
}

fn refusal(result: Result<Reading, HistoryError>) -> String {
    result.unwrap_err().to_string()
}

fn row<'a>(reading: &'a Reading, name: &str) -> &'a ChainEntry {
    reading.snapshot.rows.iter().find(|row| row.contract.to_string() == name).unwrap()
}

#[test]
fn a_table_of_quotes_is_read_field_by_field() {
    let reading = csv(ROW);
    let chain = &reading.snapshot;
    assert_eq!((chain.underlying, chain.provider, chain.delayed), (symbol("SPY"), Provider::Cboe, true));
    assert_eq!(chain.as_of.to_string(), "2023-09-14T20:31:00Z");
    assert_eq!((chain.spot, reading.spot_from), (Some(Price::from_raw(4_508_100)), SpotFrom::Stated));
    assert_eq!(chain.rows.len(), 2);
    let put = chain.rows[1];
    assert_eq!(put.contract.to_string(), "SPY230915P00451000");
    assert_eq!((put.bid, put.ask), (Some(Price::from_cents(169)), Some(Price::from_cents(171))));
    assert_eq!(
        (put.last, put.volume, put.open_interest),
        (Some(Price::from_cents(170)), Some(9_000), Some(4_000))
    );
    assert_eq!(
        (put.implied_volatility, put.greeks.delta, put.greeks.gamma),
        (Some(0.099), Some(-0.52), Some(0.13))
    );
    assert_eq!((put.greeks.vega, put.bid_size, put.multiplier), (None, None, Some(100)));
    assert_eq!(put.settles.to_string(), "2023-09-15T20:00:00Z");
    assert_eq!(put.exercise, Exercise::American);
}

#[test]
fn zero_is_no_price_and_nothing_is_no_number() {
    let reading = csv(&ROW.replace(",1.49,", ",0,").replace(",3000,", ",,").replace(",9000,", ",0,"));
    let (call, put) = (reading.snapshot.rows[0], reading.snapshot.rows[1]);
    assert_eq!((call.bid, call.open_interest), (None, None));
    assert_eq!(put.volume, Some(0));
    assert_eq!(reading.malformed, 0);
}

#[test]
fn a_side_that_is_wrong_leaves_the_other_and_is_named() {
    for (from, to, reason) in [
        ("SPY230915C00451000", "SPY2309", Reason::Unreadable("the option's symbol")),
        (",1.49,", ",-1.49,", Reason::OutOfRange("bid")),
        (",12000,", ",many,", Reason::Unreadable("volume")),
        (",3000,", ",3000.5,", Reason::NotANumber("open interest")),
        ("SPY230915C00451000", "SPY230915C00452000", Reason::Disagrees("strike")),
        ("SPY230915C00451000", "SPY230922C00451000", Reason::Disagrees("expiration date")),
        (",0.101,", ",inf,", Reason::OutOfRange("IV")),
    ] {
        let reading = csv(&ROW.replace(from, to));
        assert_eq!(reading.snapshot.rows.len(), 1, "{to}");
        assert_eq!((reading.malformed, reading.partial), (1, false));
        assert_eq!((reading.examples[0].line, &reading.examples[0].reason), (5, &reason), "{to}");
    }
    let half = csv(&format!("{ROW}{}", &ROW[..60]));
    assert_eq!((half.snapshot.rows.len(), &half.examples[0].reason), (2, &Reason::Missing("a field")));
    let twice = csv(&format!("{ROW}{ROW}"));
    assert_eq!((twice.snapshot.rows.len(), twice.malformed), (2, 2));
    assert_eq!((&twice.examples[0].reason, twice.examples[0].line), (&Reason::Again, 6));
}

#[test]
fn the_instant_can_be_said_where_it_cannot_be_read() {
    let table = format!("{}{ROW}", HEAD.replace("4:31 PM EDT", "16:31 heure de Paris"));
    let said = refusal(read("spy.csv", table.as_bytes(), &Ask::default()));
    assert!(said.contains("--date YYYY-MM-DD --at HH:MM"), "{said}");
    let ask = Ask { date: Some(date(2023, 9, 14)), at: Some(time(15, 59, 0, 0)), symbol: None };
    let reading = read("spy.csv", table.as_bytes(), &ask).unwrap();
    assert_eq!(reading.snapshot.as_of.to_string(), "2023-09-14T19:59:00Z");
}

#[test]
fn adjusted_contracts_and_roots_are_what_they_are() {
    let adjusted = csv(&ROW.replace("SPY230915", "SPY1230915"));
    assert_eq!(adjusted.snapshot.underlying, symbol("SPY"));
    assert!(adjusted.snapshot.rows.iter().all(|row| row.multiplier.is_none()));
    let monthly = ROW.replace("SPY230915", "SPX230915");
    let weekly = ROW.replace("SPY230915", "SPXW230915");
    let both = csv(&format!("{monthly}{weekly}"));
    assert_eq!((both.snapshot.underlying, both.snapshot.rows.len()), (symbol("SPX"), 4));
    assert_eq!(row(&both, "SPX230915C00451000").settles.to_string(), "2023-09-15T13:30:00Z");
    assert_eq!(row(&both, "SPXW230915C00451000").settles.to_string(), "2023-09-15T20:00:00Z");
    assert!(both.snapshot.rows.iter().all(|row| row.exercise == Exercise::European));
    let only = Ask { symbol: Some(symbol("SPXW")), ..Ask::default() };
    let weekly = read("spx.csv", format!("{HEAD}{monthly}{weekly}").as_bytes(), &only).unwrap();
    assert_eq!((weekly.snapshot.underlying, weekly.snapshot.rows.len()), (symbol("SPX"), 2));
    let mixed = format!("{HEAD}{ROW}{}", ROW.replace("SPY230915", "QQQ230915"));
    assert!(refusal(read("a.csv", mixed.as_bytes(), &Ask::default())).contains("options of QQQ, SPY"));
    let other = Ask { symbol: Some(symbol("IWM")), ..Ask::default() };
    assert!(refusal(read("a.csv", mixed.as_bytes(), &other)).contains("no options of IWM; of QQQ, SPY"));
}

#[test]
fn what_is_no_chain_is_called_by_its_name() {
    for (name, bytes, said) in [
        ("a.json", "<!DOCTYPE html><html><body>Access denied", "a web page (HTML)"),
        ("a.json", "{\"Note\": \"please wait\"}", "JSON"),
        ("a.csv", "", "an empty file"),
        ("a.csv", "date,open,high\n", "plain text"),
        ("a.zip", "PK\u{5}\u{6}", "it was truncated"),
    ] {
        let refused = refusal(read(name, bytes.as_bytes(), &Ask::default()));
        assert!(refused.contains(said), "{bytes}: {refused}");
    }
    let none = refusal(read("a.csv", HEAD.as_bytes(), &Ask::default()));
    assert!(none.contains("no row of an option could be read"), "{none}");
    let bad = refusal(read("a.csv", format!("{HEAD}x,y\n").as_bytes(), &Ask::default()));
    assert!(bad.contains("2 were refused") || bad.contains("1 were refused"), "{bad}");
}

const JSON: &str = r#"{"timestamp": "2022-07-12 22:57:33", "data": {"options": [
 {"option": "SPY220713C00381000", "bid": 2.35, "bid_size": 300.0, "ask": 2.4, "ask_size": 12.0, "iv": 0.3177, "open_interest": 4023.0, "volume": 30.0, "delta": 0.5, "gamma": 0.0561, "theta": -0.9, "rho": 0.01, "vega": 0.0758, "last_trade_price": 2.38, "tick": "down"},
 {"option": "SPY220713P00381000", "bid": 2.6, "ask": "2.7", "iv": null, "open_interest": null, "volume": 0.0, "gamma": "0.056"}
 ], "current_price": 380.88, "symbol": "SPY"}, "symbol": "SPY"}"#;

#[test]
fn the_same_table_as_json() {
    let reading = read("spy.json", JSON.as_bytes(), &Ask::default()).unwrap();
    assert_eq!(reading.kind, Some(ChainKind::CboeJson));
    let chain = &reading.snapshot;
    assert_eq!(
        (chain.as_of.to_string().as_str(), chain.spot),
        ("2022-07-12T22:57:33Z", Some(Price::from_cents(38_088)))
    );
    let (call, put) = (chain.rows[0], chain.rows[1]);
    assert_eq!((call.bid_size, call.ask_size, call.greeks.vega), (Some(300), Some(12), Some(0.0758)));
    assert_eq!(
        (put.ask, put.greeks.gamma, put.open_interest),
        (Some(Price::from_cents(270)), Some(0.056), None)
    );
    assert_eq!((put.implied_volatility, put.greeks.theta), (None, None));
}

#[test]
fn an_element_that_is_no_option_is_counted_and_the_next_is_read() {
    for bad in [
        "5",
        "null",
        "[1, 2]",
        "\"x\"",
        "{}",
        "{\"option\": 7}",
        "{\"option\": \"SPY220713C00381000\", \"bid\": []}",
        "true",
        "-1",
        "0.5",
    ] {
        let json = JSON.replacen("[\n", &format!("[ {bad},\n"), 1);
        let reading = read("spy.json", json.as_bytes(), &Ask::default()).unwrap();
        assert_eq!((reading.snapshot.rows.len(), reading.malformed, reading.partial), (2, 1, false), "{bad}");
    }
}

#[test]
fn json_that_ends_in_the_middle_gives_what_stands_before() {
    let cut = JSON.find(" {\"option\": \"SPY220713P").unwrap() + 40;
    let reading = read("spy.json", &JSON.as_bytes()[..cut], &Ask::default()).unwrap();
    assert_eq!((reading.snapshot.rows.len(), reading.partial, reading.malformed), (1, true, 1));
    assert_eq!((&reading.examples[0].reason, reading.snapshot.spot), (&Reason::Truncated, None));
    assert_eq!(reading.spot_from, SpotFrom::Nowhere);
    for cut in 0..JSON.len() {
        let _ = read("spy.json", &JSON.as_bytes()[..cut], &Ask::default());
    }
    let packed = zstd::encode_all(JSON.as_bytes(), 3).unwrap();
    assert_eq!(read("spy.json.zst", &packed, &Ask::default()).unwrap().snapshot.rows.len(), 2);
    let half = read("spy.json.zst", &packed[..packed.len() - 20], &Ask::default());
    assert!(half.map_or(true, |half| half.partial));
}

/// A day of two contracts: `option/usa/minute/goog/...` and the bars of the stock.
fn day(root: &Path) -> PathBuf {
    let minute = root.join("option/usa/minute/goog");
    let entry = |data: &str, right: &str| {
        format!("20151224_goog_minute_{data}_american_{right}_7500000_20151224.csv")
    };
    let call = "34200000,10000,10000,9000,9500,5,11000,11000,10500,10500,7\n39480000,20000,20000,20000,20000,5,1,1,1,1,1\n39540000,,,,,0,21000,21000,21000,21000,7\n39600000,30000,30000,30000,30000,5,31000,31000,31000,31000,7\n";
    let put_quotes = "39000000,,,,,0,500,500,500,500,9\nx\n38000000,1,1,1,1,1,1,1,1,1,1\n";
    let quotes = zip(&[(&entry("quote", "call"), call), (&entry("quote", "put"), put_quotes)]);
    let trades = zip(&[(
        &entry("trade", "call"),
        "34200000,9800,9900,9700,9900,3\n39540000,20500,20500,20500,20500,4\n39600000,1,1,1,1,50\n",
    )]);
    let interest = zip(&[(&entry("openinterest", "call"), "23460000,17\n")]);
    let bars = zip(&[(
        "20151224_goog_minute_trade.csv",
        "39540000,7490000,7500000,7480000,7492300,9\n39600000,1000000,1000000,1000000,1000000,9\n",
    )]);
    let file = put(&minute, "20151224_quote_american.zip", &quotes);
    put(&minute, "20151224_trade_american.zip", &trades);
    put(&minute, "20151224_openinterest_american.zip", &interest);
    put(&root.join("equity/usa/minute/goog"), "20151224_trade.zip", &bars);
    file
}

fn eleven() -> Ask {
    Ask { at: Some(time(11, 0, 0, 0)), ..Ask::default() }
}

#[test]
fn an_option_day_at_eleven_knows_what_was_known_at_eleven() {
    let folder = tempfile::tempdir().unwrap();
    let quotes = day(folder.path());
    let calendar = Calendar::xnys();
    let reading = chain::read(&quotes, &eleven(), &calendar).unwrap();
    let chain = &reading.snapshot;
    assert_eq!(chain.as_of.to_string(), "2015-12-24T16:00:00Z");
    assert_eq!((chain.underlying, chain.spot), (symbol("GOOG"), Some(Price::from_raw(7_492_300))));
    assert!(
        matches!(&reading.spot_from, SpotFrom::Bars(path) if path.ends_with("equity/usa/minute/goog/20151224_trade.zip"))
    );
    let (call, put) = (chain.rows[0], chain.rows[1]);
    assert_eq!((call.bid, call.ask), (Some(Price::from_cents(200)), Some(Price::from_cents(210))));
    assert_eq!(call.quoted_at, None, "a quote without a later one still stands");
    assert!(
        reading.notes.iter().any(|note| note.starts_with("1 quotes changed last")),
        "{:?}",
        reading.notes
    );
    assert_eq!(
        (call.volume, call.last, call.open_interest),
        (Some(7), Some(Price::from_cents(205)), Some(17))
    );
    assert_eq!(call.settles.to_string(), "2015-12-24T18:00:00Z", "a half session");
    assert_eq!((put.bid, put.ask, put.ask_size), (None, Some(Price::from_cents(5)), Some(9)));
    assert_eq!((put.volume, put.open_interest), (Some(0), None), "no trades, but unknown open interest");
    assert_eq!(reading.malformed, 2);
    assert_eq!(reading.examples[1].reason, Reason::OutOfOrder);
    assert_eq!(reading.files.len(), 4);
    // From any of its files, and from the folder, it is the same day.
    for other in ["20151224_openinterest_american.zip", "20151224_trade_american.zip"] {
        let same = chain::read(&quotes.with_file_name(other), &eleven(), &calendar).unwrap();
        assert_eq!(same.snapshot, *chain, "{other}");
    }
    assert_eq!(chain::read(folder.path(), &eleven(), &calendar).unwrap().snapshot, *chain);
    let elsewhere = Ask { date: Some(date(2015, 12, 23)), ..eleven() };
    let refused = refusal(chain::read(folder.path(), &elsewhere, &calendar));
    assert!(refused.contains("GOOG 2015-12-24"), "{refused}");
}

#[test]
fn a_day_without_bars_open_interest_or_trades_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let quotes = day(folder.path());
    for name in ["20151224_trade_american.zip", "20151224_openinterest_american.zip"] {
        std::fs::remove_file(quotes.with_file_name(name)).unwrap();
    }
    std::fs::remove_dir_all(folder.path().join("equity")).unwrap();
    let reading = chain::read(&quotes, &eleven(), &Calendar::xnys()).unwrap();
    assert_eq!((reading.snapshot.spot, reading.spot_from), (None, SpotFrom::Nowhere));
    assert!(reading.snapshot.rows.iter().all(|row| row.volume.is_none() && row.open_interest.is_none()));
    for unknown in ["volume is unknown", "open interest is not at hand"] {
        assert!(reading.notes.iter().any(|note| note.contains(unknown)), "{unknown}: {:?}", reading.notes);
    }
}

#[test]
fn a_zip_cut_anywhere_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let quotes = day(folder.path());
    let whole = std::fs::read(&quotes).unwrap();
    for cut in (0..whole.len()).step_by(7) {
        std::fs::write(&quotes, &whole[..cut]).unwrap();
        if let Ok(reading) = chain::read(&quotes, &eleven(), &Calendar::xnys()) {
            assert!(reading.partial || reading.malformed > 0, "cut at {cut}");
        }
    }
}

#[test]
fn a_universe_is_the_days_end_without_quotes() {
    let text = "#expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,vega,theta,rho\n,,,747.9300,748.7700,747.8600,748.4000,106129,,,,,,,\n20151231,450,C,300.05,301.15,296.75,298.3,0,,1.7405772,0.9915959,0.0001368,0.0219203,-0.3277778,0.0728466\n20151231,450,P,1,1,1,0,3,12,,,,,,\n20151231,450,X,1,1,1,0,3,12,,,,,,\n";
    let folder = tempfile::tempdir().unwrap();
    let path = put(&folder.path().join("goog"), "20151224.csv", text.as_bytes());
    let reading = chain::read(&path, &Ask::default(), &Calendar::xnys()).unwrap();
    let chain = &reading.snapshot;
    assert_eq!(chain.as_of.to_string(), "2015-12-24T18:00:00Z");
    assert_eq!((chain.spot, reading.malformed), (Some(Price::from_cents(74_840)), 1));
    let (call, put) = (chain.rows[0], chain.rows[1]);
    assert_eq!((call.open_interest, call.volume, call.greeks.gamma), (None, Some(0), Some(0.000_136_8)));
    assert_eq!((put.open_interest, put.last, put.implied_volatility, put.bid), (Some(12), None, None, None));
    assert!(reading.notes.iter().any(|note| note.contains("no quotes")));
}

#[test]
fn of_daily_rows_the_last_day_or_the_one_asked_for_is_taken() {
    let text = "underlying,underlying_last,optionroot,type,expiration,quotedate,strike,last,bid,ask,volume,openinterest,impliedvol,delta,gamma,theta,vega,optionalias\nSPY,368.79,SPY210129P00345000,put,2021-01-29,2021-01-04,345.0,2.71,2.76,2.78,7424,48199,0.28804,-0.17798,0.00937,-0.1447,0.25147,SPY210129P00345000\nSPY,371.33,SPY210129P00345000,put,2021-01-29,2021-01-05,345.0,1.9,1.9,1.92,100,48000,0.27,-0.15,0.009,-0.14,0.24,SPY210129P00345000\nSPY,371.33\n";
    let last = read("o.csv", text.as_bytes(), &Ask::default()).unwrap();
    assert_eq!(last.snapshot.as_of.to_string(), "2021-01-05T21:00:00Z");
    assert_eq!((last.snapshot.rows.len(), last.malformed), (1, 1));
    assert_eq!(last.snapshot.spot, Some(Price::from_cents(37_133)));
    let first = Ask { date: Some(date(2021, 1, 4)), ..Ask::default() };
    let first = read("o.csv", text.as_bytes(), &first).unwrap();
    assert_eq!(first.snapshot.rows[0].open_interest, Some(48_199));
    let none = Ask { date: Some(date(2021, 1, 6)), ..Ask::default() };
    assert!(refusal(read("o.csv", text.as_bytes(), &none)).contains("days from 2021-01-04 to 2021-01-05"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_after_any_beginning_end(which in 0_usize..5, bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..900) {
        let begin: &[&[u8]] = &[HEAD.as_bytes(), JSON.as_bytes(), b"#expiry,strike,right,open\n", b"underlying,underlying_last,\n", b"PK\x03\x04"];
        let begin = begin[which];
        let mut all = begin[..begin.len().min(cut)].to_vec();
        all.extend_from_slice(&bytes);
        if let Ok(reading) = read("goog/20151224.csv", &all, &Ask::default()) {
            prop_assert!(!reading.snapshot.rows.is_empty());
        }
    }

    #[test]
    fn a_row_with_any_byte_changed_is_read_or_named(at in 0_usize..140, byte in any::<u8>()) {
        let mut row = ROW.as_bytes().to_vec();
        let at = at.min(row.len() - 1);
        row[at] = byte;
        let all = [HEAD.as_bytes(), ROW.replace("451", "455").as_bytes(), &row].concat();
        let ask = Ask { symbol: Some(symbol("SPY")), ..Ask::default() };
        let reading = read("spy.csv", &all, &ask).unwrap();
        prop_assert!((2..=4).contains(&reading.snapshot.rows.len()));
    }
}
