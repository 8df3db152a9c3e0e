//! Option chains and news: the edge to Alpha Vantage, and beside the paper exchange the server that stands in for it.
//!
//! Nothing that trades needs them: a server that is absent, a missing key, a broken answer are a degraded mode that is
//! said in the log, in the module's health and on the page, and never keep the system from starting.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use alphatrader_alphavantage::{AlphaVantage, AlphaVantageHandle, ApiKey, Cadence, Settings, Status};
use alphatrader_dashboard::view::{FeedState, FeedView};
use alphatrader_edge::inbox::Sender;
use alphatrader_edge::{Clock, Health};
use alphatrader_exchange::server::GatewayHandle;
use alphatrader_exchange::vantage::{
    AlphaVantage as LocalServer, AlphaVantageConfig as LocalConfig, AlphaVantageHandle as LocalHandle,
};
use alphatrader_model::{Calendar, Span, Symbol};
use tokio::runtime::Handle;

use super::core_thread::Moment;
use crate::config::{AlphaVantage as Wanted, Config};

/// The environment's name of the key.
const KEY: &str = "ALPHA_VANTAGE_API_KEY";
/// The service manager's name of it.
const CREDENTIAL: &str = "alpha_vantage_api_key";
/// The key of the local server that may do everything.
const LOCAL_KEY: &str = "normal";
/// Largest file of a key.
const MOST_KEY: usize = 1_024;

/// The edge, where there is one, and what keeps it from being there.
#[derive(Debug)]
pub(super) struct Vantage {
    wanted: bool,
    client: Option<AlphaVantageHandle>,
    server: Mutex<Option<LocalHandle>>,
    /// Why there is no edge.
    problem: Option<String>,
}

impl Vantage {
    /// Starts the local server where it is wanted, then the edge. What fails is said, and the system goes on without.
    pub(super) fn start(
        config: &Config,
        clock: &Clock,
        sender: &Sender,
        gateway: Option<&GatewayHandle>,
        runtime: &Handle,
    ) -> Self {
        let wanted = &config.alpha_vantage;
        if !wanted.enabled {
            tracing::info!("option chains and news are not followed: alpha_vantage.enabled is false");
            return Self { wanted: false, client: None, server: Mutex::default(), problem: None };
        }
        let (server, started) = match local(wanted, gateway) {
            Ok(server) => {
                let started = edge(config, server.as_ref(), clock, sender, runtime);
                (server, started)
            }
            Err(problem) => (None, Err(problem)),
        };
        let (client, problem) = match started {
            Ok(client) => (Some(client), None),
            Err(problem) => {
                tracing::warn!(problem, "no option chains and no news; trading goes on without them");
                (None, Some(problem))
            }
        };
        Self { wanted: true, client, server: Mutex::new(server), problem }
    }

    /// Whether it is wanted at all.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// How the edge is; nothing when there is none.
    fn status(&self) -> Option<Status> {
        self.client.as_ref().map(AlphaVantageHandle::status)
    }

    /// Where the local server listens.
    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(LocalHandle::addr)
    }

    /// Never `Down`: nothing that trades needs it.
    pub(super) fn health(&self) -> Health {
        match (self.status(), &self.problem) {
            (Some(status), _) if status.is_degraded() => Health::Degraded(status.text),
            (Some(_), _) => Health::Ready,
            (None, Some(problem)) => Health::Degraded(problem.clone()),
            (None, None) => Health::Ready,
        }
    }

    /// Its light on the page.
    pub(super) fn light(&self) -> Option<FeedView> {
        if !self.wanted {
            return None;
        }
        let (state, text) = match self.status() {
            None => (FeedState::Down, self.problem.clone().unwrap_or_default()),
            Some(status) if status.is_degraded() => (FeedState::Warn, words(&status)),
            // Until the first answer there is nothing to be shown for it.
            Some(status) if status.last_data.is_none() => (FeedState::Warn, words(&status)),
            Some(status) => (FeedState::Ok, words(&status)),
        };
        Some(FeedView { name: "Alpha Vantage".into(), state, latency_ms: None, text })
    }

    /// Its figures for monitoring.
    pub(super) fn figures(&self) -> Vec<(&'static str, f64)> {
        let Some(status) = self.status() else { return Vec::new() };
        let scheduler = &status.scheduler;
        let oldest = status.chains.iter().map(|chain| chain.age_ms).max();
        let stale = status.chains.iter().filter(|chain| chain.stale.is_some()).count();
        let refused: u64 = status.refused.iter().map(|(_, count)| count).sum();
        let mut figures = vec![
            ("window_used", scheduler.window_used as f64),
            ("window_ceiling", f64::from(scheduler.ceiling)),
            ("requests_per_second", scheduler.per_second),
            ("stretch", scheduler.stretch),
            ("in_flight", scheduler.in_flight as f64),
            ("chains", status.chains.len() as f64),
            ("chains_stale", stale as f64),
            ("payloads_refused", refused as f64),
            ("articles", status.news.articles as f64),
            ("alarms", status.alarms_total as f64),
            ("bytes", status.bytes as f64),
        ];
        figures.extend(oldest.map(|ms| ("oldest_chain_ms", ms as f64)));
        figures
    }

    /// Tells the edge what the broker knows better: prices of the underlyings, and whose options are held.
    pub(super) fn follow(&self, moment: &Moment) {
        let Some(client) = &self.client else { return };
        for features in &moment.market.features {
            if let Some(price) = features.middle() {
                client.set_spot(features.symbol, price);
            }
        }
        let held = moment.trading.positions.iter().map(|view| view.position.contract);
        let named = |contract| moment.market.named(contract).map(|view| view.instrument.underlying);
        let mut hot: Vec<Symbol> = held.filter_map(named).collect();
        hot.sort_unstable();
        hot.dedup();
        client.set_hot(&hot);
    }

    /// Ends the edge, then the server.
    pub(super) fn stop(&self, runtime: &tokio::runtime::Runtime) {
        if let Some(client) = &self.client
            && !runtime.block_on(client.shutdown())
        {
            tracing::warn!("a request to Alpha Vantage was cut off");
        }
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.shutdown();
        }
    }
}

/// The local server beside the paper exchange, on the same market; nothing where the vendor or another server is asked.
fn local(wanted: &Wanted, gateway: Option<&GatewayHandle>) -> Result<Option<LocalHandle>, String> {
    let Some(gateway) = gateway.filter(|_| wanted.base_url.is_none()) else { return Ok(None) };
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, wanted.port));
    let config = LocalConfig { listen, ..LocalConfig::default() };
    LocalServer::start(config, gateway.market(), gateway.clock())
        .map(Some)
        .map_err(|error| format!("the local Alpha Vantage does not run: {error}"))
}

fn edge(
    config: &Config,
    server: Option<&LocalHandle>,
    clock: &Clock,
    sender: &Sender,
    runtime: &Handle,
) -> Result<AlphaVantageHandle, String> {
    let key = match server {
        Some(_) => LOCAL_KEY.to_owned(),
        None => key()?,
    };
    let key = ApiKey::new(&key).map_err(|error| error.to_string())?;
    let settings = settings(config, server);
    tracing::info!(
        server = settings.base_url,
        symbols = settings.symbols.len(),
        per_minute = settings.per_minute,
        "option chains and news"
    );
    AlphaVantage::start(settings, key, clock.clone(), Calendar::xnys(), sender.clone(), runtime)
        .map_err(|error| error.to_string())
}

/// The key, from the environment or the service manager; never from the configuration.
fn key() -> Result<String, String> {
    if let Ok(key) = std::env::var(KEY) {
        return Ok(key);
    }
    let missing =
        || format!("no key of Alpha Vantage: set {KEY}, or give the service the credential {CREDENTIAL}");
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(missing)?;
    let path = PathBuf::from(folder).join(CREDENTIAL);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if text.len() > MOST_KEY { Err(format!("{}: too long for a key", path.display())) } else { Ok(text) }
}

fn settings(config: &Config, server: Option<&LocalHandle>) -> Settings {
    let wanted = &config.alpha_vantage;
    let symbols = if wanted.symbols.is_empty() { &config.trading.symbols } else { &wanted.symbols };
    let plain = Settings::new(symbols.clone());
    let seconds = |seconds: u32| Span::from_seconds(i64::from(seconds));
    let cadence = &wanted.cadence;
    let base_url = match (server, &wanted.base_url) {
        (Some(server), _) => format!("http://{}/query", server.addr()),
        (None, Some(url)) => url.clone(),
        (None, None) => plain.base_url.clone(),
    };
    Settings {
        base_url,
        per_minute: wanted.max_per_minute,
        spacing: Span::from_millis(i64::from(wanted.spacing_ms)),
        in_flight: usize::from(wanted.in_flight),
        cadence: Cadence {
            today: seconds(cadence.today),
            nearest: seconds(cadence.nearest),
            warm: seconds(cadence.warm),
            chain: seconds(cadence.chain),
            news: seconds(cadence.news),
            ..plain.cadence
        },
        half_life: Span::from_seconds((wanted.half_life_hours * 3_600.0) as i64),
        options: wanted.options,
        news: wanted.news,
        quotes: wanted.quotes,
        reference_data: wanted.reference_data,
        risk_free_rate: config.trading.risk_free_rate,
        ..plain
    }
}

/// Chains whose age is named on the page.
const NAMED: usize = 4;

/// The edge's own sentence, and how old the chains are.
fn words(status: &Status) -> String {
    use std::fmt::Write as _;
    let mut text = status.text.clone();
    for chain in status.chains.iter().take(NAMED) {
        let what = chain.expiry.map_or_else(|| "whole chain".to_owned(), |expiry| expiry.to_string());
        // Writing to a `String` cannot fail.
        let _ = write!(text, "; {} {what}: {} s old", chain.symbol, chain.age_ms / 1_000);
        if let Some(why) = chain.stale {
            let _ = write!(text, " ({why})");
        }
    }
    if status.chains.len() > NAMED {
        let _ = write!(text, "; {} more", status.chains.len() - NAMED);
    }
    text
}
