//! What of a correlation matrix is more than noise.

use crate::matrix::{Eigen, Symmetric};

/// Largest condition number of a matrix that may be used.
pub const MAX_CONDITION: f64 = 1e4;
/// Eigenvalues are raised to this when a matrix is made usable.
pub const FLOOR: f64 = 1e-8;

/// The largest over the smallest eigenvalue; none when the smallest is not above zero.
pub fn condition_number(matrix: &Symmetric) -> Option<f64> {
    let values = matrix.eigen().values;
    match (values.first(), values.last()) {
        (Some(least), Some(most)) if *least > 0.0 => Some(most / least),
        _ => None,
    }
}

/// The largest eigenvalue that the correlation matrix of `symbols` unrelated series of `observations` has in
/// the limit (Marchenko and Pastur 1967): (1 + √(N/T))².
pub fn marchenko_pastur_edge(observations: usize, symbols: usize) -> f64 {
    let root = 1.0 + libm::sqrt(symbols as f64 / observations.max(1) as f64);
    root * root
}

/// The share of a correlation matrix's trace in eigenvalues above that edge: what is not noise, in [0, 1].
/// None of an empty matrix.
pub fn share_above_noise(correlation: &Symmetric, observations: usize) -> Option<f64> {
    let n = correlation.order();
    let edge = marchenko_pastur_edge(observations, n);
    let values = correlation.eigen().values;
    let above: f64 = values.iter().filter(|value| **value > edge).sum();
    (n > 0).then(|| (above / n as f64).clamp(0.0, 1.0))
}

/// A usable correlation matrix: eigenvalues below [`FLOOR`] raised to it, then the diagonal set to one
/// again. Matrices put together pair by pair (Hayashi and Yoshida) need it. None where a diagonal is not
/// above zero.
pub fn usable(matrix: &Symmetric) -> Option<Symmetric> {
    let correlation = matrix.to_correlation()?;
    let Eigen { values, vectors } = correlation.eigen();
    if values.first().is_some_and(|least| *least >= FLOOR) {
        return Some(correlation);
    }
    let rebuilt = Symmetric::from_fn(matrix.order(), |i, j| {
        values.iter().zip(&vectors).map(|(value, vector)| value.max(FLOOR) * vector[i] * vector[j]).sum()
    });
    rebuilt.to_correlation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(rho: [f64; 3]) -> Symmetric {
        Symmetric::from_fn(3, |i, j| match (i, j) {
            (1, 0) => rho[0],
            (2, 0) => rho[1],
            (2, 1) => rho[2],
            _ => 1.0,
        })
    }

    #[test]
    fn one_factor_stands_above_noise() {
        let strong = matrix([0.8, 0.8, 0.8]);
        assert!((share_above_noise(&strong, 300).unwrap() - 2.6 / 3.0).abs() < 1e-12);
        assert!((condition_number(&strong).unwrap() - 13.0).abs() < 1e-10);
        assert_eq!(share_above_noise(&matrix([0.0, 0.0, 0.0]), 300), Some(0.0));
        assert!((marchenko_pastur_edge(400, 100) - 2.25).abs() < 1e-15);
        assert_eq!(share_above_noise(&Symmetric::zeros(0), 300), None);
    }

    #[test]
    fn an_impossible_matrix_is_made_usable() {
        let impossible = matrix([0.9, 0.9, -0.9]);
        assert_eq!(condition_number(&impossible), None);
        let found = usable(&impossible).unwrap();
        assert!(found.eigen().values[0] > 0.0);
        assert_eq!(found.get(1, 1), 1.0);
        assert_eq!(usable(&matrix([0.5, 0.5, 0.5])).unwrap(), matrix([0.5, 0.5, 0.5]));
        assert_eq!(usable(&Symmetric::zeros(2)), None);
    }

    proptest! {
        #[test]
        fn it_is_always_a_correlation_matrix(rho in prop::array::uniform3(-1.0..1.0_f64)) {
            let found = usable(&matrix(rho)).unwrap();
            prop_assert!(found.eigen().values[0] > 0.0);
            for i in 0..3 {
                for j in 0..3 {
                    prop_assert!(found.get(i, j).abs() <= 1.0 + 1e-12);
                }
            }
        }
    }
}
