//! How an option's value becomes a quote: ticks, spreads, sizes.

use alphatrader_model::market::Level;
use alphatrader_model::{InstrumentId, OptionContract, Price, Quantity, Quote, Right};

use super::ChainConfig;
use crate::random::Random;

/// The market maker of one contract.
#[derive(Debug, Clone)]
pub(super) struct Maker {
    /// Typical size, contracts.
    size: u64,
    /// Cents that this contract's spread is wider than the closest.
    extra: i64,
}

impl Maker {
    pub(super) fn new(seed: u64, width: i64) -> Self {
        let mut random = Random::new(seed);
        let size = (40 + random.below(160)) / width.unsigned_abs().max(1);
        Self { size: size.max(4), extra: width - 1 + i64::from(random.chance(0.3)) }
    }

    /// A quote around `value` dollars on the contract's ticks. The bid is not above the value and the
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

/// A quote whose prices stand on the configuration's ticks: bids rounded down, asks up.
pub(super) fn on_ticks(mut quote: Quote, config: &ChainConfig) -> Quote {
    if config.tick_above == Price::CENT {
        return quote;
    }
    let step = |price: Price| if price < config.tick_break { Price::CENT } else { config.tick_above };
    if let Some(bid) = &mut quote.bid {
        bid.price = bid.price.floor_to(step(bid.price));
    }
    if let Some(ask) = &mut quote.ask {
        ask.price = ask.price.ceil_to(step(ask.price));
    }
    quote
}
