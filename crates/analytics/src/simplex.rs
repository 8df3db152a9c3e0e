//! The smallest value of a function of a few variables, by Nelder and Mead's downhill simplex.
//!
//! Bounded: at most [`Limits::evaluations`] calls (each shrink may go over by the number of variables).
//! Values that are not finite count as infinitely bad, so a function may refuse a place by answering
//! infinity. Ends when the values at the corners differ by less than `tolerance` (relative to one plus
//! their size), and then starts once more around the best corner, which frees a simplex that collapsed.

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls of the function at most.
    pub evaluations: u32,
    /// Spread of the corners' values at which it ends.
    pub tolerance: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { evaluations: 4_000, tolerance: 1e-10 }
    }
}

/// Where the search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The variables.
    pub at: Vec<f64>,
    /// The function there; infinite when it was nowhere finite.
    pub value: f64,
    /// Calls used.
    pub evaluations: u32,
    /// It ended by itself, before the calls ran out.
    pub converged: bool,
}

/// Starts at most: the first and one around its result.
const STARTS: usize = 2;

/// Searches from `start` with corners `step` away along each variable (as many steps as variables).
pub fn minimise(
    mut function: impl FnMut(&[f64]) -> f64,
    start: &[f64],
    step: &[f64],
    limits: Limits,
) -> Minimum {
    let mut at = start.to_vec();
    let mut evaluations = 0;
    let mut value = f64::INFINITY;
    let mut converged = false;
    for round in 0..STARTS {
        // The second start looks closer around.
        let scale = if round == 0 { 1.0 } else { 0.25 };
        let mut simplex = Simplex::new(&mut function, &at, step, scale, evaluations);
        converged = simplex.descend(&mut function, limits);
        evaluations = simplex.evaluations;
        let (best, best_value) = simplex.best();
        let settled = (value - best_value).abs() <= limits.tolerance * (1.0 + best_value.abs());
        (at, value) = (best.to_vec(), best_value);
        if !converged || settled {
            break;
        }
    }
    Minimum { at, value, evaluations, converged: converged && value.is_finite() }
}

struct Simplex {
    /// Corners with their values, best first.
    corners: Vec<(f64, Vec<f64>)>,
    evaluations: u32,
}

impl Simplex {
    fn new(
        function: &mut impl FnMut(&[f64]) -> f64,
        start: &[f64],
        step: &[f64],
        scale: f64,
        evaluations: u32,
    ) -> Self {
        let mut corners = vec![(finite(function(start)), start.to_vec())];
        for (i, step) in step.iter().enumerate().take(start.len()) {
            let mut corner = start.to_vec();
            corner[i] += step * scale;
            corners.push((finite(function(&corner)), corner));
        }
        let evaluations = evaluations + corners.len() as u32;
        let mut simplex = Self { corners, evaluations };
        simplex.sort();
        simplex
    }

    fn best(&self) -> (&[f64], f64) {
        (&self.corners[0].1, self.corners[0].0)
    }

    /// Whether it ended by itself.
    fn descend(&mut self, function: &mut impl FnMut(&[f64]) -> f64, limits: Limits) -> bool {
        let n = self.corners.len() - 1;
        if n == 0 {
            return true;
        }
        while self.evaluations < limits.evaluations {
            let (best, worst) = (self.corners[0].0, self.corners[n].0);
            if worst.is_finite() && worst - best <= limits.tolerance * (1.0 + best.abs()) {
                return true;
            }
            self.step(function, n);
        }
        false
    }

    fn step(&mut self, function: &mut impl FnMut(&[f64]) -> f64, n: usize) {
        let centre = self.centre(n);
        let (reflected, at) = self.try_at(function, &centre, n, 1.0);
        if reflected < self.corners[0].0 {
            let (expanded, further) = self.try_at(function, &centre, n, 2.0);
            self.replace(n, if expanded < reflected { (expanded, further) } else { (reflected, at) });
        } else if reflected < self.corners[n - 1].0 {
            self.replace(n, (reflected, at));
        } else {
            let outside = reflected < self.corners[n].0;
            let (contracted, nearer) = self.try_at(function, &centre, n, if outside { 0.5 } else { -0.5 });
            if contracted < self.corners[n].0.min(reflected) {
                self.replace(n, (contracted, nearer));
            } else {
                self.shrink(function);
            }
        }
    }

    /// The mean of all corners but the worst.
    fn centre(&self, n: usize) -> Vec<f64> {
        let mut centre = vec![0.0; n];
        for (_, corner) in &self.corners[..n] {
            for (sum, x) in centre.iter_mut().zip(corner) {
                *sum += x / n as f64;
            }
        }
        centre
    }

    fn try_at(
        &mut self,
        function: &mut impl FnMut(&[f64]) -> f64,
        centre: &[f64],
        n: usize,
        factor: f64,
    ) -> (f64, Vec<f64>) {
        let worst = &self.corners[n].1;
        let at: Vec<f64> = centre.iter().zip(worst).map(|(c, w)| c + factor * (c - w)).collect();
        self.evaluations += 1;
        (finite(function(&at)), at)
    }

    fn replace(&mut self, n: usize, corner: (f64, Vec<f64>)) {
        self.corners[n] = corner;
        self.sort();
    }

    fn shrink(&mut self, function: &mut impl FnMut(&[f64]) -> f64) {
        let best = self.corners[0].1.clone();
        for (value, corner) in &mut self.corners[1..] {
            for (x, b) in corner.iter_mut().zip(&best) {
                *x = b + 0.5 * (*x - b);
            }
            *value = finite(function(corner));
            self.evaluations += 1;
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_walks_down_the_curved_valley() {
        let rosenbrock = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            a * a + 100.0 * b * b
        };
        let found =
            minimise(rosenbrock, &[-1.2, 1.0], &[0.5, 0.5], Limits { tolerance: 1e-14, ..Limits::default() });
        assert!(found.converged && found.value < 1e-12, "{found:?}");
        assert!((found.at[0] - 1.0).abs() < 1e-5 && (found.at[1] - 1.0).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn it_stops_when_the_calls_run_out() {
        let mut calls = 0;
        let slope = |x: &[f64]| {
            calls += 1;
            x[0] + x[1]
        };
        let found = minimise(slope, &[0.0, 0.0], &[1.0, 1.0], Limits { evaluations: 50, tolerance: 0.0 });
        assert!(!found.converged && found.evaluations <= 52, "{found:?}");
        assert_eq!(calls, found.evaluations);
    }

    #[test]
    fn what_is_nowhere_finite_has_not_converged() {
        let found =
            minimise(|_| f64::NAN, &[0.0, 1.0], &[1.0, 1.0], Limits { evaluations: 100, tolerance: 1e-9 });
        assert!(!found.converged && found.value == f64::INFINITY);
    }
}
