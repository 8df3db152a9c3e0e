//! A wire between edge and gateway that breaks where it is told: at once, in the middle of a frame, or
//! without a word.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// No byte is counted.
const UNBOUNDED: i64 = i64::MAX;

/// Two ends of one connection.
type Ends = (TcpStream, TcpStream);

#[derive(Debug)]
struct Shared {
    /// Where the gateway listens.
    gateway: AtomicU16,
    /// Bytes that still pass to the edge before the wire breaks.
    left: AtomicI64,
    /// Bytes vanish, and nobody is told.
    frozen: AtomicBool,
    live: Mutex<Vec<Ends>>,
    stop: AtomicBool,
}

/// A wire that can be broken. Dropping it ends its listener.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Where the edge connects.
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

impl Wire {
    /// A wire to a gateway on this machine.
    pub(crate) fn to(gateway: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            gateway: AtomicU16::new(gateway),
            left: AtomicI64::new(UNBOUNDED),
            frozen: AtomicBool::new(false),
            live: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for edge in listener.incoming().flatten() {
                if accepting.stop.load(Ordering::SeqCst) {
                    return;
                }
                join(edge, &accepting);
            }
        });
        Ok(Self { port, shared })
    }

    /// The gateway listens elsewhere now.
    pub(crate) fn lead_to(&self, gateway: u16) {
        self.shared.gateway.store(gateway, Ordering::SeqCst);
    }

    /// Breaks now.
    pub(crate) fn cut(&self) {
        for (edge, gateway) in self.shared.live.lock().expect("no thread dies with it").drain(..) {
            // Broken already is as good.
            let _ = edge.shutdown(Shutdown::Both);
            let _ = gateway.shutdown(Shutdown::Both);
        }
    }

    /// Breaks after so many more bytes to the edge: mostly inside a frame.
    pub(crate) fn cut_after(&self, bytes: i64) {
        self.shared.left.store(bytes, Ordering::SeqCst);
    }

    /// From now on bytes vanish, and nobody is told.
    pub(crate) fn freeze(&self) {
        self.shared.frozen.store(true, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener.
        let _ = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// Joins an edge that has come to the gateway.
fn join(edge: TcpStream, shared: &Arc<Shared>) {
    let port = shared.gateway.load(Ordering::SeqCst);
    // Nobody there: the edge sees its connection closed.
    let Ok(gateway) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
    let copies = (edge.try_clone(), gateway.try_clone(), edge.try_clone(), gateway.try_clone());
    let (Ok(from_edge), Ok(from_gateway), Ok(to_edge), Ok(to_gateway)) = copies else { return };
    let _ = (to_edge.set_nodelay(true), to_gateway.set_nodelay(true));
    shared.left.store(UNBOUNDED, Ordering::SeqCst);
    shared.frozen.store(false, Ordering::SeqCst);
    shared.live.lock().expect("no thread dies with it").push((edge, gateway));
    pump(from_edge, to_gateway, Arc::clone(shared), false);
    pump(from_gateway, to_edge, Arc::clone(shared), true);
}

fn pump(mut from: TcpStream, mut to: TcpStream, shared: Arc<Shared>, counted: bool) {
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 {
                break;
            }
            if shared.frozen.load(Ordering::SeqCst) {
                continue;
            }
            let mut bytes = &buffer[..read];
            let mut last = false;
            if counted && shared.left.load(Ordering::SeqCst) != UNBOUNDED {
                let left = shared.left.fetch_sub(read as i64, Ordering::SeqCst);
                last = left <= read as i64;
                bytes = &bytes[..usize::try_from(left).unwrap_or(0).min(read)];
            }
            if to.write_all(bytes).is_err() || last {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
