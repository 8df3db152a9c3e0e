//! The quote of some time ago, for rules with a lag.

use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ClassifyParameters, QuoteInForce};

/// Quotes that are remembered. More inside the lag, and the quote of that time is not known any more.
pub const REMEMBERED: usize = 1_024;

/// The last quotes of a symbol, a ring in the order of their coming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaggedQuotes {
    lag: Span,
    quotes: Box<[Option<QuoteInForce>]>,
    newest: usize,
}

impl LaggedQuotes {
    /// Looks back by `lag`, 0 to 5 s; values outside are moved to the nearest one inside.
    pub fn new(lag: Span) -> Self {
        let lag = lag.clamp(Span::ZERO, ClassifyParameters::MAX_LAG);
        Self { lag, quotes: vec![None; REMEMBERED].into_boxed_slice(), newest: 0 }
    }

    /// A firm quote came.
    #[inline]
    pub fn push(&mut self, quote: QuoteInForce) {
        self.newest = (self.newest + 1) % REMEMBERED;
        self.quotes[self.newest] = Some(quote);
    }

    /// The quote in force one lag before `ts`; at most [`REMEMBERED`] steps, one a quote inside the lag.
    pub fn at(&self, ts: Timestamp) -> Option<&QuoteInForce> {
        let then = ts.nanos().saturating_sub(self.lag.nanos());
        (0..REMEMBERED)
            .map_while(|back| self.quotes[(self.newest + REMEMBERED - back) % REMEMBERED].as_ref())
            .find(|quote| quote.at.nanos() <= then)
    }

    /// Quotes were lost.
    pub fn clear(&mut self) {
        self.quotes.fill(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::number::Price;

    fn quote(millis: i64, bid: i64) -> QuoteInForce {
        let price = Price::from_cents;
        QuoteInForce { bid: price(bid), ask: price(bid + 1), at: Timestamp::from_millis(millis) }
    }

    fn bid(quotes: &LaggedQuotes, millis: i64) -> Option<i64> {
        quotes.at(Timestamp::from_millis(millis)).map(|quote| quote.bid.raw() / 100)
    }

    #[test]
    fn the_quote_of_a_lag_ago_is_found() {
        let mut quotes = LaggedQuotes::new(Span::from_millis(100));
        assert_eq!(bid(&quotes, 0), None);
        for (millis, price) in [(0, 10), (50, 11), (120, 12)] {
            quotes.push(quote(millis, price));
        }
        assert_eq!(
            [99, 100, 149, 150, 219, 220, 900].map(|at| bid(&quotes, at)),
            [None, Some(10), Some(10), Some(11), Some(11), Some(12), Some(12),]
        );
        quotes.clear();
        assert_eq!(bid(&quotes, 900), None);
    }

    #[test]
    fn a_quote_that_was_pushed_out_is_not_known() {
        let mut quotes = LaggedQuotes::new(Span::from_seconds(99));
        for millis in 0..2_000 {
            quotes.push(quote(millis, 10));
        }
        assert_eq!(quotes.lag, Span::from_seconds(5));
        assert_eq!(bid(&quotes, 5_900), None);
        assert_eq!(bid(&quotes, 5_976), Some(10));
    }
}
