//! exp(-x) for decays: one table look-up and a short polynomial, a few nanoseconds.
//!
//! x = (32k + j)·ln 2/32 + r with |r| <= ln 2/64; exp(-x) = 2^-k · 2^(-j/32) · exp(-r), the last as its
//! series to the sixth power. Relative error below 1e-14 wherever the result is a normal number; the same
//! bits on every machine, since it is only additions and products.

/// 2^(-j/32) for j in 0..32.
const TABLE: [f64; 32] = table();

/// 2^(-1/32).
const ROOT: f64 = 0.978_572_062_087_700_1;
const STEP: f64 = core::f64::consts::LN_2 / 32.0;
/// ln 2 in two parts, as FreeBSD's exp has it: a multiple of the first is exact for thousands of steps.
const STEP_HIGH: f64 = 6.931_471_803_691_238e-1 / 32.0;
const STEP_LOW: f64 = 1.908_214_929_270_587_7e-10 / 32.0;

/// Below this the result is not a normal number: it is given as zero.
const LARGEST: f64 = 708.0;

/// The powers by squaring, so that each entry is a few roundings from the true one.
const fn table() -> [f64; 32] {
    // 2^(-1/32), 2^(-2/32), 2^(-4/32), 2^(-8/32), 2^(-16/32).
    let binary = [
        ROOT,
        0.957_603_280_698_573_6,
        0.917_004_043_204_671_2,
        0.840_896_415_253_714_5,
        core::f64::consts::FRAC_1_SQRT_2,
    ];
    let mut entries = [1.0; 32];
    let mut j = 0;
    while j < 32 {
        let mut bit = 0;
        while bit < 5 {
            if (j >> bit) & 1 == 1 {
                entries[j] *= binary[bit];
            }
            bit += 1;
        }
        j += 1;
    }
    entries
}

/// exp(-x) for x >= 0; one for a negative x, zero beyond [708](LARGEST) and for what is not a number.
#[inline]
pub fn decay(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x >= LARGEST || x.is_nan() {
        return 0.0;
    }
    // Rounded to the nearest by truncation: x is positive.
    let steps = (x / STEP + 0.5) as u64;
    let n = steps as f64;
    let r = (n * STEP_HIGH - x) + n * STEP_LOW;
    let series =
        1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    let power = f64::from_bits((1023 - (steps >> 5)) << 52);
    TABLE[(steps & 31) as usize] * series * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends() {
        assert_eq!(decay(0.0), 1.0);
        assert_eq!(decay(-3.0), 1.0);
        assert_eq!(decay(f64::NAN), 0.0);
        assert_eq!(decay(f64::INFINITY), 0.0);
        assert_eq!(decay(708.0), 0.0);
        assert!(decay(707.9) > 0.0);
    }

    #[test]
    fn the_table_holds_powers_of_two() {
        for (j, entry) in TABLE.iter().enumerate() {
            let exact = libm::exp2(-(j as f64) / 32.0);
            assert!((entry / exact - 1.0).abs() < 1e-15, "{j}: {entry} {exact}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_exponential(x in 0.0..700.0_f64) {
            let exact = libm::exp(-x);
            prop_assert!((decay(x) / exact - 1.0).abs() < 1e-14, "{x}: {} {exact}", decay(x));
        }

        #[test]
        fn small_ones_too(x in 0.0..1e-3_f64) {
            prop_assert!((decay(x) - libm::exp(-x)).abs() < 3e-16);
        }
    }
}
