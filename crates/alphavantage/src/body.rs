//! What a body is. The server says its own refusals with status 200: only the body tells.
//!
//! A refusal is looked for at the top level alone (`"1. Information"` inside `"Meta Data"` is normal), by parts of its
//! text, in one order: rate words before the word *premium*, which every refusal for rate has too.

use core::fmt;
use std::borrow::Cow;

use serde::Serialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::key::ApiKey;
use crate::number::Field;
use crate::request::{Format, Function};

/// How an answer failed below the endpoint: retried with patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// No connection, or it was lost.
    Connection,
    /// No answer in time.
    Timeout,
    /// Not status 200: 429, 5xx.
    Status,
    /// A page for people.
    Html,
    /// The body ends before it should, or is neither JSON nor a table.
    Truncated,
    /// More than the cap.
    TooLarge,
    /// A refusal with words that nobody has seen yet.
    Unknown,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// What was asked for.
    Data,
    /// Nothing there: no news, no such chain.
    Empty,
    /// The key is not one. All calls stop.
    AuthInvalid,
    /// The key of the documentation's examples. All calls stop.
    DemoKey,
    /// Wrong symbol or parameter.
    BadRequest,
    /// The plan does not have it, or sample data in its place. The function stops.
    NotEntitled,
    /// Too many in a minute.
    MinuteLimit,
    /// Too many in a second; with the number allowed, where it says so.
    BurstLimit {
        /// Requests a second.
        per_second: Option<u32>,
    },
    /// The day's requests are used up.
    DayLimit,
    /// Did not come through.
    Transport(Broken),
}

impl Class {
    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Empty => "empty",
            Self::AuthInvalid => "auth_invalid",
            Self::DemoKey => "demo_key",
            Self::BadRequest => "bad_request",
            Self::NotEntitled => "not_entitled",
            Self::MinuteLimit => "minute_limit",
            Self::BurstLimit { .. } => "burst_limit",
            Self::DayLimit => "day_limit",
            Self::Transport(Broken::Connection) => "connection",
            Self::Transport(Broken::Timeout) => "timeout",
            Self::Transport(Broken::Status) => "status",
            Self::Transport(Broken::Html) => "html",
            Self::Transport(Broken::Truncated) => "truncated",
            Self::Transport(Broken::TooLarge) => "too_large",
            Self::Transport(Broken::Unknown) => "unknown",
        }
    }
}

/// A class with the server's words for it, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What it is.
    pub class: Class,
    /// The server's words; empty for data.
    pub text: String,
}

impl Verdict {
    /// A class without words.
    pub const fn silent(class: Class) -> Self {
        Self { class, text: String::new() }
    }
}

/// What stands at the top level of a JSON object.
#[derive(Debug, Default)]
pub(crate) struct Top<'a> {
    /// `Error Message`, `Information`, `Note`: the first that is there.
    pub(crate) refusal: Option<Cow<'a, str>>,
    /// `message`, where it is not `success`.
    pub(crate) message: Option<Cow<'a, str>>,
    /// `endpoint`.
    pub(crate) endpoint: Option<Cow<'a, str>>,
    /// `detail`: the words of the web framework below, when it fails.
    pub(crate) detail: bool,
    /// Whether anything else is there.
    pub(crate) has_data: bool,
}

impl<'a> Top<'a> {
    /// Takes a key, or says that it is none of the envelope.
    pub(crate) fn takes(key: &str) -> bool {
        matches!(key, "Error Message" | "Information" | "Note" | "message" | "endpoint" | "detail")
    }

    /// Notes a value of the envelope.
    pub(crate) fn note(&mut self, key: &str, value: Field<'a>) {
        let text = match value {
            Field::Text(text) => text,
            _ => Cow::Borrowed(""),
        };
        match key {
            "message" if text.eq_ignore_ascii_case("success") => {}
            "message" => self.message = Some(text),
            "endpoint" => self.endpoint = Some(text),
            "detail" => self.detail = true,
            _ => {
                self.refusal.get_or_insert(text);
            }
        }
    }

    /// The verdict, where the envelope alone decides.
    pub(crate) fn verdict(&self, function: Function, key: &ApiKey) -> Option<Verdict> {
        let said = |class, text: &str| Some(Verdict { class, text: key.redact(text) });
        if let Some(text) = &self.refusal {
            return said(refusal(text, function), text);
        }
        if let Some(text) = &self.message {
            let class = match refusal(text, function) {
                // With rows behind it that look right: whatever the words, they are not what was asked for.
                Class::Transport(_) if is_sample(text) => Class::NotEntitled,
                class => class,
            };
            return said(class, text);
        }
        if let (Some(asked), Some(endpoint)) = (function.endpoint(), &self.endpoint)
            && !endpoint.eq_ignore_ascii_case(asked)
        {
            return said(Class::Transport(Broken::Unknown), &format!("an answer of `{endpoint}`"));
        }
        if self.detail {
            return said(Class::Transport(Broken::Status), "detail");
        }
        None
    }
}

fn is_sample(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("artificial") || text.contains("sample data") || text.contains("illustration")
}

/// The class of a refusal's words.
pub fn refusal(text: &str, function: Function) -> Class {
    let text = text.to_ascii_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if any(&["burst pattern", "requests per second", "1 request per second"]) {
        Class::BurstLimit { per_second: per_second(&text) }
    } else if any(&["minute-level", "requests per minute", "calls per minute", "higher api call volume"]) {
        Class::MinuteLimit
    } else if any(&["requests per day", "calls per day"]) {
        Class::DayLimit
    } else if any(&["apikey is invalid"]) {
        Class::AuthInvalid
    } else if any(&["demo"]) {
        Class::DemoKey
    } else if any(&["premium endpoint"]) {
        Class::NotEntitled
    } else if any(&["invalid inputs"]) && function == Function::NewsSentiment {
        // Also for a symbol that has no news; our requests are well formed.
        Class::Empty
    } else if any(&["invalid api call", "invalid inputs", "does not exist"]) {
        Class::BadRequest
    } else {
        Class::Transport(Broken::Unknown)
    }
}

/// The number before ` request(s) per second`.
fn per_second(text: &str) -> Option<u32> {
    let before = text.split(" requests per second").next().filter(|b| b.len() < text.len());
    let before =
        before.or_else(|| text.split(" request per second").next().filter(|b| b.len() < text.len()))?;
    let digits = before.rfind(|c: char| !c.is_ascii_digit()).map_or(before, |at| &before[at + 1..]);
    digits.parse().ok().filter(|n| (1..=10_000).contains(n))
}

/// Bodies longer than this are no refusals by their length alone; their own readers look at the envelope too.
pub(crate) const LONG: usize = 64 * 1024;

/// Judges a body. [`Class::Data`] says that it may be read, not that what it says is right.
pub fn classify(status: u16, body: &[u8], function: Function, format: Format, key: &ApiKey) -> Verdict {
    let start = trimmed(body);
    if status != 200 {
        let text = String::from_utf8_lossy(&start[..start.len().min(300)]);
        let text = key.redact(&format!("status {status}: {text}"));
        return Verdict { class: Class::Transport(Broken::Status), text };
    }
    match (start.first(), format) {
        (Some(b'<'), _) => Verdict::silent(Class::Transport(Broken::Html)),
        (Some(b'{'), _) => object(start, function, key),
        (None, _) => Verdict::silent(Class::Transport(Broken::Truncated)),
        (Some(_), Format::Csv) => Verdict::silent(Class::Data),
        (Some(_), Format::Json) => Verdict::silent(Class::Transport(Broken::Truncated)),
    }
}

/// The body without blanks and a byte order mark in front.
pub(crate) fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start()
}

fn object(body: &[u8], function: Function, key: &ApiKey) -> Verdict {
    if body.len() > LONG && matches!(function, Function::RealtimeOptions | Function::HistoricalOptions) {
        return Verdict::silent(Class::Data);
    }
    let Ok(top) = top_level(body) else {
        return Verdict::silent(Class::Transport(Broken::Truncated));
    };
    match top.verdict(function, key) {
        Some(verdict) => verdict,
        None if top.has_data => Verdict::silent(Class::Data),
        None => Verdict::silent(Class::Empty),
    }
}

/// Reads the top level alone.
fn top_level(body: &[u8]) -> Result<Top<'_>, serde_json::Error> {
    struct Level;
    impl<'de> Visitor<'de> for Level {
        type Value = Top<'de>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'de>, A::Error> {
            let mut top = Top::default();
            while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                if Top::takes(&key) {
                    top.note(&key, map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                    top.has_data = true;
                }
            }
            Ok(top)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let top = reader.deserialize_map(Level)?;
    reader.end()?;
    Ok(top)
}

#[cfg(test)]
mod tests;
