//! The thin shell: sends what the scheduler says, reads what comes, tells the engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alphatrader_edge::PushError;
use alphatrader_model::{Input, Payload, Timestamp};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep_until;

use crate::answer::{Answer, LARGE};
use crate::body::{Broken, Class, Verdict};
use crate::handle::Shared;
use crate::scheduler::{Step, Ticket};
use crate::transport::Transport;

/// Longest wall time without a look at the clock: it may be set anew meanwhile.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the edge until it is told to stop, or nobody is left who could tell it.
pub(crate) async fn run<T: Transport>(
    shared: Arc<Shared>,
    transport: Arc<T>,
    mut stop: watch::Receiver<bool>,
) {
    // As many as the scheduler lets on their way.
    let mut tasks = JoinSet::new();
    loop {
        let step = {
            let now = shared.clock.now();
            shared.lock().next(now)
        };
        let until = match step {
            Step::Send(ticket) => {
                tasks.spawn(fetch(Arc::clone(&shared), Arc::clone(&transport), *ticket));
                continue;
            }
            Step::Wait(until) => until,
        };
        let deadline = shared.clock.deadline(until).min(Instant::now() + LOOK);
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                break;
            }
            _ = tasks.join_next(), if !tasks.is_empty() => {}
            () = shared.changed.notified() => {}
            () = sleep_until(deadline.into()) => {}
        }
    }
}

/// A ticket that is answered in any case: a task that ends early says so.
struct Flight {
    shared: Arc<Shared>,
    ticket: Ticket,
    landed: bool,
}

impl Flight {
    fn land(&mut self, bytes: usize, answer: Answer) -> Vec<Payload> {
        self.landed = true;
        let now = self.shared.clock.now();
        self.shared.lock().answered(now, &self.ticket, bytes, answer)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            let lost = Verdict::silent(Class::Transport(Broken::Connection));
            self.land(0, Answer::Verdict(lost));
        }
    }
}

async fn fetch<T: Transport>(shared: Arc<Shared>, transport: Arc<T>, ticket: Ticket) {
    let mut flight = Flight { shared: Arc::clone(&shared), ticket, landed: false };
    let reply = transport.get(&flight.ticket.request, flight.ticket.timeout).await;
    let received = shared.clock.now();
    let reading = shared.lock().reading(&flight.ticket.request, received);
    let bytes = reply.as_ref().map_or(0, |reply| reply.body.len());
    let answer = if bytes > LARGE {
        spawn_blocking(move || reading.read(reply.as_ref().map_err(|broken| *broken))).await
    } else {
        Ok(reading.read(reply.as_ref().map_err(|broken| *broken)))
    };
    // A reader that panicked has read nothing.
    let lost = || Answer::Verdict(Verdict::silent(Class::Transport(Broken::Truncated)));
    let payloads = flight.land(bytes, answer.unwrap_or_else(|_| lost()));
    tell(&shared, received, payloads);
}

fn tell(shared: &Shared, received: Timestamp, payloads: Vec<Payload>) {
    for payload in payloads {
        let input = Input { ts_event: received, ts_recv: received, payload };
        match shared.inbox.push(input) {
            Ok(()) | Err(PushError::Closed { .. }) => {}
            Err(error) => tracing::error!(%error, "the engine's queue refused what Alpha Vantage said"),
        }
    }
}
