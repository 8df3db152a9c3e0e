//! Begins a session: connection, account, clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alphatrader_model::Timestamp;
use ibapi::subscriptions::NoticeStream;
use ibapi::{Client, Error, RateLimiter};
use thiserror::Error as ThisError;
use tokio::time::{sleep, timeout};

use crate::config::ClockSource;
use crate::context::Context;
use crate::words;

/// Messages of one stream that may wait for us before the oldest is lost and a gap is told.
const CHANNEL: usize = 2_048;

/// Questions for the gateway's time, and the wall time between them: a fifth of a second tells the
/// speed to within a hundredth, and the clock takes the whole number next to it.
const SAMPLES: usize = 7;
const BETWEEN_SAMPLES: Duration = Duration::from_millis(35);

/// A session that has begun.
pub(crate) struct Connected {
    pub(crate) client: Arc<Client>,
    pub(crate) notices: NoticeStream,
    pub(crate) account: String,
}

/// Why no session began.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub(crate) enum ConnectError {
    /// Nobody there, or nobody who lets us in.
    #[error("{0}")]
    NoSession(String),
    /// The gateway's account may not be traded.
    #[error(
        "{account} is a live account, and live trading is not allowed here: log in to a paper account \
         (its name begins with D), or allow live trading in the configuration"
    )]
    Live {
        /// The account.
        account: String,
    },
    /// The account that is to be traded is not among the gateway's.
    #[error("the gateway has {found}, not account {wanted}: log in to it, or change the configuration")]
    OtherAccount {
        /// Which is to be traded.
        wanted: String,
        /// Which there are.
        found: String,
    },
}

/// Connects, chooses the account and, where told so, learns the gateway's clock.
pub(crate) async fn connect(context: &Context, limiter: &RateLimiter) -> Result<Connected, ConnectError> {
    let config = &context.config;
    let deadline = config.request_deadline;
    let builder = Client::builder()
        .address(format!("{}:{}", config.host, config.port))
        .client_id(config.client_id)
        // A session that is lost is ours to begin anew, with everything that belongs to it.
        .max_reconnect_attempts(0)
        .channel_capacity(CHANNEL)
        .rate_limiter(limiter.clone())
        .one_shot_timeout(deadline.max(config.heartbeat));
    let (client, notices) = match timeout(deadline, builder.connect_with_notice_stream()).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            return Err(ConnectError::NoSession(words::connection(&error, &config.host, config.port)));
        }
        Err(_) => {
            return Err(ConnectError::NoSession(format!(
                "{}:{} takes the connection but does not answer: is it TWS or IB Gateway, and is it logged in?",
                config.host, config.port
            )));
        }
    };
    let account =
        account(client.handshake_managed_accounts(), config.account.as_deref(), config.allows_live)?;
    if config.clock == ClockSource::Learn {
        learn(context, &client).await?;
    }
    context.board.session(&account, client.server_version());
    Ok(Connected { client: Arc::new(client), notices, account })
}

/// The account to trade.
fn account(found: &[String], wanted: Option<&str>, allows_live: bool) -> Result<String, ConnectError> {
    let account = match wanted {
        Some(wanted) => found.iter().find(|account| *account == wanted),
        None => found.first(),
    };
    let Some(account) = account else {
        return Err(ConnectError::OtherAccount {
            wanted: wanted.unwrap_or("to trade").to_owned(),
            found: if found.is_empty() { "no account".to_owned() } else { found.join(", ") },
        });
    };
    if !allows_live && !is_paper(account) {
        return Err(ConnectError::Live { account: account.clone() });
    }
    Ok(account.clone())
}

/// Paper accounts begin with `D` (`DU1234567`).
pub(crate) fn is_paper(account: &str) -> bool {
    account.starts_with('D')
}

/// Asks for the gateway's time: our instant in the middle of question and answer, its time, and how
/// long the answer took.
pub(crate) async fn gateway_time(client: &Client) -> Result<(Instant, Timestamp, Duration), Error> {
    let asked = Instant::now();
    let time = client.server_time_millis().await?;
    let took = asked.elapsed();
    let millis = time.unix_timestamp_nanos() / 1_000_000;
    Ok((asked + took / 2, Timestamp::from_millis(millis as i64), took))
}

/// Sets our clock by the gateway's.
pub(crate) async fn learn(context: &Context, client: &Client) -> Result<(), ConnectError> {
    let refused = |reason: String| {
        ConnectError::NoSession(format!("the clock of the simulated market cannot be read: {reason}"))
    };
    let mut samples = VecDeque::with_capacity(SAMPLES);
    while samples.len() < SAMPLES {
        let answer = timeout(context.config.request_deadline, gateway_time(client)).await;
        match answer {
            Ok(Ok((instant, time, took))) => {
                context.board.latency(took);
                samples.push_back((instant, time));
            }
            Ok(Err(error)) => return Err(refused(words::stream(&error))),
            Err(_) => return Err(refused("no answer in time".to_owned())),
        }
        sleep(BETWEEN_SAMPLES).await;
    }
    context.clock.relearn(samples.make_contiguous()).map_err(|error| refused(error.to_string()))?;
    tracing::info!(now = %context.clock.now(), speed = context.clock.speed(), "clock set by the gateway's");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_live_account_is_refused_unless_allowed() {
        let found = owned(&["U1234567"]);
        let refused = account(&found, None, false).unwrap_err();
        assert_eq!(refused, ConnectError::Live { account: "U1234567".to_owned() });
        assert!(refused.to_string().contains("paper account"), "{refused}");
        assert_eq!(account(&found, None, true).as_deref(), Ok("U1234567"));
        assert_eq!(account(&owned(&["DU7", "U1"]), None, false).as_deref(), Ok("DU7"));
        assert!(account(&owned(&["DU7", "U1"]), Some("U1"), false).is_err());
    }

    #[test]
    fn an_account_that_is_not_there_is_named() {
        let refused = account(&owned(&["DU7", "DU8"]), Some("DU9"), false).unwrap_err();
        assert!(refused.to_string().contains("DU7, DU8, not account DU9"), "{refused}");
        assert!(account(&[], None, true).is_err());
    }
}
