//! One side of a book by price: what rests there, and of how many orders.

use alphatrader_model::Side;

/// Most prices of a side. A full book of a busy future has a few thousand.
pub const MOST_LEVELS: usize = 65_536;

/// What rests at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceLevel {
    /// In the feed's own unit.
    pub price: i64,
    /// Shares or contracts; positive.
    pub size: u64,
    /// Orders that are known by number.
    pub orders: u32,
    /// Of the size, that of which no order is known.
    pub unknown: u64,
}

/// Levels of one side, the best last.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    levels: Vec<PriceLevel>,
    side: Side,
}

/// Levels next to the touch that are looked at one by one before a search by halves.
const NEAR: usize = 8;

impl Levels {
    pub(super) const fn new(side: Side) -> Self {
        Self { levels: Vec::new(), side }
    }

    #[inline]
    pub(super) fn best_first(&self) -> impl Iterator<Item = PriceLevel> + '_ {
        self.levels.iter().rev().copied()
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    pub(super) fn at(&self, price: i64) -> Option<PriceLevel> {
        self.find(price).ok().map(|at| self.levels[at])
    }

    /// Adds an order; false when there are too many prices.
    pub(super) fn put(&mut self, price: i64, size: u32) -> bool {
        match self.find(price) {
            Ok(at) => {
                let level = &mut self.levels[at];
                // Bounded by the number of orders times 32 bits, beside a seed of 63 bits at most.
                level.size += u64::from(size);
                level.orders += 1;
                true
            }
            Err(at) => {
                let size = u64::from(size);
                self.insert(at, PriceLevel { price, size, orders: 1, unknown: 0 })
            }
        }
    }

    /// Takes size of a known order, and with its last also the order.
    pub(super) fn take(&mut self, price: i64, size: u32, gone: bool) {
        let Ok(at) = self.find(price) else { return };
        let level = &mut self.levels[at];
        level.size = level.size.saturating_sub(u64::from(size));
        level.orders = level.orders.saturating_sub(u32::from(gone));
        if level.size == 0 {
            self.levels.remove(at);
        }
    }

    /// Sets the size of which no order is known; false when there are too many prices.
    pub(super) fn set_unknown(&mut self, price: i64, size: u64) -> bool {
        let size = size.min(1 << 62);
        match self.find(price) {
            Ok(at) => {
                let level = &mut self.levels[at];
                level.size = level.size - level.unknown + size;
                level.unknown = size;
                if level.size == 0 {
                    self.levels.remove(at);
                }
                true
            }
            Err(_) if size == 0 => true,
            Err(at) => self.insert(at, PriceLevel { price, size, orders: 0, unknown: size }),
        }
    }

    /// Makes the best levels what `told` says, best first; levels that are not worse than the last of them
    /// and not among them go, where `whole` all that are not among them. How many were changed.
    pub(super) fn settle(&mut self, told: &[(i64, u64)], whole: bool) -> u64 {
        let known = self.best_first().map(|level| (level.price, level.size));
        if known.take(told.len()).eq(told.iter().copied()) && (!whole || self.levels.len() == told.len()) {
            return 0;
        }
        let (side, before) = (self.side, self.levels.len());
        let last = told.last().map(|(price, _)| key(side, *price));
        self.levels.retain(|level| {
            let beyond = !whole && last.is_none_or(|last| key(side, level.price) < last);
            beyond || told.iter().any(|(price, _)| *price == level.price)
        });
        let mut changed = (before - self.levels.len()) as u64;
        for (price, size) in told {
            match self.find(*price) {
                Ok(at) if self.levels[at].size == *size => continue,
                Ok(at) => {
                    let level = &mut self.levels[at];
                    let known = level.size - level.unknown;
                    (level.size, level.unknown) = (*size, size.saturating_sub(known));
                }
                Err(_) => _ = self.set_unknown(*price, *size),
            }
            changed += 1;
        }
        changed
    }

    fn insert(&mut self, at: usize, level: PriceLevel) -> bool {
        let fits = self.levels.len() < MOST_LEVELS;
        if fits {
            self.levels.insert(at, level);
        }
        fits
    }

    /// Where a price stands, or would: prices get better along the vector.
    #[inline]
    fn find(&self, price: i64) -> Result<usize, usize> {
        let key = |level| key(self.side, level);
        let wanted = key(price);
        let length = self.levels.len();
        for (back, level) in self.levels.iter().rev().take(NEAR).enumerate() {
            match key(level.price).cmp(&wanted) {
                core::cmp::Ordering::Equal => return Ok(length - 1 - back),
                core::cmp::Ordering::Less => return Err(length - back),
                core::cmp::Ordering::Greater => {}
            }
        }
        let far = &self.levels[..length.saturating_sub(NEAR)];
        far.binary_search_by_key(&wanted, |level| key(level.price))
    }
}

/// Greater for better prices. The complement turns the order around without overflow at the end of the range.
#[inline]
const fn key(side: Side, price: i64) -> i64 {
    match side {
        Side::Buy => price,
        Side::Sell => !price,
    }
}
