//! A desk for tests: the engine, a morning of quotes that ends in a break upward, and a broker who
//! says exactly what the test makes him say.

use alphatrader_analytics::options;
use alphatrader_engine::{Edges, Engine, TradingCore};
use alphatrader_model::broker::{BrokerOrderState, Execution, OpenOrder};
use alphatrader_model::event::LedgerEvent;
use alphatrader_model::market::{ChainRow, Level, Quote, Side, Trade, TradeFlags};
use alphatrader_model::view::TradingView;
use alphatrader_model::{
    Account, Action, BrokerEvent, Calendar, Contract, Effect, Input, Instrument, InstrumentId, Money,
    OptionContract, Order, OrderId, OrderRequest, OrderState, Payload, Price, Quantity, Record, Right, Role,
    Seq, Session, Settings, SignedQuantity, Span, Symbol, Timestamp,
};

pub(crate) fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

pub(crate) fn session() -> Session {
    Calendar::xnys().session(jiff::civil::date(2026, 11, 23)).unwrap()
}

/// What the engine asked of the outside.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) records: Vec<(Seq, Record)>,
    pub(crate) effects: Vec<Effect>,
    uncommitted: Option<Seq>,
}

impl Edges for Log {
    fn commit(&mut self, step: Seq, _: Timestamp, records: &[Record]) {
        self.records.extend(records.iter().map(|r| (step, r.clone())));
        self.uncommitted = Some(step);
    }

    fn perform(&mut self, _: Timestamp, effect: &Effect) {
        self.effects.push(effect.clone());
    }
}

pub(crate) struct Desk {
    pub(crate) engine: Engine,
    pub(crate) log: Log,
    pub(crate) now: Timestamp,
    /// Whether the ledger answers at once.
    pub(crate) durable: bool,
    contracts: Vec<Contract>,
    execs: u32,
    /// Price of the underlying at which the options were last quoted, and when.
    quoted: i64,
    quoted_at: Timestamp,
}

impl Desk {
    /// Settings, session and contracts are known, the broker is connected and reconciled, and flat.
    pub(crate) fn new() -> Self {
        let mut desk = Self::with(1, TradingCore::default());
        desk.connect(&[], &[]);
        desk
    }

    /// A start of the given incarnation with what a ledger knew; not connected yet.
    pub(crate) fn with(incarnation: u32, trading: TradingCore) -> Self {
        let mut desk = Self {
            engine: Engine::new(incarnation, trading),
            log: Log::default(),
            now: session().open,
            durable: true,
            contracts: Vec::new(),
            execs: 0,
            quoted: 0,
            quoted_at: Timestamp::default(),
        };
        desk.tell(Payload::Settings(Box::default()));
        desk.tell(Payload::Session(session()));
        desk.announce(Contract::Stock(spy()), 1, None);
        for strike in 590..=610 {
            for right in [Right::Call, Right::Put] {
                let strike = Price::from_cents(strike * 100);
                let option = OptionContract { root: spy(), expiry: session().date, strike, right };
                desk.announce(Contract::Option(option), 100, Some(session().close));
            }
        }
        desk
    }

    fn announce(&mut self, contract: Contract, multiplier: u32, expires: Option<Timestamp>) {
        let id = InstrumentId(self.contracts.len() as u32);
        self.contracts.push(contract);
        self.tell(Payload::Instrument(Box::new(Instrument {
            id,
            contract,
            underlying: spy(),
            multiplier,
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::from_cents(300),
            expires,
            con_id: None,
            synthetic: true,
        })));
        if expires.is_some() {
            self.tell(Payload::Chain(ChainRow {
                instrument: id,
                open_interest: Some(9_000),
                volume: Some(900),
            }));
        }
    }

    /// Something happens now; a ledger that answers has answered when this returns.
    pub(crate) fn tell(&mut self, payload: Payload) {
        self.engine.step(Input { ts_event: self.now, ts_recv: self.now, payload }, &mut self.log);
        while self.durable
            && let Some(through) = self.log.uncommitted.take()
        {
            let payload = Payload::Ledger(LedgerEvent::Committed { through });
            self.engine.step(Input { ts_event: self.now, ts_recv: self.now, payload }, &mut self.log);
        }
    }

    pub(crate) fn broker(&mut self, said: BrokerEvent) {
        self.tell(Payload::Broker(Box::new(said)));
    }

    /// A session begins, and the broker's picture is this.
    pub(crate) fn connect(&mut self, orders: &[OpenOrder], positions: &[(Contract, i64)]) {
        self.broker(BrokerEvent::Connected {
            account: "DU0000001".into(),
            next_order_id: OrderId(1),
            paper: true,
        });
        self.picture(orders, positions);
    }

    pub(crate) fn picture(&mut self, orders: &[OpenOrder], positions: &[(Contract, i64)]) {
        self.broker(BrokerEvent::SyncBegin);
        self.broker(BrokerEvent::Account(account(self.now)));
        for order in orders {
            self.broker(BrokerEvent::OpenOrder(*order));
        }
        for (contract, quantity) in positions {
            self.broker(BrokerEvent::Position {
                contract: *contract,
                quantity: SignedQuantity::new(*quantity),
                cost: None,
            });
        }
        self.broker(BrokerEvent::SyncEnd);
    }

    /// One second passes: a quote, a print at the offer, options at fair value, ten timers.
    pub(crate) fn second(&mut self, cents: i64, size: u64) {
        self.print(cents, size);
        for _ in 0..10 {
            self.now = self.now + Span::from_millis(100);
            self.tell(Payload::Timer);
        }
    }

    /// A quote and a print at its offer, and options at fair value.
    pub(crate) fn print(&mut self, cents: i64, size: u64) {
        let stock = InstrumentId(0);
        let level = |cents: i64, size: u64| {
            Some(Level { price: Price::from_cents(cents), size: Quantity::new(size) })
        };
        self.tell(Payload::Quote(Quote {
            instrument: stock,
            bid: level(cents - 1, 9_000),
            ask: level(cents, 3_000),
        }));
        self.tell(Payload::Trade(Trade {
            instrument: stock,
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            aggressor: Some(Side::Buy),
            venue: None,
            flags: TradeFlags::NONE,
        }));
        if cents != self.quoted || self.now.since(self.quoted_at) >= Span::from_seconds(10) {
            (self.quoted, self.quoted_at) = (cents, self.now);
            self.quote_options(cents);
        }
    }

    fn quote_options(&mut self, spot_cents: i64) {
        for place in 1..self.contracts.len() {
            let option = *self.contracts[place].option().unwrap();
            let terms = options::Terms {
                right: option.right,
                spot: spot_cents as f64 / 100.0,
                strike: option.strike.to_f64(),
                years: options::years_between(self.now, session().close),
                rate: 0.04,
                dividend_yield: 0.0,
            };
            let fair = (options::price(&terms, 0.15).unwrap() * 100.0).round() as i64;
            let level =
                |cents: i64| Some(Level { price: Price::from_cents(cents.max(1)), size: Quantity::new(50) });
            let instrument = InstrumentId(place as u32);
            self.tell(Payload::Quote(Quote { instrument, bid: level(fair - 1), ask: level(fair + 1) }));
        }
    }

    /// Twenty minutes in a narrow range.
    pub(crate) fn morning(&mut self) {
        for second in 0..20 * 60 {
            self.second(60_000 + (second / 60) % 3, 500);
        }
    }

    /// The same, then a break upward that flow agrees with.
    pub(crate) fn until_break(&mut self) {
        self.morning();
        self.second(60_030, 800);
    }

    /// The order of a role that was placed last.
    pub(crate) fn placed(&self, role: Role) -> OrderRequest {
        let placed = self.log.effects.iter().rev().find_map(|e| match &e.action {
            Action::Place(orders) => orders.iter().find(|o| o.reference.role == role).copied(),
            _ => None,
        });
        placed.unwrap_or_else(|| panic!("no {role} was placed"))
    }

    pub(crate) fn places(&self) -> usize {
        self.log.effects.iter().filter(|e| matches!(e.action, Action::Place(_))).count()
    }

    pub(crate) fn modified(&self, id: OrderId) -> Option<OrderRequest> {
        self.log.effects.iter().rev().find_map(|e| match &e.action {
            Action::Modify(order) if order.id == id => Some(*order),
            _ => None,
        })
    }

    pub(crate) fn cancelled(&self, id: OrderId) -> bool {
        self.log.effects.iter().any(|e| e.action == Action::Cancel(id))
    }

    pub(crate) fn status(&mut self, id: OrderId, state: BrokerOrderState) {
        self.broker(BrokerEvent::OrderStatus {
            id,
            perm_id: 1_000 + i64::from(id.0),
            state,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
        });
    }

    /// A status that counts what is filled.
    pub(crate) fn counted(&mut self, id: OrderId, state: BrokerOrderState, filled: u64) {
        self.broker(BrokerEvent::OrderStatus {
            id,
            perm_id: 1_000 + i64::from(id.0),
            state,
            filled: Quantity::new(filled),
            remaining: Quantity::ZERO,
        });
    }

    /// The bracket works at the broker.
    pub(crate) fn acknowledge(&mut self) {
        self.status(self.placed(Role::Entry).id, BrokerOrderState::Submitted);
        self.status(self.placed(Role::Target).id, BrokerOrderState::PreSubmitted);
        self.status(self.placed(Role::Stop).id, BrokerOrderState::PreSubmitted);
    }

    pub(crate) fn execution(&mut self, order: &OrderRequest, quantity: u64, price: Price) -> Execution {
        self.execs += 1;
        Execution {
            exec_id: format!("test.{}.01", self.execs),
            order: order.id,
            perm_id: 1_000 + i64::from(order.id.0),
            reference: Some(order.reference),
            contract: order.contract,
            side: order.side,
            quantity: Quantity::new(quantity),
            price,
            time: self.now,
        }
    }

    /// Fills an order in full at a price, with 0.65 dollars a contract of commission.
    pub(crate) fn fill(&mut self, order: &OrderRequest, price: Price) {
        let execution = self.execution(order, order.quantity.get(), price);
        let exec_id = execution.exec_id.clone();
        self.broker(BrokerEvent::Execution(execution));
        let commission = Money::from_micros(650_000 * order.quantity.get() as i64);
        self.broker(BrokerEvent::Commission { exec_id, commission });
        self.status(order.id, BrokerOrderState::Filled);
    }

    pub(crate) fn view(&self) -> TradingView {
        self.engine.trading_view()
    }

    pub(crate) fn order(&self, id: OrderId) -> Order {
        *self.engine.trading().orders().find(|o| o.request.id == id).unwrap()
    }

    pub(crate) fn state(&self, id: OrderId) -> OrderState {
        self.order(id).state
    }

    /// How the broker would list an order.
    pub(crate) fn listed(order: &OrderRequest, state: BrokerOrderState) -> OpenOrder {
        OpenOrder {
            id: order.id,
            perm_id: 1_000 + i64::from(order.id.0),
            reference: Some(order.reference),
            contract: order.contract,
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            state,
        }
    }

    /// How often the broker's picture was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.log.effects.iter().filter(|e| e.action == Action::Synchronise).count()
    }

    /// How often a change of an order left.
    pub(crate) fn changes(&self, id: OrderId) -> usize {
        let change = |e: &&Effect| matches!(&e.action, Action::Modify(order) if order.id == id);
        self.log.effects.iter().filter(change).count()
    }

    /// A tenth of a second passes, so many times, with no market.
    pub(crate) fn tenths(&mut self, count: u32) {
        for _ in 0..count {
            self.now = self.now + Span::from_millis(100);
            self.tell(Payload::Timer);
        }
    }

    /// What a process finds that starts after this one was killed: of what was made durable the newest
    /// of each entity, in the order of the journal.
    pub(crate) fn killed(&self) -> TradingCore {
        let durable =
            self.log.records.iter().filter(|(step, _)| self.log.uncommitted.is_none_or(|u| *step < u));
        TradingCore::recover(newest(durable.map(|(_, record)| record)))
    }
}

/// The newest record of each entity, as a ledger hands them over.
pub(crate) fn newest<'r>(records: impl Iterator<Item = &'r Record>) -> Vec<&'r Record> {
    let key = |record: &Record| match record {
        Record::Signal(s) => format!("signal {}", s.id),
        Record::Order(o) => format!("order {}", o.request.id),
        Record::Fill(f) => format!("fill {}", f.exec_id),
        Record::Position(p) => format!("position {}", p.signal),
        Record::Halt { .. } => "halt".into(),
        Record::DayStart { date, .. } => format!("day {date}"),
        Record::Account(_) => "account".into(),
    };
    let mut found: Vec<(String, &Record)> = Vec::new();
    for record in records {
        let key = key(record);
        found.retain(|(known, _)| *known != key);
        found.push((key, record));
    }
    found.into_iter().map(|(_, record)| record).collect()
}

pub(crate) fn account(now: Timestamp) -> Account {
    Account {
        equity: Money::from_dollars(100_000),
        cash: Money::from_dollars(100_000),
        buying_power: Money::from_dollars(100_000),
        as_of: now,
    }
}

pub(crate) fn settings() -> Settings {
    Settings::default()
}
