//! When a regime is entered and left: at p > 0.8 and p < 0.5, after at least three bars.

use serde::{Deserialize, Serialize};

/// A state is entered above this probability.
pub const ENTER: f64 = 0.8;
/// A state is left below this one.
pub const LEAVE: f64 = 0.5;
/// Bars that a state is kept at least.
pub const DWELL: u32 = 3;

/// The regime in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hysteresis {
    current: Option<u8>,
    /// Bars since it was entered, that bar included.
    bars: u32,
}

impl Hysteresis {
    /// Takes the filtered probabilities of a bar; the regime in force, absent between two.
    pub fn on_bar(&mut self, probabilities: &[f64]) -> Option<u8> {
        if let Some(state) = self.current {
            self.bars = self.bars.saturating_add(1);
            let probability = probabilities.get(usize::from(state)).copied().unwrap_or(0.0);
            if self.bars <= DWELL || probability >= LEAVE {
                return self.current;
            }
        }
        self.current = probabilities.iter().position(|p| *p > ENTER).map(|state| state as u8);
        self.bars = u32::from(self.current.is_some());
        self.current
    }

    /// The regime in force: the place of its state, by ascending variance.
    pub const fn current(&self) -> Option<u8> {
        self.current
    }

    /// Bars it has been in force.
    pub const fn bars(&self) -> u32 {
        self.bars
    }

    /// No regime is in force: bars were lost.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regimes_are_entered_late_and_left_later() {
        let mut regime = Hysteresis::default();
        let mut bar = |high: f64| regime.on_bar(&[1.0 - high, high]);
        assert_eq!(bar(0.5), None);
        assert_eq!(bar(0.8), None, "not above");
        assert_eq!(bar(0.81), Some(1));
        assert_eq!(bar(0.1), Some(1), "second bar");
        assert_eq!(bar(0.1), Some(1), "third bar");
        assert_eq!(bar(0.5), Some(1), "not below");
        assert_eq!(bar(0.4), None, "left, and nothing is above");
        assert_eq!(bar(0.1), Some(0));
        assert_eq!((bar(0.9), bar(0.9), bar(0.9)), (Some(0), Some(0), Some(1)));
    }

    #[test]
    fn a_state_that_is_gone_is_left() {
        let mut regime = Hysteresis::default();
        assert_eq!(regime.on_bar(&[0.0, 0.0, 1.0]), Some(2));
        for _ in 0..2 {
            regime.on_bar(&[]);
        }
        assert_eq!(regime.on_bar(&[1.0]), Some(0));
        regime.clear();
        assert_eq!((regime.current(), regime.bars()), (None, 0));
    }
}
