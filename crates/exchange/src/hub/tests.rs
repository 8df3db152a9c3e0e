//! The hub on a market whose every quote the test knows.

mod expiry;
mod random;
mod scripts;

use std::sync::{Arc, Mutex};

use super::*;
use crate::broker::fact::{Fact, Founded};
use crate::broker::order::Status;
use crate::broker::state::BrokerState;
use crate::desk::DeskConfig;
use crate::desk::expiry::ExpiryRules;
use crate::wire::Request;
use crate::wire::message::account::{PnlSingleRequest, PositionsRequest};
use crate::wire::message::contract::Contract as WireContract;
use crate::wire::message::order::{CancelOrderRequest, PlaceOrderRequest};
use crate::wire::message::order_terms::Order;
use crate::wire::message::session::StartApiRequest;
use alphatrader_model::market::Level;
use alphatrader_model::{
    Calendar, Contract, Input, Instrument, InstrumentId, Money, OptionContract, Payload, Price, Quantity,
    Quote, Symbol,
};

/// SPY at 600.00 to 600.01 (605.00 on other days than the first), its call of the day at 600 for 1.00
/// to 1.02, both quoted each second. The underlying moves by `drift` cents at noon.
struct Script {
    day: Vec<Input>,
    given: usize,
    drift: i64,
}

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn quote(id: u32, bid: i64, ask: i64) -> Payload {
    Payload::Quote(Quote {
        instrument: InstrumentId(id),
        bid: Some(level(bid, 500)),
        ask: Some(level(ask, 500)),
    })
}

fn stock() -> Contract {
    Contract::Stock(Symbol::new("SPY").unwrap())
}

fn call_of(session: &TradingSession) -> Contract {
    let root = Symbol::new("SPY").unwrap();
    let strike = Price::from_cents(60_000);
    Contract::Option(OptionContract {
        root,
        expiry: session.date,
        strike,
        right: alphatrader_model::Right::Call,
    })
}

fn instrument(id: u32, contract: Contract, session: &TradingSession) -> Payload {
    let option = contract.option().is_some();
    Payload::Instrument(Box::new(Instrument {
        id: InstrumentId(id),
        contract,
        underlying: Symbol::new("SPY").unwrap(),
        multiplier: if option { 100 } else { 1 },
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::CENT,
        expires: option.then_some(session.close),
        con_id: None,
        synthetic: true,
    }))
}

impl Source for Script {
    fn begin(&mut self, session: TradingSession) {
        let noon = session.open + Span::from_minutes(150);
        self.given = 0;
        let at = |ts_event, payload| Input { ts_event, ts_recv: ts_event, payload };
        let announced = [
            Payload::Session(session),
            instrument(0, stock(), &session),
            instrument(1, call_of(&session), &session),
        ];
        self.day = announced.into_iter().map(|payload| at(session.open, payload)).collect();
        let mut now = session.open;
        while now < session.close {
            let first = session.date.day() == 16;
            let moved = if now >= noon { self.drift } else { 0 } + if first { 0 } else { 500 };
            self.day.push(at(now, quote(0, 60_000 + moved, 60_001 + moved)));
            self.day.push(at(now, quote(1, 100, 102)));
            now = now + Span::SECOND;
        }
    }

    fn peek(&mut self) -> Option<Timestamp> {
        self.day.get(self.given).map(|input| input.ts_event)
    }

    fn next(&mut self) -> Option<Input> {
        self.given += 1;
        self.day.get(self.given - 1).cloned()
    }
}

/// Remembers facts, as a file would.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<Fact>>>);

impl Store for Memory {
    fn commit(&mut self, facts: &[Fact]) -> Result<(), StateError> {
        self.0.lock().unwrap().extend_from_slice(facts);
        Ok(())
    }

    fn tidy(&mut self, _state: &BrokerState) {}
}

impl Memory {
    fn state(&self) -> BrokerState {
        let mut state = BrokerState::default();
        for fact in self.0.lock().unwrap().iter() {
            state.apply(fact).unwrap();
        }
        state
    }
}

const CLIENT: ConnectionId = ConnectionId(1);

const CASH: ExpiryRules = ExpiryRules { delivers: false, warns: None, liquidates: None };

struct Bench {
    hub: Hub,
    memory: Memory,
    /// What the client was told since the last look.
    told: Vec<Reply>,
    /// Whether the client's connection was ended from this side.
    ended: bool,
}

fn at(time: &str) -> Timestamp {
    format!("2026-03-16T{time}-04:00").parse().unwrap()
}

impl Bench {
    /// Options are settled in cash.
    fn new(begin: &str, drift: i64) -> Self {
        Self::with_rules(begin, drift, CASH)
    }

    fn with_rules(begin: &str, drift: i64, rules: ExpiryRules) -> Self {
        let memory = Memory::default();
        let mut store = memory.clone();
        let cash = Money::from_dollars(100_000).micros();
        let account = "DU0000001".to_owned();
        let founded =
            Fact::Founded(Founded { account, cash, seed: 1, execution_prefix: 1, first_perm_id: 1 });
        store.commit(&[founded]).unwrap();
        Self::go_on_with(memory, at(begin), drift, rules)
    }

    /// A gateway's next life: what `memory` holds is all it has.
    fn go_on(memory: Memory, begin: Timestamp, drift: i64) -> Self {
        Self::go_on_with(memory, begin, drift, CASH)
    }

    fn go_on_with(memory: Memory, begin: Timestamp, drift: i64, rules: ExpiryRules) -> Self {
        let config =
            DeskConfig { order_latency: Span::from_millis(1), expiry: rules, ..DeskConfig::default() };
        let desk = Desk::new(config, Calendar::xnys(), memory.state());
        let script = Script { day: Vec::new(), given: 0, drift };
        let hub = Hub::new(
            desk,
            Box::new(script),
            Box::new(memory.clone()),
            Limits::default().without_rates(),
            begin,
        );
        let mut bench = Self { hub, memory, told: Vec::new(), ended: false };
        bench.ask(&Request::StartApi(StartApiRequest { client_id: Some(5), optional_capabilities: None }));
        bench
    }

    fn say(&mut self) {
        let now = self.hub.now();
        self.hub.reserve_clock(Span::SECOND);
        for (id, output) in self.hub.commit().unwrap().0 {
            assert_eq!(id, CLIENT);
            match output {
                Output::Reply(reply) => self.told.push(reply),
                Output::Close | Output::Cut | Output::Hold => self.ended = true,
                Output::Hello(_) | Output::Shape(_) => {}
            }
        }
        assert!(self.memory.state().clock >= now, "no time is told that a restart could go back behind");
    }

    fn ask(&mut self, request: &Request) {
        self.hub.request(CLIENT, request);
        self.say();
    }

    fn place(&mut self, order_id: i32, contract: Contract, order: Order) {
        let listing = self.hub.desk().feed().catalogue.by_contract(&contract).expect("listed");
        let contract = Some(listing.told("SMART"));
        let order = Some(order);
        self.ask(&Request::PlaceOrder(Box::new(PlaceOrderRequest {
            order_id: Some(order_id),
            contract,
            order,
        })));
    }

    fn wait(&mut self, span: Span) {
        let to = self.hub.now() + span;
        assert_eq!(self.hub.run_to(to), None);
        self.say();
    }

    fn status(&self, order_id: i32) -> Status {
        self.hub.desk().state().order_of(5, order_id).expect("the order is known").status
    }

    fn errors(&self) -> Vec<(i32, i32)> {
        let errors = self.told.iter().filter_map(|reply| match reply {
            Reply::Error(error) => Some((error.id?, error.error_code?)),
            _ => None,
        });
        errors.filter(|(_, code)| !(2_100..2_200).contains(code)).collect()
    }
}

fn order(action: &str, quantity: u64, kind: &str, price: Option<f64>) -> Order {
    let stop = kind == "STP";
    Order {
        action: Some(action.to_owned()),
        total_quantity: Some(quantity.to_string()),
        order_type: Some(kind.to_owned()),
        lmt_price: price.filter(|_| !stop),
        aux_price: price.filter(|_| stop),
        transmit: Some(true),
        ..Order::default()
    }
}

#[test]
fn the_day_ends_options_settle_and_the_next_day_goes_on() {
    let mut bench = Bench::new("15:59:50", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("BUY", 2, "MKT", None));
    bench.place(2, stock(), order("BUY", 1, "LMT", Some(500.0)));
    let mut lasting = order("BUY", 3, "LMT", Some(700.0));
    lasting.tif = Some("GTC".to_owned());
    lasting.lmt_price = Some(500.0);
    bench.place(3, stock(), lasting);
    bench.wait(Span::from_millis(500));
    assert_eq!(
        (bench.status(1), bench.status(2), bench.status(3)),
        (Status::Filled, Status::Submitted, Status::Submitted)
    );
    // Bought at 1.02 and worth 3.005 (the middle of 603.00 and 603.01) less 600 at the close.
    bench.wait(Span::from_seconds(12));
    assert_eq!(bench.status(2), Status::Cancelled);
    assert!(bench.errors().contains(&(2, 202)));
    let book = &bench.hub.desk().state().book;
    assert!(book.held(&call).is_flat());
    let gain = book.holdings[&call].realized_today;
    assert_eq!(gain, Money::from_micros(2 * 100 * (3_005_000 - 1_020_000) - 1_300_000));
    assert_eq!(book.cash, Money::from_dollars(100_000).checked_add(gain).unwrap());

    let morning = bench.hub.run_to(at("16:00:31")).expect("the night passes");
    bench.say();
    assert_eq!(morning.to_string(), "2026-03-17T13:30:00Z");
    let codes: Vec<i32> = bench.errors().iter().map(|(_, code)| *code).collect();
    assert!(codes.ends_with(&[1100, 1102]), "{codes:?}");
    let day = bench.hub.desk().state().day.clone().unwrap();
    assert_eq!(day.date.to_string(), "2026-03-17");
    assert_eq!(day.equity, bench.hub.desk().state().book.cash);
    assert!(bench.hub.desk().state().book.holdings.is_empty());
    assert!(bench.hub.desk().feed().catalogue.by_contract(&call).is_none(), "yesterday's call is gone");
    // The order that lasts works again, the other is forgotten.
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(3), Status::Submitted);
    assert!(bench.hub.desk().state().order_of(5, 2).is_none());
    bench.place(4, call_of(&bench.hub.today()), order("BUY", 1, "MKT", None));
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(4), Status::Filled);
}

#[test]
fn orders_outside_the_session_are_held_and_said_to_be() {
    let mut bench = Bench::new("15:59:59", 0);
    bench.wait(Span::from_seconds(3));
    bench.place(1, stock(), order("BUY", 1, "MKT", None));
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(1), Status::PreSubmitted);
    assert!(bench.errors().contains(&(1, 399)), "{:?}", bench.errors());
    bench.hub.run_to(at("16:00:31")).expect("the night passes");
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(1), Status::Filled);
    let price = bench.hub.desk().state().order_of(5, 1).unwrap().last_price;
    assert_eq!(price, Some(Price::from_cents(60_501)), "at the morning's price, not the evening's");
}

#[test]
fn one_cancels_all_reduces_or_cancels() {
    let mut bench = Bench::new("09:30:00", 0);
    bench.place(1, stock(), order("BUY", 10, "MKT", None));
    bench.wait(Span::SECOND);
    for (id, kind, price) in [(2, "LMT", 700.0), (3, "STP", 500.0)] {
        let mut exit = order("SELL", 10, kind, Some(price));
        exit.oca_group = Some("exits".to_owned());
        exit.oca_type = Some(1);
        bench.place(id, stock(), exit);
    }
    bench.wait(Span::SECOND);
    assert_eq!((bench.status(2), bench.status(3)), (Status::Submitted, Status::PreSubmitted));
    let mut reached = order("SELL", 10, "STP", Some(650.0));
    reached.oca_group = Some("exits".to_owned());
    reached.oca_type = Some(1);
    bench.place(3, stock(), reached);
    bench.wait(Span::SECOND);
    assert_eq!((bench.status(2), bench.status(3)), (Status::Cancelled, Status::Filled));
    assert!(bench.hub.desk().state().book.held(&stock()).is_flat());
}

#[test]
fn what_is_held_back_neither_works_nor_costs() {
    let mut bench = Bench::new("09:30:00", 0);
    let mut entry = order("BUY", 10, "MKT", None);
    entry.transmit = Some(false);
    bench.place(1, stock(), entry);
    let mut exit = order("SELL", 10, "LMT", Some(700.0));
    exit.transmit = Some(false);
    exit.parent_id = Some(1);
    bench.place(2, stock(), exit);
    bench.wait(Span::SECOND);
    assert_eq!((bench.status(1), bench.status(2)), (Status::PendingSubmit, Status::PendingSubmit));
    // A parent's end takes its children along.
    bench.ask(&Request::CancelOrder(CancelOrderRequest { order_id: Some(1), order_cancel: None }));
    assert_eq!((bench.status(1), bench.status(2)), (Status::ApiCancelled, Status::ApiCancelled));
    let mut orphan = order("SELL", 10, "LMT", Some(700.0));
    orphan.parent_id = Some(77);
    bench.place(3, stock(), orphan);
    assert!(bench.errors().contains(&(3, 10_006)));
}

#[test]
fn a_question_about_an_order_places_nothing() {
    let mut bench = Bench::new("09:30:00", 0);
    let mut asked = order("BUY", 100, "MKT", None);
    asked.what_if = Some(true);
    bench.place(1, stock(), asked);
    let Some(Reply::OpenOrder(answer)) = bench.told.last() else { panic!("{:?}", bench.told.last()) };
    let state = answer.order_state.clone().unwrap();
    assert_eq!(state.commission_and_fees, Some(1.0));
    assert_eq!(state.init_margin_change, Some(100.0 * 600.005 / 2.0));
    assert!(bench.hub.desk().state().orders.is_empty());
}

#[test]
fn what_an_account_cannot_pay_is_refused_and_closing_never_is() {
    let mut bench = Bench::new("09:30:00", 0);
    // Twice what is available may be bought of stock: 333 shares for 100 000 dollars.
    bench.place(1, stock(), order("BUY", 340, "MKT", None));
    assert_eq!(bench.status(1), Status::Inactive);
    assert!(bench.errors().contains(&(1, 201)));
    bench.place(2, stock(), order("BUY", 330, "MKT", None));
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(2), Status::Filled);
    bench.place(3, call_of(&bench.hub.today()), order("BUY", 100, "MKT", None));
    assert_eq!(bench.status(3), Status::Inactive);
    bench.place(4, stock(), order("SELL", 330, "MKT", None));
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(4), Status::Filled);
    // An option is paid in full.
    bench.place(5, call_of(&bench.hub.today()), order("BUY", 960, "LMT", Some(1.02)));
    bench.wait(Span::SECOND);
    assert_eq!(bench.status(5), Status::Filled);
    let cash = bench.hub.desk().state().book.cash;
    assert!(cash > Money::ZERO && cash < Money::from_dollars(2_000), "{cash}");
}

#[test]
fn profit_of_a_position_is_told_and_follows_the_market() {
    let mut bench = Bench::new("11:59:00", 300);
    bench.place(1, stock(), order("BUY", 100, "MKT", None));
    bench.ask(&Request::Positions(PositionsRequest {}));
    let con_id = Some(756_733);
    bench.wait(Span::SECOND);
    let asked = PnlSingleRequest { req_id: Some(9), account: None, model_code: None, con_id };
    bench.ask(&Request::PnlSingle(asked));
    bench.wait(Span::from_minutes(2));
    let last = bench.told.iter().rev().find_map(|reply| match reply {
        Reply::PnlSingle(single) => Some(single.clone()),
        _ => None,
    });
    let last = last.expect("profit is told");
    // Bought at 600.01 with a dollar of commission; the middle is 603.005 now.
    let profit = 100.0 * (603.005 - 600.01) - 1.0;
    assert_eq!(last.position.as_deref(), Some("100"));
    assert!((last.unrealized_pnl.unwrap() - profit).abs() < 1e-6);
    assert!((last.daily_pnl.unwrap() - profit).abs() < 1e-6);
    let told = bench
        .told
        .iter()
        .any(|reply| matches!(reply, Reply::Position(p) if p.position.as_deref() == Some("100")));
    assert!(told, "the position is told when it changes");
}

#[test]
fn the_same_questions_get_the_same_answers() {
    let run = || {
        let mut bench = Bench::new("09:30:00", 5);
        let contract = Some(WireContract {
            symbol: Some("SPY".to_owned()),
            sec_type: Some("STK".to_owned()),
            ..WireContract::default()
        });
        bench.ask(&Request::MarketData(crate::wire::message::market_data::MarketDataRequest {
            req_id: Some(1),
            contract,
            ..Default::default()
        }));
        for id in 1..20 {
            let kind = if id % 2 == 0 { "MKT" } else { "LMT" };
            bench.place(id, stock(), order("BUY", 1, kind, Some(600.0).filter(|_| kind == "LMT")));
            bench.wait(Span::from_millis(730));
        }
        format!("{:?}", bench.told)
    };
    assert_eq!(run(), run());
}
