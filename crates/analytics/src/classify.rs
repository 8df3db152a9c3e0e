//! Who started a trade, on whole price units.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`rule`] | the rules, which of them fits a feed, and how often each is right |
//! | [`lag`] | the quote of some time ago, for rules with a lag |
//! | [`bulk`] | bulk volume: what share of a bar was bought |
//! | [`student`] | Student's distribution by table |
//!
//! Prices are compared as integers: the middle of 100.00 and 100.02 is 100.01, which binary fractions deny. A rule
//! that needs a quote and has none, or only an old one, leaves the print to the tick rule; the quote rule
//! leaves it open. The method travels with the side.

pub mod bulk;
pub mod lag;
pub mod rule;
pub mod student;

use alphatrader_model::market::Side;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

pub use lag::LaggedQuotes;
pub use rule::{ClassifyParameters, ClassifyRule, FeedKind};

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

impl QuoteInForce {
    /// Bid and offer together: twice the middle, in whole price units.
    #[inline]
    pub const fn twice_the_middle(&self) -> i64 {
        // Admitted prices are far below half of the integer's range.
        self.bid.raw() + self.ask.raw()
    }

    /// The side that the price's place in the quote tells, by the quote rule, EMO or CLNV (`rule`).
    #[inline]
    fn side_of(&self, price: Price, rule: ClassifyRule) -> Option<Side> {
        let (bid, ask, price) = (self.bid.raw(), self.ask.raw(), price.raw());
        let (buy, sell) = match rule {
            ClassifyRule::Emo => (price == ask, price == bid),
            ClassifyRule::Clnv => {
                // Tenths of the spread: ten times a price, three times the spread.
                let near = 3 * (ask - bid);
                let at_offer = price <= ask && 10 * price > 10 * ask - near;
                let at_bid = price >= bid && 10 * price < 10 * bid + near;
                (at_offer, at_bid)
            }
            _ => (2 * price > bid + ask, 2 * price < bid + ask),
        };
        if buy {
            Some(Side::Buy)
        } else if sell {
            Some(Side::Sell)
        } else {
            None
        }
    }
}

/// What decided, or had the last word when nothing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The feed stated the aggressor.
    Feed,
    /// The place of the print in the quote.
    Quote,
    /// The tick rule.
    Tick,
}

/// Finds sides by one rule; the memory of the tick rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Classifier {
    parameters: ClassifyParameters,
    /// Price of the last print; zero before the first.
    last: Price,
    /// Direction of the last change of price.
    direction: Option<Side>,
}

impl Classifier {
    /// Knows no print yet.
    pub const fn new(parameters: ClassifyParameters) -> Self {
        Self { parameters, last: Price::ZERO, direction: None }
    }

    /// How it signs.
    pub const fn parameters(&self) -> &ClassifyParameters {
        &self.parameters
    }

    /// The side of the aggressor, absent when nothing decides (the first prints of a day), and what decided.
    /// `quote` is the one in force; with a lag, that of [`LaggedQuotes`].
    #[inline]
    pub fn classify(
        &self,
        ts: Timestamp,
        price: Price,
        stated: Option<Side>,
        quote: Option<&QuoteInForce>,
    ) -> (Option<Side>, Method) {
        if stated.is_some() && self.parameters.trust_stated {
            return (stated, Method::Feed);
        }
        let by_quote = match self.parameters.rule {
            ClassifyRule::Native => return (None, Method::Feed),
            ClassifyRule::Tick | ClassifyRule::Bulk => None,
            rule => {
                let limit = self.parameters.max_quote_age + self.parameters.quote_lag;
                quote.filter(|quote| ts.since(quote.at) <= limit).and_then(|quote| quote.side_of(price, rule))
            }
        };
        match (by_quote, self.parameters.rule) {
            (None, rule) if rule != ClassifyRule::Quote => (self.tick(price), Method::Tick),
            (side, _) => (side, Method::Quote),
        }
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
        (self.last, self.direction) = (price, None);
    }

    /// Forgets all prints.
    pub fn reset(&mut self) {
        *self = Self::new(self.parameters);
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

    /// Sides of the example by a rule, and what decided; the last print comes while the quote is crossed.
    fn by(rule: ClassifyRule) -> Vec<(Option<Side>, Method)> {
        let mut classifier = Classifier::new(ClassifyParameters::only(rule));
        let good = quote(100_000, 100_020);
        let sides = PRINTS.iter().enumerate().map(|(place, &price)| {
            let in_force = (place < 8).then_some(&good);
            // What the feed states is not asked for.
            let side = classifier.classify(Timestamp::from_seconds(1), milli(price), BUY, in_force);
            classifier.remember(milli(price));
            side
        });
        sides.collect()
    }

    #[test]
    fn the_worked_example_by_every_rule() {
        let sides = |rule| by(rule).into_iter().map(|(side, _)| side).collect::<Vec<_>>();
        assert_eq!(sides(ClassifyRule::Tick), [None, BUY, SELL, SELL, SELL, SELL, BUY, BUY, SELL]);
        assert_eq!(sides(ClassifyRule::Quote), [SELL, BUY, None, None, SELL, SELL, BUY, BUY, None]);
        for rule in [ClassifyRule::LeeReady, ClassifyRule::Emo, ClassifyRule::Clnv] {
            assert_eq!(sides(rule), [SELL, BUY, SELL, SELL, SELL, SELL, BUY, BUY, SELL], "{rule:?}");
        }
        assert_eq!(sides(ClassifyRule::Native), [BUY; 9]);
    }

    #[test]
    fn the_method_travels_with_the_side() {
        let quotes = |rule| by(rule).iter().filter(|(_, method)| *method == Method::Quote).count();
        assert_eq!(quotes(ClassifyRule::Quote), 9);
        assert_eq!(quotes(ClassifyRule::LeeReady), 6, "all but the middle, twice, and the crossed one");
        assert_eq!(quotes(ClassifyRule::Emo), 2, "at bid and offer");
        assert_eq!(quotes(ClassifyRule::Clnv), 4, "100.005 and 100.018 are near the ends");
        assert_eq!(by(ClassifyRule::Bulk)[1], (BUY, Method::Tick));
    }

    #[test]
    fn the_example_where_binary_fractions_fail() {
        let classifier = Classifier::new(ClassifyParameters::only(ClassifyRule::LeeReady));
        let mut classifier = classifier;
        classifier.remember(milli(100_020));
        let (side, method) = classifier.classify(
            Timestamp::from_seconds(0),
            milli(100_010),
            None,
            Some(&quote(100_000, 100_020)),
        );
        assert_eq!((side, method), (SELL, Method::Tick), "exactly at the middle");
    }

    #[test]
    fn native_leaves_open_what_the_feed_leaves_open() {
        let native = Classifier::new(ClassifyParameters::only(ClassifyRule::Native));
        let good = quote(100_000, 100_020);
        let of = |stated| native.classify(Timestamp::from_seconds(0), milli(100_020), stated, Some(&good));
        assert_eq!((of(SELL), of(None)), ((SELL, Method::Feed), (None, Method::Feed)));
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
