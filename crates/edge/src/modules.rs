//! The modules of the process: registered in order at the start, each with a name, a health check
//! and an interval at which it says that it lives.
//!
//! Bounds: [`Registry::MODULES`] modules, [`Registry::METRICS`] figures and [`Registry::ERRORS`]
//! errors a module (the oldest goes), [`Registry::TEXT`] characters of a text.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alphatrader_model::Timestamp;
use thiserror::Error;

use crate::clock::Clock;

/// How a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Does all it should.
    Ready,
    /// Works, with less than it should have. In words.
    Degraded(String),
    /// Does not work. In words.
    Down(String),
}

impl Health {
    /// Whether it does all it should.
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// One word: `ready`, `degraded` or `down`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded(_) => "degraded",
            Self::Down(_) => "down",
        }
    }

    /// Why, when it is not ready.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready => None,
            Self::Degraded(reason) | Self::Down(reason) => Some(reason),
        }
    }
}

/// Why a registration was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// Names are unique.
    #[error("a module named `{0}` is registered already")]
    Taken(&'static str),
    /// There are at most [`Registry::MODULES`].
    #[error("module `{0}` is one too many: a process has at most {limit}", limit = Registry::MODULES)]
    Full(&'static str),
}

type Check = Arc<dyn Fn() -> Health + Send + Sync>;

struct Entry {
    name: &'static str,
    monitoring: &'static str,
    interval: Duration,
    check: Check,
    registered: Instant,
    heartbeat: Option<(Instant, Timestamp)>,
    figures: BTreeMap<&'static str, f64>,
    errors: VecDeque<ModuleError>,
    errors_total: u64,
}

/// An error that a module met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleError {
    /// When, by the system's clock.
    pub time: Timestamp,
    /// What, without secrets.
    pub text: String,
}

/// How a module is at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleState {
    /// Its name, that of its heartbeat (`ibkr_ingestion`).
    pub name: &'static str,
    /// Its name in monitoring (`ibkr`).
    pub monitoring: &'static str,
    /// How often it says that it lives, wall time.
    pub interval: Duration,
    /// Wall time since it last said so; absent when it never did.
    pub silent_for: Option<Duration>,
    /// When it last said so, by the system's clock.
    pub heartbeat: Option<Timestamp>,
    /// Its own word, or that it is silent.
    pub health: Health,
    /// Its figures, by name.
    pub figures: Vec<(&'static str, f64)>,
    /// Its last errors, oldest first.
    pub errors: Vec<ModuleError>,
    /// Errors since the start.
    pub errors_total: u64,
}

/// All modules of the process. Clones are the same registry.
#[derive(Clone)]
pub struct Registry {
    clock: Clock,
    entries: Arc<Mutex<Vec<Entry>>>,
}

/// A module's own hand on its entry.
#[derive(Clone)]
pub struct Module {
    registry: Registry,
    place: usize,
}

impl Registry {
    /// Most modules.
    pub const MODULES: usize = 64;
    /// Most figures of a module.
    pub const METRICS: usize = 64;
    /// Errors of a module that are kept.
    pub const ERRORS: usize = 100;
    /// Longest text of an error.
    pub const TEXT: usize = 1_000;
    /// A module that was silent for this many intervals is down, whatever its check says.
    pub const SILENT: u32 = 3;

    /// Without modules.
    pub fn new(clock: Clock) -> Self {
        Self { clock, entries: Arc::default() }
    }

    /// Registers a module; its place is after those registered before. `name` is that of its
    /// heartbeat, `monitoring` that of its figures and errors, `interval` (wall time) how often it
    /// says that it lives. `check` is asked for every snapshot: it answers at once and takes no lock
    /// that is held for long.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn register(
        &self,
        name: &'static str,
        monitoring: &'static str,
        interval: Duration,
        check: impl Fn() -> Health + Send + Sync + 'static,
    ) -> Result<Module, RegistryError> {
        let mut entries = self.lock();
        if entries.iter().any(|entry| entry.name == name) {
            return Err(RegistryError::Taken(name));
        }
        if entries.len() == Self::MODULES {
            return Err(RegistryError::Full(name));
        }
        entries.push(Entry {
            name,
            monitoring,
            interval,
            check: Arc::new(check),
            registered: Clock::instant(),
            heartbeat: None,
            figures: BTreeMap::new(),
            errors: VecDeque::new(),
            errors_total: 0,
        });
        Ok(Module { registry: self.clone(), place: entries.len() - 1 })
    }

    /// Says that a module lives. An unknown name changes nothing and says `false`.
    pub fn heartbeat(&self, name: &str) -> bool {
        let place = self.lock().iter().position(|entry| entry.name == name);
        place.inspect(|place| self.beat(*place)).is_some()
    }

    /// Sets one figure of a module: see [`Module::figure`]. An unknown name changes nothing and says `false`.
    pub fn figure(&self, module: &str, name: &'static str, value: f64) -> bool {
        let place = self.lock().iter().position(|entry| entry.name == module);
        let Some(place) = place else { return false };
        Module { registry: self.clone(), place }.figure(name, value);
        true
    }

    fn beat(&self, place: usize) {
        let now = (Clock::instant(), self.clock.now());
        self.lock()[place].heartbeat = Some(now);
    }

    /// All modules as they are now, in their order.
    pub fn snapshot(&self) -> Vec<ModuleState> {
        // Checks are asked without the lock, so that one may report through its own handle.
        let checks: Vec<Check> = self.lock().iter().map(|entry| Arc::clone(&entry.check)).collect();
        let health: Vec<Health> = checks.iter().map(|check| check()).collect();
        let now = Clock::instant();
        self.lock().iter().zip(health).map(|(entry, health)| entry.state(now, health)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // A reader of health must not fail because another thread has: entries are whole at all times.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn state(&self, now: Instant, health: Health) -> ModuleState {
        let since = self.heartbeat.map_or(self.registered, |(instant, _)| instant);
        let silent = now.saturating_duration_since(since);
        let health = match health {
            Health::Ready | Health::Degraded(_) if silent > self.interval * Registry::SILENT => {
                Health::Down(format!("silent for {} s", silent.as_secs()))
            }
            own => own,
        };
        ModuleState {
            name: self.name,
            monitoring: self.monitoring,
            interval: self.interval,
            silent_for: self.heartbeat.map(|_| silent),
            heartbeat: self.heartbeat.map(|(_, time)| time),
            health,
            figures: self.figures.iter().map(|(name, value)| (*name, *value)).collect(),
            errors: self.errors.iter().cloned().collect(),
            errors_total: self.errors_total,
        }
    }
}

impl Module {
    /// Says that the module lives.
    pub fn heartbeat(&self) {
        self.registry.beat(self.place);
    }

    /// Sets one of the module's figures. Beyond [`Registry::METRICS`] names, new ones are left out.
    pub fn figure(&self, name: &'static str, value: f64) {
        let figures = &mut self.registry.lock()[self.place].figures;
        if figures.len() < Registry::METRICS || figures.contains_key(name) {
            figures.insert(name, value);
        }
    }

    /// Notes an error that the module met.
    pub fn error(&self, text: &str) {
        let time = self.registry.clock.now();
        let entry = &mut self.registry.lock()[self.place];
        if entry.errors.len() == Registry::ERRORS {
            entry.errors.pop_front();
        }
        entry.errors.push_back(ModuleError { time, text: text.chars().take(Registry::TEXT).collect() });
        entry.errors_total += 1;
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().iter().map(|entry| entry.name)).finish()
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Module").field(&self.registry.lock()[self.place].name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    const INTERVAL: Duration = Duration::from_secs(5);

    #[test]
    fn modules_keep_their_order_and_their_names_are_unique() {
        let registry = Registry::new(Clock::wall());
        for name in ["ibkr_ingestion", "analytics", "risk"] {
            registry.register(name, name, INTERVAL, || Health::Ready).unwrap();
        }
        let twice = registry.register("risk", "risk", INTERVAL, || Health::Ready).unwrap_err();
        assert_eq!(twice, RegistryError::Taken("risk"));
        let names: Vec<_> = registry.snapshot().iter().map(|state| state.name).collect();
        assert_eq!(names, ["ibkr_ingestion", "analytics", "risk"]);
    }

    #[test]
    fn a_module_speaks_for_itself() {
        let registry = Registry::new(Clock::wall());
        let up = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&up);
        let check = move || {
            if seen.load(Ordering::Relaxed) { Health::Ready } else { Health::Down("no gateway".into()) }
        };
        let module = registry.register("ibkr_ingestion", "ibkr", INTERVAL, check).unwrap();
        assert_eq!(registry.snapshot()[0].heartbeat, None);
        module.heartbeat();
        assert!(registry.heartbeat("ibkr_ingestion") && !registry.heartbeat("ibkr"));
        let state = &registry.snapshot()[0];
        assert!(state.health.is_ready() && state.silent_for.is_some() && state.heartbeat.is_some());
        up.store(false, Ordering::Relaxed);
        assert_eq!(registry.snapshot()[0].health.reason(), Some("no gateway"));
    }

    #[test]
    fn a_silent_module_is_down_whatever_it_says() {
        let registry = Registry::new(Clock::wall());
        let module = registry.register("risk", "risk", INTERVAL, || Health::Ready).unwrap();
        module.heartbeat();
        let entries = registry.lock();
        let (beat, _) = entries[0].heartbeat.unwrap();
        assert!(entries[0].state(beat + INTERVAL * 3, Health::Ready).health.is_ready());
        let late = entries[0].state(beat + INTERVAL * 3 + Duration::from_millis(1), Health::Ready);
        assert_eq!(late.health, Health::Down("silent for 15 s".into()));
    }

    #[test]
    fn errors_and_figures_are_bounded() {
        let registry = Registry::new(Clock::wall());
        let module = registry.register("risk", "risk", INTERVAL, || Health::Ready).unwrap();
        for n in 0..250 {
            module.error(&format!("{n}{}", "x".repeat(2_000)));
        }
        module.figure("orders", 1.0);
        module.figure("orders", 2.0);
        let state = &registry.snapshot()[0];
        assert_eq!((state.errors.len(), state.errors_total), (Registry::ERRORS, 250));
        assert!(state.errors[0].text.starts_with("150x"));
        assert!(state.errors.iter().all(|error| error.text.chars().count() == Registry::TEXT));
        assert_eq!(state.figures, [("orders", 2.0)]);
        assert!(registry.figure("risk", "orders", 3.0) && !registry.figure("nobody", "orders", 4.0));
        assert_eq!(registry.snapshot()[0].figures, [("orders", 3.0)]);
        for n in 0..Registry::MODULES - 1 {
            let name: &'static str = Box::leak(n.to_string().into_boxed_str());
            registry.register(name, name, INTERVAL, || Health::Ready).unwrap();
        }
        assert_eq!(
            registry.register("more", "more", INTERVAL, || Health::Ready).unwrap_err(),
            RegistryError::Full("more")
        );
    }
}
