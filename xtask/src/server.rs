//! The system, started for a test as a person would start it and stopped as a person would stop it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::place;
use crate::step::{Failure, Outcome, not_started, run};

/// How long the program may take from its start to its URL; a debug build on a busy machine needs some of it.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long the program may take from SIGTERM to its end: what it promises.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A running system. Dropped without [`Server::stop`], it is killed.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    folder: PathBuf,
    address: String,
}

impl Server {
    /// Starts the whole system on free ports with its state in `folder`, and waits until it has printed its URL.
    pub(crate) fn start(binary: &Path, folder: &Path) -> Outcome<Self> {
        let mut command = Command::new(binary);
        command
            .args(["run", "--no-browser", "--seed", "7", "--speed", "1"])
            .args(["--port", "0", "--gateway-port", "0"])
            .arg("--state-dir")
            .arg(folder.join("state"));
        Self::begin(&mut command, folder, url_in)
    }

    /// Starts the paper gateway alone on a free port, and waits until clients may connect.
    pub(crate) fn gateway(binary: &Path, folder: &Path, more: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(binary);
        command.args(["gateway", "--port", "0", "--output", "json"]).args(more);
        Self::begin(&mut command, folder, gateway_in)
    }

    /// Starts the local Alpha Vantage alone on a free port, and waits until clients may connect.
    pub(crate) fn alpha_vantage(binary: &Path, folder: &Path, more: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(binary);
        command.args(["serve-alpha-vantage", "--port", "0", "--output", "json"]).args(more);
        Self::begin(&mut command, folder, url_in)
    }

    fn begin(command: &mut Command, folder: &Path, ready: fn(&str) -> Option<String>) -> Outcome<Self> {
        std::fs::create_dir_all(folder).map_err(|e| Failure::new(format!("{}: {e}", folder.display())))?;
        let log = folder.join("stderr.log");
        let log = File::create(&log).map_err(|e| Failure::new(format!("{}: {e}", log.display())))?;
        command.current_dir(place::root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|e| not_started(command, &e))?;
        let lines = lines_of(&mut child);
        let mut server = Self { child, lines, folder: folder.to_path_buf(), address: String::new() };
        server.address = server.wait_for(ready)?;
        Ok(server)
    }

    /// The address of the page, or of the gateway.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn wait_for(&self, ready: fn(&str) -> Option<String>) -> Outcome<String> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(address) = ready(&line) {
                        return Ok(address);
                    }
                }
                Err(_) => return Err(self.failure("the program printed no address and is not ready")),
            }
        }
    }

    /// Sends SIGTERM; the program must end with exit code 0 within five seconds. Not SIGINT: a shell that
    /// starts something in the background has its children ignore that one. The program's own tests
    /// send both.
    pub(crate) fn stop(mut self) -> Outcome {
        // The standard library sends no signals; every POSIX shell can.
        run(Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]))?;
        // The program's output closes when the program ends: waiting for that needs no polling.
        let deadline = Instant::now() + STOP_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.failure("the program did not end within 5 s of SIGTERM"));
                }
            }
        }
        let status = self.child.wait().map_err(|e| Failure::new(format!("waiting for the program: {e}")))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failure(&format!("after SIGTERM the program ended with {status}")))
        }
    }

    fn failure(&self, what: &str) -> Failure {
        let log = self.folder.join("stderr.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last: Vec<&str> = text.lines().rev().take(20).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Failure::new(format!("{what}; the end of {}:\n{}", log.display(), last.join("\n")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when the program has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the program's output on a thread of its own, so that waiting for a line can have an end.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

/// The address in a line of the program's, such as `dashboard: http://127.0.0.1:8000/`.
fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let url = line[start..].split(|c: char| c.is_whitespace() || "\"',;".contains(c)).next()?;
    Some(url.trim_end_matches('/').to_owned())
}

/// The gateway's address in its line, such as `{"gateway":"127.0.0.1:4002"}`.
fn gateway_in(line: &str) -> Option<String> {
    let ready: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(ready.get("gateway")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script that takes the program's place.
    fn program(folder: &Path, body: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    const READY: &str = "echo 'AlphaTrader is at http://127.0.0.1:8123/'";

    #[test]
    fn a_good_program_is_started_and_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(
            folder.path(),
            &format!("trap 'kill $!; exit 0' TERM\n{READY}\nsleep 60 >/dev/null & wait"),
        );
        let server = Server::start(&binary, &folder.path().join("run")).unwrap();
        assert_eq!(server.address(), "http://127.0.0.1:8123");
        server.stop().unwrap();
    }

    #[test]
    fn a_gateway_says_where_it_is() {
        assert_eq!(gateway_in(r#"{"gateway":"127.0.0.1:4002","account":"D"}"#).unwrap(), "127.0.0.1:4002");
        assert_eq!(gateway_in("paper gateway is ready"), None);
    }

    #[test]
    fn an_exit_code_other_than_zero_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(
            folder.path(),
            &format!("trap 'kill $!; exit 4' TERM\n{READY}\nsleep 60 >/dev/null & wait"),
        );
        let failure = Server::start(&binary, &folder.path().join("run")).unwrap().stop().unwrap_err();
        assert!(failure.to_string().contains("exit status: 4"), "{failure}");
    }

    #[test]
    fn a_program_that_gives_up_shows_why() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path(), "echo 'port 8000 is taken' >&2; exit 1");
        let failure = Server::start(&binary, &folder.path().join("run")).err().unwrap();
        assert!(failure.to_string().contains("port 8000 is taken"), "{failure}");
    }
}
