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

#[test]
fn a_commission_that_came_late_does_not_put_the_sale_before_the_purchase() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let (entry, target) = (old.placed(Role::Entry), old.placed(Role::Target));
    let bought = old.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    let exec_id = bought.exec_id.clone();
    old.broker(BrokerEvent::Execution(bought));
    let sold = old.execution(&target, 1, target.kind.limit().unwrap());
    old.broker(BrokerEvent::Execution(sold));
    let commission = alphatrader_model::Money::from_dollars(5);
    old.broker(BrokerEvent::Commission { exec_id, commission });
    let mut desk = restarted(&old);
    let held = entry.quantity.get() as i64 - 1;
    let children = [Role::Target, Role::Stop].map(|role| old.placed(role));
    let listed = children.map(|child| Desk::listed(&child, BrokerOrderState::Submitted));
    desk.connect(&listed, &[(entry.contract, held)]);
    assert!(desk.view().reconciled_at.is_some(), "{:?}", desk.view().halt_reason);
    let more = desk.execution(&target, 1, target.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(alphatrader_model::broker::Execution {
        exec_id: "test.9.01".into(),
        ..more
    }));
    assert_eq!(desk.engine.halt_level(), HaltLevel::None, "{:?}", desk.view().halt_reason);
    assert_eq!(desk.view().positions[0].position.quantity.get(), held - 1);
}

#[test]
fn a_kill_right_after_a_fill_keeps_the_position() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let entry = old.placed(Role::Entry);
    // The signal's newest record comes after the position's: there was no commission yet.
    let execution = old.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    old.broker(BrokerEvent::Execution(execution));
    let desk = restarted(&old);
    assert_eq!(desk.view().positions.len(), 1);
}

#[test]
fn the_days_signals_and_its_last_loss_are_counted_across_a_restart() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let (entry, stop) = (old.placed(Role::Entry), old.placed(Role::Stop));
    old.fill(&entry, entry.kind.limit().unwrap());
    old.fill(&stop, stop.kind.trigger().unwrap());
    old.status(old.placed(Role::Target).id, BrokerOrderState::Cancelled);
    let seen = |desk: &Desk| {
        let gates = &desk.view().strategies[0].gates;
        gates.iter().find(|g| g.name == "cool-down").unwrap().text.clone()
    };
    let mut desk = restarted(&old);
    desk.connect(&[], &[]);
    // A warm market half: the same morning again, then another break within ten minutes of the first.
    let at = desk.now;
    desk.now = session().open;
    desk.morning();
    desk.now = at;
    for _ in 0..6 * 60 {
        desk.second(60_001, 500);
    }
    desk.print(60_060, 900);
    assert!(seen(&desk).ends_with("at least 600"), "{}", seen(&desk));
    assert_eq!(desk.places(), 0);
}

#[test]
fn a_cancel_that_was_lost_with_the_connection_is_sent_again() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    for _ in 0..21 {
        desk.second(60_030, 500);
    }
    let cancels =
        |desk: &Desk| desk.log.effects.iter().filter(|e| e.action == Action::Cancel(entry.id)).count();
    assert_eq!(cancels(&desk), 1);
    desk.broker(BrokerEvent::Disconnected { reason: "test".into() });
    desk.tenths(10);
    let listed: Vec<_> = [Role::Entry, Role::Target, Role::Stop]
        .map(|role| Desk::listed(&desk.placed(role), BrokerOrderState::Submitted))
        .to_vec();
    desk.connect(&listed, &[]);
    desk.tenths(1);
    assert_eq!(cancels(&desk), 2);
}

#[test]
fn nothing_is_sent_into_a_broken_line() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let before = desk.log.effects.len();
    desk.broker(BrokerEvent::Disconnected { reason: "test".into() });
    for _ in 0..30 {
        desk.second(60_030, 500);
    }
    assert_eq!(desk.log.effects.len(), before);
}

#[test]
fn a_change_that_was_lost_with_the_connection_is_made_again() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let (entry, target, stop) =
        (desk.placed(Role::Entry), desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.fill(&entry, entry.kind.limit().unwrap());
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    let before = desk.changes(target.id);
    assert!(before > 0, "the time stop closes through the target");
    desk.broker(BrokerEvent::Disconnected { reason: "test".into() });
    let listed = [
        Desk::listed(&target, BrokerOrderState::Submitted),
        Desk::listed(&stop, BrokerOrderState::PreSubmitted),
    ];
    desk.connect(&listed, &[(entry.contract, entry.quantity.get() as i64)]);
    desk.second(60_030, 500);
    assert!(desk.changes(target.id) > before);
}

#[test]
fn an_order_that_left_while_the_picture_was_taken_is_not_given_up() {
    let mut desk = Desk::new();
    desk.morning();
    desk.print(60_030, 800);
    let entry = desk.placed(Role::Entry);
    // The picture began at the broker just before the order arrived there.
    desk.picture(&[], &[]);
    assert!(!desk.state(entry.id).is_final());
    desk.acknowledge();
    assert_eq!(desk.state(entry.id), OrderState::Submitted);
    desk.tenths(30);
    desk.picture(&[], &[]);
    assert_eq!(desk.state(entry.id), OrderState::Cancelled, "heard of, and gone");
}

#[test]
fn a_stop_of_ours_that_the_ledger_lost_is_taken_back_into_the_books() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let (entry, stop) = (old.placed(Role::Entry), old.placed(Role::Stop));
    old.fill(&entry, entry.kind.limit().unwrap());
    let without_stop = old.log.records.iter().map(|(_, r)| r).filter(|r| match r {
        alphatrader_model::Record::Order(o) => o.request.id != stop.id,
        _ => true,
    });
    let mut desk = Desk::with(2, TradingCore::recover(crate::desk::newest(without_stop)));
    desk.now = old.now;
    let listed = [
        Desk::listed(&old.placed(Role::Target), BrokerOrderState::Submitted),
        Desk::listed(&stop, BrokerOrderState::PreSubmitted),
    ];
    let held = [(entry.contract, entry.quantity.get() as i64)];
    desk.connect(&listed, &held);
    assert!(desk.view().reconciled_at.is_none(), "its executions are asked for first");
    desk.picture(&listed, &held);
    assert!(desk.view().reconciled_at.is_some());
    assert_eq!(desk.state(stop.id), OrderState::PreSubmitted);
    desk.second(60_030, 500);
    assert!(!desk.cancelled(stop.id));
    assert_eq!(desk.places(), 0);
}

#[test]
fn orders_of_another_client_are_left_alone() {
    let mut old = Desk::new();
    old.until_break();
    let entry = old.placed(Role::Entry);
    let mut desk = Desk::with(2, TradingCore::default());
    let foreign = alphatrader_model::broker::OpenOrder {
        id: alphatrader_model::OrderId(0),
        ..Desk::listed(&entry, BrokerOrderState::Submitted)
    };
    desk.connect(&[foreign], &[]);
    assert!(!desk.cancelled(foreign.id));
}

#[test]
fn after_a_person_looked_the_pictures_are_compared_again() {
    let mut desk = Desk::new();
    desk.until_break();
    let contract = desk.placed(Role::Entry).contract;
    for _ in 0..3 {
        desk.connect(&[], &[(contract, 7)]);
    }
    for _ in 0..2 {
        desk.picture(&[], &[(contract, 7)]);
    }
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    let asked = desk.asked();
    desk.tell(Payload::Operator(Operator::Resume { reason: "sold it by hand".into() }));
    assert_eq!(desk.asked(), asked + 1);
    desk.picture(&[], &[]);
    assert!(desk.view().reconciled_at.is_some());
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
}

#[test]
fn a_position_that_expired_while_away_does_not_halt_the_next_day() {
    let mut old = Desk::new();
    old.until_break();
    old.acknowledge();
    let entry = old.placed(Role::Entry);
    old.fill(&entry, entry.kind.limit().unwrap());
    let mut desk = Desk::with(2, old.killed());
    let next = alphatrader_model::Calendar::xnys().session(jiff::civil::date(2026, 11, 24)).unwrap();
    desk.now = next.open;
    desk.tell(Payload::Session(next));
    desk.print(61_000, 500);
    desk.connect(&[], &[]);
    assert!(desk.view().reconciled_at.is_some(), "{:?}", desk.view().halt_reason);
    let closed = &desk.view().signals[0].state;
    let paid = entry.kind.limit().unwrap().notional(entry.quantity, 100).unwrap();
    assert!(
        matches!(closed, SignalState::Closed { reason, profit } if reason == "expired" && *profit < -paid),
        "{closed:?}"
    );
}

#[test]
fn yesterdays_equity_is_no_base_for_todays_loss() {
    let mut old = Desk::new();
    let next = alphatrader_model::Calendar::xnys().session(jiff::civil::date(2026, 11, 24)).unwrap();
    let mut desk = Desk::with(2, old.killed());
    desk.now = next.open;
    desk.tell(Payload::Session(next));
    assert_eq!(desk.view().day_start_equity, None);
    desk.connect(&[], &[]);
    assert!(desk.view().day_start_equity.is_some());
    // Where the account is known when the day begins it is its base.
    old.now = next.open;
    old.tell(Payload::Session(next));
    assert!(old.view().day_start_equity.is_some());
}
