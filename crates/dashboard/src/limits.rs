//! Every bound of the server in one place.

use std::time::Duration;

/// Bounds and deadlines. The defaults are those of the interface's documentation; tests use shorter deadlines.
#[derive(Debug, Clone)]
pub struct Limits {
    /// TCP connections in all; more wait in the operating system's queue.
    pub sockets: usize,
    /// WebSocket connections in all.
    pub connections: usize,
    /// Channels of one connection.
    pub channels: usize,
    /// Bytes of one inbound frame.
    pub inbound_bytes: usize,
    /// Inbound messages a second of one connection.
    pub inbound_per_second: u32,
    /// How long a connection may stay without saying hello.
    pub hello: Duration,
    /// How long a send may take before the client counts as stalled and is closed with 4008.
    pub send: Duration,
    /// Time between pings; two without an answer close the connection.
    pub ping: Duration,
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// How long a stop waits for clients to be told and requests to end.
    pub goodbye: Duration,
    /// Commands on their way to the core.
    pub commands: usize,
    /// Idempotency keys remembered; the oldest is forgotten first.
    pub idempotency_keys: usize,
    /// How long an idempotency key is remembered.
    pub idempotency: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sockets: 2_048,
            connections: 1_024,
            channels: 64,
            inbound_bytes: 16 * 1_024,
            inbound_per_second: 20,
            hello: Duration::from_secs(10),
            send: Duration::from_secs(5),
            ping: Duration::from_secs(15),
            body_bytes: 256 * 1_024,
            goodbye: Duration::from_secs(2),
            commands: 64,
            idempotency_keys: 4_096,
            idempotency: Duration::from_hours(24),
        }
    }
}
