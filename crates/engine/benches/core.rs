//! Nanoseconds per event of the core: `cargo bench -p alphatrader-engine`.
//!
//! One iteration is one event, unless the name says "a day": then it is one pass over a recorded day.
//! `thrpt` is events a second; it is reported, never asserted.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark asks the clock")]
#![allow(missing_docs, reason = "a program, not an interface")]

#[path = "core/morning.rs"]
mod morning;
#[path = "core/recorded.rs"]
mod recorded;

use std::hint::black_box;
use std::time::{Duration, Instant};

use alphatrader_engine::barrier::Barrier;
use alphatrader_engine::digest::Digest;
use alphatrader_engine::replay::{Forgetful, Replay};
use alphatrader_model::event::HaltLevel;
use alphatrader_model::{
    Action, Effect, EffectId, Event, Features, Input, Money, OrderId, Outputs, Price, Seq, Settings, Span,
    Timestamp,
};
use alphatrader_trading::zero_dte::{self, Look, Standing};
use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};

use morning::{Morning, is_option, kind};

/// One iteration is one event. State is made anew after each pass over the events, outside the
/// measured time.
fn each<S, E: Clone>(
    b: &mut Bencher<'_>,
    events: &[E],
    fresh: impl Fn() -> S,
    mut step: impl FnMut(&mut S, E),
) {
    assert!(!events.is_empty(), "a benchmark needs events");
    b.iter_custom(|iterations| {
        let (mut left, mut spent) = (iterations, Duration::ZERO);
        while left > 0 {
            let mut state = fresh();
            let pass = left.min(events.len() as u64);
            let start = Instant::now();
            for event in &events[..pass as usize] {
                step(&mut state, black_box(event).clone());
            }
            spent += start.elapsed();
            black_box(&state);
            left -= pass;
        }
        spent
    });
}

/// The market half: all events of a quarter of an hour as they come, then each kind by itself.
fn market_core(c: &mut Criterion) {
    let morning = Morning::new();
    let mut group = c.benchmark_group("MarketCore");
    group.throughput(Throughput::Elements(1));
    let mut case = |name: &str, events: &[Event]| {
        group.bench_function(name, |b| {
            each(
                b,
                &events.iter().collect::<Vec<_>>(),
                || (morning.core.clone(), Outputs::default()),
                |(core, out), event| {
                    out.clear();
                    core.on_event(event, out);
                },
            );
        });
    };
    case("mixed", &morning.events);
    for name in ["quote", "option quote", "trade", "depth", "chain row", "timer"] {
        let events: Vec<Event> =
            morning.events.iter().filter(|e| kind(&e.payload) == Some(name)).cloned().collect();
        case(name, &events);
    }
    group.finish();
}

/// Everything: market half, trading half, barrier, digest, simulated broker and timers, from the
/// bell on. One iteration is one event of the market; timers and inner events come on top.
fn whole_core(c: &mut Criterion) {
    let inputs: Vec<Input> = morning::inputs(Span::from_minutes(30)).collect();
    let mut group = c.benchmark_group("whole core");
    group.throughput(Throughput::Elements(1));
    let fresh = || Replay::new(morning::config(), Forgetful);
    group.bench_function("market event", |b| {
        each(b, &inputs, fresh, Replay::feed);
    });
    group.bench_function("market event of the underlying", |b| {
        let stock: Vec<Input> = inputs.iter().filter(|i| !is_option(&i.payload)).cloned().collect();
        each(b, &stock, fresh, Replay::feed);
    });
    group.finish();
}

/// One walk through the gates: stopped at the trigger, as mostly, and down to an order, where every
/// option that expires today is valued.
fn signal_check(c: &mut Criterion) {
    let morning = Morning::new();
    let (now, view) = (morning.until, morning.core.view());
    let mut settings = Settings::default();
    settings.gates.max_spread_bp = 100.0;
    settings.strategies.zero_dte.min_signed_volume = 1;
    settings.strategies.zero_dte.min_imbalance = 0.01;
    let account = morning::account(now);
    let standing = Standing {
        halt: HaltLevel::None,
        reconciled: true,
        account: Some(&account),
        premium_at_risk: Money::ZERO,
        busy: false,
        last_signal: None,
        last_lost: false,
        signals_today: 0,
    };
    let known = view.features.first().expect("the symbol is analysed");
    let still = Features { last: known.low_5m, ..known.clone() };
    let breaks = Features {
        last: known.high_5m.and_then(|high| high.checked_add(Price::CENT)),
        imbalance_touch: Some(0.5),
        signed_volume_1m: Some(50_000),
        quote_at: Some(now),
        ..known.clone()
    };
    let look = |features| zero_dte::evaluate(&Look { now, settings: &settings, view, features, standing });
    let (walk, proposal) = look(&breaks);
    assert!(proposal.is_some(), "stopped at {:?}", walk.stopped_at());
    assert_eq!(look(&still).0.stopped_at().map(|gate| gate.name), Some("trigger"));
    let mut group = c.benchmark_group("signal check");
    group.bench_function("cheap question", |b| b.iter(|| zero_dte::break_of(black_box(&still))));
    group.bench_function("stopped at the trigger", |b| b.iter(|| look(black_box(&still))));
    group.bench_function("down to an order", |b| b.iter(|| look(black_box(&breaks))));
    group.finish();
}

fn barrier(c: &mut Criterion) {
    let now = Timestamp::from_seconds(0);
    let effect = Effect {
        id: EffectId { seq: Seq(1), index: 0 },
        action: Action::Cancel(OrderId(1)),
        adds_risk: false,
        expires: None,
    };
    let mut group = c.benchmark_group("Barrier");
    group.bench_function("effect held, committed, released", |b| {
        let (mut barrier, mut step) = (Barrier::new(Span::from_millis(250)), 0);
        b.iter(|| {
            step += 1;
            barrier.hold(Seq(step), now, true, std::slice::from_ref(&effect));
            barrier.committed(Seq(step));
            black_box(barrier.decide(now))
        });
    });
    group.bench_function("timer while nothing waits", |b| {
        let mut barrier = Barrier::new(Span::from_millis(250));
        b.iter(|| black_box(barrier.tick(black_box(now))));
    });
    group.finish();
}

fn digest(c: &mut Criterion) {
    let morning = Morning::new();
    let telling = Outputs { features: morning.core.view().features.clone(), ..Outputs::default() };
    let mut group = c.benchmark_group("Digest");
    for (name, outputs) in [("quiet step", Outputs::default()), ("features of a second", telling)] {
        group.bench_function(name, |b| {
            let mut digest = Digest::default();
            b.iter(|| digest.update(black_box(&outputs)));
        });
    }
    group.finish();
}

criterion_group!(benches, market_core, whole_core, signal_check, barrier, digest, recorded::day);
criterion_main!(benches);
