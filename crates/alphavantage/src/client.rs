//! The thin client over HTTP.

use std::time::Duration;

use bytes::BytesMut;
use thiserror::Error;

use crate::body::Broken;
use crate::key::ApiKey;
use crate::request::Request;
use crate::settings::Settings;
use crate::transport::{BODY_CAP, Reply, Transport};

/// The system's cryptography could not be set up.
#[derive(Debug, Error)]
#[error("no HTTP client: {0}")]
pub struct ClientError(String);

/// A client with its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    key: ApiKey,
}

impl Client {
    /// A client for the endpoint of the settings. Connects when it is asked.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(settings: &Settings, key: ApiKey) -> Result<Self, ClientError> {
        // Whoever came first chose; ours is then not needed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("alphatrader/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(settings.in_flight)
            .gzip(true)
            // A redirect would carry the key to another host.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        if is_local(&settings.base_url) {
            builder = builder.no_proxy();
        }
        let http =
            builder.build().map_err(|error| ClientError(key.redact(&error.without_url().to_string())))?;
        Ok(Self { http, base_url: settings.base_url.clone(), key })
    }

    fn broken(&self, error: reqwest::Error) -> Broken {
        let broken = if error.is_timeout() { Broken::Timeout } else { Broken::Connection };
        // The address carries the key.
        let error = error.without_url();
        tracing::debug!(error = %self.key.redact(&format!("{error:?}")), "a request failed");
        broken
    }
}

fn is_local(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url);
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

impl Transport for Client {
    async fn get(&self, request: &Request, timeout: Duration) -> Result<Reply, Broken> {
        let address = request.address(&self.base_url, &self.key);
        let sent = self.http.get(address).timeout(timeout).send().await;
        let mut response = sent.map_err(|error| self.broken(error))?;
        let status = response.status().as_u16();
        let expected = response.content_length().unwrap_or(0);
        if expected > BODY_CAP as u64 {
            return Err(Broken::TooLarge);
        }
        let mut body = BytesMut::with_capacity(expected as usize);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > BODY_CAP => return Err(Broken::TooLarge),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(Reply { status, body: body.freeze() }),
                Err(error) if error.is_body() || error.is_decode() => {
                    let broken = self.broken(error);
                    return Err(if broken == Broken::Timeout { broken } else { Broken::Truncated });
                }
                Err(error) => return Err(self.broken(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        assert!(is_local("http://127.0.0.1:8080/query") && is_local("http://localhost/query"));
        assert!(!is_local("https://www.alphavantage.co/query"));
    }

    #[test]
    fn a_client_shows_no_key() {
        let settings = Settings::new(vec![alphatrader_model::Symbol::new("SPY").unwrap()]);
        let client = Client::new(&settings, ApiKey::new("TOPSECRET9").unwrap()).unwrap();
        assert!(!format!("{client:?}").contains("TOPSECRET9"));
    }
}
