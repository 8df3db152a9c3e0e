//! Four prices and a volume: all that is kept of a day long ago.

use alphatrader_model::{Price, Session};

/// A day of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// When it was.
    pub session: Session,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or contracts.
    pub volume: u64,
    /// Prints.
    pub trades: u64,
    /// Sum of price times size, in price units; what the volume-weighted price is made of.
    pub notional: i128,
}

impl Outline {
    /// Volume-weighted mean price in dollars; the close without volume.
    pub fn vwap(&self) -> f64 {
        if self.volume == 0 {
            return self.close.to_f64();
        }
        self.notional as f64 / self.volume as f64 / Price::SCALE as f64
    }
}
