//! Highest and lowest price of the five minutes before the current second.
//!
//! The current second is left out, so that a print beyond the extreme is a break of it and not the
//! extreme itself.

use std::collections::VecDeque;

use alphatrader_model::number::Price;
use serde::{Deserialize, Serialize};

/// Seconds looked back.
pub const SECONDS: i64 = 300;

/// Entries of a queue: one for each second, and the new one before the old one goes.
const ROOM: usize = SECONDS as usize + 1;

/// Sliding extremes over one-second slots: two queues in which each entry beats all later ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extremes {
    /// The current second, since the epoch.
    second: i64,
    /// High and low of the current second.
    current: Option<(Price, Price)>,
    highs: VecDeque<(i64, Price)>,
    lows: VecDeque<(i64, Price)>,
}

impl Default for Extremes {
    fn default() -> Self {
        Self {
            second: i64::MIN,
            current: None,
            highs: VecDeque::with_capacity(ROOM),
            lows: VecDeque::with_capacity(ROOM),
        }
    }
}

impl Extremes {
    /// Moves on to a second; one that is not later changes nothing. Constant work on average, never
    /// more than [`SECONDS`] steps.
    pub fn advance(&mut self, second: i64) {
        if second <= self.second {
            return;
        }
        if let Some((high, low)) = self.current.take() {
            push(&mut self.highs, self.second, high, |old, new| old <= new);
            push(&mut self.lows, self.second, low, |old, new| old >= new);
        }
        self.second = second;
        let first = second.saturating_sub(SECONDS);
        for queue in [&mut self.highs, &mut self.lows] {
            while queue.front().is_some_and(|(at, _)| *at < first) {
                queue.pop_front();
            }
        }
    }

    /// Adds a print of the current second.
    #[inline]
    pub fn add(&mut self, price: Price) {
        self.current = Some(match self.current {
            Some((high, low)) => (high.max(price), low.min(price)),
            None => (price, price),
        });
    }

    /// After a restore: room for everything, as at the start.
    pub fn make_room(&mut self) {
        for queue in [&mut self.highs, &mut self.lows] {
            queue.reserve_exact(ROOM.saturating_sub(queue.len()));
        }
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        (self.highs.capacity() + self.lows.capacity()) * size_of::<(i64, Price)>()
    }

    /// Highest print of the window; absent when there was none.
    pub fn high(&self) -> Option<Price> {
        self.highs.front().map(|(_, price)| *price)
    }

    /// Lowest print of the window; absent when there was none.
    pub fn low(&self) -> Option<Price> {
        self.lows.front().map(|(_, price)| *price)
    }

    /// Forgets everything but the time.
    pub fn clear(&mut self) {
        self.current = None;
        self.highs.clear();
        self.lows.clear();
    }
}

fn push(
    queue: &mut VecDeque<(i64, Price)>,
    second: i64,
    price: Price,
    beaten: impl Fn(Price, Price) -> bool,
) {
    while queue.back().is_some_and(|(_, old)| beaten(*old, price)) {
        queue.pop_back();
    }
    queue.push_back((second, price));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_current_second_is_left_out() {
        let mut extremes = Extremes::default();
        extremes.advance(1_000);
        extremes.add(Price::from_cents(100));
        assert_eq!((extremes.high(), extremes.low()), (None, None));
        extremes.advance(1_001);
        extremes.add(Price::from_cents(101));
        assert_eq!(extremes.high(), Some(Price::from_cents(100)));
        extremes.advance(1_300);
        assert_eq!(
            (extremes.high(), extremes.low()),
            (Some(Price::from_cents(101)), Some(Price::from_cents(100)))
        );
        extremes.advance(1_301);
        assert_eq!(extremes.low(), Some(Price::from_cents(101)));
        extremes.advance(1_302);
        assert_eq!(extremes.low(), None);
    }

    proptest! {
        #[test]
        fn they_equal_a_search_of_the_window(steps in prop::collection::vec((0_i64..40, 1_i64..50), 1..400)) {
            let mut extremes = Extremes::default();
            let mut all = vec![];
            let mut now = 5_000;
            let room = extremes.highs.capacity();
            for (pause, price) in steps {
                now += pause / 4;
                let price = Price::from_cents(price);
                extremes.advance(now);
                extremes.add(price);
                all.push((now, price));
                let seen = || all.iter().filter(|(at, _)| (now - 300..now).contains(at)).map(|(_, price)| *price);
                prop_assert_eq!(extremes.high(), seen().max());
                prop_assert_eq!(extremes.low(), seen().min());
            }
            prop_assert_eq!(extremes.highs.capacity(), room);
        }
    }
}
