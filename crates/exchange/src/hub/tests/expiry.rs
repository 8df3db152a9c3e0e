//! The last day of an option.

use alphatrader_model::{Contract, Money, Quantity, Side, Span};

use super::{Bench, at, call_of, order, stock};
use crate::broker::order::BrokerExecution;
use crate::desk::expiry::ExpiryRules;
use crate::wire::message::option_request::ExerciseOptionsRequest;
use crate::wire::{Reply, Request};

fn delivering(begin: &str, drift: i64) -> Bench {
    Bench::with_rules(begin, drift, ExpiryRules::default())
}

fn ends(bench: &Bench) -> Vec<(Contract, Side, u64, i64, Option<i32>)> {
    let ends = bench.hub.desk().state().executions.iter().filter(|e| e.exercise.is_some());
    ends.map(|e| (e.contract, e.side, e.quantity.get(), e.price.raw() / 100, e.exercise)).collect()
}

fn held(bench: &Bench, contract: &Contract) -> i64 {
    bench.hub.desk().state().book.held(contract).get()
}

fn until_evening(bench: &mut Bench) {
    assert_eq!(bench.hub.run_to(at("16:00:10")), None);
    bench.say();
}

fn instruct(bench: &mut Bench, action: i32, quantity: i32, forced: bool) {
    let call = call_of(&bench.hub.today());
    let told = bench.hub.desk().feed().catalogue.by_contract(&call).unwrap().told("SMART");
    bench.ask(&Request::ExerciseOptions(ExerciseOptionsRequest {
        order_id: Some(77),
        contract: Some(told),
        exercise_action: Some(action),
        exercise_quantity: Some(quantity),
        r#override: Some(forced),
        ..ExerciseOptionsRequest::default()
    }));
}

#[test]
fn a_call_in_the_money_becomes_shares_at_its_strike() {
    let mut bench = delivering("15:59:50", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("BUY", 2, "MKT", None));
    until_evening(&mut bench);
    assert_eq!(
        ends(&bench),
        [(call, Side::Sell, 2, 0, Some(101)), (stock(), Side::Buy, 200, 60_000, Some(101)),]
    );
    assert_eq!((held(&bench, &call), held(&bench, &stock())), (0, 200));
    // 2.04 per share were paid for both, and the strike for the shares: nothing else left the account.
    let spent = Money::from_micros(2 * 102_000_000 + 1_300_000 + 200 * 600_000_000);
    let cash = bench.hub.desk().state().book.cash;
    assert_eq!(cash, Money::from_dollars(100_000).checked_sub(spent).unwrap());
    assert_eq!(&bench.memory.state(), bench.hub.desk().state());
}

#[test]
fn a_writer_is_assigned_and_a_worthless_option_expires() {
    let mut bench = delivering("15:59:50", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("SELL", 1, "MKT", None));
    until_evening(&mut bench);
    assert_eq!(
        ends(&bench),
        [(call, Side::Buy, 1, 0, Some(100)), (stock(), Side::Sell, 100, 60_000, Some(100)),]
    );
    assert_eq!(held(&bench, &stock()), -100);

    let mut bench = delivering("15:59:50", -300);
    bench.place(1, call, order("BUY", 3, "MKT", None));
    until_evening(&mut bench);
    assert_eq!(ends(&bench), [(call, Side::Sell, 3, 0, Some(102))]);
    assert_eq!(held(&bench, &stock()), 0);
}

#[test]
fn a_holder_may_lapse_or_exercise_against_nature_with_the_override() {
    let mut bench = delivering("15:59:40", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("BUY", 3, "MKT", None));
    bench.wait(Span::SECOND);
    instruct(&mut bench, 2, 1, false);
    instruct(&mut bench, 1, 9, false);
    assert_eq!(bench.errors(), [(77, 322), (77, 322)]);
    instruct(&mut bench, 2, 1, true);
    until_evening(&mut bench);
    let kinds: Vec<_> = ends(&bench).into_iter().map(|(_, _, quantity, _, kind)| (quantity, kind)).collect();
    assert_eq!(kinds, [(1, Some(2)), (2, Some(101)), (200, Some(101))]);
    assert!(bench.hub.desk().state().instructions.is_empty());

    let mut bench = delivering("15:59:40", -300);
    bench.place(1, call, order("BUY", 3, "MKT", None));
    bench.wait(Span::SECOND);
    instruct(&mut bench, 1, 1, false);
    assert_eq!(bench.errors(), [(77, 322)]);
    instruct(&mut bench, 1, 1, true);
    until_evening(&mut bench);
    let kinds: Vec<_> = ends(&bench).into_iter().map(|(_, _, quantity, _, kind)| (quantity, kind)).collect();
    assert_eq!(kinds, [(1, Some(1)), (100, Some(1)), (2, Some(102))]);
}

#[test]
fn what_could_not_be_delivered_is_closed_in_the_afternoon() {
    // Twenty calls deliver 2000 shares for 1.2 million dollars, on an account of a hundred thousand.
    let mut bench = delivering("13:58:00", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("BUY", 20, "MKT", None));
    bench.wait(Span::SECOND);
    bench.place(2, call, order("SELL", 20, "LMT", Some(50.0)));
    bench.wait(Span::from_minutes(1));
    assert!(bench.errors().is_empty());
    bench.wait(Span::from_minutes(2));
    let warned =
        bench.told.iter().filter(|reply| matches!(reply, Reply::Error(e) if e.error_code == Some(2161)));
    assert_eq!(warned.count(), 1);
    assert_eq!(held(&bench, &call), 20);
    bench.wait(Span::from_minutes(60));
    assert_eq!(held(&bench, &call), 0, "closed an hour before the close");
    let closing: Vec<&BrokerExecution> =
        bench.hub.desk().state().executions.iter().filter(|e| e.liquidation).collect();
    assert_eq!(closing.len(), 1);
    assert_eq!(
        (closing[0].side, closing[0].quantity, closing[0].order_id),
        (Side::Sell, Quantity::new(20), 0)
    );
    // The client's own order on it went first.
    assert!(bench.errors().contains(&(2, 201)) && bench.errors().contains(&(2, 202)));
    until_evening(&mut bench);
    assert!(ends(&bench).is_empty());
    assert_eq!(&bench.memory.state(), bench.hub.desk().state());
}

#[test]
fn what_can_be_delivered_is_left_alone() {
    let mut bench = delivering("14:58:00", 300);
    let call = call_of(&bench.hub.today());
    bench.place(1, call, order("BUY", 2, "MKT", None));
    bench.wait(Span::from_minutes(5));
    assert_eq!(held(&bench, &call), 2);
    assert!(!bench.hub.desk().state().executions.iter().any(|execution| execution.liquidation));
}
