//! The broker's picture held against ours. Until it has been, no entry leaves; unknown is not flat.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::broker::{BrokerOrderState, OpenOrder};
use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::{
    Action, Contract, Fill, Money, Order, OrderId, OrderRef, OrderRequest, OrderState, Price, Quantity,
    Record, Right, Role, SignalId, SignedQuantity, Span, TimeInForce,
};
use alphatrader_trading::breaker::Trip;
use alphatrader_trading::lifecycle;

use super::state::{Link, Picture, Step, TradingCore};

/// Times a differing picture is asked for again before it counts: a fill may have fallen between its parts.
const MOST_RETRIES: u8 = 2;

/// In a whole picture, which holds every execution, a contract may have been settled this long before
/// its end by our clock.
const SETTLED_EARLY: Span = Span::MINUTE;
/// An order that left this shortly before a picture began may have crossed with it.
const CROSSING: Span = Span::SECOND;

impl TradingCore {
    /// The picture is complete.
    pub(crate) fn reconcile(&mut self, step: &mut Step<'_>) {
        let Link::Syncing(picture) = std::mem::replace(&mut self.link, Link::Up) else { return };
        self.reconcile_orders(step, &picture);
        if self.adopt_strays(step, &picture) {
            // Its executions were not counted: once more, now that it is known.
            return self.synchronise(step);
        }
        self.settle_expired(step, SETTLED_EARLY, |held| !picture.positions.contains_key(&held));
        let differences = self.differing_positions(&picture);
        let unbooked = self.trades.values().find(|t| t.unbooked).map(|t| t.signal.contract);
        if differences.is_empty() && unbooked.is_none() {
            return self.agree(step, &picture);
        }
        self.troubles.mismatches += 1;
        if self.sync_retries < MOST_RETRIES {
            self.sync_retries += 1;
            self.synchronise(step);
            return;
        }
        self.link = Link::Differs;
        let mut words: Vec<String> = differences
            .iter()
            .map(|(contract, (ours, theirs))| format!("{contract}: ours {ours}, the broker's {theirs}"))
            .collect();
        words.extend(unbooked.map(|contract| format!("{contract}: more was sold than bought")));
        let reason = format!("positions differ from the broker's after reconciliation: {}", words.join("; "));
        self.trip(step, Trip { level: HaltLevel::Halt, reason });
    }

    /// Our books and the broker's are the same.
    fn agree(&mut self, step: &mut Step<'_>, picture: &Picture) {
        self.sync_retries = 0;
        self.link = Link::Reconciled { at: step.now(), begun: picture.begun };
        // Executions that statuses spoke of before and that no picture holds will not come.
        self.told_filled.retain(|_, (_, since)| *since > picture.begun);
        if let Some(account) = self.account {
            step.record(Record::Account(account));
        }
        let alive: Vec<SignalId> = self.alive();
        for signal in alive {
            self.settle(step, signal);
        }
    }

    /// A person asked to go on: the broker's picture is taken anew where it differed.
    pub(crate) fn compare_again(&mut self, step: &mut Step<'_>) {
        if matches!(self.link, Link::Differs) {
            self.sync_retries = 0;
            self.synchronise(step);
        }
    }

    /// Every order of ours that the broker should know and does not list is over; an intent that it
    /// does not know never left, and never will. A cancel of which it does not know was lost.
    fn reconcile_orders(&mut self, step: &mut Step<'_>, picture: &Picture) {
        let crossed = |id: &OrderId| {
            self.unheard
                .get(id)
                .is_some_and(|left| left.seq > picture.begun || picture.began.since(left.at) < CROSSING)
        };
        let open: Vec<OrderId> = self
            .orders
            .values()
            .filter(|o| !o.state.is_final())
            .map(|o| o.request.id)
            .filter(|id| !self.awaits(*id) && !crossed(id))
            .collect();
        for id in open {
            match picture.orders.get(&id).map(|listed| listed.state) {
                None => {
                    self.note_end(id, "not known to the broker after a reconnect");
                    self.move_order(step, id, lifecycle::Step::Unknown);
                    self.after_order(step, id);
                }
                Some(BrokerOrderState::PendingCancel | BrokerOrderState::Cancelled) => {}
                Some(_) => {
                    self.move_order(step, id, lifecycle::Step::CancelLost);
                    if self.orders.get(&id).is_some_and(|o| !o.filled.is_zero()) {
                        self.move_order(step, id, lifecycle::Step::FilledInPart);
                    }
                }
            }
        }
    }

    /// An order of ours that our books do not hold must not fill unseen: it is cancelled, unless it
    /// protects a position of ours; then it is taken into the books. Says whether one was.
    fn adopt_strays(&mut self, step: &mut Step<'_>, picture: &Picture) -> bool {
        use BrokerOrderState as B;
        let mut adopted = false;
        for (id, listed) in &picture.orders {
            let Some(reference) = listed.reference.filter(|_| id.0 > 0) else { continue };
            let works = !matches!(listed.state, B::PendingCancel | B::Cancelled | B::Filled);
            let ours = self.orders.get(id).filter(|o| o.request.reference == reference);
            if !works || ours.is_some_and(|o| !o.state.is_final()) {
                continue;
            }
            self.troubles.mismatches += 1;
            self.next_order_id = self.next_order_id.max(id.0.saturating_add(1));
            if ours.is_none() && self.adopt(step, listed, reference) {
                adopted = true;
            } else {
                self.act(step, Action::Cancel(*id), None);
            }
        }
        adopted
    }

    /// Takes an exit that the broker works for a position of ours into our books.
    fn adopt(&mut self, step: &mut Step<'_>, listed: &OpenOrder, reference: OrderRef) -> bool {
        let now = step.now();
        let Some(trade) = self.trades.get(&reference.signal) else { return false };
        let slot = match reference.role {
            Role::Stop => trade.stop,
            Role::Target => trade.target,
            Role::Close | Role::Flatten => trade.close,
            Role::Entry => return false,
        };
        let Ok(state) = lifecycle::advance(OrderState::PendingSubmit, lifecycle::Step::Status(listed.state))
        else {
            return false;
        };
        if self.is_live(slot) || trade.held().is_flat() || trade.signal.contract != listed.contract {
            return false;
        }
        let request = OrderRequest {
            id: listed.id,
            reference,
            contract: listed.contract,
            side: listed.side,
            quantity: listed.quantity,
            kind: listed.kind,
            time_in_force: TimeInForce::Day,
            parent: None,
            one_cancels_all: Some(trade.entry),
        };
        let order = Order {
            request,
            strategy: trade.signal.strategy,
            state,
            perm_id: Some(listed.perm_id),
            filled: Quantity::ZERO,
            created: now,
            updated: now,
        };
        self.orders.insert(listed.id, order);
        step.record(Record::Order(Box::new(order)));
        if let Some(trade) = self.trades.get_mut(&reference.signal) {
            trade.link(&order);
        }
        true
    }

    /// An option that has expired and that the broker no longer lists was settled: the position ends
    /// at its intrinsic value. The broker's account has the exact amount; the next reconciliation of
    /// equity shows any difference.
    pub(crate) fn settle_expired(
        &mut self,
        step: &mut Step<'_>,
        early: Span,
        gone: impl Fn(Contract) -> bool,
    ) {
        let expired: Vec<_> = self
            .trades
            .values()
            .filter(|t| !t.held().is_flat() && gone(t.signal.contract))
            .filter_map(|t| Some((t.signal.id, self.settlement(step, early, t.signal.contract)?)))
            .collect();
        for (signal, price) in expired {
            let Some(trade) = self.trades.get_mut(&signal) else { continue };
            trade.closing = Some("expired".into());
            let fill = Fill {
                exec_id: format!("expiry.{signal}"),
                order: trade.entry,
                reference: OrderRef { signal, role: Role::Close, attempt: 0 },
                contract: trade.signal.contract,
                side: Side::Sell,
                quantity: trade.held().abs(),
                price,
                multiplier: trade.signal.multiplier,
                commission: Some(Money::ZERO),
                time: step.now(),
                strategy: trade.signal.strategy,
            };
            trade.fills.push((1, fill.clone()));
            step.record(Record::Fill(Box::new(fill)));
            self.rebuild(step, signal);
            self.settle(step, signal);
        }
    }

    /// Intrinsic value at expiry; nothing before it, or while the underlying's price is unknown. What
    /// expired on an earlier day, unseen by us, has a value that only the broker knows: the books count
    /// nothing for it rather than too much.
    fn settlement(&self, step: &Step<'_>, early: Span, contract: Contract) -> Option<Price> {
        let option = contract.option()?;
        let today = self.session?.date;
        if option.expiry < today {
            return Some(Price::ZERO);
        }
        let instrument = &self.contract(step.view, contract)?.instrument;
        if instrument.expires.is_none_or(|at| step.now() + early < at) {
            return None;
        }
        let spot = step.view.of(instrument.underlying)?.last?;
        let inside = match option.right {
            Right::Call => spot.checked_sub(option.strike)?,
            Right::Put => option.strike.checked_sub(spot)?,
        };
        Some(inside.max(Price::ZERO))
    }

    /// Contracts in which the broker's position is not the sum of ours. Stocks that we do not trade
    /// are the person's own business.
    fn differing_positions(&self, picture: &Picture) -> BTreeMap<Contract, (SignedQuantity, SignedQuantity)> {
        let mut ours: BTreeMap<Contract, SignedQuantity> = BTreeMap::new();
        for position in self.positions() {
            let sum = ours.entry(position.contract).or_default();
            *sum = sum.checked_add(position.quantity).expect("positions fit 64 bits");
        }
        let symbols: BTreeSet<_> = self.symbols().collect();
        let is_ours =
            |c: &Contract| ours.contains_key(c) || c.option().is_some_and(|o| symbols.contains(&o.root));
        let all: BTreeSet<Contract> =
            ours.keys().chain(picture.positions.keys()).copied().filter(is_ours).collect();
        all.into_iter()
            .map(|c| {
                (
                    c,
                    (
                        ours.get(&c).copied().unwrap_or_default(),
                        picture.positions.get(&c).copied().unwrap_or_default(),
                    ),
                )
            })
            .filter(|(_, (mine, theirs))| mine != theirs)
            .collect()
    }
}
