//! The engine's thread: takes inputs in their order, makes the timers, hands out moments.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_edge::inbox::Receiver;
use alphatrader_edge::modules::Registry as Modules;
use alphatrader_engine::Engine;
use alphatrader_engine::market_core::MarketCore;
use alphatrader_engine::replay::TIMER;
use alphatrader_model::event::Operator;
use alphatrader_model::view::{MarketView, SymbolHistory, TradingView};
use alphatrader_model::{Discovered, Input, Payload, Span, Timestamp};
use tokio::sync::watch;

use super::edges::LiveEdges;

/// How long cancels may take to be confirmed at the end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Wall time between two moments.
const MOMENT: Duration = Duration::from_millis(100);
/// Inputs taken before timers and moments are looked at again.
const BATCH: usize = 256;
/// Timers made at once when the thread was held up; older ones are left out.
const MOST_TIMERS: u32 = 50;
/// Modules that live on this thread.
const MODULES: [&str; 4] = ["analytics", "signals", "risk", "execution"];

/// Found parameters, as the core knows them.
#[derive(Debug, Clone, Default)]
pub(super) struct FoundParameters {
    /// Changes with them.
    pub(super) changes: u64,
    /// Those of this session.
    pub(super) now: Option<Discovered>,
    /// The opening of the session with which they came into force.
    pub(super) since: Option<Timestamp>,
    /// Those that wait for the next.
    pub(super) next: Option<Discovered>,
}

impl FoundParameters {
    fn of(core: &MarketCore) -> Self {
        Self {
            changes: core.discovered_changes(),
            now: core.discovered().cloned(),
            since: core.discovered_since(),
            next: core.discovered_next().cloned(),
        }
    }
}

/// What can be shown of one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    pub(super) market: MarketView,
    pub(super) histories: Vec<SymbolHistory>,
    pub(super) trading: TradingView,
    pub(super) events: u64,
    pub(super) found: Arc<FoundParameters>,
}

/// The newest moment; whoever shows it takes it when it likes.
pub(super) type Moments = Arc<Mutex<Arc<Moment>>>;

/// Says that the thread has ended, however it ended: a broken invariant unwinds through it too.
struct Ended(watch::Sender<bool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// The running thread.
pub(super) struct CoreThread {
    moments: Moments,
    ended: watch::Receiver<bool>,
    stopping: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<bool>>>,
}

impl CoreThread {
    pub(super) fn start(
        engine: Engine,
        edges: LiveEdges,
        receiver: Receiver,
        clock: Clock,
        modules: Modules,
    ) -> std::io::Result<Self> {
        let moments = Moments::default();
        let stopping = Arc::new(AtomicBool::new(false));
        let body = Body {
            next_timer: clock.now() + TIMER,
            engine,
            edges,
            receiver,
            clock,
            modules,
            moments: Arc::clone(&moments),
            stopping: Arc::clone(&stopping),
            shown: Clock::instant(),
            beaten: Clock::instant(),
            halted: false,
            found: Arc::default(),
        };
        let (sender, ended) = watch::channel(false);
        let thread = std::thread::Builder::new().name("core".into()).spawn(move || {
            let _ended = Ended(sender);
            body.run()
        })?;
        Ok(Self { moments, ended, stopping, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn moments(&self) -> Moments {
        Arc::clone(&self.moments)
    }

    /// Becomes true when the thread has ended.
    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.clone()
    }

    /// Waits until nothing of ours is on its way, at most [`FAREWELL`]; true when it came to rest.
    pub(super) fn finish(&self) -> bool {
        self.stopping.store(true, Ordering::Release);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map(JoinHandle::join).is_some_and(|ended| ended.unwrap_or(false))
    }
}

struct Body {
    engine: Engine,
    edges: LiveEdges,
    receiver: Receiver,
    clock: Clock,
    modules: Modules,
    moments: Moments,
    stopping: Arc<AtomicBool>,
    next_timer: Timestamp,
    shown: Instant,
    beaten: Instant,
    halted: bool,
    /// Large, and copied only when it changed.
    found: Arc<FoundParameters>,
}

impl Body {
    fn run(mut self) -> bool {
        let mut deadline = None;
        loop {
            self.take_inputs();
            self.make_timers();
            self.look_at_overflow();
            self.hand_out();
            if self.stopping.load(Ordering::Acquire) {
                let until = *deadline.get_or_insert_with(|| Clock::instant() + FAREWELL);
                let quiet = self.engine.is_quiet() && self.receiver.metrics().first_waiting == 0;
                if quiet || Clock::instant() >= until {
                    self.show();
                    self.edges.end(self.clock.now(), &self.engine);
                    return quiet;
                }
            }
        }
    }

    /// Waits for the first input at most until the next timer or moment is due.
    fn take_inputs(&mut self) {
        let due = self.clock.deadline(self.next_timer).min(self.shown + MOMENT);
        let Some(first) = self.receiver.recv_until(due) else { return };
        self.engine.step(first, &mut self.edges);
        for _ in 1..BATCH {
            let Some(input) = self.receiver.recv_until(self.shown) else { return };
            self.engine.step(input, &mut self.edges);
        }
    }

    fn make_timers(&mut self) {
        let now = self.clock.now();
        // The clock was set anew (a simulated day was learned), or the thread was held up for long.
        let far = Span::from_nanos(TIMER.nanos() * i64::from(MOST_TIMERS));
        if now.since(self.next_timer) > far || self.next_timer.since(now) > far {
            self.next_timer = now;
        }
        while self.next_timer <= now {
            let at = self.next_timer;
            self.engine.step(Input { ts_event: at, ts_recv: at, payload: Payload::Timer }, &mut self.edges);
            self.next_timer = at + TIMER;
        }
    }

    /// Something that may not be lost was: halt, and say so.
    fn look_at_overflow(&mut self) {
        if self.halted || !self.receiver.overflowed() {
            return;
        }
        self.halted = true;
        let reason = "an event that may not be lost was refused by a full queue".to_string();
        let now = self.clock.now();
        let payload = Payload::Operator(Operator::Halt { reason });
        self.engine.step(Input { ts_event: now, ts_recv: now, payload }, &mut self.edges);
    }

    fn hand_out(&mut self) {
        if self.shown.elapsed() >= MOMENT {
            self.show();
        }
        if self.beaten.elapsed() >= Duration::from_millis(500) {
            self.beaten = Clock::instant();
            for module in MODULES {
                self.modules.heartbeat(module);
            }
        }
    }

    fn show(&mut self) {
        self.shown = Clock::instant();
        self.edges.flush(self.clock.now(), &self.engine);
        self.engine.refresh_histories();
        let market = self.engine.market();
        if market.discovered_changes() != self.found.changes {
            self.found = Arc::new(FoundParameters::of(market));
        }
        let moment = Moment {
            market: self.engine.market().view().clone(),
            histories: self.engine.market().histories().cloned().collect(),
            trading: self.engine.trading_view(),
            events: self.engine.events(),
            found: Arc::clone(&self.found),
        };
        *self.moments.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(moment);
    }
}
