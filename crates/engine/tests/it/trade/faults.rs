//! Words of the broker that come late, twice, in another order, or never.

use alphatrader_model::broker::{BrokerOrderState, OpenOrder};
use alphatrader_model::event::{HaltLevel, LedgerEvent, Operator};
use alphatrader_model::market::{Quote, Side, Trade, TradeFlags};
use alphatrader_model::{
    BrokerEvent, Input, InstrumentId, Money, OrderKind, OrderState, Payload, Price, Quantity, Role,
    SignalState, SignedQuantity, Span,
};

use super::holding;
use crate::desk::{Desk, session, settings};

fn working() -> Desk {
    let mut desk = Desk::new();
    desk.until_break();
    desk.acknowledge();
    desk
}

#[test]
fn a_fill_that_its_status_tells_first_keeps_its_protection() {
    let mut desk = working();
    let entry = desk.placed(Role::Entry);
    desk.counted(entry.id, BrokerOrderState::Filled, entry.quantity.get());
    desk.tenths(10);
    for role in [Role::Target, Role::Stop] {
        assert!(!desk.cancelled(desk.placed(role).id), "{role}: nothing is held as far as is known, yet");
    }
    let execution = desk.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(execution));
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
}

#[test]
fn a_signal_is_not_over_while_an_execution_is_on_its_way() {
    let mut desk = working();
    let entry = desk.placed(Role::Entry);
    desk.counted(entry.id, BrokerOrderState::Cancelled, 1);
    desk.tenths(3);
    assert!(!desk.view().signals[0].state.is_final(), "{:?}", desk.view().signals[0].state);
    let execution = desk.execution(&entry, 1, entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(execution));
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
    // One that never comes is given up when the broker's picture does not hold it either.
    let mut desk = working();
    let entry = desk.placed(Role::Entry);
    desk.counted(entry.id, BrokerOrderState::Cancelled, 1);
    let asked = desk.asked();
    desk.tenths(60);
    assert_eq!(desk.asked(), asked + 1);
    desk.picture(&[], &[]);
    assert!(desk.view().signals[0].state.is_final(), "{:?}", desk.view().signals[0].state);
}

#[test]
fn a_stop_that_filled_is_not_placed_again_before_its_execution_comes() {
    let mut desk = holding();
    let stop = desk.placed(Role::Stop);
    desk.counted(stop.id, BrokerOrderState::Filled, stop.quantity.get());
    desk.tenths(40);
    assert_eq!(desk.places(), 1);
    let execution = desk.execution(&stop, stop.quantity.get(), stop.kind.trigger().unwrap());
    desk.broker(BrokerEvent::Execution(execution));
    desk.tenths(40);
    assert_eq!(desk.places(), 1);
    assert!(matches!(&desk.view().signals[0].state, SignalState::Closed { reason, .. } if reason == "stop"));
}

#[test]
fn a_sale_told_before_its_purchase_is_booked_when_that_comes() {
    let mut desk = working();
    let (entry, target) = (desk.placed(Role::Entry), desk.placed(Role::Target));
    let bought = desk.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    let sold = desk.execution(&target, 1, target.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(sold));
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
    desk.broker(BrokerEvent::Execution(bought));
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
    let held = desk.view().positions[0].position.quantity.get();
    assert_eq!(held, entry.quantity.get() as i64 - 1);
}

#[test]
fn what_the_group_takes_from_an_exit_is_left_to_the_broker() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.tenths(30);
    let (stop, target) = (desk.order(stop.id).request, desk.order(target.id).request);
    let before = desk.changes(stop.id);
    let sold = desk.execution(&target, 1, target.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(sold));
    desk.tenths(1);
    let left = Quantity::new(stop.quantity.get() - 1);
    desk.broker(BrokerEvent::OpenOrder(OpenOrder {
        quantity: left,
        ..Desk::listed(&stop, BrokerOrderState::PreSubmitted)
    }));
    desk.tenths(30);
    assert_eq!(desk.changes(stop.id), before, "a change would race with the next fill");
    assert_eq!(desk.order(stop.id).request.quantity, left);
}

#[test]
fn a_change_that_the_broker_refuses_is_asked_for_a_few_times_only() {
    let mut desk = holding();
    let stop = desk.placed(Role::Stop);
    // Filled a little higher than its limit: the stop belongs higher.
    let old = Desk::listed(
        &alphatrader_model::OrderRequest {
            kind: OrderKind::Stop { trigger: Price::from_raw(stop.kind.trigger().unwrap().raw() - 1_000) },
            ..stop
        },
        BrokerOrderState::PreSubmitted,
    );
    desk.broker(BrokerEvent::OpenOrder(old));
    for _ in 0..30 {
        desk.tenths(15);
        desk.broker(BrokerEvent::OpenOrder(old));
    }
    assert_eq!(desk.changes(stop.id), 5);
}

#[test]
fn a_cancel_that_meets_a_fill_does_not_end_the_signal() {
    let mut desk = working();
    let entry = desk.placed(Role::Entry);
    for _ in 0..21 {
        desk.second(60_030, 500);
    }
    assert!(desk.cancelled(entry.id));
    let children = [Role::Target, Role::Stop].map(|role| desk.placed(role));
    let listed = children.map(|child| Desk::listed(&child, BrokerOrderState::PreSubmitted));
    desk.picture(&[listed[0], listed[1], Desk::listed(&entry, BrokerOrderState::PendingCancel)], &[]);
    let asked = desk.asked();
    desk.broker(BrokerEvent::UnknownOrder { id: entry.id });
    desk.tenths(2);
    assert!(!desk.view().signals[0].state.is_final());
    assert_eq!(desk.asked(), asked + 1, "only the broker's picture tells");
    let execution = desk.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(execution));
    assert_eq!(desk.view().signals[0].state, SignalState::Open);
}

#[test]
fn an_entry_whose_stop_is_refused_is_not_worked_on() {
    let mut desk = working();
    let (entry, stop) = (desk.placed(Role::Entry), desk.placed(Role::Stop));
    desk.broker(BrokerEvent::Rejected { id: stop.id, code: 201, reason: "no".into() });
    desk.tenths(1);
    assert!(desk.cancelled(entry.id));
}

#[test]
fn a_print_that_was_long_on_its_way_does_not_make_the_ledger_late() {
    let mut desk = Desk::new();
    desk.morning();
    desk.durable = false;
    let late = desk.now - Span::from_millis(900);
    let tell = |desk: &mut Desk, payload| {
        let input = Input { ts_event: late, ts_recv: desk.now, payload };
        desk.engine.step(input, &mut desk.log);
    };
    let level = |cents, size| {
        let (price, size) = (Price::from_cents(cents), Quantity::new(size));
        Some(alphatrader_model::market::Level { price, size })
    };
    let instrument = InstrumentId(0);
    let quote = Quote { instrument, bid: level(60_029, 9_000), ask: level(60_030, 3_000) };
    tell(&mut desk, Payload::Quote(quote));
    let print = Trade {
        instrument,
        price: Price::from_cents(60_030),
        size: Quantity::new(800),
        aggressor: Some(Side::Buy),
        venue: None,
        flags: TradeFlags::NONE,
    };
    tell(&mut desk, Payload::Trade(print));
    assert_eq!(desk.view().signals.len(), 1, "{:?}", desk.view().strategies);
    desk.tenths(2);
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
    desk.tenths(1);
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
}

#[test]
fn an_entry_that_waits_for_the_ledger_when_the_broker_is_lost_never_leaves() {
    let mut desk = Desk::new();
    desk.morning();
    desk.durable = false;
    desk.print(60_030, 800);
    assert_eq!(desk.view().signals.len(), 1);
    desk.broker(BrokerEvent::Disconnected { reason: "test".into() });
    desk.broker(BrokerEvent::Connected {
        account: "DU1".into(),
        next_order_id: alphatrader_model::OrderId(1),
        paper: true,
    });
    desk.durable = true;
    desk.broker(BrokerEvent::SyncBegin);
    assert_eq!(desk.places(), 0);
    assert!(matches!(desk.view().signals[0].state, SignalState::Expired { .. }));
}

#[test]
fn an_order_of_which_nothing_is_heard_is_asked_about() {
    let mut desk = Desk::new();
    desk.until_break();
    let (asked, entry) = (desk.asked(), desk.placed(Role::Entry));
    desk.tenths(35);
    assert_eq!(desk.asked(), asked);
    desk.tenths(10);
    assert_eq!(desk.asked(), asked + 1);
    desk.picture(&[], &[]);
    assert_eq!(desk.state(entry.id), OrderState::Cancelled);
    assert!(desk.view().signals[0].state.is_final());
}

#[test]
fn a_closing_order_follows_a_falling_bid() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.status(target.id, BrokerOrderState::Cancelled);
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    assert!(desk.cancelled(stop.id));
    desk.status(stop.id, BrokerOrderState::Cancelled);
    desk.second(60_030, 500);
    let close = desk.placed(Role::Close);
    desk.status(close.id, BrokerOrderState::Submitted);
    desk.second(59_950, 500);
    let moved = desk.modified(close.id).unwrap().kind.limit().unwrap();
    assert!(moved < close.kind.limit().unwrap());
}

#[test]
fn a_halt_to_flat_closes_what_is_held() {
    let mut desk = holding();
    let target = desk.placed(Role::Target);
    let mut core = desk.killed();
    // A level that only breakers to come can raise; here it comes from the ledger.
    let record = alphatrader_model::Record::Halt { level: HaltLevel::Flatten, reason: "test".into() };
    let records: Vec<_> = desk.log.records.iter().map(|(_, r)| r.clone()).chain([record]).collect();
    core.clone_from(&alphatrader_engine::TradingCore::recover(crate::desk::newest(records.iter())));
    let old = desk.now;
    desk = Desk::with(2, core);
    desk.now = old;
    let listed = [
        Desk::listed(&target, BrokerOrderState::Submitted),
        Desk::listed(&desk_stop(&records), BrokerOrderState::PreSubmitted),
    ];
    desk.connect(&listed, &[(target.contract, target.quantity.get() as i64)]);
    desk.second(60_030, 500);
    let bid = desk.view().positions[0].mark.unwrap();
    assert!(desk.modified(target.id).unwrap().kind.limit().unwrap() < bid);
}

fn desk_stop(records: &[alphatrader_model::Record]) -> alphatrader_model::OrderRequest {
    let stop = records.iter().rev().find_map(|record| match record {
        alphatrader_model::Record::Order(o) if o.request.reference.role == Role::Stop => Some(o.request),
        _ => None,
    });
    stop.unwrap()
}

#[test]
fn a_position_without_a_mark_does_not_blind_the_daily_loss() {
    let mut desk = holding();
    let (entry, stop) = (desk.placed(Role::Entry), desk.placed(Role::Stop));
    let mut tight = settings();
    tight.risk.breakers.daily_loss = 0.001;
    desk.tell(Payload::Settings(Box::new(tight)));
    // Most of it is sold at a loss beyond the day's, the rest has no quote any more.
    let most = entry.quantity.get() - 1;
    assert!(most > 0);
    let place =
        desk.engine.market().view().contracts.iter().position(|c| c.instrument.contract == entry.contract);
    let instrument = InstrumentId(place.unwrap() as u32);
    desk.tell(Payload::Quote(Quote { instrument, bid: None, ask: None }));
    let sold = desk.execution(&stop, most, Price::from_cents(1));
    desk.broker(BrokerEvent::Execution(sold));
    desk.tenths(1);
    assert_eq!(desk.view().unrealized, None);
    assert_eq!(desk.engine.halt_level(), HaltLevel::Halt);
}

#[test]
fn commissions_of_others_do_not_displace_ours() {
    let mut desk = working();
    let entry = desk.placed(Role::Entry);
    let execution = desk.execution(&entry, entry.quantity.get(), entry.kind.limit().unwrap());
    for place in 0..3_000 {
        let exec_id = format!("other.{place}.01");
        desk.broker(BrokerEvent::Commission { exec_id, commission: Money::from_dollars(1) });
    }
    let commission = Money::from_dollars(5);
    desk.broker(BrokerEvent::Commission { exec_id: execution.exec_id.clone(), commission });
    desk.broker(BrokerEvent::Execution(execution));
    assert_eq!(desk.view().positions[0].position.commissions, commission);
}

#[test]
fn nothing_is_placed_after_the_close() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.now = session().close;
    for id in [target.id, stop.id] {
        desk.status(id, BrokerOrderState::Cancelled);
    }
    desk.tenths(100);
    assert_eq!(desk.places(), 1);
    assert_eq!(desk.engine.halt_level(), HaltLevel::None);
}

#[test]
fn a_late_commission_does_not_change_why_a_trade_ended() {
    let mut desk = holding();
    let (target, stop) = (desk.placed(Role::Target), desk.placed(Role::Stop));
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    let closing = desk.modified(target.id).unwrap();
    let execution = desk.execution(&closing, closing.quantity.get(), closing.kind.limit().unwrap());
    let exec_id = execution.exec_id.clone();
    desk.broker(BrokerEvent::Execution(execution));
    desk.status(stop.id, BrokerOrderState::Cancelled);
    let profit = |desk: &Desk| match &desk.view().signals[0].state {
        SignalState::Closed { reason, profit } if reason == "time stop" => *profit,
        other => panic!("{other:?}"),
    };
    let before = profit(&desk);
    // The next process does not know that it was closing.
    let mut next = Desk::with(2, desk.killed());
    next.now = desk.now;
    next.connect(&[], &[]);
    next.broker(BrokerEvent::Commission { exec_id, commission: Money::from_dollars(3) });
    assert_eq!(before.checked_sub(Money::from_dollars(3)), Some(profit(&next)));
}

#[test]
fn a_ledger_that_fails_is_not_waited_for_and_a_person_cannot_wish_it_back() {
    let mut desk = Desk::new();
    desk.tell(Payload::Ledger(LedgerEvent::Failed { reason: "disk full".into() }));
    desk.tell(Payload::Operator(Operator::Resume { reason: "go on".into() }));
    desk.until_break();
    assert_eq!(desk.places(), 0);
    assert!(matches!(desk.view().signals[0].state, SignalState::Expired { .. }));
}

#[test]
fn an_expired_position_is_settled_once() {
    let mut desk = holding();
    let contract = desk.placed(Role::Entry).contract;
    desk.second(60_150, 500);
    desk.now = session().close;
    for _ in 0..3 {
        desk.broker(BrokerEvent::Position { contract, quantity: SignedQuantity::ZERO, cost: None });
    }
    let sales = desk.view().fills.iter().filter(|f| f.side == Side::Sell).count();
    assert_eq!(sales, 1);
}

#[test]
fn a_close_while_the_entry_may_fill_sells_what_is_held_and_no_more() {
    let mut desk = working();
    let (entry, target, stop) =
        (desk.placed(Role::Entry), desk.placed(Role::Target), desk.placed(Role::Stop));
    let part = desk.execution(&entry, 1, entry.kind.limit().unwrap());
    desk.broker(BrokerEvent::Execution(part));
    desk.broker(BrokerEvent::Rejected { id: stop.id, code: 201, reason: "no".into() });
    desk.now = session().close - Span::from_minutes(30);
    desk.second(60_030, 500);
    assert!(desk.cancelled(entry.id));
    assert_eq!(desk.modified(target.id).unwrap().quantity, Quantity::new(1));
}
