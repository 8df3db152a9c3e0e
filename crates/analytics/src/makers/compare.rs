//! Which makers differ from the others: many tests at once, held to a false discovery rate.

use alphatrader_model::instrument::Symbol;
use serde::{Deserialize, Serialize};

use super::MakerProfile;

/// Part of the findings that may be false.
pub const RATE: f64 = 0.05;

/// Which of these p-values are findings at a false discovery rate of `rate` (Benjamini, Hochberg 1995): the
/// largest k with p(k) ≤ k/n · rate, and all below it. A p-value that is not in [0, 1] is none.
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = p_values.iter().copied().filter(|p| (0.0..=1.0).contains(p)).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let place = sorted.iter().enumerate().rposition(|(k, p)| *p <= (k + 1) as f64 / n * rate);
    let limit = place.map(|place| sorted[place]);
    p_values.iter().map(|p| (0.0..=1.0).contains(p) && limit.is_some_and(|limit| *p <= limit)).collect()
}

/// How often a maker refills, against all others together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RefillDifference {
    /// Who.
    pub maker: Symbol,
    /// Its part of refilled trades, in [0, 1].
    pub own: f64,
    /// That of the others.
    pub others: f64,
    /// Two-sided p-value of the difference of two proportions, normal approximation.
    pub p_value: f64,
    /// A finding at the false discovery rate of [`RATE`].
    pub differs: bool,
}

/// Compares the refill probability of each maker that has one with that of the others.
pub fn refills(profiles: &[MakerProfile]) -> Vec<RefillDifference> {
    let known: Vec<(Symbol, f64, f64)> = profiles
        .iter()
        .filter_map(|profile| Some((profile.maker, profile.refill.value?, f64::from(profile.refill.n_obs))))
        .collect();
    let (all_refills, all_trades) =
        known.iter().fold((0.0, 0.0), |(refills, trades), (_, part, n)| (refills + part * n, trades + n));
    let mut differences: Vec<RefillDifference> = known
        .iter()
        .filter(|(_, _, n)| *n < all_trades)
        .map(|&(maker, own, n)| {
            let others = ((all_refills - own * n) / (all_trades - n)).clamp(0.0, 1.0);
            let pooled = all_refills / all_trades;
            let error = libm::sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / (all_trades - n)));
            let z = if error > 0.0 { (own - others).abs() / error } else { 0.0 };
            let p_value = libm::erfc(z / core::f64::consts::SQRT_2);
            RefillDifference { maker, own, others, p_value, differs: false }
        })
        .collect();
    let p_values: Vec<f64> = differences.iter().map(|difference| difference.p_value).collect();
    for (difference, differs) in differences.iter_mut().zip(benjamini_hochberg(&p_values, RATE)) {
        difference.differs = differs;
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fifteen p-values of the paper's own example: four are findings at 0.05.
    #[test]
    fn the_papers_example() {
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let findings = benjamini_hochberg(&p_values, 0.05);
        assert_eq!(findings.iter().filter(|finding| **finding).count(), 4);
        assert!(findings[..4].iter().all(|finding| *finding));
        // A larger one that passes carries those below it, in whatever order they come.
        assert_eq!(benjamini_hochberg(&[0.04, 0.045, f64::NAN], 0.05), [true, true, false]);
        assert_eq!(benjamini_hochberg(&[], 0.05), Vec::<bool>::new());
    }
}
