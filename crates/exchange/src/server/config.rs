//! Where a gateway listens, for whom, how fast, within which bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use alphatrader_market::UniverseConfig;
use alphatrader_model::{Calendar, Money, Symbol, Timestamp};

use crate::desk::DeskConfig;
use crate::hub::Limits;
use crate::scenario::Scenario;
use crate::wire::frame::DEFAULT_MAX_REQUEST;
use crate::wire::handshake::PROTOBUF_VERSION;

/// What a gateway is told once.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where account, orders, executions and simulated time are kept; nothing is kept without one.
    pub state_file: Option<PathBuf>,
    /// Seed of the synthetic market, for an account that is opened now.
    pub seed: u64,
    /// The symbols of the synthetic market.
    pub symbols: Vec<Symbol>,
    /// How many times faster than the wall clock simulated time runs; above 0, at most 10 000.
    pub speed: f64,
    /// Simulated time at which an account that is opened now begins; outside a session, its next open.
    pub begin: Timestamp,
    /// Number of the account that is opened now. Paper accounts begin with `D`.
    pub account: String,
    /// Cash of the account that is opened now.
    pub opening_cash: Money,
    /// Latency, commissions, rates, bounds of the desk.
    pub desk: DeskConfig,
    /// Streams that all clients together may have, and how often they may ask; the scenario's own
    /// limits come first.
    pub limits: Limits,
    /// What the broker does that a client would rather not meet; nothing without one.
    pub scenario: Option<Scenario>,
    /// Clients at once; more are closed when they connect.
    pub max_connections: usize,
    /// Largest request in bytes.
    pub max_request: usize,
    /// Bytes that may wait for a client that does not read; then it is closed.
    pub max_outgoing: usize,
    /// How long a client may take to say who it is.
    pub handshake: Duration,
    /// The greatest protocol version that is offered; a lower one than the default makes every client
    /// speak an older dialect, for tests.
    pub server_version: i32,
}

impl GatewayConfig {
    /// The port of a paper gateway at the broker.
    pub const PORT: u16 = 4_002;

    /// First trading day of an account that names none: an ordinary Monday.
    pub fn first_open() -> Timestamp {
        Calendar::xnys().instant(jiff::civil::date(2026, 3, 16), 9, 30)
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, Self::PORT)),
            state_file: None,
            seed: 1,
            symbols: UniverseConfig::all(1).symbols,
            speed: 1.0,
            begin: Self::first_open(),
            account: "DU0000001".to_owned(),
            opening_cash: Money::from_dollars(100_000),
            desk: DeskConfig::default(),
            limits: Limits::default(),
            scenario: None,
            max_connections: 32,
            max_request: DEFAULT_MAX_REQUEST,
            max_outgoing: 16 << 20,
            handshake: Duration::from_secs(10),
            server_version: PROTOBUF_VERSION,
        }
    }
}
