//! Cboe's table of delayed quotes as JSON: `timestamp` (of Greenwich), `data.current_price`, `data.options[]`.
//!
//! Elements are read one after the other, so that a file that ends in the middle gives those before; one that is
//! no option is counted and the next is read. Numbers may be texts; `null` is nothing.

use core::fmt;
use std::borrow::Cow;

use alphatrader_model::Calendar;
use alphatrader_model::chain::{ChainEntry, Provider, VendorGreeks};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::ask::Ask;
use super::kind::ChainKind;
use super::reading::Reading;
use super::rows::{Rows, Stated};
use super::{Source, stamp, text};
use crate::error::HistoryError;
use crate::malformed::Reason;

/// Bytes that such a file may have: the largest seen has 10 MB.
const MOST_BYTES: u64 = 64 << 20;

pub(super) fn read(source: Source<'_>, ask: &Ask) -> Result<Reading, HistoryError> {
    let limits = crate::limits::Limits { unpacked: MOST_BYTES, ..source.limits };
    let mut rows = Rows::of(source.path);
    let bytes = all(Source { limits, ..source }, &mut rows)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut table = Table { calendar: source.calendar, rows, options: 0, said: Said::default() };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Part::Whole.of(&mut table).deserialize(&mut json);
    if let Err(error) = read {
        // An option more than is kept was told already.
        if !table.rows.faults.partial {
            let reason = if error.is_eof() {
                Reason::Truncated
            } else {
                Reason::Damaged("its JSON cannot be read on")
            };
            table.rows.note(table.options, reason);
        }
    }
    let Table { rows, said, .. } = table;
    let stated = said.timestamp.as_deref().and_then(stamp::of_greenwich);
    let as_of = ask.instead_of(stated, source.calendar).ok_or_else(|| HistoryError::NoChain {
        path: source.path.to_owned(),
        reason: "it states no `timestamp` that can be read; say it with --date YYYY-MM-DD --at HH:MM".into(),
    })?;
    let spot = text::price(said.current_price, "current_price").ok().flatten();
    let (kind, provider) = (ChainKind::CboeJson, Provider::Cboe);
    rows.into_reading(ask, Stated { kind, provider, as_of, spot, delayed: true })
}

/// All bytes, as far as they can be unpacked.
fn all(source: Source<'_>, rows: &mut Rows) -> Result<Vec<u8>, HistoryError> {
    let mut packed = source.packed()?;
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 * 1_024]);
    loop {
        match packed.fill(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(made) => bytes.extend_from_slice(&piece[..made]),
            Err(reason) => {
                rows.note(0, reason);
                return Ok(bytes);
            }
        }
    }
}

struct Table<'a> {
    calendar: &'a Calendar,
    rows: Rows,
    options: u64,
    said: Said,
}

/// What stands beside the options.
#[derive(Default)]
struct Said {
    timestamp: Option<String>,
    current_price: Option<f64>,
}

/// Where in the document it is.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Data,
    Options,
}

impl Part {
    fn of<'t, 'a>(self, table: &'t mut Table<'a>) -> At<'t, 'a> {
        At { part: self, table }
    }
}

struct At<'t, 'a> {
    part: Part,
    table: &'t mut Table<'a>,
}

impl<'de> DeserializeSeed<'de> for At<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.part {
            Part::Whole | Part::Data => json.deserialize_map(self),
            Part::Options => json.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for At<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cboe's table of quotes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let table = self.table;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match (self.part, &*key) {
                (Part::Whole, "timestamp") => table.said.timestamp = map.next_value::<Loose<'_>>()?.text(),
                (Part::Whole, "data") => map.next_value_seed(Part::Data.of(table))?,
                (Part::Data, "options") => map.next_value_seed(Part::Options.of(table))?,
                (Part::Data, "current_price") => {
                    table.said.current_price = map.next_value::<Loose<'_>>()?.number("price").ok().flatten();
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let table = self.table;
        while let Some(option) = elements.next_element::<Quoted<'_>>()? {
            table.options += 1;
            let entry = option.entry(table.calendar).and_then(|entry| table.rows.push(table.options, entry));
            if let Err(reason) = entry
                && !table.rows.note(table.options, reason)
            {
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// One element of the options, as far as it is looked at.
#[derive(Default)]
struct Quoted<'de> {
    is_object: bool,
    fields: [Loose<'de>; NAMES.len()],
}

const NAMES: [&str; 14] = [
    "option",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "iv",
    "open_interest",
    "volume",
    "delta",
    "gamma",
    "theta",
    "vega",
    "rho",
    "last_trade_price",
];

impl Quoted<'_> {
    fn entry(&self, calendar: &Calendar) -> Result<ChainEntry, Reason> {
        if !self.is_object {
            return Err(Reason::Unreadable("an element that is no object"));
        }
        let [
            option,
            bid,
            ask,
            bid_size,
            ask_size,
            iv,
            interest,
            volume,
            delta,
            gamma,
            theta,
            vega,
            rho,
            last,
        ] = &self.fields;
        let Loose::Text(symbol) = option else { return Err(Reason::Missing("option")) };
        let contract = text::contract(symbol.as_bytes())?;
        let price = |value: &Loose<'_>, name| text::price(value.number(name)?, name);
        let count = |value: &Loose<'_>, name| text::count(value.number(name)?, name);
        Ok(ChainEntry {
            bid: price(bid, "bid")?,
            ask: price(ask, "ask")?,
            bid_size: count(bid_size, "bid_size")?,
            ask_size: count(ask_size, "ask_size")?,
            last: price(last, "last_trade_price")?,
            volume: count(volume, "volume")?,
            open_interest: count(interest, "open_interest")?,
            implied_volatility: iv.number("iv")?,
            greeks: VendorGreeks {
                delta: delta.number("delta")?,
                gamma: gamma.number("gamma")?,
                theta: theta.number("theta")?,
                vega: vega.number("vega")?,
                rho: rho.number("rho")?,
            },
            ..text::bare(contract, calendar)
        })
    }
}

impl<'de> serde::Deserialize<'de> for Quoted<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnOption)
    }
}

/// Takes an element whatever it is.
struct AnOption;

impl<'de> Visitor<'de> for AnOption {
    type Value = Quoted<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut quoted = Quoted { is_object: true, ..Quoted::default() };
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match NAMES.iter().position(|name| *name == key) {
                Some(at) => quoted.fields[at] = map.next_value()?,
                None => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(quoted)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Quoted::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Quoted::default())
    }
}

/// A value that may be of the wrong kind.
#[derive(Default)]
enum Loose<'de> {
    /// Not there, or `null`.
    #[default]
    Absent,
    Number(f64),
    Text(Cow<'de, str>),
    /// A list, an object, a truth.
    Other,
}

impl Loose<'_> {
    fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text.into_owned()) } else { None }
    }

    fn number(&self, name: &'static str) -> Result<Option<f64>, Reason> {
        match self {
            Self::Absent => Ok(None),
            Self::Number(value) => Ok(Some(*value)),
            Self::Text(text) => text::number(text.as_bytes(), name),
            Self::Other => Err(Reason::Unreadable(name)),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyValue)
    }
}

/// Takes a value whatever it is.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Absent)
    }
}
