//! A book order by order: who rests where, by the venue's own order numbers, and what that adds up to by
//! price.
//!
//! Feeds that tell single orders (Nasdaq's, as LOBSTER publishes it; CME's, as Databento does) name an order
//! when it arrives and by its number alone from then on. Kept here are the resting orders by number and,
//! for each side, the sums of size and count by price. All of it is a pure state machine:
//!
//! - Prices are whole numbers in *the feed's own unit*, of any sign; sizes are shares or contracts.
//! - [`OrderBook::seed`] lays down size of which no order is known (the row of a vendor's book, a level of
//!   a feed that tells only sums). A number that is not known takes from it, at its price.
//! - Whatever a feed says is done or counted as refused ([`OrderCounts`]); nothing panics, nothing goes
//!   below zero.
//!
//! Cost: the orders are one open table (a few nanoseconds a look-up), the levels of a side one vector with
//! the best *last*, so that what happens near the touch moves little. Both grow with the book, up to
//! [`MOST_ORDERS`] and [`MOST_LEVELS`], and never shrink: after the largest book of the day nothing is
//! allocated.

mod levels;
mod table;

use alphatrader_model::Side;

use levels::Levels;
pub use levels::{MOST_LEVELS, PriceLevel};
pub use table::MOST_ORDERS;
use table::{Order, Table};

/// What an order book took and refused since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderCounts {
    /// Orders that came to rest.
    pub added: u64,
    /// Orders that were made smaller, or went.
    pub reduced: u64,
    /// Orders whose price or size was changed by their owner.
    pub modified: u64,
    /// Times the book was emptied.
    pub cleared: u64,
    /// Refused: a new order with the number of one that rests; it takes that one's place.
    pub repeated: u64,
    /// Refused: an order that is not known, at a price without size of unknown orders.
    pub unknown: u64,
    /// Refused: more taken than rests; the order goes.
    pub exceeded: u64,
    /// Refused: more orders or levels than are kept.
    pub full: u64,
}

/// A book of single orders.
#[derive(Debug, Clone)]
pub struct OrderBook {
    orders: Table,
    bids: Levels,
    asks: Levels,
    counts: OrderCounts,
}

/// An empty book.
impl Default for OrderBook {
    fn default() -> Self {
        Self::new()
    }
}

impl OrderBook {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self {
            orders: Table::default(),
            bids: Levels::new(Side::Buy),
            asks: Levels::new(Side::Sell),
            counts: OrderCounts::default(),
        }
    }

    /// What was taken and refused.
    pub const fn counts(&self) -> &OrderCounts {
        &self.counts
    }

    /// Orders that rest and are known by number.
    pub const fn resting(&self) -> usize {
        self.orders.len()
    }

    /// The levels of a side, best first.
    #[inline]
    pub fn levels(&self, side: Side) -> impl Iterator<Item = PriceLevel> + '_ {
        self.side(side).best_first()
    }

    /// The best level of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<PriceLevel> {
        self.side(side).best_first().next()
    }

    /// An order that rests: its side, price and size.
    pub fn order(&self, id: u64) -> Option<(Side, i64, u32)> {
        self.orders.get(id).map(|order| (order.side, order.price, order.size))
    }

    /// Everything goes.
    pub fn clear(&mut self) {
        self.orders.clear();
        self.bids.clear();
        self.asks.clear();
        self.counts.cleared += 1;
    }

    /// Everything of a side goes.
    pub fn clear_side(&mut self, side: Side) {
        self.orders.clear_side(side);
        self.side_mut(side).clear();
        self.counts.cleared += 1;
    }

    /// Size at a price of which no order is known, in place of what there was of it. 0 takes it away.
    pub fn seed(&mut self, side: Side, price: i64, size: u64) {
        if !self.side_mut(side).set_unknown(price, size) {
            self.counts.full += 1;
        }
    }

    /// Makes the best levels of a side what a second source says they are, best first: sizes are set, levels
    /// that it does not tell go, those that it tells anew are size of which no order is known. Levels worse
    /// than the last that is told stay, unless what is told is the `whole` side. How many were changed.
    pub fn settle(&mut self, side: Side, told: &[(i64, u64)], whole: bool) -> u64 {
        self.side_mut(side).settle(told, whole)
    }

    /// A new order. One with the number of an order that rests takes its place.
    pub fn add(&mut self, id: u64, side: Side, price: i64, size: u32) {
        if size == 0 {
            return;
        }
        if let Some(old) = self.orders.remove(id) {
            self.counts.repeated += 1;
            self.side_mut(old.side).take(old.price, old.size, true);
        }
        self.place(Order { id, price, size, side });
        self.counts.added += 1;
    }

    /// Gives a number to size that is known without one: an order whose arrival a seed already counts.
    pub fn adopt(&mut self, id: u64, side: Side, price: i64, size: u32) {
        let known = self.side(side).at(price).map_or(0, |level| level.unknown);
        if known >= u64::from(size) {
            self.side_mut(side).set_unknown(price, known - u64::from(size));
            self.add(id, side, price, size);
        }
    }

    /// Takes from an order what was cancelled of it, or executed; at nothing it goes. Side and price say
    /// where to take from when the order is not known.
    pub fn reduce(&mut self, id: u64, side: Side, price: i64, size: u32) {
        let Some(order) = self.orders.get_mut(id) else {
            return self.reduce_unknown(side, price, size);
        };
        let (side, price, rests) = (order.side, order.price, order.size);
        self.counts.reduced += 1;
        if size < rests {
            order.size -= size;
            self.side_mut(side).take(price, size, false);
            return;
        }
        if size > rests {
            self.counts.exceeded += 1;
        }
        self.orders.remove(id);
        self.side_mut(side).take(price, rests, true);
    }

    /// An order goes, whatever is left of it; `size` is what goes where its number is not known.
    pub fn delete(&mut self, id: u64, side: Side, price: i64, size: u32) {
        match self.orders.remove(id) {
            Some(order) => {
                self.counts.reduced += 1;
                self.side_mut(order.side).take(order.price, order.size, true);
            }
            None => self.reduce_unknown(side, price, size),
        }
    }

    /// An order has another price or size from here on. One that is not known is new.
    pub fn modify(&mut self, id: u64, side: Side, price: i64, size: u32) {
        if let Some(old) = self.orders.remove(id) {
            self.side_mut(old.side).take(old.price, old.size, true);
            self.counts.modified += 1;
        } else {
            self.counts.added += 1;
        }
        if size > 0 {
            self.place(Order { id, price, size, side });
        }
    }

    fn place(&mut self, order: Order) {
        let placed = self.side_mut(order.side).put(order.price, order.size);
        if !placed {
            self.counts.full += 1;
        } else if !self.orders.insert(order) {
            self.side_mut(order.side).take(order.price, order.size, true);
            self.counts.full += 1;
        }
    }

    #[cold]
    fn reduce_unknown(&mut self, side: Side, price: i64, size: u32) {
        let Some(level) = self.side(side).at(price).filter(|level| level.unknown > 0) else {
            self.counts.unknown += 1;
            return;
        };
        self.counts.reduced += 1;
        if u64::from(size) > level.unknown {
            self.counts.exceeded += 1;
        }
        self.side_mut(side).set_unknown(price, level.unknown.saturating_sub(u64::from(size)));
    }

    const fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

#[cfg(test)]
mod tests;
