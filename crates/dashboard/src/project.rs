//! From the model's read models to the views. Only [`Trails`] remembers.
//!
//! The core's types stay inside; what a client sees is made here, and only here.

mod market;
mod measures;
pub(crate) mod options;
mod parameters;
pub(crate) mod sentiment;
mod strike_map;
mod trading;
mod trails;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use measures::{Measured, catalogue};
pub use parameters::{Found, parameters};
pub use trails::{SymbolTrails, Trails};

use alphatrader_model::view::{MarketView, SymbolHistory, TradingView};
use alphatrader_model::{Record, Session, Settings, Symbol, Timestamp};

use crate::hub::Event;
use crate::published::Published;
use crate::view::{
    AlertView, Counter, FeedState, FeedView, Instant, ModeView, ParametersView, RunState, SessionPhase,
    SessionView, StatusView, StreamsView,
};

/// What the core doesn't know about itself: the binary adds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// Version of the program.
    pub version: String,
    /// Where the process stands.
    pub state: RunState,
    /// Mode.
    pub mode: ModeView,
    /// The system's clock.
    pub at: Timestamp,
    /// Lights.
    pub feeds: Vec<FeedView>,
    /// How long the ledger's last commit took, milliseconds.
    pub ledger_commit_ms: Option<f64>,
    /// Counters since start.
    pub counters: Vec<Counter>,
    /// Streams of market data.
    pub streams: StreamsView,
    /// Found parameters beside their defaults, as [`parameters`] makes them; shared while they stay.
    pub parameters: Arc<ParametersView>,
    /// Whether the system may be called ready, and if not, why.
    pub ready: Result<(), String>,
}

/// One moment of the whole system. It is remembered in `trails`.
pub fn published(
    trails: &mut Trails,
    surroundings: Surroundings,
    settings: &Settings,
    market: &MarketView,
    histories: &[SymbolHistory],
    trading: &TradingView,
) -> Published {
    let symbols: BTreeMap<_, _> = market
        .features
        .iter()
        .map(|features| {
            let history = histories.iter().find(|history| history.symbol == features.symbol);
            let trails = trails.take(surroundings.at, features, history);
            let symbol = market::symbol(features, history, trails, market, settings, trading);
            (features.symbol.to_string(), symbol)
        })
        .collect();
    let status = StatusView {
        version: surroundings.version,
        state: surroundings.state,
        mode: surroundings.mode,
        at: surroundings.at.into(),
        session: market.session.map(|session| self::session(&session, surroundings.at)),
        symbols: in_order(settings, market),
        feeds: surroundings.feeds,
        ledger_commit_ms: surroundings.ledger_commit_ms,
        reconciled_at: trading.reconciled_at.map(Instant::from),
        counters: surroundings.counters,
    };
    Published {
        status,
        account: trading::account(trading, settings),
        risk: trading::risk(trading),
        streams: surroundings.streams,
        positions: trading.positions.iter().map(|p| trading::position(p, market, trading)).collect(),
        orders: trading.orders.iter().map(trading::order).collect(),
        symbols,
        sentiment: market.market_sentiment.clone(),
        parameters: surroundings.parameters,
        ready: surroundings.ready,
    }
}

/// What a fact of the ledger tells the clients: signals and fills as they are now, and changes of the halt.
///
/// `at` is the event time of the step and `id` its name, for facts that carry none of their own.
pub fn event(record: &Record, at: Timestamp, id: &str) -> Option<Event> {
    match record {
        Record::Signal(signal) => Some(Event::Signal(trading::signal(signal))),
        Record::Fill(fill) => Some(Event::Execution(trading::execution(fill))),
        Record::Halt { level, reason } => Some(Event::Alert(AlertView {
            id: id.to_owned(),
            at: at.into(),
            severity: trading::severity(*level),
            text: trading::halt_text(*level, reason),
        })),
        Record::Order(_) | Record::Position(_) | Record::DayStart { .. } | Record::Account(_) => None,
    }
}

/// An alert that is not a fact of the ledger.
pub fn alert(id: &str, at: Timestamp, severity: FeedState, text: impl Into<String>) -> Event {
    Event::Alert(AlertView { id: id.to_owned(), at: at.into(), severity, text: text.into() })
}

/// The symbols that are followed, in the order of the settings: the core has them in the order of their
/// announcement, which differs from start to start.
fn in_order(settings: &Settings, market: &MarketView) -> Vec<String> {
    let place = |symbol: &Symbol| settings.symbols.iter().position(|s| s == symbol).unwrap_or(usize::MAX);
    let mut symbols: Vec<Symbol> = market.features.iter().map(|features| features.symbol).collect();
    symbols.sort_by_key(place);
    symbols.iter().map(Symbol::to_string).collect()
}

fn session(session: &Session, at: Timestamp) -> SessionView {
    let phase = if at < session.open {
        SessionPhase::Before
    } else if at < session.close {
        SessionPhase::Open
    } else {
        SessionPhase::After
    };
    SessionView {
        date: session.date.to_string(),
        open: session.open.into(),
        close: session.close.into(),
        phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{MarketKind, TradingMode};
    use alphatrader_model::event::HaltLevel;
    use alphatrader_model::{Features, Price};

    fn surroundings() -> Surroundings {
        Surroundings {
            version: "1.2.3".to_owned(),
            state: RunState::Running,
            mode: ModeView {
                trading: TradingMode::Paper,
                market: MarketKind::Synthetic,
                label: None,
                speed: Some(1.0),
            },
            at: Timestamp::from_seconds(1_000),
            feeds: Vec::new(),
            ledger_commit_ms: Some(1.5),
            counters: Vec::new(),
            streams: StreamsView::default(),
            parameters: Arc::default(),
            ready: Ok(()),
        }
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let symbol = Symbol::new("SPY").unwrap();
        let market = MarketView { features: vec![Features::new(symbol)], ..MarketView::default() };
        let published = published(
            &mut Trails::default(),
            surroundings(),
            &Settings::default(),
            &market,
            &[],
            &TradingView::default(),
        );
        assert_eq!(published.status.symbols, ["SPY"]);
        assert!(published.account.is_none());
        let spy = &published.symbols["SPY"];
        assert!(spy.quote.last.is_none() && spy.quote.change.is_none() && spy.features.vpin.value.is_none());
        assert!(!spy.book.valid && spy.book.reason.is_some());
    }

    #[test]
    fn the_change_is_against_the_first_print() {
        let mut features = Features::new(Symbol::new("SPY").unwrap());
        features.last = Some(Price::from_cents(60_300));
        features.session_open = Some(Price::from_cents(60_000));
        let market = MarketView { features: vec![features], ..MarketView::default() };
        let published = published(
            &mut Trails::default(),
            surroundings(),
            &Settings::default(),
            &market,
            &[],
            &TradingView::default(),
        );
        let quote = &published.symbols["SPY"].quote;
        assert_eq!(quote.change.map(|c| c.to_string()).as_deref(), Some("3.00"));
        assert_eq!(quote.change_fraction, Some(0.005));
    }

    #[test]
    fn symbols_come_in_the_order_of_the_settings() {
        let symbol = |name: &str| Symbol::new(name).unwrap();
        let settings = Settings { symbols: vec![symbol("SPY"), symbol("QQQ")], ..Settings::default() };
        let features = ["QQQ", "SPY"].map(|name| Features::new(symbol(name)));
        let market = MarketView { features: features.to_vec(), ..MarketView::default() };
        let view = published(
            &mut Trails::default(),
            surroundings(),
            &settings,
            &market,
            &[],
            &TradingView::default(),
        );
        assert_eq!(view.status.symbols, ["SPY", "QQQ"]);
    }

    #[test]
    fn a_halt_is_an_alert() {
        let record = Record::Halt { level: HaltLevel::Halt, reason: "operator: looks wrong".to_owned() };
        let Some(Event::Alert(alert)) = event(&record, Timestamp::from_seconds(5), "7.0") else {
            panic!("alert")
        };
        assert_eq!((alert.id.as_str(), alert.severity), ("7.0", FeedState::Down));
        assert!(alert.text.contains("looks wrong"));
    }
}
