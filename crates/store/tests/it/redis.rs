//! Hot state in a real Redis server.

use std::cell::Cell;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use alphatrader_store::hot::{HotError, HotStore, RedisLimits, RedisServer, Write};

use crate::contract::{Subject, fulfils_the_contract};
use crate::redis_server::{Server, until};

/// Wall time really passes.
pub(crate) fn pass() -> Box<dyn Fn(Duration)> {
    Box::new(std::thread::sleep)
}

#[test]
fn redis_fulfils_the_contract() {
    let server = Server::start();
    let database = Cell::new(0);
    fulfils_the_contract(|| {
        let store = Box::new(server.connect(database.get()));
        database.set(database.get() + 1);
        Subject { store, pass: pass() }
    });
}

#[test]
fn expiries_are_the_servers_own() {
    let server = Server::start();
    let store = server.connect(0);
    store.set("market:SPY:book", "{}", Some(Duration::from_secs(1))).unwrap();
    store.set("risk:state", "{}", None).unwrap();
    let left: i64 = server.ask(&["PTTL", "market:SPY:book"]);
    assert!((1..=1_000).contains(&left), "{left}");
    assert_eq!(server.ask::<i64>(&["PTTL", "risk:state"]), -1);
    assert_eq!(server.ask::<String>(&["TYPE", "market:SPY:book"]), "string");
}

#[test]
fn connections_are_counted_and_bounded() {
    let server = Server::start();
    let bounded = server.limited(0, 2);
    let (first, second) = (bounded.connect("writing").unwrap(), bounded.connect("reading").unwrap());
    let third = bounded.connect("watching").unwrap_err();
    assert_eq!(third, HotError::Connections { purpose: "watching", most: 2 });
    drop(first);
    let third = bounded.connect("watching").unwrap();
    second.set("k", "v", None).unwrap();
    assert_eq!(third.get("k").unwrap().as_deref(), Some("v"));
    assert_eq!(bounded.connections(), 2);
    // An attempt that failed gives its place back.
    let nobody = RedisServer::new("redis://127.0.0.1:1", RedisLimits::default()).unwrap();
    assert!(nobody.connect("writing").is_err());
    assert_eq!(nobody.connections(), 0);
}

#[test]
fn what_keeps_it_from_connecting_is_said_without_the_password() {
    let server = Server::with(&["--requirepass", "right"]);
    let connect = |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}", server.port);
        RedisServer::new(&url, RedisLimits::default()).unwrap().connect("writing")
    };
    let none = connect("").unwrap_err();
    assert!(matches!(&none, HotError::Refused { code, .. } if code == "NOAUTH"), "{none}");
    let wrong = connect(":wr0ng@").unwrap_err().to_string();
    assert!(!wrong.contains("wr0ng") && wrong.contains("refuses"), "{wrong}");
    connect(":right@").unwrap().set("k", "v", None).unwrap();
}

#[test]
fn a_lost_connection_fails_at_once_and_comes_back() {
    let server = Server::start();
    let store = server.connect(0);
    store.set("k", "1", None).unwrap();
    assert_eq!((store.generation(), store.next_try()), (1, None));
    let port = server.kill();
    assert!(matches!(store.set("k", "2", None), Err(HotError::Unreachable(_))));
    assert!(store.next_try().is_some());
    let words = store.get("k").unwrap_err().to_string();
    assert!(words.contains(&port.to_string()), "{words}");
    let _server = Server::at(port, &[]).expect("the port is free again");
    until("the connection comes back", || store.set("k", "3", None).is_ok());
    assert_eq!(store.get("k").unwrap().as_deref(), Some("3"));
    assert_eq!(store.generation(), 2);
}

/// Some peers are no Redis server.
#[test]
fn a_peer_that_talks_nonsense_or_nothing_is_left() {
    for nonsense in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"$-7\r\n\xff\xfe", b"*1000000000\r\n", b""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = [0; 1_024];
            let _ = stream.read(&mut heard);
            let _ = stream.write_all(nonsense);
            // Says nothing more until the other side leaves.
            while stream.read(&mut heard).is_ok_and(|n| n > 0) {}
        });
        let server = RedisServer::new(&format!("redis://127.0.0.1:{port}"), RedisLimits::default()).unwrap();
        let error = server.connect("writing").unwrap_err();
        assert!(matches!(error, HotError::Unreachable(_)), "{nonsense:?}: {error:?}");
        drop(server);
        peer.join().unwrap();
    }
}

#[test]
fn a_refusal_is_told_in_our_words() {
    let server = Server::start();
    let store = server.connect(0);
    let () = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(store.set("k", "v", None), Err(HotError::ServerFull));
    let () = server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    let () = server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    assert_eq!(store.set("k", "v", None), Err(HotError::ReadOnly));
    let () = server.ask(&["REPLICAOF", "NO", "ONE"]);
    let () = server.ask(&["ACL", "SETUSER", "default", "-xadd"]);
    let append = Write::Append { key: "s".into(), value: "v".into(), cap: 1 };
    let set = Write::Set { key: "k".into(), value: "v".into(), expiry: None };
    let each = store.write_each(&[append, set]).unwrap();
    assert!(matches!(&each[0], Err(HotError::Refused { code, .. }) if code == "NOPERM"), "{each:?}");
    assert_eq!(each[1], Ok(()));
    assert_eq!(store.get("k").unwrap().as_deref(), Some("v"));
}
