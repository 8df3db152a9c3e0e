//! Cboe's table of delayed quotes as CSV.
//!
//! Name and last price, the instant with its zone, 22 names (a saved file may have a line more above), then a line
//! a strike and expiry: the expiry, ten fields of the call, of which the last is the strike, ten of the put.

use alphatrader_model::chain::{ChainEntry, Provider, VendorGreeks};
use alphatrader_model::{Calendar, Price};

use super::ask::Ask;
use super::kind::ChainKind;
use super::reading::Reading;
use super::rows::{Rows, Stated};
use super::{Source, stamp, text};
use crate::error::HistoryError;
use crate::malformed::Reason;

/// The names, in their order.
const COLUMNS: [&str; 22] = [
    "Expiration Date",
    "Calls",
    "Last Sale",
    "Net",
    "Bid",
    "Ask",
    "Volume",
    "IV",
    "Delta",
    "Gamma",
    "Open Interest",
    "Strike",
    "Puts",
    "Last Sale",
    "Net",
    "Bid",
    "Ask",
    "Volume",
    "IV",
    "Delta",
    "Gamma",
    "Open Interest",
];
/// Lines above the names, at most.
const PREAMBLE: usize = 8;
/// Where the call's fields begin, and the put's.
const SIDES: [usize; 2] = [1, 12];

/// What stands above the names.
#[derive(Default)]
struct Preamble {
    spot: Option<Price>,
    stamp: Option<String>,
}

impl Preamble {
    fn learn(&mut self, line: &[u8]) {
        for field in text::split(line) {
            let Ok(field) = core::str::from_utf8(field) else { continue };
            if let Some(last) = field.trim().strip_prefix("Last:") {
                let last = text::number(last.replace(',', "").as_bytes(), "last price").ok().flatten();
                self.spot = text::price(last, "last price").ok().flatten();
            } else if let Some(stamp) = field.trim().strip_prefix("Date:") {
                self.stamp = Some(stamp.trim().to_owned());
            }
        }
    }
}

pub(super) fn read(source: Source<'_>, ask: &Ask) -> Result<Reading, HistoryError> {
    let mut lines = source.lines()?;
    let mut rows = Rows::of(source.path);
    let mut preamble = Preamble::default();
    let mut found = false;
    for _ in 0..=PREAMBLE {
        let Some((_, line)) = lines.next_line() else { break };
        let Ok(line) = line else { continue };
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.starts_with(b"Expiration Date,") {
            if !text::split(line)
                .iter()
                .map(|name| name.trim_ascii())
                .eq(COLUMNS.iter().map(|name| name.as_bytes()))
            {
                return Err(source.unknown("its names are not those of Cboe's table of quotes: 22 of them, from `Expiration Date,Calls` to `Open Interest`"));
            }
            found = true;
            break;
        }
        preamble.learn(line);
    }
    if !found {
        return Err(
            source.unknown("the line of names, `Expiration Date,Calls,...`, is not among its first lines")
        );
    }
    while let Some((number, line)) = lines.next_line() {
        let goes_on = match line {
            Ok(line) => both(line, number, source.calendar, &mut rows),
            Err(reason) => rows.note(number, reason),
        };
        if !goes_on {
            break;
        }
    }
    let stated = preamble.stamp.as_deref().and_then(|stamp| stamp::cboe(stamp, source.calendar));
    let as_of = ask.instead_of(stated, source.calendar).ok_or_else(|| HistoryError::NoChain {
        path: source.path.to_owned(),
        reason: format!(
            "its instant cannot be read from `{}`; say it with --date YYYY-MM-DD --at HH:MM",
            preamble.stamp.as_deref().unwrap_or("the lines above its names")
        ),
    })?;
    let (kind, provider) = (ChainKind::CboeCsv, Provider::Cboe);
    rows.into_reading(ask, Stated { kind, provider, as_of, spot: preamble.spot, delayed: true })
}

/// The call and the put of a line; one may be well where the other is not. Whether the file is read on.
fn both(line: &[u8], number: u64, calendar: &Calendar, rows: &mut Rows) -> bool {
    if line.is_empty() {
        return true;
    }
    let fields = text::split(line);
    if fields.len() != COLUMNS.len() {
        let reason =
            if fields.len() < COLUMNS.len() { Reason::Missing("a field") } else { Reason::ExtraFields };
        return rows.note(number, reason);
    }
    SIDES.into_iter().all(|from| match side(&fields, from, calendar) {
        Ok(entry) => rows.push(number, entry).or_else(|reason| refuse(rows, number, reason)).is_ok(),
        Err(reason) => rows.note(number, reason),
    })
}

fn refuse(rows: &mut Rows, number: u64, reason: Reason) -> Result<(), ()> {
    if rows.note(number, reason) { Ok(()) } else { Err(()) }
}

fn side(fields: &[&[u8]], from: usize, calendar: &Calendar) -> Result<ChainEntry, Reason> {
    let contract = text::contract(fields[from])?;
    let date = core::str::from_utf8(fields[0]).ok().and_then(stamp::long_date);
    if date.ok_or(Reason::Unreadable("expiration date"))? != contract.expiry {
        return Err(Reason::Disagrees("expiration date"));
    }
    if text::price(text::number(fields[11], "strike")?, "strike")? != Some(contract.strike) {
        return Err(Reason::Disagrees("strike"));
    }
    let number = |at: usize, name| text::number(fields[from + at], name);
    let price = |at: usize, name| text::price(number(at, name)?, name);
    // The put's symbol stands where the call's strike does: its fields are as far from it.
    Ok(ChainEntry {
        last: price(1, "last sale")?,
        bid: price(3, "bid")?,
        ask: price(4, "ask")?,
        volume: text::count(number(5, "volume")?, "volume")?,
        implied_volatility: number(6, "IV")?,
        greeks: VendorGreeks {
            delta: number(7, "delta")?,
            gamma: number(8, "gamma")?,
            ..VendorGreeks::default()
        },
        open_interest: text::count(number(9, "open interest")?, "open interest")?,
        ..text::bare(contract, calendar)
    })
}
