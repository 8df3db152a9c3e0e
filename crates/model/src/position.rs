//! Positions and the account.

use serde::{Deserialize, Serialize};

use crate::id::SignalId;
use crate::instrument::Contract;
use crate::number::{Money, Price, Quantity, SignedQuantity};
use crate::signal::Strategy;
use crate::time::Timestamp;

/// A position that a signal opened, from its first fill to its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The signal that opened it; its identity.
    pub signal: SignalId,
    /// Whose it is.
    pub strategy: Strategy,
    /// What is held.
    pub contract: Contract,
    /// Shares per unit.
    pub multiplier: u32,
    /// How much is held now; flat when closed.
    pub quantity: SignedQuantity,
    /// Largest size it had.
    pub opened_quantity: Quantity,
    /// Total cost of what is held now; positive for a long position. Never an average price.
    pub cost: Money,
    /// Total cost of everything ever bought into it.
    pub cost_opened: Money,
    /// Profit of what was closed, before commissions.
    pub realized: Money,
    /// Commissions so far.
    pub commissions: Money,
    /// Trigger of its protective stop.
    pub stop: Option<Price>,
    /// Limit of its target.
    pub target: Option<Price>,
    /// First fill.
    pub opened: Timestamp,
    /// Last fill, once flat.
    pub closed: Option<Timestamp>,
}

/// The account as the broker states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Net liquidation value.
    pub equity: Money,
    /// Cash.
    pub cash: Money,
    /// What may be spent on new positions.
    pub buying_power: Money,
    /// When the broker said so.
    pub as_of: Timestamp,
}
