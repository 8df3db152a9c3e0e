//! What `TradingCore` remembers, and the small moves that everything else is made of.

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::event::HaltLevel;
use alphatrader_model::view::{ContractView, MarketView, TradingView};
use alphatrader_model::{
    Account, Action, Contract, Effect, EffectId, Event, Fill, InstrumentId, Money, Order, OrderId, OrderKind,
    OrderRef, OrderRequest, Outputs, Position, Price, Quantity, Record, Seq, Session, Settings, Signal,
    SignalId, SignedQuantity, Span, Strategy, Symbol, Timestamp,
};
use alphatrader_trading::breaker::{RejectCounter, Trip};
use alphatrader_trading::check::Sent;
use alphatrader_trading::gate::Walk;
use alphatrader_trading::{fills, lifecycle, zero_dte};

use super::trade::Trade;

/// Orders remembered for the rate checks; a minute at the highest configurable rate.
const MOST_RECENT: usize = 1_024;
/// Commissions that came before their execution.
const MOST_ORPHANS: usize = 1_024;
/// A picture that does not begin to arrive for this long is asked for again.
const ASK_AGAIN: Span = Span::from_seconds(10);

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
    /// Compared and equal.
    Reconciled {
        /// Since when.
        at: Timestamp,
        /// The event with which the picture began.
        begun: Seq,
    },
    /// Compared, asked for again, and different still: a person must look.
    Differs,
}

/// The broker's picture while it arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    pub(crate) begun: Seq,
    /// The same by our clock.
    pub(crate) began: Timestamp,
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
    /// The session that was not open when the walk was made.
    pub(crate) closed: Option<Session>,
}

impl Pace {
    /// Whether the walk was stopped at a gate.
    pub(crate) fn is_at(&self, gate: &str) -> bool {
        self.walk.stopped_at().is_some_and(|outcome| outcome.name == gate)
    }

    /// Counts the gate that stopped the walk, if one did.
    pub(crate) fn count_stop(&mut self) {
        let stopped = self.walk.stopped_at();
        let place = stopped.and_then(|o| zero_dte::GATES.iter().position(|name| *name == o.name));
        if let Some(place) = place {
            self.blocked[place] += 1;
        }
    }
}

/// Something of ours that left and that the broker has not spoken of since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unheard {
    pub(crate) seq: Seq,
    /// By our clock.
    pub(crate) at: Timestamp,
}

/// A change of an order that was asked for, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub(crate) kind: OrderKind,
    pub(crate) quantity: Quantity,
    pub(crate) times: u8,
    pub(crate) at: Timestamp,
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
    pub(crate) orphans: VecDeque<(String, Money)>,
    /// Orders that left in this process and that the broker has not spoken of.
    pub(crate) unheard: BTreeMap<OrderId, Unheard>,
    /// What the broker's statuses say is filled, where that is more than its executions so far, and
    /// the event that said so first.
    pub(crate) told_filled: BTreeMap<OrderId, (Quantity, Seq)>,
    /// The last change of each order that was asked for.
    pub(crate) changes: BTreeMap<OrderId, Change>,
    /// When the broker's picture was asked for, until it begins to arrive.
    pub(crate) asked: Option<Timestamp>,
    /// When it was last asked for because something was not answered.
    pub(crate) asked_about: Option<Timestamp>,
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
                if next.is_final() {
                    self.unheard.remove(&id);
                    self.changes.remove(&id);
                }
            }
            Err(_) => {
                self.troubles.impossible += 1;
                self.synchronise(step);
            }
        }
    }

    /// Asks for the broker's picture, unless it is on its way.
    pub(crate) fn synchronise(&mut self, step: &mut Step<'_>) {
        let now = step.event.ts_recv;
        let asked = self.asked.is_some_and(|at| now.since(at) < ASK_AGAIN);
        if !asked && matches!(self.link, Link::Up | Link::Reconciled { .. } | Link::Differs) {
            self.asked = Some(now);
            self.act(step, Action::Synchronise, None);
        }
    }

    /// Whether executions of the trade are known to exist and have not come: its position is not
    /// known then, and nothing is decided on it.
    pub(crate) fn executions_due(&self, trade: &Trade) -> bool {
        trade.unbooked
            || trade.orders().any(|id| {
                let told = self.told_filled.get(&id).copied();
                told.is_some_and(|(told, _)| self.orders.get(&id).is_some_and(|o| o.filled < told))
            })
    }

    /// Notes that the broker spoke of an order.
    pub(crate) fn note_heard(&mut self, step: &Step<'_>, order: OrderId) {
        self.unheard.remove(&order);
        if let Some(trade) = self.trade_of(order).and_then(|signal| self.trades.get_mut(&signal)) {
            trade.heard = Some(step.event.ts_recv);
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

    /// Keeps a commission until its execution comes; the oldest gives way, which may well be that of
    /// an execution that is not ours.
    pub(crate) fn note_orphan(&mut self, base: &str, commission: Money) {
        self.orphans.retain(|(known, _)| known != base);
        if self.orphans.len() == MOST_ORPHANS {
            self.orphans.pop_front();
            self.troubles.orphans_dropped += 1;
        }
        self.orphans.push_back((base.to_string(), commission));
    }

    pub(crate) fn take_orphan(&mut self, base: &str) -> Option<Money> {
        let place = self.orphans.iter().position(|(known, _)| known == base)?;
        self.orphans.remove(place).map(|(_, commission)| commission)
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
        self.unrealized_of_each(view).try_fold(Money::ZERO, |sum, one| sum.checked_add(one?))
    }

    fn unrealized_of_each<'a>(&'a self, view: &'a MarketView) -> impl Iterator<Item = Option<Money>> + 'a {
        let held = self.positions().filter(|p| !p.quantity.is_flat());
        held.map(|p| fills::unrealized(p, mark(self.contract(view, p.contract)?)?))
    }

    /// Profit of the day so far: realised and unrealised less commissions.
    pub(crate) fn day_profit(&self, view: &MarketView) -> Option<Money> {
        let (realized, commissions) = self.day_result();
        realized.checked_add(self.unrealized(view)?)?.checked_sub(commissions)
    }

    /// The same as far as it is known: a position without a mark neither hides the loss of the others
    /// nor counts as one.
    pub(crate) fn known_day_profit(&self, view: &MarketView) -> Option<Money> {
        let (realized, commissions) = self.day_result();
        let held = self.unrealized_of_each(view).flatten();
        held.fold(realized.checked_sub(commissions), |sum, one| sum?.checked_add(one))
    }

    /// Equity at the start of today; that of another day is none.
    pub(crate) fn day_base(&self) -> Option<Money> {
        let (date, equity) = self.day_start.as_ref()?;
        self.session.is_none_or(|s| date.parse().ok() == Some(s.date)).then_some(*equity)
    }

    /// The halt level in force.
    pub const fn halt_level(&self) -> HaltLevel {
        self.halt
    }

    /// Whether entries that wait at the barrier must be taken back (invariant 3).
    pub const fn withdraws_entries(&self) -> bool {
        self.stopping
            || !matches!(self.halt, HaltLevel::None)
            || !matches!(self.link, Link::Reconciled { .. })
    }

    /// Whether a position in the contract is being closed.
    pub(crate) fn is_closing(&self, contract: Contract) -> bool {
        self.trades.values().any(|t| t.signal.contract == contract && t.closing.is_some())
    }

    /// Whether a sale of the signal waits for its purchase to be told.
    pub(crate) fn is_unbooked(&self, signal: SignalId) -> bool {
        self.trades.get(&signal).is_some_and(|t| t.unbooked)
    }

    /// Whether the broker can be reached.
    pub(crate) const fn is_connected(&self) -> bool {
        !matches!(self.link, Link::Down)
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

    /// Which of our orders is meant: by number and reference where the broker states both, else by
    /// the reference alone (another client of the account reports our order without its number).
    pub(crate) fn known(&self, id: OrderId, reference: Option<OrderRef>) -> Option<OrderId> {
        let Some(reference) = reference else { return self.orders.contains_key(&id).then_some(id) };
        if self.orders.get(&id).is_some_and(|o| o.request.reference == reference) {
            return Some(id);
        }
        self.orders.values().find(|o| o.request.reference == reference).map(|o| o.request.id)
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
