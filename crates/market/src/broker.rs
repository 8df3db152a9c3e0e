//! A simulated broker: matching engine, paper account and latencies, speaking the model's language
//! of [`Action`] and [`BrokerEvent`].
//!
//! Two clocks. Market events are given in exchange time. An action performed at `now` by the
//! trader's clock reaches the exchange after the order latency; what the exchange says reaches the
//! trader after the feed latency. [`SimulatedBroker::advance`] is told the trader's clock: it takes
//! the exchange as far as the trader can know it (`now` less the feed latency) and hands over what
//! has reached the trader by then, in order.

mod orders;
mod picture;

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::broker::{BrokerOrderState, Execution};
use alphatrader_model::{
    Action, BrokerEvent, Contract, Input, InstrumentId, Money, OrderId, OrderRequest, Payload, Price,
    Quantity, Quote, Span, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::account::{Booking, PaperAccount};
use crate::fees::{Fees, OrderCost};
use crate::matching::{Cause, Exchange, OrderKey, Report, ReportKind};
use crate::random::{Random, mix};

/// How long things take on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// From the trader to the exchange.
    pub order: Span,
    /// From the exchange to the trader.
    pub feed: Span,
    /// Up to this much is added to each, evenly spread. Order on the way is kept.
    pub jitter: Span,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Latency {
    /// No time at all.
    pub const NONE: Self = Self { order: Span::ZERO, feed: Span::ZERO, jitter: Span::ZERO, seed: 0 };
}

/// What a simulated broker is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// Account number, `DU…`.
    pub account: String,
    /// Cash at the start.
    pub cash: Money,
    /// Percent of the value of stock that is tied up: 100 or 50.
    pub stock_margin_percent: u32,
    /// Commissions.
    pub fees: Fees,
    /// Latencies.
    pub latency: Latency,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            account: "DU0000001".to_owned(),
            cash: Money::from_dollars(100_000),
            stock_margin_percent: 50,
            fees: Fees::default(),
            latency: Latency::NONE,
        }
    }
}

/// An order as the broker keeps it.
#[derive(Debug, Clone, Copy)]
struct Known {
    request: OrderRequest,
    perm_id: i64,
    filled: Quantity,
    executions: u32,
    cost: OrderCost,
    state: BrokerOrderState,
}

/// A simulated broker with one account and one client.
#[derive(Debug, Clone)]
pub struct SimulatedBroker {
    config: BrokerConfig,
    exchange: Exchange,
    account: PaperAccount,
    random: Random,
    /// Orders of the day and those that live.
    known: BTreeMap<OrderId, Known>,
    next_perm: i64,
    next_id: OrderId,
    /// Executions of the session with their commissions, oldest first.
    executions: Vec<(Execution, Money)>,
    /// On their way to the broker, by arrival.
    requests: VecDeque<(Timestamp, Action)>,
    /// On their way to the trader, in order: as many as an action or a market event makes, until the
    /// trader's next [`SimulatedBroker::advance`].
    replies: VecDeque<Input>,
    last_arrival: Timestamp,
    last_reply: Timestamp,
    /// Last print of each stock.
    last: BTreeMap<InstrumentId, Price>,
    settled: bool,
    next_statement: Timestamp,
    reports: Vec<Report>,
}

impl SimulatedBroker {
    /// Most actions on their way; further ones are refused with a notice.
    pub const MAX_REQUESTS: usize = 10_000;
    /// Most orders, and most executions, of one day; further orders are rejected.
    pub const MAX_A_DAY: usize = 100_000;
    /// An account that holds something is stated this often.
    const STATEMENT_EVERY: Span = Span::from_minutes(3);

    /// A broker that knows no instrument yet: `Instrument` and `Session` events tell it.
    pub fn new(config: BrokerConfig) -> Self {
        Self {
            account: PaperAccount::new(config.cash, config.stock_margin_percent),
            random: Random::new(mix(&[config.latency.seed, 0x6272_6f6b_6572])),
            exchange: Exchange::new(),
            known: BTreeMap::new(),
            next_perm: 1_000_000_000,
            next_id: OrderId(1),
            executions: Vec::new(),
            requests: VecDeque::new(),
            replies: VecDeque::new(),
            last_arrival: Timestamp::from_nanos(i64::MIN),
            last_reply: Timestamp::from_nanos(i64::MIN),
            last: BTreeMap::new(),
            settled: false,
            next_statement: Timestamp::from_nanos(i64::MIN),
            reports: Vec::new(),
            config,
        }
    }

    /// The account.
    pub const fn account(&self) -> &PaperAccount {
        &self.account
    }

    /// The exchange behind it.
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The lowest order number that is accepted next.
    pub const fn next_order_id(&self) -> OrderId {
        self.next_id
    }

    /// Latency from the exchange to the trader without jitter: market data should reach the trader
    /// no earlier than their exchange time plus this.
    pub const fn feed_latency(&self) -> Span {
        self.config.latency.feed
    }

    /// Begins a session with the trader at exchange time `at`.
    pub fn connect(&mut self, at: Timestamp) {
        let event = BrokerEvent::Connected {
            account: self.config.account.clone(),
            next_order_id: self.next_id,
            paper: true,
        };
        self.say(at, event);
    }

    /// The market moves at `at` (exchange time; not before what was given already).
    pub fn on_market(&mut self, at: Timestamp, payload: &Payload) {
        self.run(at, false);
        if let Payload::Session(session) = payload
            && self.exchange.session().is_none_or(|s| s.date != session.date)
        {
            self.begin_day();
        }
        let mut reports = core::mem::take(&mut self.reports);
        self.exchange.on_market(at, payload, &mut reports);
        self.handle(&mut reports);
        self.reports = reports;
        if let Payload::Trade(trade) = payload
            && self.is_stock(trade.instrument)
        {
            self.last.insert(trade.instrument, trade.price);
        }
        self.after(at);
    }

    /// The trader acts at `now` by its own clock. The outcome comes with [`SimulatedBroker::advance`].
    pub fn perform(&mut self, now: Timestamp, action: &Action) {
        let arrives = self.last_arrival.max(now + self.config.latency.order + self.jitter());
        if self.requests.len() == Self::MAX_REQUESTS {
            let text =
                format!("{} actions are on their way already: this one was dropped", Self::MAX_REQUESTS);
            self.say(arrives, BrokerEvent::Notice { code: 100, text });
            return;
        }
        self.last_arrival = arrives;
        self.requests.push_back((arrives, action.clone()));
    }

    /// The trader's clock is `now`: adds to `out` what has reached it, in order of `ts_recv`. All
    /// market events up to `now` less the feed latency must have been given.
    pub fn advance(&mut self, now: Timestamp, out: &mut Vec<Input>) {
        let known = now - self.config.latency.feed;
        if known > self.exchange.now() || self.requests.front().is_some_and(|(at, _)| *at <= known) {
            self.run(known, true);
            self.after(known);
        }
        while self.replies.front().is_some_and(|input| input.ts_recv <= now) {
            out.extend(self.replies.pop_front());
        }
    }

    /// When, by the trader's clock, [`SimulatedBroker::advance`] next has something to do without
    /// the market moving: an action arrives, an answer comes, or a bell rings while orders live or
    /// something is held.
    pub fn next_time(&self) -> Option<Timestamp> {
        let request = self.requests.front().map(|(at, _)| *at + self.config.latency.feed);
        let reply = self.replies.front().map(|input| input.ts_recv);
        let concerned = !self.settled && (self.exchange.has_orders() || !self.account.holdings().is_empty());
        let bell = self.exchange.session().filter(|_| concerned).map(|session| {
            let open = self.exchange.now() < session.open;
            if open { session.open } else { session.close }
        });
        [request, reply, bell.map(|at| at + self.config.latency.feed)].into_iter().flatten().min()
    }

    /// The exchange's time goes to `to`: requests arrive, bells ring.
    fn run(&mut self, to: Timestamp, inclusive: bool) {
        while let Some((at, _)) = self.requests.front()
            && (*at < to || (inclusive && *at == to))
        {
            let (at, action) = self.requests.pop_front().expect("it is there");
            self.exchange_to(at);
            self.arrive(at, action);
        }
        if inclusive {
            self.exchange_to(to);
        }
    }

    fn exchange_to(&mut self, at: Timestamp) {
        let mut reports = core::mem::take(&mut self.reports);
        self.exchange.advance(at, &mut reports);
        self.handle(&mut reports);
        self.reports = reports;
    }

    /// What hangs on the clock: settlement at the close, statements.
    fn after(&mut self, at: Timestamp) {
        if !self.settled && self.exchange.session().is_some_and(|s| at >= s.close) {
            self.settle();
        }
        if at >= self.next_statement {
            let due = self.next_statement.nanos() != i64::MIN;
            self.next_statement = at + Self::STATEMENT_EVERY;
            if due && self.account.holdings().values().any(|holding| !holding.quantity.is_flat()) {
                self.state_account(at);
            }
        }
    }

    fn is_stock(&self, id: InstrumentId) -> bool {
        self.exchange.instrument(id).is_some_and(|i| matches!(i.contract, Contract::Stock(_)))
    }

    fn jitter(&mut self) -> Span {
        let most = self.config.latency.jitter.nanos();
        if most <= 0 {
            return Span::ZERO;
        }
        Span::from_nanos(self.random.below(most.unsigned_abs() + 1) as i64)
    }

    /// Sends a word to the trader. Words keep their order.
    fn say(&mut self, at: Timestamp, event: BrokerEvent) {
        let nominal = at + self.config.latency.feed + self.jitter();
        self.last_reply = self.last_reply.max(nominal);
        let payload = Payload::Broker(Box::new(event));
        self.replies.push_back(Input { ts_event: at, ts_recv: self.last_reply, payload });
    }

    fn handle(&mut self, reports: &mut Vec<Report>) {
        for report in reports.drain(..) {
            let Ok(id) = i32::try_from(report.key.0).map(OrderId) else { continue };
            self.tell(id, report);
        }
    }

    /// Turns a report of the exchange into words.
    fn tell(&mut self, id: OrderId, report: Report) {
        let at = report.time;
        match report.what {
            ReportKind::Accepted => self.set_state(at, id, BrokerOrderState::PreSubmitted, true),
            ReportKind::Working => self.set_state(at, id, BrokerOrderState::Submitted, false),
            ReportKind::Triggered | ReportKind::Trailed { .. } => {}
            ReportKind::Fill { quantity, price, remaining, .. } => {
                self.execute(at, id, quantity, price, remaining);
            }
            ReportKind::Cancelled { .. } => self.set_state(at, id, BrokerOrderState::Cancelled, false),
            ReportKind::Rejected { code, reason } => {
                // A duplicate id is refused without harm to the order that has it.
                if code != 103 {
                    self.known.remove(&id);
                }
                self.say(at, BrokerEvent::Rejected { id, code, reason });
            }
            ReportKind::Replaced { quantity, kind, cause } => {
                if let Some(known) = self.known.get_mut(&id) {
                    known.request.quantity = quantity;
                    known.request.kind = kind;
                    if cause == Cause::Requested {
                        known.state =
                            self.exchange.order(OrderKey(report.key.0)).map_or(known.state, state_of);
                    }
                    let state = known.state;
                    self.set_state(at, id, state, true);
                }
            }
            ReportKind::ChangeRefused { code, reason } => {
                self.say(at, BrokerEvent::Notice { code, text: format!("order {id}: {reason}") });
                if let Some(state) = self.known.get(&id).map(|known| known.state) {
                    self.set_state(at, id, state, true);
                }
            }
            ReportKind::Unknown => self.say(at, BrokerEvent::UnknownOrder { id }),
        }
    }

    /// An execution: booked, then told with its cost.
    fn execute(&mut self, at: Timestamp, id: OrderId, quantity: Quantity, price: Price, remaining: Quantity) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let request = known.request;
        let listed = self.exchange.find(&request.contract).and_then(|i| self.exchange.instrument(i));
        let multiplier = listed.map_or(1, |instrument| instrument.multiplier);
        let commission = known
            .cost
            .charge(&self.config.fees, &request.contract, quantity, price, multiplier)
            .unwrap_or(Money::ZERO);
        known.executions += 1;
        known.filled = known.filled.checked_add(quantity).unwrap_or(known.filled);
        let exec_id = format!("sim.{}.{}.01", known.perm_id, known.executions);
        let perm_id = known.perm_id;
        let side = request.side;
        let contract = request.contract;
        let booking = Booking { contract, multiplier, side, quantity, price, commission };
        if let Err(error) = self.account.book(&booking) {
            self.say(at, BrokerEvent::Notice { code: 201, text: format!("execution {exec_id}: {error}") });
        }
        let execution = Execution {
            exec_id: exec_id.clone(),
            order: id,
            perm_id,
            reference: Some(request.reference),
            contract,
            side,
            quantity,
            price,
            time: at,
        };
        self.executions.push((execution.clone(), commission));
        self.say(at, BrokerEvent::Execution(execution));
        let state = if remaining.is_zero() { BrokerOrderState::Filled } else { BrokerOrderState::Submitted };
        self.set_state(at, id, state, false);
        self.say(at, BrokerEvent::Commission { exec_id, commission });
        self.state_account(at);
    }
}

/// The broker's word for how an order stands.
fn state_of(order: &crate::matching::LiveOrder) -> BrokerOrderState {
    match order.standing {
        crate::matching::Standing::Working => BrokerOrderState::Submitted,
        _ => BrokerOrderState::PreSubmitted,
    }
}

/// Middle of a quote; the side there is, where there is one; nothing without any.
fn middle(quote: &Quote) -> Option<Price> {
    match (quote.bid, quote.ask) {
        (Some(bid), Some(ask)) => Some(Price::from_raw(i64::midpoint(bid.price.raw(), ask.price.raw()))),
        (Some(level), None) | (None, Some(level)) => Some(level.price),
        (None, None) => None,
    }
}
