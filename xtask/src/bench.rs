//! `cargo xtask bench`: figures, printed by the benchmarks themselves.

use crate::step::{Outcome, command};
use crate::{place, workspace};

/// Runs the benchmarks of every crate that has some, then the replay of a recorded day.
pub(crate) fn bench() -> Outcome {
    for package in workspace::ours()?.members().filter(|package| package.has_benches) {
        command(&package.name, place::cargo().args(["bench", "--package", &package.name, "--benches"]))?;
    }
    replay()
}

/// A recorded day through the whole core, three times: the digests must agree, the best speed is the figure.
fn replay() -> Outcome {
    let data = place::recorded_data().join("lean");
    if !data.is_dir() {
        println!("skipped: recorded data absent, no replay benchmark ({} is not a folder)", data.display());
        return Ok(());
    }
    command("program", place::cargo().args(["build", "--release", "--package", "alphatrader"]))?;
    let binary = workspace::target()?.join("release/alphatrader");
    for round in 1..=3 {
        let mut replay = std::process::Command::new(&binary);
        replay.arg("replay").arg(&data).args(["--symbol", "SPY", "--date", "2013-10-07", "--output", "json"]);
        command(&format!("replay {round} of 3"), replay.current_dir(place::root()))?;
    }
    Ok(())
}
