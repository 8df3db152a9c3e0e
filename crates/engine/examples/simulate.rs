//! Plays seeds of the simulation until one violates an invariant.
//!
//! `cargo run --release -p alphatrader-engine --example simulate -- --seeds 10000 --from 1`

#![allow(clippy::disallowed_methods, reason = "a program reads its arguments; the core does not")]

use std::process::ExitCode;

use alphatrader_engine::simulation::{Report, simulate};

const USAGE: &str = "simulate [--seeds N (1000)] [--from K (0)]\n\
    Plays the seeds K, K+1, … of the whole system with faults; prints the first violation and its trace.";

fn main() -> ExitCode {
    let (seeds, from) = match arguments(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(wrong) => {
            eprintln!("{wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut sum = Report::default();
    for seed in from..from.saturating_add(seeds) {
        // A panic names its seed too.
        let outcome = std::panic::catch_unwind(|| simulate(seed));
        match outcome {
            Ok(Ok(report)) => add(&mut sum, &report),
            Ok(Err(violation)) => {
                println!("{violation}");
                return ExitCode::FAILURE;
            }
            Err(_) => {
                println!("seed {seed}: a panic");
                return ExitCode::FAILURE;
            }
        }
        if (seed - from + 1).is_multiple_of(1_000) {
            eprintln!("{} seeds", seed - from + 1);
        }
    }
    println!("{seeds} seeds from {from}: no violation");
    println!(
        "events {}, signals {}, trades {}, fills {}, kills {} ({} between outputs), breaks {}, words garbled {}, \
         orders refused or lost {}, ledger faults {}, halts {}",
        sum.events,
        sum.signals,
        sum.trades,
        sum.fills,
        sum.kills,
        sum.kills_inside,
        sum.breaks,
        sum.garbled,
        sum.refused,
        sum.ledger_faults,
        sum.halts
    );
    println!("endings {:?}", sum.endings);
    ExitCode::SUCCESS
}

fn arguments(given: impl Iterator<Item = String>) -> Result<(u64, u64), String> {
    let (mut seeds, mut from) = (1_000, 0);
    let mut given = given;
    while let Some(name) = given.next() {
        let place = match name.as_str() {
            "--seeds" => &mut seeds,
            "--from" => &mut from,
            other => return Err(format!("`{other}` is not known")),
        };
        let value = given.next().ok_or_else(|| format!("{name} needs a number"))?;
        *place = value.parse().map_err(|_| format!("{name}: `{value}` is not a number"))?;
    }
    Ok((seeds, from))
}

fn add(sum: &mut Report, one: &Report) {
    sum.events += one.events;
    sum.signals += one.signals;
    sum.trades += one.trades;
    sum.fills += one.fills;
    sum.kills += one.kills;
    sum.kills_inside += one.kills_inside;
    sum.breaks += one.breaks;
    sum.garbled += one.garbled;
    sum.refused += one.refused;
    sum.ledger_faults += one.ledger_faults;
    sum.halts += one.halts;
    for (reason, count) in &one.endings {
        match sum.endings.iter_mut().find(|(known, _)| known == reason) {
            Some((_, total)) => *total += count,
            None => sum.endings.push((reason.clone(), *count)),
        }
    }
}
