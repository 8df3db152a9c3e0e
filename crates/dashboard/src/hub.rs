//! What the engine's thread hands over and what every connection reads from.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as WallInstant};

use serde_json::value::to_raw_value;
use tokio::sync::{mpsc, watch};

use crate::channel::EventChannel;
use crate::command::{Command, CommandAction, IdempotencyKeys, Known};
use crate::conflate::Pace;
use crate::epoch::ulid;
use crate::event_log::EventLog;
use crate::limits::Limits;
use crate::published::Published;
use crate::view::{AlertView, CommandState, CommandView, ExecutionView, SignalView};

/// Updates a second that a client may ask for.
pub(crate) const PACES: [u32; 4] = [1, 2, 4, 10];

/// Something that happened and must reach every client.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A signal as it is now.
    Signal(SignalView),
    /// A fill as it is known now.
    Execution(ExecutionView),
    /// Something a person should see.
    Alert(AlertView),
    /// What became of a command.
    Command(CommandView),
}

/// A moment of the system and its number.
#[derive(Debug)]
pub(crate) struct Moment {
    pub(crate) version: u64,
    pub(crate) published: Published,
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandRefusal {
    /// The key stands for another command.
    Conflict,
    /// Too many commands are waiting for the core.
    Full,
    /// The core is gone.
    Closed,
}

/// The meeting point. Cheap to share; nothing in it waits for a client.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) epoch: String,
    pub(crate) limits: Limits,
    moment: watch::Sender<Arc<Moment>>,
    paces: [PaceHub; 4],
    events: Mutex<[EventLog; 4]>,
    /// Bumped with each event.
    event_tick: watch::Sender<u64>,
    commands: mpsc::Sender<Command>,
    keys: Mutex<IdempotencyKeys>,
    /// Connections that are open.
    pub(crate) clients: watch::Sender<usize>,
    pub(crate) stopping: watch::Sender<bool>,
}

/// One pace and the bell that rings when it has something new.
#[derive(Debug)]
struct PaceHub {
    hz: u32,
    pace: Mutex<Pace>,
    tick: watch::Sender<u64>,
}

/// A poisoned lock means that a thread panicked between two whole updates of plain data: what is there is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns once the server stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender lives in the hub, which outlives everyone who waits.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

impl Hub {
    pub(crate) fn new(first: Published, limits: Limits) -> (Self, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(limits.commands);
        let keys = IdempotencyKeys::new(limits.idempotency_keys, limits.idempotency);
        let hub = Self {
            epoch: ulid(),
            limits,
            moment: watch::Sender::new(Arc::new(Moment { version: 1, published: first })),
            paces: PACES.map(|hz| PaceHub { hz, pace: Mutex::default(), tick: watch::Sender::new(0) }),
            events: Mutex::new(EventChannel::ALL.map(EventLog::new)),
            event_tick: watch::Sender::new(0),
            commands,
            keys: Mutex::new(keys),
            clients: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
        };
        (hub, receiver)
    }

    /// Replaces the moment that is shown.
    pub(crate) fn publish(&self, published: Published) {
        self.moment.send_modify(|moment| {
            *moment = Arc::new(Moment { version: moment.version + 1, published });
        });
    }

    /// The moment that is shown.
    pub(crate) fn moment(&self) -> Arc<Moment> {
        Arc::clone(&self.moment.borrow())
    }

    /// Tells every client.
    pub(crate) fn event(&self, event: &Event) {
        let (channel, key, value) = match event {
            Event::Signal(signal) => (EventChannel::Signals, &signal.id, to_raw_value(signal)),
            Event::Execution(fill) => (EventChannel::Executions, &fill.id, to_raw_value(fill)),
            Event::Alert(alert) => (EventChannel::Alerts, &alert.id, to_raw_value(alert)),
            Event::Command(command) => (EventChannel::Commands, &command.command_id, to_raw_value(command)),
        };
        let value = value.expect("views have string keys and no fallible parts");
        locked(&self.events)[channel as usize].push(key, value);
        self.event_tick.send_modify(|tick| *tick += 1);
    }

    /// Works on one event channel.
    pub(crate) fn with_events<T>(&self, channel: EventChannel, work: impl FnOnce(&EventLog) -> T) -> T {
        work(&locked(&self.events)[channel as usize])
    }

    /// Works on one pace.
    pub(crate) fn with_pace<T>(&self, pace: usize, work: impl FnOnce(&mut Pace) -> T) -> T {
        work(&mut locked(&self.paces[pace].pace))
    }

    /// Rings when a pace has something new.
    pub(crate) fn pace_ticks(&self) -> [watch::Receiver<u64>; 4] {
        self.paces.each_ref().map(|pace| pace.tick.subscribe())
    }

    /// Rings with each event.
    pub(crate) fn event_ticks(&self) -> watch::Receiver<u64> {
        self.event_tick.subscribe()
    }

    /// Advances one pace at its rate until the server stops.
    pub(crate) async fn run_pace(self: Arc<Self>, index: usize) {
        let hub = &self.paces[index];
        let mut stopping = self.stopping.subscribe();
        let mut interval = tokio::time::interval(Duration::from_secs(1) / hub.hz);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seen = 0;
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = stopped(&mut stopping) => return,
            }
            let moment = self.moment();
            if moment.version == seen {
                continue;
            }
            seen = moment.version;
            let changed = {
                let mut pace = locked(&hub.pace);
                !pace.is_idle() && pace.advance(moment.version, &moment.published)
            };
            if changed {
                hub.tick.send_modify(|tick| *tick += 1);
            }
        }
    }

    /// Hands a command to the core, once for each key. The answer is the command's identity.
    pub(crate) fn command(
        &self,
        action: CommandAction,
        reason: &str,
        key: &str,
    ) -> Result<String, CommandRefusal> {
        let now = WallInstant::now();
        let mut keys = locked(&self.keys);
        match keys.look_up(key, action, reason, now) {
            Known::Same(id) => return Ok(id),
            Known::Other => return Err(CommandRefusal::Conflict),
            Known::New => {}
        }
        let command =
            Command { id: ulid(), idempotency_key: key.to_owned(), action, reason: reason.to_owned() };
        let permit = self.commands.try_reserve().map_err(|e| match e {
            mpsc::error::TrySendError::Full(()) => CommandRefusal::Full,
            mpsc::error::TrySendError::Closed(()) => CommandRefusal::Closed,
        })?;
        keys.remember(&command, now);
        drop(keys);
        let id = command.id.clone();
        // Told before it is handed over, so that no answer of the core can come first.
        self.event(&Event::Command(CommandView {
            command_id: id.clone(),
            command: action.name().to_owned(),
            state: CommandState::Accepted,
            text: reason.to_owned(),
        }));
        permit.send(command);
        Ok(id)
    }
}
