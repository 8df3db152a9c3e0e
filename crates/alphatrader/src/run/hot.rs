//! Where the hot state goes: the memory of this process, or a Redis server too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alphatrader_analytics::exposure::ExposureDocument;
use alphatrader_analytics::options;
use alphatrader_dashboard::view::{Counter, FeedState, FeedView};
use alphatrader_edge::Health;
use alphatrader_ibkr::Status;
use alphatrader_model::view::{ContractGreeks, MarketView};
use alphatrader_store::hot::{
    Bounds, ExposureText, HotStore, MemoryStore, Mirror, MirrorMetrics, Place, Publisher, RedisLimits,
    RedisServer,
};

use crate::config::Config;
use crate::failure::Failure;

/// How long the server may take at the end to hear the last of it.
const FAREWELL: Duration = Duration::from_secs(1);

/// The hot state of this process.
#[derive(Debug, Clone)]
pub(super) enum HotState {
    /// In memory.
    Memory(Arc<MemoryStore>),
    /// In memory and at a server.
    Redis(Arc<Mirror>),
}

impl HotState {
    /// Opens it. A server that was asked for must be there at the start; lost later, it is waited for.
    ///
    /// # Errors
    /// The server is not there or refuses, and what to do about it.
    pub(super) fn open(config: &Config) -> Result<Self, Failure> {
        let Place::Redis(address) = &config.store else {
            return Ok(Self::Memory(Arc::new(MemoryStore::new(Bounds::default()))));
        };
        let limits = RedisLimits { max_connections: config.redis.max_connections, ..RedisLimits::default() };
        let redis =
            RedisServer::new(address.url(), limits).and_then(|s| s.connect("hot state")).map_err(|error| {
                Failure::new(format!(
                    "the hot state was asked to live at {address}: {error}\n\
                     start a server there (redis-server config/redis.conf), name another with --store redis://HOST:PORT, \
                     or use --store memory"
                ))
            })?;
        let mirror = Mirror::start(Bounds::default(), redis)
            .map_err(|e| Failure::new(format!("the hot state's thread cannot start: {e}")))?;
        tracing::info!(server = %address, "hot state");
        Ok(Self::Redis(Arc::new(mirror)))
    }

    /// To be written and read.
    pub(super) fn store(&self) -> &dyn HotStore {
        match self {
            Self::Memory(store) => store.as_ref(),
            Self::Redis(mirror) => mirror.as_ref(),
        }
    }

    /// All that the ledger knew has been written: what else the server has of that kind is left from an
    /// earlier process.
    pub(super) fn recovered(&self) {
        if let Self::Redis(mirror) = self {
            mirror.remove_strangers(&Publisher::LASTING);
        }
    }

    /// How the copy at the server is doing; nothing when there is none.
    pub(super) fn copy(&self) -> Option<MirrorMetrics> {
        match self {
            Self::Memory(_) => None,
            Self::Redis(mirror) => Some(mirror.metrics()),
        }
    }

    /// Never `Down`: nothing that trades needs the copy.
    pub(super) fn health(&self) -> Health {
        self.copy().and_then(|copy| copy.problem).map_or(Health::Ready, Health::Degraded)
    }

    /// Sends what waits and ends.
    pub(super) fn finish(&self) {
        if let Self::Redis(mirror) = self
            && !mirror.finish(FAREWELL)
        {
            tracing::warn!("the Redis server did not hear the last of the hot state");
        }
    }
}

/// Its light on the page.
pub(super) fn light(copy: &MirrorMetrics) -> FeedView {
    let state = if copy.is_well() { FeedState::Ok } else { FeedState::Warn };
    let latency_ms = (copy.batches > 0).then_some(copy.last_batch.as_secs_f64() * 1e3);
    FeedView { name: "Redis".into(), state, latency_ms, text: copy.problem.clone().unwrap_or_default() }
}

/// What should never or rarely happen to it, for the page.
pub(super) fn counters(copy: &MirrorMetrics) -> [Counter; 4] {
    let counter = |name: &str, value: u64| Counter { name: name.into(), value };
    [
        counter("hot-state failures", copy.failures),
        counter("hot-state values superseded", copy.conflated),
        counter("hot-state values lost", copy.lost),
        counter("hot-state names taken by others", copy.refused),
    ]
}

/// Its figures for monitoring.
pub(super) fn figures(copy: &MirrorMetrics) -> [(&'static str, f64); 7] {
    [
        ("pending", copy.pending as f64),
        ("sent", copy.sent as f64),
        ("conflated", copy.conflated as f64),
        ("lost", copy.lost as f64),
        ("failures", copy.failures as f64),
        ("resends", copy.resends as f64),
        ("last_batch_ms", copy.last_batch.as_secs_f64() * 1e3),
    ]
}

/// The ingestion's figures for monitoring; the latency only once it is known.
pub(super) fn broker_figures(broker: &Status) -> impl Iterator<Item = (&'static str, f64)> {
    let counts = &broker.counts;
    let known = [
        ("quotes", counts.quotes),
        ("trades", counts.trades),
        ("bars", counts.bars),
        ("book_edits", counts.book_edits),
        ("gaps", counts.gaps),
        ("silences", counts.silences),
        ("resubscriptions", counts.resubscriptions),
        ("lagged", counts.lagged),
        ("lines_used", broker.lines_used as u64),
        ("streams", broker.streams.len() as u64),
    ];
    let latency = broker.latency_us.map(|us| ("latency_ms", us as f64 / 1e3));
    known.into_iter().map(|(name, value)| (name, value as f64)).chain(latency)
}

/// Sensitivities of every option whose quote implies them, at the price its underlying has now: the
/// middle of its quote, else its last price.
pub(super) fn greeks(market: &MarketView, rate: f64, into: &mut Vec<ContractGreeks>) {
    for features in &market.features {
        let Some(spot) = features.middle().or(features.last) else { continue };
        let own = market.contracts.iter().filter(|view| view.instrument.underlying == features.symbol);
        into.extend(own.filter_map(|view| options::greeks(view, spot, market.as_of, rate)));
    }
}

/// Exposures as text, made anew when a round brought others, for a large chain at most every five seconds.
#[derive(Debug, Default)]
pub(super) struct Exposures {
    texts: Vec<ExposureText>,
    made: Vec<Instant>,
}

impl Exposures {
    /// Rows above which a chain is large.
    const LARGE: u32 = 1_000;

    /// Looks at what there is now.
    pub(super) fn take(&mut self, now: Instant, market: &MarketView) {
        for options in &market.options {
            let Some(exposure) = options.exposure.as_deref() else { continue };
            let known = self.texts.iter().position(|text| text.symbol == options.symbol);
            if let Some(place) = known {
                let recent =
                    now.saturating_duration_since(self.made[place]) < Publisher::LARGE_CHAIN_INTERVAL;
                let waits = recent && exposure.rows.rows > Self::LARGE;
                if self.texts[place].as_of == exposure.as_of || waits {
                    continue;
                }
            }
            let json = match serde_json::to_string(&ExposureDocument::new(exposure, None)) {
                Ok(json) => json,
                Err(error) => {
                    tracing::error!(symbol = %options.symbol, %error, "exposures have no text");
                    continue;
                }
            };
            let text = ExposureText { symbol: options.symbol, as_of: exposure.as_of, json };
            if let Some(place) = known {
                (self.texts[place], self.made[place]) = (text, now);
            } else {
                self.texts.push(text);
                self.made.push(now);
            }
        }
    }

    /// Those of each symbol.
    pub(super) fn texts(&self) -> &[ExposureText] {
        &self.texts
    }
}
