//! What VPIN would be without any information.
//!
//! Sides that are tosses of a coin leave an imbalance too, and the fewer trades a bucket holds, the
//! larger. A level such as "0.7" means nothing across symbols; VPIN over this level does.

/// E0 of signed trades: sqrt(2/π) · sqrt(mean over buckets of Σ qⱼ²) / V, qⱼ the trades of a bucket. In [0, 1).
pub fn of_signed(mean_of_squares: f64, bucket: u64) -> f64 {
    libm::sqrt(std::f64::consts::FRAC_2_PI * mean_of_squares) / bucket as f64
}

/// E0 of bulk volume with `bars` equal bars a bucket: sqrt(2 / 3πK). About right from K = 5 on; absent below.
pub fn of_bulk(bars: f64) -> Option<f64> {
    (bars >= LEAST_BARS).then(|| libm::sqrt(std::f64::consts::FRAC_2_PI / (3.0 * bars)))
}

/// Bars a bucket must hold for [`of_bulk`].
pub const LEAST_BARS: f64 = 5.0;

/// A value over its level; absent when that is zero.
pub fn ratio(value: f64, level: f64) -> Option<f64> {
    (level > 0.0).then(|| value / level).filter(|ratio| ratio.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_of_the_reference() {
        // Simulated there: 0.208, 0.147, 0.084.
        for (bars, simulated) in [(5.0, 0.208), (10.0, 0.147), (30.0, 0.084)] {
            let level = of_bulk(bars).unwrap();
            assert!((level / simulated - 1.0).abs() < 0.011, "{bars}: {level}");
        }
        assert_eq!(of_bulk(4.9), None);
        assert!((of_signed(100.0 * 100.0 * 50.0, 5_000) - 0.1128).abs() < 5e-5);
        assert_eq!(ratio(0.5, 0.0), None);
    }
}
