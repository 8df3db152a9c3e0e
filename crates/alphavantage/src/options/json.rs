//! The JSON form, in one pass: rows are judged as they are read, none is kept as text.

use core::fmt;
use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::row::Row;
use super::{Asked, Decoded, Sink};
use crate::body::{Broken, Class, Top, Verdict};
use crate::number::Field;

pub(super) fn decode(body: &[u8], asked: &Asked<'_>) -> Decoded {
    let truncated = || Decoded::Verdict(Verdict::silent(Class::Transport(Broken::Truncated)));
    // Looked at once here, not once a string.
    let Ok(text) = std::str::from_utf8(body) else { return truncated() };
    let mut sink = Sink::new(asked, text.len());
    let mut top = Top::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Envelope { top: &mut top, sink: &mut sink }.deserialize(&mut reader);
    if sink.refused.is_some() {
        return sink.finish(asked);
    }
    if read.and_then(|()| reader.end()).is_err() {
        return truncated();
    }
    match top.verdict(asked.function, asked.key) {
        Some(verdict) => Decoded::Verdict(verdict),
        None => sink.finish(asked),
    }
}

/// The object around the rows.
struct Envelope<'t, 's, 'a, 'de> {
    top: &'t mut Top<'de>,
    sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_, '_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_, '_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            if key == "data" {
                map.next_value_seed(Rows(self.sink))?;
            } else if Top::takes(&key) {
                self.top.note(&key, map.next_value::<Field<'de>>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// The list of rows.
struct Rows<'s, 'a>(&'s mut Sink<'a>);

impl<'de> DeserializeSeed<'de> for Rows<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(row) = list.next_element::<Row<'de>>()? {
            if !self.0.take(&row) {
                return Err(A::Error::custom("the payload is refused"));
            }
        }
        Ok(())
    }
}
