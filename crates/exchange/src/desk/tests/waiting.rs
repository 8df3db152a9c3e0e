//! Orders that wait for conditions.

use super::*;
use crate::wire::message::order_terms::OrderCondition;

fn when(con_id: i32, kind: i32, more: bool) -> OrderCondition {
    OrderCondition {
        kind: Some(kind),
        con_id: Some(con_id),
        is_more: Some(more),
        is_conjunction_connection: Some(true),
        exchange: Some("SMART".to_owned()),
        ..OrderCondition::default()
    }
}

fn on(terms: Terms, conditions: &[OrderCondition]) -> Terms {
    Terms { conditions: conditions.to_vec(), ..terms }
}

fn spy(floor: &Floor) -> i32 {
    floor.told(SPY).con_id.unwrap()
}

#[test]
fn an_order_waits_for_a_price_and_survives_a_restart() {
    let mut floor = Floor::new();
    let above = OrderCondition { price: Some(601.0), ..when(spy(&floor), 1, true) };
    floor.send(1, CALL, on(order("BUY", 2, "MKT", None), &[above]));
    floor.wait(1_000);
    assert_eq!((floor.status(1), floor.desk.is_at_exchange(1)), (Status::PreSubmitted, false));
    let mut floor = floor.restart();
    assert_eq!((floor.status(1), floor.desk.is_at_exchange(1)), (Status::PreSubmitted, false));
    floor.print(SPY, 60_100, 10, TradeFlags::NONE);
    floor.wait(100);
    assert_eq!(floor.status(1), Status::Filled);
    let unknown = OrderCondition { price: Some(601.0), ..when(4, 1, true) };
    assert_eq!(floor.place(2, CALL, on(order("BUY", 2, "MKT", None), &[unknown])), Some(321));
}

#[test]
fn each_kind_of_condition_is_watched() {
    let mut floor = Floor::new();
    let spy = spy(&floor);
    let at = floor.desk.calendar().local(floor.desk.now() + Span::MINUTE);
    let time = OrderCondition {
        time: Some(at.strftime("%Y%m%d %H:%M:%S US/Eastern").to_string()),
        ..when(0, 3, true)
    };
    let margin = OrderCondition { percent: Some(90), ..when(0, 4, false) };
    let traded = OrderCondition {
        symbol: Some("SPY".to_owned()),
        sec_type: Some("STK".to_owned()),
        ..when(0, 5, true)
    };
    let volume = OrderCondition { volume: Some(1_000), ..when(spy, 6, true) };
    let change = OrderCondition { change_percent: Some(1.0), ..when(spy, 7, true) };
    let all = [time, margin, traded, volume, change];
    for (id, condition) in (1..).zip(all) {
        floor.send(id, CALL, on(order("BUY", 1, "MKT", None), &[condition]));
    }
    floor.wait(1_000);
    let sent = |floor: &Floor| (1..=5).filter(|id| floor.status(*id) == Status::Filled).collect::<Vec<_>>();
    assert_eq!(sent(&floor), Vec::<i32>::new());
    floor.wait(60_000);
    assert_eq!(sent(&floor), [1]);
    floor.print(SPY, 60_000, 1_000, TradeFlags::NONE);
    floor.wait(100);
    assert_eq!(sent(&floor), [1, 4]);
    // A purchase of stock fits the third, and binds more than a tenth of the account: the second.
    floor.send(9, SPY, order("BUY", 150, "MKT", None));
    floor.wait(100);
    assert_eq!(sent(&floor), [1, 2, 3, 4], "nothing is known of the day before: no change of it");
}

#[test]
fn conditions_may_cancel() {
    let mut floor = Floor::new();
    let below = OrderCondition { price: Some(599.0), ..when(spy(&floor), 1, false) };
    let terms = on(order("BUY", 2, "LMT", Some(590.0)), &[below]);
    floor.send(1, SPY, Terms { conditions_cancel_order: Some(true), ..terms });
    assert_eq!(floor.status(1), Status::Submitted);
    let mut floor = floor.restart();
    floor.print(SPY, 59_899, 10, TradeFlags::NONE);
    floor.wait(100);
    assert_eq!((floor.status(1), floor.codes(1)), (Status::Cancelled, vec![202]));
}

#[test]
fn a_family_waits_for_its_parent_and_goes_with_it() {
    let mut floor = Floor::new();
    let above = OrderCondition { price: Some(601.0), ..when(spy(&floor), 1, true) };
    let entry = Terms { transmit: Some(false), ..on(order("BUY", 10, "MKT", None), &[above]) };
    let exit =
        |price| Terms { parent_id: Some(1), transmit: Some(false), ..order("SELL", 10, "LMT", Some(price)) };
    floor.send(1, SPY, entry.clone());
    floor.send(2, SPY, exit(610.0));
    floor.send(3, SPY, Terms { transmit: Some(true), ..order("SELL", 10, "STP", Some(590.0)) }.child(1));
    floor.wait(100);
    let statuses = |floor: &Floor| [1, 2, 3].map(|id| floor.status(id));
    assert_eq!(statuses(&floor), [Status::PreSubmitted; 3]);
    floor.print(SPY, 60_100, 10, TradeFlags::NONE);
    floor.wait(100);
    assert_eq!(statuses(&floor), [Status::Filled, Status::Submitted, Status::PreSubmitted]);
    // Another family: its parent's cancel takes it along while it waits.
    floor.send(
        11,
        SPY,
        Terms {
            conditions: vec![OrderCondition { price: Some(700.0), ..when(spy(&floor), 1, true) }],
            ..entry
        },
    );
    floor.send(12, SPY, Terms { transmit: Some(true), ..order("SELL", 10, "LMT", Some(610.0)) }.child(11));
    floor.desk.cancel(CLIENT, 11).unwrap();
    assert_eq!([floor.status(11), floor.status(12)], [Status::Cancelled; 2]);
}

trait Child {
    fn child(self, parent: i32) -> Self;
}

impl Child for Terms {
    fn child(self, parent: i32) -> Self {
        Self { parent_id: Some(parent), ..self }
    }
}

#[test]
fn a_fill_elsewhere_in_the_group_reaches_what_waits() {
    let mut floor = Floor::new();
    let never = OrderCondition { price: Some(900.0), ..when(spy(&floor), 1, true) };
    let grouped =
        |terms: Terms, kind| Terms { oca_group: Some("g".to_owned()), oca_type: Some(kind), ..terms };
    floor.send(1, SPY, grouped(on(order("BUY", 10, "MKT", None), &[never]), 2));
    floor.send(2, SPY, grouped(order("BUY", 4, "MKT", None), 2));
    assert_eq!((floor.status(2), floor.status(1)), (Status::Filled, Status::PreSubmitted));
    assert_eq!(floor.order(1).ticket.quantity.get(), 6);
    floor.send(3, SPY, grouped(order("BUY", 4, "MKT", None), 1));
    assert_eq!(floor.status(1), Status::Cancelled);
}
