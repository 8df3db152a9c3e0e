//! Hot state in the memory of this process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;

use super::{EntryId, HotError, HotStore, Write};

/// How much the store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Keys.
    pub keys: usize,
    /// Bytes of keys and values together.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { keys: 100_000, bytes: 256 << 20 }
    }
}

#[derive(Debug)]
enum Value {
    Text(String),
    /// Newest first.
    List(VecDeque<String>),
    /// Oldest first.
    Stream(VecDeque<(u64, String)>),
}

impl Value {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(list) => list.iter().map(String::len).sum(),
            Self::Stream(stream) => stream.iter().map(|(_, text)| text.len()).sum(),
        }
    }
}

/// What a living key holds, to be copied elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// A value and what is left of its expiry.
    Text { value: String, expiry: Option<Duration> },
    /// Newest first.
    List { values: Vec<String> },
    /// Oldest first.
    Stream { values: Vec<String> },
}

#[derive(Debug)]
struct Entry {
    value: Value,
    expires: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<String, Entry>,
    /// Keys that expire, soonest first.
    due: BTreeSet<(Instant, String)>,
    bytes: usize,
    /// Last number given to a value of a stream.
    appended: u64,
}

/// Hot state in memory. Expired entries are never shown; their memory comes back a few with each
/// write, and all of them before a write is refused.
pub struct MemoryStore {
    state: Mutex<State>,
    bounds: Bounds,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(bounds: Bounds) -> Self {
        Self::with_time(bounds, Clock::instant)
    }

    /// An empty store whose expiries follow `now`, which never goes back.
    pub fn with_time(bounds: Bounds, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { state: Mutex::default(), bounds, now: Box::new(now) }
    }

    /// Keys and bytes it holds, expired ones that were not cleared away yet included.
    pub fn usage(&self) -> Bounds {
        let state = self.lock();
        Bounds { keys: state.entries.len(), bytes: state.bytes }
    }

    /// What a key holds now; nothing when it is not there or has expired.
    pub(super) fn held(&self, key: &str) -> Option<Held> {
        let now = (self.now)();
        let state = self.lock();
        let entry = state.entries.get(key)?;
        let expiry = match entry.expires {
            Some(expires) if expires <= now => return None,
            expires => expires.map(|expires| expires - now),
        };
        Some(match &entry.value {
            Value::Text(text) => Held::Text { value: text.clone(), expiry },
            Value::List(list) => Held::List { values: list.iter().cloned().collect() },
            Value::Stream(stream) => {
                Held::Stream { values: stream.iter().map(|(_, text)| text.clone()).collect() }
            }
        })
    }

    /// All living keys, each with whether it holds a value (and no list or stream).
    pub(super) fn names(&self) -> Vec<(String, bool)> {
        let now = (self.now)();
        let state = self.lock();
        let alive =
            state.entries.iter().filter(|(_, entry)| entry.expires.is_none_or(|expires| now < expires));
        alive.map(|(key, entry)| (key.clone(), matches!(entry.value, Value::Text(_)))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what a living key holds to `read`.
    fn look<T>(&self, key: &str, read: impl FnOnce(Option<&Value>) -> T) -> T {
        let now = (self.now)();
        let state = self.lock();
        let alive = |entry: &&Entry| entry.expires.is_none_or(|expires| now < expires);
        read(state.entries.get(key).filter(alive).map(|entry| &entry.value))
    }
}

impl State {
    fn take(&mut self, key: &str) -> Option<Value> {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.bytes -= key.len() + entry.value.bytes();
        if let Some(expires) = entry.expires {
            self.due.remove(&(expires, key));
        }
        Some(entry.value)
    }

    fn put(&mut self, key: &str, value: Value, expires: Option<Instant>) {
        self.bytes += key.len() + value.bytes();
        if let Some(expires) = expires {
            self.due.insert((expires, key.to_string()));
        }
        self.entries.insert(key.to_string(), Entry { value, expires });
    }

    fn purge(&mut self, now: Instant, most: usize) {
        for _ in 0..most {
            let Some((expires, key)) = self.due.first() else { return };
            if *expires > now {
                return;
            }
            let key = key.clone();
            self.take(&key);
        }
    }

    /// Makes sure that `bytes` more, and a key more when `fresh`, find room.
    fn room(&mut self, bounds: Bounds, now: Instant, fresh: bool, bytes: usize) -> Result<(), HotError> {
        let fits = |state: &Self| {
            state.entries.len() + usize::from(fresh) <= bounds.keys && state.bytes + bytes <= bounds.bytes
        };
        if !fits(self) {
            self.purge(now, usize::MAX);
        }
        if fits(self) { Ok(()) } else { Err(HotError::Full { keys: self.entries.len(), bytes: self.bytes }) }
    }

    fn apply(&mut self, bounds: Bounds, now: Instant, write: &Write) -> Result<(), HotError> {
        match write {
            Write::Set { key, value, expiry } => {
                let old = self.take(key);
                let room = self.room(bounds, now, true, key.len() + value.len());
                if room.is_err() {
                    // The old value is older than what was to be said: it is not shown any more.
                    drop(old);
                    return room;
                }
                let expires = expiry.map(|expiry| now + expiry.max(Duration::from_millis(1)));
                self.put(key, Value::Text(value.clone()), expires);
            }
            Write::Remove { key } => {
                self.take(key);
            }
            Write::Push { key, value, cap } => {
                let mut list = match self.alive(key, now) {
                    None => VecDeque::new(),
                    Some(Value::List(_)) => match self.take(key) {
                        Some(Value::List(list)) => list,
                        _ => VecDeque::new(),
                    },
                    Some(_) => return Err(HotError::Kind { key: key.clone(), wanted: "list" }),
                };
                list.push_front(value.clone());
                list.truncate((*cap).max(1));
                self.put_back(bounds, now, key, Value::List(list))?;
            }
            Write::Append { key, value, cap } => {
                let mut stream = match self.alive(key, now) {
                    None => VecDeque::new(),
                    Some(Value::Stream(_)) => match self.take(key) {
                        Some(Value::Stream(stream)) => stream,
                        _ => VecDeque::new(),
                    },
                    Some(_) => return Err(HotError::Kind { key: key.clone(), wanted: "stream" }),
                };
                self.appended += 1;
                stream.push_back((self.appended, value.clone()));
                let surplus = stream.len().saturating_sub((*cap).max(1));
                stream.drain(..surplus);
                self.put_back(bounds, now, key, Value::Stream(stream))?;
            }
        }
        Ok(())
    }

    fn alive(&mut self, key: &str, now: Instant) -> Option<&Value> {
        let dead = self.entries.get(key)?.expires.is_some_and(|expires| expires <= now);
        if dead {
            self.take(key);
        }
        self.entries.get(key).map(|entry| &entry.value)
    }

    fn put_back(
        &mut self,
        bounds: Bounds,
        now: Instant,
        key: &str,
        mut value: Value,
    ) -> Result<(), HotError> {
        let room = self.room(bounds, now, true, key.len() + value.bytes());
        if room.is_err() {
            // What was there before stays; the newcomer goes.
            let left = match &mut value {
                Value::List(list) => {
                    list.pop_front();
                    list.len()
                }
                Value::Stream(stream) => {
                    stream.pop_back();
                    stream.len()
                }
                Value::Text(_) => 0,
            };
            if left == 0 {
                return room;
            }
        }
        self.put(key, value, None);
        room
    }
}

impl HotStore for MemoryStore {
    fn write(&self, batch: &[Write]) -> Result<(), HotError> {
        let now = (self.now)();
        let mut state = self.lock();
        // Twice as many as come, so that the dead never outgrow the living for long.
        state.purge(now, 2 * batch.len() + 8);
        let mut first = Ok(());
        for write in batch {
            let made = state.apply(self.bounds, now, write);
            first = first.and(made);
        }
        first
    }

    fn get(&self, key: &str) -> Result<Option<String>, HotError> {
        self.look(key, |value| match value {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(HotError::Kind { key: key.into(), wanted: "value" }),
        })
    }

    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError> {
        let now = (self.now)();
        let state = self.lock();
        let keys = state
            .entries
            .range(prefix.to_string()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(_, entry)| entry.expires.is_none_or(|expires| now < expires))
            .take(most)
            .map(|(key, _)| key.clone());
        Ok(keys.collect())
    }

    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.look(key, |value| match value {
            None => Ok(Vec::new()),
            Some(Value::List(list)) => Ok(list.iter().take(most).cloned().collect()),
            Some(_) => Err(HotError::Kind { key: key.into(), wanted: "list" }),
        })
    }

    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError> {
        // A name that is none of ours is before everything.
        let after = after.and_then(|id| id.0.strip_suffix("-0")?.parse::<u64>().ok()).unwrap_or(0);
        self.look(key, |value| match value {
            None => Ok(Vec::new()),
            Some(Value::Stream(stream)) => {
                let start = stream.partition_point(|(number, _)| *number <= after);
                let entries = stream.iter().skip(start).take(most);
                Ok(entries.map(|(number, text)| (EntryId(format!("{number}-0")), text.clone())).collect())
            }
            Some(_) => Err(HotError::Kind { key: key.into(), wanted: "stream" }),
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("usage", &self.usage())
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn store(bounds: Bounds) -> (MemoryStore, Arc<AtomicU64>) {
        let start = Instant::now();
        let millis = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&millis);
        let now = move || start + Duration::from_millis(seen.load(Ordering::Relaxed));
        (MemoryStore::with_time(bounds, now), millis)
    }

    #[test]
    fn a_full_store_refuses_and_recovers_by_expiry() {
        let (store, millis) = store(Bounds { keys: 2, bytes: 100 });
        store.set("a", "1", Some(Duration::from_secs(1))).unwrap();
        store.set("b", "1", None).unwrap();
        assert_eq!(store.set("c", "1", None), Err(HotError::Full { keys: 2, bytes: 4 }));
        store.set("b", "2", None).unwrap();
        millis.store(1_000, Ordering::Relaxed);
        store.set("c", "1", None).unwrap();
        assert_eq!(store.keys("", 10).unwrap(), ["b", "c"]);
        let long = "x".repeat(200);
        assert!(store.set("b", &long, None).is_err());
        assert_eq!(store.get("b").unwrap(), None, "an outdated value is not shown");
    }

    #[test]
    fn a_full_list_keeps_what_it_has() {
        let (store, _) = store(Bounds { keys: 9, bytes: 12 });
        let push = |value: &str| store.write(&[Write::Push { key: "l".into(), value: value.into(), cap: 9 }]);
        push("12345").unwrap();
        push("67890").unwrap();
        assert!(push("x!").is_err());
        assert_eq!(store.list("l", 9).unwrap(), ["67890", "12345"]);
        assert_eq!(store.usage(), Bounds { keys: 1, bytes: 11 });
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u8, usize, Option<u64>),
        Remove(u8),
        Push(u8, usize),
        Append(u8, usize),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let size = 0_usize..40;
        prop_oneof![
            (0_u8..20, size.clone(), proptest::option::of(1_u64..50))
                .prop_map(|(k, s, e)| Step::Set(k, s, e)),
            (0_u8..20).prop_map(Step::Remove),
            (0_u8..20, size.clone()).prop_map(|(k, s)| Step::Push(k, s)),
            (0_u8..20, size).prop_map(|(k, s)| Step::Append(k, s)),
            (0_u64..30).prop_map(Step::Pass),
        ]
    }

    proptest! {
        /// Bounds hold at every moment, the count of bytes is exact, and the dead are cleared away.
        #[test]
        fn bounds_hold_and_bytes_are_counted(steps in proptest::collection::vec(step(), 1..300)) {
            let bounds = Bounds { keys: 12, bytes: 300 };
            let (store, millis) = store(bounds);
            for step in steps {
                let _ = match step {
                    Step::Set(k, size, expiry) => {
                        store.set(&k.to_string(), &"v".repeat(size), expiry.map(Duration::from_millis))
                    }
                    Step::Remove(k) => store.remove(&k.to_string()),
                    Step::Push(k, size) => store
                        .write(&[Write::Push { key: k.to_string(), value: "v".repeat(size), cap: 3 }]),
                    Step::Append(k, size) => store
                        .write(&[Write::Append { key: k.to_string(), value: "v".repeat(size), cap: 3 }]),
                    Step::Pass(ms) => {
                        millis.fetch_add(ms, Ordering::Relaxed);
                        Ok(())
                    }
                };
                let state = store.lock();
                let counted: usize = state.entries.iter().map(|(k, e)| k.len() + e.value.bytes()).sum();
                prop_assert_eq!(state.bytes, counted);
                prop_assert!(state.bytes <= bounds.bytes && state.entries.len() <= bounds.keys);
                let expiring = state.entries.values().filter(|e| e.expires.is_some()).count();
                prop_assert_eq!(state.due.len(), expiring);
            }
            millis.fetch_add(1_000, Ordering::Relaxed);
            for _ in 0..4 {
                store.remove("none").unwrap();
            }
            prop_assert_eq!(store.lock().due.len(), 0);
        }
    }
}
