//! The edge as the rest of the program sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alphatrader_edge::{Clock, Sender};
use alphatrader_model::{Calendar, Price, Span, Symbol};
use jiff::civil::Date;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::{Client, ClientError};
use crate::collector::Collector;
use crate::key::ApiKey;
use crate::scheduler::Asked;
use crate::settings::{Settings, SettingsError};
use crate::status::Status;
use crate::transport::Transport;
use crate::worker;

/// The live edge to Alpha Vantage.
#[derive(Debug)]
pub struct AlphaVantage;

/// Why the edge was not started.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting cannot work.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// What the tasks of the edge share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) collector: Mutex<Collector>,
    pub(crate) clock: Clock,
    pub(crate) inbox: Sender,
    /// Something changed that may be due at once.
    pub(crate) changed: Notify,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Collector> {
        // No code of ours panics while it holds the lock.
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AlphaVantage {
    /// Starts the edge on a runtime. It asks until it is shut down; nobody has to answer yet.
    ///
    /// Cadence, ages and the window of 60 seconds follow `clock`, at any speed; the window of a server beside a
    /// simulated market follows the same clock. Timeouts of connections are wall time.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        settings: Settings,
        key: ApiKey,
        clock: Clock,
        calendar: Calendar,
        inbox: Sender,
        runtime: &Handle,
    ) -> Result<AlphaVantageHandle, StartError> {
        let client = Client::new(&settings, key.clone())?;
        Self::start_over(client, settings, key, clock, calendar, inbox, runtime)
    }

    /// Starts the edge over another transport, such as a server in the same process.
    ///
    /// # Errors
    /// [`StartError::Settings`].
    pub fn start_over<T: Transport>(
        transport: T,
        settings: Settings,
        key: ApiKey,
        clock: Clock,
        calendar: Calendar,
        inbox: Sender,
        runtime: &Handle,
    ) -> Result<AlphaVantageHandle, StartError> {
        settings.validate()?;
        let collector = Mutex::new(Collector::new(settings, key, calendar, clock.now()));
        let shared = Arc::new(Shared { collector, clock, inbox, changed: Notify::new() });
        let (stop, stopped) = watch::channel(false);
        let task = runtime.spawn(worker::run(Arc::clone(&shared), Arc::new(transport), stopped));
        Ok(AlphaVantageHandle { shared, stop, task: Mutex::new(Some(task)) })
    }
}

/// A running edge. Dropping it ends the edge too, without waiting.
#[derive(Debug)]
pub struct AlphaVantageHandle {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl AlphaVantageHandle {
    /// How long [`AlphaVantageHandle::shutdown`] waits at most.
    pub const FAREWELL: Duration = Duration::from_secs(2);

    /// How the edge is.
    pub fn status(&self) -> Status {
        self.shared.lock().status(self.shared.clock.now())
    }

    /// Symbols with an open position or a live signal: their chains go first.
    pub fn set_hot(&self, symbols: &[Symbol]) {
        self.shared.lock().set_hot(self.shared.clock.now(), symbols);
        self.shared.changed.notify_one();
    }

    /// The broker's price of an underlying, for the checks of chains. Counts for 30 seconds.
    pub fn set_spot(&self, symbol: Symbol, price: Price) {
        self.shared.lock().set_spot(self.shared.clock.now(), symbol, price);
    }

    /// Wants a chain, or one expiry of it, unless what is there is younger than `ttl`. It comes as an event.
    pub fn ask(&self, symbol: Symbol, expiry: Option<Date>, ttl: Span) -> Asked {
        let asked = self.shared.lock().ask(self.shared.clock.now(), symbol, expiry, ttl);
        self.shared.changed.notify_one();
        asked
    }

    /// Ends the edge; what is on its way is dropped. True when that was done in time.
    pub async fn shutdown(&self) -> bool {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return true };
        if let Ok(ended) = timeout(Self::FAREWELL, &mut task).await {
            return ended.is_ok();
        }
        task.abort();
        false
    }
}
