//! What the vendor says instead of an answer, at HTTP 200: its words as they were recorded.

use super::json::Json;
use super::limits::{Exceeded, Key};

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key is none.
    InvalidKey,
    /// The same, under `Information`.
    InvalidKeyInformation,
    /// A wrong symbol or parameter.
    InvalidCall,
    /// No such function.
    NoSuchFunction,
    /// News: wrong parameters, or no article.
    InvalidInputs,
    /// Too many within a minute.
    Minute,
    /// Too many within a second; so many are allowed.
    Burst(u32),
    /// Too many within a second, of a free key.
    FreeBurst,
    /// Too many today.
    Day,
    /// The same, with the key spelled out.
    DayEcho,
    /// Too many within a minute, in the words of years ago.
    OldMinute,
    /// The same, in other words.
    OldVolume,
    /// The plan does not have this function.
    Premium,
    /// The demonstration key serves the documentation's examples only.
    Demo,
    /// An object without anything.
    Empty,
    /// The words of the vendor's framework.
    Detail,
}

impl Refusal {
    /// What a key is told when it asked too often.
    pub fn of_limit(key: Key, exceeded: Exceeded) -> Self {
        match (exceeded, key) {
            (Exceeded::Second, Key::Free) => Self::FreeBurst,
            (Exceeded::Second, _) => Self::Burst(key.allowance().second as u32),
            (Exceeded::Minute, _) => Self::Minute,
            (Exceeded::Day, _) => Self::Day,
        }
    }

    /// The body. `function` is the one that was asked for, `key` the text of the key.
    pub fn body(self, function: &str, key: &str) -> Json {
        let (name, text) = self.words(function, key);
        match name {
            "" => Json::Object(Vec::new()),
            name => Json::object([(name, Json::text(text))]),
        }
    }

    fn words(self, function: &str, key: &str) -> (&'static str, String) {
        const CLAIM: &str = "https://www.alphavantage.co/support/#api-key";
        const PREMIUM: &str = "https://www.alphavantage.co/premium/";
        const DOCUMENTATION: &str = "https://www.alphavantage.co/documentation/";
        let invalid = || {
            format!(
                "the parameter apikey is invalid or missing. Please claim your free API key on ({CLAIM}). \
                 It should take less than 20 seconds."
            )
        };
        match self {
            Self::InvalidKey => ("Error Message", invalid()),
            Self::InvalidKeyInformation => ("Information", invalid()),
            Self::InvalidCall => (
                "Error Message",
                format!(
                    "Invalid API call. Please retry or visit the documentation ({DOCUMENTATION}) for {function}."
                ),
            ),
            Self::NoSuchFunction => {
                ("Error Message", format!("This API function ({function}) does not exist."))
            }
            Self::InvalidInputs => (
                "Information",
                "Invalid inputs. Please refer to the API documentation \
                 https://www.alphavantage.co/documentation#newsapi and try again."
                    .to_owned(),
            ),
            Self::Minute => (
                "Information",
                format!(
                    "Minute-level rate limit exceed. Please stay under the number of API requests per minute \
                     for your premium subscription plan. You may visit {PREMIUM} to raise it."
                ),
            ),
            Self::Burst(most) => (
                "Information",
                format!(
                    "Burst pattern detected. Please consider spreading out your API requests more evenly \
                     across a 1-minute window and query no more than {most} requests per second. Please \
                     contact premium support if you are targeting a higher API call volume."
                ),
            ),
            Self::FreeBurst => (
                "Information",
                format!(
                    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests \
                     more sparingly (1 request per second). You may subscribe to any of the premium plans at \
                     {PREMIUM} to lift the free key rate limit (25 requests per day), raise the per-second \
                     burst limit, and instantly unlock all premium endpoints"
                ),
            ),
            Self::Day => (
                "Information",
                format!(
                    "Thank you for using Alpha Vantage! Our standard API rate limit is 25 requests per day. \
                     Please subscribe to any of the premium plans at {PREMIUM} to instantly remove all daily \
                     rate limits."
                ),
            ),
            Self::DayEcho => (
                "Information",
                format!(
                    "We have detected your API key as {key} and our standard API rate limit is 25 requests per \
                     day. Please subscribe to any of the premium plans at {PREMIUM} to instantly remove all \
                     daily rate limits."
                ),
            ),
            Self::OldMinute => (
                "Note",
                format!(
                    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute \
                     and 500 calls per day. Please visit {PREMIUM} if you would like to target a higher API \
                     call frequency."
                ),
            ),
            Self::OldVolume => (
                "Note",
                "Thank you for using Alpha Vantage! Please contact premium@alphavantage.co if you are \
                 targeting a higher API call volume."
                    .to_owned(),
            ),
            Self::Premium => (
                "Information",
                format!(
                    "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of \
                     the premium plans at {PREMIUM} to instantly unlock all premium endpoints"
                ),
            ),
            Self::Demo => (
                "Information",
                format!(
                    "The **demo** API key is for demo purposes only. Please claim your free API key at ({CLAIM}) \
                     to explore our full API offerings. It takes fewer than 20 seconds."
                ),
            ),
            Self::Empty => ("", String::new()),
            Self::Detail => ("detail", "Internal server error".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_hold_the_words_that_tell_them_apart() {
        let said = |refusal: Refusal| refusal.body("REALTIME_OPTIONS", "secret").write(false).to_lowercase();
        for (refusal, words) in [
            (Refusal::InvalidKey, "apikey is invalid"),
            (Refusal::InvalidCall, "for realtime_options."),
            (Refusal::NoSuchFunction, "(realtime_options) does not exist"),
            (Refusal::InvalidInputs, "invalid inputs"),
            (Refusal::Minute, "minute-level"),
            (Refusal::Burst(10), "no more than 10 requests per second"),
            (Refusal::FreeBurst, "1 request per second"),
            (Refusal::Day, "requests per day"),
            (Refusal::DayEcho, "your api key as secret"),
            (Refusal::OldMinute, "5 calls per minute"),
            (Refusal::OldVolume, "higher api call volume"),
            (Refusal::Premium, "this is a premium endpoint"),
            (Refusal::Demo, "**demo**"),
        ] {
            assert!(said(refusal).contains(words), "{refusal:?}: {}", said(refusal));
        }
        assert_eq!(said(Refusal::Empty), "{}");
        assert!(!said(Refusal::Day).contains("secret"));
    }
}
