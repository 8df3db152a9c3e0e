//! Random clients and kills: whatever happens, the books are right.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, Span, Timestamp};
use proptest::prelude::*;

use super::{Bench, call_of, order, stock};
use crate::broker::order::Status;
use crate::wire::Request;
use crate::wire::message::order::{CancelOrderRequest, GlobalCancelRequest};
use crate::wire::message::order_terms::Order;

/// What a client may do in the random test.
#[derive(Debug, Clone)]
enum Act {
    Place {
        quantity: u64,
        buy: bool,
        option: bool,
        kind: u8,
        cents: i64,
        parent: bool,
        oca: bool,
        transmit: bool,
    },
    Again {
        which: usize,
        cents: i64,
        quantity: u64,
    },
    Cancel(usize),
    CancelAll,
    Wait(i64),
    Restart,
}

fn any_act() -> impl Strategy<Value = Act> {
    let place = (
        1_u64..40,
        any::<bool>(),
        any::<bool>(),
        0_u8..4,
        -40_i64..40,
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(quantity, buy, option, kind, cents, parent, oca, transmit)| Act::Place {
            quantity,
            buy,
            option,
            kind,
            cents,
            parent,
            oca,
            transmit,
        });
    prop_oneof![
        6 => place,
        2 => (0_usize..20, -40_i64..40, 1_u64..40).prop_map(|(which, cents, quantity)| Act::Again { which, cents, quantity }),
        2 => (0_usize..20).prop_map(Act::Cancel),
        1 => Just(Act::CancelAll),
        6 => (1_i64..5_000).prop_map(Act::Wait),
        2 => Just(Act::Restart),
    ]
}

fn random_order(act: &Act, last: i32) -> Order {
    let Act::Place { quantity, buy, option, kind, cents, parent, oca, transmit } = act else {
        unreachable!()
    };
    let base = if *option { 101 } else { 60_000 };
    let price = (base + cents) as f64 / 100.0;
    let kind = ["MKT", "LMT", "STP", "LMT"][usize::from(*kind)];
    let mut terms =
        order(if *buy { "BUY" } else { "SELL" }, *quantity, kind, Some(price).filter(|_| kind != "MKT"));
    terms.parent_id = Some(last).filter(|last| *parent && *last > 0);
    terms.oca_group = oca.then(|| "group".to_owned());
    terms.transmit = Some(*transmit);
    terms
}

impl Bench {
    fn act(self, act: &Act, last: &mut i32) -> Self {
        let mut bench = self;
        match act {
            Act::Place { option, .. } => {
                let contract = if *option { call_of(&bench.hub.today()) } else { stock() };
                let terms = random_order(act, *last);
                *last += 1;
                bench.place(*last, contract, terms);
            }
            Act::Again { which, cents, quantity } => {
                let orders: Vec<_> = bench.hub.desk().state().orders.values().cloned().collect();
                if let Some(old) = orders.get(which % orders.len().max(1)) {
                    let mut terms = old.terms.clone();
                    let base = if old.contract.option().is_some() { 101 } else { 60_000 };
                    let price = Some((base + cents) as f64 / 100.0);
                    terms.lmt_price = terms.lmt_price.and(price);
                    terms.aux_price = terms.aux_price.and(price);
                    // Once its entry is filled an exit is an order like any other: a client may make it larger.
                    let most =
                        if old.ticket.parent.is_some() { old.ticket.quantity.get().max(1) } else { 40 };
                    terms.total_quantity = Some(most.min(*quantity).to_string());
                    bench.place(old.order_id, old.contract, terms);
                }
            }
            Act::Cancel(which) => {
                let order_id = Some(*which as i32);
                bench.ask(&Request::CancelOrder(CancelOrderRequest { order_id, order_cancel: None }));
            }
            Act::CancelAll => bench.ask(&Request::GlobalCancel(GlobalCancelRequest { order_cancel: None })),
            Act::Wait(millis) => bench.wait(Span::from_millis(*millis)),
            Act::Restart => bench = Self::go_on(bench.memory, Timestamp::default(), 0),
        }
        bench
    }

    /// What must hold at every moment.
    fn check(&self) -> Result<(), TestCaseError> {
        let state = self.hub.desk().state();
        prop_assert_eq!(&self.memory.state(), state, "the file makes the same state");
        let mut units: BTreeMap<Contract, i64> = BTreeMap::new();
        let mut filled: BTreeMap<i64, u64> = BTreeMap::new();
        let mut ids = std::collections::BTreeSet::new();
        for execution in &state.executions {
            let signed = execution.side.sign() * execution.quantity.get() as i64;
            *units.entry(execution.contract).or_default() += signed;
            *filled.entry(execution.perm_id).or_default() += execution.quantity.get();
            prop_assert!(ids.insert(&execution.exec_id), "an execution id is used once");
        }
        for (contract, holding) in &state.book.holdings {
            prop_assert_eq!(holding.quantity.get(), units.get(contract).copied().unwrap_or(0));
        }
        for order in state.orders.values() {
            prop_assert_eq!(order.filled.get(), filled.get(&order.perm_id).copied().unwrap_or(0));
            prop_assert!(
                order.filled <= order.ticket.quantity,
                "no order fills more than it asks: {:?}",
                order
            );
            prop_assert!(order.status != Status::Filled || order.remaining().is_zero());
            let exits = state.orders.values().filter(|exit| {
                exit.client_id == order.client_id
                    && exit.ticket.parent == Some(order.order_id)
                    && exit.ticket.side != order.ticket.side
                    && exit.contract == order.contract
                    && exit.ticket.oca.is_none()
            });
            let exited: u64 = exits.map(|exit| exit.filled.get()).sum();
            prop_assert!(exited <= order.filled.get(), "exits close no more than their entry opened");
        }
        Ok(())
    }

    /// Orders that were sent are at the exchange, once they have had the time to arrive.
    fn check_arrived(&self) -> Result<(), TestCaseError> {
        let orders = self.hub.desk().state().orders.values();
        for order in orders.filter(|o| !o.status.is_final() && o.status != Status::PendingSubmit) {
            prop_assert!(self.hub.desk().is_at_exchange(order.perm_id), "lost: {:?}", order);
            prop_assert!(order.status != Status::PendingCancel, "never cancelled: {:?}", order);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever clients do and whenever the gateway is killed: the file holds what was said, fills
    /// add up, nothing fills twice.
    #[test]
    fn random_clients_and_kills_leave_the_books_right(acts in prop::collection::vec(any_act(), 1..25)) {
        let mut bench = Bench::new("09:30:00", 0);
        let mut last = 0;
        for act in &acts {
            bench = bench.act(act, &mut last);
            bench.check()?;
            if matches!(act, Act::Wait(millis) if *millis > 5) {
                bench.check_arrived()?;
            }
        }
    }
}
