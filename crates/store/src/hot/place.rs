//! Where the hot state lives, as a person writes it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::HotError;
use super::redis::RedisServer;

/// Where the hot state lives: `memory`, or the address of a Redis server. However it is shown, user
/// and password are left out.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// In the memory of this process.
    #[default]
    Memory,
    /// Here and in a Redis server.
    Redis(Address),
}

/// An address that was looked at: it can be used, whether or not a server is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    shown: String,
}

impl Address {
    /// As it was written, secrets included. For connecting only.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl FromStr for Place {
    type Err = HotError;

    fn from_str(text: &str) -> Result<Self, HotError> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        let shown = RedisServer::look_at(text)?;
        Ok(Self::Redis(Address { url: text.into(), shown }))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(address) => address.fmt(f),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_shown() {
        let place: Place = "redis://me:s3cret@cache.example:7000/1".parse().unwrap();
        let shown = format!("{place} {place:?} {}", serde_json::to_string(&place).unwrap());
        assert!(shown.contains("redis://cache.example:7000/1") && !shown.contains("s3cret"), "{shown}");
        let Place::Redis(address) = place else { panic!("it is Redis") };
        assert!(address.url().contains("s3cret"));
    }

    #[test]
    fn what_is_neither_is_refused() {
        assert_eq!("memory".parse(), Ok(Place::Memory));
        let error = "disk".parse::<Place>().unwrap_err().to_string();
        assert!(error.contains("disk") && error.contains("memory"), "{error}");
    }
}
