//! Where a profile crosses zero.
//!
//! Each change of sign between two levels is a bracket. It is narrowed by the false position in Illinois' variant,
//! with a bisection whenever two steps did not halve it, to 1e-9 of spot, in at most 60 evaluations. One evaluation
//! asks every strike of the range, so it can be left off in the middle and gone on with.

use core::ops::Range;

use alphatrader_model::exposure::{Crossing, Zero};
use serde::{Deserialize, Serialize};

use super::profile::Profile;

/// A bracket is narrow when it is this part of spot.
const NARROW: f64 = 1e-9;

/// Evaluations of one bracket.
const MOST_EVALUATIONS: u32 = 60;

/// A crossing between two levels whose exposure is less than this part of the largest is none: gamma has gone.
pub(crate) const GONE: f64 = 1e-9;

/// Most zeros of one range of expiries; more are noise.
pub(crate) const MOST_ZEROS: usize = 64;

/// The search for the zeros of one range of expiries.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Search {
    strikes: Range<usize>,
    spot: f64,
    brackets: Vec<Bracket>,
    next: usize,
    pub(crate) zeros: Vec<Zero>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Bracket {
    low: f64,
    at_low: f64,
    high: f64,
    at_high: f64,
    /// Width two evaluations ago.
    earlier: f64,
    evaluations: u32,
    /// −1 when the low end moved last, +1 the high end.
    moved: i8,
    /// What is being evaluated.
    probe: f64,
    done: usize,
    sum: f64,
}

impl Search {
    /// Begins with a profile by level.
    pub(crate) fn new(profile: &Profile, expiries: &Range<usize>, sums: &[f64]) -> Self {
        let (strikes, spot) = (profile.strikes(expiries), profile.spot);
        let mut search = Self { strikes, spot, ..Self::default() };
        let largest = sums.iter().fold(0.0_f64, |most, sum| most.max(sum.abs()));
        let mut before: Option<(usize, f64)> = None;
        for (place, sum) in sums.iter().enumerate() {
            if *sum == 0.0 {
                continue;
            }
            if let Some((from, earlier)) = before
                && (earlier < 0.0) != (*sum < 0.0)
                && earlier.abs().max(sum.abs()) >= GONE * largest
            {
                search.push(&profile.levels[from..=place], earlier, *sum);
            }
            before = Some((place, *sum));
        }
        search
    }

    fn push(&mut self, levels: &[f64], at_low: f64, at_high: f64) {
        if self.brackets.len() + self.zeros.len() >= MOST_ZEROS {
            return;
        }
        // One level between the two is an exact zero; several are a stretch without gamma, narrowed like others.
        if let [_, exact, _] = levels {
            self.zeros.push(Zero { spot: *exact, direction: direction(at_low) });
        } else if let [low, .., high] = levels {
            self.brackets.push(Bracket::new(*low, at_low, *high, at_high, self.strikes.start));
        }
    }

    /// Goes on for about `most` strikes; returns how many were asked, and nothing when all zeros are found.
    pub(crate) fn step(&mut self, profile: &Profile, most: usize) -> Option<usize> {
        let Some(bracket) = self.brackets.get_mut(self.next) else {
            self.zeros.sort_unstable_by(|a, b| a.spot.total_cmp(&b.spot));
            return None;
        };
        let end = self.strikes.end.min(bracket.done.saturating_add(most.max(1)));
        let asked = end.saturating_sub(bracket.done);
        bracket.sum = profile.sum(libm::log(bracket.probe / self.spot), bracket.done..end, bracket.sum);
        bracket.done = end;
        if end >= self.strikes.end && bracket.close(self.spot, self.strikes.start) {
            let zero = Zero { spot: bracket.secant(), direction: direction(bracket.at_low) };
            self.zeros.push(zero);
            self.next += 1;
        }
        Some(asked)
    }
}

fn direction(at_low: f64) -> Crossing {
    if at_low < 0.0 { Crossing::Up } else { Crossing::Down }
}

impl Bracket {
    fn new(low: f64, at_low: f64, high: f64, at_high: f64, first: usize) -> Self {
        let mut bracket = Self {
            low,
            at_low,
            high,
            at_high,
            earlier: f64::INFINITY,
            evaluations: 0,
            moved: 0,
            probe: low,
            done: first,
            sum: 0.0,
        };
        bracket.probe = bracket.secant();
        bracket
    }

    /// Where the line through both ends is zero.
    fn secant(&self) -> f64 {
        let whole = self.at_high - self.at_low;
        let at = self.low - self.at_low * ((self.high - self.low) / whole);
        if at > self.low && at < self.high { at } else { f64::midpoint(self.low, self.high) }
    }

    /// Takes the evaluated probe in; whether the bracket is narrow enough. Else lays out the next probe.
    fn close(&mut self, spot: f64, first: usize) -> bool {
        let at = self.probe * self.sum;
        self.evaluations += 1;
        if at == 0.0 {
            (self.low, self.high, self.at_high) = (self.probe, self.probe, -self.at_low);
            return true;
        }
        let before = self.high - self.low;
        if (at < 0.0) == (self.at_low < 0.0) {
            (self.low, self.at_low) = (self.probe, at);
            if self.moved < 0 {
                self.at_high *= 0.5;
            }
            self.moved = -1;
        } else {
            (self.high, self.at_high) = (self.probe, at);
            if self.moved > 0 {
                self.at_low *= 0.5;
            }
            self.moved = 1;
        }
        let width = self.high - self.low;
        if width <= NARROW * spot || self.evaluations >= MOST_EVALUATIONS {
            return true;
        }
        // Half a bracket's tolerance inside either end, so that a probe on the zero closes the bracket at once.
        let inside = 0.5 * NARROW * spot;
        let slow = width > 0.5 * self.earlier;
        self.earlier = before;
        self.probe = if slow {
            self.earlier = width;
            f64::midpoint(self.low, self.high)
        } else {
            self.secant().clamp(self.low + inside, self.high - inside)
        };
        (self.done, self.sum) = (first, 0.0);
        false
    }
}

/// The zero nearest to spot; of two, the lower.
pub(crate) fn nearest(zeros: &[Zero], spot: f64) -> Option<f64> {
    zeros
        .iter()
        .map(|zero| zero.spot)
        .min_by(|a, b| (a - spot).abs().total_cmp(&(b - spot).abs()).then(a.total_cmp(b)))
}
