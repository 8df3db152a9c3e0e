//! The key, which travels in every address and may appear nowhere else.

use core::fmt;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// A key of Alpha Vantage. Printing it shows that there is one, never what it is.
#[derive(Clone)]
pub struct ApiKey(SecretString);

/// Why a text is no key. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing there.
    #[error("the key is empty: set ALPHA_VANTAGE_API_KEY to the key that Alpha Vantage gave you")]
    Empty,
    /// Keys are 1 to 64 letters and digits.
    #[error(
        "the key has a character that keys do not have, or more than 64: check ALPHA_VANTAGE_API_KEY for blanks and quotes"
    )]
    Characters,
}

impl ApiKey {
    /// What stands where the key stood.
    pub const REDACTED: &'static str = "[key]";

    /// Reads a key; blanks around it are dropped.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if text.len() > 64 || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(KeyError::Characters);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// Whether it is the key of the documentation's examples.
    pub fn is_demo(&self) -> bool {
        self.expose() == "demo"
    }

    /// The key, for the address of a request alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text without the key, whatever the case, and without what stands behind `apikey=`; at most 300
    /// characters, on one line. Some refusals of the server repeat the key.
    pub fn redact(&self, text: &str) -> String {
        let short: String = text.chars().take(1_000).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut out = without(&short, self.expose());
        // A parameter of an address, whoever's key it is.
        let mut from = 0;
        while let Some(at) = find(&out[from..], "apikey=") {
            let start = from + at + "apikey=".len();
            let end = out[start..].find(['&', ' ', '"', '\'', ')']).map_or(out.len(), |n| start + n);
            out.replace_range(start..end, Self::REDACTED);
            from = start + Self::REDACTED.len();
        }
        out.chars().take(300).collect()
    }
}

fn find(text: &str, what: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&what.to_ascii_lowercase())
}

/// Short keys such as `demo` are words of the server's own texts: only whole words are taken out.
fn without(text: &str, key: &str) -> String {
    let (lower, key) = (text.to_ascii_lowercase(), key.to_ascii_lowercase());
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, _) in lower.match_indices(&key) {
        let end = at + key.len();
        let alone = !word(lower[..at].chars().next_back()) && !word(lower[end..].chars().next());
        if at < from || !(alone || key.len() >= 8) {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(ApiKey::REDACTED);
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([key])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_key_is_never_printed() {
        let key = ApiKey::new(" S3CRETKEY12 ").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey([key])");
        let said = key.redact("We have detected your API key as S3CRETKEY12 and our rate limit is");
        assert_eq!(said, "We have detected your API key as [key] and our rate limit is");
        assert_eq!(
            key.redact("https://x/query?apikey=OTHER&symbol=SPY"),
            "https://x/query?apikey=[key]&symbol=SPY"
        );
        assert_eq!(key.redact("xs3cretkey12y"), "x[key]y");
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        assert_eq!(ApiKey::new("  ").unwrap_err(), KeyError::Empty);
        let error = ApiKey::new("\"quoted\"").unwrap_err();
        assert!(!error.to_string().contains("quoted"));
        assert!(ApiKey::new(&"A".repeat(65)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_key(key in "[A-Z0-9]{8,20}", before in ".{0,40}", after in ".{0,40}") {
            let secret = ApiKey::new(&key).unwrap();
            let said = secret.redact(&format!("{before}{key}{after}"));
            prop_assert!(!said.to_ascii_uppercase().contains(&key), "{said}");
        }
    }
}
