//! A synthetic morning to measure on, made before anything is measured.

use alphatrader_engine::market_core::MarketCore;
use alphatrader_engine::replay::{ReplayConfig, TIMER};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::{
    Account, Calendar, Event, Input, Money, Outputs, Payload, Seq, Session, Settings, Span, Symbol, Timestamp,
};

/// Before this the core is warming up: windows fill, contracts become known.
const WARM: Span = Span::from_minutes(15);
/// Measured events are of this long.
const MEASURED: Span = Span::from_minutes(15);

/// A warm core, and what happens to it next.
pub(crate) struct Morning {
    pub(crate) core: MarketCore,
    pub(crate) until: Timestamp,
    pub(crate) events: Vec<Event>,
}

impl Morning {
    pub(crate) fn new() -> Self {
        let mut core = MarketCore::default();
        let mut out = Outputs::default();
        let until = session().open + WARM;
        let mut events = Vec::new();
        let first = Input {
            ts_event: session().open,
            ts_recv: session().open,
            payload: Payload::Settings(Box::default()),
        };
        for (place, input) in std::iter::once(first).chain(timed(WARM + MEASURED)).enumerate() {
            let Input { ts_event, ts_recv, payload } = input;
            let event = Event { seq: Seq(place as u64), ts_event, ts_recv, payload };
            if ts_event < until || kind(&event.payload).is_none() {
                out.clear();
                core.on_event(&event, &mut out);
            } else {
                events.push(event);
            }
        }
        Self { core, until, events }
    }
}

/// The session of a synthetic day.
pub(crate) fn session() -> Session {
    Calendar::xnys().session(jiff::civil::date(2026, 11, 23)).expect("a Monday")
}

/// The first events of the day.
pub(crate) fn inputs(span: Span) -> impl Iterator<Item = Input> {
    let end = session().open + span;
    SyntheticMarket::new(SyntheticConfig::spy(7), session()).take_while(move |input| input.ts_event < end)
}

/// The same with ten timers a second.
fn timed(span: Span) -> impl Iterator<Item = Input> {
    let mut market = inputs(span).peekable();
    let mut timer = session().open + TIMER;
    std::iter::from_fn(move || {
        if market.peek()?.ts_event > timer {
            let at = timer;
            timer = timer + TIMER;
            return Some(Input { ts_event: at, ts_recv: at, payload: Payload::Timer });
        }
        market.next()
    })
}

/// A replay of the synthetic day.
pub(crate) fn config() -> ReplayConfig {
    ReplayConfig {
        settings: Settings::default(),
        session: session(),
        next_session: Calendar::xnys().next_session(session().date),
        symbol: Symbol::new("SPY").expect("a symbol"),
        start: session().open - Span::SECOND,
        cash: Money::from_dollars(100_000),
        latency: ReplayConfig::LATENCY,
        chain_seed: None,
    }
}

/// An account of 100 000 dollars.
pub(crate) fn account(as_of: Timestamp) -> Account {
    let cash = Money::from_dollars(100_000);
    Account { equity: cash, cash, buying_power: cash, as_of }
}

/// Whether an event is about an option.
pub(crate) fn is_option(payload: &Payload) -> bool {
    match payload {
        Payload::Quote(quote) => quote.instrument != ReplayConfig::UNDERLYING,
        Payload::Instrument(instrument) => instrument.id != ReplayConfig::UNDERLYING,
        Payload::Chain(_) => true,
        _ => false,
    }
}

/// The kind of a market event; nothing for what only prepares.
pub(crate) fn kind(payload: &Payload) -> Option<&'static str> {
    match payload {
        Payload::Quote(_) if is_option(payload) => Some("option quote"),
        Payload::Quote(_) => Some("quote"),
        Payload::Trade(_) => Some("trade"),
        Payload::Depth(_) => Some("depth"),
        Payload::Chain(_) => Some("chain row"),
        Payload::Timer => Some("timer"),
        _ => None,
    }
}
