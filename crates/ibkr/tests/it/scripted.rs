//! A gateway that does what a test tells it, also what no broker should do.
//!
//! It speaks the real protocol through the paper gateway's codec, and answers from the state that the
//! test has set. One connection at a time.

mod world;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_exchange::wire::frame::DEFAULT_MAX_REQUEST;
use alphatrader_exchange::wire::handshake::{Agreement, Dialect, write_answer};
use alphatrader_exchange::wire::message::contract as con;
use alphatrader_exchange::wire::{Codec, Link, LinkEvent, Reply, Request};

pub(crate) use world::{Orders, World, execution, notice, option, quote, reported, spy, stock};

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
    connection: Mutex<Option<TcpStream>>,
    stop: AtomicBool,
}

pub(crate) struct Gateway {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    accept: Option<JoinHandle<()>>,
}

const CODEC: Agreement = Agreement { version: 213, dialect: Dialect::Protobuf };

impl Gateway {
    pub(crate) fn start() -> Self {
        let world = World::new();
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            requests: Mutex::default(),
            arrived: Condvar::new(),
            connection: Mutex::new(None),
            stop: AtomicBool::new(false),
        });
        let mut gateway = Self { port: 0, shared, accept: None };
        gateway.listen();
        gateway
    }

    /// Listens, on the same port as before if it listened before.
    pub(crate) fn listen(&mut self) {
        self.shared.stop.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        self.port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&self.shared);
        self.accept = Some(std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream, &shared);
            }
        }));
    }

    /// Drops the connection and no longer listens.
    pub(crate) fn kill(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener, so that it sees that it is to stop.
        let _ = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)));
        if let Some(accept) = self.accept.take() {
            accept.join().unwrap();
        }
    }

    /// Drops the connection.
    pub(crate) fn cut(&self) {
        if let Some(stream) = self.shared.connection.lock().unwrap().take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// Says something without being asked.
    pub(crate) fn say(&self, reply: &Reply) {
        let mut bytes = Vec::new();
        Codec::new(CODEC).encode_reply(reply, &mut bytes);
        self.say_bytes(&bytes);
    }

    /// Sends bytes, whatever they are.
    pub(crate) fn say_bytes(&self, bytes: &[u8]) {
        if let Some(stream) = self.shared.connection.lock().unwrap().as_mut() {
            // Fails when the edge has gone: the test sees that by itself.
            let _ = stream.write_all(bytes);
        }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for a request from place `from` on for which `pick` gives something.
    pub(crate) fn await_request<T>(
        &self,
        from: usize,
        what: &str,
        pick: impl Fn(&Request) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut requests = self.shared.requests.lock().unwrap();
        loop {
            if let Some(found) = requests.iter().skip(from).find_map(&pick) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen: Vec<i32> = requests.iter().map(Request::message_id).collect();
                drop(requests);
                panic!("no request for {what}; message ids so far: {seen:?}");
            }
            requests = self.shared.arrived.wait_timeout(requests, left).unwrap().0;
        }
    }

    /// The number under which quotes of a contract are asked for, from request `from` on.
    pub(crate) fn quote_line(&self, from: usize, wanted: &con::Contract) -> i32 {
        self.await_request(from, "quotes", |request| match request {
            Request::MarketData(asked) => {
                let contract = asked.contract.as_ref()?;
                let same = contract.con_id == wanted.con_id;
                same.then_some(asked.req_id?)
            }
            _ => None,
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // A test that fails leaves its threads behind.
        if self.accept.is_some() && !std::thread::panicking() {
            self.kill();
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Arc<Shared>) {
    let writer = stream.try_clone().unwrap();
    writer.set_nodelay(true).unwrap();
    *shared.connection.lock().unwrap() = Some(writer);
    let mut link = Link::new(DEFAULT_MAX_REQUEST);
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => link.push(&buffer[..read]),
            _ => return,
        }
        while let Ok(Some(event)) = link.next_event() {
            let bytes = answer(event, shared);
            let mut connection = shared.connection.lock().unwrap();
            let Some(writer) = connection.as_mut() else { return };
            if writer.write_all(&bytes).is_err() {
                return;
            }
        }
    }
}

fn answer(event: LinkEvent, shared: &Arc<Shared>) -> Vec<u8> {
    let mut bytes = Vec::new();
    match event {
        LinkEvent::Hello(agreement, _) => {
            write_answer(&mut bytes, agreement.version, "20261123 10:00:00 America/New_York");
        }
        LinkEvent::Request(request) => {
            let replies = {
                let mut world = shared.world.lock().unwrap();
                if world.dead { Vec::new() } else { world.answer(&request) }
            };
            shared.requests.lock().unwrap().push(*request);
            shared.arrived.notify_all();
            for reply in &replies {
                Codec::new(CODEC).encode_reply(reply, &mut bytes);
            }
        }
        LinkEvent::Unreadable(error) => panic!("{error}"),
    }
    bytes
}
