//! Hot state here and its copy in a real Redis server.

use std::cell::Cell;
use std::time::Duration;

use alphatrader_store::hot::{Bounds, EntryId, HotError, HotStore, Mirror, RedisStore, Write};

use crate::contract::{Subject, fulfils_the_contract};
use crate::redis::pass;
use crate::redis_server::{Server, until};

/// Writes through a mirror, reads from the server what has arrived there.
struct Copied {
    mirror: Mirror,
    read: RedisStore,
}

impl Copied {
    fn new(server: &Server, database: u32) -> Self {
        let mirror = Mirror::start(Bounds::default(), server.connect(database)).unwrap();
        Self { mirror, read: server.connect(database) }
    }

    fn settled(&self) {
        until("all is sent", || self.mirror.metrics().pending == 0 && self.mirror.metrics().is_well());
        // What was taken from the queue last may still be on its way; the server answers in order.
        until("all is answered", || self.mirror.is_idle());
    }
}

impl HotStore for Copied {
    fn write(&self, batch: &[Write]) -> Result<(), HotError> {
        let written = self.mirror.write(batch);
        self.settled();
        written
    }
    fn get(&self, key: &str) -> Result<Option<String>, HotError> {
        self.read.get(key)
    }
    fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HotError> {
        assert_eq!(self.mirror.keys(prefix, most), self.read.keys(prefix, most));
        self.read.keys(prefix, most)
    }
    fn list(&self, key: &str, most: usize) -> Result<Vec<String>, HotError> {
        self.read.list(key, most)
    }
    fn stream(
        &self,
        key: &str,
        after: Option<&EntryId>,
        most: usize,
    ) -> Result<Vec<(EntryId, String)>, HotError> {
        self.read.stream(key, after, most)
    }
}

fn set(key: &str, value: &str, expiry: Option<u64>) -> Write {
    Write::Set { key: key.into(), value: value.into(), expiry: expiry.map(Duration::from_millis) }
}

fn push(key: &str, value: &str) -> Write {
    Write::Push { key: key.into(), value: value.into(), cap: 3 }
}

fn append(key: &str, value: &str) -> Write {
    Write::Append { key: key.into(), value: value.into(), cap: 3 }
}

#[test]
fn the_copy_fulfils_the_contract() {
    let server = Server::start();
    let database = Cell::new(0);
    fulfils_the_contract(|| {
        let store = Box::new(Copied::new(&server, database.get()));
        database.set(database.get() + 1);
        Subject { store, pass: pass() }
    });
}

#[test]
fn a_server_that_forgot_everything_gets_everything_anew() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    mirror.write(&[set("risk:state", "calm", None), set("market:SPY:book", "old", Some(60_000))]).unwrap();
    mirror.write(&[push("errors", "1"), push("errors", "2"), append("signals", "1")]).unwrap();
    until("all is sent", || mirror.is_idle());
    let port = server.kill();
    mirror.write(&[set("market:SPY:last", "1", Some(60_000)), append("signals", "2")]).unwrap();
    until("it says so", || !mirror.metrics().is_well());
    assert!(mirror.metrics().problem.unwrap().contains("trading goes on"));
    mirror.write(&[set("market:SPY:last", "2", Some(60_000)), push("errors", "3")]).unwrap();
    let server = Server::at(port, &[]).expect("the port is free again");
    until("it is written again", || mirror.is_idle() && mirror.metrics().is_well());
    until("what did not change came too", || {
        read.get("risk:state").is_ok_and(|value| value.as_deref() == Some("calm"))
    });
    until("all is sent", || mirror.is_idle());
    assert_eq!(read.get("market:SPY:book").unwrap().as_deref(), Some("old"));
    assert_eq!(read.get("market:SPY:last").unwrap().as_deref(), Some("2"));
    let left: i64 = server.ask(&["PTTL", "market:SPY:book"]);
    assert!((1..60_000).contains(&left), "the rest of its time, not a new one: {left}");
    assert!(read.list("errors", 9).unwrap().contains(&"3".to_string()));
    let stream = read.stream("signals", None, 9).unwrap();
    assert_eq!(stream.last().unwrap().1, "2");
    assert_eq!(mirror.metrics().resends, 1);
}

#[test]
fn a_server_that_kept_everything_keeps_its_stream() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    mirror.write(&[append("signals", "1"), push("errors", "1")]).unwrap();
    until("all is sent", || mirror.is_idle());
    let before = read.stream("signals", None, 9).unwrap();
    // Another client cuts every connection but its own.
    let _: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    mirror.write(&[append("signals", "2")]).unwrap();
    until("it is sent again", || mirror.metrics().resends == 1 && mirror.is_idle());
    until("it can be read", || read.get("none").is_ok());
    let after = read.stream("signals", None, 9).unwrap();
    assert_eq!(after[0], before[0], "the entry is the same, under its name");
    assert_eq!(after.last().unwrap().1, "2");
    assert_eq!(read.list("errors", 9).unwrap(), ["1"]);
}

#[test]
fn a_frozen_server_holds_nobody_up_and_gets_the_newest() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    mirror.write(&[set("k", "0", None)]).unwrap();
    until("all is sent", || mirror.is_idle());
    server.signal("STOP");
    for n in 1..=100 {
        mirror.write(&[set("k", &n.to_string(), None), push("list", &n.to_string())]).unwrap();
    }
    let metrics = mirror.metrics();
    assert!(metrics.pending >= 1 && metrics.conflated >= 150, "{metrics:?}");
    assert_eq!(mirror.get("k").unwrap().as_deref(), Some("100"));
    server.signal("CONT");
    until("the newest arrives", || read.get("k").is_ok_and(|value| value.as_deref() == Some("100")));
    until("all is sent", || mirror.is_idle());
    assert_eq!(read.list("list", 9).unwrap()[0], "100");
    assert_eq!(mirror.metrics().lost, 0);
}

#[test]
fn a_full_server_is_said_counted_and_asked_again() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    mirror.write(&[set("k", "1", None)]).unwrap();
    until("all is sent", || mirror.is_idle());
    let () = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    mirror.write(&[set("k", "2", None)]).unwrap();
    until("it says so", || mirror.metrics().problem.is_some_and(|text| text.contains("maxmemory")));
    assert_eq!(mirror.get("k").unwrap().as_deref(), Some("2"), "here it is known");
    assert_eq!(read.get("k").unwrap().as_deref(), Some("1"));
    until("it is asked again", || mirror.metrics().failures > 2);
    let () = server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    until("it is written again", || mirror.metrics().is_well() && mirror.is_idle());
    assert_eq!(read.get("k").unwrap().as_deref(), Some("2"));
}

#[test]
fn a_replica_is_said_and_one_foreign_key_harms_no_other() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    let () = server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    mirror.write(&[set("k", "1", None)]).unwrap();
    until("it says so", || mirror.metrics().problem.is_some_and(|text| text.contains("replica")));
    let () = server.ask(&["REPLICAOF", "NO", "ONE"]);
    until("it is written again", || mirror.metrics().is_well() && mirror.is_idle());
    let () = server.ask(&["SET", "errors", "somebody else's"]);
    mirror.write(&[push("errors", "1"), set("k", "2", None)]).unwrap();
    until("all is answered", || mirror.is_idle());
    assert_eq!(read.get("k").unwrap().as_deref(), Some("2"));
    let metrics = mirror.metrics();
    assert_eq!((metrics.refused, metrics.problem), (1, None));
}

#[test]
fn the_end_sends_what_waits() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    for n in 0..5_000 {
        mirror.write(&[set(&format!("k{n}"), "v", None)]).unwrap();
    }
    assert!(mirror.finish(Duration::from_secs(30)));
    assert_eq!(read.keys("k", 10_000).unwrap().len(), 5_000);
    server.signal("STOP");
    drop(mirror);
}

#[test]
fn what_an_earlier_process_left_is_removed() {
    let server = Server::start();
    let Copied { mirror, read } = Copied::new(&server, 0);
    let () = server.ask(&[
        "MSET",
        "orders:1",
        "old",
        "orders:2",
        "old",
        "positions:1",
        "old",
        "order",
        "not ours",
    ]);
    mirror.write(&[set("orders:2", "known", None), set("orders:open", "{}", None)]).unwrap();
    mirror.remove_strangers(&["orders:", "positions:"]);
    mirror.write(&[set("k", "1", None)]).unwrap();
    until("all is answered", || mirror.is_idle());
    assert_eq!(read.keys("", 9).unwrap(), ["k", "order", "orders:2", "orders:open"]);
    assert_eq!(read.get("orders:2").unwrap().as_deref(), Some("known"));
}

/// Values, removals, entries and cut connections in any order: in the end the server holds what is held
/// here. Entries may come twice, never in another order.
#[test]
fn whatever_happens_the_copy_becomes_equal() {
    let server = Server::start();
    for seed in 0..20_u64 {
        let database = (seed % 16) as u32;
        let _: String = server.ask(&["FLUSHALL"]);
        let Copied { mirror, read } = Copied::new(&server, database);
        let mut state = seed;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for n in 0..200 {
            let key = format!("k{}", draw(8));
            let write = match draw(10) {
                0..5 => set(&key, &n.to_string(), None),
                5 => Write::Remove { key },
                6 | 7 => append("stream", &n.to_string()),
                8 => push("list", &n.to_string()),
                _ => {
                    if draw(4) == 0 {
                        let _: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
                    }
                    set("last", &n.to_string(), None)
                }
            };
            mirror.write(&[write]).unwrap();
        }
        until("the copy is there", || {
            mirror.is_idle() && mirror.metrics().is_well() && read.get("none").is_ok()
        });
        let keys = mirror.keys("", 99).unwrap();
        assert_eq!(read.keys("", 99).unwrap(), keys, "seed {seed}");
        for key in keys.iter().filter(|key| !["list", "stream"].contains(&key.as_str())) {
            assert_eq!(read.get(key).unwrap(), mirror.get(key).unwrap(), "seed {seed}, {key}");
        }
        assert_eq!(read.list("list", 1).unwrap(), mirror.list("list", 1).unwrap(), "seed {seed}");
        let numbers: Vec<u64> =
            read.stream("stream", None, 9).unwrap().iter().map(|(_, n)| n.parse().unwrap()).collect();
        let ours = mirror.stream("stream", None, 9).unwrap();
        assert_eq!(numbers.last(), ours.last().map(|(_, n)| n.parse().unwrap()).as_ref(), "seed {seed}");
    }
}
