//! Other people's clients against our paper gateway and our Alpha Vantage: Python's, installed beside the build; VPIN
//! and order books once more, in plain Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::libtest::Count;
use crate::server::Server;
use crate::step::{Failure, Outcome, run, stream};
use crate::test::checks;
use crate::{need, place, workspace};

/// The scripts, each a client.
const SCRIPTS: [&str; 2] = ["with_ib_async.py", "with_ibapi.py"];

/// Runs every script against a gateway of its own, and counts its checks.
pub(crate) fn test(binary: &Path, count: &mut Count) -> Outcome {
    need::python()?;
    let python = environment()?;
    let mut failed = Vec::new();
    for script in SCRIPTS {
        if let Err(failure) = drive(binary, &python, script, count) {
            failed.push(failure.to_string());
        }
    }
    if let Err(failure) = alpha_vantage(binary, &python, count) {
        failed.push(failure.to_string());
    }
    if let Err(failure) = vpin(binary, &python, count) {
        failed.push(failure.to_string());
    }
    if let Err(failure) = order_books(binary, &python, count) {
        failed.push(failure.to_string());
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(failed.join("\n"))) }
}

/// The vendor's own Python client against our Alpha Vantage.
fn alpha_vantage(binary: &Path, python: &Path, count: &mut Count) -> Outcome {
    let folder = std::env::temp_dir().join(format!("alphatrader-vantage-test-{}", std::process::id()));
    let server = Server::alpha_vantage(binary, &folder, &["--seed", "7", "--clock", "2026-03-16T09:31"])?;
    let mut command = Command::new(python);
    let script = folder_of_scripts().join("with_alpha_vantage.py");
    command.arg(script).arg(server.address()).env("PYTHONDONTWRITEBYTECODE", "1");
    let outcome = stream(&mut command, |line| {
        count.add(checks(line).unwrap_or_default());
        true
    });
    let stopped = server.stop();
    outcome.and(stopped)?;
    std::fs::remove_dir_all(&folder).map_err(|e| Failure::new(format!("{}: {e}", folder.display())))
}

/// VPIN of days made on the spot, and of the recorded ones where they are.
fn vpin(binary: &Path, python: &Path, count: &mut Count) -> Outcome {
    let ticks = place::recorded_data().join("lean/equity/usa/tick/spy");
    let mut command = Command::new(python);
    command.arg(folder_of_scripts().join("vpin.py")).arg(binary).env("PYTHONDONTWRITEBYTECODE", "1");
    for day in ["20131007_trade.zip", "20131008_trade.zip"] {
        let file = ticks.join(day);
        if file.is_file() {
            command.arg(file);
        }
    }
    stream(&mut command, |line| {
        count.add(checks(line).unwrap_or_default());
        true
    })
}

/// Books of files made on the spot with Databento's encoder, and of the recorded one where it is.
fn order_books(binary: &Path, python: &Path, count: &mut Count) -> Outcome {
    let recorded = place::recorded_data().join("databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst");
    let mut command = Command::new(python);
    command.arg(folder_of_scripts().join("order_book.py")).arg(binary).env("PYTHONDONTWRITEBYTECODE", "1");
    if recorded.is_file() {
        command.arg(recorded);
    }
    stream(&mut command, |line| {
        count.add(checks(line).unwrap_or_default());
        true
    })
}

fn drive(binary: &Path, python: &Path, script: &str, count: &mut Count) -> Outcome {
    let folder = std::env::temp_dir().join(format!("alphatrader-foreign-test-{}", std::process::id()));
    let gateway = Server::gateway(binary, &folder, &["--seed", "7", "--unpaced"])?;
    let port = gateway.address().rsplit(':').next().unwrap_or_default().to_owned();
    let mut command = Command::new(python);
    command.arg(folder_of_scripts().join(script)).arg(port).env("PYTHONDONTWRITEBYTECODE", "1");
    let outcome = stream(&mut command, |line| {
        count.add(checks(line).unwrap_or_default());
        true
    });
    let stopped = gateway.stop();
    outcome.and(stopped)?;
    std::fs::remove_dir_all(&folder).map_err(|e| Failure::new(format!("{}: {e}", folder.display())))
}

fn folder_of_scripts() -> PathBuf {
    place::root().join("tests/foreign")
}

/// A virtual environment with the clients in their pinned versions; made once, and anew when they change.
fn environment() -> Outcome<PathBuf> {
    let wanted = folder_of_scripts().join("requirements.txt");
    let folder = workspace::target()?.join("foreign");
    let (python, made_for) = (folder.join("bin/python"), folder.join("requirements.txt"));
    let read = |path: &Path| std::fs::read(path).ok();
    if python.is_file() && read(&made_for) == read(&wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&wanted))?;
    std::fs::copy(&wanted, &made_for)
        .map(|_| python)
        .map_err(|e| Failure::new(format!("{}: {e}", made_for.display())))
}
