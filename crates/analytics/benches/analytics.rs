//! Nanoseconds per event: `cargo bench -p alphatrader-analytics`.

#![allow(clippy::disallowed_methods, reason = "a benchmark asks the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use alphatrader_analytics::book::{Book, Ladder};
use alphatrader_analytics::fair::counts::MicroCounts;
use alphatrader_analytics::fair::micro::MicroShape;
use alphatrader_analytics::flow::Sweeps;
use alphatrader_analytics::flow::sweep::SweepPrint;
use alphatrader_analytics::hidden::{Hidden, HiddenParameters, HiddenPrint};
use alphatrader_analytics::impact::kyle::Moments;
use alphatrader_analytics::impact::{Roll, Spreads};
use alphatrader_analytics::ofi::{Ofi, OfiParameters};
use alphatrader_analytics::options::{Terms, implied_volatility, price, value};
use alphatrader_analytics::vpin::{Vpin, VpinMeter, VpinParameters};
use alphatrader_analytics::{Alone, Parameters};
use alphatrader_model::calendar::Session;
use alphatrader_model::instrument::{InstrumentId, Right, Symbol};
use alphatrader_model::market::{Depth, DepthOperation, Gap, Level, Quote, Side, Stream, Trade, TradeFlags};
use alphatrader_model::metric::Quality;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::settings::Analytics;
use alphatrader_model::time::{Span, Timestamp};
use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use wickra_core::{Indicator, KylesLambda, RollMeasure, TradeQuote};

const SPY: InstrumentId = InstrumentId(0);

/// Events of one batch, a quarter of an hour of a busy market.
const EVENTS: usize = 65_536;

/// Time between events.
const PAUSE: Span = Span::from_micros(13_733);

/// A small generator: numbers that nobody can predict and everybody can repeat.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn session() -> Session {
    let text = r#"{"date":"2013-10-07","open":"2013-10-07T13:30:00Z","close":"2013-10-07T20:00:00Z"}"#;
    serde_json::from_str(text).expect("a session is written above")
}

fn quotes() -> Vec<Quote> {
    let (mut draw, mut mid) = (Draw(1), 16_800);
    (0..EVENTS)
        .map(|_| {
            mid += draw.below(3) as i64 - 1;
            let (bid, ask) = (level(mid, 1 + draw.below(900)), level(mid + 1, 1 + draw.below(900)));
            Quote { instrument: SPY, bid: Some(bid), ask: Some(ask) }
        })
        .collect()
}

fn trades() -> Vec<Trade> {
    let (mut draw, mut price) = (Draw(2), 16_800);
    (0..EVENTS)
        .map(|_| {
            price += draw.below(3) as i64 - 1;
            Trade {
                instrument: SPY,
                price: Price::from_cents(price),
                size: Quantity::new(100 * (1 + draw.below(8))),
                aggressor: None,
                venue: None,
                flags: TradeFlags::NONE,
            }
        })
        .collect()
}

/// Edits of a ten-row book: sizes change, a row is taken away and comes back.
fn edits() -> Vec<Depth> {
    let mut draw = Draw(3);
    let edit = |side, operation, position: u8, size| {
        let away = i64::from(position) + 1;
        let price = Price::from_cents(if side == Side::Buy { 16_800 - away } else { 16_800 + away });
        Depth { instrument: SPY, side, position, operation, price, size: Quantity::new(size), venue: None }
    };
    let mut edits = vec![];
    for position in 0..10 {
        edits.push(edit(Side::Buy, DepthOperation::Insert, position, 100));
        edits.push(edit(Side::Sell, DepthOperation::Insert, position, 100));
    }
    while edits.len() < EVENTS {
        let (side, position) =
            (if draw.below(2) == 0 { Side::Buy } else { Side::Sell }, draw.below(10) as u8);
        let size = 1 + draw.below(900);
        if draw.below(4) == 0 {
            edits.push(edit(side, DepthOperation::Delete, position, 0));
            edits.push(edit(side, DepthOperation::Insert, position, size));
        } else {
            edits.push(edit(side, DepthOperation::Update, position, size));
        }
    }
    edits.truncate(EVENTS);
    edits
}

/// Five minutes into a session with a full VPIN window and a book.
fn warm() -> (Alone, Timestamp) {
    let symbol = Symbol::new("SPY").expect("SPY is a symbol");
    let settings = Analytics { vpin_bucket_volume: 100_000, vpin_window: 50 };
    let mut spy = Alone::new(symbol, SPY, Parameters::of(&settings));
    spy.on_session(session());
    let mut now = session().open;
    for ((quote, trade), edit) in quotes().iter().zip(&trades()).zip(&edits()) {
        now = now + Span::from_millis(5);
        spy.on_quote(now, quote);
        spy.on_trade(now, trade);
        spy.on_depth(now, edit);
    }
    assert!(spy.features().vpin.is_some() && spy.features().high_5m.is_some());
    (spy, now)
}

/// One iteration is one event: the figure printed is its time. State is made anew after each pass over
/// the events, outside the measured time.
fn each<S, E>(b: &mut Bencher<'_>, events: &[E], fresh: impl Fn() -> S, mut step: impl FnMut(&mut S, &E)) {
    b.iter_custom(|iterations| {
        let (mut left, mut spent) = (iterations, Duration::ZERO);
        while left > 0 {
            let mut state = fresh();
            let pass = left.min(events.len() as u64);
            let start = Instant::now();
            for event in &events[..pass as usize] {
                step(&mut state, black_box(event));
            }
            spent += start.elapsed();
            black_box(&state);
            left -= pass;
        }
        spent
    });
}

fn symbol(c: &mut Criterion) {
    let warm = warm();
    let mut group = c.benchmark_group("symbol");
    group.bench_function("quote", |b| {
        each(
            b,
            &quotes(),
            || warm.clone(),
            |(spy, now), quote| {
                *now = *now + PAUSE;
                spy.on_quote(*now, quote);
            },
        );
    });
    group.bench_function("trade", |b| {
        each(
            b,
            &trades(),
            || warm.clone(),
            |(spy, now), trade| {
                *now = *now + PAUSE;
                spy.on_trade(*now, trade);
            },
        );
    });
    let rebuilding = || {
        let (mut spy, now) = warm.clone();
        spy.on_gap(now, &Gap { instrument: SPY, stream: Stream::Depth });
        (spy, now)
    };
    group.bench_function("depth", |b| {
        each(b, &edits(), rebuilding, |(spy, now), edit| {
            *now = *now + PAUSE;
            spy.on_depth(*now, edit);
        });
    });
    group.finish();
}

fn parts(c: &mut Criterion) {
    let mut group = c.benchmark_group("parts");
    group.bench_function("book", |b| {
        each(b, &edits(), Book::default, |book, edit| {
            black_box(book.apply(edit));
        });
    });
    group.bench_function("vpin", |b| {
        each(
            b,
            &trades(),
            || (Vpin::new(100_000, 50), 0_u32),
            |(vpin, place), trade| {
                *place += 1;
                let side = if place.is_multiple_of(3) { Side::Sell } else { Side::Buy };
                vpin.add(trade.size.get(), Some(side), |value| {
                    black_box(value);
                });
            },
        );
    });
    group.finish();
}

/// Ours and the peer's, a print each: sides and sizes are the same.
fn beside_the_peer(c: &mut Criterion) {
    let prints: Vec<(Side, u64, i64)> = {
        let (mut draw, mut price) = (Draw(4), 1_000_000);
        (0..EVENTS)
            .map(|_| {
                price += 100 * (draw.below(3) as i64 - 1);
                let side = if draw.below(2) == 0 { Side::Buy } else { Side::Sell };
                (side, 100 * (1 + draw.below(8)), price)
            })
            .collect()
    };
    let theirs: Vec<wickra_core::Trade> = prints
        .iter()
        .map(|(side, size, price)| {
            let side = if *side == Side::Buy { wickra_core::Side::Buy } else { wickra_core::Side::Sell };
            wickra_core::Trade::new(*price as f64 * 1e-4, *size as f64, side, 0).expect("a print in range")
        })
        .collect();
    let quoted: Vec<_> =
        theirs.iter().map(|trade| TradeQuote::new(*trade, trade.price).expect("a middle in range")).collect();
    let mut group = c.benchmark_group("peer");
    group.bench_function("signed VPIN per trade", |b| {
        each(
            b,
            &prints,
            || Vpin::new(100_000, 50),
            |vpin, (side, size, _)| {
                vpin.add(*size, Some(*side), |_| ());
                black_box(vpin.value());
            },
        );
    });
    group.bench_function("signed VPIN per trade, wickra-core", |b| {
        let fresh = || wickra_core::Vpin::new(100_000.0, 50).expect("parameters in range");
        each(b, &theirs, fresh, |vpin, trade| {
            black_box(vpin.update(*trade));
        });
    });
    group.bench_function("VPIN with rank, null and quality per trade", |b| {
        let fresh = || VpinMeter::new(VpinParameters::new(100_000));
        each(b, &prints, fresh, |meter, (side, size, price)| {
            let now = Timestamp::from_nanos(0);
            meter.on_trade(now, Price::from_raw(*price), *size, Some(*side), Quality::GOOD, |_| ());
            black_box(meter.last());
        });
    });
    group.bench_function("Roll per trade", |b| {
        each(
            b,
            &prints,
            || Roll::new(50),
            |roll, (_, _, price)| {
                roll.on_trade(Price::from_raw(*price), true, Quality::GOOD);
                black_box(roll.spread());
            },
        );
    });
    group.bench_function("Roll per trade, wickra-core", |b| {
        let fresh = || RollMeasure::new(50).expect("a window in range");
        each(b, &theirs, fresh, |roll, trade| {
            black_box(roll.update(*trade));
        });
    });
    group.bench_function("Kyle per trade", |b| {
        each(
            b,
            &prints,
            || (Moments::new(0.96), 1_000_000),
            |(moments, last), (side, size, price)| {
                moments.add((side.sign() * *size as i64) as f64, (*price - *last) as f64 * 1e-4);
                *last = *price;
                black_box(moments.slope());
            },
        );
    });
    group.bench_function("Kyle per trade, wickra-core", |b| {
        let fresh = || KylesLambda::new(50).expect("a window in range");
        each(b, &quoted, fresh, |kyle, quote| {
            black_box(kyle.update(*quote));
        });
    });
    group.bench_function("spreads and impact per trade", |b| {
        let fresh = || (Spreads::default(), Timestamp::from_nanos(0));
        each(b, &prints, fresh, |(spreads, now), (side, size, price)| {
            *now = *now + PAUSE;
            spreads.on_mid(*now, Some(2 * *price));
            spreads.on_trade(*now, Price::from_raw(*price + 50), *size, *side, Quality::GOOD);
        });
    });
    group.finish();
}

/// Order flow and hidden orders: of the touch, of ten levels, of prints.
fn lob(c: &mut Criterion) {
    let touches: Vec<(Level, Level)> = quotes().iter().filter_map(Quote::firm).collect();
    let mut draw = Draw(4);
    let ladders: Vec<(Ladder, Ladder)> = (0..EVENTS)
        .map(|_| {
            let mid = 16_800 + draw.below(3) as i64;
            let bids: Vec<Level> = (0..10).map(|k| level(mid - k, 1 + draw.below(900))).collect();
            let asks: Vec<Level> = (1..11).map(|k| level(mid + k, 1 + draw.below(900))).collect();
            (Ladder::from_levels(&bids), Ladder::from_levels(&asks))
        })
        .collect();
    let start = session().open;
    let mut group = c.benchmark_group("lob");
    group.bench_function("ofi_touch", |b| {
        let fresh = || (Ofi::new(OfiParameters::default()), start);
        each(b, &touches, fresh, |(ofi, now), (bid, ask)| {
            *now = *now + PAUSE;
            ofi.on_touch(*now, *bid, *ask, Quality::GOOD);
        });
    });
    group.bench_function("ofi_touch_wickra", |b| {
        let fresh = || wickra_core::OrderFlowImbalance::new(20).expect("a period");
        each(b, &touches, fresh, |ofi, (bid, ask)| {
            let one = |level: &Level| {
                vec![wickra_core::Level::new_unchecked(level.price.to_f64(), level.size.get() as f64)]
            };
            black_box(ofi.update(wickra_core::OrderBook::new_unchecked(one(bid), one(ask))));
        });
    });
    group.bench_function("ofi_ten_levels", |b| {
        let fresh = || (Ofi::new(OfiParameters { levels: 10, ..OfiParameters::default() }), start);
        each(b, &ladders, fresh, |(ofi, now), (bids, asks)| {
            *now = *now + PAUSE;
            ofi.on_ladders(*now, bids, asks, Quality::GOOD);
        });
    });
    group.bench_function("hidden_touch", |b| {
        let fresh = || (Hidden::new(HiddenParameters::default()), start);
        each(b, &touches, fresh, |(hidden, now), (bid, ask)| {
            *now = *now + PAUSE;
            black_box(hidden.on_touch(*now, *bid, *ask));
        });
    });
    let prints: Vec<Trade> = trades();
    group.bench_function("hidden_print", |b| {
        let fresh = || {
            let mut hidden = Hidden::new(HiddenParameters::default());
            hidden.on_touch(start, level(16_799, 500), level(16_800, 500));
            (hidden, start)
        };
        each(b, &prints, fresh, |(hidden, now), trade| {
            *now = *now + PAUSE;
            let (price, size) = (level(16_800, 1).price, trade.size);
            let print = HiddenPrint { price, size, side: Some(Side::Buy), venue: None, flags: trade.flags };
            black_box(hidden.on_print(*now, &print));
        });
    });
    group.bench_function("sweep_print", |b| {
        let fresh = || (Sweeps::default(), start);
        each(b, &prints, fresh, |(sweeps, now), trade| {
            *now = *now + PAUSE;
            let side = if trade.size.get() > 400 { Side::Buy } else { Side::Sell };
            let (price, size) = (trade.price, trade.size);
            let print = SweepPrint { price, size, side, venue: None, marked: false, sampled: false };
            black_box(sweeps.add(*now, &print, None));
        });
    });
    group.bench_function("micro_count", |b| {
        let fresh = || MicroCounts::new(MicroShape::new(10, 2, Price::CENT));
        each(b, &touches, fresh, |counts, (bid, ask)| counts.observe(*bid, *ask));
    });
    group.finish();
}

/// Contracts like those of a day's chain: eleven strikes either way, four hours left.
fn options(c: &mut Criterion) {
    let chain: Vec<(Terms, f64)> = (-11..=11)
        .cycle()
        .take(23 * 100)
        .map(|strike| {
            let right = if strike >= 0 { Right::Call } else { Right::Put };
            let terms = Terms {
                right,
                spot: 600.0,
                strike: 600.0 + f64::from(strike) * 0.5,
                years: 240.0 / 525_600.0,
                rate: 0.043,
                dividend_yield: 0.012,
            };
            (terms, price(&terms, 0.14).expect("terms in range"))
        })
        .collect();
    let mut group = c.benchmark_group("options");
    group.bench_function("value", |b| {
        each(
            b,
            &chain,
            || (),
            |(), (terms, _)| {
                black_box(value(terms, 0.14)).ok();
            },
        );
    });
    group.bench_function("implied_volatility", |b| {
        each(
            b,
            &chain,
            || (),
            |(), (terms, price)| {
                black_box(implied_volatility(terms, *price)).ok();
            },
        );
    });
    group.finish();
}

criterion_group!(benches, symbol, parts, beside_the_peer, lob, options);
criterion_main!(benches);
