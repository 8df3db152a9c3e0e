//! The broker's picture held against ours. Until it has been, no entry leaves; unknown is not flat.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::Side;
use alphatrader_model::{
    Action, Contract, Fill, Money, OrderId, OrderRef, Price, Record, Right, Role, SignedQuantity,
};
use alphatrader_trading::breaker::Trip;
use alphatrader_trading::lifecycle;

use super::state::{Link, Picture, Step, TradingCore};

/// Times a differing picture is asked for again before it counts: a fill may have fallen between its parts.
const MOST_RETRIES: u8 = 2;

impl TradingCore {
    /// The picture is complete.
    pub(crate) fn reconcile(&mut self, step: &mut Step<'_>) {
        let Link::Syncing(picture) = std::mem::replace(&mut self.link, Link::Up) else { return };
        self.reconcile_orders(step, &picture);
        self.adopt_strays(step, &picture);
        self.settle_expired(step, |held| !picture.positions.contains_key(&held));
        let differences = self.differing_positions(&picture);
        if differences.is_empty() {
            self.sync_retries = 0;
            self.link = Link::Reconciled(step.now());
            if let Some(account) = self.account {
                step.record(Record::Account(account));
            }
            return;
        }
        self.troubles.mismatches += 1;
        if self.sync_retries < MOST_RETRIES {
            self.sync_retries += 1;
            self.synchronise(step);
            return;
        }
        let words: Vec<String> = differences
            .iter()
            .map(|(contract, (ours, theirs))| format!("{contract}: ours {ours}, the broker's {theirs}"))
            .collect();
        let reason = format!("positions differ from the broker's after reconciliation: {}", words.join("; "));
        self.trip(step, Trip { level: HaltLevel::Halt, reason });
    }

    /// Every order of ours that the broker should know and does not list is over; an intent that it
    /// does not know never left, and never will.
    fn reconcile_orders(&mut self, step: &mut Step<'_>, picture: &Picture) {
        let open: Vec<OrderId> = self
            .orders
            .values()
            .filter(|o| !o.state.is_final() && o.updated < picture.begun)
            .map(|o| o.request.id)
            .filter(|id| !self.awaits(*id))
            .collect();
        for id in open {
            if !picture.orders.contains_key(&id) {
                self.note_end(id, "not known to the broker after a reconnect");
                self.move_order(step, id, lifecycle::Step::Unknown);
                self.after_order(step, id);
            }
        }
    }

    /// An order of ours that our books do not hold must not fill unseen: entries are cancelled.
    fn adopt_strays(&mut self, step: &mut Step<'_>, picture: &Picture) {
        for (id, listed) in &picture.orders {
            let Some(reference) = listed.reference else { continue };
            let ours = self.orders.get(id);
            let known = ours.is_some_and(|o| o.request.reference == reference && !o.state.is_final());
            if !known && reference.role == Role::Entry {
                self.troubles.mismatches += 1;
                self.act(step, Action::Cancel(*id), None);
            }
        }
    }

    /// An option that has expired and that the broker no longer lists was settled: the position ends
    /// at its intrinsic value. The broker's account has the exact amount; the next reconciliation of
    /// equity shows any difference.
    pub(crate) fn settle_expired(&mut self, step: &mut Step<'_>, gone: impl Fn(Contract) -> bool) {
        let expired: Vec<_> = self
            .trades
            .values()
            .filter(|t| !t.held().is_flat() && gone(t.signal.contract))
            .filter_map(|t| Some((t.signal.id, self.settlement(step, t.signal.contract)?)))
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

    /// Intrinsic value at expiry; nothing before it, or while the underlying's price is unknown.
    fn settlement(&self, step: &Step<'_>, contract: Contract) -> Option<Price> {
        let option = contract.option()?;
        let instrument = &self.contract(step.view, contract)?.instrument;
        if instrument.expires.is_none_or(|at| step.now() < at) {
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
