//! What a contract's own quote says of it.

use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::{ContractGreeks, ContractView};

use super::{Terms, delta_from_quote, quote_price, years_between};

/// Days of a year of option prices.
const DAYS: f64 = 365.0;

/// Implied volatility and sensitivities at the middle of an option's quote, per unit. Absent for what is
/// no option, has no time of expiry, or whose quote implies nothing (no two sides, too wide, deep in the
/// money, expired). `rate` is continuous, a year; no dividend is assumed.
pub fn greeks(view: &ContractView, spot: Price, now: Timestamp, rate: f64) -> Option<ContractGreeks> {
    let contract = view.instrument.contract;
    let option = contract.option()?;
    let quote = view.quote?;
    let terms = Terms {
        right: option.right,
        spot: spot.to_f64(),
        strike: option.strike.to_f64(),
        years: years_between(now, view.instrument.expires?),
        rate,
        dividend_yield: 0.0,
    };
    let estimate = delta_from_quote(&terms, &quote).ok()?;
    let valuation = estimate.valuation;
    Some(ContractGreeks {
        contract,
        underlying: view.instrument.underlying,
        quote_at: view.quote_at?,
        mid: quote_price(&quote).ok()?,
        spot: terms.spot,
        implied_volatility: estimate.volatility,
        delta: valuation.delta,
        gamma: valuation.gamma,
        theta: valuation.theta / DAYS,
        vega: valuation.vega / 100.0,
    })
}

#[cfg(test)]
mod tests {
    use super::super::value;
    use super::*;
    use alphatrader_model::instrument::{Instrument, InstrumentId, Symbol};
    use alphatrader_model::market::{Level, Quote};
    use alphatrader_model::number::Quantity;

    fn view(bid: i64, ask: i64) -> ContractView {
        let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(10) });
        let id = InstrumentId(1);
        ContractView {
            instrument: Instrument {
                id,
                contract: "SPY131007C00168000".parse().unwrap(),
                underlying: Symbol::new("SPY").unwrap(),
                multiplier: 100,
                tick: Price::CENT,
                tick_above: Price::from_cents(5),
                tick_break: Price::from_cents(300),
                expires: Some(Timestamp::from_seconds(1_381_176_000)),
                con_id: None,
                synthetic: true,
            },
            quote: Some(Quote { instrument: id, bid: level(bid), ask: level(ask) }),
            quote_at: Some(Timestamp::from_seconds(1_381_160_000)),
            open_interest: None,
            volume: None,
        }
    }

    #[test]
    fn they_give_the_quote_back_and_units_are_those_of_traders() {
        let now = Timestamp::from_seconds(1_381_160_001);
        let greeks = greeks(&view(49, 51), Price::from_cents(16_810), now, 0.04).unwrap();
        assert!((greeks.mid - 0.50).abs() < 1e-12 && greeks.spot == 168.1);
        assert!((0.3..0.8).contains(&greeks.delta) && greeks.gamma > 0.0 && greeks.theta < 0.0, "{greeks:?}");
        let option = greeks.contract.option().unwrap();
        let terms = Terms {
            right: option.right,
            spot: 168.1,
            strike: 168.0,
            years: years_between(now, Timestamp::from_seconds(1_381_176_000)),
            rate: 0.04,
            dividend_yield: 0.0,
        };
        let price = |volatility: f64| value(&terms, volatility).unwrap().price;
        let volatility = greeks.implied_volatility;
        assert!((price(volatility) - 0.50).abs() < 1e-9);
        let point = (price(volatility + 0.005) - price(volatility - 0.005)) - greeks.vega;
        assert!(point.abs() < 1e-4, "a hundredth of volatility: {point}");
    }

    #[test]
    fn a_quote_that_implies_nothing_has_none() {
        let (now, spot) = (Timestamp::from_seconds(1_381_160_001), Price::from_cents(16_810));
        assert_eq!(greeks(&ContractView { quote: None, ..view(49, 51) }, spot, now, 0.04), None);
        assert_eq!(greeks(&view(0, 51), spot, now, 0.04), None);
        let late = Timestamp::from_seconds(1_381_176_000);
        assert_eq!(greeks(&view(49, 51), spot, late, 0.04), None, "it has expired");
    }
}
