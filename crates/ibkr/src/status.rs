//! How the edge is: connection, streams, counts. For people, dashboards and health checks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{Contract, InstrumentId, Timestamp};
use serde::Serialize;

use crate::meter::{Meter, StreamStatus};
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

    /// Reports so far that our words cannot hold.
    pub(crate) fn unsaid(&self) -> u64 {
        self.counters.unsaid.load(Ordering::Relaxed)
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
            .find(|((_, stream), meter)| *stream == gap.stream && meter.instrument() == gap.instrument);
        if let Some((_, meter)) = meter {
            meter.gap();
        }
    }

    /// A gap for each stream, also for one that was silent so far: silence is not known any more.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let gap = |((_, stream), meter): (&(Contract, Stream), &Arc<Meter>)| Gap {
            instrument: meter.instrument(),
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
    use crate::meter::StreamState;
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
    fn since_moves_with_the_link_only() {
        let board = board("a");
        board.link(Link::Connecting, Timestamp::from_seconds(2), "b".to_owned());
        assert_eq!((board.status().since, board.status().text.as_str()), (Timestamp::from_seconds(1), "b"));
        board.link(Link::Connected, Timestamp::from_seconds(3), "c".to_owned());
        assert_eq!(board.status().since, Timestamp::from_seconds(3));
        assert!(board.status().is_connected());
    }
}
