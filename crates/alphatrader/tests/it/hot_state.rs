//! The hot state of a running system, in a real Redis server, as `redis-cli` would see it.

use serde_json::Value;

use crate::program::Running;
use crate::redis_server::{Server, until};

/// Every key of a symbol that has a source from the start, and its expiry in seconds.
const OF_SPY: [(&str, i64); 12] = [
    ("market:SPY:bars", 10),
    ("market:SPY:book", 1),
    ("market:SPY:imbalance", 10),
    ("market:SPY:last", 10),
    ("market:SPY:spread", 10),
    ("market:SPY:ticker", 10),
    ("market:SPY:timestamp", 10),
    ("market:SPY:trades", 1),
    ("metrics:SPY:features", 10),
    ("metrics:SPY:vpin", 10),
    ("options:SPY:chain", 10),
    ("options:SPY:greeks", 10),
];

fn value(server: &Server, key: &str) -> Value {
    let text: Option<String> = server.ask(&["GET", key]);
    text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

fn is_full(server: &Server) -> bool {
    OF_SPY.iter().all(|(key, _)| server.ask::<bool>(&["EXISTS", key]))
}

#[test]
fn a_running_system_is_seen_in_redis_and_survives_its_loss() {
    let server = Server::start();
    let _: String = server.ask(&["MSET", "orders:999999", "left behind"]);
    let folder = tempfile::tempdir().unwrap();
    let store = server.url(0);
    let mut system = Running::start(folder.path(), &["--seed", "3", "--speed", "5", "--store", &store]);
    until("every key of a symbol", || is_full(&server));
    for (key, seconds) in OF_SPY {
        // Half an expiry is the longest that it is not renewed; a loaded machine may be later.
        let left: i64 = server.ask(&["PTTL", key]);
        assert!(left <= seconds * 1_000 && left != -1, "{key}: {left}");
        until("it lives", || server.ask::<i64>(&["PTTL", key]) > 0);
    }
    until("a valid book with its exchanges", || {
        let book = value(&server, "market:SPY:book");
        book["state"] == "valid" && book["bids"][0]["venue"].is_string()
    });
    for key in ["discovered:parameters", "discovered:correlation"] {
        until(key, || value(&server, key)["unusable"] == "missing");
        assert_eq!(server.ask::<i64>(&["PTTL", key]), -1, "{key} stays until it is found anew");
    }
    until("heartbeats", || server.ask::<i64>(&["TTL", "module:heartbeat:ibkr_ingestion"]) > 0);
    until("a session with the broker", || value(&server, "ibkr:connected")["connected"] == true);
    assert!(!server.ask::<bool>(&["EXISTS", "orders:999999"]), "no order of this system");
    let port = server.kill();
    system.until("/api/v1/status", "a light for it", |status| {
        let feeds = status["feeds"].as_array().unwrap();
        feeds.iter().any(|feed| feed["name"] == "Redis" && feed["state"] == "warn")
    });
    let server = Server::at(port, &[]).expect("the port is free again");
    until("every key comes back", || is_full(&server));
    system.signal("-INT");
    assert_eq!(system.ended().code(), Some(0));
    assert_eq!(value(&server, "ibkr:connected")["connected"], false);
    assert!(!server.ask::<bool>(&["EXISTS", "market:SPY:book"]), "there is no market any more");
}
