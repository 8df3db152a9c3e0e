//! The names of the hot state and how long each lives.
//!
//! People and other programs rely on them: a name is changed by adding a new one.

use core::fmt;
use std::time::Duration;

use alphatrader_model::{OrderId, SignalId, Symbol};

/// A name of the hot state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// Order book.
    Book(Symbol),
    /// Last prints, one array.
    Trades(Symbol),
    /// Last bars, one array.
    Bars(Symbol),
    /// Last price.
    Last(Symbol),
    /// Last price, quote, session figures.
    Ticker(Symbol),
    /// Spread.
    Spread(Symbol),
    /// Book imbalance.
    Imbalance(Symbol),
    /// The newest sweep.
    Sweep(Symbol),
    /// The running minute against those before it.
    UnusualVolume(Symbol),
    /// When the symbol last changed.
    Timestamp(Symbol),
    /// Option chain of an underlying.
    Chain(Symbol),
    /// Implied volatilities and sensitivities of the chain.
    Greeks(Symbol),
    /// Exposures of the chain, with its levels.
    Exposure(Symbol),
    /// Contracts that trade more than is open.
    Unusual(Symbol),
    /// Score of the news of a symbol.
    Sentiment(Symbol),
    /// Score of the news of the market as a whole.
    MarketSentiment,
    /// VPIN.
    Vpin(Symbol),
    /// Order flow of quotes and trades.
    Ofi(Symbol),
    /// Hidden and iceberg orders.
    Hidden(Symbol),
    /// Volatility.
    Volatility(Symbol),
    /// Volatility regime.
    Regime(Symbol),
    /// All features.
    Features(Symbol),
    /// The newest signal.
    SignalsLatest,
    /// A signal.
    Signal(SignalId),
    /// Every change of every signal, capped.
    SignalsStream,
    /// Orders that may still fill.
    OrdersOpen,
    /// An order.
    Order(OrderId),
    /// Last executions of the day.
    ExecutionsRecent,
    /// An execution, by the broker's identifier.
    Execution(&'a str),
    /// What is held.
    PositionsOpen,
    /// A position, by the signal that opened it.
    Position(SignalId),
    /// The account.
    AccountSummary,
    /// Limits and how much of them is used.
    RiskState,
    /// How far new risk is allowed, and why.
    RiskHalt,
    /// Whether a session with the broker exists.
    IbkrConnected,
    /// The account number.
    IbkrAccount,
    /// Parameters found in the recorded market, or why there are none.
    DiscoveredParameters,
    /// Correlation of the symbols, found there too.
    DiscoveredCorrelation,
    /// A module lives.
    Heartbeat(&'a str),
    /// Figures and health of a module.
    ModuleMetrics(&'a str),
    /// Last errors of a module, capped list.
    ModuleErrors(&'a str),
}

/// Values that `signals:stream` keeps.
pub const SIGNALS_STREAM: usize = 1_000;
/// Values that `monitoring:{module}:errors` keeps.
pub const MODULE_ERRORS: usize = 100;

impl Key<'_> {
    /// Wall time after which it is gone when nobody renews it; absent for what stays.
    pub const fn expiry(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Book(_) | Self::Trades(_) => 1,
            Self::Bars(_)
            | Self::Last(_)
            | Self::Ticker(_)
            | Self::Spread(_)
            | Self::Imbalance(_)
            | Self::Sweep(_)
            | Self::UnusualVolume(_)
            | Self::Timestamp(_)
            | Self::Chain(_)
            | Self::Greeks(_)
            | Self::Vpin(_)
            | Self::Ofi(_)
            | Self::Hidden(_)
            | Self::Volatility(_)
            | Self::Regime(_)
            | Self::Features(_) => 10,
            Self::Heartbeat(_) => 15,
            Self::Exposure(_) | Self::Unusual(_) => 60,
            Self::Sentiment(_) | Self::MarketSentiment => 300,
            Self::Signal(_) => 24 * 3_600,
            Self::SignalsLatest
            | Self::SignalsStream
            | Self::OrdersOpen
            | Self::Order(_)
            | Self::ExecutionsRecent
            | Self::Execution(_)
            | Self::PositionsOpen
            | Self::Position(_)
            | Self::AccountSummary
            | Self::RiskState
            | Self::RiskHalt
            | Self::IbkrConnected
            | Self::IbkrAccount
            | Self::DiscoveredParameters
            | Self::DiscoveredCorrelation
            | Self::ModuleMetrics(_)
            | Self::ModuleErrors(_) => return None,
        };
        Some(Duration::from_secs(seconds))
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Book(symbol) => write!(f, "market:{symbol}:book"),
            Self::Trades(symbol) => write!(f, "market:{symbol}:trades"),
            Self::Bars(symbol) => write!(f, "market:{symbol}:bars"),
            Self::Last(symbol) => write!(f, "market:{symbol}:last"),
            Self::Ticker(symbol) => write!(f, "market:{symbol}:ticker"),
            Self::Spread(symbol) => write!(f, "market:{symbol}:spread"),
            Self::Imbalance(symbol) => write!(f, "market:{symbol}:imbalance"),
            Self::Sweep(symbol) => write!(f, "market:{symbol}:sweep"),
            Self::UnusualVolume(symbol) => write!(f, "market:{symbol}:unusual_volume"),
            Self::Timestamp(symbol) => write!(f, "market:{symbol}:timestamp"),
            Self::Chain(symbol) => write!(f, "options:{symbol}:chain"),
            Self::Greeks(symbol) => write!(f, "options:{symbol}:greeks"),
            Self::Exposure(symbol) => write!(f, "options:{symbol}:exposure"),
            Self::Unusual(symbol) => write!(f, "options:{symbol}:unusual"),
            Self::Sentiment(symbol) => write!(f, "sentiment:{symbol}"),
            Self::MarketSentiment => f.write_str("sentiment:market"),
            Self::Vpin(symbol) => write!(f, "metrics:{symbol}:vpin"),
            Self::Ofi(symbol) => write!(f, "metrics:{symbol}:ofi"),
            Self::Hidden(symbol) => write!(f, "metrics:{symbol}:hidden"),
            Self::Volatility(symbol) => write!(f, "metrics:{symbol}:volatility"),
            Self::Regime(symbol) => write!(f, "metrics:{symbol}:regime"),
            Self::Features(symbol) => write!(f, "metrics:{symbol}:features"),
            Self::SignalsLatest => f.write_str("signals:latest"),
            Self::Signal(id) => write!(f, "signals:{id}"),
            Self::SignalsStream => f.write_str("signals:stream"),
            Self::OrdersOpen => f.write_str("orders:open"),
            Self::Order(id) => write!(f, "orders:{id}"),
            Self::ExecutionsRecent => f.write_str("executions:recent"),
            Self::Execution(id) => write!(f, "executions:{id}"),
            Self::PositionsOpen => f.write_str("positions:open"),
            Self::Position(id) => write!(f, "positions:{id}"),
            Self::AccountSummary => f.write_str("account:summary"),
            Self::RiskState => f.write_str("risk:state"),
            Self::RiskHalt => f.write_str("risk:halt"),
            Self::IbkrConnected => f.write_str("ibkr:connected"),
            Self::IbkrAccount => f.write_str("ibkr:account"),
            Self::DiscoveredParameters => f.write_str("discovered:parameters"),
            Self::DiscoveredCorrelation => f.write_str("discovered:correlation"),
            Self::Heartbeat(module) => write!(f, "module:heartbeat:{module}"),
            Self::ModuleMetrics(module) => write!(f, "monitoring:{module}:metrics"),
            Self::ModuleErrors(module) => write!(f, "monitoring:{module}:errors"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Seq, Timestamp};

    #[test]
    fn names_and_expiries_are_kept_to_the_letter() {
        let spy = Symbol::new("SPY").unwrap();
        let id = SignalId::new(Timestamp::from_millis(1_469_918_176_385), Seq(0), 0);
        let table = [
            (Key::Book(spy), "market:SPY:book", Some(1)),
            (Key::Trades(spy), "market:SPY:trades", Some(1)),
            (Key::Bars(spy), "market:SPY:bars", Some(10)),
            (Key::Last(spy), "market:SPY:last", Some(10)),
            (Key::Ticker(spy), "market:SPY:ticker", Some(10)),
            (Key::Spread(spy), "market:SPY:spread", Some(10)),
            (Key::Imbalance(spy), "market:SPY:imbalance", Some(10)),
            (Key::Sweep(spy), "market:SPY:sweep", Some(10)),
            (Key::UnusualVolume(spy), "market:SPY:unusual_volume", Some(10)),
            (Key::Timestamp(spy), "market:SPY:timestamp", Some(10)),
            (Key::Chain(spy), "options:SPY:chain", Some(10)),
            (Key::Greeks(spy), "options:SPY:greeks", Some(10)),
            (Key::Exposure(spy), "options:SPY:exposure", Some(60)),
            (Key::Unusual(spy), "options:SPY:unusual", Some(60)),
            (Key::Sentiment(spy), "sentiment:SPY", Some(300)),
            (Key::MarketSentiment, "sentiment:market", Some(300)),
            (Key::Vpin(spy), "metrics:SPY:vpin", Some(10)),
            (Key::Ofi(spy), "metrics:SPY:ofi", Some(10)),
            (Key::Hidden(spy), "metrics:SPY:hidden", Some(10)),
            (Key::Volatility(spy), "metrics:SPY:volatility", Some(10)),
            (Key::Regime(spy), "metrics:SPY:regime", Some(10)),
            (Key::Features(spy), "metrics:SPY:features", Some(10)),
            (Key::SignalsLatest, "signals:latest", None),
            (Key::Signal(id), "signals:01ARYZ6S410000000000000000", Some(86_400)),
            (Key::SignalsStream, "signals:stream", None),
            (Key::OrdersOpen, "orders:open", None),
            (Key::Order(OrderId(7)), "orders:7", None),
            (Key::ExecutionsRecent, "executions:recent", None),
            (Key::Execution("0000e0d5.1.01"), "executions:0000e0d5.1.01", None),
            (Key::PositionsOpen, "positions:open", None),
            (Key::Position(id), "positions:01ARYZ6S410000000000000000", None),
            (Key::AccountSummary, "account:summary", None),
            (Key::RiskState, "risk:state", None),
            (Key::RiskHalt, "risk:halt", None),
            (Key::IbkrConnected, "ibkr:connected", None),
            (Key::IbkrAccount, "ibkr:account", None),
            (Key::DiscoveredParameters, "discovered:parameters", None),
            (Key::DiscoveredCorrelation, "discovered:correlation", None),
            (Key::Heartbeat("ibkr_ingestion"), "module:heartbeat:ibkr_ingestion", Some(15)),
            (Key::ModuleMetrics("ibkr"), "monitoring:ibkr:metrics", None),
            (Key::ModuleErrors("ibkr"), "monitoring:ibkr:errors", None),
        ];
        for (key, name, seconds) in table {
            assert_eq!(key.to_string(), name);
            assert_eq!(key.expiry(), seconds.map(Duration::from_secs), "{name}");
        }
    }
}
