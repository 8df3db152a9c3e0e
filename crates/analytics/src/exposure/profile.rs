//! Gamma exposure if spot were elsewhere, each contract's volatility and time held.
//!
//! At spot L a contract's exposure is L·W·exp(−(A·ln(L/S) + B)²/2), with A = 1/(σ√T), B = d1 at today's spot S and
//! W = sign·OI·multiplier·0.01·e^(−qT)/(√(2π)·σ√T). The three are made once for each strike (call and put of one
//! volatility together); a level then costs an exponential, and only levels within |A·ln(L/S) + B| < 12.7 are
//! asked: beyond, less than 2e-35 of the strike's exposure is left.

use core::ops::Range;

use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

use super::exponential::decay;

/// Levels spread evenly in the logarithm over the reach.
pub(crate) const EVEN_LEVELS: usize = 41;

/// Most strikes near spot that are levels too.
pub(crate) const MOST_STRIKE_LEVELS: usize = 160;

/// Strikes this near to spot, as a fraction of it, are levels.
const NEAR: f64 = 0.02;

/// `|d1|` beyond which a contract is left out.
const MOST_D1: f64 = 12.7;

/// The columns A, B, W of the strikes, and the profile of each expiry.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// Spot that ln(L/S) is counted from.
    pub(crate) spot: f64,
    a: Vec<f64>,
    b: Vec<f64>,
    w: Vec<f64>,
    /// Where the strikes of each expiry end.
    ends: Vec<usize>,
    /// Levels, ascending, dollars.
    pub(crate) levels: Vec<f64>,
    /// ln(L/S) of each.
    logs: Vec<f64>,
    /// Sums without L, by expiry and level.
    table: Vec<f64>,
}

impl Profile {
    /// Forgets all, and lays the levels out. `strikes` ascend.
    pub(crate) fn begin(&mut self, spot: f64, reach: f64, strikes: &[Price]) {
        self.spot = spot;
        for column in [&mut self.a, &mut self.b, &mut self.w, &mut self.logs, &mut self.levels] {
            column.clear();
        }
        self.ends.clear();
        self.table.clear();
        let reach = reach.clamp(0.01, 0.9);
        let (low, high) = (libm::log(1.0 - reach), libm::log(1.0 + reach));
        for step in 0..EVEN_LEVELS {
            let log = low + (high - low) * step as f64 / (EVEN_LEVELS - 1) as f64;
            self.levels.push(spot * libm::exp(log));
        }
        self.levels.push(spot);
        self.levels.extend(nearest(strikes, spot).iter().map(|price| price.to_f64()));
        self.levels.sort_unstable_by(f64::total_cmp);
        self.levels.dedup();
        self.logs.extend(self.levels.iter().map(|level| libm::log(level / spot)));
    }

    /// Begins the next expiry.
    pub(crate) fn begin_expiry(&mut self) {
        self.ends.push(self.w.len());
        self.table.resize(self.ends.len() * self.levels.len(), 0.0);
    }

    /// Adds a strike to the expiry that was begun last.
    pub(crate) fn add(&mut self, a: f64, b: f64, w: f64) {
        if w == 0.0 {
            return;
        }
        self.a.push(a);
        self.b.push(b);
        self.w.push(w);
        let width = self.levels.len();
        let Some(end) = self.ends.last_mut() else { return };
        *end = self.w.len();
        let from = self.table.len() - width;
        let first = self.logs.partition_point(|log| a * log + b < -MOST_D1);
        let last = first + self.logs[first..].partition_point(|log| a * log + b <= MOST_D1);
        for (sum, log) in self.table[from + first..from + last].iter_mut().zip(&self.logs[first..last]) {
            let d1 = a * log + b;
            *sum += w * decay(-0.5 * d1 * d1);
        }
    }

    /// Strikes of a range of expiries.
    pub(crate) fn strikes(&self, expiries: &Range<usize>) -> Range<usize> {
        let end = |count: usize| if count == 0 { 0 } else { self.ends.get(count - 1).copied().unwrap_or(0) };
        end(expiries.start)..end(expiries.end)
    }

    /// The profile of a range of expiries, by level.
    pub(crate) fn write(&self, expiries: &Range<usize>, into: &mut Vec<f64>) {
        let width = self.levels.len();
        into.clear();
        into.resize(width, 0.0);
        for expiry in expiries.clone() {
            for (sum, part) in into.iter_mut().zip(&self.table[expiry * width..(expiry + 1) * width]) {
                *sum += part;
            }
        }
        for (sum, level) in into.iter_mut().zip(&self.levels) {
            *sum *= level;
        }
    }

    /// The sum without L over some strikes at one level, added to `sum`.
    pub(crate) fn sum(&self, log: f64, strikes: Range<usize>, mut sum: f64) -> f64 {
        let range = strikes.start.min(self.w.len())..strikes.end.min(self.w.len());
        let (a, b, w) = (&self.a[range.clone()], &self.b[range.clone()], &self.w[range]);
        for ((a, b), w) in a.iter().zip(b).zip(w) {
            let d1 = a * log + b;
            if d1.abs() <= MOST_D1 {
                sum += w * decay(-0.5 * d1 * d1);
            }
        }
        sum
    }

    /// The exposure of a range of expiries if spot were `level`.
    pub(crate) fn at(&self, level: f64, expiries: &Range<usize>) -> f64 {
        level * self.sum(libm::log(level / self.spot), self.strikes(expiries), 0.0)
    }
}

/// The strikes within 2 % of spot, at most [`MOST_STRIKE_LEVELS`] nearest.
fn nearest(strikes: &[Price], spot: f64) -> &[Price] {
    let first = strikes.partition_point(|strike| strike.to_f64() < spot * (1.0 - NEAR));
    let last = strikes.partition_point(|strike| strike.to_f64() <= spot * (1.0 + NEAR));
    let near = &strikes[first..last];
    let middle = near.partition_point(|strike| strike.to_f64() < spot);
    let from = middle.saturating_sub(MOST_STRIKE_LEVELS / 2);
    &near[from..near.len().min(from + MOST_STRIKE_LEVELS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(range: Range<i64>) -> Vec<Price> {
        range.map(|dollars| Price::from_cents(dollars * 100)).collect()
    }

    #[test]
    fn levels_are_even_with_spot_and_the_strikes_near_it() {
        let mut profile = Profile::default();
        profile.begin(600.0, 0.10, &dollars(500..700));
        // 588 to 612 are within 2 %; 600 is spot itself.
        assert_eq!(profile.levels.len(), 41 + 25);
        assert!(profile.levels.is_sorted());
        assert!((profile.levels[0] - 540.0).abs() < 1e-9);
        assert!((profile.levels[65] - 660.0).abs() < 1e-9);
    }

    #[test]
    fn many_strikes_are_bounded_to_the_nearest() {
        let cents: Vec<Price> = (59_000..61_000).map(Price::from_cents).collect();
        let near = nearest(&cents, 600.0);
        assert_eq!(near.len(), MOST_STRIKE_LEVELS);
        assert_eq!(near[MOST_STRIKE_LEVELS / 2], Price::from_cents(60_000));
    }

    #[test]
    fn the_table_says_what_a_single_level_says() {
        let mut profile = Profile::default();
        profile.begin(600.0, 0.10, &dollars(590..610));
        for expiry in 0..3 {
            profile.begin_expiry();
            for strike in 0..50 {
                let (a, b) = (40.0 / f64::from(expiry + 1), f64::from(strike) * 0.3 - 7.0);
                profile.add(a, b, f64::from(strike % 3) - 1.0);
            }
        }
        let mut sums = Vec::new();
        profile.write(&(1..3), &mut sums);
        for (level, sum) in profile.levels.iter().zip(&sums) {
            let alone = profile.at(*level, &(1..3));
            assert!((alone - sum).abs() < 1e-9, "{level} {alone} {sum}");
        }
        assert_eq!(profile.strikes(&(0..3)), 0..profile.w.len());
    }
}
