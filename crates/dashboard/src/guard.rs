//! Who may ask: loopback only, under our own name, and for commands from our own page.
//!
//! There is no login yet, so the server listens on loopback and nowhere else. What is left to fear are other
//! pages in the same browser: DNS rebinding (checked by `Host`), cross-site requests (checked by
//! `Sec-Fetch-Site`, `Origin` and a header that a form can't send), and streams that they open (`Origin`).

use std::net::SocketAddr;

use axum::http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

/// The names under which this server may be asked.
#[derive(Debug, Clone)]
pub(crate) struct OwnNames {
    hosts: Vec<String>,
}

impl OwnNames {
    /// Names of a loopback address.
    pub(crate) fn of(addr: SocketAddr) -> Self {
        let port = addr.port();
        let mut hosts: Vec<String> =
            ["127.0.0.1", "localhost", "[::1]"].iter().map(|host| format!("{host}:{port}")).collect();
        hosts.push(addr.to_string());
        if port == 80 {
            hosts.extend(["127.0.0.1", "localhost", "[::1]"].map(str::to_owned));
        }
        Self { hosts }
    }

    /// Refuses a request that was sent to another name: a page that rebinds its own name to our address.
    pub(crate) fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))) {
            return Ok(());
        }
        let own = &self.hosts[0];
        let detail = format!("this server answers to its loopback names only; ask http://{own}/");
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", detail))
    }

    /// Whether `Origin` is our own page.
    fn is_own_origin(&self, origin: &str) -> bool {
        origin
            .strip_prefix("http://")
            .is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }

    /// Refuses a WebSocket that another page opens. Programs send no `Origin` and are let through.
    pub(crate) fn check_upgrade(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match headers.get(header::ORIGIN) {
            None => Ok(()),
            Some(origin) if origin.to_str().is_ok_and(|origin| self.is_own_origin(origin)) => Ok(()),
            Some(_) => Err(cross_site("a page of another site may not open the stream")),
        }
    }

    /// Refuses a command that didn't come from our own page, or from a program that says so.
    pub(crate) fn check_command(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if headers.get("x-at").is_none_or(|value| value.as_bytes() != b"1") {
            return Err(cross_site("send the header `X-AT: 1`"));
        }
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        match (text("sec-fetch-site"), text("origin")) {
            (Some("same-origin"), None) => Ok(()),
            (Some("same-origin") | None, Some(origin)) if self.is_own_origin(origin) => Ok(()),
            (Some(_), _) => Err(cross_site("the request came from a page of another site")),
            (None, Some(_)) => Err(cross_site("`Origin` names another site")),
            (None, None) => {
                let own = &self.hosts[0];
                Err(cross_site(&format!("send `Origin: http://{own}` if you are a program, not a page")))
            }
        }
    }
}

fn cross_site(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "cross_site", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn own() -> OwnNames {
        OwnNames::of("127.0.0.1:8000".parse().unwrap())
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for host in ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"] {
            assert!(own().check_host(&headers(&[("host", host)])).is_ok(), "{host}");
        }
        for host in ["evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "localhost.evil.example:8000", ""] {
            assert!(own().check_host(&headers(&[("host", host)])).is_err(), "{host}");
        }
        assert!(own().check_host(&HeaderMap::new()).is_err());
    }

    #[test]
    fn commands_come_from_our_own_page() {
        let good: &[&[(&str, &str)]] = &[
            &[("x-at", "1"), ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:8000")],
            &[("x-at", "1"), ("sec-fetch-site", "same-origin")],
            &[("x-at", "1"), ("origin", "http://127.0.0.1:8000")],
        ];
        for pairs in good {
            assert!(own().check_command(&headers(pairs)).is_ok(), "{pairs:?}");
        }
        let bad: &[&[(&str, &str)]] = &[
            &[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8000")],
            &[("x-at", "0"), ("origin", "http://127.0.0.1:8000")],
            &[("x-at", "1")],
            &[("x-at", "1"), ("origin", "null")],
            &[("x-at", "1"), ("origin", "https://127.0.0.1:8000")],
            &[("x-at", "1"), ("origin", "http://evil.example")],
            &[("x-at", "1"), ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8000")],
            &[("x-at", "1"), ("sec-fetch-site", "same-site")],
            &[("x-at", "1"), ("sec-fetch-site", "none")],
            &[("x-at", "1"), ("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
        ];
        for pairs in bad {
            assert!(own().check_command(&headers(pairs)).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn streams_are_not_opened_by_other_pages() {
        assert!(own().check_upgrade(&HeaderMap::new()).is_ok());
        assert!(own().check_upgrade(&headers(&[("origin", "http://localhost:8000")])).is_ok());
        assert!(own().check_upgrade(&headers(&[("origin", "http://evil.example")])).is_err());
    }
}
