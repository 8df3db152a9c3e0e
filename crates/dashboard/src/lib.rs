//! HTTP API, WebSocket and the web page.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`server`] | [`Dashboard`]: listens on loopback, serves, stops; [`Publisher`]: the engine's end |
//! | [`published`] | [`Published`]: one moment of the whole system |
//! | [`project`] | from the model's read models to the views |
//! | [`trail`] | bounded rows over time, each encoded once |
//! | [`view`] | the shapes of the interface, separate from the model's own |
//! | [`api`] | HTTP under `/api/v1`, probes, the OpenAPI document |
//! | [`protocol`] | messages of the stream, subprotocol `at.v1` |
//! | [`channel`] | channels of the stream and what is in each |
//! | [`conflate`] | state channels: snapshots and shared deltas at 1, 2, 4 and 10 Hz |
//! | [`event_log`] | event channels: lossless, with resume |
//! | [`command`] | commands of a person, each taken once |
//! | [`limits`] | every bound in one place |
//! | [`problem`] | errors as problem+json |
//! | [`generated`] | TypeScript types, generated and committed |
//!
//! Inside: `hub` is where the engine's thread and the connections meet; `stream` is one connection; `guard`
//! decides who may ask; `listener` bounds connections; `layers` sets ids and security headers; `assets` serves the page that is embedded.
//!
//! The engine never waits for a client: [`Publisher::publish`] replaces one value, [`Publisher::event`] appends
//! to a bounded ring.

pub mod api;
mod assets;
pub mod channel;
pub mod command;
pub mod conflate;
mod epoch;
pub mod event_log;
pub mod generated;
mod guard;
mod hub;
mod layers;
pub mod limits;
mod listener;
pub mod problem;
pub mod project;
pub mod protocol;
pub mod published;
pub mod server;
mod stream;
pub mod trail;
pub mod view;

pub use command::{Command, CommandAction};
pub use hub::Event;
pub use limits::Limits;
pub use published::{Published, SymbolPublished};
pub use server::{BindError, Dashboard, Publisher};
