//! Strikes that exposures mark: walls, the strike of most gamma, where the sum over strikes turns.

use alphatrader_model::exposure::Levels;
use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

/// What one strike of a range of expiries holds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Rung {
    pub(crate) strike: Price,
    pub(crate) call_gex: f64,
    pub(crate) put_gex: f64,
    pub(crate) dex: f64,
    pub(crate) vol_gex: f64,
    pub(crate) call_oi: u64,
    pub(crate) put_oi: u64,
}

impl Rung {
    pub(crate) fn net(&self) -> f64 {
        self.call_gex + self.put_gex
    }

    /// Adds the same strike of another root.
    pub(crate) fn take(&mut self, other: &Self) {
        self.call_gex += other.call_gex;
        self.put_gex += other.put_gex;
        self.dex += other.dex;
        self.vol_gex += other.vol_gex;
        self.call_oi += other.call_oi;
        self.put_oi += other.put_oi;
    }

    /// Both sides, not netted.
    pub(crate) fn gross(&self) -> f64 {
        self.call_gex.abs() + self.put_gex.abs()
    }
}

/// Writes the walls of strikes that ascend. The flip and the zeros are the profile's.
///
/// Walls of a side go by size, so that they are the same whatever side the dealers are assumed to be on; net walls
/// go by sign. Of two equal strikes the one nearer to spot counts.
pub(crate) fn walls(rungs: &[Rung], spot: f64, into: &mut Levels) {
    into.call_wall = most(rungs, spot, |rung| rung.call_gex.abs());
    into.put_wall = most(rungs, spot, |rung| rung.put_gex.abs());
    into.net_call_wall = most(rungs, spot, Rung::net);
    into.net_put_wall = most(rungs, spot, |rung| -rung.net());
    into.abs_gamma_strike = most(rungs, spot, Rung::gross);
    into.call_wall_oi = most(rungs, spot, |rung| rung.call_oi as f64);
    into.put_wall_oi = most(rungs, spot, |rung| rung.put_oi as f64);
    into.cum_flip = turn(rungs, spot);
}

/// The strike of the largest value above zero.
pub(crate) fn most(rungs: &[Rung], spot: f64, value: impl Fn(&Rung) -> f64) -> Option<Price> {
    let mut best: Option<(f64, f64, Price)> = None;
    for rung in rungs {
        let (size, away) = (value(rung), (rung.strike.to_f64() - spot).abs());
        let better = match best {
            None => size > 0.0,
            Some((most, nearest, _)) => size > most || (size == most && away < nearest),
        };
        if better {
            best = Some((size, away, rung.strike));
        }
    }
    best.map(|(_, _, strike)| strike)
}

/// Where the net exposure summed over rising strikes crosses zero, on the line between two strikes; of several the
/// nearest to spot.
fn turn(rungs: &[Rung], spot: f64) -> Option<f64> {
    let (mut sum, mut best) = (0.0_f64, None::<f64>);
    let mut before: Option<(f64, f64)> = None;
    for rung in rungs {
        sum += rung.net();
        let strike = rung.strike.to_f64();
        if let Some((from, earlier)) = before
            && earlier != 0.0
            && sum != 0.0
            && (earlier < 0.0) != (sum < 0.0)
        {
            let at = from + (strike - from) * (earlier / (earlier - sum));
            if best.is_none_or(|best: f64| (at - spot).abs() < (best - spot).abs()) {
                best = Some(at);
            }
        }
        if sum != 0.0 {
            before = Some((strike, sum));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(dollars: i64, call_gex: f64, put_gex: f64) -> Rung {
        Rung { strike: Price::from_cents(dollars * 100), call_gex, put_gex, ..Rung::default() }
    }

    #[test]
    fn walls_of_sides_and_net() {
        let rungs = [rung(95, 1.0, -5.0), rung(100, 6.0, -6.0), rung(105, 5.0, -0.5)];
        let mut levels = Levels::default();
        walls(&rungs, 100.0, &mut levels);
        let strike = |dollars: i64| Some(Price::from_cents(dollars * 100));
        assert_eq!((levels.call_wall, levels.put_wall), (strike(100), strike(100)));
        assert_eq!((levels.net_call_wall, levels.net_put_wall), (strike(105), strike(95)));
        assert_eq!(levels.abs_gamma_strike, strike(100));
        assert_eq!((levels.call_wall_oi, levels.put_wall_oi), (None, None));
        // -4, -4, +0.5: the line from 100 to 105 is zero after 4/4.5 of the way.
        assert!((levels.cum_flip.unwrap() - (100.0 + 5.0 * 4.0 / 4.5)).abs() < 1e-12);
    }

    #[test]
    fn nothing_marks_nothing_and_a_tie_goes_to_spot() {
        let mut levels = Levels::default();
        walls(&[rung(95, 0.0, 0.0)], 100.0, &mut levels);
        assert_eq!(levels, Levels::default());
        walls(&[rung(90, 2.0, 0.0), rung(99, 2.0, 0.0), rung(120, 2.0, 0.0)], 100.0, &mut levels);
        assert_eq!(levels.call_wall, Some(Price::from_cents(9_900)));
        assert_eq!(levels.net_put_wall, None);
    }
}
