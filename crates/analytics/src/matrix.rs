//! Small symmetric matrices: storage, Cholesky, eigenvalues by Jacobi's rotations.
//!
//! For covariances of up to a few hundred symbols, and not on the path of an event: these functions
//! allocate.

use serde::{Deserialize, Serialize};

/// Sweeps of rotations at most; a matrix of a hundred rows takes about ten.
const SWEEPS: usize = 64;

/// A symmetric matrix: its lower triangle, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Symmetric {
    order: usize,
    cells: Vec<f64>,
}

/// Eigenvalues, ascending, with their vectors of length one.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// Ascending.
    pub values: Vec<f64>,
    /// The vector of each value, in the same order.
    pub vectors: Vec<Vec<f64>>,
}

impl Symmetric {
    /// A matrix of zeros.
    pub fn zeros(order: usize) -> Self {
        Self { order, cells: vec![0.0; order * (order + 1) / 2] }
    }

    /// A matrix of `cell(i, j)` for j <= i.
    pub fn from_fn(order: usize, mut cell: impl FnMut(usize, usize) -> f64) -> Self {
        let mut matrix = Self::zeros(order);
        for i in 0..order {
            for j in 0..=i {
                matrix.set(i, j, cell(i, j));
            }
        }
        matrix
    }

    /// Rows.
    pub const fn order(&self) -> usize {
        self.order
    }

    /// The cell of row `i` and column `j`.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[place(i, j)]
    }

    /// Sets the cell of row `i` and column `j`, and its mirror image.
    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        self.cells[place(i, j)] = value;
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        (0..self.order).map(|i| self.get(i, i)).sum()
    }

    /// All rows in full.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        (0..self.order).map(|i| (0..self.order).map(|j| self.get(i, j)).collect()).collect()
    }

    /// The correlations of a covariance; none where a variance is not positive.
    pub fn to_correlation(&self) -> Option<Self> {
        if !(0..self.order).all(|i| self.get(i, i) > 0.0) {
            return None;
        }
        Some(Self::from_fn(self.order, |i, j| {
            if i == j { 1.0 } else { self.get(i, j) / libm::sqrt(self.get(i, i) * self.get(j, j)) }
        }))
    }

    /// x of (this)·x = `right`, by Cholesky; none when the matrix is not positive definite.
    pub fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.order;
        let root = self.cholesky()?;
        let mut x = right.get(..n)?.to_vec();
        for i in 0..n {
            for j in 0..i {
                x[i] -= root[place(i, j)] * x[j];
            }
            x[i] /= root[place(i, i)];
        }
        for i in (0..n).rev() {
            for j in i + 1..n {
                x[i] -= root[place(j, i)] * x[j];
            }
            x[i] /= root[place(i, i)];
        }
        Some(x)
    }

    /// The logarithm of the determinant; none when the matrix is not positive definite.
    pub fn log_determinant(&self) -> Option<f64> {
        let root = self.cholesky()?;
        Some((0..self.order).map(|i| 2.0 * libm::log(root[place(i, i)])).sum())
    }

    /// The lower triangle L of L·Lᵀ; none when the matrix is not positive definite.
    fn cholesky(&self) -> Option<Vec<f64>> {
        let mut root = self.cells.clone();
        for i in 0..self.order {
            for j in 0..=i {
                let mut sum = self.get(i, j);
                for k in 0..j {
                    sum -= root[place(i, k)] * root[place(j, k)];
                }
                if i == j {
                    if !(sum > 0.0 && sum.is_finite()) {
                        return None;
                    }
                    root[place(i, i)] = libm::sqrt(sum);
                } else {
                    root[place(i, j)] = sum / root[place(j, j)];
                }
            }
        }
        Some(root)
    }

    /// Eigenvalues and vectors by cyclic Jacobi rotations.
    pub fn eigen(&self) -> Eigen {
        let n = self.order;
        let mut matrix = self.rows();
        let mut vectors: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        for _ in 0..SWEEPS {
            let off: f64 = (0..n)
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .map(|(i, j)| matrix[i][j] * matrix[i][j])
                .sum();
            let size: f64 = (0..n).map(|i| matrix[i][i] * matrix[i][i]).sum();
            if off.is_nan() || off <= 1e-32 * size {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut matrix, &mut vectors, p, q);
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| matrix[*a][*a].total_cmp(&matrix[*b][*b]));
        Eigen {
            values: order.iter().map(|i| matrix[*i][*i]).collect(),
            vectors: order.iter().map(|i| vectors[*i].clone()).collect(),
        }
    }
}

/// Turns rows and columns p, q so that their cell becomes zero.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let apq = matrix[p][q];
    if apq == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * apq);
    let t = if theta.abs() > 1e150 {
        0.5 / theta
    } else {
        theta.signum() / (theta.abs() + libm::sqrt(theta * theta + 1.0))
    };
    let c = 1.0 / libm::sqrt(t * t + 1.0);
    let s = t * c;
    for row in matrix.iter_mut() {
        let (a, b) = (row[p], row[q]);
        (row[p], row[q]) = (c * a - s * b, s * a + c * b);
    }
    turn(matrix, p, q, c, s);
    (matrix[p][q], matrix[q][p]) = (0.0, 0.0);
    turn(vectors, p, q, c, s);
}

/// Turns rows p and q, p before q.
fn turn(rows: &mut [Vec<f64>], p: usize, q: usize, c: f64, s: f64) {
    let (above, below) = rows.split_at_mut(q);
    for (a, b) in above[p].iter_mut().zip(&mut below[0]) {
        (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
    }
}

const fn place(i: usize, j: usize) -> usize {
    let (i, j) = if i < j { (j, i) } else { (i, j) };
    i * (i + 1) / 2 + j
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_by_two() {
        let matrix = Symmetric::from_fn(2, |i, j| if i == j { 2.0 } else { 1.0 });
        let eigen = matrix.eigen();
        assert!((eigen.values[0] - 1.0).abs() < 1e-15 && (eigen.values[1] - 3.0).abs() < 1e-15);
        assert!(matrix.solve(&[3.0, 3.0]).unwrap().iter().all(|x| (x - 1.0).abs() < 1e-15));
        assert!((matrix.log_determinant().unwrap() - libm::log(3.0)).abs() < 1e-15);
        assert_eq!(Symmetric::from_fn(2, |_, _| 1.0).solve(&[1.0, 1.0]), None);
        assert_eq!(Symmetric::zeros(2).to_correlation(), None);
        assert_eq!(Symmetric::zeros(0).eigen().values, Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn eigenvectors_rebuild_the_matrix(n in 1_usize..8, cells in prop::collection::vec(-1.0..1.0_f64, 64)) {
            let matrix = Symmetric::from_fn(n, |i, j| cells[i * 8 + j]);
            let eigen = matrix.eigen();
            prop_assert!(eigen.values.is_sorted());
            prop_assert!((eigen.values.iter().sum::<f64>() - matrix.trace()).abs() < 1e-12);
            for i in 0..n {
                for j in 0..n {
                    let rebuilt: f64 = (0..n).map(|k| eigen.values[k] * eigen.vectors[k][i] * eigen.vectors[k][j]).sum();
                    prop_assert!((rebuilt - matrix.get(i, j)).abs() < 1e-12);
                }
            }
        }
    }
}
