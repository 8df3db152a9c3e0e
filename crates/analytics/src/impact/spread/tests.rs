//! Spreads: the example, the moment of the later middle, bounds, snapshots.

use super::*;
use proptest::prelude::*;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn trade(spreads: &mut Spreads, millis: i64, raw: i64, size: u64, side: Side) {
    spreads.on_trade(at(millis), Price::from_raw(raw), size, side, Quality::GOOD);
}

fn close(metric: Metric, expected: f64) {
    let value = metric.value.unwrap();
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
}

/// The reference's example: bought at 100.02, the middle 100.01, later 100.025: 0.02 = −0.01 + 0.03.
#[test]
fn the_worked_example() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000_200));
    for millis in 0..10 {
        assert_eq!(spreads.effective().value, None);
        trade(&mut spreads, millis, 1_000_200, 100, Side::Buy);
    }
    spreads.on_mid(at(900), Some(2_000_500));
    spreads.on_timer(at(1_010));
    close(spreads.effective(), 0.02);
    close(spreads.realised(0), -0.01);
    close(spreads.impact(0), 0.03);
    close(spreads.effective_bps(), 1e4 * 0.02 / 100.01);
    assert_eq!((spreads.impact(1), spreads.impact(9)), (Metric::NONE, Metric::NONE));
    assert_eq!(spreads.impact(0).n_obs, 10);
}

#[test]
fn sold_is_the_mirror_and_means_are_weighted_by_volume() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000_000));
    for millis in 0..5 {
        trade(&mut spreads, millis, 999_900, 300, Side::Sell);
        trade(&mut spreads, millis, 1_000_300, 100, Side::Buy);
    }
    // 0.02 with 300 shares, 0.06 with 100.
    close(spreads.effective(), 0.03);
    spreads.on_mid(at(500), Some(1_999_800));
    spreads.on_timer(at(2_000));
    // Down a cent: for the seller, 0.02; for the buyer, −0.02.
    close(spreads.impact(0), 0.01);
    close(spreads.realised(0), 0.02);
}

#[test]
fn the_middle_of_the_very_moment_counts_and_the_one_after_does_not() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000));
    for step in 0..10 {
        trade(&mut spreads, step * 10_000, 1_000, 1, Side::Buy);
        spreads.on_mid(at(step * 10_000 + 1_000), Some(2_010));
        spreads.on_mid(at(step * 10_000 + 1_001), Some(2_050));
        spreads.on_mid(at(step * 10_000 + 5_000), Some(2_030));
        spreads.on_mid(at(step * 10_000 + 5_001), Some(2_000));
    }
    close(spreads.impact(0), 10e-4);
    close(spreads.impact(1), 30e-4);
}

#[test]
fn minutes_leave_the_window() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000));
    for millis in 0..20 {
        trade(&mut spreads, millis, 1_001, 7, Side::Buy);
    }
    let minute = 60_000;
    trade(&mut spreads, 29 * minute, 1_003, 7, Side::Buy);
    assert_eq!(spreads.effective().n_obs, 21);
    trade(&mut spreads, 30 * minute, 1_003, 7, Side::Buy);
    assert_eq!(spreads.effective(), Metric { value: None, n_obs: 2, quality: Quality::GOOD });
    trade(&mut spreads, 300 * minute, 1_003, 7, Side::Buy);
    assert_eq!(spreads.trades(), 1);
    assert_eq!(spreads.dropped(), &[0; 4]);
    spreads.on_session();
    assert_eq!((spreads.trades(), spreads.dropped()), (0, &[1; 4]));
}

#[test]
fn prints_of_one_order_wait_as_one_and_too_many_drop_the_oldest() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000));
    for _ in 0..9_000 {
        trade(&mut spreads, 0, 1_001, u64::MAX, Side::Buy);
    }
    assert_eq!(spreads.lines[0].written, 9_000, "as large as they may be, none fits with another");
    assert_eq!(spreads.effective().quality, Quality::CAPPED);
    let dropped = 9_000 - PENDING as u64;
    assert_eq!(spreads.dropped(), &[dropped, dropped, 0, 0], "for the longer times one waits");
    spreads.on_session();
    spreads.on_mid(at(0), Some(2_000));
    for _ in 0..9_000 {
        trade(&mut spreads, 0, 1_001, 100, Side::Buy);
    }
    assert_eq!(spreads.lines[0].written, 9_001);
    trade(&mut spreads, 0, 999, 100, Side::Sell);
    trade(&mut spreads, 0, 1_001, 100, Side::Buy);
    assert_eq!(spreads.lines[0].written, 9_003);
}

#[test]
fn what_waits_when_trading_stops_is_dropped() {
    let mut spreads = Spreads::default();
    trade(&mut spreads, 0, 1_000, 1, Side::Buy);
    assert_eq!(spreads.trades(), 0, "no middle");
    spreads.on_mid(at(0), Some(2_000));
    trade(&mut spreads, 0, 1_000, 1, Side::Buy);
    spreads.break_off();
    spreads.on_mid(at(900_000), Some(3_000));
    assert_eq!((spreads.dropped(), spreads.impact(0).n_obs), (&[1; 4], 0));
    trade(&mut spreads, 900_000, 9_000_000_000, 1, Side::Buy);
    assert_eq!(spreads.dropped(), &[2; 4]);
    trade(&mut spreads, 900_000, 1_500, 1, Side::Buy);
    spreads.on_mid(at(900_001), None);
    spreads.on_timer(at(990_000));
    assert_eq!(spreads.dropped(), &[3, 3, 3, 2], "its middle was not known when it was looked at");
}

/// A thousand trades a second for ten minutes: one of each fifth of a second, of each two seconds, is looked at.
#[test]
fn for_the_longer_times_a_sample_waits_and_nothing_is_dropped() {
    let mut spreads = Spreads::default();
    spreads.on_mid(at(0), Some(2_000));
    for millis in 0..600_000 {
        // The middle rises by one unit of twice itself each second.
        spreads.on_mid(at(millis), Some(2_000 + millis / 1_000));
        trade(&mut spreads, millis, 1_400, 1, Side::Buy);
    }
    assert_eq!(spreads.dropped()[2..], [0, 0]);
    assert!(spreads.dropped()[1] > 500_000, "{:?}", spreads.dropped());
    assert_eq!((spreads.impact(2).n_obs, spreads.impact(3).n_obs), (2_850, 150));
    close(spreads.impact(2), 30e-4);
    close(spreads.impact(3), 300e-4);
    let said = [0, 1, 2, 3].map(|horizon| spreads.impact(horizon).quality);
    assert_eq!(said, [Quality::GOOD, Quality::GOOD, Quality::CAPPED, Quality::CAPPED]);
}

#[test]
fn its_size_is_known() {
    let spreads = Spreads::default();
    assert!(spreads.heap_bytes() + size_of::<Spreads>() <= 22 * 1_024, "{}", spreads.heap_bytes());
}

type Step = (i64, u8, i64, u64, bool);

fn apply(spreads: &mut Spreads, now: i64, &(_, kind, price, size, buy): &Step) {
    match kind {
        0 => spreads.on_session(),
        1 => spreads.break_off(),
        2 => spreads.on_mid(at(now), None),
        3..=5 => spreads.on_mid(at(now), Some(2 * price)),
        _ => trade(spreads, now, price, size, if buy { Side::Buy } else { Side::Sell }),
    }
}

proptest! {
    #[test]
    fn effective_is_realised_and_impact_and_a_snapshot_goes_on(
        steps in prop::collection::vec((0_i64..9_000, 0_u8..40, 900_i64..1_100, 1_u64..500, any::<bool>()), 1..200),
        cut in 0_usize..200,
    ) {
        let mut spreads = Spreads::default();
        let mut restored: Option<Spreads> = None;
        let mut now = 0;
        for (place, step) in steps.iter().enumerate() {
            if place == cut {
                restored = Some(postcard::from_bytes(&postcard::to_allocvec(&spreads).unwrap()).unwrap());
            }
            now += step.0;
            apply(&mut spreads, now, step);
            if let Some(restored) = &mut restored {
                apply(restored, now, step);
            }
            for (horizon, line) in LINE.iter().enumerate() {
                let settled = spreads.finished.settled[horizon].and(&spreads.running.settled[horizon]);
                if let (Some(realised), Some(impact)) = (spreads.realised(horizon).value, spreads.impact(horizon).value) {
                    let effective = settled.effective as f64 / settled.volume as f64 * 1e-4;
                    prop_assert!((realised + impact - effective).abs() < 1e-9);
                }
                prop_assert!(spreads.lines[*line].written >= spreads.done[horizon]);
            }
        }
        prop_assert!(restored.is_none_or(|restored| restored == spreads));
    }
}
