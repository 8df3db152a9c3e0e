//! Rebuilding the state from the ledger's records. Records are facts; state is derived from facts.

use std::collections::BTreeMap;

use alphatrader_model::event::HaltLevel;
use alphatrader_model::{Record, Role, SignalId};

use super::state::{Trade, TradingCore};

impl TradingCore {
    /// A core that knows what the ledger knows. `records` are the newest of each entity, oldest first,
    /// enough to cover everything that is not over and all of the latest day. Intents stay intents:
    /// only the broker's picture tells whether they left.
    pub fn recover<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut core = Self::default();
        let mut fills: BTreeMap<SignalId, Vec<(u32, alphatrader_model::Fill)>> = BTreeMap::new();
        for record in records {
            match record {
                Record::Signal(signal) => {
                    core.trades
                        .entry(signal.id)
                        .and_modify(|t| t.signal = (**signal).clone())
                        .or_insert_with(|| Trade::bare(signal));
                }
                Record::Order(order) => {
                    core.next_order_id = core.next_order_id.max(order.request.id.0 + 1);
                    core.orders.insert(order.request.id, **order);
                }
                Record::Fill(fill) => {
                    let of_signal = fills.entry(fill.signal()).or_default();
                    match of_signal.iter_mut().find(|(_, f)| f.exec_id == fill.exec_id) {
                        Some(known) => known.1 = (**fill).clone(),
                        None => of_signal.push((1, (**fill).clone())),
                    }
                }
                Record::Position(position) => {
                    if let Some(trade) = core.trades.get_mut(&position.signal) {
                        trade.position = Some((**position).clone());
                    }
                }
                Record::Halt { level, reason } => {
                    core.halt = *level;
                    core.halt_reason = (*level != HaltLevel::None).then(|| reason.clone());
                }
                Record::DayStart { date, equity } => core.day_start = Some((date.clone(), *equity)),
                // The broker states the account again at connect.
                Record::Account(_) => {}
            }
        }
        for (signal, list) in fills {
            if let Some(trade) = core.trades.get_mut(&signal) {
                trade.fills = list;
            }
        }
        core.link_orders();
        core.count_signals();
        core
    }

    /// Each trade knows its orders: the newest attempt of each role.
    fn link_orders(&mut self) {
        for order in self.orders.values() {
            let reference = order.request.reference;
            let Some(trade) = self.trades.get_mut(&reference.signal) else { continue };
            let id = order.request.id;
            match reference.role {
                Role::Entry => trade.entry = id,
                Role::Stop => {
                    if reference.attempt >= trade.stop_attempts {
                        trade.stop_attempts = reference.attempt;
                        trade.stop = Some(id);
                    }
                }
                Role::Target => trade.target = Some(id),
                Role::Close | Role::Flatten => {
                    if reference.attempt >= trade.close_attempts {
                        trade.close_attempts = reference.attempt;
                        trade.close = Some(id);
                    }
                }
            }
        }
    }

    /// The day's limits on signals hold across a restart.
    fn count_signals(&mut self) {
        let latest = self.trades.values().map(|t| t.signal.time).max();
        let Some(day) = latest.map(|t| t.seconds().div_euclid(86_400)) else { return };
        for trade in self.trades.values() {
            let signal = &trade.signal;
            // A New York session lies within one day of UTC.
            if signal.time.seconds().div_euclid(86_400) == day {
                let pace = self.paces.entry((signal.strategy, signal.symbol)).or_default();
                pace.signals += 1;
                pace.last_signal = pace.last_signal.max(Some(signal.time));
            }
        }
    }
}
