//! The thread that sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_edge::retry::{Backoff, Policy};

use super::super::memory::Held;
use super::super::{HotError, HotStore as _, RedisStore, Write};
use super::pending::{Change, Noted};
use super::{Mirror, Queue, Shared};

/// Longest sleep of the thread.
const LOOK: Duration = Duration::from_secs(1);

/// A key of a batch: what is put back if it cannot be sent, and its writes in the batch.
struct Part {
    key: String,
    change: Change,
    writes: usize,
}

pub(super) struct Sender {
    shared: Arc<Shared>,
    redis: RedisStore,
    /// The connection that has everything.
    generation: u64,
    backoff: Backoff,
    /// Nothing is sent before.
    paused: Option<Instant>,
    /// What is wrong: told when it changes.
    problem: Option<HotError>,
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, redis: RedisStore) -> Self {
        Self {
            backoff: Backoff::new(redis.retry()),
            shared,
            // The first one found a server, whatever it held.
            generation: redis.generation(),
            redis,
            paused: None,
            problem: None,
        }
    }

    pub(super) fn run(mut self) {
        while self.wait() {
            let parts = self.take();
            if parts.0.is_empty() {
                continue;
            }
            let begun = Clock::instant();
            let sent = self.redis.write_each(&parts.1);
            self.settle(parts.0, sent, begun.elapsed());
            if self.problem.is_none() && self.redis.generation() != self.generation {
                self.send_anew();
            }
            if self.problem.is_none() {
                self.look_for_strangers();
            }
        }
    }

    /// Waits for something to send; false when it is over.
    fn wait(&self) -> bool {
        let mut queue = self.shared.lock();
        loop {
            let now = Clock::instant();
            if let Some(until) = queue.until
                && (queue.pending.is_empty() || now >= until)
            {
                return false;
            }
            let paused = self.paused.map_or(Duration::ZERO, |paused| paused.saturating_duration_since(now));
            if paused.is_zero() && !queue.pending.is_empty() {
                return true;
            }
            let most = queue.until.map_or(LOOK, |until| until.saturating_duration_since(now).min(LOOK));
            let wait = if paused.is_zero() { most } else { paused.min(most) };
            queue = match self.shared.wake.wait_timeout(queue, wait) {
                Ok((queue, _)) => queue,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The next batch.
    fn take(&self) -> (Vec<Part>, Vec<Write>) {
        let mut parts = Vec::new();
        let mut writes = Vec::new();
        let mut bytes = 0;
        let mut queue = self.shared.lock();
        while parts.len() < Mirror::BATCH && bytes < Mirror::BATCH_BYTES {
            let Some((key, change)) = queue.pending.pop() else { break };
            let before = writes.len();
            match &change {
                Change::Whole => self.whole(&key, &mut writes),
                Change::Tail(tail) => writes.extend(tail.iter().cloned()),
            }
            let own = &writes[before..];
            bytes += own.iter().map(size).sum::<usize>();
            parts.push(Part { key, change, writes: own.len() });
        }
        queue.in_flight = parts.len();
        (parts, writes)
    }

    /// What makes the server's key equal to ours.
    fn whole(&self, key: &str, writes: &mut Vec<Write>) {
        match self.shared.memory.held(key) {
            Some(Held::Text { value, expiry }) => writes.push(Write::Set { key: key.into(), value, expiry }),
            None => writes.push(Write::Remove { key: key.into() }),
            Some(Held::List { values }) => {
                writes.push(Write::Remove { key: key.into() });
                let cap = values.len();
                writes.extend(values.into_iter().rev().map(|value| Write::Push {
                    key: key.into(),
                    value,
                    cap,
                }));
            }
            Some(Held::Stream { values }) => {
                writes.push(Write::Remove { key: key.into() });
                let cap = values.len();
                writes.extend(values.into_iter().map(|value| Write::Append { key: key.into(), value, cap }));
            }
        }
    }

    /// Counts what the server took and puts back what it did not.
    fn settle(
        &mut self,
        parts: Vec<Part>,
        sent: Result<Vec<Result<(), HotError>>, HotError>,
        took: Duration,
    ) {
        let mut problem = None;
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.lock();
        match sent {
            Err(error) => {
                for part in parts {
                    put_back(&mut queue, part);
                }
                problem = Some(error);
            }
            Ok(each) => {
                queue.metrics.batches += 1;
                queue.metrics.last_batch = took;
                let mut each = each.into_iter();
                for part in parts {
                    let own: Vec<_> = each.by_ref().take(part.writes).collect();
                    match own.into_iter().find_map(Result::err) {
                        None => queue.metrics.sent += part.writes as u64,
                        Some(HotError::Kind { .. }) => queue.metrics.refused += 1,
                        Some(error) => {
                            put_back(&mut queue, part);
                            problem = Some(error);
                        }
                    }
                }
            }
        }
        queue.in_flight = 0;
        queue.metrics.failures += u64::from(problem.is_some());
        queue.metrics.problem = problem.as_ref().map(ToString::to_string);
        drop(queue);
        self.pause(problem);
    }

    /// Waits before the next attempt, and says once what is wrong.
    fn pause(&mut self, problem: Option<HotError>) {
        let kind = |problem: &Option<HotError>| problem.as_ref().map(std::mem::discriminant);
        match &problem {
            None => {
                self.backoff.reset();
                self.paused = None;
                if self.problem.is_some() {
                    tracing::info!("hot state: the Redis server is written again");
                }
            }
            Some(error) => {
                if kind(&problem) != kind(&self.problem) {
                    tracing::warn!(%error, "hot state");
                }
                // Without a connection the connection's own wait counts.
                let own = || Clock::instant() + self.backoff.next().unwrap_or(Policy::CONNECTION.longest);
                self.paused = Some(self.redis.next_try().unwrap_or_else(own));
            }
        }
        self.problem = problem;
    }

    /// Notes for removal what the server has and nobody here knows. What fails is tried again with the
    /// next batch.
    fn look_for_strangers(&mut self) {
        let prefixes = self.shared.lock().strangers;
        for prefix in prefixes {
            let Ok(keys) = self.redis.keys(prefix, Mirror::KEYS) else { return };
            let strangers: Vec<String> =
                keys.into_iter().filter(|key| self.shared.memory.held(key).is_none()).collect();
            let mut queue = self.shared.lock();
            for key in strangers {
                if queue.pending.whole(key) == Noted::Refused {
                    queue.metrics.lost += 1;
                }
            }
        }
        self.shared.lock().strangers = &[];
    }

    /// There is a new connection, and behind it perhaps an empty server: everything is noted anew.
    fn send_anew(&mut self) {
        self.generation = self.redis.generation();
        let keys = self.shared.memory.names();
        let mut missing = Vec::new();
        for (key, is_value) in keys {
            // A list or stream that is still there only lacks what waits already.
            if is_value || self.redis.exists(&key).is_ok_and(|there| !there) {
                missing.push(key);
            }
        }
        let mut queue = self.shared.lock();
        queue.metrics.resends += 1;
        for key in missing {
            if queue.pending.whole(key) == Noted::Refused {
                queue.metrics.lost += 1;
            }
        }
    }
}

fn put_back(queue: &mut Queue, part: Part) {
    match queue.pending.put_back(part.key, part.change) {
        Noted::Fresh => {}
        Noted::Conflated => queue.metrics.conflated += 1,
        Noted::Refused => queue.metrics.lost += 1,
    }
}

fn size(write: &Write) -> usize {
    match write {
        Write::Set { key, value, .. } | Write::Push { key, value, .. } | Write::Append { key, value, .. } => {
            key.len() + value.len()
        }
        Write::Remove { key } => key.len(),
    }
}
