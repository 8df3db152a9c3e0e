//! The best prices of a side, rows of equal price added up.

use alphatrader_model::market::Level;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::view::BookRow;
use serde::{Deserialize, Serialize};

/// Prices kept of a side.
pub const LEVELS: usize = 10;

/// The best [`LEVELS`] prices of a side with the shares at each. A feed with a row for each exchange or
/// maker names a price several times; here it stands once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    levels: [Level; LEVELS],
    length: u8,
}

impl Default for Ladder {
    fn default() -> Self {
        let none = Level { price: Price::ZERO, size: Quantity::ZERO };
        Self { levels: [none; LEVELS], length: 0 }
    }
}

impl Ladder {
    /// From the rows of a side, best first.
    #[inline]
    pub fn of(rows: &[BookRow]) -> Self {
        let mut ladder = Self::default();
        ladder.fill(rows.iter().map(|row| row.level));
        ladder
    }

    /// From levels, best first; equal prices stand beside each other.
    pub fn from_levels(levels: &[Level]) -> Self {
        let mut ladder = Self::default();
        ladder.fill(levels.iter().copied());
        ladder
    }

    #[inline]
    fn fill(&mut self, levels: impl Iterator<Item = Level>) {
        let mut length = 0;
        for level in levels {
            if length > 0 && self.levels[length - 1].price == level.price {
                let size = &mut self.levels[length - 1].size;
                *size = Quantity::new(size.get().saturating_add(level.size.get()));
            } else if length == LEVELS {
                break;
            } else {
                self.levels[length] = level;
                length += 1;
            }
        }
        self.length = length as u8;
    }

    /// Prices, best first.
    #[inline]
    pub fn levels(&self) -> &[Level] {
        &self.levels[..usize::from(self.length)]
    }

    /// Shares displayed at a price; absent when it is beyond the last price known here, zero when it lies
    /// between two that are.
    pub fn displayed(&self, price: Price) -> Option<u64> {
        let levels = self.levels();
        if let Some(level) = levels.iter().find(|level| level.price == price) {
            return Some(level.size.get());
        }
        let (first, last) = (levels.first()?.price, levels.last()?.price);
        (price > first.min(last) && price < first.max(last)).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    #[test]
    fn rows_of_one_price_are_one_level() {
        let rows = [level(100, 5), level(100, 7), level(99, 1), level(97, 2), level(97, u64::MAX)];
        let ladder = Ladder::from_levels(&rows);
        assert_eq!(ladder.levels(), [level(100, 12), level(99, 1), level(97, u64::MAX)]);
        let cents = |cents| ladder.displayed(Price::from_cents(cents));
        assert_eq!((cents(99), cents(98), cents(96), cents(101)), (Some(1), Some(0), None, None));
        let many: Vec<_> = (0..30).map(|n| level(1_000 - n / 2, 1)).collect();
        let ladder = Ladder::from_levels(&many);
        assert_eq!((ladder.levels().len(), ladder.levels()[9]), (10, level(991, 2)));
    }
}
