//! The broker's picture: what it holds, and when it is taken.

use alphatrader_exchange::wire::message::order::PlaceOrderRequest;
use alphatrader_exchange::wire::message::order_terms::Order;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::{Action, BrokerEvent, Money, OrderId, OrderKind, Price, SignedQuantity};

use crate::harness::{Edge, config, order};
use crate::scripted::{Gateway, execution, notice, option, reported};

fn foreign(id: i32, client: i32) -> (PlaceOrderRequest, String) {
    let order = Order {
        client_id: Some(client),
        action: Some("BUY".to_owned()),
        total_quantity: Some("1".to_owned()),
        order_type: Some("LMT".to_owned()),
        lmt_price: Some(2.0),
        tif: Some("DAY".to_owned()),
        ..Order::default()
    };
    let contract = Some(option("20261123", 601, "P"));
    (PlaceOrderRequest { order_id: Some(id), contract, order: Some(order) }, "Submitted".to_owned())
}

#[test]
fn it_holds_orders_executions_positions_and_the_account() {
    let gateway = Gateway::start();
    let reference = order(90, OrderKind::Market).reference;
    {
        let mut world = gateway.world();
        world.open.push(foreign(5, 3));
        world.positions.push(("DU1234567".to_owned(), option("20261123", 600, "C"), 2.0, 125.5));
        world.positions.push(("DU7654321".to_owned(), option("20261123", 601, "C"), 9.0, 1.0));
        world.executions.push(execution(90, 11, "0001.01.01", &reference.to_string()));
        world.executions.push(execution(5, 3, "0002.01.01", ""));
    }
    let mut edge = Edge::start(config(gateway.port));
    let end = edge.await_picture(0);
    let said = edge.brokers(0);
    let BrokerEvent::Connected { account, next_order_id, paper } = &said[0] else { panic!("{said:#?}") };
    assert_eq!((account.as_str(), *next_order_id, *paper), ("DU1234567", OrderId(100), true));
    assert_eq!(said.iter().filter(|event| **event == BrokerEvent::SyncBegin).count(), 1);

    let opens: Vec<_> = said
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::OpenOrder(open) => Some(open),
            _ => None,
        })
        .collect();
    assert_eq!(opens.len(), 1);
    assert_eq!(
        (opens[0].id, opens[0].reference),
        (OrderId(0), None),
        "another client's number says nothing here"
    );

    let executions: Vec<_> = said
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::Execution(execution) => Some((execution.order, execution.reference)),
            _ => None,
        })
        .collect();
    assert_eq!(executions, [(OrderId(90), Some(reference)), (OrderId(0), None)]);
    let commissions = said.iter().filter(|event| matches!(event, BrokerEvent::Commission { .. })).count();
    assert_eq!(commissions, 2);

    let positions: Vec<_> = said
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::Position { contract, quantity, cost } => {
                Some((contract.to_string(), *quantity, *cost))
            }
            _ => None,
        })
        .collect();
    let held = ("SPY261123C00600000".to_owned(), SignedQuantity::new(2), Some(Money::from_dollars(251)));
    assert_eq!(positions, [held]);
    let equity = said.iter().find_map(|event| match event {
        BrokerEvent::Account(account) => Some(account.equity),
        _ => None,
    });
    assert_eq!(equity, Some(Money::from_dollars(100_000)));
    assert_eq!(edge.brokers(end), [BrokerEvent::SyncEnd]);
}

#[test]
fn it_is_taken_again_when_a_request_stays_unanswered() {
    let gateway = Gateway::start();
    gateway.world().withheld_positions = 1;
    let mut settings = config(gateway.port);
    settings.request_deadline = std::time::Duration::from_millis(300);
    let mut edge = Edge::start(settings);
    edge.await_picture(0);
    let said = edge.brokers(0);
    let begun = said.iter().filter(|event| **event == BrokerEvent::SyncBegin).count();
    assert_eq!(begun, 2, "the first was never complete: {said:#?}");
    let told = said.iter().any(|event| {
        matches!(event, BrokerEvent::Notice { text, .. } if text.contains("positions: no answer in time"))
    });
    assert!(told, "{said:#?}");
}

#[test]
fn a_session_without_answers_is_given_up() {
    let gateway = Gateway::start();
    gateway.world().withheld_positions = 5;
    let mut settings = config(gateway.port);
    settings.request_deadline = std::time::Duration::from_millis(400);
    let mut edge = Edge::start(settings);
    let lost = edge.await_broker(0, "the end of the session", |event| {
        matches!(event, BrokerEvent::Disconnected { reason } if reason.contains("positions: no answer"))
    });
    edge.await_picture(lost);
}

#[test]
fn an_order_sent_meanwhile_is_part_of_it() {
    let gateway = Gateway::start();
    {
        let mut world = gateway.world();
        // Orders get no answer, so only what was sent can tell of them.
        world.orders = crate::scripted::Orders::Silent;
        world.withheld_positions = 1;
    }
    let mut edge = Edge::start(config(gateway.port));
    gateway.await_request(0, "positions", |request| match request {
        Request::Positions(_) => Some(()),
        _ => None,
    });
    edge.perform(Action::Place(vec![order(100, OrderKind::Limit { limit: Price::from_cents(125) })]));
    gateway.await_request(0, "the order", |request| match request {
        Request::PlaceOrder(_) => Some(()),
        _ => None,
    });
    gateway.say(&Reply::PositionEnd(alphatrader_exchange::wire::message::account::PositionEnd {}));
    let end = edge.await_picture(0);
    let said = edge.brokers(0);
    let listed = said.iter().any(|event| {
        matches!(event, BrokerEvent::OpenOrder(open)
            if open.id == OrderId(100) && open.state == BrokerOrderState::PendingSubmit)
    });
    assert!(listed, "{said:#?}");
    assert!(matches!(edge.brokers(end)[0], BrokerEvent::SyncEnd));
}

#[test]
fn it_is_taken_when_the_engine_asks_and_after_the_broker_was_lost() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    edge.perform(Action::Synchronise);
    let second = edge.await_picture(first + 1);
    assert_eq!(edge.brokers(first + 1)[0], BrokerEvent::SyncBegin);

    gateway.say(&notice(-1, 1_100, "Connectivity between IB and TWS has been lost."));
    let lost = edge.await_broker(second, "the loss", |e| matches!(e, BrokerEvent::Disconnected { .. }));
    edge.await_status("the loss in the status", |status| status.link == alphatrader_ibkr::Link::BrokerLost);
    // A fill while the broker was away comes with the picture, not before.
    gateway.world().executions.push(execution(100, 11, "0003.01.01", ""));
    gateway.say(&notice(-1, 1_102, "Connectivity between IB and TWS has been restored - data maintained."));
    edge.await_broker(lost, "the return", |e| matches!(e, BrokerEvent::Connected { .. }));
    edge.await_picture(lost);
    let said = edge.brokers(lost);
    let filled = said.iter().position(|event| matches!(event, BrokerEvent::Execution(_))).unwrap();
    let begin = said.iter().position(|event| *event == BrokerEvent::SyncBegin).unwrap();
    assert!(begin < filled);
    assert_eq!(edge.handle.status().counts.sessions, 1, "the connection stayed");
}

#[test]
fn an_execution_that_comes_while_it_is_taken_is_told_in_its_place() {
    let gateway = Gateway::start();
    gateway.world().withheld_positions = 1;
    let mut edge = Edge::start(config(gateway.port));
    gateway.await_request(0, "positions", |request| match request {
        Request::Positions(_) => Some(()),
        _ => None,
    });
    for reply in reported(Some(-1), &execution(100, 11, "0004.01.01", "")) {
        gateway.say(&reply);
    }
    gateway.say(&Reply::PositionEnd(alphatrader_exchange::wire::message::account::PositionEnd {}));
    let end = edge.await_picture(0);
    let filled = edge.await_broker(0, "the execution", |e| matches!(e, BrokerEvent::Execution(_)));
    assert!(filled < end);
}
