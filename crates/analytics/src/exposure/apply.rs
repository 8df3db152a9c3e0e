//! Taking chains and quotes in: one row for each contract, whoever tells it.
//!
//! Of two sources the broker's quote counts while it is fresh (10 s), else the newer; they are never averaged. Where
//! they differ by more than the wider spread the row says so. Open interest, volume and the source's own Greeks
//! fill in whoever's quote counts.

use alphatrader_model::chain::{ChainSnapshot, MOST_ROWS, Provider};
use alphatrader_model::instrument::Symbol;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::index::Index;
use super::rows::{Rows, Told, bounded, key};
use super::state::{ChainState, ContractQuote};
use super::sums::Parts;
use super::value::Smile;

/// The broker's quote counts while it is no older.
pub const BROKER_FRESH: Span = Span::from_seconds(10);

/// Quotes of two sources are compared when they were made within this of each other.
const COMPARED: Span = Span::from_seconds(10);

/// Most expiries of a chain: the largest seen have about sixty.
pub const MOST_EXPIRIES: usize = 512;

/// Contracts are forgotten this long after they settled.
const REMEMBERED: Span = Span::from_minutes(24 * 60);

/// Why a chain was refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChainError {
    /// Another underlying's.
    #[error("a chain of {found} cannot be applied to that of {expected}")]
    Underlying {
        /// Whose state it is.
        expected: Symbol,
        /// Whose chain came.
        found: Symbol,
    },
    /// More rows than [`MOST_ROWS`].
    #[error("{0} contracts are more than the {MOST_ROWS} a chain may have: ask for fewer expiries")]
    TooManyRows(usize),
    /// More expiries than [`MOST_EXPIRIES`].
    #[error("{0} expiries are more than the {MOST_EXPIRIES} a chain may have: ask for fewer")]
    TooManyExpiries(usize),
}

/// What a chain changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Applied {
    /// Rows taken in.
    pub rows: u32,
    /// Contracts that were not known.
    pub added: u32,
    /// Contracts of this source, within what was asked for, that it left out.
    pub left_out: u32,
    /// Contracts forgotten, a day after their expiry.
    pub forgotten: u32,
    /// Rows refused: a strike out of bounds, or the same contract twice.
    pub refused: u32,
    /// Rows at which two sources differ by more than the spread.
    pub disagree: u32,
}

impl ChainState {
    /// Takes a chain in: all of it or one expiry, as the snapshot says.
    ///
    /// # Errors
    /// [`ChainError`]; nothing is changed then.
    pub fn apply(&mut self, chain: &ChainSnapshot, now: Timestamp) -> Result<Applied, ChainError> {
        if chain.underlying != self.underlying {
            return Err(ChainError::Underlying { expected: self.underlying, found: chain.underlying });
        }
        if chain.rows.len() > MOST_ROWS {
            return Err(ChainError::TooManyRows(chain.rows.len()));
        }
        let round = self.round.wrapping_add(1);
        let mut applied = Applied::default();
        let mut fresh: Vec<Told> = Vec::new();
        let mut known: Vec<(usize, Told)> = Vec::with_capacity(self.rows.len().min(chain.rows.len()));
        let mut hint = 0;
        for entry in &chain.rows {
            let Some(told) = Told::from_entry(entry, chain.provider, chain.as_of, round) else {
                applied.refused += 1;
                continue;
            };
            match self.find(&told, hint) {
                Some(row) => {
                    hint = row + 1;
                    known.push((row, told));
                }
                None => fresh.push(told),
            }
        }
        self.restructure(&mut fresh, &mut known, chain.as_of, &mut applied)?;
        self.round = round;
        for (row, told) in &known {
            if self.rows.round[*row] == round && self.rows.provider[*row] == chain.provider {
                applied.refused += 1;
                continue;
            }
            applied.rows += 1;
            applied.disagree += u32::from(self.merge(*row, told, now));
        }
        self.mark_left_out(chain, &mut applied);
        if let Some(spot) = chain.spot {
            self.on_spot(spot, chain.as_of);
        }
        self.count(&applied);
        Ok(applied)
    }

    fn count(&mut self, applied: &Applied) {
        self.counts.chains += 1;
        self.counts.refused += u64::from(applied.refused);
        self.counts.forgotten += u64::from(applied.forgotten);
        self.counts.disagreements += u64::from(applied.disagree);
        self.due = true;
    }

    fn find(&self, told: &Told, hint: usize) -> Option<usize> {
        if self.rows.contract.get(hint) == Some(&told.contract) {
            return Some(hint);
        }
        self.index_of(&told.contract)
    }

    /// Makes room for contracts that were not known, and forgets those long settled.
    fn restructure(
        &mut self,
        fresh: &mut Vec<Told>,
        known: &mut Vec<(usize, Told)>,
        as_of: Timestamp,
        applied: &mut Applied,
    ) -> Result<(), ChainError> {
        let over = |settles: Timestamp| as_of.since(settles) > REMEMBERED;
        let gone = self.rows.settles.iter().filter(|settles| over(**settles)).count();
        if fresh.is_empty() && gone == 0 {
            return Ok(());
        }
        fresh.sort_by_key(|told| key(&told.contract));
        let before = fresh.len();
        fresh.dedup_by(|b, a| a.contract == b.contract);
        let total = self.rows.len() - gone + fresh.len();
        if total > MOST_ROWS {
            return Err(ChainError::TooManyRows(total));
        }
        let (mut rows, mut smiles) = (Rows::default(), Vec::with_capacity(fresh.len()));
        let mut added = fresh.iter().peekable();
        for row in 0..self.rows.len() {
            let old = self.rows.told(row);
            while let Some(new) = added.next_if(|new| key(&new.contract) < key(&old.contract)) {
                rows.push(new);
                smiles.push(Smile::default());
            }
            if !over(old.settles) {
                rows.push(&old);
                smiles.push(self.smiles[self.index.strike_of[row] as usize]);
            }
        }
        for new in added {
            rows.push(new);
            smiles.push(Smile::default());
        }
        let index = Index::new(&rows);
        if index.expiries.len() > MOST_EXPIRIES {
            return Err(ChainError::TooManyExpiries(index.expiries.len()));
        }
        applied.refused += (before - fresh.len()) as u32;
        applied.added = fresh.len() as u32;
        applied.rows += fresh.len() as u32;
        applied.forgotten = gone as u32;
        self.install(rows, index, &smiles);
        for (row, told) in known.iter_mut() {
            *row = self.index_of(&told.contract).unwrap_or(usize::MAX);
        }
        known.retain(|(row, _)| *row != usize::MAX);
        Ok(())
    }

    /// `smiles` is by row.
    fn install(&mut self, rows: Rows, index: Index, smiles: &[Smile]) {
        self.give_up();
        self.shown = None;
        self.smiles.clear();
        self.smiles.resize(index.strikes.len(), Smile::default());
        for (smile, strike) in smiles.iter().zip(&index.strike_of) {
            let place = &mut self.smiles[*strike as usize];
            place.guess = place.guess.or(smile.guess);
        }
        self.parts.clear();
        self.parts.resize(index.strikes.len(), Parts::default());
        self.yields.clear();
        self.yields.resize(index.series.len(), self.conventions.dividend_yield);
        self.carries.clear();
        self.carries.resize(index.series.len(), None);
        self.rows = rows;
        self.index = index;
    }

    /// Merges what a source says of a known contract; whether two sources disagree.
    fn merge(&mut self, row: usize, told: &Told, now: Timestamp) -> bool {
        let old = self.rows.told(row);
        let mut new = *told;
        new.traded = old.traded;
        new.multiplier = told.multiplier.or(old.multiplier);
        new.open_interest = told.open_interest.or(old.open_interest);
        new.last = told.last.or(old.last);
        // The same source may take its numbers back; another that states none leaves them.
        if told.volume_from != old.volume_from && told.vendor_iv.is_none() {
            new.vendor_iv = old.vendor_iv;
            new.vendor_delta = old.vendor_delta;
            new.vendor_gamma = old.vendor_gamma;
        }
        merge_volume(&old, &mut new);
        let (found, disagrees) = compare(&old, told);
        new.disagrees = disagrees;
        if !prefers(&old, told, now) {
            self.counts.superseded += 1;
            (new.bid, new.ask) = (old.bid, old.ask);
            (new.bid_size, new.ask_size) = (old.bid_size, old.ask_size);
            (new.provider, new.quoted_at) = (old.provider, old.quoted_at);
        }
        self.rows.set(row, &new);
        found
    }

    /// Contracts that the source told before and now left out, in the expiry it was asked for.
    fn mark_left_out(&mut self, chain: &ChainSnapshot, applied: &mut Applied) {
        let rows = &mut self.rows;
        for row in 0..rows.len() {
            let asked = chain.expiry.is_none_or(|expiry| rows.contract[row].expiry == expiry);
            if asked && rows.provider[row] == chain.provider && rows.round[row] != self.round {
                rows.left_out[row] = true;
                applied.left_out += 1;
            }
        }
    }

    /// Takes the quote of a contract in, unless a better one stands.
    pub(crate) fn take_quote(&mut self, row: usize, quote: &ContractQuote, now: Timestamp) -> bool {
        let old = self.rows.told(row);
        let mut told = old;
        (told.provider, told.quoted_at) = (quote.provider, quote.at);
        (told.bid, told.ask) = (bounded(quote.bid), bounded(quote.ask));
        let (found, disagrees) = compare(&old, &told);
        self.counts.disagreements += u64::from(found);
        self.rows.disagrees[row] = disagrees;
        if !prefers(&old, &told, now) {
            return false;
        }
        self.rows.bid[row] = told.bid;
        self.rows.ask[row] = told.ask;
        (self.rows.bid_size[row], self.rows.ask_size[row]) = (None, None);
        self.rows.provider[row] = told.provider;
        self.rows.quoted_at[row] = told.quoted_at;
        self.rows.left_out[row] = false;
        true
    }
}

/// Whether the newcomer's quote counts.
fn prefers(old: &Told, new: &Told, now: Timestamp) -> bool {
    let newer = new.quoted_at >= old.quoted_at;
    let fresh = |told: &Told| now.since(told.quoted_at) <= BROKER_FRESH;
    match (old.provider == Provider::Ibkr, new.provider == Provider::Ibkr) {
        (true, false) if fresh(old) => false,
        (false, true) if fresh(new) => true,
        _ => newer,
    }
}

/// Whether two sources' quotes of about the same time differ by more than the wider spread: found now, and whether
/// the row is doubtful after it.
fn compare(old: &Told, new: &Told) -> (bool, bool) {
    if old.provider == new.provider {
        return (false, old.disagrees);
    }
    let apart = new.quoted_at.since(old.quoted_at).nanos().saturating_abs();
    let sides = (old.bid, old.ask, new.bid, new.ask);
    let (Some(b0), Some(a0), Some(b1), Some(a1)) = sides else { return (false, old.disagrees) };
    if apart > COMPARED.nanos() {
        return (false, false);
    }
    let (b0, a0, b1, a1) = (b0.raw(), a0.raw(), b1.raw(), a1.raw());
    // Prices are bounded far below the type's ends. Twice the middles, against twice the wider spread.
    let differ = ((b0 + a0) - (b1 + a1)).abs() > 2 * (a0 - b0).max(a1 - b1).max(0);
    (differ, differ)
}

/// Volume grows through a session. Only one source's numbers are compared with each other.
fn merge_volume(old: &Told, new: &mut Told) {
    let (Some(before), Some(after)) = (old.volume, new.volume) else {
        if new.volume.is_none() {
            (new.volume, new.volume_from) = (old.volume, old.volume_from);
        }
        return;
    };
    if old.volume_from == new.volume_from {
        if after > before {
            new.traded.grow(after - before, new.last, new.bid, new.ask, new.quoted_at);
        } else if after < before {
            // A new session begins.
            new.traded = super::rows::Traded::default();
        }
    } else if after < before && new.provider != Provider::Ibkr {
        (new.volume, new.volume_from) = (old.volume, old.volume_from);
    }
}
