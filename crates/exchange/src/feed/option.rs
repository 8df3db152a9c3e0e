//! Implied volatility and Greeks of an option, as the broker computes them for its clients.

use alphatrader_analytics::options::{Terms, Valuation, solve_volatility, value, years_between};
use alphatrader_model::{Instrument, Timestamp};

/// Interest rate and dividend yield that the gateway's model uses, a year, continuous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Risk-free rate.
    pub rate: f64,
    /// Dividend yield.
    pub dividend_yield: f64,
}

/// What a price says of an option.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Computation {
    /// Implied volatility, a fraction a year.
    pub volatility: f64,
    /// Price and sensitivities there.
    pub valuation: Valuation,
    /// Price of the underlying it was computed with, dollars.
    pub underlying: f64,
}

/// The terms of an option, when it is one and the underlying has a price.
pub fn terms_of(instrument: &Instrument, underlying: f64, now: Timestamp, rates: Rates) -> Option<Terms> {
    let option = instrument.contract.option()?;
    let terms = Terms {
        right: option.right,
        spot: underlying,
        strike: option.strike.to_f64(),
        years: years_between(now, instrument.expires?),
        rate: rates.rate,
        dividend_yield: rates.dividend_yield,
    };
    terms.check().ok().map(|()| terms)
}

/// What `price` dollars says of the option; nothing when it has no implied volatility.
pub fn compute(terms: &Terms, price: f64) -> Option<Computation> {
    let volatility = solve_volatility(terms, price).ok()?;
    let valuation = value(terms, volatility).ok()?;
    Some(Computation { volatility, valuation, underlying: terms.spot })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::catalogue::tests::instrument;
    use alphatrader_model::Span;

    #[test]
    fn a_price_gives_back_its_volatility() {
        let call = instrument(1, "SPY261123C00600000");
        let now = call.expires.unwrap() - Span::from_minutes(60);
        let terms = terms_of(&call, 600.0, now, Rates { rate: 0.04, dividend_yield: 0.012 }).unwrap();
        let price = value(&terms, 0.15).unwrap().price;
        let computed = compute(&terms, price).unwrap();
        assert!((computed.volatility - 0.15).abs() < 1e-9);
        assert!((computed.valuation.delta - 0.5).abs() < 0.05);
        assert_eq!(compute(&terms, 0.0), None);
        assert_eq!(
            terms_of(&instrument(0, "SPY"), 600.0, now, Rates { rate: 0.0, dividend_yield: 0.0 }),
            None
        );
    }
}
