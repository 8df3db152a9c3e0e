//! `cargo xtask simulate`: the engine's simulation over many seeds.

use crate::place;
use crate::step::{Outcome, report};

/// Builds the simulation with our own crates optimised and plays seeds.
pub(crate) fn simulate(arguments: &[String]) -> Outcome {
    let mut command = place::cargo();
    command.args([
        "run",
        "--profile",
        "demo",
        "--package",
        "alphatrader-engine",
        "--example",
        "simulate",
        "--",
    ]);
    report(command.args(arguments))
}
