//! What a step of the core yields: records for the ledger, effects for the outside world.

use serde::{Deserialize, Serialize};

use crate::event::{HaltLevel, Seq};
use crate::exposure::ExposureSummary;
use crate::features::Features;
use crate::number::Money;
use crate::order::{Fill, Order, OrderId, OrderRequest};
use crate::position::{Account, Position};
use crate::signal::Signal;
use crate::time::Timestamp;

/// An effect's name: the step that made it and its place in the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId {
    /// The step.
    pub seq: Seq,
    /// Place in the step.
    pub index: u16,
}

/// A fact for the ledger. Each holds the whole of its entity after the change, so the newest record
/// of an entity is its state and replaying records is idempotent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A signal as it is now.
    Signal(Box<Signal>),
    /// An order as it is now.
    Order(Box<Order>),
    /// An execution; a later record of the same `exec_id` supersedes it.
    Fill(Box<Fill>),
    /// A position as it is now.
    Position(Box<Position>),
    /// How far new risk is allowed from here on.
    Halt {
        /// The level.
        level: HaltLevel,
        /// Who or what asked, and why.
        reason: String,
    },
    /// The first account of a trading day: the base of the day's loss budget.
    DayStart {
        /// Session date in exchange time, `YYYY-MM-DD`.
        date: String,
        /// Net liquidation value.
        equity: Money,
    },
    /// The account at reconciliation, for the equity curve.
    Account(Account),
}

/// What the outside world is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send these orders as one: a parent and its children, in this order.
    Place(Vec<OrderRequest>),
    /// Change an order that was sent.
    Modify(OrderRequest),
    /// Cancel an order that was sent.
    Cancel(OrderId),
    /// Fetch open orders, executions, positions and account.
    Synchronise,
}

/// One thing to do outside, once the records of its step are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Its name; the idempotency key.
    pub id: EffectId,
    /// What to do.
    pub action: Action,
    /// Whether it opens or enlarges a position. Only such an effect can be withdrawn or expire.
    pub adds_risk: bool,
    /// After this it is dropped.
    pub expires: Option<Timestamp>,
}

/// All that one step yields, in order. Reused from step to step, so that a quiet step allocates nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outputs {
    /// Facts to make durable before anything below happens.
    pub records: Vec<Record>,
    /// What is to be done outside once they are.
    pub effects: Vec<Effect>,
    /// Features of each symbol, at each whole second of event time.
    pub features: Vec<Features>,
    /// What a finished round of exposures came to: at most one a symbol and second of event time.
    pub exposures: Vec<ExposureSummary>,
}

impl Outputs {
    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.records.clear();
        self.effects.clear();
        self.features.clear();
        self.exposures.clear();
    }

    /// Whether the step yielded nothing.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.effects.is_empty()
            && self.features.is_empty()
            && self.exposures.is_empty()
    }
}
