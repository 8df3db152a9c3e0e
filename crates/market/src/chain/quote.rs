//! How an option's value becomes a quote: ticks, spreads, sizes.

use alphatrader_model::market::Level;
use alphatrader_model::{InstrumentId, OptionContract, Price, Quantity, Quote, Right};

use crate::random::Random;

/// The market maker of one contract.
#[derive(Debug, Clone)]
pub(super) struct Maker {
    /// Typical size, contracts.
    size: u64,
    /// Ticks that this contract's spread is wider than the closest.
    extra: i64,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self { size: 40 + random.below(160), extra: i64::from(random.chance(0.3)) }
    }

    /// A quote around `value` dollars on a tick of a cent. The bid is not above the value and the
    /// ask not below it, so no quote breaks a bound that the value keeps. A value below half a tick
    /// has no bid.
    pub(super) fn quote(
        &self,
        instrument: InstrumentId,
        option: &OptionContract,
        spot: Price,
        value: f64,
        random: &mut Random,
    ) -> Quote {
        let cents = value * 100.0;
        // One to three cents near the money, more as the price grows.
        let width = 1 + self.extra + (cents * 0.006) as i64;
        let bid = ((cents - 0.5 * width as f64).floor() as i64).max(0);
        let ask = (bid + width).max(cents.ceil() as i64).max(1);
        // Nobody bids more than the option can ever be worth.
        let most = match option.right {
            Right::Call => spot,
            Right::Put => option.strike,
        };
        let bid = Price::from_cents(bid).min(most.floor_to(Price::CENT));
        let bid = (bid > Price::ZERO).then(|| Level { price: bid, size: self.draw(random) });
        let ask = Some(Level { price: Price::from_cents(ask), size: self.draw(random) });
        Quote { instrument, bid, ask }
    }

    fn draw(&self, random: &mut Random) -> Quantity {
        Quantity::new(1 + self.size / 2 + random.below(self.size))
    }
}
