//! Daily rows of options, a row a contract and day, days one after the other:
//! `underlying,underlying_last,optionroot,type,expiration,quotedate,strike,last,bid,ask,volume,openinterest,
//! impliedvol,delta,gamma,theta,vega,optionalias`. Of the days the one that was asked for is taken, else the last.

use alphatrader_model::chain::{ChainEntry, Provider, VendorGreeks};
use alphatrader_model::{Calendar, Price};
use jiff::civil::Date;

use super::ask::Ask;
use super::kind::ChainKind;
use super::reading::Reading;
use super::rows::{Rows, Stated};
use super::survey::Survey;
use super::{Source, text};
use crate::error::HistoryError;
use crate::malformed::Reason;

const FIELDS: usize = 18;

pub(super) fn read(source: Source<'_>, ask: &Ask) -> Result<Reading, HistoryError> {
    let mut lines = source.lines()?;
    let mut rows = Rows::of(source.path);
    let (mut day, mut spot) = (None, None);
    let (mut first, mut last) = (None::<Date>, None::<Date>);
    while let Some((number, line)) = lines.next_line() {
        if number == 1 && line.is_ok() {
            continue;
        }
        let read = line.and_then(|line| {
            if line.is_empty() {
                return Ok(());
            }
            let (date, stated, entry) = row(line, source.calendar)?;
            first = Some(first.map_or(date, |known| known.min(date)));
            last = Some(last.map_or(date, |known| known.max(date)));
            if ask.date.is_some_and(|asked| asked != date) || day.is_some_and(|day| date < day) {
                return Ok(());
            }
            if day != Some(date) {
                (day, spot) = (Some(date), None);
                rows.clear();
            }
            spot = spot.or(stated);
            rows.push(number, entry)
        });
        if let Err(reason) = read
            && !rows.note(number, reason)
        {
            break;
        }
    }
    let Some(day) = day else {
        let there = match (first, last) {
            (Some(first), Some(last)) => format!("; it has days from {first} to {last}"),
            _ => String::new(),
        };
        let asked =
            ask.date.map_or_else(|| "no row that can be read".to_owned(), |date| format!("no row of {date}"));
        return Err(HistoryError::NoChain {
            path: source.path.to_owned(),
            reason: format!("{asked}{there}"),
        });
    };
    let as_of = ask.within(day, source.calendar);
    let (kind, provider) = (ChainKind::OptionsDaily, Provider::EndOfDay);
    let mut reading = rows.into_reading(ask, Stated { kind, provider, as_of, spot, delayed: false })?;
    if first != last {
        let (first, last) = (first.unwrap_or(day), last.unwrap_or(day));
        reading.notes.push(format!("{day} of days from {first} to {last}; another with --date"));
    }
    Ok(reading)
}

fn row(line: &[u8], calendar: &Calendar) -> Result<(Date, Option<Price>, ChainEntry), Reason> {
    let fields = text::split(line);
    if fields.len() != FIELDS {
        return Err(if fields.len() < FIELDS { Reason::Missing("a field") } else { Reason::ExtraFields });
    }
    let date = |at: usize, name| {
        let text = core::str::from_utf8(fields[at]).ok();
        text.and_then(|text| text.parse::<Date>().ok()).ok_or(Reason::Unreadable(name))
    };
    let number = |at: usize, name| text::number(fields[at], name);
    let price = |at: usize, name| text::price(number(at, name)?, name);
    let contract = text::contract(fields[2])?;
    if date(4, "expiration")? != contract.expiry {
        return Err(Reason::Disagrees("expiration"));
    }
    if price(6, "strike")? != Some(contract.strike) {
        return Err(Reason::Disagrees("strike"));
    }
    let entry = ChainEntry {
        last: price(7, "last")?,
        bid: price(8, "bid")?,
        ask: price(9, "ask")?,
        volume: text::count(number(10, "volume")?, "volume")?,
        open_interest: text::count(number(11, "openinterest")?, "openinterest")?,
        implied_volatility: number(12, "impliedvol")?,
        greeks: VendorGreeks {
            delta: number(13, "delta")?,
            gamma: number(14, "gamma")?,
            theta: number(15, "theta")?,
            vega: number(16, "vega")?,
            rho: None,
        },
        ..text::bare(contract, calendar)
    };
    Ok((date(5, "quotedate")?, price(1, "underlying_last")?, entry))
}

/// All days of a file.
pub(super) fn survey(path: &std::path::Path, calendar: &Calendar) -> Result<Survey, HistoryError> {
    let source = Source { path, calendar, limits: crate::limits::Limits::default() };
    let mut lines = source.lines()?;
    let mut rows = Rows::of(path);
    let (mut read, mut days) = (0_u64, std::collections::BTreeSet::new());
    let mut symbol = None;
    while let Some((number, line)) = lines.next_line() {
        if number == 1 && line.is_ok() {
            continue;
        }
        match line.and_then(|line| row(line, calendar)) {
            Ok((date, _, entry)) => {
                read += 1;
                days.insert(date);
                symbol.get_or_insert(entry.contract.root);
            }
            Err(reason) => {
                if !rows.note(number, reason) {
                    break;
                }
            }
        }
    }
    let close = |date: Option<&Date>| date.map(|date| Ask::default().within(*date, calendar));
    Ok(Survey {
        kind: ChainKind::OptionsDaily,
        symbol: symbol.map(super::terms::underlying_of),
        first: close(days.first()),
        last: close(days.last()),
        records: std::collections::BTreeMap::from([("contract_day", read), ("day", days.len() as u64)]),
        malformed: rows.faults.malformed,
        examples: rows
            .faults
            .examples
            .iter()
            .map(|one| format!("line {}: {}", one.line, one.reason))
            .collect(),
        notes: Vec::new(),
    })
}
