//! The desk on a market that the test moves itself.

mod combinations;
mod kinds;
mod plans;
mod waiting;

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Instrument, OptionContract, Price, Quantity, Quote, Right, Side, SignedQuantity, Symbol, Trade,
};

use super::*;
use crate::broker::fact::Founded;
use crate::broker::order::Status;
use crate::wire::message::contract::Contract as WireContract;
use crate::wire::message::order::PlaceOrderRequest;

/// SPY and two of its calls and a put of the day, in session from 09:31 on: SPY 600.00 to 600.01, the
/// 600 call 1.00 to 1.02, the 605 call 0.40 to 0.42, the 600 put 0.90 to 0.92, 500 on each side.
pub(crate) struct Floor {
    pub(crate) desk: Desk,
    pub(crate) facts: Vec<Fact>,
    pub(crate) said: Vec<Happening>,
}

pub(crate) const SPY: u32 = 0;
pub(crate) const CALL: u32 = 1;
pub(crate) const HIGHER: u32 = 2;
pub(crate) const PUT: u32 = 3;
const CLIENT: i32 = 5;

fn level(cents: i64, size: u64) -> Option<Level> {
    (size > 0).then(|| Level { price: Price::from_cents(cents), size: Quantity::new(size) })
}

pub(crate) fn contract(id: u32) -> Contract {
    let root = Symbol::new("SPY").unwrap();
    let option = |dollars: i64, right| {
        let strike = Price::from_cents(dollars * 100);
        Contract::Option(OptionContract { root, expiry: "2026-03-16".parse().unwrap(), strike, right })
    };
    match id {
        SPY => Contract::Stock(root),
        CALL => option(600, Right::Call),
        HIGHER => option(605, Right::Call),
        _ => option(600, Right::Put),
    }
}

/// An order in the client's words.
pub(crate) fn order(action: &str, quantity: u64, kind: &str, price: Option<f64>) -> Terms {
    let stop = matches!(kind, "STP" | "TRAIL" | "MIT");
    Terms {
        action: Some(action.to_owned()),
        total_quantity: Some(quantity.to_string()),
        order_type: Some(kind.to_owned()),
        lmt_price: price.filter(|_| !stop),
        aux_price: price.filter(|_| stop),
        transmit: Some(true),
        ..Terms::default()
    }
}

impl Floor {
    pub(crate) fn new() -> Self {
        Self::with(DeskConfig { order_latency: Span::from_millis(1), ..DeskConfig::default() })
    }

    pub(crate) fn with(config: DeskConfig) -> Self {
        let founded = Fact::Founded(Founded {
            account: "DU0000001".to_owned(),
            cash: Money::from_dollars(100_000).micros(),
            seed: 1,
            execution_prefix: 0xABC,
            first_perm_id: 1,
        });
        Self::go_on(config, vec![founded])
    }

    /// The next life of a desk of which these facts were kept.
    pub(crate) fn go_on(config: DeskConfig, facts: Vec<Fact>) -> Self {
        let mut state = BrokerState::default();
        for fact in &facts {
            state.apply(fact).unwrap();
        }
        let calendar = Calendar::xnys();
        let session = calendar.session("2026-03-16".parse().unwrap()).unwrap();
        let begin = state.clock.max(session.open + Span::MINUTE);
        let mut desk = Desk::new(config, calendar, state);
        desk.on_market(session.open, &Payload::Session(session));
        for id in [SPY, CALL, HIGHER, PUT] {
            desk.on_market(session.open, &Payload::Instrument(Box::new(listed(id, session.close))));
        }
        let mut floor = Self { desk, facts, said: Vec::new() };
        floor.desk.advance(begin);
        for (id, bid) in [(SPY, 60_000), (CALL, 100), (HIGHER, 40), (PUT, 90)] {
            floor.quote(id, bid, bid + if id == SPY { 1 } else { 2 }, 500);
        }
        floor.desk.restore_orders();
        floor.wait(1);
        floor
    }

    fn restart(mut self) -> Self {
        let now = self.desk.now();
        self.desk.reserve_clock(now);
        self.take();
        Self::go_on(*self.desk.config(), self.facts)
    }

    fn take(&mut self) {
        self.facts.extend(self.desk.take_facts());
        self.said.extend(self.desk.take_happenings());
    }

    /// Time passes, in milliseconds.
    pub(crate) fn wait(&mut self, millis: i64) {
        self.go_to(self.desk.now() + Span::from_millis(millis));
    }

    pub(crate) fn go_to(&mut self, to: Timestamp) {
        while let Some(due) = self.desk.next_due().filter(|due| *due < to) {
            self.desk.advance(due);
        }
        // What an order waited for may be seen on the way: it arrives before the end.
        self.desk.advance(to - Span::from_millis(10));
        self.desk.advance(to);
        self.take();
    }

    pub(crate) fn quote(&mut self, id: u32, bid: i64, ask: i64, size: u64) {
        let (bid, ask) = (level(bid, size), level(ask, size));
        self.market(&Payload::Quote(Quote { instrument: InstrumentId(id), bid, ask }));
    }

    pub(crate) fn print(&mut self, id: u32, cents: i64, size: u64, flags: TradeFlags) {
        self.market(&Payload::Trade(Trade {
            instrument: InstrumentId(id),
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            aggressor: None,
            venue: None,
            flags,
        }));
    }

    fn market(&mut self, payload: &Payload) {
        let at = self.desk.now() + Span::from_millis(1);
        self.desk.advance(at);
        self.desk.on_market(at, payload);
        self.take();
    }

    pub(crate) fn told(&self, id: u32) -> WireContract {
        self.desk.feed().catalogue.by_contract(&contract(id)).expect("listed").told("SMART")
    }

    /// Places or changes; gives the code of a refusal.
    pub(crate) fn place_as(
        &mut self,
        client: i32,
        id: i32,
        contract: WireContract,
        terms: Terms,
    ) -> Option<i32> {
        let request = PlaceOrderRequest { order_id: Some(id), contract: Some(contract), order: Some(terms) };
        let outcome = self.desk.place(client, &request);
        self.take();
        outcome.err().map(|refused| refused.code)
    }

    pub(crate) fn place(&mut self, id: i32, what: u32, terms: Terms) -> Option<i32> {
        let told = self.told(what);
        self.place_as(CLIENT, id, told, terms)
    }

    /// Places and lets it arrive.
    pub(crate) fn send(&mut self, id: i32, what: u32, terms: Terms) {
        assert_eq!(self.place(id, what, terms), None);
        self.wait(2);
    }

    pub(crate) fn order(&self, id: i32) -> &BrokerOrder {
        self.desk.state().order_of(CLIENT, id).expect("the order is known")
    }

    pub(crate) fn status(&self, id: i32) -> Status {
        self.order(id).status
    }

    fn filled(&self, id: i32) -> u64 {
        self.order(id).filled.get()
    }

    fn held(&self, id: u32) -> SignedQuantity {
        self.desk.state().book.held(&contract(id))
    }

    fn close(&self) -> Timestamp {
        self.desk.session().unwrap().close
    }

    /// Codes said about an order.
    fn codes(&self, id: i32) -> Vec<i32> {
        let notice = |h: &Happening| match h {
            Happening::Notice { order_id, code, .. } if *order_id == id => Some(*code),
            _ => None,
        };
        self.said.iter().filter_map(notice).collect()
    }

    fn executions(&self) -> Vec<&BrokerExecution> {
        let executed = |h: &'_ Happening| matches!(h, Happening::Executed(_));
        self.said
            .iter()
            .filter(|h| executed(h))
            .map(|h| match h {
                Happening::Executed(execution) => execution.as_ref(),
                _ => unreachable!("filtered just now"),
            })
            .collect()
    }
}

fn listed(id: u32, close: Timestamp) -> Instrument {
    let contract = contract(id);
    let option = contract.option().is_some();
    Instrument {
        id: InstrumentId(id),
        contract,
        underlying: Symbol::new("SPY").unwrap(),
        multiplier: if option { 100 } else { 1 },
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::CENT,
        expires: option.then_some(close),
        con_id: None,
        synthetic: true,
    }
}
