//! Live edge to TWS and IB Gateway, over the `ibapi` crate, which nobody outside sees.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `handle` | [`Ibkr::start`], [`IbkrHandle`]: the edge as the rest of the program sees it |
//! | `config` | [`IbkrConfig`]: what it is told to do |
//! | `registry` | [`Registry`]: numbers of contracts, announced before their first data |
//! | `status` | [`Status`]: connection, streams, counts |
//! | `meter` | [`StreamStatus`]: one stream's state, rate, lag, gaps, restarts |
//! | `supervisor`, `connect`, `session`, `heartbeat` | sessions: begun, watched, lost, begun again |
//! | `desk` | orders, executions, positions, account; the broker's picture after each connect |
//! | `market` | quotes, prints, books, options around the spot; each stream opened again after a loss |
//! | `translate` | between the broker's words and ours, pure |
//! | `words` | the broker's codes in words a trader understands |
//! | `plan` | [`Plan`]: how market data lines, books and trade streams are shared out |
//! | `rota` | whose book is followed now, where fewer are allowed than wanted |
//! | `pacer` | keeps subscriptions from crowding out orders, and within the broker's budgets |
//!
//! A session is one connection. When it is lost, everything of it is dropped; the next one opens all
//! streams anew and takes the broker's picture before the engine may trade: that is the same road at
//! the first start, after a cable was pulled and after the nightly restart of TWS.

mod config;
mod connect;
mod context;
mod desk;
mod handle;
mod heartbeat;
mod market;
mod meter;
mod pacer;
mod plan;
mod registry;
mod rota;
mod session;
mod status;
mod supervisor;
mod translate;
mod words;

pub use config::{ClockSource, ConfigError, IbkrConfig};
pub use handle::{Ibkr, IbkrHandle, PerformError};
pub use meter::{StreamState, StreamStatus};
pub use plan::{BookPlan, Feed, Plan, SymbolPlan};
pub use registry::{Registry, RegistryError, Terms};
pub use status::{Counts, Link, Status};
