//! The order book of one symbol from positional edits, and whether it can be trusted.
//!
//! Feeds send edits by row, counted from the best: insert (rows below move down), update, delete (rows
//! below move up). What is kept of a side is always a *prefix* of the feed's side: rows 0 to k without
//! a hole. Edits inside the prefix keep it one, so a side that had to be dropped heals from the touch
//! outwards as the feed goes on, without being asked anew.
//!
//! | state | when |
//! | --- | --- |
//! | [`BookState::Absent`] | no edit since the start |
//! | [`BookState::Rebuilding`] | after the start, a gap or a contradiction, until both sides are refilled |
//! | [`BookState::Crossed`] | best bid at or above best offer |
//! | [`BookState::Valid`] | otherwise |
//!
//! [`orders`] is the book of a feed that tells single orders.
//!
//! A contradiction (a row beyond the end of a side, a price on the wrong side of its neighbour, a price
//! or size that cannot be) is counted by reason and drops what it proves wrong.

pub mod ladder;
pub mod orders;

mod side;

use alphatrader_model::features::BookState;
use alphatrader_model::market::{Depth, Level, Side};
use alphatrader_model::view::BookRow;
use serde::{Deserialize, Serialize};

pub use ladder::Ladder;
pub use side::MAX_ROWS;
use side::{BookSide, Edit};

/// What the book took and refused since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BookCounts {
    /// Edits applied.
    pub applied: u64,
    /// Edits of rows beyond the known part of a side that is being rebuilt, or deeper than [`MAX_ROWS`].
    pub beyond: u64,
    /// Contradictions: a row after the end of its side.
    pub out_of_range: u64,
    /// Contradictions: a price on the wrong side of a neighbour's.
    pub not_monotonic: u64,
    /// Contradictions: a price or size that cannot be.
    pub bad_value: u64,
    /// Times the feed was lost or reset.
    pub resets: u64,
}

/// The order book of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    bids: BookSide,
    asks: BookSide,
    state: BookState,
    counts: BookCounts,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            bids: BookSide::new(Side::Buy),
            asks: BookSide::new(Side::Sell),
            state: BookState::Absent,
            counts: BookCounts::default(),
        }
    }
}

impl Book {
    /// Whether it can be trusted.
    #[inline]
    pub const fn state(&self) -> BookState {
        self.state
    }

    /// Bids, best first, whatever the state.
    #[inline]
    pub fn bids(&self) -> &[BookRow] {
        self.bids.rows()
    }

    /// Offers, best first, whatever the state.
    #[inline]
    pub fn asks(&self) -> &[BookRow] {
        self.asks.rows()
    }

    /// What was taken and refused.
    pub const fn counts(&self) -> &BookCounts {
        &self.counts
    }

    /// Best bid and offer of a valid book. Rows of equal price (one a venue) are not added up.
    #[inline]
    pub fn best(&self) -> Option<(Level, Level)> {
        if self.state != BookState::Valid {
            return None;
        }
        Some((self.bids().first()?.level, self.asks().first()?.level))
    }

    /// Applies an edit; the answer is the state after it.
    #[inline]
    pub fn apply(&mut self, edit: &Depth) -> BookState {
        let side = match edit.side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let counter = match side.apply(edit) {
            Edit::Applied => &mut self.counts.applied,
            Edit::Beyond => &mut self.counts.beyond,
            Edit::OutOfRange => &mut self.counts.out_of_range,
            Edit::NotMonotonic => &mut self.counts.not_monotonic,
            Edit::BadValue => &mut self.counts.bad_value,
        };
        *counter += 1;
        self.state = self.judge();
        self.state
    }

    #[inline]
    fn judge(&self) -> BookState {
        if !(self.bids.is_refilled() && self.asks.is_refilled()) {
            return BookState::Rebuilding;
        }
        match (self.bids().first(), self.asks().first()) {
            (Some(bid), Some(ask)) if bid.level.price < ask.level.price => BookState::Valid,
            (Some(_), Some(_)) => BookState::Crossed,
            _ => BookState::Rebuilding,
        }
    }

    /// The feed was lost or starts anew: both sides are dropped.
    pub fn reset(&mut self) {
        self.bids.reset();
        self.asks.reset();
        self.counts.resets += 1;
        if self.state != BookState::Absent {
            self.state = BookState::Rebuilding;
        }
    }
}

#[cfg(test)]
mod tests;
