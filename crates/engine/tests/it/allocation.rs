//! After warm-up no market event allocates: proven by an allocator that counts for each thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;

use alphatrader_engine::market_core::MarketCore;
use alphatrader_engine::replay::ReplayConfig;
use alphatrader_engine::{Edges, Engine, TradingCore};
use alphatrader_market::broker::{BrokerConfig, SimulatedBroker};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{Effect, Event, Input, Outputs, Payload, Record, Seq, Span, Timestamp};

use crate::desk::{session, spy};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one counts and passes on to the system's"
)]
// SAFETY: every call goes to the system's allocator with the arguments unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(of: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    of();
    ALLOCATIONS.with(Cell::get) - before
}

/// The core has seen its lists grow to their full size.
const WARM: Span = Span::from_minutes(15);
/// Then it is counted for this long.
const COUNTED: Span = Span::from_minutes(60);

/// A synthetic morning, option chain included, with ten timers a second.
fn morning() -> impl Iterator<Item = Input> {
    let mut market = SyntheticMarket::new(SyntheticConfig::spy(7), session()).peekable();
    let mut timer = session().open;
    let end = timer + WARM + COUNTED;
    std::iter::from_fn(move || {
        if market.peek().is_none_or(|next| next.ts_event > timer) {
            timer = timer + Span::from_millis(100);
            return Some(Input { ts_event: timer, ts_recv: timer, payload: Payload::Timer });
        }
        market.next()
    })
    .take_while(move |input| input.ts_event < end)
}

/// What kind of event it is; nothing where memory may be taken: a contract that becomes known.
fn kind(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Quote(quote) if quote.instrument == ReplayConfig::UNDERLYING => Some("quote"),
        Payload::Quote(_) => Some("option quote"),
        Payload::Trade(_) => Some("trade"),
        Payload::Depth(_) => Some("depth"),
        Payload::Chain(_) => Some("chain row"),
        Payload::Timer => Some("timer"),
        _ => None,
    }
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
    assert_eq!(allocations(|| ()), 0);
}

#[test]
fn no_market_event_allocates_in_the_market_half() {
    let mut core = MarketCore::default();
    let mut out = Outputs::default();
    let open = session().open;
    let settings = Payload::Settings(Box::default());
    core.on_event(&Event { seq: Seq(0), ts_event: open, ts_recv: open, payload: settings }, &mut out);
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for Input { ts_event, ts_recv, payload } in morning() {
        let event = Event { seq: Seq(1), ts_event, ts_recv, payload };
        let counted = allocations(|| {
            out.clear();
            core.on_event(&event, &mut out);
        });
        if let Some(kind) = kind(&event.payload).filter(|_| ts_event >= open + WARM) {
            let (events, sum) = counts.entry(kind).or_default();
            *events += 1;
            *sum += counted;
        }
    }
    println!("events and allocations: {counts:?}");
    let kinds: Vec<&str> = counts.keys().copied().collect();
    assert_eq!(kinds, ["chain row", "depth", "option quote", "quote", "timer", "trade"]);
    assert!(counts.values().all(|(events, _)| *events > 1_000), "{counts:?}");
    assert!(counts.values().all(|(_, allocations)| *allocations == 0), "{counts:?}");
    // What was counted was the whole of it: every measure was there, and nothing was refused.
    let features = core.features(spy()).unwrap();
    assert!(features.high_5m.is_some() && features.vpin.is_some() && features.imbalance_5.is_some());
    assert_eq!(core.refused(), 0);
}

/// The edges of the whole core: they remember what they were given.
#[derive(Default)]
struct Given {
    answer: Option<LedgerEvent>,
    effects: Vec<Effect>,
    /// Records and effects of the steps since it was last looked at.
    outputs: usize,
}

impl Edges for Given {
    fn commit(&mut self, step: Seq, _: Timestamp, _: &[Record]) {
        self.answer = Some(LedgerEvent::Committed { through: step });
    }

    fn perform(&mut self, _: Timestamp, effect: &Effect) {
        self.effects.push(effect.clone());
    }

    fn observe(&mut self, _: &Event, outputs: &Outputs) {
        self.outputs += outputs.records.len() + outputs.effects.len();
    }
}

/// The whole core and a simulated broker; only what the core does on market events and timers is
/// counted.
struct Whole {
    engine: Engine,
    broker: SimulatedBroker,
    given: Given,
    said: Vec<Input>,
}

impl Whole {
    fn new() -> Self {
        let mut whole = Self {
            engine: Engine::new(1, TradingCore::default()),
            broker: SimulatedBroker::new(BrokerConfig::default()),
            given: Given::default(),
            said: Vec::new(),
        };
        let open = session().open;
        whole.step(Input { ts_event: open, ts_recv: open, payload: Payload::Settings(Box::default()) });
        whole.broker.connect(open);
        whole
    }

    /// What the core allocates on an event of the market or a timer.
    fn take(&mut self, input: Input) -> u64 {
        let now = input.ts_event;
        let mut said = std::mem::take(&mut self.said);
        self.broker.on_market(now, &input.payload);
        self.broker.advance(now, &mut said);
        for input in said.drain(..) {
            self.step(input);
        }
        self.said = said;
        self.given.outputs = 0;
        self.step(input)
    }

    fn step(&mut self, input: Input) -> u64 {
        let now = input.ts_recv;
        let counted = allocations(|| self.engine.step(input, &mut self.given));
        while let Some(said) = self.given.answer.take() {
            let input = Input { ts_event: now, ts_recv: now, payload: Payload::Ledger(said) };
            self.engine.step(input, &mut self.given);
        }
        for effect in self.given.effects.drain(..) {
            self.broker.perform(now, &effect.action);
        }
        counted
    }

    fn checks(&self) -> u64 {
        self.engine.trading_view().strategies.iter().map(|s| s.checks_today).sum()
    }
}

/// How much of a thing there was, and what it allocated.
#[derive(Debug, Default)]
struct Tally {
    events: u64,
    allocations: u64,
}

/// A step of the whole core that yields nothing allocates nothing. Where the rule is looked at (once
/// a second, and at prints that leave the range of five minutes) words are made for the screen.
#[test]
fn no_quiet_market_event_allocates_in_the_whole_core() {
    let mut whole = Whole::new();
    let warm = session().open + WARM;
    let (mut quiet, mut looks, mut decided) = (Tally::default(), Tally::default(), Tally::default());
    let mut checked = 0;
    for input in morning() {
        let counts = kind(&input.payload).is_some() && input.ts_event >= warm;
        let allocations = whole.take(input);
        let before = checked;
        if allocations > 0 {
            checked = whole.checks();
        }
        let tally = match (whole.given.outputs, checked > before) {
            (0, false) => &mut quiet,
            (0, true) => &mut looks,
            _ => &mut decided,
        };
        tally.events += u64::from(counts);
        tally.allocations += allocations * u64::from(counts);
    }
    println!("quiet: {quiet:?}\nlooks at the rule: {looks:?}\nwith records or effects: {decided:?}");
    assert!(quiet.events > 100_000 && looks.events > 1_000 && decided.events > 0, "{quiet:?} {looks:?}");
    assert_eq!(quiet.allocations, 0);
    assert!(whole.engine.trading().fills().count() > 0, "nothing was traded");
}
