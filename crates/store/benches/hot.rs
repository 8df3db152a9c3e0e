//! What the copy of the hot state in Redis costs: `cargo bench -p alphatrader-store --bench hot`.
//!
//! Starts a `redis-server` of its own on loopback. Prints key updates a second and the latency of a
//! batch by its size, for values of the size of a ticker, and the way of a change through the mirror:
//! from the write here until a reader of the server sees it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use alphatrader_store::hot::{Bounds, HotStore, Mirror, RedisLimits, RedisServer, RedisStore, Write};

/// Key updates that are timed for each size of a batch.
const UPDATES: usize = 1_000_000;
/// Bytes of a value: a ticker has about as many.
const VALUE: usize = 200;

/// Ends the server with the benchmark.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, RedisServer) {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("loopback has a free port")
        .port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed (Debian: apt-get install redis-server)");
    let server = Server(child);
    let redis = RedisServer::new(&format!("redis://127.0.0.1:{port}"), RedisLimits::default())
        .expect("the address is right");
    let until = Instant::now() + Duration::from_secs(10);
    while redis.connect("waiting for the start").is_err() {
        assert!(Instant::now() < until, "redis-server does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    (server, redis)
}

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

fn batch(size: usize, value: &str) -> Vec<Write> {
    (0..size)
        .map(|n| Write::Set {
            key: format!("market:S{n}:ticker"),
            value: value.to_string(),
            expiry: Some(Duration::from_secs(10)),
        })
        .collect()
}

fn report(what: &str, updates: usize, mut times: Vec<Duration>) {
    let total: Duration = times.iter().sum();
    times.sort();
    println!(
        "{what:<34} {:>9.0} updates/s   p50 {:>9.1?}   p99 {:>9.1?}   max {:>9.1?}",
        updates as f64 / total.as_secs_f64(),
        quantile(&times, 0.50),
        quantile(&times, 0.99),
        times[times.len() - 1]
    );
}

fn pipelined(store: &RedisStore, size: usize) {
    let batch = batch(size, &"x".repeat(VALUE));
    let times: Vec<Duration> = (0..UPDATES / size / if size < 10 { 10 } else { 1 })
        .map(|_| {
            let begun = Instant::now();
            store.write(&batch).expect("the server takes it");
            begun.elapsed()
        })
        .collect();
    report(&format!("pipelined, batch of {size}"), times.len() * size, times);
}

/// Several threads over the one multiplexed connection.
fn together(store: &RedisStore, threads: usize) {
    const SIZE: usize = 100;
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let batch = batch(SIZE, &"x".repeat(VALUE));
                for _ in 0..UPDATES / SIZE / threads {
                    store.write(&batch).expect("the server takes it");
                }
            });
        }
    });
    let rate = UPDATES as f64 / begun.elapsed().as_secs_f64();
    println!("{:<34} {rate:>9.0} updates/s", format!("{threads} threads, batches of {SIZE}"));
}

fn through_the_mirror(redis: &RedisServer) {
    let own = redis.connect("the mirror").expect("the server is there");
    let read = redis.connect("reading").expect("the server is there");
    let mirror = Mirror::start(Bounds::default(), own).expect("there are threads");
    let times = (0..5_000_u32).map(|n| {
        let value = n.to_string();
        let begun = Instant::now();
        mirror.set("market:SPY:last", &value, Some(Duration::from_secs(10))).expect("memory takes it");
        while read.get("market:SPY:last").expect("the server answers").as_deref() != Some(value.as_str()) {}
        begun.elapsed()
    });
    report("write here to read there", 5_000, times.collect());
}

fn main() {
    let (_server, redis) = start();
    let store = redis.connect("the benchmark").expect("the server is there");
    for size in [1, 10, 100, 500, 1_000] {
        pipelined(&store, size);
    }
    together(&store, 4);
    through_the_mirror(&redis);
}
