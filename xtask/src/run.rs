//! `cargo xtask run`: from sources to a moving market.

use std::process::Command;
use std::time::Instant;

use crate::step::{Outcome, command, not_started, seconds};
use crate::{place, web, workspace};

/// Builds what changed and becomes the program.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let began = Instant::now();
    web::build()?;
    command("program", place::cargo().args(["build", "--profile", "demo", "--package", "alphatrader"]))?;
    let binary =
        workspace::target()?.join("demo").join(format!("alphatrader{}", std::env::consts::EXE_SUFFIX));
    eprintln!("==> ready to start after {}; Ctrl-C stops the system", seconds(began.elapsed()));
    let mut program = Command::new(binary);
    program.arg("run").args(arguments).current_dir(place::root());
    become_it(&mut program)
}

/// The program takes this process's place: signals reach it and its exit code reaches the caller with nobody between.
#[cfg(unix)]
fn become_it(program: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    let error = program.exec();
    Err(not_started(program, &error))
}

#[cfg(not(unix))]
fn become_it(program: &mut Command) -> Outcome {
    let status = program.status().map_err(|e| not_started(program, &e))?;
    if status.success() {
        Ok(())
    } else {
        Err(crate::step::Failure::new(format!("alphatrader ended with {status}")))
    }
}
