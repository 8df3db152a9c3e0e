//! One step of the core: market half, trading half, barrier, in that order.

use std::collections::VecDeque;

use alphatrader_model::event::{BarrierVerdict, HaltLevel, LedgerEvent, Operator};
use alphatrader_model::view::TradingView;
use alphatrader_model::{Effect, Event, Input, Outputs, Payload, Record, Seq, Span, Timestamp};

use thiserror::Error;

use crate::barrier::Barrier;
use crate::digest::Digest;
use crate::market_core::MarketCore;
use crate::trading_core::TradingCore;

/// The edges that act. Called in order: first the records of a step, later the effects that the
/// barrier released.
pub trait Edges {
    /// Make these facts durable; the answer comes back as a [`LedgerEvent`].
    fn commit(&mut self, step: Seq, time: Timestamp, records: &[Record]);
    /// Do this in the outside world.
    fn perform(&mut self, now: Timestamp, effect: &Effect);
    /// Every event taken, with what it yielded: for recordings and for those who watch.
    fn observe(&mut self, _event: &Event, _outputs: &Outputs) {}
}

/// How a run leaves the way of a recorded one.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Astray {
    /// The recording goes on at another place.
    #[error("the next event of this run is {expected}")]
    Place {
        /// The next place here.
        expected: Seq,
    },
    /// The core tells itself something else than then.
    #[error("the core tells itself {own:?}")]
    Inner {
        /// What it tells itself; nothing when it is silent.
        own: Option<Box<Payload>>,
    },
}

/// The whole core. Deterministic: equal inputs in equal order give equal outputs.
#[derive(Debug, Clone)]
pub struct Engine {
    market: MarketCore,
    trading: TradingCore,
    barrier: Barrier,
    seq: Seq,
    outputs: Outputs,
    digest: Digest,
    /// What the core tells itself: verdicts of the barrier, a ledger that does not answer.
    inward: VecDeque<Payload>,
    events: u64,
}

impl Engine {
    /// A core of the given incarnation, which no earlier start had, with what the ledger knew.
    pub fn new(incarnation: u32, trading: TradingCore) -> Self {
        Self::with_market(incarnation, trading, MarketCore::default())
    }

    /// The same, with what the market half knows already: it was rebuilt from what was recorded earlier
    /// in the day.
    pub fn with_market(incarnation: u32, trading: TradingCore, market: MarketCore) -> Self {
        Self {
            market,
            trading,
            barrier: Barrier::new(Span::from_millis(250)),
            seq: Seq::first(incarnation),
            outputs: Outputs::default(),
            digest: Digest::default(),
            inward: VecDeque::new(),
            events: 0,
        }
    }

    /// Takes one input, and everything that follows from it inside.
    pub fn step(&mut self, input: Input, edges: &mut impl Edges) {
        let Input { ts_event, ts_recv, payload } = input;
        self.take(&Event { seq: self.seq, ts_event, ts_recv, payload }, edges);
        while let Some(payload) = self.inward.pop_front() {
            self.take(&Event { seq: self.seq, ts_event, ts_recv, payload }, edges);
        }
    }

    /// Takes an event of a recording with the place that it had. What the core told itself then is among
    /// the recorded events: it is compared with what the core tells itself now.
    ///
    /// # Errors
    /// [`Astray`]: this run does not go the recorded one's way. Nothing is taken.
    pub fn retake(&mut self, event: &Event, edges: &mut impl Edges) -> Result<(), Astray> {
        if event.seq != self.seq {
            return Err(Astray::Place { expected: self.seq });
        }
        match self.inward.front() {
            Some(own) if *own != event.payload => {
                return Err(Astray::Inner { own: Some(Box::new(own.clone())) });
            }
            None if matches!(event.payload, Payload::Barrier { .. }) => {
                return Err(Astray::Inner { own: None });
            }
            _ => {}
        }
        self.inward.pop_front();
        self.take(event, edges);
        Ok(())
    }

    fn take(&mut self, event: &Event, edges: &mut impl Edges) {
        self.seq = self.seq.next();
        self.events += 1;
        self.outputs.clear();
        self.market.on_event(event, &mut self.outputs);
        self.before_trading(event);
        self.trading.on_event(event, self.market.view(), &mut self.outputs);
        self.digest.update(&self.outputs);
        let recorded = !self.outputs.records.is_empty();
        if recorded {
            edges.commit(event.seq, event.ts_event, &self.outputs.records);
        }
        if recorded || !self.outputs.effects.is_empty() {
            self.barrier.hold(event.seq, event.ts_recv, recorded, &self.outputs.effects);
        }
        edges.observe(event, &self.outputs);
        if !self.barrier.is_empty() {
            self.decide(event.ts_recv, edges);
        }
    }

    /// What the barrier must know before the trading half decides anything on the event. It counts
    /// our clock: a print that was long on its way does not make the ledger late.
    fn before_trading(&mut self, event: &Event) {
        match &event.payload {
            Payload::Ledger(LedgerEvent::Committed { through }) => self.barrier.committed(*through),
            Payload::Ledger(LedgerEvent::Failed { .. }) => self.barrier.fail(),
            Payload::Timer if self.barrier.tick(event.ts_recv) => {
                let reason = "it did not answer in time".to_string();
                self.inward.push_back(Payload::Ledger(LedgerEvent::Failed { reason }));
            }
            Payload::Settings(settings) => {
                self.barrier.set_timeout(Span::from_millis(i64::from(settings.execution.commit_timeout_ms)));
            }
            _ => {}
        }
    }

    fn decide(&mut self, now: Timestamp, edges: &mut impl Edges) {
        if self.trading.withdraws_entries() {
            self.barrier.withdraw_entries();
        }
        while let Some(decided) = self.barrier.decide(now) {
            let effect = decided.effect.id;
            if decided.verdict == BarrierVerdict::Released {
                edges.perform(now, &decided.effect);
            }
            self.inward.push_back(Payload::Barrier { effect, verdict: decided.verdict });
        }
    }

    /// The market half.
    pub const fn market(&self) -> &MarketCore {
        &self.market
    }

    /// The trading half.
    pub const fn trading(&self) -> &TradingCore {
        &self.trading
    }

    /// The read model of the trading half.
    pub fn trading_view(&self) -> TradingView {
        self.trading.view(self.market.view())
    }

    /// Brings what is only shown up to date: rows of books, ranges, unusual volume.
    pub fn refresh_histories(&mut self) {
        self.market.refresh_histories();
    }

    /// Events taken, those from inside included.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The digest of the run so far.
    pub fn digest(&self) -> String {
        self.digest.hex()
    }

    /// Whether nothing of ours is on its way out: shutting down may end.
    pub fn is_quiet(&self) -> bool {
        self.barrier.is_empty() && !self.trading.has_working_entries()
    }

    /// Asks everything to come to rest: entries are withdrawn or cancelled, protection stays.
    pub fn begin_shutdown(&mut self, now: Timestamp, edges: &mut impl Edges) {
        self.step(
            Input { ts_event: now, ts_recv: now, payload: Payload::Operator(Operator::Shutdown) },
            edges,
        );
    }

    /// How far new risk is allowed.
    pub const fn halt_level(&self) -> HaltLevel {
        self.trading.halt_level()
    }
}
