//! Where a signal is, and why it ended.

use std::collections::BTreeMap;

use alphatrader_model::market::Side;
use alphatrader_model::signal::Refusal;
use alphatrader_model::{Order, OrderId, OrderState, Role, SignalState};

use super::trade::Trade;

/// Where a signal is, by its entry, its position and its closing orders.
pub(crate) fn signal_state(trade: &Trade, entry: &Order, orders: &BTreeMap<OrderId, Order>) -> SignalState {
    let held = trade.held();
    if !held.is_flat() {
        return SignalState::Open;
    }
    if let Some(position) = trade.position.as_ref().filter(|_| entry.state.is_final()) {
        let profit = position.realized.checked_sub(position.commissions).unwrap_or(position.realized);
        return SignalState::Closed { reason: close_reason(trade, orders), profit };
    }
    let ended = |otherwise: &str| trade.ended.clone().unwrap_or_else(|| otherwise.into());
    match entry.state {
        OrderState::Intent => SignalState::Created,
        OrderState::PendingSubmit | OrderState::PreSubmitted | OrderState::Inactive => SignalState::Sent,
        OrderState::Submitted | OrderState::PartiallyFilled | OrderState::PendingCancel => {
            SignalState::Working
        }
        // Filled by its status, its execution still on the way.
        OrderState::Filled => SignalState::Working,
        OrderState::NotSent => SignalState::Expired { reason: ended("not sent") },
        OrderState::Cancelled => SignalState::Expired { reason: ended("cancelled by the broker") },
        OrderState::Rejected => SignalState::Rejected(Refusal {
            rule: "broker".into(),
            reason: trade.refused.clone().unwrap_or_else(|| "refused without a reason".into()),
        }),
    }
}

/// Why the last part of a position was closed, by the order that closed it.
fn close_reason(trade: &Trade, orders: &BTreeMap<OrderId, Order>) -> String {
    let last = trade.fills.iter().rev().map(|(_, f)| f).find(|f| f.side == Side::Sell);
    let role = last.and_then(|f| orders.get(&f.order)).map(|o| o.request.reference.role);
    match (role, &trade.closing) {
        (Some(Role::Stop), _) => "stop".into(),
        (_, Some(reason)) => reason.clone(),
        (Some(Role::Target), None) => "target".into(),
        (Some(role), None) => role.to_string(),
        (None, None) => "closed".into(),
    }
}
