//! Volume-weighted average price of the session.

use alphatrader_model::number::{Price, Quantity};
use serde::{Deserialize, Serialize};

/// Exact sums of price times size and of size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vwap {
    /// In price units times shares. Admitted prices and sizes are at most 10^13 and 10^12: 10^13 of the
    /// largest prints fit.
    turnover: u128,
    volume: u64,
}

impl Vwap {
    /// Adds a print; its price is positive.
    #[inline]
    pub fn add(&mut self, price: Price, size: Quantity) {
        self.turnover += u128::from(price.raw().unsigned_abs()) * u128::from(size.get());
        self.volume = self.volume.saturating_add(size.get());
    }

    /// Shares.
    #[inline]
    pub const fn volume(&self) -> u64 {
        self.volume
    }

    /// Dollars a share; absent before the first print.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        if self.volume == 0 {
            return None;
        }
        // A day of a liquid stock fits 64 bits, from which the conversion is a single instruction; the
        // result is the same.
        let turnover = match u64::try_from(self.turnover) {
            Ok(turnover) => turnover as f64,
            Err(_) => self.turnover as f64,
        };
        Some(turnover / (self.volume as f64 * Price::SCALE as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_weighs_prices_by_size() {
        let mut vwap = Vwap::default();
        assert_eq!(vwap.value(), None);
        vwap.add(Price::from_cents(10_000), Quantity::new(300));
        vwap.add(Price::from_cents(10_100), Quantity::new(100));
        assert_eq!(vwap.value(), Some(100.25));
        assert_eq!(vwap.volume(), 400);
    }

    #[test]
    fn the_largest_prints_fit() {
        let mut vwap = Vwap::default();
        for _ in 0..1_000 {
            vwap.add(crate::admission::MAX_PRICE, crate::admission::MAX_SIZE);
        }
        assert_eq!(vwap.value(), Some(1e9));
    }
}
