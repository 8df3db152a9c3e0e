//! Which makers differ from the others: many tests at once, held to a false discovery rate (Benjamini,
//! Hochberg 1995).

use alphatrader_model::instrument::Symbol;
use serde::{Deserialize, Serialize};

use super::MakerProfile;
use crate::probability::multiple::benjamini_hochberg;
use crate::probability::normal_two_sided;

/// Part of the findings that may be false.
pub const RATE: f64 = 0.05;

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
            let p_value = normal_two_sided(z);
            RefillDifference { maker, own, others, p_value, differs: false }
        })
        .collect();
    let p_values: Vec<f64> = differences.iter().map(|difference| difference.p_value).collect();
    for (difference, adjusted) in differences.iter_mut().zip(benjamini_hochberg(&p_values)) {
        difference.differs = adjusted <= RATE;
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::metric::{Metric, Quality};

    fn maker(name: &str, refilled: f64, trades: u64) -> MakerProfile {
        let metric = |value| Metric::new(value, trades, Quality::GOOD);
        MakerProfile {
            maker: Symbol::new(name).unwrap(),
            refusal: None,
            sessions: 5,
            at_best: [Metric::NONE; 2],
            size_at_best: [Metric::NONE; 2],
            two_sided: Metric::NONE,
            updates: Metric::NONE,
            quote_life: Metric::NONE,
            refill: metric(Some(refilled).filter(|_| trades >= 30)),
            led: Metric::NONE,
            fade: Metric::NONE,
            lead: Metric::NONE,
            withdrawal: Metric::NONE,
        }
    }

    #[test]
    fn one_that_refills_more_differs_and_one_seen_rarely_is_left_out() {
        let profiles =
            [maker("A", 0.5, 1_000), maker("B", 0.2, 1_000), maker("C", 0.22, 1_000), maker("D", 0.9, 20)];
        let found = refills(&profiles);
        assert_eq!(found.len(), 3);
        assert!(found[0].differs && (found[0].own, found[0].others) == (0.5, 0.21), "{found:?}");
        // 20 % of a thousand against 36 % of two thousand: far beyond chance.
        assert!(found[1].differs && found[1].p_value < 1e-10);
        let alike = refills(&[maker("A", 0.50, 100), maker("B", 0.52, 100), maker("C", 0.47, 100)]);
        assert!(alike.iter().all(|difference| !difference.differs), "{alike:?}");
        assert_eq!(refills(&profiles[..1]), [], "there is no one to compare with");
    }
}
