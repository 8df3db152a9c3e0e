//! An order as the broker keeps it: what was asked, in the client's words and in ours, and what
//! became of it.

use alphatrader_market::matching::{Handling, LiveOrder};
use alphatrader_model::{Contract, Money, OrderKind, Price, Quantity, Side, TimeInForce, Timestamp};

use super::ticket::algo::Plan;
use super::ticket::condition::Conditions;
use crate::wire::message::contract::Contract as WireContract;
use crate::wire::message::order_terms::Order as Terms;

/// Where an order is, in the broker's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Status {
    /// Placed without `transmit`: kept, not working.
    PendingSubmit = 0,
    /// Accepted, waiting: a stop for its trigger, a child for its parent, all for the exchange.
    PreSubmitted = 1,
    /// Working.
    Submitted = 2,
    /// A cancel is on its way to the exchange.
    PendingCancel = 3,
    /// Gone.
    Cancelled = 4,
    /// Filled whole.
    Filled = 5,
    /// Refused.
    Inactive = 6,
    /// Cancelled before it was sent to the exchange.
    ApiCancelled = 7,
}

impl Status {
    /// The broker's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::PendingSubmit => "PendingSubmit",
            Self::PreSubmitted => "PreSubmitted",
            Self::Submitted => "Submitted",
            Self::PendingCancel => "PendingCancel",
            Self::Cancelled => "Cancelled",
            Self::Filled => "Filled",
            Self::Inactive => "Inactive",
            Self::ApiCancelled => "ApiCancelled",
        }
    }

    /// Whether nothing more happens to the order.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Cancelled | Self::Filled | Self::Inactive | Self::ApiCancelled)
    }
}

/// What happens to the others of a one-cancels-all group when one of them fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcaKind {
    /// They are cancelled (type 1).
    Cancel,
    /// They are reduced by what was filled (types 2 and 3, and 0, which the broker treats as 3).
    Reduce,
}

/// An order's terms in the model's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Buy or sell.
    pub side: Side,
    /// How much in all, filled part included.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// What it asks of the exchange beyond its kind.
    pub handling: Handling,
    /// Its algorithm.
    pub plan: Option<Plan>,
    /// Conditions on which it waits, or goes.
    pub conditions: Option<Conditions>,
    /// Order id (of the same client) whose fill brings this one to life.
    pub parent: Option<i32>,
    /// One-cancels-all group.
    pub oca: Option<(String, OcaKind)>,
    /// Whether it may leave for the exchange.
    pub transmit: bool,
}

impl Ticket {
    /// The price it names itself: its limit, else its trigger. A trailing order whose stop the market
    /// has yet to set names none.
    pub fn own_price(&self) -> Option<Price> {
        let set = self.handling.trail.is_none_or(|trail| trail.started);
        self.kind.limit().or(self.kind.trigger()).filter(|_| set)
    }
}

/// An order and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerOrder {
    /// The account's number for it; never used twice.
    pub perm_id: i64,
    /// Whose it is.
    pub client_id: i32,
    /// The client's number for it.
    pub order_id: i32,
    /// What it trades.
    pub contract: Contract,
    /// What it trades, as clients are told.
    pub told: WireContract,
    /// Everything the client asked, as it is repeated in open orders.
    pub terms: Terms,
    /// The same in the model's words.
    pub ticket: Ticket,
    /// Where it is.
    pub status: Status,
    /// A stop that has been reached.
    pub triggered: bool,
    /// Filled so far.
    pub filled: Quantity,
    /// Sum of price times quantity of the fills, in price units.
    pub filled_value: i64,
    /// Price of the last fill.
    pub last_price: Option<Price>,
    /// When it was first placed.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Why it ended, in words; empty while it works.
    pub ending: String,
    /// How it stood at the matching engine when it last changed; nothing when it is not there.
    pub live: Option<LiveOrder>,
    /// Legs of a combination; none for a single contract. The contract is then that of the first leg.
    pub legs: Vec<Leg>,
    /// The broker's own order, to reduce risk.
    pub liquidation: bool,
}

/// An order as it is placed: what a [`BrokerOrder`] is before anything has happened to it.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The account's number for it; never used before.
    pub perm_id: i64,
    /// Whose it is.
    pub client_id: i32,
    /// The client's number for it.
    pub order_id: i32,
    /// What it trades.
    pub contract: Contract,
    /// What it trades, as clients are told.
    pub told: WireContract,
    /// Everything that was asked.
    pub terms: Terms,
    /// The same in the model's words.
    pub ticket: Ticket,
    /// Legs of a combination; none for a single contract.
    pub legs: Vec<Leg>,
    /// The broker's own order, to reduce risk.
    pub liquidation: bool,
}

impl Placement {
    /// The order at the moment it is placed: nothing filled, not at the matching engine yet.
    pub fn begin(self, now: Timestamp) -> BrokerOrder {
        let Self { perm_id, client_id, order_id, contract, told, terms, ticket, legs, liquidation } = self;
        BrokerOrder {
            perm_id,
            client_id,
            order_id,
            contract,
            told,
            terms,
            ticket,
            status: Status::PendingSubmit,
            triggered: false,
            filled: Quantity::ZERO,
            filled_value: 0,
            last_price: None,
            created: now,
            updated: now,
            ending: String::new(),
            live: None,
            legs,
            liquidation,
        }
    }
}

/// One leg of a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// What it trades.
    pub contract: Contract,
    /// Units per unit of the combination; positive.
    pub ratio: u64,
    /// Which way, when the combination is bought.
    pub side: Side,
}

impl Leg {
    /// Which way it trades when the combination is bought or sold.
    pub fn side_in(&self, combination: Side) -> Side {
        if combination == Side::Buy { self.side } else { self.side.opposite() }
    }
}

impl BrokerOrder {
    /// Whether it trades several contracts at one net price.
    pub fn is_combination(&self) -> bool {
        !self.legs.is_empty()
    }

    /// What is not filled yet.
    pub fn remaining(&self) -> Quantity {
        self.ticket.quantity.saturating_sub(self.filled)
    }

    /// Mean price of the fills in dollars; zero before the first, as the broker says it.
    pub fn average_price(&self) -> f64 {
        if self.filled.is_zero() {
            0.0
        } else {
            self.filled_value as f64 / self.filled.get() as f64 / Price::SCALE as f64
        }
    }
}

/// One execution, as reported and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerExecution {
    /// `a.b.c.NN`: never used twice; the last part grows with corrections.
    pub exec_id: String,
    /// The order's account-wide number.
    pub perm_id: i64,
    /// Whose order it was.
    pub client_id: i32,
    /// The client's number for the order.
    pub order_id: i32,
    /// What was traded.
    pub contract: Contract,
    /// What was traded, as clients are told.
    pub told: WireContract,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// Shares per unit.
    pub multiplier: u32,
    /// When.
    pub time: Timestamp,
    /// Where.
    pub venue: String,
    /// Filled of the order, this one included.
    pub cumulative: Quantity,
    /// Mean price of the order's fills, this one included, in dollars.
    pub average_price: f64,
    /// The client's name for the order.
    pub order_ref: String,
    /// 1 added liquidity, 2 removed it.
    pub liquidity: i32,
    /// What it cost.
    pub commission: Money,
    /// Profit it realised, net of commissions; nothing when it opened.
    pub realized: Option<Money>,
    /// The broker closed a position to reduce risk.
    pub liquidation: bool,
    /// How an option ended, as the broker numbers it; nothing for a trade.
    pub exercise: Option<i32>,
}
