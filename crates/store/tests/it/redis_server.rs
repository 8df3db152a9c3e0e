//! A real `redis-server` for a test: on a free port, in a folder of its own, gone with the test.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use alphatrader_edge::retry::Policy;
use alphatrader_store::hot::{RedisLimits, RedisServer, RedisStore};

/// Longest wait for something that the server should do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Comes back soon: a test does not wait half a minute.
const RETRY: Policy =
    Policy { first: Duration::from_millis(20), longest: Duration::from_millis(100), attempts: 10_000 };

pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        // Between finding a port and taking it another program may be faster: then the next one.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(server) = Self::at(port, options) {
                return server;
            }
        }
        panic!("redis-server did not start on any of five free ports");
    }

    /// Nothing when it ended at once.
    pub(crate) fn at(port: u16, options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(options)
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| {
                panic!(
                    "redis-server cannot be started ({e}): install it (Debian: apt-get install redis-server)"
                )
            });
        let mut server = Self { child, port, folder };
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(server)
    }

    pub(crate) fn url(&self, database: u32) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn connect(&self, database: u32) -> RedisStore {
        self.limited(database, 50).connect("a test").unwrap()
    }

    pub(crate) fn limited(&self, database: u32, max_connections: u32) -> RedisServer {
        let limits = RedisLimits { max_connections, retry: RETRY };
        RedisServer::new(&self.url(database), limits).unwrap()
    }

    /// What the server answers to a command, asked by the client library directly.
    pub(crate) fn ask<T: ::redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = ::redis::Client::open(self.url(0)).unwrap();
        let mut connection = client.get_connection_with_timeout(PATIENCE).unwrap();
        let mut command = ::redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut connection).unwrap_or_else(|e| panic!("{words:?}: {e}"))
    }

    /// Sends a signal by its name: `STOP` freezes the server, `CONT` lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// Kills it; another one may take its port.
    pub(crate) fn kill(mut self) -> u16 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.folder.path();
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
