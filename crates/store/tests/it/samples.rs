//! Records as the core makes them, few entities in many states.

use alphatrader_model::event::HaltLevel;
use alphatrader_model::order::{OrderKind, TimeInForce};
use alphatrader_model::signal::{Confidence, Refusal, Term};
use alphatrader_model::{
    Account, Contract, Direction, Features, Fill, Money, Order, OrderId, OrderRef, OrderRequest, OrderState,
    Position, Price, Quantity, Record, Role, Seq, Side, Signal, SignalId, SignalState, SignedQuantity,
    Strategy, Symbol, Timestamp,
};
use alphatrader_store::Step;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::strategy::Strategy as _;

pub(crate) fn time(n: u64) -> Timestamp {
    Timestamp::from_millis(1_381_152_600_000 + n as i64)
}

pub(crate) fn signal_id(n: u8) -> SignalId {
    SignalId::new(time(u64::from(n)), Seq(u64::from(n)), 0)
}

fn contract(n: u8) -> Contract {
    format!("SPY131007C00{:03}000", 160 + u32::from(n)).parse().expect("an option")
}

fn reference(order: i32) -> OrderRef {
    let role = [Role::Entry, Role::Stop, Role::Target][order as usize % 3];
    OrderRef { signal: signal_id((order / 3) as u8), role, attempt: 1 }
}

pub(crate) fn signal(n: u8, state: SignalState) -> Record {
    let mut features = Features::new(Symbol::new("SPY").expect("a symbol"));
    features.vpin = Some(0.1 + 0.2 / (f64::from(n) + 1.0));
    features.bid = Some(Price::from_cents(16_801));
    Record::Signal(Box::new(Signal {
        id: signal_id(n),
        time: time(u64::from(n)),
        strategy: Strategy::ZeroDte,
        symbol: Symbol::new("SPY").expect("a symbol"),
        direction: if n.is_multiple_of(2) { Direction::Up } else { Direction::Down },
        contract: contract(n),
        multiplier: 100,
        synthetic: true,
        trigger: Price::from_cents(16_801),
        limit: Price::from_cents(55),
        stop: Price::from_cents(36),
        target: Price::from_cents(77),
        quantity: Quantity::new(4),
        risk: Money::from_dollars(76),
        confidence: Confidence::NotComputed,
        terms: vec![Term {
            name: "touch imbalance".into(),
            value: Some(1.0 / 3.0),
            unit: String::new(),
            toward: None,
        }],
        gates: vec!["window".into(), "spread".into()],
        features: Box::new(features),
        expires: time(u64::from(n) + 20_000),
        settings: "5f3a".into(),
        state,
    }))
}

pub(crate) fn order(id: i32, state: OrderState) -> Record {
    let kind = match id % 3 {
        0 => OrderKind::Limit { limit: Price::from_cents(55) },
        1 => OrderKind::Stop { trigger: Price::from_cents(36) },
        _ => OrderKind::StopLimit { trigger: Price::from_cents(36), limit: Price::from_cents(30) },
    };
    Record::Order(Box::new(Order {
        request: OrderRequest {
            id: OrderId(id),
            reference: reference(id),
            contract: contract((id / 3) as u8),
            side: if id % 3 == 0 { Side::Buy } else { Side::Sell },
            quantity: Quantity::new(4),
            kind,
            time_in_force: TimeInForce::Day,
            parent: (id % 3 != 0).then_some(OrderId(id - id % 3)),
            one_cancels_all: None,
        },
        strategy: Strategy::ZeroDte,
        state,
        perm_id: state.is_live().then_some(1_000_000_000_000 + i64::from(id)),
        filled: Quantity::new(if state == OrderState::Filled { 4 } else { 0 }),
        created: time(1),
        updated: time(2),
    }))
}

pub(crate) fn fill(n: u8, order: i32, commission: Option<Money>) -> Record {
    Record::Fill(Box::new(Fill {
        exec_id: format!("0000e0d5.{n:08x}.01"),
        order: OrderId(order),
        reference: reference(order),
        contract: contract((order / 3) as u8),
        side: Side::Buy,
        quantity: Quantity::new(1),
        price: Price::from_raw(5_525),
        multiplier: 100,
        commission,
        time: time(3),
        strategy: Strategy::ZeroDte,
    }))
}

pub(crate) fn position(n: u8, quantity: i64) -> Record {
    Record::Position(Box::new(Position {
        signal: signal_id(n),
        strategy: Strategy::ZeroDte,
        contract: contract(n),
        multiplier: 100,
        quantity: SignedQuantity::new(quantity),
        opened_quantity: Quantity::new(4),
        cost: Money::from_micros(55_250_000 * quantity),
        cost_opened: Money::from_micros(221_000_000),
        realized: Money::from_micros(-3_333_333),
        commissions: Money::from_micros(2_600_001),
        stop: Some(Price::from_cents(36)),
        target: None,
        opened: time(3),
        closed: (quantity == 0).then(|| time(9)),
    }))
}

pub(crate) fn halt(level: HaltLevel) -> Record {
    Record::Halt { level, reason: "5 rejects in 1 min".into() }
}

pub(crate) fn day(date: &str) -> Record {
    Record::DayStart { date: date.into(), equity: Money::from_dollars(100_000) }
}

pub(crate) fn account(n: u64) -> Record {
    Record::Account(Account {
        equity: Money::from_micros(100_000_000_000 - n as i64),
        cash: Money::from_dollars(99_000),
        buying_power: Money::from_dollars(99_000),
        as_of: time(n),
    })
}

pub(crate) fn step(seq: Seq, records: Vec<Record>) -> Step {
    Step { seq, time: time(seq.0 & 0xFFFF), records }
}

fn signal_state() -> impl proptest::strategy::Strategy<Value = SignalState> {
    prop_oneof![
        Just(SignalState::Created),
        Just(SignalState::Sent),
        Just(SignalState::Open),
        Just(SignalState::Rejected(Refusal { rule: "size".into(), reason: "0 contracts \"fit\"".into() })),
        (-5_000_000_i64..5_000_000).prop_map(|profit| SignalState::Closed {
            reason: "stop".into(),
            profit: Money::from_micros(profit)
        }),
        Just(SignalState::Expired { reason: "20 s without a fill".into() }),
    ]
}

fn order_state() -> impl proptest::strategy::Strategy<Value = OrderState> {
    prop_oneof![
        Just(OrderState::Intent),
        Just(OrderState::NotSent),
        Just(OrderState::PreSubmitted),
        Just(OrderState::Submitted),
        Just(OrderState::Filled),
        Just(OrderState::Cancelled),
        Just(OrderState::Inactive),
    ]
}

/// Any record, of a few entities.
pub(crate) fn record() -> impl proptest::strategy::Strategy<Value = Record> {
    prop_oneof![
        4 => (0_u8..8, signal_state()).prop_map(|(n, state)| signal(n, state)),
        6 => (0_i32..24, order_state()).prop_map(|(id, state)| order(id, state)),
        4 => (0_u8..30, 0_i32..24, any::<Option<u16>>()).prop_map(|(n, id, commission)| {
            fill(n, id, commission.map(|c| Money::from_micros(i64::from(c))))
        }),
        4 => (0_u8..8, 0_i64..4).prop_map(|(n, quantity)| position(n, quantity)),
        1 => prop_oneof![Just(HaltLevel::None), Just(HaltLevel::Pause), Just(HaltLevel::Flatten)].prop_map(halt),
        1 => (4_u8..9).prop_map(|d| day(&format!("2013-10-{d:02}"))),
        1 => (0_u64..1_000).prop_map(account),
    ]
}

/// What steps record, in order.
pub(crate) fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Vec<Record>>> {
    proptest::collection::vec(proptest::collection::vec(record(), 1..5), 1..40)
}
