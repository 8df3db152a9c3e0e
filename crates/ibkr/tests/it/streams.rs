//! Streams: bars, halts, totals, prints of options; silence, delayed data, a competing session.

use std::time::Duration;

use alphatrader_exchange::wire::message::market_data as md;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_ibkr::{IbkrConfig, StreamState};
use alphatrader_model::market::{Stream, TradingState};
use alphatrader_model::{Payload, Price, Quantity, Span, Timestamp};

use crate::harness::{Edge, config};
use crate::scripted::{Gateway, notice, option, quote, spy};

/// A volume tick of a quote line.
pub(crate) fn volume_tick(line: i32, text: &str) -> Reply {
    Reply::TickString(md::TickString {
        req_id: Some(line),
        tick_type: Some(48),
        value: Some(text.to_owned()),
    })
}

/// A print of a tick-by-tick stream.
pub(crate) fn whole_print(stream: i32, second: i64, price: f64) -> Reply {
    Reply::TickByTick(Box::new(md::TickByTickData {
        req_id: Some(stream),
        tick_type: Some(2),
        historical_tick_last: Some(md::HistoricalTickLast {
            time: Some(second),
            price: Some(price),
            size: Some("100".to_owned()),
            exchange: Some("ARCA".to_owned()),
            ..md::HistoricalTickLast::default()
        }),
        ..md::TickByTickData::default()
    }))
}

fn halted(line: i32, value: f64) -> Reply {
    Reply::TickGeneric(md::TickGeneric { req_id: Some(line), tick_type: Some(49), value: Some(value) })
}

fn is_gap(payload: &Payload, wanted: Stream) -> bool {
    matches!(payload, Payload::Gap(gap) if gap.stream == wanted)
}

#[test]
fn a_bar_is_told_with_its_end() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let stream = gateway.await_request(0, "bars", |request| match request {
        Request::RealTimeBars(asked) => {
            assert_eq!(asked.what_to_show.as_deref(), Some("TRADES"));
            asked.req_id
        }
        _ => None,
    });
    let start = edge.clock.now().seconds() - 5;
    gateway.say(&Reply::RealTimeBar(md::RealTimeBarTick {
        req_id: Some(stream),
        time: Some(start),
        open: Some(600.0),
        high: Some(600.1),
        low: Some(599.9),
        close: Some(600.05),
        volume: Some("1200".to_owned()),
        ..md::RealTimeBarTick::default()
    }));
    let place = edge.await_from(0, "a bar", |payload| matches!(payload, Payload::Bar(_)));
    let Payload::Bar(bar) = edge.told[place].payload else { unreachable!() };
    assert_eq!(edge.told[place].ts_event, Timestamp::from_seconds(start + 5));
    assert_eq!((bar.span, bar.close), (Span::from_millis(5_000), Price::from_cents(60_005)));
    assert_eq!(bar.volume, Quantity::new(1_200));
    let lag = edge.handle.status().streams.iter().find(|s| s.stream == Stream::Bars).and_then(|s| s.lag_ms);
    assert!(lag.is_some());
}

#[test]
fn a_halt_is_told_and_takes_the_quote_away() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let firm = |payload: &Payload| matches!(payload, Payload::Quote(quote) if quote.firm().is_some());
    let quoted = edge.await_from(0, "a quote", firm);
    gateway.say(&halted(line, 1.0));
    let stopped = edge.await_from(
        quoted,
        "the halt",
        |payload| matches!(payload, Payload::Status(status) if status.state == TradingState::Halted),
    );
    edge.await_from(stopped, "the gap", |payload| is_gap(payload, Stream::Quotes));
    for reply in quote(line, 580.0, 620.0) {
        gateway.say(&reply);
    }
    gateway.say(&halted(line, 0.0));
    let goes_on = edge.await_from(
        stopped,
        "trading",
        |payload| matches!(payload, Payload::Status(status) if status.state == TradingState::Trading),
    );
    assert!(!edge.told[stopped..goes_on].iter().any(|input| matches!(input.payload, Payload::Quote(_))));
    edge.await_from(goes_on, "a quote", firm);
}

#[test]
fn the_day_as_the_feed_counts_it_is_told() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    gateway.say(&volume_tick(line, ";0;1763910000123;67854;701.46918464;false"));
    let place = edge.await_from(0, "the totals", |payload| matches!(payload, Payload::Totals(_)));
    let Payload::Totals(totals) = edge.told[place].payload else { unreachable!() };
    assert_eq!((totals.volume, totals.vwap), (Some(Quantity::new(67_854)), Some(Price::from_raw(7_014_692))));
}

#[test]
fn prints_of_options_come_from_their_quote_line() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let call = gateway.quote_line(0, &option("20261123", 601, "C"));
    let asked = gateway.requests().into_iter().find_map(|request| match request {
        Request::MarketData(asked) if asked.req_id == Some(call) => asked.generic_tick_list,
        _ => None,
    });
    assert_eq!(asked.as_deref(), Some("100,101,233"));
    gateway.say(&volume_tick(call, "1.25;7;1763910000123;900;1.2;false"));
    let place = edge.await_from(0, "a print", |payload| matches!(payload, Payload::Trade(_)));
    let Payload::Trade(print) = edge.told[place].payload else { unreachable!() };
    assert_eq!((print.price, print.size), (Price::from_cents(125), Quantity::new(7)));
    assert_eq!(print.instrument, edge.id("SPY261123C00601000"));
}

#[test]
fn a_stream_that_falls_silent_is_opened_anew_each_time_after_a_longer_wait() {
    let gateway = Gateway::start();
    let settings = IbkrConfig { stale_after: Duration::from_millis(200), ..config(gateway.port) };
    let mut edge = Edge::start(settings);
    let line = gateway.quote_line(0, &spy());
    edge.await_from(0, "the gap", |payload| is_gap(payload, Stream::Quotes));
    let before = gateway.requests().len();
    assert_ne!(gateway.quote_line(before, &spy()), line);
    let status = edge.await_status("the counts", |status| {
        status.streams.iter().any(|s| s.stream == Stream::Quotes && s.restarts >= 1 && s.gaps >= 1)
    });
    assert!(status.counts.silences >= 1);
    assert!(status.last_error.unwrap().contains("although the market is open"));
    // Also the book and the bars: whatever is silent.
    edge.await_from(0, "the book's gap", |payload| is_gap(payload, Stream::Depth));
    edge.await_from(0, "the bars' gap", |payload| is_gap(payload, Stream::Bars));
    assert_eq!(edge.handle.status().counts.sessions, 1, "the connection stays");
}

#[test]
fn outside_the_session_silence_is_no_fault() {
    let gateway = Gateway::start();
    let settings = IbkrConfig { stale_after: Duration::from_millis(50), ..config(gateway.port) };
    let night = alphatrader_edge::Clock::simulated("2026-11-23T03:00:00Z".parse().unwrap(), 1.0).unwrap();
    let mut edge = Edge::with_clock(settings, night);
    gateway.quote_line(0, &spy());
    // Several times the patience: seen by what the heartbeat asks meanwhile.
    let beats = || gateway.requests().iter().filter(|r| matches!(r, Request::CurrentTimeInMillis(_))).count();
    let begun = beats();
    edge.await_status("three heartbeats", |_| beats() >= begun + 3);
    assert_eq!(edge.handle.status().counts.silences, 0);
}

#[test]
fn a_halted_stock_may_be_silent() {
    let gateway = Gateway::start();
    let settings = IbkrConfig { stale_after: Duration::from_millis(100), ..config(gateway.port) };
    let mut edge = Edge::start(settings);
    let line = gateway.quote_line(0, &spy());
    gateway.say(&halted(line, 1.0));
    edge.await_from(0, "the halt", |payload| matches!(payload, Payload::Status(_)));
    let before = gateway.requests().len();
    let beats = || gateway.requests().iter().filter(|r| matches!(r, Request::CurrentTimeInMillis(_))).count();
    let begun = beats();
    edge.await_status("three heartbeats", |_| beats() >= begun + 3);
    let again = gateway.requests()[before..].iter().any(|request| {
        matches!(request, Request::MarketData(asked) if asked.contract.as_ref().and_then(|c| c.con_id) == spy().con_id)
    });
    assert!(!again, "its quotes were not asked for again");
}

#[test]
fn ticks_of_delayed_data_are_not_used_whatever_the_feed_calls_itself() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let firm = |payload: &Payload| matches!(payload, Payload::Quote(quote) if quote.firm().is_some());
    let quoted = edge.await_from(0, "a live quote", firm);
    gateway.say(&notice(
        line,
        10_167,
        "Requested market data is not subscribed. Displaying delayed market data.",
    ));
    for (tick_type, price) in [(66, 599.0), (67, 599.5), (68, 599.2)] {
        gateway.say(&Reply::TickPrice(md::TickPrice {
            req_id: Some(line),
            tick_type: Some(tick_type),
            price: Some(price),
            size: Some("300".to_owned()),
            attr_mask: Some(0),
        }));
    }
    edge.await_from(quoted, "the gap", |payload| is_gap(payload, Stream::Quotes));
    gateway.say(&volume_tick(line, "600.01;300;1763910000123;7000;599.9;true"));
    let status = edge.await_status("the mark", |status| {
        status.streams.iter().any(|s| s.state == StreamState::NotLive && s.messages >= 4)
            && status.counts.not_live >= 1
    });
    assert!(status.streams.iter().any(|s| s.problem.as_deref().is_some_and(|p| p.contains("delayed"))));
    let fed = edge.told[quoted + 1..]
        .iter()
        .any(|input| matches!(input.payload, Payload::Quote(_) | Payload::Trade(_)));
    assert!(!fed, "nothing of it reaches the engine");
}

#[test]
fn a_competing_session_takes_the_quotes_away_until_it_ends() {
    let gateway = Gateway::start();
    let mut edge = Edge::start(config(gateway.port));
    let line = gateway.quote_line(0, &spy());
    for reply in quote(line, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let quoted = edge.await_from(0, "a quote", |payload| matches!(payload, Payload::Quote(_)));
    let before = gateway.requests().len();
    gateway.say(&notice(line, 10_197, "No market data during competing live session"));
    edge.await_from(quoted, "the gap that stops entries", |payload| is_gap(payload, Stream::Quotes));
    edge.await_status("the reason, in words", |status| {
        status.streams.iter().any(|s| {
            s.state == StreamState::Broken
                && s.problem.as_deref().is_some_and(|problem| problem.contains("logged in elsewhere"))
        })
    });
    let again = gateway.quote_line(before, &spy());
    for reply in quote(again, 599.99, 600.01) {
        gateway.say(&reply);
    }
    let place = edge.told.len();
    edge.await_from(place, "quotes again", |payload| matches!(payload, Payload::Quote(_)));
    edge.await_status("no more words", |status| {
        status
            .streams
            .iter()
            .any(|s| s.stream == Stream::Quotes && s.state == StreamState::Live && s.problem.is_none())
    });
}
