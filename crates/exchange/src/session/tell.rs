//! The desk's things in the protocol's words.

use alphatrader_model::{Quantity, Timestamp};

use super::Out;
use crate::broker::order::{BrokerExecution, BrokerOrder, Status};
use crate::desk::Desk;
use crate::wire::message::execution::{CommissionAndFeesReport, Execution, ExecutionDetails};
use crate::wire::message::order::{CompletedOrder, OpenOrder, OrderState, OrderStatus};
use crate::wire::message::session::ErrorMessage;
use crate::wire::{Reply, notice};

/// The zone in which times are told.
pub const ZONE: &str = "US/Eastern";

/// An error or a notice.
pub fn error(id: i32, code: i32, text: &str, now: Timestamp) -> Reply {
    Reply::Error(ErrorMessage {
        id: Some(id),
        error_time: Some(now.millis()),
        error_code: Some(code),
        error_msg: Some(text.to_owned()),
        advanced_order_reject_json: None,
    })
}

/// Says that a stream to be ended does not exist, unless it was `known`.
pub fn unknown_ticker(known: bool, id: i32, now: Timestamp, out: &mut Out) {
    if !known {
        let text = format!("Can't find EId with tickerId:{id}");
        out.push(error(id, notice::UNKNOWN_TICKER_ID, &text, now));
    }
}

/// Decimal text of a quantity.
pub fn size(quantity: Quantity) -> Option<String> {
    Some(quantity.to_string())
}

/// An instant as orders and executions carry it: `YYYYMMDD HH:MM:SS US/Eastern`.
pub fn instant(at: Timestamp, desk: &Desk) -> String {
    format!("{} {ZONE}", desk.calendar().local(at).strftime("%Y%m%d %H:%M:%S"))
}

/// An order, then its status.
pub fn order(order: &BrokerOrder, out: &mut Out) {
    out.push(open_order(order));
    out.push(status(order));
}

/// An order.
pub fn open_order(order: &BrokerOrder) -> Reply {
    let mut terms = order.terms.clone();
    // Where a trailing stop is now.
    let trailing = order.live.filter(|live| live.handling.trail.is_some_and(|trail| trail.started));
    if let Some(live) = trailing {
        terms.trail_stop_price = live.kind.trigger().map(alphatrader_model::Price::to_f64);
        let limit = live.kind.limit().map(alphatrader_model::Price::to_f64);
        terms.lmt_price = limit.or(terms.lmt_price);
    }
    let state = OrderState { status: Some(order.status.word().to_owned()), ..OrderState::default() };
    Reply::OpenOrder(Box::new(OpenOrder {
        order_id: Some(order.order_id),
        contract: Some(order.told.clone()),
        order: Some(terms),
        order_state: Some(state),
    }))
}

/// An order's status.
pub fn status(order: &BrokerOrder) -> Reply {
    let left = if order.status == Status::Filled { Quantity::ZERO } else { order.remaining() };
    Reply::OrderStatus(OrderStatus {
        order_id: Some(order.order_id),
        status: Some(order.status.word().to_owned()),
        filled: size(order.filled),
        remaining: size(left),
        avg_fill_price: Some(order.average_price()),
        perm_id: Some(order.perm_id),
        parent_id: Some(order.ticket.parent.unwrap_or(0)),
        last_fill_price: Some(order.last_price.map_or(0.0, alphatrader_model::Price::to_f64)),
        client_id: Some(order.client_id),
        why_held: None,
        mkt_cap_price: Some(0.0),
    })
}

/// An order that ended.
pub fn completed(order: &BrokerOrder, desk: &Desk) -> Reply {
    let ending = if order.ending.is_empty() { order.status.word() } else { &order.ending };
    let state = OrderState {
        status: Some(order.status.word().to_owned()),
        completed_time: Some(instant(order.updated, desk)),
        completed_status: Some(ending.to_owned()),
        ..OrderState::default()
    };
    let mut terms = order.terms.clone();
    // The broker states what was left open as the total of an order that ended.
    terms.total_quantity = size(order.remaining());
    terms.filled_quantity = size(order.filled);
    Reply::CompletedOrder(Box::new(CompletedOrder {
        contract: Some(order.told.clone()),
        order: Some(terms),
        order_state: Some(state),
    }))
}

/// An execution, for request `id` (-1 when it happens now).
pub fn execution(execution: &BrokerExecution, id: i32, desk: &Desk) -> Reply {
    let bought = execution.side == alphatrader_model::Side::Buy;
    let details = Execution {
        order_id: Some(execution.order_id),
        exec_id: Some(execution.exec_id.clone()),
        time: Some(instant(execution.time, desk)),
        acct_number: Some(desk.state().account.clone()),
        exchange: Some(execution.venue.clone()),
        side: Some(if bought { "BOT" } else { "SLD" }.to_owned()),
        shares: size(execution.quantity),
        price: Some(execution.price.to_f64()),
        perm_id: Some(execution.perm_id),
        client_id: Some(execution.client_id),
        is_liquidation: Some(execution.liquidation),
        cum_qty: size(execution.cumulative),
        avg_price: Some(execution.average_price),
        order_ref: Some(execution.order_ref.clone()).filter(|r| !r.is_empty()),
        last_liquidity: Some(execution.liquidity),
        is_price_revision_pending: Some(false),
        opt_exercise_or_lapse_type: execution.exercise,
        ..Execution::default()
    };
    Reply::ExecutionDetails(Box::new(ExecutionDetails {
        req_id: Some(id),
        contract: Some(execution.told.clone()),
        execution: Some(details),
    }))
}

/// What an execution cost. That of a combination as one costs nothing: its legs do.
pub fn commission(execution: &BrokerExecution) -> Reply {
    Reply::CommissionReport(CommissionAndFeesReport {
        exec_id: Some(execution.exec_id.clone()),
        commission_and_fees: Some(execution.commission.to_f64()),
        currency: Some("USD".to_owned()),
        realized_pnl: execution.realized.map(alphatrader_model::Money::to_f64),
        bond_yield: None,
        yield_redemption_date: None,
    })
}
