use super::super::super::pricing::{sign_of, value};
use super::super::has_dividend;
use super::*;
use alphatrader_model::instrument::Right;
use proptest::prelude::*;

fn terms(right: Right, strike: f64, days: f64) -> Terms {
    Terms { right, spot: 600.0, strike, years: days / 365.0, rate: 0.043, dividend_yield: 0.012 }
}

fn tree() -> Tree {
    Tree::default()
}

fn american(terms: &Terms, volatility: f64, dividends: &[CashDividend]) -> American {
    tree().value(terms, volatility, dividends, DividendModel::SpotDrop).unwrap()
}

#[test]
fn the_tree_of_puts_gives_the_premium_of_the_table() {
    // American over European put in cents, 7 and 30 days, at 0.98, 1.00 and 1.02 of spot.
    for (days, strike, cents, within) in
        [(7.0, 588.0, 0.3, 0.05), (7.0, 600.0, 2.1, 0.2), (7.0, 612.0, 9.4, 0.3), (30.0, 600.0, 11.0, 1.0)]
    {
        let put = terms(Right::Put, strike, days);
        let premium = american(&put, 0.14, &[]).valuation.price - value(&put, 0.14).unwrap().price;
        assert!((premium * 100.0 - cents).abs() <= within, "{days} {strike}: {premium}");
    }
}

#[test]
fn a_put_deep_in_the_money_is_exercised_now() {
    let found = american(&Terms { strike: 660.0, ..terms(Right::Put, 660.0, 14.0) }, 0.16, &[]);
    let v = found.valuation;
    assert!(found.exercise_now);
    assert_eq!((v.price, v.delta, v.gamma, v.vega, v.rho), (60.0, -1.0, 0.0, 0.0, 0.0));
}

#[test]
fn a_call_without_dividends_is_european() {
    let call = Terms { dividend_yield: 0.0, ..terms(Right::Call, 580.0, 60.0) };
    assert_eq!(american(&call, 0.2, &[]).valuation, value(&call, 0.2).unwrap());
    let after = CashDividend { years: 61.0 / 365.0, amount: 2.0 };
    assert_eq!(american(&call, 0.2, &[after]).valuation, value(&call, 0.2).unwrap());
}

#[test]
fn both_ways_of_a_dividend_say_nearly_the_same() {
    let tomorrow = [CashDividend { years: 1.0 / 365.0, amount: 1.85 }];
    let call = Terms { dividend_yield: 0.0, ..terms(Right::Call, 585.0, 2.0) };
    let drop = american(&call, 0.14, &tomorrow).valuation;
    let escrowed = tree().value(&call, 0.14, &tomorrow, DividendModel::Escrowed).unwrap().valuation;
    assert!((drop.price - 15.0697).abs() < 1e-3, "{drop:?}");
    assert!((escrowed.price - 15.0697).abs() < 2e-3, "{escrowed:?}");
    let put = Terms { right: Right::Put, strike: 600.0, years: 30.0 / 365.0, ..call };
    let drop = american(&put, 0.14, &tomorrow).valuation;
    let escrowed = tree().value(&put, 0.14, &tomorrow, DividendModel::Escrowed).unwrap().valuation;
    for (ours, theirs, within) in [
        (drop.price, escrowed.price, 0.05),
        (drop.delta, escrowed.delta, 0.005),
        (drop.gamma, escrowed.gamma, 0.02 * drop.gamma),
        (drop.vega, escrowed.vega, 0.02 * drop.vega),
        (drop.theta, escrowed.theta, 0.05 * drop.theta.abs()),
        (drop.rho, escrowed.rho, 0.05 * drop.rho.abs()),
        // A year's charm: a thousandth of delta a day.
        (drop.charm, escrowed.charm, 0.365),
    ] {
        assert!((ours - theirs).abs() <= within, "{ours} {theirs}: {drop:?} {escrowed:?}");
    }
}

#[test]
fn without_chance_the_best_instant_counts() {
    let put = Terms { strike: 900.0, ..terms(Right::Put, 900.0, 1.0) };
    let found = american(&put, 0.01, &[]);
    assert!(found.exercise_now && found.valuation.price == 300.0);
    let call = Terms { dividend_yield: 0.0, ..terms(Right::Call, 300.0, 10.0) };
    let paid = [CashDividend { years: 5.0 / 365.0, amount: 3.0 }];
    let found = american(&call, 0.01, &paid);
    // Exercised on the eve of the dividend: the strike is paid five days from now.
    let eve = 600.0 - 300.0 * libm::exp(-0.043 * 5.0 / 365.0);
    assert!((found.valuation.price - eve).abs() < 1e-9 && !found.exercise_now, "{found:?}");
    let worthless = american(&Terms { right: Right::Put, ..call }, 0.01, &paid);
    assert_eq!(worthless.valuation.price, 0.0);
}

#[test]
fn what_no_tree_can_take_is_refused() {
    assert_eq!(Tree::new(100).unwrap_err(), AmericanError::Steps(100));
    assert_eq!(Tree::new(2_003).unwrap_err(), AmericanError::Steps(2_003));
    let put = terms(Right::Put, 600.0, 14.0);
    let mut tree = tree();
    let mut with = |years: f64, amount: f64| {
        tree.value(&put, 0.14, &[CashDividend { years, amount }], DividendModel::SpotDrop).map(|_| ())
    };
    for amount in [-0.01, 600.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(with(0.01, amount), Err(AmericanError::Dividend { .. })), "{amount}");
    }
    assert!(matches!(with(f64::NAN, 1.0), Err(AmericanError::Dividend { .. })));
    assert!(with(-1.0, 1.0).is_ok() && with(7.0, 1.0).is_ok(), "paid before or after: no effect");
    let many = [CashDividend { years: 0.01, amount: 0.1 }; 17];
    let refused = tree.value(&put, 0.14, &many, DividendModel::SpotDrop);
    assert_eq!(refused, Err(AmericanError::Dividends(17)));
    let heavy = [CashDividend { years: 0.01, amount: 400.0 }; 2];
    let refused = tree.value(&put, 0.14, &heavy, DividendModel::Escrowed);
    assert!(matches!(refused, Err(AmericanError::Dividend { .. })));
    assert!(matches!(
        tree.value(&Terms { spot: 0.0, ..put }, 0.14, &[], DividendModel::SpotDrop),
        Err(AmericanError::Pricing(PricingError::Spot(_)))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// At least intrinsic, at least European, at most what it can deliver; never NaN; the same each time.
    #[test]
    fn an_american_option_is_worth_its_rights(
        moneyness in -3.0_f64..3.0, days in 0.1_f64..700.0, sigma in 0.02_f64..2.0, rate in -0.02_f64..0.1,
        dividend_yield in -0.01_f64..0.1, put in any::<bool>(), amount in 0.0_f64..10.0, when in 0.0_f64..1.2,
        paid in any::<bool>(),
    ) {
        let years = days / 365.0;
        let strike = 600.0 * libm::exp(moneyness * sigma * libm::sqrt(years));
        let right = if put { Right::Put } else { Right::Call };
        let terms = Terms { right, spot: 600.0, strike, years, rate, dividend_yield };
        let dividends = [CashDividend { years: when * years, amount }];
        let dividends = if paid { &dividends[..] } else { &[] };
        let mut tree = tree();
        for model in [DividendModel::SpotDrop, DividendModel::Escrowed] {
            let found = tree.value(&terms, sigma, dividends, model).unwrap();
            let v = found.valuation;
            for x in [v.price, v.delta, v.gamma, v.vega, v.theta, v.rho, v.vanna, v.charm] {
                prop_assert!(x.is_finite(), "{v:?}");
            }
            let inside = sign_of(right) * (600.0 - strike);
            prop_assert!(v.price >= inside.max(0.0) - 1e-9);
            let most = if put { strike * libm::exp(0.02 * years) } else { 600.0 * libm::exp(0.01 * years) };
            prop_assert!(v.price <= most + 1e-6, "{} {most}", v.price);
            if !has_dividend(years, dividends) {
                prop_assert!(v.price >= value(&terms, sigma).unwrap().price - 1e-9 * strike.max(600.0));
                prop_assert!(v.delta.abs() <= libm::exp(0.01 * years) + 0.01);
            }
            prop_assert_eq!(tree.value(&terms, sigma, dividends, model).unwrap(), found);
        }
    }

    /// The seven-roll slopes against differences of the prices of a much finer tree.
    #[test]
    fn slopes_are_those_of_a_finer_tree(strike in 560.0_f64..640.0, days in 5.0_f64..90.0, sigma in 0.1_f64..0.5) {
        let put = terms(Right::Put, strike, days);
        let found = american(&put, sigma, &[]);
        prop_assume!(!found.exercise_now && found.valuation.price > 600.0 - strike + 0.2);
        let mut fine = Tree::new(1_001).unwrap();
        let mut price = |spot: f64, sigma: f64, rate: f64| {
            let terms = Terms { spot, rate, ..put };
            fine.quick(&terms, sigma, &[], DividendModel::SpotDrop).unwrap().valuation.price
        };
        let v = found.valuation;
        let h = 600.0 * sigma * libm::sqrt(put.years) * 0.05;
        let delta = (price(600.0 + h, sigma, 0.043) - price(600.0 - h, sigma, 0.043)) / (2.0 * h);
        // Where the nodes around spot reach over the boundary of exercise, the bend there costs some thousandths.
        prop_assert!((v.delta - delta).abs() < 6e-3, "{} {delta}", v.delta);
        let vega = (price(600.0, sigma * 1.02, 0.043) - price(600.0, sigma * 0.98, 0.043)) / (0.04 * sigma);
        prop_assert!((v.vega - vega).abs() < 0.04 * vega + 0.3, "{} {vega}", v.vega);
        let rho = (price(600.0, sigma, 0.044) - price(600.0, sigma, 0.042)) / 0.002;
        prop_assert!((v.rho - rho).abs() < 0.05 * rho.abs() + 0.5, "{} {rho}", v.rho);
    }
}
