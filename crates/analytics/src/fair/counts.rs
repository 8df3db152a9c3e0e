//! Transitions of the touch between states, counted online for the fit of the micro-price.

use alphatrader_model::market::Level;
use serde::{Deserialize, Serialize};

use super::micro::MicroShape;

/// Moves of the mid that are told apart, in half ticks.
pub const MOVES: [i64; 4] = [-2, -1, 1, 2];

/// From each state: to which states the touch went while the mid stood, and to which with a move of the
/// mid. Bounded: at most 32 x 32 x 5 counters (20 KiB).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MicroCounts {
    pub(super) shape: MicroShape,
    /// `[from][to]`.
    pub(super) stay: Box<[u32]>,
    /// `[from][move][to]`.
    pub(super) moves: Box<[u32]>,
    /// State and twice the mid of the last touch.
    last: Option<(u8, i64)>,
    skipped: u64,
}

impl MicroCounts {
    /// Nothing counted yet.
    pub fn new(shape: MicroShape) -> Self {
        let n = shape.states();
        Self {
            shape,
            stay: vec![0; n * n].into_boxed_slice(),
            moves: vec![0; n * MOVES.len() * n].into_boxed_slice(),
            last: None,
            skipped: 0,
        }
    }

    /// How the touch is cut.
    pub const fn shape(&self) -> &MicroShape {
        &self.shape
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.stay) + size_of_val(&*self.moves)
    }

    /// The next touch. One that has no state (crossed, too wide) breaks the chain.
    #[inline]
    pub fn observe(&mut self, bid: Level, ask: Level) {
        let Some(state) = self.shape.state(bid, ask) else {
            self.last = None;
            return;
        };
        let twice = bid.price.raw() + ask.price.raw();
        let before = self.last.replace((state as u8, twice));
        let Some((from, mid)) = before else {
            return;
        };
        let n = self.shape.states();
        let from = usize::from(from);
        let counter = if twice == mid {
            &mut self.stay[from * n + state]
        } else {
            let Some(step) = self.step(twice - mid) else {
                self.skipped += 1;
                return;
            };
            &mut self.moves[(from * MOVES.len() + step) * n + state]
        };
        *counter = counter.saturating_add(1);
    }

    /// Place in [`MOVES`] of a change of twice the mid.
    #[inline]
    fn step(&self, change: i64) -> Option<usize> {
        let tick = self.shape.tick();
        MOVES.iter().position(|halves| halves * tick == change)
    }

    /// What comes does not follow what was: after a gap, a halt, a crossed quote.
    pub fn break_off(&mut self) {
        self.last = None;
    }

    /// Adds another day's counts; false, and nothing is added, when it was cut otherwise.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.shape != other.shape {
            return false;
        }
        for (mine, theirs) in self.stay.iter_mut().zip(&other.stay) {
            *mine = mine.saturating_add(*theirs);
        }
        for (mine, theirs) in self.moves.iter_mut().zip(&other.moves) {
            *mine = mine.saturating_add(*theirs);
        }
        self.skipped = self.skipped.saturating_add(other.skipped);
        true
    }

    /// Transitions counted.
    pub fn transitions(&self) -> u64 {
        self.stay.iter().chain(&self.moves).map(|count| u64::from(*count)).sum()
    }

    /// Transitions left out because the mid moved further than a tick.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Forgets everything: after a fit, or for another market.
    pub fn clear(&mut self) {
        self.stay.fill(0);
        self.moves.fill(0);
        (self.last, self.skipped) = (None, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::number::{Price, Quantity};

    #[test]
    fn transitions_are_counted_by_where_the_mid_went() {
        let touch = |bid, ask, wanted, offered| {
            let level = |cents, size| Level { price: Price::from_cents(cents), size: Quantity::new(size) };
            (level(bid, wanted), level(ask, offered))
        };
        let mut counts = MicroCounts::new(MicroShape::new(2, 2, Price::CENT));
        let touches = [
            touch(100, 101, 1, 9), // state 0
            touch(100, 101, 9, 1), // stays, state 1
            touch(100, 102, 9, 1), // half a tick up, state 3
            touch(101, 103, 1, 9), // a tick up, state 2
            touch(111, 113, 1, 9), // too far
            touch(111, 111, 1, 9), // locked: breaks off
            touch(111, 112, 1, 9), // begins
        ];
        for (bid, ask) in touches {
            counts.observe(bid, ask);
        }
        let n = 4;
        assert_eq!(counts.stay[1], 1);
        assert_eq!(counts.moves[(4 + 2) * n + 3], 1, "from 1, +1 half tick, to 3");
        assert_eq!(counts.moves[(3 * 4 + 3) * n + 2], 1, "from 3, +2 half ticks, to 2");
        assert_eq!((counts.transitions(), counts.skipped()), (3, 1));
        counts.break_off();
        let (bid, ask) = touches[0];
        counts.observe(bid, ask);
        assert_eq!(counts.transitions(), 3);
        let other = counts.clone();
        assert!(counts.merge(&other) && counts.transitions() == 6);
        assert!(!counts.merge(&MicroCounts::new(MicroShape::new(3, 1, Price::CENT))));
        counts.clear();
        assert_eq!((counts.transitions(), counts.skipped()), (0, 0));
    }
}
