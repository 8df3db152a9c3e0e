//! Tasks of the workspace, started as `cargo xtask TASK` (the alias stands in `.cargo/config.toml`).
//!
//! What lives where:
//!
//! - `cli`: the command line and its help.
//! - the tasks, a file each: `run`, `web`, `test`, `check`, `bench`, `simulate`, `dist`, `types`.
//! - what tasks are made of: `step` (a named, timed step and its failure), `place` (folders of the project),
//!   `need` (programs that must be on the machine), `server` (the system started for a test and stopped as a person
//!   would), `libtest` (what `cargo test` says, counted).
//! - `foreign`: other people's clients against the paper gateway, a step of `test`.
//! - the rules that `check` and the unit tests here enforce: `house` (which crate may use which, pure crates),
//!   `source` (long files, hosts in lock files);
//!   `workspace` reads `cargo metadata` for them.
//! - `notices`: the third-party notices that a release carries.

mod bench;
mod check;
mod cli;
mod dist;
mod foreign;
mod house;
mod libtest;
mod need;
mod notices;
mod place;
mod run;
mod server;
mod simulate;
mod source;
mod step;
mod test;
mod types;
mod web;
mod workspace;

use std::process::ExitCode;

use cli::Task;

fn main() -> ExitCode {
    let outcome = match cli::parse(std::env::args().skip(1)) {
        Ok(Task::Help(text)) => {
            println!("{text}");
            Ok(())
        }
        Ok(Task::Run(arguments)) => run::run(&arguments),
        Ok(Task::Web) => web::build(),
        Ok(Task::Test) => test::test(),
        Ok(Task::Check) => check::check(),
        Ok(Task::Bench) => bench::bench(),
        Ok(Task::Simulate(arguments)) => simulate::simulate(&arguments),
        Ok(Task::Dist) => dist::dist(),
        Ok(Task::Types) => types::generate(),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
