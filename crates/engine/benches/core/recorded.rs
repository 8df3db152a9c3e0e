//! A recorded day through the whole core: from memory, and with unpacking and reading.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alphatrader_engine::replay::{Forgetful, Replay, ReplayConfig, Summary};
use alphatrader_history::{Located, Progress, locate};
use alphatrader_model::{Calendar, Input, Money, Settings, Span, Symbol};
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
