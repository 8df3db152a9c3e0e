//! What a tree is asked: an option in numbers, its dividends, and the cases that need no tree.

use alphatrader_model::instrument::Right;

use super::super::super::pricing::{Terms, Valuation, sign_of, value};
use super::super::super::tenor::ONE_MINUTE;
use super::super::{CashDividend, has_dividend, never_exercised_early};
use super::{American, AmericanError, DividendModel, Tree};

/// Most of `|d1|` at which there is still chance, as in the closed form.
const MAX_D1: f64 = 38.0;

/// Nothing.
pub(super) const ZERO: Valuation = Valuation {
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

/// One lattice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    pub(super) sign: f64,
    pub(super) strike: f64,
    pub(super) spot: f64,
    pub(super) years: f64,
    pub(super) rate: f64,
    pub(super) dividend_yield: f64,
    pub(super) volatility: f64,
}

/// Intrinsic value and its sensitivities.
pub(super) fn exercised(job: &Job) -> American {
    let Lattice { sign, strike, .. } = job.lattice;
    let price = sign * (job.spot_of_market - strike);
    let valuation = Valuation { price, delta: sign, clamped: job.clamped, ..ZERO };
    American { valuation, exercise_now: true }
}

/// What is to be done for an option.
#[allow(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub(super) enum Case {
    /// Nothing: it is known already.
    Done(American),
    /// A tree.
    Roll(Job),
}

/// A lattice, and what is paid on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) lattice: Lattice,
    /// Spot as the market has it: more than the lattice's where dividends are escrowed.
    pub(super) spot_of_market: f64,
    /// Within the life, by time.
    pub(super) paid: [Option<CashDividend>; Tree::MAX_DIVIDENDS],
    pub(super) model: DividendModel,
    pub(super) clamped: bool,
}

impl Case {
    pub(super) fn of(
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
    pub(super) fn of(
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
    pub(super) fn owed(&self, at: f64, since: f64) -> f64 {
        match self.model {
            DividendModel::SpotDrop => 0.0,
            DividendModel::Escrowed => {
                let later = self.paid.iter().flatten().filter(|paid| paid.years >= since);
                later.map(|paid| paid.amount * libm::exp(-self.lattice.rate * (paid.years - at))).sum()
            }
        }
    }

    /// The same with the lattice's spot less what is escrowed.
    pub(super) fn less_escrow(mut self) -> Result<Self, AmericanError> {
        let rest = self.spot_of_market - self.owed(0.0, 0.0);
        if rest <= 1e-9 {
            let amount = self.paid.iter().flatten().map(|paid| paid.amount).sum();
            return Err(AmericanError::Dividend { amount, years: self.lattice.years });
        }
        self.lattice.spot = rest;
        Ok(self)
    }

    /// Whether the tree without early exercise has a closed form.
    pub(super) fn compares(&self) -> bool {
        self.model == DividendModel::Escrowed || self.paid[0].is_none()
    }

    /// The closed form of the tree without early exercise.
    pub(super) fn closed(&self) -> Result<Option<Valuation>, AmericanError> {
        if !self.compares() {
            return Ok(None);
        }
        let Lattice { sign, strike, spot, years, rate, dividend_yield, volatility } = self.lattice;
        let right = if sign > 0.0 { Right::Call } else { Right::Put };
        let terms = Terms { right, spot, strike, years, rate, dividend_yield };
        Ok(Some(value(&terms, volatility)?))
    }

    /// The same at another volatility.
    pub(super) fn at_volatility(&self, volatility: f64) -> Self {
        Self { lattice: Lattice { volatility, ..self.lattice }, ..*self }
    }

    /// The same at another rate.
    pub(super) fn at_rate(&self, rate: f64) -> Result<Self, AmericanError> {
        Self { lattice: Lattice { rate, ..self.lattice }, ..*self }.less_escrow()
    }

    /// The same with that much more time to everything.
    pub(super) fn later(&self, step: f64) -> Result<Self, AmericanError> {
        let mut job = *self;
        job.lattice.years += step;
        for paid in job.paid.iter_mut().flatten() {
            paid.years += step;
        }
        job.less_escrow()
    }
}

impl Lattice {
    pub(super) fn distance(&self) -> (f64, f64) {
        let total = self.volatility * libm::sqrt(self.years);
        let drift = self.rate - self.dividend_yield;
        let log = libm::log(self.spot / self.strike);
        ((log + (drift + 0.5 * self.volatility * self.volatility) * self.years) / total, total)
    }

    pub(super) fn is_certain(&self) -> bool {
        let (d1, total) = self.distance();
        total < 1e-8 || d1.is_nan() || d1.abs() > MAX_D1
    }
}

/// Without chance: exercised at the instant that is worth most now, among the present, the last moment before each
/// dividend, the one turning point where none is paid, and expiry.
pub(super) fn certain(job: &Job) -> American {
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
