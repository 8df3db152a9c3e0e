//! The edge as the rest of the program sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alphatrader_edge::{Clock, Sender};
use alphatrader_model::{Calendar, Effect};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::{ConfigError, IbkrConfig};
use crate::context::Context;
use crate::registry::Registry;
use crate::status::Status;
use crate::supervisor::supervise;

/// Effects that may wait to be carried out: far more than a second's orders.
const EFFECTS: usize = 1_024;

/// The live edge to TWS and IB Gateway.
#[derive(Debug)]
pub struct Ibkr;

/// Why an effect was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PerformError {
    /// The edge does not keep up: trading has to stop.
    #[error("{EFFECTS} orders and cancels wait to be sent: the edge does not keep up, trading stops")]
    Full,
    /// The edge has ended.
    #[error("the edge to the broker has ended")]
    Stopped,
}

impl Ibkr {
    /// Starts the edge on a runtime. It connects, and connects again after every loss, until it is
    /// shut down; nobody has to be there yet.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn start(
        config: IbkrConfig,
        clock: Clock,
        calendar: Calendar,
        inbox: Sender,
        instruments: Registry,
        runtime: &Handle,
    ) -> Result<IbkrHandle, ConfigError> {
        config.validate()?;
        let context = Arc::new(Context::new(config, clock, calendar, instruments, inbox));
        let (effects, wanted) = mpsc::channel(EFFECTS);
        let (stop, stopped) = watch::channel(false);
        let task = runtime.spawn(supervise(Arc::clone(&context), wanted, stopped));
        Ok(IbkrHandle { context, effects, stop, task: Mutex::new(Some(task)) })
    }
}

/// A running edge. Dropping it ends the edge too, without waiting.
#[derive(Debug)]
pub struct IbkrHandle {
    context: Arc<Context>,
    effects: mpsc::Sender<Effect>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl IbkrHandle {
    /// How long [`IbkrHandle::shutdown`] waits at most.
    pub const FAREWELL: Duration = Duration::from_secs(4);

    /// Hands over something to do. Never waits; what became of it comes as events.
    ///
    /// # Errors
    /// [`PerformError`]; nothing was or will be done.
    pub fn perform(&self, effect: Effect) -> Result<(), PerformError> {
        self.effects.try_send(effect).map_err(|refused| match refused {
            TrySendError::Full(_) => PerformError::Full,
            TrySendError::Closed(_) => PerformError::Stopped,
        })
    }

    /// How the edge is.
    pub fn status(&self) -> Status {
        self.context.board.status()
    }

    /// Carries out what was handed over, closes the connection and ends. True when all of that was
    /// done in time.
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
