//! Brackets and groups by hand.

use super::*;

/// An entry of 100 with a target at 100.10 and a stop at 99.90.
fn bracket(floor: &mut Floor, entry: OrderKind, quantity: u64) {
    floor.submit(order(1, Side::Buy, quantity, entry));
    let child = |key, kind| NewOrder { parent: Some(OrderKey(1)), ..order(key, Side::Sell, quantity, kind) };
    floor.submit(child(2, limit(10_010)));
    floor.submit(child(3, stop(9_990)));
}

#[test]
fn children_work_for_what_the_parent_filled_and_share_one_exit() {
    let mut floor = Floor::new();
    bracket(&mut floor, limit(10_000), 100);
    assert_eq!(floor.standing(2), Some(Standing::Waiting));
    floor.said();
    floor.print(10_000, 530, Some(Side::Sell));
    assert_eq!(floor.said(), ["1 made 30 at 100.00, 70 left", "2 working"]);
    assert_eq!(floor.standing(3), Some(Standing::Armed));
    floor.quote((10_010, 20), (10_011, 300));
    assert_eq!(floor.said(), ["2 made 20 at 100.10, 80 left", "3 is 80 Group"]);
    floor.quote((9_980, 200), (9_999, 70));
    // Orders without a limit go first: the stop sells what is held, the offer below the entry's price
    // fills the rest of the entry, and the stop sells that too.
    assert_eq!(
        floor.said(),
        [
            "3 triggered",
            "3 working",
            "3 took 10 at 99.80, 70 left",
            "2 is 90 Group",
            "1 made 70 at 100.00, 0 left",
            "3 took 70 at 99.80, 0 left",
            "2 ended Group 20"
        ]
    );
    assert_eq!(floor.exchange.orders().count(), 0);
}

#[test]
fn children_go_with_a_parent_that_is_cancelled_unfilled() {
    let mut floor = Floor::new();
    bracket(&mut floor, limit(9_990), 100);
    floor.said();
    floor.cancel(1);
    assert_eq!(floor.said(), ["1 ended Requested 0", "2 ended Parent 0", "3 ended Parent 0"]);
}

#[test]
fn a_parent_cancelled_half_way_leaves_its_exits_for_what_it_filled() {
    let mut floor = Floor::new();
    bracket(&mut floor, limit(10_000), 100);
    floor.print(10_000, 540, Some(Side::Sell));
    floor.said();
    floor.cancel(1);
    assert_eq!(floor.said(), ["1 ended Requested 40", "2 is 40 Parent", "3 is 40 Parent"]);
    floor.quote((10_020, 100), (10_021, 100));
    assert_eq!(floor.said(), ["2 made 40 at 100.10, 0 left", "3 ended Group 0"]);
}

#[test]
fn a_change_asks_for_no_more_than_the_ended_parent_filled() {
    let mut floor = Floor::new();
    bracket(&mut floor, limit(10_000), 100);
    floor.print(10_000, 540, Some(Side::Sell));
    floor.cancel(1);
    floor.said();
    // On its way when the parent was cancelled: it still names all that was to be bought.
    floor.change(2, 100, limit(10_000));
    let left: u64 = floor.exchange.orders().map(|order| order.remaining().get()).max().unwrap_or(0);
    assert!(left <= 40, "{left} to sell of 40 bought");
    let sold = floor.said().iter().filter(|line| line.starts_with("2 took")).count();
    assert!(sold <= 1);
}

#[test]
fn two_pairs_of_exits_never_stand_for_more_than_was_bought() {
    let mut floor = Floor::new();
    floor.submit(order(1, Side::Buy, 100, limit(10_000)));
    let child = |key, group, kind| NewOrder {
        parent: Some(OrderKey(1)),
        group: Some(Group::Named(group)),
        ..order(key, Side::Sell, 50, kind)
    };
    floor.submit(child(2, 7, limit(10_010)));
    floor.submit(child(3, 7, stop(9_990)));
    floor.submit(child(4, 8, limit(10_020)));
    floor.submit(child(5, 8, stop(9_990)));
    floor.print(10_000, 560, Some(Side::Sell));
    let open = |floor: &Floor, key| floor.exchange.order(OrderKey(key)).map(LiveOrder::open);
    assert_eq!([2, 3, 4, 5].map(|key| open(&floor, key)), [Some(50), Some(50), Some(10), Some(10)]);
    floor.quote((10_010, 50), (10_011, 500));
    assert_eq!([2, 3, 4, 5].map(|key| open(&floor, key)), [None, None, Some(10), Some(10)]);
    floor.said();
    floor.print(9_999, 40, Some(Side::Sell));
    assert_eq!(open(&floor, 5), Some(50), "the second half is bought now");
}

#[test]
fn a_group_that_cancels_does_so_at_the_first_fill() {
    let mut floor = Floor::new();
    let member = |key, kind| NewOrder {
        group: Some(Group::Named(1)),
        group_rule: GroupRule::Cancel,
        ..order(key, Side::Buy, 100, kind)
    };
    floor.submit(member(1, limit(9_990)));
    floor.submit(member(2, limit(10_000)));
    floor.said();
    floor.print(9_999, 10, Some(Side::Sell));
    assert_eq!(floor.said(), ["2 made 10 at 100.00, 90 left", "1 ended Group 0"]);
}

#[test]
fn live_orders_survive_a_restart() {
    let mut floor = Floor::new();
    bracket(&mut floor, limit(10_000), 100);
    floor.print(10_000, 530, Some(Side::Sell));
    let kept: Vec<LiveOrder> = floor.exchange.orders().copied().collect();
    let mut again = Floor::new();
    assert!(matches!(Exchange::new().restore(kept[0]), Err(RestoreError::NotListed(_))));
    for order in &kept {
        again.exchange.restore(*order).unwrap();
    }
    again.exchange.restored();
    assert!(matches!(again.exchange.restore(kept[0]), Err(RestoreError::Duplicate(1))));
    again.at = floor.at;
    for floor in [&mut floor, &mut again] {
        floor.said();
        floor.quote((10_010, 20), (10_011, 300));
        floor.print(9_999, 30, Some(Side::Sell));
        floor.quote((9_980, 25), (9_990, 5));
    }
    let said = floor.said();
    assert_eq!(said, again.said());
    assert!(said.len() > 6, "{said:?}");
}
