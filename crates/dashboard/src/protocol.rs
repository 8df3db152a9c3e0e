//! The messages of the stream, subprotocol `at.v1`: JSON text frames.
//!
//! A delta applies only if its `prev` equals the sequence the client holds for the channel; otherwise the
//! client subscribes again and gets a snapshot. A new epoch voids every sequence.

use std::collections::BTreeMap;

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;

use crate::channel::Keyed;
use crate::view::Instant;

/// Name of the subprotocol, asked for at the upgrade.
pub const SUBPROTOCOL: &str = "at.v1";

/// Version inside the subprotocol.
pub const VERSION: u32 = 1;

/// Where a client left off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[ts(export_to = "Protocol.ts")]
pub struct Resume {
    /// The epoch its sequences belong to.
    pub epoch: String,
    /// Last sequence it saw of each event channel.
    pub seq: BTreeMap<String, u64>,
}

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "t", rename_all = "snake_case")]
#[ts(export_to = "Protocol.ts")]
pub enum ClientMessage {
    /// First message.
    Hello {
        /// Version it speaks.
        v: u32,
        /// Where it left off; without it everything starts with snapshots.
        #[ts(optional)]
        resume: Option<Resume>,
    },
    /// Subscribes, or subscribes again to get a snapshot.
    Sub {
        /// Comes back in an error.
        #[ts(optional)]
        id: Option<u64>,
        /// Channels.
        ch: Vec<String>,
        /// Most updates a second: 1, 2, 4 or 10; anything else is rounded down to one of them.
        #[ts(optional)]
        hz: Option<u32>,
    },
    /// Ends subscriptions.
    Unsub {
        /// Channels.
        ch: Vec<String>,
    },
    /// Asks for a pong.
    Ping {
        /// Comes back.
        n: u64,
    },
}

/// What the server says.
#[derive(Debug, Serialize, TS)]
#[serde(tag = "t", rename_all = "snake_case")]
#[ts(export_to = "Protocol.ts")]
pub enum ServerMessage<'a> {
    /// Answer to hello.
    Welcome {
        /// Version.
        v: u32,
        /// Of this process; a new one voids every sequence.
        epoch: &'a str,
        /// The system's clock.
        now: Instant,
        /// What this client may do.
        role: &'a str,
        /// Most updates a second.
        hz_max: u32,
        /// Seconds between pings.
        ping_s: u64,
    },
    /// The whole of a channel.
    Snap {
        /// Channel.
        ch: &'a str,
        /// Its sequence.
        seq: u64,
        /// The system's clock when it was taken.
        at: Instant,
        /// Rows or fields by key, or the whole picture.
        #[ts(type = "unknown")]
        d: SnapshotData<'a>,
    },
    /// What changed in a keyed channel.
    Delta {
        /// Channel.
        ch: &'a str,
        /// Sequence after it.
        seq: u64,
        /// Sequence before it.
        prev: u64,
        /// The system's clock when it was taken.
        at: Instant,
        /// The change.
        #[ts(type = "{ set: { [key: string]: unknown }, del: string[] }")]
        d: Change<'a>,
    },
    /// Something happened.
    Event {
        /// Channel.
        ch: &'a str,
        /// Its sequence.
        seq: u64,
        /// The sequence before it.
        prev: u64,
        /// What.
        #[ts(type = "unknown")]
        d: &'a RawValue,
    },
    /// Events that will not come on this connection; fetch them by HTTP.
    Gap {
        /// Channel.
        ch: &'a str,
        /// First missing.
        from: u64,
        /// Last missing.
        to: u64,
    },
    /// A message was refused.
    Err {
        /// Of the message, when it had one.
        id: Option<u64>,
        /// For programs.
        code: &'a str,
        /// For people.
        msg: &'a str,
    },
    /// Answer to ping.
    Pong {
        /// As asked.
        n: u64,
        /// The system's clock.
        now: Instant,
    },
    /// The server closes.
    Bye {
        /// Why.
        code: &'a str,
        /// When to come back, milliseconds.
        retry_ms: u64,
    },
}

/// The data of a snapshot.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum SnapshotData<'a> {
    /// Rows or fields by key.
    Keyed(&'a Keyed),
    /// One value.
    Picture(&'a RawValue),
}

/// The data of a delta.
#[derive(Debug, Default, Serialize)]
pub struct Change<'a> {
    /// New or changed values.
    pub set: BTreeMap<&'a str, &'a RawValue>,
    /// Keys that are gone.
    pub del: Vec<&'a str>,
}

impl<'a> Change<'a> {
    /// What leads from `old` to `new`.
    pub fn between(old: &'a Keyed, new: &'a Keyed) -> Self {
        let is_new =
            |key: &str, value: &RawValue| old.get(key).is_none_or(|before| before.get() != value.get());
        let rows = new.iter().map(|(key, value)| (key.as_str(), value.as_ref()));
        Self {
            set: rows.filter(|(key, value)| is_new(key, value)).collect(),
            del: old.keys().filter(|key| !new.contains_key(*key)).map(String::as_str).collect(),
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.del.is_empty()
    }
}

impl ServerMessage<'_> {
    /// The frame, to be shared by every client that gets it.
    pub fn encode(&self) -> Utf8Bytes {
        serde_json::to_string(self).expect("messages have string keys and no fallible parts").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_messages_read_as_documented() {
        let hello = r#"{"t":"hello","v":1,"resume":{"epoch":"01JD","seq":{"signals":812}}}"#;
        let ClientMessage::Hello { v: 1, resume: Some(resume) } = serde_json::from_str(hello).unwrap() else {
            panic!("hello")
        };
        assert_eq!((resume.epoch.as_str(), resume.seq["signals"]), ("01JD", 812));
        let sub = r#"{"t":"sub","id":7,"ch":["positions","book:SPY"],"hz":4}"#;
        assert_eq!(
            serde_json::from_str::<ClientMessage>(sub).unwrap(),
            ClientMessage::Sub { id: Some(7), ch: vec!["positions".into(), "book:SPY".into()], hz: Some(4) }
        );
        for bad in [r#"{"t":"sell"}"#, "[]", r#"{"t":"sub","ch":7}"#, ""] {
            assert!(serde_json::from_str::<ClientMessage>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn server_messages_are_written_as_documented() {
        let row = RawValue::from_string(r#"{"qty":3}"#.to_owned()).unwrap();
        let other = RawValue::from_string(r#"{"qty":4}"#.to_owned()).unwrap();
        let old: Keyed = [("a".to_owned(), row.clone()), ("b".to_owned(), row.clone())].into();
        let new: Keyed = [("a".to_owned(), row), ("c".to_owned(), other)].into();
        let at = Instant::from_micros(0);
        let delta =
            ServerMessage::Delta { ch: "positions", seq: 43, prev: 40, at, d: Change::between(&old, &new) };
        assert_eq!(
            delta.encode().as_str(),
            r#"{"t":"delta","ch":"positions","seq":43,"prev":40,"at":"1970-01-01T00:00:00.000000Z","d":{"set":{"c":{"qty":4}},"del":["b"]}}"#
        );
        let snap = ServerMessage::Snap { ch: "positions", seq: 40, at, d: SnapshotData::Keyed(&old) };
        assert!(snap.encode().ends_with(r#""d":{"a":{"qty":3},"b":{"qty":3}}}"#));
        assert!(Change::between(&old, &old).is_empty());
    }
}
