//! What a broker says, whatever its protocol: live, paper and simulated brokers speak this.

use serde::{Deserialize, Serialize};

use crate::id::OrderRef;
use crate::instrument::Contract;
use crate::market::Side;
use crate::number::{Money, Price, Quantity, SignedQuantity};
use crate::order::{OrderId, OrderKind};
use crate::position::Account;
use crate::time::Timestamp;

/// A broker's word for where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerOrderState {
    /// On its way to the exchange.
    PendingSubmit,
    /// Accepted by the broker, not at the exchange: stops, children, orders before the open.
    PreSubmitted,
    /// Working.
    Submitted,
    /// A cancel is on its way.
    PendingCancel,
    /// Gone.
    Cancelled,
    /// Filled whole.
    Filled,
    /// Held or refused; the reason came as an error.
    Inactive,
}

/// An order as the broker lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Our number for it.
    pub id: OrderId,
    /// The broker's own number.
    pub perm_id: i64,
    /// Our name for it; absent for an order we did not send.
    pub reference: Option<OrderRef>,
    /// What it trades.
    pub contract: Contract,
    /// Buy or sell.
    pub side: Side,
    /// How much in all.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
    /// Where it is.
    pub state: BrokerOrderState,
}

/// An execution as the broker reports it, live or again after a reconnect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// `a.b.c.NN`; the last part grows when the broker corrects an execution.
    pub exec_id: String,
    /// Our number for the order.
    pub order: OrderId,
    /// The broker's number for the order.
    pub perm_id: i64,
    /// Our name for the order; absent for an order we did not send.
    pub reference: Option<OrderRef>,
    /// What was traded.
    pub contract: Contract,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// When, by the broker.
    pub time: Timestamp,
}

impl Execution {
    /// The identifier without its correction part: `a.b.c`.
    pub fn base_id(&self) -> &str {
        self.exec_id.rsplit_once('.').map_or(self.exec_id.as_str(), |(base, _)| base)
    }

    /// The correction part: 1 for the first report, higher for corrections.
    pub fn revision(&self) -> u32 {
        self.exec_id.rsplit_once('.').and_then(|(_, part)| part.parse().ok()).unwrap_or(1)
    }
}

/// What a broker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BrokerEvent {
    /// A session began.
    Connected {
        /// Account, `DU…` for paper.
        account: String,
        /// The lowest order number the broker will accept.
        next_order_id: OrderId,
        /// Data made by a paper exchange, not by a market.
        paper: bool,
    },
    /// The session is gone; what happens meanwhile is unknown until the next [`BrokerEvent::SyncEnd`].
    Disconnected {
        /// In words.
        reason: String,
    },
    /// The broker's picture follows: open orders, executions since the session's start, positions, account.
    SyncBegin,
    /// The picture is complete: what it does not hold does not exist at the broker.
    SyncEnd,
    /// An order as the broker has it.
    OpenOrder(OpenOrder),
    /// An order changed.
    OrderStatus {
        /// Our number for it.
        id: OrderId,
        /// The broker's own number.
        perm_id: i64,
        /// Where it is.
        state: BrokerOrderState,
        /// Filled so far.
        filled: Quantity,
        /// Left to fill.
        remaining: Quantity,
    },
    /// An order was refused.
    Rejected {
        /// Our number for it.
        id: OrderId,
        /// The broker's code (201, 110, …).
        code: i32,
        /// The broker's words.
        reason: String,
    },
    /// The broker does not know the order that was to be cancelled (10147).
    UnknownOrder {
        /// Our number for it.
        id: OrderId,
    },
    /// An execution.
    Execution(Execution),
    /// What an execution cost; may come before or after it.
    Commission {
        /// Whose.
        exec_id: String,
        /// Positive for a cost.
        commission: Money,
    },
    /// A position as the broker has it.
    Position {
        /// What is held.
        contract: Contract,
        /// How much.
        quantity: SignedQuantity,
        /// Total cost, when the broker states it.
        cost: Option<Money>,
    },
    /// The account as the broker has it.
    Account(Account),
    /// Anything else worth a line in the log.
    Notice {
        /// The broker's code.
        code: i32,
        /// The broker's words.
        text: String,
    },
    /// One order of ours works at the broker more than once: a change that became a second order. A
    /// cancel of the order cancels all of them.
    Doubled {
        /// Our number for it.
        id: OrderId,
        /// The broker's numbers, ascending.
        perm_ids: Vec<i64>,
    },
}
