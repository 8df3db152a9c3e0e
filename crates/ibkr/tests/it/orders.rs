//! Orders, refusals, executions.

use alphatrader_exchange::wire::Request;
use alphatrader_exchange::wire::message::order::PlaceOrderRequest;
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::{
    Action, BrokerEvent, Effect, Money, OrderId, OrderKind, OrderRequest, Price, Quantity, Role, Side,
    TimeInForce,
};

use crate::harness::{Edge, config, monday, order};
use crate::scripted::{Gateway, Orders, execution, notice, reported};

fn limit(id: i32) -> OrderRequest {
    order(id, OrderKind::Limit { limit: Price::from_cents(125) })
}

fn placed(gateway: &Gateway, id: i32) -> PlaceOrderRequest {
    gateway.await_request(0, "an order", |request| match request {
        Request::PlaceOrder(asked) if asked.order_id == Some(id) => Some((**asked).clone()),
        _ => None,
    })
}

fn times_placed(gateway: &Gateway, id: i32) -> usize {
    let is_it =
        |request: &&Request| matches!(request, Request::PlaceOrder(asked) if asked.order_id == Some(id));
    gateway.requests().iter().filter(is_it).count()
}

#[test]
fn an_entry_and_its_stop_leave_as_one_and_fill() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    let entry = limit(100);
    let stop = OrderRequest {
        side: Side::Sell,
        parent: Some(entry.id),
        one_cancels_all: Some(entry.id),
        time_in_force: TimeInForce::GoodTillCancelled,
        ..order(101, OrderKind::Stop { trigger: Price::from_cents(81) })
    };
    let stop = OrderRequest {
        reference: alphatrader_model::OrderRef { role: Role::Stop, ..stop.reference },
        ..stop
    };
    edge.perform(Action::Place(vec![entry, stop]));
    let first = placed(&gateway, 100).order.unwrap();
    let second = placed(&gateway, 101);
    assert_eq!((first.transmit, first.order_type.as_deref()), (None, Some("LMT")));
    assert_eq!(first.order_ref, Some(entry.reference.to_string()));
    assert_eq!((first.lmt_price, first.account.as_deref()), (Some(1.25), Some("DU1234567")));
    let contract = second.contract.unwrap();
    assert_eq!((contract.sec_type.as_deref(), contract.strike), (Some("OPT"), Some(600.0)));
    let second = second.order.unwrap();
    assert_eq!((second.transmit, second.parent_id), (Some(true), Some(100)));
    assert_eq!((second.oca_group.as_deref(), second.oca_type), (Some("oca-100"), Some(2)));
    assert_eq!((second.aux_price, second.tif.as_deref()), (Some(0.81), Some("GTC")));

    let working = edge.await_broker(ready, "the order to work", |event| {
        matches!(event, BrokerEvent::OrderStatus { id, state: BrokerOrderState::Submitted, .. } if *id == entry.id)
    });
    // The execution may come before or after any status; a copy of it does no harm here.
    let report = execution(100, 11, "0001.01.01", &entry.reference.to_string());
    for reply in reported(Some(-1), &report) {
        gateway.say(&reply);
    }
    let filled = edge.await_broker(working, "the execution", |e| matches!(e, BrokerEvent::Execution(_)));
    let paid = edge.await_broker(filled, "its commission", |e| matches!(e, BrokerEvent::Commission { .. }));
    let said = edge.brokers(filled);
    let BrokerEvent::Execution(read) = &said[0] else { unreachable!() };
    assert_eq!((read.order, read.reference), (entry.id, Some(entry.reference)));
    assert_eq!((read.quantity, read.price), (Quantity::new(2), Price::from_cents(125)));
    assert_eq!(read.time.to_string(), "2026-11-23T15:01:02Z");
    let expected = BrokerEvent::Commission {
        exec_id: "0001.01.01".to_owned(),
        commission: Money::from_micros(1_300_000),
    };
    assert_eq!(edge.brokers(paid)[0], expected);
}

#[test]
fn a_change_keeps_the_number_and_a_cancel_is_confirmed_once() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |event| matches!(event, BrokerEvent::OpenOrder(_)));
    edge.perform(Action::Modify(order(100, OrderKind::Limit { limit: Price::from_cents(130) })));
    let changed = edge.await_broker(ready, "the change", |event| {
        matches!(event, BrokerEvent::OpenOrder(open)
            if open.kind == OrderKind::Limit { limit: Price::from_cents(130) })
    });
    edge.perform(Action::Cancel(OrderId(100)));
    let gone = edge.await_broker(changed, "the end", |event| {
        matches!(event, BrokerEvent::OrderStatus { state: BrokerOrderState::Cancelled, .. })
    });
    edge.perform(Action::Cancel(OrderId(100)));
    edge.await_broker(
        gone,
        "a word about the unknown order",
        |event| matches!(event, BrokerEvent::UnknownOrder { id } if *id == OrderId(100)),
    );
    let said = edge.brokers(gone);
    assert!(!said.iter().any(|event| matches!(event, BrokerEvent::Rejected { .. })), "{said:#?}");
}

#[test]
fn a_refusal_without_a_status_is_told() {
    let gateway = Gateway::start();
    gateway.world().orders = Orders::Refuse(110);
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    let refused = edge.await_broker(ready, "the refusal", |e| matches!(e, BrokerEvent::Rejected { .. }));
    let BrokerEvent::Rejected { id, code, reason } = edge.brokers(refused).remove(0) else { unreachable!() };
    assert_eq!((id, code, reason.as_str()), (OrderId(100), 110, "refused by the script"));
}

#[test]
fn a_refused_change_leaves_the_order_and_asks_for_the_picture() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    let open = edge.await_broker(ready, "the order", |e| matches!(e, BrokerEvent::OrderStatus { .. }));
    gateway.world().orders = Orders::Refuse(110);
    edge.perform(Action::Modify(order(100, OrderKind::Limit { limit: Price::from_raw(12_501) })));
    edge.await_picture(open);
    let said = edge.brokers(open);
    assert!(!said.iter().any(|event| matches!(event, BrokerEvent::Rejected { .. })), "{said:#?}");
    let begin = said.iter().position(|event| *event == BrokerEvent::SyncBegin).unwrap();
    let listed = said[begin..].iter().any(|event| {
        matches!(event, BrokerEvent::OpenOrder(open) if open.kind.limit() == Some(Price::from_cents(125)))
    });
    assert!(listed, "the picture shows the order as it is: {said:#?}");
}

#[test]
fn nothing_is_sent_twice_and_nothing_too_late() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    let id = edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |event| matches!(event, BrokerEvent::OpenOrder(_)));
    let again = Effect { id, action: Action::Place(vec![limit(100)]), adds_risk: true, expires: None };
    edge.handle.perform(again).unwrap();
    // The same order under another effect is a change by accident, not a second order.
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "a word about it", |event| {
        matches!(event, BrokerEvent::Notice { text, .. } if text.contains("order 100 was sent before"))
    });
    let late = Effect {
        id: alphatrader_model::EffectId { seq: alphatrader_model::Seq(900), index: 0 },
        action: Action::Place(vec![limit(102)]),
        adds_risk: true,
        expires: Some(monday() - alphatrader_model::Span::SECOND),
    };
    edge.handle.perform(late).unwrap();
    edge.await_broker(ready, "a word about the late one", |event| {
        matches!(event, BrokerEvent::Notice { text, .. } if text.contains("order 102") && text.contains("too old"))
    });
    assert_eq!((times_placed(&gateway, 100), times_placed(&gateway, 102)), (1, 0));
    assert_eq!(edge.handle.status().counts.effects_dropped, 3);
}

#[test]
fn an_order_number_that_is_none_is_refused_here() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(OrderId::LIMIT), limit(OrderId::LIMIT + 1)]));
    for id in [OrderId::LIMIT, OrderId::LIMIT + 1] {
        edge.await_broker(
            ready,
            "the refusal",
            |event| matches!(event, BrokerEvent::Rejected { id: refused, .. } if refused.0 == id),
        );
    }
    assert_eq!(times_placed(&gateway, OrderId::LIMIT), 0);
}

#[test]
fn a_warning_about_an_order_does_not_end_it() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |event| matches!(event, BrokerEvent::OpenOrder(_)));
    gateway.say(&notice(100, 399, "Order Message:\nWarning: your order will not be placed before the open"));
    edge.await_broker(ready, "the warning", |event| matches!(event, BrokerEvent::Notice { code: 399, .. }));
    assert!(!edge.brokers(ready).iter().any(|event| matches!(event, BrokerEvent::Rejected { .. })));
}

#[test]
fn what_was_handed_over_before_the_end_is_still_done() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100), limit(101)]));
    edge.await_broker(
        ready,
        "the orders",
        |event| matches!(event, BrokerEvent::OpenOrder(open) if open.id == OrderId(101)),
    );
    edge.perform(Action::Cancel(OrderId(100)));
    edge.perform(Action::Cancel(OrderId(101)));
    assert!(edge.shutdown());
    for id in [100, 101] {
        gateway.await_request(0, "the cancel", |request| match request {
            Request::CancelOrder(asked) => (asked.order_id == Some(id)).then_some(()),
            _ => None,
        });
    }
    edge.await_broker(ready, "the end", |event| matches!(event, BrokerEvent::Disconnected { .. }));
    let late = edge.handle.perform(Effect {
        id: alphatrader_model::EffectId { seq: alphatrader_model::Seq(901), index: 0 },
        action: Action::Synchronise,
        adds_risk: false,
        expires: None,
    });
    assert!(late.is_err());
}

#[test]
fn a_cancel_does_not_wait_behind_entries() {
    let gateway = Gateway::start();
    let mut settings = config(gateway.port);
    settings.messages_per_second = 10;
    let mut edge = Edge::start(settings);
    let ready = edge.await_picture(0);
    edge.perform(Action::Place(vec![limit(100)]));
    edge.await_broker(ready, "the order", |event| matches!(event, BrokerEvent::OpenOrder(_)));
    for id in 101..=115 {
        edge.perform(Action::Place(vec![limit(id)]));
    }
    edge.perform(Action::Cancel(OrderId(100)));
    placed(&gateway, 115);
    let requests = gateway.requests();
    let cancel = requests.iter().position(|request| matches!(request, Request::CancelOrder(_))).unwrap();
    let after = requests[cancel..].iter().filter(|request| matches!(request, Request::PlaceOrder(_))).count();
    assert!(after >= 10, "{after} of 15 entries left after the cancel");
}
