//! Peers that are no clients, or bad ones: closed or answered, and nobody else notices.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use alphatrader_exchange::server::{Gateway, GatewayError, GatewayHandle};
use alphatrader_exchange::wire::message::market_data::{MarketDataRequest, TickByTickRequest};
use alphatrader_exchange::wire::message::session::{CurrentTimeRequest, IdsRequest};
use alphatrader_exchange::wire::{Reply, Request};

use crate::gateway::{config, start};
use crate::raw::{Raw, order, spy};

/// Reads until the gateway closes.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// A good client is served as if nothing had happened.
fn works(handle: &GatewayHandle, client_id: i32) {
    let mut raw = Raw::start(handle.local_addr(), client_id);
    raw.until_next_id();
    raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    raw.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
}

#[test]
fn what_is_no_client_is_closed() {
    let handle = start(config(None));
    let openings: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        b"API\0\x7F\xFF\xFF\xFFv213..226",
        b"API\0\x00\x00\x00\x04abcd",
        b"API\0\x00\x00\x00\x09v100..156",
        b"API\0\x00\x00\x00\x00",
    ];
    for opening in openings {
        let mut stream = TcpStream::connect(handle.local_addr()).unwrap();
        stream.write_all(opening).unwrap();
        assert!(is_closed(&mut stream), "{opening:?}");
    }
    assert_eq!(handle.metrics().refused, 6);
    works(&handle, 1);
    handle.shutdown().unwrap();
}

#[test]
fn giant_and_dwarf_frames_close_only_their_sender() {
    let handle = start(config(None));
    for frame in [&b"\x00\x10\x00\x00"[..], b"\xFF\xFF\xFF\xFF", b"\x00\x00\x00\x02ab"] {
        let mut raw = Raw::start(handle.local_addr(), 1);
        raw.until_next_id();
        raw.stream.write_all(frame).unwrap();
        assert!(is_closed(&mut raw.stream), "{frame:?}");
    }
    works(&handle, 1);
    handle.shutdown().unwrap();
}

#[test]
fn unreadable_unknown_and_untimely_messages_are_answered() {
    let handle = start(config(None));
    let mut early = Raw::connect(handle.local_addr());
    early.send(&Request::Ids(IdsRequest { num_ids: None }));
    assert_eq!(early.until_error(321).id, Some(-1));

    let mut raw = Raw::start(handle.local_addr(), 1);
    raw.until_next_id();
    // A broken payload, a message of the text dialect, one that is not served, one nobody knows.
    raw.stream.write_all(b"\x00\x00\x00\x06\x00\x00\x00\xC9\xFF\xFF").unwrap();
    assert_eq!(raw.until_error(320).id, Some(-1));
    raw.stream.write_all(b"\x00\x00\x00\x04\x00\x00\x00\x01").unwrap();
    raw.until_error(320);
    raw.stream.write_all(b"\x00\x00\x00\x07\x00\x00\x01\x33\x08\xA9\x46").unwrap();
    assert_eq!(raw.until_error(505).id, Some(9001));
    raw.stream.write_all(b"\x00\x00\x00\x04\x00\x00\xFF\xFF").unwrap();
    assert_eq!(raw.until_error(505).id, Some(-1));
    // Empty requests of every kind: an answer or silence, never the end of the session.
    for id in 200_u32..320 {
        let mut frame = 4_u32.to_be_bytes().to_vec();
        frame.extend(id.to_be_bytes());
        raw.stream.write_all(&frame).unwrap();
    }
    raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    raw.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
    handle.shutdown().unwrap();
}

#[test]
fn half_frames_and_slow_openings_end_in_time() {
    let mut config = config(None);
    config.handshake = Duration::from_millis(300);
    let handle = start(config);
    let mut half = TcpStream::connect(handle.local_addr()).unwrap();
    half.write_all(b"API\0\x00\x00").unwrap();
    assert!(is_closed(&mut half));
    assert_eq!(handle.metrics().silent, 1);
    // A frame that arrives byte by byte is a frame.
    let mut raw = Raw::start(handle.local_addr(), 1);
    raw.until_next_id();
    for byte in b"\x00\x00\x00\x04\x00\x00\x00\xF9" {
        raw.stream.write_all(&[*byte]).unwrap();
    }
    raw.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
    handle.shutdown().unwrap();
}

#[test]
fn a_client_that_does_not_read_is_closed_and_others_go_on() {
    let mut config = config(None);
    config.max_outgoing = 64 << 10;
    config.speed = 200.0;
    let handle = start(config);
    let mut deaf = Raw::start(handle.local_addr(), 1);
    deaf.until_next_id();
    for id in 0..3 {
        deaf.send(&Request::TickByTick(TickByTickRequest {
            req_id: Some(id),
            contract: Some(spy()),
            tick_type: Some("BidAsk".to_owned()),
            ..TickByTickRequest::default()
        }));
    }
    let mut good = Raw::start(handle.local_addr(), 2);
    good.until_next_id();
    while handle.metrics().slow == 0 {
        good.send(&Request::CurrentTime(CurrentTimeRequest {}));
        good.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
    }
    assert!(is_closed(&mut deaf.stream));
    works(&handle, 1);
    handle.shutdown().unwrap();
}

#[test]
fn too_many_clients_are_turned_away_and_places_come_free() {
    let mut config = config(None);
    config.max_connections = 2;
    let handle = start(config);
    let mut first = Raw::start(handle.local_addr(), 1);
    first.until_next_id();
    let mut second = Raw::start(handle.local_addr(), 2);
    second.until_next_id();
    let mut third = TcpStream::connect(handle.local_addr()).unwrap();
    assert!(is_closed(&mut third));
    assert_eq!(handle.metrics().turned_away, 1);
    drop(first);
    // The place is free when the gateway has noticed.
    loop {
        let mut stream = TcpStream::connect(handle.local_addr()).unwrap();
        stream.write_all(b"API\0\x00\x00\x00\x09v213..226").unwrap();
        let mut byte = [0];
        if stream.read(&mut byte).is_ok_and(|count| count == 1) {
            break;
        }
    }
    handle.shutdown().unwrap();
}

#[test]
fn a_taken_port_says_what_to_do() {
    let handle = start(config(None));
    let mut second = config(None);
    second.listen = handle.local_addr();
    let error = Gateway::start(second).expect_err("the port is taken");
    assert!(matches!(error, GatewayError::AddressInUse { .. }));
    assert!(error.to_string().contains("give this gateway another port"), "{error}");
    handle.shutdown().unwrap();
}

#[test]
fn limits_are_the_brokers_and_refusals_have_their_numbers() {
    let mut config = config(None);
    config.limits.lines = 1;
    let handle = start(config);
    let mut raw = Raw::start(handle.local_addr(), 1);
    raw.until_next_id();
    let ask = |id, list: &str| {
        Request::MarketData(MarketDataRequest {
            req_id: Some(id),
            contract: Some(spy()),
            generic_tick_list: Some(list.to_owned()),
            ..MarketDataRequest::default()
        })
    };
    raw.send(&ask(1, "233"));
    raw.send(&ask(1, "233"));
    assert_eq!(raw.until_error(102).id, Some(1));
    raw.send(&ask(2, "233"));
    assert_eq!(raw.until_error(101).id, Some(2));
    raw.send(&ask(3, "7"));
    assert_eq!(raw.until_error(321).id, Some(3));
    // Orders: a price off the ticks, an unknown kind, an id used twice, a stranger's account.
    raw.place(1, &spy(), order("BUY", 1, "LMT", Some(500.005), None));
    assert_eq!(raw.until_error(110).id, Some(1));
    raw.place(1, &spy(), order("BUY", 1, "REL", None, None));
    assert_eq!(raw.until_error(387).id, Some(1));
    raw.place(5, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    raw.until_status(5, "Submitted");
    raw.place(4, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    assert_eq!(raw.until_error(103).id, Some(4));
    raw.place(5, &spy(), order("SELL", 1, "LMT", Some(900.0), None));
    assert_eq!(raw.until_error(105).id, Some(5));
    let mut foreign = order("BUY", 1, "MKT", None, None);
    foreign.account = Some("U7654321".to_owned());
    raw.place(6, &spy(), foreign);
    assert_eq!(raw.until_error(321).id, Some(6));
    raw.cancel(5);
    assert_eq!(raw.until_error(202).id, Some(5));
    raw.cancel(5);
    assert_eq!(raw.until_error(10148).id, Some(5));
    handle.shutdown().unwrap();
}
