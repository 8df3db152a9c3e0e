//! Volume-weighted average price of the session, and how far prices lie from it.
//!
//! VWAP = Σ p·q / Σ q; its deviation is the volume-weighted standard deviation of prices about it,
//! sqrt(Σ q·(p − VWAP)² / Σ q), dollars; bands stand at VWAP ± k of it (k 1, 2, 3 are usual). All sums are exact.

use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::{Price, Quantity};
use serde::{Deserialize, Serialize};

/// Prints that make a deviation known.
pub const LEAST: u64 = 30;

/// Exact sums of price times size and of size, and of the squares about the first price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vwap {
    /// In price units times shares. Admitted prices and sizes are at most 10^13 and 10^12: 10^13 of the
    /// largest prints fit.
    turnover: u128,
    volume: u64,
    prints: u64,
    /// The first price: squares are small about it.
    origin: i64,
    /// In price units squared times shares; absent from the first print that does not fit on.
    squares: Option<u128>,
}

impl Vwap {
    /// Adds a print; its price is positive.
    #[inline]
    pub fn add(&mut self, price: Price, size: Quantity) {
        self.turnover += u128::from(price.raw().unsigned_abs()) * u128::from(size.get());
        self.volume = self.volume.saturating_add(size.get());
        if self.prints == 0 {
            (self.origin, self.squares) = (price.raw(), Some(0));
        }
        self.prints += 1;
        let distance = (price.raw() - self.origin).unsigned_abs();
        // $400 000 from the first price is no distance of a market.
        let square = distance.checked_mul(distance).map(|square| u128::from(square) * u128::from(size.get()));
        self.squares = self.squares.zip(square).and_then(|(sum, square)| sum.checked_add(square));
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
        Some(float(self.turnover) / (self.volume as f64 * Price::SCALE as f64))
    }
}

/// A day of a liquid stock fits 64 bits, from which the conversion is a single instruction; the result is the same.
#[inline]
fn float(sum: u128) -> f64 {
    u64::try_from(sum).map_or_else(|_| sum as f64, |sum| sum as f64)
}

impl Vwap {
    /// Volume-weighted standard deviation of prices about the VWAP, dollars; ready after [`LEAST`] prints.
    pub fn deviation(&self, quality: Quality) -> Metric {
        let ready = self.prints >= LEAST;
        let value = ready.then(|| self.variance()).flatten().map(libm::sqrt);
        Metric::new(value, self.prints, quality)
    }

    /// Dollars squared.
    fn variance(&self) -> Option<f64> {
        let volume = self.volume as f64;
        let squares = float(self.squares?) / volume;
        // Exact until here: the average's distance from the first price.
        let origin = u128::from(self.origin.unsigned_abs()) * u128::from(self.volume);
        let distance = float(self.turnover.abs_diff(origin)) / volume;
        Some((squares - distance * distance).max(0.0) / (Price::SCALE as f64 * Price::SCALE as f64))
    }

    /// How far a price lies from the VWAP in deviations; absent without them, or when all prices were equal.
    pub fn standing(&self, price: Price, quality: Quality) -> Metric {
        self.standing_in(price, self.deviation(quality))
    }

    /// The same, where the deviation has been worked out already.
    pub fn standing_in(&self, price: Price, deviation: Metric) -> Metric {
        let spread = deviation.value.filter(|spread| *spread > 0.0).zip(self.value());
        Metric { value: spread.map(|(spread, average)| (price.to_f64() - average) / spread), ..deviation }
    }

    /// VWAP less and plus `times` deviations, dollars.
    pub fn bands(&self, times: f64) -> Option<(f64, f64)> {
        let average = self.value()?;
        let spread = self.deviation(Quality::GOOD).value? * times;
        Some((average - spread, average + spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bands_stand_about_the_average() {
        let mut vwap = Vwap::default();
        for n in 0..LEAST {
            assert_eq!(vwap.deviation(Quality::GOOD).value, None);
            vwap.add(Price::from_cents(if n % 2 == 0 { 10_000 } else { 10_100 }), Quantity::new(50));
        }
        assert_eq!(vwap.deviation(Quality::GOOD), Metric::new(Some(0.5), LEAST, Quality::GOOD));
        assert_eq!(vwap.bands(2.0), Some((99.5, 101.5)));
        assert_eq!(vwap.standing(Price::from_cents(10_200), Quality::GOOD).value, Some(3.0));
        // A print that does not fit ends the deviation, not the average.
        vwap.add(crate::admission::MAX_PRICE, Quantity::new(1));
        assert!(vwap.deviation(Quality::GOOD).value.is_none() && vwap.value().is_some());
    }

    proptest! {
        #[test]
        fn the_deviation_is_that_of_the_textbook(prints in prop::collection::vec((1_i64..2_000_000, 1_u64..10_000), 30..80)) {
            let mut vwap = Vwap::default();
            for (raw, size) in &prints {
                vwap.add(Price::from_raw(*raw), Quantity::new(*size));
            }
            let volume: f64 = prints.iter().map(|(_, size)| *size as f64).sum();
            let mean = prints.iter().map(|(raw, size)| *raw as f64 * *size as f64).sum::<f64>() / volume;
            let variance: f64 =
                prints.iter().map(|(raw, size)| (*raw as f64 - mean) * (*raw as f64 - mean) * *size as f64).sum::<f64>() / volume;
            let deviation = vwap.deviation(Quality::GOOD).value.unwrap();
            prop_assert!((deviation - libm::sqrt(variance) / 10_000.0).abs() < 1e-7 * (1.0 + deviation));
        }
    }

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
