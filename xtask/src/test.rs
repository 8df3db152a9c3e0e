//! `cargo xtask test`: every test there is.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use crate::libtest::{self, Count};
use crate::server::Server;
use crate::step::{Failure, Outcome, command, run, seconds, step, stream};
use crate::{foreign, need, place, web, workspace};

/// Runs all tests, stops at the first step that fails, and ends with the number of tests that ran.
pub(crate) fn test() -> Outcome {
    let began = Instant::now();
    let mut count = Count::default();
    let outcome = all(&mut count);
    if count.unrecorded > 0 {
        println!("recorded tests: {} skipped because the data folder is absent", count.unrecorded);
    }
    eprintln!("==> tests: {}", seconds(began.elapsed()));
    println!("{} passed, {} failed", count.passed, count.failed);
    outcome
}

fn all(count: &mut Count) -> Outcome {
    need::node()?;
    step("browser", need::chromium)?;
    step("redis-server", need::redis)?;
    web::packages()?;
    command("web page: types", place::npm().args(["run", "check"]))?;
    step("web page: unit tests", || unit_tests_of_the_page(count))?;
    web::build()?;
    let binary = step("cargo test: build", build)?;
    step("cargo test", || {
        let (ran, outcome) = libtest::run(place::cargo().args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--show-output",
        ]));
        count.add(ran);
        outcome
    })?;
    step("browser test", || in_the_browser(&binary, count))?;
    step("foreign clients", || foreign::test(&binary, count))
}

/// Builds the tests, and with them the program; gives the program's path.
fn build() -> Outcome<PathBuf> {
    let mut binary = None;
    stream(
        place::cargo().args([
            "test",
            "--workspace",
            "--no-run",
            "--message-format",
            "json-render-diagnostics",
        ]),
        |line| {
            binary = executable(line).or(binary.take());
            false
        },
    )?;
    binary.ok_or_else(|| {
        Failure::new(
            "cargo built no program `alphatrader` with the tests; has its crate lost its integration tests?",
        )
    })
}

/// The program's path, if this message of cargo's tells it.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = message.get("target")?;
    let is_program = target.get("name")? == "alphatrader"
        && target.get("kind")?.as_array()?.iter().any(|kind| kind == "bin")
        && message.get("profile")?.get("test")? == false;
    if is_program { Some(message.get("executable")?.as_str()?.into()) } else { None }
}

fn unit_tests_of_the_page(count: &mut Count) -> Outcome {
    let report = workspace::target()?.join("vitest.json");
    // A report of an earlier run must not be counted when this one dies before it writes its own.
    let _ = std::fs::remove_file(&report);
    let mut command = place::npm();
    command.args(["exec", "--", "vitest", "run", "--reporter=default", "--reporter=json"]);
    command.arg(format!("--outputFile.json={}", report.display()));
    let outcome = run(&mut command);
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    count.add(vitest(&text).unwrap_or_default());
    outcome
}

/// The tests in vitest's report.
fn vitest(report: &str) -> Option<Count> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |key: &str| report.get(key)?.as_u64();
    Some(Count { passed: number("numPassedTests")?, failed: number("numFailedTests")?, unrecorded: 0 })
}

fn in_the_browser(binary: &std::path::Path, count: &mut Count) -> Outcome {
    let folder = std::env::temp_dir().join(format!("alphatrader-browser-test-{}", std::process::id()));
    let server = Server::start(binary, &folder)?;
    let mut command = place::npm();
    let shots = workspace::target()?.join("browser-test");
    command.args(["run", "e2e"]).env("AT_URL", server.address()).env("AT_SHOTS", shots);
    let outcome = stream(&mut command, |line| {
        count.add(checks(line).unwrap_or_default());
        true
    });
    outcome?;
    server.stop()?;
    count.passed += 1; // the stop: exit code 0 in time
    std::fs::remove_dir_all(&folder).map_err(|e| Failure::new(format!("{}: {e}", folder.display())))
}

/// Reads a line of the browser test or of a foreign client's: each check prints `ok` or `FAILED`, then its name.
pub(crate) fn checks(line: &str) -> Option<Count> {
    match line.split_once("  ")?.0 {
        "ok" => Some(Count { passed: 1, ..Count::default() }),
        "FAILED" => Some(Count { failed: 1, ..Count::default() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_from_its_test_binary() {
        let message = |test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"kind":["bin"],"name":"alphatrader"}},
                    "profile":{{"test":{test}}},"executable":"/t/debug/alphatrader"}}"#
            )
        };
        assert_eq!(executable(&message(false)), Some(PathBuf::from("/t/debug/alphatrader")));
        assert_eq!(executable(&message(true)), None);
        assert_eq!(executable("   Compiling alphatrader"), None);
    }

    #[test]
    fn other_runners_are_counted() {
        let counted = |passed, failed| Some(Count { passed, failed, unrecorded: 0 });
        assert_eq!(vitest(r#"{"numPassedTests":12,"numFailedTests":1}"#), counted(12, 1));
        assert_eq!(checks("ok      dark: axe finds nothing"), counted(1, 0));
        assert_eq!(checks("FAILED  stream: it comes back"), counted(0, 1));
        assert_eq!(checks("        still not so"), None);
    }
}
