//! The address of a server, as people write it, and as it may be shown.

use redis::{ConnectionInfo, IntoConnectionInfo};

use super::super::HotError;

/// What the address means, and the address without user and password.
pub(super) fn parse(url: &str) -> Result<(ConnectionInfo, String), HotError> {
    let shown = without_secrets(url);
    let wrong = |reason: &str| HotError::Address { shown: shown.clone(), reason: reason.into() };
    if url.starts_with("rediss://") || url.starts_with("valkeys://") {
        return Err(wrong(
            "encrypted connections are not built in; put a tunnel (stunnel, ssh -L) in front of the server",
        ));
    }
    let known = ["redis://", "valkey://", "redis+unix://", "unix://"];
    if !known.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(wrong("an address begins with redis:// (or unix:// for a socket file)"));
    }
    let info = url.into_connection_info().map_err(|error| wrong(&error.to_string()))?;
    Ok((info, shown))
}

/// The address without what stands before its last `@` and after its `?`.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split('?').next().unwrap_or_default();
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    if scheme.is_empty() { place.to_string() } else { format!("{scheme}://{place}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_secrets() {
        for (url, shown) in [
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("redis://localhost/3", "redis://localhost/3"),
            ("redis://me:s3cr@t@cache.example:7000/1", "redis://cache.example:7000/1"),
            ("redis://:s3cret@cache.example", "redis://cache.example"),
            ("unix:///run/redis.sock", "unix:///run/redis.sock"),
            ("redis+unix:///run/redis.sock?pass=s3cret", "redis+unix:///run/redis.sock"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
        let (info, _) = parse("redis://me:s3cret@cache.example:7000/1").unwrap();
        assert_eq!((info.redis_settings().db(), info.redis_settings().password()), (1, Some("s3cret")));
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for (url, words) in [
            ("127.0.0.1:6379", "begins with redis://"),
            ("http://me:s3cret@host", "begins with redis://"),
            ("rediss://me:s3cret@host", "tunnel"),
            ("redis://host/not-a-number", "host/not-a-number"),
            ("redis://", "redis://"),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(words) && !error.contains("s3cret"), "{url}: {error}");
        }
    }
}
