//! Hot state: the newest value of everything under names that people and other programs can read,
//! each with an expiry, so that what nobody renews is gone.
//!
//! [`HotStore`] is the port. [`MemoryStore`] keeps it in this process, [`RedisStore`] in a Redis server;
//! [`Mirror`] keeps it here and a copy in Redis, so that nobody here ever waits for the server. Whatever
//! stands behind the port passes the same suite of tests (`tests/it/contract.rs`). Expiries are wall time.

pub mod keys;
pub mod memory;
pub mod mirror;
pub mod place;
pub mod publish;
pub mod redis;
mod shapes;

use std::time::Duration;

use thiserror::Error;

pub use self::redis::{RedisLimits, RedisServer, RedisStore};
pub use keys::Key;
pub use memory::{Bounds, MemoryStore};
pub use mirror::{Mirror, MirrorMetrics};
pub use place::Place;
pub use publish::{ExposureText, Picture, Published, Publisher};

/// Why the hot state did not take or give something.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HotError {
    /// The store is at its bounds even without what has expired.
    #[error("hot state is full ({keys} keys, {bytes} bytes): raise its bounds or publish fewer contracts")]
    Full {
        /// Keys it holds.
        keys: usize,
        /// Bytes of its keys and values.
        bytes: usize,
    },
    /// The key holds something else.
    #[error("`{key}` in the hot state is no {wanted}: something else writes under that name")]
    Kind {
        /// The key.
        key: String,
        /// `value`, `list` or `stream`.
        wanted: &'static str,
    },
    /// The store cannot be reached.
    #[error("hot state cannot be reached ({0}): trading goes on, what others see is old")]
    Unreachable(String),
    /// A Redis server is at its `maxmemory`.
    #[error(
        "the Redis server has no memory left: raise its `maxmemory`; trading goes on, what others see is old"
    )]
    ServerFull,
    /// A Redis server takes no writes: a replica.
    #[error(
        "the Redis server is a read-only replica: name its master in `store`; trading goes on, what others see is old"
    )]
    ReadOnly,
    /// A Redis server refuses for a reason of its own.
    #[error("the Redis server refuses ({code} {text}); trading goes on, what others see is old")]
    Refused {
        /// The server's code: `NOAUTH`, `NOPERM`, `MISCONF`, `LOADING`.
        code: String,
        /// The server's words.
        text: String,
    },
    /// All connections are taken.
    #[error("no connection to Redis is left for {purpose}: all {most} of `redis.max_connections` are in use")]
    Connections {
        /// What it was wanted for.
        purpose: &'static str,
        /// The bound.
        most: u32,
    },
    /// No address of a server.
    #[error("`{shown}` is neither `memory` nor the address of a Redis server: {reason}")]
    Address {
        /// The address without user and password.
        shown: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// One change of the hot state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Sets a value, whatever the key held.
    Set {
        /// The key.
        key: String,
        /// JSON.
        value: String,
        /// Wall time after which the key is gone; at least a millisecond. Without one it stays.
        expiry: Option<Duration>,
    },
    /// Removes a key, if it is there.
    Remove {
        /// The key.
        key: String,
    },
    /// Puts a value at the head of a list and cuts the list at its tail.
    Push {
        /// The key.
        key: String,
        /// JSON.
        value: String,
        /// Most values the list keeps; at least 1.
        cap: usize,
    },
    /// Adds a value to a stream and forgets the oldest.
    Append {
        /// The key.
        key: String,
        /// JSON.
        value: String,
        /// Most values the stream keeps; at least 1.
        cap: usize,
    },
}

impl Write {
    /// The key that it touches.
    pub fn key(&self) -> &str {
        match self {
            Self::Set { key, .. }
            | Self::Remove { key }
            | Self::Push { key, .. }
            | Self::Append { key, .. } => key,
        }
    }

    /// What it makes of the key: `value`, `list` or `stream`.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Set { .. } | Self::Remove { .. } => "value",
            Self::Push { .. } => "list",
            Self::Append { .. } => "stream",
        }
    }
}

/// Name of a value in a stream, given by the store; grows with each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntryId(pub String);

/// A store of hot state.
pub trait HotStore: Send + Sync {
    /// Makes changes, in order. Each touches one key and stands for itself: one that fails does not
    /// keep the others from being made.
    ///
    /// # Errors
    /// The first [`HotError`] that was met.
    fn write(&self, batch: &[Write]) -> Result<(), HotError>;

    /// The value of a key; nothing when there is none or it has expired.
    ///
    /// # Errors
    /// [`HotError::Kind`] when it is a list or stream, [`HotError::Unreachable`].
    fn get(&self, key: &str) -> Result<Option<String>, HotError>;

    /// Up to `most` keys that begin with `prefix`, sorted.
    ///
    /// # Errors
    /// [`HotError::Unreachable`].
    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError>;

    /// Up to `most` values from the head of a list: newest first. Empty when there is none.
    ///
    /// # Errors
    /// [`HotError::Kind`], [`HotError::Unreachable`].
    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError>;

    /// Up to `most` values of a stream after `after` (from its oldest without one), oldest first.
    /// Values that were forgotten meanwhile are missing without a sign. Empty when there is none.
    ///
    /// # Errors
    /// [`HotError::Kind`], [`HotError::Unreachable`].
    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError>;

    /// Sets one value: see [`Write::Set`].
    ///
    /// # Errors
    /// [`HotError::Full`], [`HotError::Unreachable`].
    fn set(&self, key: &str, value: &str, expiry: Option<Duration>) -> Result<(), HotError> {
        self.write(&[Write::Set { key: key.into(), value: value.into(), expiry }])
    }

    /// Removes one key: see [`Write::Remove`].
    ///
    /// # Errors
    /// [`HotError::Unreachable`].
    fn remove(&self, key: &str) -> Result<(), HotError> {
        self.write(&[Write::Remove { key: key.into() }])
    }
}
