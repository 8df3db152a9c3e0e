//! State channels at one pace: snapshots, and deltas that are encoded once for all clients of the pace.
//!
//! Nothing grows with a slow client: it holds the sequence it was last sent, and gets the deltas since, or the
//! newest snapshot when it is further behind than [`CHAIN`] deltas. Intermediate values may be skipped, the
//! newest never is.

use std::collections::{BTreeMap, VecDeque};

use axum::extract::ws::Utf8Bytes;

use crate::channel::{Content, StateChannel};
use crate::protocol::{Change, ServerMessage, SnapshotData};
use crate::published::Published;
use crate::view::Instant;

/// Deltas kept of a channel.
pub const CHAIN: usize = 16;

/// All subscribed channels at one pace.
#[derive(Debug, Default)]
pub struct Pace {
    slots: BTreeMap<StateChannel, Slot>,
}

/// One channel at this pace.
#[derive(Debug)]
struct Slot {
    subscribers: usize,
    name: String,
    content: Content,
    seq: u64,
    at: Instant,
    /// Encoded when first asked for.
    snapshot: Option<Utf8Bytes>,
    deltas: VecDeque<Delta>,
}

#[derive(Debug)]
struct Delta {
    prev: u64,
    frame: Utf8Bytes,
}

impl Pace {
    /// Whether anybody listens at this pace.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty()
    }

    /// One more client listens to `channel`; it starts from what is published now.
    pub fn subscribe(&mut self, channel: &StateChannel, version: u64, published: &Published) {
        let slot = self.slots.entry(channel.clone()).or_insert_with(|| Slot {
            subscribers: 0,
            name: channel.to_string(),
            content: channel.content(published),
            seq: version,
            at: published.status.at,
            snapshot: None,
            deltas: VecDeque::new(),
        });
        slot.subscribers += 1;
    }

    /// One client fewer; the channel is forgotten with the last one.
    pub fn unsubscribe(&mut self, channel: &StateChannel) {
        if let Some(slot) = self.slots.get_mut(channel) {
            slot.subscribers -= 1;
            if slot.subscribers == 0 {
                self.slots.remove(channel);
            }
        }
    }

    /// Takes what is published now; says whether any channel changed.
    pub fn advance(&mut self, version: u64, published: &Published) -> bool {
        let mut changed = false;
        for (channel, slot) in &mut self.slots {
            if version > slot.seq {
                changed |= slot.advance(version, channel.content(published), published.status.at);
            }
        }
        changed
    }

    /// What a client that was last sent `sent` of `channel` lacks, and the sequence it holds afterwards.
    pub fn since(&mut self, channel: &StateChannel, sent: Option<u64>) -> (Vec<Utf8Bytes>, u64) {
        let Some(slot) = self.slots.get_mut(channel) else { return (Vec::new(), sent.unwrap_or(0)) };
        if sent == Some(slot.seq) {
            return (Vec::new(), slot.seq);
        }
        let known = sent.and_then(|sent| slot.deltas.iter().position(|delta| delta.prev == sent));
        let frames = match known {
            Some(first) => slot.deltas.iter().skip(first).map(|delta| delta.frame.clone()).collect(),
            None => vec![slot.snapshot()],
        };
        (frames, slot.seq)
    }
}

impl Slot {
    fn advance(&mut self, version: u64, content: Content, at: Instant) -> bool {
        let prev = self.seq;
        match (&self.content, &content) {
            (Content::Keyed(old), Content::Keyed(new)) => {
                let change = Change::between(old, new);
                if change.is_empty() {
                    return false;
                }
                let delta = ServerMessage::Delta { ch: &self.name, seq: version, prev, at, d: change };
                let frame = delta.encode();
                if self.deltas.len() == CHAIN {
                    self.deltas.pop_front();
                }
                self.deltas.push_back(Delta { prev, frame });
            }
            (Content::Picture(old), Content::Picture(new)) if old.get() == new.get() => return false,
            _ => self.deltas.clear(),
        }
        self.content = content;
        self.seq = version;
        self.at = at;
        self.snapshot = None;
        true
    }

    fn snapshot(&mut self) -> Utf8Bytes {
        let (name, seq, at) = (&self.name, self.seq, self.at);
        let data = match &self.content {
            Content::Keyed(keyed) => SnapshotData::Keyed(keyed),
            Content::Picture(picture) => SnapshotData::Picture(picture),
        };
        self.snapshot
            .get_or_insert_with(|| ServerMessage::Snap { ch: name, seq, at, d: data }.encode())
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{HaltLevel, RunState};

    fn published() -> Published {
        Published::starting(Instant::from_micros(0))
    }

    #[test]
    fn a_client_gets_a_snapshot_then_deltas() {
        let mut pace = Pace::default();
        let mut state = published();
        pace.subscribe(&StateChannel::Status, 5, &state);
        let (frames, seq) = pace.since(&StateChannel::Status, None);
        assert!(frames[0].starts_with(r#"{"t":"snap","ch":"status","seq":5,"#));
        assert_eq!((frames.len(), seq), (1, 5));

        state.status.state = RunState::Running;
        assert!(pace.advance(9, &state));
        let (frames, seq) = pace.since(&StateChannel::Status, Some(5));
        assert!(frames[0].contains(r#""seq":9,"prev":5,"#), "{}", frames[0]);
        assert!(frames[0].ends_with(r#""d":{"set":{"state":"running"},"del":[]}}"#));
        assert_eq!((frames.len(), seq), (1, 9));
        assert!(pace.since(&StateChannel::Status, Some(9)).0.is_empty());
    }

    #[test]
    fn what_did_not_change_is_not_sent() {
        let mut pace = Pace::default();
        let mut state = published();
        pace.subscribe(&StateChannel::Risk, 1, &state);
        pace.subscribe(&StateChannel::Book("SPY".into()), 1, &state);
        assert!(!pace.advance(2, &state));
        state.risk.level = HaltLevel::Halt;
        assert!(pace.advance(3, &state));
        assert_eq!(pace.since(&StateChannel::Book("SPY".into()), Some(1)), (vec![], 1));
        assert_eq!(pace.since(&StateChannel::Risk, Some(1)).1, 3);
    }

    #[test]
    fn a_client_far_behind_gets_the_newest_snapshot() {
        let mut pace = Pace::default();
        let mut state = published();
        pace.subscribe(&StateChannel::Status, 1, &state);
        for version in 2..=40 {
            state.status.at = Instant::from_micros(i64::try_from(version).unwrap());
            pace.advance(version, &state);
        }
        let (frames, seq) = pace.since(&StateChannel::Status, Some(3));
        assert!(frames[0].starts_with(r#"{"t":"snap","ch":"status","seq":40,"#));
        assert_eq!((frames.len(), seq), (1, 40));
        assert_eq!(pace.since(&StateChannel::Status, Some(30)).0.len(), 10);
    }

    #[test]
    fn a_channel_nobody_hears_is_forgotten() {
        let mut pace = Pace::default();
        pace.subscribe(&StateChannel::Status, 1, &published());
        pace.subscribe(&StateChannel::Status, 1, &published());
        pace.unsubscribe(&StateChannel::Status);
        assert!(!pace.is_idle());
        pace.unsubscribe(&StateChannel::Status);
        assert!(pace.is_idle());
    }
}
