//! What is shown: the dashboard ten times a second, the hot state four times, each fact as an event.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_dashboard::project::{self, Found, Surroundings, Trails};
use alphatrader_dashboard::view::{
    Counter, FeedState, FeedView, MarketKind, ModeView, ParametersView, RunState, TradingMode,
};
use alphatrader_edge::Clock;
use alphatrader_edge::inbox::Sender;
use alphatrader_edge::modules::Registry as Modules;
use alphatrader_history::recording::{Recorder, RecorderStatus};
use alphatrader_ibkr::IbkrHandle;
use alphatrader_ibkr::{Link, Status};
use alphatrader_model::Settings;
use alphatrader_model::view::ContractGreeks;
use alphatrader_store::hot::{Picture, Publisher as HotPublisher};
use alphatrader_store::ledger::Step;
use alphatrader_store::{LedgerWriter, Recovery};

use super::core_thread::{Moment, Moments};
use super::feed;
use super::hot::{self, HotState};
use super::vantage::Vantage;
use crate::config::Config;

/// Wall time between two pictures of the dashboard.
const FRAME: Duration = Duration::from_millis(100);
/// Wall time between two writings of the hot state: half its shortest expiry, twice.
const HOT: Duration = Duration::from_millis(250);
/// Steps that wait to be shown: a minute of a busy day.
const STEPS: usize = 16_384;

/// The engine's end: facts on their way to the screen.
#[derive(Clone)]
pub(super) struct Told {
    steps: SyncSender<Step>,
    lost: Arc<AtomicU64>,
}

/// The screen's end.
pub(super) struct Hears {
    steps: Receiver<Step>,
    lost: Arc<AtomicU64>,
}

impl Told {
    pub(super) fn channel() -> (Self, Hears) {
        let (sender, receiver) = sync_channel(STEPS);
        let lost = Arc::new(AtomicU64::new(0));
        (Self { steps: sender, lost: Arc::clone(&lost) }, Hears { steps: receiver, lost })
    }

    /// Never waits. The ledger has every fact; a screen that does not keep up says what it missed.
    pub(super) fn tell(&self, step: Step) {
        if let Err(TrySendError::Full(_)) = self.steps.try_send(step) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the screen's thread works with.
pub(super) struct ShowParts {
    pub(super) publisher: alphatrader_dashboard::Publisher,
    pub(super) config: Config,
    pub(super) moments: Moments,
    pub(super) clock: Clock,
    pub(super) ibkr: Arc<IbkrHandle>,
    pub(super) vantage: Arc<Vantage>,
    pub(super) writer: Arc<LedgerWriter>,
    pub(super) inbox: Sender,
    pub(super) modules: Modules,
    pub(super) hot: HotState,
    pub(super) recorder: Option<Arc<Recorder>>,
    pub(super) recovered: Recovery,
}

/// The running thread.
pub(super) struct Show {
    stopping: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Show {
    pub(super) fn start(parts: ShowParts, hears: Hears) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let over = Arc::new(AtomicBool::new(false));
        let mut screen = Screen {
            hot: HotPublisher::new(),
            hot_at: None,
            greeks: Vec::new(),
            greeks_at: None,
            exposures: hot::Exposures::default(),
            trails: Trails::default(),
            parameters: Parameters::default(),
            parts,
            hears,
            stopping: Arc::clone(&stopping),
        };
        let ends = Arc::clone(&over);
        let thread = std::thread::Builder::new().name("show".into()).spawn(move || {
            screen.begin();
            while !ends.load(Ordering::Acquire) {
                let begun = Clock::instant();
                screen.frame();
                std::thread::park_timeout(FRAME.saturating_sub(begun.elapsed()));
            }
            // The hot state too learns that there is no market any more.
            screen.hot_at = None;
            screen.frame();
        })?;
        Ok(Self { stopping, over, thread: Mutex::new(Some(thread)) })
    }

    /// From now on the page says that the system is stopping.
    pub(super) fn stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Shows the last moment and ends.
    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the screen's thread had ended by a fault of ours");
            }
        }
    }
}

/// Whose money moves, and where the market comes from, in the words of the page.
pub(super) fn mode(config: &Config, speed: f64) -> ModeView {
    let synthetic = config.paper.enabled;
    ModeView {
        trading: TradingMode::Paper,
        market: if synthetic { MarketKind::Synthetic } else { MarketKind::Live },
        label: synthetic.then(|| "synthetic market: no price on this page was ever traded".into()),
        speed: Some(if synthetic { speed } else { 1.0 }),
    }
}

/// The page's view of the found parameters, made anew when they or the session change.
#[derive(Default)]
struct Parameters {
    /// Changes of the core's, date of the session, symbols known.
    made_of: (u64, Option<jiff::civil::Date>, usize),
    view: Arc<ParametersView>,
}

impl Parameters {
    fn take(&mut self, moment: &Moment, settings: &Settings) -> Arc<ParametersView> {
        let (found, market) = (&moment.found, &moment.market);
        let made_of = (found.changes, market.session.map(|session| session.date), market.features.len());
        if self.made_of != made_of {
            self.made_of = made_of;
            let known = Found { now: found.now.as_ref(), since: found.since, next: found.next.as_ref() };
            self.view = Arc::new(project::parameters(known, settings, market));
        }
        Arc::clone(&self.view)
    }
}

struct Screen {
    parts: ShowParts,
    hears: Hears,
    hot: HotPublisher,
    hot_at: Option<Instant>,
    greeks: Vec<ContractGreeks>,
    greeks_at: Option<Instant>,
    exposures: hot::Exposures,
    trails: Trails,
    parameters: Parameters,
    stopping: Arc<AtomicBool>,
}

impl Screen {
    /// What the ledger knew before this start belongs on the screen too.
    fn begin(&mut self) {
        let recovered = std::mem::take(&mut self.parts.recovered.records);
        for one in recovered {
            self.fact(&Step { seq: one.seq, time: one.time, records: vec![one.record] });
        }
        self.parts.hot.recovered();
    }

    fn frame(&mut self) {
        while let Ok(step) = self.hears.steps.try_recv() {
            self.fact(&step);
        }
        let moment = Arc::clone(&self.parts.moments.lock().unwrap_or_else(PoisonError::into_inner));
        let parameters = self.parameters.take(&moment, &self.parts.config.trading);
        let surroundings = self.surroundings(&moment, parameters);
        let published = project::published(
            &mut self.trails,
            surroundings,
            &self.parts.config.trading,
            &moment.market,
            &moment.histories,
            &moment.trading,
        );
        self.parts.publisher.publish(published);
        let due = self.hot_at.is_none_or(|at| at.elapsed() >= HOT);
        if due {
            self.hot_at = Some(Clock::instant());
            self.write_hot(&moment);
            self.parts.modules.heartbeat("dashboard");
            self.parts.modules.heartbeat("hot_state");
            self.parts.modules.heartbeat("alpha_vantage_ingestion");
            self.parts.vantage.follow(&moment);
            if self.parts.ibkr.status().link != Link::Stopped {
                self.parts.modules.heartbeat("ibkr_ingestion");
            }
        }
    }

    fn fact(&mut self, step: &Step) {
        for (index, record) in step.records.iter().enumerate() {
            let id = format!("{}.{index}", step.seq);
            if let Some(event) = project::event(record, step.time, &id) {
                self.parts.publisher.event(&event);
            }
        }
        if let Err(error) = self.hot.record(self.parts.hot.store(), step.time, &step.records) {
            tracing::warn!(%error, "hot state");
        }
    }

    fn write_hot(&mut self, moment: &Moment) {
        let now = Clock::instant();
        if self.greeks_at.is_none_or(|at| now.saturating_duration_since(at) >= HotPublisher::CHAIN_INTERVAL) {
            self.greeks_at = Some(now);
            self.greeks.clear();
            hot::greeks(&moment.market, self.parts.config.trading.risk_free_rate, &mut self.greeks);
        }
        self.exposures.take(now, &moment.market);
        let broker = self.parts.ibkr.status();
        let picture = Picture {
            market: &moment.market,
            histories: &moment.histories,
            greeks: &self.greeks,
            exposures: self.exposures.texts(),
            trading: &moment.trading,
            market_lives: broker.is_connected(),
        };
        self.figures(&broker, moment);
        let modules = self.parts.modules.snapshot();
        let store = self.parts.hot.store();
        let written = self
            .hot
            .publish(store, now, &picture)
            .and_then(|_| self.hot.modules(store, now, self.parts.clock.now(), &modules));
        if let Err(error) = written {
            tracing::warn!(%error, "hot state");
        }
    }

    /// What the modules do, in figures.
    fn figures(&self, broker: &Status, moment: &Moment) {
        let modules = &self.parts.modules;
        for (name, value) in hot::broker_figures(broker) {
            modules.figure("ibkr_ingestion", name, value);
        }
        for (name, value) in self.parts.vantage.figures() {
            modules.figure("alpha_vantage_ingestion", name, value);
        }
        modules.figure("analytics", "events", moment.events as f64);
        let commit = self.parts.writer.metrics();
        modules.figure("execution", "commits", commit.commits as f64);
        modules.figure("execution", "last_commit_ms", commit.last_commit.as_secs_f64() * 1e3);
        for (name, value) in self.parts.hot.copy().iter().flat_map(hot::figures) {
            modules.figure("hot_state", name, value);
        }
    }

    fn surroundings(&self, moment: &Moment, parameters: Arc<ParametersView>) -> Surroundings {
        let commit = self.parts.writer.metrics();
        Surroundings {
            version: env!("CARGO_PKG_VERSION").into(),
            state: if self.stopping.load(Ordering::Acquire) { RunState::Stopping } else { RunState::Running },
            mode: mode(&self.parts.config, self.parts.clock.speed()),
            at: self.parts.clock.now(),
            feeds: self.feeds(),
            streams: super::streams::view(&self.parts.ibkr.status()),
            ledger_commit_ms: (commit.commits > 0).then_some(commit.last_commit.as_secs_f64() * 1e3),
            counters: self.counters(moment),
            parameters,
            ready: self.ready(moment),
        }
    }

    fn feeds(&self) -> Vec<FeedView> {
        let broker = self.parts.ibkr.status();
        let name = if self.parts.config.paper.enabled { "Paper gateway" } else { "IBKR" };
        let state = match broker.link {
            Link::Connected => FeedState::Ok,
            Link::Connecting | Link::BrokerLost => FeedState::Warn,
            Link::Refused | Link::Stopped => FeedState::Down,
        };
        let latency_ms = broker.latency_us.map(|us| us as f64 / 1e3);
        let data = feed::light(&broker);
        let text = if broker.is_connected() { String::new() } else { broker.text };
        let mut feeds = vec![FeedView { name: name.into(), state, latency_ms, text }, data];
        feeds.extend(self.parts.vantage.light());
        // The page draws the ledger's light by its last commit; a failure needs words.
        if self.parts.writer.metrics().failed {
            let text = "cannot be written: trading is halted".into();
            feeds.push(FeedView { name: "Ledger".into(), state: FeedState::Down, latency_ms: None, text });
        }
        feeds.extend(self.parts.hot.copy().as_ref().map(hot::light));
        // So does a recording that ended or has a hole; a good one is no news.
        feeds.extend(self.parts.recorder.as_ref().and_then(|recorder| recording_trouble(&recorder.status())));
        feeds
    }

    fn counters(&self, moment: &Moment) -> Vec<Counter> {
        let inbox = self.parts.inbox.metrics();
        let counter = |name: &str, value: u64| Counter { name: name.into(), value };
        // What should never happen is shown from the first time it does.
        let rare = [
            counter("events refused", inbox.refused),
            counter("quotes superseded", inbox.quotes),
            counter("chains superseded", inbox.chains),
            counter("gaps by overflow", inbox.gaps),
            counter("facts not shown", self.hears.lost.load(Ordering::Relaxed)),
        ];
        let copied = self.parts.hot.copy().as_ref().map(hot::counters);
        let happened = rare.into_iter().chain(copied.into_iter().flatten()).filter(|c| c.value > 0);
        std::iter::once(counter("events", moment.events)).chain(happened).collect()
    }

    fn ready(&self, moment: &Moment) -> Result<(), String> {
        if self.parts.writer.metrics().failed {
            return Err("the ledger cannot be written".into());
        }
        let broker = self.parts.ibkr.status();
        if !broker.is_connected() {
            return Err(broker.text);
        }
        match moment.trading.reconciled_at {
            Some(_) => Ok(()),
            None => Err("the broker's picture and ours are not reconciled yet".into()),
        }
    }
}

/// What is wrong with a recording, if anything is.
fn recording_trouble(status: &RecorderStatus) -> Option<FeedView> {
    let (state, text) = match (&status.failed, status.lost) {
        (Some(reason), lost) => {
            (FeedState::Down, format!("{reason}; {lost} events are not recorded, trading goes on"))
        }
        (None, 0) => return None,
        (None, lost) => {
            (FeedState::Warn, format!("{lost} events are not recorded: the disk did not keep up"))
        }
    };
    Some(FeedView { name: "Recording".into(), state, latency_ms: None, text })
}
