//! Order-flow imbalance (Cont, Kukanov, Stoikov, J. Fin. Econometrics 12(1), 2014), in whole shares.
//!
//! Of two books one after the other, for each level:
//!
//! e = 1{Pb ≥ Pb'} qb − 1{Pb ≤ Pb'} qb' − 1{Pa ≤ Pa'} qa + 1{Pa ≥ Pa'} qa'
//!
//! (primes: the book before). Positive when buyers come or sellers go. It moves the price *now*, by about
//! OFI over depth; it is no forecast of the next interval.
//!
//! | output | unit | what |
//! | --- | --- | --- |
//! | [`Ofi::raw`] | shares | Σ e of a level over the window |
//! | [`Ofi::normalised`] | 1 | that over the average of (qb + qa)/2 of the level |
//! | [`Ofi::all_levels`] | shares | Σ e of all levels over the window |
//! | [`Ofi::depth`] | shares | average of (qb + qa)/2 of a level |
//! | [`Ofi::decayed`] | shares | Σ e·exp(−dt/τ) of the touch |
//! | [`Ofi::vector`] | 1 | raw of each level over the average depth of all |
//! | [`Ofi::integrated`] | 1 | the vector by the weights of its first principal component ([`integrated`]) |
//! | [`Ofi::total`] | shares | Σ e of a level since [`Ofi::new`] or the last session: of two adjacent intervals they add up |
//!
//! The window is the interval (default 10 s, 0.1 s to 60 s) in [`SLOTS`] slots: the current one and those
//! before it. It is ready when it has been watched for a whole interval; a part of the book that was not
//! known (fewer rows than levels) leaves that level without flow. Depth is averaged over updates.
//!
//! | event | what to call |
//! | --- | --- |
//! | quote or book that is neither crossed nor locked | [`Ofi::on_touch`], [`Ofi::on_ladders`] |
//! | crossed or locked | [`Ofi::on_crossed`]: what comes does not follow what was |
//! | gap, book reset | [`Ofi::clear`]: the window must be watched anew |
//! | halt, resumption | [`Ofi::on_halt`], [`Ofi::on_resume`]: time stands still, the first book after is only compared with |
//! | new session | [`Ofi::on_session`] |
//!
//! A feed that samples nets events out between its snapshots: give [`Quality::SNAPSHOT_FEED`] with them.
//! Two instances serve a symbol: one for the quotes (one level), one for the book.

pub mod integrated;
mod window;

use alphatrader_model::market::Level;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::book::{Ladder, ladder::LEVELS};
use crate::clock::TradingClock;
use crate::decay::Decay;
pub use window::SLOTS;
use window::{Sum, Window};

/// What order-flow imbalance is measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfiParameters {
    /// Levels, 1 to 10.
    pub levels: u8,
    /// Length of the window, 0.1 s to 60 s.
    pub interval: Span,
    /// Time constant of the decayed output, at least 1 ms.
    pub tau: Span,
}

impl Default for OfiParameters {
    fn default() -> Self {
        Self { levels: 1, interval: Span::from_seconds(10), tau: Span::from_seconds(10) }
    }
}

/// What one level's change from one book to the next says, in shares.
#[inline]
pub fn flow(before: (Level, Level), now: (Level, Level)) -> i64 {
    let ((bid, ask), (bid_now, ask_now)) = (before, now);
    // Prices are hard to predict: a choice of numbers, not of ways. Four sizes of 10^12 at most do not overflow.
    let came = when(bid_now.price >= bid.price, bid_now);
    let went = when(bid_now.price <= bid.price, bid);
    let offered = when(ask_now.price <= ask.price, ask_now);
    let withdrawn = when(ask_now.price >= ask.price, ask);
    came.wrapping_sub(went).wrapping_sub(offered).wrapping_add(withdrawn)
}

/// The shares of a level where it counts, else none.
#[inline]
const fn when(counts: bool, level: Level) -> i64 {
    shares(level) & (counts as i64).wrapping_neg()
}

/// Shares of a level; admitted sizes are at most 10^12.
#[inline]
const fn shares(level: Level) -> i64 {
    const MOST: u64 = crate::admission::MAX_SIZE.get();
    let size = level.size.get();
    (if size < MOST { size } else { MOST }) as i64
}

/// Shares on both sides of a level.
#[inline]
const fn both((bid, ask): (Level, Level)) -> i64 {
    shares(bid).wrapping_add(shares(ask))
}

const NO_LEVEL: Level = Level { price: Price::ZERO, size: Quantity::ZERO };

/// Order-flow imbalance of one feed of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ofi {
    levels: usize,
    /// The book before: its first `known` levels.
    bids: [Level; LEVELS],
    asks: [Level; LEVELS],
    known: usize,
    window: Window,
    decay: Decay,
    decayed: f64,
    decayed_at: Timestamp,
    clock: TradingClock,
    /// What the next update carries beside its own quality.
    pending: Quality,
}

impl Ofi {
    /// Has seen nothing. Parameters outside their ranges are moved to the nearest inside.
    pub fn new(parameters: OfiParameters) -> Self {
        let levels = usize::from(parameters.levels).clamp(1, LEVELS);
        let interval = parameters.interval.clamp(Span::from_millis(100), Span::MINUTE);
        Self {
            levels,
            bids: [NO_LEVEL; LEVELS],
            asks: [NO_LEVEL; LEVELS],
            known: 0,
            window: Window::new(interval),
            decay: Decay::new(parameters.tau.max(Span::from_millis(1))),
            decayed: 0.0,
            decayed_at: Timestamp::from_nanos(i64::MIN),
            clock: TradingClock::default(),
            pending: Quality::GOOD,
        }
    }

    /// Levels measured.
    pub const fn levels(&self) -> usize {
        self.levels
    }

    /// Bytes outside the value itself.
    pub const fn heap_bytes(&self) -> usize {
        Window::HEAP
    }

    /// A new touch, neither crossed nor locked.
    #[inline]
    pub fn on_touch(&mut self, ts: Timestamp, bid: Level, ask: Level, quality: Quality) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.clock.at(ts);
        if self.known > 0 {
            let touch = flow((self.bids[0], self.asks[0]), (bid, ask));
            let quality = quality.with(core::mem::take(&mut self.pending));
            if let Some(slot) = self.window.current(ts, quality) {
                slot.add(0, touch, both((bid, ask)));
            }
            self.add_decayed(ts, touch);
        } else {
            self.window.watch(ts);
        }
        (self.bids[0], self.asks[0], self.known) = (bid, ask, 1);
    }

    /// A new book, neither crossed nor locked: both sides, rows of one price added up.
    #[inline]
    pub fn on_ladders(&mut self, ts: Timestamp, bids: &Ladder, asks: &Ladder, quality: Quality) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.clock.at(ts);
        let (bids, asks) = (bids.levels(), asks.levels());
        let known = self.levels.min(bids.len()).min(asks.len());
        let compared = known.min(self.known);
        if compared > 0 {
            let touch = flow((self.bids[0], self.asks[0]), (bids[0], asks[0]));
            let quality = quality.with(core::mem::take(&mut self.pending));
            if let Some(slot) = self.window.current(ts, quality) {
                let before = self.bids.iter().zip(&self.asks);
                let now = bids.iter().zip(asks);
                for (level, (before, now)) in before.zip(now).take(compared).enumerate() {
                    let (before, now) = ((*before.0, *before.1), (*now.0, *now.1));
                    slot.add(level, flow(before, now), both(now));
                }
            }
            self.add_decayed(ts, touch);
        } else if known > 0 {
            self.window.watch(ts);
        }
        for (kept, new) in self.bids.iter_mut().zip(&bids[..known]) {
            *kept = *new;
        }
        for (kept, new) in self.asks.iter_mut().zip(&asks[..known]) {
            *kept = *new;
        }
        self.known = known;
    }

    #[inline]
    fn add_decayed(&mut self, ts: Timestamp, touch: i64) {
        if touch != 0 {
            self.decayed = self.decayed_to(ts) + touch as f64;
            self.decayed_at = self.decayed_at.max(ts);
        }
    }

    #[inline]
    fn decayed_to(&self, ts: Timestamp) -> f64 {
        let time = ts.nanos().saturating_sub(self.decayed_at.nanos());
        self.decayed * self.decay.left(Span::from_nanos(time))
    }

    /// Time passed: the window moves.
    #[inline]
    pub fn advance(&mut self, ts: Timestamp) {
        if !self.clock.is_halted() {
            self.window.advance(self.clock.at(ts));
        }
    }

    /// Σ e of a level (0 is the touch) over the window, shares.
    pub fn raw(&self, level: usize) -> Metric {
        self.raw_of((level < self.levels).then(|| self.window.sum(level)), self.window.quality())
    }

    #[inline]
    fn raw_of(&self, sum: Option<Sum>, quality: Quality) -> Metric {
        let n_obs = sum.map_or(0, |sum| sum.updates);
        let ready = sum.filter(|sum| sum.updates > 0 && self.window.is_ready());
        Metric::new(ready.map(|sum| sum.flow as f64), n_obs, quality)
    }

    /// Σ e of a level over its average depth.
    pub fn normalised(&self, level: usize) -> Metric {
        let raw = self.raw(level);
        let depth = (level < self.levels).then(|| self.window.sum(level).depth()).flatten();
        Metric { value: raw.value.zip(depth).map(|(flow, depth)| flow / depth), ..raw }
    }

    /// [`Self::raw`] and [`Self::normalised`] of the touch, [`Self::decayed`] and [`Self::depth`] of the touch, in
    /// one walk over the window.
    pub fn touch(&self) -> [Metric; 4] {
        let sum = self.window.sum(0);
        let raw = self.raw_of(Some(sum), self.window.quality());
        let depth = raw.value.and_then(|_| sum.depth());
        let normalised = raw.value.zip(depth).map(|(flow, depth)| flow / depth);
        let decayed = raw.value.map(|_| self.decayed_to(self.window.now()));
        [raw.value, normalised, decayed, depth].map(|value| Metric { value, ..raw })
    }

    /// Σ e of those levels that were seen, shares, with the observations of the touch; and [`Self::integrated`]. In
    /// one walk over the window.
    pub fn book(&self, weights: &integrated::Weights) -> [Metric; 2] {
        let sums = self.window.sums(self.levels);
        let first = self.raw_of(Some(sums[0]), self.window.quality());
        let seen = || sums[..self.levels].iter().filter(|sum| sum.updates > 0 && self.window.is_ready());
        let flow = seen().next().map(|_| seen().map(|sum| sum.flow as f64).sum());
        let integrated = (weights.levels() == self.levels)
            .then(|| self.vector_of(&sums))
            .flatten()
            .map(|vector| weights.of(&vector));
        [Metric { value: flow, ..first }, Metric { value: integrated, ..first }]
    }

    /// Average of (qb + qa)/2 of a level over the window, shares; ready with it.
    pub fn depth(&self, level: usize) -> Metric {
        let raw = self.raw(level);
        let depth = raw.value.and_then(|_| self.window.sum(level).depth());
        Metric { value: depth, ..raw }
    }

    /// Σ e of all measured levels over the window, shares; ready when every level was seen in it.
    pub fn all_levels(&self) -> Metric {
        let mut sum = 0.0;
        for level in 0..self.levels {
            match self.raw(level).value {
                Some(flow) => sum += flow,
                None => return Metric { value: None, ..self.raw(0) },
            }
        }
        Metric { value: Some(sum), ..self.raw(0) }
    }

    /// Σ e·exp(−dt/τ) of the touch, shares, at the newest time seen; ready with the window.
    pub fn decayed(&self) -> Metric {
        let raw = self.raw(0);
        Metric { value: raw.value.map(|_| self.decayed_to(self.window.now())), ..raw }
    }

    /// Of each level Σ e over the average depth of all measured levels; the first [`Self::levels`] numbers
    /// count. Absent until the window is ready and every level was seen in it.
    pub fn vector(&self) -> Option<[f64; LEVELS]> {
        self.vector_of(&self.window.sums(self.levels))
    }

    fn vector_of(&self, sums: &[Sum; LEVELS]) -> Option<[f64; LEVELS]> {
        if !self.window.is_ready() {
            return None;
        }
        let sums = &sums[..self.levels];
        let mut depth = 0.0;
        for sum in sums {
            depth += sum.depth()?;
        }
        depth /= self.levels as f64;
        let mut vector = [0.0; LEVELS];
        for (value, sum) in vector.iter_mut().zip(sums) {
            *value = sum.flow as f64 / depth;
        }
        Some(vector)
    }

    /// The vector weighted by its first principal component, whose weights are given; absent when they
    /// are for another number of levels.
    pub fn integrated(&self, weights: &integrated::Weights) -> Metric {
        let vector = self.vector().filter(|_| weights.levels() == self.levels);
        let value = vector.map(|vector| weights.of(&vector));
        Metric { value, ..Metric::new(value, self.raw(0).n_obs.into(), self.window.quality()) }
    }

    /// Σ e of a level since the start or the session's; absent for a level that is not measured. Its
    /// quality says [`Quality::GAP`] once something was missed.
    pub fn total(&self, level: usize) -> Option<(i64, Quality)> {
        (level < self.levels).then(|| (self.window.total(level), self.window.total_quality()))
    }

    /// The quote or book is crossed or locked (say which): what comes next is compared with nothing.
    pub fn on_crossed(&mut self, quality: Quality) {
        self.known = 0;
        self.pending = self.pending.with(quality);
    }

    /// Part of the stream was lost, or the book starts anew: the window must be watched again.
    pub fn clear(&mut self) {
        self.known = 0;
        self.window.clear();
        (self.decayed, self.pending) = (0.0, Quality::GOOD);
    }

    /// Trading stops.
    pub fn on_halt(&mut self, ts: Timestamp) {
        self.known = 0;
        self.clock.halt(ts);
    }

    /// Trading goes on: the first book is only compared with.
    pub fn on_resume(&mut self, ts: Timestamp) {
        if self.clock.is_halted() {
            self.clock.resume(ts);
            self.pending = self.pending.with(Quality::HALT_RESUME);
        }
    }

    /// A new session: all totals begin at zero, and the window must be watched.
    pub fn on_session(&mut self) {
        self.clear();
        self.window.restart();
        self.clock = TradingClock::default();
    }
}

#[cfg(test)]
mod tests;
