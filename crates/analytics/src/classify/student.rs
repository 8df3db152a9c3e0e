//! Student's distribution for few degrees of freedom, by table.
//!
//! For z > 0, F(z) = 1 − I(x; ν/2, 1/2) / 2, I the incomplete beta function, with x = ν / (ν + z²), and F(−z) = 1 − F(z). The table holds
//! F − 1/2 at 2 049 points of asinh(z) in [0, 8] (the other half is its mirror) and is read by cubics: within
//! 1e-9 of the function. Beyond it, where z is above 1 490, the function itself is computed.

use serde::{Deserialize, Serialize};

const STEPS: usize = 2_048;
const END: f64 = 8.0;
const PER_UNIT: f64 = STEPS as f64 / END;

/// Bytes of the table.
pub(crate) const TABLE_BYTES: usize = (STEPS + 3) * size_of::<f64>();

/// Steps of the continued fraction; it converges in a few dozen.
const MAX_STEPS: u32 = 500;

/// The distribution for one number of degrees of freedom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Student {
    degrees: f64,
    /// F − 1/2 from one point before zero to two behind the end.
    table: Box<[f64]>,
}

impl Student {
    /// For `degrees` of freedom, 0.05 to 100; values outside are moved to the nearest one inside, no number to 0.25.
    pub fn new(degrees: f64) -> Self {
        let degrees = if degrees.is_nan() { 0.25 } else { degrees.clamp(0.05, 100.0) };
        let point = |place: usize| excess(degrees, libm::sinh((place as f64 - 1.0) / PER_UNIT));
        Self { degrees, table: (0..STEPS + 3).map(point).collect() }
    }

    /// F(z), in [0, 1].
    pub fn cdf(&self, z: f64) -> f64 {
        let above = self.above(z.abs());
        if z < 0.0 { 0.5 - above } else { 0.5 + above }
    }

    fn above(&self, z: f64) -> f64 {
        let place = libm::asinh(z) * PER_UNIT;
        if place >= STEPS as f64 {
            return excess(self.degrees, z);
        }
        let left = place as usize;
        let t = place - left as f64;
        let [before, here, next, after] =
            [self.table[left], self.table[left + 1], self.table[left + 2], self.table[left + 3]];
        // Lagrange's cubic through the four points around.
        let (down, up, far) = (t + 1.0, t - 1.0, t - 2.0);
        here * down * up * far / 2.0 - next * down * t * far / 2.0 - before * t * up * far / 6.0
            + after * down * t * up / 6.0
    }
}

/// F(z) − 1/2, odd in z.
fn excess(degrees: f64, z: f64) -> f64 {
    let size = z.abs();
    if size == 0.0 {
        return 0.0;
    }
    if size > 1e150 {
        return libm::copysign(0.5, z);
    }
    let (a, b) = (0.5 * degrees, 0.5);
    let square = size * size;
    let (x, rest) = (degrees / (degrees + square), square / (degrees + square));
    let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(a * libm::log(x) + b * libm::log(rest) - ln_beta);
    let half = if x < (a + 1.0) / (a + b + 2.0) {
        0.5 - 0.5 * front * fraction(a, b, x) / a
    } else {
        0.5 * front * fraction(b, a, rest) / b
    };
    libm::copysign(half.clamp(0.0, 0.5), z)
}

/// The continued fraction of the incomplete beta function (Lentz's method).
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..=MAX_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let factor = d * c;
        value *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_degree_of_freedom_is_cauchys() {
        let student = Student::new(1.0);
        for z in [0.001, 0.1, 0.7, 1.0, 3.0, 50.0, 1_400.0, 1e4, 1e9] {
            let exact = 0.5 + libm::atan(z) / std::f64::consts::PI;
            assert!((student.cdf(z) - exact).abs() < 1e-10, "{z}");
            assert!((student.cdf(-z) - (1.0 - exact)).abs() < 1e-10, "{z}");
        }
    }

    #[test]
    fn the_table_is_the_function() {
        for degrees in [0.1, 0.25, 4.0] {
            let student = Student::new(degrees);
            for place in 0..9_000 {
                let z = libm::sinh(f64::from(place) / 1_000.0 + 0.000_37);
                let exact = 0.5 + excess(degrees, z);
                assert!((student.cdf(z) - exact).abs() < 1e-9, "{degrees} {z}");
            }
        }
    }

    #[test]
    fn the_ends_are_zero_and_one() {
        let student = Student::new(0.25);
        assert_eq!((student.cdf(f64::INFINITY), student.cdf(f64::NEG_INFINITY)), (1.0, 0.0));
        assert_eq!(student.cdf(-0.0), 0.5);
        assert!(Student::new(f64::NAN) == student);
    }
}
