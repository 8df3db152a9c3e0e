//! The command line: `cargo xtask TASK`.

use crate::step::{Failure, Outcome};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help(&'static str),
    Run(Vec<String>),
    Web,
    Test,
    Check,
    Bench,
    Simulate(Vec<String>),
    Dist,
    Types,
}

const HELP: &str = "\
Tasks of the AlphaTrader workspace.

    cargo xtask run [-- ARGS]   build the web page and the program, start the whole system
    cargo xtask test            run every test: Rust, web page, browser
    cargo xtask check           format, lints, the rules of the house, licences
    cargo xtask bench           benchmarks, with their figures
    cargo xtask simulate        the whole core under faults, seed after seed, its invariants checked at every step
    cargo xtask web             build the web page into web/dist
    cargo xtask gen-types       write the TypeScript types and the OpenAPI document from the Rust ones
    cargo xtask dist            a release archive with its licences and checksum, in target/dist

`cargo xtask TASK --help` says more about one of them.";

const RUN: &str = "\
cargo xtask run [-- ARGS]

Builds the web page (only when its sources changed), builds the program with the `demo` profile (own code optimised,
dependencies quick to build) and starts `alphatrader run ARGS`: a synthetic market, the paper gateway, the ledger and
the dashboard. Open the address it prints. Ctrl-C stops it; its exit code is the program's.

    cargo xtask run                               the market of seed 1 in real time, on port 8000
    cargo xtask run -- --speed 20                 twenty times as fast
    cargo xtask run -- --port 9000 --no-browser   another port, and open no browser
    cargo xtask run -- --help                     what ARGS can be

Needs Rust, Node.js with npm, and a C compiler.";

const TEST: &str = "\
cargo xtask test

Runs, in this order, and stops at the first that fails:

    web page        types checked (svelte-check), unit tests (vitest), built
    cargo test      every crate's unit, integration and documentation tests
    browser test    the program is started as a person would start it, used in Chromium, and stopped with SIGTERM;
                    it must leave with exit code 0 within 5 seconds

Chromium is installed from Debian's packages where that is allowed (as root, or with CI set); elsewhere it must be
there. Tests named recorded_* read recorded markets from the folder ALPHATRADER_DATA and say so when it is absent.";

const CHECK: &str = "\
cargo xtask check

    cargo fmt --check, cargo clippy with warnings as errors
    the rules of the house: which crate may use which (the table in docs/architecture.md), what pure crates may depend
        on, lints switched on in every crate
    lock files: Cargo.lock up to date, no host in web/package-lock.json
    licences of every dependency against deny.toml, duplicates listed
    cargo deny, where it is installed (only it knows advisories)
    source files past 600 lines listed";

const BENCH: &str = "\
cargo xtask bench

Runs `cargo bench` in every crate that has benchmarks, then replays a recorded day (the folder ALPHATRADER_DATA)
through the release binary and prints its events per second. Takes minutes; wants a quiet machine.";

const SIMULATE: &str = "\
cargo xtask simulate [-- ARGS]

Plays whole days with faults (disconnects, duplicates, delays, rejects, crashes, a ledger that fails) through the core,
a seed after the other, until an invariant is violated; prints the seed and its trace.

    cargo xtask simulate                                    a thousand seeds
    cargo xtask simulate -- --seeds 100000 --from 5000      more of them, from another place";

const WEB: &str = "\
cargo xtask web

`npm ci` when web/package-lock.json changed, then `npm run build`, when the sources changed since the last build.";

const DIST: &str = "\
cargo xtask dist

Builds the web page and the release binary and packs them with the configuration, the licences and the notices of every
third-party package inside into target/dist/alphatrader-VERSION-TARGET.tar.gz; prints its SHA-256.";

const TYPES: &str = "\
cargo xtask gen-types

Writes web/src/gen (TypeScript types of every message) and docs/openapi.json from the Rust types. Commit what changed:
a test fails while they differ.";

/// Reads the arguments after `cargo xtask`.
///
/// # Errors
/// An unknown task or argument, with the way to the help.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Outcome<Task> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let Some((task, rest)) = arguments.split_first() else { return Ok(Task::Help(HELP)) };
    let (help, plain) = match task.as_str() {
        "--help" | "-h" | "help" => return Ok(Task::Help(HELP)),
        "run" => return Ok(passed_on(rest, RUN, Task::Run)),
        "simulate" => return Ok(passed_on(rest, SIMULATE, Task::Simulate)),
        "test" => (TEST, Task::Test),
        "check" => (CHECK, Task::Check),
        "bench" => (BENCH, Task::Bench),
        "web" => (WEB, Task::Web),
        "gen-types" => (TYPES, Task::Types),
        "dist" => (DIST, Task::Dist),
        other => {
            return Err(Failure::new(format!(
                "no task is called `{other}`; `cargo xtask --help` lists them"
            )));
        }
    };
    match rest {
        [] => Ok(plain),
        [one] if one == "--help" || one == "-h" => Ok(Task::Help(help)),
        [one, ..] => {
            Err(Failure::new(format!("`{task}` takes no argument `{one}`; see `cargo xtask {task} --help`")))
        }
    }
}

/// Everything after the task belongs to the program, with or without `--` before it; `--help` alone is ours.
fn passed_on(rest: &[String], help: &'static str, task: impl FnOnce(Vec<String>) -> Task) -> Task {
    match rest {
        [one] if one == "--help" || one == "-h" => Task::Help(help),
        [dashes, theirs @ ..] if dashes == "--" => task(theirs.to_vec()),
        theirs => task(theirs.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Outcome<Task> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_asked_is_help() {
        assert_eq!(parsed("").unwrap(), Task::Help(HELP));
        assert_eq!(parsed("check --help").unwrap(), Task::Help(CHECK));
    }

    #[test]
    fn arguments_of_run_pass_through() {
        let theirs = |words: &[&str]| Task::Run(words.iter().map(ToString::to_string).collect());
        assert_eq!(parsed("run -- --port 9000").unwrap(), theirs(&["--port", "9000"]));
        assert_eq!(parsed("run --port 9000").unwrap(), theirs(&["--port", "9000"]));
        assert_eq!(parsed("run -- --help").unwrap(), theirs(&["--help"]));
        assert_eq!(parsed("run --help").unwrap(), Task::Help(RUN));
    }

    #[test]
    fn every_task_of_the_help_is_known() {
        for line in HELP.lines().filter_map(|l| l.trim().strip_prefix("cargo xtask ")) {
            let task = line.split_whitespace().next().unwrap();
            assert!(parsed(task).is_ok(), "{task}");
        }
    }

    #[test]
    fn a_wrong_word_is_refused_with_the_way_to_the_help() {
        assert!(parsed("tset").unwrap_err().to_string().contains("--help"));
        assert!(parsed("test --fast").unwrap_err().to_string().contains("--fast"));
    }
}
