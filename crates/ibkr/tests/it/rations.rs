//! What the broker rations: market data lines, books, tick-by-tick streams.

use std::collections::BTreeSet;
use std::time::Duration;

use alphatrader_exchange::wire::Request;
use alphatrader_ibkr::{BookPlan, Feed, IbkrConfig, StreamState};
use alphatrader_model::Payload;
use alphatrader_model::market::{Stream, TradeFlags};

use crate::harness::{Edge, config, symbol};
use crate::scripted::{Gateway, stock};
use crate::streams::{volume_tick, whole_print};

fn four(port: u16) -> IbkrConfig {
    IbkrConfig { symbols: ["SPY", "QQQ", "IWM", "TSLA"].map(symbol).to_vec(), ..config(port) }
}

/// The number of the tick-by-tick stream of a stock, from request `from` on.
fn trade_stream(gateway: &Gateway, from: usize, name: &str) -> i32 {
    gateway.await_request(from, "prints", |request| match request {
        Request::TickByTick(asked) => {
            let same = asked.contract.as_ref()?.symbol.as_deref() == Some(name);
            same.then_some(asked.req_id?)
        }
        _ => None,
    })
}

#[test]
fn three_funds_get_everything_and_the_rest_a_snapshot_feed() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(four(gateway.port));
    for name in ["SPY", "QQQ", "IWM", "TSLA"] {
        gateway.quote_line(0, &stock(name).unwrap());
    }
    edge.await_status("three books and three streams of prints", |_| {
        let world = gateway.world();
        let names =
            |map: &std::collections::BTreeMap<i32, String>| map.values().cloned().collect::<BTreeSet<_>>();
        let funds = BTreeSet::from(["SPY", "QQQ", "IWM"].map(str::to_owned));
        names(&world.books) == funds && names(&world.trade_streams) == funds
    });
    let line = gateway.quote_line(0, &stock("TSLA").unwrap());
    gateway.say(&volume_tick(line, "410.25;100;1763910000123;7000;409.99123456;true"));
    let place = edge.await_from(0, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(print) = edge.told[place].payload else { unreachable!() };
    assert_eq!(print.instrument, edge.id("TSLA"));
    assert!(print.flags.contains(TradeFlags::SAMPLED), "marked as a snapshot feed");

    let status = edge.handle.status();
    assert_eq!(status.plan.symbols[3].feed, Feed::Snapshot);
    assert_eq!(status.plan.symbols[3].book, BookPlan::Never);
    assert!(status.plan.used <= status.plan.lines && status.lines_used <= status.plan.used, "{status:#?}");
    let quotes = |name: &str| {
        let wanted = name.parse().unwrap();
        status.streams.iter().find(|s| s.contract == wanted && s.stream == Stream::Quotes).unwrap().sampled
    };
    assert!(quotes("TSLA") && !quotes("SPY"));
}

#[test]
fn more_lines_than_the_account_has_are_never_in_use() {
    let gateway = Gateway::start();
    let settings = IbkrConfig { lines: 20, held_lines: 2, strikes_each_side: 10, ..four(gateway.port) };
    let mut edge = Edge::start(settings);
    let line = gateway.quote_line(0, &stock("SPY").unwrap());
    for reply in crate::scripted::quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let status = edge.await_status("options", |status| status.streams.len() > 12);
    // 4 quotes, 2 for what is held, 3 bars, and 11 for the options of three symbols: 3 each.
    assert_eq!(status.plan.symbols.iter().map(|s| s.option_lines).collect::<Vec<_>>(), [3, 3, 3, 0]);
    assert!(status.lines_used <= 20, "{}", status.lines_used);
}

#[test]
fn books_go_in_turn_and_the_waiting_one_is_invalid() {
    let gateway = Gateway::start();
    gateway.world().most_books = 2;
    let settings = IbkrConfig { books: 2, book_turn: Duration::from_millis(100), ..four(gateway.port) };
    let mut edge = Edge::start(settings);
    let mut seen = BTreeSet::new();
    edge.await_status("every book to have its turn", |_| {
        let world = gateway.world();
        assert!(world.books.len() <= 2);
        seen.extend(world.books.values().cloned());
        seen.len() == 3
    });
    let waits = |status: &alphatrader_ibkr::Status| {
        status.streams.iter().any(|s| {
            s.state == StreamState::Waiting
                && s.problem.as_deref().is_some_and(|p| p.contains("waits for its turn"))
        })
    };
    edge.await_status("a word about waiting", |status| waits(status));
    let spy = edge.id("SPY");
    edge.await_from(0, "the gap when a book leaves", |payload| {
        matches!(payload, Payload::Gap(gap) if gap.stream == Stream::Depth && gap.instrument == spy)
    });
    // The broker was never asked for more than it allows.
    assert_eq!(edge.handle.status().last_error, None);
}

#[test]
fn a_broker_that_allows_fewer_books_than_configured_is_believed() {
    let gateway = Gateway::start();
    gateway.world().most_books = 1;
    let settings = IbkrConfig { book_turn: Duration::from_millis(100), ..four(gateway.port) };
    let mut edge = Edge::start(settings);
    let mut seen = BTreeSet::new();
    edge.await_status("every book to have its turn", |_| {
        seen.extend(gateway.world().books.values().cloned());
        seen.len() == 3
    });
    let status = edge.handle.status();
    let said = status.last_error.unwrap();
    assert!(said.contains("no more order books can be followed at once"), "{said}");
}

#[test]
fn without_a_free_trade_stream_prints_come_from_the_quote_line() {
    let gateway = Gateway::start();
    gateway.world().most_trade_streams = 0;
    let mut edge = Edge::start(config(gateway.port));
    let refused = trade_stream(&gateway, 0, "SPY");
    let line = gateway.quote_line(0, &stock("SPY").unwrap());
    edge.await_from(
        0,
        "the gap between two feeds",
        |payload| matches!(payload, Payload::Gap(gap) if gap.stream == Stream::Trades),
    );
    gateway.say(&volume_tick(line, "600.01;300;1763910000123;7000;599.9;true"));
    let sampled = edge.await_from(0, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(print) = edge.told[sampled].payload else { unreachable!() };
    assert!(print.flags.contains(TradeFlags::SAMPLED));

    // One comes free: every print again, after a gap.
    gateway.world().most_trade_streams = 3;
    let before = gateway.requests().len();
    let stream = trade_stream(&gateway, before, "SPY");
    assert_ne!(stream, refused);
    gateway.say(&whole_print(stream, edge.clock.now().seconds(), 600.02));
    let whole = edge.await_from(sampled + 1, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(print) = edge.told[whole].payload else { unreachable!() };
    assert!(!print.flags.contains(TradeFlags::SAMPLED));
    let between = edge.told[sampled..whole]
        .iter()
        .any(|input| matches!(&input.payload, Payload::Gap(gap) if gap.stream == Stream::Trades));
    assert!(between, "the two feeds do not join");
    // The quote line is no longer listened to for prints.
    gateway.say(&volume_tick(line, "600.05;300;1763910000223;7300;599.9;true"));
    gateway.say(&whole_print(stream, edge.clock.now().seconds(), 600.03));
    let next = edge.await_from(whole + 1, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(print) = edge.told[next].payload else { unreachable!() };
    assert_eq!(print.price, alphatrader_model::Price::from_cents(60_003));
}
