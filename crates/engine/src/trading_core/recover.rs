//! Rebuilding the state from the ledger's records. Records are facts; state is derived from facts.

use std::collections::BTreeMap;

use alphatrader_model::event::HaltLevel;
use alphatrader_model::{Fill, Position, Record, SignalId};

use super::state::TradingCore;
use super::trade::Trade;

impl TradingCore {
    /// A core that knows what the ledger knows. `records` are the newest of each entity, oldest first,
    /// enough to cover everything that is not over and all of the latest day. Intents stay intents:
    /// only the broker's picture tells whether they left.
    pub fn recover<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut core = Self::default();
        let mut fills: BTreeMap<SignalId, Vec<(u32, Fill)>> = BTreeMap::new();
        let mut positions: Vec<&Position> = Vec::new();
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
                // Made of fills; only its exits are worth knowing.
                Record::Position(position) => positions.push(position),
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
                trade.fold();
            }
        }
        for position in positions {
            let trade = core.trades.get_mut(&position.signal);
            if let Some(own) = trade.and_then(|t| t.position.as_mut()) {
                own.stop = position.stop;
                own.target = position.target;
            }
        }
        // Each trade knows its orders: the newest attempt of each role.
        for order in core.orders.values() {
            if let Some(trade) = core.trades.get_mut(&order.request.reference.signal) {
                trade.link(order);
            }
        }
        core
    }
}
