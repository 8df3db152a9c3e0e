//! Whatever the market does and whatever is asked, the engine keeps its word.

use std::collections::BTreeMap;

use alphatrader_market::matching::{
    Auction, Change, Group, GroupRule, Handling, MatchingConfig, QueueLaw, QueueModel, ReportKind, Trail,
    TrailBy, TriggerBy,
};
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
    Print { instrument: u32, price: i64, size: u64, aggressor: Option<Side>, cross: bool },
    Halt { instrument: u32, halted: bool },
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

/// What is asked beyond the kind; most orders ask nothing.
fn handling() -> impl Strategy<Value = Handling> {
    let by = prop_oneof![
        (1_i64..20).prop_map(|cents| TrailBy::Amount(Price::from_cents(cents))),
        (100_u32..2_000).prop_map(TrailBy::Millionths),
    ];
    let offset = prop::option::of((0_i64..5).prop_map(Price::from_cents));
    let trail = (by, offset, any::<bool>()).prop_map(|(by, limit_offset, started)| Handling {
        trail: Some(Trail { by, limit_offset, started }),
        ..Handling::NONE
    });
    let auction = prop_oneof![Just(Auction::Open), Just(Auction::Close)];
    let time = || prop::option::of((0_i64..500).prop_map(|millis| OPEN + Span::from_millis(millis)));
    prop_oneof![
        6 => Just(Handling::NONE),
        3 => trail,
        2 => auction.prop_map(|auction| Handling { auction: Some(auction), ..Handling::NONE }),
        1 => Just(Handling { touched: true, ..Handling::NONE }),
        1 => Just(Handling { all_or_none: true, ..Handling::NONE }),
        1 => Just(Handling { hidden: true, ..Handling::NONE }),
        1 => (time(), time()).prop_map(|(good_after, good_till)| Handling { good_after, good_till, ..Handling::NONE }),
        1 => (1_u64..50).prop_map(|most| Handling { paced: Some(Quantity::new(most)), ..Handling::NONE }),
    ]
}

fn queue() -> impl Strategy<Value = QueueModel> {
    prop_oneof![
        Just(QueueModel::Conservative),
        Just(QueueModel::Probabilistic(QueueLaw::Logarithm)),
        (0.5_f64..4.0).prop_map(|exponent| QueueModel::Probabilistic(QueueLaw::Power(exponent))),
    ]
}

fn order() -> impl Strategy<Value = NewOrder> {
    let group = prop_oneof![3 => Just(None), 1 => (1_u64..4).prop_map(|g| Some(Group::Named(g)))];
    let parent = prop_oneof![4 => Just(None), 1 => (0_u64..30).prop_map(|key| Some(OrderKey(key)))];
    let trigger = prop_oneof![
        Just(TriggerBy::Quote),
        Just(TriggerBy::Trade),
        Just(TriggerBy::Either),
        Just(TriggerBy::Middle),
    ];
    let terms = (kind(), tif(), handling());
    (0_u64..30, 0_u32..2, side(), 1_u64..200, terms, group, parent, trigger, any::<bool>()).prop_map(
        |(key, instrument, side, quantity, terms, group, parent, trigger_by, cancels)| {
            let (kind, time_in_force, handling) = terms;
            // What trails or triggers needs a trigger, what is for a cross has none.
            let fits = if handling.auction.is_some() {
                kind.trigger().is_none()
            } else {
                kind.trigger().is_some() || handling.trail.is_none() && !handling.touched
            };
            NewOrder {
                handling: if fits { handling } else { Handling::NONE },
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
        5 => (0_u32..2, price(), 1_u64..400, prop::option::of(side()), prop::bool::weighted(0.1)).prop_map(
            |(instrument, price, size, aggressor, cross)| Step::Print { instrument, price, size, aggressor, cross }
        ),
        1 => (0_u32..2, prop::bool::weighted(0.3)).prop_map(|(instrument, halted)| Step::Halt { instrument, halted }),
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
fn run(steps: &[Step], early: i64, close_after: i64, check: impl FnMut(&Exchange, &[Report])) -> Vec<Report> {
    run_with(QueueModel::Conservative, steps, early, close_after, check)
}

fn run_with(
    queue: QueueModel,
    steps: &[Step],
    early: i64,
    close_after: i64,
    mut check: impl FnMut(&Exchange, &[Report]),
) -> Vec<Report> {
    // The session of a run lasts less than a second: so do the times around its bells.
    let mut exchange = Exchange::with(MatchingConfig {
        queue,
        closing_cutoff: Span::from_millis(20),
        opening_cutoff: Span::from_millis(10),
        cross_patience: Span::from_millis(30),
        seed: 1,
    });
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
                let change = Change::new(OrderKey(key), Quantity::new(quantity), kind);
                exchange.change(later(delay), change).unwrap();
            }
            Step::Halt { instrument, halted } => exchange.halt(InstrumentId(instrument), halted, &mut out),
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
        Step::Print { instrument, price, size, aggressor, cross } => Payload::Trade(Trade {
            instrument: InstrumentId(instrument),
            price: Price::from_cents(price),
            size: Quantity::new(size),
            aggressor,
            venue: None,
            flags: if cross { TradeFlags::AUCTION } else { TradeFlags::NONE },
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
    /// Keys of orders that ask for a cross.
    crossing: Vec<(OrderKey, Auction)>,
    last: Timestamp,
}

fn crossing(steps: &[Step]) -> Vec<(OrderKey, Auction)> {
    let order = |step: &Step| match step {
        Step::Submit { order, .. } | Step::Bracket { entry: order, .. } => {
            Some((order.key, order.handling.auction?))
        }
        _ => None,
    };
    steps.iter().filter_map(order).collect()
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
                let closing = self.crossing.contains(&(report.key, Auction::Close));
                let inside = OPEN <= report.time && report.time < session_close;
                assert!(inside || closing && report.time >= OPEN, "filled outside the session");
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
        let mut listener = Listener { crossing: crossing(&steps), ..Listener::default() };
        let mut limits: BTreeMap<OrderKey, (Side, Option<Price>)> = BTreeMap::new();
        run(&steps, early, length, |exchange, reports| {
            for report in reports {
                listener.hear(report, close);
                if let (ReportKind::Fill { price, .. }, Some((side, Some(limit)))) = (&report.what, limits.get(&report.key)) {
                    let worse = if *side == Side::Buy { *price > *limit } else { *price < *limit };
                    // A change between the last look and the fill makes the old limit void.
                    let changed = reports.iter().any(|r| r.key == report.key && matches!(r.what, ReportKind::Replaced { .. } | ReportKind::Trailed { .. }));
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
        let opening = |key: &OrderKey| listener.crossing.contains(&(*key, Auction::Open));
        let living = listener.orders.iter().filter(|(key, told)| told.accepted && !told.over && !told.late && !opening(key)).count();
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

    /// A trailing stop never goes back, and stays behind what it has seen of the market.
    #[test]
    fn trailing_stops_only_follow(steps in prop::collection::vec(step(), 1..150)) {
        let mut stops: BTreeMap<OrderKey, Price> = BTreeMap::new();
        let mut sides: BTreeMap<OrderKey, Side> = BTreeMap::new();
        run(&steps, 0, 500, |exchange, reports| {
            sides.extend(exchange.orders().map(|order| (order.key, order.side)));
            for report in reports {
                match report.what {
                    ReportKind::Replaced { .. } => {
                        stops.remove(&report.key);
                    }
                    ReportKind::Trailed { kind } => {
                        let stop = kind.trigger().unwrap();
                        if let (Some(before), Some(side)) = (stops.insert(report.key, stop), sides.get(&report.key)) {
                            assert!(if *side == Side::Sell { stop > before } else { stop < before }, "{report:?}");
                        }
                    }
                    _ => {}
                }
            }
            for order in exchange.orders().filter(|order| order.handling.trail.is_some_and(|trail| trail.started)) {
                if let Some(stop) = stops.get(&order.key) {
                    assert_eq!(order.kind.trigger(), Some(*stop));
                }
            }
        });
    }

    /// Whatever the model: who stands ahead of a resting order only becomes less, and never is more
    /// than what is displayed.
    #[test]
    fn a_place_in_the_queue_is_never_lost(steps in prop::collection::vec(step(), 1..150), queue in queue()) {
        let mut places: BTreeMap<OrderKey, (Price, Quantity)> = BTreeMap::new();
        run_with(queue, &steps, 0, 500, |exchange, _| {
            let mut now = BTreeMap::new();
            for order in exchange.orders().filter(|order| order.resting && !order.handling.hidden) {
                let (Some(ahead), Some(limit)) = (order.queue_ahead, order.kind.limit()) else { continue };
                if let Some((at, before)) = places.get(&order.key).filter(|(at, _)| *at == limit) {
                    // A change that came back to the same price in one step joined anew.
                    let changed = steps.iter().any(|s| matches!(s, Step::Change { key, .. } if OrderKey(*key) == order.key));
                    assert!(ahead <= *before || changed, "{order:?} stood behind {before} at {at}");
                }
                now.insert(order.key, (limit, ahead));
            }
            places = now;
        });
    }

    /// A fill in a group of the cancelling kind ends the others at once; in a reducing one it takes as
    /// much from each.
    #[test]
    fn a_group_is_told_of_each_fill(steps in prop::collection::vec(step(), 1..120)) {
        let mut members: BTreeMap<OrderKey, (Group, GroupRule)> = BTreeMap::new();
        let mut before: BTreeMap<OrderKey, u64> = BTreeMap::new();
        run(&steps, 0, 500, |exchange, reports| {
            let ended = |key: &OrderKey| exchange.order(*key).is_none();
            for report in reports {
                let (ReportKind::Fill { .. }, Some((group, rule))) = (&report.what, members.get(&report.key)) else { continue };
                for (other, _) in members.iter().filter(|(key, (of, _))| of == group && **key != report.key) {
                    let lived = before.contains_key(other);
                    assert!(*rule == GroupRule::Reduce || !lived || ended(other), "{other:?} outlives {report:?}");
                }
            }
            for order in exchange.orders() {
                // Filled and taken never exceed what was asked.
                let asked = order.quantity.get() + order.taken.get();
                assert!(order.filled.get() + order.taken.get() <= asked);
            }
            before = exchange.orders().map(|order| (order.key, order.remaining().get())).collect();
            members.extend(exchange.orders().filter_map(|o| Some((o.key, (o.group?, o.group_rule)))));
        });
    }

    #[test]
    fn the_same_calls_give_the_same_reports(steps in prop::collection::vec(step(), 1..80)) {
        let first = run(&steps, 10, 400, |_, _| {});
        let second = run(&steps, 10, 400, |_, _| {});
        prop_assert_eq!(first, second);
    }
}
