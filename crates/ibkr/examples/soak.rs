//! The long soak: seeded connect-kill-reconnect cycles against the paper gateway; no fill is lost or
//! doubled.
//!
//! `cargo run -p alphatrader-ibkr --example soak -- --cycles 1000 --seed 1`

#[path = "soak/books.rs"]
mod books;
#[path = "soak/cycles.rs"]
mod cycles;
#[path = "soak/wire.rs"]
mod wire;

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cycles::Outcome;

/// Cycles and seed from the command line.
fn arguments() -> Result<(u32, u64), String> {
    let (mut cycles, mut seed) = (1_000, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
        let wrong = |_| format!("{word}: `{value}` is no number");
        match word.as_str() {
            "--cycles" => cycles = value.parse().map_err(wrong)?,
            "--seed" => seed = value.parse().map_err(wrong)?,
            _ => return Err(format!("`{word}` is not understood: give --cycles N and --seed N")),
        }
    }
    Ok((cycles, seed))
}

/// Cycles on one account: the broker tells all executions of the day at each connect, so a day has only
/// so many.
const OF_ONE_ACCOUNT: u32 = 250;

/// Runs the cycles of one account after the other's end, four accounts side by side.
fn soak() -> Result<(), String> {
    let (cycles, seed) = arguments()?;
    let begun = Instant::now();
    let (done, fills) = (AtomicU64::new(0), AtomicU64::new(0));
    let account = |place: u32| -> Result<Outcome, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut before = 0;
        let progress = |outcome: &Outcome| {
            let sum = fills.fetch_add(outcome.fills as u64 - before, Ordering::Relaxed)
                + outcome.fills as u64
                - before;
            before = outcome.fills as u64;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            eprint!("\r{done} of {cycles} cycles, {sum} fills, {:.0} s ", begun.elapsed().as_secs_f64());
            // A progress line that cannot be written is none.
            let _ = std::io::stderr().flush();
        };
        let left = cycles - place * OF_ONE_ACCOUNT;
        cycles::run(left.min(OF_ONE_ACCOUNT), seed + u64::from(place), folder.path(), progress)
    };
    let places: Vec<u32> = (0..cycles.div_ceil(OF_ONE_ACCOUNT)).collect();
    let mut sum = Outcome::default();
    for four in places.chunks(4) {
        let outcomes: Vec<Result<Outcome, String>> = std::thread::scope(|scope| {
            let runs: Vec<_> = four.iter().map(|place| scope.spawn(|| account(*place))).collect();
            let joined = runs.into_iter().map(|run| run.join().map_err(|_| "a run panicked".to_owned()));
            joined.map(|outcome| outcome.and_then(|outcome| outcome)).collect()
        });
        for outcome in outcomes {
            sum.add(&outcome.inspect_err(|_| eprintln!())?);
        }
    }
    eprintln!();
    println!("{} cycles from seed {seed} in {:.0} s", sum.cycles, begun.elapsed().as_secs_f64());
    print!("{sum}");
    Ok(())
}

fn main() -> ExitCode {
    match soak() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the soak failed: {error}");
            ExitCode::FAILURE
        }
    }
}
