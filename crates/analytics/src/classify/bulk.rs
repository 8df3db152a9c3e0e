//! Bulk volume classification: of a bar's volume v, the share F(ΔP / σ) was bought.
//!
//! ΔP is the change from the close before to the bar's own; of the first bar of a session, from its own
//! open. σ² is an exponential average of earlier ΔP², taken *before* the bar itself: the paper's σ of the
//! whole sample knows the future. Without σ, and when it is zero, half was bought. F is the normal
//! distribution (Easley, López de Prado, O'Hara 2012) or Student's (2016, a quarter of a degree of freedom).
//! The fraction is in [0, 1]; it is no side of any single print.

use std::f64::consts::SQRT_2;

use serde::{Deserialize, Serialize};

use super::student::Student;

/// The distribution that turns a standardised change into a fraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkCdf {
    /// The standard normal one.
    Normal,
    /// Student's, with few degrees of freedom.
    Student(Student),
}

impl BulkCdf {
    /// Student's with the degrees of freedom of the 2016 paper.
    pub fn student() -> Self {
        Self::Student(Student::new(0.25))
    }

    /// F(z) in [0, 1]; one half for what is no number.
    #[inline]
    pub fn of(&self, z: f64) -> f64 {
        match self {
            _ if z.is_nan() => 0.5,
            Self::Normal => 0.5 * libm::erfc(-z / SQRT_2),
            Self::Student(student) => student.cdf(z),
        }
    }
}

/// Turns changes of bars into fractions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkClassifier {
    cdf: BulkCdf,
    lambda: f64,
    variance: Option<f64>,
}

impl BulkClassifier {
    /// Usual weight of the past, for bars of a minute.
    pub const LAMBDA: f64 = 0.97;

    /// Bytes outside the value itself.
    pub const fn heap_bytes(&self) -> usize {
        match self.cdf {
            BulkCdf::Normal => 0,
            BulkCdf::Student(_) => super::student::TABLE_BYTES,
        }
    }

    /// Weighs the past variance with `lambda`, 0.9 to 0.999; values outside are moved to the nearest one
    /// inside, no number to [`Self::LAMBDA`].
    pub fn new(cdf: BulkCdf, lambda: f64) -> Self {
        let lambda = if lambda.is_nan() { Self::LAMBDA } else { lambda.clamp(0.9, 0.999) };
        Self { cdf, lambda, variance: None }
    }

    /// The fraction bought of a bar whose price changed by `change` dollars; remembers the change.
    pub fn bar(&mut self, change: f64) -> f64 {
        if !change.is_finite() {
            return 0.5;
        }
        let square = change * change;
        let Some(variance) = self.variance else {
            self.variance = Some(square);
            return 0.5;
        };
        self.variance = Some(self.lambda * variance + (1.0 - self.lambda) * square);
        if variance > 0.0 { self.cdf.of(change / libm::sqrt(variance)) } else { 0.5 }
    }

    /// As many bars without any change: each half bought.
    pub fn still_bars(&mut self, bars: u64) {
        let faded = libm::pow(self.lambda, bars as f64);
        self.variance = Some(self.variance.map_or(0.0, |variance| variance * faded));
    }

    /// σ of the next bar, dollars; absent before the first.
    pub fn sigma(&self) -> Option<f64> {
        self.variance.map(libm::sqrt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The table of the reference, by scipy: z, normal, Student 0.25, Student 0.1.
    const TABLE: [(f64, f64, f64, f64); 7] = [
        (-2.5, 0.006_209_665, 0.286_575_358, 0.380_677_386),
        (-1.0, 0.158_655_254, 0.355_651_871, 0.416_328_242),
        (-0.25, 0.401_293_674, 0.448_789_009, 0.466_315_631),
        (0.0, 0.5, 0.5, 0.5),
        (0.5, 0.691_462_461, 0.591_900_011, 0.556_739_887),
        (1.0, 0.841_344_746, 0.644_348_129, 0.583_671_758),
        (3.0, 0.998_650_102, 0.725_967_199, 0.626_152_923),
    ];

    #[test]
    fn the_table_of_the_reference() {
        let (quarter, tenth) = (BulkCdf::student(), BulkCdf::Student(Student::new(0.1)));
        for (z, normal, by_quarter, by_tenth) in TABLE {
            for (cdf, expected) in [(&BulkCdf::Normal, normal), (&quarter, by_quarter), (&tenth, by_tenth)] {
                let value = cdf.of(z);
                assert!((value - expected).abs() < 5e-10, "{z}: {value} {expected}");
            }
        }
    }

    #[test]
    fn sigma_is_known_before_the_bar_and_never_includes_it() {
        let mut bulk = BulkClassifier::new(BulkCdf::Normal, 0.9);
        assert_eq!((bulk.sigma(), bulk.bar(0.05)), (None, 0.5));
        assert_eq!(bulk.sigma(), Some(0.05));
        let expected = BulkCdf::Normal.of(-2.0);
        assert!((bulk.bar(-0.10) - expected).abs() < 1e-15);
        let after = libm::sqrt(0.9 * 0.05 * 0.05 + 0.1 * 0.10 * 0.10);
        assert!((bulk.sigma().unwrap() - after).abs() < 1e-15);
    }

    #[test]
    fn without_sigma_half_is_bought() {
        let mut bulk = BulkClassifier::new(BulkCdf::student(), f64::NAN);
        assert_eq!(bulk.lambda, BulkClassifier::LAMBDA);
        assert_eq!([bulk.bar(0.0), bulk.bar(0.5)], [0.5, 0.5], "a still market has no sigma");
        assert_eq!([bulk.bar(f64::NAN), bulk.bar(f64::INFINITY)], [0.5, 0.5]);
        assert!(bulk.bar(0.5) > 0.5);
    }

    #[test]
    fn still_bars_are_as_many_single_ones() {
        let mut one = BulkClassifier::new(BulkCdf::Normal, 0.97);
        one.bar(0.3);
        let mut other = one.clone();
        other.still_bars(40);
        for _ in 0..40 {
            assert_eq!(one.bar(0.0), 0.5);
        }
        assert!((one.sigma().unwrap() - other.sigma().unwrap()).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn both_tails_sum_to_one(z in -1e9_f64..1e9) {
            for cdf in [BulkCdf::Normal, BulkCdf::student()] {
                let (up, down) = (cdf.of(z), cdf.of(-z));
                prop_assert!((0.0..=1.0).contains(&up) && (up + down - 1.0).abs() < 1e-12);
            }
        }
    }
}
