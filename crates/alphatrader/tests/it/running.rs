//! The whole system as a process: served, stopped, killed, started again.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use alphatrader_exchange::server::{Gateway, GatewayConfig};
use serde_json::Value;

use crate::program::{Running, output, text};

#[test]
fn it_serves_and_ends_in_order_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let mut system = Running::start(folder.path(), &["--seed", "3"]);
        // It answers from the moment it said that it is ready.
        let status = system.get("/api/v1/status");
        assert_eq!(status["mode"]["market"], "synthetic");
        system.until("/api/v1/status", "reconciliation", |s| s["reconciled_at"].is_string());
        system.until("/api/v1/features/SPY", "a moving market", |f| f["touch_imbalance"].is_number());
        system.until("/api/v1/book/SPY", "a book of ten rows", |b| {
            b["bids"].as_array().is_some_and(|b| b.len() == 10)
        });
        system.signal(signal);
        assert_eq!(system.ended().code(), Some(0), "{signal}");
    }
}

#[test]
fn two_cannot_share_one_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Running::start(folder.path(), &[]);
    let state = folder.path().to_str().unwrap();
    let second = output(&["run", "--no-browser", "--port", "0", "--gateway-port", "0", "--state-dir", state]);
    assert_eq!(second.status.code(), Some(1));
    let stderr = text(&second.stderr);
    assert!(stderr.contains("ledger.sqlite"), "{stderr}");
}

/// Contract and quantity of each position, and number, role and quantity of each working order.
fn held(system: &Running) -> (Vec<Value>, Vec<Value>) {
    let pick = |answer: Value, fields: &[&str]| -> Vec<Value> {
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|item| fields.iter().map(|f| item[*f].clone()).collect()).collect()
    };
    let positions =
        pick(system.get("/api/v1/positions"), &["contract", "quantity", "entry_price", "opened_at"]);
    (positions, pick(system.get("/api/v1/orders"), &["id", "role", "quantity", "limit_price", "stop_price"]))
}

/// What is held once it has stayed the same for a second of wall time.
fn at_rest(system: &Running) -> (Vec<Value>, Vec<Value>) {
    let (mut last, mut since) = (held(system), Instant::now());
    let until = Instant::now() + Duration::from_mins(1);
    while since.elapsed() < Duration::from_secs(1) {
        let next = held(system);
        if next != last {
            (last, since) = (next, Instant::now());
        }
        assert!(Instant::now() < until, "it never comes to rest");
    }
    last
}

#[test]
fn a_kill_loses_nothing_and_sends_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let calm = folder.path().join("calm.yaml");
    // The same rule, quicker to act, and with a target far enough away to be held for a while.
    std::fs::write(
        &calm,
        "trading:\n  gates: {cool_down_seconds: 30}\n  strategies:\n    zero_dte: {min_imbalance: 0.0, target: 3.0, stop_loss: 0.9}\n  execution: {commit_timeout_ms: 10000}\n",
    )
    .unwrap();
    let state = folder.path().join("state");
    let more = ["--seed", "7", "--speed", "40", "--config", calm.to_str().unwrap()];
    let mut first = Running::start(&state, &more);
    first.until("/api/v1/positions", "a position", |p| !p["items"].as_array().unwrap().is_empty());
    first.until("/api/v1/orders", "its stop and target alone", |o| {
        let roles: Vec<&str> =
            o["items"].as_array().unwrap().iter().map(|o| o["role"].as_str().unwrap()).collect();
        roles == ["target", "stop"]
    });
    // Stop and target are priced anew from the actual fill; what is compared is what came to rest.
    let before = at_rest(&first);
    first.signal("-KILL");
    assert!(first.ended().code().is_none());

    let second = Running::start(&state, &more);
    second.until("/api/v1/status", "reconciliation", |s| s["reconciled_at"].is_string());
    assert_eq!(held(&second), before);
    let signals = second.get("/api/v1/signals");
    let states: Vec<&str> = signals["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|s| s["state"]["state"].as_str().or(s["state"].as_str()))
        .collect();
    assert!(!states.is_empty(), "the day's signals are on the screen again: {signals}");
    let risk = second.get("/api/v1/risk");
    assert_eq!(risk["level"], "none", "{risk}");
}

#[test]
fn a_halt_from_outside_stops_entries_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut system = Running::start(folder.path(), &[]);
    let host = system.address().to_string();
    let body = r#"{"reason":"a test asks"}"#;
    let mut stream = TcpStream::connect(&host).unwrap();
    write!(
        stream,
        "POST /api/v1/commands/halt HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nX-AT: 1\r\n\
         Idempotency-Key: one\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    system.until("/api/v1/risk", "the halt", |r| r["level"] == "halt");
    system.signal("-TERM");
    assert_eq!(system.ended().code(), Some(0));
    let again = Running::start(folder.path(), &[]);
    let risk = again.until("/api/v1/risk", "the halt from before", |r| r["level"] == "halt");
    assert!(risk["reason"].as_str().unwrap().contains("a test asks"), "{risk}");
}

#[test]
fn a_broker_that_is_absent_then_there_then_lost_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = |port: u16, file: &str| {
        Gateway::start(GatewayConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            state_file: Some(folder.path().join(file)),
            ..GatewayConfig::default()
        })
        .unwrap()
    };
    // A port that was free a moment ago.
    let first = gateway(0, "probe");
    let port = first.local_addr().port();
    first.shutdown().unwrap();

    let config = folder.path().join("config.yaml");
    std::fs::write(&config, format!("paper: {{enabled: false}}\nbroker: {{port: {port}}}\n")).unwrap();
    let state = folder.path().join("state");
    let mut system = Running::start(&state, &["--config", config.to_str().unwrap()]);
    let feed = |s: &Value| {
        (s["feeds"][0]["state"].clone(), s["feeds"][0]["text"].as_str().unwrap_or_default().to_string())
    };
    system.until("/api/v1/status", "words about nobody listening", |s| {
        let (state, text) = feed(s);
        state == "warn" && text.contains(&port.to_string())
    });
    let there = gateway(port, "account");
    system.until("/api/v1/status", "a connection", |s| feed(s).0 == "ok" && s["reconciled_at"].is_string());
    there.kill().unwrap();
    system.until("/api/v1/status", "the loss", |s| feed(s).0 != "ok" && s["reconciled_at"].is_null());
    assert_eq!(system.get("/api/v1/risk")["level"], "none");
    let _back = gateway(port, "account");
    system.until("/api/v1/status", "the broker back and compared", |s| s["reconciled_at"].is_string());
    system.signal("-INT");
    assert_eq!(system.ended().code(), Some(0));
}
