//! The ledger's thread: takes steps without making the engine wait, and commits all that came
//! meanwhile in one transaction.
//!
//! When the ledger fails, the writer says so once and from then on writes to the fall-back file only.
//! Bounds: [`LedgerWriter::QUEUE`] steps wait, as many are being committed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alphatrader_edge::Clock;
use alphatrader_model::Seq;
use alphatrader_model::event::LedgerEvent;
use thiserror::Error;

use crate::ledger::{Ledger, Step};

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AppendError {
    /// The disk does not keep up; trading halts.
    #[error("{} steps wait for the ledger's disk and step {} finds no room: trading halts", LedgerWriter::QUEUE, .0.seq)]
    Full(Step),
    /// The writer's thread has ended.
    #[error("the ledger's writer has ended; step {} is not recorded", .0.seq)]
    Ended(Step),
}

/// The writer had not written everything when its time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the ledger's disk did not answer within {deadline:?}: {steps} step(s) may not be recorded")]
pub struct ShutdownError {
    /// Time it was given.
    pub deadline: Duration,
    /// Steps that waited or were being written.
    pub steps: u64,
}

/// What the writer did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterMetrics {
    /// Steps that wait or are being written.
    pub waiting: u64,
    /// Transactions.
    pub commits: u64,
    /// Steps made durable, in the ledger or the fall-back file.
    pub steps: u64,
    /// Steps of those that are in the fall-back file.
    pub fallback_steps: u64,
    /// Steps that are nowhere: the fall-back file is full or failed too.
    pub lost_steps: u64,
    /// How long the last transaction took.
    pub last_commit: Duration,
    /// How long the slowest one took.
    pub slowest_commit: Duration,
    /// Whether the ledger failed.
    pub failed: bool,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    steps: AtomicU64,
    fallback_steps: AtomicU64,
    lost_steps: AtomicU64,
    last_commit_us: AtomicU64,
    slowest_commit_us: AtomicU64,
    failed: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    steps: Vec<Step>,
    /// Steps the thread has taken and not answered for yet.
    writing: u64,
    closing: bool,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something came, or the end was asked for.
    came: Condvar,
    /// The thread ended.
    ended: Condvar,
    counters: Counters,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while the lock is held, so the queue is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's hand on the ledger.
#[derive(Debug)]
pub struct LedgerWriter {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl LedgerWriter {
    /// Steps that may wait. A commit of all of them takes a fraction of a second.
    pub const QUEUE: usize = 8_192;

    /// Starts the thread. `on_event` is called on it: [`LedgerEvent::Committed`] after each
    /// transaction, [`LedgerEvent::Failed`] once when the ledger cannot be written any more. It
    /// returns at once (pushes into the inbox).
    pub fn spawn(ledger: Ledger, on_event: impl Fn(LedgerEvent) + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("ledger".into())
            .spawn(move || Thread { shared: own, on_event }.run(ledger))
            .expect("the system gives a thread at the start of the process");
        Self { shared, thread: Mutex::new(Some(thread)) }
    }

    /// Hands over a step to be made durable. Never waits for the disk.
    ///
    /// # Errors
    /// [`AppendError`], with the step: it is not recorded, and its effects may not leave.
    pub fn append(&self, step: Step) -> Result<(), AppendError> {
        let mut queue = self.shared.lock();
        if queue.ended || queue.closing {
            return Err(AppendError::Ended(step));
        }
        if queue.steps.len() >= Self::QUEUE {
            return Err(AppendError::Full(step));
        }
        queue.steps.push(step);
        drop(queue);
        self.shared.came.notify_one();
        Ok(())
    }

    /// What the writer did so far.
    pub fn metrics(&self) -> WriterMetrics {
        let waiting = {
            let queue = self.shared.lock();
            queue.steps.len() as u64 + queue.writing
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.shared.counters;
        WriterMetrics {
            waiting,
            commits: read(&counters.commits),
            steps: read(&counters.steps),
            fallback_steps: read(&counters.fallback_steps),
            lost_steps: read(&counters.lost_steps),
            last_commit: Duration::from_micros(read(&counters.last_commit_us)),
            slowest_commit: Duration::from_micros(read(&counters.slowest_commit_us)),
            failed: counters.failed.load(Ordering::Relaxed),
        }
    }

    /// Writes what waits, closes the ledger and ends the thread, within `deadline`.
    ///
    /// # Errors
    /// [`ShutdownError`]; the thread goes on by itself until the process ends.
    pub fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.close();
        let (queue, _) = self
            .shared
            .ended
            .wait_timeout_while(self.shared.lock(), deadline, |queue| !queue.ended)
            .unwrap_or_else(PoisonError::into_inner);
        if !queue.ended {
            return Err(ShutdownError { deadline, steps: queue.steps.len() as u64 + queue.writing });
        }
        drop(queue);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It has ended; a panic in it was told as a failure of the ledger.
            let _ = thread.join();
        }
        Ok(())
    }

    fn close(&self) {
        self.shared.lock().closing = true;
        self.shared.came.notify_one();
    }
}

/// Without [`LedgerWriter::shutdown`] the thread still writes what it was given, unless the process ends first.
impl Drop for LedgerWriter {
    fn drop(&mut self) {
        self.close();
    }
}

struct Thread<F: Fn(LedgerEvent)> {
    shared: Arc<Shared>,
    on_event: F,
}

impl<F: Fn(LedgerEvent)> Thread<F> {
    fn run(self, mut ledger: Ledger) {
        let mut batch = Vec::new();
        while self.take(&mut batch) {
            self.write(&mut ledger, &batch);
            batch.clear();
            let idle = {
                let mut queue = self.shared.lock();
                queue.writing = 0;
                queue.steps.is_empty()
            };
            if idle && let Err(error) = ledger.checkpoint() {
                self.failed(error.to_string());
            }
        }
        // Closed, and its lock given back, before anybody hears that the end was reached.
        drop(ledger);
    }

    /// Waits for steps; `false` when the end was asked for and nothing is left.
    fn take(&self, batch: &mut Vec<Step>) -> bool {
        let mut queue = self
            .shared
            .came
            .wait_while(self.shared.lock(), |queue| queue.steps.is_empty() && !queue.closing)
            .unwrap_or_else(PoisonError::into_inner);
        core::mem::swap(&mut queue.steps, batch);
        queue.writing = batch.len() as u64;
        !batch.is_empty()
    }

    fn write(&self, ledger: &mut Ledger, batch: &[Step]) {
        let counters = &self.shared.counters;
        if counters.failed.load(Ordering::Relaxed) {
            return self.fall_back(ledger, batch);
        }
        let start = Clock::instant();
        let written = ledger.commit(batch);
        let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        counters.last_commit_us.store(took, Ordering::Relaxed);
        counters.slowest_commit_us.fetch_max(took, Ordering::Relaxed);
        match written {
            Ok(()) => {
                counters.commits.fetch_add(1, Ordering::Relaxed);
                self.committed(batch);
            }
            Err(error) => {
                self.failed(error.to_string());
                self.fall_back(ledger, batch);
            }
        }
    }

    /// From the failure on. The ledger stays open, so that no other process takes it meanwhile.
    fn fall_back(&self, ledger: &mut Ledger, batch: &[Step]) {
        let counters = &self.shared.counters;
        for step in batch {
            match ledger.fall_back(step) {
                Ok(()) => {
                    counters.fallback_steps.fetch_add(1, Ordering::Relaxed);
                    self.committed(core::slice::from_ref(step));
                }
                Err(error) => {
                    counters.lost_steps.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(seq = %step.seq, %error, "a step is not recorded anywhere");
                }
            }
        }
    }

    fn committed(&self, steps: &[Step]) {
        let through: Option<Seq> = steps.last().map(|step| step.seq);
        if let Some(through) = through {
            self.shared.counters.steps.fetch_add(steps.len() as u64, Ordering::Relaxed);
            (self.on_event)(LedgerEvent::Committed { through });
        }
    }

    fn failed(&self, reason: String) {
        if !self.shared.counters.failed.swap(true, Ordering::Relaxed) {
            tracing::error!(%reason, "the ledger cannot be written; records go to the fall-back file");
            (self.on_event)(LedgerEvent::Failed { reason });
        }
    }
}

/// Tells the end, also that of a panic.
impl<F: Fn(LedgerEvent)> Drop for Thread<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.failed("the ledger's thread panicked".into());
        }
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
    }
}
