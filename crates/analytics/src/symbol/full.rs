//! What only a symbol with prints, bars or a book needs.

use crate::bars::ShortBarMaker;
use crate::book::Book;
use crate::flow::Sweeps;
use crate::parameters::Parameters;
use crate::vpin::Vpin;

use super::day::Day;

/// The larger part of a symbol's state, in a box of its own: a symbol that is only quoted does without.
#[derive(Debug, Clone)]
pub(super) struct Full {
    pub(super) day: Day,
    pub(super) bars: ShortBarMaker,
    pub(super) sweeps: Sweeps,
    pub(super) vpin: Vpin,
    pub(super) book: Book,
}

impl Full {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            day: Day::default(),
            bars: ShortBarMaker::default(),
            sweeps: Sweeps::default(),
            vpin: Vpin::new(parameters.vpin_bucket_volume, parameters.vpin_window),
            book: Book::default(),
        }
    }

    /// Takes new parameters; says whether VPIN starts from nothing.
    pub(super) fn change_parameters(&mut self, old: &Parameters, new: &Parameters) -> bool {
        let vpin = |of: &Parameters| (of.vpin_bucket_volume, of.vpin_window);
        let changed = vpin(old) != vpin(new);
        if changed {
            self.vpin = Vpin::new(new.vpin_bucket_volume, new.vpin_window);
        }
        changed
    }

    /// Bytes outside the value itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.day.heap_bytes() + self.sweeps.heap_bytes() + self.vpin.heap_bytes()
    }

    /// A new session. VPIN goes on by volume over days, the book is the feed's and stays.
    pub(super) fn begin_session(&mut self) {
        self.day.begin();
        self.bars = ShortBarMaker::default();
        self.sweeps.restart();
    }
}
