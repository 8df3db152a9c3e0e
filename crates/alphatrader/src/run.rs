//! `alphatrader run`: the whole system, wired.
//!
//! | module | what it does |
//! | --- | --- |
//! | `preflight` | the environment, looked at before anything connects |
//! | `core_thread` | the engine's thread: inbox and timers in, commits and effects out |
//! | `night` | after the close the day becomes Parquet, and is searched for parameters |
//! | `found` | found parameters: from their file at the start, from the night, to the engine and the hot state |
//! | `record` | the recording, and what earlier ones of the day say of the market |
//! | `edges` | records to the ledger's writer, effects to the broker, lines to the log |
//! | `hot` | where the hot state goes: memory, or Redis too |
//! | `show` | ten times a second the moment to the dashboard, four times to the hot state |
//! | `streams` | the broker edge's streams as a person reads them |
//! | `vantage` | option chains and news: the edge, and the server that stands in for the vendor |
//! | `stop` | Ctrl-C once, and twice |
//!
//! Start: environment, hot state, ledger, paper gateway, dashboard's port, broker edge, Alpha Vantage, engine. Stop: working
//! entries cancelled, then everything closed in the reverse order.

mod core_thread;
mod edges;
mod feed;
mod found;
mod hot;
mod night;
mod preflight;
mod record;
mod show;
mod stop;
mod streams;
mod vantage;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use alphatrader_dashboard::{Command, CommandAction, Dashboard, Limits, Published, Publisher};
use alphatrader_edge::inbox::{Inbox, Limits as InboxLimits, Receiver, Sender};
use alphatrader_edge::modules::{Module, Registry as Modules};
use alphatrader_edge::{Clock, Health};
use alphatrader_engine::{Engine, TradingCore};
use alphatrader_exchange::server::{Gateway, GatewayConfig, GatewayHandle};
use alphatrader_history::recording::Recorder;
use alphatrader_ibkr::{ClockSource, Ibkr, IbkrConfig, IbkrHandle, Registry};
use alphatrader_model::event::Operator;
use alphatrader_model::{Calendar, Input, Payload, Record, Settings};
use alphatrader_store::{Ledger, LedgerWriter, Recovery};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::cli::{Output, RunArgs};
use crate::config::Config;
use crate::failure::Failure;
use core_thread::CoreThread;
use edges::LiveEdges;
use found::Found;
use hot::HotState;
pub(crate) use record::program;
use show::{Show, ShowParts, Told};
use vantage::Vantage;

/// Contracts a process follows: a day's chain near the money and what is held.
const CONTRACTS: u32 = 4_096;
/// How long the ledger may take to write what waits at the end.
const LEDGER_FAREWELL: Duration = Duration::from_secs(1);

/// Runs the command.
///
/// # Errors
/// Anything that keeps the system from starting: configuration, folder, ledger, ports.
pub(crate) fn run(mut config: Config, args: &RunArgs) -> Result<(), Failure> {
    apply(&mut config, args);
    preflight::check(&config)?;
    let _logs = crate::logs::begin(&config.log, &config.state.directory)?;
    let hot = HotState::open(&config)?;
    let (ledger, recovery) = open_ledger(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("edge")
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("the runtime cannot start: {e}")))?;
    let gateway = start_gateway(&config)?;
    let clock = system_clock(gateway.as_ref(), &config)?;
    let (dashboard, commands) = bind_dashboard(&config, &clock)?;
    let (sender, receiver) = Inbox::new(inbox_limits()).map_err(|e| Failure::new(e.to_string()))?;
    let before = record::before(&config, &clock, &sender)?;
    let registry = Registry::going_on(CONTRACTS, before.recall.instruments.clone());
    let ibkr = start_ibkr(&config, &clock, &sender, registry, gateway.as_ref(), &runtime)?;
    let vantage = Arc::new(Vantage::start(&config, &clock, &sender, gateway.as_ref(), runtime.handle()));
    let parts = Parts { clock, sender, receiver, ibkr, vantage, hot, before };
    let found = Found::new(&config, &parts.clock, &parts.sender, &parts.hot);
    let own_clock = parts.clock.clone();
    let system = System::start(&config, parts, ledger, recovery, &dashboard, &found)?;
    let night = night::start(&config, &own_clock, found);
    night.map_err(|e| Failure::new(format!("the night's thread cannot start: {e}")))?;
    serve(&runtime, dashboard, commands, &system, gateway, args)
}

/// The command line wins over the file.
fn apply(config: &mut Config, args: &RunArgs) {
    if let Some(port) = args.port {
        config.dashboard.port = port;
    }
    if let Some(port) = args.gateway_port {
        config.paper.port = port;
    }
    if let Some(port) = args.alpha_vantage_port {
        config.alpha_vantage.port = port;
    }
    if let Some(folder) = &args.state_dir {
        config.state.directory.clone_from(folder);
    }
    if let Some(place) = &args.store {
        config.store.clone_from(place);
    }
    if let Some(seed) = args.seed {
        config.paper.seed = seed;
    }
    if let Some(speed) = args.speed {
        config.paper.speed = speed;
    }
}

fn inbox_limits() -> InboxLimits {
    InboxLimits { instruments: CONTRACTS, ..InboxLimits::default() }
}

fn open_ledger(config: &Config) -> Result<(Ledger, Recovery), Failure> {
    let path = config.state.directory.join("ledger.sqlite");
    let (ledger, recovery) = Ledger::open(&path).map_err(|e| Failure::new(e.to_string()))?;
    tracing::info!(
        ledger = %path.display(),
        incarnation = recovery.incarnation,
        records = recovery.records.len(),
        "ledger opened"
    );
    Ok((ledger, recovery))
}

fn bind_dashboard(config: &Config, clock: &Clock) -> Result<(Dashboard, mpsc::Receiver<Command>), Failure> {
    let address = SocketAddr::new(config.dashboard.address, config.dashboard.port);
    let mut first = Published::starting(clock.now().into());
    first.status.mode = show::mode(config, clock.speed());
    Dashboard::bind(address, first, Limits::default()).map_err(|e| Failure::new(e.to_string()))
}

fn start_gateway(config: &Config) -> Result<Option<GatewayHandle>, Failure> {
    if !config.paper.enabled {
        return Ok(None);
    }
    let gateway = Gateway::start(GatewayConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, config.paper.port)),
        state_file: Some(config.state.directory.join("paper-account.journal")),
        seed: config.paper.seed,
        speed: config.paper.speed,
        ..GatewayConfig::default()
    })
    .map_err(|e| Failure::new(e.to_string()))?;
    tracing::info!(address = %gateway.local_addr(), account = gateway.account(), "paper gateway listens");
    Ok(Some(gateway))
}

/// The wall clock, or one that begins on the paper exchange's day: a clock never goes back, and the
/// edge only sets it right from the gateway's own answers.
fn system_clock(gateway: Option<&GatewayHandle>, config: &Config) -> Result<Clock, Failure> {
    match gateway {
        None => Ok(Clock::wall()),
        Some(gateway) => Clock::simulated(gateway.now(), config.paper.speed)
            .map_err(|e| Failure::config(format!("paper.speed: {e}"))),
    }
}

fn start_ibkr(
    config: &Config,
    clock: &Clock,
    sender: &Sender,
    registry: Registry,
    gateway: Option<&GatewayHandle>,
    runtime: &Runtime,
) -> Result<Arc<IbkrHandle>, Failure> {
    let (host, port) = match gateway {
        Some(gateway) => ("127.0.0.1".to_string(), gateway.local_addr().port()),
        None => (config.broker.host.clone(), config.broker.port),
    };
    let paper = gateway.is_some();
    let data = &config.market_data;
    let edge = IbkrConfig {
        host,
        clock: if paper { ClockSource::Learn } else { ClockSource::Own },
        synthetic: paper,
        lines: data.lines,
        held_lines: data.held_lines,
        option_lines: data.option_lines,
        option_symbols: data.option_symbols,
        book_symbols: data.book_symbols,
        books: data.books,
        book_turn: Duration::from_secs(data.book_turn_seconds),
        trade_streams: data.trade_streams,
        bar_streams: data.bar_streams,
        stale_after: Duration::from_secs(data.stale_after_seconds),
        messages_per_second: data.messages_per_second,
        ..IbkrConfig::new(port, config.broker.client_id, config.trading.symbols.clone())
    };
    Ibkr::start(edge, clock.clone(), Calendar::xnys(), sender.clone(), registry, runtime.handle())
        .map(Arc::new)
        .map_err(|e| Failure::config(e.to_string()))
}

/// What a system is made of.
struct Parts {
    clock: Clock,
    sender: Sender,
    receiver: Receiver,
    ibkr: Arc<IbkrHandle>,
    vantage: Arc<Vantage>,
    hot: HotState,
    before: record::Before,
}

/// The running threads.
struct System {
    clock: Clock,
    sender: Sender,
    ibkr: Arc<IbkrHandle>,
    vantage: Arc<Vantage>,
    writer: Arc<LedgerWriter>,
    core: CoreThread,
    recorder: Option<Arc<Recorder>>,
    show: Show,
    hot: HotState,
    publisher: Publisher,
}

impl System {
    fn start(
        config: &Config,
        parts: Parts,
        ledger: Ledger,
        recovery: Recovery,
        dashboard: &Dashboard,
        found: &Found,
    ) -> Result<Self, Failure> {
        let Parts { clock, sender, receiver, ibkr, vantage, hot, before } = parts;
        let records: Vec<Record> = recovery.records.iter().map(|r| r.record.clone()).collect();
        let settings = settings_told(config);
        let recording =
            record::begin(config, settings.clone(), recovery.incarnation, records.clone(), &before)?;
        let (recorder, tape) = recording.unzip();
        let trading = TradingCore::recover(&records);
        let engine = Engine::with_market(recovery.incarnation, trading, before.recall.market);
        let answers = sender.clone();
        let own_clock = clock.clone();
        let writer = Arc::new(LedgerWriter::spawn(ledger, move |said| {
            let now = own_clock.now();
            let input = Input { ts_event: now, ts_recv: now, payload: Payload::Ledger(said) };
            if let Err(error) = answers.push(input) {
                tracing::error!(%error, "the ledger's answer did not reach the engine");
            }
        }));
        let modules = register(&clock, &ibkr, &vantage, &writer, &hot)?;
        let (told, hears) = Told::channel();
        let edges = LiveEdges::new(Arc::clone(&writer), Arc::clone(&ibkr), sender.clone(), told, tape);
        tell_settings(&sender, &clock, settings)?;
        found.read();
        let core = CoreThread::start(engine, edges, receiver, clock.clone(), modules.clone())
            .map_err(|e| Failure::new(format!("the engine's thread cannot start: {e}")))?;
        let parts = ShowParts {
            publisher: dashboard.publisher(),
            config: config.clone(),
            moments: core.moments(),
            clock: clock.clone(),
            ibkr: Arc::clone(&ibkr),
            vantage: Arc::clone(&vantage),
            writer: Arc::clone(&writer),
            inbox: sender.clone(),
            modules,
            hot: hot.clone(),
            recorder: recorder.clone(),
            recovered: recovery,
        };
        let show = Show::start(parts, hears)
            .map_err(|e| Failure::new(format!("the screen's thread cannot start: {e}")))?;
        let publisher = dashboard.publisher();
        Ok(Self { clock, sender, ibkr, vantage, writer, core, recorder, show, hot, publisher })
    }

    fn tell(&self, asked: Operator) {
        let now = self.clock.now();
        let input = Input { ts_event: now, ts_recv: now, payload: Payload::Operator(asked) };
        if let Err(error) = self.sender.push(input) {
            tracing::error!(%error, "a command did not reach the engine");
        }
    }
}

/// The core's settings are its first event. How long the ledger may take is wall time; the core
/// counts event time, which runs faster on a fast simulated market.
fn settings_told(config: &Config) -> Settings {
    let mut settings = config.trading.clone();
    if config.paper.enabled && config.paper.speed > 1.0 {
        let patience = f64::from(settings.execution.commit_timeout_ms) * config.paper.speed;
        settings.execution.commit_timeout_ms = patience.ceil() as u32;
    }
    settings
}

fn tell_settings(sender: &Sender, clock: &Clock, settings: Settings) -> Result<(), Failure> {
    let now = clock.now();
    let payload = Payload::Settings(Box::new(settings));
    sender.push(Input { ts_event: now, ts_recv: now, payload }).map_err(|e| Failure::new(e.to_string()))
}

/// Modules in their order, each with its health.
fn register(
    clock: &Clock,
    ibkr: &Arc<IbkrHandle>,
    vantage: &Arc<Vantage>,
    writer: &Arc<LedgerWriter>,
    hot: &HotState,
) -> Result<Modules, Failure> {
    let modules = Modules::new(clock.clone());
    let every = Duration::from_secs(1);
    // Set once the module is registered: its check also brings its figures up to date.
    let seat: Arc<OnceLock<Module>> = Arc::default();
    let broker = {
        let (ibkr, seat) = (Arc::clone(ibkr), Arc::clone(&seat));
        move || {
            let status = ibkr.status();
            if let Some(module) = seat.get() {
                for (name, value) in feed::figures(&status) {
                    module.figure(name, value);
                }
            }
            if status.is_connected() { Health::Ready } else { Health::Down(status.text) }
        }
    };
    let records = {
        let writer = Arc::clone(writer);
        move || {
            let failed = writer.metrics().failed;
            if failed { Health::Down("the ledger cannot be written".into()) } else { Health::Ready }
        }
    };
    let failed = |e: alphatrader_edge::RegistryError| Failure::new(e.to_string());
    let ingestion = modules.register("ibkr_ingestion", "ibkr", every, broker).map_err(failed)?;
    seat.get_or_init(|| ingestion);
    if vantage.is_wanted() {
        let vantage = Arc::clone(vantage);
        let health = move || vantage.health();
        modules.register("alpha_vantage_ingestion", "alpha_vantage", every, health).map_err(failed)?;
    }
    // These live on the engine's thread: silence of the thread is their only fault of their own.
    for name in ["analytics", "signals", "risk"] {
        modules.register(name, name, every, || Health::Ready).map_err(failed)?;
    }
    modules.register("execution", "execution", every, records).map_err(failed)?;
    modules.register("dashboard", "dashboard", every, || Health::Ready).map_err(failed)?;
    if hot.copy().is_some() {
        let hot = hot.clone();
        modules.register("hot_state", "hot_state", every, move || hot.health()).map_err(failed)?;
    }
    Ok(modules)
}

/// Serves until a person stops it, then stops everything in order.
fn serve(
    runtime: &Runtime,
    dashboard: Dashboard,
    commands: mpsc::Receiver<Command>,
    system: &System,
    gateway: Option<GatewayHandle>,
    args: &RunArgs,
) -> Result<(), Failure> {
    let url = dashboard.url();
    let (end, mut ended) = watch::channel(false);
    let page = runtime.spawn(dashboard.serve(async move {
        // The sender lives until the end of this function; its loss is an end too.
        let _ = ended.wait_for(|over| *over).await;
    }));
    announce(args, &url, gateway.as_ref(), system.vantage.local_address());
    let asked = runtime.block_on(stop::until_asked(system, commands));
    match &asked {
        Ok(()) => {
            tracing::info!("stopping: working entries are cancelled, protective orders stay at the broker");
        }
        Err(fault) => tracing::error!(%fault, "stopping"),
    }
    system.show.stopping();
    system.tell(Operator::Shutdown);
    let quiet = system.core.finish();
    if !quiet {
        tracing::warn!("not every cancel was confirmed in time; the next start asks the broker");
    }
    runtime.block_on(system.ibkr.shutdown());
    // Before the gateway, on whose market it looks.
    system.vantage.stop(runtime);
    let written = system.writer.shutdown(LEDGER_FAREWELL);
    if system.recorder.as_ref().is_some_and(|recorder| !recorder.finish(LEDGER_FAREWELL)) {
        tracing::warn!("the recording was not finished in time: it ends without its last words");
    }
    system.show.finish();
    system.hot.finish();
    end.send_replace(true);
    let _ = runtime.block_on(page);
    if let Some(gateway) = gateway {
        gateway.shutdown().map_err(|e| Failure::new(e.to_string()))?;
    }
    written.map_err(|e| Failure::new(e.to_string()))?;
    tracing::info!("stopped");
    asked
}

/// One line on stdout: whoever waits for it may ask from now on.
fn announce(args: &RunArgs, url: &str, gateway: Option<&GatewayHandle>, vantage: Option<SocketAddr>) {
    match args.output {
        Output::Text => println!("AlphaTrader is ready: {url}"),
        Output::Json => {
            let gateway = gateway.map(|g| g.local_addr().to_string());
            let vantage = vantage.map(|address| address.to_string());
            println!("{}", serde_json::json!({ "url": url, "gateway": gateway, "alpha_vantage": vantage }));
        }
    }
    if !args.no_browser {
        open_browser(url);
    }
}

/// Opens a browser where there is a screen to open it on; a failure is no failure of the system.
fn open_browser(url: &str) {
    let has_screen = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if has_screen {
        "xdg-open"
    } else {
        return;
    };
    if let Err(error) = std::process::Command::new(opener).arg(url).spawn() {
        tracing::info!(%error, "no browser was opened");
    }
}

/// A person's command for the core.
fn operator(command: &Command) -> Operator {
    let reason = command.reason.clone();
    match command.action {
        CommandAction::Halt => Operator::Halt { reason },
        CommandAction::Resume => Operator::Resume { reason },
    }
}
