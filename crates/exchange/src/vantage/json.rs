//! JSON as the vendor writes it: keys in their recorded order, numbers mostly as text, indented by four
//! spaces or without any white space.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// Keys in the order in which they are written.
    Object(Vec<(Cow<'static, str>, Json)>),
    /// Values.
    Array(Vec<Json>),
    /// Text, and most numbers.
    Text(Cow<'static, str>),
    /// A number that is not text.
    Number(f64),
    /// Nothing.
    Null,
}

impl Json {
    /// Text.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A number as text with so many decimals.
    pub fn fixed(value: f64, decimals: usize) -> Self {
        Self::Text(Cow::Owned(fixed(value, decimals)))
    }

    /// A whole number as text.
    pub fn whole(value: impl std::fmt::Display) -> Self {
        Self::Text(Cow::Owned(value.to_string()))
    }

    /// An object of keys that are known.
    pub fn object(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Object(fields.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// The text; pretty with four spaces, else compact.
    pub fn write(&self, pretty: bool) -> String {
        let mut out = String::new();
        self.append(&mut out, if pretty { Some(0) } else { None });
        out
    }

    fn append(&self, out: &mut String, depth: Option<usize>) {
        match self {
            Self::Object(fields) => list(out, depth, '{', '}', fields, |out, (key, value), depth| {
                quote(out, key);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                value.append(out, depth);
            }),
            Self::Array(values) => {
                list(out, depth, '[', ']', values, |out, value, depth| value.append(out, depth));
            }
            Self::Text(text) => quote(out, text),
            Self::Number(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Null => out.push_str("null"),
        }
    }
}

fn list<T>(
    out: &mut String,
    depth: Option<usize>,
    open: char,
    close: char,
    items: &[T],
    each: impl Fn(&mut String, &T, Option<usize>),
) {
    out.push(open);
    let deeper = depth.map(|depth| depth + 1);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        indent(out, deeper);
        each(out, item, deeper);
    }
    if !items.is_empty() {
        indent(out, depth);
    }
    out.push(close);
}

fn indent(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A number with so many decimals; never a negative zero.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_as_the_vendor_does() {
        let value = Json::object([
            ("items", Json::text("2")),
            ("feed", Json::Array(vec![Json::object([("score", Json::Number(0.25))]), Json::Null])),
            ("data", Json::Array(Vec::new())),
            ("Global Quote", Json::Object(Vec::new())),
        ]);
        assert_eq!(
            value.write(false),
            r#"{"items":"2","feed":[{"score":0.25},null],"data":[],"Global Quote":{}}"#
        );
        let pretty = "{\n    \"items\": \"2\",\n    \"feed\": [\n        {\n            \"score\": 0.25\n        },\n        null\n    ],\n    \"data\": [],\n    \"Global Quote\": {}\n}";
        assert_eq!(value.write(true), pretty);
        assert_eq!(fixed(-0.000_001, 5), "0.00000");
        assert_eq!(fixed(-1.5, 2), "-1.50");
    }

    proptest! {
        #[test]
        fn another_reader_reads_it(text in any::<String>(), pretty in any::<bool>()) {
            let value = Json::object([("text", Json::text(text.clone()))]);
            let read: serde_json::Value = serde_json::from_str(&value.write(pretty)).unwrap();
            prop_assert_eq!(read["text"].as_str(), Some(text.as_str()));
        }
    }
}
