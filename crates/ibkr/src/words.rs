//! The broker's codes in words a trader understands: what is the matter and what helps.

use std::io::ErrorKind;

use ibapi::{Error, Notice};

/// What a code means for whoever trades, where the broker's own words do not say it.
pub(crate) fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        100 => "too many messages a second: the broker may close the connection",
        101 => "all market data lines of the account are in use: close quotes in TWS or follow fewer symbols",
        103 => "this order number was used before: another program trades with the same client id",
        110 => "the price is not on the contract's smallest step",
        200 => "the broker knows no such contract",
        201 => "the broker refused the order",
        309 => "no more order books can be followed at once: the account's limit is reached",
        317 => "the broker reset the order book; it is rebuilt",
        322 => "the broker could not process the request: too many account summaries are open",
        326 => "another program is connected with this client id: close it, or give it another id",
        354 | 10_168 => {
            "no market data subscription for this contract: subscribe in the broker's account management"
        }
        1100 => "TWS has lost its connection to the broker; orders and data stand still until it is back",
        1101 => "TWS is connected to the broker again; all data is subscribed anew",
        1102 => "TWS is connected to the broker again; data goes on",
        1300 => "TWS changes its port and closes this connection",
        2103 | 2105 | 2157 => "a data centre of the broker does not answer; TWS reconnects by itself",
        2110 => "the connection between TWS and the broker is broken; it restores itself",
        10_089..=10_091 => "part of the market data is not subscribed for the API",
        10_147 => "the broker does not know the order",
        10_167 => "only delayed data for this contract: it is not used for signals",
        10_190 => "no more trade streams can be followed at once: the account's limit is reached",
        10_197 => "no market data while the same user is logged in elsewhere: log out there",
        _ => return None,
    })
}

/// A notice in words, with the broker's own.
pub(crate) fn notice(notice: &Notice) -> String {
    match meaning(notice.code) {
        Some(meaning) => format!("{meaning} (code {}: {})", notice.code, shortened(&notice.message)),
        None => format!("code {}: {}", notice.code, shortened(&notice.message)),
    }
}

/// Why there is no connection.
pub(crate) fn connection(error: &Error, host: &str, port: u16) -> String {
    let place = format!("{host}:{port}");
    match error {
        Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => format!(
            "nothing listens on {place}: is TWS or IB Gateway running with API enabled? \
             (Configure, API, Settings: \"Enable ActiveX and Socket Clients\", socket port {port})"
        ),
        Error::Io(io) => format!("no connection to {place}: {io}"),
        Error::ClientIdInUse { client_id } => format!(
            "another program is connected to {place} with client id {client_id}: close it; after a \
             restart the id comes free within a minute"
        ),
        Error::ConnectionRejected(_) => format!(
            "{place} closed the connection at once: allow this machine in TWS (API, Settings, \"Trusted IPs\") \
             or confirm the question that TWS asks"
        ),
        Error::ServerVersion(..) => {
            format!("TWS or IB Gateway on {place} is too old for this program: update it to 10.40 or later")
        }
        other => format!("no session on {place}: {other}"),
    }
}

/// Why a stream ended.
pub(crate) fn stream(error: &Error) -> String {
    match error {
        Error::Notice(said) => notice(said),
        other => shortened(&other.to_string()),
    }
}

/// Whether the connection is gone, so that only a new session helps.
pub(crate) const fn is_session_over(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionReset
            | Error::ConnectionFailed
            | Error::Shutdown
            | Error::InvalidFrame(_)
            | Error::Io(_)
    )
}

/// The broker's words end up in events and logs: at most 300 characters of them.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_listening_says_where_and_what_to_do() {
        let refused = Error::Io(ErrorKind::ConnectionRefused.into());
        let text = connection(&refused, "127.0.0.1", 7497);
        assert!(
            text.starts_with("nothing listens on 127.0.0.1:7497: is TWS or IB Gateway running"),
            "{text}"
        );
    }

    #[test]
    fn a_notice_keeps_the_brokers_words_and_adds_ours() {
        let said = Notice {
            request_id: Some(1),
            code: 10_197,
            message: "No market data during competing live session".to_owned(),
            error_time: None,
            advanced_order_reject_json: String::new(),
        };
        let text = notice(&said);
        assert!(text.contains("logged in elsewhere") && text.contains("competing live session"), "{text}");
        let text = notice(&Notice { code: 9_999, message: "x".repeat(1_000), ..said });
        assert!(text.len() < 400 && text.starts_with("code 9999: xxx"), "{text}");
    }
}
