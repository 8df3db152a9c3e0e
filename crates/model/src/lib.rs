//! The vocabulary of AlphaTrader: what everything else speaks.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`number`] | [`Price`], [`Money`], [`Quantity`], [`SignedQuantity`]: integers with units, checked |
//! | [`time`] | [`Timestamp`] and [`Span`]: nanoseconds, UTC |
//! | [`calendar`] | exchange sessions: holidays, half days, New York time |
//! | [`instrument`] | [`Symbol`], [`Contract`], OCC option symbols, [`Instrument`] |
//! | [`market`] | what a feed says: quotes, trades, bars, depth, chain rows, gaps |
//! | [`chain`] | an option chain at one instant, as one source tells it |
//! | [`exposure`] | what a chain says when its contracts are summed |
//! | [`sentiment`] | what the news says of a symbol |
//! | [`condition`] | sale conditions of a print: what each means, and which gate drops it |
//! | [`broker`] | what a broker says: statuses, executions, commissions, positions |
//! | [`order`] | orders, their roles and states, fills |
//! | [`position`] | positions and the account |
//! | [`signal`] | signals with their terms |
//! | [`settings`] | everything a person can set, validated |
//! | [`discovered`] | [`Discovered`]: parameters found in the recorded market, and how sure they are |
//! | [`event`] | [`Event`]: all of the above in one order |
//! | [`output`] | [`Outputs`]: records for the ledger and effects for the world |
//! | [`metric`] | [`Metric`]: a measured number that says how sure it is |
//! | [`features`] | [`Features`]: what the analytics know of one symbol |
//! | [`view`] | [`view::MarketView`] and [`view::TradingView`]: the read models |
//! | [`id`] | time-ordered identifiers made from event time and sequence |
//!
//! The crate is pure: no clock, no I/O, no randomness. Numbers are integers where money is meant
//! and `f64` where statistics are meant; what is not known is absent, never zero.

#[macro_use]
mod text;

pub mod broker;
pub mod calendar;
pub mod chain;
pub mod condition;
pub mod discovered;
pub mod event;
pub mod exposure;
pub mod features;
pub mod id;
pub mod instrument;
pub mod market;
pub mod metric;
pub mod number;
pub mod order;
pub mod output;
pub mod position;
pub mod sentiment;
pub mod settings;
pub mod signal;
pub mod time;
pub mod view;

pub use broker::BrokerEvent;
pub use calendar::{Calendar, Session};
pub use chain::{ChainEntry, ChainSnapshot};
pub use discovered::Discovered;
pub use event::{Event, Input, Payload, Seq};
pub use exposure::ChainExposure;
pub use features::Features;
pub use id::{OrderRef, SignalId};
pub use instrument::{Contract, Instrument, InstrumentId, OptionContract, Right, Symbol};
pub use market::{Bar, Depth, DepthOperation, Quote, Side, Trade, Venue};
pub use metric::{Metric, Quality};
pub use number::{Money, Price, Quantity, SignedQuantity};
pub use order::{Fill, Order, OrderId, OrderKind, OrderRequest, OrderState, Role, TimeInForce};
pub use output::{Action, Effect, EffectId, Outputs, Record};
pub use position::{Account, Position};
pub use sentiment::Sentiment;
pub use settings::Settings;
pub use signal::{Direction, Signal, SignalState, Strategy};
pub use time::{Span, Timestamp};
