//! The numbers of a tree: probabilities and moves, a step back, a drop of spot, slopes at the root.

use super::job::Lattice;
use super::{AROUND, AmericanError, MARGIN};

/// Greatest logarithm of the ratio of the highest node to the lowest.
const WIDEST: f64 = 600.0;

/// Probabilities and moves of a lattice.
pub(super) struct Shape {
    /// Years of a step.
    pub(super) years: f64,
    pub(super) log_down: f64,
    pub(super) log_ratio: f64,
    pub(super) ratio: f64,
    /// Discounted probability of a move up.
    pub(super) up: f64,
    /// Discounted probability of a move down.
    pub(super) down: f64,
}

impl Shape {
    pub(super) fn of(lattice: &Lattice, steps: usize) -> Result<Self, AmericanError> {
        let years = lattice.years / steps as f64;
        let (d1, total) = lattice.distance();
        let d2 = d1 - total;
        let (p, not_p) = peizer_pratt(d2, steps);
        let (q, not_q) = peizer_pratt(d1, steps);
        let drift = (lattice.rate - lattice.dividend_yield) * years;
        let (log_up, log_down) = (drift + libm::log(q / p), drift + libm::log(not_q / not_p));
        let log_ratio = log_up - log_down;
        let widest = log_ratio * (steps + AROUND) as f64 + (log_down * steps as f64).abs();
        if !(log_ratio > 0.0 && widest < WIDEST) {
            return Err(AmericanError::Wide);
        }
        let discount = libm::exp(-lattice.rate * years);
        let (up, down) = (discount * p, discount * not_p);
        Ok(Self { years, log_down, log_ratio, ratio: libm::exp(log_ratio), up, down })
    }
}

/// The probability whose binomial distribution over so many steps has the normal tail of `z`, and one less it: both
/// with all their digits.
pub(super) fn peizer_pratt(z: f64, steps: usize) -> (f64, f64) {
    let n = steps as f64;
    let scaled = z / (n + 1.0 / 3.0 + 0.1 / (n + 1.0));
    let tail = libm::exp(-scaled * scaled * (n + 1.0 / 6.0));
    let small = 0.5 * tail / (1.0 + libm::sqrt(1.0 - tail));
    if z >= 0.0 { (1.0 - small, small) } else { (small, 1.0 - small) }
}

/// One step back without exercise; the last value is left as it is.
pub(super) fn back(values: &mut [f64], shape: &Shape) {
    for place in 1..values.len() {
        values[place - 1] = shape.up * values[place] + shape.down * values[place - 1];
    }
}

/// One step back, exercised where that is worth more; `owed` comes on top of each node's spot.
pub(super) fn exercise_back(
    values: &mut [f64],
    powers: &[f64],
    shape: &Shape,
    lattice: &Lattice,
    base: f64,
    owed: f64,
) {
    let (slope, level) = (lattice.sign * base, lattice.sign * (owed - lattice.strike));
    let count = values.len() - 1;
    let powers = &powers[..count];
    for (place, power) in powers.iter().enumerate() {
        let held = shape.up * values[place + 1] + shape.down * values[place];
        values[place] = held.max(slope * power + level);
    }
}

/// Values before spot drops by `amount`, from those `after` it.
pub(super) fn drop_spot(spots: &[f64], after: &[f64], before: &mut [f64], amount: f64) {
    let mut low = spots.len() - 4;
    for (place, value) in before.iter_mut().enumerate().rev() {
        let wanted = spots[place] - amount;
        while low > 0 && spots[low + 1] > wanted {
            low -= 1;
        }
        *value = if wanted < spots[0] {
            // Under the lowest node the option is all intrinsic or worthless: a straight line.
            let slope = (after[1] - after[0]) / (spots[1] - spots[0]);
            (after[0] + slope * (wanted - spots[0])).max(0.0)
        } else {
            cubic(&spots[low..low + 4], &after[low..low + 4], wanted).max(0.0)
        };
    }
}

/// Cubic through four points.
pub(super) fn cubic(x: &[f64], y: &[f64], at: f64) -> f64 {
    let mut total = 0.0;
    for (place, value) in y.iter().enumerate() {
        let mut weight = 1.0;
        for (other, from) in x.iter().enumerate() {
            if other != place {
                weight *= (at - from) / (x[place] - from);
            }
        }
        total += weight * value;
    }
    total
}

/// Value, slope and curvature at the middle of five nodes: those of the polynomial through them.
pub(super) fn slopes(spots: &[f64; AROUND], values: &[f64]) -> Part {
    let order = [2, 1, 3, 0, 4];
    let x = order.map(|place| spots[place] - spots[MARGIN]);
    let mut d = order.map(|place| values[place]);
    for level in 1..AROUND {
        for place in (level..AROUND).rev() {
            d[place] = (d[place] - d[place - 1]) / (x[place] - x[place - level]);
        }
    }
    let delta = d[1] - d[2] * x[1] + d[3] * x[1] * x[2] - d[4] * x[1] * x[2] * x[3];
    let gamma = 2.0 * (d[2] - d[3] * (x[1] + x[2]) + d[4] * (x[1] * x[2] + x[1] * x[3] + x[2] * x[3]));
    Part { price: values[MARGIN], delta, gamma }
}

/// Price, delta and gamma; of the premium of early exercise where the closed form holds the rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) price: f64,
    pub(super) delta: f64,
    pub(super) gamma: f64,
}
