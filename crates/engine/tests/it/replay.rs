//! Synthetic mornings through the whole core and a simulated broker: the same twice, and the
//! invariants hold at every second (signals-and-risk, section 11).

use std::collections::BTreeMap;

use alphatrader_engine::replay::{Forgetful, Replay, ReplayConfig, Summary};
use alphatrader_market::synthetic::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::{
    Calendar, Contract, Money, OrderId, OrderRef, Price, Role, Settings, SignedQuantity, Span, Timestamp,
};

use crate::desk::{session, spy};

/// How much of a day is played: the window opens after 15 minutes.
const MINUTES: i64 = 60;

fn config() -> ReplayConfig {
    let mut settings = Settings::default();
    // The rule as it is signals rarely in an hour; a shorter pause makes more to check.
    settings.gates.cool_down_seconds = 30;
    settings.gates.max_signals_per_day = 100;
    settings.strategies.zero_dte.min_imbalance = 0.0;
    ReplayConfig {
        settings,
        session: session(),
        next_session: Calendar::xnys().next_session(session().date),
        symbol: spy(),
        start: session().open - Span::MINUTE,
        cash: Money::from_dollars(100_000),
        latency: ReplayConfig::LATENCY,
        chain_seed: None,
    }
}

/// Plays the morning of a seed and looks at everything once a second.
fn play(seed: u64) -> Summary {
    let mut replay = Replay::new(config(), Forgetful);
    let end = session().open + Span::from_minutes(MINUTES);
    let mut watch = Watch { seed, ..Watch::default() };
    for input in SyntheticMarket::new(SyntheticConfig::spy(seed), session()) {
        if input.ts_event >= end {
            break;
        }
        let second = input.ts_event.floor_to(Span::SECOND);
        replay.feed(input);
        if second > watch.looked {
            watch.looked = second;
            watch.look(&replay, second);
        }
    }
    replay.finish(end + Span::SECOND)
}

#[derive(Default)]
struct Watch {
    seed: u64,
    looked: Timestamp,
    stops: BTreeMap<OrderId, Price>,
}

impl Watch {
    fn look(&mut self, replay: &Replay<Forgetful>, now: Timestamp) {
        let seed = self.seed;
        let trading = replay.engine().trading();
        let mut references: Vec<OrderRef> = trading.orders().map(|o| o.request.reference).collect();
        let orders = references.len();
        references.sort_unstable();
        references.dedup();
        assert_eq!(references.len(), orders, "seed {seed}: invariant 5, two orders share a reference");
        for position in trading.positions() {
            // 1: quantity is the sum of the fills.
            let fills = trading.fills().filter(|f| f.signal() == position.signal);
            let sum: i64 = fills.map(|f| f.side.sign() * f.quantity.get() as i64).sum();
            assert_eq!(position.quantity, SignedQuantity::new(sum), "seed {seed} at {now}: invariant 1");
            // 4: older than two seconds, it is protected, or being closed.
            if !position.quantity.is_flat() && now.since(position.opened) > Span::from_seconds(3) {
                let protected = trading.orders().any(|o| {
                    o.request.reference.signal == position.signal
                        && matches!(o.request.reference.role, Role::Stop | Role::Close)
                        && o.state.is_live()
                });
                assert!(protected, "seed {seed} at {now}: invariant 4, {position:?}");
            }
        }
        // 6: stops never loosen.
        for order in trading.orders().filter(|o| o.request.reference.role == Role::Stop) {
            let Some(trigger) = order.request.kind.trigger() else { continue };
            let before = self.stops.insert(order.request.id, trigger).unwrap_or(trigger);
            assert!(trigger >= before, "seed {seed} at {now}: invariant 6");
        }
        // 13: never short.
        assert!(trading.positions().all(|p| p.quantity.get() >= 0), "seed {seed} at {now}: invariant 13");
        assert_eq!(trading.troubles().impossible, 0, "seed {seed} at {now}: a transition that cannot be");
    }
}

/// What we hold and earned by our books, and by the broker's.
fn same_books(seed: u64) {
    let mut replay = Replay::new(config(), Forgetful);
    let end = session().open + Span::from_minutes(MINUTES);
    for input in SyntheticMarket::new(SyntheticConfig::spy(seed), session()).take_while(|i| i.ts_event < end)
    {
        replay.feed(input);
    }
    let summary = replay.finish(end + Span::from_minutes(1));
    let mut ours: BTreeMap<Contract, i64> = BTreeMap::new();
    for position in replay.engine().trading().positions() {
        *ours.entry(position.contract).or_default() += position.quantity.get();
    }
    ours.retain(|_, quantity| *quantity != 0);
    let account = replay.broker().account();
    let theirs: BTreeMap<Contract, i64> =
        account.holdings().iter().map(|(c, h)| (*c, h.quantity.get())).filter(|(_, q)| *q != 0).collect();
    assert_eq!(ours, theirs, "seed {seed}");
    // 2: cash and what is held at cost are the start, what was earned and what it cost.
    let held = replay.engine().trading().positions().fold(0, |sum, p| sum + p.cost.micros());
    let start = Money::from_dollars(100_000).micros();
    assert_eq!(account.cash().micros() + held, start + summary.realized.micros(), "seed {seed}: invariant 2");
}

#[test]
fn a_morning_is_the_same_twice_and_no_other() {
    let first = play(1);
    assert_eq!(first, play(1));
    let other = play(2);
    assert_ne!(first.digest, other.digest);
    assert!(first.fills + other.fills > 0, "nothing was traded: {first:?} {other:?}");
}

#[test]
fn our_books_and_the_brokers_agree_to_the_micro_dollar() {
    for seed in [1, 2] {
        same_books(seed);
    }
}
