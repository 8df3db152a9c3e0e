use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use alphatrader_model::chain::Provider;
use alphatrader_model::event::{LedgerEvent, Operator};
use alphatrader_model::market::{Gap, Stream, TradeFlags};
use alphatrader_model::{
    Bar, ChainSnapshot, Depth, DepthOperation, OptionContract, Price, Quantity, Quote, Seq, Side, Span,
    Symbol, Timestamp, Trade,
};
use proptest::prelude::*;

use super::*;

fn input(nanos: i64, payload: Payload) -> Input {
    let time = Timestamp::from_nanos(nanos);
    Input { ts_event: time, ts_recv: time, payload }
}

fn quote(instrument: u32) -> Payload {
    Payload::Quote(Quote { instrument: InstrumentId(instrument), bid: None, ask: None })
}

fn trade(instrument: u32) -> Payload {
    Payload::Trade(Trade {
        instrument: InstrumentId(instrument),
        price: Price::from_cents(100),
        size: Quantity::new(1),
        aggressor: None,
        venue: None,
        flags: TradeFlags::NONE,
    })
}

fn depth(instrument: u32) -> Payload {
    Payload::Depth(Depth {
        instrument: InstrumentId(instrument),
        side: Side::Buy,
        position: 0,
        operation: DepthOperation::Update,
        price: Price::from_cents(100),
        size: Quantity::new(1),
        venue: None,
    })
}

fn bar(instrument: u32) -> Payload {
    let price = Price::from_cents(100);
    Payload::Bar(Bar {
        instrument: InstrumentId(instrument),
        span: Span::SECOND,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Quantity::new(1),
    })
}

fn gap(instrument: u32, stream: Stream) -> Payload {
    Payload::Gap(Gap { instrument: InstrumentId(instrument), stream })
}

fn committed(n: i64) -> Payload {
    Payload::Ledger(LedgerEvent::Committed { through: Seq(n as u64) })
}

fn small() -> (Sender, Receiver) {
    Inbox::new(Limits { first: 4, market: 32, instruments: 2 }).unwrap()
}

fn all(receiver: &Receiver) -> Vec<Input> {
    let mut taken = Vec::new();
    receiver.drain(&mut taken, usize::MAX);
    taken
}

#[test]
fn what_may_not_be_lost_goes_first() {
    let (sender, receiver) = small();
    sender.push(input(1, quote(0))).unwrap();
    sender.push(input(2, Payload::Operator(Operator::Shutdown))).unwrap();
    let now = Instant::now();
    assert_eq!(receiver.recv_until(now).unwrap().ts_event.nanos(), 2);
    assert_eq!(receiver.recv_until(now).unwrap().ts_event.nanos(), 1);
    assert_eq!(receiver.recv_until(now), None);
}

#[test]
fn a_full_first_queue_is_refused_loudly() {
    let (sender, receiver) = small();
    for n in 0..4 {
        sender.push(input(n, committed(n))).unwrap();
    }
    assert!(!receiver.overflowed());
    let refused = sender.push(input(4, committed(4))).unwrap_err();
    assert!(matches!(&refused, PushError::Full { limit: 4, input } if input.ts_event.nanos() == 4));
    assert!(refused.to_string().contains("trading halts"), "{refused}");
    assert!(receiver.overflowed());
    assert_eq!(all(&receiver).len(), 4);
    assert!(receiver.overflowed(), "the loss is not forgotten");
    assert_eq!(receiver.metrics().refused, 1);
}

#[test]
fn nothing_is_thinned_before_the_queue_is_full() {
    let (sender, receiver) = small();
    for n in 0..32 {
        sender.push(input(n, quote(0))).unwrap();
    }
    assert_eq!(receiver.metrics().thinned, 0);
    assert_eq!(all(&receiver).len(), 32);
}

#[test]
fn quotes_conflate_to_the_newest_and_prints_stay() {
    let (sender, receiver) = small();
    for n in 0..33 {
        let payload = if n == 5 { trade(0) } else { quote((n % 2) as u32) };
        sender.push(input(n, payload)).unwrap();
    }
    let left: Vec<i64> = all(&receiver).iter().map(|i| i.ts_event.nanos()).collect();
    assert_eq!(left, [5, 30, 31, 32]);
    let metrics = receiver.metrics();
    assert_eq!((metrics.quotes, metrics.trades, metrics.gaps), (29, 0, 0));
}

#[test]
fn a_lost_book_is_one_gap_and_is_asked_for_again() {
    let (sender, receiver) = small();
    for n in 0..32 {
        sender.push(input(n, if n == 0 { trade(1) } else { depth(1) })).unwrap();
    }
    sender.push(input(32, depth(1))).unwrap();
    let left = all(&receiver);
    assert_eq!(left.len(), 3);
    assert_eq!(left[1], input(1, gap(1, Stream::Depth)));
    assert_eq!(left[2].payload, depth(1));
    assert_eq!(receiver.metrics().depth, 31);
    assert_eq!(sender.take_lost_books(), [InstrumentId(1)]);
    assert_eq!(sender.take_lost_books(), []);
}

#[test]
fn lost_prints_are_bracketed_by_gaps() {
    let (sender, receiver) = small();
    for n in 0..33 {
        sender.push(input(n, if n == 7 { bar(1) } else { trade(0) })).unwrap();
    }
    let left = all(&receiver);
    let expected = [
        input(0, gap(0, Stream::Trades)),
        input(7, bar(1)),
        input(31, gap(0, Stream::Trades)),
        input(32, trade(0)),
    ];
    assert_eq!(left, expected);
    assert_eq!(receiver.metrics().trades, 31);
}

fn chain(symbol: &str, day: Option<i8>, at: i64) -> Payload {
    Payload::ChainSnapshot(Box::new(ChainSnapshot {
        underlying: Symbol::new(symbol).unwrap(),
        provider: Provider::AlphaVantage,
        as_of: Timestamp::from_nanos(at),
        spot: None,
        expiry: day.map(|day| format!("SPY2603{day:02}C00600000").parse::<OptionContract>().unwrap().expiry),
        delayed: false,
        rows: Vec::new(),
    }))
}

/// Underlying, day of the expiry and time of each chain that waits.
fn chains(receiver: &Receiver) -> Vec<(String, Option<i8>, i64)> {
    let told = |input: Input| match input.payload {
        Payload::ChainSnapshot(c) => {
            Some((c.underlying.to_string(), c.expiry.map(jiff::civil::Date::day), c.as_of.nanos()))
        }
        _ => None,
    };
    all(receiver).into_iter().filter_map(told).collect()
}

#[test]
fn chains_conflate_to_the_newest_of_their_underlying_provider_and_expiry() {
    let (sender, receiver) = Inbox::new(Limits { first: 10, market: 256, instruments: 16 }).unwrap();
    let told = [
        ("SPY", Some(16), 1),
        ("SPY", None, 2),
        ("QQQ", Some(16), 3),
        ("SPY", Some(16), 4),
        ("SPY", Some(17), 5),
    ];
    for (symbol, day, at) in told {
        sender.push(input(at, chain(symbol, day, at))).unwrap();
    }
    for n in 0..260 {
        sender.push(input(10 + n, quote(0))).unwrap();
    }
    let newest = [("SPY", None, 2), ("QQQ", Some(16), 3), ("SPY", Some(16), 4), ("SPY", Some(17), 5)];
    assert_eq!(chains(&receiver), newest.map(|(s, day, at)| (s.to_owned(), day, at)));
    assert_eq!(sender.metrics().chains, 1, "the first of the 16th: a newer one waits");
    // A whole chain stands for the single expiries told before it.
    for (symbol, day, at) in [("SPY", Some(16), 1), ("SPY", None, 2)] {
        sender.push(input(at, chain(symbol, day, at))).unwrap();
    }
    for n in 0..260 {
        sender.push(input(10 + n, quote(0))).unwrap();
    }
    assert_eq!(chains(&receiver), [("SPY".to_owned(), None, 2)]);
}

#[test]
fn few_chains_wait_whatever_comes() {
    let (sender, receiver) = Inbox::new(Limits { first: 10, market: 4_096, instruments: 16 }).unwrap();
    for n in 0..200 {
        sender.push(input(n, chain("SPY", None, n))).unwrap();
    }
    let waiting = chains(&receiver);
    assert!(waiting.len() <= Limits::CHAINS, "{}", waiting.len());
    assert_eq!(waiting.last().map(|last| last.2), Some(199), "the newest is there");
    assert_eq!(sender.metrics().chains + waiting.len() as u64, 200, "every one that went is counted");
}

#[test]
fn contracts_beyond_the_limit_are_refused_and_named() {
    let (sender, receiver) = small();
    let refused = sender.push(input(0, quote(2))).unwrap_err();
    assert!(refused.to_string().contains("contract number 2"), "{refused}");
    assert!(!receiver.overflowed());
    assert!(Inbox::new(Limits { first: 1, market: 31, instruments: 2 }).is_err());
    assert!(Inbox::new(Limits::default()).is_ok());
}

#[test]
fn a_waiting_engine_is_woken_by_an_event_and_by_the_end() {
    let (sender, receiver) = small();
    let engine = thread::spawn(move || {
        let far = Instant::now() + Duration::from_mins(1);
        let first = receiver.recv_until(far);
        let second = receiver.recv_until(far);
        (first, second, receiver.is_closed())
    });
    let feeder = sender.clone();
    thread::spawn(move || feeder.push(input(9, quote(0)))).join().unwrap().unwrap();
    drop(sender);
    let (first, second, closed) = engine.join().unwrap();
    assert_eq!(first.unwrap().ts_event.nanos(), 9);
    assert_eq!(second, None);
    assert!(closed);
}

#[test]
fn an_ended_engine_refuses() {
    let (sender, receiver) = small();
    drop(receiver);
    assert!(matches!(sender.push(input(0, committed(0))), Err(PushError::Closed { .. })));
}

#[test]
fn threads_lose_nothing_and_keep_their_order() {
    const EACH: i64 = 20_000;
    let (sender, receiver) = Inbox::new(Limits { first: 4 * EACH as usize, ..Limits::default() }).unwrap();
    let threads: Vec<_> = (0..4_u32)
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || {
                for n in 0..EACH {
                    sender.push(input(n, committed(i64::from(number)))).unwrap();
                    sender.push(input(n, trade(number))).unwrap();
                }
            })
        })
        .collect();
    drop(sender);
    let mut next = BTreeMap::new();
    let far = Instant::now() + Duration::from_mins(2);
    while let Some(input) = receiver.recv_until(far) {
        let key = match &input.payload {
            Payload::Ledger(LedgerEvent::Committed { through }) => (0, through.0),
            Payload::Trade(trade) => (1, u64::from(trade.instrument.0)),
            other => panic!("{other:?}"),
        };
        let expected = next.entry(key).or_insert(0);
        assert_eq!(input.ts_event.nanos(), *expected);
        *expected += 1;
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(next.len(), 8);
    assert!(next.values().all(|n| *n == EACH), "{next:?}");
}

/// A step of a test: push something or let the engine take some.
#[derive(Debug, Clone)]
enum Step {
    Push(u8, u32),
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_u8..8, 0_u32..3).prop_map(|(kind, instrument)| Step::Push(kind, instrument)),
        1 => (0_usize..40).prop_map(Step::Take),
    ]
}

fn payload(kind: u8, instrument: u32, n: i64) -> Payload {
    match kind {
        0 | 1 => quote(instrument),
        2 => trade(instrument),
        3 => depth(instrument),
        4 => bar(instrument),
        5 => Payload::Timer,
        6 => gap(instrument, [Stream::Quotes, Stream::Trades, Stream::Depth, Stream::Bars][n as usize % 4]),
        _ => committed(n),
    }
}

/// Key under which order must be kept.
fn key(payload: &Payload) -> (u8, u32) {
    match payload {
        Payload::Quote(q) => (0, q.instrument.0),
        Payload::Trade(t) => (1, t.instrument.0),
        Payload::Depth(d) => (2, d.instrument.0),
        Payload::Bar(b) => (3, b.instrument.0),
        Payload::Timer => (4, 0),
        Payload::Ledger(_) => (5, 0),
        Payload::Gap(g) => match g.stream {
            Stream::Quotes => (6, g.instrument.0),
            Stream::Trades => (1, g.instrument.0),
            Stream::Depth => (2, g.instrument.0),
            Stream::Bars => (3, g.instrument.0),
        },
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is pushed and taken: nothing critical is lost, every key comes out in its order, the
    /// market queue stays in its bound, the newest quote of each contract arrives, a lost print or
    /// book edit has a gap before the next event of its stream, and every event is accounted for.
    #[test]
    fn the_queues_keep_their_promises(steps in proptest::collection::vec(step(), 1..1_500)) {
        let limits = Limits { first: 2_000, market: 48, instruments: 3 };
        let (sender, receiver) = Inbox::new(limits).unwrap();
        let mut sent: BTreeMap<(u8, u32), Vec<i64>> = BTreeMap::new();
        let mut out = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let n = n as i64;
            match step {
                Step::Push(kind, instrument) => {
                    let payload = payload(*kind, *instrument, n);
                    sent.entry(key(&payload)).or_default().push(n);
                    sender.push(input(n, payload)).unwrap();
                }
                Step::Take(max) => { receiver.drain(&mut out, *max); }
            }
            let metrics = receiver.metrics();
            prop_assert!(metrics.market_waiting <= limits.market);
            prop_assert!(metrics.first_waiting <= limits.first);
        }
        receiver.drain(&mut out, usize::MAX);
        let mut got: BTreeMap<(u8, u32), Vec<(i64, bool)>> = BTreeMap::new();
        for input in &out {
            let is_gap = matches!(input.payload, Payload::Gap(_));
            got.entry(key(&input.payload)).or_default().push((input.ts_event.nanos(), is_gap));
        }
        for (key, sent) in &sent {
            let got = got.get(key).cloned().unwrap_or_default();
            prop_assert!(got.is_sorted_by(|a, b| a.0 < b.0), "{key:?}: {got:?}");
            match key.0 {
                5 => prop_assert_eq!(got.len(), sent.len()),
                0 | 4 => prop_assert_eq!(got.last().map(|g| g.0), sent.last().copied()),
                1..=3 => {
                    // Between two neighbours that arrived, everything sent arrived too, or one of them is a gap.
                    let mut before = None;
                    for (time, is_gap) in &got {
                        let lost = sent.iter().any(|n| before.is_none_or(|(b, _)| *n > b) && n < time);
                        let told = *is_gap || before.is_some_and(|(_, gap)| gap);
                        prop_assert!(!lost || told, "{key:?}: {got:?} of {sent:?}");
                        before = Some((*time, *is_gap));
                    }
                    let last = before.map(|(b, _)| b);
                    prop_assert!(last.is_some());
                }
                _ => {}
            }
        }
        let metrics = receiver.metrics();
        let lost = metrics.quotes + metrics.chain_rows + metrics.timers + metrics.depth + metrics.trades + metrics.bars;
        let sent: usize = sent.values().map(Vec::len).sum();
        let sent_gaps = steps.iter().filter(|step| matches!(step, Step::Push(6, _))).count();
        let arrived = out.iter().filter(|input| !matches!(input.payload, Payload::Gap(_))).count();
        prop_assert_eq!((sent - sent_gaps) as u64, arrived as u64 + lost, "every event arrives or is counted");
    }
}
