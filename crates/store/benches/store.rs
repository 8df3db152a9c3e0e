//! What the disk costs: `cargo bench -p alphatrader-store`.
//!
//! Prints commits a second with the latency of a commit by batch size, the way of a step through the
//! writer's thread, the time of a start on a large ledger, and hot-state updates.

#[allow(dead_code, reason = "shared with the tests; each takes what it needs")]
#[path = "../tests/it/samples.rs"]
mod samples;

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use alphatrader_model::event::LedgerEvent;
use alphatrader_model::{OrderState, Seq, SignalState};
use alphatrader_store::hot::{Bounds, HotStore, MemoryStore, Write};
use alphatrader_store::{Ledger, LedgerWriter, Step};

/// Commits that are timed for each batch size.
const COMMITS: usize = 1_000;
/// Rows of the large ledger.
const ROWS: u64 = 100_000;

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

fn report(what: &str, mut times: Vec<Duration>, per: usize) {
    let total: Duration = times.iter().sum();
    times.sort();
    let rate = times.len() as f64 / total.as_secs_f64();
    println!(
        "{what:<34} {rate:>9.0} /s {:>11.0} steps/s   p50 {:>9.1?}   p99 {:>9.1?}   max {:>9.1?}",
        rate * per as f64,
        quantile(&times, 0.50),
        quantile(&times, 0.99),
        times[times.len() - 1]
    );
}

/// A step as an order's change makes it: one record.
fn step(seq: Seq) -> Step {
    samples::step(seq, vec![samples::order((seq.0 % 3_000) as i32, OrderState::Submitted)])
}

fn commits(folder: &Path, batch: usize) {
    let (mut ledger, recovery) =
        Ledger::open(&folder.join(format!("commits-{batch}.db"))).expect("the folder is ours");
    let mut seq = Seq::first(recovery.incarnation);
    let times = (0..COMMITS).map(|_| {
        let steps: Vec<Step> = (0..batch as u64).map(|n| step(Seq(seq.0 + n))).collect();
        seq = Seq(seq.0 + batch as u64);
        let start = Instant::now();
        ledger.commit(&steps).expect("the disk takes it");
        let took = start.elapsed();
        // As the writer does: after the answer.
        ledger.checkpoint().expect("the disk takes it");
        took
    });
    report(&format!("commit of {batch} step(s)"), times.collect(), batch);
}

fn through_the_writer(folder: &Path) {
    let (ledger, recovery) = Ledger::open(&folder.join("writer.db")).expect("the folder is ours");
    let (heard, events) = mpsc::channel();
    let writer = LedgerWriter::spawn(ledger, move |event| {
        let _ = heard.send(event);
    });
    let mut seq = Seq::first(recovery.incarnation);
    let times = (0..COMMITS).map(|_| {
        let start = Instant::now();
        writer.append(step(seq)).expect("the queue has room");
        while events.recv() != Ok(LedgerEvent::Committed { through: seq }) {}
        seq = seq.next();
        start.elapsed()
    });
    report("step to `Committed` by the writer", times.collect(), 1);
    writer.shutdown(Duration::from_secs(10)).expect("nothing waits");
}

fn start(folder: &Path) {
    let path = folder.join("large.db");
    let (mut ledger, recovery) = Ledger::open(&path).expect("the folder is ours");
    let first = Seq::first(recovery.incarnation);
    let mut batch = Vec::new();
    for n in 0..ROWS / 4 {
        let id = (n % 500_000) as i32;
        let state = if n % 5_000 == 0 { OrderState::Submitted } else { OrderState::Cancelled };
        let records = vec![
            samples::signal((n % 200) as u8, SignalState::Expired { reason: "20 s without a fill".into() }),
            samples::order(id % 765, state),
            samples::fill((n % 250) as u8, id % 765, None),
            samples::position((n % 200) as u8, 0),
        ];
        batch.push(samples::step(Seq(first.0 + n), records));
        if batch.len() == 1_000 {
            ledger.commit(&batch).expect("the disk takes it");
            batch.clear();
        }
    }
    drop(ledger);
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    let start = Instant::now();
    let (ledger, recovery) = Ledger::open(&path).expect("it was just made");
    println!(
        "start on {ROWS} rows ({} MB)         {:.1?}, {} records recovered",
        size >> 20,
        start.elapsed(),
        recovery.records.len()
    );
    drop(ledger);
}

fn hot_state() {
    const BATCH: usize = 500;
    let store = MemoryStore::new(Bounds::default());
    let value = "x".repeat(300);
    let batch: Vec<Write> = (0..BATCH)
        .map(|n| Write::Set {
            key: format!("market:S{n}:ticker"),
            value: value.clone(),
            expiry: Some(Duration::from_secs(10)),
        })
        .collect();
    let times = (0..2_000).map(|_| {
        let start = Instant::now();
        store.write(&batch).expect("it fits");
        start.elapsed()
    });
    report("hot state, batch of 500 keys", times.collect(), BATCH);
}

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build folder can be written");
    for batch in [1, 10, 100] {
        commits(folder.path(), batch);
    }
    through_the_writer(folder.path());
    start(folder.path());
    hot_state();
}
