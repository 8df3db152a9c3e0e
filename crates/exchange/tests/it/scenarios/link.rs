//! The link to the broker and the sockets.

use alphatrader_exchange::wire::Reply;

use super::{client, codes, market_data, play, refusals, settle, ticks, until_closed};
use crate::raw::{Raw, order, spy};

fn is_market(reply: &Reply) -> bool {
    matches!(reply, Reply::TickPrice(_) | Reply::TickSize(_) | Reply::TickByTick(_))
}

#[test]
fn nothing_happens_on_a_calm_day() {
    let handle = play("calm", 100.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    for _ in 0..50 {
        raw.until(|reply| matches!(reply, Reply::TickPrice(_)).then_some(()));
    }
    assert_eq!(codes(&raw), [2104, 2106, 2158]);
    handle.shutdown().unwrap();
}

#[test]
fn at_the_nightly_reset_the_socket_stays_and_data_come_back_by_themselves() {
    let handle = play("nightly-reset", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.send(&ticks(2));
    raw.until_error(1100);
    let lost = raw.seen.len();
    // The time is the gateway's own, and answered without the link.
    settle(&mut raw);
    raw.until_error(2119);
    raw.until_error(1102);
    assert!(!raw.seen[lost..].iter().any(is_market), "no data without the link");
    raw.until(|reply| matches!(reply, Reply::TickPrice(_)).then_some(()));
    raw.until(|reply| matches!(reply, Reply::TickByTick(_)).then_some(()));
    for code in [2103, 2105, 2157, 2103, 2104] {
        assert!(codes(&raw).contains(&code), "{code}");
    }
    handle.shutdown().unwrap();
}

#[test]
fn lost_subscriptions_stay_silent_until_they_are_asked_for_again() {
    let handle = play("data-lost", 60.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.until_error(1100);
    let lost = raw.seen.len();
    // An order that is placed meanwhile waits for the link.
    raw.place(1, &spy(), order("BUY", 1, "MKT", None, None));
    raw.until_error(1101);
    assert!(!raw.seen[lost..].iter().any(|reply| is_market(reply) || matches!(reply, Reply::OpenOrder(_))));
    raw.until_status(1, "Filled");
    let quiet = raw.seen.len();
    settle(&mut raw);
    assert!(!raw.seen[quiet..].iter().any(is_market));
    // The id is free again.
    raw.send(&market_data(1));
    raw.until(|reply| matches!(reply, Reply::TickPrice(_)).then_some(()));
    assert!(!codes(&raw).contains(&102));
    handle.shutdown().unwrap();
}

#[test]
fn farm_notices_end_nothing() {
    let handle = play("farm-flap", 100.0);
    let mut raw = client(&handle, 1);
    raw.send(&ticks(1));
    for _ in 0..5 {
        for code in [2103, 2107, 2157, 2104, 2106, 2158] {
            raw.until_error(code);
        }
        raw.until(|reply| matches!(reply, Reply::TickByTick(_)).then_some(()));
    }
    handle.shutdown().unwrap();
}

#[test]
fn at_the_daily_restart_the_old_id_is_refused_twice() {
    let handle = play("daily-restart", 60.0);
    let mut raw = client(&handle, 7);
    until_closed(&mut raw);
    assert!(refusals(&handle) > 0, "the port is closed for a while");
    for _ in 0..2 {
        let mut refused = Raw::start(handle.local_addr(), 7);
        refused.until_error(326);
        until_closed(&mut refused);
    }
    let mut raw = client(&handle, 7);
    settle(&mut raw);
    handle.shutdown().unwrap();
}

#[test]
fn a_changed_port_is_told_before_the_close() {
    let handle = play("port-change", 60.0);
    let mut raw = client(&handle, 1);
    raw.until_error(1300);
    until_closed(&mut raw);
    settle(&mut client(&handle, 1));
    handle.shutdown().unwrap();
}

#[test]
fn a_dead_socket_is_silent_and_a_new_one_works() {
    let handle = play("half-open", 60.0);
    let mut raw = client(&handle, 1);
    let mut other = client(&handle, 2);
    // Both die at the same moment, twenty seconds after the start. What is sent to the dead one is
    // not answered: its stream ends without another byte when the socket is given up.
    raw.send(&ticks(1));
    let start = settle(&mut raw);
    let mut last = start;
    while last - start < 19 {
        // The dead sockets are told nothing, so that the loop ends by the stream's end at the latest.
        raw.send(&alphatrader_exchange::wire::Request::CurrentTime(
            alphatrader_exchange::wire::message::session::CurrentTimeRequest {},
        ));
        match raw.reply() {
            Some(Reply::CurrentTime(time)) => last = time.current_time.unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    // A new connection with the same id works while the old socket is still open.
    until_closed(&mut other);
    let mut again = client(&handle, 1);
    settle(&mut again);
    until_closed(&mut raw);
    handle.shutdown().unwrap();
}
