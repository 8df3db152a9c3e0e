//! A chain of 10 008 contracts over 12 expiries from four hours to a year: `cargo bench -p alphatrader-analytics
//! --bench exposure`.
//!
//! Peers on one core of a like machine, by others: gflows `calc_exposures` 270-320 ms for 10 000 contracts, a 60-level
//! profile in numpy 5.6 ms, volatilities by `py_vollib_vectorized` 6.6 ms and Greeks 10.7 ms.

use std::hint::black_box;

use alphatrader_analytics::exposure::{ChainState, ContractQuote, Conventions, Moment, Progress};
use alphatrader_analytics::options::{Terms, price};
use alphatrader_model::calendar::Calendar;
use alphatrader_model::chain::{ChainEntry, ChainSnapshot, Exercise, Provider, VendorGreeks};
use alphatrader_model::instrument::{OptionContract, Right, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// Hours to each expiry.
const HOURS: [i64; 12] = [4, 28, 52, 76, 100, 172, 340, 676, 1_348, 2_692, 5_380, 8_760];

/// Strikes of an expiry, half a dollar apart about spot.
const STRIKES: i64 = 417;

fn symbol() -> Symbol {
    Symbol::new("SPY").expect("three letters")
}

fn now() -> Timestamp {
    "2026-06-17T16:00:00Z".parse().expect("an instant is written here")
}

/// Every side out of the money costs a cent or more: the short expiries are wild ones.
fn volatility(years: f64, strike: f64) -> f64 {
    let level = (0.085 / years.sqrt()).max(0.2);
    level * (1.0 - 0.2 * (strike / 600.0 - 1.0))
}

fn entry(hours: i64, step: i64, right: Right) -> ChainEntry {
    let settles = now() + Span::from_minutes(hours * 60);
    let strike = Price::from_cents(60_000 + (step - STRIKES / 2) * 50);
    let years = hours as f64 / 8_760.0;
    let terms =
        Terms { right, spot: 600.0, strike: strike.to_f64(), years, rate: 0.04, dividend_yield: 0.012 };
    let fair = price(&terms, volatility(years, strike.to_f64())).expect("terms of a market");
    let half = (fair * 0.01).max(0.005);
    let cents = |dollars: f64| Some(Price::from_raw((dollars * 10_000.0) as i64).max(Price::from_raw(50)));
    let expiry = Calendar::xnys().date_of(settles);
    ChainEntry {
        contract: OptionContract { root: symbol(), expiry, strike, right },
        multiplier: Some(100),
        exercise: Exercise::American,
        settles,
        bid: cents(fair - half),
        ask: cents(fair + half).map(|ask| ask.max(Price::from_raw(150))),
        bid_size: None,
        ask_size: None,
        last: cents(fair),
        volume: Some((step * 37 % 4_001) as u32),
        open_interest: Some((step * 53 % 9_001 + 1) as u32),
        implied_volatility: None,
        greeks: VendorGreeks::default(),
        quoted_at: Some(now()),
    }
}

fn chain() -> ChainSnapshot {
    let rows = HOURS.into_iter().flat_map(|hours| {
        (0..STRIKES).flat_map(move |step| [Right::Call, Right::Put].map(|right| entry(hours, step, right)))
    });
    ChainSnapshot {
        underlying: symbol(),
        provider: Provider::Synthetic,
        as_of: now(),
        spot: Some(Price::from_cents(60_000)),
        expiry: None,
        delayed: false,
        rows: rows.collect(),
    }
}

fn moment(seconds: i64) -> Moment {
    Moment::new(&Calendar::xnys(), now() + Span::from_seconds(seconds))
}

fn applied() -> ChainState {
    let mut state = ChainState::new(symbol(), Conventions::default());
    state.apply(&chain(), now()).expect("the chain is one");
    state
}

/// Volatilities, eight Greeks and all sums.
fn value(state: &mut ChainState, moment: &Moment) {
    state.begin(moment).expect("there is a spot");
    while state.running().is_some_and(|running| !running.is_valued()) {
        state.step(1).expect("the chain has something to say");
    }
}

fn benches(criterion: &mut Criterion) {
    let fresh = applied();
    criterion.bench_function("10 008 contracts, cold: volatility, 8 Greeks, sums", |bencher| {
        bencher.iter_batched_ref(|| fresh.clone(), |state| value(state, &moment(0)), BatchSize::LargeInput);
    });
    let mut known = applied();
    let found = known.revalue(&moment(0)).expect("the chain has something to say");
    println!("{:?} zeros {:?}", found.rows, found.buckets.last().map(|all| all.levels.all_zeros.len()));
    // A spot that moved by three cents and a quarter of a second: every volatility is another.
    let spots = [60_003, 60_000];
    let mut turn = 0;
    criterion.bench_function("10 008 contracts, warm: volatility, 8 Greeks, sums", |bencher| {
        bencher.iter(|| {
            turn += 1;
            known.on_spot(Price::from_cents(spots[turn % 2]), now());
            value(&mut known, &moment(0));
        });
    });
    let mut valued = known.clone();
    value(&mut valued, &moment(0));
    criterion.bench_function("10 008 contracts: profile, zeros, levels, result", |bencher| {
        bencher.iter_batched_ref(
            || valued.clone(),
            |state| while state.step(usize::MAX).expect("it has something to say") == Progress::Running {},
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("10 008 contracts, warm: everything", |bencher| {
        bencher.iter(|| black_box(known.revalue(&moment(0)).expect("it has something to say").total.gex));
    });
    criterion.bench_function("one quote", |bencher| {
        let places: Vec<usize> = (0..known.len()).step_by(97).collect();
        let mut turn = 0;
        bencher.iter(|| {
            turn += 1;
            let place = places[turn % places.len()];
            let row = known.row(place).expect("a place of the chain");
            let cent = Price::from_raw(if (turn / places.len()).is_multiple_of(2) { 30 } else { -30 });
            let quote = ContractQuote {
                provider: Provider::Ibkr,
                bid: row.bid.and_then(|bid| bid.checked_add(cent)),
                ask: row.ask.and_then(|ask| ask.checked_add(cent)),
                at: now(),
            };
            black_box(known.on_quote(place, &quote, now()))
        });
    });
    criterion.bench_function("a whole chain taken in again", |bencher| {
        let chain = chain();
        bencher.iter(|| black_box(known.apply(&chain, now()).expect("the chain is one").rows));
    });
}

criterion_group!(exposure, benches);
criterion_main!(exposure);
