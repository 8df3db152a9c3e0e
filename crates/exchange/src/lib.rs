//! The paper gateway: a server that speaks the TWS wire protocol.

pub mod broker;
pub mod desk;
pub mod feed;
pub mod hub;
pub mod server;
pub mod session;
pub mod wire;
