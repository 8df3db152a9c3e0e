//! What `TradingCore` remembers, and the small moves that everything else is made of.

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::event::HaltLevel;
use alphatrader_model::view::{ContractView, MarketView, TradingView};
use alphatrader_model::{
    Account, Action, Contract, Effect, EffectId, Event, Fill, InstrumentId, Money, Order, OrderId, OrderRef,
    OrderRequest, Outputs, Position, Price, Record, Session, Settings, Signal, SignalId, SignedQuantity,
    Strategy, Symbol, Timestamp,
};
use alphatrader_trading::breaker::{RejectCounter, Trip};
use alphatrader_trading::check::Sent;
use alphatrader_trading::gate::Walk;
use alphatrader_trading::{fills, lifecycle, zero_dte};

/// Orders remembered for the rate checks; a minute at the highest configurable rate.
const MOST_RECENT: usize = 1_024;
/// Commissions that came before their execution.
const MOST_ORPHANS: usize = 1_024;

/// One signal with all that came of it.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) signal: Signal,
    pub(crate) entry: OrderId,
    pub(crate) stop: Option<OrderId>,
    pub(crate) target: Option<OrderId>,
    pub(crate) close: Option<OrderId>,
    /// Why it is being closed, once it is.
    pub(crate) closing: Option<String>,
    /// Executions in the order in which they came, with their revision.
    pub(crate) fills: Vec<(u32, Fill)>,
    pub(crate) position: Option<Position>,
    /// Attempts so far, by role.
    pub(crate) stop_attempts: u8,
    pub(crate) close_attempts: u8,
    /// When the entry's limit was last moved.
    pub(crate) walked: Timestamp,
    /// Why the broker refused the entry, when it did.
    pub(crate) refused: Option<String>,
    /// Why the entry was cancelled or withheld.
    pub(crate) ended: Option<String>,
}

impl Trade {
    /// A signal without orders.
    pub(crate) fn bare(signal: &Signal) -> Self {
        Self {
            signal: signal.clone(),
            entry: OrderId(0),
            stop: None,
            target: None,
            close: None,
            closing: None,
            fills: Vec::new(),
            position: None,
            stop_attempts: 0,
            close_attempts: 0,
            walked: signal.time,
            refused: None,
            ended: None,
        }
    }

    pub(crate) fn held(&self) -> SignedQuantity {
        self.position.as_ref().map_or(SignedQuantity::ZERO, |p| p.quantity)
    }
}

/// What a held effect will move once the barrier has decided on it.
#[derive(Debug, Clone)]
pub(crate) enum Pending {
    Place(Vec<OrderId>),
    Modify(OrderRequest),
    Cancel(OrderId),
    Other,
}

/// How we stand with the broker.
#[derive(Debug, Clone, Default)]
pub(crate) enum Link {
    /// No session.
    #[default]
    Down,
    /// A session, and nothing compared yet.
    Up,
    /// The broker's picture is arriving.
    Syncing(Picture),
    /// Compared and equal since then.
    Reconciled(Timestamp),
}

/// The broker's picture while it arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) begun: Timestamp,
    pub(crate) orders: BTreeMap<OrderId, alphatrader_model::broker::OpenOrder>,
    pub(crate) positions: BTreeMap<Contract, SignedQuantity>,
}

/// What a strategy did with a symbol today.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    pub(crate) last_signal: Option<Timestamp>,
    pub(crate) last_lost: bool,
    pub(crate) signals: u32,
    pub(crate) checks: u64,
    pub(crate) blocked: [u64; zero_dte::GATES.len()],
    pub(crate) walk: Walk,
}

/// Counters of what should be rare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Transitions that cannot be, by the broker's word.
    pub impossible: u64,
    /// Executions of orders that we did not send.
    pub foreign_executions: u64,
    /// Differences found by reconciliation.
    pub mismatches: u64,
    /// Commissions dropped because too many waited for their execution.
    pub orphans_dropped: u64,
}

/// The trading half of the core; one per account.
#[derive(Debug, Clone, Default)]
pub struct TradingCore {
    pub(crate) settings: Option<Box<Settings>>,
    pub(crate) version: String,
    pub(crate) session: Option<Session>,
    pub(crate) ids: BTreeMap<Contract, InstrumentId>,
    pub(crate) stocks: BTreeMap<InstrumentId, Symbol>,
    pub(crate) trades: BTreeMap<SignalId, Trade>,
    pub(crate) orders: BTreeMap<OrderId, Order>,
    pub(crate) pending: BTreeMap<EffectId, Pending>,
    pub(crate) link: Link,
    pub(crate) account_id: Option<String>,
    pub(crate) account: Option<Account>,
    pub(crate) day_start: Option<(String, Money)>,
    pub(crate) halt: HaltLevel,
    pub(crate) halt_reason: Option<String>,
    pub(crate) stopping: bool,
    pub(crate) next_order_id: i32,
    pub(crate) paces: BTreeMap<(Strategy, Symbol), Pace>,
    pub(crate) recent: VecDeque<Sent>,
    pub(crate) rejects: RejectCounter,
    pub(crate) orphans: BTreeMap<String, Money>,
    pub(crate) refusals: BTreeMap<String, u64>,
    pub(crate) troubles: Troubles,
    pub(crate) sync_retries: u8,
    pub(crate) evaluated: Timestamp,
    pub(crate) as_of: Timestamp,
}

/// The step at hand: what came in, what goes out.
pub(crate) struct Step<'a> {
    pub(crate) event: &'a Event,
    pub(crate) view: &'a MarketView,
    pub(crate) out: &'a mut Outputs,
    pub(crate) signals: u16,
}

impl Step<'_> {
    pub(crate) fn now(&self) -> Timestamp {
        self.event.ts_event
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.out.records.push(record);
    }
}

impl TradingCore {
    /// Asks for something outside, once the step's records are durable.
    pub(crate) fn act(&mut self, step: &mut Step<'_>, action: Action, expires: Option<Timestamp>) {
        let id = EffectId { seq: step.event.seq, index: step.out.effects.len() as u16 };
        let (pending, adds_risk) = match &action {
            Action::Place(orders) => (
                Pending::Place(orders.iter().map(|o| o.id).collect()),
                orders.iter().any(|o| !o.reference.role.reduces()),
            ),
            Action::Modify(order) => (Pending::Modify(*order), !order.reference.role.reduces()),
            Action::Cancel(order) => (Pending::Cancel(*order), false),
            Action::Synchronise => (Pending::Other, false),
        };
        self.pending.insert(id, pending);
        step.out.effects.push(Effect { id, action, adds_risk, expires });
    }

    /// Whether something about the order waits at the barrier.
    pub(crate) fn awaits(&self, order: OrderId) -> bool {
        self.pending.values().any(|p| match p {
            Pending::Place(orders) => orders.contains(&order),
            Pending::Modify(request) => request.id == order,
            Pending::Cancel(id) => *id == order,
            Pending::Other => false,
        })
    }

    /// Moves an order and records it when that changed anything. An impossible move is counted and
    /// answered by asking the broker for its whole picture.
    pub(crate) fn move_order(&mut self, step: &mut Step<'_>, id: OrderId, by: lifecycle::Step) {
        let now = step.now();
        let Some(order) = self.orders.get_mut(&id) else { return };
        match lifecycle::advance(order.state, by) {
            Ok(next) if next == order.state => {}
            Ok(next) => {
                order.state = next;
                order.updated = now;
                step.out.records.push(Record::Order(Box::new(*order)));
            }
            Err(_) => {
                self.troubles.impossible += 1;
                self.synchronise(step);
            }
        }
    }

    /// Asks for the broker's picture, unless it is on its way.
    pub(crate) fn synchronise(&mut self, step: &mut Step<'_>) {
        let asked = self.pending.values().any(|p| matches!(p, Pending::Other));
        if !asked && matches!(self.link, Link::Up | Link::Reconciled(_)) {
            self.act(step, Action::Synchronise, None);
        }
    }

    /// Raises the halt level; it never falls by itself.
    pub(crate) fn trip(&mut self, step: &mut Step<'_>, trip: Trip) {
        if trip.level <= self.halt {
            return;
        }
        self.halt = trip.level;
        self.halt_reason = Some(trip.reason.clone());
        step.record(Record::Halt { level: trip.level, reason: trip.reason });
    }

    pub(crate) fn allocate(&mut self) -> Option<OrderId> {
        let id = self.next_order_id.max(1);
        if id >= OrderId::LIMIT {
            return None;
        }
        self.next_order_id = id + 1;
        Some(OrderId(id))
    }

    pub(crate) fn trade_of(&self, order: OrderId) -> Option<SignalId> {
        self.orders.get(&order).map(|o| o.request.reference.signal)
    }

    pub(crate) fn order(&self, id: Option<OrderId>) -> Option<&Order> {
        id.and_then(|id| self.orders.get(&id))
    }

    pub(crate) fn is_live(&self, id: Option<OrderId>) -> bool {
        self.order(id).is_some_and(|o| o.state.is_live())
    }

    pub(crate) fn contract<'v>(&self, view: &'v MarketView, contract: Contract) -> Option<&'v ContractView> {
        self.ids.get(&contract).and_then(|id| view.contract(*id))
    }

    pub(crate) fn note_sent(&mut self, now: Timestamp, order: &OrderRequest) {
        if self.recent.len() == MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Sent {
            at: now,
            contract: order.contract,
            side: order.side,
            quantity: order.quantity,
            role: order.reference.role,
        });
    }

    pub(crate) fn note_orphan(&mut self, base: &str, commission: Money) {
        if self.orphans.len() < MOST_ORPHANS {
            self.orphans.insert(base.to_string(), commission);
        } else {
            self.troubles.orphans_dropped += 1;
        }
    }

    /// Premium paid for what is held and bid for what is being bought.
    pub(crate) fn premium_at_risk(&self) -> Money {
        let held = self.trades.values().filter_map(|t| t.position.as_ref()).map(|p| p.cost);
        let bid = self.trades.values().filter_map(|t| {
            let entry = self.orders.get(&t.entry).filter(|o| !o.state.is_final())?;
            entry.request.kind.limit()?.notional(entry.remaining(), t.signal.multiplier)
        });
        held.chain(bid).fold(Money::ZERO, |sum, m| sum.checked_add(m).unwrap_or(sum))
    }

    /// Realised profit and commissions of the day's trades, before and apart from each other.
    pub(crate) fn day_result(&self) -> (Money, Money) {
        self.trades
            .values()
            .filter_map(|t| t.position.as_ref())
            .fold((Money::ZERO, Money::ZERO), |(r, c), p| {
                (r.checked_add(p.realized).unwrap_or(r), c.checked_add(p.commissions).unwrap_or(c))
            })
    }

    /// Profit of everything held at its mark; absent when a mark is missing.
    pub(crate) fn unrealized(&self, view: &MarketView) -> Option<Money> {
        let mut sum = Money::ZERO;
        for position in
            self.trades.values().filter_map(|t| t.position.as_ref()).filter(|p| !p.quantity.is_flat())
        {
            let mark = mark(self.contract(view, position.contract)?)?;
            sum = sum.checked_add(fills::unrealized(position, mark)?)?;
        }
        Some(sum)
    }

    /// Profit of the day so far: realised and unrealised less commissions.
    pub(crate) fn day_profit(&self, view: &MarketView) -> Option<Money> {
        let (realized, commissions) = self.day_result();
        realized.checked_add(self.unrealized(view)?)?.checked_sub(commissions)
    }

    /// The halt level in force.
    pub const fn halt_level(&self) -> HaltLevel {
        self.halt
    }

    /// Whether entries that wait at the barrier must be taken back.
    pub const fn withdraws_entries(&self) -> bool {
        self.stopping || !matches!(self.halt, HaltLevel::None)
    }

    /// Counters of what should be rare.
    pub const fn troubles(&self) -> Troubles {
        self.troubles
    }

    /// Every order of the day and every live one.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Every signal of the day and every live one.
    pub fn signals(&self) -> impl Iterator<Item = &Signal> {
        self.trades.values().map(|t| &t.signal)
    }

    /// Every fill of those signals.
    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.trades.values().flat_map(|t| t.fills.iter().map(|(_, f)| f))
    }

    /// Every position of those signals, flat ones too.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.trades.values().filter_map(|t| t.position.as_ref())
    }

    /// Whether no order of ours can still fill and nothing waits at the barrier.
    pub fn has_working_entries(&self) -> bool {
        self.trades.values().any(|t| self.orders.get(&t.entry).is_some_and(|o| !o.state.is_final()))
    }

    /// The reference of an order of ours, by the broker's number or its own words.
    pub(crate) fn known(&self, id: OrderId, reference: Option<OrderRef>) -> Option<OrderId> {
        let order = self.orders.get(&id)?;
        reference.is_none_or(|r| r == order.request.reference).then_some(id)
    }

    /// The read model for the screen and the store.
    pub fn view(&self, market: &MarketView) -> TradingView {
        super::show::view(self, market)
    }
}

/// What a long position is worth: the middle of its quote, rounded down to a price unit. An option
/// that is offered and not bid is worth half its offer at most; without an offer nothing is known.
pub(crate) fn mark(contract: &ContractView) -> Option<Price> {
    let quote = contract.quote?;
    let ask = quote.ask?.price;
    let bid = quote.bid.map_or(Price::ZERO, |level| level.price);
    (bid <= ask).then(|| Price::from_raw(i64::midpoint(bid.raw(), ask.raw())))
}
