//! The gateway as a program: a listener, a task per client, and one thread for market and desk.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`] | [`GatewayConfig`]: where, for whom, how fast, within which bounds |
//! | `connection` | one client: bytes to requests, bounded buffer to bytes |
//! | [`outbox`] | what waits to be sent to one client |
//! | `engine` | the thread that owns the [`Hub`](crate::hub::Hub) |
//! | [`metrics`] | counters |

pub mod config;
mod connection;
mod engine;
pub mod metrics;
pub mod outbox;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use alphatrader_edge::{Clock, ClockError};
use alphatrader_market::UniverseConfig;
use alphatrader_model::{Calendar, Timestamp};
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::broker::fact::{Fact, Founded};
use crate::broker::journal::StateError;
use crate::broker::state::BrokerState;
use crate::broker::store::{FileStore, NoStore, Store};
use crate::desk::Desk;
use crate::feed::source::{Source, UniverseSource};
use crate::hub::Hub;
use crate::vantage::market::{Gone, Look, Market};
pub use config::GatewayConfig;
use engine::{Engine, Stop};
pub use metrics::{GatewayMetrics, MetricsView};

/// Requests of all clients that wait for the engine; a client that sends more waits.
const QUEUE: usize = 1_024;

/// How long an orderly end waits for clients to take what is still to be sent.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Why a gateway does not run.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// The address is taken.
    #[error(
        "{address} is in use by another program; stop it, or give this gateway another port (--gateway-port)"
    )]
    AddressInUse {
        /// Which.
        address: SocketAddr,
    },
    /// The address can't be listened on.
    #[error("listening on {address} failed: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// The state file can't be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The speed is none.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// A thread can't be started.
    #[error("starting the gateway's threads failed: {0}")]
    Threads(std::io::Error),
    /// The engine's thread ended by a panic.
    #[error("the gateway stopped by a fault of its own; its state file holds everything it said")]
    Fault,
}

/// The paper gateway.
#[derive(Debug)]
pub struct Gateway;

/// A running gateway. Dropping it stops it in order.
#[derive(Debug)]
pub struct GatewayHandle {
    address: SocketAddr,
    clock: Clock,
    stop: watch::Sender<Stop>,
    engine: Option<JoinHandle<Result<(), StateError>>>,
    runtime: Option<Runtime>,
    /// Says when the last connection is closed.
    all_closed: Mutex<std::sync::mpsc::Receiver<()>>,
    metrics: Arc<GatewayMetrics>,
    failure: Arc<Mutex<Option<String>>>,
    account: String,
    requests: mpsc::Sender<connection::Message>,
}

/// The market of a running gateway, for others in the process to look at.
#[derive(Debug, Clone)]
pub struct GatewayMarket {
    requests: mpsc::Sender<connection::Message>,
}

impl Market for GatewayMarket {
    fn look(&self, _now: Timestamp, look: Look) -> Result<(), Gone> {
        self.requests.blocking_send(connection::Message::Look(look)).map_err(|_| Gone)
    }
}

impl Gateway {
    /// Starts a gateway on its synthetic market. Returns when clients can connect.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub fn start(config: GatewayConfig) -> Result<GatewayHandle, GatewayError> {
        let symbols = config.symbols.clone();
        Self::start_on(config, |seed| {
            Box::new(UniverseSource::new(UniverseConfig { symbols, ..UniverseConfig::all(seed) }))
        })
    }

    /// Starts a gateway on a market of the caller's: `source` is given the account's seed.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub fn start_on(
        config: GatewayConfig,
        source: impl FnOnce(u64) -> Box<dyn Source>,
    ) -> Result<GatewayHandle, GatewayError> {
        // The address first: a second gateway on one machine fails before it touches anything.
        let listener = listen(config.listen)?;
        let (store, state) = open_state(&config)?;
        let source = source(state.seed);
        Self::run(config, listener, store, state, source)
    }

    fn run(
        config: GatewayConfig,
        listener: std::net::TcpListener,
        store: Box<dyn Store>,
        state: BrokerState,
        source: Box<dyn Source>,
    ) -> Result<GatewayHandle, GatewayError> {
        let address = listener
            .local_addr()
            .map_err(|source| GatewayError::Listen { address: config.listen, source })?;
        let account = state.account.clone();
        let desk = Desk::new(config.desk, Calendar::xnys(), state);
        let mut hub = Hub::new(desk, source, store, config.limits.clone(), config.begin);
        if let Some(scenario) = &config.scenario {
            tracing::info!(scenario = scenario.name, "a scenario is played");
            hub.play(scenario);
        }
        let clock = Clock::simulated(hub.now(), config.speed)?;

        let metrics = Arc::new(GatewayMetrics::default());
        let failure = Arc::new(Mutex::new(None));
        let (stop, stopped) = watch::channel(Stop::No);
        let (requests, queue) = mpsc::channel(QUEUE);
        let (shut, shutting) = watch::channel(false);
        let speed = config.speed;
        let engine = Engine::new(hub, clock.clone(), speed, queue, stopped, shut, Arc::clone(&metrics));
        let engine = spawn_engine(engine, Arc::clone(&failure))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("gateway-net")
            .enable_all()
            .build()
            .map_err(GatewayError::Threads)?;
        let (closed, all_closed) = std::sync::mpsc::channel();
        let accept = connection::accept(listener, config, requests.clone(), shutting, Arc::clone(&metrics));
        runtime.spawn(async move {
            accept.await;
            // Nobody waits for it when the handle is gone already.
            let _ = closed.send(());
        });
        tracing::info!(%address, account, now = %clock.now(), speed, "paper gateway is ready");
        Ok(GatewayHandle {
            address,
            clock,
            stop,
            engine: Some(engine),
            runtime: Some(runtime),
            all_closed: Mutex::new(all_closed),
            metrics,
            failure,
            account,
            requests,
        })
    }
}

impl GatewayHandle {
    /// Where clients connect.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Simulated time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock of simulated time.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The market that its clients are told of, for a local Alpha Vantage beside it. Looking at it blocks:
    /// not on a thread that runs tasks.
    pub fn market(&self) -> Arc<dyn Market> {
        Arc::new(GatewayMarket { requests: self.requests.clone() })
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Counters.
    pub fn metrics(&self) -> MetricsView {
        self.metrics.view()
    }

    /// Why the gateway stopped by itself; nothing while it runs.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops in order: what was received is answered, simulated time is kept to the nanosecond,
    /// everything is flushed, connections are closed. Blocks until done.
    ///
    /// # Errors
    /// [`GatewayError`] when the state file could not be written; it holds everything that was said.
    pub fn shutdown(mut self) -> Result<(), GatewayError> {
        self.end(Stop::InOrder)
    }

    /// Stops as if the process had been killed: nothing more is written or said.
    ///
    /// # Errors
    /// [`GatewayError`] when the gateway had failed before.
    pub fn kill(mut self) -> Result<(), GatewayError> {
        self.end(Stop::AtOnce)
    }

    fn end(&mut self, how: Stop) -> Result<(), GatewayError> {
        let Some(engine) = self.engine.take() else { return Ok(()) };
        // An engine that has failed no longer listens.
        let _ = self.stop.send(how);
        let outcome = engine.join();
        if let Some(runtime) = self.runtime.take() {
            // Connections close by themselves once the engine is gone; what they still hold is sent.
            let all_closed = self.all_closed.lock().unwrap_or_else(PoisonError::into_inner);
            if how == Stop::InOrder && all_closed.recv_timeout(FAREWELL).is_err() {
                tracing::warn!("some clients did not take the last messages in time");
            }
            runtime.shutdown_background();
        }
        outcome.map_err(|_| GatewayError::Fault)?.map_err(GatewayError::from)
    }
}

impl Drop for GatewayHandle {
    fn drop(&mut self) {
        if let Err(error) = self.end(Stop::InOrder) {
            tracing::error!(%error, "paper gateway ended with an error");
        }
    }
}

fn listen(address: SocketAddr) -> Result<std::net::TcpListener, GatewayError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AddrInUse => GatewayError::AddressInUse { address },
        _ => GatewayError::Listen { address, source },
    };
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Opens the state, and the account where there is none yet.
fn open_state(config: &GatewayConfig) -> Result<(Box<dyn Store>, BrokerState), GatewayError> {
    let (mut store, mut state): (Box<dyn Store>, BrokerState) = match &config.state_file {
        Some(path) => {
            let (store, state) = FileStore::open(path)?;
            (Box::new(store), state)
        }
        None => (Box::new(NoStore), BrokerState::default()),
    };
    if state.account.is_empty() {
        let founded = found(config);
        state.apply(&founded).expect("an empty state takes its first fact");
        store.commit(&[founded])?;
    } else if state.seed != config.seed {
        tracing::warn!(
            kept = state.seed,
            asked = config.seed,
            "the account's market keeps the seed it was opened with"
        );
    }
    Ok((store, state))
}

/// An account's numbers begin where no earlier account of a client's books had them: they are made
/// from the time of its opening.
fn found(config: &GatewayConfig) -> Fact {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    hasher.update(config.account.as_bytes());
    hasher.update(&config.seed.to_le_bytes());
    hasher.update(&now.as_nanos().to_le_bytes());
    let hash = hasher.finalize();
    let prefix = u32::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"));
    let tick = i64::try_from(now.as_secs() % 2_000_000).expect("below two million");
    Fact::Founded(Founded {
        account: config.account.clone(),
        cash: config.opening_cash.micros(),
        seed: config.seed,
        execution_prefix: prefix,
        first_perm_id: 100_000_001 + tick * 1_000,
    })
}

fn spawn_engine(
    engine: Engine,
    failure: Arc<Mutex<Option<String>>>,
) -> Result<JoinHandle<Result<(), StateError>>, GatewayError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(GatewayError::Threads)?;
    let run = move || {
        let outcome = runtime.block_on(engine.run());
        if let Err(error) = &outcome {
            tracing::error!(%error, "the paper gateway stops: what it can't keep it does not say");
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
        outcome
    };
    std::thread::Builder::new().name("gateway-desk".to_owned()).spawn(run).map_err(GatewayError::Threads)
}

#[cfg(test)]
mod tests;
