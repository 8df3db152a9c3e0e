//! `alphatrader options exposure`, `chain` and `compare`: on a table made here, on wrong ones, and on recorded chains
//! where they are at hand.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{json, output, text};

const HEAD: &str = "\nSome Fund,Last: 450.00,Change:  1\n\"Date: September 14, 2023 at 11:00 AM EDT\",Bid: 450,Ask: 450.02\nExpiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n";

/// Two expiries, eleven strikes each, quotes around what 12 vol is worth at the money and a straight line elsewhere.
fn table() -> String {
    let mut text = HEAD.to_owned();
    for (name, code, width) in [("Thu Sep 14 2023", "230914", 0.6), ("Fri Sep 22 2023", "230922", 3.2)] {
        for strike in 445_i32..=455 {
            let away = f64::from(strike - 450);
            let outside = width * (-away.abs() / (2.0 * width)).exp();
            let (call, put) = (outside + (-away).max(0.0), outside + away.max(0.0));
            let gamma = 0.05 / (1.0 + away.abs());
            let side = |right: &str, price: f64, open: i32| {
                format!(
                    "SPY{code}{right}{strike:05}000,{price:.2},0,{:.2},{:.2},{},0.12,0.5,{gamma:.4},{open}",
                    price - 0.01,
                    price + 0.01,
                    open * 3
                )
            };
            writeln!(
                text,
                "{name},{},{strike}.00,{}",
                side("C", call, 1_000),
                side("P", put, 600 + (strike - 445) * 10)
            )
            .unwrap();
        }
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn options(arguments: &[&str]) -> Value {
    let output = output(&[&["options"][..], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    json(&output)
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = output(&[&["options"][..], arguments].concat());
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_made_table_has_exposures_by_the_names_of_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "spy.csv", &table());
    let path = path.to_str().unwrap();
    let own = options(&["exposure", path, "--output", "json"]);
    assert_eq!((&own["rows"]["rows"], &own["rows"]["included"]), (&Value::from(44), &Value::from(44)));
    assert_eq!(own["conventions"]["dealer_sign"], "naive");
    assert_eq!(own["conventions"]["greeks"], "own");
    assert_eq!((own["spot"].as_f64(), own["as_of"].as_str()), (Some(450.0), Some("2023-09-14T15:00:00Z")));
    for name in ["gex", "vol_gex", "dex", "dealer_dex", "vanna_ex", "charm_ex", "call_gex", "put_gex"] {
        assert!(own[name].as_f64().is_some_and(f64::is_finite), "{name}: {}", own[name]);
    }
    let strikes = own["by_strike"].as_object().unwrap();
    let sum: f64 = strikes.values().map(|one| one["gex"].as_f64().unwrap()).sum();
    assert!((sum / own["gex"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let inverse = options(&["exposure", path, "--dealer-sign", "inverse", "--output", "json"]);
    assert_eq!(inverse["gex"].as_f64().unwrap(), -own["gex"].as_f64().unwrap());
    let vendor = options(&["exposure", path, "--greeks", "vendor", "--output", "json"]);
    let (summed, stated) = (vendor["gex"].as_f64().unwrap(), vendor["stated_gex"]["gex"].as_f64().unwrap());
    assert!((summed / stated - 1.0).abs() < 1e-9, "{summed} {stated}");
    let picture = text(&output(&["options", "exposure", path]).stdout);
    for part in
        ["dealer sign naive", "44 rows, 44 counted", "gamma flip", "call wall", "spot 450.00", "0dte", "|#"]
    {
        assert!(picture.contains(part), "{part} is not in\n{picture}");
    }
}

#[test]
fn a_table_can_be_taken_at_another_time_and_settled_contracts_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "spy.csv", &table());
    let late = options(&["exposure", path.to_str().unwrap(), "--at", "16:30", "--output", "json"]);
    assert_eq!(
        (&late["rows"]["excluded"]["expired"], &late["rows"]["included"]),
        (&Value::from(22), &Value::from(22))
    );
    let vendor = options(&[
        "exposure",
        path.to_str().unwrap(),
        "--at",
        "16:30",
        "--greeks",
        "vendor",
        "--output",
        "json",
    ]);
    assert_eq!(vendor["stated_gex"]["settled_rows"], 22);
    assert_eq!(vendor["as_of"], "2023-09-14T20:30:00Z");
    let (summed, stated) = (vendor["gex"].as_f64().unwrap(), vendor["stated_gex"]["gex"].as_f64().unwrap());
    assert!((summed / stated - 1.0).abs() < 1e-9, "{summed} {stated}");
}

#[test]
fn a_chain_is_printed_as_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "spy.csv", &table());
    let path = path.to_str().unwrap();
    let rows = text(&output(&["options", "chain", path, "--output", "csv"]).stdout);
    assert_eq!(rows.lines().count(), 45);
    assert!(rows.starts_with("symbol,expiry,strike,right,bid,ask,"));
    let one = options(&["chain", path, "--expiry", "2023-09-22", "--output", "json"]);
    assert_eq!(one["rows"].as_array().unwrap().len(), 22);
    assert!(one["rows"][0]["iv"].as_f64().is_some());
    assert!(text(&output(&["options", "chain", path, "--strikes", "3"]).stdout).lines().count() < 16);
    let (code, said) = refused(&["chain", path, "--expiry", "2023-09-23"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("expiries: 2023-09-14, 2023-09-22"), "{said}");
    let compared = options(&["compare", path, "--output", "json"]);
    assert!(!compared.as_array().unwrap().is_empty());
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let page = write(folder.path(), "a.json", "<!DOCTYPE html><html><body>Forbidden</body></html>");
    let none = folder.path().join("none.csv");
    let unknown = write(folder.path(), "b.csv", &table().replace("SPY2309", "SPY12309"));
    let empty = write(folder.path(), "c.csv", HEAD);
    let closed: String = table()
        .lines()
        .map(|line| {
            if line.starts_with("Thu") || line.starts_with("Fri") {
                line.replace(",1000,", ",,") + "\n"
            } else {
                line.to_owned() + "\n"
            }
        })
        .collect();
    let closed = write(folder.path(), "d.csv", &closed);
    for (path, arguments, code, said) in [
        (&page, &[][..], 1, "a web page (HTML)"),
        (&none, &[], 1, "cannot be opened"),
        (&unknown, &[], 1, "of unknown multiplier"),
        (&empty, &[], 1, "no row of an option could be read"),
        (&unknown, &["--at", "noon"], 2, "HH:MM"),
        (&unknown, &["--date", "today"], 2, "YYYY-MM-DD"),
        (&unknown, &["--symbol", "IWM"], 1, "no options of IWM; of SPY it has"),
        (&unknown, &["--rate", "4"], 2, "0.04 is 4 %"),
        (&unknown, &["--spot", "-1"], 2, "above zero"),
    ] {
        let all = [&["exposure", path.to_str().unwrap()][..], arguments].concat();
        let (exit, words) = refused(&all);
        assert_eq!(exit, Some(code), "{words}");
        assert!(words.contains(said), "{said} is not in {words}");
    }
    // Half of the chain without open interest: the rest is counted, and what is missing too.
    let half = options(&["exposure", closed.to_str().unwrap(), "--output", "json"]);
    assert_eq!(half["rows"]["excluded"]["missing_oi"], 22);
    assert_eq!(half["rows"]["included"], 22);
}

#[test]
fn a_chain_that_ends_in_the_middle_is_degraded() {
    let folder = tempfile::tempdir().unwrap();
    let whole = zstd_like_json();
    let cut = write(folder.path(), "cut.json", &whole[..whole.len() * 2 / 3]);
    let result = options(&["exposure", cut.to_str().unwrap(), "--spot", "450", "--output", "json"]);
    assert_eq!(result["degraded"], true);
    assert_eq!(result["source"]["partial"], true);
    let picture = text(&output(&["options", "exposure", cut.to_str().unwrap(), "--spot", "450"]).stdout);
    assert!(picture.contains("DEGRADED") && picture.contains("part of the chain is missing"), "{picture}");
}

/// The same table as JSON, without a price of the underlying before its options.
fn zstd_like_json() -> String {
    let mut options = String::new();
    for strike in 440..=460 {
        let away = f64::from(strike - 450);
        let outside = 3.0 * (-away.abs() / 6.0).exp();
        for (right, inside) in [("C", (-away).max(0.0)), ("P", away.max(0.0))] {
            let price = outside + inside;
            write!(
                options,
                "{}{{\"option\": \"SPY230922{right}{strike:05}000\", \"bid\": {:.2}, \"ask\": {:.2}, \"open_interest\": 100.0, \"volume\": 5.0}}",
                if options.is_empty() { "" } else { ", " },
                price - 0.01,
                price + 0.01
            )
            .unwrap();
        }
    }
    format!(
        "{{\"timestamp\": \"2023-09-14 15:00:00\", \"data\": {{\"options\": [{options}], \"current_price\": 450.0}}}}"
    )
}

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("ALPHATRADER_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if data.join("cboe").is_dir() && data.join("lean/option").is_dir() {
        return Some(data);
    }
    println!("skipped: recorded data absent");
    None
}

#[test]
fn recorded_chains_by_the_gammas_that_their_source_states() {
    let Some(data) = data() else { return };
    for (name, digits, billions) in [
        ("cboe/spy_quotedata_20230914.csv.zst", 2, "+4.94"),
        ("cboe/spx_quotedata_20230914.csv.zst", 1, "+23.3"),
        ("cboe/SPY_delayed_20220712.json.zst", 2, "-6.12"),
    ] {
        let path = data.join(name);
        let found = options(&["exposure", path.to_str().unwrap(), "--greeks", "vendor", "--output", "json"]);
        let gex = found["gex"].as_f64().unwrap() / 1e9;
        assert_eq!(format!("{gex:+.digits$}"), billions, "{name}");
    }
}

/// The table of each recorded chain stands in the page: it is printed anew and compared.
#[test]
fn recorded_exposures_are_those_of_the_page() {
    let Some(data) = data() else { return };
    let page = include_str!("../../../../docs/options.md");
    for (arguments, file) in [
        (&[][..], "cboe/spy_quotedata_20230914.csv.zst"),
        (&[], "cboe/spx_quotedata_20230914.csv.zst"),
        (&[], "cboe/SPY_delayed_20220712.json.zst"),
        (&["--at", "11:00"], "lean/option/usa/minute/goog/20151224_quote_american.zip"),
        (&[], "lean/option/usa/hour/aapl_20140606_quote_american.zip"),
        (&["--at", "12:00"], "lean/indexoption/usa/minute/spxw/20230626_quote_european.zip"),
        (&[], "options-daily/SPY_options_2021_sample.csv.zst"),
    ] {
        let path = data.join(file);
        let all = [&["options", "exposure", path.to_str().unwrap()][..], arguments].concat();
        let printed = text(&output(&all).stdout);
        let figures = printed.lines().filter(|line| {
            line.starts_with("  GEX") || line.starts_with("  gamma flip") || line.starts_with("  call wall")
        });
        let mut count = 0;
        for line in figures.filter(|line| !line.contains("by strike")) {
            count += 1;
            assert!(page.contains(line), "{file}: the page does not have\n{line}");
        }
        assert_eq!(count, 3, "{file}: {printed}");
    }
}

#[test]
fn recorded_differences_to_the_source_are_those_of_the_page() {
    let Some(data) = data() else { return };
    let page = include_str!("../../../../docs/options.md");
    for file in [
        "cboe/spy_quotedata_20230914.csv.zst",
        "cboe/spx_quotedata_20230914.csv.zst",
        "cboe/SPY_delayed_20220712.json.zst",
    ] {
        let path = data.join(file);
        let printed = text(&output(&["options", "compare", path.to_str().unwrap()]).stdout);
        for line in printed.lines() {
            assert!(page.contains(line), "{file}: the page does not have\n{line}");
        }
    }
}

#[test]
fn recorded_chain_without_open_interest_is_refused() {
    let Some(data) = data() else { return };
    let path = data.join("lean/option/usa/universes/aapl/20140606.csv");
    let (code, said) = refused(&["exposure", path.to_str().unwrap(), "--greeks", "vendor"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("2181 without open interest") || said.contains("without open interest"), "{said}");
}
