//! The broker's picture: open orders, executions, positions, account; what changes at bells.

use alphatrader_model::broker::{BrokerOrderState, OpenOrder};
use alphatrader_model::{BrokerEvent, Contract, OrderId, Price, Symbol, Timestamp};

use super::{SimulatedBroker, middle};
use crate::matching::OrderKey;

impl SimulatedBroker {
    /// Everything the broker knows, as one answer.
    pub(super) fn picture(&mut self, at: Timestamp) {
        self.say(at, BrokerEvent::SyncBegin);
        let open: Vec<OrderId> = self
            .known
            .keys()
            .copied()
            .filter(|id| self.exchange.order(OrderKey(u64::from(id.0.unsigned_abs()))).is_some())
            .collect();
        for id in open {
            let state = self.known[&id].state;
            self.set_state(at, id, state, true);
        }
        for (execution, commission) in self.executions.clone() {
            let exec_id = execution.exec_id.clone();
            self.say(at, BrokerEvent::Execution(execution));
            self.say(at, BrokerEvent::Commission { exec_id, commission });
        }
        let held: Vec<_> = self.account.holdings().iter().map(|(c, h)| (*c, h.quantity, h.cost)).collect();
        for (contract, quantity, cost) in held {
            if !quantity.is_flat() {
                self.say(at, BrokerEvent::Position { contract, quantity, cost: Some(cost) });
            }
        }
        self.state_account(at);
        self.say(at, BrokerEvent::SyncEnd);
    }

    /// Says how an order stands, with all of it when `whole`.
    pub(super) fn set_state(&mut self, at: Timestamp, id: OrderId, state: BrokerOrderState, whole: bool) {
        let Some(known) = self.known.get_mut(&id) else { return };
        known.state = state;
        let known = *known;
        if whole {
            let open = OpenOrder {
                id,
                perm_id: known.perm_id,
                reference: Some(known.request.reference),
                contract: known.request.contract,
                side: known.request.side,
                quantity: known.request.quantity,
                kind: known.request.kind,
                state,
            };
            self.say(at, BrokerEvent::OpenOrder(open));
        }
        let remaining = known.request.quantity.saturating_sub(known.filled);
        let (perm_id, filled) = (known.perm_id, known.filled);
        self.say(at, BrokerEvent::OrderStatus { id, perm_id, state, filled, remaining });
    }

    /// Marks what is held and states the account.
    pub(super) fn state_account(&mut self, at: Timestamp) {
        let held: Vec<Contract> = self
            .account
            .holdings()
            .iter()
            .filter(|(_, holding)| !holding.quantity.is_flat())
            .map(|(contract, _)| *contract)
            .collect();
        for contract in held {
            let quote = self.exchange.find(&contract).and_then(|id| self.exchange.quote(id));
            if let Some(price) = quote.as_ref().and_then(middle) {
                self.account.mark(&contract, price);
            }
        }
        let statement = self.account.statement(at);
        self.say(at, BrokerEvent::Account(statement));
    }

    /// A new trading day: the day's executions and ended orders are history.
    pub(super) fn begin_day(&mut self) {
        self.settled = false;
        self.executions.clear();
        self.account.forget_flat();
        let exchange = &self.exchange;
        self.known.retain(|id, _| exchange.order(OrderKey(u64::from(id.0.unsigned_abs()))).is_some());
    }

    /// Options that expired today are settled in cash at their intrinsic value for the underlying's
    /// last print (the middle of its quote, where it never printed).
    pub(super) fn settle(&mut self) {
        self.settled = true;
        let Some(session) = self.exchange.session() else { return };
        let due: Vec<Symbol> = self
            .account
            .holdings()
            .iter()
            .filter(|(_, holding)| !holding.quantity.is_flat())
            .filter_map(|(contract, _)| contract.option().filter(|o| o.expiry <= session.date))
            .map(|option| self.underlying(option.root))
            .collect();
        for symbol in due {
            let Some(spot) = self.spot(symbol) else {
                let text =
                    format!("options on {symbol} expired, but {symbol} has no price: they stay unsettled");
                self.say(session.close, BrokerEvent::Notice { code: 201, text });
                continue;
            };
            let roots: Vec<Symbol> = self.roots_of(symbol);
            let expires = |option: &alphatrader_model::OptionContract| {
                option.expiry <= session.date && roots.contains(&option.root)
            };
            match self.account.settle(expires, spot) {
                Ok(settled) => {
                    for settlement in settled {
                        let contract = settlement.contract;
                        let quantity = alphatrader_model::SignedQuantity::ZERO;
                        self.say(session.close, BrokerEvent::Position { contract, quantity, cost: None });
                    }
                }
                Err(error) => {
                    self.say(session.close, BrokerEvent::Notice { code: 201, text: error.to_string() });
                }
            }
        }
        self.state_account(session.close);
    }

    /// The underlying of an option root that is held.
    fn underlying(&self, root: Symbol) -> Symbol {
        self.account
            .holdings()
            .keys()
            .filter(|contract| contract.option().is_some_and(|option| option.root == root))
            .filter_map(|contract| self.exchange.instrument(self.exchange.find(contract)?))
            .map(|instrument| instrument.underlying)
            .next()
            .unwrap_or(root)
    }

    fn roots_of(&self, symbol: Symbol) -> Vec<Symbol> {
        let roots = self.account.holdings().keys().filter_map(|contract| contract.option()).map(|o| o.root);
        roots.filter(|root| self.underlying(*root) == symbol).collect()
    }

    fn spot(&self, symbol: Symbol) -> Option<Price> {
        let id = self.exchange.find(&Contract::Stock(symbol))?;
        self.last.get(&id).copied().or_else(|| self.exchange.quote(id).as_ref().and_then(middle))
    }
}
