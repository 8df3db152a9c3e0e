//! What the broker says of orders, executions, positions and the account.

use alphatrader_model::broker::{BrokerOrderState, Execution, OpenOrder};
use alphatrader_model::{Account, BrokerEvent, Money, OrderId, Quantity, Side, SignedQuantity, Timestamp};
use ibapi::accounts::{AccountSummary, AccountSummaryTags, Position};
use ibapi::orders::{
    Action, CommissionReport, ExecutionData, ExecutionSide, OrderData, OrderStatus, OrderStatusKind,
};
use thiserror::Error;

use super::{contract, number, order, time};

/// A report that our words cannot hold. It goes to the log and the engine as a notice.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} cannot be taken over: {reason}")]
pub(crate) struct Unsaid {
    what: String,
    reason: String,
}

impl Unsaid {
    fn new(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { what: what.into(), reason: reason.into() }
    }
}

/// Number of an order of another client or of the terminal: none of ours.
const FOREIGN: OrderId = OrderId(0);

/// Our number of an order: only our own client's numbers mean something here.
fn order_id(client: i32, ours: i32, id: i32) -> OrderId {
    if client == ours && id > 0 { OrderId(id) } else { FOREIGN }
}

/// Where an order is.
pub(crate) fn state(status: &OrderStatusKind) -> Option<BrokerOrderState> {
    Some(match status {
        OrderStatusKind::ApiPending | OrderStatusKind::PendingSubmit => BrokerOrderState::PendingSubmit,
        OrderStatusKind::PreSubmitted => BrokerOrderState::PreSubmitted,
        OrderStatusKind::Submitted => BrokerOrderState::Submitted,
        OrderStatusKind::PendingCancel => BrokerOrderState::PendingCancel,
        OrderStatusKind::ApiCancelled | OrderStatusKind::Cancelled => BrokerOrderState::Cancelled,
        OrderStatusKind::Filled => BrokerOrderState::Filled,
        OrderStatusKind::Inactive => BrokerOrderState::Inactive,
        OrderStatusKind::Unknown(_) => return None,
    })
}

/// A change of one of our orders.
///
/// # Errors
/// [`Unsaid`] for a state or quantity we have no words for.
pub(crate) fn order_status(status: &OrderStatus) -> Result<BrokerEvent, Unsaid> {
    let what = || format!("status of order {}", status.order_id);
    let state = state(&status.status)
        .ok_or_else(|| Unsaid::new(what(), format!("`{}` is no state we know", status.status.as_str())))?;
    let quantity = |units: f64| {
        Quantity::from_f64(units).map_err(|error| Unsaid::new(what(), format!("quantity {units}: {error}")))
    };
    Ok(BrokerEvent::OrderStatus {
        id: OrderId(status.order_id),
        perm_id: status.perm_id,
        state,
        filled: quantity(status.filled)?,
        remaining: quantity(status.remaining)?,
    })
}

/// An order as the broker lists it. `ours` is our client id.
///
/// # Errors
/// [`Unsaid`] for contracts, order types and quantities we do not send.
pub(crate) fn open_order(data: &OrderData, ours: i32) -> Result<BrokerEvent, Unsaid> {
    let what = || format!("open order {} (broker's number {})", data.order_id, data.order.perm_id);
    let contract = contract::from_broker(&data.contract).map_err(|e| Unsaid::new(what(), e.to_string()))?;
    let kind = order::kind_from_broker(&data.order)
        .ok_or_else(|| Unsaid::new(what(), format!("order type `{}`", data.order.order_type)))?;
    let quantity = Quantity::from_f64(data.order.total_quantity)
        .map_err(|e| Unsaid::new(what(), format!("quantity {}: {e}", data.order.total_quantity)))?;
    let status = &data.order_state.status;
    let state = state(status)
        .ok_or_else(|| Unsaid::new(what(), format!("`{}` is no state we know", status.as_str())))?;
    Ok(BrokerEvent::OpenOrder(OpenOrder {
        id: order_id(data.order.client_id, ours, data.order_id),
        perm_id: data.order.perm_id,
        reference: data.order.order_ref.parse().ok(),
        contract,
        side: match data.order.action {
            Action::Buy => Side::Buy,
            Action::Sell | Action::SellShort | Action::SellLong => Side::Sell,
        },
        quantity,
        kind,
        state,
    }))
}

/// An order that ended, as the broker lists it: its quantity there is what was left unfilled.
///
/// # Errors
/// [`Unsaid`] for contracts, order types and quantities we do not send, and for an order that has not
/// ended.
pub(crate) fn completed_order(data: &OrderData, ours: i32) -> Result<BrokerEvent, Unsaid> {
    let ended = matches!(
        data.order_state.status,
        OrderStatusKind::Cancelled
            | OrderStatusKind::ApiCancelled
            | OrderStatusKind::Filled
            | OrderStatusKind::Inactive
    );
    if !ended {
        let what = format!("completed order (broker's number {})", data.order.perm_id);
        return Err(Unsaid::new(what, format!("it is {}", data.order_state.status.as_str())));
    }
    let mut whole = data.clone();
    whole.order.total_quantity += data.order.filled_quantity;
    open_order(&whole, ours)
}

/// An execution, and a remark when something about it had to be rounded or guessed.
///
/// # Errors
/// [`Unsaid`] for contracts we do not trade and fractions of a share.
pub(crate) fn execution(
    data: &ExecutionData,
    ours: i32,
    now: Timestamp,
) -> Result<(BrokerEvent, Option<String>), Unsaid> {
    let report = &data.execution;
    let what = || format!("execution {}", report.execution_id);
    let contract = contract::from_broker(&data.contract).map_err(|e| Unsaid::new(what(), e.to_string()))?;
    let quantity = Quantity::from_f64(report.shares)
        .map_err(|e| Unsaid::new(what(), format!("quantity {}: {e}", report.shares)))?;
    let (price, rounded) = number::nearest_price(report.price)
        .ok_or_else(|| Unsaid::new(what(), format!("price {}", report.price)))?;
    let said = time::instant(&report.time);
    let remark = match (rounded, said) {
        (true, _) => Some(format!("{}: price {} rounded to {price}", what(), report.price)),
        (false, None) => Some(format!("{}: `{}` is no time, taken as now", what(), report.time)),
        (false, Some(_)) => None,
    };
    let event = BrokerEvent::Execution(Execution {
        exec_id: report.execution_id.clone(),
        order: order_id(report.client_id, ours, report.order_id),
        perm_id: report.perm_id,
        reference: report.order_reference.parse().ok(),
        contract,
        side: match report.side {
            ExecutionSide::Bought => Side::Buy,
            ExecutionSide::Sold => Side::Sell,
        },
        quantity,
        price,
        time: said.unwrap_or(now),
    });
    Ok((event, remark))
}

/// What an execution cost. Nothing for the placeholder −1 that some builds send first.
///
/// # Errors
/// [`Unsaid`] for another currency than the dollar and for numbers that are no amount.
pub(crate) fn commission(report: &CommissionReport) -> Result<Option<BrokerEvent>, Unsaid> {
    let what = || format!("commission of {}", report.execution_id);
    if report.commission == -1.0 || report.commission == f64::MAX {
        return Ok(None);
    }
    if !matches!(report.currency.as_str(), "USD" | "") {
        return Err(Unsaid::new(what(), format!("it is in {}, not in USD", report.currency)));
    }
    let commission = Money::from_f64(report.commission).map_err(|e| Unsaid::new(what(), e.to_string()))?;
    Ok(Some(BrokerEvent::Commission { exec_id: report.execution_id.clone(), commission }))
}

/// A position. The broker's average cost already holds the multiplier.
///
/// # Errors
/// [`Unsaid`] for contracts we do not trade and fractions of a share.
pub(crate) fn position(position: &Position) -> Result<BrokerEvent, Unsaid> {
    let what = || format!("position in {}", position.contract.symbol);
    let contract =
        contract::from_broker(&position.contract).map_err(|e| Unsaid::new(what(), e.to_string()))?;
    let magnitude = Quantity::from_f64(position.position.abs())
        .map_err(|e| Unsaid::new(what(), format!("quantity {}: {e}", position.position)))?;
    let units = magnitude.get() as i64;
    Ok(BrokerEvent::Position {
        contract,
        quantity: SignedQuantity::new(if position.position < 0.0 { -units } else { units }),
        cost: Money::from_f64(position.average_cost * position.position).ok(),
    })
}

/// Rows of the account as they come, until it is whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountRows {
    equity: Option<Money>,
    cash: Option<Money>,
    buying_power: Option<Money>,
}

impl AccountRows {
    /// The rows to ask for.
    pub(crate) const TAGS: [&str; 3] = [
        AccountSummaryTags::NET_LIQUIDATION,
        AccountSummaryTags::TOTAL_CASH_VALUE,
        AccountSummaryTags::BUYING_POWER,
    ];

    /// Takes a row over; rows of other accounts, tags and currencies are left.
    pub(crate) fn take(&mut self, row: &AccountSummary, account: &str) {
        if row.account != account || !matches!(row.currency.as_str(), "USD" | "" | "BASE") {
            return;
        }
        let amount = row.value.parse().ok().and_then(|dollars| Money::from_f64(dollars).ok());
        match row.tag.as_str() {
            AccountSummaryTags::NET_LIQUIDATION => self.equity = amount,
            AccountSummaryTags::TOTAL_CASH_VALUE => self.cash = amount,
            AccountSummaryTags::BUYING_POWER => self.buying_power = amount,
            _ => {}
        }
    }

    /// The account, once all rows are there.
    pub(crate) fn whole(&self, as_of: Timestamp) -> Option<Account> {
        Some(Account { equity: self.equity?, cash: self.cash?, buying_power: self.buying_power?, as_of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::contract::to_broker;
    use crate::translate::order::tests::request;
    use alphatrader_model::{OrderKind, OrderRequest, Price};
    use ibapi::orders::OrderState;
    use proptest::prelude::*;

    fn listed(request: &OrderRequest, client: i32) -> OrderData {
        let mut order = order::to_broker(request, "DU1", true);
        order.client_id = client;
        order.perm_id = 1_234_567;
        let order_state = OrderState { status: OrderStatusKind::PreSubmitted, ..OrderState::default() };
        let contract = to_broker(&request.contract, None, Some(1));
        OrderData { order_id: request.id.0, contract, order, order_state }
    }

    fn executed(text: &str) -> ExecutionData {
        let mut data = ExecutionData {
            contract: to_broker(&"SPY".parse().unwrap(), None, None),
            ..ExecutionData::default()
        };
        data.execution.execution_id = "0000e0d5.6571.01.02".to_owned();
        data.execution.order_id = 7;
        data.execution.client_id = 11;
        data.execution.time = text.to_owned();
        data.execution.shares = 100.0;
        data.execution.price = 589.01;
        data
    }

    #[test]
    fn our_order_keeps_its_number_and_name_a_foreign_one_does_not() {
        let asked = request(7, OrderKind::Limit { limit: Price::from_cents(125) });
        let Ok(BrokerEvent::OpenOrder(open)) = open_order(&listed(&asked, 11), 11) else { panic!() };
        assert_eq!((open.id, open.reference), (asked.id, Some(asked.reference)));
        assert_eq!((open.kind, open.quantity, open.side), (asked.kind, asked.quantity, asked.side));
        assert_eq!((open.contract, open.state), (asked.contract, BrokerOrderState::PreSubmitted));
        let Ok(BrokerEvent::OpenOrder(open)) = open_order(&listed(&asked, 12), 11) else { panic!() };
        assert_eq!(open.id, FOREIGN);
    }

    #[test]
    fn an_order_type_we_do_not_send_is_named() {
        let mut trailing = listed(&request(7, OrderKind::Market), 11);
        trailing.order.order_type = "TRAIL".to_owned();
        let refused = open_order(&trailing, 11).unwrap_err().to_string();
        assert!(refused.contains("order type `TRAIL`"), "{refused}");
    }

    #[test]
    fn an_execution_is_never_lost_to_its_time_or_price() {
        let now = Timestamp::from_seconds(1);
        let (event, remark) = execution(&executed("20261120 09:31:02 America/New_York"), 11, now).unwrap();
        let BrokerEvent::Execution(read) = event else { panic!() };
        assert_eq!(read.time.to_string(), "2026-11-20T14:31:02Z");
        assert_eq!((read.order, read.price, remark), (OrderId(7), Price::from_cents(58_901), None));
        assert_eq!((read.base_id(), read.revision()), ("0000e0d5.6571.01", 2));

        let (event, remark) = execution(&executed("soon"), 11, now).unwrap();
        let BrokerEvent::Execution(read) = event else { panic!() };
        assert!(remark.is_some());
        assert_eq!(read.time, now);

        let mut fine = executed("20261120 09:31:02 America/New_York");
        fine.execution.price = 589.013_37;
        let (event, remark) = execution(&fine, 11, now).unwrap();
        let BrokerEvent::Execution(read) = event else { panic!() };
        assert!(remark.unwrap().contains("rounded"));
        assert_eq!(read.price, Price::from_raw(5_890_134));
    }

    #[test]
    fn a_placeholder_commission_is_not_a_rebate() {
        let mut report = CommissionReport {
            execution_id: "a.1.01".to_owned(),
            commission: -1.0,
            ..CommissionReport::default()
        };
        assert_eq!(commission(&report), Ok(None));
        report.commission = 1.3;
        let expected = BrokerEvent::Commission {
            exec_id: "a.1.01".to_owned(),
            commission: Money::from_micros(1_300_000),
        };
        assert_eq!(commission(&report), Ok(Some(expected)));
        report.currency = "EUR".to_owned();
        assert!(commission(&report).is_err());
    }

    #[test]
    fn a_short_position_has_a_negative_cost() {
        let short = Position {
            account: "DU1".to_owned(),
            contract: to_broker(&"SPY261123C00585000".parse().unwrap(), None, None),
            position: -2.0,
            average_cost: 125.5,
        };
        let expected = BrokerEvent::Position {
            contract: "SPY261123C00585000".parse().unwrap(),
            quantity: SignedQuantity::new(-2),
            cost: Some(Money::from_dollars(-251)),
        };
        assert_eq!(position(&short), Ok(expected));
    }

    #[test]
    fn the_account_is_whole_when_all_rows_are_there() {
        let row = |account: &str, tag: &str, value: &str| AccountSummary {
            account: account.to_owned(),
            tag: tag.to_owned(),
            value: value.to_owned(),
            currency: "USD".to_owned(),
        };
        let mut rows = AccountRows::default();
        let now = Timestamp::from_seconds(1);
        rows.take(&row("DU1", "NetLiquidation", "100000.50"), "DU1");
        rows.take(&row("DU2", "TotalCashValue", "5"), "DU1");
        rows.take(&row("DU1", "BuyingPower", "400000"), "DU1");
        assert_eq!(rows.whole(now), None);
        rows.take(&row("DU1", "TotalCashValue", "99999.25"), "DU1");
        let account = rows.whole(now).unwrap();
        assert_eq!(account.equity, Money::from_micros(100_000_500_000));
        assert_eq!(account.cash, Money::from_micros(99_999_250_000));
    }

    proptest! {
        #[test]
        fn any_status_is_read_or_refused(text in ".{0,20}", filled in any::<f64>(), remaining in any::<f64>()) {
            let status = OrderStatus { order_id: 1, status: OrderStatusKind::Unknown(text), filled, remaining, ..OrderStatus::default() };
            prop_assert!(order_status(&status).is_err());
            let status = OrderStatus { status: OrderStatusKind::Filled, ..status };
            let _ = order_status(&status);
        }
    }
}
