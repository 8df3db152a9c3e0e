//! Kill -9 at any moment: what was acknowledged is there, whole steps only, and the file is sound.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{Money, OrderState, Record, Seq, SignalState};
use alphatrader_store::{Ledger, LedgerWriter, Recorded, Step};

use crate::samples;

const LEDGER: &str = "ALPHATRADER_TEST_CRASH_LEDGER";
const RECORDS: usize = 3;

fn step(seq: Seq) -> Step {
    let n = (seq.0 % 64) as u8;
    samples::step(
        seq,
        vec![
            samples::signal(n, SignalState::Open),
            samples::order(i32::from(n) * 3, OrderState::Filled),
            samples::fill(n, i32::from(n) * 3, Some(Money::from_micros(seq.0.cast_signed() & 0xFFFF))),
        ],
    )
}

/// The process that gets killed: this test again, told by its environment to write until then.
/// Run by hand it has no ledger to write and is done.
#[test]
fn child_that_is_killed() {
    let Ok(path) = std::env::var(LEDGER) else { return };
    let (ledger, recovery) = Ledger::open(Path::new(&path)).unwrap();
    let (heard, committed) = mpsc::channel();
    let writer = LedgerWriter::spawn(ledger, move |event| match event {
        LedgerEvent::Committed { through } => {
            println!("committed {}", through.0);
            heard.send(through).unwrap();
        }
        LedgerEvent::Failed { reason } => println!("failed {reason}"),
    });
    let mut seq = Seq::first(recovery.incarnation);
    let mut durable = seq;
    loop {
        writer.append(step(seq)).unwrap();
        // A few steps ahead of the disk, as the engine is.
        while seq.0 - durable.0 > 16 {
            durable = committed.recv().unwrap();
        }
        seq = seq.next();
    }
}

fn spawn(ledger: &Path) -> Child {
    Command::new(std::env::current_exe().expect("a test knows its own file"))
        .args(["--exact", "crash::child_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(LEDGER, ledger)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a test can start itself")
}

#[test]
fn everything_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut before = 0;
    for round in 1..=8_u32 {
        let mut child = spawn(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Each round dies after another number of acknowledgements, in the middle of the next ones.
        let wanted = (round * 7) % 23 + 1;
        let mut acknowledged = None;
        let mut heard = 0;
        while heard < wanted {
            let line = lines.next().expect("the child writes until it is killed").unwrap();
            if let Some(seq) = line.strip_prefix("committed ") {
                acknowledged = Some(seq.parse::<u64>().unwrap());
                heard += 1;
            }
            assert!(!line.starts_with("failed"), "{line}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before the kill took effect counts too.
        for line in lines.map_while(Result::ok) {
            if let Some(seq) = line.strip_prefix("committed ") {
                acknowledged = Some(seq.parse::<u64>().unwrap());
            }
        }
        let (mut ledger, recovery) = Ledger::open(&path).unwrap();
        assert_eq!(recovery.incarnation, 2 * round, "each start has its own number");
        let journal = ledger.journal().unwrap();
        let child = Seq::first(2 * round - 1);
        let written: Vec<_> = journal.iter().filter(|r| r.seq.incarnation() == 2 * round - 1).collect();
        let acknowledged = acknowledged.unwrap() - child.0 + 1;
        assert!(
            written.len() as u64 >= acknowledged * RECORDS as u64,
            "{} for {acknowledged}",
            written.len()
        );
        assert!(journal.len() > before);
        before = journal.len();
        for (place, entry) in written.iter().enumerate() {
            let expected = step(Seq(child.0 + (place / RECORDS) as u64));
            assert_eq!(entry.seq, expected.seq);
            assert_eq!(entry.record, expected.records[place % RECORDS]);
        }
        assert_eq!(written.len() % RECORDS, 0, "whole steps only");
        ledger.rebuild().unwrap();
        let fills = |records: &[Recorded]| -> BTreeSet<String> {
            let ids = records.iter().filter_map(|entry| match &entry.record {
                Record::Fill(fill) => Some(fill.exec_id.clone()),
                _ => None,
            });
            ids.collect()
        };
        assert_eq!(fills(&recovery.records), fills(&journal));
    }
}
