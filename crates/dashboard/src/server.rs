//! Listening, serving and stopping.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::{self, App};
use crate::assets;
use crate::command::Command;
use crate::guard::OwnNames;
use crate::hub::{Event, Hub, PACES, stopped};
use crate::layers::outermost;
use crate::limits::Limits;
use crate::listener::BoundedListener;
use crate::published::Published;

/// Why the dashboard can't listen.
#[derive(Debug, Error)]
pub enum BindError {
    /// Without a login only the machine itself may ask.
    #[error(
        "the dashboard listens on loopback only, because it has no login: {0} is not a loopback address; \
         use 127.0.0.1, and a tunnel (`ssh -L`) to see it from elsewhere"
    )]
    NotLoopback(SocketAddr),
    /// Another program has the port.
    #[error(
        "{0} is taken by another program, perhaps another AlphaTrader; stop it, or choose a port with --port \
         (`--port 0` takes any free one)"
    )]
    Taken(SocketAddr),
    /// The operating system refuses the port.
    #[error(
        "the operating system does not let this user listen on {0}; choose a port of 1024 or more with --port"
    )]
    Forbidden(SocketAddr),
    /// Anything else.
    #[error("can't listen on {0}: {1}")]
    Other(SocketAddr, #[source] io::Error),
}

/// The server, listening and not yet serving.
#[derive(Debug)]
pub struct Dashboard {
    listener: TcpListener,
    addr: SocketAddr,
    hub: Arc<Hub>,
}

/// The engine's end: publishes and never waits. Cheap to clone, usable from any thread.
#[derive(Debug, Clone)]
pub struct Publisher {
    hub: Arc<Hub>,
}

impl Publisher {
    /// Shows this moment; the one before is forgotten, whether a client saw it or not.
    pub fn publish(&self, published: Published) {
        self.hub.publish(published);
    }

    /// Tells every client, and those that come back. Never dropped, never skipped.
    pub fn event(&self, event: &Event) {
        self.hub.event(event);
    }

    /// Clients connected to the stream.
    pub fn clients(&self) -> usize {
        *self.hub.clients.borrow()
    }
}

impl Dashboard {
    /// Listens on `addr`. Until the first [`Publisher::publish`] it shows `first`.
    ///
    /// Commands come out of the receiver, bounded by [`Limits::commands`].
    ///
    /// # Errors
    /// [`BindError`] says what is in the way and what to do.
    pub fn bind(
        addr: SocketAddr,
        first: Published,
        limits: Limits,
    ) -> Result<(Self, mpsc::Receiver<Command>), BindError> {
        if !addr.ip().is_loopback() {
            return Err(BindError::NotLoopback(addr));
        }
        let refused = |e: io::Error| match e.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken(addr),
            io::ErrorKind::PermissionDenied => BindError::Forbidden(addr),
            _ => BindError::Other(addr, e),
        };
        let listener = TcpListener::bind(addr).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let addr = listener.local_addr().map_err(refused)?;
        let (hub, commands) = Hub::new(first, limits);
        Ok((Self { listener, addr, hub: Arc::new(hub) }, commands))
    }

    /// The engine's end.
    pub fn publisher(&self) -> Publisher {
        Publisher { hub: Arc::clone(&self.hub) }
    }

    /// The address it listens on, with the port that was taken.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a person types into the browser.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Serves until `shutdown` is ready, then tells every client `bye` and waits for them
    /// at most [`Limits::goodbye`].
    ///
    /// # Errors
    /// The listener can't be used by the runtime.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let listener = BoundedListener::new(listener, self.hub.limits.sockets);
        let app = App { hub: Arc::clone(&self.hub), names: OwnNames::of(self.addr) };
        let mut paces = JoinSet::new();
        for index in 0..PACES.len() {
            paces.spawn(Arc::clone(&self.hub).run_pace(index));
        }
        let hub = Arc::clone(&self.hub);
        let stop = async move {
            shutdown.await;
            hub.stopping.send_replace(true);
        };
        let server = axum::serve(listener, router(app)).with_graceful_shutdown(stop);
        let goodbye = self.hub.limits.goodbye;
        let mut stopping = self.hub.stopping.subscribe();
        let overdue = async move {
            stopped(&mut stopping).await;
            tokio::time::sleep(goodbye).await;
        };
        // A client that holds its connection open does not hold up the stop.
        tokio::select! {
            served = server.into_future() => served?,
            () = overdue => {}
        }
        let mut clients = self.hub.clients.subscribe();
        let _ = timeout(goodbye, clients.wait_for(|clients| *clients == 0)).await;
        paces.shutdown().await;
        Ok(())
    }
}

/// All routes behind all layers.
fn router(app: App) -> Router {
    let (api, _) = api::routes_and_document();
    api.route("/api/v1/openapi.json", get(api::openapi))
        .route("/api/v1/stream", get(api::stream))
        .fallback(assets::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(app.hub.limits.body_bytes))
        .layer(from_fn_with_state(app.clone(), outermost))
        .with_state(app)
}

async fn method_not_allowed() -> axum::http::StatusCode {
    axum::http::StatusCode::METHOD_NOT_ALLOWED
}
