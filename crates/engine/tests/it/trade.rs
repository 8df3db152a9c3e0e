//! One trade, from the break to the last cent, and everything that can go otherwise.

use alphatrader_model::broker::BrokerOrderState;
use alphatrader_model::event::{HaltLevel, LedgerEvent, Operator};
use alphatrader_model::signal::Confidence;
use alphatrader_model::view::GateState;
use alphatrader_model::{
    BrokerEvent, Money, OrderKind, OrderState, Payload, Price, Quantity, Role, SignalState, Span, TimeInForce,
};

use crate::desk::{Desk, session, settings};

mod faults;

/// A desk whose entry has just filled at its limit.
fn holding() -> Desk {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    desk.fill(&entry, entry.kind.limit().unwrap());
    desk.status(desk.placed(Role::Target).id, BrokerOrderState::Submitted);
    desk
}

#[test]
fn a_break_that_flow_agrees_with_becomes_a_bracket() {
    let mut desk = Desk::new();
    desk.until_break();
    assert_eq!(desk.places(), 1, "{:?}", desk.view().strategies);
    let (entry, target, stop) =
        (desk.placed(Role::Entry), desk.placed(Role::Target), desk.placed(Role::Stop));
    assert_eq!((target.parent, stop.parent), (Some(entry.id), Some(entry.id)));
    assert_eq!(target.one_cancels_all, stop.one_cancels_all);
    assert_eq!((target.quantity, stop.quantity), (entry.quantity, entry.quantity));
    assert_eq!(entry.time_in_force, TimeInForce::Day);
    assert!(matches!(stop.kind, OrderKind::Stop { .. }));
    let signal = &desk.view().signals[0];
    assert_eq!(signal.confidence, Confidence::NotComputed);
    assert_eq!(signal.state, SignalState::Sent);
    assert_eq!(signal.terms.len(), 3);
    assert!(signal.risk <= Money::from_dollars(500));
    assert_eq!(signal.settings, alphatrader_engine::digest::settings_version(&settings()));
}

#[test]
fn a_target_that_fills_closes_the_signal_with_its_exact_profit() {
    let mut desk = holding();
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
    let (entry, target, stop) =
        (desk.placed(Role::Entry), desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.second(60_060, 500);
    let limit = target.kind.limit().unwrap();
    desk.fill(&target, limit);
    desk.status(stop.id, BrokerOrderState::Cancelled);
    let contracts = entry.quantity.get() as i64;
    let gained = (limit.raw() - entry.kind.limit().unwrap().raw()) * 100 * 100 * contracts;
    let profit = Money::from_micros(gained - 2 * 650_000 * contracts);
    assert_eq!(desk.view().signals[0].state, SignalState::Closed { reason: "target".into(), profit });
    assert_eq!(desk.view().positions, []);
    assert_eq!(desk.view().orders, []);
    assert!(desk.engine.is_quiet());
}

#[test]
fn nothing_leaves_before_its_record_is_durable() {
    let mut desk = Desk::new();
    for second in 0..20 * 60 {
        desk.second(60_000 + (second / 60) % 3, 500);
    }
    desk.durable = false;
    desk.print(60_030, 800);
    assert_eq!(desk.places(), 0);
    assert_eq!(desk.view().signals[0].state, SignalState::Created);
    // Once the ledger has been silent for too long, the world is halted and the entry is dead.
    for _ in 0..3 {
        desk.now = desk.now + Span::from_millis(100);
        desk.tell(Payload::Timer);
    }
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    assert_eq!(desk.places(), 0);
    assert!(
        matches!(desk.view().signals[0].state, SignalState::Expired { .. }),
        "{:?}",
        desk.view().signals[0].state
    );
}

#[test]
fn a_ledger_that_fails_still_lets_exits_through() {
    let mut desk = holding();
    desk.tell(Payload::Ledger(LedgerEvent::Failed { reason: "disk full".into() }));
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    desk.durable = false;
    let target = desk.placed(Role::Target);
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    assert!(desk.modified(target.id).is_some(), "the time stop makes the target marketable");
}

#[test]
fn an_entry_walks_to_the_offer_and_is_cancelled_when_its_time_is_up() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    let first = entry.kind.limit().unwrap();
    for _ in 0..6 {
        desk.second(60_030, 500);
    }
    let walked = desk.modified(entry.id).unwrap().kind.limit().unwrap();
    assert_eq!(walked, first.checked_add(Price::CENT).unwrap());
    for _ in 0..14 {
        desk.second(60_030, 500);
    }
    assert!(desk.cancelled(entry.id));
    assert_eq!(desk.state(entry.id), OrderState::PendingCancel);
    for role in [Role::Entry, Role::Target, Role::Stop] {
        desk.status(desk.placed(role).id, BrokerOrderState::Cancelled);
    }
    assert_eq!(desk.view().signals[0].state, SignalState::Expired { reason: "not filled in time".into() });
}

#[test]
fn a_partial_fill_sizes_its_protection_to_what_is_held() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    assert!(entry.quantity > Quantity::new(1), "the test needs two contracts at least");
    let part = desk.execution(&entry, 1, entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(part));
    assert_eq!(desk.state(entry.id), OrderState::PartiallyFilled);
    for _ in 0..21 {
        desk.second(60_030, 500);
    }
    assert!(desk.cancelled(entry.id));
    desk.status(entry.id, BrokerOrderState::Cancelled);
    desk.second(60_030, 500);
    for role in [Role::Target, Role::Stop] {
        let child = desk.placed(role).id;
        assert_eq!(desk.modified(child).unwrap().quantity, Quantity::new(1), "{role}");
    }
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
}

#[test]
fn a_halt_cancels_entries_and_leaves_protection() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    desk.tell(Payload::Operator(Operator::Halt { reason: "test".into() }));
    assert!(desk.cancelled(entry.id));
    assert_eq!(desk.view().halt_reason.as_deref(), Some("by hand: test"));

    let mut desk = holding();
    desk.tell(Payload::Operator(Operator::Halt { reason: "test".into() }));
    desk.second(60_030, 500);
    assert!(!desk.cancelled(desk.placed(Role::Stop).id));
    assert!(!desk.cancelled(desk.placed(Role::Target).id));
    let gates = &desk.view().strategies[0].gates;
    let allowed = gates.iter().find(|g| g.name == "trading allowed").unwrap();
    assert_eq!(allowed.state, GateState::Blocked);
    desk.tell(Payload::Operator(Operator::Resume { reason: "looked at it".into() }));
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
}

#[test]
fn a_shutdown_cancels_the_entry_and_keeps_the_stop() {
    let mut desk = holding();
    desk.tell(Payload::Operator(Operator::Shutdown));
    assert!(!desk.cancelled(desk.placed(Role::Stop).id));
    assert!(desk.engine.is_quiet(), "a position with its protection at the broker needs nobody");

    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    desk.tell(Payload::Operator(Operator::Shutdown));
    let entry = desk.placed(Role::Entry);
    assert!(desk.cancelled(entry.id) && !desk.engine.is_quiet());
    desk.status(entry.id, BrokerOrderState::Cancelled);
    assert!(desk.engine.is_quiet());
}

#[test]
fn the_time_stop_closes_through_the_target_so_that_nothing_is_sold_twice() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    let closing = desk.modified(target.id).unwrap();
    let bid = desk.view().positions[0].mark.unwrap();
    assert!(closing.kind.limit().unwrap() < bid);
    assert_eq!(desk.places(), 1, "no further order");
    desk.fill(&closing, bid);
    desk.status(stop.id, BrokerOrderState::Cancelled);
    assert!(
        matches!(&desk.view().signals[0].state, SignalState::Closed { reason, .. } if reason == "time stop")
    );
}

#[test]
fn a_lost_stop_is_placed_once_more_and_then_the_position_is_closed() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    let held = [(stop.contract, stop.quantity.get() as i64)];
    let listed = [Desk::listed(&target, BrokerOrderState::Submitted)];
    desk.broker(BrokerEvent::Rejected { id: stop.id, code: 201, reason: "no".into() });
    let asked = desk.asked();
    desk.second(60_030, 500);
    assert_eq!((desk.asked(), desk.placed(Role::Stop).id), (asked + 1, stop.id), "the broker is asked first");
    desk.picture(&listed, &held);
    desk.second(60_030, 500);
    let second = desk.placed(Role::Stop);
    assert_ne!(second.id, stop.id);
    assert_eq!((second.reference.attempt, second.quantity), (2, stop.quantity));
    assert!(second.kind.trigger() < stop.kind.trigger());
    desk.broker(BrokerEvent::Rejected { id: second.id, code: 201, reason: "no".into() });
    desk.second(60_030, 500);
    desk.picture(&listed, &held);
    desk.second(60_030, 500);
    let bid = desk.view().positions[0].mark.unwrap();
    let closing = desk.modified(target.id).and_then(|order| order.kind.limit()).unwrap();
    assert!(closing < bid, "closed through the target");
}

#[test]
fn executions_count_once_and_corrections_replace() {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    let entry = desk.placed(Role::Entry);
    let limit = entry.kind.limit().unwrap();
    let execution = desk.execution(&entry, entry.quantity.get(), limit);
    // The commission first, the execution three times, then a better price as a correction.
    desk.broker(BrokerEvent::Commission {
        exec_id: execution.exec_id.clone(),
        commission: Money::from_dollars(5),
    });
    for _ in 0..3 {
        desk.broker(BrokerEvent::Execution(execution.clone()));
    }
    let position = |desk: &Desk| desk.view().positions[0].position.clone();
    assert_eq!(position(&desk).quantity.abs(), entry.quantity);
    assert_eq!(position(&desk).commissions, Money::from_dollars(5));
    let better = Price::from_raw(limit.raw() - 100);
    let exec_id = execution.exec_id.replace(".01", ".02");
    desk.broker(BrokerEvent::Execution(alphatrader_model::broker::Execution {
        exec_id,
        price: better,
        ..execution
    }));
    assert_eq!(position(&desk).quantity.abs(), entry.quantity);
    assert_eq!(Some(position(&desk).cost), better.notional(entry.quantity, 100));
    assert_eq!(desk.view().fills.len(), 1);
}

#[test]
fn rejects_in_a_row_halt() {
    let mut desk = holding();
    let stop = desk.placed(Role::Stop);
    for _ in 0..5 {
        desk.broker(BrokerEvent::Rejected { id: stop.id, code: 201, reason: "no".into() });
    }
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    assert!(desk.view().halt_reason.unwrap().contains("rejected"));
}

#[test]
fn the_days_loss_halts_when_it_reaches_its_limit() {
    let mut desk = holding();
    // 2 % of 100 000 dollars; the position is marked to almost nothing far below its strike, which
    // costs at most its premium, so the day starts with less.
    let contracts = desk.placed(Role::Entry).quantity;
    let premium = desk.placed(Role::Entry).kind.limit().unwrap().notional(contracts, 100).unwrap();
    let mut tight = settings();
    tight.risk.breakers.daily_loss = 0.004;
    assert!(premium > Money::from_dollars(400));
    desk.tell(Payload::Settings(Box::new(tight)));
    desk.second(59_300, 500);
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
    assert!(desk.view().halt_reason.unwrap().contains("loss"));
    assert_eq!(desk.view().loss_budget_left, Some(Money::ZERO));
}

#[test]
fn equal_inputs_give_equal_digests_and_different_ones_do_not() {
    let run = |last: i64| {
        let mut desk = Desk::new();
        desk.until_break();
        desk.second(last, 100);
        desk.engine.digest()
    };
    assert_eq!(run(60_031), run(60_031));
    assert_ne!(run(60_031), run(60_032));
}

#[test]
fn an_option_that_expires_unsold_ends_at_its_intrinsic_value() {
    let mut desk = holding();
    let entry = desk.placed(Role::Entry);
    let strike = entry.contract.option().unwrap().strike;
    for _ in 0..2 {
        desk.second(60_150, 500);
    }
    desk.now = session().close;
    let flat = BrokerEvent::Position {
        contract: entry.contract,
        quantity: alphatrader_model::SignedQuantity::ZERO,
        cost: None,
    };
    desk.broker(flat);
    let worth = Price::from_cents(60_150).checked_sub(strike).unwrap().max(Price::ZERO);
    let profit = worth.notional(entry.quantity, 100).unwrap().micros()
        - entry.kind.limit().unwrap().notional(entry.quantity, 100).unwrap().micros()
        - 650_000 * entry.quantity.get() as i64;
    let closed = SignalState::Closed { reason: "expired".into(), profit: Money::from_micros(profit) };
    assert_eq!(desk.view().signals[0].state, closed);
    assert_eq!(desk.order(entry.id).filled, entry.quantity, "the entry is not filled twice");
}
