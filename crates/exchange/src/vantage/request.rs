//! What is asked: the query of a URL.

use std::collections::BTreeMap;

use thiserror::Error;

/// Longest query that is read, bytes.
pub const MOST_BYTES: usize = 8 << 10;
/// Most parameters of one.
pub const MOST_PARAMETERS: usize = 64;

/// Why a query was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Too long.
    #[error("the query has more than {MOST_BYTES} bytes")]
    TooLong,
    /// Too many parameters.
    #[error("the query has more than {MOST_PARAMETERS} parameters")]
    TooMany,
}

/// One request. Names and values as they came, escapes undone; of a name that stands twice the last
/// counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    parameters: BTreeMap<String, String>,
    /// The client takes bodies packed by gzip.
    pub takes_gzip: bool,
}

impl Request {
    /// Reads the part of a URL after the question mark.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > MOST_BYTES {
            return Err(QueryError::TooLong);
        }
        let mut parameters = BTreeMap::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            parameters.insert(unescape(name), unescape(value));
            if parameters.len() > MOST_PARAMETERS {
                return Err(QueryError::TooMany);
            }
        }
        Ok(Self { parameters, takes_gzip: false })
    }

    /// A parameter; one that is empty counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The function's name; empty without one.
    pub fn function(&self) -> &str {
        self.get("function").unwrap_or_default()
    }

    /// Whether a parameter says `true`.
    pub fn says(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Whether text is asked for rather than JSON.
    pub fn wants_csv(&self) -> bool {
        self.get("datatype") == Some("csv")
    }

    /// Names and values, in order of name, without the key.
    pub fn told(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().filter(|(name, _)| *name != "apikey").map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
                match (digit(ahead.next()), digit(ahead.next())) {
                    (Some(high), Some(low)) => {
                        out.push((high * 16 + low) as u8);
                        bytes = ahead;
                    }
                    _ => out.push(b'%'),
                }
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_repetitions() {
        let asked = Request::parse("function=NEWS_SENTIMENT&tickers=CRYPTO%3ABTC,SPY&apikey=a&apikey=b&x&y=")
            .unwrap();
        assert_eq!(asked.function(), "NEWS_SENTIMENT");
        assert_eq!(asked.get("tickers"), Some("CRYPTO:BTC,SPY"));
        assert_eq!((asked.get("apikey"), asked.get("x"), asked.get("y")), (Some("b"), None, None));
        assert!(asked.told().all(|(name, _)| name != "apikey"));
        assert_eq!(Request::parse("a=%zz%4").unwrap().get("a"), Some("%zz%4"));
        assert_eq!(Request::parse(&"x".repeat(9_000)), Err(QueryError::TooLong));
        let many = (0..80).fold(String::new(), |text, n| text + &format!("p{n}=1&"));
        assert_eq!(Request::parse(&many), Err(QueryError::TooMany));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in any::<String>()) {
            let _ = Request::parse(&text);
        }
    }
}
