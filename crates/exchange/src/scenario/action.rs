//! What can happen in a scenario.
//!
//! Lengths of time are simulated, except where it says the wall's: how a socket behaves is a matter of
//! the wall.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::Wait;
use super::kind::{Asked, Kind};
use super::when::one;

/// Clients by id; all when none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Validate)]
#[serde(transparent)]
pub struct Clients(#[garde(length(max = 100))] pub Vec<i32>);

impl Clients {
    /// Whether a client is meant.
    pub fn has(&self, client_id: i32) -> bool {
        self.0.is_empty() || self.0.contains(&client_id)
    }
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// An error or a notice is told.
    Notice(#[garde(dive)] Notice),
    /// A farm of the broker's changes its state: 2103 to 2108, 2119, 2157, 2158.
    Farm(#[garde(dive)] Farm),
    /// The link between gateway and broker is lost (1100) and comes back (1101 or 1102).
    Outage(#[garde(dive)] Outage),
    /// A competing session takes the market data (10197).
    Competing(#[garde(dive)] Lasting),
    /// The entitlement to live data is lost: delayed ticks (10167), or none (10089).
    Delayed(#[garde(dive)] Lasting),
    /// Streams fall silent without a word.
    Mute(#[garde(dive)] Mute),
    /// Books are reset (317), then told anew.
    DepthReset(#[garde(dive)] Nothing),
    /// Books are halted (316): to be subscribed again.
    DepthHalt(#[garde(dive)] Nothing),
    /// Connections are closed.
    Close(#[garde(dive)] Close),
    /// New connections are refused.
    Refuse(#[garde(dive)] Lasting),
    /// Client ids are told to be in use (326) and closed.
    IdBusy(#[garde(dive)] IdBusy),
    /// Sockets stay open, nothing is read or sent; then they end.
    HalfOpen(#[garde(dive)] HalfOpen),
    /// How bytes leave: in pieces, together, slowly.
    Shape(#[garde(dive)] Shape),
    /// New orders are rejected.
    Reject(#[garde(dive)] Reject),
    /// Requests are not answered.
    Ignore(#[garde(dive)] Ignore),
    /// Replies are lost.
    Lose(#[garde(dive)] Lose),
    /// Replies are late.
    Late(#[garde(dive)] Late),
    /// Replies are told again.
    Repeat(#[garde(dive)] Repeat),
    /// The last execution is corrected: its id's last part grows, its price changes.
    Correct(#[garde(dive)] Correct),
    /// Executions are split.
    SplitFills(#[garde(dive)] SplitFills),
    /// A change of an order leaves a second live order behind.
    SplitModify(#[garde(dive)] Times),
    /// Working orders are cancelled by the broker.
    CancelOrders(#[garde(dive)] CancelOrders),
    /// The next valid order id is told as this.
    NextId(#[garde(dive)] NextId),
}

/// Nothing to be said more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Nothing {}

/// Whom a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The session (-1).
    #[default]
    Session,
    /// Each market data line.
    MarketData,
    /// Each book.
    Depth,
    /// Each tick-by-tick stream.
    TickByTick,
    /// Each working order of the client.
    Orders,
}

/// See [`Action::Notice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The broker's number.
    #[garde(range(min = 1, max = 99_999))]
    pub code: i32,
    /// The broker's words.
    #[garde(length(min = 1, max = 1_000))]
    pub text: String,
    /// Whom it is about.
    #[garde(skip)]
    #[serde(default)]
    pub about: About,
    /// Who is told.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// A farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarmKind {
    /// Market data.
    MarketData,
    /// History.
    History,
    /// Security definitions.
    SecurityDefinitions,
}

/// How a farm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarmState {
    /// It works.
    Ok,
    /// Its link is broken.
    Broken,
    /// It sleeps until it is needed.
    Inactive,
    /// Its link is being made.
    Connecting,
}

/// See [`Action::Farm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Farm {
    /// Which kind.
    #[garde(skip)]
    pub farm: FarmKind,
    /// How it is now.
    #[garde(skip)]
    pub state: FarmState,
    /// Its name; the usual one when not given.
    #[garde(inner(length(min = 1, max = 40)))]
    #[serde(default)]
    pub name: Option<String>,
}

impl Farm {
    /// The broker's number and words; nothing for a state that the broker has no number for.
    pub fn told(&self) -> (i32, String) {
        use FarmKind::{History, MarketData, SecurityDefinitions};
        let (usual, what) = match self.farm {
            MarketData => ("usfarm", "Market data farm"),
            History => ("ushmds", "HMDS data farm"),
            SecurityDefinitions => ("secdefil", "Sec-def data farm"),
        };
        let name = self.name.as_deref().unwrap_or(usual);
        let (code, how) = match (self.state, self.farm) {
            (FarmState::Ok, MarketData) => (2104, "connection is OK"),
            (FarmState::Ok, History) => (2106, "connection is OK"),
            (FarmState::Ok, SecurityDefinitions) => (2158, "connection is OK"),
            (FarmState::Broken, MarketData) => (2103, "connection is broken"),
            (FarmState::Broken, History) => (2105, "connection is broken"),
            (FarmState::Broken, SecurityDefinitions) => (2157, "connection is broken"),
            (FarmState::Inactive, History) => {
                (2107, "connection is inactive but should be available upon demand.")
            }
            (FarmState::Inactive, _) => (2108, "connection is inactive but should be available upon demand."),
            (FarmState::Connecting, _) => (2119, "is connecting"),
        };
        (code, format!("{what} {how}:{name}"))
    }
}

/// What came of the subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restored {
    /// They go on (1102).
    #[default]
    Kept,
    /// They are gone (1101).
    Lost,
}

/// What becomes of what is told of orders during an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meanwhile {
    /// It is told when the link is back.
    #[default]
    Held,
    /// It is never told by itself: a client must ask.
    Lost,
}

/// See [`Action::Outage`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// How long.
    #[garde(skip)]
    #[serde(rename = "for")]
    pub lasts: Wait,
    /// What came of the subscriptions.
    #[garde(skip)]
    #[serde(default)]
    pub data: Restored,
    /// What becomes of executions and statuses meanwhile.
    #[garde(skip)]
    #[serde(default)]
    pub orders: Meanwhile,
}

/// Something that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Lasting {
    /// How long.
    #[garde(skip)]
    #[serde(rename = "for")]
    pub lasts: Wait,
}

/// See [`Action::Mute`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// Which kinds of messages.
    #[garde(length(min = 1, max = 20))]
    pub what: Vec<Kind>,
    /// How long.
    #[garde(skip)]
    #[serde(rename = "for")]
    pub lasts: Wait,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// See [`Action::Close`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
    /// At once: what was not sent yet is not sent.
    #[garde(skip)]
    #[serde(default)]
    pub abrupt: bool,
}

/// See [`Action::IdBusy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct IdBusy {
    /// How often.
    #[garde(range(min = 1, max = 1_000))]
    #[serde(default = "one")]
    pub times: u32,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// See [`Action::HalfOpen`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct HalfOpen {
    /// How long the dead sockets stay.
    #[garde(skip)]
    #[serde(rename = "for")]
    pub lasts: Wait,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// See [`Action::Shape`]. Without pieces and pause bytes leave as usual again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// So many bytes at a time; all that is there when not given.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[serde(default)]
    pub pieces: Option<usize>,
    /// The wall's time between two writes: what comes meanwhile leaves together.
    #[garde(custom(short))]
    #[serde(default)]
    pub pause: Wait,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that garde calls")]
fn short(wait: &Wait, _: &()) -> garde::Result {
    if *wait <= Wait::from_seconds(10) {
        Ok(())
    } else {
        Err(garde::Error::new("at most 10s between two writes"))
    }
}

/// See [`Action::Reject`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// Why, in the broker's words after `Order rejected - reason:`.
    #[garde(length(min = 1, max = 500))]
    pub reason: String,
    /// How many orders.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default = "one")]
    pub times: u32,
}

/// See [`Action::Ignore`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// Which kinds of requests.
    #[garde(length(min = 1, max = 20))]
    pub requests: Vec<Asked>,
    /// How many.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default = "one")]
    pub times: u32,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// Which replies something is done with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Which kinds.
    #[garde(length(min = 1, max = 20))]
    pub what: Vec<Kind>,
    /// How many; every one when not given.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[serde(default)]
    pub times: Option<u32>,
    /// For how long; without end when not given.
    #[garde(skip)]
    #[serde(default, rename = "for")]
    pub lasts: Option<Wait>,
    /// How likely, for each of them.
    #[garde(range(min = 0.0, max = 1.0))]
    #[serde(default = "certain")]
    pub chance: f64,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

fn certain() -> f64 {
    1.0
}

/// See [`Action::Lose`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Lose {
    /// Which replies.
    #[garde(dive)]
    pub replies: Which,
}

/// See [`Action::Late`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Which replies.
    #[garde(dive)]
    pub replies: Which,
    /// By how much.
    #[garde(skip)]
    pub by: Wait,
}

/// See [`Action::Repeat`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Which replies.
    #[garde(dive)]
    pub replies: Which,
    /// How often again.
    #[garde(range(min = 1, max = 100))]
    #[serde(default = "one")]
    pub copies: u32,
    /// How much later each.
    #[garde(skip)]
    #[serde(default)]
    pub after: Wait,
}

/// See [`Action::Correct`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// By how many cents the price changes.
    #[garde(range(min = -100_000, max = 100_000))]
    pub cents: i32,
}

/// See [`Action::SplitFills`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SplitFills {
    /// Most units in one execution; never more than 100 parts.
    #[garde(range(min = 1, max = 1_000_000))]
    pub most: u64,
    /// How many fills are split.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default = "one")]
    pub times: u32,
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// How often.
    #[garde(range(min = 1, max = 1_000_000))]
    #[serde(default = "one")]
    pub times: u32,
}

/// See [`Action::CancelOrders`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct CancelOrders {
    /// Why, in words.
    #[garde(length(min = 1, max = 500))]
    pub reason: String,
    /// Whose.
    #[garde(dive)]
    #[serde(default)]
    pub clients: Clients,
}

/// See [`Action::NextId`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NextId {
    /// What is told.
    #[garde(range(min = 1, max = 1_499_999_999))]
    pub value: i32,
    /// How often.
    #[garde(range(min = 1, max = 1_000))]
    #[serde(default = "one")]
    pub times: u32,
}
