//! Resting orders by number: an open table with linear probing.
//!
//! A number is scattered by a fixed mixing function, so equal input gives an equal table. The table is at
//! most half full and a search ends after [`LONGEST`] steps, so that numbers made to collide can cost
//! orders (they are counted as refused) but not time.

use alphatrader_model::Side;

/// Most orders that are kept: four times the fullest book that was seen.
pub const MOST_ORDERS: usize = 1 << 22;
/// Steps of a search. At half full, four million random numbers need fewer than a hundred.
const LONGEST: usize = 512;
/// Places of a table that holds its first order.
const FIRST: usize = 1 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) price: i64,
    pub(super) size: u32,
    pub(super) side: Side,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// A power of two of places, or none yet.
    places: Vec<Option<Order>>,
    length: usize,
}

impl Table {
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    pub(super) fn clear(&mut self) {
        if self.length > 0 {
            self.places.fill(None);
            self.length = 0;
        }
    }

    /// Rare: looks at every place, and builds the table anew.
    pub(super) fn clear_side(&mut self, side: Side) {
        let old = core::mem::take(&mut self.places);
        self.places = vec![None; old.len()];
        self.length = 0;
        for order in old.into_iter().flatten().filter(|order| order.side != side) {
            self.insert(order);
        }
    }

    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<&Order> {
        self.places[self.find(id)?].as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Order> {
        let at = self.find(id)?;
        self.places[at].as_mut()
    }

    /// Keeps an order whose number is not in the table; false when there is no room.
    pub(super) fn insert(&mut self, order: Order) -> bool {
        if self.length * 2 >= self.places.len() && !self.grow() {
            return false;
        }
        let mask = self.places.len() - 1;
        let home = self.home(order.id);
        for step in 0..LONGEST {
            let place = &mut self.places[(home + step) & mask];
            if place.is_none() {
                *place = Some(order);
                self.length += 1;
                return true;
            }
        }
        false
    }

    /// Takes an order out; those after it move up, so that no search breaks off.
    pub(super) fn remove(&mut self, id: u64) -> Option<Order> {
        let mut hole = self.find(id)?;
        let removed = self.places[hole].take();
        self.length -= 1;
        let mask = self.places.len() - 1;
        let mut at = hole;
        // Ends at the first free place: half of them are.
        loop {
            at = (at + 1) & mask;
            let Some(order) = self.places[at] else { return removed };
            let home = self.home(order.id);
            // It may move when the hole lies between its home and where it stands.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.places[hole] = self.places[at].take();
                hole = at;
            }
        }
    }

    fn find(&self, id: u64) -> Option<usize> {
        if self.length == 0 {
            return None;
        }
        let mask = self.places.len() - 1;
        let home = self.home(id);
        for step in 0..LONGEST {
            let at = (home + step) & mask;
            if self.places[at].as_ref()?.id == id {
                return Some(at);
            }
        }
        None
    }

    fn grow(&mut self) -> bool {
        let places = (self.places.len() * 2).max(FIRST);
        if places > MOST_ORDERS * 2 {
            return false;
        }
        let old = core::mem::replace(&mut self.places, vec![None; places]);
        self.length = 0;
        for order in old.into_iter().flatten() {
            // More room than before: what had a place has one.
            self.insert(order);
        }
        true
    }

    /// Where a number belongs: the finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
    #[inline]
    fn home(&self, id: u64) -> usize {
        let mut x = id.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) as usize) & (self.places.len() - 1)
    }
}
