//! Writes what the core knows into the hot state.
//!
//! A value is written when it changed, and again at half its expiry with its old `as_of` when its
//! source is slower than that, so that a reader tells "old" from "gone". What never expires is written
//! again once a minute, so that a server that lost it has it back. A value is removed when its source
//! is lost. Views give the state of the market and of the account; records, which hold each
//! entity whole after every change, give the single orders, executions, positions and signals.
//!
//! Bounds: [`Publisher::ENTITIES`] orders, executions and positions each (the oldest are removed).

mod options;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use alphatrader_edge::ModuleState;
use alphatrader_model::features::BookState;
use alphatrader_model::view::{BarSource, ContractGreeks, MarketView, ShortBar, SymbolHistory, TradingView};
use alphatrader_model::{Features, Price, Record, Span, Symbol, Timestamp};

use super::keys::{MODULE_ERRORS, SIGNALS_STREAM};
use super::shapes::{
    AccountId, AccountSummary, Bars, Book, Connected, Executions, Halt, Heartbeat, Imbalance, Last,
    LatestSignal, ModuleError, ModuleMetrics, Moment, Orders, Positions, RiskState, Spread, Stamped, Swept,
    Ticker, Trades, Vpin, json,
};
use super::{HotError, HotStore, Key, Write};

/// What the core knows at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// The market half.
    pub market: &'a MarketView,
    /// Charts of the symbols.
    pub histories: &'a [SymbolHistory],
    /// Sensitivities of option contracts, as far as their quotes imply any.
    pub greeks: &'a [ContractGreeks],
    /// Exposures of each chain as JSON with `as_of`, made once for each round.
    pub exposures: &'a [ExposureText],
    /// The trading half.
    pub trading: &'a TradingView,
    /// Whether the source of the market data lives. When it does not, market keys are removed: what
    /// they held is not the market any more; and there is no session with the broker.
    pub market_lives: bool,
}

/// Exposures of a chain, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureText {
    /// Whose.
    pub symbol: Symbol,
    /// The instant they are of.
    pub as_of: Timestamp,
    /// JSON.
    pub json: String,
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    /// Changes that were sent to the store.
    pub writes: usize,
}

/// What was written under a key.
#[derive(Debug)]
struct Slot {
    hash: u64,
    written: Instant,
    expiry: Option<Duration>,
    round: u64,
}

impl Slot {
    fn is_due(&self, now: Instant) -> bool {
        let most = self.expiry.map_or(Publisher::RENEWAL, |expiry| expiry / 2);
        now.saturating_duration_since(self.written) >= most
    }
}

/// Keeps the hot state equal to what the core knows. One per store; called at least twice a second,
/// so that the shortest expiry is renewed in time.
#[derive(Debug, Default)]
pub struct Publisher {
    slots: BTreeMap<String, Slot>,
    round: u64,
    batch: Vec<Write>,
    orders: Newest,
    executions: Newest,
    positions: Newest,
    /// When each chain was last made, by underlying.
    chains: BTreeMap<Symbol, options::Made>,
    /// Errors of each module that are written already.
    errors: BTreeMap<&'static str, u64>,
}

/// Names of entities, oldest first, at most [`Publisher::ENTITIES`].
#[derive(Debug, Default)]
struct Newest {
    names: VecDeque<String>,
}

impl Newest {
    /// Notes a name; gives back the one that has to go.
    fn note(&mut self, name: &str) -> Option<String> {
        // Changes come for the newest, so the search from the back ends at once.
        if self.names.iter().rev().any(|known| known == name) {
            return None;
        }
        self.names.push_back(name.to_string());
        if self.names.len() > Publisher::ENTITIES { self.names.pop_front() } else { None }
    }
}

impl Publisher {
    /// How the names of entities begin that never expire and may be left from an earlier process.
    pub const LASTING: [&'static str; 3] = ["orders:", "executions:", "positions:"];
    /// Orders, executions and positions each that the hot state keeps.
    pub const ENTITIES: usize = 2_000;
    /// What never expires is written this often.
    pub const RENEWAL: Duration = Duration::from_mins(1);
    /// Executions that `executions:recent` holds.
    pub const EXECUTIONS: usize = 100;
    /// A chain of up to a thousand contracts is made at most this often.
    pub const CHAIN_INTERVAL: Duration = Duration::from_secs(1);
    /// A larger one at most this often: half its expiry.
    pub const LARGE_CHAIN_INTERVAL: Duration = Duration::from_secs(5);
    /// Contracts that `options:{symbol}:chain` and `:greeks` hold, the nearest expiries first.
    pub const CHAIN_ROWS: usize = 4_096;
    /// Time of the market after which a chain that nobody told of in a session is lost.
    pub const CHAIN_LOST: Span = Span::from_minutes(5);
    /// Time of the market after which a score of news that nobody made anew is lost.
    pub const NEWS_LOST: Span = Span::from_minutes(60);

    /// Nothing written yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes what changed or is due for renewal. `now` is wall time (`Clock::instant`).
    ///
    /// # Errors
    /// [`HotError`]. What could not be written is written again by the next call.
    pub fn publish(
        &mut self,
        store: &dyn HotStore,
        now: Instant,
        picture: &Picture<'_>,
    ) -> Result<Published, HotError> {
        self.round += 1;
        if picture.market_lives {
            for features in &picture.market.features {
                let symbol = features.symbol;
                let history = picture.histories.iter().find(|history| history.symbol == symbol);
                self.put_features(now, features, history);
                if let Some(history) = history {
                    self.put_book(now, features, history);
                    self.put_prints(now, features, history);
                }
                self.put_chain(now, symbol, picture);
            }
        }
        self.put_options(now, picture);
        self.put_trading(now, picture.trading, picture.market_lives);
        self.remove_lost();
        self.flush(store)
    }

    /// Writes the entities that a step changed; for the records of each committed step in order, and
    /// of a recovery at the start.
    ///
    /// # Errors
    /// [`HotError`]. These changes are not tried again; the next change of the same entity is written whole.
    pub fn record(
        &mut self,
        store: &dyn HotStore,
        time: Timestamp,
        records: &[Record],
    ) -> Result<Published, HotError> {
        for record in records {
            self.put_record(time, record);
        }
        self.flush(store)
    }

    /// Writes heartbeats, figures and new errors of the modules. `as_of` is the system's clock.
    ///
    /// # Errors
    /// [`HotError`]. Errors of modules that could not be written are not tried again.
    pub fn modules(
        &mut self,
        store: &dyn HotStore,
        now: Instant,
        as_of: Timestamp,
        modules: &[ModuleState],
    ) -> Result<Published, HotError> {
        for module in modules {
            self.put_module(now, as_of, module);
        }
        self.flush(store)
    }

    fn put_features(&mut self, now: Instant, features: &Features, history: Option<&SymbolHistory>) {
        let symbol = features.symbol;
        if features.as_of == Timestamp::default() {
            return;
        }
        self.put(now, Key::Features(symbol), &json(features));
        self.put_measures(now, features);
        self.put(now, Key::Timestamp(symbol), &json(&Moment { as_of: features.as_of }));
        self.put(now, Key::Ticker(symbol), &json(&Ticker::of(features, history)));
        if let (Some(as_of), Some(bid), Some(ask)) = (features.quote_at, features.bid, features.ask) {
            let spread = Price::checked_sub(ask, bid);
            let shape = Spread { as_of, bid, ask, spread, spread_bp: features.spread_bp };
            self.put(now, Key::Spread(symbol), &json(&shape));
        }
        let (touch, levels_5) = (features.imbalance_touch, features.imbalance_5);
        if touch.is_some() || levels_5.is_some() {
            let as_of = features.quote_at.max(features.depth_at).unwrap_or(features.as_of);
            self.put(now, Key::Imbalance(symbol), &json(&Imbalance { as_of, touch, levels_5 }));
        }
    }

    /// Groups of the features by themselves.
    fn put_measures(&mut self, now: Instant, features: &Features) {
        let (symbol, as_of) = (features.symbol, features.as_of);
        self.put(now, Key::Ofi(symbol), &json(&Stamped { as_of, value: &features.flow }));
        self.put(now, Key::Hidden(symbol), &json(&Stamped { as_of, value: &features.hidden }));
        self.put(now, Key::Volatility(symbol), &json(&Stamped { as_of, value: &features.volatility }));
        self.put(now, Key::Regime(symbol), &json(&Stamped { as_of, value: &features.regime }));
    }

    fn put_book(&mut self, now: Instant, features: &Features, history: &SymbolHistory) {
        if features.book != BookState::Absent && !history.lost.depth {
            let as_of = features.depth_at.unwrap_or(features.as_of);
            let shape = Book { as_of, state: features.book, bids: &history.bids, asks: &history.asks };
            self.put(now, Key::Book(history.symbol), &json(&shape));
        }
    }

    /// What rests on prints; nothing of it while they are lost, but bars that the broker makes.
    fn put_prints(&mut self, now: Instant, features: &Features, history: &SymbolHistory) {
        let symbol = history.symbol;
        let lost = history.lost.trades;
        if let Some(bar) = history.bars.back() {
            let as_of = match bar.source {
                BarSource::Broker => Some(bar.start + ShortBar::SPAN),
                BarSource::Prints => features.trade_at.filter(|_| !lost),
            };
            if let Some(as_of) = as_of {
                self.put(now, Key::Bars(symbol), &json(&Bars { as_of, seconds: 5, bars: &history.bars }));
            }
        }
        if lost {
            return;
        }
        if let Some(print) = history.tape.back() {
            let shape = Trades { as_of: print.time, sampled: history.sampled, trades: &history.tape };
            // The one large value that often stays the same: its text is not made to find that out.
            let version = (history.prints, print.time, history.sampled);
            self.put_version(now, Key::Trades(symbol), version, || json(&shape));
        }
        if let Some(as_of) = features.trade_at {
            let vpin = Vpin {
                as_of,
                vpin: features.vpin,
                buckets: features.vpin_buckets,
                toxicity: &features.toxicity,
            };
            self.put(now, Key::Vpin(symbol), &json(&vpin));
            if let Some(price) = features.last {
                self.put(now, Key::Last(symbol), &json(&Last { as_of, price }));
            }
            if let Some(value) = &history.unusual_volume {
                self.put(now, Key::UnusualVolume(symbol), &json(&Stamped { as_of, value }));
            }
        }
        if let Some(sweep) = &history.sweep {
            let shape = Swept { as_of: sweep.end, sweeps: history.sweeps, sweep };
            self.put(now, Key::Sweep(symbol), &json(&shape));
        }
    }

    fn put_trading(&mut self, now: Instant, view: &TradingView, market_lives: bool) {
        let as_of = view.as_of;
        self.put(now, Key::OrdersOpen, &json(&Orders { as_of, orders: &view.orders }));
        let executions = &view.fills[..view.fills.len().min(Self::EXECUTIONS)];
        self.put(now, Key::ExecutionsRecent, &json(&Executions { as_of, executions }));
        self.put(now, Key::PositionsOpen, &json(&Positions { as_of, positions: &view.positions }));
        if let Some(signal) = view.signals.first() {
            self.put(now, Key::SignalsLatest, &json(&LatestSignal { as_of, signal }));
        }
        self.put(now, Key::AccountSummary, &json(&AccountSummary::of(view)));
        self.put(now, Key::RiskState, &json(&RiskState::of(view)));
        let halt = Halt { as_of, level: view.halt, reason: view.halt_reason.as_deref() };
        self.put(now, Key::RiskHalt, &json(&halt));
        let (connected, reconciled_at) = (view.connected && market_lives, view.reconciled_at);
        self.put(now, Key::IbkrConnected, &json(&Connected { as_of, connected, reconciled_at }));
        if let Some(account_id) = &view.account_id {
            self.put(now, Key::IbkrAccount, &json(&AccountId { as_of, account_id }));
        }
    }

    fn put_record(&mut self, as_of: Timestamp, record: &Record) {
        let (key, value, gone) = match record {
            Record::Signal(signal) => {
                let value = json(&Stamped { as_of, value: signal });
                let stream = Key::SignalsStream.to_string();
                self.batch.push(Write::Append { key: stream, value: value.clone(), cap: SIGNALS_STREAM });
                (Key::Signal(signal.id), value, None)
            }
            Record::Order(order) => {
                let key = Key::Order(order.request.id);
                let gone = self.orders.note(&key.to_string());
                (key, json(&Stamped { as_of, value: order }), gone)
            }
            Record::Fill(fill) => {
                let key = Key::Execution(&fill.exec_id);
                let gone = self.executions.note(&key.to_string());
                (key, json(&Stamped { as_of, value: fill }), gone)
            }
            Record::Position(position) => {
                let key = Key::Position(position.signal);
                let gone = self.positions.note(&key.to_string());
                (key, json(&Stamped { as_of, value: position }), gone)
            }
            // The views show these.
            Record::Halt { .. } | Record::DayStart { .. } | Record::Account(_) => return,
        };
        self.batch.extend(gone.map(|key| Write::Remove { key }));
        self.batch.push(Write::Set { key: key.to_string(), value, expiry: key.expiry() });
    }

    fn put_module(&mut self, now: Instant, as_of: Timestamp, module: &ModuleState) {
        let (health, reason) = (module.health.word(), module.health.reason());
        let heartbeat = Key::Heartbeat(module.name);
        let lives = heartbeat.expiry().zip(module.silent_for).and_then(|(expiry, silent)| {
            // What is left of the heartbeat's life, not a new one: its own renewal is the next beat.
            expiry.checked_sub(silent).filter(|left| !left.is_zero())
        });
        if let Some((left, as_of)) = lives.zip(module.heartbeat) {
            let value = json(&Heartbeat { as_of, health, reason });
            self.batch.push(Write::Set { key: heartbeat.to_string(), value, expiry: Some(left) });
        }
        let figures = module.figures.iter().copied().collect();
        let shape = ModuleMetrics { as_of, health, reason, errors: module.errors_total, figures };
        self.put(now, Key::ModuleMetrics(module.monitoring), &json(&shape));
        let written = self.errors.insert(module.name, module.errors_total).unwrap_or(0);
        let fresh = usize::try_from(module.errors_total - written).unwrap_or(usize::MAX);
        let skip = module.errors.len().saturating_sub(fresh);
        for error in &module.errors[skip..] {
            let key = Key::ModuleErrors(module.monitoring).to_string();
            let value = json(&ModuleError { as_of: error.time, error: &error.text });
            self.batch.push(Write::Push { key, value, cap: MODULE_ERRORS });
        }
    }

    /// Writes a value if it changed or is due.
    fn put(&mut self, now: Instant, key: Key<'_>, value: &str) {
        self.put_version(now, key, value, || value.into());
    }

    /// The same, where a version tells whether the value changed.
    fn put_version(&mut self, now: Instant, key: Key<'_>, version: impl Hash, make: impl FnOnce() -> String) {
        let mut hasher = DefaultHasher::new();
        version.hash(&mut hasher);
        let (name, hash, expiry, round) = (key.to_string(), hasher.finish(), key.expiry(), self.round);
        if let Some(slot) = self.slots.get_mut(&name)
            && slot.hash == hash
            && !slot.is_due(now)
        {
            slot.round = round;
            return;
        }
        self.batch.push(Write::Set { key: name.clone(), value: make(), expiry });
        self.slots.insert(name, Slot { hash, written: now, expiry, round });
    }

    /// Says that what was written under a key is still so.
    fn keep(&mut self, key: Key<'_>) {
        if let Some(slot) = self.slots.get_mut(&key.to_string()) {
            slot.round = self.round;
        }
    }

    /// Removes the keys of views that nothing was said about in this round. Figures of modules come
    /// by another call, at another pace.
    fn remove_lost(&mut self) {
        let round = self.round;
        let batch = &mut self.batch;
        self.slots.retain(|name, slot| {
            let stays = slot.round == round || name.starts_with("monitoring:");
            if !stays {
                batch.push(Write::Remove { key: name.clone() });
            }
            stays
        });
    }

    fn flush(&mut self, store: &dyn HotStore) -> Result<Published, HotError> {
        let published = Published { writes: self.batch.len() };
        let written = if self.batch.is_empty() { Ok(()) } else { store.write(&self.batch) };
        if written.is_err() {
            // Which of them failed is not known: all values of this batch are written again.
            for write in &self.batch {
                if let Write::Set { key, .. } = write {
                    self.slots.remove(key);
                }
            }
        }
        self.batch.clear();
        written.map(|()| published)
    }
}
