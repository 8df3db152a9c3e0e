//! What the core knows, as others read it in the hot state.

mod options;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use alphatrader_edge::{Clock, Health, Registry};
use alphatrader_model::event::HaltLevel;
use alphatrader_model::features::BookState;
use alphatrader_model::market::{Level, Quote, Side};
use alphatrader_model::view::{
    BarSource, BookRow, ContractGreeks, ContractView, LostStreams, MarketView, ShortBar, Sweep, SweepKind,
    SymbolHistory, TapePrint, TradingView, UnusualVolume,
};
use alphatrader_model::{
    Contract, Features, Instrument, InstrumentId, Money, OrderState, Price, Quantity, SignalState, Symbol,
    Timestamp,
};
use alphatrader_store::hot::{
    Bounds, EntryId, ExposureText, HotError, HotStore, MemoryStore, Picture, Publisher, Write,
};
use serde_json::Value;

use crate::samples;

/// A store whose wall time the test lets pass, and which can be unreachable.
struct World {
    store: MemoryStore,
    start: Instant,
    passed: Arc<AtomicU64>,
    broken: AtomicBool,
    publisher: Publisher,
    market: MarketView,
    histories: Vec<SymbolHistory>,
    greeks: Vec<ContractGreeks>,
    exposures: Vec<ExposureText>,
    trading: TradingView,
}

impl HotStore for World {
    fn write(&self, batch: &[Write]) -> Result<(), HotError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(HotError::Unreachable("connection refused".into()));
        }
        self.store.write(batch)
    }
    fn get(&self, key: &str) -> Result<Option<String>, HotError> {
        self.store.get(key)
    }
    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.store.keys(prefix, most)
    }
    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.store.list(key, most)
    }
    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError> {
        self.store.stream(key, after, most)
    }
}

fn spy() -> Symbol {
    Symbol::new("SPY").expect("a symbol")
}

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn features() -> Features {
    Features {
        as_of: samples::time(9),
        last: Some(Price::from_cents(16_801)),
        bid: Some(Price::from_cents(16_800)),
        ask: Some(Price::from_cents(16_802)),
        spread_bp: Some(1.19),
        session_volume: 1_234,
        imbalance_touch: Some(0.25),
        vpin: Some(0.375),
        vpin_buckets: 51,
        quote_at: Some(samples::time(8)),
        trade_at: Some(samples::time(7)),
        depth_at: Some(samples::time(6)),
        book: BookState::Valid,
        ..Features::new(spy())
    }
}

fn history() -> SymbolHistory {
    let price = Price::from_cents(16_801);
    let bar = |n: i64| ShortBar {
        start: Timestamp::from_seconds(1_381_152_600 + 5 * n),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 100,
        source: BarSource::Prints,
    };
    let print = TapePrint { time: samples::time(7), price, size: 3, side: None, venue: None };
    SymbolHistory {
        bars: (0..100).map(bar).collect(),
        tape: [print, print].into(),
        prints: 2,
        bids: vec![BookRow { level: level(16_800, 5), venue: Symbol::new("NSDQ").ok() }],
        asks: vec![BookRow { level: level(16_802, 7), venue: None }],
        session_high: Some(Price::from_cents(16_900)),
        sweep: Some(Sweep {
            start: samples::time(5),
            end: samples::time(6),
            side: Side::Buy,
            quantity: 1_200,
            notional: 201_612.0,
            prints: 3,
            levels: 2,
            venues: 1,
            from: price,
            to: price,
            marked: 0.5,
            kind: SweepKind::Sweep,
            walked: 0,
            at_or_through: None,
            chance: None,
            confidence: None,
        }),
        sweeps: 4,
        unusual_volume: Some(UnusualVolume {
            minute: samples::time(0),
            volume: 900,
            minutes: 30,
            mean: 300.0,
            ratio: 3.0,
            z: Some(3.5),
            unusual: true,
        }),
        ..SymbolHistory::new(spy())
    }
}

fn greeks() -> ContractGreeks {
    ContractGreeks {
        contract: "SPY131007C00168000".parse().expect("an option"),
        underlying: spy(),
        quote_at: samples::time(5),
        mid: 0.55,
        spot: 168.01,
        implied_volatility: 0.125,
        delta: 0.5,
        gamma: 0.25,
        theta: -0.5,
        vega: 0.03,
    }
}

fn option(id: u32, contract: &str, quoted: bool) -> ContractView {
    let contract: Contract = contract.parse().expect("an option");
    let quote = Quote { instrument: InstrumentId(id), bid: Some(level(54, 10)), ask: Some(level(56, 20)) };
    ContractView {
        instrument: Instrument {
            id: InstrumentId(id),
            contract,
            underlying: spy(),
            multiplier: 100,
            tick: Price::CENT,
            tick_above: Price::from_cents(5),
            tick_break: Price::from_cents(300),
            expires: None,
            con_id: None,
            synthetic: true,
        },
        quote: quoted.then_some(quote),
        quote_at: quoted.then(|| samples::time(5)),
        open_interest: Some(1_000),
        volume: None,
    }
}

impl World {
    fn new() -> Self {
        let start = Instant::now();
        let passed = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&passed);
        let now = move || start + Duration::from_millis(seen.load(Ordering::Relaxed));
        let market = MarketView {
            as_of: samples::time(9),
            session: None,
            features: vec![features()],
            contracts: vec![option(0, "SPY131007C00168000", true), option(1, "SPY131007P00168000", false)],
            ..MarketView::default()
        };
        let trading = TradingView {
            as_of: samples::time(4),
            connected: true,
            account_id: Some("DU1234567".into()),
            realized_today: Money::from_micros(-12_500_000),
            halt: HaltLevel::Pause,
            halt_reason: Some("by hand".into()),
            ..TradingView::default()
        };
        Self {
            store: MemoryStore::with_time(Bounds::default(), now),
            start,
            passed,
            broken: AtomicBool::new(false),
            publisher: Publisher::new(),
            market,
            histories: vec![history()],
            greeks: vec![greeks()],
            exposures: Vec::new(),
            trading,
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.passed.load(Ordering::Relaxed))
    }

    fn pass(&self, millis: u64) {
        self.passed.fetch_add(millis, Ordering::Relaxed);
    }

    fn publish(&mut self, market_lives: bool) -> Result<usize, HotError> {
        let mut publisher = std::mem::take(&mut self.publisher);
        let picture = Picture {
            market: &self.market,
            histories: &self.histories,
            greeks: &self.greeks,
            exposures: &self.exposures,
            trading: &self.trading,
            market_lives,
        };
        let published = publisher.publish(self, self.now(), &picture);
        self.publisher = publisher;
        published.map(|published| published.writes)
    }

    fn read(&self, key: &str) -> Value {
        let text = self.get(key).expect("memory answers").unwrap_or_else(|| panic!("`{key}` is there"));
        serde_json::from_str(&text).expect("values are JSON")
    }
}

#[test]
fn views_become_the_documented_keys() {
    let mut world = World::new();
    world.publish(true).unwrap();
    let keys = world.keys("", 100).unwrap();
    let expected = [
        "account:summary",
        "executions:recent",
        "ibkr:account",
        "ibkr:connected",
        "market:SPY:bars",
        "market:SPY:book",
        "market:SPY:imbalance",
        "market:SPY:last",
        "market:SPY:spread",
        "market:SPY:sweep",
        "market:SPY:ticker",
        "market:SPY:timestamp",
        "market:SPY:trades",
        "market:SPY:unusual_volume",
        "metrics:SPY:features",
        "metrics:SPY:hidden",
        "metrics:SPY:ofi",
        "metrics:SPY:regime",
        "metrics:SPY:volatility",
        "metrics:SPY:vpin",
        "options:SPY:chain",
        "options:SPY:greeks",
        "orders:open",
        "positions:open",
        "risk:halt",
        "risk:state",
    ];
    assert_eq!(keys, expected);
    for key in &keys {
        assert!(world.read(key)["as_of"].as_str().is_some_and(|t| t.starts_with("2013-10-07T")), "{key}");
    }
    let last = world.read("market:SPY:last");
    assert_eq!(last["price"], "168.01");
    assert_eq!(last["as_of"], "2013-10-07T13:30:00.007Z", "the time of the print, not of the writing");
    assert_eq!(world.read("market:SPY:spread")["spread"], "0.02");
    let book = world.read("market:SPY:book");
    assert_eq!((&book["asks"][0]["level"]["size"], &book["bids"][0]["venue"]), (&7.into(), &"NSDQ".into()));
    assert_eq!(world.read("market:SPY:trades")["trades"].as_array().unwrap().len(), 2);
    let bars = world.read("market:SPY:bars");
    assert_eq!((bars["bars"].as_array().unwrap().len(), &bars["seconds"]), (100, &Value::from(5)));
    assert_eq!(bars["bars"][99]["source"], "prints");
    let sweep = world.read("market:SPY:sweep");
    assert_eq!((&sweep["side"], &sweep["levels"], &sweep["sweeps"]), (&"buy".into(), &2.into(), &4.into()));
    assert_eq!(world.read("market:SPY:unusual_volume")["unusual"], true);
    let ticker = world.read("market:SPY:ticker");
    assert_eq!((&ticker["session_high"], &ticker["session_low"]), (&"169.00".into(), &Value::Null));
    assert_eq!(world.read("options:SPY:greeks")["contracts"][0]["delta"], 0.5);
    assert_eq!(world.read("metrics:SPY:vpin")["vpin"], 0.375);
    assert_eq!(world.read("metrics:SPY:features")["high_5m"], Value::Null, "unknown is null, not zero");
    let chain = world.read("options:SPY:chain");
    assert_eq!(chain["as_of"], "2013-10-07T13:30:00.005Z");
    assert_eq!(chain["contracts"][0]["contract"], "SPY131007C00168000");
    assert_eq!(
        (&chain["contracts"][0]["synthetic"], &chain["contracts"][1]["bid"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(world.read("risk:halt")["level"], "pause");
    assert_eq!(world.read("account:summary")["realized_today"], "-12.50");
    assert_eq!(world.read("ibkr:account")["account_id"], "DU1234567");
}

#[test]
fn a_quiet_source_is_renewed_at_half_its_expiry_and_keeps_its_time() {
    let mut world = World::new();
    world.publish(true).unwrap();
    assert_eq!(world.publish(true).unwrap(), 0, "nothing changed, nothing is due");
    let before = world.get("market:SPY:book").unwrap();
    for _ in 0..40 {
        world.pass(499);
        world.publish(true).unwrap();
        assert_eq!(world.get("market:SPY:book").unwrap(), before);
        assert!(world.get("metrics:SPY:vpin").unwrap().is_some());
    }
    let keys = world.keys("", 100).unwrap().len();
    world.pass(1_000);
    assert_eq!(world.get("market:SPY:book").unwrap(), None, "nobody renewed it");
    assert_eq!(world.keys("", 100).unwrap().len(), keys - 2, "book and prints live a second");
}

#[test]
fn what_changed_is_written_at_once_and_only_that() {
    let mut world = World::new();
    world.publish(true).unwrap();
    world.trading.halt = HaltLevel::Halt;
    assert_eq!(world.publish(true).unwrap(), 2);
    let print = *world.histories[0].tape.back().unwrap();
    world.histories[0].tape.push_back(print);
    world.histories[0].prints += 1;
    assert_eq!(world.publish(true).unwrap(), 1, "a print like the one before is a print");
    assert_eq!(world.read("market:SPY:trades")["trades"].as_array().unwrap().len(), 3);
    assert_eq!(world.read("risk:halt")["level"], "halt");
    assert_eq!(world.read("risk:state")["halt"], "halt");
}

#[test]
fn a_lost_source_takes_its_keys_along() {
    let mut world = World::new();
    world.publish(true).unwrap();
    world.publish(false).unwrap();
    for prefix in ["market:", "metrics:", "options:"] {
        assert_eq!(world.keys(prefix, 100).unwrap(), [] as [&str; 0]);
    }
    assert_eq!(world.read("ibkr:connected")["connected"], false);
    world.pass(1_000);
    world.publish(true).unwrap();
    assert_eq!(world.read("options:SPY:chain")["contracts"].as_array().unwrap().len(), 2);
    world.histories[0].tape.clear();
    world.market.features[0].book = BookState::Absent;
    world.publish(true).unwrap();
    assert_eq!(world.get("market:SPY:trades").unwrap(), None);
    assert_eq!(world.get("market:SPY:book").unwrap(), None);
}

#[test]
fn a_lost_stream_takes_what_rests_on_it() {
    let mut world = World::new();
    world.publish(true).unwrap();
    let before = world.keys("", 100).unwrap();
    world.histories[0].lost.trades = true;
    world.publish(true).unwrap();
    let left = world.keys("", 100).unwrap();
    let gone: Vec<_> = before.iter().filter(|key| !left.contains(key)).map(String::as_str).collect();
    let prints = [
        "market:SPY:bars",
        "market:SPY:last",
        "market:SPY:sweep",
        "market:SPY:trades",
        "market:SPY:unusual_volume",
        "metrics:SPY:vpin",
    ];
    assert_eq!(gone, prints);
    world.histories[0].bars.back_mut().unwrap().source = BarSource::Broker;
    world.histories[0].lost.depth = true;
    world.publish(true).unwrap();
    assert!(world.get("market:SPY:bars").unwrap().is_some(), "the broker makes them without our prints");
    assert_eq!(world.get("market:SPY:book").unwrap(), None);
    world.histories[0].lost = LostStreams::default();
    world.publish(true).unwrap();
    assert_eq!(world.keys("", 100).unwrap(), before);
}

#[test]
fn what_never_expires_is_written_once_a_minute() {
    let mut world = World::new();
    world.publish(true).unwrap();
    // Somebody empties the store.
    for key in world.keys("", 100).unwrap() {
        world.store.remove(&key).unwrap();
    }
    for _ in 0..240 {
        world.pass(250);
        world.publish(true).unwrap();
    }
    assert_eq!(world.keys("risk:", 9).unwrap(), ["risk:halt", "risk:state"]);
}

#[test]
fn an_unreachable_store_gets_everything_when_it_is_back() {
    let mut world = World::new();
    world.broken.store(true, Ordering::Relaxed);
    assert!(matches!(world.publish(true), Err(HotError::Unreachable(_))));
    world.broken.store(false, Ordering::Relaxed);
    assert_eq!(world.publish(true).unwrap(), world.keys("", 100).unwrap().len());
}

#[test]
fn records_become_entities_and_the_stream_of_signals() {
    let world = World::new();
    let mut publisher = Publisher::new();
    let time = samples::time(3);
    let created = [samples::signal(1, SignalState::Created), samples::order(3, OrderState::Intent)];
    publisher.record(&world, time, &created).unwrap();
    let opened = [
        samples::order(3, OrderState::Filled),
        samples::fill(1, 3, None),
        samples::position(1, 4),
        samples::signal(1, SignalState::Open),
        samples::account(1),
    ];
    publisher.record(&world, time, &opened).unwrap();
    let id = samples::signal_id(1);
    assert_eq!(world.read("orders:3")["state"], "filled");
    assert_eq!(world.read("orders:3")["as_of"], "2013-10-07T13:30:00.003Z");
    assert_eq!(world.read("executions:0000e0d5.00000001.01")["price"], "0.5525");
    assert_eq!(world.read(&format!("positions:{id}"))["quantity"], 4);
    assert_eq!(world.read(&format!("signals:{id}"))["state"], "open");
    let stream = world.stream("signals:stream", None, 10).unwrap();
    let states: Vec<Value> = stream
        .iter()
        .map(|(_, text)| serde_json::from_str::<Value>(text).unwrap()["state"].clone())
        .collect();
    assert_eq!(states, ["created", "open"]);
    world.pass(24 * 3_600_000);
    assert_eq!(world.keys("signals:", 10).unwrap(), ["signals:stream"]);
    assert!(world.get("orders:3").unwrap().is_some());
}

#[test]
fn old_entities_make_room() {
    let world = World::new();
    let mut publisher = Publisher::new();
    for id in 0..Publisher::ENTITIES as i32 + 3 {
        publisher
            .record(
                &world,
                samples::time(1),
                &[samples::order(id % 768 + id / 768 * 768, OrderState::Filled)],
            )
            .unwrap();
    }
    assert_eq!(world.keys("orders:", 10_000).unwrap().len(), Publisher::ENTITIES);
    assert_eq!(world.get("orders:2").unwrap(), None);
    assert!(world.get("orders:3").unwrap().is_some());
}

#[test]
fn modules_show_that_they_live_and_what_they_met() {
    let world = World::new();
    let mut publisher = Publisher::new();
    let registry = Registry::new(Clock::wall());
    let interval = Duration::from_secs(5);
    let check = || Health::Degraded("no depth".into());
    let module = registry.register("ibkr_ingestion", "ibkr", interval, check).unwrap();
    registry.register("risk", "risk", interval, || Health::Ready).unwrap();
    module.heartbeat();
    module.figure("quotes", 12.0);
    module.error("first");
    publisher.modules(&world, world.now(), samples::time(1), &registry.snapshot()).unwrap();
    module.error("second");
    publisher.modules(&world, world.now(), samples::time(2), &registry.snapshot()).unwrap();
    assert_eq!(world.read("module:heartbeat:ibkr_ingestion")["health"], "degraded");
    assert_eq!(world.get("module:heartbeat:risk").unwrap(), None, "it never said that it lives");
    let metrics = world.read("monitoring:ibkr:metrics");
    assert_eq!((&metrics["figures"]["quotes"], &metrics["reason"]), (&12.0.into(), &"no depth".into()));
    let errors = world.list("monitoring:ibkr:errors", 10).unwrap();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].contains("second"));
    world.pass(15_000);
    assert_eq!(world.get("module:heartbeat:ibkr_ingestion").unwrap(), None);
    assert!(world.get("monitoring:ibkr:metrics").unwrap().is_some());
}
