//! The fit of the micro-price: from counted transitions to a table.
//!
//! Of each state's transitions (they share one denominator): Q where the mid stood, R1 where it moved by
//! K = ±½ or ±1 tick, R2 the same by the state after the move. Then
//!
//! G1 = (I − Q)⁻¹ R1 K, B = (I − Q)⁻¹ R2, G* = Σ Bⁱ G1.
//!
//! The sum converges because the counts are made symmetric first: each transition counts also with
//! buyers and sellers exchanged.
//!
//! A state takes part when it was left [`Gates::state`] times and the mid moved up, and down, from it
//! [`Gates::outcome`] times each. (Steps of half a tick and of a whole one are one outcome there, since a
//! symbol whose spread never opens knows only one of them.) A state that does not take part ends the chain
//! at the mid, and has no adjustment of its own.

use thiserror::Error;

use super::counts::{MOVES, MicroCounts};
use super::micro::MicroTable;
use crate::linear::solve;

/// Terms of the sum at most.
const TERMS: usize = 20_000;
/// Ticks; the sum ends when no state's term is larger.
const SMALL: f64 = 1e-12;

/// What a state needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gates {
    /// Observations of each outcome: the mid stood, went down, went up.
    pub outcome: u32,
    /// Observations in all.
    pub state: u32,
}

impl Default for Gates {
    fn default() -> Self {
        Self { outcome: 30, state: 500 }
    }
}

/// Why there is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoTable {
    /// No state was seen often enough.
    #[error("{transitions} transitions: no state was seen often enough; record more sessions")]
    TooFew {
        /// Transitions counted.
        transitions: u64,
    },
    /// The sum did not converge.
    #[error("the adjustments did not settle within {TERMS} terms")]
    Unsettled,
}

/// Symmetric counts of one state's transitions.
struct Row {
    stay: Vec<f64>,
    /// `[move][to]`.
    moves: Vec<f64>,
    all: f64,
    /// Different observations behind them.
    seen: u64,
}

/// Fits a table.
///
/// # Errors
/// Too few observations in every state, or no convergence.
pub fn fit(counts: &MicroCounts, gates: Gates) -> Result<MicroTable, NoTable> {
    let n = counts.shape.states();
    let rows: Vec<Option<Row>> = (0..n).map(|state| row(counts, state, gates)).collect();
    if rows.iter().all(Option::is_none) {
        return Err(NoTable::TooFew { transitions: counts.transitions() });
    }
    let mut staying = vec![0.0; n * n];
    for (x, row) in rows.iter().enumerate() {
        for y in 0..n {
            let q = row.as_ref().map_or(0.0, |row| row.stay[y] / row.all);
            staying[x * n + y] = f64::from(u8::from(x == y)) - q;
        }
    }
    let through = |right: Vec<f64>| solve(staying.clone(), right).ok_or(NoTable::Unsettled);
    let first = through(rows.iter().map(|row| row.as_ref().map_or(0.0, Row::expected_move)).collect())?;
    let mut after = Vec::with_capacity(n);
    for to in 0..n {
        after.push(through(rows.iter().map(|row| row.as_ref().map_or(0.0, |row| row.lands(to))).collect())?);
    }
    let sum = sum(&first, &after)?;
    let seen =
        rows.iter().map(|row| row.as_ref().map_or(0, |row| u32::try_from(row.seen).unwrap_or(u32::MAX)));
    Ok(MicroTable { shape: counts.shape, adjust: sum.into(), seen: seen.collect() })
}

/// G1 + B G1 + B² G1 + ...; `after[to][from]` are the columns of B.
fn sum(first: &[f64], after: &[Vec<f64>]) -> Result<Vec<f64>, NoTable> {
    let (mut term, mut sum) = (first.to_vec(), first.to_vec());
    for _ in 0..TERMS {
        if term.iter().all(|ticks| ticks.abs() < SMALL) {
            return Ok(sum);
        }
        let mut next = vec![0.0; term.len()];
        for (column, weight) in after.iter().zip(&term) {
            for (ticks, probability) in next.iter_mut().zip(column) {
                *ticks += probability * weight;
            }
        }
        for (ticks, more) in sum.iter_mut().zip(&next) {
            *ticks += more;
        }
        term = next;
    }
    Err(NoTable::Unsettled)
}

/// A state's transitions with their mirror images; absent when they are too few.
fn row(counts: &MicroCounts, state: usize, gates: Gates) -> Option<Row> {
    let (n, shape) = (counts.shape.states(), &counts.shape);
    let image = shape.mirror(state);
    let both = |here: u32, there: u32| f64::from(here) + f64::from(there);
    let stay: Vec<f64> = (0..n)
        .map(|to| both(counts.stay[state * n + to], counts.stay[image * n + shape.mirror(to)]))
        .collect();
    let steps = MOVES.len();
    let mut moves = vec![0.0; steps * n];
    for step in 0..steps {
        for to in 0..n {
            let here = counts.moves[(state * steps + step) * n + to];
            let there = counts.moves[(image * steps + steps - 1 - step) * n + shape.mirror(to)];
            moves[step * n + to] = both(here, there);
        }
    }
    let stood: f64 = stay.iter().sum();
    let fell: f64 = moves[..steps / 2 * n].iter().sum();
    let rose: f64 = moves[steps / 2 * n..].iter().sum();
    // The middle state is its own mirror image: its transitions are there twice.
    let weight = if image == state { 0.5 } else { 1.0 };
    let enough = |count: f64| count * weight >= f64::from(gates.outcome);
    let all = stood + fell + rose;
    let ready =
        all > 0.0 && all * weight >= f64::from(gates.state) && enough(stood) && enough(fell) && enough(rose);
    ready.then_some(Row { stay, moves, all, seen: (all * weight) as u64 })
}

impl Row {
    /// Ticks.
    fn expected_move(&self) -> f64 {
        let n = self.stay.len();
        let halves: f64 = (0..MOVES.len())
            .map(|step| MOVES[step] as f64 * self.moves[step * n..(step + 1) * n].iter().sum::<f64>())
            .sum();
        halves / 2.0 / self.all
    }

    /// Probability to move the mid and land in a state.
    fn lands(&self, to: usize) -> f64 {
        let n = self.stay.len();
        (0..MOVES.len()).map(|step| self.moves[step * n + to]).sum::<f64>() / self.all
    }
}

#[cfg(test)]
mod tests {
    use super::super::micro::MicroShape;
    use super::*;
    use alphatrader_model::number::Price;
    use proptest::prelude::*;

    /// The reference's example, so many times over.
    fn example(times: u32) -> MicroCounts {
        let mut counts = MicroCounts::new(MicroShape::new(3, 1, Price::CENT));
        let stay = [[60, 20, 5], [15, 50, 15], [5, 20, 60]];
        let down = [[6, 3, 1], [3, 2, 1], [2, 2, 1]];
        let up = [[1, 2, 2], [1, 2, 3], [1, 3, 6]];
        for from in 0..3 {
            for to in 0..3 {
                counts.stay[from * 3 + to] = stay[from][to] * times;
                counts.moves[(from * 4 + 1) * 3 + to] = down[from][to] * times;
                counts.moves[(from * 4 + 2) * 3 + to] = up[from][to] * times;
            }
        }
        counts
    }

    #[test]
    fn the_worked_example() {
        let table = fit(&example(1), Gates { outcome: 1, state: 1 }).unwrap();
        let got: Vec<f64> = (0..3).map(|state| table.adjustment(state).unwrap()).collect();
        assert!((got[0] + 5.0 / 82.0).abs() < 1e-9, "{got:?}");
        assert!(got[1].abs() < 1e-12 && (got[2] - 5.0 / 82.0).abs() < 1e-9);
        assert_eq!(table.seen[..], [200, 92, 200]);
    }

    #[test]
    fn first_adjustments_and_their_mixing_are_the_references() {
        let counts = example(1);
        let rows: Vec<Row> =
            (0..3).map(|state| row(&counts, state, Gates { outcome: 0, state: 0 }).unwrap()).collect();
        assert_eq!(rows.iter().map(|row| row.all).collect::<Vec<_>>(), [200.0, 184.0, 200.0]);
        let staying: Vec<f64> = (0..9)
            .map(|n| f64::from(u8::from(n % 4 == 0)) - rows[n / 3].stay[n % 3] / rows[n / 3].all)
            .collect();
        let first = solve(staying.clone(), rows.iter().map(Row::expected_move).collect()).unwrap();
        assert!((first[0] + 1.0 / 18.0).abs() < 1e-12 && (first[2] - 1.0 / 18.0).abs() < 1e-12);
        for (to, expected) in [0.377_778, 0.333_333, 0.288_889].into_iter().enumerate() {
            let column = solve(staying.clone(), rows.iter().map(|row| row.lands(to)).collect()).unwrap();
            assert!((column[0] - expected).abs() < 5e-7, "{to}: {column:?}");
        }
    }

    #[test]
    fn it_refuses_what_was_seen_too_rarely() {
        // 92 observations of the middle state and 200 of the outer ones, mirrored.
        assert_eq!(fit(&example(1), Gates::default()), Err(NoTable::TooFew { transitions: 292 }));
        let some = fit(&example(5), Gates::default()).unwrap();
        assert_eq!((some.fitted(), some.adjustment(1)), (2, None), "460 of the middle state");
        assert!(some.adjustment(0).is_some_and(|ticks| ticks < 0.0));
        let all = fit(&example(6), Gates::default()).unwrap();
        assert_eq!(all.fitted(), 3);
        assert!((all.adjustment(2).unwrap() - 5.0 / 82.0).abs() < 1e-9);
        // Never down: the outcome is missing.
        let mut counts = example(20);
        counts.moves.fill(0);
        assert!(matches!(fit(&counts, Gates::default()), Err(NoTable::TooFew { .. })));
    }

    proptest! {
        #[test]
        fn adjustments_are_antisymmetric_and_finite(cells in prop::collection::vec(0_u32..50, 4 * 4 * 5)) {
            let mut counts = MicroCounts::new(MicroShape::new(4, 1, Price::CENT));
            counts.stay.copy_from_slice(&cells[..16]);
            counts.moves.copy_from_slice(&cells[16..]);
            if let Ok(table) = fit(&counts, Gates { outcome: 1, state: 20 }) {
                for state in 0..4 {
                    let here = table.adjustment(state);
                    let there = table.adjustment(3 - state).map(|ticks| -ticks);
                    prop_assert_eq!(here.is_some(), there.is_some());
                    if let (Some(here), Some(there)) = (here, there) {
                        prop_assert!(here.is_finite() && (here - there).abs() < 1e-5, "{} {}", here, there);
                    }
                }
            }
        }
    }
}
