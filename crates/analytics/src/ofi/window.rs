//! Sums of flow and depth over a sliding window of slots, in integers.

use alphatrader_model::metric::Quality;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::book::ladder::LEVELS;

/// Slots of a window: the current one and those before it.
pub const SLOTS: usize = 20;

/// What happened in a slot, or in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Slot {
    flow: [i64; LEVELS],
    /// Sum of (qb + qa).
    depth: [i64; LEVELS],
    updates: [u32; LEVELS],
    /// Books or touches that were added.
    books: u32,
    quality: Quality,
}

/// Books that a slot takes: as many of the largest admitted size fit its integers. A slot is three seconds at most.
const MOST_BOOKS: u32 = 4_000_000;

impl Slot {
    /// Adds a level of one book; [`Window::current`] counts the books, so nothing overflows.
    #[inline]
    pub(super) const fn add(&mut self, level: usize, flow: i64, depth: i64) {
        self.flow[level] = self.flow[level].wrapping_add(flow);
        self.depth[level] = self.depth[level].wrapping_add(depth);
        self.updates[level] = self.updates[level].wrapping_add(1);
    }
}

/// One level over the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub(super) flow: i64,
    depth: i64,
    pub(super) updates: u64,
}

impl Sum {
    /// Average of (qb + qa)/2, shares; absent when nothing was displayed.
    pub(super) fn depth(&self) -> Option<f64> {
        (self.depth > 0).then(|| self.depth as f64 / (2.0 * self.updates as f64))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    /// Nanoseconds of a slot.
    length: i64,
    /// Number of the current slot since the epoch, and when it ends.
    number: i64,
    end: i64,
    current: Slot,
    /// Closed slots, a ring of which `place` is the oldest.
    closed: Box<[Slot]>,
    place: usize,
    /// Newest time seen.
    now: Timestamp,
    /// Number of the first slot that was watched from its start.
    first: Option<i64>,
    totals: [i64; LEVELS],
    total_quality: Quality,
}

impl Window {
    /// Bytes outside the value itself.
    pub(super) const HEAP: usize = (SLOTS - 1) * size_of::<Slot>();

    pub(super) fn new(interval: Span) -> Self {
        Self {
            length: (interval.nanos() / SLOTS as i64).max(1),
            number: i64::MIN,
            end: i64::MIN,
            current: Slot::default(),
            closed: vec![Slot::default(); SLOTS - 1].into_boxed_slice(),
            place: 0,
            now: Timestamp::from_nanos(i64::MIN),
            first: None,
            totals: [0; LEVELS],
            total_quality: Quality::GOOD,
        }
    }

    /// The slot of an update; time that went back stays in the newest. Absent when the slot is full, which its
    /// quality then says.
    #[inline]
    pub(super) fn current(&mut self, ts: Timestamp, quality: Quality) -> Option<&mut Slot> {
        self.advance(ts);
        self.current.quality = self.current.quality.with(quality);
        if self.current.books >= MOST_BOOKS {
            self.current.quality = self.current.quality.with(Quality::CAPPED);
            return None;
        }
        self.current.books += 1;
        Some(&mut self.current)
    }

    #[inline]
    pub(super) fn advance(&mut self, ts: Timestamp) {
        self.now = self.now.max(ts);
        if ts.nanos() >= self.end {
            self.roll(ts);
        }
    }

    /// The feed is watched from here on.
    pub(super) fn watch(&mut self, ts: Timestamp) {
        self.advance(ts);
        self.first.get_or_insert(self.number.saturating_add(1));
    }

    #[cold]
    fn roll(&mut self, ts: Timestamp) {
        let number = ts.nanos().div_euclid(self.length);
        let steps = number.saturating_sub(self.number).clamp(0, SLOTS as i64);
        for _ in 0..steps {
            for (total, flow) in self.totals.iter_mut().zip(&self.current.flow) {
                *total = total.saturating_add(*flow);
            }
            self.closed[self.place] = core::mem::take(&mut self.current);
            self.place = (self.place + 1) % self.closed.len();
        }
        self.number = number;
        self.end = number.saturating_add(1).saturating_mul(self.length);
    }

    pub(super) fn is_ready(&self) -> bool {
        let oldest = self.number.saturating_sub(SLOTS as i64 - 1);
        self.first.is_some_and(|first| first <= oldest)
    }

    pub(super) fn sum(&self, level: usize) -> Sum {
        let mut sum = Sum { flow: 0, depth: 0, updates: 0 };
        for slot in self.closed.iter().chain([&self.current]) {
            sum.flow = sum.flow.saturating_add(slot.flow[level]);
            sum.depth = sum.depth.saturating_add(slot.depth[level]);
            sum.updates += u64::from(slot.updates[level]);
        }
        sum
    }

    /// The first `levels` in one walk over the slots.
    pub(super) fn sums(&self, levels: usize) -> [Sum; LEVELS] {
        let mut sums = [Sum { flow: 0, depth: 0, updates: 0 }; LEVELS];
        for slot in self.closed.iter().chain([&self.current]) {
            for (level, sum) in sums[..levels].iter_mut().enumerate() {
                sum.flow = sum.flow.saturating_add(slot.flow[level]);
                sum.depth = sum.depth.saturating_add(slot.depth[level]);
                sum.updates += u64::from(slot.updates[level]);
            }
        }
        sums
    }

    pub(super) fn quality(&self) -> Quality {
        self.closed.iter().fold(self.current.quality, |all, slot| all.with(slot.quality))
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn total(&self, level: usize) -> i64 {
        self.totals[level].saturating_add(self.current.flow[level])
    }

    pub(super) const fn total_quality(&self) -> Quality {
        self.total_quality.with(self.current.quality)
    }

    /// What was seen is no part of the window any more, but of the totals, which now have a hole.
    pub(super) fn clear(&mut self) {
        for (total, flow) in self.totals.iter_mut().zip(&self.current.flow) {
            *total = total.saturating_add(*flow);
        }
        self.current = Slot::default();
        self.closed.fill(Slot::default());
        self.first = None;
        self.total_quality = self.total_quality.with(Quality::GAP);
    }

    /// Totals begin at zero.
    pub(super) fn restart(&mut self) {
        self.totals = [0; LEVELS];
        self.total_quality = Quality::GOOD;
    }
}
