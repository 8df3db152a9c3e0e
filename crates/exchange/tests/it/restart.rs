//! What a gateway said, it knows again: after an orderly end, after a kill, in another process.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use alphatrader_exchange::broker::journal::StateError;
use alphatrader_exchange::server::{Gateway, GatewayError};
use alphatrader_exchange::wire::message::account::PositionsRequest;
use alphatrader_exchange::wire::message::execution::ExecutionRequest;
use alphatrader_exchange::wire::message::order::OpenOrdersRequest;
use alphatrader_exchange::wire::message::order_terms::Order;
use alphatrader_exchange::wire::message::session::CurrentTimeRequest;
use alphatrader_exchange::wire::{Reply, Request};

use crate::gateway::{config, start};
use crate::raw::{Raw, order, spy};

/// Buys 100 SPY at the market; the execution's id.
fn buy(raw: &mut Raw, order_id: i32) -> String {
    raw.place(order_id, &spy(), order("BUY", 100, "MKT", None, None));
    let execution = raw.until(|reply| match reply {
        Reply::ExecutionDetails(details) => details.execution.clone(),
        _ => None,
    });
    execution.exec_id.unwrap()
}

fn positions(raw: &mut Raw) -> Vec<(String, String)> {
    raw.send(&Request::Positions(PositionsRequest {}));
    let mut found = Vec::new();
    raw.until(|reply| match reply {
        Reply::Position(position) => {
            let symbol = position.contract.as_ref().and_then(|c| c.symbol.clone()).unwrap_or_default();
            found.push((symbol, position.position.clone().unwrap_or_default()));
            None
        }
        Reply::PositionEnd(_) => Some(()),
        _ => None,
    });
    // A change of a position is told beside the answer, too.
    found.dedup();
    found
}

fn executions(raw: &mut Raw) -> Vec<String> {
    raw.send(&Request::Executions(ExecutionRequest { req_id: Some(1), execution_filter: None }));
    let mut found = Vec::new();
    raw.until(|reply| match reply {
        Reply::ExecutionDetails(details) if details.req_id == Some(1) => {
            found.push(details.execution.as_ref().and_then(|e| e.exec_id.clone()).unwrap_or_default());
            None
        }
        Reply::ExecutionDetailsEnd(_) => Some(()),
        _ => None,
    });
    found
}

fn open_orders(raw: &mut Raw) -> Vec<(i32, i64)> {
    raw.send(&Request::OpenOrders(OpenOrdersRequest {}));
    let mut found = Vec::new();
    raw.until(|reply| match reply {
        Reply::OpenOrder(open) => {
            let terms = open.order.clone().unwrap_or_default();
            found.push((open.order_id.unwrap_or_default(), terms.perm_id.unwrap_or_default()));
            None
        }
        Reply::OpenOrdersEnd(_) => Some(()),
        _ => None,
    });
    // Working orders are also told at the start, and with each change.
    found.sort_unstable();
    found.dedup();
    found
}

fn time(raw: &mut Raw) -> i64 {
    raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    raw.until(|reply| match reply {
        Reply::CurrentTime(time) => time.current_time,
        _ => None,
    })
}

/// Positions, executions, orders and ids are what the first life said; the market goes on.
fn check_second_life(raw: &mut Raw, exec_id: &str, orders: &[(i32, i64)], told: i64) {
    assert_eq!(raw.until_next_id(), 3);
    assert_eq!(positions(raw), [("SPY".to_owned(), "100".to_owned())]);
    assert_eq!(executions(raw), [exec_id.to_owned()]);
    assert_eq!(open_orders(raw), orders);
    let now = time(raw);
    assert!(now >= told && now < told + 3_600, "{told} {now}");
    // The order that worked before works on: it can be cancelled, and a new id is taken.
    raw.cancel(2);
    raw.until_status(2, "Cancelled");
    let second = buy(raw, 3);
    assert_ne!(second, exec_id);
    assert_eq!(positions(raw), [("SPY".to_owned(), "200".to_owned())]);
}

fn first_life(raw: &mut Raw) -> (String, Vec<(i32, i64)>, i64) {
    assert_eq!(raw.until_next_id(), 1);
    let exec_id = buy(raw, 1);
    raw.until_status(1, "Filled");
    raw.place(2, &spy(), order("BUY", 5, "LMT", Some(400.0), None));
    raw.until_status(2, "Submitted");
    (exec_id, open_orders(raw).into_iter().filter(|(id, _)| *id == 2).collect(), time(raw))
}

#[test]
fn an_orderly_end_and_a_kill_lose_nothing() {
    for orderly in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.state");
        let handle = start(config(Some(&path)));
        let mut raw = Raw::start(handle.local_addr(), 4);
        let (exec_id, orders, told) = first_life(&mut raw);
        if orderly {
            handle.shutdown().unwrap();
        } else {
            handle.kill().unwrap();
        }
        while raw.reply().is_some() {}

        let handle = start(config(Some(&path)));
        let mut raw = Raw::start(handle.local_addr(), 4);
        check_second_life(&mut raw, &exec_id, &orders, told);
        handle.shutdown().unwrap();
    }
}

/// The exits of a bracket whose entry has filled are armed; a kill must not disarm them.
#[test]
fn the_exits_of_a_filled_bracket_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.state");
    let handle = start(config(Some(&path)));
    let mut raw = Raw::start(handle.local_addr(), 4);
    let child = |kind: &str, limit: Option<f64>, trigger: Option<f64>, last: bool| Order {
        parent_id: Some(1),
        transmit: Some(last),
        oca_group: Some("exits".into()),
        oca_type: Some(2),
        ..order("SELL", 10, kind, limit, trigger)
    };
    raw.place(1, &spy(), Order { transmit: Some(false), ..order("BUY", 10, "MKT", None, None) });
    raw.place(2, &spy(), child("LMT", Some(900.0), None, false));
    raw.place(3, &spy(), child("STP", None, Some(300.0), true));
    raw.until_status(1, "Filled");
    raw.until_status(2, "Submitted");
    let exits = |raw: &mut Raw| {
        open_orders(raw).into_iter().map(|(id, _)| id).filter(|id| *id > 1).collect::<Vec<_>>()
    };
    assert_eq!(exits(&mut raw), [2, 3]);
    handle.kill().unwrap();
    while raw.reply().is_some() {}

    let handle = start(config(Some(&path)));
    let mut raw = Raw::start(handle.local_addr(), 4);
    assert_eq!(exits(&mut raw), [2, 3]);
    // It is the same stop: it can be cancelled, and nothing was sold meanwhile.
    raw.cancel(3);
    raw.until_status(3, "Cancelled");
    assert_eq!(positions(&mut raw), [("SPY".to_owned(), "10".to_owned())]);
    handle.shutdown().unwrap();
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn process_to_be_killed() {
    let Ok(path) = std::env::var("ALPHATRADER_TEST_STATE") else { return };
    let handle = start(config(Some(Path::new(&path))));
    println!("listening on {}", handle.local_addr());
    loop {
        std::thread::park();
    }
}

#[test]
fn a_process_killed_by_the_system_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.state");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["restart::process_to_be_killed", "--exact", "--nocapture"])
        .env("ALPHATRADER_TEST_STATE", &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let address: SocketAddr = lines
        .find_map(|line| {
            line.unwrap().split_once("listening on ").map(|(_, address)| address.parse().unwrap())
        })
        .expect("the child says where it listens");
    let mut raw = Raw::start(address, 4);
    let (exec_id, orders, told) = first_life(&mut raw);
    // SIGKILL on Unix.
    child.kill().unwrap();
    child.wait().unwrap();

    let handle = start(config(Some(&path)));
    let mut raw = Raw::start(handle.local_addr(), 4);
    check_second_life(&mut raw, &exec_id, &orders, told);
    handle.shutdown().unwrap();
}

#[test]
fn a_state_file_has_one_gateway_and_must_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.state");
    let handle = start(config(Some(&path)));
    let second = Gateway::start(config(Some(&path))).expect_err("the file is in use");
    assert!(matches!(second, GatewayError::State(StateError::InUse { .. })), "{second}");
    handle.shutdown().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damaged = Gateway::start(config(Some(&path))).expect_err("the file is damaged");
    assert!(damaged.to_string().contains("is damaged at byte 8"), "{damaged}");
}
