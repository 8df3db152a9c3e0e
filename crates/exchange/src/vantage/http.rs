//! As much of HTTP/1.1 as one endpoint needs: heads to requests, responses to bytes. No I/O.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use thiserror::Error;

use super::{Delivery, Response};

/// Longest head of a request, bytes.
pub const MOST_HEAD: usize = 16 << 10;
/// Bodies below this size are not packed.
const WORTH_PACKING: usize = 1_024;

/// Why a head was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeadError {
    /// More than [`MOST_HEAD`] bytes.
    #[error("the request's head has more than {MOST_HEAD} bytes")]
    TooLong,
    /// Not HTTP.
    #[error("this is not a request of HTTP/1.1")]
    Unreadable,
}

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `GET`, ...
    pub method: String,
    /// The path.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The client takes gzip.
    pub takes_gzip: bool,
    /// The connection stays.
    pub keep_alive: bool,
    /// Bytes of body that follow.
    pub body: usize,
}

/// Reads the head that the bytes begin with, and how long it is; nothing while it is not complete.
///
/// # Errors
/// [`HeadError`].
pub fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, HeadError> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > MOST_HEAD { Err(HeadError::TooLong) } else { Ok(None) };
    };
    if end > MOST_HEAD {
        return Err(HeadError::TooLong);
    }
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| HeadError::Unreadable)?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version)) = (first.next(), first.next(), first.next()) else {
        return Err(HeadError::Unreadable);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(HeadError::Unreadable);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut head = Head {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        takes_gzip: false,
        keep_alive: version == "HTTP/1.1",
        body: 0,
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return Err(HeadError::Unreadable) };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "accept-encoding" => head.takes_gzip = value.to_ascii_lowercase().contains("gzip"),
            "connection" if value.eq_ignore_ascii_case("close") => head.keep_alive = false,
            "connection" if value.eq_ignore_ascii_case("keep-alive") => head.keep_alive = true,
            "content-length" => head.body = value.parse().map_err(|_| HeadError::Unreadable)?,
            _ => {}
        }
    }
    Ok(Some((head, end + 4)))
}

/// The bytes of a response, as far as they leave.
pub fn bytes(response: &Response, head: &Head) -> Vec<u8> {
    let plain = response.body.as_bytes();
    let packed = (head.takes_gzip && plain.len() >= WORTH_PACKING).then(|| pack(plain));
    let body = packed.as_deref().unwrap_or(plain);
    let reason = match response.status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Other",
    };
    let mut out =
        format!("HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\n", response.status, response.content_type);
    let _ = write!(out, "Content-Length: {}\r\nVary: Accept-Encoding\r\n", body.len());
    if packed.is_some() {
        out.push_str("Content-Encoding: gzip\r\n");
    }
    let stays = head.keep_alive && response.delivery == Delivery::Whole;
    out.push_str(if stays { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" });
    let mut out = out.into_bytes();
    match response.delivery {
        Delivery::Whole => out.extend_from_slice(body),
        Delivery::Truncated => out.extend_from_slice(&body[..body.len() / 2]),
        Delivery::Reset => out.clear(),
    }
    out
}

fn pack(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("writing into memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASKED: &[u8] =
        b"GET /query?function=X&symbol=SPY HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\n\r\nrest";

    #[test]
    fn a_head_is_read_when_it_is_complete() {
        assert_eq!(head(&ASKED[..40]), Ok(None));
        let (read, length) = head(ASKED).unwrap().unwrap();
        assert_eq!((read.path.as_str(), read.query.as_str()), ("/query", "function=X&symbol=SPY"));
        assert!(read.takes_gzip && read.keep_alive);
        assert_eq!(&ASKED[length..], b"rest");
        assert_eq!(head(&vec![b'x'; MOST_HEAD + 1]), Err(HeadError::TooLong));
        assert_eq!(head(b"nonsense\r\n\r\n"), Err(HeadError::Unreadable));
    }

    #[test]
    fn a_truncated_body_is_shorter_than_its_head_says() {
        let (read, _) = head(ASKED).unwrap().unwrap();
        let mut response = Response::new(200, Response::JSON, "x".repeat(200));
        response.delivery = Delivery::Truncated;
        let text = String::from_utf8(bytes(&response, &read)).unwrap();
        assert!(text.contains("Content-Length: 200") && text.ends_with(&"x".repeat(100)));
        response.delivery = Delivery::Reset;
        assert!(bytes(&response, &read).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = head(&noise);
            let mut ended = noise;
            ended.extend_from_slice(b"\r\n\r\n");
            let _ = head(&ended);
        }
    }
}
