//! The two bounded queues in front of the engine.
//!
//! The *first* queue takes what may never be lost (broker, operator, settings, ledger, barrier; also
//! sessions and contracts, which everything later refers to); it is emptied before the other. When
//! it is full the caller is refused and [`Receiver::overflowed`] stays set: the engine halts.
//!
//! The *market* queue takes the rest in its order. Only when it is full is it thinned, by the mildest
//! step that makes room (see [`thin`]): quotes, chain rows, chains, scores of news and timers to the newest per key; then
//! book edits of an instrument to one gap; then prints and bars to gaps. Prints are never conflated.
//!
//! Bounds: [`Limits`]. A push takes a lock for tens of nanoseconds (for milliseconds while the queue
//! is thinned) and never waits for the engine, so it may be called from asynchronous tasks.

mod thin;

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use alphatrader_model::{Input, InstrumentId, Payload};
use thiserror::Error;

/// Sizes of the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events in the first queue.
    pub first: usize,
    /// Events in the market queue; at least [`Limits::PER_INSTRUMENT`] × `instruments`.
    pub market: usize,
    /// Contracts that may have market data: numbers from 0 up to but not including this.
    pub instruments: u32,
}

impl Limits {
    /// Room in the market queue for each contract, so that the thinnest queue always leaves room:
    /// at most 10 events of a contract survive thinning.
    pub const PER_INSTRUMENT: usize = 16;
    /// Chains and scores of news that may wait: each chain holds up to tens of thousands of contracts. When one more
    /// comes, those that a newer one of their key supersedes go first, then the oldest.
    pub const CHAINS: usize = 64;
}

impl Default for Limits {
    fn default() -> Self {
        Self { first: 16_384, market: 262_144, instruments: 16_384 }
    }
}

/// Sizes that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "queues of {} and {} events for {} contracts cannot work: the first needs 1, the market queue {} a contract",
    .0.first, .0.market, .0.instruments, Limits::PER_INSTRUMENT
)]
pub struct LimitsError(Limits);

/// Why an event was not taken. It comes back to the caller.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PushError {
    /// The first queue is full; the engine is told to halt.
    #[error(
        "the queue of events that may not be lost is full ({limit} events): the engine does not keep up, trading halts"
    )]
    Full {
        /// What was refused.
        input: Input,
        /// Size of the queue.
        limit: usize,
    },
    /// Market data of a contract whose number is beyond the limit.
    #[error("market data of contract number {}, but the inbox is sized for {limit}: raise the number of contracts", instrument.0)]
    Instrument {
        /// What was refused.
        input: Input,
        /// Whose data.
        instrument: InstrumentId,
        /// Contracts the inbox is sized for.
        limit: u32,
    },
    /// The engine is gone.
    #[error("the engine has ended")]
    Closed {
        /// What was refused.
        input: Input,
    },
}

/// What happened to the queues since the start, and how full they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboxMetrics {
    /// Events waiting in the first queue.
    pub first_waiting: usize,
    /// Events waiting in the market queue.
    pub market_waiting: usize,
    /// Most events that ever waited in the first queue.
    pub first_peak: usize,
    /// Most events that ever waited in the market queue.
    pub market_peak: usize,
    /// Events taken in, both queues.
    pub pushed: u64,
    /// Events refused because the first queue was full.
    pub refused: u64,
    /// Times the market queue was full and was thinned.
    pub thinned: u64,
    /// Quotes superseded by a newer one before the engine saw them.
    pub quotes: u64,
    /// Chain rows superseded likewise.
    pub chain_rows: u64,
    /// Whole chains and scores of news superseded likewise, or left out because too many waited.
    pub chains: u64,
    /// Timer events superseded likewise.
    pub timers: u64,
    /// Trading states and totals of the day superseded likewise.
    pub states: u64,
    /// Book edits lost to a gap.
    pub depth: u64,
    /// Prints lost to a gap.
    pub trades: u64,
    /// Bars lost to a gap.
    pub bars: u64,
    /// Gaps that overflow made.
    pub gaps: u64,
}

#[derive(Debug, Default)]
struct Queues {
    first: VecDeque<Input>,
    market: VecDeque<Input>,
    metrics: InboxMetrics,
    /// Contracts whose book was lost and has to be asked for again; one entry a contract.
    lost_books: BTreeSet<InstrumentId>,
    waiting: bool,
    receiver_gone: bool,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    queues: Mutex<Queues>,
    arrived: Condvar,
    overflowed: AtomicBool,
    senders: AtomicUsize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // No code of ours panics while it holds the lock, so a poisoned queue is still whole.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the two ends.
#[derive(Debug)]
pub struct Inbox;

impl Inbox {
    /// Both ends of an empty inbox.
    ///
    /// # Errors
    /// [`LimitsError`].
    #[expect(clippy::new_ret_no_self, reason = "a channel has two ends and no middle")]
    pub fn new(limits: Limits) -> Result<(Sender, Receiver), LimitsError> {
        let least = (limits.instruments as usize).max(1).saturating_mul(Limits::PER_INSTRUMENT);
        if limits.first == 0 || limits.market < least {
            return Err(LimitsError(limits));
        }
        let shared = Arc::new(Shared {
            limits,
            queues: Mutex::default(),
            arrived: Condvar::new(),
            overflowed: AtomicBool::new(false),
            senders: AtomicUsize::new(1),
        });
        Ok((Sender { shared: Arc::clone(&shared) }, Receiver { shared }))
    }
}

/// Whether an event goes to the first queue.
const fn goes_first(payload: &Payload) -> bool {
    payload.is_critical() || matches!(payload, Payload::Session(_) | Payload::Instrument(_))
}

/// Whether it is one of the few events that are large.
const fn is_chain(payload: &Payload) -> bool {
    matches!(payload, Payload::ChainSnapshot(_) | Payload::Sentiment(_))
}

/// Whose market data an event is.
const fn instrument(payload: &Payload) -> Option<InstrumentId> {
    match payload {
        Payload::Chain(row) => Some(row.instrument),
        Payload::Quote(quote) => Some(quote.instrument),
        Payload::Trade(trade) => Some(trade.instrument),
        Payload::Bar(bar) => Some(bar.instrument),
        Payload::Depth(depth) => Some(depth.instrument),
        Payload::Gap(gap) => Some(gap.instrument),
        Payload::Status(status) => Some(status.instrument),
        Payload::Totals(totals) => Some(totals.instrument),
        Payload::Settings(_)
        | Payload::Discovered(_)
        | Payload::ChainSnapshot(_)
        | Payload::Sentiment(_)
        | Payload::Session(_)
        | Payload::Instrument(_)
        | Payload::Timer
        | Payload::Operator(_)
        | Payload::Broker(_)
        | Payload::Ledger(_)
        | Payload::Barrier { .. } => None,
    }
}

/// The end of the edges. Clones feed the same queues.
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
}

impl Sender {
    /// Hands over an event. Never waits for the engine.
    ///
    /// # Errors
    /// [`PushError`], with the event. A caller that gets [`PushError::Full`] has lost something that
    /// may not be lost and says so loudly; the engine has been told.
    pub fn push(&self, input: Input) -> Result<(), PushError> {
        let limits = self.shared.limits;
        let mut queues = self.shared.lock();
        if queues.receiver_gone {
            return Err(PushError::Closed { input });
        }
        if goes_first(&input.payload) {
            if queues.first.len() >= limits.first {
                queues.metrics.refused += 1;
                self.shared.overflowed.store(true, Ordering::Release);
                return Err(PushError::Full { input, limit: limits.first });
            }
            queues.first.push_back(input);
            queues.metrics.first_peak = queues.metrics.first_peak.max(queues.first.len());
        } else {
            match instrument(&input.payload) {
                Some(instrument) if instrument.0 >= limits.instruments => {
                    return Err(PushError::Instrument { input, instrument, limit: limits.instruments });
                }
                _ => {}
            }
            if queues.market.len() >= limits.market {
                let Queues { market, metrics, lost_books, .. } = &mut *queues;
                metrics.thinned += 1;
                // An eighth of the queue must come free, so that thinning costs little per event.
                thin::make_room(market, limits.market - limits.market / 8, metrics, lost_books);
            }
            if is_chain(&input.payload)
                && queues.market.iter().filter(|waiting| is_chain(&waiting.payload)).count() >= Limits::CHAINS
            {
                let Queues { market, metrics, .. } = &mut *queues;
                thin::keep_newest_chains(market, Limits::CHAINS - 1, metrics);
            }
            queues.market.push_back(input);
            queues.metrics.market_peak = queues.metrics.market_peak.max(queues.market.len());
        }
        queues.metrics.pushed += 1;
        if core::mem::take(&mut queues.waiting) {
            drop(queues);
            self.shared.arrived.notify_one();
        }
        Ok(())
    }

    /// Contracts whose book was lost to an overflow since the last call: their depth has to be
    /// subscribed anew, edits by position say nothing any more.
    pub fn take_lost_books(&self) -> Vec<InstrumentId> {
        core::mem::take(&mut self.shared.lock().lost_books).into_iter().collect()
    }

    /// What happened so far.
    pub fn metrics(&self) -> InboxMetrics {
        metrics(&self.shared)
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Under the lock, so that a receiver between its check and its wait does not miss it.
            let _queues = self.shared.lock();
            self.shared.arrived.notify_one();
        }
    }
}

/// The end of the engine.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
}

impl Receiver {
    /// The next event, waiting for one until `deadline`. Nothing when the deadline came first, or
    /// when all senders are gone and everything was taken ([`Receiver::is_closed`] tells which).
    pub fn recv_until(&self, deadline: Instant) -> Option<Input> {
        let mut queues = self.shared.lock();
        loop {
            if let Some(input) = queues.first.pop_front().or_else(|| queues.market.pop_front()) {
                return Some(input);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.shared.senders.load(Ordering::Acquire) == 0 {
                return None;
            }
            queues.waiting = true;
            let (woken, _) =
                self.shared.arrived.wait_timeout(queues, left).unwrap_or_else(PoisonError::into_inner);
            queues = woken;
        }
    }

    /// Moves up to `max` waiting events to the end of `into`, first queue first, without waiting.
    /// Says how many.
    pub fn drain(&self, into: &mut Vec<Input>, max: usize) -> usize {
        let mut queues = self.shared.lock();
        let first = queues.first.len().min(max);
        into.extend(queues.first.drain(..first));
        let market = queues.market.len().min(max - first);
        into.extend(queues.market.drain(..market));
        first + market
    }

    /// Whether something that may not be lost was refused. Stays so: the engine halts.
    pub fn overflowed(&self) -> bool {
        self.shared.overflowed.load(Ordering::Acquire)
    }

    /// Whether all senders are gone and everything was taken.
    pub fn is_closed(&self) -> bool {
        let queues = self.shared.lock();
        queues.first.is_empty()
            && queues.market.is_empty()
            && self.shared.senders.load(Ordering::Acquire) == 0
    }

    /// What happened so far.
    pub fn metrics(&self) -> InboxMetrics {
        metrics(&self.shared)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.lock().receiver_gone = true;
    }
}

fn metrics(shared: &Shared) -> InboxMetrics {
    let queues = shared.lock();
    InboxMetrics { first_waiting: queues.first.len(), market_waiting: queues.market.len(), ..queues.metrics }
}

#[cfg(test)]
mod tests;
