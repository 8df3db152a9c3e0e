//! The Rust `ibapi` crate as a foreign program: orders, executions, account.

use std::time::Duration;

use alphatrader_exchange::server::GatewayHandle;
use ibapi::accounts::types::{AccountGroup, AccountId};
use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
use ibapi::orders::order_builder::{limit_order, market_order, stop};
use ibapi::orders::{Action, ExecutionFilter, Executions, OrderOutcome, OrderUpdate, Orders};
use ibapi::prelude::*;

use crate::gateway::{config, start};

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn connect(handle: &GatewayHandle, client_id: i32) -> Client {
    Client::connect(&handle.local_addr().to_string(), client_id).await.expect("the foreign client connects")
}

pub(crate) async fn bid(client: &Client) -> f64 {
    let stock = Contract::stock("SPY").build();
    let ticks = client.market_data(&stock).snapshot_once(PATIENCE).await.unwrap();
    let bid = ticks.iter().find_map(|tick| match tick {
        TickTypes::PriceSize(tick) if tick.price_tick_type == ibapi::contracts::tick_types::TickType::Bid => {
            Some(tick.price)
        }
        TickTypes::Price(tick) if tick.tick_type == ibapi::contracts::tick_types::TickType::Bid => {
            Some(tick.price)
        }
        _ => None,
    });
    bid.expect("SPY has a bid")
}

pub(crate) fn filled(outcome: OrderOutcome) -> ibapi::orders::OrderStatus {
    match outcome {
        OrderOutcome::Filled(status) => status,
        other => panic!("not filled: {other:?}"),
    }
}

#[tokio::test]
async fn a_market_order_fills_with_execution_commission_and_position() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let mut updates = client.order_update_stream().await.unwrap().filter_data();
    let stock = Contract::stock("SPY").build();
    let mut order = market_order(Action::Buy, 100.0);
    order.order_ref = "first".to_owned();
    client.submit_order(1, &stock, &order).await.unwrap();
    let (mut execution, mut commission, mut done) = (None, None, false);
    while execution.is_none() || commission.is_none() || !done {
        match updates.next().await.expect("updates go on").unwrap() {
            OrderUpdate::ExecutionData(data) => execution = Some(data),
            OrderUpdate::CommissionReport(report) => commission = Some(report),
            OrderUpdate::OrderStatus(status) => done = status.remaining == 0.0,
            OrderUpdate::OpenOrder(open) => assert_eq!(open.order.client_id, 7),
            OrderUpdate::OrderBound(_) => {}
        }
    }
    let (execution, commission) = (execution.unwrap().execution, commission.unwrap());
    assert_eq!((execution.client_id, execution.order_id, execution.shares), (7, 1, 100.0));
    assert_eq!(execution.order_reference, "first");
    assert_eq!(commission.execution_id, execution.execution_id);
    assert_eq!(commission.commission, 1.0);
    assert_eq!(commission.realized_pnl, None);

    let mut positions = client.positions().await.unwrap().filter_data();
    let PositionUpdate::Position(position) = positions.next().await.unwrap().unwrap() else {
        panic!("a position first")
    };
    assert_eq!(position.position, 100.0);
    assert!((position.average_cost - execution.price - 0.01).abs() < 1e-9, "cost holds the commission");

    // Selling it again realises a profit or a loss, net of both commissions.
    client.submit_order(2, &stock, &market_order(Action::Sell, 100.0)).await.unwrap();
    let sold = filled(client.wait_for_fill(2, PATIENCE).await.unwrap());
    let mut reports = client.executions(ExecutionFilter::default()).await.unwrap().filter_data();
    let (mut executions, mut realized) = (0, None);
    while let Some(report) = reports.next().await {
        match report.unwrap() {
            Executions::ExecutionData(_) => executions += 1,
            Executions::CommissionReport(report) => realized = report.realized_pnl.or(realized),
        }
    }
    assert_eq!(executions, 2);
    let expected = 100.0 * (sold.average_fill_price.unwrap() - execution.price) - 2.0;
    assert!((realized.unwrap() - expected).abs() < 1e-6, "{realized:?} {expected}");
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn limits_wait_change_and_cancel() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let far = (bid(&client).await - 20.0).floor();
    let _placed = client.place_order(1, &stock, &limit_order(Action::Buy, 10.0, far)).await.unwrap();
    let mut open = client.open_orders().await.unwrap().filter_data();
    let mut known = None;
    while let Some(order) = open.next().await {
        if let Orders::OrderData(data) = order.unwrap() {
            known = Some(data);
        }
    }
    let known = known.expect("the order is open");
    assert_eq!((known.order.limit_price, known.order.total_quantity), (Some(far), 10.0));
    // The same id again changes it; its account-wide number stays.
    client.submit_order(1, &stock, &limit_order(Action::Buy, 5.0, far - 1.0)).await.unwrap();
    let changed = loop {
        let mut open = client.all_open_orders().await.unwrap().filter_data();
        let mut now = None;
        while let Some(order) = open.next().await {
            if let Orders::OrderData(data) = order.unwrap() {
                now = Some(data.order);
            }
        }
        let now = now.expect("the order is open");
        if now.limit_price == Some(far - 1.0) {
            break now;
        }
    };
    assert_eq!((changed.perm_id, changed.total_quantity), (known.order.perm_id, 5.0));
    let mut cancelled = client.cancel_order(1, "").await.unwrap();
    let mut notices = Vec::new();
    while let Some(item) = cancelled.next().await {
        match item {
            Ok(SubscriptionItem::Notice(notice)) => notices.push(notice.code),
            Ok(SubscriptionItem::Data(_)) => {}
            Err(error) => panic!("{error}"),
        }
        if notices.contains(&202) {
            break;
        }
    }
    match client.wait_for_fill(1, PATIENCE).await.unwrap() {
        OrderOutcome::Ended(status) => assert_eq!(status.status.to_string(), "Cancelled"),
        other => panic!("{other:?}"),
    }
    // An order that never was.
    let mut unknown = client.cancel_order(999, "").await.unwrap();
    let answer =
        unknown.next().await.expect("an answer").expect_err("an order that never was can't be cancelled");
    assert!(answer.to_string().contains("10147"), "{answer}");
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn a_bracket_protects_what_its_entry_bought() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let now = bid(&client).await;
    let bracket = client.order(&stock).buy(10).bracket();
    let ids = bracket
        .entry_limit((now + 1.0).floor())
        .take_profit((now + 30.0).floor())
        .stop_loss((now - 30.0).floor())
        .submit_all()
        .await
        .unwrap();
    filled(client.wait_for_fill(ids.parent, PATIENCE).await.unwrap());
    // Both exits stand, one of them working, the stop waiting for its trigger.
    let mut open = client.all_open_orders().await.unwrap().filter_data();
    let mut standing = Vec::new();
    while let Some(order) = open.next().await {
        if let Orders::OrderStatus(status) = order.unwrap() {
            standing.push((status.order_id, status.status.to_string(), status.parent_id));
        }
    }
    // A change that falls beside the answer is told as well: a status may come twice.
    standing.sort();
    standing.dedup();
    assert_eq!(
        standing,
        [
            (ids.take_profit.0, "Submitted".to_owned(), ids.parent.0),
            (ids.stop_loss.0, "PreSubmitted".to_owned(), ids.parent.0),
        ]
    );
    // Selling through the target's price fills it and takes the stop along.
    client
        .submit_order(ids.take_profit, &stock, &{
            let mut near = limit_order(Action::Sell, 10.0, (now - 5.0).floor());
            near.parent_id = ids.parent.0;
            near
        })
        .await
        .unwrap();
    filled(client.wait_for_fill(ids.take_profit, PATIENCE).await.unwrap());
    match client.wait_for_fill(ids.stop_loss, PATIENCE).await.unwrap() {
        OrderOutcome::Ended(status) => assert_eq!(status.status.to_string(), "Cancelled"),
        other => panic!("{other:?}"),
    }
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn stops_trigger_options_trade_and_the_account_follows() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let now = bid(&client).await;
    // A buy stop below the market is reached at once.
    client.submit_order(1, &stock, &stop(Action::Buy, 7.0, (now - 5.0).floor())).await.unwrap();
    filled(client.wait_for_fill(1, PATIENCE).await.unwrap());
    let option = Contract::call("SPY").strike(now.round()).expires_on(2026, 3, 16).build();
    client.submit_order(2, &option, &market_order(Action::Buy, 3.0)).await.unwrap();
    let bought = filled(client.wait_for_fill(2, PATIENCE).await.unwrap());
    assert!(bought.average_fill_price.unwrap() > 0.0);

    let tags = ["NetLiquidation", "TotalCashValue", "BuyingPower", "GrossPositionValue"];
    let mut summary =
        client.account_summary(&AccountGroup("All".to_owned()), &tags).await.unwrap().filter_data();
    let mut values = std::collections::BTreeMap::new();
    while let AccountSummaryResult::Summary(value) = summary.next().await.unwrap().unwrap() {
        values.insert(value.tag.clone(), value.value.parse::<f64>().unwrap());
    }
    assert_eq!(values.len(), tags.len());
    assert!((99_000.0..101_000.0).contains(&values["NetLiquidation"]), "{values:?}");
    assert!(values["TotalCashValue"] < 97_000.0 && values["GrossPositionValue"] > 4_000.0, "{values:?}");

    let account = AccountId(handle.account().to_owned());
    let mut pnl = client.pnl(&account, None).await.unwrap().filter_data();
    let pnl = pnl.next().await.unwrap().unwrap();
    assert!(pnl.daily_pnl.abs() < 1_000.0);
    // More than the account is worth is refused with the reason.
    client.submit_order(3, &stock, &market_order(Action::Buy, 100_000.0)).await.unwrap();
    match client.wait_for_fill(3, PATIENCE).await.unwrap() {
        OrderOutcome::Rejected(notice) => assert!(notice.code == 201, "{notice}"),
        OrderOutcome::Ended(status) => assert_eq!(status.status.to_string(), "Inactive"),
        other => panic!("{other:?}"),
    }
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn a_client_id_belongs_to_one_connection() {
    let handle = start(config(None));
    let first = connect(&handle, 7).await;
    let error = Client::connect(&handle.local_addr().to_string(), 7).await.err().expect("the id is taken");
    assert!(matches!(error, ibapi::Error::ClientIdInUse { client_id: 7 }), "{error:?}");
    let other = connect(&handle, 8).await;
    assert!(other.server_time().await.is_ok());
    assert!(first.server_time().await.is_ok(), "the first is not disturbed");
    handle.shutdown().unwrap();
}
