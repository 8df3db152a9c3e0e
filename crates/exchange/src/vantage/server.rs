//! The local Alpha Vantage as a program: a listener, a task for each client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_edge::{Clock, ClockError};
use alphatrader_market::UniverseConfig;
use alphatrader_model::{Span, Symbol, Timestamp};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::http::{self, Head};
use super::request::Request;
use super::{Delivery, Entry, FaultError, FaultPlan, Market, OwnMarket, Response, Rule, Vantage};
use crate::server::GatewayConfig;

/// Connections at once; more wait.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may say nothing.
const IDLE: Duration = Duration::from_mins(2);
/// Largest body of a request; none is read.
const MOST_BODY: usize = 64 << 10;
/// How often a market of one's own goes on, and the longest step of it at once.
const TICK: Duration = Duration::from_millis(50);
const STEP: Span = Span::from_millis(500);
/// Wall time for which the market may be behind before its clock is set back to it.
const BEHIND: Duration = Duration::from_millis(500);

/// What a server is told once.
#[derive(Debug, Clone)]
pub struct AlphaVantageConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// JSON indented by four spaces rather than compact.
    pub pretty: bool,
    /// What goes wrong.
    pub faults: FaultPlan,
}

impl AlphaVantageConfig {
    /// The port where nothing else is asked for.
    pub const PORT: u16 = 4_080;
}

impl Default for AlphaVantageConfig {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, Self::PORT));
        Self { listen, pretty: false, faults: FaultPlan::default() }
    }
}

/// The market of a server that stands alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Alone {
    /// Seed: the same market as that of a gateway with this seed.
    pub seed: u64,
    /// The symbols.
    pub symbols: Vec<Symbol>,
    /// Simulated seconds per second.
    pub speed: f64,
    /// When simulated time begins; outside a session, its next open.
    pub begin: Timestamp,
}

impl Alone {
    /// All symbols from the first open, at the wall's speed.
    pub fn seeded(seed: u64) -> Self {
        let symbols = UniverseConfig::all(seed).symbols;
        Self { seed, symbols, speed: 1.0, begin: GatewayConfig::first_open() }
    }
}

/// Why a server does not run.
#[derive(Debug, Error)]
pub enum AlphaVantageError {
    /// The address is taken.
    #[error("{0} is in use by another program; stop it, or choose another port (--port)")]
    AddressInUse(SocketAddr),
    /// The address can't be listened on.
    #[error("listening on {0} failed: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The speed is none.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// A thread can't be started.
    #[error("starting the server's threads failed: {0}")]
    Threads(std::io::Error),
}

/// The local Alpha Vantage.
#[derive(Debug)]
pub struct AlphaVantage;

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct AlphaVantageHandle {
    address: SocketAddr,
    clock: Clock,
    core: Arc<Vantage>,
    runtime: Option<Runtime>,
    keeper: Option<(std::sync::mpsc::Sender<()>, JoinHandle<()>)>,
}

impl AlphaVantage {
    /// Starts a server that tells of `market`, whose time is `clock`'s: see
    /// [`GatewayHandle::market`](crate::GatewayHandle::market). Returns when clients can connect.
    ///
    /// # Errors
    /// [`AlphaVantageError`].
    pub fn start(
        config: AlphaVantageConfig,
        market: Arc<dyn Market>,
        clock: Clock,
    ) -> Result<AlphaVantageHandle, AlphaVantageError> {
        let address = config.listen;
        let failed = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::AddrInUse => AlphaVantageError::AddressInUse(address),
            _ => AlphaVantageError::Listen(address, e),
        };
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("vantage-net")
            .enable_all()
            .build()
            .map_err(AlphaVantageError::Threads)?;
        let core = Arc::new(Vantage::new(market, config.faults, config.pretty));
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener).map_err(failed)?
        };
        runtime.spawn(accept(listener, Arc::clone(&core), clock.clone()));
        tracing::info!(%address, now = %clock.now(), "local Alpha Vantage is ready");
        Ok(AlphaVantageHandle { address, clock, core, runtime: Some(runtime), keeper: None })
    }

    /// Starts a server on a market of its own.
    ///
    /// # Errors
    /// [`AlphaVantageError`].
    pub fn start_alone(
        config: AlphaVantageConfig,
        alone: Alone,
    ) -> Result<AlphaVantageHandle, AlphaVantageError> {
        let made = UniverseConfig { symbols: alone.symbols, ..UniverseConfig::all(alone.seed) };
        let market = Arc::new(OwnMarket::synthetic(made, alone.begin));
        let clock = Clock::simulated(market.now(), alone.speed)?;
        let mut handle = Self::start(config, Arc::clone(&market) as Arc<dyn Market>, clock.clone())?;
        let (stop, stopped) = std::sync::mpsc::channel();
        let keep = move || keep(&market, &clock, alone.speed, &stopped);
        let keeper = std::thread::Builder::new().name("vantage-market".to_owned()).spawn(keep);
        handle.keeper = Some((stop, keeper.map_err(AlphaVantageError::Threads)?));
        Ok(handle)
    }
}

impl AlphaVantageHandle {
    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// What a client is to be given as its base: the vendor's is `https://www.alphavantage.co`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Simulated time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The server without its sockets.
    pub fn core(&self) -> &Arc<Vantage> {
        &self.core
    }

    /// Something is to go wrong.
    ///
    /// # Errors
    /// [`FaultError::TooMany`].
    pub fn inject(&self, rule: Rule) -> Result<(), FaultError> {
        self.core.inject(rule)
    }

    /// The requests that came after number `after`, oldest first.
    pub fn log(&self, after: u64) -> Vec<Entry> {
        self.core.log(after)
    }

    /// Stops: nothing more is answered. Blocks until its threads are gone.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, keeper)) = self.keeper.take() {
            drop(stop);
            if keeper.join().is_err() {
                tracing::error!("the local Alpha Vantage's market ended by a fault of its own");
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for AlphaVantageHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Lets a market of one's own follow its clock, until the other end is gone.
fn keep(market: &OwnMarket, clock: &Clock, speed: f64, stopped: &std::sync::mpsc::Receiver<()>) {
    let set = |now: Timestamp| {
        clock.reanchor(now, speed).expect("the speed was taken when the server started");
    };
    while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let began = Instant::now();
        loop {
            let now = clock.now();
            let step = now.min(market.now() + STEP);
            if let Some(morning) = market.run_to(step) {
                set(morning);
                break;
            }
            if step == now {
                break;
            }
            if began.elapsed() > BEHIND {
                // The machine does not keep up with the speed asked for: time goes as the market does.
                set(market.now());
                break;
            }
        }
    }
}

async fn accept(listener: TcpListener, core: Arc<Vantage>, clock: Clock) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let (core, clock) = (Arc::clone(&core), clock.clone());
                tokio::spawn(async move {
                    // A client that goes away in the middle of a word is its own affair.
                    let _ = converse(stream, core, clock).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

/// One connection: requests one after the other.
async fn converse(mut stream: TcpStream, core: Arc<Vantage>, clock: Clock) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(2_048);
    loop {
        let head = match tokio::time::timeout(IDLE, next_head(&mut stream, &mut buffer)).await {
            Ok(Ok(Some(head))) => head,
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(error)) => {
                let refused = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(refused.as_bytes()).await?;
                return Err(error);
            }
        };
        let asked = head.clone();
        let (core, clock) = (Arc::clone(&core), clock.clone());
        let answered = tokio::task::spawn_blocking(move || {
            let response = route(&asked, &core, &clock);
            let bytes = http::bytes(&response, &asked);
            (response, bytes)
        });
        let Ok((response, bytes)) = answered.await else { return Ok(()) };
        if !response.delay.is_zero() {
            tokio::time::sleep(response.delay).await;
        }
        if response.delivery == Delivery::Reset {
            stream.set_zero_linger()?;
            return Ok(());
        }
        stream.write_all(&bytes).await?;
        if response.delivery == Delivery::Truncated || !head.keep_alive {
            stream.shutdown().await?;
            return Ok(());
        }
    }
}

/// The next head; nothing when the client has gone between two requests. A body is skipped.
async fn next_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Head>> {
    let invalid = |text: String| std::io::Error::new(std::io::ErrorKind::InvalidData, text);
    loop {
        if let Some((head, length)) = http::head(buffer).map_err(|e| invalid(e.to_string()))? {
            if head.body > MOST_BODY {
                return Err(invalid(format!("a body of more than {MOST_BODY} bytes")));
            }
            if buffer.len() >= length + head.body {
                buffer.drain(..length + head.body);
                return Ok(Some(head));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn route(head: &Head, core: &Vantage, clock: &Clock) -> Response {
    let json = |status, body: serde_json::Value| Response::new(status, Response::JSON, body.to_string());
    let mut request = match Request::parse(&head.query) {
        Ok(request) => request,
        Err(error) => return json(400, serde_json::json!({ "error": error.to_string() })),
    };
    request.takes_gzip = head.takes_gzip;
    match (head.method.as_str(), head.path.as_str()) {
        ("GET", "/query") => core.answer(&request, clock.now()),
        ("GET", "/log") => {
            let after = request.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
            let (count, forgotten) = core.counts();
            let entries = core.log(after);
            json(200, serde_json::json!({ "count": count, "forgotten": forgotten, "entries": entries }))
        }
        ("GET", "/clock") => json(200, serde_json::json!({ "now": clock.now(), "speed": clock.speed() })),
        ("POST", "/fault") => match rule_of(&request).and_then(|rule| core.inject(rule)) {
            Ok(()) => json(200, serde_json::json!({ "ok": true })),
            Err(error) => json(400, serde_json::json!({ "error": error.to_string() })),
        },
        ("DELETE", "/fault") => {
            core.clear_faults();
            json(200, serde_json::json!({ "ok": true }))
        }
        (_, "/query" | "/log" | "/clock" | "/fault") => {
            json(405, serde_json::json!({ "error": "not by this method" }))
        }
        _ => json(404, serde_json::json!({ "error": "GET /query, /log, /clock; POST or DELETE /fault" })),
    }
}

/// `fault=burst&times=3&function=REALTIME_OPTIONS&chance=0.5`
fn rule_of(request: &Request) -> Result<Rule, FaultError> {
    let fault = request.get("fault").unwrap_or_default().parse()?;
    let number = |name: &str| request.get(name).and_then(|text| text.parse::<u32>().ok());
    let mut rule = Rule::next(fault, number("times").unwrap_or(1).max(1));
    rule.after = number("after").unwrap_or(0);
    if let Some(text) = request.get("chance") {
        let chance = text.parse().ok().filter(|chance| (0.0..=1.0).contains(chance));
        rule.chance = chance.ok_or_else(|| FaultError::Chance(text.to_owned()))?;
        rule.times = number("times");
    }
    if let Some(millis) = number("delay_ms") {
        rule.delay = crate::scenario::Wait::from_millis(millis);
    }
    rule.functions.extend(request.get("on").map(str::to_owned));
    rule.symbols.extend(request.get("symbol").map(str::to_owned));
    Ok(rule)
}
