//! Stoikov's micro-price (2018): the mid plus an adjustment fitted for each state of the touch.
//!
//! A state is the imbalance qb/(qb + qa), cut into buckets, and the spread in ticks. The adjustment G* is
//! the mid's expected move, in ticks, until it no longer matters where the book stands now; how it comes
//! from counted transitions stands in [`super::fit`]. A look-up is one division and one table entry.
//!
//! A state that was seen too rarely has no adjustment: the answer is then the weighted mid, and says so.

use alphatrader_model::market::Level;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

use super::weighted_mid;

/// Most states of a table.
pub const STATES: usize = 32;

/// How the touch is cut into states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MicroShape {
    imbalances: u8,
    spreads: u8,
    tick: i64,
}

impl MicroShape {
    /// `imbalances` buckets (2 to 16; 10 is usual) and spreads of 1 to `spreads` ticks (1 to 4; 2 is
    /// usual), [`STATES`] states at most: numbers outside are moved to the nearest inside, spreads first.
    pub fn new(imbalances: u8, spreads: u8, tick: Price) -> Self {
        let imbalances = imbalances.clamp(2, 16);
        let spreads = spreads.clamp(1, 4).min(STATES as u8 / imbalances);
        Self { imbalances, spreads, tick: tick.raw().max(1) }
    }

    /// States of the table.
    pub fn states(&self) -> usize {
        usize::from(self.imbalances) * usize::from(self.spreads)
    }

    /// Step of the price, in price units.
    pub const fn tick(&self) -> i64 {
        self.tick
    }

    /// The state that buyers and sellers exchanged would see.
    pub fn mirror(&self, state: usize) -> usize {
        let m = usize::from(self.imbalances);
        state / m * m + (m - 1 - state % m)
    }

    /// The state of a touch; absent when it is crossed or locked, empty, wider than the table, or not a
    /// whole number of ticks wide. Between two buckets it is the one nearer to balance.
    #[inline]
    pub fn state(&self, bid: Level, ask: Level) -> Option<usize> {
        let spread = ask.price.raw() - bid.price.raw();
        let (wanted, offered) = (bid.size.get(), ask.size.get());
        if spread <= 0 || spread % self.tick != 0 || spread / self.tick > i64::from(self.spreads) {
            return None;
        }
        let (m, all) = (u128::from(self.imbalances), u128::from(wanted) + u128::from(offered));
        if all == 0 {
            return None;
        }
        let scaled = m * u128::from(wanted);
        let mut bucket = scaled / all;
        if scaled % all == 0 && 2 * bucket > m {
            bucket -= 1;
        }
        let row = (spread / self.tick - 1) as usize;
        Some(row * usize::from(self.imbalances) + bucket as usize)
    }

    /// Whether a touch stands exactly between its state and that state's mirror: nothing tells them apart.
    #[inline]
    fn is_balanced(bid: Level, ask: Level) -> bool {
        bid.size == ask.size
    }
}

/// Where a fair price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FairSource {
    /// The fitted micro-price.
    MicroPrice,
    /// The weighted mid: the state was seen too rarely, or there is no table.
    WeightedMid,
}

/// A fair price and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FairPrice {
    /// Dollars.
    pub price: f64,
    /// Where it comes from.
    pub source: FairSource,
    /// Observations of its state when the table was fitted; 1, the book itself, for a weighted mid.
    pub n_obs: u32,
}

impl FairPrice {
    /// As a metric.
    pub fn metric(&self, quality: Quality) -> Metric {
        Metric::new(Some(self.price), u64::from(self.n_obs), quality)
    }
}

/// The fair price without a table: the weighted mid; absent when nothing is displayed or bid and offer
/// cross.
#[inline]
pub fn unfitted(bid: Level, ask: Level) -> Option<FairPrice> {
    let price = weighted_mid(bid, ask)?;
    Some(FairPrice { price, source: FairSource::WeightedMid, n_obs: 1 })
}

/// A fitted table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MicroTable {
    pub(super) shape: MicroShape,
    /// G* in ticks for each state; of no meaning where `seen` is zero.
    pub(super) adjust: Box<[f64]>,
    /// Observations of each fitted state; zero for one that was seen too rarely.
    pub(super) seen: Box<[u32]>,
}

impl MicroTable {
    /// How the touch is cut.
    pub const fn shape(&self) -> &MicroShape {
        &self.shape
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.adjust) + size_of_val(&*self.seen)
    }

    /// Adjustment of a state, ticks; absent when it was seen too rarely.
    pub fn adjustment(&self, state: usize) -> Option<f64> {
        (*self.seen.get(state)? > 0).then(|| self.adjust[state])
    }

    /// States that have an adjustment.
    pub fn fitted(&self) -> usize {
        self.seen.iter().filter(|seen| **seen > 0).count()
    }

    /// The micro-price of a touch, or its weighted mid; absent as [`weighted_mid`] is.
    #[inline]
    pub fn price(&self, bid: Level, ask: Level) -> Option<FairPrice> {
        let state = self.shape.state(bid, ask).filter(|state| self.seen[*state] > 0);
        let Some(state) = state else {
            return unfitted(bid, ask);
        };
        let ticks = if MicroShape::is_balanced(bid, ask) { 0.0 } else { self.adjust[state] };
        let twice = (bid.price.raw() + ask.price.raw()) as f64;
        let units = twice / 2.0 + ticks * self.shape.tick as f64;
        let price = units / Price::SCALE as f64;
        Some(FairPrice { price, source: FairSource::MicroPrice, n_obs: self.seen[state] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::number::Quantity;
    use proptest::prelude::*;

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    #[test]
    fn states_count_imbalance_then_spread() {
        let shape = MicroShape::new(10, 2, Price::CENT);
        let state = |wanted, offered, ask| shape.state(level(100, wanted), level(ask, offered));
        assert_eq!(state(1, 99, 101), Some(0));
        assert_eq!(state(7, 0, 101), Some(9));
        assert_eq!((state(60, 40, 101), state(40, 60, 101)), (Some(5), Some(4)), "boundaries mirror");
        assert_eq!(state(5, 5, 102), Some(15));
        assert_eq!((state(0, 0, 101), state(5, 5, 103), state(5, 5, 100)), (None, None, None));
        let half = Level { price: Price::from_raw(10_050), size: Quantity::new(1) };
        assert_eq!(shape.state(level(100, 1), half), None, "half a cent is no cent");
        assert_eq!((shape.mirror(0), shape.mirror(14), shape.states()), (9, 15, 20));
        assert_eq!(MicroShape::new(200, 9, Price::ZERO).states(), 32);
    }

    #[test]
    fn a_state_without_a_fit_is_the_weighted_mid() {
        let shape = MicroShape::new(2, 1, Price::CENT);
        let table = MicroTable { shape, adjust: [-0.25, 0.25].into(), seen: [0, 600].into() };
        let up = table.price(level(100, 9), level(101, 1)).unwrap();
        assert_eq!((up.price, up.source, up.n_obs), (1.0075, FairSource::MicroPrice, 600));
        let down = table.price(level(100, 1), level(101, 9)).unwrap();
        assert_eq!((down.price, down.source, down.n_obs), (1.001, FairSource::WeightedMid, 1));
        let level_book = table.price(level(100, 5), level(101, 5)).unwrap();
        assert_eq!((level_book.price, level_book.source), (1.005, FairSource::MicroPrice));
        assert_eq!(table.price(level(101, 5), level(100, 5)), None);
        assert_eq!((table.adjustment(0), table.adjustment(1), table.adjustment(2)), (None, Some(0.25), None));
        assert!(up.metric(Quality::GOOD).is_ready() && table.fitted() == 1);
    }

    proptest! {
        #[test]
        fn exchanging_the_sides_mirrors_the_state(wanted in 0_u64.., offered in 0_u64.., m in 2_u8..16) {
            let shape = MicroShape::new(m, 1, Price::CENT);
            let state = |wanted, offered| shape.state(level(100, wanted), level(101, offered));
            if wanted != offered {
                prop_assert_eq!(state(wanted, offered), state(offered, wanted).map(|state| shape.mirror(state)));
            }
        }
    }
}
