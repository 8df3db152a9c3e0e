//! Account, risk, positions, orders, signals and what came of them.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::{Decimal, Instant};

/// The account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct AccountView {
    /// The broker's name of it, once told.
    pub id: Option<String>,
    /// Net liquidation value.
    pub equity: Option<Decimal>,
    /// Cash.
    pub cash: Option<Decimal>,
    /// Profit and loss since the session began, realised and not, after commissions.
    pub day_pnl: Option<Decimal>,
    /// What was closed since then, before commissions.
    pub realized_pnl: Option<Decimal>,
    /// What is held at its marks, before commissions; absent when a mark is missing.
    pub unrealized_pnl: Option<Decimal>,
    /// Commissions paid since the session began.
    pub commissions: Option<Decimal>,
    /// Loss at which trading stops for the day, positive.
    pub loss_budget: Option<Decimal>,
    /// What is left of it.
    pub loss_budget_left: Option<Decimal>,
    /// Premium of open positions: what can be lost if all of them expire worthless.
    pub premium_at_risk: Option<Decimal>,
    /// Most premium that may be at risk at this equity.
    pub premium_limit: Option<Decimal>,
    /// When this was so.
    pub at: Instant,
}

/// How far trading is stopped, from not at all to everything closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum HaltLevel {
    /// Nothing is stopped.
    None,
    /// No new entries.
    Pause,
    /// Only what makes positions smaller.
    Reduce,
    /// Entries are cancelled, protective stops stay.
    Halt,
    /// Everything is being closed.
    Flatten,
}

/// What holds trading back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct RiskView {
    /// How far trading is stopped.
    pub level: HaltLevel,
    /// Why; absent when nothing is stopped.
    pub reason: Option<String>,
    /// How often each check before a trade refused one today.
    pub refusals: Vec<super::Counter>,
}

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum SideView {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

/// An open position.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct PositionView {
    /// Identity on the stream.
    pub id: String,
    /// Compact OCC symbol, or the symbol itself for shares.
    pub contract: String,
    /// For people: `SPY 23 Nov 602 C`.
    pub label: String,
    /// Days until expiry, counted in calendar days of New York; absent for shares.
    pub days_to_expiry: Option<u32>,
    /// Whether its market is made by the synthetic chain.
    pub synthetic: bool,
    /// Strategy that opened it; absent when it was found at the broker.
    pub strategy: Option<String>,
    /// Contracts or shares; negative when short.
    pub quantity: i64,
    /// Average price paid per unit.
    pub entry_price: Option<Decimal>,
    /// What a unit is worth now.
    pub mark: Option<Decimal>,
    /// When it was worth that.
    pub mark_at: Option<Instant>,
    /// Profit and loss not yet taken, dollars.
    pub unrealized_pnl: Option<Decimal>,
    /// Protective stop.
    pub stop: Option<Decimal>,
    /// Whether the stop works at the broker (and not only in our mind).
    pub stop_at_broker: bool,
    /// Target.
    pub target: Option<Decimal>,
    /// Delta of the whole position, in shares of the underlying.
    pub delta_shares: Option<f64>,
    /// When it was opened.
    pub opened_at: Option<Instant>,
}

/// A working order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct OrderView {
    /// Our identity of it.
    pub id: String,
    /// Compact OCC symbol, or the symbol itself for shares.
    pub contract: String,
    /// For people: `SPY 23 Nov 602 C`.
    pub label: String,
    /// Strategy it serves.
    pub strategy: Option<String>,
    /// Signal it serves.
    pub signal_id: Option<String>,
    /// What it is for: entry, stop, target, close, flatten.
    pub role: String,
    /// Buy or sell.
    pub side: SideView,
    /// Units asked for.
    pub quantity: u64,
    /// Units filled.
    pub filled: u64,
    /// limit, market, stop.
    pub kind: String,
    /// Limit price.
    pub limit_price: Option<Decimal>,
    /// Trigger price of a stop.
    pub stop_price: Option<Decimal>,
    /// Where it stands.
    pub state: String,
    /// When it was decided.
    pub created_at: Option<Instant>,
}

/// Which way a signal looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum DirectionView {
    /// Up.
    Up,
    /// Down.
    Down,
}

/// Where a signal stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum SignalStateView {
    /// Made, not yet acted on.
    Created,
    /// A check before the trade refused it.
    Rejected {
        /// The rule.
        rule: String,
        /// What it saw, in words.
        reason: String,
    },
    /// Its entry went to the broker.
    Sent,
    /// Its entry works at the broker.
    Working,
    /// Its position is open.
    Open,
    /// Its position is closed.
    Closed {
        /// Why it was closed.
        reason: String,
        /// What it made after commissions.
        pnl: Decimal,
    },
    /// Its entry ended without a fill.
    Expired {
        /// Why.
        reason: String,
    },
}

/// One term of a signal.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct TermView {
    /// What it is.
    pub name: String,
    /// What it was when the signal was made; absent when it was not known.
    pub value: Option<f64>,
    /// Its unit: `shares`, `dollars`, empty for a ratio.
    pub unit: String,
    /// How far it speaks for the signal's direction, in [-1, 1]; absent when not known.
    pub toward: Option<f64>,
}

/// A signal and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct SignalView {
    /// Time-ordered identity.
    pub id: String,
    /// When it was made.
    pub at: Instant,
    /// Strategy, for people.
    pub strategy: String,
    /// Underlying.
    pub symbol: String,
    /// Which way it looks.
    pub direction: DirectionView,
    /// Compact OCC symbol of the contract chosen.
    pub contract: String,
    /// The contract for people.
    pub label: String,
    /// Whether the contract's market is made by the synthetic chain.
    pub synthetic: bool,
    /// Price of the underlying that triggered it.
    pub trigger: Decimal,
    /// Entry limit of the contract.
    pub limit: Decimal,
    /// Stop.
    pub stop: Decimal,
    /// Target.
    pub target: Decimal,
    /// Contracts.
    pub quantity: u64,
    /// Largest loss if the stop fills at its trigger.
    pub risk: Decimal,
    /// Where it stands.
    #[serde(flatten)]
    pub state: SignalStateView,
    /// Its terms.
    pub terms: Vec<TermView>,
    /// In [0, 1]; absent where the rule has no confidence model.
    pub confidence: Option<f64>,
}

/// A fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct ExecutionView {
    /// The broker's identity of it.
    pub id: String,
    /// When.
    pub at: Instant,
    /// Underlying.
    pub symbol: String,
    /// Compact OCC symbol, or the symbol itself for shares.
    pub contract: String,
    /// For people: `SPY 23 Nov 602 C`.
    pub label: String,
    /// Order that was filled.
    pub order_id: Option<String>,
    /// What the order was for.
    pub role: Option<String>,
    /// Buy or sell.
    pub side: SideView,
    /// Units.
    pub quantity: u64,
    /// Price of a unit.
    pub price: Decimal,
    /// Commission; absent until the broker has told it.
    pub commission: Option<Decimal>,
}

/// Whether a gate lets a signal through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum GateState {
    /// Open.
    Passed,
    /// Shut: this is why there is no signal.
    Blocked,
    /// Not asked, because one before it was shut.
    NotReached,
}

/// One gate on the way to a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct GateView {
    /// What it asks.
    pub name: String,
    /// What it said last.
    pub state: GateState,
    /// Numbers behind the answer; empty when none.
    pub text: String,
    /// How often it was the one to stop a signal today.
    pub blocked_today: u64,
}

/// Why there is no signal from a strategy in a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct GatesView {
    /// Strategy, for people.
    pub strategy: String,
    /// The symbol.
    pub symbol: String,
    /// How often they were asked today.
    pub checks_today: u64,
    /// In the order in which they are asked.
    pub gates: Vec<GateView>,
}

/// Something a person should see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct AlertView {
    /// Identity.
    pub id: String,
    /// When.
    pub at: Instant,
    /// How grave, as a light.
    pub severity: super::FeedState,
    /// What happened and what to do.
    pub text: String,
}

/// Where a command stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "Trading.ts")]
pub enum CommandState {
    /// Taken, on its way to the core.
    Accepted,
    /// In force.
    Done,
    /// Refused by the core.
    Refused,
}

/// A command and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, ToSchema)]
#[ts(export_to = "Trading.ts")]
pub struct CommandView {
    /// Identity, given when it was taken.
    pub command_id: String,
    /// What was asked: `halt` or `resume`.
    pub command: String,
    /// Where it stands.
    pub state: CommandState,
    /// Why it was refused, or the reason given with it.
    pub text: String,
}
