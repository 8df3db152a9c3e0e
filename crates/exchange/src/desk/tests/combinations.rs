//! Combinations.

use super::*;
use crate::wire::message::contract::ComboLeg;
use proptest::prelude::*;

impl Floor {
    fn bag(&self, legs: &[(u32, i32, &str)]) -> WireContract {
        let leg = |(id, ratio, action): &(u32, i32, &str)| ComboLeg {
            con_id: self.told(*id).con_id,
            ratio: Some(*ratio),
            action: Some((*action).to_owned()),
            exchange: Some("SMART".to_owned()),
            ..ComboLeg::default()
        };
        WireContract {
            symbol: Some("SPY".to_owned()),
            sec_type: Some("BAG".to_owned()),
            exchange: Some("SMART".to_owned()),
            currency: Some("USD".to_owned()),
            combo_legs: legs.iter().map(leg).collect(),
            ..WireContract::default()
        }
    }

    fn combine(&mut self, id: i32, legs: &[(u32, i32, &str)], terms: Terms) -> Option<i32> {
        let bag = self.bag(legs);
        let refused = self.place_as(CLIENT, id, bag, terms);
        self.wait(2);
        refused
    }
}

const SPREAD: [(u32, i32, &str); 2] = [(CALL, 1, "BUY"), (HIGHER, 1, "SELL")];

#[test]
fn a_spread_fills_when_its_net_is_reached_with_one_execution_more_than_legs() {
    let mut floor = Floor::new();
    // 1.02 is paid, 0.40 received: 0.62.
    assert_eq!(floor.combine(1, &SPREAD, order("BUY", 3, "LMT", Some(0.6))), None);
    assert_eq!((floor.status(1), floor.filled(1)), (Status::Submitted, 0));
    floor.quote(CALL, 98, 100, 2);
    assert_eq!((floor.status(1), floor.filled(1)), (Status::Submitted, 2), "two at the offer");
    let ids: Vec<_> = floor.executions().iter().map(|e| e.exec_id.clone()).collect();
    assert_eq!(ids, ["00000abc.00000001.01.01", "00000abc.00000001.02.01", "00000abc.00000001.03.01"]);
    let kinds: Vec<_> = floor.executions().iter().map(|e| e.told.sec_type.clone().unwrap()).collect();
    assert_eq!(kinds, ["BAG", "OPT", "OPT"]);
    assert_eq!(floor.executions()[0].price, Price::from_cents(60));
    assert_eq!(floor.executions()[2].side, Side::Sell);
    // What was taken is gone until the market says more.
    floor.wait(1_000);
    assert_eq!(floor.filled(1), 2);
    let mut floor = floor.restart();
    assert_eq!((floor.status(1), floor.filled(1)), (Status::Submitted, 2));
    floor.quote(CALL, 98, 100, 9);
    assert_eq!((floor.status(1), floor.held(CALL).get(), floor.held(HIGHER).get()), (Status::Filled, 3, -3));
    assert_eq!(floor.executions()[0].exec_id, "00000abc.00000003.01.01");
}

#[test]
fn a_sale_receives_at_least_its_limit_and_stock_may_be_a_leg() {
    let mut floor = Floor::new();
    assert_eq!(floor.combine(1, &SPREAD, order("SELL", 1, "LMT", Some(0.58))), None);
    assert_eq!(floor.status(1), Status::Filled);
    assert!((floor.order(1).average_price() - 0.58).abs() < 1e-9, "1.00 received, 0.42 paid");
    // A covered call: the stock at 600.01 less a hundredth of the call would be its net a share.
    let covered = [(SPY, 100, "BUY"), (CALL, 1, "SELL")];
    assert_eq!(floor.combine(2, &covered, order("BUY", 1, "MKT", None)), None);
    assert_eq!((floor.status(2), floor.held(SPY).get()), (Status::Filled, 100));
    let credit = [(HIGHER, 1, "BUY"), (CALL, 1, "SELL")];
    assert_eq!(floor.combine(3, &credit, order("BUY", 1, "LMT", Some(-0.58))), None);
    assert_eq!(floor.status(3), Status::Filled, "bought for a credit");
}

#[test]
fn what_does_not_combine_is_refused() {
    let mut floor = Floor::new();
    let buy = || order("BUY", 1, "LMT", Some(1.0));
    assert_eq!(floor.combine(1, &[], buy()), Some(314));
    assert_eq!(floor.combine(1, &[(CALL, 1, "BUY")], buy()), Some(312));
    assert_eq!(floor.combine(1, &[(CALL, 1, "BUY"), (CALL, 1, "SELL")], buy()), Some(312));
    assert_eq!(floor.combine(1, &[(CALL, 0, "BUY"), (PUT, 1, "SELL")], buy()), Some(313));
    assert_eq!(floor.combine(1, &[(CALL, 1, "HOLD"), (PUT, 1, "SELL")], buy()), Some(313));
    let mut unknown = floor.bag(&SPREAD);
    unknown.combo_legs[1].con_id = Some(12);
    assert_eq!(floor.place_as(CLIENT, 1, unknown, buy()), Some(313));
    assert_eq!(floor.combine(1, &SPREAD, order("BUY", 1, "STP", Some(1.0))), Some(387));
    assert_eq!(floor.combine(1, &SPREAD, order("BUY", 1, "LMT", Some(1.005))), Some(110));
    assert_eq!(floor.combine(1, &SPREAD, Terms { parent_id: Some(1), ..buy() }), Some(201));
}

#[test]
fn a_combination_is_changed_cancelled_and_ends_with_the_day() {
    let mut floor = Floor::new();
    for id in 1..=2 {
        floor.combine(id, &SPREAD, order("BUY", 1, "LMT", Some(0.2)));
    }
    floor.desk.cancel(CLIENT, 1).unwrap();
    assert_eq!((floor.status(1), floor.desk.cancel(CLIENT, 1).is_err()), (Status::Cancelled, true));
    floor.combine(2, &SPREAD, order("BUY", 2, "LMT", Some(0.3)));
    assert_eq!(floor.order(2).ticket.quantity.get(), 2);
    let at_once = Terms { tif: Some("IOC".to_owned()), ..order("BUY", 1, "LMT", Some(0.2)) };
    floor.combine(3, &SPREAD, at_once);
    assert_eq!(floor.status(3), Status::Cancelled);
    floor.go_to(floor.close() + Span::from_seconds(20));
    floor.desk.end_day();
    assert_eq!(floor.status(2), Status::Cancelled);
}

#[test]
fn a_question_sums_the_legs() {
    let mut floor = Floor::new();
    let bag = floor.bag(&SPREAD);
    let terms = Terms { what_if: Some(true), ..order("BUY", 2, "LMT", Some(0.6)) };
    let request = PlaceOrderRequest { order_id: Some(1), contract: Some(bag), order: Some(terms) };
    let answer = floor.desk.place(CLIENT, &request).unwrap().unwrap();
    assert!(answer.commission > Money::from_dollars(2), "two legs of two contracts");
    assert!(floor.desk.state().orders.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// However the quotes go: legs trade in their ratio and together, and the net is the legs' own and
    /// never worse than the limit.
    #[test]
    fn legs_trade_together_at_their_net(
        quotes in prop::collection::vec((1_u32..4, 20_i64..120, 1_i64..5, 0_u64..12), 1..40),
        ratios in (1_i32..4, 1_i32..4),
        (buys, quantity, cents) in (any::<bool>(), 1_u64..9, -200_i64..200),
    ) {
        let mut floor = Floor::new();
        let legs = [(CALL, ratios.0, "BUY"), (PUT, ratios.1, "SELL")];
        let action = if buys { "BUY" } else { "SELL" };
        prop_assume!(floor.combine(1, &legs, order(action, quantity, "LMT", Some(cents as f64 / 100.0))).is_none());
        for (id, bid, spread, size) in quotes {
            floor.quote(id, bid, bid + spread, size);
        }
        let filled = floor.filled(1) as i64;
        prop_assert!(filled <= quantity as i64);
        let sign = if buys { 1 } else { -1 };
        prop_assert_eq!(floor.held(CALL).get(), sign * filled * i64::from(ratios.0));
        prop_assert_eq!(floor.held(PUT).get(), -sign * filled * i64::from(ratios.1));
        let executions = floor.executions();
        for group in executions.chunks(3) {
            let [whole, call, put] = group else { panic!("{group:?}") };
            let net = call.price.raw() * i64::from(ratios.0) - put.price.raw() * i64::from(ratios.1);
            prop_assert_eq!(whole.price.raw(), net);
            let limit = cents * 100;
            let kept = if buys { net <= limit } else { net >= limit };
            prop_assert!(kept);
        }
    }
}
