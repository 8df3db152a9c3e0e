//! Which order is which: twins, orders that ended unseen, reports that cannot be read.

use alphatrader_exchange::wire::message::order as ord;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::{Action, BrokerEvent, OrderId, OrderKind, OrderRequest, Price};

use crate::harness::{Edge, config, order};
use crate::scripted::Gateway;

fn limit(id: i32) -> OrderRequest {
    order(id, OrderKind::Limit { limit: Price::from_cents(125) })
}

/// The request for an order, as the broker got it.
fn sent(gateway: &Gateway, id: i32) -> ord::PlaceOrderRequest {
    gateway.await_request(0, "an order", |request| match request {
        Request::PlaceOrder(asked) if asked.order_id == Some(id) => Some((**asked).clone()),
        _ => None,
    })
}

fn status(id: i32, perm_id: i64, status: &str) -> Reply {
    Reply::OrderStatus(ord::OrderStatus {
        order_id: Some(id),
        status: Some(status.to_owned()),
        filled: Some("0".to_owned()),
        remaining: Some("2".to_owned()),
        perm_id: Some(perm_id),
        client_id: Some(11),
        ..ord::OrderStatus::default()
    })
}

fn cancels(gateway: &Gateway) -> Vec<i32> {
    gateway
        .requests()
        .iter()
        .filter_map(|request| match request {
            Request::CancelOrder(asked) => asked.order_id,
            _ => None,
        })
        .collect()
}

#[test]
fn one_order_with_two_of_the_brokers_numbers_is_an_alarm_and_a_cancel_takes_both() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    let works = edge.await_broker(ready, "the order", |e| matches!(e, BrokerEvent::OrderStatus { .. }));
    gateway.say(&status(100, 9_999_999, "Submitted"));
    let alarm = edge.await_broker(works, "the alarm", |e| matches!(e, BrokerEvent::Doubled { .. }));
    let expected = BrokerEvent::Doubled { id: OrderId(100), perm_ids: vec![9_000_100, 9_999_999] };
    assert_eq!(edge.brokers(alarm)[0], expected);
    assert_eq!(edge.handle.status().counts.doubled_orders, 1);
    // The first cancel ends one of them; the other is cancelled after it.
    edge.perform(Action::Cancel(OrderId(100)));
    edge.await_status("two cancels", |_| cancels(&gateway) == [100, 100]);
    gateway.say(&status(100, 9_999_999, "Cancelled"));
    edge.await_broker(alarm, "the end of the other", |event| {
        matches!(
            event,
            BrokerEvent::OrderStatus { perm_id: 9_999_999, state: BrokerOrderState::Cancelled, .. }
        )
    });
}

#[test]
fn a_twin_under_another_number_is_found_by_its_name_also_after_a_reconnect() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |e| matches!(e, BrokerEvent::OrderStatus { .. }));
    {
        let twin = ord::PlaceOrderRequest { order_id: Some(131), ..sent(&gateway, 100) };
        gateway.world().open.push((twin, "Submitted".to_owned()));
    }
    gateway.cut();
    let alarm = edge.await_broker(ready, "the alarm", |e| matches!(e, BrokerEvent::Doubled { .. }));
    let expected = BrokerEvent::Doubled { id: OrderId(100), perm_ids: vec![9_000_100, 9_000_131] };
    assert_eq!(edge.brokers(alarm)[0], expected);
    edge.await_picture(alarm);
    edge.perform(Action::Cancel(OrderId(100)));
    edge.await_status("both cancels", |_| {
        let mut cancels = cancels(&gateway);
        cancels.sort_unstable();
        cancels.dedup();
        cancels == [100, 131]
    });
}

#[test]
fn an_order_that_ended_unseen_is_told_with_the_picture() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.perform(Action::Place(vec![limit(101)]));
    edge.await_broker(
        ready,
        "the orders",
        |event| matches!(event, BrokerEvent::OrderStatus { id, .. } if *id == OrderId(101)),
    );
    let ended = sent(&gateway, 100);
    {
        let mut world = gateway.world();
        world.open.retain(|(order, _)| order.order_id != Some(100));
        world.completed.push((ended.clone(), "Cancelled".to_owned(), 1));
        // What a change replaced is not the end of what works under the same name.
        let replaced = sent(&gateway, 101);
        world.completed.push((replaced, "Cancelled".to_owned(), 0));
    }
    gateway.cut();
    let lost = edge.await_broker(ready, "the loss", |e| matches!(e, BrokerEvent::Disconnected { .. }));
    let end = edge.await_picture(lost);
    let told: Vec<_> = edge
        .brokers(lost)
        .into_iter()
        .filter_map(|event| match event {
            BrokerEvent::OpenOrder(open) if open.state == BrokerOrderState::Cancelled => Some(open),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((told[0].reference, told[0].perm_id), (Some(limit(100).reference), 9_000_100));
    assert_eq!(told[0].quantity.get(), 2, "what was filled and what was left");
    assert!(end > lost);
}

#[test]
fn a_broker_that_hides_completed_orders_does_not_keep_us_from_trading() {
    let gateway = Gateway::start();
    gateway.world().hides_completed = true;
    let mut settings = config(gateway.port);
    settings.request_deadline = std::time::Duration::from_millis(300);
    let mut edge = Edge::start(settings);
    edge.await_picture(0);
    let said = edge.brokers(0);
    let begun = said.iter().filter(|event| **event == BrokerEvent::SyncBegin).count();
    assert_eq!(begun, 1, "taken once, without them: {said:#?}");
}

#[test]
fn a_state_that_nobody_knows_asks_for_the_picture_once() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |e| matches!(e, BrokerEvent::OrderStatus { .. }));
    gateway.say(&status(100, 9_000_100, "Teleported"));
    let word = edge.await_broker(
        ready,
        "a word",
        |event| matches!(event, BrokerEvent::Notice { text, .. } if text.contains("Teleported")),
    );
    edge.await_picture(word);
    // Orders go on being reported.
    edge.perform(Action::Cancel(OrderId(100)));
    edge.await_broker(word, "the end", |event| {
        matches!(event, BrokerEvent::OrderStatus { state: BrokerOrderState::Cancelled, .. })
    });
    let begun = edge.brokers(0).iter().filter(|event| **event == BrokerEvent::SyncBegin).count();
    assert_eq!((edge.handle.status().counts.sessions, begun), (1, 2));
}

#[test]
fn a_report_that_cannot_be_read_opens_the_reports_anew_and_asks_for_the_picture() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    // An open order (message 5, protobuf) whose first field promises more bytes than there are.
    let body: Vec<u8> = 205_i32.to_be_bytes().into_iter().chain([0x12, 0x7F, 1, 2]).collect();
    let length = u32::try_from(body.len()).unwrap();
    gateway.say_bytes(&[&length.to_be_bytes()[..], &body].concat());
    let word = edge.await_broker(
        ready,
        "a word",
        |event| matches!(event, BrokerEvent::Notice { text, .. } if text.contains("could not be read")),
    );
    let picture = edge.await_picture(word);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(picture, "reports of orders", |e| matches!(e, BrokerEvent::OrderStatus { .. }));
    assert_eq!(edge.handle.status().counts.sessions, 1, "the connection stays");
}
