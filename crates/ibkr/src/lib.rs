//! Live edge to TWS and IB Gateway.

mod config;
mod context;
mod market;
mod pacer;
mod registry;
mod status;
mod translate;
mod words;
