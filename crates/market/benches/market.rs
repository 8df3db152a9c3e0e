//! What the market costs: a quote with ten resting orders, events of the synthetic market.

use std::hint::black_box;

use alphatrader_market::{Exchange, NewOrder, OrderKey, SyntheticConfig, SyntheticMarket};
use alphatrader_model::market::Level;
use alphatrader_model::{Calendar, Input, OrderKind, Payload, Price, Quantity, Quote, Side, Span};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The first events of a day.
fn day(events: usize) -> Vec<Input> {
    let date = "2025-06-03".parse().expect("a date");
    let session = Calendar::xnys().session(date).expect("a trading day");
    SyntheticMarket::new(SyntheticConfig::spy(1), session).take(events).collect()
}

fn matching(c: &mut Criterion) {
    let day = day(200_000);
    let mut reports = Vec::new();
    let mut exchange = Exchange::new();
    for input in &day[..200] {
        exchange.on_market(input.ts_event, &input.payload, &mut reports);
    }
    let spy = exchange.find(&"SPY".parse().expect("a symbol")).expect("it is listed");
    let quote = exchange.quote(spy).expect("it is quoted");
    let bid = quote.bid.expect("a bid").price;
    for key in 0..10 {
        let limit = Price::from_raw(bid.raw() - 10_000 - 100 * key);
        let kind = OrderKind::Limit { limit };
        let order = NewOrder::new(OrderKey(key as u64), spy, Side::Buy, Quantity::new(100), kind);
        exchange.submit(exchange.now(), order).expect("there is room");
    }
    let mut at = exchange.now() + Span::from_millis(1);
    exchange.advance(at, &mut reports);
    assert_eq!(exchange.orders().count(), 10);
    let mut group = c.benchmark_group("matching");
    group.bench_function("a quote, ten resting orders", |b| {
        let mut size = 0;
        b.iter(|| {
            at = at + Span::from_nanos(1);
            size = (size + 100) % 5_000;
            let level = |price| Some(Level { price, size: Quantity::new(100 + size) });
            let ask = Price::from_raw(bid.raw() + 100);
            let quote = Quote { instrument: spy, bid: level(bid), ask: level(ask) };
            exchange.on_market(black_box(at), &Payload::Quote(quote), &mut reports);
        });
    });
    group.throughput(Throughput::Elements(day.len() as u64));
    group.bench_function("a synthetic market without orders", |b| {
        b.iter(|| {
            let mut exchange = Exchange::new();
            for input in &day {
                exchange.on_market(input.ts_event, &input.payload, &mut reports);
            }
            exchange.now()
        });
    });
    group.finish();
}

fn synthetic(c: &mut Criterion) {
    let mut group = c.benchmark_group("synthetic market");
    let events = 500_000;
    group.throughput(Throughput::Elements(events as u64)).sample_size(10);
    for with_chain in [false, true] {
        let name = if with_chain { "with a chain" } else { "without a chain" };
        group.bench_function(name, |b| {
            let date = "2025-06-03".parse().expect("a date");
            let session = Calendar::xnys().session(date).expect("a trading day");
            let config = SyntheticConfig { with_chain, ..SyntheticConfig::spy(1) };
            b.iter(|| {
                SyntheticMarket::new(config, session)
                    .take(events)
                    .map(|i| i.ts_event.nanos() & 1)
                    .sum::<i64>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, matching, synthetic);
criterion_main!(benches);
