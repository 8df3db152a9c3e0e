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

fn soak() -> Result<(), String> {
    let (cycles, seed) = arguments()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let progress = |outcome: &Outcome| {
        let seconds = begun.elapsed().as_secs_f64();
        eprint!("\r{} of {cycles} cycles, {} fills, {seconds:.0} s ", outcome.cycles, outcome.fills);
        // A progress line that cannot be written is none.
        let _ = std::io::stderr().flush();
    };
    let outcome = cycles::run(cycles, seed, folder.path(), progress);
    eprintln!();
    let outcome = outcome?;
    let [whole, _, none] = outcome.outcomes;
    let [cut, inside, silent, killed, restarted] = outcome.breaks;
    println!("{} cycles of seed {seed} in {:.0} s", outcome.cycles, begun.elapsed().as_secs_f64());
    println!(
        "broken: {cut} at once, {inside} inside a frame, {silent} without a word; gateway killed {killed}, \
         restarted in order {restarted}"
    );
    println!(
        "sessions {}, pictures {}, of which {} were taken again because a fill fell into them",
        outcome.sessions, outcome.pictures, outcome.retaken
    );
    println!("orders {}: {whole} filled whole, {none} never reached the market", outcome.orders);
    println!("executions {}, told again {} times: none lost, none doubled", outcome.fills, outcome.repeats);
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
