//! The channels of the stream: their names, and how each is cut out of [`Published`].
//!
//! A *keyed* channel is a map from key to JSON value and travels as snapshot and deltas; a *picture* is one
//! value that always travels whole; an *event* channel is lossless and lives in [`crate::event_log`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::project::{options, sentiment};
use crate::published::{Published, SymbolPublished};
use crate::view::MarkView;

/// Rows or fields by key, each as JSON text.
pub type Keyed = BTreeMap<String, Box<RawValue>>;

/// A channel that carries state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateChannel {
    /// Fields of the status.
    Status,
    /// Fields of the account; empty until it is known.
    Account,
    /// Fields of the risk state.
    Risk,
    /// Positions by id.
    Positions,
    /// Working orders by id.
    Orders,
    /// One line for each symbol, by symbol.
    Quotes,
    /// Found parameters beside their defaults, whole.
    Parameters,
    /// Fields of a symbol's features.
    Features(String),
    /// Candles by start.
    Bars(String),
    /// VPIN points by bucket.
    Vpin(String),
    /// Gates by strategy.
    Gates(String),
    /// The book, whole.
    Book(String),
    /// The tape, whole.
    Tape(String),
    /// Measured numbers by their key.
    Measures(String),
    /// Fields of what stands behind them.
    State(String),
    /// Sweeps and hidden orders by kind and start.
    Marks(String),
    /// What the admission gate kept out, by reason.
    Exclusions(String),
    /// The book over ten minutes, by second.
    Depth(String),
    /// Order flow over an hour, by instant.
    Flow(String),
    /// Volatility, regime and VPIN's distribution over a session, by instant.
    Volatility(String),
    /// Fields of what its option chain says; empty without a chain.
    Options(String),
    /// Levels of its option chain, whole.
    Levels(String),
    /// Its news beside the market's, whole.
    Sentiment(String),
}

/// A channel that carries events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventChannel {
    /// Signals at each change of their state.
    Signals,
    /// Fills, again when their commission is known.
    Executions,
    /// What a person should see.
    Alerts,
    /// Commands and what became of them.
    Commands,
}

/// Any channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// State.
    State(StateChannel),
    /// Events.
    Event(EventChannel),
}

/// What a state channel holds at one moment.
#[derive(Debug, Clone)]
pub enum Content {
    /// Rows or fields by key.
    Keyed(Keyed),
    /// One value.
    Picture(Box<RawValue>),
}

impl EventChannel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Signals, Self::Executions, Self::Alerts, Self::Commands];

    /// Its name on the stream.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signals => "signals",
            Self::Executions => "executions",
            Self::Alerts => "alerts",
            Self::Commands => "commands",
        }
    }
}

impl fmt::Display for StateChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Account => f.write_str("account"),
            Self::Risk => f.write_str("risk"),
            Self::Positions => f.write_str("positions"),
            Self::Orders => f.write_str("orders"),
            Self::Quotes => f.write_str("quotes"),
            Self::Parameters => f.write_str("parameters"),
            Self::Features(symbol) => write!(f, "features:{symbol}"),
            Self::Bars(symbol) => write!(f, "bars:{symbol}"),
            Self::Vpin(symbol) => write!(f, "vpin:{symbol}"),
            Self::Gates(symbol) => write!(f, "gates:{symbol}"),
            Self::Book(symbol) => write!(f, "book:{symbol}"),
            Self::Tape(symbol) => write!(f, "tape:{symbol}"),
            Self::Measures(symbol) => write!(f, "measures:{symbol}"),
            Self::State(symbol) => write!(f, "state:{symbol}"),
            Self::Marks(symbol) => write!(f, "marks:{symbol}"),
            Self::Exclusions(symbol) => write!(f, "exclusions:{symbol}"),
            Self::Depth(symbol) => write!(f, "depth:{symbol}"),
            Self::Flow(symbol) => write!(f, "flow:{symbol}"),
            Self::Volatility(symbol) => write!(f, "volatility:{symbol}"),
            Self::Options(symbol) => write!(f, "options:{symbol}"),
            Self::Levels(symbol) => write!(f, "levels:{symbol}"),
            Self::Sentiment(symbol) => write!(f, "sentiment:{symbol}"),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => state.fmt(f),
            Self::Event(event) => f.write_str(event.name()),
        }
    }
}

/// Not the name of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownChannel;

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        if let Some(event) = EventChannel::ALL.into_iter().find(|c| c.name() == text) {
            return Ok(Self::Event(event));
        }
        let plain = match text {
            "status" => Some(StateChannel::Status),
            "account" => Some(StateChannel::Account),
            "risk" => Some(StateChannel::Risk),
            "positions" => Some(StateChannel::Positions),
            "orders" => Some(StateChannel::Orders),
            "quotes" => Some(StateChannel::Quotes),
            "parameters" => Some(StateChannel::Parameters),
            _ => None,
        };
        if let Some(state) = plain {
            return Ok(Self::State(state));
        }
        let (kind, symbol) = text.split_once(':').ok_or(UnknownChannel)?;
        let symbol = alphatrader_model::Symbol::new(symbol).map_err(|_| UnknownChannel)?.to_string();
        Ok(Self::State(match kind {
            "features" => StateChannel::Features(symbol),
            "bars" => StateChannel::Bars(symbol),
            "vpin" => StateChannel::Vpin(symbol),
            "gates" => StateChannel::Gates(symbol),
            "book" => StateChannel::Book(symbol),
            "tape" => StateChannel::Tape(symbol),
            "measures" => StateChannel::Measures(symbol),
            "state" => StateChannel::State(symbol),
            "marks" => StateChannel::Marks(symbol),
            "exclusions" => StateChannel::Exclusions(symbol),
            "depth" => StateChannel::Depth(symbol),
            "flow" => StateChannel::Flow(symbol),
            "volatility" => StateChannel::Volatility(symbol),
            "options" => StateChannel::Options(symbol),
            "levels" => StateChannel::Levels(symbol),
            "sentiment" => StateChannel::Sentiment(symbol),
            _ => return Err(UnknownChannel),
        }))
    }
}

impl StateChannel {
    /// What this channel holds in `published`. A symbol that isn't followed has an empty channel.
    pub fn content(&self, published: &Published) -> Content {
        let symbol = |name: &String| published.symbols.get(name);
        match self {
            Self::Status => Content::Keyed(fields(&published.status)),
            Self::Account => Content::Keyed(published.account.as_ref().map(fields).unwrap_or_default()),
            Self::Risk => Content::Keyed(fields(&published.risk)),
            Self::Positions => Content::Keyed(rows(&published.positions, |p| p.id.clone())),
            Self::Orders => Content::Keyed(rows(&published.orders, |o| o.id.clone())),
            Self::Quotes => {
                Content::Keyed(rows(published.symbols.values().map(|s| &s.quote), |q| q.symbol.clone()))
            }
            Self::Parameters => Content::Picture(raw(published.parameters.as_ref())),
            Self::Features(name) => {
                Content::Keyed(symbol(name).map(|s| fields(&s.features)).unwrap_or_default())
            }
            Self::Bars(name) => Content::Keyed(
                symbol(name).map(|s| rows(&s.bars, |b| b.start.to_string())).unwrap_or_default(),
            ),
            Self::Vpin(name) => Content::Keyed(
                symbol(name).map(|s| rows(&s.vpin, |v| v.bucket.to_string())).unwrap_or_default(),
            ),
            Self::Gates(name) => Content::Keyed(
                symbol(name).map(|s| rows(&s.gates, |g| g.strategy.clone())).unwrap_or_default(),
            ),
            Self::Book(name) => Content::Picture(raw(&symbol(name).map(|s| &s.book))),
            Self::Tape(name) => Content::Picture(raw(&symbol(name).map(|s| &s.tape))),
            Self::Measures(name) => Content::Keyed(
                symbol(name)
                    .map(|s| s.measured.rows().map(|(key, view)| (key, raw(&view))).collect())
                    .unwrap_or_default(),
            ),
            Self::State(name) => Content::Keyed(symbol(name).map(|s| fields(&s.state)).unwrap_or_default()),
            Self::Marks(name) => {
                Content::Keyed(symbol(name).map(|s| rows(&s.marks, mark_key)).unwrap_or_default())
            }
            Self::Exclusions(name) => Content::Keyed(
                symbol(name)
                    .map(|s| rows(&s.exclusions, |e| format!("{} {}", e.of, e.reason)))
                    .unwrap_or_default(),
            ),
            Self::Depth(name) => {
                Content::Keyed(symbol(name).map(|s| s.trails.depth.keyed()).unwrap_or_default())
            }
            Self::Flow(name) => {
                Content::Keyed(symbol(name).map(|s| s.trails.flow.keyed()).unwrap_or_default())
            }
            Self::Volatility(name) => {
                Content::Keyed(symbol(name).map(|s| s.trails.volatility.keyed()).unwrap_or_default())
            }
            Self::Options(name) => {
                let known = symbol(name).and_then(|s| s.options.as_ref());
                Content::Keyed(known.and_then(options::options).as_ref().map(fields).unwrap_or_default())
            }
            Self::Levels(name) => {
                let chain = symbol(name).and_then(SymbolPublished::chain);
                Content::Picture(raw(&chain.and_then(options::levels)))
            }
            Self::Sentiment(name) => {
                let own = symbol(name).and_then(SymbolPublished::sentiment);
                Content::Picture(raw(&sentiment::sentiment(own, published.sentiment.as_deref())))
            }
        }
    }
}

/// What does not change while a mark grows.
fn mark_key(mark: &MarkView) -> String {
    format!("{} {:?} {:?} {}", mark.start, mark.kind, mark.side, mark.price)
}

/// The JSON text of a view.
fn raw<T: Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("views have string keys and no fallible parts")
}

/// The fields of a record as keys.
fn fields<T: Serialize>(record: &T) -> Keyed {
    let text = raw(record);
    serde_json::from_str(text.get()).expect("a record is written as an object")
}

/// Rows by key.
fn rows<'a, T: Serialize + 'a>(items: impl IntoIterator<Item = &'a T>, key: impl Fn(&T) -> String) -> Keyed {
    items.into_iter().map(|item| (key(item), raw(item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Instant;

    #[test]
    fn names_read_back() {
        let names = [
            "status",
            "account",
            "risk",
            "positions",
            "orders",
            "quotes",
            "parameters",
            "features:SPY",
            "bars:SPY",
            "vpin:SPY",
            "gates:BRK.B",
            "book:SPY",
            "tape:SPY",
            "measures:SPY",
            "state:SPY",
            "marks:SPY",
            "exclusions:SPY",
            "depth:SPY",
            "flow:SPY",
            "volatility:SPY",
            "options:SPY",
            "levels:SPY",
            "sentiment:SPY",
            "signals",
            "executions",
            "alerts",
            "commands",
        ];
        for name in names {
            assert_eq!(name.parse::<Channel>().unwrap().to_string(), name);
        }
        for name in ["", "prices", "book", "book:", "book:spy", "gex:SPY", "book:SPY:1", "signals:SPY"] {
            assert_eq!(name.parse::<Channel>(), Err(UnknownChannel), "{name}");
        }
    }

    #[test]
    fn a_record_becomes_its_fields() {
        let published = Published::starting(Instant::from_micros(0));
        let Content::Keyed(status) = StateChannel::Status.content(&published) else { panic!("keyed") };
        assert_eq!(status["state"].get(), r#""starting""#);
        let Content::Keyed(account) = StateChannel::Account.content(&published) else { panic!("keyed") };
        assert!(account.is_empty());
        let Content::Picture(book) = StateChannel::Book("SPY".into()).content(&published) else {
            panic!("picture")
        };
        assert_eq!(book.get(), "null");
    }
}
