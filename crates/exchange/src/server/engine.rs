//! The thread that owns the hub: takes what clients ask, lets the market move, keeps, answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_model::Span;
use tokio::sync::{mpsc, watch};

use super::connection::Message;
use super::metrics::{GatewayMetrics, add, count};
use super::outbox::{End, Outbox};
use crate::broker::journal::StateError;
use crate::hub::{ConnectionId, Hub, Output};
use crate::wire::handshake::write_answer;
use crate::wire::{Agreement, Codec};

/// Messages taken before the market moves again.
const BATCH: usize = 256;

/// Wall time for which the market may move before messages are looked at, when it is behind.
const STRETCH: Duration = Duration::from_millis(10);

/// The market moves in steps of this simulated time when it is behind.
const STEP: Span = Span::from_millis(50);

/// Wall time that is marked as told at once; a killed gateway goes on at most this much later.
const AHEAD: Duration = Duration::from_secs(2);

/// How a gateway ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It runs.
    No,
    /// Answer, keep, flush, close.
    InOrder,
    /// Nothing more.
    AtOnce,
}

struct Client {
    codec: Codec,
    version: i32,
    outbox: Arc<Outbox>,
}

/// Waits; not at all when nothing is left to wait for, where the runtime's timer would take a millisecond.
async fn pause(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// See the module's text.
pub(super) struct Engine {
    hub: Hub,
    clock: Clock,
    speed: f64,
    queue: mpsc::Receiver<Message>,
    stop: watch::Receiver<Stop>,
    clients: BTreeMap<ConnectionId, Client>,
    /// Sockets that are kept dead.
    held: BTreeMap<ConnectionId, Arc<Outbox>>,
    /// Whether new connections are to be refused.
    shut: watch::Sender<bool>,
    started: Instant,
    metrics: Arc<GatewayMetrics>,
}

impl Engine {
    pub(super) fn new(
        hub: Hub,
        clock: Clock,
        speed: f64,
        queue: mpsc::Receiver<Message>,
        stop: watch::Receiver<Stop>,
        shut: watch::Sender<bool>,
        metrics: Arc<GatewayMetrics>,
    ) -> Self {
        let (clients, held) = (BTreeMap::new(), BTreeMap::new());
        Self { hub, clock, speed, queue, stop, clients, held, shut, started: Instant::now(), metrics }
    }

    /// Runs until it is stopped or can't keep what it is to say.
    pub(super) async fn run(mut self) -> Result<(), StateError> {
        let outcome = self.work().await;
        let how =
            if outcome.is_ok() && *self.stop.borrow() == Stop::InOrder { End::Flushed } else { End::Dropped };
        for client in self.clients.values() {
            client.outbox.end(how);
        }
        for outbox in self.held.values() {
            outbox.end(End::Dropped);
        }
        outcome
    }

    async fn work(&mut self) -> Result<(), StateError> {
        let mut messages = Vec::with_capacity(BATCH);
        loop {
            let due = self.hub.next_due();
            let turn = self.hub.next_wall().map(|wall| since(wall).saturating_sub(self.started.elapsed()));
            let wait = self.clock.wall_until(due);
            let pause = pause(turn.map_or(wait, |turn| turn.min(wait)));
            tokio::select! {
                biased;
                changed = self.stop.changed() => {
                    // A handle that is gone without a word counts as an orderly end.
                    if changed.is_err() || *self.stop.borrow() == Stop::InOrder {
                        return self.end_in_order();
                    }
                    return Ok(());
                }
                taken = self.queue.recv_many(&mut messages, BATCH) => {
                    if taken == 0 {
                        return self.end_in_order();
                    }
                }
                () = pause => {}
            }
            self.move_market();
            self.hub.set_wall(Span::from_nanos(nanos(self.started.elapsed())));
            for message in messages.drain(..) {
                self.take(message);
            }
            self.keep_and_say()?;
        }
    }

    fn end_in_order(&mut self) -> Result<(), StateError> {
        self.hub.release_clock();
        self.keep_and_say()
    }

    /// Lets the market move to the clock; when it is far behind, for a stretch.
    fn move_market(&mut self) {
        let begin = Instant::now();
        loop {
            let now = self.clock.now();
            let step = now.min(self.hub.now() + STEP);
            if let Some(morning) = self.hub.run_to(step) {
                self.set_clock(morning);
                return;
            }
            if step == now {
                return;
            }
            if begin.elapsed() > STRETCH {
                // The machine does not keep up with the speed asked for: time goes as the market does.
                if self.clock.wall_until(now) == Duration::ZERO && self.behind() > AHEAD / 4 {
                    self.set_clock(self.hub.now());
                }
                return;
            }
        }
    }

    /// How far the market is behind the clock, in wall time.
    fn behind(&self) -> Duration {
        let nanos = self.clock.now().since(self.hub.now()).nanos().max(0) as f64 / self.speed;
        Duration::from_nanos(nanos as u64)
    }

    fn set_clock(&self, now: alphatrader_model::Timestamp) {
        self.clock.reanchor(now, self.speed).expect("the speed was taken when the gateway started");
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Hello(id, agreement, outbox, paced) => {
                let Agreement { version, .. } = agreement;
                self.clients.insert(id, Client { codec: Codec::new(agreement), version, outbox });
                self.hub.hello(id, paced);
            }
            Message::Request(id, request) => self.hub.request(id, &request),
            Message::Unreadable(id, error) => self.hub.unreadable(id, &error),
            Message::Gone(id) => self.forget(id),
            Message::Look(look) => look.run(&self.hub.desk().history()),
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        self.clients.remove(&id);
        self.held.remove(&id);
        self.hub.gone(id);
    }

    fn keep_and_say(&mut self) -> Result<(), StateError> {
        let ahead = AHEAD.as_nanos() as f64 * self.speed;
        self.hub.reserve_clock(Span::from_nanos(ahead as i64));
        let (outputs, kept) = self.hub.commit()?;
        if kept {
            count(&self.metrics.commits);
        }
        let shut = self.hub.is_shut();
        self.shut.send_if_modified(|was| std::mem::replace(was, shut) != shut);
        let mut outputs = outputs.into_iter().peekable();
        while let Some((id, _)) = outputs.peek() {
            let id = *id;
            // Replies to one client that follow one another go into its buffer at once.
            let group: Vec<Output> =
                std::iter::from_fn(|| outputs.next_if(|(of, _)| *of == id)).map(|(_, o)| o).collect();
            self.say(id, &group);
        }
        Ok(())
    }

    fn say(&mut self, id: ConnectionId, group: &[Output]) {
        let Some(client) = self.clients.get(&id) else {
            if group.contains(&Output::Cut)
                && let Some(outbox) = self.held.remove(&id)
            {
                outbox.end(End::Dropped);
            }
            return;
        };
        let mut end = None;
        let mut bytes = 0;
        let fits = client.outbox.write(|out| {
            let before = out.len();
            for output in group {
                match output {
                    Output::Hello(time) => write_answer(out, client.version, time),
                    Output::Reply(reply) => client.codec.encode_reply(reply, out),
                    Output::Close => end = Some(End::Flushed),
                    Output::Cut => end = Some(End::Dropped),
                    Output::Hold => end = Some(End::Held),
                    Output::Shape(_) => {}
                }
            }
            bytes = out.len() - before;
        });
        add(&self.metrics.replies, group.len() as u64);
        add(&self.metrics.bytes, bytes as u64);
        for output in group {
            if let Output::Shape(shape) = output {
                client.outbox.shape(*shape);
            }
        }
        if let Some(end) = end {
            client.outbox.end(end);
        }
        if end == Some(End::Held) {
            let outbox = Arc::clone(&client.outbox);
            self.clients.remove(&id);
            self.held.insert(id, outbox);
            return;
        }
        if !fits {
            if client.outbox.is_dropped() {
                count(&self.metrics.slow);
                tracing::warn!(connection = id.0, "a client that does not read was closed");
            }
            self.forget(id);
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn since(wall: Span) -> Duration {
    Duration::from_nanos(wall.nanos().max(0).unsigned_abs())
}
