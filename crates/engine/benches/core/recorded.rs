//! A recorded day through the whole core: from memory, and with unpacking and reading.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alphatrader_engine::market_core::MarketCore;
use alphatrader_engine::replay::{Forgetful, Replay, ReplayConfig, Summary, TIMER};
use alphatrader_history::{Located, Progress, locate};
use alphatrader_model::{
    Calendar, Event, Input, Instrument, Money, Outputs, Payload, Seq, Settings, Span, Symbol, Timestamp,
};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};

/// 250 601 trade ticks and the seconds' quotes of a quiet Monday.
const DATE: jiff::civil::Date = jiff::civil::date(2013, 10, 7);

fn spy() -> Symbol {
    Symbol::new("SPY").expect("a symbol")
}

fn config(chain_seed: Option<u64>) -> ReplayConfig {
    let calendar = Calendar::xnys();
    let mut settings = Settings { symbols: vec![spy()], ..Settings::default() };
    settings.strategies.zero_dte.symbols = vec![spy()];
    ReplayConfig {
        settings,
        session: calendar.session(DATE).expect("a trading day"),
        next_session: calendar.next_session(DATE),
        symbol: spy(),
        start: calendar.midnight(DATE),
        cash: Money::from_dollars(100_000),
        latency: ReplayConfig::LATENCY,
        chain_seed,
    }
}

fn play(inputs: impl Iterator<Item = Input>, chain_seed: Option<u64>) -> Summary {
    let config = config(chain_seed);
    let mut last = config.start;
    let mut replay = Replay::new(config, Forgetful);
    for input in inputs {
        last = input.ts_event;
        replay.feed(input);
    }
    replay.finish(last + Span::SECOND)
}

fn read(located: &Located) -> impl Iterator<Item = Input> {
    let progress = Progress::default();
    let merge = located.open(&Calendar::xnys(), ReplayConfig::UNDERLYING, &progress);
    merge.expect("a recorded file opens").filter_map(Result::ok).map(|item| item.input)
}

/// The day's events as the market half hears them: what prepares it, what was recorded, ten timers a second.
fn heard(inputs: &[Input]) -> Vec<Event> {
    let ReplayConfig { settings, session, symbol, start, .. } = config(None);
    let mut timer = start + TIMER;
    let stock = Instrument::stock(ReplayConfig::UNDERLYING, symbol);
    let before = [
        Payload::Settings(Box::new(settings)),
        Payload::Instrument(Box::new(stock)),
        Payload::Session(session),
    ];
    let mut events = vec![];
    let mut tell = |at: Timestamp, payload: Payload| {
        let seq = Seq(events.len() as u64);
        events.push(Event { seq, ts_event: at, ts_recv: at, payload });
    };
    for payload in before {
        tell(start, payload);
    }
    for input in inputs {
        while timer < input.ts_event {
            tell(timer, Payload::Timer);
            timer = timer + TIMER;
        }
        tell(input.ts_event, input.payload.clone());
    }
    events
}

/// The market half alone.
fn market_half(group: &mut BenchmarkGroup<'_, WallTime>, inputs: &[Input]) {
    let events = heard(inputs);
    let pass = || {
        let (mut core, mut out) = (MarketCore::default(), Outputs::default());
        for event in &events {
            out.clear();
            core.on_event(event, &mut out);
        }
        core
    };
    let core = pass();
    let volume = core.features(spy()).map(|features| features.session_volume);
    println!(
        "MarketCore: {} events, {} of them recorded; {volume:?} shares, {} refused",
        events.len(),
        inputs.len(),
        core.refused()
    );
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("MarketCore alone", |b| b.iter(pass));
}

/// Replays of the day; `thrpt` counts every event that the core took, timers included.
pub(crate) fn day(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if !data.is_dir() {
        println!("skipped: recorded data absent");
        return;
    }
    let located = locate(&data.join("lean"), spy(), DATE).expect("the recorded day is there");
    let inputs: Vec<Input> = read(&located).collect();
    let mut group = c.benchmark_group("recorded SPY day");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(10));
    market_half(&mut group, &inputs);
    case(&mut group, "a day from memory", inputs.len(), || play(inputs.iter().cloned(), None));
    case(&mut group, "a day from memory, synthetic chain", inputs.len(), || {
        play(inputs.iter().cloned(), Some(1))
    });
    case(&mut group, "a day from the zips", inputs.len(), || play(read(&located), None));
    group.finish();
}

fn case(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, fed: usize, run: impl Fn() -> Summary) {
    let start = Instant::now();
    let summary = run();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: {} events, {fed} of them recorded, in {seconds:.3} s; digest {}",
        summary.events,
        &summary.digest[..16]
    );
    group.throughput(Throughput::Elements(summary.events));
    group.bench_function(name, |b| b.iter(&run));
}
