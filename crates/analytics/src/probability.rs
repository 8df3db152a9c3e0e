//! Distributions and p-values: what the tests of the other modules need, by `libm` alone.
//!
//! | function | what |
//! | --- | --- |
//! | [`normal_cdf`], [`normal_two_sided`], [`normal_quantile`] | standard normal |
//! | [`chi_square_tail`] | P(X > x) of chi-square |
//! | [`student_t_cdf`] | Student's t, any positive degrees of freedom |
//! | [`fisher_f_tail`] | P(X > x) of F |
//! | [`kolmogorov_tail`] | p-value of a Kolmogorov-Smirnov distance |
//! | [`Density`] | log density of a return of known variance: normal or Student's t |
//! | [`multiple`] | Holm, Benjamini and Hochberg |
//!
//! Absolute errors are below 1e-12 (normal quantile: relative 1e-12). What is not a number goes in and
//! comes out as such: callers refuse it before.

pub mod density;
mod incomplete;
pub mod multiple;

pub use density::Density;

use incomplete::{beta, gamma_upper};

/// Terms of Kolmogorov's series at most; it ends much sooner.
const KOLMOGOROV_TERMS: u32 = 100;

/// P(Z <= z) of the standard normal.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2)
}

/// P(|Z| >= |z|) of the standard normal: the two-sided p-value of z.
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * core::f64::consts::FRAC_1_SQRT_2)
}

/// z with P(Z <= z) = `p`, for p inside (0, 1); infinite at its ends. Acklam's rational approximation,
/// then two steps of Halley's method.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // The upper half by symmetry: 1 - p is exact there.
        return -normal_quantile(1.0 - p);
    }
    let mut z = acklam(p);
    for _ in 0..2 {
        let error = normal_cdf(z) - p;
        let step = error * SQRT_TAU * libm::exp(z * z / 2.0);
        z -= step / (1.0 + z * step / 2.0);
    }
    z
}

/// The square root of 2 pi.
const SQRT_TAU: f64 = 2.506_628_274_631_000_5;

/// P. J. Acklam's approximation of the lower half, relative error 1.15e-9.
fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    if p < 0.02425 {
        let q = libm::sqrt(-2.0 * libm::log(p));
        polynomial(&C, q) / (polynomial(&D, q) * q + 1.0)
    } else {
        let q = p - 0.5;
        let r = q * q;
        polynomial(&A, r) * q / (polynomial(&B, r) * r + 1.0)
    }
}

/// P(X > x) of chi-square with `degrees` > 0 of freedom: the p-value of a statistic x >= 0.
pub fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { gamma_upper(degrees / 2.0, x / 2.0) }
}

/// P(T <= t) of Student's t with `nu` > 0 degrees of freedom.
pub fn student_t_cdf(t: f64, nu: f64) -> f64 {
    let tail = 0.5 * beta(nu / (nu + t * t), nu / 2.0, 0.5);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// P(|T| >= |t|) of Student's t with `nu` > 0 degrees of freedom.
pub fn student_t_two_sided(t: f64, nu: f64) -> f64 {
    beta(nu / (nu + t * t), nu / 2.0, 0.5)
}

/// P(X > x) of Fisher's F with `numerator` and `denominator` degrees of freedom, x >= 0.
pub fn fisher_f_tail(x: f64, numerator: f64, denominator: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    beta(denominator / (denominator + numerator * x), denominator / 2.0, numerator / 2.0)
}

/// The p-value of a largest distance `d` between the distribution of `n` observations and a known one:
/// Kolmogorov's limit with Stephens' correction for small n, within 0.01 for n >= 5.
pub fn kolmogorov_tail(d: f64, n: u64) -> f64 {
    let root = libm::sqrt(n as f64);
    let x = d * (root + 0.12 + 0.11 / root);
    if x < 0.2 {
        // Beyond fifteen digits of one.
        return 1.0;
    }
    let (mut sum, mut sign) = (0.0, 1.0);
    for j in 1..=KOLMOGOROV_TERMS {
        let term = libm::exp(-2.0 * f64::from(j * j) * x * x);
        sum += sign * term;
        sign = -sign;
        if term < 1e-17 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(ours: f64, theirs: f64, tolerance: f64) {
        assert!((ours - theirs).abs() <= tolerance, "{ours} {theirs}");
    }

    /// The table of the reference, by scipy.
    #[test]
    fn the_worked_distribution_functions() {
        for (z, normal, quarter, tenth) in [
            (-2.5, 0.006_209_665, 0.286_575_358, 0.380_677_386),
            (-1.0, 0.158_655_254, 0.355_651_871, 0.416_328_242),
            (-0.25, 0.401_293_674, 0.448_789_009, 0.466_315_631),
            (0.0, 0.5, 0.5, 0.5),
            (0.5, 0.691_462_461, 0.591_900_011, 0.556_739_887),
            (1.0, 0.841_344_746, 0.644_348_129, 0.583_671_758),
            (3.0, 0.998_650_102, 0.725_967_199, 0.626_152_923),
        ] {
            near(normal_cdf(z), normal, 5e-10);
            near(student_t_cdf(z, 0.25), quarter, 5e-10);
            near(student_t_cdf(z, 0.1), tenth, 5e-10);
        }
    }

    #[test]
    fn known_values() {
        near(normal_two_sided(-1.956_839_24), 0.050_366_372_2, 1e-9);
        near(chi_square_tail(5.702_487_29, 3.0), 0.127_016_94, 1e-8);
        near(chi_square_tail(-1.0, 3.0), 1.0, 0.0);
        near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-12);
        near(normal_quantile(1e-10), -6.361_340_902_404_056, 1e-10);
        near(student_t_two_sided(2.0, 10.0), 0.073_388_034_770_740_37, 1e-13);
        // F with one degree is t squared.
        near(fisher_f_tail(4.0, 1.0, 10.0), 0.073_388_034_770_740_37, 1e-13);
        near(kolmogorov_tail(0.1, 100), 0.256, 0.02);
        near(kolmogorov_tail(0.0, 100), 1.0, 0.0);
    }

    proptest! {
        #[test]
        fn quantiles_undo_the_distribution(p in 1e-12..1.0_f64) {
            prop_assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-13 + 1e-12 * p);
        }

        #[test]
        fn they_are_probabilities_and_symmetric(t in -50.0..50.0_f64, nu in 0.05..200.0_f64, d in 0.0..1.0_f64, n in 1_u64..10_000) {
            let p = student_t_cdf(t, nu);
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert!((p + student_t_cdf(-t, nu) - 1.0).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&kolmogorov_tail(d, n)));
            prop_assert!((0.0..=1.0).contains(&chi_square_tail(t, nu)));
            prop_assert!((0.0..=1.0).contains(&fisher_f_tail(t, nu, nu + 1.0)));
        }
    }
}
