//! How long a fault of an input stands beside a metric: as long as the input is inside its window.
//!
//! [`QualityMemory`] remembers of each flag when it was last seen, on whatever counter the window is measured
//! in (observations, buckets, nanoseconds). A good input costs one comparison.

use alphatrader_model::metric::Quality;
use serde::{Deserialize, Serialize};

const FLAGS: usize = Quality::NAMES.len();

/// When each flag was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QualityMemory {
    seen: Quality,
    last: [u64; FLAGS],
}

impl QualityMemory {
    /// An input of this quality came when the counter stood at `now`, which never falls.
    #[inline]
    pub fn mark(&mut self, quality: Quality, now: u64) {
        if quality != Quality::GOOD {
            self.seen = self.seen.with(quality);
            for (place, (flag, _)) in Quality::NAMES.iter().enumerate() {
                if quality.contains(*flag) {
                    self.last[place] = now;
                }
            }
        }
    }

    /// Flags that were seen less than `window` before `now`.
    pub fn within(&self, now: u64, window: u64) -> Quality {
        if self.seen == Quality::GOOD {
            return Quality::GOOD;
        }
        Quality::NAMES.iter().enumerate().fold(Quality::GOOD, |flags, (place, (flag, _))| {
            let recent = self.seen.contains(*flag) && now.saturating_sub(self.last[place]) < window;
            if recent { flags.with(*flag) } else { flags }
        })
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_stands_as_long_as_its_input_is_in_the_window() {
        let mut memory = QualityMemory::default();
        assert_eq!(memory.within(0, 10), Quality::GOOD);
        memory.mark(Quality::LOCKED.with(Quality::GAP), 0);
        memory.mark(Quality::GOOD, 1);
        memory.mark(Quality::GAP, 5);
        assert_eq!(memory.within(5, 10), Quality::LOCKED.with(Quality::GAP));
        assert_eq!(memory.within(10, 10), Quality::GAP);
        assert_eq!(memory.within(15, 10), Quality::GOOD);
        memory.clear();
        assert_eq!(memory.within(5, 10), Quality::GOOD);
    }
}
