//! The signs of the last trades: whether buyers follow buyers.
//!
//! Signs of trades have long memory where large orders are split (Lillo and Farmer 2004). Live only the
//! first autocorrelation is kept, on integers and exact; [`memory_of`] measures the whole of a series.

use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use serde::{Deserialize, Serialize};

use super::autocorrelation::autocorrelation;

/// Trades looked back.
pub const WINDOW: usize = 1_024;
/// Trades needed.
pub const LEAST: usize = 100;
/// Lags that [`memory_of`] looks at.
pub const LAGS: usize = 50;

const WORDS: usize = WINDOW / 64;

/// The last signs, a bit each: set for a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signs {
    bits: [u64; WORDS],
    /// Place of the next one.
    head: usize,
    length: usize,
    /// Buyers less sellers.
    sum: i64,
    /// Neighbours of one sign less neighbours of two.
    pairs: i64,
}

impl Signs {
    fn at(&self, place: usize) -> i64 {
        if self.bits[place / 64] >> (place % 64) & 1 == 1 { 1 } else { -1 }
    }

    /// The sign `back` trades before the newest.
    fn back(&self, back: usize) -> i64 {
        self.at((self.head + WINDOW - 1 - back) % WINDOW)
    }

    /// Takes the side that started a trade.
    #[inline]
    pub fn push(&mut self, side: Side) {
        let sign = if side == Side::Buy { 1 } else { -1 };
        if self.length == WINDOW {
            // The oldest stands where the newest will.
            let oldest = self.at(self.head);
            self.sum -= oldest;
            self.pairs -= oldest * self.at((self.head + 1) % WINDOW);
        } else {
            self.length += 1;
        }
        if self.length > 1 {
            self.pairs += sign * self.back(0);
        }
        self.sum += sign;
        let bit = 1 << (self.head % 64);
        if sign == 1 {
            self.bits[self.head / 64] |= bit;
        } else {
            self.bits[self.head / 64] &= !bit;
        }
        self.head = (self.head + 1) % WINDOW;
    }

    /// First autocorrelation of the last signs, in [-1, 1]; absent below [`LEAST`] trades, and when all had
    /// one side.
    pub fn autocorrelation(&self) -> Metric {
        let (n, sum) = (self.length as f64, self.sum as f64);
        let squares = n - sum * sum / n;
        let value = (self.length >= LEAST && squares > 0.5).then(|| {
            let mean = sum / n;
            let ends = (self.back(0) + self.back(self.length - 1)) as f64;
            (self.pairs as f64 - mean * (2.0 * sum - ends) + (n - 1.0) * mean * mean) / squares
        });
        Metric::new(value, self.length as u64, Quality::GOOD)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The memory of a series of signs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignMemory {
    /// Sum of the first [`LAGS`] autocorrelations.
    pub sum: f64,
    /// Slope of ln rho over ln lag among the positive ones, weighted alike; about -0.5 where large orders
    /// are split. Absent when fewer than five are positive.
    pub slope: Option<f64>,
}

/// The memory of a whole series of signs (1 and -1); none of fewer than ten times [`LAGS`], or when all
/// are one.
pub fn memory_of(signs: &[f64]) -> Option<SignMemory> {
    if signs.len() < 10 * LAGS {
        return None;
    }
    let rho = autocorrelation(signs, LAGS)?;
    let points: Vec<(f64, f64)> = rho
        .iter()
        .zip(1..)
        .filter(|(rho, _)| **rho > 0.0)
        .map(|(rho, lag)| (libm::log(f64::from(lag)), libm::log(*rho)))
        .collect();
    Some(SignMemory { sum: rho.iter().sum(), slope: (points.len() >= 5).then(|| slope(&points)).flatten() })
}

/// Least squares of y over x.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (a, b) in points {
        xx += (a - x) * (a - x);
        xy += (a - x) * (b - y);
    }
    (xx > 0.0).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn side(buy: bool) -> Side {
        if buy { Side::Buy } else { Side::Sell }
    }

    #[test]
    fn persistent_signs_are_seen() {
        let mut signs = Signs::default();
        for i in 0..99 {
            signs.push(side(i / 10 % 2 == 0));
        }
        assert_eq!(signs.autocorrelation().value, None);
        signs.push(Side::Buy);
        assert!(signs.autocorrelation().value.unwrap() > 0.7);
        signs.clear();
        for _ in 0..200 {
            signs.push(Side::Buy);
        }
        assert_eq!(signs.autocorrelation().value, None, "one side only");
        assert!(size_of::<Signs>() <= 192);
    }

    #[test]
    fn split_orders_have_long_memory() {
        // Runs whose lengths have a fat tail.
        let mut state = 7_u64;
        let mut signs = vec![];
        while signs.len() < 20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let unit = ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            let length = (libm::pow(unit, -1.0 / 1.5) as usize).min(2_000);
            let sign = if state & 1 << 40 == 0 { 1.0 } else { -1.0 };
            signs.extend(core::iter::repeat_n(sign, length));
        }
        let found = memory_of(&signs).unwrap();
        assert!(found.sum > 5.0 && found.slope.unwrap() > -1.0, "{found:?}");
        assert_eq!(memory_of(&signs[..400]), None);
    }

    proptest! {
        #[test]
        fn it_is_the_autocorrelation_of_the_last(buys in prop::collection::vec(any::<bool>(), 100..3_000)) {
            let mut signs = Signs::default();
            for buy in &buys {
                signs.push(side(*buy));
            }
            let last: Vec<f64> = buys[buys.len().saturating_sub(WINDOW)..].iter().map(|buy| if *buy { 1.0 } else { -1.0 }).collect();
            let expected = autocorrelation(&last, 1).unwrap()[0];
            prop_assert!((signs.autocorrelation().value.unwrap() - expected).abs() < 1e-12);
        }
    }
}
