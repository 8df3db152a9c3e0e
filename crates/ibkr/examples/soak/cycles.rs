//! Connect, order, break; connect again and compare.
//!
//! A cycle waits for the broker's picture, holds it against the books, sends orders, and breaks the
//! connection at a random point: at once, after some of the broker's words, in the middle of a frame,
//! without a word, or by killing the gateway, which comes back from its state file. The books are kept
//! from what the edge tells alone. At the end every fill that the gateway's account knows is in them
//! once.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use alphatrader_edge::{Clock, Inbox, Limits, Policy, Receiver};
use alphatrader_exchange::server::{Gateway, GatewayConfig, GatewayError, GatewayHandle};
use alphatrader_ibkr::{Ibkr, IbkrConfig, IbkrHandle, Registry};
use alphatrader_model::{
    Action, Calendar, Contract, Effect, EffectId, Money, OrderKind, OrderRef, OrderRequest, Quantity, Role,
    Seq, Side, SignalId, Symbol, TimeInForce,
};
use tokio::runtime::Runtime;

use super::books::Books;
use super::wire::Wire;

/// How long anything may take before the soak gives up.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long the wait for some of the broker's words lasts at most, before the connection is broken.
const WORDS: Duration = Duration::from_millis(300);
/// A picture that differs from the books is taken again so often: a fill may have fallen into it.
const RETAKEN: u32 = 5;
/// Shares that may be held before orders lead back towards flat.
const MOST_HELD: i64 = 20_000;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// Cycles that were run.
    pub(crate) cycles: u32,
    /// Orders sent.
    pub(crate) orders: usize,
    /// Of these: filled whole, in part, not at all (they died with their connection).
    pub(crate) outcomes: [usize; 3],
    /// Executions in the books.
    pub(crate) fills: usize,
    /// Executions told again.
    pub(crate) repeats: u64,
    /// Sessions with the gateway.
    pub(crate) sessions: u64,
    /// Pictures taken.
    pub(crate) pictures: u64,
    /// Times a picture was taken again because a fill fell into it.
    pub(crate) retaken: u64,
    /// Connections broken: at once, inside a frame, without a word; gateways killed, restarted in order.
    pub(crate) breaks: [u32; 5],
}

impl Outcome {
    /// Adds what came of another run.
    pub(crate) fn add(&mut self, other: &Self) {
        self.cycles += other.cycles;
        self.orders += other.orders;
        self.fills += other.fills;
        self.repeats += other.repeats;
        self.sessions += other.sessions;
        self.pictures += other.pictures;
        self.retaken += other.retaken;
        for (sum, more) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += more;
        }
        for (sum, more) in self.breaks.iter_mut().zip(other.breaks) {
            *sum += more;
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [cut, inside, silent, killed, restarted] = self.breaks;
        writeln!(
            f,
            "broken: {cut} at once, {inside} inside a frame, {silent} without a word; gateway killed {killed}, \
             restarted in order {restarted}"
        )?;
        let Self { sessions, pictures, retaken, orders, fills, repeats, .. } = self;
        writeln!(f, "sessions {sessions}, pictures {pictures}, of which a fill fell into {retaken}")?;
        let [whole, _, none] = self.outcomes;
        writeln!(f, "orders {orders}: {whole} filled whole, {none} never reached the market")?;
        writeln!(f, "executions {fills}, told again {repeats} times: none lost, none doubled")
    }
}

/// Seeded numbers: `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }
}

struct Soak<'a> {
    folder: &'a Path,
    chance: Chance,
    wire: Wire,
    gateway: Option<GatewayHandle>,
    handle: IbkrHandle,
    receiver: Receiver,
    runtime: Runtime,
    books: Books,
    effects: u64,
    outcome: Outcome,
}

/// Runs `cycles` cycles from `seed`, with the gateway's state in `folder`; `told` hears of each.
///
/// # Errors
/// What is lost, doubled or contradicts itself, or what never came, in words.
pub(crate) fn run(
    cycles: u32,
    seed: u64,
    folder: &Path,
    mut told: impl FnMut(&Outcome),
) -> Result<Outcome, String> {
    let mut soak = Soak::new(seed, folder)?;
    for cycle in 0..cycles {
        let within = |error: String| format!("cycle {cycle} of seed {seed}: {error}");
        soak.agree().map_err(within)?;
        soak.order().map_err(within)?;
        soak.break_it().map_err(within)?;
        soak.outcome.cycles = cycle + 1;
        soak.count();
        told(&soak.outcome);
    }
    soak.settle().map_err(|error| format!("after {cycles} cycles of seed {seed}: {error}"))?;
    soak.count();
    let stopped = soak.runtime.block_on(soak.handle.shutdown());
    if !stopped {
        return Err("the edge did not end in time".to_owned());
    }
    Ok(soak.outcome)
}

fn gateway(folder: &Path) -> Result<GatewayHandle, String> {
    let config = GatewayConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        state_file: Some(folder.join("paper.state")),
        opening_cash: Money::from_dollars(100_000_000),
        ..GatewayConfig::default()
    };
    Gateway::start(config).map_err(|error: GatewayError| error.to_string())
}

impl<'a> Soak<'a> {
    fn new(seed: u64, folder: &'a Path) -> Result<Self, String> {
        let gateway = gateway(folder)?;
        let wire = Wire::to(gateway.local_addr().port()).map_err(|error| error.to_string())?;
        let spy = Symbol::new("SPY").map_err(|error| error.to_string())?;
        let config = IbkrConfig {
            synthetic: true,
            option_lines: 0,
            // The budget of messages is for orders and pictures: more cycles a minute.
            book_symbols: 0,
            bar_streams: 0,
            request_deadline: Duration::from_secs(5),
            heartbeat: Duration::from_secs(1),
            same_request: Duration::ZERO,
            messages_per_second: 45,
            retry: Policy {
                first: Duration::from_millis(5),
                longest: Duration::from_millis(40),
                attempts: u32::MAX,
            },
            ..IbkrConfig::new(wire.port, 11, vec![spy])
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let (inbox, receiver) = Inbox::new(Limits::default()).map_err(|error| error.to_string())?;
        let handle = Ibkr::start(
            config,
            Clock::wall(),
            Calendar::xnys(),
            inbox,
            Registry::default(),
            runtime.handle(),
        )
        .map_err(|error| error.to_string())?;
        Ok(Self {
            folder,
            chance: Chance(seed),
            wire,
            gateway: Some(gateway),
            handle,
            receiver,
            runtime,
            books: Books::default(),
            effects: 0,
            outcome: Outcome::default(),
        })
    }

    fn count(&mut self) {
        let outcome = &mut self.outcome;
        outcome.orders = self.books.orders.len();
        outcome.outcomes = self.books.outcomes();
        outcome.fills = self.books.fills();
        outcome.repeats = self.books.repeats;
        outcome.sessions = self.books.sessions;
        outcome.pictures = self.books.pictures;
    }

    /// Hears what is told until `wanted` holds or the time is over; says whether it holds.
    fn hear_until(&mut self, patience: Duration, wanted: impl Fn(&Books) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        while !wanted(&self.books) {
            match self.receiver.recv_until(deadline) {
                Some(input) => self.books.hear(&input),
                None => return false,
            }
        }
        true
    }

    fn await_it(&mut self, what: &str, wanted: impl Fn(&Books) -> bool) -> Result<(), String> {
        if self.hear_until(PATIENCE, wanted) {
            return Ok(());
        }
        let status = self.handle.status();
        Err(format!("{what} did not come in {PATIENCE:?}: {} ({:?})", status.text, status.last_error))
    }

    fn perform(&mut self, action: Action) -> Result<(), String> {
        self.effects += 1;
        let id = EffectId { seq: Seq(self.effects), index: 0 };
        let effect = Effect { id, action, adds_risk: true, expires: None };
        self.handle.perform(effect).map_err(|error| error.to_string())
    }

    /// Waits for the broker's picture and holds it against the books.
    fn agree(&mut self) -> Result<(), String> {
        for _ in 0..RETAKEN {
            self.await_it("the broker's picture", |books| books.whole.is_some())?;
            let wrong = self.books.contradictions();
            if !wrong.is_empty() {
                return Err(wrong.join("; "));
            }
            let theirs = self.books.whole.as_ref().map(|picture| picture.positions.clone());
            if theirs.as_ref() == Some(&self.books.positions()) {
                return Ok(());
            }
            self.outcome.retaken += 1;
            self.books.whole = None;
            self.perform(Action::Synchronise)?;
        }
        Err(format!(
            "a fill is lost or doubled: the books say {:?}, the broker {:?}",
            self.books.positions(),
            self.books.whole
        ))
    }

    /// Sends one or two market orders.
    fn order(&mut self) -> Result<(), String> {
        let spy: Contract = "SPY".parse().map_err(|_| "SPY is a contract".to_owned())?;
        for _ in 0..=self.chance.below(2) {
            let id = self.books.number();
            let signal =
                SignalId::new(alphatrader_model::Timestamp::from_seconds(1_700_000_000), Seq(id.0 as u64), 0);
            let side = match self.chance.below(2) {
                _ if self.books.held(spy).abs() > MOST_HELD => self.books.homewards(spy),
                0 => Side::Buy,
                _ => Side::Sell,
            };
            let order = OrderRequest {
                id,
                reference: OrderRef { signal, role: Role::Entry, attempt: 1 },
                contract: spy,
                side,
                quantity: Quantity::new(1 + self.chance.below(8_000)),
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                parent: None,
                one_cancels_all: None,
            };
            self.books.orders.insert(order.reference, order);
            self.perform(Action::Place(vec![order]))?;
        }
        Ok(())
    }

    /// Breaks the connection at a random point, and waits until the edge has told of it.
    fn break_it(&mut self) -> Result<(), String> {
        let words = self.books.words + self.chance.below(12);
        self.hear_until(WORDS, |books| books.words >= words || !books.connected);
        let how = self.chance.below(100);
        let (sort, sessions) = (
            match how {
                0..45 => 0,
                45..80 => 1,
                80..82 => 2,
                82..95 => 3,
                _ => 4,
            },
            self.books.sessions,
        );
        self.outcome.breaks[sort] += 1;
        match sort {
            0 => self.wire.cut(),
            1 => {
                let bytes = self.chance.below(3_000) as i64;
                self.wire.cut_after(bytes);
            }
            2 => self.wire.freeze(),
            _ => self.replace_gateway(sort == 3)?,
        }
        self.await_it("the loss of the connection", |books| !books.connected || books.sessions > sessions)
    }

    /// The gateway goes, killed or in order, and comes back from its state file.
    fn replace_gateway(&mut self, killed: bool) -> Result<(), String> {
        if let Some(gateway) = self.gateway.take() {
            let ended = if killed { gateway.kill() } else { gateway.shutdown() };
            ended.map_err(|error| error.to_string())?;
        }
        let gateway = gateway(self.folder)?;
        self.wire.lead_to(gateway.local_addr().port());
        self.gateway = Some(gateway);
        // A connection through the wire to the old one is gone with it; what the wire still holds too.
        self.wire.cut();
        Ok(())
    }

    /// Waits until nothing works any more, and holds the broker's last picture against the books.
    fn settle(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.agree()?;
            let open = self.books.whole.as_ref().map_or(0, |picture| picture.open.len());
            if open == 0 {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!("{open} market orders still work"));
            }
            self.books.whole = None;
            self.perform(Action::Synchronise)?;
        }
        let [_, in_part, _] = self.books.outcomes();
        if in_part > 0 {
            return Err(format!(
                "{in_part} market orders are filled in part and work no more: fills are lost"
            ));
        }
        Ok(())
    }
}
