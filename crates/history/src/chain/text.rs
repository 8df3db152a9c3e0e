//! Fields of tables of options. An empty field states nothing.

use alphatrader_model::Price;
use alphatrader_model::chain::ChainEntry;
use alphatrader_model::instrument::OptionContract;
use alphatrader_model::{Calendar, Timestamp};

use super::terms;
use crate::malformed::Reason;

/// Prices above ten million dollars are damage.
const HIGHEST: f64 = 10_000_000.0;
/// Counts above this are damage: the largest open interest ever seen is some millions.
const MOST: f64 = 4_000_000_000.0;

/// What stands for nothing.
fn is_absent(text: &str) -> bool {
    matches!(text, "" | "-" | "--" | "null" | "N/A" | "NaN" | "nan")
}

/// A finite number.
pub(super) fn number(text: &[u8], field: &'static str) -> Result<Option<f64>, Reason> {
    let text = core::str::from_utf8(text).map_err(|_| Reason::Unreadable(field))?.trim();
    if is_absent(text) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        Ok(_) => Err(Reason::OutOfRange(field)),
        Err(_) => Err(Reason::Unreadable(field)),
    }
}

/// A price in dollars; 0 states nothing, as no quote and no print has that price.
pub(super) fn price(value: Option<f64>, field: &'static str) -> Result<Option<Price>, Reason> {
    match value {
        None => Ok(None),
        Some(0.0) => Ok(None),
        Some(value) if !(0.0..=HIGHEST).contains(&value) => Err(Reason::OutOfRange(field)),
        Some(value) => {
            let price = Price::from_f64(value).map_err(|_| Reason::OutOfRange(field))?;
            Ok((price > Price::ZERO).then_some(price))
        }
    }
}

/// A count of contracts; 0 is a number.
pub(super) fn count(value: Option<f64>, field: &'static str) -> Result<Option<u32>, Reason> {
    match value {
        None => Ok(None),
        Some(value) if !(0.0..=MOST).contains(&value) => Err(Reason::OutOfRange(field)),
        Some(value) if value.fract() != 0.0 => Err(Reason::NotANumber(field)),
        Some(value) => Ok(Some(value as u32)),
    }
}

/// An entry of which nothing is known but its terms.
pub(super) fn bare(contract: OptionContract, calendar: &Calendar) -> ChainEntry {
    ChainEntry {
        contract,
        multiplier: terms::multiplier(contract.root),
        exercise: terms::exercise(contract.root),
        settles: terms::settles(calendar, contract.root, contract.expiry),
        bid: None,
        ask: None,
        bid_size: None,
        ask_size: None,
        last: None,
        volume: None,
        open_interest: None,
        implied_volatility: None,
        greeks: alphatrader_model::chain::VendorGreeks::default(),
        quoted_at: None::<Timestamp>,
    }
}

/// An option by its OCC symbol.
pub(super) fn contract(text: &[u8]) -> Result<OptionContract, Reason> {
    let text = core::str::from_utf8(text).ok();
    text.and_then(|text| text.trim().parse().ok()).ok_or(Reason::Unreadable("the option's symbol"))
}

/// Fields of a line between commas, with quotes around some where they hold commas themselves.
pub(super) fn split(line: &[u8]) -> Vec<&[u8]> {
    let (mut fields, mut from, mut quoted) = (Vec::with_capacity(24), 0, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                fields.push(unquoted(&line[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    fields.push(unquoted(&line[from..]));
    fields
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_not_zero() {
        assert_eq!(number(b"", "iv"), Ok(None));
        assert_eq!(number(b"0", "iv"), Ok(Some(0.0)));
        assert_eq!(number(b"inf", "iv"), Err(Reason::OutOfRange("iv")));
        assert_eq!(number(b"x", "iv"), Err(Reason::Unreadable("iv")));
        assert_eq!(price(Some(0.0), "bid"), Ok(None));
        assert_eq!(price(Some(4505.1001), "last"), Ok(Some(Price::from_raw(45_051_001))));
        assert_eq!(price(Some(-0.01), "bid"), Err(Reason::OutOfRange("bid")));
        assert_eq!(count(Some(0.0), "oi"), Ok(Some(0)));
        assert_eq!(count(Some(0.5), "oi"), Err(Reason::NotANumber("oi")));
        assert_eq!(count(Some(-1.0), "oi"), Err(Reason::OutOfRange("oi")));
        assert_eq!(count(None, "oi"), Ok(None));
    }

    #[test]
    fn commas_inside_quotes_divide_nothing() {
        assert_eq!(split(b"\"a, b\",,c"), vec![&b"a, b"[..], b"", b"c"]);
        assert_eq!(split(b""), vec![&b""[..]]);
    }
}
