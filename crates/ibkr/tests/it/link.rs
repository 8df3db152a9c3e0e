//! Connections: refused, lost, dead, come back.

use alphatrader_edge::Clock;
use alphatrader_exchange::wire::message::market_data as md;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_ibkr::{ClockSource, Link};
use alphatrader_model::market::Stream;
use alphatrader_model::{Action, BrokerEvent, OrderKind, Payload, Span};

use crate::harness::{Edge, config, monday, order};
use crate::scripted::{Gateway, execution, notice, quote, spy};

#[test]
fn nobody_there_says_what_to_do_and_somebody_later_is_found() {
    let mut gateway = Gateway::start();
    gateway.kill();
    let mut edge = Edge::start(config(gateway.port));
    let status = edge.await_status("a word about it", |status| status.text.contains("nothing listens"));
    assert_eq!(status.link, Link::Connecting);
    let place = format!("nothing listens on 127.0.0.1:{}: is TWS or IB Gateway running", gateway.port);
    assert!(status.text.starts_with(&place), "{}", status.text);
    edge.perform(Action::Place(vec![order(100, OrderKind::Market)]));
    edge.await_broker(0, "a word about the order", |event| {
        matches!(event, BrokerEvent::Notice { text, .. } if text.contains("order 100") && text.contains("not sent"))
    });
    gateway.listen();
    edge.await_picture(0);
    let status = edge.await_status("the connection", alphatrader_ibkr::Status::is_connected);
    assert!(status.text.contains("connected to paper account DU1234567"), "{}", status.text);
    assert!(!gateway.requests().iter().any(|request| matches!(request, Request::PlaceOrder(_))));
}

#[test]
fn a_lost_connection_is_told_and_everything_is_asked_for_again() {
    let mut gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    edge.await_from(0, "a quote", |payload| matches!(payload, Payload::Quote(_)));
    edge.await_from(0, "a row", |payload| matches!(payload, Payload::Depth(_)));
    gateway.kill();
    let lost = edge.await_broker(first, "the loss", |e| matches!(e, BrokerEvent::Disconnected { .. }));
    let mut gaps = Vec::new();
    for stream in [Stream::Quotes, Stream::Depth] {
        let place = edge.await_from(
            first,
            "a gap",
            |payload| matches!(payload, Payload::Gap(gap) if gap.stream == stream),
        );
        gaps.push(place);
    }
    // A fill during the outage: nobody tells of it unless asked.
    gateway.world().executions.push(execution(100, 11, "0001.01.01", ""));
    let before = gateway.requests().len();
    gateway.listen();
    let again = edge.await_picture(lost);
    let said = edge.brokers(lost);
    assert!(said.iter().any(|event| matches!(event, BrokerEvent::Connected { .. })));
    assert!(said.iter().any(|event| matches!(event, BrokerEvent::Execution(_))));
    let client = gateway.await_request(before, "a session", |request| match request {
        Request::StartApi(start) => start.client_id,
        _ => None,
    });
    assert_eq!(client, 11, "always the same client id");
    let line = gateway.quote_line(before, &spy());
    for reply in quote(line, 600.99, 601.01) {
        gateway.say(&reply);
    }
    edge.await_from(again, "a fresh quote", |payload| {
        matches!(payload, Payload::Quote(quote) if quote.bid.is_some_and(|bid| bid.price.raw() == 6_009_900))
    });
    for asked in ["prints", "book"] {
        gateway.await_request(before, asked, |request| match (asked, request) {
            ("prints", Request::TickByTick(_)) | ("book", Request::MarketDepth(_)) => Some(()),
            _ => None,
        });
    }
    assert_eq!(edge.announced().iter().filter(|i| i.contract.to_string() == "SPY").count(), 1);
}

#[test]
fn a_connection_that_is_dead_without_a_word_is_found_and_replaced() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    gateway.world().dead = true;
    let lost = edge.await_broker(
        first,
        "the loss",
        |event| matches!(event, BrokerEvent::Disconnected { reason } if reason.contains("did not answer")),
    );
    gateway.world().dead = false;
    edge.await_picture(lost);
    let status = edge.await_status("the time", |status| status.latency_us.is_some());
    assert!(status.is_connected());
}

#[test]
fn a_live_account_is_not_traded() {
    let gateway = Gateway::start();
    gateway.world().accounts = "U7654321".to_owned();
    let mut edge = Edge::start(config(gateway.port));
    let status = edge.await_status("the refusal", |status| status.link == Link::Refused);
    assert!(status.text.contains("U7654321 is a live account"), "{}", status.text);
    edge.perform(Action::Place(vec![order(100, OrderKind::Market)]));
    edge.await_broker(0, "a word about the order", |e| matches!(e, BrokerEvent::Notice { .. }));
    assert!(!edge.brokers(0).iter().any(|event| matches!(event, BrokerEvent::Connected { .. })));
    // The person logs in to the paper account.
    gateway.world().accounts = "DU1234567".to_owned();
    edge.await_picture(0);
}

#[test]
fn a_client_id_in_use_is_tried_again_with_the_same_one() {
    let gateway = Gateway::start();
    gateway.world().in_use = true;
    let mut edge = Edge::start(config(gateway.port));
    edge.await_status("a word about it", |status| {
        status.text.contains("another program is connected") && status.text.contains("client id 11")
    });
    gateway.world().in_use = false;
    edge.await_picture(0);
    let ids: Vec<_> = gateway
        .requests()
        .iter()
        .filter_map(|request| match request {
            Request::StartApi(start) => start.client_id,
            _ => None,
        })
        .collect();
    assert!(ids.len() >= 2 && ids.iter().all(|id| *id == 11), "{ids:?}");
}

#[test]
fn the_gateways_clock_is_learned_before_anything_is_told() {
    let gateway = Gateway::start();
    let simulated = "2026-03-16T13:30:00Z".parse().unwrap();
    gateway.world().clock = Clock::simulated(simulated, 20.0).unwrap();
    let mut settings = config(gateway.port);
    settings.clock = ClockSource::Learn;
    let mut edge =
        Edge::with_clock(settings, Clock::simulated(monday() - Span::from_minutes(525_600), 1.0).unwrap());
    edge.await_picture(0);
    assert_eq!(edge.clock.speed(), 20.0);
    let theirs = gateway.world().clock.clone();
    // A fifth of a wall second at this speed.
    let now = Clock::instant();
    let apart = edge.clock.at(now).since(theirs.at(now));
    assert!(apart.as_seconds().abs() < 4.0, "{apart:?}");
    assert!(edge.told.iter().all(|input| input.ts_recv >= simulated), "{:#?}", edge.told[0]);
    let session = edge.await_from(0, "the session", |payload| matches!(payload, Payload::Session(_)));
    let Payload::Session(session) = edge.told[session].payload else { unreachable!() };
    assert_eq!(session.date.to_string(), "2026-03-16");

    // The other side jumps to the next day: the clock follows, and so does the session.
    gateway.world().clock = Clock::simulated(simulated + Span::from_minutes(1_440), 20.0).unwrap();
    edge.await_from(
        0,
        "the next session",
        |payload| matches!(payload, Payload::Session(session) if session.date.to_string() == "2026-03-17"),
    );
}

#[test]
fn after_the_broker_lost_the_subscriptions_they_are_opened_anew() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    let line = gateway.quote_line(0, &spy());
    let before = gateway.requests().len();
    gateway.say(&notice(-1, 1_101, "Connectivity between IB and TWS has been restored - data lost."));
    edge.await_picture(first + 1);
    assert_ne!(gateway.quote_line(before, &spy()), line);
    gateway.await_request(before, "a fresh book", |request| match request {
        Request::MarketDepth(_) => Some(()),
        _ => None,
    });
    assert_eq!(edge.handle.status().counts.sessions, 1, "the connection stayed");
}

#[test]
fn farm_notices_do_not_end_a_session() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    for code in [2_103, 2_105, 2_157, 2_104] {
        gateway.say(&notice(-1, code, "farm"));
    }
    edge.await_broker(first, "the last of them", |e| matches!(e, BrokerEvent::Notice { code: 2_104, .. }));
    let line = gateway.quote_line(0, &spy());
    gateway.say(&Reply::TickPrice(md::TickPrice {
        req_id: Some(line),
        tick_type: Some(1),
        price: Some(599.0),
        size: Some("1".to_owned()),
        attr_mask: None,
    }));
    edge.await_from(0, "a quote", |payload| matches!(payload, Payload::Quote(_)));
    assert_eq!(edge.handle.status().counts.sessions, 1);
}

#[test]
fn garbage_ends_the_session_and_the_next_is_whole() {
    let mut gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let first = edge.await_picture(0);
    // A length beyond what the protocol allows.
    gateway.say_bytes(&[0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
    let lost = edge.await_broker(first, "the loss", |e| matches!(e, BrokerEvent::Disconnected { .. }));
    edge.await_picture(lost);
    gateway.kill();
}
