//! From an option's market to its volatility: which price counts, which side of the strike, and why there is none.
//!
//! 1. The middle of bid and ask, if the bid is positive, the ask above it, and the spread at most 5 cents or a quarter
//!    of the middle; else the last trade, if it is younger than 60 s; else nothing.
//! 2. The side out of the money speaks for both options of a strike: the call where the strike is at or above the forward.
//! 3. The price undiscounted lies strictly between what certain exercise is worth and the forward (calls) or the
//!    strike (puts).
//! 4. The root is below 500 vol, and one vol point moves the price by a tenth of a cent.
//!
//! A contract without a bid is not implied from its ask: it takes the volatility of its neighbours ([`between`]), and
//! says so.

use alphatrader_model::instrument::Right;
use alphatrader_model::market::Quote;
use alphatrader_model::number::Price;
use alphatrader_model::time::Span;

use super::implied::{NoVolatility, middle};
use super::pricing::Horizon;

/// A last trade this old or older says nothing of the price now.
pub const LAST_IS_OLD: Span = Span::from_seconds(60);

/// What is known of an option's price. What is not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Market {
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Last trade.
    pub last: Option<LastTrade>,
}

/// A last trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTrade {
    /// Its price.
    pub price: Price,
    /// How long ago it was.
    pub age: Span,
}

/// What a price rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The middle of bid and ask.
    Middle,
    /// The last trade.
    Last,
}

impl From<&Quote> for Market {
    fn from(quote: &Quote) -> Self {
        Self { bid: quote.bid.map(|level| level.price), ask: quote.ask.map(|level| level.price), last: None }
    }
}

impl Market {
    /// The price to imply a volatility from, dollars, and what it rests on.
    ///
    /// # Errors
    /// What is wrong with the quote: [`NoVolatility::NoQuote`] or [`NoVolatility::WideSpread`], when no young trade
    /// stands in for it.
    pub fn price(&self) -> Result<(f64, Basis), NoVolatility> {
        let quoted = match (self.bid, self.ask) {
            (Some(bid), Some(ask)) => middle(bid, ask),
            _ => Err(NoVolatility::NoQuote),
        };
        let why = match quoted {
            Ok(price) => return Ok((price, Basis::Middle)),
            Err(why) => why,
        };
        let young = |last: &LastTrade| {
            last.price > Price::ZERO && last.age >= Span::from_nanos(0) && last.age < LAST_IS_OLD
        };
        match self.last.filter(young) {
            Some(last) => Ok((last.price.to_f64(), Basis::Last)),
            None => Err(why),
        }
    }

    /// Whether nobody bids: then neighbours know the volatility, the ask does not.
    pub fn has_no_bid(&self) -> bool {
        self.bid.is_none_or(|bid| bid <= Price::ZERO)
    }
}

/// The volatility of a strike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrikeVolatility {
    /// Per square root of a year, in (0, 5): for the call and the put of the strike.
    pub volatility: f64,
    /// Which of them it was implied from.
    pub side: Right,
    /// What their price rests on.
    pub basis: Basis,
}

/// Volatility of a strike from the markets of its call and its put. `previous` is its volatility a moment ago, where
/// there was one.
///
/// # Errors
/// [`NoVolatility`] of the side out of the money.
pub fn strike_volatility(
    horizon: &Horizon,
    spot: f64,
    strike: f64,
    call: &Market,
    put: &Market,
    previous: Option<f64>,
) -> Result<StrikeVolatility, NoVolatility> {
    let calls = horizon.option(Right::Call, spot, strike)?;
    let (side, option, market) = if strike >= calls.forward() {
        (Right::Call, calls, call)
    } else {
        (Right::Put, horizon.option(Right::Put, spot, strike)?, put)
    };
    let (price, basis) = market.price()?;
    let estimate = match previous {
        Some(previous) => option.implied_from(price, previous)?,
        None => option.implied(price)?,
    };
    Ok(StrikeVolatility { volatility: estimate.volatility, side, basis })
}

/// A strike of an expiry whose volatility is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// Strike, dollars.
    pub strike: f64,
    /// Its volatility.
    pub volatility: f64,
}

/// Volatility of a strike from its known neighbours below and above in the same expiry: total variance is linear in the
/// logarithm of the strike between them, and beyond the last of them it stays. Absent without a neighbour.
///
/// Total variance is the squared volatility times the time to expiry, which is the same for both, so it does not appear.
pub fn between(strike: f64, below: Option<Known>, above: Option<Known>) -> Option<f64> {
    let usable = |known: &Known| known.strike > 0.0 && known.volatility > 0.0 && known.volatility.is_finite();
    if strike.is_nan() || strike <= 0.0 {
        return None;
    }
    match (below.filter(usable), above.filter(usable)) {
        (Some(below), Some(above)) if below.strike < above.strike => {
            let share = libm::log(strike / below.strike) / libm::log(above.strike / below.strike);
            let (low, high) = (below.volatility * below.volatility, above.volatility * above.volatility);
            Some(libm::sqrt(low + (high - low) * share.clamp(0.0, 1.0)))
        }
        (Some(known), _) | (None, Some(known)) => Some(known.volatility),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pricing::PricingError;
    use super::*;
    use proptest::prelude::*;

    fn market(bid: i64, ask: i64) -> Market {
        Market { bid: Some(Price::from_cents(bid)), ask: Some(Price::from_cents(ask)), last: None }
    }

    fn last(cents: i64, seconds: i64) -> LastTrade {
        LastTrade { price: Price::from_cents(cents), age: Span::from_seconds(seconds) }
    }

    fn noon() -> Horizon {
        Horizon::new(240.0 / 525_600.0, 0.043, 0.012).unwrap()
    }

    #[test]
    fn a_young_trade_stands_in_for_a_quote_that_says_nothing() {
        assert_eq!(market(6, 8).price(), Ok((0.07, Basis::Middle)));
        assert_eq!(Market { last: Some(last(9, 1)), ..market(6, 8) }.price(), Ok((0.07, Basis::Middle)));
        for (quote, why) in [
            (Market::default(), NoVolatility::NoQuote),
            (market(0, 3), NoVolatility::NoQuote),
            (market(7, 7), NoVolatility::NoQuote),
            (market(8, 7), NoVolatility::NoQuote),
            (market(30, 60), NoVolatility::WideSpread),
        ] {
            assert_eq!(quote.price(), Err(why));
            assert_eq!(Market { last: Some(last(9, 59)), ..quote }.price(), Ok((0.09, Basis::Last)));
            assert_eq!(Market { last: Some(last(9, 60)), ..quote }.price(), Err(why), "a minute is too old");
            assert_eq!(Market { last: Some(last(9, -1)), ..quote }.price(), Err(why), "from the future");
            assert_eq!(Market { last: Some(last(0, 1)), ..quote }.price(), Err(why));
        }
        assert!(market(0, 3).has_no_bid() && Market::default().has_no_bid() && !market(1, 3).has_no_bid());
    }

    #[test]
    fn the_side_out_of_the_money_speaks_for_both() {
        // Oracle rows `spy-0d-240m-c` and around it: 12 vol, 602 call 0.0713.
        let (call, put) = (market(7, 8), market(204, 207));
        let found = strike_volatility(&noon(), 600.0, 602.0, &call, &put, None).unwrap();
        assert_eq!((found.side, found.basis), (Right::Call, Basis::Middle));
        assert!((found.volatility - 0.12).abs() < 0.003, "{found:?}");
        let warm = strike_volatility(&noon(), 600.0, 602.0, &call, &put, Some(0.13)).unwrap();
        assert!((warm.volatility / found.volatility - 1.0).abs() < 1e-7);
        let low = strike_volatility(&noon(), 600.0, 598.0, &put, &call, None).unwrap();
        assert_eq!(low.side, Right::Put);
        assert_eq!(
            strike_volatility(&noon(), 600.0, 602.0, &market(0, 3), &put, None),
            Err(NoVolatility::NoQuote),
            "the put in the money is not asked"
        );
        assert_eq!(
            strike_volatility(&noon(), f64::NAN, 602.0, &call, &put, None).map_err(|why| why.name()),
            Err("terms")
        );
        assert!(matches!(
            strike_volatility(&noon(), 600.0, 0.0, &call, &put, None),
            Err(NoVolatility::Terms(PricingError::Strike(_)))
        ));
    }

    #[test]
    fn every_refusal_has_its_own_name() {
        let at = |strike: f64, call: Market| {
            strike_volatility(&noon(), 600.0, strike, &call, &Market::default(), None)
                .map_err(|why| why.name())
        };
        assert_eq!(at(700.0, market(1, 2)), Err("iv_unreliable"), "a cent, one hundred dollars away");
        assert_eq!(at(602.0, market(60_100, 60_200)), Err("above_bound"));
        assert_eq!(at(602.0, market(20_000, 20_200)), Err("iv_out_of_range"));
        assert_eq!(at(602.0, market(10, 40)), Err("wide_spread"));
        let expired = Horizon::new(0.0, 0.043, 0.012).unwrap();
        let late = strike_volatility(&expired, 600.0, 602.0, &market(7, 8), &Market::default(), None);
        assert_eq!(late, Err(NoVolatility::Expired));
    }

    #[test]
    fn neighbours_lend_their_variance() {
        let below = Known { strike: 590.0, volatility: 0.14 };
        let above = Known { strike: 600.0, volatility: 0.12 };
        let at = |strike| between(strike, Some(below), Some(above)).unwrap();
        assert!((at(590.0) - 0.14).abs() < 1e-15 && (at(600.0) - 0.12).abs() < 1e-15);
        let middle = libm::sqrt(590.0 * 600.0);
        assert!((at(middle) - libm::sqrt(f64::midpoint(0.14 * 0.14, 0.12 * 0.12))).abs() < 1e-14);
        assert_eq!(between(580.0, None, Some(below)), Some(0.14));
        assert_eq!(between(610.0, Some(above), None), Some(0.12));
        assert_eq!(between(610.0, None, None), None);
        let broken = Known { strike: 590.0, volatility: f64::NAN };
        assert_eq!(between(595.0, Some(broken), Some(above)), Some(0.12));
        assert_eq!(between(f64::NAN, Some(below), Some(above)), None);
    }

    proptest! {
        #[test]
        fn between_two_volatilities_lies_one_between(
            low in 1.0_f64..1_000.0, gap in 0.1_f64..100.0, share in 0.0_f64..1.0, a in 0.01_f64..3.0, b in 0.01_f64..3.0,
        ) {
            let (below, above) = (Known { strike: low, volatility: a }, Known { strike: low + gap, volatility: b });
            let found = between(low + gap * share, Some(below), Some(above)).unwrap();
            prop_assert!(found >= a.min(b) - 1e-12 && found <= a.max(b) + 1e-12);
        }
    }
}
