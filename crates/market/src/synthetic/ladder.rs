//! One side of the ten-row book of a synthetic symbol.

use alphatrader_model::market::Level;
use alphatrader_model::{Depth, DepthOperation, InstrumentId, Price, Quantity, Side, Venue};

/// Rows on each side.
pub(super) const ROWS: usize = 10;

/// Names of venues as a smart-depth feed gives them.
pub(super) const VENUES: [&str; 8] = ["ARCA", "NSDQ", "BATS", "EDGX", "NYSE", "IEX", "MEMX", "BEX"];

/// A row: price in cents, shares, where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) cents: i64,
    /// Never zero.
    pub(super) size: u64,
    pub(super) venue: Venue,
}

/// One side of the book, best row first, prices strictly apart.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    instrument: InstrumentId,
    side: Side,
    rows: [Row; ROWS],
    /// Shares at the touch that are not shown: an iceberg behind the row.
    pub(super) reserve: u64,
}

impl Ladder {
    /// A side whose rows are given, best first.
    pub(super) fn new(instrument: InstrumentId, side: Side, rows: [Row; ROWS]) -> Self {
        Self { instrument, side, rows, reserve: 0 }
    }

    /// Best price, cents.
    pub(super) fn touch(&self) -> i64 {
        self.rows[0].cents
    }

    /// Shares of a row.
    pub(super) fn size(&self, row: usize) -> u64 {
        self.rows[row].size
    }

    /// The best row as a quote shows it.
    pub(super) fn level(&self) -> Level {
        Level { price: Price::from_cents(self.touch()), size: Quantity::new(self.rows[0].size) }
    }

    /// All rows, as a feed sends them to who asks for the book.
    pub(super) fn build(&self) -> impl Iterator<Item = Depth> + '_ {
        (0..ROWS).map(|row| self.edit(row, DepthOperation::Insert))
    }

    /// A row has another size now.
    pub(super) fn resize(&mut self, row: usize, size: u64) -> Depth {
        self.rows[row].size = size;
        self.edit(row, DepthOperation::Update)
    }

    /// The best row goes, and what hid behind it; a row of `size` appears `gap` cents behind the last.
    pub(super) fn recede(&mut self, gap: i64, size: u64, venue: Venue) -> [Depth; 2] {
        let gone = self.edit(0, DepthOperation::Delete);
        let far = self.rows[ROWS - 1].cents - self.side.sign() * gap;
        self.rows.rotate_left(1);
        self.rows[ROWS - 1] = Row { cents: far, size, venue };
        self.reserve = 0;
        [gone, self.edit(ROWS - 1, DepthOperation::Insert)]
    }

    /// A row of `size` appears `step` cents better than the best; the far row goes first, so that
    /// there are never more than ten.
    pub(super) fn improve(&mut self, step: i64, size: u64, venue: Venue) -> [Depth; 2] {
        let gone = self.edit(ROWS - 1, DepthOperation::Delete);
        let near = self.rows[0].cents + self.side.sign() * step;
        self.rows.rotate_right(1);
        self.rows[0] = Row { cents: near, size, venue };
        self.reserve = 0;
        [gone, self.edit(0, DepthOperation::Insert)]
    }

    fn edit(&self, row: usize, operation: DepthOperation) -> Depth {
        let Row { cents, size, venue } = self.rows[row];
        Depth {
            instrument: self.instrument,
            side: self.side,
            position: row as u8,
            operation,
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            venue: Some(venue),
        }
    }
}
