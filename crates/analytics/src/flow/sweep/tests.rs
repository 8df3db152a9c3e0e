use super::group::VENUES;
use super::*;
use proptest::prelude::*;

fn print(price: i64, size: u64, venue: &str, marked: bool) -> SweepPrint {
    SweepPrint {
        price: Price::from_cents(price),
        size: Quantity::new(size),
        side: Side::Buy,
        venue: Symbol::new(venue).ok(),
        marked,
        sampled: false,
    }
}

/// What the touch offers: price in cents, shares.
fn touch(price: i64, size: u64) -> Level {
    Level { price: Price::from_cents(price), size: Quantity::new(size) }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

/// Asks 10.00 x 5 (A), 10.00 x 3 (B), 10.05 x 10 (A), and the prints that take them.
#[test]
fn the_worked_example() {
    let prints =
        [(0, print(1_000, 5, "A", false)), (1, print(1_000, 3, "B", true)), (3, print(1_005, 4, "A", false))];
    let rules = SweepRules { floor: 12_000.0, ..SweepRules::options() };
    let mut sweeps = Sweeps::new(SweepRules { tick: Price::from_cents(5), ..rules });
    let last =
        prints.iter().map(|(ts, print)| sweeps.add(at(*ts), print, Some(touch(1_000, 8)))).last().flatten();
    let expected = Sweep {
        start: at(0),
        end: at(3),
        side: Side::Buy,
        quantity: 12,
        notional: 12_020.0,
        prints: 3,
        levels: 2,
        venues: 2,
        from: Price::from_cents(1_000),
        to: Price::from_cents(1_005),
        marked: 0.25,
        kind: SweepKind::Sweep,
        walked: 1,
        at_or_through: Some(1.0),
        chance: None,
        confidence: None,
    };
    assert_eq!((last, sweeps.count()), (Some(expected), 1));
    let mut apart = Sweeps::with_floor(0.0);
    let found = [0, 400, 900]
        .iter()
        .zip(&prints)
        .filter_map(|(ts, (_, print))| apart.add(at(*ts), print, Some(touch(1_000, 8))));
    assert_eq!(found.count(), 0, "the same prints far apart are three orders");
}

#[test]
fn what_is_too_small_or_turns_back_is_none() {
    let add = |prints: &[SweepPrint], displayed: Option<u64>, floor| {
        let mut sweeps = Sweeps::with_floor(floor);
        prints
            .iter()
            .enumerate()
            .filter_map(|(n, print)| {
                sweeps.add(at(n as i64), print, displayed.map(|size| touch(1_000, size)))
            })
            .count()
    };
    let two = [print(1_000, 5, "A", false), print(1_001, 5, "A", false)];
    assert_eq!(add(&two, Some(10), 0.0), 1);
    assert_eq!(add(&two, None, 100.0), 1);
    assert_eq!(add(&two, Some(11), 0.0), 0, "less than was displayed");
    assert_eq!(add(&two, None, 101.0), 0, "worth less than the floor");
    let one_price = [print(1_000, 5, "A", false), print(1_000, 5, "A", false)];
    assert_eq!(add(&one_price, None, 0.0), 0, "one price, one exchange, no mark");
    let back = [print(1_005, 5, "A", false), print(1_003, 5, "B", false)];
    assert_eq!(add(&back, None, 0.0), 0, "buying does not become cheaper");
    let a_cent = [print(1_005, 5, "A", false), print(1_004, 5, "B", false)];
    assert_eq!(add(&a_cent, None, 0.0), 1);
}

#[test]
fn the_two_sides_do_not_end_each_other() {
    let mut sweeps = Sweeps::with_floor(0.0);
    let sold = SweepPrint { side: Side::Sell, ..print(999, 5, "A", false) };
    sweeps.add(at(0), &print(1_000, 5, "A", false), None);
    sweeps.add(at(1), &sold, None);
    assert!(sweeps.add(at(2), &print(1_001, 5, "A", false), None).is_some());
    let lower = SweepPrint { price: Price::from_cents(998), ..sold };
    assert_eq!(sweeps.add(at(3), &lower, None).map(|s| (s.side, s.levels)), Some((Side::Sell, 2)));
    assert_eq!(sweeps.count(), 2);
    sweeps.restart();
    assert_eq!((sweeps.add(at(4), &lower, None), sweeps.count()), (None, 0));
}

proptest! {
    #[test]
    fn a_sweep_keeps_to_its_rule(
        steps in prop::collection::vec((0_i64..8, 0_i64..4, 1_u64..50, any::<bool>(), 0_u8..12), 1..300),
    ) {
        let mut sweeps = Sweeps::with_floor(5_000.0);
        let (mut now, mut found) = (0, 0);
        for (pause, price, size, buys, venue) in steps {
            now += pause;
            let side = if buys { Side::Buy } else { Side::Sell };
            let venue = format!("V{venue}");
            let print = SweepPrint { side, ..print(10_000 + price, size, &venue, false) };
            if let Some(sweep) = sweeps.add(at(now), &print, None) {
                found += 1;
                prop_assert!(sweep.prints >= 2 && sweep.notional >= 5_000.0);
                prop_assert!(sweep.end.since(sweep.start) <= WHOLE);
                prop_assert!(sweep.levels >= 2 || sweep.venues >= 2);
                prop_assert!(sweep.venues as usize <= VENUES);
                prop_assert!(side.sign() * (sweep.to.raw() - sweep.from.raw()) >= 0);
                prop_assert_eq!((sweep.side, sweep.end), (side, at(now)));
            }
        }
        prop_assert!(sweeps.count() <= found);
    }
}

#[test]
fn a_sampling_feed_has_bursts_and_no_sweeps() {
    let mut sweeps = Sweeps::with_floor(0.0);
    sweeps.add(at(0), &SweepPrint { sampled: true, ..print(1_000, 5, "A", false) }, None);
    let burst = sweeps.add(at(1), &print(1_001, 5, "A", false), Some(touch(1_002, 1))).unwrap();
    assert_eq!((burst.kind, burst.walked), (SweepKind::InferredBurst, 1));
    assert_eq!(burst.at_or_through, Some(0.0), "of the five shares whose touch was known, none");
}

#[test]
fn prints_that_a_busy_market_explains_are_no_sweep() {
    let found = |rate: Option<f64>, marked: bool| {
        let mut sweeps = Sweeps::with_floor(0.0);
        sweeps.set_rates(rate, Some(1e9));
        sweeps.add(at(0), &print(1_000, 5, "A", false), None);
        sweeps.add(at(1), &print(1_001, 5, "A", marked), None)
    };
    let quiet = found(Some(0.01), false).unwrap();
    // One more print within 50 ms at one in a hundred seconds.
    assert!(quiet.chance.is_some_and(|chance| (chance - 5e-4).abs() < 1e-6), "{quiet:?}");
    assert_eq!(found(Some(20.0), false), None);
    assert!(found(Some(20.0), true).is_some_and(|sweep| sweep.chance > Some(0.5)), "but the mark counts");
    assert!(found(None, false).is_some_and(|sweep| sweep.chance.is_none()));
}

#[test]
fn bursts_are_measured_and_compared_with_marked_ones() {
    let mut sweeps = Sweeps::with_floor(1e9);
    sweeps.set_model(Some(confidence::SweepModel { constant: 0.0, weights: [0.0; confidence::FEATURES] }));
    for n in 0..600 {
        sweeps.add(at(1_000 * n), &print(1_000, 50, "A", false), None);
        assert_eq!(sweeps.add(at(1_000 * n + 1), &print(1_001, 50, "A", false), None), None);
    }
    // The last one is still open.
    assert_eq!(sweeps.sizes().bursts(), 599);
    let floor = sweeps.sizes().percentile(0.95).unwrap();
    assert!((1_000.0..1_200.0).contains(&floor), "{floor}");
    sweeps.set_floor(floor * 0.5);
    assert_eq!(sweeps.add(at(600_000), &print(1_001, 50, "A", false), None), None, "a new one begins");
    let sweep = sweeps.add(at(600_001), &print(1_002, 50, "A", false), None).unwrap();
    assert_eq!(sweep.confidence, Some(0.5));
}

#[test]
fn flags_say_what_may_be_part_of_a_sweep() {
    assert!(SweepPrint::admits(TradeFlags::SWEEP.with(TradeFlags::ODD_LOT)));
    assert!(!SweepPrint::admits(TradeFlags::SWEEP.with(TradeFlags::AUCTION)));
    assert!(!SweepPrint::admits(TradeFlags::NOT_LAST));
}

/// Any print as the generators give it.
fn any_print() -> impl Strategy<Value = (i64, SweepPrint, Option<Level>)> {
    let parts = (0_i64..8, 0_i64..4, 1_u64..50, any::<bool>(), 0_u8..12, 0_u8..8, 0_i64..4, 0_u64..40);
    parts.prop_map(|(pause, price, size, buys, venue, bits, at, shown)| {
        let side = if buys { Side::Buy } else { Side::Sell };
        let venue = format!("V{venue}");
        let print =
            SweepPrint { side, sampled: bits == 7, ..print(10_000 + price, size, &venue, bits & 1 == 1) };
        (pause, print, (shown > 0).then(|| touch(10_000 + at, shown)))
    })
}

proptest! {
    #[test]
    fn restored_and_continued_is_uninterrupted(
        steps in prop::collection::vec(any_print(), 1..200),
        cut in 0_usize..200,
    ) {
        let mut whole = Sweeps::with_floor(1_000.0);
        let mut parts = whole.clone();
        let mut now = 0;
        for (n, (pause, print, touch)) in steps.iter().enumerate() {
            if n == cut {
                let bytes = postcard::to_stdvec(&parts).unwrap();
                parts = postcard::from_bytes(&bytes).unwrap();
            }
            now += pause;
            whole.set_rates(Some(now as f64), None);
            parts.set_rates(Some(now as f64), None);
            prop_assert_eq!(whole.add(at(now), print, *touch), parts.add(at(now), print, *touch));
        }
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn buying_and_selling_mirror(steps in prop::collection::vec(any_print(), 1..200)) {
        let (mut straight, mut mirror) = (Sweeps::with_floor(0.0), Sweeps::with_floor(0.0));
        let mut now = 0;
        let turn = |price: Price| Price::from_cents(20_000 - price.raw() / 100);
        for (pause, print, touch) in steps {
            now += pause;
            let turned = SweepPrint { side: print.side.opposite(), price: turn(print.price), ..print };
            let level = touch.map(|level| Level { price: turn(level.price), ..level });
            let (one, other) = (straight.add(at(now), &print, touch), mirror.add(at(now), &turned, level));
            let shape = |sweep: Sweep| (sweep.quantity, sweep.prints, sweep.levels, sweep.walked, sweep.at_or_through);
            prop_assert_eq!(one.map(shape), other.map(shape));
        }
    }
}
