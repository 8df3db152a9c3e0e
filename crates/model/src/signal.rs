//! Signals: what a strategy wants, and why.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::features::Features;
use crate::id::SignalId;
use crate::instrument::{Contract, Symbol};
use crate::number::{Money, Price, Quantity};
use crate::time::Timestamp;

/// A strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Options that expire today.
    ZeroDte,
}

impl Strategy {
    /// All of them, in the order of the screen.
    pub const ALL: [Self; 1] = [Self::ZeroDte];

    /// The key in settings and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ZeroDte => "zero_dte",
        }
    }

    /// As a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ZeroDte => "0DTE",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Where the underlying is expected to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher.
    Up,
    /// Lower.
    Down,
}

impl Direction {
    /// +1 or −1.
    pub const fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }
}

/// One reason for a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// What was looked at (`touch imbalance`).
    pub name: String,
    /// What it was, in its own unit; absent when it was not known.
    pub value: Option<f64>,
    /// The unit of `value` (`shares`, `dollars`, empty for a ratio).
    pub unit: String,
    /// Signed toward the direction and scaled to [-1, 1]; absent when not known.
    pub toward: Option<f64>,
}

/// How sure a signal is of itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The rule has no confidence model; nothing may be read into that.
    NotComputed,
}

/// Why an order or signal was refused: the rule and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Name of the gate or check.
    pub rule: String,
    /// In words, with the numbers.
    pub reason: String,
}

/// Where a signal is in its life (signals-and-risk, section 5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalState {
    /// Made; its order is an intent.
    Created,
    /// Refused by a check; nothing was sent.
    Rejected(Refusal),
    /// Its entry left for the broker.
    Sent,
    /// Its entry works.
    Working,
    /// It has a position.
    Open,
    /// Its position was closed.
    Closed {
        /// `stop`, `target`, `time stop`, `flatten`, `expired`.
        reason: String,
        /// Realised profit after commissions.
        profit: Money,
    },
    /// Its entry ended without a fill.
    Expired {
        /// Why.
        reason: String,
    },
}

impl SignalState {
    /// Whether it is one of the final states (invariant 8).
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Closed { .. } | Self::Expired { .. })
    }
}

/// What a strategy wants, with all it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Time-ordered identity.
    pub id: SignalId,
    /// Event time at which it was made.
    pub time: Timestamp,
    /// Whose.
    pub strategy: Strategy,
    /// The underlying.
    pub symbol: Symbol,
    /// Where the underlying is expected to go.
    pub direction: Direction,
    /// What to buy.
    pub contract: Contract,
    /// Shares a unit of the contract delivers.
    pub multiplier: u32,
    /// Whether the contract's prices are made by our own generator.
    pub synthetic: bool,
    /// Price of the underlying that triggered it.
    pub trigger: Price,
    /// Limit of the entry.
    pub limit: Price,
    /// Trigger of the protective stop.
    pub stop: Price,
    /// Limit of the target.
    pub target: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// Largest loss if the stop fills at its trigger.
    pub risk: Money,
    /// How sure.
    pub confidence: Confidence,
    /// Why, largest contribution first.
    pub terms: Vec<Term>,
    /// Names of the gates it passed.
    pub gates: Vec<String>,
    /// What the analytics knew at that moment.
    pub features: Box<Features>,
    /// After this its entry is not sent any more.
    pub expires: Timestamp,
    /// Version of the settings in force (their hash).
    pub settings: String,
    /// Where it is in its life.
    pub state: SignalState,
}
