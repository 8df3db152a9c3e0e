//! `cargo xtask bench`: figures, printed by the benchmarks themselves.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::step::{Failure, Outcome, command, output, report, step};
use crate::{place, workspace};

const ROUNDS: u32 = 3;

/// Runs the benchmarks of every crate that has some, then the replay of a recorded day.
pub(crate) fn bench() -> Outcome {
    for package in workspace::ours()?.members().filter(|package| package.has_benches) {
        step(&package.name, || {
            report(place::cargo().args(["bench", "--package", &package.name, "--bench", "*"]))
        })?;
    }
    replay()
}

/// A recorded day through the whole core, [`ROUNDS`] times: every figure is printed, and the digests must agree.
fn replay() -> Outcome {
    let data = place::recorded_data().join("lean");
    if !data.is_dir() {
        println!("skipped: recorded data absent, no replay benchmark ({} is not a folder)", data.display());
        return Ok(());
    }
    command("program", place::cargo().args(["build", "--release", "--package", "alphatrader"]))?;
    let binary = workspace::target()?.join("release/alphatrader");
    let mut digests = BTreeSet::new();
    for round in 1..=ROUNDS {
        let mut replay = Command::new(&binary);
        replay.arg("replay").arg(&data).args(["--symbol", "SPY", "--date", "2013-10-07", "--output", "json"]);
        let said =
            step(&format!("replay {round} of {ROUNDS}"), || output(replay.current_dir(place::root())))?;
        print!("{said}");
        digests.insert(digest(&said)?);
    }
    if digests.len() == 1 {
        Ok(())
    } else {
        Err(Failure::new(format!("one day, several digests: {digests:?}")))
    }
}

/// The digest in what a replay printed last.
fn digest(said: &str) -> Outcome<String> {
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str::<Value>(last)
        .ok()
        .and_then(|object| Some(object.get("digest")?.as_str()?.to_owned()))
        .ok_or_else(|| {
            Failure::new(format!("the replay ended with no JSON object that has a digest: {last}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_read_from_the_last_line() {
        assert_eq!(digest("noise\n{\"digest\":\"ab12\",\"events\":3}\n").unwrap(), "ab12");
        assert!(digest("").is_err());
    }
}
