//! A market to trade on, and a broker to trade with.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`matching`] | price-time matching of our orders against a market that others made |
//! | [`fees`] | what an execution costs |
//! | [`account`] | a paper account: cash, positions, buying power, settlement |
//! | [`broker`] | [`SimulatedBroker`]: the three above with latencies, speaking the model's broker language |
//! | [`synthetic`] | a synthetic market: thirteen symbols, books, chains, news, halts, seeded |
//! | [`world`] | worlds in which it is known what there is to find, for tests of what searches for it |
//! | [`chain`] | a synthetic option chain laid over any underlying |
//! | [`day`] | how volume and movement spread over a day |
//! | [`random`] | the one generator of chance, seeded |
//!
//! The crate is pure: time comes with events, chance from a seed. Prices made here are marked
//! `synthetic` wherever an instrument is announced.

pub mod account;
pub mod broker;
pub mod chain;
pub mod day;
pub mod fees;
pub mod matching;
pub mod random;
pub mod synthetic;
pub mod world;

pub use account::PaperAccount;
pub use broker::{BrokerConfig, Latency, SimulatedBroker};
pub use chain::{ChainConfig, ChainOverlay};
pub use fees::Fees;
pub use matching::{Exchange, NewOrder, OrderKey, Report, ReportKind};
pub use synthetic::universe::{Universe, UniverseConfig};
pub use synthetic::{SyntheticConfig, SyntheticMarket};
