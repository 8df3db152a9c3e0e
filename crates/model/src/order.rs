//! Orders: what is asked of the broker, what became of it.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{OrderRef, SignalId};
use crate::instrument::Contract;
use crate::market::Side;
use crate::number::{Money, Price, Quantity};
use crate::signal::Strategy;
use crate::time::Timestamp;

/// The number an order has at the broker for our client id, from our durable allocator.
/// Positive and below 1 500 000 000 (above that the broker's client libraries number their own requests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub i32);

impl OrderId {
    /// First number that is no longer ours to give.
    pub const LIMIT: i32 = 1_500_000_000;
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an order does for its signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Opens the position.
    Entry,
    /// Protects it.
    Stop,
    /// Takes its profit.
    Target,
    /// Closes it for another reason.
    Close,
    /// Closes it in an emergency.
    Flatten,
}

impl Role {
    /// Whether an order of this role can only make a position smaller.
    pub const fn reduces(self) -> bool {
        !matches!(self, Self::Entry)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entry => "entry",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::Close => "close",
            Self::Flatten => "flatten",
        })
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "entry" => Self::Entry,
            "stop" => Self::Stop,
            "target" => Self::Target,
            "close" => Self::Close,
            "flatten" => Self::Flatten,
            _ => return Err(()),
        })
    }
}

/// How an order may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// At whatever price there is.
    Market,
    /// At the limit or better.
    Limit {
        /// Worst acceptable price.
        limit: Price,
    },
    /// A market order once the market reaches the trigger.
    Stop {
        /// A sell triggers when the bid is at or below it, a buy when the ask is at or above it.
        trigger: Price,
    },
    /// A limit order once the market reaches the trigger.
    StopLimit {
        /// As for a stop.
        trigger: Price,
        /// Worst acceptable price afterwards.
        limit: Price,
    },
}

impl OrderKind {
    /// The limit, where there is one.
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } => None,
        }
    }

    /// The trigger, where there is one.
    pub const fn trigger(self) -> Option<Price> {
        match self {
            Self::Stop { trigger } | Self::StopLimit { trigger, .. } => Some(trigger),
            Self::Market | Self::Limit { .. } => None,
        }
    }
}

/// How long an order works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session's end.
    Day,
    /// Until cancelled.
    GoodTillCancelled,
    /// What can be filled at once; the rest is cancelled.
    ImmediateOrCancel,
    /// All at once or nothing.
    FillOrKill,
}

/// What is sent to the broker. The same value sent again under the same number is a modification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Our number for it.
    pub id: OrderId,
    /// Our name for it, kept by the broker.
    pub reference: OrderRef,
    /// What to trade.
    pub contract: Contract,
    /// Buy or sell.
    pub side: Side,
    /// How much in all, filled part included.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Works only after this order has filled; goes when it is cancelled.
    pub parent: Option<OrderId>,
    /// One cancels all: a fill in the group takes its quantity from the others. The group is named
    /// by the number of the entry it protects.
    pub one_cancels_all: Option<OrderId>,
}

/// Where an order is in its life (signals-and-risk, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Written down, not sent.
    Intent,
    /// Never sent, and never will be.
    NotSent,
    /// Left for the broker.
    PendingSubmit,
    /// Accepted, not working yet: a stop before its trigger, a child before its parent's fill.
    PreSubmitted,
    /// Working.
    Submitted,
    /// Working, partly filled.
    PartiallyFilled,
    /// Asked to be cancelled; still counts as live.
    PendingCancel,
    /// Filled whole.
    Filled,
    /// Gone, with or without a partial fill.
    Cancelled,
    /// Refused by the broker.
    Rejected,
    /// Held by the broker; may come back to life.
    Inactive,
}

impl OrderState {
    /// Whether nothing more can happen to it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::NotSent | Self::Filled | Self::Cancelled | Self::Rejected)
    }

    /// Whether the broker may still fill it: everything that left and did not end.
    pub const fn is_live(self) -> bool {
        !self.is_final() && !matches!(self, Self::Intent)
    }
}

/// An order and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What was asked, with every later modification that was released.
    pub request: OrderRequest,
    /// Whose order it is.
    pub strategy: Strategy,
    /// Where it is in its life.
    pub state: OrderState,
    /// The broker's own number, unique per account, once known.
    pub perm_id: Option<i64>,
    /// Sum of its fills.
    pub filled: Quantity,
    /// Event time of the intent.
    pub created: Timestamp,
    /// Event time of the last change.
    pub updated: Timestamp,
}

impl Order {
    /// What is not filled yet.
    pub fn remaining(&self) -> Quantity {
        self.request.quantity.saturating_sub(self.filled)
    }
}

/// One execution of an order of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The broker's identifier without the correction suffix: the key under which it counts once.
    pub exec_id: String,
    /// Which order.
    pub order: OrderId,
    /// Which order, by our name.
    pub reference: OrderRef,
    /// What was traded.
    pub contract: Contract,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// Shares per unit.
    pub multiplier: u32,
    /// Commission, once the broker has said it.
    pub commission: Option<Money>,
    /// When it happened, by the broker.
    pub time: Timestamp,
    /// Whose order it was.
    pub strategy: Strategy,
}

impl Fill {
    /// The signal it belongs to.
    pub const fn signal(&self) -> SignalId {
        self.reference.signal
    }
}
