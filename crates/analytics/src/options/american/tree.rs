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

use alphatrader_model::instrument::Right;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::super::pricing::{PricingError, Terms, Valuation, sign_of, value};
use super::super::tenor::ONE_MINUTE;
use super::{CashDividend, has_dividend, never_exercised_early};

/// Nodes beyond the root on either side.
const MARGIN: usize = 2;

/// Nodes around spot at the time of valuation.
const AROUND: usize = 2 * MARGIN + 1;

/// Most of `|d1|` at which there is still chance, as in the closed form.
const MAX_D1: f64 = 38.0;

/// Greatest logarithm of the ratio of the highest node to the lowest.
const WIDEST: f64 = 600.0;

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

/// Price, delta and gamma; of the premium of early exercise where the closed form holds the rest.
#[derive(Debug, Clone, Copy)]
struct Part {
    price: f64,
    delta: f64,
    gamma: f64,
}

/// What a roll back through the tree yields.
struct Rolled {
    /// Of the option.
    with: Part,
    /// Of the premium of early exercise alone; absent where dividends leave no closed form.
    premium: Option<Part>,
}

/// One lattice.
#[derive(Debug, Clone, Copy)]
struct Lattice {
    sign: f64,
    strike: f64,
    spot: f64,
    years: f64,
    rate: f64,
    dividend_yield: f64,
    volatility: f64,
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

const ZERO: Valuation = Valuation {
    price: 0.0,
    delta: 0.0,
    gamma: 0.0,
    vega: 0.0,
    theta: 0.0,
    rho: 0.0,
    vanna: 0.0,
    charm: 0.0,
    clamped: false,
};

/// Intrinsic value and its sensitivities.
fn exercised(job: &Job) -> American {
    let Lattice { sign, strike, .. } = job.lattice;
    let price = sign * (job.spot_of_market - strike);
    let valuation = Valuation { price, delta: sign, clamped: job.clamped, ..ZERO };
    American { valuation, exercise_now: true }
}

/// What is to be done for an option.
#[allow(clippy::large_enum_variant, reason = "one at a time, on the stack")]
enum Case {
    /// Nothing: it is known already.
    Done(American),
    /// A tree.
    Roll(Job),
}

/// A lattice, and what is paid on the way.
#[derive(Debug, Clone, Copy)]
struct Job {
    lattice: Lattice,
    /// Spot as the market has it: more than the lattice's where dividends are escrowed.
    spot_of_market: f64,
    /// Within the life, by time.
    paid: [Option<CashDividend>; Tree::MAX_DIVIDENDS],
    model: DividendModel,
    clamped: bool,
}

impl Case {
    fn of(
        terms: &Terms,
        volatility: f64,
        dividends: &[CashDividend],
        model: DividendModel,
    ) -> Result<Self, AmericanError> {
        let european = value(terms, volatility)?;
        if dividends.len() > Tree::MAX_DIVIDENDS {
            return Err(AmericanError::Dividends(dividends.len()));
        }
        for CashDividend { years, amount } in dividends.iter().copied() {
            if !(years.is_finite() && amount >= 0.0 && amount < terms.spot) {
                return Err(AmericanError::Dividend { amount, years });
            }
        }
        let paying = has_dividend(terms.years, dividends);
        if terms.years <= 0.0 || (!paying && never_exercised_early(terms)) {
            let due = terms.years <= 0.0 && european.price > 0.0;
            return Ok(Self::Done(American { valuation: european, exercise_now: due }));
        }
        let job = Job::of(terms, volatility, dividends, model)?;
        if job.lattice.is_certain() {
            return Ok(Self::Done(certain(&job)));
        }
        Ok(Self::Roll(job))
    }
}

impl Job {
    fn of(
        terms: &Terms,
        volatility: f64,
        dividends: &[CashDividend],
        model: DividendModel,
    ) -> Result<Self, AmericanError> {
        let mut paid = [None; Tree::MAX_DIVIDENDS];
        let within = dividends
            .iter()
            .filter(|paid| paid.amount > 0.0 && paid.years > 0.0 && paid.years <= terms.years);
        for (slot, dividend) in paid.iter_mut().zip(within) {
            *slot = Some(*dividend);
        }
        // Absent ones last: they have no effect anywhere.
        paid.sort_by(|a, b| {
            let at = |slot: &Option<CashDividend>| slot.map_or(f64::INFINITY, |paid| paid.years);
            at(a).total_cmp(&at(b))
        });
        let years = terms.years.max(ONE_MINUTE);
        let lattice = Lattice {
            sign: sign_of(terms.right),
            strike: terms.strike,
            spot: terms.spot,
            years,
            rate: terms.rate,
            dividend_yield: terms.dividend_yield,
            volatility,
        };
        Self { lattice, spot_of_market: terms.spot, paid, model, clamped: terms.years < ONE_MINUTE }
            .less_escrow()
    }

    /// Value, at a time, of the dividends that are paid from `since` on and not in the lattice's spot.
    fn owed(&self, at: f64, since: f64) -> f64 {
        match self.model {
            DividendModel::SpotDrop => 0.0,
            DividendModel::Escrowed => {
                let later = self.paid.iter().flatten().filter(|paid| paid.years >= since);
                later.map(|paid| paid.amount * libm::exp(-self.lattice.rate * (paid.years - at))).sum()
            }
        }
    }

    /// The same with the lattice's spot less what is escrowed.
    fn less_escrow(mut self) -> Result<Self, AmericanError> {
        let rest = self.spot_of_market - self.owed(0.0, 0.0);
        if rest <= 1e-9 {
            let amount = self.paid.iter().flatten().map(|paid| paid.amount).sum();
            return Err(AmericanError::Dividend { amount, years: self.lattice.years });
        }
        self.lattice.spot = rest;
        Ok(self)
    }

    /// Whether the tree without early exercise has a closed form.
    fn compares(&self) -> bool {
        self.model == DividendModel::Escrowed || self.paid[0].is_none()
    }

    /// The closed form of the tree without early exercise.
    fn closed(&self) -> Result<Option<Valuation>, AmericanError> {
        if !self.compares() {
            return Ok(None);
        }
        let Lattice { sign, strike, spot, years, rate, dividend_yield, volatility } = self.lattice;
        let right = if sign > 0.0 { Right::Call } else { Right::Put };
        let terms = Terms { right, spot, strike, years, rate, dividend_yield };
        Ok(Some(value(&terms, volatility)?))
    }

    /// The same at another volatility.
    fn at_volatility(&self, volatility: f64) -> Self {
        Self { lattice: Lattice { volatility, ..self.lattice }, ..*self }
    }

    /// The same at another rate.
    fn at_rate(&self, rate: f64) -> Result<Self, AmericanError> {
        Self { lattice: Lattice { rate, ..self.lattice }, ..*self }.less_escrow()
    }

    /// The same with that much more time to everything.
    fn later(&self, step: f64) -> Result<Self, AmericanError> {
        let mut job = *self;
        job.lattice.years += step;
        for paid in job.paid.iter_mut().flatten() {
            paid.years += step;
        }
        job.less_escrow()
    }
}

impl Lattice {
    fn distance(&self) -> (f64, f64) {
        let total = self.volatility * libm::sqrt(self.years);
        let drift = self.rate - self.dividend_yield;
        let log = libm::log(self.spot / self.strike);
        ((log + (drift + 0.5 * self.volatility * self.volatility) * self.years) / total, total)
    }

    fn is_certain(&self) -> bool {
        let (d1, total) = self.distance();
        total < 1e-8 || d1.is_nan() || d1.abs() > MAX_D1
    }
}

/// Without chance: exercised at the instant that is worth most now, among the present, the last moment before each
/// dividend, the one turning point where none is paid, and expiry.
fn certain(job: &Job) -> American {
    let Lattice { sign, strike, rate, dividend_yield, years, .. } = job.lattice;
    let spot = job.spot_of_market;
    let worth = |at: f64| {
        let before = job.paid.iter().flatten().filter(|paid| paid.years < at);
        let paid: f64 = before
            .map(|paid| paid.amount * libm::exp(-rate * paid.years - dividend_yield * (at - paid.years)))
            .sum();
        sign * (spot * libm::exp(-dividend_yield * at) - paid - strike * libm::exp(-rate * at))
    };
    let turn = libm::log(rate * strike / (dividend_yield * spot)) / (rate - dividend_yield);
    let turn = Some(turn).filter(|at| job.paid[0].is_none() && *at > 0.0 && *at < years);
    let days = job.paid.iter().flatten().map(|paid| paid.years);
    let mut best = (worth(0.0), 0.0);
    for at in days.chain(turn).chain([years]) {
        if worth(at) > best.0 {
            best = (worth(at), at);
        }
    }
    let (price, at) = best;
    if price <= 0.0 {
        return American { valuation: Valuation { clamped: job.clamped, ..ZERO }, exercise_now: false };
    }
    if at == 0.0 {
        return exercised(job);
    }
    let delta = sign * libm::exp(-dividend_yield * at);
    let strike_now = strike * libm::exp(-rate * at);
    let rho = sign * at * strike_now;
    let theta = rate * price - (rate - dividend_yield) * spot * delta;
    let charm = sign * dividend_yield * libm::exp(-dividend_yield * at);
    let valuation = Valuation { price, delta, theta, rho, charm, clamped: job.clamped, ..ZERO };
    American { valuation, exercise_now: false }
}

/// Probabilities and moves of a lattice.
struct Shape {
    /// Years of a step.
    years: f64,
    log_down: f64,
    log_ratio: f64,
    ratio: f64,
    /// Discounted probability of a move up.
    up: f64,
    /// Discounted probability of a move down.
    down: f64,
}

impl Shape {
    fn of(lattice: &Lattice, steps: usize) -> Result<Self, AmericanError> {
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
fn peizer_pratt(z: f64, steps: usize) -> (f64, f64) {
    let n = steps as f64;
    let scaled = z / (n + 1.0 / 3.0 + 0.1 / (n + 1.0));
    let tail = libm::exp(-scaled * scaled * (n + 1.0 / 6.0));
    let small = 0.5 * tail / (1.0 + libm::sqrt(1.0 - tail));
    if z >= 0.0 { (1.0 - small, small) } else { (small, 1.0 - small) }
}

/// One step back without exercise; the last value is left as it is.
fn back(values: &mut [f64], shape: &Shape) {
    for place in 1..values.len() {
        values[place - 1] = shape.up * values[place] + shape.down * values[place - 1];
    }
}

/// One step back, exercised where that is worth more; `owed` comes on top of each node's spot.
fn exercise_back(values: &mut [f64], powers: &[f64], shape: &Shape, lattice: &Lattice, base: f64, owed: f64) {
    let (slope, level) = (lattice.sign * base, lattice.sign * (owed - lattice.strike));
    let count = values.len() - 1;
    let powers = &powers[..count];
    for (place, power) in powers.iter().enumerate() {
        let held = shape.up * values[place + 1] + shape.down * values[place];
        values[place] = held.max(slope * power + level);
    }
}

/// Values before spot drops by `amount`, from those `after` it.
fn drop_spot(spots: &[f64], after: &[f64], before: &mut [f64], amount: f64) {
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
fn cubic(x: &[f64], y: &[f64], at: f64) -> f64 {
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
fn slopes(spots: &[f64; AROUND], values: &[f64]) -> Part {
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

#[cfg(test)]
mod tests;
