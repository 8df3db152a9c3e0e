//! Hot state here and a copy of it in a Redis server.
//!
//! The memory of this process is the truth, the server shows it to others: a write changes the memory
//! and notes the key; a thread of its own sends what the noted keys hold by then, many at a time. So a
//! slow server gets the newest value of each key and nothing that was outdated meanwhile (counted as
//! `conflated`), and nobody here ever waits for it. A value keeps what is left of its expiry.
//!
//! A server that was lost and is back may have forgotten everything: all that lives here is sent anew,
//! lists and streams only if the server has none. A batch whose answer was lost is sent again, so an
//! entry of a list or stream may come twice; each holds the whole of its entity, so that does no harm.
//!
//! A server that refuses (full, read-only, loading) is asked again by the one retry policy. What is
//! wrong is logged once when it begins and once when it ends, and stands in [`MirrorMetrics`].
//!
//! Bounds: [`Mirror::KEYS`] noted keys (more are refused and counted as `lost`), entries of a list or
//! stream as many as it keeps, [`Mirror::BATCH`] keys and about [`Mirror::BATCH_BYTES`] a batch.

mod pending;
mod sender;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;

use super::{Bounds, EntryId, HotError, HotStore, MemoryStore, RedisStore, Write};
use pending::Pending;

/// How the copy is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MirrorMetrics {
    /// Keys whose newest state was not sent yet.
    pub pending: usize,
    /// Changes that the server took.
    pub sent: u64,
    /// Batches that it answered.
    pub batches: u64,
    /// Changes that never left because a newer one of the same key came first.
    pub conflated: u64,
    /// Changes that were refused because too many keys waited.
    pub lost: u64,
    /// Changes that the server refused for good: something else holds their name.
    pub refused: u64,
    /// Attempts that failed: no connection, no answer, no room, no right to write.
    pub failures: u64,
    /// Times that everything was sent anew.
    pub resends: u64,
    /// How long the last batch took.
    pub last_batch: Duration,
    /// What is wrong now, in words.
    pub problem: Option<String>,
}

impl MirrorMetrics {
    /// Whether the server has what it should.
    pub const fn is_well(&self) -> bool {
        self.problem.is_none()
    }
}

/// What the two sides share.
#[derive(Debug)]
struct Shared {
    memory: MemoryStore,
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    pending: Pending,
    metrics: MirrorMetrics,
    /// Prefixes of keys that may be left from an earlier process, until they were looked for.
    strangers: &'static [&'static str],
    /// Keys that were taken and whose answers are not here yet.
    in_flight: usize,
    /// Set at the end: what waits is sent until then, and no longer.
    until: Option<Instant>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Each change leaves the queue whole before anything can panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hot state in memory and in Redis. Reading reads the memory.
pub struct Mirror {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Mirror {
    /// Most keys that wait: those that the memory may hold, and as many that were removed.
    pub const KEYS: usize = 200_000;
    /// Keys of a batch.
    pub const BATCH: usize = 1_000;
    /// Bytes after which a batch is full; a single value may be larger.
    pub const BATCH_BYTES: usize = 1 << 20;

    /// An empty state and its copy. What the server held before is overwritten key by key.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(bounds: Bounds, redis: RedisStore) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            memory: MemoryStore::new(bounds),
            queue: Mutex::default(),
            wake: Condvar::new(),
        });
        let sender = sender::Sender::new(Arc::clone(&shared), redis);
        let thread = std::thread::Builder::new().name("hot state".into()).spawn(move || sender.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// How the copy is doing.
    pub fn metrics(&self) -> MirrorMetrics {
        let queue = self.shared.lock();
        MirrorMetrics { pending: queue.pending.len(), ..queue.metrics.clone() }
    }

    /// Removes keys from the server that begin with one of `prefixes` and are not known here: an earlier
    /// process left them, and they never expire. Done once, by the thread that sends; at most
    /// [`Mirror::KEYS`] for each prefix.
    pub fn remove_strangers(&self, prefixes: &'static [&'static str]) {
        self.shared.lock().strangers = prefixes;
        self.shared.wake.notify_one();
    }

    /// Whether the server has answered for everything that was written so far.
    pub fn is_idle(&self) -> bool {
        let queue = self.shared.lock();
        queue.pending.is_empty() && queue.in_flight == 0 && queue.strangers.is_empty()
    }

    /// Sends what waits, for at most `patience`, and ends; true when nothing was left. Later changes
    /// stay in memory.
    pub fn finish(&self, patience: Duration) -> bool {
        self.shared.lock().until = Some(Clock::instant() + patience);
        self.shared.wake.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the hot state's thread had ended by a fault of ours");
        }
        self.is_idle()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.finish(Duration::ZERO);
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror").field("metrics", &self.metrics()).finish_non_exhaustive()
    }
}

impl HotStore for Mirror {
    fn write(&self, batch: &[Write]) -> Result<(), HotError> {
        let written = self.shared.memory.write(batch);
        let mut queue = self.shared.lock();
        let Queue { pending, metrics, .. } = &mut *queue;
        for write in batch {
            match pending.note(write) {
                pending::Noted::Fresh => {}
                pending::Noted::Conflated => metrics.conflated += 1,
                pending::Noted::Refused => metrics.lost += 1,
            }
        }
        drop(queue);
        self.shared.wake.notify_one();
        written
    }

    fn get(&self, key: &str) -> Result<Option<String>, HotError> {
        self.shared.memory.get(key)
    }

    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.shared.memory.keys(prefix, most)
    }

    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.shared.memory.list(key, most)
    }

    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError> {
        self.shared.memory.stream(key, after, most)
    }
}
