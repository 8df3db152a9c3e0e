//! Bookings, buying power and settlement, by hand and against a plain sum.

use proptest::prelude::*;

use super::*;

fn spy() -> Contract {
    "SPY".parse().unwrap()
}

fn call() -> Contract {
    "SPY250602C00600000".parse().unwrap()
}

fn put() -> Contract {
    "SPY250602P00600000".parse().unwrap()
}

fn trade(contract: Contract, side: Side, quantity: u64, cents: i64, commission: i64) -> Booking {
    Booking {
        contract,
        multiplier: if contract.option().is_some() { 100 } else { 1 },
        side,
        quantity: Quantity::new(quantity),
        price: Price::from_cents(cents),
        commission: Money::from_micros(commission),
    }
}

fn claim(contract: Contract, side: Side, quantity: u64, cents: i64) -> Claim {
    let booking = trade(contract, side, quantity, cents, 0);
    Claim {
        contract,
        multiplier: booking.multiplier,
        side,
        remaining: booking.quantity,
        price: booking.price,
        group: None,
        covered_by_parent: false,
    }
}

fn dollars(dollars: i64) -> Money {
    Money::from_dollars(dollars)
}

#[test]
fn a_round_trip_in_options_by_hand() {
    let mut account = PaperAccount::new(dollars(100_000), 50);
    // 10 contracts at 1.34: 1 340 dollars and 6.50 commission.
    assert_eq!(account.book(&trade(call(), Side::Buy, 10, 134, 6_500_000)), Ok(None));
    assert_eq!(account.cash(), Money::from_micros(98_653_500_000));
    account.mark(&call(), Price::from_raw(15_050));
    assert_eq!(account.unrealized(), dollars(165), "1.505 less 1.34 on 1 000 shares");
    assert_eq!(account.equity(), Money::from_micros(100_158_500_000));
    // Half is sold at 1.60: 130 dollars of profit.
    assert_eq!(account.book(&trade(call(), Side::Sell, 5, 160, 3_250_000)), Ok(Some(dollars(130))));
    // The rest is sold at 1.00: 170 dollars of loss.
    assert_eq!(account.book(&trade(call(), Side::Sell, 5, 100, 3_250_000)), Ok(Some(dollars(-170))));
    assert_eq!(account.realized(), dollars(-40));
    assert_eq!(account.cash(), Money::from_micros(99_947_000_000), "40 lost, 13 paid");
    assert_eq!(account.equity(), account.cash());
    account.forget_flat();
    assert!(account.holdings().is_empty());
}

#[test]
fn a_position_can_turn_over() {
    let mut account = PaperAccount::new(dollars(10_000), 50);
    account.book(&trade(spy(), Side::Buy, 10, 10_000, 0)).unwrap();
    assert_eq!(account.book(&trade(spy(), Side::Sell, 15, 10_200, 0)), Ok(Some(dollars(20))));
    let holding = account.holdings()[&spy()];
    assert_eq!(holding.quantity, SignedQuantity::new(-5));
    assert_eq!(holding.cost, dollars(-510), "what the short sale brought");
    account.mark(&spy(), Price::from_cents(10_300));
    assert_eq!(account.equity(), dollars(10_015));
    assert_eq!(account.book(&trade(spy(), Side::Buy, 5, 10_300, 0)), Ok(Some(dollars(-5))));
}

#[test]
fn a_cost_that_does_not_divide_is_not_lost() {
    let mut account = PaperAccount::new(dollars(1_000), 100);
    // Three units for one cent and a tenth of a mill: thirds of it are no whole number of micro-dollars.
    let odd = Booking { price: Price::from_raw(1), multiplier: 1, ..trade(spy(), Side::Buy, 1, 0, 0) };
    account.book(&odd).unwrap();
    account.book(&trade(spy(), Side::Buy, 2, 1, 0)).unwrap();
    for _ in 0..3 {
        account.book(&trade(spy(), Side::Sell, 1, 1, 0)).unwrap();
    }
    assert_eq!(account.holdings()[&spy()].cost, Money::ZERO);
    assert_eq!(account.realized(), Money::from_micros(9_900));
}

#[test]
fn long_premium_must_be_covered_by_cash() {
    let account = PaperAccount::new(dollars(1_000), 50);
    assert_eq!(account.check(&claim(call(), Side::Buy, 10, 100), &[]), Ok(()));
    let refusal = account.check(&claim(call(), Side::Buy, 10, 101), &[]).unwrap_err();
    assert_eq!(refusal.code, 201);
    assert!(
        refusal.reason.contains("[1000.00 USD]") && refusal.reason.contains("[1010.00 USD]"),
        "{refusal}"
    );
    // What works already has its claim.
    let working = [claim(put(), Side::Buy, 5, 100)];
    assert!(account.check(&claim(call(), Side::Buy, 5, 100), &working).is_ok());
    assert!(account.check(&claim(call(), Side::Buy, 6, 100), &working).is_err());
}

#[test]
fn stock_ties_up_its_margin() {
    let margin = PaperAccount::new(dollars(10_000), 50);
    assert_eq!(margin.buying_power(), dollars(20_000));
    assert!(margin.check(&claim(spy(), Side::Buy, 200, 10_000), &[]).is_ok());
    assert!(margin.check(&claim(spy(), Side::Buy, 201, 10_000), &[]).is_err());
    assert!(margin.check(&claim(spy(), Side::Sell, 201, 10_000), &[]).is_err(), "short stock as well");
    let mut cash = PaperAccount::new(dollars(10_000), 100);
    assert!(cash.check(&claim(spy(), Side::Buy, 101, 10_000), &[]).is_err());
    cash.book(&trade(spy(), Side::Buy, 60, 10_000, 0)).unwrap();
    assert_eq!(cash.available(), dollars(4_000));
    cash.mark(&spy(), Price::from_cents(20_000));
    assert_eq!(cash.available(), dollars(4_000), "in a cash account gains on paper buy nothing");
    assert!(cash.check(&claim(spy(), Side::Sell, 60, 20_000), &[]).is_ok());
}

#[test]
fn options_are_sold_only_as_far_as_they_are_held() {
    let mut account = PaperAccount::new(dollars(10_000), 50);
    account.book(&trade(call(), Side::Buy, 10, 100, 0)).unwrap();
    let sell = |quantity, group| Claim { group, ..claim(call(), Side::Sell, quantity, 90) };
    assert!(account.check(&sell(10, None), &[]).is_ok());
    assert!(account.check(&sell(11, None), &[]).is_err());
    // A stop and a target of one group close the position once.
    let exits = [sell(10, Some(1)), sell(10, Some(1))];
    assert!(account.check(&sell(1, None), &exits).is_err());
    assert!(account.check(&sell(10, Some(1)), &exits).is_ok(), "a third way out of the same group");
    let halves = [sell(5, Some(1)), sell(5, Some(1)), sell(4, Some(2))];
    assert!(account.check(&sell(1, None), &halves).is_ok());
    assert!(account.check(&sell(2, None), &halves).is_err());
    let child = Claim { covered_by_parent: true, ..sell(50, None) };
    assert!(account.check(&child, &halves).is_ok());
}

#[test]
fn what_expires_is_settled_at_its_intrinsic_value() {
    let mut account = PaperAccount::new(dollars(10_000), 50);
    account.book(&trade(call(), Side::Buy, 2, 150, 1_300_000)).unwrap();
    account.book(&trade(put(), Side::Buy, 3, 80, 1_950_000)).unwrap();
    account.book(&trade(spy(), Side::Buy, 1, 60_000, 0)).unwrap();
    let settled = account.settle(|option| option.root.as_str() == "SPY", Price::from_cents(60_125)).unwrap();
    let outcome: Vec<_> =
        settled.iter().map(|s| (s.contract, s.quantity.get(), s.price, s.realized)).collect();
    assert_eq!(
        outcome,
        [
            // 1.25 a share on 200 shares less 300 paid.
            (call(), 2, Price::from_cents(125), dollars(-50)),
            (put(), 3, Price::ZERO, dollars(-240)),
        ]
    );
    assert_eq!(account.held(&call()), SignedQuantity::ZERO);
    assert_eq!(account.held(&spy()), SignedQuantity::new(1));
    assert_eq!(account.equity(), Money::from_micros(10_000_000_000 - 290_000_000 - 3_250_000));
}

#[test]
fn amounts_beyond_money_are_refused_and_change_nothing() {
    let mut account = PaperAccount::new(dollars(10_000), 50);
    let before = account.clone();
    let huge = Booking { price: Price::from_raw(i64::MAX / 2), ..trade(spy(), Side::Buy, 1_000, 1, 0) };
    assert_eq!(account.book(&huge), Err(AmountError));
    assert_eq!(account, before);
}

#[test]
fn an_account_survives_its_file() {
    let mut account = PaperAccount::new(dollars(10_000), 50);
    account.book(&trade(call(), Side::Buy, 2, 150, 1_300_000)).unwrap();
    account.book(&trade(spy(), Side::Sell, 5, 60_000, 1_000_000)).unwrap();
    let text = serde_json::to_string(&account).unwrap();
    assert_eq!(serde_json::from_str::<PaperAccount>(&text).unwrap(), account);
}

proptest! {
    /// Cash and market value are the start, the profit and the commissions, whatever is traded; and
    /// they are what a plain sum over the executions says.
    #[test]
    fn nothing_is_made_or_lost(
        trades in prop::collection::vec((0_usize..3, any::<bool>(), 1_u64..200, 1_i64..100_000, 0_i64..5_000_000), 1..60),
        marks in prop::collection::vec(1_i64..1_000_000, 3),
    ) {
        let contracts = [spy(), call(), put()];
        let mut account = PaperAccount::new(dollars(1_000_000), 50);
        let (mut cash, mut held) = (dollars(1_000_000).micros(), [0_i64; 3]);
        for (which, buys, quantity, cents, commission) in trades {
            let side = if buys { Side::Buy } else { Side::Sell };
            let booking = trade(contracts[which], side, quantity, cents, commission);
            account.book(&booking).unwrap();
            let units = side.sign() * quantity as i64;
            cash -= units * cents * 10_000 * i64::from(booking.multiplier) + commission;
            held[which] += units;
        }
        let mut value = 0;
        for (which, raw) in marks.into_iter().enumerate() {
            account.mark(&contracts[which], Price::from_raw(raw));
            value += held[which] * raw * 100 * if which == 0 { 1 } else { 100 };
            prop_assert_eq!(account.held(&contracts[which]).get(), held[which]);
        }
        prop_assert_eq!(account.cash().micros(), cash);
        prop_assert_eq!(account.market_value().micros(), value);
        let profit = account.realized().micros() + account.unrealized().micros();
        prop_assert_eq!(cash + value, account.start().micros() + profit - account.commissions().micros());
    }
}
