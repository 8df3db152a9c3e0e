//! The paper side of the system.
//!
//! The *paper gateway* is a server that speaks the TWS wire protocol, so that clients made for the
//! broker's gateway connect to it unchanged. It keeps an account of its own and works orders on a
//! simulated market.
//!
//! ```text
//!  bytes ─► wire ─► hub ─► session ─► desk ─► market (matching engine, synthetic market)
//!  bytes ◄─ wire ◄─ hub ◄─ session ◄─ desk        │
//!                    │                 └─ broker ◄┘  account, orders, executions
//!                    └─ facts ─► state file, before anything that follows from them is said
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`wire`] | frames, handshake, messages, dialects: bytes to requests, replies to bytes |
//! | [`session`] | one client: what it subscribed to, what it is told |
//! | [`desk`] | orders meet the matching engine and the account |
//! | [`broker`] | the account's books and the state file |
//! | [`feed`] | contracts, their latest data, where the market comes from |
//! | [`hub`] | all of these as one state machine without I/O and without a clock |
//! | [`scenario`] | what the broker does that a client would rather not meet, as files |
//! | [`server`] | [`Gateway`]: sockets, threads, the simulated clock |
//! | [`vantage`] | [`AlphaVantage`]: a local Alpha Vantage that tells of the same market |

pub mod broker;
pub mod desk;
pub mod feed;
pub mod hub;
pub mod scenario;
pub mod server;
pub mod session;
pub mod vantage;
pub mod wire;

pub use hub::Limits;
pub use scenario::Scenario;
pub use server::{Gateway, GatewayConfig, GatewayError, GatewayHandle};
pub use vantage::{AlphaVantage, AlphaVantageConfig, AlphaVantageError, AlphaVantageHandle};
