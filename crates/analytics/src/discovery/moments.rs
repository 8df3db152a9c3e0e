//! Sums of squares and products, kept by session: a regression over any choice of sessions, or a correlation of
//! what a regression left over in others, costs the sum of their tables and no pass over the data.

/// Controls: a constant and seven regressors.
pub const CONTROLS: usize = 8;
/// Columns of a row: the controls, then the predictor, then the target.
pub const COLUMNS: usize = CONTROLS + 2;
const PREDICTOR: usize = CONTROLS;
const TARGET: usize = CONTROLS + 1;
/// Added to the diagonal, relative to it: columns that hardly differ stay solvable.
const RIDGE: f64 = 1e-9;

/// Sums of products of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    cells: [[f64; COLUMNS]; COLUMNS],
    rows: f64,
}

/// How predictor and target hang on the controls.
#[derive(Debug, Clone, PartialEq)]
pub struct Controlled {
    predictor: [f64; CONTROLS],
    target: [f64; CONTROLS],
}

/// Squares and products of what the controls leave over.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Residuals {
    /// Sum of products of predictor and target.
    pub product: f64,
    /// Sum of squares of the predictor.
    pub predictor: f64,
    /// Sum of squares of the target.
    pub target: f64,
    /// Rows.
    pub rows: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { cells: [[0.0; COLUMNS]; COLUMNS], rows: 0.0 }
    }
}

impl Moments {
    /// Adds a row.
    pub fn push(&mut self, row: &[f64; COLUMNS]) {
        for i in 0..COLUMNS {
            for j in 0..=i {
                self.cells[i][j] += row[i] * row[j];
            }
        }
        self.rows += 1.0;
    }

    /// Adds another table.
    pub fn add(&mut self, other: &Self) {
        for i in 0..COLUMNS {
            for j in 0..=i {
                self.cells[i][j] += other.cells[i][j];
            }
        }
        self.rows += other.rows;
    }

    /// Rows.
    pub const fn rows(&self) -> f64 {
        self.rows
    }

    fn cell(&self, i: usize, j: usize) -> f64 {
        if i >= j { self.cells[i][j] } else { self.cells[j][i] }
    }

    /// Least squares of predictor and target on the controls; absent with fewer than twice as many rows as
    /// there are controls.
    pub fn regress(&self) -> Option<Controlled> {
        if self.rows < 2.0 * CONTROLS as f64 {
            return None;
        }
        // Cholesky of the controls' table.
        let mut lower = [[0.0; CONTROLS]; CONTROLS];
        for i in 0..CONTROLS {
            for j in 0..=i {
                let mut sum = self.cell(i, j);
                if i == j {
                    sum += RIDGE * sum + f64::MIN_POSITIVE;
                }
                sum -= (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
                if i == j {
                    if sum <= 0.0 {
                        return None;
                    }
                    lower[i][i] = libm::sqrt(sum);
                } else {
                    lower[i][j] = sum / lower[j][j];
                }
            }
        }
        Some(Controlled { predictor: self.solve(&lower, PREDICTOR), target: self.solve(&lower, TARGET) })
    }

    fn solve(&self, lower: &[[f64; CONTROLS]; CONTROLS], of: usize) -> [f64; CONTROLS] {
        let mut x: [f64; CONTROLS] = core::array::from_fn(|i| self.cell(of, i));
        for i in 0..CONTROLS {
            for k in 0..i {
                x[i] -= lower[i][k] * x[k];
            }
            x[i] /= lower[i][i];
        }
        for i in (0..CONTROLS).rev() {
            for k in i + 1..CONTROLS {
                x[i] -= lower[k][i] * x[k];
            }
            x[i] /= lower[i][i];
        }
        x
    }

    /// What these rows have beyond a regression that may come from other rows.
    pub fn residuals(&self, by: &Controlled) -> Residuals {
        let weights = |own: usize, coefficients: &[f64; CONTROLS]| {
            let mut weights = [0.0; COLUMNS];
            for (weight, coefficient) in weights.iter_mut().zip(coefficients) {
                *weight = -coefficient;
            }
            weights[own] = 1.0;
            weights
        };
        let (predictor, target) = (weights(PREDICTOR, &by.predictor), weights(TARGET, &by.target));
        let product = |a: &[f64; COLUMNS], b: &[f64; COLUMNS]| {
            let mut sum = 0.0;
            for (i, a) in a.iter().enumerate() {
                for (j, b) in b.iter().enumerate() {
                    sum += a * b * self.cell(i, j);
                }
            }
            sum
        };
        Residuals {
            product: product(&predictor, &target),
            predictor: product(&predictor, &predictor),
            target: product(&target, &target),
            rows: self.rows,
        }
    }
}

impl Residuals {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.product += other.product;
        self.predictor += other.predictor;
        self.target += other.target;
        self.rows += other.rows;
    }

    /// Their correlation; zero where nothing is left over.
    pub fn correlation(&self) -> f64 {
        let scale = self.predictor * self.target;
        if scale > 0.0 { (self.product / libm::sqrt(scale)).clamp(-1.0, 1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows in which the target is the controls' doing, plus `share` of the predictor's own part.
    fn table(share: f64) -> Moments {
        let mut moments = Moments::default();
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        for _ in 0..4_000 {
            let mut row = [1.0; COLUMNS];
            row[1..CONTROLS].iter_mut().for_each(|cell| *cell = draw());
            let own = draw();
            row[PREDICTOR] = 2.0 * row[1] - row[3] + own;
            row[TARGET] = row[1] + 0.5 * row[2] + share * own + draw();
            moments.push(&row);
        }
        moments
    }

    #[test]
    fn what_the_controls_explain_is_no_correlation() {
        let nothing = table(0.0);
        let rho = nothing.residuals(&nothing.regress().unwrap()).correlation();
        assert!(rho.abs() < 0.05, "{rho}");
        let half = table(1.0);
        let rho = half.residuals(&half.regress().unwrap()).correlation();
        assert!((rho - libm::sqrt(0.5)).abs() < 0.03, "{rho}");
        assert!(Moments::default().regress().is_none());
    }

    #[test]
    fn tables_of_parts_add_up() {
        let (a, b) = (table(0.0), table(1.0));
        let mut both = a.clone();
        both.add(&b);
        let by = a.regress().unwrap();
        let mut residuals = a.residuals(&by);
        residuals.add(&b.residuals(&by));
        assert!((residuals.product - both.residuals(&by).product).abs() < 1e-9);
        assert_eq!(residuals.rows, 8_000.0);
    }
}
