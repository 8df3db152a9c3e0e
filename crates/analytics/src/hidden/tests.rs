use alphatrader_model::instrument::Symbol;
use alphatrader_model::number::Quantity;

use super::*;
use proptest::prelude::*;

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

fn print(cents: i64, size: u64) -> HiddenPrint {
    HiddenPrint {
        price: Price::from_cents(cents),
        size: Quantity::new(size),
        side: Some(Side::Buy),
        venue: None,
        flags: TradeFlags::NONE,
    }
}

/// A detector with 300 displayed at an offer of 50.00.
fn ready() -> Hidden {
    let mut hidden = Hidden::new(HiddenParameters::default());
    hidden.on_touch(at(-1_000), level(4_998, 500), level(5_000, 300));
    hidden
}

fn show(hidden: &mut Hidden, millis: i64, size: u64) -> Option<Finding> {
    hidden.on_touch(at(millis), level(4_998, 500), level(5_000, size))
}

#[test]
fn the_worked_example() {
    let mut hidden = ready();
    assert_eq!(hidden.on_print(at(0), &print(5_000, 200)), (None, None));
    assert_eq!(hidden.on_print(at(2), &print(5_000, 300)), (None, None));
    let found = Finding::Hidden { side: Side::Sell, price: Price::from_cents(5_000), shares: 200 };
    assert_eq!(show(&mut hidden, 3, 300), Some(found));
    let mut last = None;
    for (traded, shown) in [(10, 60), (500, 540), (900, 950)] {
        assert_eq!(hidden.on_print(at(traded), &print(5_000, 300)), (None, None));
        last = show(&mut hidden, shown, 300);
    }
    let Some(Finding::Iceberg(iceberg)) = last else {
        panic!("no iceberg: {last:?}");
    };
    assert_eq!((iceberg.refills, iceberg.peak, iceberg.executed, iceberg.hidden), (3, 300, 1_400, 200));
    assert_eq!((iceberg.side, iceberg.since, iceberg.last), (Side::Sell, at(0), at(900)));
    assert_eq!((iceberg.remaining, iceberg.past), (None, 0), "too few past ones to say what is left");
    // 3 refills in 140 ms of waiting, and 2 ms between the first two trades.
    assert!((iceberg.score - (3.0 * libm::log(40.0) - 19.5 * 0.142)).abs() < 1e-9);
    assert_eq!(hidden.icebergs().collect::<Vec<_>>(), [iceberg]);
    assert_eq!((hidden.counts().icebergs, hidden.counts().inferred), (1, 200));
    hidden.advance(at(5_900));
    assert_eq!(hidden.icebergs().count(), 1);
    hidden.advance(at(5_901));
    assert_eq!(hidden.icebergs().count(), 0, "five seconds without a trade");
    assert_eq!((hidden.past().seen(), hidden.past().ended()), (1, 0), "and nobody saw its end");
}

#[test]
fn hidden_shares_must_outlast_the_display() {
    // Odd lots are not displayed: a few more than D prove nothing.
    let mut few = ready();
    few.on_print(at(0), &print(5_000, 449));
    assert_eq!(show(&mut few, 1, 300), None);
    // The level is gone: what traded beyond came from size that had just arrived.
    let mut gone = ready();
    gone.on_print(at(0), &print(5_000, 600));
    assert_eq!(gone.on_touch(at(1), level(4_998, 500), level(5_001, 300)), None);
    // It trades again before any quote.
    let mut again = ready();
    again.on_print(at(0), &print(5_000, 600));
    let found = Finding::Hidden { side: Side::Sell, price: Price::from_cents(5_000), shares: 300 };
    assert_eq!(again.on_print(at(1), &print(5_000, 100)), (Some(PrintMark::Hidden), Some(found)));
    // The rest when the level is still there, and only the rest.
    assert!(matches!(show(&mut again, 2, 50), Some(Finding::Hidden { shares: 100, .. })));
    // Size that came into sight within the burst is displayed size.
    let mut added = ready();
    added.on_print(at(0), &print(5_000, 200));
    show(&mut added, 1, 800);
    added.on_print(at(2), &print(5_000, 500));
    assert_eq!(show(&mut added, 3, 300), None);
    // Another exchange is another order.
    let mut venues = ready();
    venues.on_print(at(0), &print(5_000, 250));
    venues.on_print(at(1), &HiddenPrint { venue: Symbol::new("Q").ok(), ..print(5_000, 250) });
    assert_eq!(show(&mut venues, 2, 300), None);
}

/// One trade and what is displayed after it; the refills that were counted.
fn refills(trade: u64, shown: &[(i64, i64, u64)]) -> u64 {
    let mut hidden = ready();
    hidden.on_print(at(0), &print(5_000, trade));
    for (millis, cents, size) in shown {
        hidden.on_touch(at(*millis), level(4_998, 500), level(*cents, *size));
    }
    hidden.rates().trades.refills()
}

#[test]
fn a_refill_is_what_comes_back_soon_at_the_same_best_price() {
    assert_eq!(refills(300, &[(1, 5_000, 10), (299, 5_000, 240)]), 1);
    assert_eq!(refills(300, &[(1, 5_000, 10), (299, 5_000, 239)]), 0, "less than 0.8 of it");
    assert_eq!(refills(300, &[(1, 5_000, 10), (301, 5_000, 300)]), 0, "too late");
    assert_eq!(refills(50, &[(1, 5_000, 250), (20, 5_000, 300)]), 0, "it never fell below 0.8");
    assert_eq!(refills(300, &[(1, 5_000, 300)]), 0, "the quote may be from before the trade");
    assert_eq!(refills(300, &[(6, 5_000, 300)]), 1);
    assert_eq!(refills(300, &[(1, 5_001, 900), (5, 5_000, 300)]), 1, "away for a moment");
    assert_eq!(refills(300, &[(1, 5_001, 900), (50, 5_000, 300)]), 0, "someone quoted anew");
    assert_eq!(refills(200, &[(1, 5_000, 100), (20, 4_999, 10), (30, 5_000, 300)]), 0, "it was not the best");
}

#[test]
fn cancels_are_the_control() {
    let mut hidden = ready();
    for n in 0..200 {
        show(&mut hidden, 1_000 * n, 100);
        show(&mut hidden, 1_000 * n + if n % 4 == 0 { 100 } else { 900 }, 300);
    }
    let cancels = hidden.rates().cancels;
    assert_eq!((cancels.episodes(), cancels.refills(), hidden.rates().trades.episodes()), (200, 50, 0));
    // 50 of 100 ms and 150 that were given up at 300 ms.
    let background = 50.0 / (50.0 * 0.1 + 150.0 * 0.3);
    assert!((hidden.lambdas().0 - background).abs() < 1e-12);
    hidden.set_rates(Some((2.0, 30.0)));
    assert_eq!(hidden.lambdas(), (2.0, 30.0));
    hidden.set_rates(Some((30.0, 2.0)));
    assert_eq!(hidden.lambdas().1, LAMBDA_1, "no use");
}

#[test]
fn a_drop_that_its_trade_explains_later_is_no_cancel() {
    let mut hidden = ready();
    show(&mut hidden, 0, 100);
    hidden.on_print(at(20), &print(5_000, 200));
    show(&mut hidden, 60, 300);
    let rates = hidden.rates();
    assert_eq!((rates.cancels.episodes(), rates.trades.episodes(), rates.trades.refills()), (0, 1, 1));
}

#[test]
fn prints_inside_the_spread_are_marked() {
    let mut hidden = Hidden::new(HiddenParameters::default());
    hidden.on_touch(at(0), level(5_000, 300), level(5_003, 30_000));
    let mut mark = |raw: i64, flags| {
        let price = Price::from_raw(raw);
        hidden.on_print(at(1), &HiddenPrint { price, flags, ..print(0, 10) }).0
    };
    assert_eq!(mark(500_150, TradeFlags::NONE), Some(PrintMark::Midpoint));
    assert_eq!(mark(500_151, TradeFlags::NONE), Some(PrintMark::Midpoint));
    assert_eq!(mark(500_152, TradeFlags::NONE), Some(PrintMark::MidpointOrHidden));
    assert_eq!(mark(500_200, TradeFlags::SAMPLED), Some(PrintMark::MidpointOrHidden));
    assert_eq!(mark(500_000, TradeFlags::NONE), None);
    assert_eq!(mark(500_200, TradeFlags::HIDDEN), Some(PrintMark::Hidden));
    let counts = *hidden.counts();
    assert_eq!((counts.midpoint, counts.inside, counts.stated, counts.volume), (20, 20, 10, 60));
    assert_eq!(hidden.share().value, None);
    for _ in 0..94 {
        hidden.on_print(at(2), &print(5_003, 10));
    }
    assert_eq!((hidden.share().value, hidden.share().n_obs), (Some(0.01), 100));
    assert_eq!(hidden.inside_share().value, Some(0.04));
    hidden.on_session();
    assert_eq!(hidden.share(), Metric::NONE);
}

#[test]
fn sampled_prints_and_odd_lots_show_nothing_of_a_level() {
    for flags in [TradeFlags::SAMPLED, TradeFlags::ODD_LOT] {
        let mut hidden = ready();
        hidden.on_print(at(0), &HiddenPrint { flags, ..print(5_000, 900) });
        assert_eq!(show(&mut hidden, 1, 300), None);
        assert_eq!(hidden.rates().trades.episodes(), 0);
    }
    let mut far = ready();
    far.on_print(at(0), &print(5_011, 900));
    assert!(far.slots.iter().all(|slot| !slot.episode.is_open()), "eleven ticks away");
}

/// Past icebergs: half have 3 refills, half 5.
#[test]
fn the_size_left_comes_from_past_icebergs() {
    let mut past = Survival::new(STEPS);
    for n in 0..LEAST_PAST {
        past.add(if n % 2 == 0 { 3 } else { 5 }, true);
    }
    let mut hidden = ready();
    hidden.set_past(&past);
    let mut found = vec![];
    for n in 0..5 {
        hidden.on_print(at(1_000 * n), &print(5_000, 300));
        found.extend(show(&mut hidden, 1_000 * n + 50, 300));
    }
    let remaining = |finding: &Finding| match finding {
        Finding::Iceberg(iceberg) => iceberg.remaining,
        Finding::Hidden { .. } => None,
    };
    // Of those with three, half go on for two more; those with four always have a fifth.
    let got: Vec<_> = found.iter().map(remaining).collect();
    assert_eq!(got, [Some(300.0), Some(300.0), Some(0.0)]);
    // It trades away, and price goes on: it has ended.
    hidden.on_print(at(6_000), &print(5_000, 300));
    hidden.on_touch(at(6_001), level(5_000, 500), level(5_001, 300));
    hidden.on_touch(at(6_002), level(5_015, 500), level(5_016, 300));
    assert_eq!((hidden.past().seen(), hidden.past().ended()), (201, 201));
}

#[test]
fn its_state_is_bounded() {
    let hidden = Hidden::new(HiddenParameters::default());
    assert!(size_of::<Hidden>() + hidden.heap_bytes() <= 12 * 1_024, "{}", hidden.heap_bytes());
}

/// Any event: pause, what, price, size, side.
fn any_step() -> impl Strategy<Value = (i64, u8, i64, u64, bool)> {
    (prop_oneof![0_i64..10, 0_i64..2_000], 0_u8..20, 0_i64..6, 0_u64..400, any::<bool>())
}

fn step(hidden: &mut Hidden, now: &mut i64, step: (i64, u8, i64, u64, bool)) -> Option<Finding> {
    let (pause, what, price, size, buys) = step;
    *now += pause;
    let side = if buys { Side::Buy } else { Side::Sell };
    match what {
        0 => hidden.clear(),
        1 => hidden.on_crossed(),
        2 => hidden.advance(at(*now)),
        3 => return hidden.on_level(at(*now), side, level(5_000 + price, size)),
        4..12 => {
            return hidden.on_touch(
                at(*now),
                level(5_000 + price - 1, size),
                level(5_000 + price, 400 - size),
            );
        }
        _ => {
            let print = HiddenPrint { side: Some(side), ..print(5_000 + price, size + 1) };
            return hidden.on_print(at(*now), &print).1;
        }
    }
    None
}

proptest! {
    #[test]
    fn restored_and_continued_is_uninterrupted(steps in prop::collection::vec(any_step(), 1..300), cut in 0_usize..300) {
        let mut whole = Hidden::new(HiddenParameters::default());
        let mut parts = whole.clone();
        let (mut now, mut other) = (0, 0);
        for (n, this) in steps.iter().enumerate() {
            if n == cut {
                parts = postcard::from_bytes(&postcard::to_stdvec(&parts).unwrap()).unwrap();
            }
            prop_assert_eq!(step(&mut whole, &mut now, *this), step(&mut parts, &mut other, *this));
        }
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn what_is_hidden_was_traded(steps in prop::collection::vec(any_step(), 1..400)) {
        let mut hidden = Hidden::new(HiddenParameters::default());
        let mut now = 0;
        for this in steps {
            let found = step(&mut hidden, &mut now, this);
            let counts = hidden.counts();
            prop_assert!(counts.inferred + counts.inside + counts.midpoint <= counts.volume, "{:?}", counts);
            if let Some(Finding::Iceberg(iceberg)) = found {
                prop_assert!(iceberg.refills >= 3 && iceberg.score > SURE && iceberg.executed >= iceberg.hidden);
            }
        }
        let rates = hidden.rates();
        prop_assert!(rates.trades.refills() <= rates.trades.episodes());
        prop_assert!(rates.cancels.refills() <= rates.cancels.episodes());
    }

    #[test]
    fn any_input_is_survived(
        steps in prop::collection::vec((any::<i64>(), any::<i64>(), any::<u64>(), 0_u8..4), 1..100),
    ) {
        let mut hidden = Hidden::new(HiddenParameters::default());
        for (ts, raw, size, what) in steps {
            let (ts, price) = (Timestamp::from_nanos(ts), Price::from_raw(raw / 4));
            let (level, size) = (Level { price, size: Quantity::new(size) }, Quantity::new(size));
            match what {
                0 => hidden.advance(ts),
                1 => drop(hidden.on_level(ts, Side::Buy, level)),
                2 => drop(hidden.on_touch(ts, level, Level { price: Price::from_raw(raw / 4 + 1), ..level })),
                _ => drop(hidden.on_print(ts, &HiddenPrint { price, size, ..print(0, 1) })),
            }
        }
    }
}
