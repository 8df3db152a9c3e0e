//! The Rust `ibapi` crate as a foreign program: each kind of order.

use std::collections::BTreeMap;

use ibapi::contracts::{ComboLeg, LegAction, SecurityType, TagValue};
use ibapi::orders::conditions::PriceCondition;
use ibapi::orders::order_builder::{
    limit_on_close, limit_order, market_if_touched, market_on_close, market_on_open, market_order, stop,
    trailing_stop,
};
use ibapi::orders::{
    Action, ExecutionFilter, Executions, OcaType, Order, OrderCondition, OrderData, OrderOutcome, Orders,
    TimeInForce,
};
use ibapi::prelude::*;

use crate::foreign_orders::{PATIENCE, bid, connect, filled};
use crate::gateway::{config, start};

/// What is open, by order id, with its status.
async fn open(client: &Client) -> BTreeMap<i32, (OrderData, String)> {
    let mut answers = client.open_orders().await.unwrap().filter_data();
    let mut found = BTreeMap::new();
    while let Some(answer) = answers.next().await {
        if let Orders::OrderData(data) = answer.unwrap() {
            let status = data.order_state.status.to_string();
            found.insert(data.order_id, (data, status));
        }
    }
    found
}

/// Asks for what is open until it is as wanted.
async fn open_until(
    client: &Client,
    wanted: impl Fn(&BTreeMap<i32, (OrderData, String)>) -> bool,
) -> BTreeMap<i32, (OrderData, String)> {
    let seek = async {
        loop {
            let found = open(client).await;
            if wanted(&found) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, seek).await.expect("it comes to be as wanted")
}

async fn con_id(client: &Client, contract: &Contract) -> i32 {
    client.contract_details(contract).await.unwrap()[0].contract.contract_id
}

fn ended(outcome: OrderOutcome) -> String {
    match outcome {
        OrderOutcome::Ended(status) => status.status.to_string(),
        other => panic!("not ended: {other:?}"),
    }
}

#[tokio::test]
async fn each_kind_is_acknowledged_and_told_again() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let now = bid(&client).await;
    let (low, high) = ((now - 20.0).floor(), (now + 20.0).floor());
    let with = |order: Order, kind: &str| Order { order_type: kind.to_owned(), ..order };
    let trail = Order { aux_price: Some(5.0), ..with(market_order(Action::Sell, 1.0), "TRAIL") };
    let trail_limit = Order {
        trail_stop_price: Some(low),
        limit_price_offset: Some(0.1),
        ..with(trail.clone(), "TRAIL LIMIT")
    };
    let dated = Order {
        tif: TimeInForce::GoodTillDate,
        good_till_date: "20260320 15:00:00 US/Eastern".to_owned(),
        ..limit_order(Action::Buy, 1.0, low)
    };
    let later =
        Order { good_after_time: "20260317-15:00:00".to_owned(), ..limit_order(Action::Buy, 1.0, low) };
    let waits = "PreSubmitted";
    let orders = vec![
        (stop(Action::Sell, 1.0, low), waits),
        (Order { aux_price: Some(low), ..with(limit_order(Action::Sell, 1.0, low - 1.0), "STP LMT") }, waits),
        (trail, waits),
        (trailing_stop(Action::Sell, 1.0, 3.0, low), waits),
        (trail_limit, waits),
        (market_if_touched(Action::Buy, 1.0, low), waits),
        (market_on_close(Action::Buy, 1.0), waits),
        (limit_on_close(Action::Buy, 1.0, high), waits),
        (market_on_open(Action::Buy, 1.0), waits),
        (dated, "Submitted"),
        (later, waits),
        (Order { hidden: true, all_or_none: true, ..limit_order(Action::Buy, 1.0, low) }, "Submitted"),
        (Order { outside_rth: true, ..limit_order(Action::Buy, 1.0, low) }, "Submitted"),
    ];
    for (id, (order, _)) in (1..).zip(&orders) {
        client.submit_order(id, &stock, order).await.unwrap();
    }
    let trails = |found: &BTreeMap<i32, (OrderData, String)>| found.get(&3)?.0.order.trail_stop_price;
    let settled = |found: &BTreeMap<i32, (OrderData, String)>| {
        let known =
            (1..).zip(&orders).all(|(id, (_, status))| found.get(&id).is_some_and(|(_, is)| is == status));
        known && trails(found).is_some_and(|stop| stop > 0.0)
    };
    let found = open_until(&client, settled).await;
    for (id, (order, _)) in (1..).zip(&orders) {
        let told = &found[&id].0.order;
        assert_eq!((&told.order_type, &told.tif), (&order.order_type, &order.tif));
    }
    // Five dollars behind the best bid seen, which moves.
    assert!((trails(&found).unwrap() - (now - 5.0)).abs() < 3.0);
    client.global_cancel().await.unwrap();
    open_until(&client, BTreeMap::is_empty).await;
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn a_combination_fills_as_one_and_as_its_legs() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let strike = bid(&client).await.round();
    let call = |strike: f64| Contract::call("SPY").strike(strike).expires_on(2026, 3, 16).build();
    let leg = |contract_id, action| ComboLeg {
        contract_id,
        ratio: 1,
        action,
        exchange: "SMART".to_owned(),
        ..ComboLeg::default()
    };
    let (low, high) = (con_id(&client, &call(strike)).await, con_id(&client, &call(strike + 1.0)).await);
    let spread = Contract {
        symbol: "SPY".into(),
        security_type: SecurityType::Spread,
        currency: "USD".into(),
        exchange: "SMART".into(),
        combo_legs: vec![leg(low, LegAction::Buy), leg(high, LegAction::Sell)],
        ..Contract::default()
    };
    client.submit_order(1, &spread, &limit_order(Action::Buy, 2.0, 1.0)).await.unwrap();
    let status = filled(client.wait_for_fill(1, PATIENCE).await.unwrap());
    let price = status.average_fill_price.unwrap();
    assert!(price <= 1.0, "a spread of a dollar is worth less than it");
    let mut reports = client.executions(ExecutionFilter::default()).await.unwrap().filter_data();
    let (mut whole, mut legs, mut commissions) = (0.0, 0.0, 0);
    while let Some(report) = reports.next().await {
        match report.unwrap() {
            Executions::ExecutionData(data) if data.contract.security_type == SecurityType::Spread => {
                whole += data.execution.shares * data.execution.price;
            }
            Executions::ExecutionData(data) => {
                let sign = if data.contract.contract_id == low { 1.0 } else { -1.0 };
                legs += sign * data.execution.shares * data.execution.price;
                assert_eq!(data.execution.order_id, 1);
            }
            Executions::CommissionReport(report) => commissions += usize::from(report.commission > 0.0),
        }
    }
    assert!((whole - legs).abs() < 1e-9 && (whole - 2.0 * price).abs() < 1e-9, "{whole} {legs} {price}");
    assert!(commissions >= 2, "the legs are charged, not the whole");
    // Legs must make a combination.
    let lone = Contract { combo_legs: vec![leg(low, LegAction::Buy)], ..spread };
    client.submit_order(2, &lone, &limit_order(Action::Buy, 1.0, 1.0)).await.unwrap();
    match client.wait_for_fill(2, PATIENCE).await.unwrap() {
        OrderOutcome::Rejected(notice) => assert_eq!(notice.code, 312),
        other => panic!("{other:?}"),
    }
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn conditions_hold_an_order_and_algorithms_work_it() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let now = bid(&client).await;
    let id = con_id(&client, &stock).await;
    let above = |price: f64| {
        vec![OrderCondition::Price(PriceCondition::builder(id, "SMART").greater_than(price).build())]
    };
    let waiting = Order { conditions: above(now * 1.2), ..market_order(Action::Buy, 3.0) };
    client.submit_order(1, &stock, &waiting).await.unwrap();
    let ready = Order { conditions: above(now * 0.8), ..market_order(Action::Buy, 3.0) };
    client.submit_order(2, &stock, &ready).await.unwrap();
    filled(client.wait_for_fill(2, PATIENCE).await.unwrap());
    let found = open(&client).await;
    assert_eq!(found[&1].1, "PreSubmitted");
    assert_eq!(found[&1].0.order.conditions.len(), 1);
    drop(client.cancel_order(1, "").await.unwrap());
    assert_eq!(ended(client.wait_for_fill(1, PATIENCE).await.unwrap()), "Cancelled");

    let parameter = |tag: &str, value: &str| TagValue { tag: tag.to_owned(), value: value.to_owned() };
    let under = |strategy: &str, parameters: Vec<TagValue>| Order {
        algo_strategy: strategy.to_owned(),
        algo_params: parameters,
        ..market_order(Action::Buy, 12.0)
    };
    let urgent = under("Adaptive", vec![parameter("adaptivePriority", "Urgent")]);
    client.submit_order(3, &stock, &urgent).await.unwrap();
    filled(client.wait_for_fill(3, PATIENCE).await.unwrap());
    let parts = under("AD", vec![parameter("componentSize", "4"), parameter("timeBetweenOrders", "10")]);
    client.submit_order(4, &stock, &parts).await.unwrap();
    filled(client.wait_for_fill(4, PATIENCE).await.unwrap());
    let mut reports = client.executions(ExecutionFilter::default()).await.unwrap().filter_data();
    let mut sizes = Vec::new();
    while let Some(report) = reports.next().await {
        if let Executions::ExecutionData(data) = report.unwrap()
            && data.execution.order_id == 4
        {
            sizes.push(data.execution.shares);
        }
    }
    assert!(sizes.len() >= 3 && sizes.iter().all(|size| *size <= 4.0), "{sizes:?}");
    client.submit_order(5, &stock, &under("NoSuch", Vec::new())).await.unwrap();
    match client.wait_for_fill(5, PATIENCE).await.unwrap() {
        OrderOutcome::Rejected(notice) => assert_eq!(notice.code, 439),
        other => panic!("{other:?}"),
    }
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn groups_reduce_and_the_ended_are_listed() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let now = bid(&client).await;
    let grouped =
        |order: Order| Order { oca_group: "g".to_owned(), oca_type: OcaType::ReduceWithBlock, ..order };
    let far = grouped(limit_order(Action::Buy, 10.0, (now - 20.0).floor()));
    client.submit_order(1, &stock, &far).await.unwrap();
    client.submit_order(2, &stock, &grouped(market_order(Action::Buy, 4.0))).await.unwrap();
    filled(client.wait_for_fill(2, PATIENCE).await.unwrap());
    let found =
        open_until(&client, |found| found.get(&1).is_some_and(|(data, _)| data.order.total_quantity == 6.0))
            .await;
    assert_eq!(found[&1].1, "Submitted");
    client.global_cancel().await.unwrap();
    assert_eq!(ended(client.wait_for_fill(1, PATIENCE).await.unwrap()), "Cancelled");
    let mut completed = client.completed_orders(true).await.unwrap().filter_data();
    let mut endings = Vec::new();
    while let Some(answer) = completed.next().await {
        if let Orders::OrderData(data) = answer.unwrap() {
            assert!(!data.order_state.completed_time.is_empty());
            endings.push((
                data.order.filled_quantity,
                data.order.total_quantity,
                data.order_state.completed_status,
            ));
        }
    }
    // What is told as the total of an order that ended is what it left unfilled, as at the broker.
    endings.sort_by(|a, b| a.2.cmp(&b.2));
    let words: Vec<_> = endings.iter().map(|(_, left, word)| (*left, word.as_str())).collect();
    assert_eq!(words, [(6.0, "Cancelled by Trader"), (0.0, "Filled Size: 4")]);
    // Client 0 may ask that the terminal's orders be bound to it; there are none.
    let zero = connect(&handle, 0).await;
    let _bound = zero.auto_open_orders(true).await.unwrap();
    assert!(zero.server_time().await.is_ok());
    handle.shutdown().unwrap();
}
