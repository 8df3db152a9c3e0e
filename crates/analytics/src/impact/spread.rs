//! What crossing the spread cost, and how much of it the market took back.
//!
//! For a trade of side D (+1 bought, −1 sold) at price p while the middle was m, and the middle m′ some time h
//! later: effective spread 2D(p − m); impact 2D(m′ − m); realised spread 2D(p − m′), what the maker kept.
//! Effective = realised + impact, exactly, over the same trades. h is time, not trades: 1, 5, 30 and 300 s of
//! trading time; m′ is the middle in force at that moment. Means are weighted by volume over the last thirty
//! minutes, and whole numbers until they are divided.
//!
//! For the two shorter times trades wait in a ring of [`PENDING`]; prints of one instant, side and price wait as
//! one. What is overwritten before its time is counted as dropped. In 30 and 300 s more is printed than a symbol's
//! state has room for: of each fifth of a second, of each two seconds, the first trade waits, in a ring that is
//! never overwritten; where that left trades out, the numbers carry [`Quality::CAPPED`]. An event after a long
//! silence settles at most all that waits.

use alphatrader_model::market::Side;
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::quality::QualityMemory;

/// Times after a trade at which the middle is looked at.
pub const HORIZONS: [Span; 4] =
    [Span::from_seconds(1), Span::from_seconds(5), Span::from_seconds(30), Span::from_seconds(300)];

/// Trades that wait at most for the shorter times: fifty a second for five seconds. The
/// usual 4 096, which also hold those of the longer times, do not fit in the state of a symbol.
pub const PENDING: usize = 256;

/// Parts of a longer time of which each lets one trade wait.
const PARTS: usize = 150;

/// The ring that each of [`HORIZONS`] looks into.
const LINE: [usize; HORIZONS.len()] = [0, 0, 1, 2];

/// Those of [`HORIZONS`] that look into each ring: the first, and the one after the last.
const FIRST: [usize; 3] = [0, 2, 3];
const LAST: [usize; 3] = [2, 3, 4];

/// Minutes in the window.
pub const MINUTES: usize = 30;

/// Trades below which nothing is told.
pub const LEAST: u64 = 10;

/// A trade that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Waiting {
    at: i64,
    twice_mid: i64,
    /// 2D(p − m), in price units.
    effective: i32,
    /// Shares, below zero when sold.
    signed: i32,
}

/// Trades that wait, a ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    waiting: Box<[Waiting]>,
    /// Trades that have waited, since the start.
    written: u64,
    /// Place of the next one: kept, for a remainder costs more than all the rest.
    next: usize,
    /// One trade waits of each so many nanoseconds; all when it is zero.
    spacing: i64,
    /// From when to when the part of the newest one lasts; nothing is in it when all wait.
    part: (i64, i64),
}

impl Line {
    fn new(room: usize, spacing: i64) -> Self {
        let waiting = vec![Waiting::default(); room].into_boxed_slice();
        Self { waiting, written: 0, next: 0, spacing, part: (0, 0) }
    }

    fn all() -> Self {
        Self::new(PENDING, 0)
    }

    /// One trade of each part: those that wait are never more than the parts, and the one that comes.
    fn sparse(horizon: Span) -> Self {
        Self::new(PARTS + 1, horizon.nanos() / PARTS as i64)
    }

    /// The trade of a number; at most as many came after it as there is room for.
    #[inline]
    fn at(&self, number: u64) -> &Waiting {
        let (back, room) = ((self.written - number) as usize, self.waiting.len());
        &self.waiting[if back <= self.next { self.next - back } else { self.next + room - back }]
    }

    #[inline]
    fn put(&mut self, trade: Waiting) {
        self.waiting[self.next] = trade;
        self.next = if self.next + 1 == self.waiting.len() { 0 } else { self.next + 1 };
        self.written += 1;
        if self.spacing > 0 {
            let from = trade.at.div_euclid(self.spacing).saturating_mul(self.spacing);
            self.part = (from, from.saturating_add(self.spacing));
        }
    }

    /// Adds to the newest what is of the same moment, price and side; false when it is not.
    #[inline]
    fn join(&mut self, done: u64, trade: &Waiting) -> bool {
        if done == self.written {
            return false;
        }
        let last = &mut self.waiting[if self.next == 0 { self.waiting.len() } else { self.next } - 1];
        let together = (last.at, last.twice_mid, last.effective)
            == (trade.at, trade.twice_mid, trade.effective)
            && (last.signed < 0) == (trade.signed < 0);
        let signed = if together { last.signed.checked_add(trade.signed) } else { None };
        if let Some(signed) = signed {
            last.signed = signed;
        }
        signed.is_some()
    }

    /// Whether a trade of this moment finds its part taken.
    #[inline]
    const fn taken(&self, at: i64) -> bool {
        self.part.0 <= at && at < self.part.1
    }
}

/// Sums over trades whose middle of later is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Settled {
    trades: u64,
    volume: u64,
    effective: i128,
    impact: i128,
}

/// Sums of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Sums {
    trades: u64,
    volume: u64,
    effective: i128,
    /// Twice the middle times shares.
    turnover: i128,
    settled: [Settled; HORIZONS.len()],
}

impl Settled {
    fn and(self, other: &Self) -> Self {
        Self {
            trades: self.trades + other.trades,
            volume: self.volume + other.volume,
            effective: self.effective + other.effective,
            impact: self.impact + other.impact,
        }
    }

    fn less(&mut self, other: &Self) {
        self.trades -= other.trades;
        self.volume -= other.volume;
        self.effective -= other.effective;
        self.impact -= other.impact;
    }
}

impl Sums {
    fn put(&mut self, other: &Self) {
        self.trades += other.trades;
        self.volume += other.volume;
        self.effective += other.effective;
        self.turnover += other.turnover;
        for (own, other) in self.settled.iter_mut().zip(&other.settled) {
            *own = own.and(other);
        }
    }

    fn take(&mut self, other: &Self) {
        self.trades -= other.trades;
        self.volume -= other.volume;
        self.effective -= other.effective;
        self.turnover -= other.turnover;
        for (own, other) in self.settled.iter_mut().zip(&other.settled) {
            own.less(other);
        }
    }
}

/// Spreads and impact of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spreads {
    /// Twice the middle in force, in price units.
    mid: Option<i64>,
    /// The next moment at which something is due; no event before it does anything.
    due: i64,
    lines: [Line; 3],
    /// Of those of its ring, how many are settled or dropped, for each horizon.
    done: [u64; HORIZONS.len()],
    dropped: [u64; HORIZONS.len()],
    /// The minute in which a ring last let a trade pass because its part was taken.
    thinned: [i64; 3],
    minute: i64,
    /// The running minute.
    running: Sums,
    /// The minutes before it that are in the window, and together.
    minutes: Box<[Sums]>,
    finished: Sums,
    quality: QualityMemory,
}

impl Default for Spreads {
    fn default() -> Self {
        Self {
            mid: None,
            due: i64::MAX,
            lines: [Line::all(), Line::sparse(HORIZONS[2]), Line::sparse(HORIZONS[3])],
            done: [0; HORIZONS.len()],
            dropped: [0; HORIZONS.len()],
            thinned: [i64::MIN; 3],
            minute: i64::MIN,
            running: Sums::default(),
            minutes: vec![Sums::default(); MINUTES].into_boxed_slice(),
            finished: Sums::default(),
            quality: QualityMemory::default(),
        }
    }
}

const MINUTE: i64 = Span::MINUTE.nanos();

impl Spreads {
    /// The middle (twice it, in price units) in force from this trading time on; absent when there is none.
    #[inline]
    pub fn on_mid(&mut self, now: Timestamp, twice_mid: Option<i64>) {
        self.on_timer(now);
        self.mid = twice_mid;
    }

    /// Adds a trade whose side is known, at its trading time. Without a middle it is nothing.
    #[inline]
    pub fn on_trade(&mut self, now: Timestamp, price: Price, size: u64, side: Side, quality: Quality) {
        self.on_timer(now);
        let Some(twice_mid) = self.mid else { return };
        let Ok(effective) = i32::try_from(side.sign() * (2 * price.raw() - twice_mid)) else {
            // More than a hundred thousand dollars off the middle: no spread of any market.
            return self.drop_one();
        };
        let minute = now.nanos().div_euclid(MINUTE);
        self.turn(minute);
        let capped = i32::try_from(size);
        let size = capped.unwrap_or(i32::MAX);
        let quality = if capped.is_err() { quality.with(Quality::CAPPED) } else { quality };
        self.quality.mark(quality, minute.unsigned_abs());
        let sums = &mut self.running;
        sums.trades += 1;
        sums.volume += u64::from(size.unsigned_abs());
        sums.effective += i128::from(i64::from(size) * i64::from(effective));
        sums.turnover += i128::from(size) * i128::from(twice_mid);
        let signed = if side == Side::Buy { size } else { -size };
        self.wait(Waiting { at: now.nanos(), twice_mid, effective, signed });
    }

    fn drop_one(&mut self) {
        for dropped in &mut self.dropped {
            *dropped += 1;
        }
    }

    #[inline]
    fn wait(&mut self, trade: Waiting) {
        for (number, line) in self.lines.iter_mut().enumerate() {
            // The last one still waits for all horizons when it is of this very moment.
            let horizons = FIRST[number]..LAST[number];
            let first = horizons.start;
            if line.join(self.done[first], &trade) {
                continue;
            }
            if line.taken(trade.at) {
                self.thinned[number] = self.minute;
                continue;
            }
            for place in horizons {
                if line.written - self.done[place] == line.waiting.len() as u64 {
                    self.done[place] += 1;
                    self.dropped[place] += 1;
                }
            }
            line.put(trade);
            self.due = self.due.min(trade.at.saturating_add(HORIZONS[first].nanos()));
        }
    }

    /// Trading time passed: settles what is due with the middle that was in force.
    #[inline]
    pub fn on_timer(&mut self, now: Timestamp) {
        if now.nanos() > self.due {
            self.settle(now.nanos());
        }
    }

    #[inline(never)]
    fn settle(&mut self, now: i64) {
        let minute = now.div_euclid(MINUTE);
        self.turn(minute);
        self.due = i64::MAX;
        for (place, horizon) in HORIZONS.iter().enumerate() {
            while self.done[place] < self.lines[LINE[place]].written {
                let trade = *self.lines[LINE[place]].at(self.done[place]);
                let due = trade.at.saturating_add(horizon.nanos());
                // A middle of that very moment still counts: it has not been heard yet.
                if due >= now {
                    self.due = self.due.min(due);
                    break;
                }
                self.done[place] += 1;
                self.settle_one(place, &trade);
            }
        }
    }

    fn settle_one(&mut self, place: usize, trade: &Waiting) {
        let Some(mid) = self.mid else {
            self.dropped[place] += 1;
            return;
        };
        let volume = u64::from(trade.signed.unsigned_abs());
        let moved = i128::from(mid) - i128::from(trade.twice_mid);
        let settled = &mut self.running.settled[place];
        settled.trades += 1;
        settled.volume += volume;
        settled.effective += i128::from(volume) * i128::from(trade.effective);
        settled.impact += i128::from(trade.signed) * moved;
    }

    #[inline]
    fn turn(&mut self, minute: i64) {
        if minute > self.minute {
            self.begin_minute(minute);
        }
    }

    #[cold]
    fn begin_minute(&mut self, minute: i64) {
        if self.minute == i64::MIN || minute - self.minute >= MINUTES as i64 {
            self.minutes.fill(Sums::default());
            self.finished = Sums::default();
        } else {
            // The slot of a minute is empty until it has ended: what stood there has left the window.
            let place = |minute: i64| minute.rem_euclid(MINUTES as i64) as usize;
            self.finished.put(&self.running);
            self.minutes[place(self.minute)] = self.running;
            for passed in self.minute + 1..=minute {
                let slot = &mut self.minutes[place(passed)];
                self.finished.take(slot);
                *slot = Sums::default();
            }
        }
        self.running = Sums::default();
        self.minute = minute;
    }

    fn flags(&self) -> Quality {
        self.quality.within(self.minute.unsigned_abs(), MINUTES as u64)
    }

    /// Effective spread in dollars, of as many prints.
    pub fn effective(&self) -> Metric {
        let trades = self.trades();
        let effective = self.finished.effective + self.running.effective;
        let volume = self.finished.volume + self.running.volume;
        Metric::new(mean(trades, effective, volume), trades, self.flags())
    }

    /// Effective spread in basis points of the middle, of as many prints.
    pub fn effective_bps(&self) -> Metric {
        let trades = self.trades();
        let effective = self.finished.effective + self.running.effective;
        let turnover = self.finished.turnover + self.running.turnover;
        let told = trades >= LEAST && turnover > 0;
        let bps = told.then(|| 2e4 * effective as f64 / turnover as f64);
        Metric::new(bps, trades, self.flags())
    }

    /// Realised spread in dollars after one of [`HORIZONS`], of as many trades.
    pub fn realised(&self, horizon: usize) -> Metric {
        self.settled(horizon, |settled| settled.effective - settled.impact)
    }

    /// Impact in dollars after one of [`HORIZONS`], of as many trades.
    pub fn impact(&self, horizon: usize) -> Metric {
        self.settled(horizon, |settled| settled.impact)
    }

    /// The middle in dollars, weighted by the volume that was traded at it; absent without any.
    pub fn middle(&self) -> Option<f64> {
        let turnover = self.finished.turnover + self.running.turnover;
        let volume = self.finished.volume + self.running.volume;
        (volume > 0 && turnover > 0).then(|| turnover as f64 / volume as f64 * 0.5e-4)
    }

    fn settled(&self, horizon: usize, of: impl Fn(&Settled) -> i128) -> Metric {
        let Some(running) = self.running.settled.get(horizon) else { return Metric::NONE };
        let settled = self.finished.settled[horizon].and(running);
        let last = self.thinned[LINE[horizon]];
        let thinned = last > i64::MIN && self.minute.saturating_sub(last) < MINUTES as i64;
        let flags = if thinned { self.flags().with(Quality::CAPPED) } else { self.flags() };
        Metric::new(mean(settled.trades, of(&settled), settled.volume), settled.trades, flags)
    }

    const fn trades(&self) -> u64 {
        self.finished.trades + self.running.trades
    }

    /// Trades whose middle of later was never known, of those that waited for it, for each of [`HORIZONS`], since
    /// the start.
    pub const fn dropped(&self) -> &[u64; HORIZONS.len()] {
        &self.dropped
    }

    /// Trading stops, or quotes were lost: the middle after it does not belong to what waits, which is dropped.
    pub fn break_off(&mut self) {
        for (place, (done, dropped)) in self.done.iter_mut().zip(&mut self.dropped).enumerate() {
            let written = self.lines[LINE[place]].written;
            *dropped += written - *done;
            *done = written;
        }
        (self.mid, self.due) = (None, i64::MAX);
    }

    /// A session begins: nothing of the one before counts.
    pub fn on_session(&mut self) {
        self.break_off();
        self.minutes.fill(Sums::default());
        (self.running, self.finished) = (Sums::default(), Sums::default());
        (self.minute, self.thinned) = (i64::MIN, [i64::MIN; 3]);
        self.quality.clear();
    }

    /// Bytes on the heap: 20 KiB.
    pub fn heap_bytes(&self) -> usize {
        let lines = self.lines.iter().map(|line| size_of_val(&*line.waiting));
        lines.sum::<usize>() + size_of_val(&*self.minutes)
    }
}

fn mean(trades: u64, sum: i128, volume: u64) -> Option<f64> {
    (trades >= LEAST && volume > 0).then(|| sum as f64 / volume as f64 * 1e-4)
}

#[cfg(test)]
mod tests;
