//! Random scenarios and a client that comes back each time: nothing panics, and the books are right.

use std::collections::BTreeMap;

use alphatrader_model::{Contract, Span};
use proptest::prelude::*;

use super::{Bench, CLIENT, order, stock};
use crate::broker::fact::Fact;
use crate::scenario::Wait;
use crate::scenario::action::{
    Action, CancelOrders, Clients, Close, Correct, HalfOpen, IdBusy, Ignore, Lasting, Late, Lose, Meanwhile,
    Mute, NextId, Nothing, Outage, Reject, Repeat, Restored, SplitFills, Times, Which,
};
use crate::scenario::kind::{Asked, Kind};
use crate::scenario::script::{Scenario, Step};
use crate::scenario::when::{After, Event, Moment};
use crate::wire::Request;
use crate::wire::message::market_data::{MarketDataRequest, MarketDepthRequest};
use crate::wire::message::order::GlobalCancelRequest;
use crate::wire::message::session::StartApiRequest;

fn any_wait() -> impl Strategy<Value = Wait> {
    (0_u32..9_000).prop_map(Wait::from_millis)
}

fn any_clients() -> impl Strategy<Value = Clients> {
    prop_oneof![Just(Clients::default()), Just(Clients(vec![5])), Just(Clients(vec![6]))]
}

fn any_which() -> impl Strategy<Value = Which> {
    let kinds = prop::sample::subsequence(
        vec![
            Kind::OrderStatus,
            Kind::OpenOrder,
            Kind::Execution,
            Kind::Commission,
            Kind::MarketData,
            Kind::Depth,
        ],
        1..4,
    );
    let times = prop::option::of(1_u32..6);
    (kinds, times, prop::option::of(any_wait()), 0.0..=1.0, any_clients())
        .prop_map(|(what, times, lasts, chance, clients)| Which { what, times, lasts, chance, clients })
}

fn any_action() -> impl Strategy<Value = Action> {
    let lasting = || any_wait().prop_map(|lasts| Lasting { lasts });
    let of_link = prop_oneof![
        (any_wait(), any::<bool>(), any::<bool>()).prop_map(|(lasts, lost, silent)| Action::Outage(Outage {
            lasts,
            data: if lost { Restored::Lost } else { Restored::Kept },
            orders: if silent { Meanwhile::Lost } else { Meanwhile::Held },
        })),
        lasting().prop_map(Action::Competing),
        lasting().prop_map(Action::Delayed),
        lasting().prop_map(Action::Refuse),
        (any_clients(), any::<bool>()).prop_map(|(clients, abrupt)| Action::Close(Close { clients, abrupt })),
        (1_u32..3, any_clients()).prop_map(|(times, clients)| Action::IdBusy(IdBusy { times, clients })),
        (any_wait(), any_clients())
            .prop_map(|(lasts, clients)| Action::HalfOpen(HalfOpen { lasts, clients })),
        (any_wait(), any_clients()).prop_map(|(lasts, clients)| {
            Action::Mute(Mute { what: vec![Kind::MarketData, Kind::Depth], lasts, clients })
        }),
        Just(Action::DepthReset(Nothing {})),
        Just(Action::DepthHalt(Nothing {})),
    ];
    let of_orders = prop_oneof![
        (1_u32..3).prop_map(|times| Action::Reject(Reject { reason: "so".to_owned(), times })),
        (1_u32..3, any_clients()).prop_map(|(times, clients)| {
            Action::Ignore(Ignore { requests: vec![Asked::PlaceOrder, Asked::MarketData], times, clients })
        }),
        any_which().prop_map(|replies| Action::Lose(Lose { replies })),
        (any_which(), any_wait()).prop_map(|(replies, by)| Action::Late(Late { replies, by })),
        (any_which(), 1_u32..4, any_wait()).prop_map(|(replies, copies, after)| Action::Repeat(Repeat {
            replies,
            copies,
            after
        })),
        (-300_i32..300).prop_map(|cents| Action::Correct(Correct { cents })),
        (1_u64..9, 1_u32..4).prop_map(|(most, times)| Action::SplitFills(SplitFills { most, times })),
        (1_u32..3).prop_map(|times| Action::SplitModify(Times { times })),
        any_clients()
            .prop_map(|clients| Action::CancelOrders(CancelOrders { reason: "so".to_owned(), clients })),
        (1_i32..9, 1_u32..3).prop_map(|(value, times)| Action::NextId(NextId { value, times })),
    ];
    prop_oneof![of_link, of_orders]
}

fn any_step() -> impl Strategy<Value = Step> {
    let event = prop::sample::select(vec![
        Event::Connect,
        Event::Disconnect,
        Event::Order,
        Event::Working,
        Event::Fill,
        Event::Filled,
        Event::Cancelled,
        Event::Modify,
        Event::MarketData,
        Event::Depth,
    ]);
    let after = (event, 1_u32..4, any_wait()).prop_map(|(event, nth, delay)| After {
        event,
        nth,
        client: None,
        delay,
    });
    let when = prop_oneof![
        any_wait().prop_map(|wait| (Some(Moment::After(wait)), None)),
        after.prop_map(|after| (None, Some(after))),
    ];
    let every = prop::option::of((500_u32..9_000).prop_map(Wait::from_millis));
    (when, every, prop::option::of(1_u32..5), any_wait(), prop::collection::vec(any_action(), 1..4)).prop_map(
        |((at, after), every, times, jitter, actions)| Step { at, after, every, times, jitter, actions },
    )
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    (any::<u64>(), prop::collection::vec(any_step(), 1..8)).prop_map(|(seed, steps)| Scenario {
        name: "any".to_owned(),
        description: "any".to_owned(),
        seed,
        limits: None,
        steps,
    })
}

/// What a client does between two looks.
#[derive(Debug, Clone)]
enum Act {
    Buy(u64),
    Sell(u64),
    Rest(u64),
    Change(u64),
    CancelAll,
    Subscribe(i32),
    Wait(i64),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (1_u64..30).prop_map(Act::Buy),
        2 => (1_u64..30).prop_map(Act::Sell),
        2 => (1_u64..30).prop_map(Act::Rest),
        2 => (1_u64..30).prop_map(Act::Change),
        1 => Just(Act::CancelAll),
        2 => (1_i32..90).prop_map(Act::Subscribe),
        5 => (1_i64..6_000).prop_map(Act::Wait),
    ]
}

fn act(bench: &mut Bench, act: &Act) {
    let next = bench.hub.desk().state().next_order_id(5);
    match act {
        Act::Buy(quantity) => bench.place(next, stock(), order("BUY", *quantity, "MKT", None)),
        Act::Sell(quantity) => bench.place(next, stock(), order("SELL", *quantity, "MKT", None)),
        Act::Rest(quantity) => bench.place(next, stock(), order("BUY", *quantity, "LMT", Some(599.0))),
        Act::Change(quantity) => {
            bench.place((next - 1).max(1), stock(), order("BUY", *quantity, "LMT", Some(600.05)));
        }
        Act::CancelAll => bench.ask(&Request::GlobalCancel(GlobalCancelRequest { order_cancel: None })),
        Act::Subscribe(id) => {
            let listing = bench.hub.desk().feed().catalogue.by_contract(&stock()).unwrap();
            let contract = Some(listing.told("SMART"));
            let req_id = Some(*id);
            let market =
                MarketDataRequest { req_id, contract: contract.clone(), ..MarketDataRequest::default() };
            bench.ask(&Request::MarketData(market));
            let depth = MarketDepthRequest { req_id, contract, ..MarketDepthRequest::default() };
            bench.ask(&Request::MarketDepth(depth));
        }
        Act::Wait(millis) => bench.wait(Span::from_millis(*millis)),
    }
    if std::mem::take(&mut bench.ended) {
        bench.hub.gone(CLIENT);
        bench.ask(&Request::StartApi(StartApiRequest { client_id: Some(5), optional_capabilities: None }));
    }
}

/// The file makes the same state; what is held is what was executed; what an order filled is what its executions
/// say; every fill that was written is there, under the newest of its numbers.
fn check(bench: &Bench) -> Result<(), TestCaseError> {
    let state = bench.hub.desk().state();
    prop_assert_eq!(&bench.memory.state(), state);
    let (mut units, mut filled) = (BTreeMap::<Contract, i64>::new(), BTreeMap::<i64, u64>::new());
    for execution in &state.executions {
        let signed = execution.side.sign() * i64::try_from(execution.quantity.get()).unwrap();
        *units.entry(execution.contract).or_default() += signed;
        *filled.entry(execution.perm_id).or_default() += execution.quantity.get();
    }
    for (contract, holding) in &state.book.holdings {
        prop_assert_eq!(holding.quantity.get(), units.get(contract).copied().unwrap_or(0));
    }
    for order in state.orders.values() {
        prop_assert_eq!(order.filled.get(), filled.get(&order.perm_id).copied().unwrap_or(0));
        prop_assert!(order.filled <= order.ticket.quantity);
    }
    let written = bench.memory.0.lock().unwrap();
    let fills = written.iter().filter(|fact| matches!(fact, Fact::Executed(_))).count();
    prop_assert_eq!(fills, state.executions.len());
    // Cash and cost are the start and what was realised, corrections included.
    let realized = state.book.holdings.values().map(|holding| holding.realized_today.micros()).sum::<i64>();
    let cost = state.book.holdings.values().map(|holding| holding.cost.micros()).sum::<i64>();
    prop_assert_eq!(state.book.cash.micros() + cost, state.opening_cash.micros() + realized);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_scenario_breaks_the_hub_or_loses_a_fill(
        scenario in any_scenario(),
        acts in prop::collection::vec(any_act(), 1..30),
    ) {
        let mut bench = Bench::new("09:30:00", 0);
        bench.hub.play(&scenario);
        for next in &acts {
            act(&mut bench, next);
            check(&bench)?;
        }
    }

    #[test]
    fn the_same_scenario_plays_the_same(scenario in any_scenario(), acts in prop::collection::vec(any_act(), 1..12)) {
        let run = || {
            let mut bench = Bench::new("09:30:00", 0);
            bench.hub.play(&scenario);
            for next in &acts {
                act(&mut bench, next);
            }
            format!("{:?}", bench.told)
        };
        prop_assert_eq!(run(), run());
    }
}
