use super::*;
use proptest::prelude::*;

fn terms(right: Right, spot: f64, strike: f64, years: f64) -> Terms {
    Terms { right, spot, strike, years, rate: 0.043, dividend_yield: 0.012 }
}

#[test]
fn after_expiry_only_intrinsic_is_left() {
    let call = value(&terms(Right::Call, 601.0, 600.0, 0.0), 0.12).unwrap();
    assert_eq!((call.price, call.delta, call.gamma, call.theta), (1.0, 1.0, 0.0, 0.0));
    let put = value(&terms(Right::Put, 601.0, 600.0, -0.1), 0.12).unwrap();
    assert_eq!((put.price, put.delta), (0.0, 0.0));
    assert_eq!(value(&terms(Right::Put, 600.0, 600.0, 0.0), 0.12).unwrap().delta, -0.5);
}

#[test]
fn less_than_a_minute_is_priced_as_a_minute_and_says_so() {
    let minute = value(&terms(Right::Call, 600.0, 600.0, ONE_MINUTE), 0.25).unwrap();
    let second = value(&terms(Right::Call, 600.0, 600.0, ONE_MINUTE / 60.0), 0.25).unwrap();
    assert!(second.clamped && !minute.clamped);
    assert_eq!(second.gamma, minute.gamma);
}

#[test]
fn no_volatility_leaves_the_forward_against_the_strike() {
    let terms = terms(Right::Call, 600.0, 590.0, 1.0);
    let certain = value(&terms, 1e-9).unwrap();
    let forward = (600.0 * libm::exp(-0.012) - 590.0 * libm::exp(-0.043)).max(0.0);
    assert!((certain.price - forward).abs() < 1e-9);
    // A whole vol point is as good as certain ten standard deviations from the strike.
    let nearly = value(&terms, 0.002).unwrap();
    assert!((nearly.price - certain.price).abs() < 1e-9);
    assert!((nearly.delta - certain.delta).abs() < 1e-9);
    assert!((nearly.theta - certain.theta).abs() < 1e-6);
}

#[test]
fn what_cannot_be_priced_is_an_error() {
    let good = terms(Right::Call, 600.0, 600.0, 0.1);
    for volatility in [0.0, -0.1, 5.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(value(&good, volatility), Err(PricingError::Volatility(_))), "{volatility}");
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(value(&Terms { spot: bad, ..good }, 0.2), Err(PricingError::Spot(_))));
        assert!(matches!(value(&Terms { strike: bad, ..good }, 0.2), Err(PricingError::Strike(_))));
    }
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(matches!(value(&Terms { years: bad, ..good }, 0.2), Err(PricingError::Years(_))));
        assert!(matches!(value(&Terms { rate: bad, ..good }, 0.2), Err(PricingError::Rate(_))));
        assert!(matches!(value(&Terms { dividend_yield: bad, ..good }, 0.2), Err(PricingError::Rate(_))));
    }
}

/// Gamma at the money grows as one over the root of the time left: the figures of a 600 SPY at 13 vol.
#[test]
fn gamma_grows_as_time_runs_out() {
    for (minutes, gamma, digit) in
        [(390.0, 0.188, 5e-4), (60.0, 0.479, 5e-4), (30.0, 0.677, 5e-4), (5.0, 1.66, 5e-3)]
    {
        let v = value(&terms(Right::Call, 600.0, 600.0, minutes * ONE_MINUTE), 0.13).unwrap();
        assert!((v.gamma - gamma).abs() <= digit, "{minutes}: {}", v.gamma);
    }
    // A day of 252 in the last half hour: delta of the 602 call would read 0.349 instead of 0.00035.
    let delta = |years| value(&terms(Right::Call, 600.0, 602.0, years), 0.13).unwrap().delta;
    assert!((delta(30.0 * ONE_MINUTE) - 0.000_35).abs() < 5e-6 && (delta(1.0 / 252.0) - 0.349).abs() < 2e-3);
}

/// From a minute to two years, at and around the money, at every volatility: numbers, and all of them.
#[test]
fn no_tenor_from_a_minute_to_two_years_gives_a_nan() {
    let mut minutes = 1.0;
    while minutes < 2.0 * 525_600.0 {
        for strike in [1.0, 300.0, 590.0, 599.99, 600.0, 600.01, 610.0, 1_200.0, 100_000.0] {
            for volatility in [1e-9, 1e-4, 0.01, 0.13, 1.0, 5.0] {
                for right in [Right::Call, Right::Put] {
                    let v = value(&terms(right, 600.0, strike, minutes * ONE_MINUTE), volatility).unwrap();
                    for x in [v.price, v.delta, v.gamma, v.vega, v.theta, v.rho, v.vanna, v.charm] {
                        assert!(x.is_finite(), "{minutes} {strike} {volatility}: {v:?}");
                    }
                }
            }
        }
        minutes *= 1.07;
    }
}

#[test]
fn an_option_on_a_future_carries_at_the_rate() {
    let future = Terms { dividend_yield: 0.043, ..terms(Right::Call, 5_000.0, 5_100.0, 0.25) };
    assert!((future.forward() - 5_000.0).abs() < 1e-9);
    // Black-76 by hand: discounted difference of the two halves.
    let total = 0.18 * 0.5;
    let d1 = libm::log(5_000.0 / 5_100.0) / total + total / 2.0;
    let by_hand = libm::exp(-0.043 * 0.25) * (5_000.0 * normal_cdf(d1) - 5_100.0 * normal_cdf(d1 - total));
    assert!((value(&future, 0.18).unwrap().price - by_hand).abs() < 1e-9);
}

#[test]
fn an_expiry_prepared_once_gives_the_same_bits() {
    let horizon = Horizon::new(0.1, 0.043, 0.012).unwrap();
    for strike in [500.0, 600.0, 700.0] {
        for right in [Right::Call, Right::Put] {
            let prepared = horizon.option(right, 600.0, strike).unwrap();
            let plain = terms(right, 600.0, strike, 0.1);
            assert_eq!(prepared.value(0.2), value(&plain, 0.2));
            assert_eq!(prepared.price(0.2), prepared.value(0.2).map(|v| v.price));
            assert!((prepared.forward() / plain.forward() - 1.0).abs() < 1e-15);
        }
    }
    assert!(matches!(Horizon::new(f64::NAN, 0.0, 0.0), Err(PricingError::Years(_))));
    assert!(matches!(horizon.option(Right::Call, 0.0, 1.0), Err(PricingError::Spot(_))));
}

prop_compose! {
    fn any_terms()(
        spot in 1.0_f64..10_000.0, moneyness in 0.5_f64..2.0, years in ONE_MINUTE..2.0,
        rate in -0.05_f64..0.3, dividend_yield in -0.05_f64..0.3,
    ) -> Terms {
        Terms { right: Right::Call, spot, strike: spot * moneyness, years, rate, dividend_yield }
    }
}

proptest! {
    #[test]
    fn put_call_parity(call in any_terms(), sigma in 0.001_f64..5.0) {
        let put = Terms { right: Right::Put, ..call };
        let (c, p) = (value(&call, sigma).unwrap(), value(&put, sigma).unwrap());
        let carry = libm::exp(-call.dividend_yield * call.years);
        let gap = c.price - p.price - call.spot * carry + call.strike * libm::exp(-call.rate * call.years);
        prop_assert!(gap.abs() <= 2e-12 * call.spot.max(call.strike), "{gap}");
        prop_assert!((c.delta - p.delta - carry).abs() < 1e-12);
        prop_assert_eq!(c.gamma, p.gamma);
        prop_assert_eq!(c.vega, p.vega);
    }

    /// Central differences of the price, which the closed forms of the sensitivities never saw.
    #[test]
    fn sensitivities_are_the_slopes_of_the_price(call in any_terms(), sigma in 0.05_f64..2.0, put in any::<bool>()) {
        let terms = Terms { right: if put { Right::Put } else { Right::Call }, ..call };
        // Near the money, at least an hour: elsewhere a difference of prices has no digits left.
        prop_assume!(terms.years > 1.2e-4);
        let total = sigma * libm::sqrt(terms.years);
        let terms = Terms { strike: terms.forward() * libm::exp(total * (terms.strike / terms.spot - 1.0)), ..terms };
        let at = |spot: f64, vol: f64, years: f64| value(&Terms { spot, years, ..terms }, vol).unwrap();
        let v = at(terms.spot, sigma, terms.years);
        let h = terms.spot * total * 1e-3;
        let (up, down) = (at(terms.spot + h, sigma, terms.years), at(terms.spot - h, sigma, terms.years));
        let close = |what: &str, exact: f64, difference: f64, scale: f64| {
            prop_assert!((exact - difference).abs() <= 1e-5 * scale, "{what}: {exact} {difference}");
            Ok(())
        };
        close("delta", v.delta, (up.price - down.price) / (2.0 * h), 1.0)?;
        close("gamma", v.gamma, (up.delta - down.delta) / (2.0 * h), v.gamma)?;
        let dv = sigma * 1e-4;
        let (up, down) = (at(terms.spot, sigma + dv, terms.years), at(terms.spot, sigma - dv, terms.years));
        close("vega", v.vega, (up.price - down.price) / (2.0 * dv), v.vega)?;
        close("vanna", v.vanna, (up.delta - down.delta) / (2.0 * dv), 1.0 / sigma)?;
        let dt = terms.years * 1e-4;
        let (up, down) = (at(terms.spot, sigma, terms.years + dt), at(terms.spot, sigma, terms.years - dt));
        let scale = v.theta.abs() + v.vega * sigma / terms.years;
        close("theta", v.theta, (down.price - up.price) / (2.0 * dt), scale)?;
        close("charm", v.charm, (down.delta - up.delta) / (2.0 * dt), v.charm.abs() + 1.0 / terms.years)?;
        let dr = 1e-4;
        let at = |rate: f64| value(&Terms { rate, ..terms }, sigma).unwrap().price;
        let scale = v.rho.abs() + terms.spot * terms.years;
        close("rho", v.rho, (at(terms.rate + dr) - at(terms.rate - dr)) / (2.0 * dr), scale)?;
    }

    #[test]
    fn no_input_gives_a_nan(
        spot in any::<f64>(), strike in any::<f64>(), years in any::<f64>(), rate in any::<f64>(),
        dividend_yield in any::<f64>(), sigma in any::<f64>(), put in any::<bool>(),
    ) {
        let right = if put { Right::Put } else { Right::Call };
        if let Ok(v) = value(&Terms { right, spot, strike, years, rate, dividend_yield }, sigma) {
            for x in [v.price, v.delta, v.gamma, v.vega, v.theta, v.rho, v.vanna, v.charm] {
                prop_assert!(!x.is_nan());
            }
        }
    }

    #[test]
    fn every_tenor_and_moneyness_is_finite_and_within_its_bounds(
        call in any_terms(), sigma in 1e-12_f64..5.0, put in any::<bool>(),
    ) {
        let terms = Terms { right: if put { Right::Put } else { Right::Call }, ..call };
        let v = value(&terms, sigma).unwrap();
        for x in [v.price, v.delta, v.gamma, v.vega, v.theta, v.rho, v.vanna, v.charm] {
            prop_assert!(x.is_finite());
        }
        prop_assert!(v.price >= 0.0 && v.gamma >= 0.0 && v.vega >= 0.0);
        let carry = libm::exp(-terms.dividend_yield * terms.years);
        prop_assert!((0.0..=carry).contains(&(v.delta * sign_of(terms.right))));
    }

    #[test]
    fn ten_times_the_dollars_is_ten_times_the_price(call in any_terms(), sigma in 0.01_f64..3.0) {
        let large = Terms { spot: 10.0 * call.spot, strike: 10.0 * call.strike, ..call };
        let (small, large) = (value(&call, sigma).unwrap(), value(&large, sigma).unwrap());
        let close = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-11 * scale;
        prop_assert!(close(large.price, 10.0 * small.price, 10.0 * call.spot.max(call.strike)));
        prop_assert!(close(large.delta, small.delta, 1.0));
        prop_assert!(close(large.gamma * 10.0 * call.spot, small.gamma * call.spot, small.gamma * call.spot + 1.0));
        prop_assert!(close(large.vega, 10.0 * small.vega, 10.0 * call.spot));
    }
}
