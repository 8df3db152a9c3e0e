//! Implied volatility of a quote, and what a quote says of delta.

use core::fmt;

use alphatrader_model::instrument::Right;
use alphatrader_model::market::Quote;
use alphatrader_model::number::Price;
use implied_vol::{DefaultSpecialFn, ImpliedBlackVolatility};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::pricing::{MAX_VOLATILITY, Prepared, PricingError, Terms, Valuation, sign_of};

/// A spread up to this is never too wide, dollars.
const SPREAD_ALWAYS: Price = Price::from_cents(5);

/// Widest spread as one part of so many of the mid: a quarter.
const SPREAD_PART: i64 = 4;

/// Least change of the price for one vol point, dollars, for a volatility to mean anything.
const LEAST_POINT: f64 = 0.001;

/// Why there is no volatility.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum NoVolatility {
    /// A side of the quote is missing, or the sides cross or lock.
    #[error("no firm quote")]
    NoQuote,
    /// The spread is above 5 cents and above a quarter of the mid.
    #[error("the spread is too wide")]
    WideSpread,
    /// The option has expired.
    #[error("expired")]
    Expired,
    /// The price is not above what certain exercise is worth: noise of the market, or a right to exercise early.
    #[error("below intrinsic")]
    BelowIntrinsic,
    /// The price is not below that of what the option can deliver at best.
    #[error("above the bound")]
    AboveBound,
    /// The price asks for 500 vol or more.
    #[error("volatility out of range")]
    OutOfRange,
    /// One vol point moves the price by less than a tenth of a cent.
    #[error("the price says nothing about volatility")]
    Unreliable,
    /// The terms cannot be priced.
    #[error(transparent)]
    Terms(#[from] PricingError),
}

impl NoVolatility {
    /// A short fixed name, for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoQuote => "no_quote",
            Self::WideSpread => "wide_spread",
            Self::Expired => "expired",
            Self::BelowIntrinsic => "below_intrinsic",
            Self::AboveBound => "above_bound",
            Self::OutOfRange => "iv_out_of_range",
            Self::Unreliable => "iv_unreliable",
            Self::Terms(_) => "terms",
        }
    }
}

/// What a price says of an option: its volatility and, with it, the sensitivities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Per square root of a year, in (0, 5).
    pub volatility: f64,
    /// Price and sensitivities at that volatility.
    pub valuation: Valuation,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delta {:.3} at {:.1} vol", self.valuation.delta, self.volatility * 100.0)
    }
}

/// Middle of a quote that is fit to imply a volatility from, dollars.
///
/// # Errors
/// [`NoVolatility::NoQuote`] or [`NoVolatility::WideSpread`].
pub fn quote_price(quote: &Quote) -> Result<f64, NoVolatility> {
    let (bid, ask) = quote.firm().ok_or(NoVolatility::NoQuote)?;
    middle(bid.price, ask.price)
}

/// Middle of a bid and an ask that is fit to imply a volatility from, dollars.
pub(super) fn middle(bid: Price, ask: Price) -> Result<f64, NoVolatility> {
    if bid <= Price::ZERO || ask <= bid {
        return Err(NoVolatility::NoQuote);
    }
    // Whole units in 128 bits: the comparison with a quarter of the mid is exact and cannot overflow.
    let (bid, ask) = (i128::from(bid.raw()), i128::from(ask.raw()));
    let spread = ask - bid;
    if spread > i128::from(SPREAD_ALWAYS.raw()) && 2 * i128::from(SPREAD_PART) * spread > bid + ask {
        return Err(NoVolatility::WideSpread);
    }
    Ok((bid + ask) as f64 / (2.0 * Price::SCALE as f64))
}

/// The volatility at which the formula gives `price`, with the sensitivities there.
///
/// # Errors
/// [`NoVolatility`] when the price has no root, none below 500 vol, or hardly depends on it.
pub fn implied_volatility(terms: &Terms, price: f64) -> Result<Estimate, NoVolatility> {
    terms.prepare()?.implied(price)
}

/// The root alone, however little the price depends on it. Under half a microsecond.
///
/// # Errors
/// [`NoVolatility`] when the terms cannot be priced or the price has no root.
pub fn solve_volatility(terms: &Terms, price: f64) -> Result<f64, NoVolatility> {
    terms.prepare()?.solve(price)
}

impl Prepared {
    /// The volatility at which the formula gives `price`, with the sensitivities there.
    ///
    /// # Errors
    /// [`NoVolatility`] when the price has no root, none below 500 vol, or hardly depends on it.
    pub fn implied(&self, price: f64) -> Result<Estimate, NoVolatility> {
        accept(self, self.solve(price)?)
    }

    /// The root alone, however little the price depends on it.
    ///
    /// # Errors
    /// [`NoVolatility`] when the price has no root.
    pub fn solve(&self, price: f64) -> Result<f64, NoVolatility> {
        let bounds = self.bounds(price)?;
        let root = ImpliedBlackVolatility::builder()
            .option_price(bounds.undiscounted)
            .forward(bounds.forward)
            .strike(self.strike())
            .expiry(self.horizon().years())
            .is_call(self.right() == Right::Call)
            .build()
            .and_then(|option| option.calculate::<DefaultSpecialFn>())
            .filter(|sigma| sigma.is_finite() && *sigma > 0.0);
        root.ok_or(NoVolatility::OutOfRange)
    }

    /// That a price lies between what certain exercise is worth and what the option can deliver at best, both
    /// against the forward.
    pub(super) fn bounds(&self, price: f64) -> Result<Bounds, NoVolatility> {
        if self.horizon().years() <= 0.0 {
            return Err(NoVolatility::Expired);
        }
        if price.is_nan() {
            return Err(NoVolatility::NoQuote);
        }
        let (forward, strike) = (self.forward(), self.strike());
        let undiscounted = price / self.horizon().discount();
        let least = (sign_of(self.right()) * (forward - strike)).max(0.0);
        let most = match self.right() {
            Right::Call => forward,
            Right::Put => strike,
        };
        if undiscounted <= least {
            return Err(NoVolatility::BelowIntrinsic);
        }
        if undiscounted >= most {
            return Err(NoVolatility::AboveBound);
        }
        Ok(Bounds { undiscounted, forward })
    }
}

/// A price within its bounds, at expiry's value of money.
pub(super) struct Bounds {
    undiscounted: f64,
    forward: f64,
}

/// A root that means something: below 500 vol, and a vol point moves the price by a tenth of a cent.
pub(super) fn accept(option: &Prepared, volatility: f64) -> Result<Estimate, NoVolatility> {
    if volatility >= MAX_VOLATILITY {
        return Err(NoVolatility::OutOfRange);
    }
    let valuation = option.value(volatility)?;
    if valuation.vega * 0.01 < LEAST_POINT {
        return Err(NoVolatility::Unreliable);
    }
    Ok(Estimate { volatility, valuation })
}

/// Volatility and delta of an option from its own quote.
///
/// # Errors
/// [`NoVolatility`], of an option deep in the money most often [`NoVolatility::Unreliable`] or
/// [`NoVolatility::BelowIntrinsic`]: there the other right of the strike knows the volatility
/// ([`out_of_the_money`]).
pub fn delta_from_quote(terms: &Terms, quote: &Quote) -> Result<Estimate, NoVolatility> {
    implied_volatility(terms, quote_price(quote)?)
}

/// The right whose quote is used for both options of a strike: the one out of the money against the forward.
pub fn out_of_the_money(terms: &Terms) -> Right {
    if terms.strike >= terms.forward() { Right::Call } else { Right::Put }
}

#[cfg(test)]
mod tests {
    use super::super::pricing;
    use super::*;
    use alphatrader_model::instrument::InstrumentId;
    use alphatrader_model::market::Level;
    use alphatrader_model::number::Quantity;
    use proptest::prelude::*;

    fn quote(bid: Option<i64>, ask: Option<i64>) -> Quote {
        let level = |cents: i64| Level { price: Price::from_cents(cents), size: Quantity::new(10) };
        Quote { instrument: InstrumentId(1), bid: bid.map(level), ask: ask.map(level) }
    }

    fn spy(right: Right, strike: f64) -> Terms {
        Terms { right, spot: 600.0, strike, years: 240.0 / 525_600.0, rate: 0.043, dividend_yield: 0.012 }
    }

    #[test]
    fn only_a_firm_and_narrow_quote_has_a_price() {
        assert_eq!(quote_price(&quote(Some(100), Some(104))), Ok(1.02));
        assert_eq!(quote_price(&quote(None, Some(104))), Err(NoVolatility::NoQuote));
        assert_eq!(quote_price(&quote(Some(104), Some(104))), Err(NoVolatility::NoQuote));
        assert_eq!(quote_price(&quote(Some(0), Some(4))), Err(NoVolatility::NoQuote));
        // Five cents always pass; more may be a quarter of the mid.
        assert_eq!(quote_price(&quote(Some(1), Some(6))), Ok(0.035));
        assert_eq!(quote_price(&quote(Some(35), Some(45))), Ok(0.40));
        assert_eq!(quote_price(&quote(Some(34), Some(45))), Err(NoVolatility::WideSpread));
    }

    #[test]
    fn too_low_and_too_high_are_told_apart_by_the_forward() {
        let call = spy(Right::Call, 590.0);
        let intrinsic = 600.0 * libm::exp(-0.012 * call.years) - 590.0 * libm::exp(-0.043 * call.years);
        assert!(intrinsic > 10.0, "the forward is above spot: {intrinsic}");
        assert_eq!(implied_volatility(&call, 10.001), Err(NoVolatility::BelowIntrinsic));
        assert_eq!(implied_volatility(&call, 600.0), Err(NoVolatility::AboveBound));
        assert_eq!(implied_volatility(&spy(Right::Put, 590.0), 590.0), Err(NoVolatility::AboveBound));
        assert_eq!(implied_volatility(&spy(Right::Put, 590.0), 0.0), Err(NoVolatility::BelowIntrinsic));
        assert_eq!(implied_volatility(&call, f64::NAN), Err(NoVolatility::NoQuote));
        assert_eq!(implied_volatility(&Terms { years: 0.0, ..call }, 11.0), Err(NoVolatility::Expired));
        assert_eq!(implied_volatility(&spy(Right::Call, 600.0), 100.0), Err(NoVolatility::OutOfRange));
    }

    #[test]
    fn a_price_without_time_value_says_nothing() {
        let call = spy(Right::Call, 590.0);
        let price = pricing::price(&call, 0.12).unwrap();
        assert_eq!(implied_volatility(&call, price + 1e-5), Err(NoVolatility::Unreliable));
        assert_eq!(out_of_the_money(&call), Right::Put);
        assert_eq!(out_of_the_money(&spy(Right::Call, 601.0)), Right::Call);
    }

    #[test]
    fn a_quote_gives_the_delta_it_was_made_from() {
        let call = spy(Right::Call, 602.0);
        let exact = pricing::value(&call, 0.12).unwrap();
        let estimate = delta_from_quote(&call, &quote(Some(7), Some(8))).unwrap();
        // The mid is off the exact price by a third of a cent.
        assert!((estimate.valuation.delta - exact.delta).abs() < 0.005, "{estimate}");
        assert!((estimate.valuation.price - 0.075).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn price_and_volatility_are_inverse(
            moneyness in -2.0_f64..2.0, minutes in 5.0_f64..525_600.0, sigma in 0.05_f64..3.0, put in any::<bool>(),
        ) {
            let years = minutes / 525_600.0;
            let right = if put { Right::Put } else { Right::Call };
            let strike = 600.0 * libm::exp(moneyness * sigma * libm::sqrt(years));
            let terms = Terms { right, spot: 600.0, strike, years, rate: 0.043, dividend_yield: 0.012 };
            let price = pricing::price(&terms, sigma).unwrap();
            let found = implied_volatility(&terms, price);
            match found {
                Ok(estimate) => prop_assert!((estimate.volatility / sigma - 1.0).abs() < 1e-7, "{estimate:?}"),
                Err(why) => prop_assert_eq!(why, NoVolatility::Unreliable),
            }
        }

        #[test]
        fn any_price_gives_a_volatility_or_a_reason(
            price in any::<f64>(), strike in 0.01_f64..10_000.0, years in -1.0_f64..3.0, put in any::<bool>(),
        ) {
            let right = if put { Right::Put } else { Right::Call };
            let terms = Terms { right, spot: 600.0, strike, years, rate: 0.043, dividend_yield: 0.012 };
            if let Ok(estimate) = implied_volatility(&terms, price) {
                prop_assert!(estimate.volatility > 0.0 && estimate.volatility < 5.0);
            }
        }
    }
}
