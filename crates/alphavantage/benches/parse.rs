//! A generated chain of 14 000 rows over 34 expiries, as JSON and as a table: from bytes to a chain, and
//! to its exposures. Prints figures;
//! compares nothing.

#![allow(missing_docs, reason = "a program, not an interface")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use alphatrader_alphavantage::options::{Asked, Chain, Decoded, decode};
use alphatrader_alphavantage::{ApiKey, Format, Function, Spot};
use alphatrader_analytics::exposure::{Conventions, exposure_of};
use alphatrader_analytics::options::{Terms, value, years_between};
use alphatrader_model::{Calendar, ChainSnapshot, Price, Right, Symbol, Timestamp};

/// Each case runs this long; the best pass and the middle one are printed.
const LONG: Duration = Duration::from_secs(3);
const EXPIRIES: i64 = 34;
const STRIKES: i64 = 206;

fn main() {
    let calendar = Calendar::xnys();
    let key = ApiKey::new("normal").expect("a key");
    let now = calendar.instant(jiff::civil::date(2026, 11, 23), 11, 0);
    let asked = |format| Asked {
        function: Function::RealtimeOptions,
        format,
        symbol: Symbol::new("SPY").expect("a symbol"),
        expiration: None,
        received: now,
        spot: Some(Spot::at(Price::from_cents(60_000))),
        rate: 0.04,
        calendar: &calendar,
        key: &key,
    };
    let (json, table) = bodies(&calendar, now);
    for (name, body, format) in [("JSON", &json, Format::Json), ("CSV", &table, Format::Csv)] {
        let asked = asked(format);
        let rows = chain(body, &asked).snapshot.rows.len();
        let (best, middle) = measure(|| chain(body, &asked));
        let megabytes = body.len() as f64 / 1e6;
        println!(
            "{name:<5} {rows} rows, {megabytes:.2} MB: best {:.2} ms, median {:.2} ms, {:.0} MB/s",
            best * 1e3,
            middle * 1e3,
            megabytes / best
        );
        let exposures = || {
            let snapshot =
                ChainSnapshot { spot: asked.spot.map(|spot| spot.price), ..chain(body, &asked).snapshot };
            exposure_of(&snapshot, Conventions::default(), &calendar).expect("a chain with a spot")
        };
        let (best, middle) = measure(exposures);
        println!(
            "{name:<5} bytes to exposures, cold: best {:.2} ms, median {:.2} ms",
            best * 1e3,
            middle * 1e3
        );
    }
}

fn chain(body: &str, asked: &Asked<'_>) -> Chain {
    match decode(body.as_bytes(), asked) {
        Decoded::Chain(chain) => *chain,
        other => panic!("{other:?}"),
    }
}

fn measure<T>(mut pass: impl FnMut() -> T) -> (f64, f64) {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < LONG {
        let one = Instant::now();
        std::hint::black_box(pass());
        times.push(one.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

fn bodies(calendar: &Calendar, now: Timestamp) -> (String, String) {
    let columns = [
        "contractID",
        "symbol",
        "expiration",
        "strike",
        "type",
        "last",
        "mark",
        "bid",
        "bid_size",
        "ask",
        "ask_size",
        "volume",
        "open_interest",
        "date",
        "implied_volatility",
        "delta",
        "gamma",
        "theta",
        "vega",
        "rho",
    ];
    let mut table = columns.join(",") + "\r\n";
    let mut json = r#"{"endpoint":"Realtime Options","message":"success","data":["#.to_owned();
    let mut date = calendar.date_of(now);
    for n in 0..EXPIRIES {
        let settles = calendar.settlement(Symbol::new("SPY").expect("a symbol"), date);
        for strike in 600 - STRIKES / 2..600 + STRIKES / 2 {
            for right in [Right::Call, Right::Put] {
                let cells = cells(date, strike, right, years_between(now, settles));
                table.push_str(&cells.join(","));
                table.push_str("\r\n");
                let fields: Vec<String> =
                    columns.iter().zip(&cells).map(|(name, cell)| format!("\"{name}\":\"{cell}\"")).collect();
                let comma = if json.ends_with('[') { "" } else { "," };
                let _ = write!(json, "{comma}{{{}}}", fields.join(","));
            }
        }
        date = calendar
            .next_session(if n < 10 {
                date
            } else {
                date.checked_add(jiff::Span::new().days(25)).expect("a day")
            })
            .date;
    }
    json.push_str("]}");
    (json, table)
}

fn cells(date: jiff::civil::Date, strike: i64, right: Right, years: f64) -> Vec<String> {
    let volatility = 0.15 + (strike - 600).abs() as f64 / 1_000.0;
    let terms = Terms { right, spot: 600.0, strike: strike as f64, years, rate: 0.04, dividend_yield: 0.0 };
    let worth = value(&terms, volatility).expect("terms in range");
    let (letter, word) = if right == Right::Call { ('C', "call") } else { ('P', "put") };
    let bid = (worth.price - 0.02).max(0.0);
    let occ = date.to_string().replace('-', "");
    vec![
        format!("SPY{}{letter}{:08}", &occ[2..], strike * 1_000),
        "SPY".to_owned(),
        date.to_string(),
        format!("{strike}.00"),
        word.to_owned(),
        format!("{:.2}", worth.price),
        format!("{:.2}", bid + 0.02),
        format!("{bid:.2}"),
        "12".to_owned(),
        format!("{:.2}", bid + 0.04),
        "9".to_owned(),
        "330".to_owned(),
        "2244".to_owned(),
        "2026-11-23".to_owned(),
        format!("{volatility:.5}"),
        format!("{:.5}", worth.delta),
        format!("{:.5}", worth.gamma),
        format!("{:.5}", worth.theta / 365.0),
        format!("{:.5}", worth.vega / 100.0),
        "0.01355".to_owned(),
    ]
}
