//! `cargo xtask run`: from sources to a moving market.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;

use crate::step::{Outcome, command, not_started, seconds};
use crate::{place, web, workspace};

/// Builds what changed and becomes the program.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let began = Instant::now();
    web::build()?;
    command("program", place::cargo().args(["build", "--profile", "demo", "--package", "alphatrader"]))?;
    let binary = workspace::target()?.join("demo/alphatrader");
    eprintln!("==> ready to start after {}; Ctrl-C stops the system", seconds(began.elapsed()));
    let mut program = Command::new(binary);
    program.arg("run").args(arguments).current_dir(place::root());
    // The program takes this process's place: signals reach it and its exit code reaches the caller with nobody between.
    let error = program.exec();
    Err(not_started(&program, &error))
}
