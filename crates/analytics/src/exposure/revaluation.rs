//! Valuing a whole chain anew, at once or in slices.
//!
//! Expiry by expiry: the forward, the volatility of each strike, those of the neighbours, each strike's value into
//! fresh sums. Then the profile, its zeros, and what each expiry and each range of expiries says. The sums that are
//! shown stand still until all is done; quotes that come in between are taken, and where their strike was valued
//! already it is valued again. The slices leave no trace in the numbers: whole or in parts, they are the same bits.

use core::ops::Range;

use alphatrader_model::exposure::{ChainExposure, GreeksSource, RowCounts};
use serde::{Deserialize, Serialize};

use super::conventions::{BUCKETS, Forwards, Moment};
use super::draft::Draft;
use super::forward::parity_yield;
use super::kernel::{Carry, DENSITY_AT_ZERO, LEAST_TOTAL_VOLATILITY};
use super::rows::RowStatus;
use super::state::{ChainState, ExposureError};
use super::sums::signs;
use super::value::{Now, interpolate, value_strike};
use super::zeros::Search;
use crate::options::years_between;

/// How far a revaluation is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// More slices are needed.
    Running,
    /// The result is in [`ChainState::exposure`].
    Done,
    /// Nothing is running.
    Idle,
}

/// Where a revaluation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Volatilities and values, series by series.
    Values,
    /// The profile, strike by strike.
    Profile,
    /// Zeros of one range after the other: the expiries, then the four ranges of them.
    Zeros,
    /// What each expiry says.
    Expiries,
    /// What each range says.
    Ranges,
}

/// A revaluation that is running.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revaluation {
    pub(crate) moment: Moment,
    spot: f64,
    stage: Stage,
    /// The series, expiry or range that is worked on.
    at: usize,
    /// Strikes below are implied, valued, in the profile.
    implied: usize,
    valued: usize,
    profiled: usize,
    search: Option<Search>,
    sums: Vec<f64>,
    draft: Draft,
}

/// Strikes asked for one level cost this part of a contract's valuation.
const LEVELS_PER_CONTRACT: usize = 32;

/// Rows summarised cost this part of a contract's valuation.
const SUMMARIES_PER_CONTRACT: usize = 4;

impl Revaluation {
    /// Whether a strike is implied, and whether it is valued.
    pub(crate) fn done(&self, strike: usize) -> (bool, bool) {
        (strike < self.implied, strike < self.valued)
    }

    /// Whether every contract is valued; the profile, the levels and what they say are left.
    pub fn is_valued(&self) -> bool {
        self.stage != Stage::Values
    }

    /// When it is of.
    pub fn moment(&self) -> &Moment {
        &self.moment
    }
}

impl ChainState {
    /// Values everything at once.
    ///
    /// # Errors
    /// [`ExposureError`] when there is nothing to say; what was shown before stays.
    pub fn revalue(&mut self, moment: &Moment) -> Result<&ChainExposure, ExposureError> {
        self.begin(moment)?;
        while self.step(usize::MAX)? == Progress::Running {}
        Ok(self.exposure.as_deref().expect("a finished revaluation leaves its result"))
    }

    /// Begins to value everything at an instant; a revaluation that is running is given up.
    ///
    /// # Errors
    /// [`ExposureError::Empty`], [`ExposureError::NoSpot`].
    pub fn begin(&mut self, moment: &Moment) -> Result<(), ExposureError> {
        if self.rows.len() == 0 {
            return Err(ExposureError::Empty(self.underlying));
        }
        let Some((spot, _)) = self.spot else { return Err(ExposureError::NoSpot(self.underlying)) };
        self.give_up();
        self.next.begin(&self.index, moment);
        self.due = false;
        let draft = Draft::new(self, moment, spot);
        self.running = Some(Box::new(Revaluation {
            moment: *moment,
            spot,
            stage: Stage::Values,
            at: 0,
            implied: 0,
            valued: 0,
            profiled: 0,
            search: None,
            sums: Vec::new(),
            draft,
        }));
        Ok(())
    }

    /// Whether a revaluation is running.
    pub fn running(&self) -> Option<&Revaluation> {
        self.running.as_deref()
    }

    /// Goes on with the work of about `most` contracts (200 ns each), at least one strike of it. What one expiry or one
    /// range says is written in one go.
    ///
    /// # Errors
    /// [`ExposureError::NothingIncluded`] at the end, when no row can be counted.
    pub fn step(&mut self, most: usize) -> Result<Progress, ExposureError> {
        let Some(mut run) = self.running.take() else { return Ok(Progress::Idle) };
        let mut left = most.max(1);
        loop {
            let cost = match run.stage {
                Stage::Values => self.step_values(&mut run),
                Stage::Profile => self.step_profile(&mut run),
                Stage::Zeros => self.step_zeros(&mut run, left),
                Stage::Expiries => self.step_expiry(&mut run),
                Stage::Ranges => self.step_range(&mut run),
            };
            if run.stage == Stage::Ranges && run.at == BUCKETS.len() {
                return self.finish(*run);
            }
            left = left.saturating_sub(cost);
            if left == 0 {
                self.running = Some(run);
                return Ok(Progress::Running);
            }
        }
    }

    /// One strike implied or valued; returns what it cost.
    fn step_values(&mut self, run: &mut Revaluation) -> usize {
        let Some(series) = self.index.series.get(run.at) else {
            run.stage = Stage::Profile;
            run.at = 0;
            self.profile.begin(run.spot, self.conventions.reach, &self.index.prices);
            return 1;
        };
        let (Range { start, end }, expiry) = (series.strikes.clone(), series.expiry);
        if run.implied == start && run.valued == start {
            self.begin_series(run.at, run);
        }
        let own = self.conventions.greeks == GreeksSource::Own;
        if run.implied < end && own {
            if let Some(carry) = &self.carries[run.at] {
                self.smiles[run.implied].imply(&self.rows, &self.index.strikes[run.implied], carry);
            }
            run.implied += 1;
            return 1;
        }
        if run.valued == start && own {
            interpolate(&self.index.strikes[start..end], &mut self.smiles[start..end]);
        }
        run.implied = end;
        let strike = self.index.strikes[run.valued];
        let now = Now {
            at: run.moment.now,
            in_session: run.moment.in_session,
            stale_after: self.conventions.stale_after,
        };
        let smile = &self.smiles[run.valued];
        let carry = self.carries[run.at].as_ref();
        let parts = value_strike(&mut self.rows, &strike, smile, carry, &self.conventions, &now);
        self.next.add(expiry, &strike, &parts);
        self.parts[run.valued] = parts;
        run.valued += 1;
        if run.valued == end {
            run.at += 1;
        }
        1
    }

    /// The forward of a series, and what its options share.
    fn begin_series(&mut self, place: usize, run: &Revaluation) {
        let series = &self.index.series[place];
        let years = years_between(run.moment.now, self.rows.settles[series.rows.start]);
        let (rate, given) = (self.conventions.rate_of(years), self.conventions.dividend_yield);
        let mut carry = Carry::new(run.spot, years, rate, given);
        if let Some(plain) = &carry
            && self.conventions.forwards == Forwards::Parity
            && self.conventions.greeks == GreeksSource::Own
            && let Some(found) = parity_yield(&self.rows, &self.index.strikes[series.strikes.clone()], plain)
        {
            carry = Carry::new(run.spot, years, rate, found);
        }
        self.yields[place] = carry.as_ref().map_or(given, |carry| carry.dividend_yield);
        self.carries[place] = carry;
    }

    /// One strike put into the profile.
    fn step_profile(&mut self, run: &mut Revaluation) -> usize {
        let Some(strike) = self.index.strikes.get(run.profiled) else {
            while run.at < self.index.expiries.len() {
                self.profile.begin_expiry();
                run.at += 1;
            }
            run.stage = Stage::Zeros;
            run.at = 0;
            return 1;
        };
        let series = strike.series as usize;
        while run.at <= self.index.series[series].expiry {
            self.profile.begin_expiry();
            run.at += 1;
        }
        run.profiled += 1;
        let Some(carry) = &self.carries[series] else { return 1 };
        let (of_calls, of_puts) = signs(self.conventions.dealer_sign);
        let mut last: Option<(f64, f64)> = None;
        let rows = &self.rows;
        let sides = [(strike.call, of_calls), (strike.put, of_puts)];
        for (row, sign) in sides {
            let row = row as usize;
            if rows.status.get(row) != Some(&RowStatus::Included) {
                continue;
            }
            let (Some(iv), Some(open), Some(shares)) =
                (rows.iv[row], rows.open_interest[row], rows.multiplier[row])
            else {
                continue;
            };
            let held = sign * f64::from(open) * f64::from(shares);
            last = Some(match last {
                Some((same, other)) if same.to_bits() == iv.to_bits() => (same, other + held),
                Some((other_iv, other)) => {
                    add_to_profile(&mut self.profile, carry, strike.ln, other_iv, other);
                    (iv, held)
                }
                None => (iv, held),
            });
        }
        if let Some((iv, held)) = last {
            add_to_profile(&mut self.profile, carry, strike.ln, iv, held);
        }
        2
    }

    /// Some strikes of one level of one range's search.
    fn step_zeros(&mut self, run: &mut Revaluation, left: usize) -> usize {
        let expiries = self.index.expiries.len();
        if run.at == expiries + BUCKETS.len() {
            run.stage = Stage::Expiries;
            run.at = 0;
            return 1;
        }
        let range = match run.at.checked_sub(expiries) {
            None => run.at..run.at + 1,
            Some(bucket) => self.next.expiries(bucket),
        };
        let search = run.search.get_or_insert_with(|| {
            self.profile.write(&range, &mut run.sums);
            run.draft.profile(run.at.checked_sub(expiries), &self.profile.levels, &run.sums);
            Search::new(&self.profile, &range, &run.sums)
        });
        if let Some(asked) = search.step(&self.profile, left.saturating_mul(LEVELS_PER_CONTRACT)) {
            return 1 + asked / LEVELS_PER_CONTRACT;
        }
        let zeros = core::mem::take(&mut search.zeros);
        run.draft.zeros.push(zeros);
        run.search = None;
        run.at += 1;
        1
    }

    fn step_expiry(&mut self, run: &mut Revaluation) -> usize {
        if run.at == self.index.expiries.len() {
            run.stage = Stage::Ranges;
            run.at = 0;
            return 1;
        }
        run.draft.expiry(self, run.at);
        run.at += 1;
        1 + self.index.expiries[run.at - 1].rows.len() / SUMMARIES_PER_CONTRACT
    }

    fn step_range(&mut self, run: &mut Revaluation) -> usize {
        run.draft.range(self, run.at);
        run.at += 1;
        1 + self.index.prices.len() / SUMMARIES_PER_CONTRACT
    }

    /// Shows the result.
    fn finish(&mut self, run: Revaluation) -> Result<Progress, ExposureError> {
        core::mem::swap(&mut self.accounts, &mut self.next);
        self.shown = Some((run.moment, run.spot));
        self.counts.revaluations += 1;
        let exposure = run.draft.finish(self);
        let rows: RowCounts = exposure.rows;
        if rows.included == 0 {
            return Err(ExposureError::NothingIncluded { underlying: self.underlying, rows });
        }
        self.exposure = Some(Box::new(exposure));
        Ok(Progress::Done)
    }
}

/// Adds the open contracts of one volatility at one strike: `held` is sign times contracts times shares.
fn add_to_profile(
    profile: &mut super::profile::Profile,
    carry: &Carry,
    ln_strike: f64,
    volatility: f64,
    held: f64,
) {
    let total = volatility * carry.root;
    if total < LEAST_TOTAL_VOLATILITY {
        return;
    }
    let d1 = (carry.ln_spot - ln_strike + carry.drift) / total + 0.5 * total;
    profile.add(1.0 / total, d1, held * 0.01 * carry.kept * DENSITY_AT_ZERO / total);
}
