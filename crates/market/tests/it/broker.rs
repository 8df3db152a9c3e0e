//! The simulated broker: two clocks, credit, brackets, settlement, the same bits twice.

use alphatrader_market::{BrokerConfig, Latency, SimulatedBroker, SyntheticConfig, SyntheticMarket};
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{
    Action, BrokerEvent, Calendar, Contract, Input, Instrument, InstrumentId, Money, OrderId, OrderKind,
    OrderRef, OrderRequest, Payload, Price, Quantity, Quote, Role, Seq, Session, Side, SignalId,
    SignedQuantity, Span, Symbol, TimeInForce, Timestamp, Trade,
};

const SPY: InstrumentId = InstrumentId(0);
const CALL: InstrumentId = InstrumentId(1);

/// A broker in session: SPY at 600.00 x 600.01, its 600 call of today at 1.30 x 1.32 by 20 contracts.
struct Desk {
    broker: SimulatedBroker,
    session: Session,
    at: Timestamp,
}

fn session() -> Session {
    Calendar::xnys().session("2025-06-02".parse().unwrap()).unwrap()
}

fn call() -> Contract {
    "SPY250602C00600000".parse().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "a side of a quote is optional")]
fn level(cents: i64, size: u64) -> Option<Level> {
    Some(Level { price: Price::from_cents(cents), size: Quantity::new(size) })
}

fn instrument(id: InstrumentId, contract: Contract, expires: Option<Timestamp>) -> Instrument {
    Instrument {
        id,
        contract,
        underlying: Symbol::new("SPY").unwrap(),
        multiplier: if contract.option().is_some() { 100 } else { 1 },
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::CENT,
        expires,
        con_id: None,
        synthetic: true,
    }
}

fn request(id: i32, role: Role, side: Side, quantity: u64, kind: OrderKind) -> OrderRequest {
    let signal = SignalId::new(Timestamp::from_seconds(1), Seq(1), 0);
    OrderRequest {
        id: OrderId(id),
        reference: OrderRef { signal, role, attempt: id as u8 },
        contract: call(),
        side,
        quantity: Quantity::new(quantity),
        kind,
        time_in_force: TimeInForce::Day,
        parent: None,
        one_cancels_all: None,
    }
}

fn limit(cents: i64) -> OrderKind {
    OrderKind::Limit { limit: Price::from_cents(cents) }
}

impl Desk {
    fn new(latency: Latency) -> Self {
        let session = session();
        let broker = SimulatedBroker::new(BrokerConfig { latency, ..BrokerConfig::default() });
        let mut desk = Self { broker, session, at: session.open };
        desk.market(&Payload::Session(session));
        let stock = instrument(SPY, "SPY".parse().unwrap(), None);
        desk.market(&Payload::Instrument(Box::new(stock)));
        desk.market(&Payload::Instrument(Box::new(instrument(CALL, call(), Some(session.close)))));
        desk.quote(SPY, (60_000, 900), (60_001, 900));
        desk.quote(CALL, (130, 20), (132, 20));
        desk
    }

    fn market(&mut self, payload: &Payload) {
        self.at = self.at + Span::from_millis(1);
        self.broker.on_market(self.at, payload);
    }

    fn quote(&mut self, instrument: InstrumentId, bid: (i64, u64), ask: (i64, u64)) {
        let (bid, ask) = (level(bid.0, bid.1), level(ask.0, ask.1));
        self.market(&Payload::Quote(Quote { instrument, bid, ask }));
    }

    fn place(&mut self, orders: &[OrderRequest]) {
        self.broker.perform(self.at, &Action::Place(orders.to_vec()));
    }

    fn hear(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        self.broker.advance(self.at, &mut inputs);
        inputs
    }

    /// What was said, in short words, without statements of the account.
    fn said(&mut self) -> Vec<String> {
        self.hear().iter().filter_map(|input| word(&input.payload)).collect()
    }
}

fn word(payload: &Payload) -> Option<String> {
    let Payload::Broker(event) = payload else { return Some("not the broker".to_owned()) };
    Some(match &**event {
        BrokerEvent::Account(_) => return None,
        BrokerEvent::OpenOrder(open) => format!("{} open {} {:?}", open.id, open.quantity, open.state),
        BrokerEvent::OrderStatus { id, state, filled, remaining, .. } => {
            format!("{id} {state:?} {filled}/{remaining}")
        }
        BrokerEvent::Execution(e) => {
            format!("{} did {} at {} as {}", e.order, e.quantity, e.price, e.exec_id)
        }
        BrokerEvent::Commission { exec_id, commission } => format!("{exec_id} cost {commission}"),
        BrokerEvent::Rejected { id, code, .. } => format!("{id} rejected {code}"),
        BrokerEvent::UnknownOrder { id } => format!("{id} unknown"),
        BrokerEvent::Position { contract, quantity, cost } => format!("{contract} {quantity} {cost:?}"),
        BrokerEvent::Connected { next_order_id, .. } => format!("connected, next {next_order_id}"),
        BrokerEvent::Notice { code, .. } => format!("notice {code}"),
        other => format!("{other:?}"),
    })
}

#[test]
fn an_order_fills_is_told_and_costs() {
    let mut desk = Desk::new(Latency::NONE);
    desk.broker.connect(desk.at);
    desk.place(&[request(5, Role::Entry, Side::Buy, 30, limit(132))]);
    assert_eq!(
        desk.said(),
        [
            "connected, next 1",
            "5 open 30 PreSubmitted",
            "5 PreSubmitted 0/30",
            "5 Submitted 0/30",
            "5 did 20 at 1.32 as sim.1000000000.1.01",
            "5 Submitted 20/10",
            "sim.1000000000.1.01 cost 13.00",
        ]
    );
    desk.quote(CALL, (130, 20), (132, 5));
    desk.broker.perform(desk.at, &Action::Cancel(OrderId(5)));
    desk.broker.perform(desk.at, &Action::Cancel(OrderId(9)));
    assert_eq!(
        desk.said(),
        [
            "5 did 5 at 1.32 as sim.1000000000.2.01",
            "5 Submitted 25/5",
            "sim.1000000000.2.01 cost 3.25",
            "5 Cancelled 25/5",
            "9 unknown",
        ]
    );
    // 25 contracts at 1.32 and 16.25 of commissions.
    assert_eq!(
        desk.broker.account().cash(),
        Money::from_micros(100_000_000_000 - 3_300_000_000 - 16_250_000)
    );
    assert_eq!(desk.broker.account().held(&call()), SignedQuantity::new(25));
}

#[test]
fn both_ways_take_their_time() {
    let latency = Latency { order: Span::from_millis(20), feed: Span::from_millis(30), ..Latency::NONE };
    let mut desk = Desk::new(latency);
    let sent = desk.at;
    desk.place(&[request(1, Role::Entry, Side::Buy, 5, OrderKind::Market)]);
    assert_eq!(desk.broker.next_time(), Some(sent + Span::from_millis(50)));
    // 10 ms after it was sent the market moves: the order will meet the new price.
    desk.at = sent + Span::from_millis(9);
    desk.quote(CALL, (140, 20), (142, 20));
    desk.at = sent + Span::from_millis(49);
    assert!(desk.hear().is_empty());
    desk.at = sent + Span::from_millis(50);
    let heard = desk.hear();
    let fill = heard.iter().find(|i| word(&i.payload).is_some_and(|w| w.contains("did 5 at 1.42"))).unwrap();
    assert_eq!(fill.ts_event, sent + Span::from_millis(20));
    assert_eq!(fill.ts_recv, sent + Span::from_millis(50));
    let close = desk.session.close + latency.feed;
    assert_eq!(desk.broker.next_time(), Some(close), "something is held: the close concerns it");
}

#[test]
fn a_bracket_protects_what_was_filled() {
    let mut desk = Desk::new(Latency::NONE);
    let exit = |id, role, kind| OrderRequest {
        parent: Some(OrderId(1)),
        one_cancels_all: Some(OrderId(1)),
        ..request(id, role, Side::Sell, 30, kind)
    };
    desk.place(&[
        request(1, Role::Entry, Side::Buy, 30, limit(132)),
        exit(2, Role::Stop, OrderKind::Stop { trigger: Price::from_cents(85) }),
        exit(3, Role::Target, limit(185)),
    ]);
    assert_eq!(desk.said().last().unwrap(), "3 Submitted 0/30", "20 are held, the target works for them");
    desk.quote(CALL, (80, 8), (90, 20));
    let said = desk.said();
    assert_eq!(
        said,
        [
            "2 Submitted 0/30",
            "2 did 8 at 0.80 as sim.1000000001.1.01",
            "2 Submitted 8/22",
            "sim.1000000001.1.01 cost 5.20",
            "3 open 22 Submitted",
            "3 Submitted 0/22",
            "1 did 10 at 1.32 as sim.1000000000.2.01",
            "1 Filled 30/0",
            "sim.1000000000.2.01 cost 6.50",
        ]
    );
    desk.quote(CALL, (79, 100), (90, 20));
    assert_eq!(
        desk.said(),
        [
            "2 did 22 at 0.79 as sim.1000000001.2.01",
            "2 Filled 30/0",
            "sim.1000000001.2.01 cost 14.30",
            "3 Cancelled 0/22",
        ]
    );
    assert_eq!(desk.broker.account().held(&call()), SignedQuantity::ZERO);
}

#[test]
fn an_entry_that_fills_in_part_and_ends_is_protected_for_that_part() {
    let mut desk = Desk::new(Latency::NONE);
    let exit = |id, role, kind| OrderRequest {
        parent: Some(OrderId(1)),
        one_cancels_all: Some(OrderId(1)),
        ..request(id, role, Side::Sell, 30, kind)
    };
    desk.place(&[
        OrderRequest {
            time_in_force: TimeInForce::ImmediateOrCancel,
            ..request(1, Role::Entry, Side::Buy, 30, limit(132))
        },
        exit(2, Role::Stop, OrderKind::Stop { trigger: Price::from_cents(85) }),
        exit(3, Role::Target, limit(185)),
    ]);
    desk.said();
    let open: Vec<_> =
        desk.broker.exchange().orders().map(|o| (o.key.0, o.quantity.get(), o.open())).collect();
    assert_eq!(open, [(2, 20, 20), (3, 20, 20)]);
}

#[test]
fn the_bell_is_waited_for_without_a_market() {
    let mut desk = Desk::new(Latency { feed: Span::from_millis(4), ..Latency::NONE });
    assert_eq!(desk.broker.next_time(), None);
    desk.place(&[request(1, Role::Entry, Side::Buy, 1, limit(10))]);
    desk.at = desk.at + Span::SECOND;
    desk.said();
    assert_eq!(desk.broker.next_time(), Some(desk.session.close + Span::from_millis(4)));
    desk.at = desk.broker.next_time().unwrap();
    assert_eq!(desk.said(), ["1 Cancelled 0/1"]);
    assert_eq!(desk.broker.next_time(), None);
}

#[test]
fn credit_is_checked_where_the_order_arrives() {
    let mut desk = Desk::new(Latency::NONE);
    desk.place(&[
        request(1, Role::Entry, Side::Buy, 700, limit(131)),
        request(2, Role::Entry, Side::Buy, 700, limit(131)),
        request(3, Role::Close, Side::Sell, 1, limit(200)),
        OrderRequest {
            contract: "QQQ".parse().unwrap(),
            ..request(4, Role::Entry, Side::Buy, 1, limit(131))
        },
        OrderRequest { parent: Some(OrderId(2)), ..request(5, Role::Stop, Side::Sell, 700, limit(140)) },
        OrderRequest { kind: limit(131), ..request(1, Role::Entry, Side::Buy, 1, limit(131)) },
    ]);
    // 700 at 1.31 are 91 700 dollars: there is room for one of the two, and none for what is not held.
    assert_eq!(
        desk.said(),
        [
            "1 open 700 PreSubmitted",
            "1 PreSubmitted 0/700",
            "1 Submitted 0/700",
            "2 rejected 201",
            "3 rejected 201",
            "4 rejected 200",
            "5 rejected 201",
            "1 rejected 103",
        ]
    );
    desk.broker.perform(desk.at, &Action::Modify(request(1, Role::Entry, Side::Buy, 800, limit(131))));
    desk.broker.perform(desk.at, &Action::Modify(request(1, Role::Entry, Side::Buy, 600, limit(130))));
    desk.broker.perform(desk.at, &Action::Modify(request(8, Role::Entry, Side::Buy, 600, limit(130))));
    assert_eq!(desk.said(), ["notice 201", "1 open 600 Submitted", "1 Submitted 0/600", "8 unknown"]);
}

#[test]
fn the_picture_is_whole() {
    let mut desk = Desk::new(Latency::NONE);
    desk.place(&[request(1, Role::Entry, Side::Buy, 20, limit(132))]);
    desk.place(&[request(2, Role::Target, Side::Sell, 20, limit(190))]);
    desk.said();
    desk.broker.perform(desk.at, &Action::Synchronise);
    let heard = desk.hear();
    let words: Vec<_> = heard.iter().filter_map(|i| word(&i.payload)).collect();
    assert_eq!(
        words,
        [
            "SyncBegin",
            "2 open 20 Submitted",
            "2 Submitted 0/20",
            "1 did 20 at 1.32 as sim.1000000000.1.01",
            "sim.1000000000.1.01 cost 13.00",
            "SPY250602C00600000 20 Some(Money(2640000000))",
            "SyncEnd",
        ]
    );
    let account = heard.iter().find_map(|i| match &i.payload {
        Payload::Broker(event) => match **event {
            BrokerEvent::Account(account) => Some(account),
            _ => None,
        },
        _ => None,
    });
    // Marked in the middle, 1.31: 20 dollars below cost, and 13 of commission.
    assert_eq!(account.unwrap().equity, Money::from_dollars(100_000 - 20 - 13));
}

#[test]
fn what_expires_is_settled_at_the_close() {
    let mut desk = Desk::new(Latency::NONE);
    desk.place(&[request(1, Role::Entry, Side::Buy, 20, limit(132))]);
    desk.place(&[request(2, Role::Target, Side::Sell, 20, limit(500))]);
    desk.said();
    desk.at = desk.session.close - Span::SECOND;
    desk.market(&Payload::Trade(Trade {
        instrument: SPY,
        price: Price::from_cents(60_250),
        size: Quantity::new(100),
        aggressor: Some(Side::Buy),
        venue: None,
        flags: TradeFlags::NONE,
    }));
    desk.at = desk.session.close;
    assert_eq!(desk.said(), ["2 Cancelled 0/20", "SPY250602C00600000 0 None"]);
    // Bought 20 at 1.32 with 13 of commission, settled at 2.50.
    assert_eq!(desk.broker.account().cash(), Money::from_dollars(100_000 - 2_640 - 13 + 5_000));
    assert_eq!(desk.broker.account().equity(), desk.broker.account().cash());
}

/// A simple trader on the synthetic market: buys a call near the money every few minutes with a
/// stop and a target. Every word of the broker goes into the result.
fn trade_the_synthetic_day(jitter: Span) -> (Vec<Input>, SimulatedBroker) {
    let latency = Latency { order: Span::from_millis(15), feed: Span::from_millis(10), jitter, seed: 4 };
    let mut broker = SimulatedBroker::new(BrokerConfig { latency, ..BrokerConfig::default() });
    let session = session();
    let mut heard = Vec::new();
    broker.connect(session.open);
    let (mut calls, mut next, mut due) = (Vec::new(), 1, session.open + Span::from_minutes(1));
    let end = session.open + Span::from_minutes(25);
    for input in SyntheticMarket::new(SyntheticConfig::spy(3), session) {
        if input.ts_event > end {
            break;
        }
        broker.on_market(input.ts_event, &input.payload);
        let now = input.ts_event + latency.feed;
        broker.advance(now, &mut heard);
        if let Payload::Instrument(listed) = &input.payload
            && listed.contract.option().is_some_and(|o| o.expiry == session.date)
        {
            calls.push(listed.contract);
        }
        if now > due {
            due = due + Span::from_minutes(2);
            let contract = calls[(next as usize * 7) % calls.len()];
            let Some(ask) = broker.exchange().find(&contract).and_then(|id| broker.exchange().quote(id)?.ask)
            else {
                continue;
            };
            let cents = ask.price.raw() / 100;
            let parent = OrderId(next);
            let child = |offset, role, kind| OrderRequest {
                contract,
                parent: Some(parent),
                one_cancels_all: Some(parent),
                ..request(next + offset, role, Side::Sell, 40, kind)
            };
            broker.perform(
                now,
                &Action::Place(vec![
                    OrderRequest { contract, ..request(next, Role::Entry, Side::Buy, 40, limit(cents)) },
                    child(
                        1,
                        Role::Stop,
                        OrderKind::Stop { trigger: Price::from_cents((cents * 9 / 10).max(1)) },
                    ),
                    child(2, Role::Target, limit(cents * 11 / 10 + 1)),
                ]),
            );
            next += 3;
        }
    }
    broker.advance(end + Span::SECOND, &mut heard);
    (heard, broker)
}

#[test]
fn the_same_day_gives_the_same_words() {
    let (first, broker) = trade_the_synthetic_day(Span::from_millis(5));
    let (second, _) = trade_the_synthetic_day(Span::from_millis(5));
    assert_eq!(first, second);
    let executions = first.iter().filter(|i| word(&i.payload).is_some_and(|w| w.contains(" did "))).count();
    assert!(executions > 10, "only {executions} executions");
    assert!(first.windows(2).all(|pair| pair[0].ts_recv <= pair[1].ts_recv), "words keep their order");
    assert!(first.iter().all(|input| input.ts_recv >= input.ts_event + Span::from_millis(10)));
    let account = broker.account();
    let profit = account.realized().micros() + account.unrealized().micros() - account.commissions().micros();
    assert_eq!(account.equity().micros(), account.start().micros() + profit);
    // The exits never carry a position through zero.
    assert!(account.holdings().values().all(|holding| holding.quantity.get() >= 0));
    let filled = first.iter().filter(|i| {
        matches!(&i.payload, Payload::Broker(e) if matches!(**e, BrokerEvent::OrderStatus { state: BrokerOrderState::Filled, .. }))
    });
    assert!(filled.count() > 5);
}
