//! The desk: where clients' orders meet the market and the account.
//!
//! It owns the feed, the matching engine and the broker's state. Requests and market events go in;
//! facts (to be made durable) and happenings (to be said to clients once they are) come out. No I/O,
//! no clock: time comes with the market.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `place` | placing and cancelling |
//! | `change` | changing what was placed |
//! | `aside` | orders that wait for conditions; groups that reach beyond the exchange |
//! | `combination` | several contracts at one net price |
//! | `plan` | orders under an algorithm |
//! | `report` | what the matching engine's reports make of orders and account |
//! | [`faults`] | what goes wrong with orders when a scenario says so |
//! | `day` | beginning and end of trading days, settlement of what expired |
//! | [`expiry`] | exercise, assignment and lapse of options; what is closed before |
//! | [`margin`] | what the account is worth and may still spend |

mod aside;
mod change;
mod combination;
mod day;
pub mod expiry;
pub mod faults;
pub mod margin;
mod place;
mod plan;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_market::Fees;
use alphatrader_market::matching::{Exchange, MatchingConfig, OrderKey, Report};
use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_model::{Calendar, Contract, InstrumentId, Money, Payload, Session, Span, Timestamp};

use crate::broker::fact::{Clock, Fact, OrderIdShown};
use crate::broker::order::{BrokerExecution, BrokerOrder, Ticket};
use crate::broker::snapshot::order_fact;
use crate::broker::state::BrokerState;
use crate::broker::ticket::Refused;
use crate::feed::Feed;
use crate::feed::history::History;
use crate::feed::option::Rates;
use crate::wire::message::order_terms::Order as Terms;
use margin::Margins;

pub use place::WhatIf;

/// What the desk is told once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeskConfig {
    /// How long an order, a change or a cancel takes to the exchange, in simulated time.
    pub order_latency: Span,
    /// What executions cost.
    pub fees: Fees,
    /// Interest rate and dividend yield of the option model.
    pub rates: Rates,
    /// Most orders that may work at once in the account; the next is rejected (201).
    pub max_working_orders: usize,
    /// Most orders that may work at once of one contract and side; the next is rejected (201).
    pub max_orders_a_side: usize,
    /// Most client ids that may ever place an order.
    pub max_client_ids: usize,
    /// The client that is told of every client's orders and executions.
    pub master_client: Option<i32>,
    /// How the matching engine matches.
    pub matching: MatchingConfig,
    /// What becomes of options at their end.
    pub expiry: expiry::ExpiryRules,
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self {
            order_latency: Span::from_millis(2),
            fees: Fees::default(),
            rates: Rates { rate: 0.04, dividend_yield: 0.012 },
            max_working_orders: 1_000,
            max_orders_a_side: 20,
            max_client_ids: 10_000,
            master_client: None,
            matching: MatchingConfig::default(),
            expiry: expiry::ExpiryRules::default(),
        }
    }
}

/// Something that clients are to be told, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// An order is now as stated.
    Order(Box<BrokerOrder>),
    /// An execution happened.
    Executed(Box<BrokerExecution>),
    /// Something is to be said about an order: an error or a notice.
    Notice {
        /// To whom.
        client_id: i32,
        /// The client's number for the order.
        order_id: i32,
        /// The broker's number for what is said.
        code: i32,
        /// In words.
        text: String,
    },
    /// Something is to be said to every client.
    Told {
        /// The broker's number for what is said.
        code: i32,
        /// In words.
        text: String,
    },
    /// A holding changed without an execution: it was settled.
    Settled(Contract),
    /// A trading day ended; the night passes at once.
    Night,
    /// A trading day began.
    Day,
}

/// A change of an order on its way to the exchange.
#[derive(Debug, Clone)]
struct Pending {
    terms: Terms,
    ticket: Ticket,
}

/// See the module's text.
#[derive(Debug)]
pub struct Desk {
    config: DeskConfig,
    calendar: Calendar,
    feed: Feed,
    state: BrokerState,
    exchange: Exchange,
    now: Timestamp,
    session: Option<Session>,
    pending: BTreeMap<i64, Pending>,
    /// Orders that wait here for their conditions, or for a parent that does.
    waiting: BTreeSet<i64>,
    /// Orders that are cancelled once their conditions are met.
    watched: BTreeSet<i64>,
    next_look: Timestamp,
    /// Combinations that work here, with when they began to.
    combinations: BTreeMap<i64, Timestamp>,
    /// Algorithms at work.
    runs: BTreeMap<i64, plan::Run>,
    facts: Vec<Fact>,
    happenings: Vec<Happening>,
    reports: Vec<Report>,
    faults: faults::Faults,
    /// When the risk of what expires today is looked at next.
    expiry_due: Timestamp,
    /// The day on which the account was warned of it.
    warned: Option<jiff::civil::Date>,
}

impl Desk {
    /// A desk that goes on from `state`, which was founded before.
    pub fn new(config: DeskConfig, calendar: Calendar, state: BrokerState) -> Self {
        let now = state.clock;
        Self {
            config,
            calendar,
            feed: Feed::default(),
            state,
            exchange: Exchange::with(config.matching),
            now,
            session: None,
            pending: BTreeMap::new(),
            waiting: BTreeSet::new(),
            watched: BTreeSet::new(),
            next_look: now,
            combinations: BTreeMap::new(),
            runs: BTreeMap::new(),
            facts: Vec::new(),
            happenings: Vec::new(),
            reports: Vec::new(),
            faults: faults::Faults::default(),
            expiry_due: now,
            warned: None,
        }
    }

    /// Simulated time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Where simulated time begins in this run.
    pub fn start_at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Contracts and their latest data.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What the market knows beside its events.
    pub fn know(&mut self, chronicle: Option<Chronicle>) {
        self.feed.chronicle = chronicle;
    }

    /// Account, orders, executions.
    pub fn state(&self) -> &BrokerState {
        &self.state
    }

    /// The exchange calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// What the desk was told once.
    pub fn config(&self) -> &DeskConfig {
        &self.config
    }

    /// Today's session, once a day began.
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    /// The market moved, or announced a contract or a session.
    pub fn on_market(&mut self, at: Timestamp, payload: &Payload) {
        self.now = self.now.max(at);
        self.feed.remember(at, payload);
        match payload {
            Payload::Quote(quote) => self.feed.ticker_mut(quote.instrument).quote(quote),
            Payload::Trade(trade) => self.feed.ticker_mut(trade.instrument).trade(trade, at),
            Payload::Depth(depth) => self.feed.ticker_mut(depth.instrument).depth(depth),
            Payload::Chain(row) => self.feed.ticker_mut(row.instrument).chain(row),
            Payload::Instrument(instrument) => self.list(instrument),
            Payload::Session(session) => self.begin_day(*session),
            _ => {}
        }
        let mut reports = std::mem::take(&mut self.reports);
        self.exchange.on_market(at, payload, &mut reports);
        self.take_reports(&mut reports);
        self.reports = reports;
        self.look();
    }

    /// Stops trading in a contract, or lets it go on.
    pub fn halt(&mut self, contract: &Contract, halted: bool) {
        let Some(id) = self.instrument_id(contract) else { return };
        if halted {
            self.feed.halted.insert(id);
        } else {
            self.feed.halted.remove(&id);
        }
        let mut reports = std::mem::take(&mut self.reports);
        self.exchange.halt(id, halted, &mut reports);
        self.take_reports(&mut reports);
        self.reports = reports;
    }

    /// What the desk itself does when time passed or the market moved.
    fn look(&mut self) {
        self.work_combinations();
        self.look_at_conditions();
        self.work_plans();
    }

    /// The market said this while nobody listened: it only counts as history.
    pub fn remember(&mut self, at: Timestamp, payload: &Payload) {
        self.feed.remember(at, payload);
    }

    /// History as of now.
    pub fn history(&self) -> History<'_> {
        History {
            feed: &self.feed,
            calendar: &self.calendar,
            seed: self.state.seed,
            now: self.now,
            rates: self.config.rates,
        }
    }

    /// Time passes to `to`: orders arrive, the bell rings.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        let mut reports = std::mem::take(&mut self.reports);
        self.exchange.advance(to, &mut reports);
        self.take_reports(&mut reports);
        self.reports = reports;
        self.look();
    }

    /// When something happens by itself: an order arrives, begins or ends, an algorithm goes on.
    pub fn next_due(&self) -> Option<Timestamp> {
        [self.exchange.next_arrival(), self.next_plan()].into_iter().flatten().min()
    }

    /// Marks simulated time up to `until` as told: a restart goes on from there.
    pub fn reserve_clock(&mut self, until: Timestamp) {
        self.record(Fact::Clock(Clock { nanos: until.nanos() }));
    }

    /// A client was shown an order id (its own next one, or an order of another client).
    pub fn show_order_id(&mut self, client_id: i32, shown: i32) {
        if shown >= self.state.next_order_id(client_id) && self.knows_client(client_id) {
            self.record(Fact::OrderIdShown(OrderIdShown { client_id, highest: shown }));
        }
    }

    /// What the account is worth and may still spend.
    pub fn margins(&self) -> Margins {
        margin::margins(&self.state, &self.feed)
    }

    /// Facts since the last call; to be durable before the happenings are said.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// Happenings since the last call.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// Whether `client_id` is told of everybody's orders.
    pub fn is_master(&self, client_id: i32) -> bool {
        self.config.master_client == Some(client_id)
    }

    /// Whether an order lives at the matching engine.
    pub fn is_at_exchange(&self, perm_id: i64) -> bool {
        self.exchange.order(key_of(perm_id)).is_some()
    }

    fn knows_client(&self, client_id: i32) -> bool {
        self.state.order_ids.contains_key(&client_id)
            || self.state.order_ids.len() < self.config.max_client_ids
    }

    /// Makes a fact true, and keeps it for the state file.
    fn record(&mut self, fact: Fact) {
        self.state.apply(&fact).expect("a fact of the desk's own making fits the state it was made from");
        self.facts.push(fact);
    }

    /// Keeps an order as it is now, and tells its client when that is news to it. How it stands at the
    /// matching engine is kept even when its status stays: a stop that its entry's fill has armed is
    /// pre-submitted before and after, and must be armed again after a restart.
    fn keep(&mut self, mut order: BrokerOrder) {
        order.live = self.exchange.order(key_of(order.perm_id)).copied();
        let before = self.state.orders.get(&order.perm_id);
        let stands_as_before = before.is_some_and(|before| before.live == order.live);
        let is_news = before.is_none_or(|before| {
            BrokerOrder { live: order.live, updated: order.updated, ..before.clone() } != order
        });
        if !is_news && stands_as_before {
            return;
        }
        self.record(Fact::Order(Box::new(order_fact(&order))));
        if is_news {
            self.happenings.push(Happening::Order(Box::new(order)));
        }
    }

    fn notice(&mut self, client_id: i32, order_id: i32, refused: Refused) {
        let Refused { code, text } = refused;
        self.happenings.push(Happening::Notice { client_id, order_id, code, text });
    }

    fn instrument_id(&self, contract: &Contract) -> Option<InstrumentId> {
        self.feed.catalogue.by_contract(contract).map(|listing| listing.instrument.id)
    }

    /// Net liquidation value.
    fn equity(&self) -> Money {
        self.margins().net_liquidation
    }
}

/// The matching engine knows orders by their account-wide number.
fn key_of(perm_id: i64) -> OrderKey {
    OrderKey(perm_id.unsigned_abs())
}

#[cfg(test)]
pub(crate) mod tests;
