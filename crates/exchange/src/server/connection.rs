//! One client: bytes to requests, a bounded buffer to bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::config::GatewayConfig;
use super::metrics::{GatewayMetrics, count};
use super::outbox::{End, Next, Outbox};
use crate::hub::{ConnectionId, Shape};
use crate::wire::{DecodeError, Link, LinkError, LinkEvent, Request};

/// Bytes read at once.
const READ: usize = 16 << 10;

/// How long the listener rests after the system refused it a connection (too many open files).
const REST: std::time::Duration = std::time::Duration::from_millis(100);

/// What a connection says to the engine.
#[derive(Debug)]
pub(super) enum Message {
    /// The handshake is settled; from here on replies go to the outbox.
    Hello(ConnectionId, crate::wire::Agreement, Arc<Outbox>, Paced),
    /// A request.
    Request(ConnectionId, Box<Request>),
    /// A frame that could not be read.
    Unreadable(ConnectionId, DecodeError),
    /// The client is gone.
    Gone(ConnectionId),
    /// Somebody in the process looks at the market.
    Look(crate::vantage::market::Look),
}

/// Whether a client would rather wait than be refused when it sends too much.
pub(super) type Paced = bool;

/// The connect option by which a client asks for that.
const PACE: &str = "+PACEAPI";

/// How often a listener that was closed is tried to be opened again before that is said.
const TRIES: u32 = 100;

type Engine = mpsc::Sender<Message>;

/// Takes connections until the engine is gone.
pub(super) async fn accept(
    listener: std::net::TcpListener,
    config: GatewayConfig,
    engine: Engine,
    mut shut: watch::Receiver<bool>,
    metrics: Arc<GatewayMetrics>,
) {
    let address = listener.local_addr();
    let mut listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the listener could not be used");
            return;
        }
    };
    let open = Arc::new(AtomicUsize::new(0));
    let next = AtomicU64::new(1);
    let mut clients = JoinSet::new();
    loop {
        // Those that are gone are forgotten.
        while clients.try_join_next().is_some() {}
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            },
            () = engine.closed() => break,
            changed = shut.changed() => {
                if changed.is_err() {
                    break;
                }
                if *shut.borrow_and_update() {
                    // Who connects is refused by the system, as when no gateway runs.
                    drop(listener);
                    let Some(again) = reopen(&address, &mut shut, &engine).await else { break };
                    listener = again;
                }
                continue;
            }
        };
        if open.load(Ordering::Relaxed) >= config.max_connections {
            count(&metrics.turned_away);
            tracing::warn!(
                limit = config.max_connections,
                "a client was turned away: too many are connected"
            );
            continue;
        }
        count(&metrics.accepted);
        open.fetch_add(1, Ordering::Relaxed);
        let id = ConnectionId(next.fetch_add(1, Ordering::Relaxed));
        let (config, engine, metrics, open) =
            (config.clone(), engine.clone(), Arc::clone(&metrics), Arc::clone(&open));
        clients.spawn(async move {
            serve(id, stream, &config, &engine, &metrics).await;
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    // What is still to be sent is sent.
    while clients.join_next().await.is_some() {}
}

/// Waits until connections are taken again, and opens the listener; nothing when the engine is gone.
async fn reopen(
    address: &std::io::Result<SocketAddr>,
    shut: &mut watch::Receiver<bool>,
    engine: &Engine,
) -> Option<TcpListener> {
    tokio::select! {
        opened = shut.wait_for(|shut| !shut) => { opened.ok()?; }
        () = engine.closed() => return None,
    }
    let mut tries: u32 = 0;
    loop {
        let error = match address {
            Ok(address) => match TcpListener::bind(address).await {
                Ok(listener) => return Some(listener),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        tries += 1;
        if tries.is_multiple_of(TRIES) {
            tracing::error!(%error, tries, "the gateway's port can't be opened again; it is tried on");
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            () = engine.closed() => return None,
        }
    }
}

async fn serve(
    id: ConnectionId,
    stream: TcpStream,
    config: &GatewayConfig,
    engine: &Engine,
    metrics: &GatewayMetrics,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small messages may be delayed");
    }
    let (read, write) = stream.into_split();
    let outbox = Arc::new(Outbox::new(config.max_outgoing));
    let writer = tokio::spawn(write_out(write, Arc::clone(&outbox)));
    let mut reader = Reader {
        id,
        link: Link::new(config.max_request).offering(config.server_version),
        engine,
        outbox: &outbox,
        metrics,
        started: false,
    };
    let deadline = Instant::now() + config.handshake;
    tokio::select! {
        () = reader.read_all(read, deadline) => {}
        // The engine closed the connection, or the client does not take what is sent.
        () = outbox.ended() => {}
        () = engine.closed() => {}
    }
    // A dead socket stays open, and nobody reads it.
    tokio::select! {
        () = outbox.released() => {}
        () = engine.closed() => {}
    }
    // What is already answered still goes out, unless the client was given up.
    outbox.end(End::Flushed);
    let _ = tokio::time::timeout(config.handshake, writer).await;
    outbox.end(End::Dropped);
    let _ = engine.send(Message::Gone(id)).await;
}

async fn write_out(mut write: OwnedWriteHalf, outbox: Arc<Outbox>) {
    while let Next::Send(bytes) = outbox.next().await {
        let sent = tokio::select! {
            sent = write_shaped(&mut write, &bytes, outbox.shaped()) => sent.is_ok(),
            () = outbox.dropped() => false,
        };
        if !sent {
            break;
        }
    }
    outbox.end(End::Dropped);
    let _ = write.shutdown().await;
}

/// Writes as the shape in force wants it: in pieces, or after a pause in which more comes together.
async fn write_shaped(write: &mut OwnedWriteHalf, bytes: &[u8], shape: Shape) -> std::io::Result<()> {
    let pieces = shape.pieces.unwrap_or(usize::MAX).max(1);
    for piece in bytes.chunks(pieces) {
        write.write_all(piece).await?;
        if !shape.pause.is_zero() {
            tokio::time::sleep(shape.pause).await;
        } else if shape.pieces.is_some() {
            // The piece is handed to the system by itself.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

struct Reader<'a> {
    id: ConnectionId,
    link: Link,
    engine: &'a Engine,
    outbox: &'a Arc<Outbox>,
    metrics: &'a GatewayMetrics,
    started: bool,
}

impl Reader<'_> {
    /// Reads until the client or the engine is gone, or the client breaks the protocol.
    async fn read_all(&mut self, mut read: OwnedReadHalf, deadline: Instant) {
        let mut bytes = vec![0; READ];
        loop {
            let arrived = if self.started {
                Ok(read.read(&mut bytes).await)
            } else {
                tokio::time::timeout_at(deadline, read.read(&mut bytes)).await
            };
            let Ok(arrived) = arrived else {
                count(&self.metrics.silent);
                tracing::warn!(connection = self.id.0, "a client did not say in time who it is: closed");
                return;
            };
            match arrived {
                Ok(0) | Err(_) => return,
                Ok(length) => self.link.push(&bytes[..length]),
            }
            match self.take_events().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    count(&self.metrics.refused);
                    tracing::warn!(connection = self.id.0, %error, "a client was closed");
                    return;
                }
            }
        }
    }

    /// Hands over what has arrived whole; `false` when the engine is gone.
    async fn take_events(&mut self) -> Result<bool, LinkError> {
        while let Some(event) = self.link.next_event()? {
            let message = match event {
                LinkEvent::Hello(agreement, offer) => {
                    tracing::debug!(
                        connection = self.id.0,
                        ?offer,
                        version = agreement.version,
                        "a client said hello"
                    );
                    let paced = offer.options.split_whitespace().any(|option| option == PACE);
                    Message::Hello(self.id, agreement, Arc::clone(self.outbox), paced)
                }
                LinkEvent::Request(request) => {
                    self.started |= matches!(*request, Request::StartApi(_));
                    count(&self.metrics.requests);
                    Message::Request(self.id, request)
                }
                LinkEvent::Unreadable(error) => {
                    count(&self.metrics.unreadable);
                    Message::Unreadable(self.id, error)
                }
            };
            // A full queue makes this client wait, and by its socket the other side.
            if self.engine.send(message).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
