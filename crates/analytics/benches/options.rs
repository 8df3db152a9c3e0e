//! Options: nanoseconds a value, beside QuantLib and `py_vollib` where they are installed:
//! `cargo bench -p alphatrader-analytics --bench options`.

#![allow(clippy::disallowed_methods, reason = "a benchmark starts its peer")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use alphatrader_analytics::options::american::DividendModel;
use alphatrader_analytics::options::{CashDividend, Prepared, Terms, Tree, bjerksund_stensland, value};
use alphatrader_analytics::portfolio::{
    GridSettings, OptionHolding, Portfolio, Revaluer, Underlying, span_grid,
};
use alphatrader_model::chain::Exercise;
use alphatrader_model::instrument::{OptionContract, Right, Symbol};
use alphatrader_model::number::Price;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::civil::date;

/// Options of a batch.
const COUNT: usize = 2_300;

/// Eleven strikes either way of 600 on twelve expiries from four hours to a year, each with its volatility.
fn chain() -> Vec<(Terms, f64)> {
    let expiries = [240.0, 1_680.0, 4_560.0, 10_320.0, 20_400.0, 43_440.0, 86_640.0, 129_840.0, 173_040.0];
    (-11..=11)
        .cycle()
        .zip(expiries.into_iter().cycle())
        .take(COUNT)
        .map(|(place, minutes)| {
            let years = minutes / 525_600.0;
            let volatility = 0.14 + 0.002 * f64::from(place * place) / 11.0;
            let strike = 600.0 * libm::exp(f64::from(place) * 0.2 * volatility * libm::sqrt(years));
            let right = if place >= 0 { Right::Call } else { Right::Put };
            let terms = Terms { right, spot: 600.0, strike, years, rate: 0.043, dividend_yield: 0.012 };
            (terms, volatility)
        })
        .collect()
}

fn closed(c: &mut Criterion) {
    let chain = chain();
    let priced: Vec<(Prepared, f64, f64)> = chain
        .iter()
        .map(|(terms, volatility)| {
            let option = terms.prepare().expect("terms in range");
            (option, option.price(*volatility).expect("a volatility in range"), *volatility)
        })
        .collect();
    let mut group = c.benchmark_group("a value");
    group.throughput(Throughput::Elements(COUNT as u64));
    group.bench_function("eight values from terms", |b| {
        b.iter(|| {
            for (terms, vol) in &chain {
                black_box(value(terms, *vol)).ok();
            }
        });
    });
    group.bench_function("eight values of a prepared option", |b| {
        b.iter(|| {
            for (option, _, vol) in &priced {
                black_box(option.value(*vol)).ok();
            }
        });
    });
    group.bench_function("cold volatility and eight values", |b| {
        b.iter(|| {
            for (option, price, _) in &priced {
                black_box(option.implied(*price)).ok();
            }
        });
    });
    group.bench_function("warm volatility and eight values", |b| {
        b.iter(|| {
            for (option, price, vol) in &priced {
                black_box(option.implied_from(*price, vol * 1.02)).ok();
            }
        });
    });
    group.finish();
}

fn american(c: &mut Criterion) {
    let years = 30.0 / 365.0;
    let put =
        Terms { right: Right::Put, spot: 600.0, strike: 600.0, years, rate: 0.043, dividend_yield: 0.012 };
    let paid = [CashDividend { years: 5.0 / 365.0, amount: 1.85 }];
    let mut tree = Tree::default();
    let mut group = c.benchmark_group("an American put");
    let mut case = |name: &str, dividends: &[CashDividend]| {
        group.bench_with_input(BenchmarkId::new("tree of 101 steps", name), dividends, |b, dividends| {
            b.iter(|| tree.quick(black_box(&put), 0.14, dividends, DividendModel::SpotDrop));
        });
    };
    case("yield", &[]);
    case("dividend in cash", &paid);
    group.bench_function("all eight values, seven trees", |b| {
        b.iter(|| tree.value(black_box(&put), 0.14, &[], DividendModel::SpotDrop));
    });
    group.bench_function("Bjerksund-Stensland 2002", |b| {
        b.iter(|| bjerksund_stensland(black_box(&put), 0.14));
    });
    group.finish();
}

/// Fifty positions on one underlying.
fn grid(c: &mut Criterion) {
    let symbol = Symbol::new("SPY").expect("a symbol");
    let of = |exercise: Exercise| {
        let options = (0..50).map(|n: i64| OptionHolding {
            contract: OptionContract {
                root: symbol,
                expiry: date(2026, 7, 1),
                strike: Price::from_cents(57_500 + 100 * n),
                right: if n >= 25 { Right::Call } else { Right::Put },
            },
            underlying: 0,
            contracts: if n % 2 == 0 { -3 } else { 2 },
            multiplier: 100,
            exercise,
            years: 20_400.0 / 525_600.0,
            zero_dte: false,
            rate: 0.043,
            volatility: Some(0.14),
            mark: None,
        });
        let spy = Underlying {
            symbol,
            spot: Some(600.0),
            beta: Some(1.0),
            dividend_yield: 0.012,
            dividends: vec![],
        };
        let portfolio = Portfolio { underlyings: vec![spy], options: options.collect(), shares: vec![] };
        Revaluer::new(portfolio).expect("a portfolio that can be valued")
    };
    let mut group = c.benchmark_group("grid of 16 scenarios, 50 positions");
    for (name, exercise) in [("European", Exercise::European), ("American", Exercise::American)] {
        let mut held = of(exercise);
        group.bench_function(name, |b| b.iter(|| span_grid(&mut held, &GridSettings::default())));
    }
    group.finish();
}

/// The peers, from an environment beside the build, or the one that `ALPHATRADER_PEERS` names.
fn peers(_: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = std::env::var_os("ALPHATRADER_PEERS")
        .map_or_else(|| root.join("target/peers/bin/python"), PathBuf::from);
    let script = root.join("tests/foreign/option_speed.py");
    match Command::new(&python).arg(&script).output() {
        Ok(said) => {
            for line in String::from_utf8_lossy(&said.stdout).lines() {
                if let Some((nanos, what)) = line.split_once(' ') {
                    println!("peer: {what}: {nanos} ns an option");
                }
            }
        }
        Err(_) => println!(
            "peers: absent; {} says how to install them, {} is where they are looked for",
            script.display(),
            python.display()
        ),
    }
}

criterion_group!(benches, closed, american, grid, peers);
criterion_main!(benches);
