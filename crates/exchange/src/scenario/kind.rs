//! Replies and requests by the names that scenarios give them.

use serde::{Deserialize, Serialize};

use crate::wire::{Reply, Request};

/// A kind of message to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sampled ticks, option computations and what announces them.
    MarketData,
    /// Rows of books.
    Depth,
    /// Tick-by-tick.
    TickByTick,
    /// 5-second bars, and bars of history that go on.
    Bars,
    /// Open orders.
    OpenOrder,
    /// Order statuses.
    OrderStatus,
    /// Executions.
    Execution,
    /// Commissions.
    Commission,
    /// Completed orders.
    CompletedOrder,
    /// Ends of lists of orders and executions.
    OrdersEnd,
    /// Positions.
    Position,
    /// Values of the account, portfolio, summaries, profit and loss.
    Account,
    /// Contract details, chains, rules, symbols.
    Contract,
    /// Bars and ticks of the past.
    History,
    /// The gateway's time.
    Time,
    /// The next valid order id.
    NextId,
    /// Errors and notices.
    Error,
}

impl Kind {
    /// The kind of a message; nothing for one that scenarios leave alone.
    pub fn of(reply: &Reply) -> Option<Self> {
        Some(match reply.message_id() {
            1 | 2 | 21 | 45 | 46 | 57 | 58 | 81 | 84 => Self::MarketData,
            12 | 13 => Self::Depth,
            99 => Self::TickByTick,
            50 | 90 => Self::Bars,
            5 => Self::OpenOrder,
            3 => Self::OrderStatus,
            11 => Self::Execution,
            59 => Self::Commission,
            101 => Self::CompletedOrder,
            53 | 55 | 102 => Self::OrdersEnd,
            61 | 62 | 71 | 72 => Self::Position,
            6 | 7 | 8 | 54 | 63 | 64 | 73 | 74 | 94 | 95 => Self::Account,
            10 | 52 | 75 | 76 | 79 | 80 | 82 | 93 => Self::Contract,
            17 | 88 | 89 | 96 | 97 | 98 | 106 | 108 => Self::History,
            49 | 109 => Self::Time,
            9 => Self::NextId,
            4 => Self::Error,
            _ => return None,
        })
    }

    /// Whether it streams what the market does.
    pub fn is_market(self) -> bool {
        matches!(self, Self::MarketData | Self::Depth | Self::TickByTick | Self::Bars)
    }

    /// Whether it tells what became of orders and account.
    pub fn is_order(self) -> bool {
        matches!(
            self,
            Self::OpenOrder
                | Self::OrderStatus
                | Self::Execution
                | Self::Commission
                | Self::Position
                | Self::Account
        )
    }
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Market data.
    MarketData,
    /// Order books.
    Depth,
    /// Tick-by-tick.
    TickByTick,
    /// 5-second bars.
    Bars,
    /// New orders and changes.
    PlaceOrder,
    /// Cancels.
    CancelOrder,
    /// Open orders, of this client or all.
    OpenOrders,
    /// Completed orders.
    CompletedOrders,
    /// Executions.
    Executions,
    /// Positions.
    Positions,
    /// Values of the account, summaries, profit and loss.
    Account,
    /// Contract details.
    ContractDetails,
    /// Option chains.
    OptionChain,
    /// The past.
    History,
    /// The gateway's time.
    Time,
    /// The next valid order id.
    NextId,
}

impl Asked {
    /// The kind of a request; nothing for one that scenarios leave alone.
    pub fn of(request: &Request) -> Option<Self> {
        Some(match request.message_id() {
            1 => Self::MarketData,
            10 => Self::Depth,
            97 => Self::TickByTick,
            50 => Self::Bars,
            3 => Self::PlaceOrder,
            4 | 58 => Self::CancelOrder,
            5 | 15 | 16 => Self::OpenOrders,
            99 => Self::CompletedOrders,
            7 => Self::Executions,
            61 | 74 => Self::Positions,
            6 | 62 | 76 | 92 | 94 => Self::Account,
            9 => Self::ContractDetails,
            78 => Self::OptionChain,
            20 | 87 | 88 | 96 => Self::History,
            49 | 105 => Self::Time,
            8 => Self::NextId,
            _ => return None,
        })
    }

    /// Whether the gateway answers it by itself, without its link to the broker.
    pub fn is_local(request: &Request) -> bool {
        matches!(request.message_id(), 8 | 14 | 17 | 49 | 71 | 104 | 105)
    }
}
