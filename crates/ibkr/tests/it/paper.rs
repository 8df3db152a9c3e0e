//! The edge and the paper gateway: a whole trading day's doings over real TCP.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_exchange::server::{Gateway, GatewayConfig, GatewayError, GatewayHandle};
use alphatrader_ibkr::{ClockSource, IbkrConfig, Status};
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::market::Stream;
use alphatrader_model::{
    Action, BrokerEvent, Contract, Depth, DepthOperation, OptionContract, OrderKind, OrderRequest, Payload,
    Price, Quantity, Side, SignedQuantity,
};

use crate::harness::{Edge, config, monday, order};

/// A gateway on a port, or on a free one. The listener of a gateway that was killed goes a moment after
/// it: until then the port is in use.
fn gateway(state: &tempfile::TempDir, port: u16) -> GatewayHandle {
    let config = GatewayConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        state_file: Some(state.path().join("paper.state")),
        ..GatewayConfig::default()
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match Gateway::start(config.clone()) {
            Err(GatewayError::AddressInUse { .. }) if Instant::now() < deadline => std::thread::yield_now(),
            started => return started.unwrap(),
        }
    }
}

fn simulated(port: u16) -> IbkrConfig {
    IbkrConfig {
        clock: ClockSource::Learn,
        synthetic: true,
        request_deadline: Duration::from_secs(10),
        heartbeat: Duration::from_secs(5),
        ..config(port)
    }
}

fn edge(port: u16) -> Edge {
    // Begins long before the gateway's day: only learning gets it there.
    let clock = Clock::simulated(monday() - alphatrader_model::Span::from_minutes(525_600), 1.0).unwrap();
    Edge::with_clock(simulated(port), clock)
}

/// A book as the engine would build it: edits by position, empty after a gap.
#[derive(Default)]
struct Book {
    sides: [Vec<(Price, Quantity)>; 2],
}

impl Book {
    fn take(&mut self, payload: &Payload) {
        match payload {
            Payload::Gap(gap) if gap.stream == Stream::Depth => *self = Self::default(),
            Payload::Depth(edit) => self.edit(edit),
            _ => {}
        }
    }

    fn edit(&mut self, edit: &Depth) {
        let side = &mut self.sides[usize::from(edit.side == Side::Sell)];
        let place = usize::from(edit.position);
        match edit.operation {
            DepthOperation::Insert => side.insert(place, (edit.price, edit.size)),
            DepthOperation::Update => side[place] = (edit.price, edit.size),
            DepthOperation::Delete => {
                side.remove(place);
            }
        }
        side.truncate(10);
    }

    fn is_whole(&self) -> bool {
        let [bids, asks] = &self.sides;
        bids.len() == 10 && asks.len() == 10 && bids[0].0 < asks[0].0
    }
}

/// Waits for a call that is quoted on both sides.
fn quoted_call(edge: &mut Edge) -> OptionContract {
    let mut calls = BTreeMap::new();
    let mut from = 0;
    loop {
        let place = edge.await_from(from, "an option's quote", |payload| {
            matches!(payload, Payload::Quote(quote) if quote.firm().is_some())
                || matches!(payload, Payload::Instrument(_))
        });
        match &edge.told[place].payload {
            Payload::Instrument(instrument) => {
                if let Contract::Option(option) = instrument.contract {
                    calls.insert(instrument.id, option);
                }
            }
            Payload::Quote(quote) => {
                if let Some(option) = calls.get(&quote.instrument) {
                    return *option;
                }
            }
            _ => unreachable!(),
        }
        from = place + 1;
    }
}

#[test]
fn a_market_moves_and_a_book_of_ten_rows_stands() {
    let state = tempfile::tempdir().unwrap();
    let gateway = gateway(&state, 0);
    let mut edge = edge(gateway.local_addr().port());
    let print = edge.await_from(0, "a print", |payload| matches!(payload, Payload::Trade(_)));
    assert!(edge.told[print].ts_recv >= GatewayConfig::first_open());
    let option = quoted_call(&mut edge);
    assert_eq!(option.expiry.to_string(), "2026-03-16", "today's expiry");
    edge.await_from(
        0,
        "a chain row",
        |payload| matches!(payload, Payload::Chain(row) if row.open_interest.is_some()),
    );
    // The book is whole at some point, and from then on each edit leaves it sorted.
    let mut book = Book::default();
    let mut next = 0;
    while !book.is_whole() {
        let place = edge
            .await_from(next, "an edit", |payload| matches!(payload, Payload::Depth(_) | Payload::Gap(_)));
        book.take(&edge.told[place].payload);
        next = place + 1;
    }
    let [bids, asks] = &book.sides;
    assert!(bids.is_sorted_by(|a, b| a.0 >= b.0), "{bids:?}");
    assert!(asks.is_sorted_by(|a, b| a.0 <= b.0), "{asks:?}");
    let announced = edge.announced();
    assert!(announced.iter().all(|instrument| instrument.synthetic));
    assert!(announced.iter().enumerate().all(|(place, instrument)| instrument.id.0 as usize == place));
    let status = edge.await_status("the connection", Status::is_connected);
    assert!(status.latency_us.is_some() && status.account.as_deref() == Some("DU0000001"), "{status:#?}");
    assert!(edge.shutdown());
}

fn bought(call: OptionContract, id: i32) -> OrderRequest {
    OrderRequest { contract: Contract::Option(call), ..order(id, OrderKind::Market) }
}

#[test]
fn an_order_fills_and_is_still_there_after_the_gateway_was_killed() {
    let state = tempfile::tempdir().unwrap();
    let first = gateway(&state, 0);
    let port = first.local_addr().port();
    let mut edge = edge(port);
    let ready = edge.await_picture(0);
    let BrokerEvent::Connected { next_order_id, paper: true, .. } = edge.brokers(0)[0] else {
        panic!("{:#?}", edge.brokers(0))
    };
    let call = quoted_call(&mut edge);
    let entry = bought(call, next_order_id.0);
    edge.perform(Action::Place(vec![entry]));
    edge.await_broker(ready, "the fill", |event| {
        matches!(event, BrokerEvent::OrderStatus { id, state: BrokerOrderState::Filled, .. } if *id == entry.id)
    });
    let filled = edge.await_broker(ready, "the execution", |e| matches!(e, BrokerEvent::Execution(_)));
    let BrokerEvent::Execution(execution) = edge.brokers(filled).remove(0) else { unreachable!() };
    assert_eq!((execution.order, execution.reference), (entry.id, Some(entry.reference)));
    assert_eq!((execution.contract, execution.side), (entry.contract, Side::Buy));
    edge.await_broker(ready, "its commission", |event| {
        matches!(event, BrokerEvent::Commission { exec_id, commission } if *exec_id == execution.exec_id && commission.micros() > 0)
    });

    first.kill().unwrap();
    let lost = edge.await_broker(filled, "the loss", |e| matches!(e, BrokerEvent::Disconnected { .. }));
    edge.await_from(
        filled,
        "a gap",
        |payload| matches!(payload, Payload::Gap(gap) if gap.stream == Stream::Trades),
    );
    let again = gateway(&state, port);
    let picture = edge.await_picture(lost);
    let said = edge.brokers(lost);
    let held = said.iter().any(|event| {
        matches!(event, BrokerEvent::Position { contract, quantity, cost: Some(_) }
            if *contract == entry.contract && *quantity == SignedQuantity::new(2))
    });
    assert!(held, "the position is in the picture: {said:#?}");
    let repeated: Vec<_> = said
        .iter()
        .filter_map(|event| match event {
            BrokerEvent::Execution(execution) => Some(execution.exec_id.as_str()),
            _ => None,
        })
        .collect();
    assert!(!repeated.is_empty() && repeated.iter().all(|id| *id == execution.exec_id), "{repeated:?}");
    edge.await_from(picture, "prints to go on", |payload| matches!(payload, Payload::Trade(_)));
    assert!(edge.shutdown());
    again.shutdown().unwrap();
}

#[test]
fn a_resting_order_is_changed_and_cancelled() {
    let state = tempfile::tempdir().unwrap();
    let gateway = gateway(&state, 0);
    let mut edge = edge(gateway.local_addr().port());
    let ready = edge.await_picture(0);
    let BrokerEvent::Connected { next_order_id, .. } = edge.brokers(0)[0] else { unreachable!() };
    let call = quoted_call(&mut edge);
    let cheap =
        OrderRequest { kind: OrderKind::Limit { limit: Price::CENT }, ..bought(call, next_order_id.0) };
    edge.perform(Action::Place(vec![cheap]));
    edge.await_broker(ready, "it to work", |event| {
        matches!(event, BrokerEvent::OrderStatus { state: BrokerOrderState::Submitted, .. })
    });
    let dearer = OrderKind::Limit { limit: Price::from_cents(2) };
    edge.perform(Action::Modify(OrderRequest { kind: dearer, ..cheap }));
    edge.await_broker(
        ready,
        "the change",
        |event| matches!(event, BrokerEvent::OpenOrder(open) if open.kind == dearer),
    );
    edge.perform(Action::Cancel(cheap.id));
    edge.await_broker(ready, "the end", |event| {
        matches!(event, BrokerEvent::OrderStatus { state: BrokerOrderState::Cancelled, .. })
    });
    assert!(!edge.brokers(0).iter().any(|event| matches!(event, BrokerEvent::Rejected { .. })));
}

#[test]
fn a_gateway_that_comes_later_is_found() {
    let state = tempfile::tempdir().unwrap();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut edge = edge(port);
    edge.await_status("a word about it", |status| status.text.contains("nothing listens on 127.0.0.1"));
    assert!(edge.told.is_empty(), "nothing is told before the clock is learned: {:?}", edge.told);
    let _gateway = gateway(&state, port);
    edge.await_picture(0);
    edge.await_from(0, "a quote", |payload| matches!(payload, Payload::Quote(_)));
}
