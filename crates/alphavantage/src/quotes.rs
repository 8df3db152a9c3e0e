//! Quotes: one, or many at once.

use std::borrow::Cow;

use alphatrader_model::{Calendar, Price, Symbol, Timestamp};
use jiff::civil::DateTime;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

use crate::day;
use crate::number::Field;
use crate::request::BULK;

/// A quote of many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BulkQuote {
    /// Of which symbol.
    pub symbol: Symbol,
    /// When it traded last.
    pub at: Option<Timestamp>,
    /// Last price of the regular session.
    pub last: Option<Price>,
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Last price outside the regular session; absent inside it.
    pub extended: Option<Price>,
    /// Shares of the day.
    pub volume: Option<u64>,
}

/// One quote. End of day where the key has no entitlement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GlobalQuote {
    /// Of which symbol.
    pub symbol: Symbol,
    /// Last price.
    pub price: Option<Price>,
    /// Close of the session before.
    pub previous_close: Option<Price>,
    /// Percent since then.
    pub change_percent: Option<f64>,
    /// Shares of the day.
    pub volume: Option<u64>,
    /// The session it is of.
    pub day: Option<jiff::civil::Date>,
    /// A quarter of an hour old by its own word.
    pub delayed: bool,
}

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    data: Vec<RawQuote<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawQuote<'a> {
    #[serde(borrow, default)]
    symbol: Field<'a>,
    #[serde(borrow, default)]
    timestamp: Field<'a>,
    #[serde(borrow, default)]
    close: Field<'a>,
    #[serde(borrow, default)]
    previous_close: Field<'a>,
    #[serde(borrow, default)]
    extended_hours_quote: Field<'a>,
    #[serde(borrow, default)]
    volume: Field<'a>,
}

/// Reads bulk quotes: those of the symbols asked for, in no order. Rows that name no symbol are left out.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn bulk(body: &[u8], asked: &[Symbol], calendar: &Calendar) -> Result<Vec<BulkQuote>, serde_json::Error> {
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let read = |raw: &RawQuote<'_>| {
        let symbol = Symbol::new(raw.symbol.as_str()?).ok()?;
        asked.contains(&symbol).then(|| BulkQuote {
            symbol,
            at: raw.timestamp.as_str().and_then(|text| eastern(text, calendar)),
            last: positive(&raw.close),
            previous_close: positive(&raw.previous_close),
            extended: positive(&raw.extended_hours_quote),
            volume: shares(&raw.volume),
        })
    };
    Ok(raw.data.iter().take(BULK).filter_map(read).collect())
}

/// Reads one quote; nothing for a symbol that the server does not know.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn global(body: &[u8]) -> Result<Option<GlobalQuote>, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value<'a> {
        #[serde(borrow)]
        Object(BTreeMap<Cow<'a, str>, Field<'a>>),
        Other(IgnoredAny),
    }
    let top: BTreeMap<Cow<'_, str>, Value<'_>> = serde_json::from_slice(body)?;
    let Some((name, fields)) = top.iter().find_map(|(name, value)| match value {
        // The suffix says that it is delayed.
        Value::Object(fields) if name.starts_with("Global Quote") => Some((name, fields)),
        Value::Object(_) => None,
        Value::Other(_) => None,
    }) else {
        return Ok(None);
    };
    // Keys carry a number in front.
    let field = |suffix: &str| {
        fields
            .iter()
            .find(|(key, _)| key.split_once(". ").is_some_and(|(_, rest)| rest == suffix))
            .map(|(_, v)| v)
    };
    let symbol = field("symbol").and_then(Field::as_str).and_then(|text| Symbol::new(text).ok());
    Ok(symbol.map(|symbol| GlobalQuote {
        symbol,
        price: field("price").and_then(positive),
        previous_close: field("previous close").and_then(positive),
        change_percent: field("change percent").and_then(|f| f.percent().ok().flatten()),
        volume: field("volume").and_then(shares),
        day: field("latest trading day").and_then(Field::as_str).and_then(day::date),
        delayed: name.to_ascii_uppercase().contains("DELAYED"),
    }))
}

fn positive(field: &Field<'_>) -> Option<Price> {
    field.price().ok().flatten().filter(|price| *price > Price::ZERO)
}

fn shares(field: &Field<'_>) -> Option<u64> {
    field.whole().ok().flatten().and_then(|value| u64::try_from(value).ok())
}

/// `2024-10-18 19:59:55.291` on the exchange's wall clock. In the hour that the clock shows twice, the first.
fn eastern(text: &str, calendar: &Calendar) -> Option<Timestamp> {
    let local: DateTime = text.parse().ok()?;
    let minute = calendar.instant(local.date(), local.hour(), local.minute());
    let rest = i64::from(local.second()) * 1_000_000_000 + i64::from(local.subsec_nanosecond());
    Some(minute + alphatrader_model::Span::from_nanos(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bulk_quotes_are_read() {
        let body = br#"{"endpoint":"Realtime Bulk Quotes","message":"success","data":[
            {"symbol":"MSFT","timestamp":"2024-10-18 19:59:55.291","open":"417.14","high":"419.65","low":"416.26","close":"418.16","volume":"17145282","previous_close":"416.72","change":"1.44","change_percent":"0.3456","extended_hours_quote":"418.00","extended_hours_change":"-0.16","extended_hours_change_percent":"-0.0383"},
            {"symbol":"AAPL","timestamp":"x","close":"","volume":"1","extended_hours_quote":""},
            {"symbol":"EVIL","close":"1"}]}"#;
        let asked = ["MSFT", "AAPL"].map(|s| Symbol::new(s).unwrap());
        let quotes = bulk(body, &asked, &Calendar::xnys()).unwrap();
        assert_eq!(quotes.len(), 2);
        assert_eq!(quotes[0].at.unwrap().to_string(), "2024-10-18T23:59:55.291Z");
        assert_eq!(quotes[0].last, Some(Price::from_cents(41_816)));
        assert_eq!(quotes[0].extended, Some(Price::from_cents(41_800)));
        assert_eq!((quotes[1].last, quotes[1].at, quotes[1].extended), (None, None, None));
    }

    #[test]
    fn one_quote_is_found_by_the_beginning_of_its_name() {
        let body = |name: &str| {
            format!(
                r#"{{"{name}":{{"01. symbol":"IBM","02. open":"1","05. price":"296.5900","06. volume":"3,100","07. latest trading day":"2026-09-08","08. previous close":"297.5","10. change percent":"-0.3082%"}}}}"#
            )
        };
        let quote = global(body("Global Quote").as_bytes()).unwrap().unwrap();
        assert_eq!((quote.price, quote.delayed), (Some(Price::from_cents(29_659)), false));
        assert_eq!((quote.change_percent, quote.volume), (Some(-0.3082), Some(3_100)));
        let late = global(body("Global Quote - DATA DELAYED BY 15 MINUTES").as_bytes()).unwrap().unwrap();
        assert!(late.delayed);
        assert_eq!(global(br#"{"Global Quote": {}}"#).unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = global(&bytes);
            let _ = bulk(&bytes, &[], &Calendar::xnys());
        }

        #[test]
        fn any_values_are_read_or_absent(symbol in ".{0,9}", close in ".{0,12}", time in ".{0,24}") {
            let body = serde_json::json!({"data": [{"symbol": symbol, "close": close, "timestamp": time}]}).to_string();
            let asked = Symbol::new(&symbol).into_iter().collect::<Vec<_>>();
            prop_assert_eq!(bulk(body.as_bytes(), &asked, &Calendar::xnys()).unwrap().len(), asked.len());
        }
    }
}
