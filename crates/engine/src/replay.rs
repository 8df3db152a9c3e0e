//! A recorded market through the same core, with a simulated broker and a ledger that answers at once.
//!
//! Two clocks, as in `market`: an event that happened at the exchange reaches the core after the
//! feed latency, an order reaches the exchange after the order latency. Timers run on the core's
//! clock, ten a second. Equal inputs give equal outputs, bit for bit: nothing here reads a clock.

use std::collections::BTreeMap;

use alphatrader_market::broker::{BrokerConfig, Latency, SimulatedBroker};
use alphatrader_market::chain::{ChainConfig, ChainOverlay};
use alphatrader_market::fees::Fees;
use alphatrader_model::event::LedgerEvent;
use alphatrader_model::view::{GateState, StrategyView};
use alphatrader_model::{
    Effect, Input, Instrument, InstrumentId, Money, Payload, Record, Seq, Session, Settings, Span, Symbol,
    Timestamp,
};

use crate::engine::{Edges, Engine};
use crate::trading_core::TradingCore;

/// Timers of the core.
pub const TIMER: Span = Span::from_millis(100);

/// Where a replay's records go. They are durable when this returns.
pub trait Durable {
    /// Makes the records of a step durable.
    ///
    /// # Errors
    /// In words. Trading halts, as it would live.
    fn commit(&mut self, step: Seq, time: Timestamp, records: &[Record]) -> Result<(), String>;
}

/// Nothing is kept: for benchmarks of the core alone, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Durable for Forgetful {
    fn commit(&mut self, _: Seq, _: Timestamp, _: &[Record]) -> Result<(), String> {
        Ok(())
    }
}

/// What a replay is made of.
#[derive(Debug, Clone)]
pub struct ReplayConfig {
    /// Settings in force.
    pub settings: Settings,
    /// The day.
    pub session: Session,
    /// The day after, for the chain's second expiry.
    pub next_session: Session,
    /// The symbol whose events are fed.
    pub symbol: Symbol,
    /// Where the replay's time begins: at or before the first event.
    pub start: Timestamp,
    /// Cash at the start.
    pub cash: Money,
    /// How long things take on their way.
    pub latency: Latency,
    /// Seed of a synthetic chain laid over the underlying; none without one.
    pub chain_seed: Option<u64>,
}

impl ReplayConfig {
    /// Number of the fed symbol's instrument.
    pub const UNDERLYING: InstrumentId = InstrumentId(0);

    /// Typical of a retail line to a broker: 5 ms each way.
    pub const LATENCY: Latency =
        Latency { order: Span::from_millis(5), feed: Span::from_millis(5), jitter: Span::ZERO, seed: 0 };
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// BLAKE3 over the canonical bytes of all outputs.
    pub digest: String,
    /// Events taken, timers and inner ones included.
    pub events: u64,
    /// Signals made, refused ones included.
    pub signals: u64,
    /// Orders that left for the broker.
    pub orders: u64,
    /// Executions.
    pub fills: u64,
    /// Realised profit less commissions.
    pub realized: Money,
    /// Positions that are still open.
    pub open_positions: u64,
    /// Why there was no signal: checks made, and by gate how often it stopped one.
    pub stopped: Vec<(String, u64)>,
    /// Looks at the strategy in all.
    pub checks: u64,
}

/// A recorded market on its way through the core.
#[derive(Debug)]
pub struct Replay<L: Durable> {
    engine: Engine,
    broker: SimulatedBroker,
    overlay: Overlay,
    sink: Sink<L>,
    feed_latency: Span,
    next_timer: Timestamp,
    said: Vec<Input>,
    laid: Vec<Input>,
}

/// Lays a synthetic option chain over the events of its underlying; without a chain, nothing.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    chain: Option<ChainOverlay>,
}

impl Overlay {
    fn new(config: &ReplayConfig) -> Self {
        let chain = config.chain_seed.map(|seed| {
            let first = InstrumentId(ReplayConfig::UNDERLYING.0 + 1);
            let chain = ChainConfig::new(config.symbol, ReplayConfig::UNDERLYING, first, seed);
            ChainOverlay::new(chain, config.session, config.next_session)
        });
        Self { chain }
    }

    /// Adds to `out` an event of the recording, before it what the chain says up to its time, and
    /// after it what the chain says because of it.
    pub fn lay(&mut self, input: Input, out: &mut Vec<Input>) {
        let Some(chain) = &mut self.chain else { return out.push(input) };
        chain.advance(input.ts_event, out);
        out.push(input.clone());
        chain.on(&input, out);
    }
}

/// The edges of a replay: a ledger that answers at once, and effects for the simulated broker.
#[derive(Debug)]
struct Sink<L> {
    ledger: L,
    answer: Option<LedgerEvent>,
    effects: Vec<Effect>,
    counts: BTreeMap<&'static str, u64>,
}

impl<L: Durable> Edges for Sink<L> {
    fn commit(&mut self, step: Seq, time: Timestamp, records: &[Record]) {
        self.answer = Some(match self.ledger.commit(step, time, records) {
            Ok(()) => LedgerEvent::Committed { through: step },
            Err(reason) => LedgerEvent::Failed { reason },
        });
    }

    fn perform(&mut self, _: Timestamp, effect: &Effect) {
        self.effects.push(effect.clone());
        if let alphatrader_model::Action::Place(orders) = &effect.action {
            *self.counts.entry("orders").or_default() += orders.len() as u64;
        }
    }
}

impl<L: Durable> Replay<L> {
    /// A core that knows settings, session and the symbol, connected to a broker with the cash.
    pub fn new(config: ReplayConfig, ledger: L) -> Self {
        let broker = SimulatedBroker::new(BrokerConfig {
            account: "DU0000001".into(),
            cash: config.cash,
            stock_margin_percent: 100,
            fees: Fees::default(),
            latency: config.latency,
        });
        let mut replay = Self {
            engine: Engine::new(1, TradingCore::default()),
            broker,
            overlay: Overlay::new(&config),
            sink: Sink { ledger, answer: None, effects: Vec::new(), counts: BTreeMap::new() },
            feed_latency: config.latency.feed,
            next_timer: config.start + TIMER,
            said: Vec::new(),
            laid: Vec::new(),
        };
        replay.begin(config);
        replay
    }

    fn begin(&mut self, config: ReplayConfig) {
        let start = config.start;
        self.tell(Input {
            ts_event: start,
            ts_recv: start,
            payload: Payload::Settings(Box::new(config.settings)),
        });
        let stock = Instrument::stock(ReplayConfig::UNDERLYING, config.symbol);
        let first = [Payload::Session(config.session), Payload::Instrument(Box::new(stock))];
        for payload in first {
            self.broker.on_market(start, &payload);
            self.tell(Input { ts_event: start, ts_recv: start, payload });
        }
        self.broker.connect(start);
    }

    /// Takes the next event of the recording, in order, and lays the chain over it, if there is one.
    pub fn feed(&mut self, input: Input) {
        if self.overlay.chain.is_none() {
            return self.take(input);
        }
        let mut laid = std::mem::take(&mut self.laid);
        self.overlay.lay(input, &mut laid);
        for input in laid.drain(..) {
            self.take(input);
        }
        self.laid = laid;
    }

    /// Hands over what lays the chain over the recording, for a caller that does so elsewhere, on a
    /// thread of its own say, and gives what comes of it to [`Replay::take`]. From here on
    /// [`Replay::feed`] lays nothing.
    pub fn take_overlay(&mut self) -> Overlay {
        std::mem::take(&mut self.overlay)
    }

    /// Takes the next market event as it is: the exchange sees it at its own time, the core after the
    /// feed latency.
    pub fn take(&mut self, input: Input) {
        let at = input.ts_event;
        let known = at + self.feed_latency;
        self.pass_time(known);
        self.broker.on_market(at, &input.payload);
        self.tell(Input { ts_recv: known, ..input });
    }

    /// The core's clock goes on: timers, and what the broker said meanwhile.
    fn pass_time(&mut self, to: Timestamp) {
        while self.next_timer <= to {
            let now = self.next_timer;
            self.hear_broker(now);
            self.tell(Input { ts_event: now, ts_recv: now, payload: Payload::Timer });
            self.next_timer = now + TIMER;
        }
        self.hear_broker(to);
    }

    fn hear_broker(&mut self, now: Timestamp) {
        if self.broker.next_time().is_none_or(|at| at > now) {
            return;
        }
        let mut said = std::mem::take(&mut self.said);
        self.broker.advance(now, &mut said);
        for input in said.drain(..) {
            self.tell(input);
        }
        self.said = said;
    }

    /// One input into the core; the ledger's answer and the effects it frees follow at once.
    fn tell(&mut self, input: Input) {
        let (ts_event, ts_recv) = (input.ts_event, input.ts_recv);
        self.engine.step(input, &mut self.sink);
        while let Some(said) = self.sink.answer.take() {
            self.engine.step(Input { ts_event, ts_recv, payload: Payload::Ledger(said) }, &mut self.sink);
        }
        if self.sink.effects.is_empty() {
            return;
        }
        for effect in self.sink.effects.drain(..) {
            self.broker.perform(ts_recv, &effect.action);
        }
    }

    /// The recording is over: time runs on until `to`, so that what is on its way arrives.
    pub fn finish(&mut self, to: Timestamp) -> Summary {
        self.pass_time(to);
        let trading = self.engine.trading();
        let (realized, commissions) = trading.positions().fold((Money::ZERO, Money::ZERO), |(r, c), p| {
            (r.checked_add(p.realized).unwrap_or(r), c.checked_add(p.commissions).unwrap_or(c))
        });
        let strategies = self.engine.trading_view().strategies;
        Summary {
            digest: self.engine.digest(),
            events: self.engine.events(),
            signals: trading.signals().count() as u64,
            orders: self.sink.counts.get("orders").copied().unwrap_or(0),
            fills: trading.fills().count() as u64,
            realized: realized.checked_sub(commissions).unwrap_or(realized),
            open_positions: trading.positions().filter(|p| !p.quantity.is_flat()).count() as u64,
            stopped: stopped(&strategies),
            checks: strategies.iter().map(|s| s.checks_today).sum(),
        }
    }

    /// The core.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The broker.
    pub const fn broker(&self) -> &SimulatedBroker {
        &self.broker
    }

    /// The ledger, when it is over.
    pub fn into_ledger(self) -> L {
        self.sink.ledger
    }
}

/// Gates that stopped a signal, most often first.
fn stopped(strategies: &[StrategyView]) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = strategies
        .iter()
        .flat_map(|s| s.gates.iter())
        .filter(|g| g.blocked_today > 0 || g.state == GateState::Blocked)
        .map(|g| (g.name.clone(), g.blocked_today))
        .collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}
