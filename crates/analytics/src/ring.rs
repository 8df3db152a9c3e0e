//! The last n numbers, oldest first: a fixed place in memory, never grown.

use serde::{Deserialize, Serialize};

/// A ring of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ring {
    cells: Box<[f64]>,
    /// Place of the oldest.
    head: usize,
    length: usize,
}

impl Ring {
    /// Room for `capacity` (at least one) numbers.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { cells: vec![0.0; capacity.max(1)].into_boxed_slice(), head: 0, length: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.length == self.cells.len()
    }

    /// The number `i` places after the oldest; `i` below the length.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> f64 {
        let place = self.head + i;
        self.cells[if place >= self.cells.len() { place - self.cells.len() } else { place }]
    }

    /// Adds the newest; the oldest leaves when the ring is full.
    #[inline]
    pub(crate) fn push(&mut self, number: f64) {
        if self.is_full() {
            self.cells[self.head] = number;
            self.head = if self.head + 1 == self.cells.len() { 0 } else { self.head + 1 };
        } else {
            let place = self.head + self.length;
            let place = if place >= self.cells.len() { place - self.cells.len() } else { place };
            self.cells[place] = number;
            self.length += 1;
        }
    }

    /// From the oldest to the newest.
    fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.length).map(|i| self.get(i))
    }

    /// Copies the numbers, oldest first, to the front of `target`; how many.
    pub(crate) fn copy_to(&self, target: &mut [f64]) -> usize {
        for (cell, number) in target.iter_mut().zip(self.iter()) {
            *cell = number;
        }
        self.length.min(target.len())
    }

    pub(crate) fn clear(&mut self) {
        (self.head, self.length) = (0, 0);
        // Two rings of equal content are equal, so a restored state can be compared.
        self.cells.fill(0.0);
    }

    /// Bytes on the heap.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.cells.len() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_the_last(capacity in 1_usize..9, numbers in prop::collection::vec(-1.0..1.0_f64, 0..40)) {
            let mut ring = Ring::new(capacity);
            for (i, number) in numbers.iter().enumerate() {
                ring.push(*number);
                let first = (i + 1).saturating_sub(capacity);
                prop_assert_eq!(ring.iter().collect::<Vec<_>>(), &numbers[first..=i]);
            }
        }
    }
}
