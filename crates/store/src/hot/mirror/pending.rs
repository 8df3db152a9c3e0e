//! The keys that wait to be sent, each once, in the order in which they were first noted.

use std::collections::{BTreeMap, VecDeque};

use super::super::Write;
use super::Mirror;

/// What has to be sent of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// All of it, as it is when it is sent.
    Whole,
    /// These entries at the end of a list or stream, oldest first.
    Tail(VecDeque<Write>),
}

/// What became of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// The key did not wait yet, or an entry more waits.
    Fresh,
    /// An older change of the key will never be sent.
    Conflated,
    /// Too many keys wait.
    Refused,
}

/// Keys that wait, at most [`Mirror::KEYS`].
#[derive(Debug, Default)]
pub(super) struct Pending {
    changes: BTreeMap<String, Change>,
    order: VecDeque<String>,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Notes a change that the memory holds already.
    pub(super) fn note(&mut self, write: &Write) -> Noted {
        let cap = cap(write);
        match self.changes.get_mut(write.key()) {
            Some(change @ Change::Tail(_)) if cap.is_none() => {
                *change = Change::Whole;
                Noted::Conflated
            }
            Some(Change::Tail(tail)) => extend(tail, write.clone()),
            Some(Change::Whole) => Noted::Conflated,
            None => {
                let change =
                    if cap.is_some() { Change::Tail(VecDeque::from([write.clone()])) } else { Change::Whole };
                self.insert(write.key().to_string(), change)
            }
        }
    }

    /// Notes that all of a key has to be sent.
    pub(super) fn whole(&mut self, key: String) -> Noted {
        match self.changes.get_mut(&key) {
            Some(change) => {
                *change = Change::Whole;
                Noted::Fresh
            }
            None => self.insert(key, Change::Whole),
        }
    }

    /// Puts back what could not be sent; what was noted meanwhile is newer.
    pub(super) fn put_back(&mut self, key: String, change: Change) -> Noted {
        match (self.changes.get_mut(&key), change) {
            (None, change) => self.insert(key, change),
            (Some(Change::Whole), _) => Noted::Conflated,
            (Some(newer), Change::Whole) => {
                *newer = Change::Whole;
                Noted::Fresh
            }
            (Some(Change::Tail(newer)), Change::Tail(mut tail)) => {
                let mut noted = Noted::Fresh;
                for write in newer.drain(..) {
                    if extend(&mut tail, write) == Noted::Conflated {
                        noted = Noted::Conflated;
                    }
                }
                *newer = tail;
                noted
            }
        }
    }

    /// The key that waits longest.
    pub(super) fn pop(&mut self) -> Option<(String, Change)> {
        let key = self.order.pop_front()?;
        let change = self.changes.remove(&key)?;
        Some((key, change))
    }

    fn insert(&mut self, key: String, change: Change) -> Noted {
        if self.changes.len() >= Mirror::KEYS {
            return Noted::Refused;
        }
        self.order.push_back(key.clone());
        self.changes.insert(key, change);
        Noted::Fresh
    }
}

/// Entries that the list or stream of a change keeps; none for a change of the whole value.
fn cap(write: &Write) -> Option<usize> {
    match write {
        Write::Push { cap, .. } | Write::Append { cap, .. } => Some((*cap).max(1)),
        Write::Set { .. } | Write::Remove { .. } => None,
    }
}

/// Adds an entry; one that the list would forget at once anyway is left out.
fn extend(tail: &mut VecDeque<Write>, write: Write) -> Noted {
    let cap = cap(&write).unwrap_or(1);
    tail.push_back(write);
    if tail.len() > cap {
        tail.pop_front();
        return Noted::Conflated;
    }
    Noted::Fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(key: &str) -> Write {
        Write::Set { key: key.into(), value: "v".into(), expiry: None }
    }

    fn push(key: &str, n: u64, cap: usize) -> Write {
        Write::Push { key: key.into(), value: n.to_string(), cap }
    }

    #[test]
    fn a_key_waits_once_and_keeps_its_place() {
        let mut pending = Pending::default();
        assert_eq!(pending.note(&set("a")), Noted::Fresh);
        assert_eq!(pending.note(&set("b")), Noted::Fresh);
        assert_eq!(pending.note(&set("a")), Noted::Conflated);
        assert_eq!(pending.pop(), Some(("a".into(), Change::Whole)));
        assert_eq!(pending.pop(), Some(("b".into(), Change::Whole)));
        assert_eq!((pending.pop(), pending.is_empty()), (None, true));
    }

    #[test]
    fn entries_wait_in_order_as_many_as_the_list_keeps() {
        let mut pending = Pending::default();
        for n in 0..5 {
            pending.note(&push("list", n, 3));
        }
        let (key, change) = pending.pop().unwrap();
        assert_eq!(change, Change::Tail((2..5).map(|n| push("list", n, 3)).collect()));
        pending.note(&push("list", 5, 3));
        assert_eq!(pending.put_back(key, change), Noted::Conflated);
        let expected = Change::Tail((3..6).map(|n| push("list", n, 3)).collect());
        assert_eq!(pending.pop(), Some(("list".into(), expected)));
        pending.note(&push("list", 6, 3));
        pending.note(&Write::Remove { key: "list".into() });
        assert_eq!(pending.pop(), Some(("list".into(), Change::Whole)), "a removal outdates the entries");
    }

    #[test]
    fn too_many_keys_are_refused() {
        let mut pending = Pending::default();
        for n in 0..Mirror::KEYS {
            pending.note(&set(&n.to_string()));
        }
        assert_eq!(pending.note(&set("one more")), Noted::Refused);
        assert_eq!(pending.note(&set("7")), Noted::Conflated);
        assert_eq!(pending.len(), Mirror::KEYS);
    }

    proptest! {
        /// Whatever comes between: every key that was noted and not sent waits, and exactly once.
        #[test]
        fn nothing_is_forgotten(steps in prop::collection::vec((0_u8..4, 0_u8..6), 1..200)) {
            let mut pending = Pending::default();
            let mut out = Vec::new();
            let mut waiting = std::collections::BTreeSet::new();
            for (what, key) in steps {
                let name = key.to_string();
                match what {
                    0 => { pending.note(&set(&name)); waiting.insert(name); }
                    1 => { pending.note(&push(&name, 1, 2)); waiting.insert(name); }
                    2 => if let Some((key, change)) = pending.pop() {
                        prop_assert!(waiting.remove(&key));
                        out.push((key, change));
                    },
                    _ => if let Some((key, change)) = out.pop() {
                        waiting.insert(key.clone());
                        pending.put_back(key, change);
                    },
                }
                let known: Vec<_> = pending.changes.keys().cloned().collect();
                prop_assert_eq!(&known, &waiting.iter().cloned().collect::<Vec<_>>());
                prop_assert_eq!(pending.order.len(), known.len());
            }
        }
    }
}
