//! Systems of linear equations, small ones.

/// Pivots below this part of the largest entry make a matrix singular here.
const SINGULAR: f64 = 1e-13;

/// Solves A x = b for a square matrix, given by rows, by elimination with partial pivoting; absent when
/// the sizes do not fit, an entry is not finite, or the matrix is singular.
pub fn solve(mut rows: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    if rows.len() != n.checked_mul(n)? || rows.iter().chain(&right).any(|entry| !entry.is_finite()) {
        return None;
    }
    let largest = rows.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
    for column in 0..n {
        let size = |row: usize| rows[row * n + column].abs();
        let pivot = (column..n).max_by(|a, b| size(*a).total_cmp(&size(*b)))?;
        if size(pivot) <= largest * SINGULAR {
            return None;
        }
        for k in 0..n {
            rows.swap(column * n + k, pivot * n + k);
        }
        right.swap(column, pivot);
        for row in column + 1..n {
            let factor = rows[row * n + column] / rows[column * n + column];
            for k in column..n {
                rows[row * n + k] -= factor * rows[column * n + k];
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| rows[row * n + k] * right[k]).sum();
        right[row] = (right[row] - known) / rows[row * n + row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_solves_or_refuses() {
        let x = solve(vec![0.0, 2.0, 3.0, 1.0], vec![4.0, 5.0]).unwrap();
        assert_eq!(x, [1.0, 2.0], "the first pivot is zero: rows are swapped");
        assert_eq!(solve(vec![1.0, 2.0, 2.0, 4.0], vec![1.0, 2.0]), None);
        assert_eq!(solve(vec![1.0, f64::NAN, 2.0, 4.0], vec![1.0, 2.0]), None);
        assert_eq!(solve(vec![1.0; 3], vec![1.0, 2.0]), None);
        assert_eq!(solve(vec![], vec![]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn what_it_solves_is_solved(
            entries in prop::collection::vec(-1.0..1.0_f64, 36),
            right in prop::collection::vec(-1.0..1.0_f64, 6),
        ) {
            // A heavy diagonal keeps it far from singular.
            let rows: Vec<f64> = entries.iter().enumerate().map(|(n, e)| e + if n % 7 == 0 { 8.0 } else { 0.0 }).collect();
            let x = solve(rows.clone(), right.clone()).unwrap();
            for (row, wanted) in rows.chunks(6).zip(&right) {
                let got: f64 = row.iter().zip(&x).map(|(a, x)| a * x).sum();
                prop_assert!((got - wanted).abs() < 1e-12);
            }
        }
    }
}
