//! A LEAN universe: the options of an underlying at a day's end, a line each. Closes, no quotes.
//!
//! `expiry,strike,right,open,high,low,close,volume,open_interest,implied_volatility,delta,gamma,vega,theta,rho`; the
//! line after the names has no expiry and tells the underlying. Whose and of which day its path says:
//! `universes/goog/20151224.csv`.

use std::path::Path;

use alphatrader_model::chain::{ChainEntry, Provider, VendorGreeks};
use alphatrader_model::instrument::{OptionContract, Right};
use alphatrader_model::{Calendar, Price, Symbol};
use jiff::civil::Date;

use super::ask::Ask;
use super::kind::ChainKind;
use super::reading::Reading;
use super::rows::{Rows, Stated};
use super::{Source, stamp, text};
use crate::error::HistoryError;
use crate::malformed::Reason;

const FIELDS: usize = 15;

pub(super) fn read(source: Source<'_>, ask: &Ask) -> Result<Reading, HistoryError> {
    let missing =
        |reason: &str| HistoryError::NoChain { path: source.path.to_owned(), reason: reason.into() };
    let (symbol, date) = said_by(source.path);
    let symbol = symbol.or(ask.symbol).ok_or_else(|| {
        missing(
            "its folder does not say whose options these are, as in goog/20151224.csv; say it with --symbol",
        )
    })?;
    let date = ask.date.or(date).ok_or_else(|| {
        missing("its name does not say of which day it is, as in goog/20151224.csv; say it with --date")
    })?;
    let mut lines = source.lines()?;
    let mut rows = Rows::of(source.path);
    let mut spot = None;
    while let Some((number, line)) = lines.next_line() {
        let read = line.and_then(|line| {
            if line.is_empty() || line.starts_with(b"#") {
                return Ok(());
            }
            let fields = text::split(line);
            match fields.len() {
                FIELDS if fields[0].is_empty() => {
                    spot = text::price(text::number(fields[6], "close")?, "close")?;
                    Ok(())
                }
                FIELDS => rows.push(number, row(&fields, symbol, source.calendar)?),
                less if less < FIELDS => Err(Reason::Missing("a field")),
                _ => Err(Reason::ExtraFields),
            }
        });
        if let Err(reason) = read
            && !rows.note(number, reason)
        {
            break;
        }
    }
    let as_of = ask.within(date, source.calendar);
    let (kind, provider) = (ChainKind::LeanUniverse, Provider::Lean);
    let mut reading = rows.into_reading(ask, Stated { kind, provider, as_of, spot, delayed: false })?;
    reading.notes.push(
        "states closes and no quotes: nothing is implied from them; its own Greeks are shown with --greeks vendor".into(),
    );
    if spot.is_some() {
        reading.notes.push("spot is the close of a bar that may be a part of the day".into());
    }
    Ok(reading)
}

fn said_by(path: &Path) -> (Option<Symbol>, Option<Date>) {
    let folder =
        path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_ascii_uppercase());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let symbol = folder.and_then(|folder| Symbol::new(&folder).ok());
    (symbol, name.split('.').next().and_then(stamp::compact_date))
}

fn row(fields: &[&[u8]], root: Symbol, calendar: &Calendar) -> Result<ChainEntry, Reason> {
    let text_of = |at: usize| core::str::from_utf8(fields[at]).unwrap_or_default();
    let expiry = stamp::compact_date(text_of(0)).ok_or(Reason::Unreadable("expiry"))?;
    let strike: Price =
        text::price(text::number(fields[1], "strike")?, "strike")?.ok_or(Reason::Missing("strike"))?;
    let right = match fields[2] {
        b"C" => Right::Call,
        b"P" => Right::Put,
        _ => return Err(Reason::Unreadable("right")),
    };
    let number = |at: usize, name| text::number(fields[at], name);
    Ok(ChainEntry {
        last: text::price(number(6, "close")?, "close")?,
        volume: text::count(number(7, "volume")?, "volume")?,
        open_interest: text::count(number(8, "open interest")?, "open interest")?,
        implied_volatility: number(9, "implied volatility")?,
        greeks: VendorGreeks {
            delta: number(10, "delta")?,
            gamma: number(11, "gamma")?,
            vega: number(12, "vega")?,
            theta: number(13, "theta")?,
            rho: number(14, "rho")?,
        },
        ..text::bare(OptionContract { root, expiry, strike, right }, calendar)
    })
}
