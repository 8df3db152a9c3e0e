//! What a trader's books would hold: what was ordered, each execution once, and the broker's word for it.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_model::broker::{BrokerOrderState as State, Execution};
use alphatrader_model::{BrokerEvent, Contract, Input, OrderId, OrderRef, OrderRequest, Payload, Side};

/// Books of one account, kept from what the edge tells alone.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) orders: BTreeMap<OrderRef, OrderRequest>,
    /// Executions by the part of their number that corrections keep, with their revision.
    fills: BTreeMap<String, (u32, Execution)>,
    /// The broker's picture as it is being told, and the last whole one.
    picture: BTreeMap<Contract, i64>,
    open: BTreeSet<OrderRef>,
    pub(crate) whole: Option<Picture>,
    /// Lowest number for a new order.
    pub(crate) next_order: i32,
    pub(crate) connected: bool,
    /// Reports of executions that were known already.
    pub(crate) repeats: u64,
    /// Words about orders and executions since the start.
    pub(crate) words: u64,
    pub(crate) sessions: u64,
    pub(crate) pictures: u64,
    pub(crate) alarms: Vec<String>,
}

/// What the broker holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) positions: BTreeMap<Contract, i64>,
    pub(crate) open: BTreeSet<OrderRef>,
}

impl Books {
    pub(crate) fn hear(&mut self, input: &Input) {
        let Payload::Broker(said) = &input.payload else { return };
        match &**said {
            BrokerEvent::Connected { next_order_id, .. } => {
                self.connected = true;
                self.sessions += 1;
                self.next_order = self.next_order.max(next_order_id.0);
            }
            BrokerEvent::Disconnected { .. } => {
                self.connected = false;
                self.whole = None;
            }
            BrokerEvent::SyncBegin => {
                self.picture.clear();
                self.open.clear();
                self.whole = None;
            }
            BrokerEvent::SyncEnd => {
                self.pictures += 1;
                let positions = self.picture.iter().filter(|(_, held)| **held != 0);
                self.whole = Some(Picture {
                    positions: positions.map(|(contract, held)| (*contract, *held)).collect(),
                    open: self.open.clone(),
                });
            }
            BrokerEvent::OpenOrder(order) => {
                self.words += 1;
                let works = !matches!(order.state, State::Cancelled | State::Filled | State::Inactive);
                if let Some(name) = order.reference {
                    if works {
                        self.open.insert(name)
                    } else {
                        self.open.remove(&name)
                    };
                }
            }
            BrokerEvent::OrderStatus { .. } => self.words += 1,
            BrokerEvent::Execution(execution) => {
                self.words += 1;
                self.execution(execution);
            }
            BrokerEvent::Position { contract, quantity, .. } => {
                self.picture.insert(*contract, quantity.get());
            }
            BrokerEvent::Rejected { id, code, reason } => {
                self.alarms.push(format!("order {id} was refused: {code} {reason}"));
            }
            BrokerEvent::Doubled { id, .. } => self.alarms.push(format!("order {id} works twice")),
            _ => {}
        }
    }

    fn execution(&mut self, execution: &Execution) {
        let (base, revision) = (execution.base_id().to_owned(), execution.revision());
        match self.fills.get(&base) {
            Some((known, _)) if *known >= revision => self.repeats += 1,
            _ => {
                self.fills.insert(base, (revision, execution.clone()));
            }
        }
    }

    pub(crate) fn number(&mut self) -> OrderId {
        let number = self.next_order.max(1);
        self.next_order = number + 1;
        OrderId(number)
    }

    pub(crate) fn fills(&self) -> usize {
        self.fills.len()
    }

    /// Positions as the sum of our executions.
    pub(crate) fn positions(&self) -> BTreeMap<Contract, i64> {
        let mut sum = BTreeMap::new();
        for (_, fill) in self.fills.values() {
            let signed = fill.side.sign() * fill.quantity.get() as i64;
            *sum.entry(fill.contract).or_default() += signed;
        }
        sum.retain(|_, held| *held != 0);
        sum
    }

    /// What is wrong with our executions, whatever the broker holds.
    pub(crate) fn contradictions(&self) -> Vec<String> {
        let mut filled: BTreeMap<OrderRef, u64> = BTreeMap::new();
        let mut wrong = self.alarms.clone();
        for (base, (_, fill)) in &self.fills {
            let Some(order) = fill.reference.and_then(|name| self.orders.get(&name)) else {
                wrong.push(format!("execution {base} is of no order of ours"));
                continue;
            };
            if fill.side != order.side || fill.contract != order.contract || fill.order != order.id {
                wrong.push(format!("execution {base} is not what order {} asked for", order.id));
            }
            *filled.entry(order.reference).or_default() += fill.quantity.get();
        }
        for (name, quantity) in &filled {
            let order = &self.orders[name];
            if *quantity > order.quantity.get() {
                let wanted = order.quantity;
                wrong.push(format!("order {} filled {quantity} of {wanted}", order.id));
            }
        }
        wrong
    }

    /// Orders that were filled whole, in part, not at all.
    pub(crate) fn outcomes(&self) -> [usize; 3] {
        let mut filled: BTreeMap<OrderRef, u64> = BTreeMap::new();
        for (_, fill) in self.fills.values() {
            *filled.entry(fill.reference.expect("checked before")).or_default() += fill.quantity.get();
        }
        let mut outcomes = [0; 3];
        for (name, order) in &self.orders {
            let place = match filled.get(name) {
                None => 2,
                Some(done) if *done < order.quantity.get() => 1,
                Some(_) => 0,
            };
            outcomes[place] += 1;
        }
        outcomes
    }

    /// Shares held of a contract by our books.
    pub(crate) fn held(&self, contract: Contract) -> i64 {
        self.positions().get(&contract).copied().unwrap_or(0)
    }

    /// The side that leads towards flat.
    pub(crate) fn homewards(&self, contract: Contract) -> Side {
        if self.held(contract) > 0 { Side::Sell } else { Side::Buy }
    }
}
