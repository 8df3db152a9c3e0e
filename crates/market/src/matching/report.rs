//! What the matching engine reports.

use alphatrader_model::{OrderKind, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use super::order::OrderKey;

/// Something happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When, in exchange time.
    pub time: Timestamp,
    /// To which order.
    pub key: OrderKey,
    /// What.
    pub what: ReportKind,
}

/// Whether a fill took displayed size or was taken itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It rested and was taken.
    Added,
    /// It took what was displayed.
    Removed,
}

/// Why an order ended without being filled whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Its owner asked.
    Requested,
    /// The session ended, or the contract did, or its own time, or its cross passed it by.
    Expired,
    /// Immediate-or-cancel: what could not be filled at once.
    Immediate,
    /// Fill-or-kill: it could not be filled whole.
    Killed,
    /// A fill of its one-cancels-all group.
    Group,
    /// Its parent went unfilled.
    Parent,
}

/// Who changed an order's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its owner asked.
    Requested,
    /// A fill of its one-cancels-all group took quantity from it.
    Group,
    /// Its parent ended partly filled: it shrinks to what the parent filled.
    Parent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportKind {
    /// The exchange has it.
    Accepted,
    /// It works at the exchange from here on.
    Working,
    /// Its trigger was reached.
    Triggered,
    /// Its trailing stop followed the market.
    Trailed {
        /// Stop, and limit where it has one, from here on.
        kind: OrderKind,
    },
    /// An execution.
    Fill {
        /// How much.
        quantity: Quantity,
        /// At what price.
        price: Price,
        /// Taker or maker.
        liquidity: Liquidity,
        /// Filled in all so far.
        filled: Quantity,
        /// Left to fill; zero ends the order.
        remaining: Quantity,
    },
    /// It ended without being filled whole.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// Filled before.
        filled: Quantity,
    },
    /// It was refused and never existed.
    Rejected {
        /// The broker's code for it (103, 110, 200, 201).
        code: i32,
        /// In words.
        reason: String,
    },
    /// Its terms are these from here on.
    Replaced {
        /// How much in all, the filled part included.
        quantity: Quantity,
        /// How.
        kind: OrderKind,
        /// Who changed it.
        cause: Cause,
    },
    /// A change of it was refused; it stays as it was.
    ChangeRefused {
        /// The broker's code for it.
        code: i32,
        /// In words.
        reason: String,
    },
    /// No live order has this key: nothing to change or cancel.
    Unknown,
}
