//! Message rates, limits of streams, and how bytes arrive.

use std::io::Read as _;

use alphatrader_exchange::wire::message::account::AccountSummaryRequest;
use alphatrader_exchange::wire::message::session::CurrentTimeRequest;
use alphatrader_exchange::wire::{Reply, Request};

use super::{client, codes, depth, market_data, play, settle, ticks};
use crate::raw::Raw;

fn flood(raw: &mut Raw, count: usize) {
    for _ in 0..count {
        raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    }
}

#[test]
fn too_many_messages_are_refused_and_then_the_socket_closes() {
    let handle = play("rate-breach", 1.0);
    let mut raw = client(&handle, 1);
    flood(&mut raw, 40);
    let error = raw.until_error(100);
    assert_eq!(error.id, Some(-1));
    assert!(
        error.error_msg.unwrap().starts_with("Max rate of messages per second has been exceeded:max=10 rec=")
    );
    // The next second with too many is the last. Each message has its answer, until there are none.
    while (0..15).all(|_| raw.try_send(&Request::CurrentTime(CurrentTimeRequest {})).is_some())
        && (0..15).all(|_| raw.reply().is_some())
    {}
    // Others are not kept out.
    client(&handle, 2);
    handle.shutdown().unwrap();
}

#[test]
fn a_paced_client_waits_for_its_turn() {
    let handle = play("rate-breach", 1.0);
    let mut raw = Raw::paced(handle.local_addr(), 1);
    raw.until_next_id();
    flood(&mut raw, 25);
    let mut answers = 0;
    while answers < 25 {
        raw.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
        answers += 1;
    }
    assert!(!codes(&raw).contains(&100));
    handle.shutdown().unwrap();
}

#[test]
fn what_an_account_may_have_at_once_is_bounded() {
    let handle = play("tight-limits", 20.0);
    let mut raw = client(&handle, 1);
    raw.send(&depth(1));
    raw.send(&depth(2));
    assert_eq!(raw.until_error(309).id, Some(2));
    raw.send(&ticks(3));
    // The same instrument again within fifteen seconds comes too soon, whoever asks.
    let mut other = client(&handle, 2);
    settle(&mut raw);
    other.send(&ticks(4));
    assert_eq!(other.until_error(10189).id, Some(4));
    for id in 10..20 {
        raw.send(&market_data(id));
    }
    raw.send(&market_data(20));
    assert_eq!(raw.until_error(101).id, Some(20));
    let summary = |id| {
        let tags = Some("NetLiquidation".to_owned());
        Request::AccountSummary(AccountSummaryRequest {
            req_id: Some(id),
            group: Some("All".to_owned()),
            tags,
        })
    };
    raw.send(&summary(30));
    raw.send(&summary(31));
    assert_eq!(raw.until_error(322).id, Some(31));
    handle.shutdown().unwrap();
}

#[test]
fn frames_may_arrive_byte_by_byte() {
    let handle = play("split-frames", 20.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    for _ in 0..5 {
        raw.until(|reply| matches!(reply, Reply::TickPrice(_)).then_some(()));
    }
    handle.shutdown().unwrap();
}

#[test]
fn frames_may_arrive_together() {
    let handle = play("joined-frames", 20.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.send(&ticks(2));
    raw.until(|reply| matches!(reply, Reply::TickByTick(_)).then_some(()));
    let mut bytes = vec![0; 1 << 16];
    let mut most = 0;
    for _ in 0..4 {
        most = most.max(raw.stream.read(&mut bytes).unwrap());
    }
    assert!(most > 500, "a quarter of a second of ticks is much: {most}");
    handle.shutdown().unwrap();
}

#[test]
fn a_slow_link_still_tells_everything() {
    let handle = play("slow-link", 20.0);
    let mut raw = client(&handle, 1);
    raw.send(&market_data(1));
    raw.until(|reply| matches!(reply, Reply::TickPrice(_)).then_some(()));
    settle(&mut raw);
    handle.shutdown().unwrap();
}

#[test]
fn on_a_bad_day_no_fill_is_lost() {
    let handle = play("bad-day", 200.0);
    let told = (0..12).filter(|round| buy_some(&handle, *round).is_some()).count();
    assert!(told > 0, "some fills were told");
    // Whatever was said or not: the account holds what its executions say.
    let executions = loop {
        if let Some(found) = holdings_and_executions(&handle) {
            break found;
        }
    };
    assert_eq!(executions.0, executions.1);
    handle.shutdown().unwrap();
}

/// Places an order in a session that may end at any moment; something when a fill was told.
fn buy_some(handle: &alphatrader_exchange::server::GatewayHandle, round: i32) -> Option<()> {
    let mut raw = Raw::try_start(handle.local_addr(), 1)?;
    let next = loop {
        if let Reply::NextValidId(next) = raw.reply()? {
            break next.order_id?;
        }
    };
    raw.try_place(next, 3 + u64::from(round.unsigned_abs()))?;
    loop {
        match raw.reply()? {
            Reply::ExecutionDetails(_) => return Some(()),
            // The account may be short of money by now.
            Reply::Error(error) if error.id == Some(next) => return None,
            _ => {}
        }
    }
}

/// Shares held and shares executed, asked in one session; nothing when it ended before the answer.
fn holdings_and_executions(handle: &alphatrader_exchange::server::GatewayHandle) -> Option<(i64, i64)> {
    use alphatrader_exchange::wire::message::account::PositionsRequest;
    use alphatrader_exchange::wire::message::execution::ExecutionRequest;
    let mut raw = Raw::try_start(handle.local_addr(), 1)?;
    raw.try_send(&Request::Executions(ExecutionRequest { req_id: Some(1), execution_filter: None }))?;
    raw.try_send(&Request::Positions(PositionsRequest {}))?;
    let (mut held, mut executed) = (0, std::collections::BTreeMap::new());
    let whole = |text: Option<&String>| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    loop {
        match raw.reply()? {
            Reply::ExecutionDetails(details) if details.req_id == Some(1) => {
                let execution = details.execution.clone()?;
                let id = execution.exec_id.clone()?;
                let base = id.rsplit_once('.')?.0.to_owned();
                executed.insert(base, whole(execution.shares.as_ref()));
            }
            Reply::Position(position) => held = whole(position.position.as_ref()),
            Reply::PositionEnd(_) => return Some((held, executed.values().sum())),
            _ => {}
        }
    }
}
