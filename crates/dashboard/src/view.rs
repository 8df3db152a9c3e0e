//! What the outside sees: the shapes of the HTTP API and of the stream.
//!
//! They are deliberately not the model's own types: the core may change its insides, the interface may not.
//! Money and prices are [`Decimal`] text, quantities integers, instants RFC 3339 in UTC with microseconds.
//! What is not known is absent (`null`), never zero.

pub mod market;
pub mod measures;
pub mod options;
pub mod parameters;
pub mod scalar;
pub mod sentiment;
pub mod status;
pub mod streams;
pub mod trading;

pub use market::{
    Aggressor, BarView, BookLevelView, BookView, FeaturesView, QuoteView, TapeView, TradeView, VpinPoint,
    VpinView,
};
pub use measures::{
    DepthColumn, ExclusionView, MarkKind, MarkView, MeasureInfo, MeasureView, PointView, StateView,
};
pub use options::{
    BucketView, ChainSourceView, ExpectedMoveView, ExpiryView, LevelsView, MarksView, OptionsView, PinView,
    PutCallView, RowsView, SmileView, StrikeMapView, StrikeView, SumsView, UnusualView, ZeroView,
};
pub use parameters::{
    CorrelationView, ExcludedSessionView, FoundState, FoundStatus, PairView, ParameterView, ParametersView,
    RegimesView, SampleView, SymbolParametersView, VerdictView,
};
pub use scalar::{Decimal, Instant, statistic};
pub use sentiment::{HeadlineView, NewsView, SentimentView};
pub use status::{
    Counter, FeedState, FeedView, MarketKind, ModeView, RunState, SessionPhase, SessionView, StatusView,
    TradingMode,
};
pub use streams::{StreamStateView, StreamView, StreamsView};
pub use trading::{
    AccountView, AlertView, CommandState, CommandView, DirectionView, ExecutionView, GateState, GateView,
    GatesView, HaltLevel, OrderView, PositionView, RiskView, SideView, SignalStateView, SignalView, TermView,
};
