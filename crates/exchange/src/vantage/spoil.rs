//! Rows of a chain, spoiled as a fault says.

use jiff::civil::Date;

use super::faults::Fault;
use super::json::fixed;
use super::options::Row;

/// Spoils the rows of a chain of the exchange date `today`; rows without the fields it needs are left.
pub fn spoil(rows: &mut Vec<Row>, fault: Fault, today: Date) {
    match fault {
        Fault::StaleDate => rows.iter_mut().for_each(|row| row.set("date", before(today, 7))),
        Fault::CrossedQuotes => rows.iter_mut().step_by(3).for_each(cross),
        Fault::JunkVolatility => rows.iter_mut().enumerate().for_each(|(place, row)| junk(row, place)),
        Fault::MissingFields => {
            rows.iter_mut().step_by(3).enumerate().for_each(|(place, row)| lose(row, place));
        }
        Fault::DuplicateRows => duplicate(rows),
        Fault::ExpiredContracts => expire(rows, today),
        Fault::NegativeInterest => {
            for row in rows.iter_mut().step_by(2) {
                row.set("open_interest", "-17");
                row.set("volume", "-3");
            }
        }
        Fault::HalfChain => {
            let mut place = 0;
            rows.retain(|_| {
                place += 1;
                place % 5 == 1
            });
        }
        Fault::WrongSymbol => {
            for row in rows {
                let name = row.contract.to_string();
                let rest = name.strip_prefix(row.contract.root.as_str()).unwrap_or(&name).to_owned();
                row.set("symbol", "ZZZ");
                row.set("contractID", format!("ZZZ{rest}"));
            }
        }
        _ => {}
    }
}

fn before(today: Date, days: i64) -> String {
    today.saturating_sub(jiff::Span::new().days(days)).to_string()
}

fn cross(row: &mut Row) {
    let ask = row.number("ask").unwrap_or(0.0);
    row.set("bid", fixed(ask + 0.25, 2));
    row.set("ask", fixed(ask.max(0.05), 2));
}

fn junk(row: &mut Row, place: usize) {
    let (volatility, delta) = match place % 4 {
        0 => ("4.20990", "0.98977"),
        1 => ("0.00000", "1.70000"),
        2 => ("12.50000", "-1.20000"),
        _ => ("nan", "inf"),
    };
    row.set("implied_volatility", volatility);
    row.set("delta", delta);
    row.set("gamma", "-0.50000");
    row.set("vega", "-1.00000");
}

fn lose(row: &mut Row, place: usize) {
    match place % 4 {
        0 => row.fields.retain(|(name, _)| !matches!(*name, "bid" | "bid_size" | "ask_size")),
        1 => row.set("bid", "None"),
        2 => row.set("open_interest", "-"),
        _ => row.fields.retain(|(name, _)| !matches!(*name, "strike" | "date")),
    }
}

fn duplicate(rows: &mut Vec<Row>) {
    let again: Vec<Row> = rows
        .iter()
        .step_by(5)
        .map(|row| {
            let mut copy = row.clone();
            let volume = row.volume + 1;
            copy.volume = volume;
            copy.set("volume", volume.to_string());
            copy
        })
        .collect();
    rows.extend(again);
}

/// The first rows once more, as contracts that expired a week ago.
fn expire(rows: &mut Vec<Row>, today: Date) {
    let past = today.saturating_sub(jiff::Span::new().days(7));
    let gone: Vec<Row> = rows
        .iter()
        .take(20)
        .map(|row| {
            let mut copy = row.clone();
            copy.contract.expiry = past;
            copy.set("contractID", copy.contract.to_string());
            copy.set("expiration", past.to_string());
            copy
        })
        .collect();
    rows.splice(0..0, gone);
}
