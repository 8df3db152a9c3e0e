//! One connection of the stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::future::select_all;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::channel::{Channel, EventChannel, StateChannel};
use crate::hub::{Hub, PACES, stopped};
use crate::protocol::{ClientMessage, Resume, ServerMessage, VERSION};

/// Close codes of the stream.
mod close {
    /// The server stops or restarts.
    pub(super) const GOING_AWAY: u16 = 1001;
    /// The client broke the rules of the protocol.
    pub(super) const POLICY: u16 = 1008;
    /// The client did not read, or did not answer pings.
    pub(super) const STALLED: u16 = 4008;
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client left, or the connection broke.
    Gone,
    /// The client is told the code and why.
    Close(u16, &'static str),
}

/// A subscription to a state channel.
#[derive(Debug)]
struct Subscription {
    pace: usize,
    sent: Option<u64>,
}

/// One client.
struct Connection {
    hub: Arc<Hub>,
    socket: WebSocket,
    greeted: bool,
    resume: Option<Resume>,
    states: BTreeMap<StateChannel, Subscription>,
    /// Last sequence sent; nothing where the client needs a snapshot first.
    events: BTreeMap<EventChannel, Option<u64>>,
    inbound: Rate,
    unanswered_pings: u32,
}

/// Messages in the current second.
struct Rate {
    since: Instant,
    count: u32,
}

/// Serves one client until it leaves, stalls, breaks the rules or the server stops.
pub(crate) async fn serve(socket: WebSocket, hub: Arc<Hub>) {
    let mut connection = Connection {
        hub,
        socket,
        greeted: false,
        resume: None,
        states: BTreeMap::new(),
        events: BTreeMap::new(),
        inbound: Rate { since: Instant::now(), count: 0 },
        unanswered_pings: 0,
    };
    let end = connection.run().await;
    tracing::debug!(?end, "stream client left");
    connection.finish(end).await;
}

impl Connection {
    async fn run(&mut self) -> End {
        let mut ticks = self.hub.pace_ticks();
        let mut event_ticks = self.hub.event_ticks();
        let mut stopping = self.hub.stopping.subscribe();
        let hello_by = Instant::now() + self.hub.limits.hello;
        let mut pings = tokio::time::interval(self.hub.limits.ping);
        pings.reset();
        loop {
            let used = self.paces_used();
            let outcome = tokio::select! {
                () = stopped(&mut stopping) => self.say_goodbye().await,
                message = self.socket.next() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) | None => Err(End::Gone),
                },
                () = tokio::time::sleep_until(hello_by), if !self.greeted => {
                    Err(End::Close(close::POLICY, "no hello"))
                }
                _ = pings.tick() => self.ping().await,
                _ = event_ticks.changed(), if !self.events.is_empty() => self.send_pending().await,
                () = any_tick(&mut ticks, used) => self.send_pending().await,
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    fn paces_used(&self) -> [bool; 4] {
        let mut used = [false; 4];
        for subscription in self.states.values() {
            used[subscription.pace] = true;
        }
        used
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.unanswered_pings = 0;
        let text = match message {
            Message::Text(text) => text,
            Message::Pong(_) | Message::Ping(_) => return Ok(()),
            Message::Close(_) => return Err(End::Gone),
            Message::Binary(_) => return Err(End::Close(close::POLICY, "text frames only")),
        };
        if !self.inbound.allows(self.hub.limits.inbound_per_second) {
            return Err(End::Close(close::POLICY, "too many messages"));
        }
        match serde_json::from_str::<ClientMessage>(&text) {
            Ok(message) => self.answer(message).await,
            Err(e) => self.refuse(None, "bad_message", &format!("not a message of at.v1: {e}")).await,
        }
    }

    async fn answer(&mut self, message: ClientMessage) -> Result<(), End> {
        match message {
            ClientMessage::Hello { v, .. } if v != VERSION => {
                let bye = ServerMessage::Bye { code: "version", retry_ms: 0 }.encode();
                self.send([bye]).await?;
                Err(End::Close(close::POLICY, "unknown version"))
            }
            ClientMessage::Hello { resume, .. } => {
                self.greeted = true;
                self.resume = resume.filter(|resume| resume.epoch == self.hub.epoch);
                let welcome = ServerMessage::Welcome {
                    v: VERSION,
                    epoch: &self.hub.epoch,
                    now: self.hub.moment().published.status.at,
                    role: "trader",
                    hz_max: PACES[3],
                    ping_s: self.hub.limits.ping.as_secs(),
                };
                let frame = welcome.encode();
                self.send([frame]).await
            }
            ClientMessage::Ping { n } => {
                let now = self.hub.moment().published.status.at;
                self.send([ServerMessage::Pong { n, now }.encode()]).await
            }
            ClientMessage::Sub { id, .. } if !self.greeted => {
                self.refuse(id, "hello_first", "say hello before anything else").await
            }
            ClientMessage::Sub { id, ch, hz } => {
                for name in ch {
                    self.subscribe(id, &name, hz.unwrap_or(PACES[3])).await?;
                }
                self.send_pending().await
            }
            ClientMessage::Unsub { ch } => {
                for channel in ch.iter().filter_map(|name| name.parse().ok()) {
                    self.unsubscribe(&channel);
                }
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, id: Option<u64>, name: &str, hz: u32) -> Result<(), End> {
        let Ok(channel) = name.parse::<Channel>() else {
            let shown: String = name.chars().take(40).collect();
            return self.refuse(id, "unknown_channel", &format!("there is no channel `{shown}`")).await;
        };
        let resumed = !self.holds(&channel);
        self.unsubscribe(&channel);
        if self.states.len() + self.events.len() >= self.hub.limits.channels {
            let most = self.hub.limits.channels;
            return self.refuse(id, "too_many_channels", &format!("at most {most} channels")).await;
        }
        match channel {
            Channel::Event(channel) => {
                let seen = self.resume.as_ref().and_then(|r| r.seq.get(channel.name()).copied());
                let last = self.hub.with_events(channel, crate::event_log::EventLog::last);
                self.events.insert(channel, seen.filter(|seen| resumed && *seen <= last));
            }
            Channel::State(channel) => {
                // The fastest pace that is not faster than asked for.
                let pace = PACES.iter().rposition(|pace| *pace <= hz).unwrap_or(0);
                let moment = self.hub.moment();
                self.hub.with_pace(pace, |p| p.subscribe(&channel, moment.version, &moment.published));
                self.states.insert(channel, Subscription { pace, sent: None });
            }
        }
        Ok(())
    }

    fn holds(&self, channel: &Channel) -> bool {
        match channel {
            Channel::Event(channel) => self.events.contains_key(channel),
            Channel::State(channel) => self.states.contains_key(channel),
        }
    }

    fn unsubscribe(&mut self, channel: &Channel) {
        match channel {
            Channel::Event(channel) => {
                self.events.remove(channel);
            }
            Channel::State(channel) => {
                if let Some(subscription) = self.states.remove(channel) {
                    self.hub.with_pace(subscription.pace, |pace| pace.unsubscribe(channel));
                }
            }
        }
    }

    /// Sends whatever the client lacks.
    async fn send_pending(&mut self) -> Result<(), End> {
        let mut frames = Vec::new();
        for (channel, sent) in &mut self.events {
            self.hub.with_events(*channel, |log| match *sent {
                None => {
                    frames.push(log.snapshot(self.hub.moment().published.status.at));
                    *sent = Some(log.last());
                }
                Some(seq) => {
                    let pending = log.since(seq);
                    frames.extend(pending.frames);
                    *sent = Some(pending.seq);
                }
            });
        }
        for (channel, subscription) in &mut self.states {
            let (new, seq) = self.hub.with_pace(subscription.pace, |p| p.since(channel, subscription.sent));
            frames.extend(new);
            subscription.sent = Some(seq);
        }
        self.send(frames).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.unanswered_pings >= 2 {
            return Err(End::Close(close::STALLED, "no answer to pings"));
        }
        self.unanswered_pings += 1;
        self.send_messages(std::iter::once(Message::Ping(bytes::Bytes::new()))).await
    }

    async fn refuse(&mut self, id: Option<u64>, code: &str, msg: &str) -> Result<(), End> {
        self.send([ServerMessage::Err { id, code, msg }.encode()]).await
    }

    async fn say_goodbye(&mut self) -> Result<(), End> {
        let bye = ServerMessage::Bye { code: "restart", retry_ms: 2_000 }.encode();
        self.send([bye]).await?;
        Err(End::Close(close::GOING_AWAY, "the server stops"))
    }

    async fn send(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), End> {
        self.send_messages(frames.into_iter().map(Message::Text)).await
    }

    /// The deadline is for all of them: a client that takes longer would fall behind without end.
    async fn send_messages(&mut self, messages: impl Iterator<Item = Message>) -> Result<(), End> {
        let socket = &mut self.socket;
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match timeout(self.hub.limits.send, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(close::STALLED, "too slow")),
        }
    }

    async fn finish(mut self, end: End) {
        for (channel, subscription) in std::mem::take(&mut self.states) {
            self.hub.with_pace(subscription.pace, |pace| pace.unsubscribe(&channel));
        }
        if let End::Close(code, reason) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            // A stalled client may never take it; the connection is dropped then.
            let _ = timeout(Duration::from_millis(500), self.socket.send(Message::Close(Some(frame)))).await;
        }
    }
}

impl Rate {
    fn allows(&mut self, most: u32) -> bool {
        if self.since.elapsed() >= Duration::from_secs(1) {
            *self = Self { since: Instant::now(), count: 0 };
        }
        self.count += 1;
        self.count <= most
    }
}

/// Returns when one of the used paces has something new; never when none is used.
async fn any_tick(ticks: &mut [watch::Receiver<u64>; 4], used: [bool; 4]) {
    let waiting: Vec<_> = ticks
        .iter_mut()
        .zip(used)
        .filter(|(_, used)| *used)
        .map(|(tick, _)| Box::pin(tick.changed()))
        .collect();
    if waiting.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = select_all(waiting).await;
}
