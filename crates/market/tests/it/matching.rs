//! Whatever the market does and whatever is asked, the engine keeps its word.

use std::collections::BTreeMap;

use alphatrader_market::matching::{Change, Group, GroupRule, ReportKind, TriggerBy};
use alphatrader_market::{Exchange, NewOrder, OrderKey, Report};
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Contract, Depth, DepthOperation, Instrument, InstrumentId, OrderKind, Payload, Price, Quantity, Quote,
    Session, Side, Span, Symbol, TimeInForce, Timestamp, Trade,
};
use proptest::prelude::*;

const OPEN: Timestamp = Timestamp::from_seconds(1_748_871_000);

/// One thing that happens, `after` the one before.
#[derive(Debug, Clone)]
enum Step {
    Quote { instrument: u32, bid: i64, spread: i64, bid_size: u64, ask_size: u64 },
    Print { instrument: u32, price: i64, size: u64, aggressor: Option<Side> },
    Row { instrument: u32, side: Side, position: u8, operation: DepthOperation, price: i64, size: u64 },
    Submit { order: NewOrder, delay: i64 },
    Bracket { entry: NewOrder, target: i64, stop: i64, pairs: bool },
    Change { key: u64, quantity: u64, kind: OrderKind, delay: i64 },
    Cancel { key: u64, delay: i64 },
    Wait { millis: i64 },
}

fn price() -> impl Strategy<Value = i64> {
    9_980_i64..10_020
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let cents = || price().prop_map(Price::from_cents);
    prop_oneof![
        Just(OrderKind::Market),
        cents().prop_map(|limit| OrderKind::Limit { limit }),
        cents().prop_map(|limit| OrderKind::Limit { limit }),
        cents().prop_map(|trigger| OrderKind::Stop { trigger }),
        (cents(), cents()).prop_map(|(trigger, limit)| OrderKind::StopLimit { trigger, limit }),
    ]
}

fn tif() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        4 => Just(TimeInForce::Day),
        1 => Just(TimeInForce::GoodTillCancelled),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
    ]
}

fn order() -> impl Strategy<Value = NewOrder> {
    let group = prop_oneof![3 => Just(None), 1 => (1_u64..4).prop_map(|g| Some(Group::Named(g)))];
    let parent = prop_oneof![4 => Just(None), 1 => (0_u64..30).prop_map(|key| Some(OrderKey(key)))];
    let trigger = prop_oneof![Just(TriggerBy::Quote), Just(TriggerBy::Trade)];
    (0_u64..30, 0_u32..2, side(), 1_u64..200, kind(), tif(), group, parent, trigger, any::<bool>()).prop_map(
        |(key, instrument, side, quantity, kind, time_in_force, group, parent, trigger_by, cancels)| {
            NewOrder {
                time_in_force,
                group,
                parent,
                trigger_by,
                group_rule: if cancels { GroupRule::Cancel } else { GroupRule::Reduce },
                ..NewOrder::new(OrderKey(key), InstrumentId(instrument), side, Quantity::new(quantity), kind)
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let operation =
        prop_oneof![Just(DepthOperation::Insert), Just(DepthOperation::Update), Just(DepthOperation::Delete)];
    prop_oneof![
        8 => (0_u32..2, price(), -1_i64..5, 0_u64..300, 0_u64..300).prop_map(
            |(instrument, bid, spread, bid_size, ask_size)| Step::Quote { instrument, bid, spread, bid_size, ask_size }
        ),
        5 => (0_u32..2, price(), 1_u64..400, prop::option::of(side())).prop_map(
            |(instrument, price, size, aggressor)| Step::Print { instrument, price, size, aggressor }
        ),
        3 => (0_u32..2, side(), 0_u8..5, operation, price(), 1_u64..200).prop_map(
            |(instrument, side, position, operation, price, size)| Step::Row {
                instrument, side, position, operation, price, size,
            }
        ),
        5 => (order(), 0_i64..40).prop_map(|(order, delay)| Step::Submit { order, delay }),
        2 => (order(), 1_i64..20, 1_i64..20, any::<bool>()).prop_map(
            |(entry, target, stop, pairs)| Step::Bracket { entry, target, stop, pairs }
        ),
        2 => (0_u64..30, 1_u64..200, kind(), 0_i64..40).prop_map(
            |(key, quantity, kind, delay)| Step::Change { key, quantity, kind, delay }
        ),
        2 => (0_u64..30, 0_i64..40).prop_map(|(key, delay)| Step::Cancel { key, delay }),
        2 => (0_i64..50).prop_map(|millis| Step::Wait { millis }),
    ]
}

/// Runs the steps, a few milliseconds apart, starting `early` before the open; calls `check` after each.
fn run(
    steps: &[Step],
    early: i64,
    close_after: i64,
    mut check: impl FnMut(&Exchange, &[Report]),
) -> Vec<Report> {
    let mut exchange = Exchange::new();
    let mut all = Vec::new();
    let mut out = Vec::new();
    let mut at = OPEN - Span::from_millis(early);
    let date = "2025-06-02".parse().unwrap();
    let session = Session { date, open: OPEN, close: OPEN + Span::from_millis(close_after) };
    exchange.on_market(at, &Payload::Session(session), &mut out);
    for id in 0..2 {
        exchange.on_market(at, &Payload::Instrument(Box::new(listed(id))), &mut out);
    }
    let mut next_child = 1_000;
    for step in steps {
        at = at + Span::from_millis(3);
        let later = |delay: i64| at + Span::from_millis(delay);
        match step.clone() {
            Step::Submit { order, delay } => exchange.submit(later(delay), order).unwrap(),
            Step::Bracket { entry, target, stop, pairs } => {
                let entry = NewOrder { parent: None, group: None, ..entry };
                exchange.submit(at, entry).unwrap();
                for order in exits(&entry, target, stop, pairs, &mut next_child) {
                    exchange.submit(at, order).unwrap();
                }
            }
            Step::Change { key, quantity, kind, delay } => {
                let change = Change { key: OrderKey(key), quantity: Quantity::new(quantity), kind };
                exchange.change(later(delay), change).unwrap();
            }
            Step::Cancel { key, delay } => exchange.cancel(later(delay), OrderKey(key)).unwrap(),
            Step::Wait { millis } => {
                at = at + Span::from_millis(millis);
                exchange.advance(at, &mut out);
            }
            market => exchange.on_market(at, &payload(&market), &mut out),
        }
        check(&exchange, &out);
        all.append(&mut out);
    }
    exchange.advance(session.close + Span::from_minutes(600), &mut out);
    check(&exchange, &out);
    all.append(&mut out);
    all
}

fn listed(id: u32) -> Instrument {
    let symbol = Symbol::new(["SPY", "QQQ"][id as usize]).unwrap();
    Instrument {
        id: InstrumentId(id),
        contract: Contract::Stock(symbol),
        underlying: symbol,
        multiplier: 1,
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::CENT,
        expires: None,
        con_id: None,
        synthetic: true,
    }
}

fn payload(step: &Step) -> Payload {
    match step.clone() {
        Step::Quote { instrument, bid, spread, bid_size, ask_size } => {
            let level = |cents, size| {
                (size > 0).then(|| Level { price: Price::from_cents(cents), size: Quantity::new(size) })
            };
            let (bid, ask) = (level(bid, bid_size), level(bid + spread, ask_size));
            Payload::Quote(Quote { instrument: InstrumentId(instrument), bid, ask })
        }
        Step::Print { instrument, price, size, aggressor } => Payload::Trade(Trade {
            instrument: InstrumentId(instrument),
            price: Price::from_cents(price),
            size: Quantity::new(size),
            aggressor,
            venue: None,
            flags: TradeFlags::NONE,
        }),
        Step::Row { instrument, side, position, operation, price, size } => Payload::Depth(Depth {
            instrument: InstrumentId(instrument),
            side,
            position,
            operation,
            price: Price::from_cents(price),
            size: Quantity::new(size),
            venue: None,
        }),
        _ => Payload::Timer,
    }
}

/// A stop and a target for all of the entry, or a pair of each for either half.
fn exits(entry: &NewOrder, target: i64, stop: i64, pairs: bool, next: &mut u64) -> Vec<NewOrder> {
    let sign = entry.side.sign();
    let whole = entry.quantity.get();
    let parts = if pairs && whole > 1 { vec![whole / 2, whole - whole / 2] } else { vec![whole] };
    let mut orders = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let kinds = [
            OrderKind::Limit { limit: Price::from_cents(10_000 + sign * target) },
            OrderKind::Stop { trigger: Price::from_cents(10_000 - sign * stop) },
        ];
        for kind in kinds {
            *next += 1;
            orders.push(NewOrder {
                parent: Some(entry.key),
                group: pairs.then(|| Group::Named(1_000_000 + 2 * entry.key.0 + place as u64)),
                ..NewOrder::new(
                    OrderKey(*next),
                    entry.instrument,
                    entry.side.opposite(),
                    Quantity::new(*part),
                    kind,
                )
            });
        }
    }
    orders
}

/// What is known of an order from its reports alone.
#[derive(Debug, Default, Clone)]
struct Told {
    accepted: bool,
    /// Came after the close: it is for the next day.
    late: bool,
    over: bool,
    filled: u64,
}

#[derive(Default)]
struct Listener {
    orders: BTreeMap<OrderKey, Told>,
    last: Timestamp,
}

impl Listener {
    fn hear(&mut self, report: &Report, session_close: Timestamp) {
        assert!(report.time >= self.last, "reports go back in time: {report:?}");
        self.last = report.time;
        if let ReportKind::Rejected { .. } | ReportKind::Unknown | ReportKind::ChangeRefused { .. } =
            report.what
        {
            return;
        }
        let told = self.orders.entry(report.key).or_default();
        assert!(!told.over, "{report:?} after its end");
        match report.what {
            ReportKind::Accepted => {
                assert!(!told.accepted, "accepted twice");
                told.accepted = true;
                told.late = report.time >= session_close;
            }
            ReportKind::Fill { quantity, filled, remaining, .. } => {
                assert!(told.accepted && !quantity.is_zero());
                told.filled += quantity.get();
                assert_eq!(told.filled, filled.get());
                told.over = remaining.is_zero();
                assert!(OPEN <= report.time && report.time < session_close, "filled outside the session");
            }
            ReportKind::Cancelled { filled, .. } => {
                assert_eq!(told.filled, filled.get());
                told.over = true;
            }
            ReportKind::Replaced { quantity, .. } => assert!(quantity.get() > told.filled),
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn reports_tell_a_consistent_story(steps in prop::collection::vec(step(), 1..120), early in 0_i64..60, length in 100_i64..600) {
        let close = OPEN + Span::from_millis(length);
        let mut listener = Listener::default();
        let mut limits: BTreeMap<OrderKey, (Side, Option<Price>)> = BTreeMap::new();
        run(&steps, early, length, |exchange, reports| {
            for report in reports {
                listener.hear(report, close);
                if let (ReportKind::Fill { price, .. }, Some((side, Some(limit)))) = (&report.what, limits.get(&report.key)) {
                    let worse = if *side == Side::Buy { *price > *limit } else { *price < *limit };
                    // A change between the last look and the fill makes the old limit void.
                    let changed = reports.iter().any(|r| r.key == report.key && matches!(r.what, ReportKind::Replaced { .. }));
                    assert!(!worse || changed, "{report:?} is worse than {limit}");
                }
            }
            for order in exchange.orders() {
                let told = &listener.orders[&order.key];
                assert!(told.accepted && !told.over && told.filled == order.filled.get());
                assert!(order.filled < order.quantity);
                limits.insert(order.key, (order.side, order.kind.limit()));
            }
        });
        // After the evening only what is good till cancelled lives, and what is for the next day.
        let living = listener.orders.values().filter(|told| told.accepted && !told.over && !told.late).count();
        let gtc = steps.iter().filter(|s| matches!(s, Step::Submit { order, .. } | Step::Bracket { entry: order, .. } if order.time_in_force == TimeInForce::GoodTillCancelled)).count();
        prop_assert!(living <= gtc, "{} live, {} were to", living, gtc);
    }

    /// The exits of an entry never sell more than it bought, and no group fills more than its size.
    #[test]
    fn families_never_overfill(steps in prop::collection::vec(step(), 1..120)) {
        // Which key is whose child, from the steps as `run` numbers them; keys are used once.
        let (mut seen, mut parents, mut next) = (Vec::new(), BTreeMap::new(), 1_000);
        for step in &steps {
            match step {
                Step::Submit { order, .. } => seen.push(order.key),
                Step::Bracket { entry, target, stop, pairs } => {
                    let fresh = !seen.contains(&entry.key);
                    seen.push(entry.key);
                    for exit in exits(entry, *target, *stop, *pairs, &mut next) {
                        if fresh {
                            parents.insert(exit.key, entry.key);
                        }
                    }
                }
                _ => {}
            }
        }
        let mut filled: BTreeMap<OrderKey, u64> = BTreeMap::new();
        run(&steps, 0, 500, |_, reports| {
            for report in reports {
                if let ReportKind::Fill { quantity, .. } = report.what {
                    *filled.entry(report.key).or_default() += quantity.get();
                    if let Some(parent) = parents.get(&report.key) {
                        let of = |key: &OrderKey| filled.get(key).copied().unwrap_or(0);
                        let sold: u64 = parents.iter().filter(|(_, p)| *p == parent).map(|(child, _)| of(child)).sum();
                        assert!(sold <= of(parent), "{parent:?} bought {}, its exits sold {sold}", of(parent));
                    }
                }
            }
        });
    }

    #[test]
    fn the_same_calls_give_the_same_reports(steps in prop::collection::vec(step(), 1..80)) {
        let first = run(&steps, 10, 400, |_, _| {});
        let second = run(&steps, 10, 400, |_, _| {});
        prop_assert_eq!(first, second);
    }
}
