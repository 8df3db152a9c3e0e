//! Who started a trade: the feed's word, else Lee and Ready's rule (1991) on whole price units.
//!
//! Above the middle of the quote in force is bought, below is sold; at the middle, and when no fresh
//! firm quote is known, the tick rule decides: an uptick is bought, a downtick sold, no change carries
//! the last direction on. Prices are compared as integers: the middle of 100.00 and 100.02 is 100.01,
//! which binary fractions deny.

use alphatrader_model::market::Side;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A quote older than this says nothing about a print.
pub const MAX_QUOTE_AGE: Span = Span::from_seconds(2);

/// The firm quote that prints are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteInForce {
    /// Best bid, below `ask`.
    pub bid: Price,
    /// Best offer.
    pub ask: Price,
    /// Event time of the quote.
    pub at: Timestamp,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The feed stated the aggressor.
    Feed,
    /// The print lay off the middle of the quote.
    Quote,
    /// The print lay at the middle, or no quote was in force.
    Tick,
}

/// Memory of the tick rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Classifier {
    /// Price of the last print; zero before the first.
    last: Price,
    /// Direction of the last change of price.
    direction: Option<Side>,
}

impl Classifier {
    /// The side of the aggressor, absent when nothing decides (the first prints of a day), and what decided.
    #[inline]
    pub fn classify(
        &self,
        ts: Timestamp,
        price: Price,
        stated: Option<Side>,
        quote: Option<&QuoteInForce>,
    ) -> (Option<Side>, Method) {
        if stated.is_some() {
            return (stated, Method::Feed);
        }
        if let Some(quote) = quote
            && ts.since(quote.at) <= MAX_QUOTE_AGE
        {
            // Admitted prices are far below half of the integer's range.
            let twice_the_middle = quote.bid.raw() + quote.ask.raw();
            let twice = 2 * price.raw();
            if twice != twice_the_middle {
                let side = if twice > twice_the_middle { Side::Buy } else { Side::Sell };
                return (Some(side), Method::Quote);
            }
        }
        (self.tick(price), Method::Tick)
    }

    /// The tick rule alone.
    #[inline]
    pub fn tick(&self, price: Price) -> Option<Side> {
        if self.last == Price::ZERO || price == self.last {
            self.direction
        } else if price > self.last {
            Some(Side::Buy)
        } else {
            Some(Side::Sell)
        }
    }

    /// Remembers a print, after it was classified.
    #[inline]
    pub fn remember(&mut self, price: Price) {
        self.direction = self.tick(price);
        self.last = price;
    }

    /// Remembers the price of an auction: the next print is compared with it, but no direction is carried over.
    pub fn remember_auction(&mut self, price: Price) {
        *self = Self { last: price, direction: None };
    }

    /// Forgets all prints.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BUY: Option<Side> = Some(Side::Buy);
    const SELL: Option<Side> = Some(Side::Sell);

    /// Thousandths of a dollar.
    fn milli(price: i64) -> Price {
        Price::from_raw(price * 10)
    }

    fn quote(bid: i64, ask: i64) -> QuoteInForce {
        QuoteInForce { bid: milli(bid), ask: milli(ask), at: Timestamp::from_seconds(0) }
    }

    /// The worked example of the reference: nine prints against 100.000/100.020, the last while crossed.
    const PRINTS: [i64; 9] = [100_000, 100_020, 100_010, 100_010, 100_005, 99_990, 100_012, 100_018, 100_010];

    #[test]
    fn the_worked_example_by_the_tick_rule() {
        let mut classifier = Classifier::default();
        let sides: Vec<_> = PRINTS
            .iter()
            .map(|&price| {
                let side = classifier.tick(milli(price));
                classifier.remember(milli(price));
                side
            })
            .collect();
        assert_eq!(sides, [None, BUY, SELL, SELL, SELL, SELL, BUY, BUY, SELL]);
    }

    #[test]
    fn the_worked_example_by_lee_and_ready() {
        let mut classifier = Classifier::default();
        let good = quote(100_000, 100_020);
        let sides: Vec<_> = PRINTS
            .iter()
            .enumerate()
            .map(|(place, &price)| {
                let in_force = (place < 8).then_some(&good);
                let (side, method) =
                    classifier.classify(Timestamp::from_seconds(1), milli(price), None, in_force);
                let tick = place == 8 || milli(price) == milli(100_010);
                assert_eq!(method, if tick { Method::Tick } else { Method::Quote }, "{price}");
                classifier.remember(milli(price));
                side
            })
            .collect();
        assert_eq!(sides, [SELL, BUY, SELL, SELL, SELL, SELL, BUY, BUY, SELL]);
    }

    #[test]
    fn the_feed_knows_better() {
        let above = quote(100_000, 100_020);
        let (side, method) =
            Classifier::default().classify(Timestamp::from_seconds(0), milli(100_000), BUY, Some(&above));
        assert_eq!((side, method), (BUY, Method::Feed));
    }

    #[test]
    fn an_old_quote_says_nothing() {
        let quote = quote(100_000, 100_020);
        let classifier = Classifier::default();
        let at = |seconds| {
            classifier.classify(Timestamp::from_seconds(seconds), milli(100_020), None, Some(&quote))
        };
        assert_eq!(at(2), (BUY, Method::Quote));
        assert_eq!(at(3), (None, Method::Tick));
    }

    #[test]
    fn an_auction_forgets_the_direction_but_is_a_price() {
        let mut classifier = Classifier::default();
        classifier.remember(milli(100));
        classifier.remember(milli(101));
        classifier.remember_auction(milli(105));
        assert_eq!(classifier.tick(milli(105)), None);
        assert_eq!(classifier.tick(milli(104)), SELL);
    }

    proptest! {
        /// A mirror of the market turns every side around.
        #[test]
        fn mirrored_prices_give_mirrored_sides(prices in prop::collection::vec(1_i64..1_000, 1..60), bid in 1_i64..999, width in 1_i64..5) {
            let mirror = |price: i64| 2_000 - price;
            let (mut up, mut down) = (Classifier::default(), Classifier::default());
            let (here, there) = (quote(bid, bid + width), quote(mirror(bid + width), mirror(bid)));
            for price in prices {
                let ts = Timestamp::from_seconds(1);
                let side = up.classify(ts, milli(price), None, Some(&here)).0;
                let other = down.classify(ts, milli(mirror(price)), None, Some(&there)).0;
                prop_assert_eq!(side, other.map(Side::opposite));
                up.remember(milli(price));
                down.remember(milli(mirror(price)));
            }
        }
    }
}
