//! The ten-row book of the synthetic market: one row a cent, no gaps on a side.

use alphatrader_model::market::Level;
use alphatrader_model::{Depth, DepthOperation, InstrumentId, Price, Quantity, Side, Venue};

/// Rows on each side.
pub(super) const ROWS: usize = 10;

/// Names of venues as a smart-depth feed gives them.
pub(super) const VENUES: [&str; 8] = ["ARCA", "NSDQ", "BATS", "EDGX", "NYSE", "IEX", "MEMX", "BEX"];

/// One side of the book.
#[derive(Debug, Clone)]
pub(super) struct Ladder {
    instrument: InstrumentId,
    side: Side,
    /// Best price, cents.
    pub(super) touch: i64,
    /// Shares of each row, best first; never zero.
    pub(super) sizes: [u64; ROWS],
    venues: [Venue; ROWS],
}

impl Ladder {
    pub(super) fn new(
        instrument: InstrumentId,
        side: Side,
        touch: i64,
        sizes: [u64; ROWS],
        venue: Venue,
    ) -> Self {
        Self { instrument, side, touch, sizes, venues: [venue; ROWS] }
    }

    /// The row's price, cents.
    pub(super) fn price(&self, row: usize) -> i64 {
        self.touch - self.side.sign() * row as i64
    }

    /// The best row as a quote shows it.
    pub(super) fn level(&self) -> Level {
        Level { price: Price::from_cents(self.touch), size: Quantity::new(self.sizes[0]) }
    }

    /// All rows, as a feed sends them to who asks for the book.
    pub(super) fn build(&self) -> impl Iterator<Item = Depth> + '_ {
        (0..ROWS).map(|row| self.edit(row, DepthOperation::Insert))
    }

    /// A row has another size now.
    pub(super) fn resize(&mut self, row: usize, size: u64) -> Depth {
        self.sizes[row] = size;
        self.edit(row, DepthOperation::Update)
    }

    /// The best row goes; a row of `size` appears at the far end.
    pub(super) fn recede(&mut self, size: u64, venue: Venue) -> [Depth; 2] {
        let gone = self.edit(0, DepthOperation::Delete);
        self.touch -= self.side.sign();
        self.sizes.rotate_left(1);
        self.venues.rotate_left(1);
        self.sizes[ROWS - 1] = size;
        self.venues[ROWS - 1] = venue;
        [gone, self.edit(ROWS - 1, DepthOperation::Insert)]
    }

    /// A better row of `size` appears; the far row goes first, so that there are never more than ten.
    pub(super) fn improve(&mut self, size: u64, venue: Venue) -> [Depth; 2] {
        let gone = self.edit(ROWS - 1, DepthOperation::Delete);
        self.touch += self.side.sign();
        self.sizes.rotate_right(1);
        self.venues.rotate_right(1);
        self.sizes[0] = size;
        self.venues[0] = venue;
        [gone, self.edit(0, DepthOperation::Insert)]
    }

    fn edit(&self, row: usize, operation: DepthOperation) -> Depth {
        Depth {
            instrument: self.instrument,
            side: self.side,
            position: row as u8,
            operation,
            price: Price::from_cents(self.price(row)),
            size: Quantity::new(self.sizes[row]),
            venue: Some(self.venues[row]),
        }
    }
}
