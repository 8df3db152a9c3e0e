//! The ledger's thread.

use std::sync::mpsc;
use std::time::Duration;

use alphatrader_model::Seq;
use alphatrader_model::event::LedgerEvent;
use alphatrader_store::{AppendError, Ledger, LedgerWriter};

use crate::samples;

const SOON: Duration = Duration::from_mins(1);

#[test]
fn everything_that_came_meanwhile_shares_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (ledger, recovery) = Ledger::open(&path).unwrap();
    let (heard, events) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let writer = LedgerWriter::spawn(ledger, move |event| {
        heard.send(event).unwrap();
        // The thread stands here until the test lets it go on.
        let _ = gate.recv();
    });
    let first = Seq::first(recovery.incarnation);
    let step = |n: u64| samples::step(Seq(first.0 + n), vec![samples::account(n)]);
    writer.append(step(0)).unwrap();
    assert_eq!(events.recv_timeout(SOON).unwrap(), LedgerEvent::Committed { through: first });
    for n in 1..=500 {
        writer.append(step(n)).unwrap();
    }
    assert_eq!(writer.metrics().waiting, 501, "one is being answered for, the others wait");
    drop(go);
    assert_eq!(events.recv_timeout(SOON).unwrap(), LedgerEvent::Committed { through: Seq(first.0 + 500) });
    writer.shutdown(SOON).unwrap();
    let (ledger, _) = Ledger::open(&path).unwrap();
    assert_eq!(ledger.journal().unwrap().len(), 501);
}

#[test]
fn a_full_queue_gives_the_step_back() {
    let folder = tempfile::tempdir().unwrap();
    let (ledger, _) = Ledger::open(&folder.path().join("ledger.db")).unwrap();
    let (heard, events) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let writer = LedgerWriter::spawn(ledger, move |event| {
        let _ = heard.send(event);
        let _ = gate.recv();
    });
    let step = |n: u64| samples::step(Seq(Seq::first(1).0 + n), vec![]);
    writer.append(step(0)).unwrap();
    events.recv_timeout(SOON).unwrap();
    for n in 1..=LedgerWriter::QUEUE as u64 {
        writer.append(step(n)).unwrap();
    }
    let beyond = step(LedgerWriter::QUEUE as u64 + 1);
    assert_eq!(writer.append(beyond.clone()), Err(AppendError::Full(beyond)));
    // It stands still: a shutdown says what may be lost and does not wait for ever.
    let error = writer.shutdown(Duration::from_millis(10)).unwrap_err();
    assert_eq!(error.steps, LedgerWriter::QUEUE as u64 + 1);
    drop(go);
}

#[test]
fn a_step_out_of_order_halts_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (ledger, _) = Ledger::open(&path).unwrap();
    let (heard, events) = mpsc::channel();
    let writer = LedgerWriter::spawn(ledger, move |event| heard.send(event).unwrap());
    let step = |n: u64| samples::step(Seq(Seq::first(1).0 + n), vec![samples::account(n)]);
    writer.append(step(5)).unwrap();
    events.recv_timeout(SOON).unwrap();
    writer.append(step(4)).unwrap();
    let failed = events.recv_timeout(SOON).unwrap();
    assert!(
        matches!(&failed, LedgerEvent::Failed { reason } if reason.contains("please report")),
        "{failed:?}"
    );
    writer.shutdown(SOON).unwrap();
    assert_eq!(Ledger::open(&path).unwrap().0.journal().unwrap().len(), 2);
}
