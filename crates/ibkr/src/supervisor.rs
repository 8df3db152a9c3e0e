//! Begins a session, and the next when it is lost, until told to stop.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use alphatrader_edge::Backoff;
use alphatrader_model::Effect;
use ibapi::RateLimiter;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::config::ClockSource;
use crate::connect::{ConnectError, connect};
use crate::context::Context;
use crate::desk::{End, Memory, drop_without_session};
use crate::session;
use crate::status::Link;

/// A session that lasted this long ends the series of failures: the next wait is short again.
const LASTING: Duration = Duration::from_secs(10);
/// How often, in wall time, the date of the session is looked at.
const DATE: Duration = Duration::from_millis(200);

/// Runs the edge until told to stop, or until nobody is left who could tell it something.
pub(crate) async fn supervise(
    context: Arc<Context>,
    mut effects: mpsc::Receiver<Effect>,
    mut stop: watch::Receiver<bool>,
) {
    let limiter = RateLimiter::per_second(context.config.messages_per_second);
    let mut backoff = Backoff::new(context.config.retry);
    let mut memory = Memory::default();
    // Ends with this task.
    let mut calendar = JoinSet::new();
    if context.config.clock == ClockSource::Own {
        // Here and not only in the task: the session precedes everything else.
        context.announce_session();
        calendar.spawn(announce_sessions(Arc::clone(&context)));
    }
    loop {
        let attempt = connect(&context, &limiter);
        let Some(attempt) = meanwhile(&context, &mut effects, &mut stop, attempt).await else { break };
        match attempt {
            Ok(connected) => {
                if calendar.is_empty() {
                    context.announce_session();
                    calendar.spawn(announce_sessions(Arc::clone(&context)));
                }
                let begun = Instant::now();
                let session = session::run(&context, connected, &mut memory, &mut effects, &mut stop);
                let end = Box::pin(session).await;
                let End::Lost(reason) = end else { break };
                tracing::error!(%reason, "the session was lost");
                context.board.error(&reason);
                context.board.link(
                    Link::Connecting,
                    context.clock.now(),
                    format!("{reason}; connecting again"),
                );
                if begun.elapsed() >= LASTING {
                    backoff.reset();
                }
            }
            Err(error) => no_session(&context, &error),
        }
        let Some(wait) = backoff.next() else {
            context.notice("connecting was tried too often: restart this program");
            break;
        };
        if meanwhile(&context, &mut effects, &mut stop, sleep(wait)).await.is_none() {
            break;
        }
    }
    context.board.link(Link::Stopped, context.clock.now(), "stopped".to_owned());
}

fn no_session(context: &Context, error: &ConnectError) {
    tracing::warn!(%error, "no session");
    let text = error.to_string();
    context.board.error(&text);
    let link = match error {
        ConnectError::NoSession(_) => Link::Connecting,
        ConnectError::Live { .. } | ConnectError::OtherAccount { .. } => Link::Refused,
    };
    context.board.link(link, context.clock.now(), text);
}

/// Waits for something while there is no session. Nothing when we are to stop.
async fn meanwhile<T>(
    context: &Context,
    effects: &mut mpsc::Receiver<Effect>,
    stop: &mut watch::Receiver<bool>,
    what: impl Future<Output = T>,
) -> Option<T> {
    tokio::pin!(what);
    loop {
        tokio::select! {
            done = &mut what => return Some(done),
            _ = stop.wait_for(|stop| *stop) => return None,
            effect = effects.recv() => drop_without_session(context, &effect?),
        }
    }
}

/// Announces the session of each new date.
async fn announce_sessions(context: Arc<Context>) {
    let mut look = interval(DATE);
    loop {
        look.tick().await;
        context.announce_session();
    }
}
