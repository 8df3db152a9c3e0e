//! Recorded option chains: what their readers find, held against what is known of the files. Skipped where the
//! recordings are not at hand.

use std::path::{Path, PathBuf};

use alphatrader_history::chain::{self, Ask, Reading, SpotFrom};
use alphatrader_history::{HistoryError, inspect};
use alphatrader_model::chain::{ChainEntry, Exercise};
use alphatrader_model::instrument::Right;
use alphatrader_model::{Calendar, Symbol};
use jiff::civil::{Date, Time, date, time};

/// The folder of the recordings; nothing, and a line that says so, where it is absent.
fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if data.join("cboe").is_dir() && data.join("lean/option").is_dir() {
        return Some(data);
    }
    println!("skipped: recorded data absent");
    None
}

fn at(hour: Option<Time>) -> Ask {
    Ask { at: hour, ..Ask::default() }
}

fn read(path: &Path, ask: &Ask) -> Reading {
    let reading = chain::read(path, ask, &Calendar::xnys()).unwrap();
    assert_eq!((reading.malformed, reading.partial), (0, false), "{:?}", reading.examples);
    reading
}

/// Contracts that are open: calls, puts.
fn open(reading: &Reading) -> (u64, u64) {
    let side = |right| {
        let rows = reading.snapshot.rows.iter().filter(move |row| row.contract.right == right);
        rows.filter_map(|row| row.open_interest).map(u64::from).sum()
    };
    (side(Right::Call), side(Right::Put))
}

/// Naive exposure in billions of dollars a percent, by the gammas that the source states.
fn stated_gex(reading: &Reading) -> f64 {
    let spot = reading.snapshot.spot.unwrap().to_f64();
    let of = |row: &ChainEntry| {
        let sign = if row.contract.right == Right::Call { 1.0 } else { -1.0 };
        let shares = f64::from(row.open_interest.unwrap()) * f64::from(row.multiplier.unwrap());
        sign * row.greeks.gamma.unwrap() * shares * spot * spot * 0.01
    };
    reading.snapshot.rows.iter().map(of).sum::<f64>() / 1e9
}

fn expiring(reading: &Reading, day: Date) -> usize {
    reading.snapshot.rows.iter().filter(|row| row.contract.expiry == day).count()
}

#[test]
fn recorded_spy_table_of_2023() {
    let Some(data) = data() else { return };
    let reading = read(&data.join("cboe/spy_quotedata_20230914.csv.zst"), &at(None));
    assert_eq!(reading.snapshot.rows.len(), 2 * 3_646);
    assert_eq!(reading.expiries().len(), 31);
    assert_eq!(open(&reading), (6_906_952, 14_666_220));
    assert_eq!(reading.snapshot.as_of.to_string(), "2023-09-14T20:31:00Z");
    assert_eq!(reading.snapshot.spot.unwrap().to_string(), "450.81");
    assert_eq!(format!("{:+.2}", stated_gex(&reading)), "+4.94");
    assert!(expiring(&reading, date(2023, 9, 14)) > 0, "that day's are included");
}

#[test]
fn recorded_spx_table_of_2023() {
    let Some(data) = data() else { return };
    let reading = read(&data.join("cboe/spx_quotedata_20230914.csv.zst"), &at(None));
    assert_eq!(reading.snapshot.underlying, Symbol::new("SPX").unwrap());
    assert_eq!(reading.snapshot.rows.len(), 2 * 9_960);
    assert_eq!(open(&reading), (6_663_949, 13_722_905));
    assert_eq!(format!("{:+.1}", stated_gex(&reading)), "+23.3");
    let friday = |root: &str| {
        let mine = |row: &&ChainEntry| {
            row.contract.expiry == date(2023, 9, 15) && row.contract.root.as_str() == root
        };
        reading.snapshot.rows.iter().find(mine).unwrap().settles.to_string()
    };
    assert_eq!(
        (friday("SPX"), friday("SPXW")),
        ("2023-09-15T13:30:00Z".into(), "2023-09-15T20:00:00Z".into())
    );
    let weekly = Ask { symbol: Some(Symbol::new("SPXW").unwrap()), ..Ask::default() };
    let weekly = read(&data.join("cboe/spx_quotedata_20230914.csv.zst"), &weekly);
    assert!(weekly.snapshot.rows.len() < reading.snapshot.rows.len());
}

#[test]
fn recorded_spy_json_of_2022() {
    let Some(data) = data() else { return };
    let reading = read(&data.join("cboe/SPY_delayed_20220712.json.zst"), &at(None));
    assert_eq!(reading.snapshot.rows.len(), 9_208);
    assert_eq!(reading.snapshot.as_of.to_string(), "2022-07-12T22:57:33Z");
    assert_eq!(format!("{:+.2}", stated_gex(&reading)), "-6.12");
}

#[test]
fn recorded_goog_half_session_at_eleven() {
    let Some(data) = data() else { return };
    let folder = data.join("lean/option/usa/minute/goog");
    let reading = read(&folder.join("20151224_quote_american.zip"), &at(Some(time(11, 0, 0, 0))));
    assert_eq!((reading.snapshot.rows.len(), reading.expiries().len()), (2_192, 12));
    assert_eq!(expiring(&reading, date(2015, 12, 24)), 176);
    let (calls, puts) = open(&reading);
    assert_eq!(calls + puts, 179_502);
    assert_eq!(reading.snapshot.rows.iter().filter(|row| row.open_interest.is_some()).count(), 2_058);
    assert_eq!(reading.snapshot.spot.unwrap().to_string(), "749.23");
    assert_eq!(reading.files.len(), 4);
    assert_eq!(reading.snapshot.rows[0].settles.to_string(), "2015-12-24T18:00:00Z");
    let early = read(&folder.join("20151224_quote_american.zip"), &at(Some(time(9, 31, 0, 0))));
    let volume = |reading: &Reading| {
        reading.snapshot.rows.iter().filter_map(|row| row.volume).map(u64::from).sum::<u64>()
    };
    assert!(volume(&early) < volume(&reading), "volume grows through the day");
    // The stock lies where put-call parity says that it does.
    let parity = chain::parity::spot(&reading.snapshot).unwrap();
    assert!((parity.spot - 749.23).abs() < 0.5, "{parity:?}");
}

#[test]
fn recorded_aapl_by_the_hour() {
    let Some(data) = data() else { return };
    let reading = read(&data.join("lean/option/usa/hour/aapl_20140606_quote_american.zip"), &at(None));
    assert_eq!((reading.snapshot.rows.len(), reading.files.len()), (2_352, 4));
    assert_eq!(reading.snapshot.rows.iter().filter(|row| row.open_interest.is_some()).count(), 2_322);
    let traded = |reading: &Reading| {
        reading.snapshot.rows.iter().filter(|row| row.volume.is_some_and(|v| v > 0)).count()
    };
    assert_eq!(traded(&reading), 1_184);
    let later = read(
        &data.join("lean/option/usa/hour/aapl_20140606_quote_american.zip"),
        &at(Some(time(16, 30, 0, 0))),
    );
    assert_eq!(traded(&later), 1_185, "one of them after the close");
    assert_eq!(expiring(&reading, date(2014, 6, 6)), 172);
    let same = read(&data.join("lean/option/usa/minute/aapl/20140606_openinterest_american.zip"), &at(None));
    assert_eq!(same.snapshot, reading.snapshot);
}

#[test]
fn recorded_weekly_spx_of_four_contracts() {
    let Some(data) = data() else { return };
    let path = data.join("lean/indexoption/usa/minute/spxw/20230626_quote_european.zip");
    let reading = read(&path, &at(Some(time(12, 0, 0, 0))));
    assert_eq!((reading.snapshot.rows.len(), reading.snapshot.underlying.as_str()), (4, "SPX"));
    assert!(
        reading
            .snapshot
            .rows
            .iter()
            .all(|row| row.exercise == Exercise::European && row.open_interest.is_some())
    );
    assert!(
        matches!(&reading.spot_from, SpotFrom::Bars(bars) if bars.ends_with("index/usa/minute/spx/20230626_trade.zip"))
    );
    assert!((4_300.0..4_400.0).contains(&reading.snapshot.spot.unwrap().to_f64()));
}

#[test]
fn recorded_universes_and_daily_rows() {
    let Some(data) = data() else { return };
    let universes = data.join("lean/option/usa/universes");
    let goog = read(&universes.join("goog/20151224.csv"), &at(None));
    assert_eq!(
        (goog.snapshot.rows.len(), goog.snapshot.spot.unwrap().to_string().as_str()),
        (2_016, "748.40")
    );
    let aapl = read(&universes.join("aapl/20140606.csv"), &at(None));
    assert!(aapl.snapshot.rows.iter().all(|row| row.open_interest.is_none()));
    let daily = data.join("options-daily/SPY_options_2021_sample.csv.zst");
    let last = read(&daily, &at(None));
    assert!((1..60).contains(&last.snapshot.rows.len()), "{}", last.snapshot.rows.len());
    let first = read(&daily, &Ask { date: Some(date(2021, 1, 4)), ..Ask::default() });
    assert_eq!(first.snapshot.spot.unwrap().to_string(), "368.79");
}

#[test]
fn recorded_folders_are_searched_and_said() {
    let Some(data) = data() else { return };
    let ask = |symbol: &str, day| Ask { symbol: Symbol::new(symbol).ok(), date: day, at: None };
    let calendar = Calendar::xnys();
    let goog = chain::read(&data.join("lean"), &ask("GOOG", None), &calendar).unwrap();
    assert_eq!(goog.snapshot.rows.len(), 2_192);
    let aapl = chain::read(&data.join("lean"), &ask("AAPL", Some(date(2014, 6, 6))), &calendar).unwrap();
    assert_eq!(aapl.snapshot.rows.len(), 2_352);
    let refused = chain::read(&data.join("lean"), &Ask::default(), &calendar).unwrap_err();
    assert!(
        matches!(&refused, HistoryError::NoChain { reason, .. } if reason.contains("GOOG 2015-12-24")),
        "{refused}"
    );
}

#[test]
fn recorded_chains_are_inspected() {
    let Some(data) = data() else { return };
    let calendar = Calendar::xnys();
    let report = |path: &str| inspect(&data.join(path), &calendar).unwrap().next().unwrap();
    let spy = report("cboe/spy_quotedata_20230914.csv.zst");
    assert_eq!(
        (spy.kind, spy.symbol, spy.records["contract"]),
        ("cboe-quotes-csv", Symbol::new("SPY").ok(), 7_292)
    );
    let goog = report("lean/option/usa/minute/goog/20151224_quote_american.zip");
    assert_eq!(
        (goog.kind, goog.records["quote"], goog.records["contract"]),
        ("lean-option-minute-quote", 275_552, 2_192)
    );
    assert_eq!(goog.malformed, 0);
    let interest = report("lean/option/usa/minute/goog/20151224_openinterest_american.zip");
    assert_eq!(
        (interest.kind, interest.records["open_interest"]),
        ("lean-option-minute-open-interest", 2_058)
    );
    let hourly = report("lean/option/usa/hour/aapl_20140606_quote_american.zip");
    assert_eq!((hourly.kind, hourly.records["quote"]), ("lean-option-hour-quote", 16_161));
    let daily = report("options-daily/SPY_options_2021_sample.csv.zst");
    assert_eq!((daily.kind, daily.records["contract_day"]), ("options-daily", 5_040));
}
