//! The paper gateway: a server that speaks the TWS wire protocol.

pub mod broker;
pub mod desk;
pub mod feed;
pub mod wire;
