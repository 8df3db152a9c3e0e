//! What the broker knows and keeps: account, orders, executions, numbers, simulated time.
//!
//! It changes by [`Fact`]s alone, so that a restart that reads them again has the same state.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, Money, Price, Quantity, Side, Timestamp};
use jiff::civil::Date;

use super::book::{Book, BookTrade};
use super::fact::{ExecutionFact, Fact, OrderFact};
use super::order::{BrokerExecution, BrokerOrder};

/// Days for which executions are kept, as clients may ask for the last seven.
const EXECUTION_DAYS: i32 = 7;

/// The state of the broker side.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerState {
    /// Account number, `DU…`.
    pub account: String,
    /// Opening cash.
    pub opening_cash: Money,
    /// Seed of the synthetic market.
    pub seed: u64,
    /// First part of execution ids.
    pub execution_prefix: u32,
    /// First account-wide order number.
    pub first_perm_id: i64,
    /// Simulated time that may have been told.
    pub clock: Timestamp,
    /// The trading day, once one began.
    pub day: Option<Day>,
    /// Cash and holdings.
    pub book: Book,
    /// Working orders, and those that ended today, by account-wide number.
    pub orders: BTreeMap<i64, BrokerOrder>,
    /// Executions of the last days, oldest first.
    pub executions: Vec<BrokerExecution>,
    /// Highest order id each client used or was shown.
    pub order_ids: BTreeMap<i32, i32>,
    /// The last account-wide order number given.
    pub last_perm_id: i64,
    /// Executions ever counted.
    pub execution_count: u64,
    /// Numbers of contracts.
    pub con_ids: BTreeMap<Contract, i32>,
    /// What is to become of options at their end: exercise or lapse of so many units.
    pub instructions: BTreeMap<Contract, (bool, u64)>,
}

/// A trading day of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Exchange date.
    pub date: Date,
    /// Net liquidation value at its start.
    pub equity: Money,
    /// Last prices of the day before.
    pub closes: BTreeMap<Contract, Price>,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self {
            account: String::new(),
            opening_cash: Money::ZERO,
            seed: 0,
            execution_prefix: 0,
            first_perm_id: 1,
            clock: Timestamp::default(),
            day: None,
            book: Book::new(Money::ZERO),
            orders: BTreeMap::new(),
            executions: Vec::new(),
            order_ids: BTreeMap::new(),
            last_perm_id: 0,
            execution_count: 0,
            con_ids: BTreeMap::new(),
            instructions: BTreeMap::new(),
        }
    }
}

impl BrokerState {
    /// Makes a fact true.
    ///
    /// # Errors
    /// In words, when the fact contradicts what is known; the state is then of no use.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Founded(founded) => {
                if !self.account.is_empty() {
                    return Err("the account was opened twice".to_owned());
                }
                self.account.clone_from(&founded.account);
                self.opening_cash = Money::from_micros(founded.cash);
                self.book = Book::new(self.opening_cash);
                self.seed = founded.seed;
                self.execution_prefix = founded.execution_prefix;
                self.first_perm_id = founded.first_perm_id.max(1);
                self.last_perm_id = self.first_perm_id - 1;
            }
            Fact::Clock(clock) => self.clock = Timestamp::from_nanos(clock.nanos),
            Fact::Numbered(numbered) => {
                self.con_ids.insert(contract(&numbered.contract)?, numbered.con_id);
            }
            Fact::Order(order) => self.keep_order(order)?,
            Fact::Executed(execution) => self.execute(execution)?,
            Fact::Instructed(said) => {
                let contract = contract(&said.contract)?;
                if said.quantity == 0 {
                    self.instructions.remove(&contract);
                } else {
                    self.instructions.insert(contract, (said.exercise, said.quantity));
                }
            }
            Fact::Corrected(execution) => self.correct(execution_from(execution)?)?,
            Fact::Remembered(execution) => self.executions.push(execution_from(execution)?),
            Fact::OrderIdShown(shown) => self.raise_order_id(shown.client_id, shown.highest),
            Fact::DayBegan(day) => {
                let closes =
                    day.closes.iter().map(|c| Ok((contract(&c.contract)?, Price::from_raw(c.price))));
                let closes = closes.collect::<Result<_, String>>()?;
                let date = day.date.parse().map_err(|_| format!("'{}' is no date", day.date))?;
                self.begin_day(Day { date, equity: Money::from_micros(day.equity), closes });
            }
            Fact::Settled(settled) => {
                let settlement =
                    self.book.settle(contract(&settled.contract)?, Price::from_raw(settled.price));
                settlement.map_err(|e| e.to_string())?;
            }
            Fact::Cash(cash) => {
                self.book.cash = Money::from_micros(cash.cash);
                self.book.commissions_today = Money::from_micros(cash.commissions_today);
                self.last_perm_id = cash.last_perm_id.max(self.last_perm_id);
                self.execution_count = cash.executions;
            }
            Fact::Holding(holding) => {
                let kept = super::snapshot::holding_from(holding);
                self.book.holdings.insert(contract(&holding.contract)?, kept);
            }
        }
        Ok(())
    }

    /// The order a client knows by its own number; the newest, when the number was used on several days.
    pub fn order_of(&self, client_id: i32, order_id: i32) -> Option<&BrokerOrder> {
        self.orders.values().rev().find(|o| o.client_id == client_id && o.order_id == order_id)
    }

    /// The smallest order id a client may use next.
    pub fn next_order_id(&self, client_id: i32) -> i32 {
        self.order_ids.get(&client_id).map_or(1, |highest| highest + 1)
    }

    /// The execution id that the next execution gets.
    pub fn next_exec_id(&self) -> String {
        format!("{:08x}.{:08x}.01.01", self.execution_prefix, self.execution_count + 1)
    }

    fn keep_order(&mut self, fact: &OrderFact) -> Result<(), String> {
        let order = super::snapshot::order_from(fact)?;
        self.raise_order_id(order.client_id, order.order_id);
        self.last_perm_id = self.last_perm_id.max(order.perm_id);
        self.orders.insert(order.perm_id, order);
        Ok(())
    }

    fn raise_order_id(&mut self, client_id: i32, order_id: i32) {
        let highest = self.order_ids.entry(client_id).or_insert(0);
        *highest = order_id.max(*highest);
    }

    fn execute(&mut self, fact: &ExecutionFact) -> Result<(), String> {
        let mut execution = execution_from(fact)?;
        let trade = BookTrade {
            contract: execution.contract,
            side: execution.side,
            quantity: execution.quantity,
            price: execution.price,
            multiplier: execution.multiplier,
            commission: execution.commission,
        };
        execution.realized = self.book.trade(&trade).map_err(|e| e.to_string())?;
        self.execution_count += 1;
        self.executions.push(execution);
        Ok(())
    }

    fn begin_day(&mut self, day: Day) {
        self.orders.retain(|_, order| !order.status.is_final());
        let oldest = day.date.saturating_sub(jiff::Span::new().days(EXECUTION_DAYS));
        // A day before the oldest date in UTC is before it in New York too.
        let oldest =
            oldest.to_zoned(jiff::tz::TimeZone::UTC).map_or(i64::MIN, |at| at.timestamp().as_second());
        self.executions.retain(|execution| execution.time.seconds() >= oldest);
        let held = &self.book.holdings;
        self.instructions.retain(|contract, _| held.contains_key(contract));
        self.book.begin_day(|contract| day.closes.get(contract).copied());
        self.day = Some(day);
    }
}

/// Reads a contract's own name.
pub(super) fn contract(text: &str) -> Result<Contract, String> {
    text.parse().map_err(|e: alphatrader_model::instrument::ContractError| e.to_string())
}

fn execution_from(fact: &ExecutionFact) -> Result<BrokerExecution, String> {
    Ok(BrokerExecution {
        exec_id: fact.exec_id.clone(),
        perm_id: fact.perm_id,
        client_id: fact.client_id,
        order_id: fact.order_id,
        contract: contract(&fact.contract)?,
        told: fact.told.clone().unwrap_or_default(),
        side: if fact.bought { Side::Buy } else { Side::Sell },
        quantity: Quantity::new(fact.quantity),
        price: Price::from_raw(fact.price),
        multiplier: fact.multiplier,
        time: Timestamp::from_nanos(fact.time),
        venue: fact.venue.clone(),
        cumulative: Quantity::new(fact.cumulative),
        average_price: fact.average_price,
        order_ref: fact.order_ref.clone(),
        liquidity: fact.liquidity,
        commission: Money::from_micros(fact.commission),
        realized: fact.realized.map(Money::from_micros),
        liquidation: fact.liquidation,
        exercise: fact.exercise,
    })
}
