//! The edge, and everything it told the engine.

use std::time::{Duration, Instant};

use alphatrader_edge::{Clock, Inbox, Limits, Policy, Receiver};
use alphatrader_ibkr::{Ibkr, IbkrConfig, IbkrHandle, Registry, Status};
use alphatrader_model::{
    Action, BrokerEvent, Calendar, Contract, Effect, EffectId, Input, Instrument, InstrumentId, OrderId,
    OrderKind, OrderRef, OrderRequest, Payload, Quantity, Role, Seq, Side, SignalId, Symbol, TimeInForce,
    Timestamp,
};
use tokio::runtime::Runtime;

/// How long a test waits for anything: far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Edge {
    pub(crate) handle: IbkrHandle,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    /// Everything told so far, in order.
    pub(crate) told: Vec<Input>,
    receiver: Receiver,
    runtime: Runtime,
    effects: u64,
}

pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

/// Settings for a gateway on a port of this machine, quick to notice and to retry.
pub(crate) fn config(port: u16) -> IbkrConfig {
    IbkrConfig {
        request_deadline: Duration::from_secs(2),
        heartbeat: Duration::from_millis(500),
        // The broker's 15 s are for the broker; what a test opens anew it wants soon.
        same_request: Duration::from_millis(20),
        retry: Policy {
            first: Duration::from_millis(50),
            longest: Duration::from_millis(200),
            attempts: 10_000,
        },
        ..IbkrConfig::new(port, 11, vec![symbol("SPY")])
    }
}

/// Monday in session.
pub(crate) fn monday() -> Timestamp {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

impl Edge {
    pub(crate) fn start(config: IbkrConfig) -> Self {
        Self::with_clock(config, Clock::simulated(monday(), 1.0).unwrap())
    }

    pub(crate) fn with_clock(config: IbkrConfig, clock: Clock) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (inbox, receiver) = Inbox::new(Limits::default()).unwrap();
        let registry = Registry::default();
        let handle =
            Ibkr::start(config, clock.clone(), Calendar::xnys(), inbox, registry.clone(), runtime.handle())
                .unwrap();
        Self { handle, registry, clock, told: Vec::new(), receiver, runtime, effects: 0 }
    }

    /// Waits until something is told from place `from` on that `wanted` likes; its place.
    pub(crate) fn await_from(&mut self, from: usize, what: &str, wanted: impl Fn(&Payload) -> bool) -> usize {
        let deadline = Instant::now() + PATIENCE;
        let mut next = from;
        loop {
            while let Some(input) = self.told.get(next) {
                if wanted(&input.payload) {
                    return next;
                }
                next += 1;
            }
            match self.receiver.recv_until(deadline) {
                Some(input) => self.told.push(input),
                None => panic!("{what} did not come; {:#?}\n{:#?}", self.handle.status(), self.brokers(0)),
            }
        }
    }

    pub(crate) fn await_broker(
        &mut self,
        from: usize,
        what: &str,
        wanted: impl Fn(&BrokerEvent) -> bool,
    ) -> usize {
        self.await_from(from, what, |payload| matches!(payload, Payload::Broker(event) if wanted(event)))
    }

    /// Waits for the end of the broker's picture.
    pub(crate) fn await_picture(&mut self, from: usize) -> usize {
        self.await_broker(from, "the broker's picture", |event| matches!(event, BrokerEvent::SyncEnd))
    }

    /// What the broker said from a place on.
    pub(crate) fn brokers(&self, from: usize) -> Vec<BrokerEvent> {
        self.told[from..]
            .iter()
            .filter_map(|input| match &input.payload {
                Payload::Broker(event) => Some((**event).clone()),
                _ => None,
            })
            .collect()
    }

    /// Waits until the status is as wanted.
    pub(crate) fn await_status(&mut self, what: &str, mut wanted: impl FnMut(&Status) -> bool) -> Status {
        const LOOK: Duration = Duration::from_millis(20);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.handle.status();
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "{what}: {status:#?}");
            self.told.extend(self.receiver.recv_until(Instant::now() + LOOK));
        }
    }

    pub(crate) fn id(&self, contract: &str) -> InstrumentId {
        self.registry.id(&contract.parse::<Contract>().unwrap()).unwrap()
    }

    /// Every contract that was announced, in order.
    pub(crate) fn announced(&self) -> Vec<Instrument> {
        self.told
            .iter()
            .filter_map(|input| match &input.payload {
                Payload::Instrument(instrument) => Some((**instrument).clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn perform(&mut self, action: Action) -> EffectId {
        self.effects += 1;
        let id = EffectId { seq: Seq(self.effects), index: 0 };
        self.handle.perform(Effect { id, action, adds_risk: true, expires: None }).unwrap();
        id
    }

    pub(crate) fn shutdown(&self) -> bool {
        self.runtime.block_on(self.handle.shutdown())
    }
}

/// An order for two calls.
pub(crate) fn order(id: i32, kind: OrderKind) -> OrderRequest {
    let signal = SignalId::new(monday(), Seq(7), id as u16);
    OrderRequest {
        id: OrderId(id),
        reference: OrderRef { signal, role: Role::Entry, attempt: 1 },
        contract: "SPY261123C00600000".parse().unwrap(),
        side: Side::Buy,
        quantity: Quantity::new(2),
        kind,
        time_in_force: TimeInForce::Day,
        parent: None,
        one_cancels_all: None,
    }
}
