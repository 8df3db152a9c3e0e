//! Orders and executions told twice, late, out of order, corrected, in parts, or not at all.

use std::collections::BTreeMap;

use alphatrader_exchange::wire::message::contract::ContractDataRequest;
use alphatrader_exchange::wire::message::execution::{Execution, ExecutionRequest};
use alphatrader_exchange::wire::message::order::{GlobalCancelRequest, OpenOrdersRequest};
use alphatrader_exchange::wire::message::session::IdsRequest;
use alphatrader_exchange::wire::{Reply, Request};

use super::{client, codes, play, settle};
use crate::raw::{Raw, order, spy};

fn buy(raw: &mut Raw, id: i32, quantity: u64) {
    raw.place(id, &spy(), order("BUY", quantity, "MKT", None, None));
}

fn execution(reply: &Reply) -> Option<Execution> {
    match reply {
        Reply::ExecutionDetails(details) => details.execution.clone(),
        _ => None,
    }
}

fn seen_executions(raw: &Raw) -> Vec<Execution> {
    raw.seen.iter().filter_map(execution).collect()
}

/// The executions of the day, asked for.
fn ask_executions(raw: &mut Raw) -> Vec<Execution> {
    raw.send(&Request::Executions(ExecutionRequest { req_id: Some(900), execution_filter: None }));
    let mut found = Vec::new();
    raw.until(|reply| match reply {
        Reply::ExecutionDetails(details) if details.req_id == Some(900) => {
            found.extend(details.execution.clone());
            None
        }
        Reply::ExecutionDetailsEnd(_) => Some(()),
        _ => None,
    });
    found
}

#[test]
fn what_is_told_again_is_the_same() {
    let handle = play("duplicates", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    for _ in 0..3 {
        raw.until(execution);
    }
    let told = seen_executions(&raw);
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    let commissions = raw.seen.iter().filter(|reply| matches!(reply, Reply::CommissionReport(_))).count();
    assert!(commissions >= 1);
    let filled = |reply: &&Reply| matches!(reply, Reply::OrderStatus(status) if status.status.as_deref() == Some("Filled"));
    assert!(raw.seen.iter().filter(filled).count() >= 2);
    assert_eq!(ask_executions(&mut raw).len(), 1);
    handle.shutdown().unwrap();
}

#[test]
fn an_execution_may_be_long_after_its_status() {
    let handle = play("late-executions", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    raw.until_status(1, "Filled");
    assert!(seen_executions(&raw).is_empty());
    // Asked for it is late, too, and never lost.
    let execution = raw.until(execution);
    let commission = raw.until(|reply| match reply {
        Reply::CommissionReport(report) => report.exec_id.clone(),
        _ => None,
    });
    assert_eq!(execution.exec_id, Some(commission));
    handle.shutdown().unwrap();
}

#[test]
fn an_execution_may_come_before_its_order() {
    let handle = play("execution-first", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    let execution = raw.until(execution);
    assert!(!raw.seen.iter().any(|reply| matches!(reply, Reply::OpenOrder(_) | Reply::OrderStatus(_))));
    let filled = raw.until_status(1, "Filled");
    assert_eq!(filled.perm_id, execution.perm_id);
    handle.shutdown().unwrap();
}

#[test]
fn a_correction_stands_in_the_place_of_its_execution() {
    let handle = play("corrections", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    let (first, second) = (raw.until(execution), raw.until(execution));
    let (id, corrected) = (first.exec_id.unwrap(), second.exec_id.unwrap());
    assert_eq!(id.rsplit_once('.').unwrap().0, corrected.rsplit_once('.').unwrap().0);
    assert!(corrected > id);
    assert!((second.price.unwrap() - first.price.unwrap() - 0.01).abs() < 1e-9);
    assert_eq!(second.shares, first.shares);
    let asked = ask_executions(&mut raw);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].exec_id.as_deref(), Some(corrected.as_str()));
    assert_eq!(asked[0].avg_price, second.price);
    handle.shutdown().unwrap();
}

#[test]
fn a_fill_in_parts_is_told_part_by_part() {
    let handle = play("partial-fills", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 20);
    raw.until_status(1, "Filled");
    let parts: Vec<_> =
        seen_executions(&raw).into_iter().map(|e| (e.shares.unwrap(), e.cum_qty.unwrap())).collect();
    let parts: Vec<_> =
        parts.iter().map(|(shares, cumulative)| (shares.as_str(), cumulative.as_str())).collect();
    assert_eq!(parts, [("7", "7"), ("7", "14"), ("6", "20")]);
    let remaining: Vec<_> = raw
        .seen
        .iter()
        .filter_map(|reply| match reply {
            Reply::OrderStatus(status) => status.remaining.clone(),
            _ => None,
        })
        .collect();
    assert!(remaining.ends_with(&["13".to_owned(), "6".to_owned(), "0".to_owned()]), "{remaining:?}");
    handle.shutdown().unwrap();
}

#[test]
fn a_rejected_order_says_why_and_is_inactive() {
    let handle = play("rejects", 20.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 1);
    let error = raw.until_error(201);
    assert_eq!(error.id, Some(1));
    assert_eq!(
        error.error_msg.as_deref(),
        Some("Order rejected - reason:The contract is not available for short sale.")
    );
    raw.until_status(1, "Inactive");
    buy(&mut raw, 2, 1);
    raw.until_status(2, "Filled");
    handle.shutdown().unwrap();
}

#[test]
fn the_broker_cancels_what_works() {
    let handle = play("cancelled-by-broker", 60.0);
    let mut raw = client(&handle, 1);
    raw.place(1, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    raw.until_status(1, "Submitted");
    assert_eq!(raw.until_error(201).id, Some(1));
    raw.until_status(1, "Cancelled");
    assert_eq!(raw.until_error(202).id, Some(1));
    handle.shutdown().unwrap();
}

#[test]
fn one_change_may_leave_two_live_orders() {
    let handle = play("double-modify", 20.0);
    let mut raw = client(&handle, 1);
    raw.place(1, &spy(), order("BUY", 5, "LMT", Some(400.0), None));
    raw.until_status(1, "Submitted");
    raw.place(1, &spy(), order("BUY", 5, "LMT", Some(401.0), None));
    raw.send(&Request::OpenOrders(OpenOrdersRequest {}));
    let mut live = BTreeMap::new();
    raw.until(|reply| match reply {
        Reply::OpenOrder(open) => {
            let terms = open.order.clone().unwrap();
            live.insert(terms.perm_id.unwrap(), (open.order_id, terms.lmt_price));
            None
        }
        Reply::OpenOrdersEnd(_) => Some(()),
        _ => None,
    });
    let live: Vec<_> = live.into_values().collect();
    assert_eq!(live, [(Some(1), Some(400.0)), (Some(1), Some(401.0))]);
    raw.send(&Request::GlobalCancel(GlobalCancelRequest { order_cancel: None }));
    raw.until_error(202);
    raw.until_error(202);
    // A second change is a change again.
    raw.place(2, &spy(), order("BUY", 5, "LMT", Some(400.0), None));
    let first = raw.until_status(2, "Submitted");
    raw.place(2, &spy(), order("BUY", 6, "LMT", Some(400.0), None));
    let second = raw.until(|reply| match reply {
        Reply::OrderStatus(status) if status.remaining.as_deref() == Some("6") => status.perm_id,
        _ => None,
    });
    assert_eq!(first.perm_id, Some(second));
    handle.shutdown().unwrap();
}

#[test]
fn a_number_that_was_used_is_refused_whoever_told_it() {
    let handle = play("id-reuse", 20.0);
    let mut raw = client(&handle, 1);
    raw.place(1, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    raw.until_status(1, "Submitted");
    raw.place(2, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    raw.until_status(2, "Submitted");
    raw.cancel(1);
    raw.until_status(1, "Cancelled");
    raw.send(&Request::Ids(IdsRequest { num_ids: Some(1) }));
    assert_eq!(raw.until_next_id(), 1);
    raw.place(1, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    assert_eq!(raw.until_error(103).id, Some(1));
    handle.shutdown().unwrap();
}

#[test]
fn a_request_may_never_be_answered_and_the_next_one_is() {
    let handle = play("missing-reply", 20.0);
    let mut raw = client(&handle, 1);
    let ask = |id| Request::ContractDetails(ContractDataRequest { req_id: Some(id), contract: Some(spy()) });
    raw.send(&ask(1));
    raw.send(&ask(2));
    let answered = raw.until(|reply| match reply {
        Reply::ContractDetails(details) => details.req_id,
        _ => None,
    });
    assert_eq!(answered, 2);
    // The first question for the time is lost as well.
    raw.send(&Request::CurrentTime(alphatrader_exchange::wire::message::session::CurrentTimeRequest {}));
    settle(&mut raw);
    let times = raw.seen.iter().filter(|reply| matches!(reply, Reply::CurrentTime(_))).count();
    assert_eq!(times, 1);
    handle.shutdown().unwrap();
}

#[test]
fn the_end_of_a_list_may_be_lost() {
    let handle = play("lost-ends", 20.0);
    let mut raw = client(&handle, 1);
    for _ in 0..4 {
        raw.send(&Request::OpenOrders(OpenOrdersRequest {}));
    }
    settle(&mut raw);
    let ends = raw.seen.iter().filter(|reply| matches!(reply, Reply::OpenOrdersEnd(_))).count();
    assert_eq!(ends, 1);
    handle.shutdown().unwrap();
}

#[test]
fn a_fill_while_nobody_listens_is_found_by_asking() {
    let handle = play("fill-in-outage", 20.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    super::until_closed(&mut raw);
    super::refusals(&handle);
    let mut raw = client(&handle, 1);
    settle(&mut raw);
    assert!(seen_executions(&raw).is_empty(), "nothing is told by itself");
    let found = ask_executions(&mut raw);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].shares.as_deref(), Some("100"));
    handle.shutdown().unwrap();
}

#[test]
fn a_fill_behind_a_lost_link_is_found_by_asking() {
    let handle = play("silent-fills", 60.0);
    let mut raw = client(&handle, 1);
    buy(&mut raw, 1, 100);
    raw.until_error(1102);
    settle(&mut raw);
    let told = seen_executions(&raw).len();
    assert_eq!(ask_executions(&mut raw).len(), 1);
    assert!(told <= 1);
    assert!(codes(&raw).contains(&1100));
    handle.shutdown().unwrap();
}
