//! `alphatrader options chain`: the contracts of a chain, own volatility and Greeks beside the source's.

use core::fmt::Write as _;

use alphatrader_analytics::exposure::{ChainState, RowStatus, RowView};
use alphatrader_model::chain::ChainEntry;
use alphatrader_model::exposure::{DealerSign, GreeksSource};
use alphatrader_model::instrument::Right;
use jiff::civil::Date;
use serde::Serialize;

use super::source::{Chain, Said, date};
use crate::cli::{ChainArgs, ChainFormat};
use crate::failure::Failure;
use crate::print_json;

/// A contract as it is printed: dollars; theta a day, vega a vol point.
#[derive(Debug, Clone, Copy, Serialize)]
struct Printed {
    symbol: alphatrader_model::instrument::OptionContract,
    expiry: Date,
    strike: f64,
    right: Right,
    bid: Option<f64>,
    ask: Option<f64>,
    last: Option<f64>,
    volume: Option<u32>,
    open_interest: Option<u32>,
    multiplier: Option<u32>,
    minutes: f64,
    iv: Option<f64>,
    delta: Option<f64>,
    gamma: Option<f64>,
    theta: Option<f64>,
    vega: Option<f64>,
    vendor_iv: Option<f64>,
    vendor_delta: Option<f64>,
    vendor_gamma: Option<f64>,
    status: RowStatus,
    interpolated: bool,
    crossed: bool,
    stale: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    underlying: alphatrader_model::Symbol,
    as_of: alphatrader_model::Timestamp,
    spot: Option<f64>,
    source: &'a Said,
    rows: &'a [Printed],
}

/// Runs the command.
///
/// # Errors
/// A file that is no chain, an expiry that it does not have.
pub(crate) fn rows(args: &ChainArgs) -> Result<(), Failure> {
    let chain = Chain::read(&args.chain)?;
    let wanted = args.expiry.as_deref().map(|text| date("--expiry", text)).transpose()?;
    let conventions = chain.conventions(DealerSign::Naive, GreeksSource::Own);
    let (mut state, moment) = chain.state(conventions)?;
    // Where nothing can be summed, the contracts are there all the same.
    let _ = state.revalue(&moment);
    let mut printed = of(&chain, &state);
    if let Some(wanted) = wanted {
        printed.retain(|row| row.expiry == wanted);
        if printed.is_empty() {
            let mut there: Vec<Date> = chain.snapshot.rows.iter().map(|row| row.contract.expiry).collect();
            there.dedup();
            let there: Vec<String> = there.iter().map(ToString::to_string).collect();
            return Err(Failure::new(format!(
                "no option expires on {wanted}; expiries: {}",
                there.join(", ")
            )));
        }
    }
    match args.output {
        ChainFormat::Json => print_json(&Document {
            underlying: chain.snapshot.underlying,
            as_of: chain.snapshot.as_of,
            spot: chain.snapshot.spot.map(alphatrader_model::Price::to_f64),
            source: &chain.said,
            rows: &printed,
        }),
        ChainFormat::Csv => {
            print!("{}", csv(&printed));
            Ok(())
        }
        ChainFormat::Table => {
            print!("{}", table(&chain, &printed, args.strikes));
            Ok(())
        }
    }
}

fn of(chain: &Chain, state: &ChainState) -> Vec<Printed> {
    let row = |entry: &ChainEntry| {
        let view = state.index_of(&entry.contract).and_then(|at| state.row(at));
        print_row(chain, entry, view.as_ref())
    };
    chain.snapshot.rows.iter().map(row).collect()
}

fn print_row(chain: &Chain, entry: &ChainEntry, view: Option<&RowView>) -> Printed {
    let dollars = |price: Option<alphatrader_model::Price>| price.map(alphatrader_model::Price::to_f64);
    let greeks = view.and_then(|view| view.greeks);
    Printed {
        symbol: entry.contract,
        expiry: entry.contract.expiry,
        strike: entry.contract.strike.to_f64(),
        right: entry.contract.right,
        bid: dollars(entry.bid),
        ask: dollars(entry.ask),
        last: dollars(entry.last),
        volume: entry.volume,
        open_interest: entry.open_interest,
        multiplier: entry.multiplier,
        minutes: entry.settles.since(chain.snapshot.as_of).as_seconds() / 60.0,
        iv: view.and_then(|view| view.iv),
        delta: greeks.map(|greeks| greeks.delta),
        gamma: greeks.map(|greeks| greeks.gamma),
        theta: greeks.map(|greeks| greeks.theta / 365.0),
        vega: greeks.map(|greeks| greeks.vega / 100.0),
        vendor_iv: entry.implied_volatility,
        vendor_delta: entry.greeks.delta,
        vendor_gamma: entry.greeks.gamma,
        status: view.map_or(RowStatus::NoIv, |view| view.status),
        interpolated: view.is_some_and(|view| view.flags.interpolated),
        crossed: entry.is_crossed(),
        stale: view.is_some_and(|view| view.flags.stale),
    }
}

const NAMES: &str = "symbol,expiry,strike,right,bid,ask,last,volume,open_interest,multiplier,minutes,iv,delta,gamma,theta,vega,vendor_iv,vendor_delta,vendor_gamma,status";

/// Absent is empty. Writing to a `String` cannot fail.
fn csv(rows: &[Printed]) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let count = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
    let mut out = format!("{NAMES}\n");
    for row in rows {
        let numbers = [
            row.iv,
            row.delta,
            row.gamma,
            row.theta,
            row.vega,
            row.vendor_iv,
            row.vendor_delta,
            row.vendor_gamma,
        ];
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{},{},{:.2},{},{}",
            row.symbol,
            row.expiry,
            row.strike,
            row.right.letter(),
            number(row.bid),
            number(row.ask),
            number(row.last),
            count(row.volume),
            count(row.open_interest),
            count(row.multiplier),
            row.minutes,
            numbers.map(number).join(","),
            status(row.status)
        );
    }
    out
}

const fn status(status: RowStatus) -> &'static str {
    match status {
        RowStatus::Included => "included",
        RowStatus::Expired => "expired",
        RowStatus::MissingOi => "missing_oi",
        RowStatus::UnknownMultiplier => "unknown_multiplier",
        RowStatus::NoIv => "no_iv",
        RowStatus::IvOutOfRange => "iv_out_of_range",
    }
}

/// Calls to the left of the strike, puts to the right, expiry by expiry.
fn table(chain: &Chain, rows: &[Printed], strikes: usize) -> String {
    let spot = chain.snapshot.spot.map_or(0.0, alphatrader_model::Price::to_f64);
    let local = chain.calendar.local(chain.snapshot.as_of);
    let mut out = format!(
        "{} options, {} {:02}:{:02} New York: spot {spot:.2} ({}), {} contracts of {}\n",
        chain.snapshot.underlying,
        local.date(),
        local.hour(),
        local.minute(),
        chain.said.spot_from,
        chain.snapshot.rows.len(),
        chain.said.kind
    );
    for note in &chain.said.notes {
        let _ = writeln!(out, "note: {note}");
    }
    if chain.said.malformed > 0 {
        let _ = writeln!(
            out,
            "{} rows could not be read, such as {}",
            chain.said.malformed, chain.said.malformed_examples[0]
        );
    }
    for expiry in rows.chunk_by(|left, right| left.expiry == right.expiry) {
        let _ = writeln!(
            out,
            "\n{}, {:.2} days, {} contracts",
            expiry[0].expiry,
            expiry[0].minutes / 1_440.0,
            expiry.len()
        );
        let side = format!(
            "{:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>7}",
            "bid", "ask", "volume", "open", "iv %", "delta", "gamma"
        );
        let _ = writeln!(out, "{side}  {:^9}  {side}", "strike");
        let mut near: Vec<f64> = expiry.iter().map(|row| row.strike).collect();
        near.dedup();
        near.sort_by(|left, right| (left - spot).abs().total_cmp(&(right - spot).abs()));
        if strikes > 0 {
            near.truncate(strikes);
        }
        near.sort_by(f64::total_cmp);
        for strike in near {
            let of = |right| expiry.iter().find(|row| row.strike == strike && row.right == right);
            let _ = writeln!(out, "{}  {strike:^9}  {}", half(of(Right::Call)), half(of(Right::Put)));
        }
    }
    out
}

fn half(row: Option<&Printed>) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let count = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let of = |value: fn(&Printed) -> Option<f64>| row.and_then(value);
    format!(
        "{:>7} {:>7} {:>7} {:>7} {:>6} {:>6} {:>7}",
        number(of(|row| row.bid), 2),
        number(of(|row| row.ask), 2),
        count(row.and_then(|row| row.volume)),
        count(row.and_then(|row| row.open_interest)),
        number(of(|row| row.iv.map(|iv| iv * 100.0)), 1),
        number(of(|row| row.delta), 3),
        number(of(|row| row.gamma), 4)
    )
}
