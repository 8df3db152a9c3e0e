//! Orders as the matching engine knows them.

use alphatrader_model::{Contract, InstrumentId, OrderKind, Price, Quantity, Side, TimeInForce, Timestamp};
use serde::{Deserialize, Serialize};

use super::handling::{Handling, Trail};

/// A caller's name for an order; unique for the life of an [`Exchange`](super::Exchange).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey(pub u64);

/// A one-cancels-all group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Group {
    /// Named by the caller.
    Named(u64),
    /// Made by the engine for a child that names no group: named by its parent when it would close
    /// what the parent opens (brokers pair the exits of a bracket by themselves), else by itself.
    Implied(OrderKey),
}

/// What a fill in a one-cancels-all group does to the others. Both are "with block": a fill takes
/// effect on the others before they are matched, so the group never fills more than its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum GroupRule {
    /// Takes its quantity from the others; what is left of none of them is cancelled.
    #[default]
    Reduce,
    /// Cancels the others, however small it is.
    Cancel,
}

/// What a stop watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TriggerBy {
    /// The quote: a sell triggers when bid <= trigger, a buy when ask >= trigger.
    #[default]
    Quote,
    /// Prints that set the last price: a sell triggers at or below the trigger, a buy at or above.
    Trade,
    /// Either of both.
    Either,
    /// The middle of the quote.
    Middle,
}

impl TriggerBy {
    /// What it watches of a quote of two sides, of which `far` is the one that the order would take;
    /// nothing when it does not watch quotes.
    pub(super) fn of_quote(self, far: Option<Price>, near: Option<Price>) -> Option<Price> {
        match self {
            Self::Quote | Self::Either => far,
            Self::Trade => None,
            Self::Middle => Some(Price::from_raw(i64::midpoint(far?.raw(), near?.raw()))),
        }
    }

    /// Whether it watches prints.
    pub(super) const fn of_print(self) -> bool {
        matches!(self, Self::Trade | Self::Either)
    }
}

/// An order on its way to the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewOrder {
    /// Its name.
    pub key: OrderKey,
    /// What to trade; announced by an `Instrument` event before.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much in all; positive.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Works only for as much as this order has filled; goes when it is cancelled unfilled.
    pub parent: Option<OrderKey>,
    /// One cancels all. Absent with a parent: [`Group::Implied`].
    pub group: Option<Group>,
    /// What a fill does to the group.
    pub group_rule: GroupRule,
    /// What its trigger watches, if it has one.
    pub trigger_by: TriggerBy,
    /// May trade outside the session.
    pub outside_session: bool,
    /// What it asks beyond that.
    pub handling: Handling,
}

impl NewOrder {
    /// An order for the day with no parent and no group, inside the session.
    pub const fn new(
        key: OrderKey,
        instrument: InstrumentId,
        side: Side,
        quantity: Quantity,
        kind: OrderKind,
    ) -> Self {
        Self {
            key,
            instrument,
            side,
            quantity,
            kind,
            time_in_force: TimeInForce::Day,
            parent: None,
            group: None,
            group_rule: GroupRule::Reduce,
            trigger_by: TriggerBy::Quote,
            outside_session: false,
            handling: Handling::NONE,
        }
    }
}

/// How an order that did not end stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its parent has not filled enough for it to work.
    Waiting,
    /// The session is not open.
    Held,
    /// A stop that has not triggered.
    Armed,
    /// Collected for a cross.
    Gathered,
    /// At the exchange.
    Working,
}

/// An order that did not end, as it is now. Serialisable, so that a paper broker's file can keep it:
/// it names the [`Contract`], never the number of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOrder {
    /// Its name.
    pub key: OrderKey,
    /// What it trades.
    pub contract: Contract,
    /// Buy or sell.
    pub side: Side,
    /// How much in all, the filled part included, after what its group took.
    pub quantity: Quantity,
    /// Filled so far.
    pub filled: Quantity,
    /// Taken by fills of its group.
    pub taken: Quantity,
    /// How.
    pub kind: OrderKind,
    /// How long.
    pub time_in_force: TimeInForce,
    /// Its parent.
    pub parent: Option<OrderKey>,
    /// Its group.
    pub group: Option<Group>,
    /// What a fill does to the group.
    pub group_rule: GroupRule,
    /// What its trigger watches.
    pub trigger_by: TriggerBy,
    /// Whether it may trade outside the session.
    pub outside_session: bool,
    /// How it stands.
    pub standing: Standing,
    /// Whether its trigger was reached.
    pub triggered: bool,
    /// How much of it may work: what its parent has filled, or all of it.
    pub released: Option<Quantity>,
    /// When it reached the exchange.
    pub arrived: Timestamp,
    /// Whether it stands in the book at its limit, after its first attempt to take.
    pub resting: bool,
    /// Size ahead of it in the queue at its price, once known.
    pub queue_ahead: Option<Quantity>,
    /// What it asks beyond its kind.
    #[serde(default)]
    pub handling: Handling,
    /// Size that was displayed at its price when it was last looked at, while it rests.
    #[serde(default)]
    pub seen: Option<Quantity>,
    /// Size printed at its price since then.
    #[serde(default)]
    pub printed: Quantity,
}

impl LiveOrder {
    /// Not filled yet.
    pub fn remaining(&self) -> Quantity {
        self.quantity.saturating_sub(self.filled)
    }

    /// What may be filled now: not filled yet, and released by the parent.
    pub fn open(&self) -> u64 {
        let paced = self.handling.paced.map_or(u64::MAX, |paced| paced.saturating_sub(self.filled).get());
        let remaining = self.remaining().get().min(paced);
        match self.released {
            None => remaining,
            Some(released) => {
                remaining.min(released.get().saturating_sub(self.taken.get() + self.filled.get()))
            }
        }
    }

    /// Quantity asked for, before its group took any.
    pub(super) fn asked(&self) -> u64 {
        self.quantity.get() + self.taken.get()
    }

    /// Whether it closes what `parent` opens.
    pub(super) fn closes(&self, parent: &Self) -> bool {
        self.contract == parent.contract && self.side != parent.side
    }

    /// Whether `price` is no worse than the limit.
    pub(super) fn accepts(&self, price: Price) -> bool {
        match (self.kind.limit(), self.side) {
            (None, _) => true,
            (Some(limit), Side::Buy) => price <= limit,
            (Some(limit), Side::Sell) => price >= limit,
        }
    }

    /// Whether the market reached its trigger. A trailing stop without a stop yet has none to reach.
    pub(super) fn reached(&self, price: Price) -> bool {
        if self.handling.trail.is_some_and(|trail| !trail.started) {
            return false;
        }
        let side = if self.handling.touched { self.side.opposite() } else { self.side };
        match (self.kind.trigger(), side) {
            (None, _) => false,
            (Some(trigger), Side::Sell) => price <= trigger,
            (Some(trigger), Side::Buy) => price >= trigger,
        }
    }

    /// Moves a trailing stop behind a `market` price; a stop never goes back. Says whether it moved.
    pub(super) fn follow(&mut self, market: Price, tick: impl Fn(Price) -> Price) -> bool {
        let Some(trail) = self.handling.trail.filter(|_| self.standing == Standing::Armed) else {
            return false;
        };
        let Some(stop) = self.kind.trigger() else { return false };
        let (new, limit) = trail.follow(self.side, market, tick);
        let better = if self.side == Side::Sell { new > stop } else { new < stop };
        if trail.started && !better {
            return false;
        }
        self.handling.trail = Some(Trail { started: true, ..trail });
        self.kind = match (self.kind, limit) {
            (OrderKind::StopLimit { limit: old, .. }, new_limit) => {
                OrderKind::StopLimit { trigger: new, limit: new_limit.unwrap_or(old) }
            }
            _ => OrderKind::Stop { trigger: new },
        };
        true
    }
}
