//! How often prints come together although nothing stands behind them.
//!
//! Prints of a side that arrive at a rate of λ a second: after one of them, k - 1 more come within the
//! window G with the probability of a Poisson count of mean λG being k - 1 or more. The rate is the
//! intensity of the fitted arrival process just before the first print, raised by what that print
//! excites; excitement by the later ones is left out, so very clustered markets need the mark as well.

use alphatrader_model::time::Span;
use serde::{Deserialize, Serialize};

use crate::decay::decay;

/// A group of prints and the market it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrivals {
    /// Prints of the side a second.
    pub rate: f64,
    /// Longest time that a group may take.
    pub window: Span,
    /// Prints of the group, the first included.
    pub prints: u32,
}

/// Terms added up at most; further ones are below the precision of the sum.
const TERMS: u32 = 1_000;

/// Probability in [0, 1] that a group of at least so many prints follows its first print by chance;
/// absent when rate or window make no sense. A mean above 700 prints a window is no rate of a market
/// and is answered with 1.
pub fn of(arrivals: &Arrivals) -> Option<f64> {
    let mean = arrivals.rate * arrivals.window.as_seconds();
    if !mean.is_finite() || mean < 0.0 {
        return None;
    }
    let more = arrivals.prints.saturating_sub(1);
    if more == 0 || mean > 700.0 {
        return Some(1.0);
    }
    // Far from the middle the sum of the small terms is exact where 1 - (sum of the others) is not.
    if f64::from(more) > mean { Some(upper(mean, more)) } else { Some(1.0 - lower(mean, more)) }
}

/// Sum of the probabilities of `from` and more.
fn upper(mean: f64, from: u32) -> f64 {
    upper_from(mean, from, first(mean, from))
}

/// The same, from the probability of exactly `from`.
#[inline]
fn upper_from(mean: f64, from: u32, mut term: f64) -> f64 {
    let mut sum = 0.0;
    for n in 0..TERMS {
        sum += term;
        term *= mean / f64::from(from.saturating_add(n).saturating_add(1));
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}

/// Sum of the probabilities of fewer than `below`.
fn lower(mean: f64, below: u32) -> f64 {
    let mut term = libm::exp(-mean);
    let mut sum = 0.0;
    for n in 0..below.min(TERMS) {
        sum += term;
        term *= mean / f64::from(n + 1);
    }
    sum.clamp(0.0, 1.0)
}

/// Probability of exactly `count`.
fn first(mean: f64, count: u32) -> f64 {
    if mean == 0.0 {
        return if count == 0 { 1.0 } else { 0.0 };
    }
    let count = f64::from(count);
    libm::exp(count * libm::log(mean) - mean - libm::lgamma(count + 1.0))
}

/// The same for a group that grows: a print more is a factor more, and no logarithm is taken again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Growing {
    mean: f64,
    /// Prints after the first.
    more: u32,
    /// The probability of exactly so many.
    exactly: f64,
}

impl Growing {
    /// One print of a market with so many prints of the side a second; none where [`of`] has no answer.
    pub fn new(rate: f64, window: Span) -> Option<Self> {
        let mean = rate * window.as_seconds();
        (mean.is_finite() && mean >= 0.0).then(|| Self { mean, more: 0, exactly: decay(mean) })
    }

    /// One more print.
    #[inline]
    pub fn grow(&mut self) {
        self.more = self.more.saturating_add(1);
        self.exactly *= self.mean / f64::from(self.more);
    }

    /// What [`of`] says of the group.
    #[inline]
    pub fn chance(&self) -> f64 {
        if self.more == 0 || self.mean > 700.0 {
            1.0
        } else if f64::from(self.more) > self.mean {
            upper_from(self.mean, self.more, self.exactly)
        } else {
            1.0 - lower(self.mean, self.more)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chance(mean: f64, prints: u32) -> f64 {
        of(&Arrivals { rate: mean * 20.0, window: Span::from_millis(50), prints }).unwrap()
    }

    /// `scipy.stats.poisson.sf(k - 2, mean)`.
    #[test]
    fn it_is_the_tail_of_a_poisson_count() {
        let cases = [
            (0.1, 2, 0.095_162_581_964_040_44),
            (0.1, 3, 0.004_678_840_160_444_474),
            (0.5, 5, 0.001_751_622_556_290_824),
            (2.0, 3, 0.593_994_150_290_161_6),
            (30.0, 20, 0.987_067_298_233_834_3),
            (5.0, 40, 6.863_593_926_611_886e-22),
        ];
        for (mean, prints, expected) in cases {
            let got = chance(mean, prints);
            assert!((got / expected - 1.0).abs() < 1e-9, "{mean} {prints}: {got} {expected}");
        }
        assert_eq!((chance(0.0, 2), chance(3.0, 1), chance(3.0, 0)), (0.0, 1.0, 1.0));
        let none = Arrivals { rate: f64::NAN, window: Span::SECOND, prints: 3 };
        assert_eq!(of(&none), None);
        assert_eq!(of(&Arrivals { rate: -1.0, ..none }), None);
        assert_eq!(of(&Arrivals { rate: 1e300, ..none }), Some(1.0));
    }

    proptest! {
        #[test]
        fn a_group_that_grows_is_the_group(rate in 0.0..2_000.0_f64, prints in 1_u32..200) {
            let window = Span::from_millis(50);
            let mut growing = Growing::new(rate, window).unwrap();
            for prints in 1..=prints {
                let whole = of(&Arrivals { rate, window, prints }).unwrap();
                let chance = growing.chance();
                prop_assert!((chance - whole).abs() <= 1e-9 * whole.max(1e-300), "{prints}: {chance} {whole}");
                growing.grow();
            }
        }

        #[test]
        fn more_prints_are_less_likely(mean in 0.0..600.0_f64, prints in 1_u32..2_000) {
            let (fewer, more) = (chance(mean, prints), chance(mean, prints + 1));
            prop_assert!((0.0..=1.0).contains(&more) && more <= fewer + 1e-12);
        }
    }
}
