//! Each kind of order, its changes, limits on their number.

use super::*;

fn tif(terms: Terms, tif: &str) -> Terms {
    Terms { tif: Some(tif.to_owned()), ..terms }
}

#[test]
fn a_trailing_stop_follows_is_changed_and_survives_a_restart() {
    let mut floor = Floor::new();
    floor.send(1, SPY, order("BUY", 10, "MKT", None));
    floor.send(2, SPY, order("SELL", 10, "TRAIL", Some(1.0)));
    assert_eq!(floor.status(2), Status::PreSubmitted);
    let stop = |floor: &Floor| floor.order(2).live.unwrap().kind.trigger().unwrap();
    assert_eq!(stop(&floor), Price::from_cents(59_900));
    floor.quote(SPY, 60_100, 60_101, 500);
    assert_eq!(stop(&floor), Price::from_cents(60_000));
    // A change of the quantity leaves the stop where it is; a nearer distance moves it.
    floor.send(2, SPY, order("SELL", 8, "TRAIL", Some(1.0)));
    assert_eq!((stop(&floor), floor.order(2).ticket.quantity.get()), (Price::from_cents(60_000), 8));
    floor.quote(SPY, 60_050, 60_051, 500);
    floor.send(2, SPY, order("SELL", 8, "TRAIL", Some(0.1)));
    assert_eq!(stop(&floor), Price::from_cents(60_040));
    let mut floor = floor.restart();
    assert_eq!((floor.status(2), stop(&floor)), (Status::PreSubmitted, Price::from_cents(60_040)));
    floor.quote(SPY, 60_040, 60_041, 500);
    assert_eq!(floor.status(2), Status::Filled);
}

#[test]
fn a_trailing_limit_and_if_touched_orders_trigger() {
    let mut floor = Floor::new();
    let trail = Terms {
        trail_stop_price: Some(599.0),
        lmt_price_offset: Some(0.05),
        aux_price: Some(1.0),
        ..order("SELL", 10, "TRAIL LIMIT", None)
    };
    floor.send(1, SPY, trail);
    floor.send(2, SPY, order("BUY", 10, "MIT", Some(598.5)));
    let touched = Terms { aux_price: Some(598.5), ..order("BUY", 10, "LIT", Some(598.0)) };
    floor.send(3, SPY, touched);
    floor.quote(SPY, 60_020, 60_021, 500);
    floor.quote(SPY, 59_918, 59_919, 500);
    assert_eq!(floor.status(1), Status::Filled, "its stop had come to 599.20");
    assert!((floor.order(1).average_price() - 599.18).abs() < 1e-9);
    floor.quote(SPY, 59_849, 59_850, 500);
    assert_eq!((floor.status(2), floor.status(3)), (Status::Filled, Status::Submitted));
}

#[test]
fn orders_for_the_close_trade_at_its_print() {
    let mut floor = Floor::new();
    floor.send(1, SPY, order("BUY", 10, "MOC", None));
    floor.send(2, SPY, order("SELL", 10, "LOC", Some(601.0)));
    assert_eq!((floor.status(1), floor.status(2)), (Status::PreSubmitted, Status::PreSubmitted));
    assert_eq!(floor.place(3, SPY, tif(order("BUY", 10, "MOC", None), "GTC")), Some(113));
    assert_eq!(floor.place(3, SPY, order("BUY", 10, "LOC", None)), Some(463));
    floor.go_to(floor.close() - Span::from_minutes(10));
    floor.send(3, SPY, order("BUY", 10, "MOC", None));
    assert_eq!((floor.status(3), floor.codes(3)), (Status::Inactive, vec![201]));
    floor.go_to(floor.close());
    floor.print(SPY, 60_033, 90_000, TradeFlags::AUCTION);
    assert_eq!((floor.status(1), floor.status(2)), (Status::Filled, Status::Cancelled));
    assert!((floor.order(1).average_price() - 600.33).abs() < 1e-9);
    assert!(floor.codes(2).contains(&202));
}

#[test]
fn an_order_for_the_open_waits_for_tomorrow() {
    let mut floor = Floor::new();
    floor.send(1, SPY, tif(order("BUY", 10, "MKT", None), "OPG"));
    floor.go_to(floor.close() + Span::from_seconds(20));
    assert_eq!(floor.status(1), Status::PreSubmitted);
    assert_eq!(floor.place(2, SPY, tif(order("BUY", 10, "STP", Some(601.0)), "OPG")), Some(111));
}

#[test]
fn orders_begin_and_end_when_they_say() {
    let mut floor = Floor::new();
    let at = |floor: &Floor, seconds| {
        let at = floor.desk.calendar().local(floor.desk.now() + Span::from_seconds(seconds));
        Some(at.strftime("%Y%m%d %H:%M:%S").to_string())
    };
    let later = Terms { good_after_time: at(&floor, 60), ..order("BUY", 10, "LMT", Some(600.01)) };
    floor.send(1, SPY, later);
    let until = Terms { good_till_date: at(&floor, 90), ..tif(order("BUY", 10, "LMT", Some(500.0)), "GTD") };
    floor.send(2, SPY, until);
    let over = Terms { good_till_date: at(&floor, -90), ..tif(order("BUY", 10, "LMT", Some(500.0)), "GTD") };
    assert_eq!(floor.place(3, SPY, over), Some(201));
    assert_eq!((floor.status(1), floor.status(2)), (Status::PreSubmitted, Status::Submitted));
    floor.wait(61_000);
    floor.quote(SPY, 60_000, 60_001, 500);
    assert_eq!(floor.status(1), Status::Filled);
    floor.wait(60_000);
    assert_eq!((floor.status(2), floor.codes(2).contains(&202)), (Status::Cancelled, true));
}

#[test]
fn whole_fills_and_hidden_orders() {
    let mut floor = Floor::new();
    floor.send(1, SPY, Terms { all_or_none: Some(true), ..order("BUY", 100, "LMT", Some(599.99)) });
    floor.quote(SPY, 59_998, 59_999, 99);
    assert_eq!(floor.filled(1), 0);
    floor.quote(SPY, 59_998, 59_999, 100);
    assert_eq!(floor.status(1), Status::Filled);
    floor.send(2, SPY, Terms { hidden: Some(true), ..order("BUY", 10, "LMT", Some(590.0)) });
    assert_eq!(floor.status(2), Status::Submitted);
    let hidden = Terms { hidden: Some(true), ..order("BUY", 1, "LMT", Some(0.5)) };
    assert_eq!(floor.place(3, CALL, hidden), Some(152));
}

#[test]
fn a_change_must_be_of_the_same_order() {
    let mut floor = Floor::new();
    floor.send(1, SPY, order("BUY", 10, "LMT", Some(590.0)));
    assert_eq!(floor.place(1, SPY, order("SELL", 10, "LMT", Some(610.0))), Some(105));
    assert_eq!(floor.place(1, SPY, order("BUY", 10, "STP", Some(610.0))), Some(105));
    assert_eq!(floor.place(1, CALL, order("BUY", 10, "LMT", Some(0.5))), Some(105));
    assert_eq!(floor.place(1, SPY, order("BUY", 10, "LMT", Some(590.001))), Some(110));
    // A time in force may change.
    floor.send(1, SPY, tif(order("BUY", 12, "LMT", Some(591.0)), "GTC"));
    let live = floor.order(1).live.unwrap();
    assert_eq!(live.time_in_force, alphatrader_model::TimeInForce::GoodTillCancelled);
    floor.send(2, SPY, order("BUY", 10, "MKT", None));
    assert_eq!(floor.place(2, SPY, order("BUY", 20, "MKT", None)), Some(104));
    assert_eq!(floor.place(1, SPY, order("BUY", 10, "PEG MID", None)), Some(387));
}

#[test]
fn the_exits_of_a_bracket_go_together_unless_the_client_named_their_group() {
    let mut floor = Floor::new();
    let mut bracket = |first: i32, named: bool| {
        let exit = |terms: Terms| Terms {
            parent_id: Some(first),
            oca_group: named.then(|| "mine".to_owned()),
            ..terms
        };
        floor.send(first, SPY, Terms { transmit: Some(false), ..order("BUY", 10, "MKT", None) });
        floor.send(
            first + 1,
            SPY,
            Terms { transmit: Some(false), ..exit(order("SELL", 10, "LMT", Some(620.0))) },
        );
        floor.send(first + 2, SPY, exit(order("SELL", 10, "STP", Some(580.0))));
        floor.desk.cancel(CLIENT, first + 1).unwrap();
        floor.wait(20);
        [first, first + 1, first + 2].map(|id| floor.status(id))
    };
    assert_eq!(bracket(1, false), [Status::Filled, Status::Cancelled, Status::Cancelled]);
    assert_eq!(bracket(11, true), [Status::Filled, Status::Cancelled, Status::PreSubmitted]);
}

#[test]
fn twenty_orders_of_one_side_are_the_most() {
    let mut floor = Floor::new();
    for id in 1..=20 {
        floor.send(id, SPY, order("BUY", 1, "LMT", Some(500.0)));
    }
    assert_eq!(floor.place(21, SPY, order("BUY", 1, "LMT", Some(500.0))), Some(201));
    assert_eq!(floor.place(21, SPY, order("SELL", 1, "LMT", Some(700.0))), None);
    floor.desk.cancel(CLIENT, 7).unwrap();
    floor.wait(2);
    assert_eq!(floor.place(22, SPY, order("BUY", 1, "LMT", Some(500.0))), None);
}

#[test]
fn nothing_fills_in_a_halt() {
    let mut floor = Floor::new();
    floor.desk.halt(&contract(SPY), true);
    floor.send(1, SPY, order("BUY", 10, "MKT", None));
    floor.quote(SPY, 60_000, 60_001, 500);
    assert_eq!((floor.status(1), floor.filled(1)), (Status::Submitted, 0));
    floor.desk.halt(&contract(SPY), false);
    floor.wait(1);
    assert_eq!(floor.status(1), Status::Filled);
}

#[test]
fn what_stood_in_a_file_of_before_still_opens() {
    use crate::broker::snapshot::{order_fact, order_from};
    let mut floor = Floor::new();
    floor.send(1, SPY, order("BUY", 10, "LMT", Some(590.0)));
    let before = floor.order(1).clone();
    let mut fact = order_fact(&before);
    // As it was written when orders asked nothing beyond their kind.
    let mut live: serde_json::Value = serde_json::from_slice(&fact.live).unwrap();
    for later in ["handling", "seen", "printed"] {
        live.as_object_mut().unwrap().remove(later).expect("it is written now");
    }
    fact.live = serde_json::to_vec(&live).unwrap();
    let read = order_from(&fact).unwrap();
    assert_eq!((read.ticket, read.status, read.legs), (before.ticket, Status::Submitted, Vec::new()));
    let (read, before) = (read.live.unwrap(), before.live.unwrap());
    assert_eq!((read.kind, read.quantity, read.handling), (before.kind, before.quantity, before.handling));
}
