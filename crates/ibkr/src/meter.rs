//! How each stream is: its state, its messages a second, its lag, what was lost of it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use alphatrader_model::market::Stream;
use alphatrader_model::{Contract, InstrumentId, Timestamp};
use serde::Serialize;

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// Asked for; nothing has come yet.
    Opening,
    /// Live data.
    Live,
    /// Frozen or delayed data, which is not used.
    NotLive,
    /// Waits for its turn: more books are wanted than allowed.
    Waiting,
    /// It ended or fell silent, and is opened anew.
    Broken,
}

/// How one stream is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamStatus {
    /// Of which contract.
    pub contract: Contract,
    /// Of which kind.
    pub stream: Stream,
    /// Where it is.
    pub state: StreamState,
    /// From a feed that samples: not every print.
    pub sampled: bool,
    /// Milliseconds of wall time since the last message; absent before the first.
    pub age_ms: Option<u64>,
    /// Messages so far.
    pub messages: u64,
    /// Messages a second of wall time, over the last ten.
    pub per_second: f64,
    /// Milliseconds of the system's time between an event at its source and its arrival here, where the
    /// source tells the time. Below zero when our clock is behind.
    pub lag_ms: Option<i64>,
    /// Times that part of it was lost.
    pub gaps: u64,
    /// Times it was opened anew.
    pub restarts: u64,
    /// Live data, not frozen or delayed.
    pub live: bool,
    /// What is the matter with it, in a trader's words.
    pub problem: Option<String>,
}

/// Seconds over which messages are counted.
const WINDOW: u64 = 10;

/// Messages of the last seconds.
#[derive(Debug, Default)]
struct Rate {
    /// One count a second, by second modulo [`WINDOW`] + 1: the running second does not count.
    counts: [u32; WINDOW as usize + 1],
    second: u64,
}

impl Rate {
    fn advance(&mut self, second: u64) {
        let passed = second.saturating_sub(self.second).min(WINDOW + 1);
        for step in 1..=passed {
            self.counts[((second - passed + step) % (WINDOW + 1)) as usize] = 0;
        }
        self.second = self.second.max(second);
    }

    fn note(&mut self, second: u64) {
        self.advance(second);
        self.counts[(second % (WINDOW + 1)) as usize] += 1;
    }

    fn per_second(&mut self, second: u64) -> f64 {
        self.advance(second);
        let running = self.counts[(second % (WINDOW + 1)) as usize];
        let whole: u64 = self.counts.iter().map(|count| u64::from(*count)).sum::<u64>() - u64::from(running);
        whole as f64 / WINDOW.min(second.max(1)) as f64
    }
}

#[derive(Debug)]
struct Words {
    state: StreamState,
    problem: Option<String>,
}

/// Watches one stream.
#[derive(Debug)]
pub(crate) struct Meter {
    instrument: InstrumentId,
    start: Instant,
    /// Milliseconds from `start` to the last message, plus 1; 0 before the first.
    last: AtomicU64,
    messages: AtomicU64,
    gaps: AtomicU64,
    restarts: AtomicU64,
    live: AtomicBool,
    sampled: AtomicBool,
    lag_ms: AtomicI64,
    rate: Mutex<Rate>,
    words: Mutex<Words>,
}

/// No lag is known.
const NO_LAG: i64 = i64::MIN;

impl Meter {
    pub(crate) fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            start: Instant::now(),
            last: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            live: AtomicBool::new(true),
            sampled: AtomicBool::new(false),
            lag_ms: AtomicI64::new(NO_LAG),
            rate: Mutex::default(),
            words: Mutex::new(Words { state: StreamState::Opening, problem: None }),
        }
    }

    fn words(&self) -> MutexGuard<'_, Words> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message came.
    pub(crate) fn tick(&self) {
        let since = self.start.elapsed();
        self.last.store(since.as_millis() as u64 + 1, Ordering::Relaxed);
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.rate().note(since.as_secs());
    }

    /// Something that happened at `event` reached us at `received`.
    pub(crate) fn lag(&self, event: Timestamp, received: Timestamp) {
        self.lag_ms.store(received.since(event).nanos() / 1_000_000, Ordering::Relaxed);
    }

    /// Whose stream it is.
    pub(crate) const fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// Part of it was lost.
    pub(crate) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    /// It is opened anew.
    pub(crate) fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// The feed is live, or is not.
    pub(crate) fn set_live(&self, live: bool) {
        self.live.store(live, Ordering::Relaxed);
    }

    /// It samples, or does not.
    pub(crate) fn set_sampled(&self, sampled: bool) {
        self.sampled.store(sampled, Ordering::Relaxed);
    }

    /// What is the matter, or that nothing is.
    pub(crate) fn set_problem(&self, problem: Option<String>) {
        self.words().problem = problem;
    }

    /// Data came.
    pub(crate) fn live(&self) {
        self.words().state = StreamState::Live;
    }

    /// Where it is and why.
    pub(crate) fn set(&self, state: StreamState, problem: Option<String>) {
        *self.words() = Words { state, problem };
    }

    /// How the stream is.
    pub(crate) fn status(&self, contract: Contract, stream: Stream) -> StreamStatus {
        let last = self.last.load(Ordering::Relaxed);
        let since = self.start.elapsed();
        let live = self.live.load(Ordering::Relaxed);
        let lag = self.lag_ms.load(Ordering::Relaxed);
        let words = self.words();
        let state =
            if words.state == StreamState::Live && !live { StreamState::NotLive } else { words.state };
        StreamStatus {
            contract,
            stream,
            state,
            sampled: self.sampled.load(Ordering::Relaxed),
            age_ms: last.checked_sub(1).map(|at| (since.as_millis() as u64).saturating_sub(at)),
            messages: self.messages.load(Ordering::Relaxed),
            per_second: self.rate().per_second(since.as_secs()),
            lag_ms: (lag != NO_LAG).then_some(lag),
            gaps: self.gaps.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            live,
            problem: words.problem.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_a_second_cover_the_last_ten_whole_seconds() {
        let mut rate = Rate::default();
        for second in 0..30 {
            for _ in 0..7 {
                rate.note(second);
            }
        }
        assert_eq!(rate.per_second(29), 7.0, "the running second does not count");
        assert_eq!(rate.per_second(35), 7.0 * 5.0 / 10.0);
        assert_eq!(rate.per_second(400), 0.0);
        let mut young = Rate::default();
        young.note(0);
        assert_eq!(young.per_second(1), 1.0, "one second old");
    }
}
