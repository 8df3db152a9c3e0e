//! Quotes, prints, books and options.

use std::collections::BTreeSet;

use alphatrader_exchange::wire::Reply;
use alphatrader_exchange::wire::Request;
use alphatrader_exchange::wire::message::market_data as md;
use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{BrokerEvent, Depth, DepthOperation, Payload, Price, Quantity, Side};

use crate::harness::{Edge, config};
use crate::scripted::{Gateway, notice, option, quote, spy};

fn is_gap(payload: &Payload, wanted: Stream) -> bool {
    matches!(payload, Payload::Gap(Gap { stream, .. }) if *stream == wanted)
}

#[test]
fn a_contract_is_announced_before_its_quotes_and_the_session_before_all() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let quoted = edge.await_from(
        0,
        "a quote with both sides",
        |payload| matches!(payload, Payload::Quote(quote) if quote.firm().is_some()),
    );
    let Payload::Quote(quote) = &edge.told[quoted].payload else { unreachable!() };
    let (bid, ask) = quote.firm().unwrap();
    assert_eq!((bid.price, ask.price), (Price::from_cents(59_999), Price::from_cents(60_001)));
    assert_eq!(bid.size, Quantity::new(300));
    let announced = edge.announced();
    assert_eq!(announced[0].contract.to_string(), "SPY");
    assert_eq!((announced[0].id, announced[0].con_id), (quote.instrument, Some(756_733)));
    assert_eq!(announced[0].tick, Price::CENT);
    assert!(
        matches!(edge.told[0].payload, Payload::Session(session) if session.date.to_string() == "2026-11-23")
    );
}

#[test]
fn prints_come_from_their_own_stream_without_an_aggressor() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let stream = gateway.await_request(0, "prints", |request| match request {
        Request::TickByTick(asked) => {
            assert_eq!(asked.tick_type.as_deref(), Some("AllLast"));
            asked.req_id
        }
        _ => None,
    });
    gateway.say(&Reply::TickByTick(Box::new(md::TickByTickData {
        req_id: Some(stream),
        tick_type: Some(2),
        historical_tick_last: Some(md::HistoricalTickLast {
            time: Some(edge.clock.now().seconds()),
            price: Some(600.005),
            size: Some("250".to_owned()),
            exchange: Some("ARCA".to_owned()),
            ..md::HistoricalTickLast::default()
        }),
        ..md::TickByTickData::default()
    })));
    let place = edge.await_from(0, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(trade) = edge.told[place].payload else { unreachable!() };
    assert_eq!((trade.price, trade.size), (Price::from_raw(6_000_050), Quantity::new(250)));
    assert_eq!((trade.aggressor, trade.venue.map(|v| v.to_string())), (None, Some("ARCA".to_owned())));
    assert_eq!(edge.told[place].ts_event.seconds(), edge.clock.now().seconds());
}

/// The book that edits by position leave.
fn built(edits: impl Iterator<Item = Depth>) -> [Vec<(Price, Quantity)>; 2] {
    let mut sides = [Vec::new(), Vec::new()];
    for edit in edits {
        let side = &mut sides[usize::from(edit.side == Side::Sell)];
        let place = usize::from(edit.position);
        match edit.operation {
            DepthOperation::Insert => side.insert(place, (edit.price, edit.size)),
            DepthOperation::Update => side[place] = (edit.price, edit.size),
            DepthOperation::Delete => {
                side.remove(place);
            }
        }
    }
    sides
}

#[test]
fn a_book_of_ten_rows_is_built_and_a_reset_is_a_gap() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let full = edge.await_from(
        0,
        "the last row",
        |payload| matches!(payload, Payload::Depth(edit) if edit.position == 9 && edit.side == Side::Sell),
    );
    let edits = edge.told[..=full].iter().filter_map(|input| match input.payload {
        Payload::Depth(edit) => Some(edit),
        _ => None,
    });
    let [bids, asks] = built(edits);
    assert_eq!((bids.len(), asks.len()), (10, 10));
    assert_eq!(bids[0], (Price::from_cents(59_999), Quantity::new(100)));
    assert_eq!(asks[9], (Price::from_cents(60_010), Quantity::new(1_000)));
    assert!(bids.is_sorted_by(|a, b| a.0 > b.0) && asks.is_sorted_by(|a, b| a.0 < b.0));

    let line = gateway.await_request(0, "a book", |request| match request {
        Request::MarketDepth(asked) => {
            assert_eq!((asked.num_rows, asked.is_smart_depth), (Some(10), Some(true)));
            asked.req_id
        }
        _ => None,
    });
    gateway.say(&notice(line, 317, "Market depth data has been RESET."));
    edge.await_from(full, "the reset", |payload| is_gap(payload, Stream::Depth));
}

#[test]
fn an_edit_that_cannot_be_applied_opens_the_book_anew() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let asked = |from| {
        gateway.await_request(from, "a book", |request| match request {
            Request::MarketDepth(asked) => asked.req_id,
            _ => None,
        })
    };
    let line = asked(0);
    edge.await_from(0, "a row", |payload| matches!(payload, Payload::Depth(_)));
    let before = gateway.requests().len();
    gateway.say(&Reply::MarketDepthL2(md::MarketDepthL2 {
        req_id: Some(line),
        market_depth_data: Some(md::MarketDepthData {
            position: Some(0),
            operation: Some(1),
            side: Some(1),
            price: Some(599.999_99),
            size: Some("5".to_owned()),
            ..md::MarketDepthData::default()
        }),
    }));
    edge.await_from(0, "the gap", |payload| is_gap(payload, Stream::Depth));
    assert_ne!(asked(before), line, "a fresh number for the fresh book");
}

#[test]
fn delayed_data_is_never_told() {
    let gateway = Gateway::start();
    gateway.world().data_type = 3;
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    edge.await_from(0, "the gap", |payload| is_gap(payload, Stream::Quotes));
    let status = edge.await_status("a word about it", |status| {
        status.streams.iter().any(|stream| !stream.live && stream.messages >= 3)
    });
    assert!(status.streams.iter().any(|s| s.problem.as_deref().is_some_and(|p| p.contains("delayed"))));
    gateway.world().data_type = 1;
    gateway.say(&Reply::MarketDataType(md::MarketDataType { req_id: Some(line), market_data_type: Some(1) }));
    edge.await_from(0, "a quote", |payload| matches!(payload, Payload::Quote(_)));
}

/// Strikes whose calls are followed by the requests so far: opened and not left.
fn followed(gateway: &Gateway) -> BTreeSet<i64> {
    let mut lines = std::collections::BTreeMap::new();
    for request in gateway.requests() {
        match request {
            Request::MarketData(asked) => {
                let contract = asked.contract.unwrap_or_default();
                if contract.right.as_deref() == Some("C") {
                    lines.insert(asked.req_id, contract.strike.unwrap_or(0.0) as i64);
                }
            }
            Request::CancelMarketData(left) => {
                lines.remove(&left.req_id);
            }
            _ => {}
        }
    }
    lines.into_values().collect()
}

#[test]
fn options_around_the_spot_are_followed_and_move_with_it() {
    let gateway = Gateway::start();
    let mut settings = config(gateway.port);
    settings.strikes_each_side = 3;
    settings.option_lines = 14;
    let mut edge = Edge::start(settings);
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let call = gateway.quote_line(0, &option("20261123", 603, "C"));
    for reply in quote(call, 1.24, 1.26) {
        gateway.say(&reply);
    }
    gateway.say(&Reply::TickSize(md::TickSize {
        req_id: Some(call),
        tick_type: Some(27),
        size: Some("1200".to_owned()),
    }));
    edge.await_from(
        0,
        "open interest",
        |payload| matches!(payload, Payload::Chain(row) if row.open_interest == Some(1_200)),
    );
    let id = edge.id("SPY261123C00603000");
    edge.await_from(0, "the option's quote", |payload| {
        matches!(payload, Payload::Quote(quote) if quote.instrument == id && quote.firm().is_some())
    });
    gateway.quote_line(0, &option("20261123", 603, "P"));
    edge.await_status("the whole window", |_| followed(&gateway) == (597..=603).collect());

    for reply in quote(line, 604.99, 605.01) {
        gateway.say(&reply);
    }
    gateway.quote_line(0, &option("20261123", 608, "P"));
    edge.await_status("the window to move", |_| followed(&gateway) == (602..=608).collect());
}

#[test]
fn an_option_that_is_held_is_followed_wherever_the_spot_is() {
    let gateway = Gateway::start();
    gateway.world().positions.push(("DU1234567".to_owned(), option("20261123", 640, "C"), 2.0, 125.5));
    let mut edge = Edge::start(config(gateway.port));
    edge.await_picture(0);
    gateway.quote_line(0, &option("20261123", 640, "C"));
}

#[test]
fn a_refused_stream_is_tried_again_and_says_why() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    let before = gateway.requests().len();
    gateway.say(&notice(line, 10_197, "No market data during competing live session"));
    let again = gateway.quote_line(before, &spy());
    assert_ne!(again, line);
    edge.await_status("the reason", |status| {
        status.last_error.as_deref().is_some_and(|text| text.contains("logged in elsewhere"))
    });
}

#[test]
fn while_the_gateway_has_lost_the_broker_nothing_of_the_market_is_told() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let ready = edge.await_picture(0);
    let line = gateway.quote_line(0, &spy());
    gateway.say(&notice(-1, 1_100, "Connectivity between IB and TWS has been lost."));
    edge.await_broker(ready, "the loss", |event| matches!(event, BrokerEvent::Disconnected { .. }));
    edge.await_from(ready, "the gap", |payload| is_gap(payload, Stream::Quotes));
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    gateway.say(&notice(-1, 1_102, "Connectivity between IB and TWS has been restored - data maintained."));
    // The broker goes on with changes: what it said meanwhile stands, and is told now, after the gap
    // that ends the silence.
    let quoted = edge.await_from(ready, "the quote", |payload| matches!(payload, Payload::Quote(_)));
    let gaps = edge.told[..quoted].iter().filter(|input| is_gap(&input.payload, Stream::Quotes));
    assert_eq!(gaps.count(), 2, "one where the silence begins, one where it ends");
}
