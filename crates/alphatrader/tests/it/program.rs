//! Starting the program, asking it over HTTP, stopping it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a test waits for something that must come before it has failed.
const PATIENCE: Duration = Duration::from_mins(3);

/// The program, with nothing of the caller's environment that could change what it does.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphatrader"));
    command.env_remove("ALPHATRADER_CONFIG").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.env_remove("ALPHA_VANTAGE_API_KEY").env_remove("CREDENTIALS_DIRECTORY");
    // The workspace's own config/config.yaml is not what a test means.
    command.current_dir(std::env::temp_dir());
    command
}

/// Runs to the end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The last line of stdout as JSON.
pub(crate) fn json(output: &Output) -> Value {
    let stdout = text(&output.stdout);
    let line = stdout.lines().last().unwrap_or_else(|| panic!("nothing on stdout: {}", text(&output.stderr)));
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// The system, running.
pub(crate) struct Running {
    child: Child,
    address: String,
}

impl Running {
    /// Starts `run` and waits for the line that says it is ready.
    pub(crate) fn start(state: &Path, more: &[&str]) -> Self {
        let mut child = program()
            .args([
                "run",
                "--no-browser",
                "--port",
                "0",
                "--gateway-port",
                "0",
                "--output",
                "json",
                "--state-dir",
            ])
            .arg(state)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let mut stderr = String::new();
            let _ = child.kill();
            child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
            panic!("not ready: {line}\n{stderr}");
        };
        // Somebody must read what it logs, or it stops at a full pipe.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let address = ready["url"].as_str().unwrap().trim_start_matches("http://").to_string();
        Self { child, address }
    }

    /// What the interface answers.
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        serde_json::from_str(body).unwrap()
    }

    /// Asks until the answer is as it should be.
    pub(crate) fn until(&self, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path);
            if is_so(&answer) {
                return answer;
            }
            assert!(Instant::now() < until, "{what} did not come: {answer}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
