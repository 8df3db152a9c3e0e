//! How much more is wanted than offered: (bids − offers) / (bids + offers), in [-1, 1].

use alphatrader_model::view::BookRow;

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
    let sum = |rows: &[BookRow]| {
        let best = rows.first_chunk::<LEVELS>()?;
        Some(best.iter().fold(0_u64, |sum, row| sum.saturating_add(row.level.size.get())))
    };
    of_sizes(sum(bids)?, sum(asks)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::market::Level;
    use alphatrader_model::number::{Price, Quantity};
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
