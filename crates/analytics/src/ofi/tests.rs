use super::*;
use proptest::prelude::*;

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

/// The reference's example quotes: bid, its size, offer, its size.
const QUOTES: [(i64, u64, i64, u64); 6] = [
    (10_000, 500, 10_002, 400),
    (10_000, 650, 10_002, 400),
    (10_001, 200, 10_002, 350),
    (10_001, 200, 10_003, 300),
    (10_000, 700, 10_003, 300),
    (10_000, 700, 10_002, 250),
];

fn touches() -> impl Iterator<Item = (Level, Level)> {
    QUOTES.into_iter().map(|(bid, wanted, ask, offered)| (level(bid, wanted), level(ask, offered)))
}

#[test]
fn the_worked_example() {
    let touches: Vec<_> = touches().collect();
    let flows: Vec<i64> = touches.windows(2).map(|two| flow(two[0], two[1])).collect();
    assert_eq!(flows, [150, 250, 350, -200, -250]);

    let mut ofi = Ofi::new(OfiParameters::default());
    ofi.on_touch(at(-20_000), touches[0].0, touches[0].1, Quality::GOOD);
    for (n, (bid, ask)) in touches.iter().enumerate() {
        ofi.on_touch(at(n as i64), *bid, *ask, Quality::GOOD);
    }
    let raw = ofi.raw(0);
    assert_eq!((raw.value, raw.n_obs, raw.quality), (Some(300.0), 6, Quality::GOOD));
    assert_eq!((ofi.depth(0).value, ofi.all_levels().value), (Some(412.5), Some(300.0)));
    // (qb + qa)/2 of the six: 450, 525, 275, 250, 500, 475; their mean 412.5.
    assert!((ofi.normalised(0).value.unwrap() - 300.0 / 412.5).abs() < 1e-12);
    assert_eq!(ofi.total(0), Some((300, Quality::GOOD)));
    assert_eq!((ofi.total(1), ofi.raw(1).value), (None, None));
}

#[test]
fn two_levels_of_the_worked_example() {
    let mut ofi = Ofi::new(OfiParameters { levels: 2, ..OfiParameters::default() });
    let ladder =
        |levels: [(i64, u64); 2]| Ladder::from_levels(&levels.map(|(price, size)| level(price, size)));
    let bids = ladder([(10_000, 500), (9_999, 800)]);
    let asks = ladder([(10_002, 400), (10_003, 600)]);
    ofi.on_ladders(at(-20_000), &bids, &asks, Quality::GOOD);
    ofi.on_ladders(at(0), &bids, &asks, Quality::GOOD);
    let (bids, asks) = (ladder([(10_001, 200), (10_000, 500)]), ladder([(10_002, 350), (10_003, 700)]));
    ofi.on_ladders(at(1), &bids, &asks, Quality::SNAPSHOT_FEED);
    assert_eq!((ofi.raw(0).value, ofi.raw(1).value), (Some(250.0), Some(400.0)));
    assert_eq!((ofi.all_levels().value, ofi.raw(1).quality), (Some(650.0), Quality::SNAPSHOT_FEED));
    // Depths 362.5 (450, 275) and 650 (700, 600): 506.25 on average.
    let vector = ofi.vector().unwrap();
    assert!((vector[0] - 250.0 / 506.25).abs() < 1e-12 && (vector[1] - 400.0 / 506.25).abs() < 1e-12);
    let weights = integrated::Weights::new(&[1.0, 3.0]).unwrap();
    let expected = 0.25 * vector[0] + 0.75 * vector[1];
    assert!((ofi.integrated(&weights).value.unwrap() - expected).abs() < 1e-12);
    let other = integrated::Weights::new(&[1.0]).unwrap();
    assert_eq!(ofi.integrated(&other).value, None, "weights of one level for two");
}

/// Watched long enough, with a touch that then stands still.
fn watched() -> Ofi {
    let mut ofi = Ofi::new(OfiParameters::default());
    let (bid, ask) = (level(100, 10), level(101, 10));
    ofi.on_touch(at(-20_000), bid, ask, Quality::GOOD);
    ofi.on_touch(at(0), bid, ask, Quality::GOOD);
    ofi
}

#[test]
fn it_waits_for_a_whole_interval_and_forgets_after_one() {
    let mut ofi = Ofi::new(OfiParameters::default());
    ofi.on_touch(at(100), level(100, 10), level(101, 10), Quality::GOOD);
    ofi.on_touch(at(200), level(100, 15), level(101, 10), Quality::GOOD);
    ofi.advance(at(9_999));
    assert_eq!((ofi.raw(0).value, ofi.raw(0).n_obs), (None, 1));
    // The first half second was watched in part only: it must leave the window first.
    ofi.advance(at(10_000));
    assert_eq!(ofi.raw(0), Metric::NONE, "ready, but nothing is inside");
    ofi.on_touch(at(10_000), level(100, 17), level(101, 10), Quality::GOOD);
    assert_eq!(ofi.raw(0).value, Some(2.0));
    ofi.advance(at(19_999));
    assert_eq!(ofi.raw(0).value, Some(2.0));
    ofi.advance(at(20_000));
    assert_eq!(ofi.raw(0).value, None);
    assert_eq!(ofi.total(0), Some((7, Quality::GOOD)));
}

#[test]
fn the_decayed_sum_forgets_by_time() {
    let mut ofi = watched();
    ofi.on_touch(at(0), level(100, 110), level(101, 10), Quality::GOOD);
    ofi.on_touch(at(5_000), level(100, 110), level(101, 60), Quality::GOOD);
    let expected = 100.0 * libm::exp(-0.5) - 50.0;
    assert!((ofi.decayed().value.unwrap() - expected).abs() < 1e-9);
    ofi.advance(at(7_000));
    assert!((ofi.decayed().value.unwrap() - expected * libm::exp(-0.2)).abs() < 1e-9);
}

#[test]
fn what_breaks_the_chain_is_not_flow() {
    let far = (level(200, 500), level(201, 1));
    let crossed = {
        let mut ofi = watched();
        ofi.on_crossed(Quality::LOCKED);
        ofi.on_touch(at(1), far.0, far.1, Quality::GOOD);
        ofi.on_touch(at(2), level(200, 501), far.1, Quality::GOOD);
        ofi
    };
    assert_eq!((crossed.raw(0).value, crossed.raw(0).quality), (Some(1.0), Quality::LOCKED));

    let mut gap = watched();
    gap.clear();
    gap.on_touch(at(1), far.0, far.1, Quality::GOOD);
    gap.on_touch(at(2), level(200, 501), far.1, Quality::GOOD);
    assert_eq!((gap.raw(0).value, gap.total(0)), (None, Some((1, Quality::GAP))));
    gap.on_session();
    assert_eq!(gap.total(0), Some((0, Quality::GOOD)));

    let mut halt = watched();
    halt.on_touch(at(0), level(100, 12), level(101, 10), Quality::GOOD);
    halt.on_halt(at(1));
    halt.on_touch(at(2), far.0, far.1, Quality::GOOD);
    halt.advance(at(3_600_000));
    assert_eq!(halt.raw(0).value, Some(2.0), "time stands still");
    halt.on_resume(at(3_600_001));
    halt.on_touch(at(3_600_002), far.0, far.1, Quality::GOOD);
    assert_eq!(halt.raw(0).value, Some(2.0), "the first book is only compared with");
    halt.on_touch(at(3_600_003), level(200, 503), far.1, Quality::GOOD);
    assert_eq!((halt.raw(0).value, halt.raw(0).quality), (Some(5.0), Quality::HALT_RESUME));
}

#[test]
fn a_level_that_was_not_there_has_no_flow() {
    let mut ofi = Ofi::new(OfiParameters { levels: 3, ..OfiParameters::default() });
    let ladder = |levels: &[(i64, u64)]| {
        Ladder::from_levels(&levels.iter().map(|(price, size)| level(*price, *size)).collect::<Vec<_>>())
    };
    let asks = ladder(&[(101, 5), (102, 5), (103, 5)]);
    ofi.on_ladders(at(-20_000), &ladder(&[(100, 5)]), &asks, Quality::GOOD);
    ofi.on_ladders(at(0), &ladder(&[(100, 5), (99, 7)]), &asks, Quality::GOOD);
    assert_eq!((ofi.raw(0).value, ofi.raw(1).value, ofi.vector()), (Some(0.0), None, None));
    ofi.on_ladders(at(1), &ladder(&[(100, 5), (99, 8)]), &asks, Quality::GOOD);
    assert_eq!((ofi.raw(1).value, ofi.raw(1).n_obs, ofi.raw(2).value), (Some(1.0), 1, None));
}

#[test]
fn its_state_is_bounded() {
    let all = size_of::<Ofi>() + Ofi::new(OfiParameters::default()).heap_bytes();
    assert!(all <= 6 * 1_024, "{all}");
}

/// Any touch: time since the last one, bid, spread, sizes, and what else happens (0 to 3).
fn any_step() -> impl Strategy<Value = (i64, i64, i64, u64, u64, u8)> {
    (0_i64..3_000, 100_i64..105, 1_i64..3, 0_u64..100, 0_u64..100, 0_u8..40)
}

fn step(
    ofi: &mut Ofi,
    now: &mut i64,
    (pause, bid, spread, wanted, offered, what): (i64, i64, i64, u64, u64, u8),
) {
    *now += pause;
    match what {
        0 => ofi.clear(),
        1 => ofi.on_crossed(Quality::CROSSED),
        2 => ofi.on_halt(at(*now)),
        3..6 => ofi.on_resume(at(*now)),
        _ => ofi.on_touch(at(*now), level(bid, wanted), level(bid + spread, offered), Quality::GOOD),
    }
}

/// A one-level book of the other implementation.
fn peers_book(bid: Level, ask: Level) -> wickra_core::OrderBook {
    let one =
        |level: Level| vec![wickra_core::Level::new(level.price.to_f64(), level.size.get() as f64).unwrap()];
    wickra_core::OrderBook::new(one(bid), one(ask)).unwrap()
}

proptest! {
    /// `wickra-core` sums the last N flows: with N the length of the run both say the same.
    #[test]
    fn another_implementation_agrees(steps in prop::collection::vec(any_step(), 3..100)) {
        use wickra_core::Indicator;
        let mut peer = wickra_core::OrderFlowImbalance::new(steps.len() - 1).unwrap();
        let mut ours = Ofi::new(OfiParameters::default());
        let mut last = None;
        for (n, (_, bid, spread, wanted, offered, _)) in steps.into_iter().enumerate() {
            let (bid, ask) = (level(bid, wanted), level(bid + spread, offered));
            ours.on_touch(at(n as i64), bid, ask, Quality::GOOD);
            last = peer.update(peers_book(bid, ask));
        }
        prop_assert_eq!(last, ours.total(0).map(|(total, _)| total as f64));
    }

    #[test]
    fn exchanging_the_sides_negates_it(steps in prop::collection::vec(any_step(), 2..200)) {
        let (mut straight, mut mirror) = (Ofi::new(OfiParameters::default()), Ofi::new(OfiParameters::default()));
        let mut now = 0;
        for (pause, bid, spread, wanted, offered, _) in steps {
            now += pause;
            straight.on_touch(at(now), level(bid, wanted), level(bid + spread, offered), Quality::GOOD);
            mirror.on_touch(at(now), level(1_000 - bid - spread, offered), level(1_000 - bid, wanted), Quality::GOOD);
            prop_assert_eq!(straight.raw(0).value, mirror.raw(0).value.map(|value| if value == 0.0 { 0.0 } else { -value }));
            prop_assert_eq!(straight.normalised(0).value.map(f64::abs), mirror.normalised(0).value.map(f64::abs));
        }
    }

    #[test]
    fn adjacent_intervals_add_up(steps in prop::collection::vec(any_step(), 2..100), cut in 1_usize..99) {
        let touches: Vec<_> =
            steps.iter().map(|(_, bid, spread, wanted, offered, _)| (level(*bid, *wanted), level(bid + spread, *offered))).collect();
        let sum = |touches: &[(Level, Level)]| -> i64 { touches.windows(2).map(|two| flow(two[0], two[1])).sum() };
        let cut = cut.min(touches.len() - 1);
        prop_assert_eq!(sum(&touches), sum(&touches[..=cut]) + sum(&touches[cut..]));
        let mut ofi = Ofi::new(OfiParameters::default());
        for (n, (bid, ask)) in touches.iter().enumerate() {
            ofi.on_touch(at(n as i64 * 700), *bid, *ask, Quality::GOOD);
        }
        prop_assert_eq!(ofi.total(0), Some((sum(&touches), Quality::GOOD)));
    }

    #[test]
    fn restored_and_continued_is_uninterrupted(steps in prop::collection::vec(any_step(), 1..200), cut in 0_usize..200) {
        let mut whole = Ofi::new(OfiParameters::default());
        let mut parts = whole.clone();
        let (mut now, mut other) = (0, 0);
        for (n, this) in steps.iter().enumerate() {
            if n == cut {
                parts = postcard::from_bytes(&postcard::to_stdvec(&parts).unwrap()).unwrap();
            }
            step(&mut whole, &mut now, *this);
            step(&mut parts, &mut other, *this);
        }
        prop_assert_eq!(whole.decayed(), parts.decayed());
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn any_input_is_survived(
        steps in prop::collection::vec((any::<i64>(), any::<i64>(), any::<i64>(), any::<u64>(), any::<u64>()), 1..50),
    ) {
        let mut ofi = Ofi::new(OfiParameters { levels: 10, ..OfiParameters::default() });
        for (ts, bid, ask, wanted, offered) in steps {
            let level = |raw, size| Level { price: Price::from_raw(raw), size: Quantity::new(size) };
            ofi.on_touch(Timestamp::from_nanos(ts), level(bid, wanted), level(ask, offered), Quality::GOOD);
            for metric in [ofi.raw(0), ofi.normalised(0), ofi.decayed()] {
                prop_assert!(metric.value.is_none_or(f64::is_finite));
            }
        }
    }
}
