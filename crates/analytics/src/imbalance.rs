//! How much more is wanted than offered: (bids − offers) / (bids + offers), in [-1, 1].
//!
//! | measure | sizes that count |
//! | --- | --- |
//! | [`of_sizes`] | the touch |
//! | [`of_levels`], [`of_rows`] | the best 5, the best N rows |
//! | [`DistanceWeights::of`] | each price k ticks behind its own side's best with the weight exp(−k/κ) |
//!
//! [`score::ImbalanceScore`] puts any of them in standard deviations of its last hour.
//! The sign is the direction: positive when more is wanted. (Some libraries report the smaller size over
//! the larger, which has none.) Stoikov's form, bids / (bids + offers) in [0, 1], is (1 + I)/2.
//! Each is a measure of one book: its metric has one observation.

pub mod score;

use alphatrader_model::market::Level;
use alphatrader_model::number::Price;
use alphatrader_model::view::BookRow;
use serde::{Deserialize, Serialize};

/// Rows of the deep measure.
pub const LEVELS: usize = 5;

/// Of two sizes; absent when both are zero.
#[inline]
pub fn of_sizes(bid: u64, ask: u64) -> Option<f64> {
    if bid == 0 && ask == 0 {
        return None;
    }
    let (bid, ask) = (bid as f64, ask as f64);
    Some((bid - ask) / (bid + ask))
}

/// Over the best [`LEVELS`] rows of each side; absent when a side has fewer.
#[inline]
pub fn of_levels(bids: &[BookRow], asks: &[BookRow]) -> Option<f64> {
    of_rows(bids, asks, LEVELS)
}

/// Over the best `depth` rows of each side (at least 1); absent when a side has fewer.
#[inline]
pub fn of_rows(bids: &[BookRow], asks: &[BookRow], depth: usize) -> Option<f64> {
    let sum = |rows: &[BookRow]| {
        let best = rows.get(..depth.max(1))?;
        Some(best.iter().fold(0_u64, |sum, row| sum.saturating_add(row.level.size.get())))
    };
    of_sizes(sum(bids)?, sum(asks)?)
}

/// Weights that fall with the distance from the touch: exp(−k/κ) at k ticks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistanceWeights {
    tick: i64,
    weights: Box<[f64]>,
}

impl DistanceWeights {
    /// Default of κ, ticks.
    pub const KAPPA: f64 = 2.0;
    /// Prices further than this many ticks have no weight: for the largest κ less than e^-8.
    pub const TICKS: usize = 64;

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val::<[f64]>(&self.weights)
    }

    /// Weights for a step of the price and κ in ticks, kept in 0.25 to 8.
    pub fn new(tick: Price, kappa: f64) -> Self {
        let kappa = if kappa.is_finite() { kappa.clamp(0.25, 8.0) } else { Self::KAPPA };
        let weights = (0..Self::TICKS).map(|k| libm::exp(-(k as f64) / kappa)).collect();
        Self { tick: tick.raw().max(1), weights }
    }

    /// Of the prices of both sides, best first; absent when a side is empty or nothing is displayed.
    pub fn of(&self, bids: &[Level], asks: &[Level]) -> Option<f64> {
        let (bid, ask) = (self.weighted(bids)?, self.weighted(asks)?);
        (bid + ask > 0.0).then(|| (bid - ask) / (bid + ask))
    }

    fn weighted(&self, levels: &[Level]) -> Option<f64> {
        let best = levels.first()?.price.raw();
        let weigh = |level: &Level| {
            let ticks = (level.price.raw() - best).unsigned_abs() / self.tick.unsigned_abs();
            let weight = usize::try_from(ticks).ok().and_then(|ticks| self.weights.get(ticks));
            weight.map_or(0.0, |weight| weight * level.size.get() as f64)
        };
        Some(levels.iter().map(weigh).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::number::Quantity;
    use proptest::prelude::*;

    /// Sizes of the reference's example quotes with its figures.
    #[test]
    fn the_worked_example() {
        let cases = [
            (500, 400, 0.111_111_111),
            (650, 400, 0.238_095_238),
            (200, 350, -0.272_727_273),
            (200, 300, -0.2),
            (700, 300, 0.4),
            (700, 250, 0.473_684_211),
        ];
        for (bid, ask, expected) in cases {
            let value = of_sizes(bid, ask).unwrap();
            assert!((value - expected).abs() < 1e-9, "{bid} {ask}: {value}");
        }
        assert_eq!(of_sizes(0, 0), None);
        assert_eq!(of_sizes(7, 0), Some(1.0));
    }

    fn rows(sizes: &[u64]) -> Vec<BookRow> {
        sizes
            .iter()
            .map(|&size| BookRow {
                level: Level { price: Price::from_cents(100), size: Quantity::new(size) },
                venue: None,
            })
            .collect()
    }

    #[test]
    fn five_rows_are_needed_and_the_sixth_is_not_looked_at() {
        let (bids, asks) = (rows(&[1, 2, 3, 4, 5, 1_000]), rows(&[1, 1, 1, 1, 1]));
        assert_eq!(of_levels(&bids, &asks), Some(0.5));
        assert_eq!(of_levels(&bids, &asks[..4]), None);
        assert_eq!(of_rows(&bids, &asks, 2), Some(0.2));
        assert_eq!(of_rows(&bids, &asks, 0), Some(0.0), "no row is the first row");
        assert_eq!(of_rows(&bids, &asks, 6), None);
    }

    fn levels(cents: &[(i64, u64)]) -> Vec<Level> {
        cents
            .iter()
            .map(|&(price, size)| Level { price: Price::from_cents(price), size: Quantity::new(size) })
            .collect()
    }

    #[test]
    fn what_is_further_away_counts_less() {
        let weights = DistanceWeights::new(Price::CENT, 2.0);
        let (bids, asks) = (levels(&[(100, 10), (98, 20)]), levels(&[(101, 10), (102, 20), (301, 7)]));
        let (bid, ask) = (10.0 + 20.0 * libm::exp(-1.0), 10.0 + 20.0 * libm::exp(-0.5));
        let value = weights.of(&bids, &asks).unwrap();
        assert!((value - (bid - ask) / (bid + ask)).abs() < 1e-15, "200 ticks away counts nothing");
        assert_eq!(weights.of(&bids, &[]), None);
        assert_eq!(weights.of(&levels(&[(1, 0)]), &levels(&[(2, 0)])), None);
        // One price a side is the touch.
        assert_eq!(weights.of(&bids[..1], &asks[..1]), Some(0.0));
    }

    proptest! {
        #[test]
        fn it_lies_between_one_and_minus_one_and_mirrors(bid in any::<u64>(), ask in 1_u64..) {
            let value = of_sizes(bid, ask).unwrap();
            prop_assert!((-1.0..=1.0).contains(&value));
            prop_assert_eq!(of_sizes(ask, bid), Some(-value));
        }
    }
}
