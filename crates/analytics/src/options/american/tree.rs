//! Leisen-Reimer tree for options that may be exercised at any time, with dividends in cash.
//!
//! A binomial tree whose probabilities invert the normal distribution (Peizer and Pratt), so that the strike always lies
//! between two final nodes and the error falls smoothly with the number of steps. It is laid out with two more nodes
//! on either side of the root: five values around spot at the time of valuation give delta and gamma without the bias
//! of a later time. Where no cash is paid, the same tree without early exercise runs beside it, and only the
//! difference, the premium of early exercise, is taken from the trees; the rest is the closed form.
//!
//! Dividends in cash, two ways ([`DividendModel`]): spot drops by the dividend on its day, values in between read off
//! the tree by cubic interpolation; or what will be paid is taken off spot and only the rest moves (escrowed). A
//! dividend that falls between two steps is moved to the one before, at its value there, and exercise in the last
//! moment before it is allowed for at its exact time.
//!
//! Sources: Leisen and Reimer 1996; Pelsser and Vorst 1994 for the wider root.

mod job;
mod shape;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::super::pricing::{PricingError, Terms, Valuation};
use super::CashDividend;
use job::{Case, Job, Lattice, ZERO, exercised};
use shape::{Part, Shape, back, drop_spot, exercise_back, slopes};

/// Nodes beyond the root on either side.
const MARGIN: usize = 2;

/// Nodes around spot at the time of valuation.
const AROUND: usize = 2 * MARGIN + 1;

/// Part of the strike up to which the root's value counts as intrinsic: the rounding of a few thousand products.
const EXERCISED: f64 = 1e-10;

/// How a dividend in cash enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DividendModel {
    /// Spot moves as a whole and drops by the dividend on its day.
    #[default]
    SpotDrop,
    /// Only spot less the value of what will be paid moves.
    Escrowed,
}

/// Why a tree has no value.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum AmericanError {
    /// The terms cannot be priced at all.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// A dividend is no amount of money at no time, or there are too many.
    #[error(
        "a dividend of {amount} dollars in {years} years cannot be priced: the amount must be from 0 to below spot"
    )]
    Dividend {
        /// As given.
        amount: f64,
        /// As given.
        years: f64,
    },
    /// More dividends than a tree takes.
    #[error("{0} dividends cannot be priced: a tree takes at most {max}", max = Tree::MAX_DIVIDENDS)]
    Dividends(usize),
    /// The nodes would leave the range of numbers.
    #[error("volatility and time to expiry are too large for a tree of this many steps")]
    Wide,
    /// A number of steps that makes no tree.
    #[error("{0} steps make no tree: the number must be odd, from 11 to 2001")]
    Steps(usize),
}

/// Values of an option that may be exercised now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct American {
    /// Price and sensitivities; where exercise is due, those of intrinsic value.
    pub valuation: Valuation,
    /// Worth no more than by exercising it now.
    pub exercise_now: bool,
}

/// A tree and the room it works in, made once and used for any number of options.
#[derive(Debug, Clone)]
pub struct Tree {
    steps: usize,
    with: Vec<f64>,
    without: Vec<f64>,
    powers: Vec<f64>,
    spare: Vec<f64>,
}

/// What a roll back through the tree yields.
struct Rolled {
    /// Of the option.
    with: Part,
    /// Of the premium of early exercise alone; absent where dividends leave no closed form.
    premium: Option<Part>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::with_steps(Self::STEPS)
    }
}

impl Tree {
    /// Steps of the default tree: prices within some 1e-4 of the strike, within a dollar-cent for the common tenors.
    pub const STEPS: usize = 101;
    /// Most dividends in cash that are taken at once.
    pub const MAX_DIVIDENDS: usize = 16;

    /// A tree of an odd number of steps.
    ///
    /// # Errors
    /// [`AmericanError::Steps`] unless odd and from 11 to 2001.
    pub fn new(steps: usize) -> Result<Self, AmericanError> {
        if steps % 2 == 1 && (11..=2_001).contains(&steps) {
            Ok(Self::with_steps(steps))
        } else {
            Err(AmericanError::Steps(steps))
        }
    }

    fn with_steps(steps: usize) -> Self {
        let room = vec![0.0; steps + AROUND];
        Self { steps, with: room.clone(), without: room.clone(), powers: room.clone(), spare: room }
    }

    /// Price, delta, gamma and theta, and whether to exercise now; vega, rho, vanna and charm are left 0. One roll.
    ///
    /// # Errors
    /// [`AmericanError`].
    pub fn quick(
        &mut self,
        terms: &Terms,
        volatility: f64,
        dividends: &[CashDividend],
        model: DividendModel,
    ) -> Result<American, AmericanError> {
        let case = Case::of(terms, volatility, dividends, model)?;
        match case {
            Case::Done(american) => Ok(american),
            Case::Roll(job) => Ok(self.centre(&job)?.0),
        }
    }

    /// All eight values, and whether to exercise now: seven rolls, the slopes in volatility, rate and time by bumps.
    ///
    /// # Errors
    /// [`AmericanError`].
    pub fn value(
        &mut self,
        terms: &Terms,
        volatility: f64,
        dividends: &[CashDividend],
        model: DividendModel,
    ) -> Result<American, AmericanError> {
        let job = match Case::of(terms, volatility, dividends, model)? {
            Case::Done(american) => return Ok(american),
            Case::Roll(job) => job,
        };
        let (mut american, closed) = self.centre(&job)?;
        if american.exercise_now {
            return Ok(american);
        }
        // What is escrowed moves with rate and time, which the closed form's own slopes do not know.
        let whole = job.model == DividendModel::Escrowed && job.paid[0].is_some();
        let (rho, charm) = if whole { (0.0, 0.0) } else { (closed.rho, closed.charm) };
        let lattice = job.lattice;
        // Wide enough that nodes which cross the boundary of exercise between the two do not show.
        let step = 0.03 * volatility;
        let up = self.bumped(&job.at_volatility(volatility + step), false)?;
        let down = self.bumped(&job.at_volatility(volatility - step), false)?;
        let v = &mut american.valuation;
        v.vega = closed.vega + (up.price - down.price) / (2.0 * step);
        v.vanna = closed.vanna + (up.delta - down.delta) / (2.0 * step);
        let step = 3e-3;
        let up = self.bumped(&job.at_rate(lattice.rate + step)?, whole)?;
        let down = self.bumped(&job.at_rate(lattice.rate - step)?, whole)?;
        american.valuation.rho = rho + (up.price - down.price) / (2.0 * step);
        let first = job.paid.iter().flatten().map(|paid| paid.years).fold(lattice.years, f64::min);
        let step = (0.01 * lattice.years).min(0.5 * first);
        let (up, down) = (self.bumped(&job.later(step)?, whole)?, self.bumped(&job.later(-step)?, whole)?);
        american.valuation.charm = charm - (up.delta - down.delta) / (2.0 * step);
        Ok(american)
    }

    /// The centre of a job, with the closed form that was added to it (zero where there is none).
    fn centre(&mut self, job: &Job) -> Result<(American, Valuation), AmericanError> {
        let rolled = self.roll(job)?;
        let Lattice { sign, strike, rate, dividend_yield, volatility, .. } = job.lattice;
        let spot = job.spot_of_market;
        let inside = sign * (spot - strike);
        if inside > 0.0 && rolled.with.price <= inside + EXERCISED * strike {
            return Ok((exercised(job), ZERO));
        }
        let (closed, part) = match (&rolled.premium, job.closed()?) {
            (Some(premium), Some(closed)) => (closed, *premium),
            _ => (ZERO, rolled.with),
        };
        let price = (closed.price + part.price).max(inside).max(0.0);
        let delta = closed.delta + part.delta;
        let gamma = (closed.gamma + part.gamma).max(0.0);
        // The part of spot that moves, and earns its yield: less than spot where dividends are escrowed.
        let moving = job.lattice.spot;
        let theta = rate * price
            - (rate - dividend_yield) * moving * delta
            - 0.5 * volatility * volatility * moving * moving * gamma;
        let clamped = job.clamped;
        let valuation = Valuation { price, delta, gamma, theta, clamped, ..ZERO };
        Ok((American { valuation, exercise_now: false }, closed))
    }

    /// Price and delta of a job beside the centre: of the premium alone where there is a closed form, unless the whole
    /// is asked for.
    fn bumped(&mut self, job: &Job, whole: bool) -> Result<Part, AmericanError> {
        let rolled = self.roll(job)?;
        match (rolled.premium, whole) {
            (Some(premium), true) => {
                let closed = job.closed()?.unwrap_or(ZERO);
                let (price, delta) = (premium.price + closed.price, premium.delta + closed.delta);
                Ok(Part { price, delta, gamma: premium.gamma + closed.gamma })
            }
            (Some(premium), false) => Ok(premium),
            (None, _) => Ok(rolled.with),
        }
    }

    /// Fills the nodes at expiry and rolls them back.
    fn roll(&mut self, job: &Job) -> Result<Rolled, AmericanError> {
        let lattice = &job.lattice;
        let steps = self.steps;
        let shape = Shape::of(lattice, steps)?;
        let mut power = libm::exp(-(MARGIN as f64) * shape.log_ratio);
        for slot in &mut self.powers {
            *slot = power;
            power *= shape.ratio;
        }
        let mut base = lattice.spot * libm::exp(shape.log_down * steps as f64);
        let up = libm::exp(-shape.log_down);
        for ((with, without), power) in self.with.iter_mut().zip(&mut self.without).zip(&self.powers) {
            *with = (lattice.sign * (base * power - lattice.strike)).max(0.0);
            *without = *with;
        }
        let compare = job.compares();
        self.pay(job, &shape, steps, base);
        for step in (0..steps).rev() {
            base *= up;
            let count = step + AROUND;
            let now = step as f64 * shape.years;
            let owed = job.owed(now, now);
            exercise_back(&mut self.with[..=count], &self.powers, &shape, lattice, base, owed);
            if compare {
                back(&mut self.without[..=count], &shape);
            }
            self.pay(job, &shape, step, base);
        }
        let around = core::array::from_fn(|place| lattice.spot * self.powers[place]);
        let with = slopes(&around, &self.with);
        let premium = compare.then(|| {
            let without = slopes(&around, &self.without);
            Part {
                price: with.price - without.price,
                delta: with.delta - without.delta,
                gamma: with.gamma - without.gamma,
            }
        });
        Ok(Rolled { with, premium })
    }

    /// Dividends between this step and the next: exercise in the last moment before, and the drop of spot.
    fn pay(&mut self, job: &Job, shape: &Shape, step: usize, base: f64) {
        for paid in job.paid.iter().rev().flatten() {
            let place = (libm::floor(paid.years / shape.years + 1e-9) as usize).min(self.steps);
            if place != step {
                continue;
            }
            let lattice = &job.lattice;
            let count = step + AROUND;
            let wait = (paid.years - step as f64 * shape.years).max(0.0);
            let discount = libm::exp(-lattice.rate * wait);
            let carry = libm::exp(-lattice.dividend_yield * wait);
            let amount = paid.amount * discount;
            if job.model == DividendModel::SpotDrop {
                // No closed form, so nothing is compared and the second row is free to hold the values after the drop.
                let (spots, after) = (&mut self.spare[..count], &mut self.without[..count]);
                for (spot, power) in spots.iter_mut().zip(&self.powers) {
                    *spot = base * power;
                }
                after.copy_from_slice(&self.with[..count]);
                drop_spot(spots, after, &mut self.with[..count], amount);
            }
            // Spot with what will be paid, committed to be exchanged for the strike just before.
            let owed = job.owed(step as f64 * shape.years, paid.years);
            for (value, power) in self.with[..count].iter_mut().zip(&self.powers) {
                let spot = base * power;
                let then = lattice.sign * (spot * carry + owed - lattice.strike * discount);
                let now = lattice.sign * (spot + owed - lattice.strike);
                *value = value.max(then).max(now);
            }
        }
    }
}

#[cfg(test)]
mod tests;
