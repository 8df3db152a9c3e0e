//! How the edge is: connection, streams, counts. For people, dashboards and health checks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{Contract, InstrumentId, Timestamp};
use serde::Serialize;

use crate::plan::Plan;

/// Where the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Not connected; tried again and again.
    Connecting,
    /// Connected to the gateway, and the gateway to the broker.
    Connected,
    /// Connected to the gateway, which has lost the broker.
    BrokerLost,
    /// The gateway has an account that may not be traded; tried again, in case it changes.
    Refused,
    /// Ended.
    Stopped,
}

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

/// How the edge is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Where the connection is.
    pub link: Link,
    /// Since when, by the system's clock.
    pub since: Timestamp,
    /// That in a trader's words.
    pub text: String,
    /// Last thing that went wrong, in a trader's words.
    pub last_error: Option<String>,
    /// The account that is traded.
    pub account: Option<String>,
    /// The gateway's version of the protocol.
    pub server_version: Option<i32>,
    /// Microseconds of wall time that the last time request took.
    pub latency_us: Option<u64>,
    /// How books, trade streams and market data lines are shared out.
    pub plan: Plan,
    /// Market data lines in use now.
    pub lines_used: usize,
    /// Every stream.
    pub streams: Vec<StreamStatus>,
    /// Counts since the start.
    pub counts: Counts,
}

impl Status {
    /// Whether orders reach the broker.
    pub fn is_connected(&self) -> bool {
        self.link == Link::Connected
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the start.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
        }

        impl Counters {
            fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counts! {
    /// Quotes handed to the engine.
    quotes,
    /// Prints handed to the engine.
    trades,
    /// 5-second bars handed to the engine.
    bars,
    /// Book edits handed to the engine.
    book_edits,
    /// Chain rows handed to the engine.
    chain_rows,
    /// Gaps handed to the engine.
    gaps,
    /// Prices and sizes that were refused: finer than our unit, or none.
    refused_numbers,
    /// Reports of the broker that our words cannot hold.
    unsaid,
    /// Messages lost because we did not keep up with the client library.
    lagged,
    /// Sessions that began.
    sessions,
    /// Streams opened anew after a loss.
    resubscriptions,
    /// Orders and changes of orders sent.
    orders_sent,
    /// Cancels sent.
    cancels_sent,
    /// Effects that were not carried out: too old, repeated, or no connection.
    effects_dropped,
    /// Requests that failed or ran into their deadline.
    requests_failed,
    /// Synchronisations completed.
    synchronisations,
    /// Streams that fell silent in a session.
    silences,
    /// Quotes, prints and bars that were delayed or frozen, and not used.
    not_live,
    /// Orders that worked at the broker more than once.
    doubled_orders,
    /// Events that the engine's queues refused.
    refused_events,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
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
    fn new(instrument: InstrumentId) -> Self {
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

    fn status(&self, contract: Contract, stream: Stream) -> StreamStatus {
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

#[derive(Debug)]
struct Said {
    link: Link,
    since: Timestamp,
    text: String,
    last_error: Option<String>,
    account: Option<String>,
    server_version: Option<i32>,
    latency_us: Option<u64>,
    plan: Plan,
}

/// Where all parts of the edge say how they are. Streams are bounded by the plan of lines.
#[derive(Debug)]
pub(crate) struct Board {
    said: Mutex<Said>,
    streams: Mutex<BTreeMap<(Contract, Stream), Arc<Meter>>>,
    pub(crate) counters: Counters,
    /// Market data lines in use.
    pub(crate) lines_used: AtomicUsize,
}

impl Board {
    pub(crate) fn new(now: Timestamp, text: String, plan: Plan) -> Self {
        Self {
            said: Mutex::new(Said {
                link: Link::Connecting,
                since: now,
                text,
                last_error: None,
                account: None,
                server_version: None,
                latency_us: None,
                plan,
            }),
            streams: Mutex::default(),
            counters: Counters::default(),
            lines_used: AtomicUsize::new(0),
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, BTreeMap<(Contract, Stream), Arc<Meter>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection changed.
    pub(crate) fn link(&self, link: Link, now: Timestamp, text: String) {
        let mut said = self.said();
        if said.link != link {
            said.since = now;
        }
        if matches!(link, Link::BrokerLost | Link::Refused) {
            said.last_error = Some(text.clone());
        }
        said.link = link;
        said.text = text;
    }

    /// A session began.
    pub(crate) fn session(&self, account: &str, server_version: i32) {
        let mut said = self.said();
        said.account = Some(account.to_owned());
        said.server_version = Some(server_version);
    }

    /// Something went wrong.
    pub(crate) fn error(&self, text: &str) {
        self.said().last_error = Some(text.to_owned());
    }

    /// A time request was answered.
    pub(crate) fn latency(&self, took: Duration) {
        self.said().latency_us = Some(took.as_micros() as u64);
    }

    /// Begins to watch a stream.
    pub(crate) fn watch(&self, contract: Contract, stream: Stream, instrument: InstrumentId) -> Arc<Meter> {
        let mut streams = self.streams();
        let meter = streams.entry((contract, stream)).or_insert_with(|| Arc::new(Meter::new(instrument)));
        Arc::clone(meter)
    }

    /// Ends watching a stream that is no longer followed.
    pub(crate) fn forget(&self, contract: Contract, stream: Stream) {
        self.streams().remove(&(contract, stream));
    }

    /// Part of a stream was lost.
    pub(crate) fn lost(&self, gap: Gap) {
        count(&self.counters.gaps);
        let streams = self.streams();
        let meter = streams
            .iter()
            .find(|((_, stream), meter)| *stream == gap.stream && meter.instrument == gap.instrument);
        if let Some((_, meter)) = meter {
            meter.gaps.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A gap for each stream, also for one that was silent so far: silence is not known any more.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let gap = |((_, stream), meter): (&(Contract, Stream), &Arc<Meter>)| Gap {
            instrument: meter.instrument,
            stream: *stream,
        };
        self.streams().iter().map(gap).collect()
    }

    /// All of it.
    pub(crate) fn status(&self) -> Status {
        let streams = self.streams();
        let streams =
            streams.iter().map(|((contract, stream), meter)| meter.status(*contract, *stream)).collect();
        let said = self.said();
        Status {
            link: said.link,
            since: said.since,
            text: said.text.clone(),
            last_error: said.last_error.clone(),
            account: said.account.clone(),
            server_version: said.server_version,
            latency_us: said.latency_us,
            plan: said.plan.clone(),
            lines_used: self.lines_used.load(Ordering::Relaxed),
            streams,
            counts: self.counters.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::IbkrConfig;
    use alphatrader_model::Span;

    fn board(text: &str) -> Board {
        let symbols = vec![alphatrader_model::Symbol::new("SPY").unwrap()];
        let plan = Plan::new(&IbkrConfig::new(7_497, 11, symbols));
        Board::new(Timestamp::from_seconds(1), text.to_owned(), plan)
    }

    #[test]
    fn a_stream_is_as_old_as_its_last_message() {
        let board = board("connecting");
        let spy = "SPY".parse().unwrap();
        let meter = board.watch(spy, Stream::Quotes, InstrumentId(4));
        assert_eq!(board.status().streams[0].age_ms, None);
        meter.tick();
        meter.set(StreamState::Live, Some("frozen".to_owned()));
        meter.set_live(false);
        meter.restart();
        meter.lag(Timestamp::from_seconds(1), Timestamp::from_seconds(2) + Span::from_millis(5));
        board.lost(Gap { instrument: InstrumentId(4), stream: Stream::Quotes });
        board.lost(Gap { instrument: InstrumentId(5), stream: Stream::Quotes });
        let stream = board.status().streams.remove(0);
        assert!(stream.age_ms.is_some() && !stream.live);
        assert_eq!((stream.messages, stream.problem.as_deref()), (1, Some("frozen")));
        assert_eq!((stream.gaps, stream.restarts, stream.lag_ms), (1, 1, Some(1_005)));
        assert_eq!(stream.state, StreamState::NotLive);
        assert_eq!(board.gaps(), [Gap { instrument: InstrumentId(4), stream: Stream::Quotes }]);
        board.forget(spy, Stream::Quotes);
        assert!(board.status().streams.is_empty());
    }

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

    #[test]
    fn since_moves_with_the_link_only() {
        let board = board("a");
        board.link(Link::Connecting, Timestamp::from_seconds(2), "b".to_owned());
        assert_eq!((board.status().since, board.status().text.as_str()), (Timestamp::from_seconds(1), "b"));
        board.link(Link::Connected, Timestamp::from_seconds(3), "c".to_owned());
        assert_eq!(board.status().since, Timestamp::from_seconds(3));
        assert!(board.status().is_connected());
    }
}
