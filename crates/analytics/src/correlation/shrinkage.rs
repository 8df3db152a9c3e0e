//! Ledoit and Wolf (2004): the sample covariance drawn towards a multiple of the identity, as far as its
//! own noise says.
//!
//! S is the covariance about the means with divisor T; the target is tr(S)/N on the diagonal. The
//! intensity is min(b², d²)/d² with d² the squared distance of S from the target and b² the mean squared
//! distance of a single observation's outer product from S, over T.

use thiserror::Error;

use crate::matrix::Symmetric;

/// Why there is no matrix.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShrinkageError {
    /// No symbol, or fewer than two rows.
    #[error("a covariance needs two rows of at least one symbol; there are {rows} of {symbols}")]
    TooFew {
        /// Rows given.
        rows: usize,
        /// Symbols given.
        symbols: usize,
    },
    /// A row of another length, or with a number that is not finite.
    #[error("row {0} is not one finite return for each symbol: leave it out")]
    Row(usize),
}

/// A shrunk covariance.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The matrix.
    pub covariance: Symmetric,
    /// How far it was drawn to the target, in [0, 1].
    pub intensity: f64,
}

/// Covariance about the means, divisor T. A row for each bar, a column for each symbol.
///
/// # Errors
/// The rows are too few, or not one finite number for each symbol.
pub fn sample_covariance(rows: &[Vec<f64>]) -> Result<Symmetric, ShrinkageError> {
    Ok(covariance_of(&centred(rows)?))
}

/// Shrinks the covariance of `rows`: a row for each bar, a column for each symbol.
///
/// # Errors
/// As [`sample_covariance`].
pub fn ledoit_wolf(rows: &[Vec<f64>]) -> Result<Shrunk, ShrinkageError> {
    let x = centred(rows)?;
    let sample = covariance_of(&x);
    let (n, t) = (sample.order(), x.len() as f64);
    let mean = sample.trace() / n as f64;
    // Over the whole matrix: cells off the diagonal count twice.
    let sum = |cell: &dyn Fn(usize, usize) -> f64| -> f64 {
        let twice = |i, j| if i == j { 1.0 } else { 2.0 };
        (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| twice(i, j) * cell(i, j)).sum()
    };
    let distance = sum(&|i, j| {
        let gap = sample.get(i, j) - if i == j { mean } else { 0.0 };
        gap * gap
    });
    // The mean over rows of |x xᵀ - S|² is the mean of |x|⁴ less |S|².
    let fourth =
        x.iter().map(|row| row.iter().map(|x| x * x).sum::<f64>()).map(|square| square * square).sum::<f64>()
            / t;
    let noise = (fourth - sum(&|i, j| sample.get(i, j) * sample.get(i, j))) / t;
    let intensity = if distance > 0.0 { (noise.max(0.0) / distance).min(1.0) } else { 0.0 };
    let covariance = Symmetric::from_fn(n, |i, j| {
        (1.0 - intensity) * sample.get(i, j) + if i == j { intensity * mean } else { 0.0 }
    });
    Ok(Shrunk { covariance, intensity })
}

fn centred(rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, ShrinkageError> {
    let symbols = rows.first().map_or(0, Vec::len);
    if rows.len() < 2 || symbols == 0 {
        return Err(ShrinkageError::TooFew { rows: rows.len(), symbols });
    }
    let broken = |row: &Vec<f64>| row.len() != symbols || row.iter().any(|x| !x.is_finite());
    if let Some(place) = rows.iter().position(broken) {
        return Err(ShrinkageError::Row(place));
    }
    let t = rows.len() as f64;
    let means: Vec<f64> = (0..symbols).map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / t).collect();
    Ok(rows.iter().map(|row| row.iter().zip(&means).map(|(x, mean)| x - mean).collect()).collect())
}

fn covariance_of(centred: &[Vec<f64>]) -> Symmetric {
    let t = centred.len() as f64;
    Symmetric::from_fn(centred[0].len(), |i, j| centred.iter().map(|row| row[i] * row[j]).sum::<f64>() / t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// scikit-learn 1.9.1.
    #[test]
    fn the_worked_example() {
        let rows: Vec<Vec<f64>> = [
            [0.010, 0.008, -0.002],
            [-0.005, -0.002, 0.004],
            [0.003, 0.006, 0.001],
            [-0.012, -0.010, 0.003],
            [0.007, 0.001, -0.006],
            [0.002, 0.004, 0.0],
        ]
        .map(|row| row.to_vec())
        .into();
        let found = ledoit_wolf(&rows).unwrap();
        assert!((found.intensity - 0.374_357_813).abs() < 5e-10, "{}", found.intensity);
        for (i, j, cell) in [
            (0, 0, 4.667_656_739),
            (1, 1, 3.478_936_584),
            (2, 2, 1.947_851_122),
            (0, 1, 2.473_024_532),
            (0, 2, -1.199_147_524),
            (1, 2, -0.563_077_968),
        ] {
            let ours = found.covariance.get(i, j) * 1e5;
            assert!((ours - cell).abs() < 5e-10, "{i} {j}: {ours} {cell}");
        }
    }

    #[test]
    fn tables_that_cannot_be_are_refused() {
        assert_eq!(ledoit_wolf(&[]), Err(ShrinkageError::TooFew { rows: 0, symbols: 0 }));
        assert_eq!(ledoit_wolf(&[vec![1.0], vec![1.0, 2.0]]), Err(ShrinkageError::Row(1)));
        assert_eq!(ledoit_wolf(&[vec![1.0], vec![f64::NAN]]), Err(ShrinkageError::Row(1)));
        let still = ledoit_wolf(&[vec![1.0, 2.0], vec![1.0, 2.0]]).unwrap();
        assert_eq!((still.intensity, still.covariance.trace()), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn it_is_positive_semidefinite_and_keeps_the_trace(rows in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 5), 2..12)) {
            let found = ledoit_wolf(&rows).unwrap();
            prop_assert!((0.0..=1.0).contains(&found.intensity));
            prop_assert!(found.covariance.eigen().values[0] > -1e-12);
            let trace = sample_covariance(&rows).unwrap().trace();
            prop_assert!((found.covariance.trace() - trace).abs() < 1e-12);
        }
    }
}
