//! A process that was killed, and the next one.

use alphatrader_engine::TradingCore;
use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::event::{HaltLevel, Operator};
use alphatrader_model::{Action, BrokerEvent, OrderState, Payload, Role, SignalState, Span};

use crate::desk::{Desk, session};

/// The next incarnation, a few seconds after the kill.
fn restarted(old: &Desk) -> Desk {
    let mut desk = Desk::with(2, old.killed());
    desk.now = old.now + Span::from_seconds(5);
    desk
}

#[test]
fn a_position_survives_a_kill_and_nothing_is_sent_twice() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let (entry, target, stop) = (old.placed(Role::Entry), old.placed(Role::Target), old.placed(Role::Stop));
    old.fill(&entry, entry.kind.limit().unwrap());

    let mut desk = restarted(&old);
    let listed = [
        Desk::listed(&target, BrokerOrderState::Submitted),
        Desk::listed(&stop, BrokerOrderState::PreSubmitted),
    ];
    desk.connect(&listed, &[(entry.contract, entry.quantity.get() as i64)]);
    assert!(desk.view().reconciled_at.is_some(), "{:?}", desk.view().halt_reason);
    let mut before: Vec<_> = old.view().positions.into_iter().map(|p| p.position).collect();
    let mut after: Vec<_> = desk.view().positions.into_iter().map(|p| p.position).collect();
    assert_eq!((before.len(), before.pop()), (after.len(), after.pop()));
    for _ in 0..3 {
        desk.second(60_030, 500);
    }
    assert_eq!(desk.places(), 0);
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
    // The numbers go on where they stopped.
    assert!(desk.engine.trading().orders().all(|o| o.request.id.0 <= stop.id.0));
}

#[test]
fn a_fill_that_happened_while_away_is_found() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let entry = old.placed(Role::Entry);
    let mut desk = restarted(&old);
    let missed = old.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Connected { account: "DU1".into(), next_order_id: entry.id, paper: true });
    desk.broker(BrokerEvent::SyncBegin);
    desk.broker(BrokerEvent::Execution(missed));
    for role in [Role::Target, Role::Stop] {
        let child = Desk::listed(&old.placed(role), BrokerOrderState::Submitted);
        desk.broker(BrokerEvent::OpenOrder(child));
    }
    desk.broker(BrokerEvent::Position {
        contract: entry.contract,
        quantity: alphatrader_model::SignedQuantity::new(entry.quantity.get() as i64),
        cost: None,
    });
    desk.broker(BrokerEvent::SyncEnd);
    assert!(desk.view().reconciled_at.is_some());
    assert_eq!(desk.state(entry.id), OrderState::Filled);
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
}

#[test]
fn an_intent_the_broker_does_not_know_is_never_sent_later() {
    let mut old = Desk::new();
    old.until_break();
    let entry = old.placed(Role::Entry);
    // Killed between the commit of the intent and everything after it.
    let intents = old.log.records.iter().map(|(_, r)| r).filter(|r| match r {
        alphatrader_model::Record::Order(o) => o.state == OrderState::Intent,
        alphatrader_model::Record::Signal(s) => s.state == SignalState::Created,
        _ => true,
    });
    let mut desk = Desk::with(2, TradingCore::recover(intents));
    desk.now = old.now + Span::from_seconds(1);
    assert_eq!(desk.state(entry.id), OrderState::Intent);
    desk.connect(&[], &[]);
    assert_eq!(desk.state(entry.id), OrderState::NotSent);
    assert!(matches!(desk.view().signals[0].state, SignalState::Expired { .. }));
    for _ in 0..30 {
        desk.second(60_030, 500);
    }
    assert_eq!(desk.places(), 0);
}

#[test]
fn a_position_that_differs_is_asked_for_again_and_then_halts() {
    let mut desk = Desk::new();
    desk.until_break();
    let contract = desk.placed(Role::Entry).contract;
    desk.connect(&[], &[(contract, 7)]);
    assert!(desk.view().reconciled_at.is_none());
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
    desk.picture(&[], &[(contract, 7)]);
    desk.picture(&[], &[(contract, 7)]);
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    assert!(desk.view().halt_reason.unwrap().contains("ours 0, the broker's 7"));
}

#[test]
fn stocks_that_we_do_not_trade_are_the_persons_own_business() {
    let mut desk = Desk::with(1, TradingCore::default());
    desk.connect(&[], &[("AAPL".parse().unwrap(), 300)]);
    assert!(desk.view().reconciled_at.is_some());
}

#[test]
fn an_entry_of_ours_that_the_ledger_does_not_know_is_cancelled() {
    let mut old = Desk::new();
    old.until_break();
    let entry = old.placed(Role::Entry);
    let mut desk = Desk::with(2, TradingCore::default());
    desk.connect(&[Desk::listed(&entry, BrokerOrderState::Submitted)], &[]);
    assert!(desk.cancelled(entry.id));
}

#[test]
fn a_halt_survives_a_kill_and_no_entry_leaves_before_reconciliation() {
    let mut old = Desk::new();
    old.tell(Payload::Operator(Operator::Halt { reason: "lunch".into() }));
    let mut desk = restarted(&old);
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    desk.tell(Payload::Operator(Operator::Resume { reason: "back".into() }));
    desk.now = session().open;
    desk.until_break();
    assert_eq!(desk.places(), 0, "nobody is connected");
    let gates = &desk.view().strategies[0].gates;
    assert!(gates.iter().any(|g| g.name == "broker agrees" && g.blocked_today > 0));
}

#[test]
fn a_new_session_with_the_broker_is_compared_before_anything_else() {
    let mut desk = Desk::new();
    desk.broker(BrokerEvent::Disconnected { reason: "test".into() });
    assert!(!desk.view().connected && desk.view().reconciled_at.is_none());
    desk.broker(BrokerEvent::Connected {
        account: "DU1".into(),
        next_order_id: alphatrader_model::OrderId(40),
        paper: true,
    });
    assert!(desk.log.effects.iter().any(|e| e.action == Action::Synchronise));
    desk.picture(&[], &[]);
    desk.until_break();
    assert!(desk.placed(Role::Entry).id.0 >= 40);
}
