//! The first exchange: which version and dialect a connection speaks.
//!
//! A client sends `API\0`, then one frame of text `v<min>..<max>` (a single `v<n>` is taken too),
//! optionally followed by a space and connect options. The answer is one frame of two texts, each
//! ended by NUL: the version, and the time with an IANA zone name.

use thiserror::Error;

use super::frame::write_frame;

/// What every client sends before anything else.
pub const PREFIX: &[u8; 4] = b"API\0";

/// The version at which every message is protobuf in both directions, and the least that the
/// Rust client accepts. Nothing above it is promised, so clients refuse later features locally.
pub const PROTOBUF_VERSION: i32 = 213;

/// The versions of the classic text dialect that are spoken: from the last of the broker's Python
/// client 9.81 to the last that its community clients know. Clients that could speak the mixed
/// versions above it, which switch to protobuf message by message, are given the greatest of these.
pub const TEXT_VERSIONS: std::ops::RangeInclusive<i32> = 157..=178;

/// How messages are written after the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A binary message id and a protobuf payload, in every frame.
    Protobuf,
    /// Texts ended by NUL, the message id first.
    Text,
}

/// The range of versions a client offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The least version it can speak.
    pub least: i32,
    /// The greatest version it can speak.
    pub greatest: i32,
    /// Connect options after the range, such as `+PACEAPI`; empty when absent.
    pub options: String,
}

/// What a connection agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The version in force.
    pub version: i32,
    /// The dialect in force.
    pub dialect: Dialect,
}

/// Why a connection is closed before it began.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The stream does not begin with `API\0`.
    #[error("the peer does not speak the API: its first bytes are not `API` and a zero byte")]
    NotTheApi,
    /// The version frame can't be read.
    #[error("the version range `{0}` can't be read; `v<min>..<max>` was expected")]
    BadRange(String),
    /// The client's versions and the gateway's do not meet.
    #[error(
        "the client speaks versions {least} to {greatest}; this gateway speaks {from} to {to} and, up to what it offers, {PROTOBUF_VERSION}, and offers {offered}: use another client, or offer another version",
        from = TEXT_VERSIONS.start(), to = TEXT_VERSIONS.end()
    )]
    NoCommonVersion {
        /// The least version of the client.
        least: i32,
        /// The greatest version of the client.
        greatest: i32,
        /// The greatest version the gateway offers.
        offered: i32,
    },
}

/// Reads the body of the version frame.
///
/// # Errors
/// [`Refusal::BadRange`].
pub fn parse_offer(body: &[u8]) -> Result<Offer, Refusal> {
    let bad = || {
        Refusal::BadRange(body.iter().take(40).map(|b| char::from(*b).escape_default().to_string()).collect())
    };
    let text = std::str::from_utf8(body).map_err(|_| bad())?.trim_end_matches('\0');
    let (range, options) = text.split_once(' ').unwrap_or((text, ""));
    let range = range.strip_prefix('v').ok_or_else(bad)?;
    let (least, greatest) = range.split_once("..").unwrap_or((range, range));
    let least: i32 = least.parse().map_err(|_| bad())?;
    let greatest: i32 = greatest.parse().map_err(|_| bad())?;
    if least < 0 || least > greatest {
        return Err(bad());
    }
    Ok(Offer { least, greatest, options: options.to_owned() })
}

/// Chooses version and dialect: the protobuf level for clients that reach it, else the greatest text
/// version both sides speak. `offered` is the most that the gateway offers.
///
/// # Errors
/// [`Refusal::NoCommonVersion`].
pub fn negotiate(offer: &Offer, offered: i32) -> Result<Agreement, Refusal> {
    let greatest = offer.greatest.min(offered);
    let agreement = if greatest >= PROTOBUF_VERSION {
        Agreement { version: PROTOBUF_VERSION, dialect: Dialect::Protobuf }
    } else {
        Agreement { version: greatest.min(*TEXT_VERSIONS.end()), dialect: Dialect::Text }
    };
    if agreement.version < *TEXT_VERSIONS.start() || agreement.version < offer.least {
        return Err(Refusal::NoCommonVersion { least: offer.least, greatest: offer.greatest, offered });
    }
    Ok(agreement)
}

/// Appends the gateway's answer; `time` is `YYYYMMDD HH:MM:SS <IANA zone>`.
pub fn write_answer(out: &mut Vec<u8>, version: i32, time: &str) {
    write_frame(out, |body| {
        body.extend_from_slice(version.to_string().as_bytes());
        body.push(0);
        body.extend_from_slice(time.as_bytes());
        body.push(0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(offer: &[u8], offered: i32) -> Option<(i32, Dialect)> {
        let agreement = negotiate(&parse_offer(offer).unwrap(), offered).ok()?;
        Some((agreement.version, agreement.dialect))
    }

    #[test]
    fn offers_of_the_known_clients() {
        let most = PROTOBUF_VERSION;
        assert_eq!(agreed(b"v213..226", most), Some((213, Dialect::Protobuf)));
        assert_eq!(agreed(b"v100..225 +PACEAPI", most), Some((213, Dialect::Protobuf)));
        assert_eq!(parse_offer(b"v100..225 +PACEAPI").unwrap().options, "+PACEAPI");
        assert_eq!(agreed(b"v157..178", most), Some((178, Dialect::Text)));
        assert_eq!(agreed(b"v100..157", most), Some((157, Dialect::Text)));
        assert_eq!(agreed(b"v157", most), Some((157, Dialect::Text)));
        assert_eq!(agreed(b"v213", most), Some((213, Dialect::Protobuf)));
    }

    #[test]
    fn mixed_versions_are_never_agreed_on() {
        for greatest in 179..PROTOBUF_VERSION {
            let offer = format!("v100..{greatest}");
            assert_eq!(agreed(offer.as_bytes(), PROTOBUF_VERSION), Some((178, Dialect::Text)));
        }
        assert_eq!(agreed(b"v190..212", PROTOBUF_VERSION), None);
    }

    #[test]
    fn who_is_too_old_or_too_new_is_refused() {
        assert_eq!(agreed(b"v100..156", PROTOBUF_VERSION), None);
        assert_eq!(agreed(b"v300..310", PROTOBUF_VERSION), None);
    }

    #[test]
    fn a_pinned_version_binds_every_client() {
        assert_eq!(agreed(b"v100..225", 163), Some((163, Dialect::Text)));
        assert_eq!(agreed(b"v100..225", 200), Some((178, Dialect::Text)));
        assert_eq!(agreed(b"v213..226", 178), None);
        assert_eq!(agreed(b"v157..178", 156), None);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in
            [&b"213..226"[..], b"v", b"v..", b"v5..4", b"vx..9", b"\xFF\xFE", b"v-3..4", b"v99999999999"]
        {
            assert!(matches!(parse_offer(bad), Err(Refusal::BadRange(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_answer_is_two_texts() {
        let mut out = Vec::new();
        write_answer(&mut out, 213, "20261120 09:31:02 America/New_York");
        assert_eq!(&out[..4], &[0, 0, 0, 39]);
        assert_eq!(&out[4..], b"213\x0020261120 09:31:02 America/New_York\0");
    }
}
