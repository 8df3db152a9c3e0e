//! The chain of one underlying: what was told of each contract, and what it comes to.

use alphatrader_model::chain::Provider;
use alphatrader_model::exposure::{Bucket, ChainExposure, GreeksSource, RowCounts, Sums};
use alphatrader_model::instrument::{OptionContract, Symbol};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::accounts::{Accounts, place};
use super::conventions::{Conventions, Moment};
use super::index::Index;
use super::kernel::Carry;
use super::profile::Profile;
use super::revaluation::Revaluation;
use super::rows::{RowFlags, RowGreeks, RowStatus, Rows, VolatilityFrom, key};
use super::sums::Parts;
use super::value::{Now, Smile, interpolate, value_strike};
use crate::options::years_between;

/// Why a chain has no exposures. Never a zero in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExposureError {
    /// No price of the underlying is known.
    #[error("the chain of {0} has no spot: give it with the chain, or a quote of the underlying")]
    NoSpot(Symbol),
    /// No contract is known.
    #[error("the chain of {0} is empty")]
    Empty(Symbol),
    /// Every row was left out.
    #[error(
        "none of the {} rows of {underlying} can be counted: {} expired, {} without open interest, {} of unknown \
         multiplier, {} without a volatility, {} with one out of range",
        rows.rows, rows.expired, rows.missing_oi, rows.unknown_multiplier, rows.no_iv, rows.iv_out_of_range
    )]
    NothingIncluded {
        /// Whose chain.
        underlying: Symbol,
        /// Why, row by row.
        rows: RowCounts,
    },
}

/// A quote of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractQuote {
    /// Who says so.
    pub provider: Provider,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// When it was made.
    pub at: Timestamp,
}

/// What a quote did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Patched {
    /// The contract was implied anew and the sums follow.
    Sums,
    /// It was taken; the next revaluation will count it.
    Stored,
    /// A better source's quote of this contract is fresh, or this one is older.
    Superseded,
}

/// What happened to a chain so far, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChainCounts {
    /// Chains taken in.
    pub chains: u64,
    /// Single quotes taken in.
    pub quotes: u64,
    /// Quotes, of chains or single, that gave way to a better source's.
    pub superseded: u64,
    /// Times that two sources differed by more than the spread.
    pub disagreements: u64,
    /// Rows of chains refused: a strike out of bounds, or the same contract twice.
    pub refused: u64,
    /// Contracts forgotten after their expiry.
    pub forgotten: u64,
    /// Revaluations finished.
    pub revaluations: u64,
    /// Revaluations given up because the contracts changed.
    pub given_up: u64,
}

/// One row, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowView {
    /// The option.
    pub contract: OptionContract,
    /// Shares a contract delivers.
    pub multiplier: Option<u32>,
    /// When it settles.
    pub settles: Timestamp,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Contracts bid for, where the chain that told the quote says so.
    pub bid_size: Option<u32>,
    /// Contracts offered, likewise.
    pub ask_size: Option<u32>,
    /// Last price.
    pub last: Option<Price>,
    /// Contracts traded in the session.
    pub volume: Option<u32>,
    /// Contracts open.
    pub open_interest: Option<u32>,
    /// Whose quote it is.
    pub provider: Provider,
    /// When the quote was made.
    pub quoted_at: Timestamp,
    /// Whether it is in the sums, or why not.
    pub status: RowStatus,
    /// What is doubtful about it.
    pub flags: RowFlags,
    /// Implied volatility.
    pub iv: Option<f64>,
    /// Where that is from.
    pub iv_from: Option<VolatilityFrom>,
    /// Price and sensitivities at it; absent without one.
    pub greeks: Option<RowGreeks>,
}

/// The chain of one underlying. Bounded by [`alphatrader_model::chain::MOST_ROWS`] rows. Quotes and slices of a
/// revaluation do not allocate once the contracts are known and were valued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainState {
    pub(crate) underlying: Symbol,
    pub(crate) conventions: Conventions,
    pub(crate) rows: Rows,
    pub(crate) index: Index,
    /// For each strike of a series.
    pub(crate) smiles: Vec<Smile>,
    pub(crate) parts: Vec<Parts>,
    /// For each series: its dividend yield, and what it shares at the last revaluation.
    pub(crate) yields: Vec<f64>,
    pub(crate) carries: Vec<Option<Carry>>,
    pub(crate) spot: Option<(f64, Timestamp)>,
    /// The sums that are shown, with the spot they rest on, and those of a running revaluation.
    pub(crate) shown: Option<(Moment, f64)>,
    pub(crate) accounts: Accounts,
    pub(crate) next: Accounts,
    pub(crate) profile: Profile,
    pub(crate) running: Option<Box<Revaluation>>,
    pub(crate) exposure: Option<Box<ChainExposure>>,
    pub(crate) counts: ChainCounts,
    pub(crate) round: u32,
    pub(crate) due: bool,
}

impl ChainState {
    /// A chain without contracts.
    pub fn new(underlying: Symbol, conventions: Conventions) -> Self {
        Self {
            underlying,
            conventions,
            rows: Rows::default(),
            index: Index::default(),
            smiles: Vec::new(),
            parts: Vec::new(),
            yields: Vec::new(),
            carries: Vec::new(),
            spot: None,
            shown: None,
            accounts: Accounts::default(),
            next: Accounts::default(),
            profile: Profile::default(),
            running: None,
            exposure: None,
            counts: ChainCounts::default(),
            round: 0,
            due: false,
        }
    }

    /// Whose options.
    pub fn underlying(&self) -> Symbol {
        self.underlying
    }

    /// Contracts known.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// What the numbers rest on.
    pub fn conventions(&self) -> &Conventions {
        &self.conventions
    }

    /// Other assumptions: everything is valued anew.
    pub fn set_conventions(&mut self, conventions: Conventions) {
        if self.conventions != conventions {
            self.conventions = conventions;
            self.give_up();
            self.shown = None;
            self.due = true;
        }
    }

    /// What happened so far.
    pub fn counts(&self) -> &ChainCounts {
        &self.counts
    }

    /// The place of a contract, for [`Self::on_quote`] and [`Self::row`]. Good until a contract comes or goes.
    pub fn index_of(&self, contract: &OptionContract) -> Option<usize> {
        let wanted = key(contract);
        self.rows.contract.binary_search_by(|other| key(other).cmp(&wanted)).ok()
    }

    /// One row.
    pub fn row(&self, row: usize) -> Option<RowView> {
        let rows = &self.rows;
        Some(RowView {
            contract: *rows.contract.get(row)?,
            multiplier: rows.multiplier[row],
            settles: rows.settles[row],
            bid: rows.bid[row],
            ask: rows.ask[row],
            bid_size: rows.bid_size[row],
            ask_size: rows.ask_size[row],
            last: rows.last[row],
            volume: rows.volume[row],
            open_interest: rows.open_interest[row],
            provider: rows.provider[row],
            quoted_at: rows.quoted_at[row],
            status: rows.status[row],
            flags: rows.flags[row],
            iv: rows.iv[row],
            iv_from: rows.iv_from[row],
            greeks: rows.iv[row].map(|_| rows.greeks[row]),
        })
    }

    /// The rows, by expiry, root, strike and right.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = RowView> + '_ {
        (0..self.rows.len()).map(|row| self.row(row).expect("every place below the length is a row"))
    }

    /// The price of the underlying, dollars. Everything is due to be valued anew.
    pub fn on_spot(&mut self, spot: Price, at: Timestamp) {
        let dollars = spot.to_f64();
        let newer = self.spot.is_none_or(|(_, known)| known <= at);
        if newer && (LEAST_SPOT..=MOST_SPOT).contains(&dollars) {
            self.due |= self.spot.is_none_or(|(known, _)| known != dollars);
            self.spot = Some((dollars, at));
        }
    }

    /// Time passes: what is shown is due to be valued anew when it is older than `most`.
    pub fn advance(&mut self, now: Timestamp, most: Span) {
        self.due |= self.shown.is_none_or(|(shown, _)| now.since(shown.now) > most);
    }

    /// Whether a revaluation would say something else than what is shown.
    pub fn is_due(&self) -> bool {
        self.due && self.running.is_none() && !self.is_empty()
    }

    /// The last complete result.
    pub fn exposure(&self) -> Option<&ChainExposure> {
        self.exposure.as_deref()
    }

    /// The sums of a range of expiries as the quotes patched them; absent before the first revaluation.
    pub fn sums(&self, bucket: Bucket) -> Option<Sums> {
        let (_, spot) = self.shown?;
        Some(self.accounts.totals[place(bucket)].sums(self.conventions.dealer_sign, spot))
    }

    /// Gamma exposure if spot were `level` dollars, over a range of expiries, as of the last revaluation.
    pub fn profile_at(&self, bucket: Bucket, level: f64) -> Option<f64> {
        self.shown?;
        let expiries = self.accounts.expiries(place(bucket));
        (level > 0.0 && level.is_finite()).then(|| self.profile.at(level, &expiries))
    }

    /// A quote of the contract at a place ([`Self::index_of`]): its strike is implied anew from the last volatility
    /// and the sums follow, at the spot and the time that they rest on. Neighbours that live on its volatility
    /// follow with the next revaluation. About a microsecond, no allocation.
    pub fn on_quote(&mut self, row: usize, quote: &ContractQuote, now: Timestamp) -> Patched {
        if row >= self.rows.len() || !self.take_quote(row, quote, now) {
            self.counts.superseded += 1;
            return Patched::Superseded;
        }
        self.counts.quotes += 1;
        let strike = self.index.strike_of[row] as usize;
        self.due = true;
        let (implied, valued) = match &self.running {
            Some(running) => running.done(strike),
            None => (self.shown.is_some(), self.shown.is_some()),
        };
        if implied && self.conventions.greeks == GreeksSource::Own {
            self.imply_now(strike, now);
        }
        if !valued {
            return Patched::Stored;
        }
        self.value_now(strike, now);
        if self.running.is_some() { Patched::Stored } else { Patched::Sums }
    }

    /// Implies one strike at the spot and time of now.
    fn imply_now(&mut self, strike: usize, now: Timestamp) {
        let at = &self.index.strikes[strike];
        let series = at.series as usize;
        let Some((spot, _)) = self.spot else { return };
        let settles = self.rows.settles[self.index.series[series].rows.start];
        let years = years_between(now, settles);
        let rate = self.conventions.rate_of(years);
        let Some(carry) = Carry::new(spot, years, rate, self.yields[series]) else { return };
        self.smiles[strike].imply(&self.rows, at, &carry);
        if !matches!(self.smiles[strike].known, super::value::Known::Quote(..)) {
            let range = neighbours(&self.smiles, self.index.series[series].strikes.clone(), strike);
            interpolate(&self.index.strikes[range.clone()], &mut self.smiles[range]);
        }
    }

    /// Values one strike where its sums stand, and puts the difference into them.
    fn value_now(&mut self, strike: usize, now: Timestamp) {
        let at = self.index.strikes[strike];
        let series = at.series as usize;
        let moment = match &self.running {
            Some(running) => running.moment,
            None => match self.shown {
                Some((moment, _)) => moment,
                None => return,
            },
        };
        let now = Now {
            at: now.max(moment.now),
            in_session: moment.in_session,
            stale_after: self.conventions.stale_after,
        };
        let parts = value_strike(
            &mut self.rows,
            &at,
            &self.smiles[strike],
            self.carries[series].as_ref(),
            &self.conventions,
            &now,
        );
        let expiry = self.index.series[series].expiry;
        let accounts = if self.running.is_some() { &mut self.next } else { &mut self.accounts };
        accounts.replace(expiry, &at, &self.parts[strike], &parts);
        self.parts[strike] = parts;
    }

    /// Gives a running revaluation up.
    pub(crate) fn give_up(&mut self) {
        if self.running.take().is_some() {
            self.counts.given_up += 1;
            self.shown = None;
        }
    }
}

/// The strikes between the nearest ones that have a volatility of their own, them included: at most
/// [`MOST_NEIGHBOURS`] to either side.
fn neighbours(smiles: &[Smile], series: core::ops::Range<usize>, strike: usize) -> core::ops::Range<usize> {
    let own = |place: usize| matches!(smiles[place].known, super::value::Known::Quote(..));
    let first = series.start.max(strike.saturating_sub(MOST_NEIGHBOURS));
    let last = series.end.min(strike + MOST_NEIGHBOURS + 1);
    let from = (first..strike).rev().find(|place| own(*place)).unwrap_or(first);
    let to = (strike + 1..last).find(|place| own(*place)).map_or(last, |place| place + 1);
    from..to
}

/// Strikes looked at to either side for a volatility to take over.
const MOST_NEIGHBOURS: usize = 64;

/// Spots that are taken, dollars.
const LEAST_SPOT: f64 = 1e-3;
const MOST_SPOT: f64 = 1e7;
