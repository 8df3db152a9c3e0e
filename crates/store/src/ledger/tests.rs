use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc;
use std::time::Duration;

use alphatrader_model::event::{HaltLevel, LedgerEvent};
use alphatrader_model::{OrderId, OrderState, SignalState};
use proptest::prelude::*;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::*;
use crate::fallback::{Fallback, Leftover};
use crate::{LedgerWriter, samples};

fn new() -> (TempDir, PathBuf, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/ledger.db");
    let (ledger, _) = Ledger::open(&path).unwrap();
    (folder, path, ledger)
}

fn reopen(ledger: Ledger) -> (Ledger, Recovery) {
    let path = ledger.path().to_path_buf();
    drop(ledger);
    Ledger::open(&path).unwrap()
}

fn seq(n: u64) -> Seq {
    Seq(Seq::first(1).0 + n)
}

fn dump(ledger: &Ledger) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for table in schema::PROJECTIONS {
        let mut select = ledger.connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = select.column_count();
        let mut found = select.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            rows.push((0..columns).map(|c| row.get(c).unwrap()).collect());
        }
    }
    rows
}

#[test]
fn the_linked_sqlite_has_no_known_fault_with_write_ahead_logs() {
    // Versions before 3.51.3 can corrupt a database when two connections write and checkpoint at once.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn a_commit_is_set_up_to_be_durable() {
    let (_folder, _path, ledger) = new();
    let read =
        |name: &str| -> Value { ledger.connection.pragma_query_value(None, name, |r| r.get(0)).unwrap() };
    assert_eq!(read("journal_mode"), Value::Text("wal".into()));
    assert_eq!(read("synchronous"), Value::Integer(2));
    assert_eq!(read("foreign_keys"), Value::Integer(1));
    assert_eq!(read("application_id"), Value::Integer(schema::APPLICATION_ID));
}

#[test]
fn each_start_takes_the_next_number() {
    let (_folder, _path, ledger) = new();
    let (ledger, recovery) = reopen(ledger);
    assert_eq!(recovery.incarnation, 2);
    assert_eq!(recovery.records, []);
    assert_eq!((recovery.highest_order_id, recovery.day), (None, None));
    assert_eq!(reopen(ledger).1.incarnation, 3);
}

#[test]
fn what_is_open_is_recovered_from_any_day_and_the_rest_of_the_latest_day() {
    let (_folder, _path, mut ledger) = new();
    let old = vec![
        samples::day("2013-10-04"),
        samples::signal(0, SignalState::Open),
        samples::order(0, OrderState::Filled),
        samples::fill(0, 0, None),
        samples::position(0, 4),
        samples::signal(1, SignalState::Expired { reason: "late".into() }),
        samples::order(3, OrderState::Cancelled),
        samples::fill(1, 3, None),
        samples::position(1, 0),
        samples::halt(HaltLevel::Pause),
    ];
    let today = vec![
        samples::day("2013-10-07"),
        samples::account(5),
        samples::signal(2, SignalState::Rejected(refusal())),
        samples::order(6, OrderState::NotSent),
    ];
    ledger.commit(&[samples::step(seq(1), old.clone()), samples::step(seq(2), today.clone())]).unwrap();
    let (_ledger, recovery) = reopen(ledger);
    let records: Vec<Record> = recovery.records.into_iter().map(|r| r.record).collect();
    // Of the old day: the open position with all that belongs to it, and the halt.
    let expected: Vec<Record> = old[1..5].iter().chain(&old[9..]).chain(&today).cloned().collect();
    assert_eq!(records, expected);
    assert_eq!(recovery.day.as_deref(), Some("2013-10-07"));
    assert_eq!(recovery.highest_order_id, Some(OrderId(6)));
}

fn refusal() -> alphatrader_model::signal::Refusal {
    alphatrader_model::signal::Refusal { rule: "size".into(), reason: "too large".into() }
}

#[test]
fn steps_are_taken_once_and_in_order() {
    let (_folder, _path, mut ledger) = new();
    let step = |n| samples::step(seq(n), vec![samples::account(n)]);
    ledger.commit(&[step(0), step(5)]).unwrap();
    for batch in [vec![step(5)], vec![step(4)], vec![step(6), step(6)]] {
        assert!(matches!(ledger.commit(&batch), Err(LedgerError::Order { .. })));
    }
    ledger.commit(&[step(6)]).unwrap();
    assert_eq!(ledger.journal().unwrap().len(), 3);
    let (mut ledger, _) = reopen(ledger);
    assert!(matches!(ledger.commit(&[step(6)]), Err(LedgerError::Order { .. })));
}

#[test]
fn the_journal_cannot_be_changed() {
    let (_folder, _path, mut ledger) = new();
    ledger.commit(&[samples::step(seq(1), vec![samples::account(1)])]).unwrap();
    for sql in ["DELETE FROM journal", "UPDATE journal SET payload = ''"] {
        let refused = ledger.connection.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
}

#[test]
fn a_second_process_is_told_who_has_the_ledger() {
    let (_folder, path, ledger) = new();
    let error = Ledger::open(&path).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Locked { holder, .. } if *holder == std::process::id().to_string())
    );
    let text = error.to_string();
    assert!(text.contains("ledger.db") && text.contains("stop the other one"), "{text}");
    drop(ledger);
    assert!(Ledger::open(&path).is_ok());
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (_folder, path, ledger) = new();
    ledger.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(ledger);
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Newer { found: 99, known: 1, .. }), "{error}");
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be looked at as one".repeat(100)).unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
    for path in [&text, &other] {
        let before = fs::read(path).unwrap();
        let error = Ledger::open(path).unwrap_err();
        assert!(matches!(error, LedgerError::Foreign { .. }), "{error}");
        assert_eq!(fs::read(path).unwrap(), before);
    }
}

#[test]
fn a_first_start_that_was_killed_half_way_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL; VACUUM").unwrap();
    assert_eq!(Ledger::open(&path).unwrap().1.incarnation, 1);
}

#[test]
fn paths_that_cannot_be_a_ledger_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("ledger.db");
    fs::create_dir(&directory).unwrap();
    let error = Ledger::open(&directory).unwrap_err();
    assert!(matches!(error, LedgerError::Open { .. }), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Ledger::open(&file.join("ledger.db")).unwrap_err();
    assert!(matches!(error, LedgerError::Open { .. }), "{error}");
    assert!(error.to_string().contains("file/ledger.db"), "{error}");
}

#[test]
fn a_damaged_file_is_refused_and_kept() {
    let fill = |ledger: &mut Ledger| {
        for n in 1..200 {
            ledger
                .commit(&[samples::step(seq(n), vec![samples::signal(n as u8, SignalState::Open)])])
                .unwrap();
        }
    };
    // Cut in half.
    let (_folder, path, mut ledger) = new();
    fill(&mut ledger);
    drop(ledger);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2 / 4096 * 4096]).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("restore the last backup"), "{error}");
    // Overwritten in the middle.
    let mut broken = whole.clone();
    for page in broken.chunks_mut(4096).skip(2) {
        page[..64].fill(0xA5);
    }
    fs::write(&path, &broken).unwrap();
    assert!(matches!(Ledger::open(&path).unwrap_err(), LedgerError::Corrupt { .. }));
    // Emptied: the files beside it know that it was more.
    fs::write(&path, "").unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("begin anew"), "{error}");
    // An old copy never gives a number twice.
    fs::write(&path, &whole).unwrap();
    let (mut ledger, recovery) = Ledger::open(&path).unwrap();
    assert_eq!(recovery.incarnation, 2);
    ledger.commit(&[samples::step(Seq::first(2), vec![samples::account(1)])]).unwrap();
    drop(ledger);
    fs::write(&path, &whole).unwrap();
    assert_eq!(Ledger::open(&path).unwrap().1.incarnation, 3);
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let (_folder, path, ledger) = new();
    let sql = "INSERT INTO journal VALUES (7, 0, 0, 'account', '{\"account\":{}}');
               INSERT INTO accounts VALUES (7, 0, 0, 0, 0, 0)";
    ledger.connection.execute_batch(sql).unwrap();
    drop(ledger);
    let error = Ledger::open(&path).unwrap_err().to_string();
    assert!(error.contains("record 0 of step 0:7"), "{error}");
}

/// As full as a disk gets: not one page more.
fn fill_disk(ledger: &Ledger) {
    let pages: i64 = ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.connection.pragma_update(None, "max_page_count", pages).unwrap();
}

/// Commits until the ledger fails; says at which step, and why.
fn commit_until_failure(ledger: &mut Ledger) -> (u64, LedgerError) {
    for n in 1.. {
        if let Err(error) =
            ledger.commit(&[samples::step(seq(n), vec![samples::signal(n as u8, SignalState::Open)])])
        {
            return (n, error);
        }
    }
    unreachable!("the loop ends by the failure")
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let (_folder, _path, mut ledger) = new();
    fill_disk(&ledger);
    let (failed, error) = commit_until_failure(&mut ledger);
    assert!(matches!(error, LedgerError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    let again = ledger.commit(&[samples::step(seq(failed + 1), vec![])]).unwrap_err();
    assert!(matches!(again, LedgerError::Failed { .. }), "{again}");
    ledger.fall_back(&samples::step(seq(failed), vec![samples::account(9)])).unwrap();
    let (ledger, recovery) = reopen(ledger);
    assert_eq!(recovery.fallback, Leftover { steps: 1, torn: false, put_aside: None });
    let journal = ledger.journal().unwrap();
    assert_eq!(journal.len() as u64, failed);
    assert_eq!(journal.last().unwrap().record, samples::account(9));
    assert_eq!(reopen(ledger).1.fallback, Leftover::default(), "merged once, then forgotten");
}

#[test]
fn a_ledger_that_may_not_be_written_is_said() {
    let (_folder, _path, mut ledger) = new();
    ledger.connection.pragma_update(None, "query_only", true).unwrap();
    let (_, error) = commit_until_failure(&mut ledger);
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("writable"), "{error}");
}

#[test]
fn the_writer_falls_back_once_and_for_all() {
    let (_folder, path, ledger) = new();
    fill_disk(&ledger);
    let (heard, events) = mpsc::channel();
    let writer = LedgerWriter::spawn(ledger, move |event| heard.send(event).unwrap());
    let (mut n, mut failures) = (0, 0);
    while failures == 0 || n < 400 {
        n += 1;
        writer.append(samples::step(seq(n), vec![samples::signal(n as u8, SignalState::Open)])).unwrap();
        // One at a time, so that the failure is met early.
        loop {
            match events.recv_timeout(Duration::from_mins(1)).unwrap() {
                LedgerEvent::Failed { reason } => {
                    assert!(reason.contains("is full"), "{reason}");
                    failures += 1;
                }
                LedgerEvent::Committed { through } => {
                    assert_eq!(through, seq(n));
                    break;
                }
            }
        }
    }
    assert_eq!(failures, 1);
    let metrics = writer.metrics();
    assert!(metrics.failed && metrics.fallback_steps > 0 && metrics.lost_steps == 0, "{metrics:?}");
    assert_eq!(metrics.steps, n);
    // Still ours: nobody may merge the file that is being written.
    assert!(matches!(Ledger::open(&path), Err(LedgerError::Locked { .. })));
    writer.shutdown(Duration::from_mins(1)).unwrap();
    let (ledger, recovery) = Ledger::open(&path).unwrap();
    assert_eq!(recovery.fallback.steps as u64, metrics.fallback_steps);
    assert_eq!(ledger.journal().unwrap().len() as u64, n, "every step is in the ledger in the end");
}

#[test]
fn a_step_that_reached_the_disk_before_the_failure_is_merged_once() {
    let (_folder, _path, mut ledger) = new();
    let step = samples::step(seq(1), vec![samples::account(1), samples::order(0, OrderState::Intent)]);
    ledger.commit(core::slice::from_ref(&step)).unwrap();
    ledger.fall_back(&step).unwrap();
    let (ledger, recovery) = reopen(ledger);
    assert_eq!(recovery.fallback.steps, 1);
    assert_eq!(ledger.journal().unwrap().len(), 2);
}

#[test]
fn a_torn_or_foreign_fall_back_file_does_not_stop_the_start() {
    let (_folder, path, mut ledger) = new();
    let file = beside(&path, "fallback");
    assert_eq!(fs::metadata(&file).unwrap().len(), Fallback::SIZE as u64);
    ledger.fall_back(&samples::step(seq(1), vec![samples::account(1)])).unwrap();
    ledger.fall_back(&samples::step(seq(2), vec![samples::account(2)])).unwrap();
    drop(ledger);
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 1] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let (ledger, recovery) = Ledger::open(&path).unwrap();
    assert_eq!(recovery.fallback, Leftover { steps: 1, torn: true, put_aside: None });
    assert_eq!(ledger.journal().unwrap().len(), 1);
    drop(ledger);
    fs::write(&file, "something else").unwrap();
    let (mut ledger, recovery) = Ledger::open(&path).unwrap();
    let aside = recovery.fallback.put_aside.unwrap();
    assert_eq!(fs::read(aside).unwrap(), b"something else");
    ledger.fall_back(&samples::step(seq(9), vec![samples::account(2)])).unwrap();
    assert_eq!(reopen(ledger).1.fallback.steps, 1);
}

#[test]
fn a_full_fall_back_file_says_so_and_keeps_what_it_has() {
    const RECORDS: u8 = 20;
    let (_folder, _path, mut ledger) = new();
    let records: Vec<Record> = (0..RECORDS).map(|n| samples::signal(n, SignalState::Open)).collect();
    let mut n = 0;
    let error = loop {
        n += 1;
        if let Err(error) = ledger.fall_back(&samples::step(seq(n), records.clone())) {
            break error;
        }
    };
    assert!(error.to_string().contains("is full"), "{error}");
    assert!(n > 10);
    let (ledger, recovery) = reopen(ledger);
    assert_eq!(recovery.fallback, Leftover { steps: n as usize - 1, torn: false, put_aside: None });
    assert_eq!(ledger.journal().unwrap().len() as u64, (n - 1) * u64::from(RECORDS));
}

/// What a start needs, by the definition and not by SQL.
fn expected(steps: &[Step]) -> Vec<(Seq, Record)> {
    let all = || steps.iter().flat_map(|step| step.records.iter().map(move |record| (step.seq, record)));
    let day = all().filter_map(|(seq, r)| match r {
        Record::DayStart { date, .. } => Some((date.clone(), seq)),
        _ => None,
    });
    let since = day.max().map_or(Seq(0), |(_, seq)| seq);
    let mut newest: BTreeMap<String, (usize, Seq, &Record)> = BTreeMap::new();
    for (place, (seq, record)) in all().enumerate() {
        let key = match record {
            Record::Signal(s) => format!("s{}", s.id),
            Record::Order(o) => format!("o{}", o.request.id),
            Record::Fill(f) => format!("f{}", f.exec_id),
            Record::Position(p) => format!("p{}", p.signal),
            Record::Halt { .. } => "halt".into(),
            Record::DayStart { date, .. } => format!("day{date}"),
            Record::Account(_) => "account".into(),
        };
        newest.insert(key, (place, seq, record));
    }
    let last_day = newest.keys().filter(|key| key.starts_with("day")).max().cloned();
    let open: Vec<_> = newest
        .values()
        .filter_map(|(_, _, record)| match record {
            Record::Signal(s) if !s.state.is_final() => Some(s.id),
            Record::Order(o) if !o.state.is_final() => Some(o.request.reference.signal),
            Record::Position(p) if p.closed.is_none() => Some(p.signal),
            _ => None,
        })
        .collect();
    let mut wanted: Vec<_> = newest
        .iter()
        .filter(|(key, (_, seq, record))| match record {
            Record::Signal(s) => *seq >= since || open.contains(&s.id),
            Record::Order(o) => *seq >= since || open.contains(&o.request.reference.signal),
            Record::Fill(f) => *seq >= since || open.contains(&f.signal()),
            Record::Position(p) => *seq >= since || open.contains(&p.signal),
            Record::Halt { .. } | Record::Account(_) => true,
            Record::DayStart { .. } => Some(*key) == last_day.as_ref(),
        })
        .map(|(_, (place, seq, record))| (*place, *seq, (*record).clone()))
        .collect();
    wanted.sort_by_key(|(place, ..)| *place);
    wanted.into_iter().map(|(_, seq, record)| (seq, record)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However steps are grouped and wherever they went first: the journal is what was given, bit for
    /// bit, the projections are what the journal says, and a start gets what the definition asks for.
    #[test]
    fn the_ledger_is_what_was_recorded(
        records in samples::steps(),
        group in 1_usize..7,
        fallen_back in 0_usize..8,
    ) {
        let (_folder, _path, mut ledger) = new();
        let steps: Vec<Step> = records
            .into_iter()
            .enumerate()
            .map(|(n, records)| samples::step(seq(n as u64), records))
            .collect();
        let (committed, later) = steps.split_at(steps.len().saturating_sub(fallen_back));
        for batch in committed.chunks(group) {
            ledger.commit(batch).unwrap();
        }
        for step in later {
            ledger.fall_back(step).unwrap();
        }
        let (mut ledger, recovery) = reopen(ledger);
        prop_assert_eq!(recovery.fallback.steps, later.len());
        let journal: Vec<_> = ledger.journal().unwrap().into_iter().map(|r| (r.seq, r.time, r.record)).collect();
        let given: Vec<_> = steps
            .iter()
            .flat_map(|s| s.records.iter().map(|r| (s.seq, s.time, r.clone())))
            .collect();
        prop_assert_eq!(journal, given);
        let projected = dump(&ledger);
        ledger.rebuild().unwrap();
        prop_assert_eq!(dump(&ledger), projected);
        let recovered: Vec<_> = recovery.records.into_iter().map(|r| (r.seq, r.record)).collect();
        prop_assert_eq!(recovered, expected(&steps));
    }
}

#[test]
fn the_log_is_carried_over_between_commits() {
    let (_folder, path, mut ledger) = new();
    let fill = |ledger: &mut Ledger, from: u64| {
        for n in from..from + 10 {
            let records = (0..60).map(|n| samples::signal(n, SignalState::Open)).collect();
            ledger.commit(&[samples::step(seq(n), records)]).unwrap();
            ledger.checkpoint().unwrap();
        }
    };
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let before = size(&path);
    fill(&mut ledger, 1);
    assert!(size(&path) > before, "carried over while it is open");
    let log = size(&path.with_file_name("ledger.db-wal"));
    for round in 1..5 {
        fill(&mut ledger, 10 * round + 1);
    }
    let grown = size(&path.with_file_name("ledger.db-wal"));
    assert!(grown < 2 * log, "the log is used again from its start: {grown} after {log}");
}
