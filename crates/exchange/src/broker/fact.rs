//! Facts: what the state file holds. Protobuf, so that later versions can add to them.

use crate::wire::message::contract::Contract;
use crate::wire::message::order_terms::Order;

/// One record of the state file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// What became so.
    #[prost(oneof = "Fact", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 30, 31")]
    pub fact: Option<Fact>,
}

/// Something that became so, and stays so after a restart.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Fact {
    /// The account was opened; the first fact of a file.
    #[prost(message, tag = "1")]
    Founded(Founded),
    /// Simulated time will not be told beyond this before another such fact; a restart goes on from here.
    #[prost(message, tag = "2")]
    Clock(Clock),
    /// A contract got its number.
    #[prost(message, tag = "3")]
    Numbered(Numbered),
    /// An order is now as stated.
    #[prost(message, tag = "4")]
    Order(Box<OrderFact>),
    /// An execution happened: cash, position and order follow from it.
    #[prost(message, tag = "5")]
    Executed(Box<ExecutionFact>),
    /// A client was shown an order id: the next one it may use is higher.
    #[prost(message, tag = "6")]
    OrderIdShown(OrderIdShown),
    /// A trading day began: what belonged to the one before is forgotten.
    #[prost(message, tag = "7")]
    DayBegan(DayBegan),
    /// An expired holding was settled.
    #[prost(message, tag = "8")]
    Settled(Settled),
    /// Cash as it is (in a file written anew).
    #[prost(message, tag = "9")]
    Cash(CashFact),
    /// A holding as it is (in a file written anew).
    #[prost(message, tag = "10")]
    Holding(HoldingFact),
    /// An execution that cash and holdings already know (in a file written anew).
    #[prost(message, tag = "11")]
    Remembered(Box<ExecutionFact>),
    /// An execution was corrected: this stands in its place, and its price in the book.
    #[prost(message, tag = "30")]
    Corrected(Box<ExecutionFact>),
    /// A client said what is to become of an option at its end.
    #[prost(message, tag = "31")]
    Instructed(Instructed),
}

/// See [`Fact::Founded`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Founded {
    /// Account number, `DU…`.
    #[prost(string, tag = "1")]
    pub account: String,
    /// Opening cash in micro-dollars.
    #[prost(int64, tag = "2")]
    pub cash: i64,
    /// Seed of the synthetic market.
    #[prost(uint64, tag = "3")]
    pub seed: u64,
    /// First part of execution ids, so that two accounts never share one.
    #[prost(fixed32, tag = "4")]
    pub execution_prefix: u32,
    /// First account-wide order number, so that an account opened anew does not repeat the old one's.
    #[prost(int64, tag = "5")]
    pub first_perm_id: i64,
}

/// See [`Fact::Clock`].
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Clock {
    /// Simulated time, nanoseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub nanos: i64,
}

/// See [`Fact::Numbered`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Numbered {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// Its number.
    #[prost(int32, tag = "2")]
    pub con_id: i32,
}

/// See [`Fact::Order`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct OrderFact {
    /// Account-wide number.
    #[prost(int64, tag = "1")]
    pub perm_id: i64,
    /// Whose.
    #[prost(int32, tag = "2")]
    pub client_id: i32,
    /// The client's number.
    #[prost(int32, tag = "3")]
    pub order_id: i32,
    /// The contract's own name.
    #[prost(string, tag = "4")]
    pub contract: String,
    /// The contract as clients are told.
    #[prost(message, optional, tag = "5")]
    pub told: Option<Contract>,
    /// What the client asked.
    #[prost(message, optional, tag = "6")]
    pub terms: Option<Order>,
    /// Quantity in force: a one-cancels-all group may have reduced it below what the client asked.
    #[prost(uint64, tag = "7")]
    pub quantity: u64,
    /// Where it is.
    #[prost(enumeration = "super::order::Status", tag = "8")]
    pub status: i32,
    /// A stop that has been reached.
    #[prost(bool, tag = "9")]
    pub triggered: bool,
    /// Filled so far.
    #[prost(uint64, tag = "10")]
    pub filled: u64,
    /// Sum of price times quantity, in price units.
    #[prost(int64, tag = "11")]
    pub filled_value: i64,
    /// Price of the last fill, in price units.
    #[prost(int64, optional, tag = "12")]
    pub last_price: Option<i64>,
    /// Nanoseconds since the epoch.
    #[prost(int64, tag = "13")]
    pub created: i64,
    /// Nanoseconds since the epoch.
    #[prost(int64, tag = "14")]
    pub updated: i64,
    /// Why it ended.
    #[prost(string, tag = "15")]
    pub ending: String,
    /// How it stands at the matching engine, as JSON; empty when it is not there.
    #[prost(bytes = "vec", tag = "16")]
    pub live: Vec<u8>,
    /// Legs of a combination.
    #[prost(message, repeated, tag = "17")]
    pub legs: Vec<LegFact>,
    /// The broker's own order, to reduce risk.
    #[prost(bool, tag = "40")]
    pub liquidation: bool,
}

/// One leg of a combination.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LegFact {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// Units per unit of the combination.
    #[prost(uint64, tag = "2")]
    pub ratio: u64,
    /// Bought when the combination is.
    #[prost(bool, tag = "3")]
    pub bought: bool,
}

/// See [`Fact::Executed`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct ExecutionFact {
    /// `a.b.c.NN`.
    #[prost(string, tag = "1")]
    pub exec_id: String,
    /// The order.
    #[prost(int64, tag = "2")]
    pub perm_id: i64,
    /// Whose.
    #[prost(int32, tag = "3")]
    pub client_id: i32,
    /// The client's number for the order.
    #[prost(int32, tag = "4")]
    pub order_id: i32,
    /// The contract's own name.
    #[prost(string, tag = "5")]
    pub contract: String,
    /// The contract as clients are told.
    #[prost(message, optional, tag = "6")]
    pub told: Option<Contract>,
    /// Bought.
    #[prost(bool, tag = "7")]
    pub bought: bool,
    /// How much.
    #[prost(uint64, tag = "8")]
    pub quantity: u64,
    /// In price units.
    #[prost(int64, tag = "9")]
    pub price: i64,
    /// Shares per unit.
    #[prost(uint32, tag = "10")]
    pub multiplier: u32,
    /// Nanoseconds since the epoch.
    #[prost(int64, tag = "11")]
    pub time: i64,
    /// Where.
    #[prost(string, tag = "12")]
    pub venue: String,
    /// Filled of the order so far.
    #[prost(uint64, tag = "13")]
    pub cumulative: u64,
    /// Mean price so far, dollars.
    #[prost(double, tag = "14")]
    pub average_price: f64,
    /// The client's name for the order.
    #[prost(string, tag = "15")]
    pub order_ref: String,
    /// 1 added, 2 removed.
    #[prost(int32, tag = "16")]
    pub liquidity: i32,
    /// Micro-dollars.
    #[prost(int64, tag = "17")]
    pub commission: i64,
    /// Micro-dollars; what the book made of it.
    #[prost(int64, optional, tag = "18")]
    pub realized: Option<i64>,
    /// The broker closed a position to reduce risk.
    #[prost(bool, tag = "40")]
    pub liquidation: bool,
    /// How an option ended, as the broker numbers it; nothing for a trade.
    #[prost(int32, optional, tag = "41")]
    pub exercise: Option<i32>,
}

/// See [`Fact::OrderIdShown`].
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct OrderIdShown {
    /// Whose.
    #[prost(int32, tag = "1")]
    pub client_id: i32,
    /// Highest id it used or was shown.
    #[prost(int32, tag = "2")]
    pub highest: i32,
}

/// See [`Fact::DayBegan`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct DayBegan {
    /// Exchange date, `YYYY-MM-DD`.
    #[prost(string, tag = "1")]
    pub date: String,
    /// Net liquidation value at the start, micro-dollars.
    #[prost(int64, tag = "2")]
    pub equity: i64,
    /// Last prices of the day before, from which the market goes on.
    #[prost(message, repeated, tag = "3")]
    pub closes: Vec<ClosePrice>,
}

/// A last price of a day.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ClosePrice {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// In price units.
    #[prost(int64, tag = "2")]
    pub price: i64,
}

/// See [`Fact::Settled`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Settled {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// Value per share, in price units: zero when worthless.
    #[prost(int64, tag = "2")]
    pub price: i64,
}

/// See [`Fact::Cash`].
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CashFact {
    /// Micro-dollars.
    #[prost(int64, tag = "1")]
    pub cash: i64,
    /// Micro-dollars.
    #[prost(int64, tag = "2")]
    pub commissions_today: i64,
    /// The last account-wide order number given.
    #[prost(int64, tag = "3")]
    pub last_perm_id: i64,
    /// Executions ever counted.
    #[prost(uint64, tag = "4")]
    pub executions: u64,
}

/// See [`Fact::Holding`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct HoldingFact {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// Units; positive is long.
    #[prost(sint64, tag = "2")]
    pub quantity: i64,
    /// Micro-dollars.
    #[prost(int64, tag = "3")]
    pub cost: i64,
    /// Micro-dollars.
    #[prost(int64, tag = "4")]
    pub realized_today: i64,
    /// Shares per unit.
    #[prost(uint32, tag = "5")]
    pub multiplier: u32,
    /// Micro-dollars.
    #[prost(int64, tag = "6")]
    pub flow_today: i64,
}

/// See [`Fact::Instructed`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Instructed {
    /// The contract's own name.
    #[prost(string, tag = "1")]
    pub contract: String,
    /// Exercise; lapse without it.
    #[prost(bool, tag = "2")]
    pub exercise: bool,
    /// How many units; none takes the instruction back.
    #[prost(uint64, tag = "3")]
    pub quantity: u64,
}
