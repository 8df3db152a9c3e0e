//! Who named himself in the book: market makers or venues, and how much of him was seen.

use std::collections::BTreeMap;

use alphatrader_model::market::Side;
use alphatrader_model::{Timestamp, Venue};

/// Makers that are told apart in a session; later ones are not counted.
const MOST: usize = 64;

/// What one session saw of a maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Maker {
    /// Changes of rows.
    pub updates: u64,
    /// Minutes with at least one.
    pub minutes: u32,
    /// Both sides of the book.
    pub two_sided: bool,
    last_minute: i64,
    sides: [bool; 2],
}

/// Makers by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Makers(BTreeMap<Venue, Maker>);

impl Makers {
    /// A row of the book changed.
    pub fn on(&mut self, name: Venue, ts: Timestamp, side: Side) {
        if self.0.len() >= MOST && !self.0.contains_key(&name) {
            return;
        }
        let maker = self.0.entry(name).or_default();
        maker.updates += 1;
        let minute = ts.seconds().div_euclid(60);
        if maker.last_minute != minute {
            (maker.last_minute, maker.minutes) = (minute, maker.minutes + 1);
        }
        maker.sides[usize::from(side == Side::Sell)] = true;
        maker.two_sided = maker.sides == [true, true];
    }

    /// By name.
    pub fn iter(&self) -> impl Iterator<Item = (Venue, &Maker)> {
        self.0.iter().map(|(name, maker)| (*name, maker))
    }
}
