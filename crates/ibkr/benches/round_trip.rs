//! A quote comes in, an order goes out, its execution comes back: `cargo bench -p alphatrader-ibkr --bench round_trip`.
//!
//! The paper gateway listens on loopback with no simulated latency and keeps nothing on disk. Our edge
//! and then Python's `ib_async` connect to it; each sends a market order for one share when its next
//! quote arrives, and waits for the execution. Both are timed the same way: from the quote in the
//! client's hands to the execution in the client's hands. Prints median and 99th percentile of each.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_edge::inbox::{Inbox, Limits, Receiver};
use alphatrader_exchange::desk::DeskConfig;
use alphatrader_exchange::server::{Gateway, GatewayConfig};
use alphatrader_ibkr::{Ibkr, IbkrConfig, IbkrHandle, Registry};
use alphatrader_model::{
    Action, BrokerEvent, Calendar, Contract, Effect, EffectId, InstrumentId, OrderId, OrderKind, OrderRef,
    OrderRequest, Payload, Quantity, Role, Seq, Side, SignalId, Span, Symbol, TimeInForce, Timestamp,
};

/// Round trips that are timed, and those before them that are not.
const ROUNDS: usize = 400;
const WARM_UP: usize = 50;
/// Times the market's speed, where no argument says another: a quote every few milliseconds, as at the open.
const SPEED: f64 = 10.0;
/// Nothing on a loopback takes longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() {
    let speed = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(SPEED);
    let gateway = Gateway::start(GatewayConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        symbols: vec![Symbol::new("SPY").unwrap()],
        speed,
        desk: DeskConfig { order_latency: Span::ZERO, ..DeskConfig::default() },
        // An order at every quote is more than the broker's fifty messages a second.
        limits: alphatrader_exchange::Limits::default().without_rates(),
        ..GatewayConfig::default()
    })
    .unwrap();
    let port = gateway.local_addr().port();
    let ours = ours(port, Clock::simulated(gateway.now(), speed).unwrap());
    report("ours: quote to order to execution", &ours);
    match peer(port) {
        Some(theirs) => {
            report("ib_async: the same", &theirs);
            let ratio = at(&theirs, 0.5).as_secs_f64() / at(&ours, 0.5).as_secs_f64();
            println!("ib_async takes {ratio:.1} times as long at the median");
        }
        None => println!("ib_async: absent; `cargo xtask test` installs it beside the build"),
    }
    gateway.shutdown().unwrap();
}

fn at(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

fn report(what: &str, sorted: &[Duration]) {
    println!(
        "{what:<36} {} rounds   p50 {:>9.1?}   p99 {:>9.1?}   max {:>9.1?}",
        sorted.len(),
        at(sorted, 0.5),
        at(sorted, 0.99),
        at(sorted, 1.0)
    );
}

struct Client {
    edge: IbkrHandle,
    inbox: Receiver,
    next_order: i32,
}

/// Round trips through our own edge, sorted.
fn ours(port: u16, clock: Clock) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (sender, inbox) = Inbox::new(Limits::default()).unwrap();
    // The quotes of SPY and nothing else, as the peer asks for.
    let config = IbkrConfig {
        option_lines: 0,
        book_symbols: 0,
        trade_streams: 0,
        bar_streams: 0,
        ..IbkrConfig::new(port, 1, vec![Symbol::new("SPY").unwrap()])
    };
    let edge =
        Ibkr::start(config, clock, Calendar::xnys(), sender, Registry::default(), runtime.handle()).unwrap();
    let mut client = Client { edge, inbox, next_order: 0 };
    let spy = client.ready();
    let mut times: Vec<Duration> = (0..WARM_UP + ROUNDS).map(|round| client.round(spy, round)).collect();
    runtime.block_on(client.edge.shutdown());
    times.drain(..WARM_UP);
    times.sort();
    times
}

impl Client {
    fn next(&self) -> Payload {
        self.inbox.recv_until(Instant::now() + PATIENCE).expect("the gateway speaks").payload
    }

    /// Waits until orders may be sent and the stock is quoted; its number.
    fn ready(&mut self) -> InstrumentId {
        let mut spy = None;
        let mut synchronised = false;
        loop {
            match self.next() {
                Payload::Instrument(i) if matches!(i.contract, Contract::Stock(_)) => spy = Some(i.id),
                Payload::Broker(event) => match *event {
                    BrokerEvent::Connected { next_order_id, .. } => self.next_order = next_order_id.0,
                    BrokerEvent::SyncEnd => synchronised = true,
                    _ => {}
                },
                Payload::Quote(quote) if synchronised && Some(quote.instrument) == spy => {
                    return quote.instrument;
                }
                _ => {}
            }
        }
    }

    fn round(&mut self, spy: InstrumentId, round: usize) -> Duration {
        while !matches!(self.next(), Payload::Quote(quote) if quote.instrument == spy) {}
        let begun = Instant::now();
        let id = OrderId(self.next_order);
        self.next_order += 1;
        let request = OrderRequest {
            id,
            reference: OrderRef {
                signal: SignalId::new(Timestamp::default(), Seq(round as u64 + 1), 0),
                role: Role::Entry,
                attempt: 1,
            },
            contract: Contract::Stock(Symbol::new("SPY").unwrap()),
            side: if round.is_multiple_of(2) { Side::Buy } else { Side::Sell },
            quantity: Quantity::new(1),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Day,
            parent: None,
            one_cancels_all: None,
        };
        let effect = Effect {
            id: EffectId { seq: Seq(round as u64 + 1), index: 0 },
            action: Action::Place(vec![request]),
            adds_risk: true,
            expires: None,
        };
        self.edge.perform(effect).unwrap();
        loop {
            if let Payload::Broker(event) = self.next() {
                match *event {
                    BrokerEvent::Execution(execution) if execution.order == id => return begun.elapsed(),
                    BrokerEvent::Rejected { id: refused, reason, .. } if refused == id => panic!("{reason}"),
                    _ => {}
                }
            }
        }
    }
}

/// The same by `ib_async`, from the environment that the tests install it in.
fn peer(port: u16) -> Option<Vec<Duration>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let python = target.join("foreign/bin/python");
    if !python.is_file() {
        return None;
    }
    let output = Command::new(python)
        .arg(root.join("tests/foreign/round_trip.py"))
        .args([port.to_string(), ROUNDS.to_string(), WARM_UP.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut times: Vec<Duration> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| Duration::from_secs_f64(line.parse().unwrap()))
        .collect();
    times.sort();
    Some(times)
}
