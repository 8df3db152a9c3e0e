//! Lossless channels: what happened, in order, and what each thing is now.

use std::collections::{BTreeMap, VecDeque};

use axum::extract::ws::Utf8Bytes;
use serde_json::value::RawValue;

use crate::channel::{EventChannel, Keyed};
use crate::protocol::{ServerMessage, SnapshotData};
use crate::view::Instant;

/// Events kept for clients that come back, and entities kept as they are now.
pub const RING: usize = 4_096;

/// Events a client may be behind before the older ones become a gap.
pub const BEHIND: u64 = 1_024;

/// One event channel.
#[derive(Debug)]
pub struct EventLog {
    channel: EventChannel,
    /// Sequence of the newest event; 0 when there was none.
    last: u64,
    /// Newest events as frames, oldest first; at most [`RING`].
    ring: VecDeque<Utf8Bytes>,
    /// The newest value of each entity; at most [`RING`].
    now: Keyed,
    /// Entities in the order in which they first appeared.
    order: VecDeque<String>,
}

/// What a client that holds a sequence has to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Pending {
    /// Frames in order; the first may say that there is a gap.
    pub frames: Vec<Utf8Bytes>,
    /// The sequence it holds afterwards.
    pub seq: u64,
}

impl EventLog {
    /// An empty channel.
    pub const fn new(channel: EventChannel) -> Self {
        Self { channel, last: 0, ring: VecDeque::new(), now: BTreeMap::new(), order: VecDeque::new() }
    }

    /// Sequence of the newest event.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Takes an event that says how the entity `key` is now.
    pub fn push(&mut self, key: &str, value: Box<RawValue>) {
        let prev = self.last;
        self.last += 1;
        let frame =
            ServerMessage::Event { ch: self.channel.name(), seq: self.last, prev, d: &value }.encode();
        if self.ring.len() == RING {
            self.ring.pop_front();
        }
        self.ring.push_back(frame);
        if self.now.insert(key.to_owned(), value).is_none() {
            self.order.push_back(key.to_owned());
            if self.order.len() > RING
                && let Some(oldest) = self.order.pop_front()
            {
                self.now.remove(&oldest);
            }
        }
    }

    /// What a client that has seen everything up to `seq` lacks, at most [`BEHIND`] events.
    pub fn since(&self, seq: u64) -> Pending {
        let oldest_kept = self.last - self.ring.len() as u64 + 1;
        let first = (seq + 1).max(oldest_kept).max((self.last + 1).saturating_sub(BEHIND));
        let mut frames = Vec::new();
        if first > seq + 1 {
            frames
                .push(ServerMessage::Gap { ch: self.channel.name(), from: seq + 1, to: first - 1 }.encode());
        }
        let skip = (first - oldest_kept) as usize;
        frames.extend(self.ring.iter().skip(skip).cloned());
        Pending { frames, seq: self.last.max(seq) }
    }

    /// Every entity as it is now.
    pub fn snapshot(&self, at: Instant) -> Utf8Bytes {
        let ch = self.channel.name();
        ServerMessage::Snap { ch, seq: self.last, at, d: SnapshotData::Keyed(&self.now) }.encode()
    }

    /// Entities from the one that appeared last, after `cursor`, at most `limit`; and the cursor for more.
    pub fn page(&self, limit: usize, cursor: Option<&str>) -> (Vec<Box<RawValue>>, Option<String>) {
        let skip = match cursor {
            None => 0,
            Some(key) => self.order.iter().rev().position(|k| k == key).map_or(self.order.len(), |at| at + 1),
        };
        let keys: Vec<&String> = self.order.iter().rev().skip(skip).take(limit).collect();
        let more = skip + keys.len() < self.order.len();
        let next = more.then(|| keys.last().map(|k| (*k).clone())).flatten();
        (keys.into_iter().filter_map(|k| self.now.get(k).cloned()).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    fn filled(events: u64) -> EventLog {
        let mut log = EventLog::new(EventChannel::Signals);
        for n in 1..=events {
            log.push(&n.to_string(), value(&n.to_string()));
        }
        log
    }

    #[test]
    fn nothing_is_skipped_while_the_client_keeps_up() {
        let log = filled(3);
        let pending = log.since(1);
        assert_eq!(pending.seq, 3);
        assert_eq!(
            pending.frames.iter().map(Utf8Bytes::as_str).collect::<Vec<_>>(),
            [
                r#"{"t":"event","ch":"signals","seq":2,"prev":1,"d":2}"#,
                r#"{"t":"event","ch":"signals","seq":3,"prev":2,"d":3}"#
            ]
        );
        assert!(log.since(3).frames.is_empty());
    }

    #[test]
    fn a_client_too_far_behind_is_told_what_it_lacks() {
        let log = filled(5_000);
        let pending = log.since(10);
        assert_eq!(pending.frames.len() as u64, BEHIND + 1);
        assert_eq!(pending.frames[0].as_str(), r#"{"t":"gap","ch":"signals","from":11,"to":3976}"#);
        assert!(pending.frames[1].as_str().contains(r#""seq":3977,"prev":3976"#));
        assert_eq!(pending.seq, 5_000);
    }

    #[test]
    fn memory_is_bounded() {
        let log = filled(2 * RING as u64);
        assert_eq!((log.ring.len(), log.now.len(), log.order.len()), (RING, RING, RING));
        assert!(!log.now.contains_key("1"));
    }

    #[test]
    fn the_newest_value_of_an_entity_counts() {
        let mut log = filled(2);
        log.push("1", value("\"closed\""));
        assert!(
            log.snapshot(Instant::from_micros(0))
                .ends_with(r#""seq":3,"at":"1970-01-01T00:00:00.000000Z","d":{"1":"closed","2":2}}"#)
        );
    }

    #[test]
    fn pages_go_from_the_newest() {
        let log = filled(5);
        let (first, next) = log.page(2, None);
        assert_eq!(first.iter().map(|v| v.get()).collect::<Vec<_>>(), ["5", "4"]);
        let (second, next) = log.page(2, next.as_deref());
        assert_eq!(second.iter().map(|v| v.get()).collect::<Vec<_>>(), ["3", "2"]);
        let (last, next) = log.page(2, next.as_deref());
        assert_eq!((last.len(), next), (1, None));
        assert!(log.page(2, Some("unknown")).0.is_empty());
    }
}
