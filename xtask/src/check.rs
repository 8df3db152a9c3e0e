//! `cargo xtask check`: what can be judged without running the program.

use std::time::Instant;

use crate::step::{Failure, Outcome, command, run, seconds, shown, step};
use crate::{house, need, place, source, workspace};

/// The version of cargo-deny that is installed where it is missing and may be.
const DENY: &str = "0.20.2";

/// Runs all checks, and stops at the first that fails.
pub(crate) fn check() -> Outcome {
    let began = Instant::now();
    command("format", place::cargo().args(["fmt", "--all", "--check"]))?;
    step("house", rules)?;
    step("licences", licences)?;
    command(
        "clippy",
        place::cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    )?;
    for (lines, file) in source::long_files()? {
        eprintln!("warning: {file} has {lines} lines; does it hold one idea?");
    }
    eprintln!("==> checks: all good after {}", seconds(began.elapsed()));
    Ok(())
}

/// The lock files and the rules between crates.
fn rules() -> Outcome {
    let metadata = workspace::resolved()?;
    let mut broken = house::broken_rules(&metadata)?;
    broken.extend(house::impure_below(&metadata)?);
    if !broken.is_empty() {
        return Err(Failure::new(format!("rules of the house are broken:\n    {}", broken.join("\n    "))));
    }
    eprintln!("    {} crates in the program", workspace::resolved_here()?.closure("alphatrader").len());
    source::lock_names_no_address()
}

/// `cargo deny`: licences, sources and duplicates always, advisories when their database can be had.
fn licences() -> Outcome {
    if !need::present("cargo-deny") {
        let mut install = place::cargo();
        // Without optimisation it is built in a third of the time, and it runs for a second.
        install.args(["install", "cargo-deny", "--locked", "--debug", "--version", DENY]);
        if std::env::var_os("CI").is_none() {
            eprintln!("    NOT CHECKED: cargo-deny is not installed: {}", shown(&install));
            return Ok(());
        }
        run(&mut install)?;
    }
    let deny = |what: &[&str]| {
        let mut command = place::cargo();
        command.args(["deny", "--locked", "check", "--hide-inclusion-graph"]).args(what);
        command
    };
    run(&mut deny(&["licenses", "bans", "sources"]))?;
    if let Err(failure) = run(place::cargo().args(["deny", "fetch", "db"])) {
        eprintln!("    NOT CHECKED: advisories, their database could not be fetched: {failure}");
        return Ok(());
    }
    run(&mut deny(&["advisories"]))
}
