//! Gateways for tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use alphatrader_exchange::Limits;
use alphatrader_exchange::desk::DeskConfig;
use alphatrader_exchange::server::{Gateway, GatewayConfig, GatewayHandle};
use alphatrader_model::{Span, Symbol};

/// Names a gateway on a free port whose simulated time runs fast.
pub(crate) fn config(state: Option<&Path>) -> GatewayConfig {
    GatewayConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        state_file: state.map(Path::to_owned),
        seed: 7,
        symbols: vec![Symbol::new("SPY").expect("SPY is a symbol")],
        speed: 20.0,
        limits: Limits::default().without_rates(),
        desk: DeskConfig { order_latency: Span::from_millis(1), ..DeskConfig::default() },
        ..GatewayConfig::default()
    }
}

/// Starts it.
pub(crate) fn start(config: GatewayConfig) -> GatewayHandle {
    Gateway::start(config).expect("a gateway on a free port starts")
}
