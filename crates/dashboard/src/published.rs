//! One moment of the whole system, as the engine's thread hands it over.

use std::collections::BTreeMap;
use std::sync::Arc;

use alphatrader_model::exposure::ChainExposure;
use alphatrader_model::sentiment::Sentiment;
use alphatrader_model::view::OptionsView as OptionsKnown;

use crate::project::{Measured, SymbolTrails};
use crate::view::{
    AccountView, BarView, BookView, ExclusionView, FeaturesView, GatesView, HaltLevel, Instant, MarkView,
    MarketKind, ModeView, OrderView, ParametersView, PositionView, QuoteView, RiskView, RunState, StateView,
    StatusView, StreamsView, TapeView, TradingMode, VpinPoint,
};

/// Everything the page can show at one moment, apart from what is told as events
/// (signals, executions, alerts, commands).
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The system as a whole.
    pub status: StatusView,
    /// The account; absent until the broker has told it.
    pub account: Option<AccountView>,
    /// What holds trading back.
    pub risk: RiskView,
    /// Streams of market data.
    pub streams: StreamsView,
    /// Open positions.
    pub positions: Vec<PositionView>,
    /// Working orders.
    pub orders: Vec<OrderView>,
    /// By symbol.
    pub symbols: BTreeMap<String, SymbolPublished>,
    /// News of the market as a whole, once read.
    pub sentiment: Option<Arc<Sentiment>>,
    /// Found parameters beside their defaults.
    pub parameters: Arc<ParametersView>,
    /// Whether the system may be called ready by a probe, and if not, why.
    pub ready: Result<(), String>,
}

/// What is known of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolPublished {
    /// In one line.
    pub quote: QuoteView,
    /// Analytics.
    pub features: FeaturesView,
    /// Candles of the session, oldest first; at most [`SymbolPublished::BARS`].
    pub bars: Vec<BarView>,
    /// VPIN at completed buckets, oldest first; at most [`SymbolPublished::VPIN`].
    pub vpin: Vec<VpinPoint>,
    /// The book.
    pub book: BookView,
    /// Last trades.
    pub tape: TapeView,
    /// Why no signal, a row for each strategy.
    pub gates: Vec<GatesView>,
    /// Measured numbers.
    pub measured: Measured,
    /// What stands behind them.
    pub state: StateView,
    /// Sweeps and hidden orders, oldest first.
    pub marks: Vec<MarkView>,
    /// What the admission gate kept out.
    pub exclusions: Vec<ExclusionView>,
    /// How it went.
    pub trails: SymbolTrails,
    /// Its option chain and its news, once told; what is shown of them is made for who looks at it.
    pub options: Option<OptionsKnown>,
}

impl SymbolPublished {
    /// Exposures of its chain, once computed.
    pub fn chain(&self) -> Option<&ChainExposure> {
        self.options.as_ref()?.exposure.as_deref()
    }

    /// Score of its news, once read.
    pub fn sentiment(&self) -> Option<&Sentiment> {
        self.options.as_ref()?.sentiment.as_deref()
    }

    /// Most candles shown: a full day with extended hours.
    pub const BARS: usize = 960;
    /// Most VPIN points shown.
    pub const VPIN: usize = 500;
    /// Most trades shown.
    pub const TAPE: usize = 50;
    /// Most book rows shown on each side.
    pub const ROWS: usize = 10;
}

impl Published {
    /// What is shown until the engine has published for the first time.
    pub fn starting(at: Instant) -> Self {
        Self {
            status: StatusView {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                state: RunState::Starting,
                mode: ModeView {
                    trading: TradingMode::Paper,
                    market: MarketKind::Live,
                    label: None,
                    speed: Some(1.0),
                },
                at,
                session: None,
                symbols: Vec::new(),
                feeds: Vec::new(),
                ledger_commit_ms: None,
                reconciled_at: None,
                counters: Vec::new(),
            },
            account: None,
            risk: RiskView { level: HaltLevel::None, reason: None, refusals: Vec::new() },
            streams: StreamsView::default(),
            positions: Vec::new(),
            orders: Vec::new(),
            symbols: BTreeMap::new(),
            sentiment: None,
            parameters: Arc::default(),
            ready: Err("the system is starting".to_owned()),
        }
    }
}
