//! How a request reaches a server: over HTTP, or in the same process.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::body::Broken;
use crate::request::Request;

/// Most bytes of a body, unpacked: six times the largest chain seen.
pub const BODY_CAP: usize = 32 * 1024 * 1024;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; the server's own refusals have 200.
    pub status: u16,
    /// The body, unpacked.
    pub body: Bytes,
}

/// Carries one request at a time to a server.
pub trait Transport: Send + Sync + 'static {
    /// Asks, within `timeout` of wall time and [`BODY_CAP`] bytes.
    fn get(&self, request: &Request, timeout: Duration)
    -> impl Future<Output = Result<Reply, Broken>> + Send;
}
