//! Finds connections that are dead without a word, and clocks that run apart.

use std::sync::Arc;
use std::time::Duration;

use ibapi::{Client, Error};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::config::ClockSource;
use crate::connect::{gateway_time, learn};
use crate::context::Context;
use crate::words;

/// A gateway whose clock is learned is asked at least this often: it skips nights.
const LEARNED: Duration = Duration::from_secs(1);

/// A learned clock that is this far, in wall time, from the gateway's is learned anew: the gateway's
/// was set or paused. Far above what an answer takes on the way.
const APART: Duration = Duration::from_millis(750);

/// Asks for the gateway's time again and again. Ends with the session; a question without an answer
/// is told as trouble.
pub(crate) async fn watch(context: Arc<Context>, client: Arc<Client>, trouble: mpsc::Sender<String>) {
    let learns = context.config.clock == ClockSource::Learn;
    let every = if learns { context.config.heartbeat.min(LEARNED) } else { context.config.heartbeat };
    let patience = context.config.heartbeat;
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let reason = match timeout(patience, gateway_time(&client)).await {
            Ok(Ok((instant, time, took))) => {
                context.board.latency(took);
                let apart = time.since(context.clock.at(instant)).as_seconds().abs() / context.clock.speed();
                if !learns || apart < APART.as_secs_f64() {
                    continue;
                }
                tracing::warn!(apart, "the gateway's clock was set: it is learned anew");
                match learn(&context, &client).await {
                    Ok(()) => continue,
                    Err(error) => error.to_string(),
                }
            }
            // Somebody is there and said something.
            Ok(Err(Error::Notice(_))) => continue,
            Ok(Err(error)) if words::is_session_over(&error) => return,
            Ok(Err(Error::Timeout)) | Err(_) => {
                format!("TWS or IB Gateway did not answer for {} s", patience.as_secs_f64())
            }
            Ok(Err(error)) => format!("TWS or IB Gateway does not tell its time: {error}"),
        };
        // Fails only when the session has ended already.
        let _ = trouble.send(reason).await;
        return;
    }
}
