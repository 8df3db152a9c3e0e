//! The price of an underlying by a better source, and between which prices it moved lately.
//!
//! An answer is of a moment before it came. Held against the last price alone, a sound chain looks stale whenever the
//! underlying moves by more than a spread in that time.

use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};

/// Length of a stretch; lately is this one and the one before: 5 to 10 s.
const STRETCH: Span = Span::from_seconds(5);

/// A price, and the lowest and highest of the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The last.
    pub price: Price,
    /// The lowest lately; at most the last.
    pub low: Price,
    /// The highest lately; at least the last.
    pub high: Price,
}

impl Spot {
    /// A price that did not move.
    pub const fn at(price: Price) -> Self {
        Self { price, low: price, high: price }
    }

    fn with(self, price: Price) -> Self {
        Self { price, low: self.low.min(price), high: self.high.max(price) }
    }
}

/// Prices as they come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    at: Timestamp,
    begun: Timestamp,
    now: Spot,
    before: Option<Spot>,
}

impl Heard {
    pub(crate) const fn first(at: Timestamp, price: Price) -> Self {
        Self { at, begun: at, now: Spot::at(price), before: None }
    }

    pub(crate) fn hear(&mut self, at: Timestamp, price: Price) {
        let age = at.since(self.begun);
        if age >= STRETCH {
            self.before = (age < STRETCH + STRETCH).then_some(self.now);
            (self.begun, self.now) = (at, Spot::at(price));
        } else {
            self.now = self.now.with(price);
        }
        self.at = at;
    }

    /// The price, unless it is older than `most`.
    pub(crate) fn young(&self, now: Timestamp, most: Span) -> Option<Spot> {
        let lately = self.before.map_or(self.now, |before| Spot {
            price: self.now.price,
            low: self.now.low.min(before.low),
            high: self.now.high.max(before.high),
        });
        (now.since(self.at) <= most).then_some(lately)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_where_the_price_was_lately_and_forgets_what_is_longer_ago() {
        let at = |seconds: i64| Timestamp::from_seconds(1_773_667_800 + seconds);
        let dollars = |dollars: i64| Price::from_cents(dollars * 100);
        let mut heard = Heard::first(at(0), dollars(600));
        for (seconds, price) in [(1, 590), (4, 601), (5, 602), (9, 603)] {
            heard.hear(at(seconds), dollars(price));
        }
        let spot = heard.young(at(10), STRETCH);
        assert_eq!(spot, Some(Spot { price: dollars(603), low: dollars(590), high: dollars(603) }));
        heard.hear(at(10), dollars(604));
        assert_eq!(heard.young(at(10), STRETCH).unwrap().low, dollars(602), "590 was nine seconds ago");
        heard.hear(at(60), dollars(605));
        assert_eq!(heard.young(at(60), STRETCH), Some(Spot::at(dollars(605))));
        assert_eq!(heard.young(at(66), STRETCH), None);
    }
}
