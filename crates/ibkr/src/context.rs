//! What every part of the edge shares, and how it speaks to the engine.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use alphatrader_edge::{Clock, PushError, Sender};
use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{
    BrokerEvent, Calendar, Contract, Input, InstrumentId, OptionContract, Payload, Timestamp,
};
use jiff::civil::Date;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::config::IbkrConfig;
use crate::pacer::Pacer;
use crate::plan::Plan;
use crate::registry::{Registry, RegistryError, Terms};
use crate::status::{Board, count};

/// Code of notices that are ours, not the broker's.
pub(crate) const OWN_NOTICE: i32 = 0;

/// What every part of the edge shares.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: IbkrConfig,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    pub(crate) registry: Registry,
    pub(crate) inbox: Sender,
    pub(crate) board: Board,
    pub(crate) pacer: Pacer,
    pub(crate) plan: Plan,
    /// Market data lines that are free.
    lines: Arc<Semaphore>,
    /// Options that are held or ordered: they are followed wherever the spot is.
    pub(crate) pinned: watch::Sender<BTreeSet<OptionContract>>,
    /// Date of the session announced last.
    announced: Mutex<Option<Date>>,
    /// Held from reading the clock to queueing.
    posting: Mutex<()>,
    /// The gateway has lost the broker: what still comes of the market is not told.
    dark: AtomicBool,
    /// How often that has happened: a book that began before is worthless after.
    losses: AtomicU64,
}

impl Context {
    pub(crate) fn new(
        config: IbkrConfig,
        clock: Clock,
        calendar: Calendar,
        registry: Registry,
        inbox: Sender,
    ) -> Self {
        let text = format!("connecting to {}:{}", config.host, config.port);
        let plan = Plan::new(&config);
        tracing::info!("plan: {}", plan.text());
        let board = Board::new(clock.now(), text, plan.clone());
        let pacer = Pacer::new(config.messages_per_second, config.same_request);
        let lines = Arc::new(Semaphore::new(config.lines));
        let pinned = watch::Sender::new(BTreeSet::new());
        Self {
            config,
            clock,
            calendar,
            registry,
            inbox,
            board,
            pacer,
            plan,
            lines,
            pinned,
            announced: Mutex::new(None),
            posting: Mutex::new(()),
            dark: AtomicBool::new(false),
            losses: AtomicU64::new(0),
        }
    }

    /// Tells the engine something that happened now.
    pub(crate) fn post(&self, payload: Payload) {
        self.post_at(|now| (now, payload));
    }

    /// Tells the engine something that happened at the time that `made` says; it is told when the
    /// thing reached us. What different streams tell is queued in the order of these times.
    pub(crate) fn post_at(&self, made: impl FnOnce(Timestamp) -> (Timestamp, Payload)) {
        let _turn = self.posting.lock().unwrap_or_else(PoisonError::into_inner);
        let ts_recv = self.clock.now();
        let (ts_event, payload) = made(ts_recv);
        match self.inbox.push(Input { ts_event, ts_recv, payload }) {
            // The engine has ended: the process does too.
            Ok(()) | Err(PushError::Closed { .. }) => {}
            Err(refused) => {
                count(&self.board.counters.refused_events);
                self.board.error(&refused.to_string());
                tracing::error!(%refused, "the engine did not take an event");
            }
        }
    }

    /// Whether the gateway has lost the broker.
    pub(crate) fn is_dark(&self) -> bool {
        self.dark.load(Ordering::Acquire)
    }

    /// The gateway has lost the broker, or has it again. Prints are missing from here on, or up to
    /// here.
    pub(crate) fn set_dark(&self, dark: bool) {
        if dark {
            self.losses.fetch_add(1, Ordering::AcqRel);
        }
        if self.dark.swap(dark, Ordering::AcqRel) != dark {
            self.gap_everywhere();
        }
    }

    /// How often the gateway has lost the broker.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Ordering::Acquire)
    }

    /// Tells the engine what the broker said.
    pub(crate) fn broker(&self, event: BrokerEvent) {
        self.post(Payload::Broker(Box::new(event)));
    }

    /// Tells the engine, and the log, something of ours.
    pub(crate) fn notice(&self, text: impl Into<String>) {
        let text = text.into();
        tracing::warn!("{text}");
        self.broker(BrokerEvent::Notice { code: OWN_NOTICE, text });
    }

    /// Tells the engine that part of a stream is missing.
    pub(crate) fn gap(&self, instrument: InstrumentId, stream: Stream) {
        let gap = Gap { instrument, stream };
        self.board.lost(gap);
        self.post(Payload::Gap(gap));
    }

    /// A market data line; nothing when all of the account's are in use. Dropping it frees the line.
    pub(crate) fn line(self: &Arc<Self>) -> Option<Line> {
        let permit = Arc::clone(&self.lines).try_acquire_owned().ok()?;
        self.board.lines_used.fetch_add(1, Ordering::Relaxed);
        Some(Line { context: Arc::clone(self), _permit: permit })
    }

    /// Whether regular trading hours run now.
    pub(crate) fn is_in_session(&self) -> bool {
        let now = self.clock.now();
        self.calendar
            .session(self.calendar.date_of(now))
            .is_some_and(|session| session.open <= now && now < session.close)
    }

    /// Tells the engine that part of every stream is missing.
    pub(crate) fn gap_everywhere(&self) {
        for gap in self.board.gaps() {
            self.gap(gap.instrument, gap.stream);
        }
    }

    /// The number of a contract, announced to the engine first.
    pub(crate) fn announce(&self, terms: Terms) -> Result<InstrumentId, RegistryError> {
        self.registry.announce(terms, self.clock.now(), &self.inbox)
    }

    /// Announces the session of the clock's date, once a date; nothing on days without one.
    pub(crate) fn announce_session(&self) {
        let date = self.today();
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        if *announced == Some(date) {
            return;
        }
        *announced = Some(date);
        if let Some(session) = self.calendar.session(date) {
            self.post(Payload::Session(session));
        }
    }

    /// The date in New York.
    pub(crate) fn today(&self) -> Date {
        self.calendar.date_of(self.clock.now())
    }

    /// Follows an option wherever the spot is.
    pub(crate) fn pin(&self, contract: &Contract) {
        let Some(option) = contract.option() else { return };
        let most = self.config.held_lines;
        let mut full = false;
        let today = self.today();
        self.pinned.send_if_modified(|pinned| {
            if pinned.len() >= most {
                pinned.retain(|held| held.expiry >= today);
            }
            full = pinned.len() >= most && !pinned.contains(option);
            !full && pinned.insert(*option)
        });
        if full {
            let text = format!(
                "{} is held or ordered but not followed outside the window: {most} market data lines are kept \
                 for such options and all are in use",
                contract.label()
            );
            tracing::error!("{text}");
            self.board.error(&text);
        }
    }

    /// Follows an option only while it is near the spot.
    pub(crate) fn unpin(&self, contract: &Contract) {
        let Some(option) = contract.option() else { return };
        self.pinned.send_if_modified(|pinned| pinned.remove(option));
    }
}

/// A market data line in use.
#[derive(Debug)]
pub(crate) struct Line {
    context: Arc<Context>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.context.board.lines_used.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_edge::{Inbox, Limits, Receiver};
    use alphatrader_model::Symbol;

    fn context(at: &str) -> (Context, Receiver) {
        let (inbox, receiver) = Inbox::new(Limits::default()).unwrap();
        let symbols = ["SPY", "QQQ", "IWM", "TSLA"].map(|s| Symbol::new(s).unwrap()).to_vec();
        let config = IbkrConfig::new(7_497, 11, symbols);
        let clock = Clock::simulated(at.parse().unwrap(), 1.0).unwrap();
        (Context::new(config, clock, Calendar::xnys(), Registry::default(), inbox), receiver)
    }

    #[test]
    fn lines_are_counted_and_bounded() {
        let (context, _receiver) = context("2026-11-20T14:30:00Z");
        let context = Arc::new(context);
        let lines: Vec<Line> = std::iter::from_fn(|| context.line()).collect();
        assert_eq!((lines.len(), context.board.status().lines_used), (100, 100));
        drop(lines);
        assert_eq!(context.board.status().lines_used, 0);
        assert!(context.line().is_some());
    }

    #[test]
    fn a_session_runs_from_its_open_to_its_close() {
        let (context, _receiver) = context("2026-11-20T14:29:59Z");
        assert!(!context.is_in_session());
        for (at, runs) in [
            ("2026-11-20T14:30:01Z", true),
            ("2026-11-20T21:00:01Z", false),
            ("2026-11-26T16:00:00Z", false),
            ("2026-11-27T18:00:01Z", false),
        ] {
            context.clock.reanchor(at.parse().unwrap(), 1.0).unwrap();
            assert_eq!(context.is_in_session(), runs, "{at}");
        }
    }

    #[test]
    fn a_session_is_announced_once_a_date_and_not_on_holidays() {
        let (context, receiver) = context("2026-11-25T14:30:00Z");
        for _ in 0..3 {
            context.announce_session();
        }
        // Thanksgiving.
        context.clock.reanchor("2026-11-26T14:30:00Z".parse().unwrap(), 1.0).unwrap();
        context.announce_session();
        context.clock.reanchor("2026-11-27T14:30:00Z".parse().unwrap(), 1.0).unwrap();
        context.announce_session();
        let mut inputs = Vec::new();
        receiver.drain(&mut inputs, 10);
        let dates: Vec<String> = inputs
            .iter()
            .map(|input| match &input.payload {
                Payload::Session(session) => session.date.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(dates, ["2026-11-25", "2026-11-27"]);
    }

    #[test]
    fn pins_are_options_and_bounded() {
        let (context, _receiver) = context("2026-11-25T14:30:00Z");
        context.pin(&"SPY".parse().unwrap());
        for strike in 0..100 {
            context.pin(&format!("SPY261125C00{:03}000", 500 + strike).parse().unwrap());
        }
        assert_eq!(context.pinned.borrow().len(), context.config.held_lines);
        let said = context.board.status().last_error.unwrap();
        assert!(said.contains("16 market data lines are kept"), "{said}");
        context.unpin(&"SPY261125C00500000".parse().unwrap());
        assert_eq!(context.pinned.borrow().len(), context.config.held_lines - 1);
    }
}
