//! Hot state in a Redis server.
//!
//! [`RedisServer`] is the server with its limits; [`RedisServer::connect`] gives a [`RedisStore`], which
//! is one multiplexed connection for one purpose. Writes go out pipelined, each command touches one
//! key. A lost connection is made anew by the one retry policy; until the next attempt is due every
//! call fails at once, so a caller never waits for a server that is away.
//!
//! Bounds: [`RedisLimits::max_connections`] connections a server, [`CONNECT`] for a connection and
//! [`ANSWER`] for an answer.

mod address;
mod command;

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_edge::retry::{Backoff, Policy};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisResult, Value};
use tokio::runtime::Runtime;

use super::{EntryId, HotError, HotStore, Write};

/// Longest time to make a connection, answers to the greeting included.
pub const CONNECT: Duration = Duration::from_secs(2);
/// Longest time to an answer; a server that takes longer counts as lost.
pub const ANSWER: Duration = Duration::from_secs(5);
/// A peer that was silent this long is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// What a server may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisLimits {
    /// Connections of this process, at least 1.
    pub max_connections: u32,
    /// How to come back.
    pub retry: Policy,
}

impl Default for RedisLimits {
    fn default() -> Self {
        Self { max_connections: 50, retry: Policy::CONNECTION }
    }
}

/// A Redis server. Clones share its budget of connections.
#[derive(Clone)]
pub struct RedisServer {
    client: Client,
    /// Address without user and password.
    shown: Arc<str>,
    limits: RedisLimits,
    open: Arc<AtomicU32>,
    runtime: Arc<Runtime>,
}

impl RedisServer {
    /// A server at `redis://[user:password@]host[:port][/database]` or `unix:///path/to/socket`.
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`HotError::Address`] for what is no such address.
    pub fn new(url: &str, limits: RedisLimits) -> Result<Self, HotError> {
        let (info, shown) = address::parse(url)?;
        let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE);
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keep_alive);
        let client = Client::open(info.set_tcp_settings(tcp))
            .map_err(|e| HotError::Address { shown: shown.clone(), reason: e.to_string() })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("redis")
            .enable_all()
            .build()
            .map_err(|e| HotError::Unreachable(format!("no thread for its connections: {e}")))?;
        Ok(Self { client, shown: shown.into(), limits, open: Arc::default(), runtime: Arc::new(runtime) })
    }

    /// Whether an address can be used; it comes back without user and password.
    ///
    /// # Errors
    /// [`HotError::Address`].
    pub fn look_at(url: &str) -> Result<String, HotError> {
        address::parse(url).map(|(_, shown)| shown)
    }

    /// Its address without user and password.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Connections in use or reserved.
    pub fn connections(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// A connection for one purpose, made and greeted at once.
    ///
    /// # Errors
    /// [`HotError::Connections`] when all are taken, [`HotError::Unreachable`], [`HotError::Refused`]
    /// (a wrong password, say).
    pub fn connect(&self, purpose: &'static str) -> Result<RedisStore, HotError> {
        let most = self.limits.max_connections;
        let taken = |open: u32| (open < most).then_some(open + 1);
        if self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_err() {
            return Err(HotError::Connections { purpose, most });
        }
        let store = RedisStore {
            server: self.clone(),
            purpose,
            link: Mutex::new(Link {
                connection: None,
                generation: 0,
                backoff: Backoff::new(self.limits.retry),
                next_try: None,
                why: String::new(),
            }),
        };
        store.connection(&mut store.lock())?;
        Ok(store)
    }
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RedisServer");
        shown.field("at", &self.shown).field("connections", &self.connections()).finish_non_exhaustive()
    }
}

/// The connection of one purpose, or the wait for the next attempt.
struct Link {
    connection: Option<MultiplexedConnection>,
    /// Connections made so far: a new one may face a server that has forgotten everything.
    generation: u64,
    backoff: Backoff,
    next_try: Option<Instant>,
    /// What ended the last connection or attempt.
    why: String,
}

/// One multiplexed connection of a [`RedisServer`]. Any number of threads may use it at once.
pub struct RedisStore {
    server: RedisServer,
    purpose: &'static str,
    link: Mutex<Link>,
}

impl RedisStore {
    /// How many connections were made for this purpose: grows with each loss that was mended.
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// How it comes back.
    pub const fn retry(&self) -> Policy {
        self.server.limits.retry
    }

    /// When the next attempt to connect is due; absent while there is a connection.
    pub fn next_try(&self) -> Option<Instant> {
        let link = self.lock();
        if link.connection.is_some() { None } else { link.next_try }
    }

    /// Makes changes, in order, as one pipeline; says of each what became of it.
    ///
    /// # Errors
    /// [`HotError::Unreachable`]: nobody knows which of them were made.
    pub fn write_each(&self, batch: &[Write]) -> Result<Vec<Result<(), HotError>>, HotError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::Pipeline::with_capacity(batch.len());
        for write in batch {
            command::add(&mut pipe, write);
        }
        pipe.ignore_errors();
        let answers: Vec<RedisResult<Value>> =
            self.ask(async |mut connection| pipe.query_async(&mut connection).await)?;
        let mut answers = answers.into_iter();
        let each = batch.iter().map(|write| {
            // All answers of the change are taken, the first refusal counts.
            let mut made = Ok(());
            for answer in answers.by_ref().take(command::count(write)) {
                made = made.and(answer.map(|_| ()));
            }
            made.map_err(|error| command::refusal(&error, write.key(), write.kind()))
        });
        Ok(each.collect())
    }

    /// Whether a key is there, whatever it holds.
    ///
    /// # Errors
    /// [`HotError::Unreachable`], [`HotError::Refused`].
    pub fn exists(&self, key: &str) -> Result<bool, HotError> {
        self.one(&redis::cmd("EXISTS").arg(key).take(), key, "value")
    }

    fn lock(&self) -> MutexGuard<'_, Link> {
        // Each change leaves the link whole before anything can panic.
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
        key: &str,
        wanted: &'static str,
    ) -> Result<T, HotError> {
        let answer: RedisResult<T> =
            self.ask(async |mut connection| match command.query_async(&mut connection).await {
                Err(error) if is_loss(&error) => Err(error),
                answer => Ok(answer),
            })?;
        answer.map_err(|error| command::refusal(&error, key, wanted))
    }

    /// Lets `work` use the connection; a loss closes it.
    fn ask<T>(&self, work: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>) -> Result<T, HotError> {
        let (connection, generation) = {
            let mut link = self.lock();
            (self.connection(&mut link)?, link.generation)
        };
        self.server.runtime.block_on(work(connection)).map_err(|error| {
            if !is_loss(&error) {
                return command::refusal(&error, "", "value");
            }
            let mut link = self.lock();
            // Another thread may have mended it meanwhile.
            if link.generation == generation {
                link.lost(&error);
            }
            self.unreachable(&error.to_string())
        })
    }

    /// The connection, made anew when that is due.
    fn connection(&self, link: &mut Link) -> Result<MultiplexedConnection, HotError> {
        if let Some(connection) = &link.connection {
            return Ok(connection.clone());
        }
        if link.next_try.is_some_and(|due| Clock::instant() < due) {
            return Err(self.unreachable(&link.why));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let made = self.server.runtime.block_on(async {
            let mut connection =
                self.server.client.get_multiplexed_async_connection_with_config(&config).await?;
            // A server that still loads its data, or wants a password, answers the connection all the same.
            redis::cmd("PING").query_async::<()>(&mut connection).await?;
            Ok::<_, redis::RedisError>(connection)
        });
        match made {
            Ok(connection) => {
                link.generation += 1;
                link.backoff.reset();
                link.next_try = None;
                link.connection = Some(connection.clone());
                Ok(connection)
            }
            Err(error) => {
                link.lost(&error);
                Err(match command::refusal(&error, "", "value") {
                    refused @ HotError::Refused { .. } => refused,
                    _ => self.unreachable(&error.to_string()),
                })
            }
        }
    }

    fn unreachable(&self, why: &str) -> HotError {
        HotError::Unreachable(format!("Redis at {}: {why}", self.server.shown))
    }
}

impl Link {
    fn lost(&mut self, error: &redis::RedisError) {
        self.connection = None;
        self.why = error.to_string();
        // The policy's end is two weeks of attempts away; from there on, its longest wait.
        let wait = self.backoff.next().unwrap_or(Policy::CONNECTION.longest);
        self.next_try = Some(Clock::instant() + wait);
    }
}

/// Whether the error says that the connection cannot be used any more, or that no answer came.
fn is_loss(error: &redis::RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || error.kind() == redis::ErrorKind::Parse
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.server.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RedisStore");
        shown.field("server", &self.server).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl HotStore for RedisStore {
    fn write(&self, batch: &[Write]) -> Result<(), HotError> {
        self.write_each(batch)?.into_iter().collect()
    }

    fn get(&self, key: &str) -> Result<Option<String>, HotError> {
        self.one(&redis::cmd("GET").arg(key).take(), key, "value")
    }

    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError> {
        let mut found = std::collections::BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(command::pattern(prefix)).arg("COUNT").arg(1_000);
            let (next, keys): (u64, Vec<String>) = self.one(&scan, prefix, "value")?;
            found.extend(keys);
            while found.len() > most {
                found.pop_last();
            }
            if next == 0 {
                return Ok(found.into_iter().collect());
            }
            cursor = next;
        }
    }

    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError> {
        let Some(last) = most.checked_sub(1) else { return Ok(Vec::new()) };
        self.one(&redis::cmd("LRANGE").arg(key).arg(0).arg(last).take(), key, "list")
    }

    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError> {
        let mut range = redis::cmd("XRANGE");
        range.arg(key).arg(command::first_after(after)).arg("+").arg("COUNT").arg(most);
        let entries: Vec<(String, Vec<String>)> = self.one(&range, key, "stream")?;
        // Each entry is one field and its value.
        let values = entries.into_iter().filter_map(|(id, fields)| {
            let value = fields.into_iter().nth(1)?;
            Some((EntryId(id), value))
        });
        Ok(values.collect())
    }
}
