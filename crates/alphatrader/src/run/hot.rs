//! Where the hot state goes: the memory of this process, or a Redis server too.

use std::sync::Arc;
use std::time::Duration;

use alphatrader_dashboard::view::{Counter, FeedState, FeedView};
use alphatrader_edge::Health;
use alphatrader_store::hot::{
    Bounds, HotStore, MemoryStore, Mirror, MirrorMetrics, Place, RedisLimits, RedisServer,
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
