//! Live edge to Alpha Vantage: asks for chains, news, quotes and rates within the budget of the key, and lets nothing
//! through that was not looked at.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`handle`](AlphaVantage) | [`AlphaVantage::start`], [`AlphaVantageHandle`]: the edge as the program sees it |
//! | `settings`, `key` | [`Settings`], [`ApiKey`]: what it is told; the key shows itself nowhere |
//! | `status` | [`Status`]: window, stretch, breakers, ages, decisions, rejections |
//! | [`scheduler`] | who asks what, and when: a pure state machine |
//! | [`collector`] | the edge without threads and sockets: requests out, answers in, inputs of the engine out |
//! | [`request`] | the functions of the endpoint with their parameters |
//! | [`body`] | what a body is: the server says its refusals with status 200 |
//! | [`answer`] | from bytes to what they say |
//! | [`options`] | chains: read in one pass, checked row by row |
//! | [`news`], [`sentiment`] | articles, and their score by symbol and for the market |
//! | [`quotes`], [`series`], [`earnings`], [`movers`], [`venues`] | the other functions |
//! | `spot` | [`Spot`]: the underlying's price by a better source, and where it was lately |
//! | [`number`] | the one reading of numbers |
//! | `transport`, `client`, `worker` | [`Transport`], [`Client`] over HTTP, and the thin shell around all of it |
//!
//! Everything but the client and the worker is without input and output: time and bytes go in.

pub mod answer;
pub mod body;
mod client;
pub mod collector;
mod day;
pub mod earnings;
mod handle;
mod key;
pub mod movers;
pub mod news;
pub mod number;
pub mod options;
pub mod quotes;
pub mod request;
pub mod scheduler;
pub mod sentiment;
pub mod series;
mod settings;
mod spot;
mod status;
mod transport;
pub mod venues;
mod worker;

pub use client::{Client, ClientError};
pub use handle::{AlphaVantage, AlphaVantageHandle, StartError};
pub use key::{ApiKey, KeyError};
pub use request::{Format, Function, Request};
pub use settings::{Cadence, Settings, SettingsError};
pub use spot::Spot;
pub use status::{Alarm, ChainStatus, RateStatus, Status};
pub use transport::{BODY_CAP, Reply, Transport};
