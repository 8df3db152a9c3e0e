//! The variance of q-step moves over q times that of one step (Lo and `MacKinlay` 1988): above one where
//! moves go on, below one where they turn back.
//!
//! Overlapping moves about the mean, both variances unbiased (`arch` calls that `debiased`); the published
//! alternative without that correction is [`Variant::Raw`]. z is the heteroskedasticity-robust one; the
//! plain one stands beside it for comparison only. Several q are joined by Chow and Denning (1993): the
//! largest |z|, its p-value by the bound 1 - (1 - p)^m.

use super::autocorrelation::{moves_at_all, variance};
use crate::probability::normal_two_sided;

/// The steps of the joint test.
pub const STEPS: [usize; 4] = [2, 4, 8, 16];

/// Which variances are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// Unbiased ones.
    #[default]
    Debiased,
    /// Sums over their number.
    Raw,
}

/// A ratio and its tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceRatio {
    /// q.
    pub steps: usize,
    /// The ratio; one for a walk.
    pub ratio: f64,
    /// z that holds when the variance changes.
    pub z: f64,
    /// Its two-sided p-value.
    pub p: f64,
    /// z that assumes a constant variance.
    pub plain_z: f64,
}

/// The ratio of a series of increments; none for q < 2, for a series not longer than q, or one that does
/// not move.
pub fn variance_ratio(increments: &[f64], q: usize, variant: Variant) -> Option<VarianceRatio> {
    if q < 2 || increments.len() <= q {
        return None;
    }
    let mean = increments.iter().sum::<f64>() / increments.len() as f64;
    let centred: Vec<f64> = increments.iter().map(|x| x - mean).collect();
    let squares: f64 = centred.iter().map(|x| x * x).sum();
    if !moves_at_all(increments, squares) {
        return None;
    }
    of_centred(&centred, squares, q, variant)
}

/// The ratio of increments less their mean, whose squares sum to `squares` > 0; more than q >= 2 of them.
pub(super) fn of_centred(centred: &[f64], squares: f64, q: usize, variant: Variant) -> Option<VarianceRatio> {
    let (n, steps) = (centred.len() as f64, q as f64);
    let long = moves(centred, q);
    let ratio = match variant {
        Variant::Debiased => {
            let m = steps * (n - steps + 1.0) * (1.0 - steps / n);
            (long / m) / (squares / (n - 1.0))
        }
        Variant::Raw => (long / (n * steps)) / (squares / n),
    };
    let mut spread = 0.0;
    for k in 1..q {
        let weight = 1.0 - k as f64 / steps;
        spread += 4.0 * weight * weight * n * variance(centred, squares, k);
    }
    let root = libm::sqrt(n);
    let z = root * (ratio - 1.0) / libm::sqrt(spread);
    let plain_spread = 2.0 * (2.0 * steps - 1.0) * (steps - 1.0) / (3.0 * steps);
    z.is_finite().then(|| VarianceRatio {
        steps: q,
        ratio,
        z,
        p: normal_two_sided(z),
        plain_z: root * (ratio - 1.0) / libm::sqrt(plain_spread),
    })
}

/// Σ of the squares of all moves over q steps.
fn moves(centred: &[f64], q: usize) -> f64 {
    centred.windows(q).map(|steps| steps.iter().sum::<f64>()).map(|sum| sum * sum).sum()
}

/// Several ratios as one test.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    /// The ratios.
    pub ratios: Vec<VarianceRatio>,
    /// The largest |z| among them.
    pub largest: f64,
    /// Its p-value among so many.
    pub p: f64,
}

/// The joint test over `steps`; none where one of the ratios is none.
pub fn joint(increments: &[f64], steps: &[usize]) -> Option<Joint> {
    let ratios: Option<Vec<VarianceRatio>> =
        steps.iter().map(|q| variance_ratio(increments, *q, Variant::Debiased)).collect();
    let ratios = ratios.filter(|ratios| !ratios.is_empty())?;
    let largest = ratios.iter().map(|ratio| ratio.z.abs()).fold(0.0, f64::max);
    let p = -libm::expm1(ratios.len() as f64 * libm::log1p(-normal_two_sided(largest)));
    Some(Joint { ratios, largest, p })
}

#[cfg(test)]
mod tests {
    use super::super::autocorrelation::WORKED;
    use super::*;
    use proptest::prelude::*;

    /// arch 8.0.0 and orderflow-metrics 0.40.0. There the running sums of the series were the prices: the
    /// first number of the series is no increment.
    #[test]
    fn the_worked_example() {
        let near = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 5e-9, "{ours} {theirs}");
        let found = variance_ratio(&WORKED[1..], 2, Variant::Debiased).unwrap();
        near(found.ratio, 0.419_465_687);
        near(found.z, -1.956_839_24);
        near(found.p, 0.050_366_372_2);
        near(found.plain_z, -1.925_414_49);
        let raw = variance_ratio(&WORKED[1..], 2, Variant::Raw).unwrap();
        near(raw.ratio, 0.343_199_198);
        near(raw.z, -2.213_914_93);
        let whole = variance_ratio(&WORKED, 2, Variant::Debiased).unwrap();
        near(whole.ratio, 0.345_341_614_906_832_2);
        near(whole.z, -2.428_560_863_118_89);
    }

    #[test]
    fn the_joint_test_is_stricter_than_its_best() {
        let series: Vec<f64> = (0..64).map(|i| libm::sin(f64::from(i * i))).collect();
        let found = joint(&series, &STEPS).unwrap();
        let best = found.ratios.iter().map(|ratio| ratio.p).fold(1.0, f64::min);
        assert_eq!(found.ratios.len(), 4);
        assert!(found.p >= best && found.p <= 4.0 * best);
        assert_eq!(joint(&series[..16], &STEPS), None);
        assert_eq!(joint(&series, &[]), None);
    }

    #[test]
    fn what_does_not_move_has_none() {
        assert_eq!(variance_ratio(&[0.1; 20], 2, Variant::Debiased).map(|v| v.ratio), None);
        assert_eq!(variance_ratio(&WORKED, 1, Variant::Debiased), None);
    }

    proptest! {
        #[test]
        fn ratios_are_not_negative_and_do_not_depend_on_the_scale(series in prop::collection::vec(-1.0..1.0_f64, 20..60)) {
            let a = variance_ratio(&series, 4, Variant::Debiased).unwrap();
            let scaled: Vec<f64> = series.iter().map(|x| 1e-4 * x).collect();
            let b = variance_ratio(&scaled, 4, Variant::Debiased).unwrap();
            prop_assert!(a.ratio >= 0.0 && (a.ratio - b.ratio).abs() < 1e-9 && (a.z - b.z).abs() < 1e-7);
        }
    }
}
