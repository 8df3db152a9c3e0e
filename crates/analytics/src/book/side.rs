//! One side of a book: a prefix of the feed's rows.

use alphatrader_model::market::{Depth, DepthOperation, Level, Side};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::view::BookRow;
use serde::{Deserialize, Serialize};

use crate::admission::sound;
use crate::imbalance::LEVELS;

/// Rows kept of a side; brokers send 5 to 20.
pub const MAX_ROWS: usize = 20;

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit {
    Applied,
    Beyond,
    OutOfRange,
    NotMonotonic,
    BadValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BookSide {
    rows: [BookRow; MAX_ROWS],
    length: usize,
    side: Side,
    /// The feed may know rows after the last one here: edits beyond it are no contradiction.
    partial: bool,
    /// Rows that make the side whole again.
    wanted: usize,
}

const EMPTY: BookRow = BookRow { level: Level { price: Price::ZERO, size: Quantity::ZERO }, venue: None };

impl BookSide {
    pub(super) const fn new(side: Side) -> Self {
        Self { rows: [EMPTY; MAX_ROWS], length: 0, side, partial: false, wanted: 1 }
    }

    #[inline]
    pub(super) fn rows(&self) -> &[BookRow] {
        &self.rows[..self.length]
    }

    #[inline]
    pub(super) const fn is_refilled(&self) -> bool {
        self.length >= self.wanted
    }

    /// A fresh feed: what follows is complete from its first row.
    pub(super) fn reset(&mut self) {
        (self.length, self.partial, self.wanted) = (0, false, 1);
    }

    #[inline]
    pub(super) fn apply(&mut self, edit: &Depth) -> Edit {
        let place = usize::from(edit.position);
        let row = BookRow { level: Level { price: edit.price, size: edit.size }, venue: edit.venue };
        let done = match edit.operation {
            DepthOperation::Delete => self.delete(place),
            _ if !sound(row.level) => {
                self.distrust_from(0);
                Edit::BadValue
            }
            DepthOperation::Insert => self.insert(place, row),
            DepthOperation::Update => self.update(place, row),
        };
        if self.is_refilled() {
            self.wanted = 1;
        }
        done
    }

    fn insert(&mut self, place: usize, row: BookRow) -> Edit {
        if place > self.length || place >= MAX_ROWS {
            return self.beyond(place);
        }
        if place > 0 && self.is_better(row, self.rows[place - 1]) {
            self.distrust_from(0);
            return Edit::NotMonotonic;
        }
        if place < self.length && self.is_better(self.rows[place], row) {
            return self.restart_at(place, row);
        }
        if self.length == MAX_ROWS {
            self.partial = true;
        } else {
            self.length += 1;
        }
        self.rows.copy_within(place..self.length - 1, place + 1);
        self.rows[place] = row;
        Edit::Applied
    }

    fn update(&mut self, place: usize, row: BookRow) -> Edit {
        if place >= self.length {
            // An update tells a whole row: the next one after a known prefix makes it longer.
            return if self.partial && place == self.length && place < MAX_ROWS {
                self.insert(place, row)
            } else {
                self.beyond(place)
            };
        }
        if place > 0 && self.is_better(row, self.rows[place - 1]) {
            self.distrust_from(0);
            return Edit::NotMonotonic;
        }
        if place + 1 < self.length && self.is_better(self.rows[place + 1], row) {
            return self.restart_at(place, row);
        }
        self.rows[place] = row;
        Edit::Applied
    }

    fn delete(&mut self, place: usize) -> Edit {
        if !self.is_refilled() {
            self.wanted = self.wanted.saturating_sub(1).max(1);
        }
        if place >= self.length {
            return self.beyond(place);
        }
        self.rows.copy_within(place + 1..self.length, place);
        self.length -= 1;
        Edit::Applied
    }

    /// The edit is for a row that is not known here.
    #[cold]
    fn beyond(&mut self, place: usize) -> Edit {
        if place >= MAX_ROWS && self.length == MAX_ROWS {
            self.partial = true;
        }
        if self.partial {
            return Edit::Beyond;
        }
        // An insert was missed, no one knows where.
        self.distrust_from(0);
        Edit::OutOfRange
    }

    /// The newest word wins over the rows after it, which it proves stale.
    #[cold]
    fn restart_at(&mut self, place: usize, row: BookRow) -> Edit {
        self.distrust_from(place);
        self.rows[place] = row;
        self.length = place + 1;
        Edit::NotMonotonic
    }

    /// Drops rows; the side is whole again when it is as deep as it was, as far as anyone looks.
    #[cold]
    fn distrust_from(&mut self, place: usize) {
        self.wanted = self.wanted.max(self.length.clamp(1, LEVELS));
        self.length = place;
        self.partial = true;
    }

    #[inline]
    fn is_better(&self, this: BookRow, that: BookRow) -> bool {
        match self.side {
            Side::Buy => this.level.price > that.level.price,
            Side::Sell => this.level.price < that.level.price,
        }
    }
}
