//! Where the price is heading between bid and offer, from one book.
//!
//! | module | what it holds |
//! | --- | --- |
//! | here | weighted mid W, VAMP over N levels, the price that all depth averages to |
//! | [`micro`] | [`micro::MicroTable`]: Stoikov's micro-price, a fitted table |
//! | [`counts`] | [`counts::MicroCounts`]: the transitions it is fitted to, counted online |
//! | [`fit`] | from transitions to the table |
//!
//! The weighted mid is *not* Stoikov's micro-price, although many libraries call it so: the micro-price
//! is the mid plus an adjustment that was fitted to what followed.
//!
//! - `W = (b·qa + a·qb)/(qa + qb)`: inside bid and offer.
//! - VAMP over N levels, `Σ(b_k·qa_k + a_k·qb_k)/Σ(qa_k + qb_k)` over the first N prices of both sides; with
//!   N = 1 it is W.
//! - Weighted depth: Σ p·q/Σ q over the first N prices of both sides. It leans to the *heavier* side.

pub mod counts;
pub mod fit;
pub mod micro;

use alphatrader_model::market::Level;
use alphatrader_model::number::Price;

/// Weighted mid of a bid below its offer, dollars, in [bid, offer]; absent when nothing is displayed or
/// they cross.
#[inline]
pub fn weighted_mid(bid: Level, ask: Level) -> Option<f64> {
    let (low, high) = (bid.price.raw(), ask.price.raw());
    let (wanted, offered) = (bid.size.get() as f64, ask.size.get() as f64);
    if low > high || wanted + offered <= 0.0 {
        return None;
    }
    let share = wanted / (wanted + offered);
    Some((low as f64 + (high - low) as f64 * share) / Price::SCALE as f64)
}

/// Volume-adjusted mid over the first `depth` prices of both sides (best first), dollars; absent when a
/// side has fewer or nothing is displayed.
pub fn vamp(bids: &[Level], asks: &[Level], depth: usize) -> Option<f64> {
    let (bids, asks) = (bids.get(..depth.max(1))?, asks.get(..depth.max(1))?);
    average(
        bids.iter()
            .zip(asks)
            .flat_map(|(bid, ask)| [(bid.price, ask.size.get()), (ask.price, bid.size.get())]),
    )
}

/// Average price of everything displayed at the first `depth` prices of both sides (best first), dollars;
/// absent when a side has fewer or nothing is displayed.
pub fn weighted_depth(bids: &[Level], asks: &[Level], depth: usize) -> Option<f64> {
    let (bids, asks) = (bids.get(..depth.max(1))?, asks.get(..depth.max(1))?);
    average(bids.iter().chain(asks).map(|level| (level.price, level.size.get())))
}

/// Weighted average of prices, dollars. Differences to the first price are added up, not prices.
fn average(mut weighted: impl Iterator<Item = (Price, u64)>) -> Option<f64> {
    let (first, size) = weighted.next()?;
    let (mut sum, mut weights) = (0.0, size as f64);
    for (price, size) in weighted {
        sum += (price.raw() - first.raw()) as f64 * size as f64;
        weights += size as f64;
    }
    (weights > 0.0).then(|| (first.raw() as f64 + sum / weights) / Price::SCALE as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::number::Quantity;
    use proptest::prelude::*;

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    /// The reference's example quotes with its figures.
    #[test]
    fn the_worked_example() {
        let cases = [
            (10_000, 500, 10_002, 400, 100.011_111),
            (10_000, 650, 10_002, 400, 100.012_381),
            (10_001, 200, 10_002, 350, 100.013_636),
            (10_001, 200, 10_003, 300, 100.018),
            (10_000, 700, 10_003, 300, 100.021),
            (10_000, 700, 10_002, 250, 100.014_737),
        ];
        for (bid, wanted, ask, offered, expected) in cases {
            let value = weighted_mid(level(bid, wanted), level(ask, offered)).unwrap();
            assert!((value - expected).abs() < 5e-7, "{value} {expected}");
        }
        assert_eq!(weighted_mid(level(100, 0), level(101, 0)), None);
        assert_eq!(weighted_mid(level(102, 5), level(101, 5)), None);
    }

    #[test]
    fn several_prices_average() {
        let bids = [level(10_000, 500), level(9_999, 800)];
        let asks = [level(10_002, 400), level(10_003, 600)];
        let vamp_2 = (100.0 * 400.0 + 100.02 * 500.0 + 99.99 * 600.0 + 100.03 * 800.0) / 2_300.0;
        assert!((vamp(&bids, &asks, 2).unwrap() - vamp_2).abs() < 1e-12);
        let depth = (100.0 * 500.0 + 99.99 * 800.0 + 100.02 * 400.0 + 100.03 * 600.0) / 2_300.0;
        assert!((weighted_depth(&bids, &asks, 2).unwrap() - depth).abs() < 1e-12);
        assert_eq!((vamp(&bids, &asks[..1], 2), weighted_depth(&[], &asks, 1)), (None, None));
    }

    proptest! {
        #[test]
        fn the_weighted_mid_lies_between_and_one_level_is_vamp(
            bid in 1_i64..10_000_000, spread in 0_i64..10_000, wanted in any::<u64>(), offered in 1_u64..,
        ) {
            let (bid, ask) = (level(bid, wanted), level(bid + spread, offered));
            let value = weighted_mid(bid, ask).unwrap();
            prop_assert!(bid.price.to_f64() <= value && value <= ask.price.to_f64());
            let vamp = vamp(&[bid], &[ask], 1).unwrap();
            prop_assert!((vamp - value).abs() <= 1e-9 * value);
        }
    }
}
