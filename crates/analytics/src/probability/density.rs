//! Log density of a return whose variance is known: normal, or Student's t scaled to that variance.

use serde::{Deserialize, Serialize};

/// ln(2 pi).
const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// A zero-mean density with its constant worked out once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Density {
    /// Degrees of freedom; none is the normal.
    nu: Option<f64>,
    constant: f64,
}

impl Density {
    /// The normal density.
    pub const NORMAL: Self = Self { nu: None, constant: -0.5 * LN_TAU };

    /// Student's t with `nu` > 2 degrees of freedom, scaled so that its variance is the one given with each
    /// return. With 2 or fewer it has no variance: nothing.
    pub fn student_t(nu: f64) -> Option<Self> {
        if !(nu > 2.0 && nu.is_finite()) {
            return None;
        }
        let constant = libm::lgamma(0.5 * nu + 0.5)
            - libm::lgamma(nu / 2.0)
            - 0.5 * libm::log(core::f64::consts::PI * (nu - 2.0));
        Some(Self { nu: Some(nu), constant })
    }

    /// Degrees of freedom; none is the normal.
    pub const fn nu(&self) -> Option<f64> {
        self.nu
    }

    /// ln f(`r`; `variance`), for a variance above zero.
    #[inline]
    pub fn log(&self, r: f64, variance: f64) -> f64 {
        let square = r * r / variance;
        let shape = match self.nu {
            None => 0.5 * square,
            Some(nu) => (0.5 * nu + 0.5) * libm::log1p(square / (nu - 2.0)),
        };
        self.constant - 0.5 * libm::log(variance) - shape
    }

    /// How much a return counts towards the variance when that is fitted: one for the normal, less the
    /// further out for t (the weights of its EM algorithm).
    #[inline]
    pub fn weight(&self, r: f64, variance: f64) -> f64 {
        match self.nu {
            None => 1.0,
            // E[weight · r²] is the variance where `variance` is the true one.
            Some(nu) => (nu + 1.0) / (nu - 2.0 + r * r / variance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_integrate_to_one_and_have_the_variance() {
        for density in [Density::NORMAL, Density::student_t(5.0).unwrap(), Density::student_t(30.0).unwrap()]
        {
            let (mut mass, mut second, mut weighted) = (0.0, 0.0, 0.0);
            let step = 1e-2;
            for i in -40_000..40_000 {
                let r = f64::from(i) * step;
                let f = libm::exp(density.log(r, 2.0)) * step;
                mass += f;
                second += f * r * r;
                weighted += f * r * r * density.weight(r, 2.0);
            }
            assert!((mass - 1.0).abs() < 1e-6, "{mass}");
            assert!((second - 2.0).abs() < 1e-3, "{second}");
            assert!((weighted - 2.0).abs() < 1e-6, "{weighted}");
        }
    }

    #[test]
    fn it_needs_a_variance() {
        assert_eq!(Density::student_t(2.0), None);
        assert_eq!(Density::student_t(f64::NAN), None);
        assert_eq!(Density::student_t(5.0).unwrap().nu(), Some(5.0));
    }
}
