//! What is kept of one maker.

use alphatrader_model::number::Price;
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::WAIT;
use crate::survival::Survival;

/// Steps of quote lives: half an octave each from a millisecond on, 4.6 hours the longest.
pub(super) const LIVES: usize = 48;

/// A maker's best quote on a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Own {
    pub(super) price: Price,
    pub(super) size: u64,
    /// At the best price of the whole side.
    pub(super) at_best: bool,
}

/// A refill that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    price: Price,
    before: u64,
    from: Timestamp,
    fell: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SideRecord {
    own: Option<Own>,
    /// When its price came, and up to when times are counted.
    since: Timestamp,
    counted: Timestamp,
    wait: Option<Wait>,
    /// Nanoseconds at the best price.
    pub(super) at_best: u64,
    /// Shares times seconds there.
    pub(super) size_seconds: f64,
}

impl Default for SideRecord {
    fn default() -> Self {
        let never = Timestamp::from_nanos(i64::MIN);
        Self { own: None, since: never, counted: never, wait: None, at_best: 0, size_seconds: 0.0 }
    }
}

/// Means, variances and covariance of pairs (Welford).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Pairs {
    pub(super) n: u64,
    mean: (f64, f64),
    squares: (f64, f64),
    product: f64,
}

impl Pairs {
    pub(super) fn add(&mut self, x: f64, y: f64) {
        self.n += 1;
        let n = self.n as f64;
        let before = (x - self.mean.0, y - self.mean.1);
        self.mean = (self.mean.0 + before.0 / n, self.mean.1 + before.1 / n);
        let after = (x - self.mean.0, y - self.mean.1);
        self.squares = (self.squares.0 + before.0 * after.0, self.squares.1 + before.1 * after.1);
        self.product += before.0 * after.1;
    }

    /// Correlation in [-1, 1]; absent when either does not vary.
    pub(super) fn correlation(&self) -> Option<f64> {
        let spread = libm::sqrt(self.squares.0) * libm::sqrt(self.squares.1);
        (spread > 0.0).then(|| (self.product / spread).clamp(-1.0, 1.0))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) sides: [SideRecord; 2],
    /// Up to when presence is counted, nanoseconds of it, and of both sides at once.
    counted: Timestamp,
    pub(super) present: u64,
    pub(super) both: u64,
    pub(super) lives: Survival,
    pub(super) updates: u64,
    pub(super) led: u64,
    pub(super) trades: u64,
    pub(super) refills: u64,
    /// Number and sum of fades.
    pub(super) fades: (u64, f64),
    /// Own imbalance and the mid's next move.
    pub(super) lead: Pairs,
    /// VPIN's place and the size taken away next.
    pub(super) withdrawal: Pairs,
    /// Imbalance and size at the last sample.
    sampled: Option<(f64, u64)>,
    pub(super) sessions: u32,
    pub(super) seen_today: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            sides: [SideRecord::default(), SideRecord::default()],
            counted: Timestamp::from_nanos(i64::MIN),
            present: 0,
            both: 0,
            lives: Survival::new(LIVES),
            updates: 0,
            led: 0,
            trades: 0,
            refills: 0,
            fades: (0, 0.0),
            lead: Pairs::default(),
            withdrawal: Pairs::default(),
            sampled: None,
            sessions: 0,
            seen_today: false,
        }
    }
}

fn between(from: Timestamp, to: Timestamp) -> u64 {
    to.nanos().saturating_sub(from.nanos()).max(0).unsigned_abs()
}

/// Step of a life: floor(2·log2(milliseconds)), the first one for all below a millisecond.
fn step(nanos: u64) -> usize {
    let milliseconds = nanos as f64 / 1e6;
    if milliseconds < 1.0 { 0 } else { (2.0 * libm::log2(milliseconds)) as usize }
}

/// Seconds in the (geometric) middle of a step.
pub(super) fn middle(step: usize) -> f64 {
    libm::exp2(0.5 * step as f64 + 0.25) / 1e3
}

impl Record {
    pub(super) fn heap_bytes(&self) -> usize {
        self.lives.heap_bytes()
    }

    /// Shares at its best price of a side.
    pub(super) fn size(&self, which: usize) -> u64 {
        self.sides[which].own.map_or(0, |own| own.size)
    }

    /// Its best quote on a side is this one from now on.
    pub(super) fn quote(&mut self, ts: Timestamp, which: usize, own: Option<Own>) {
        let side = &self.sides[which];
        if side.own == own && side.wait.is_none() {
            return;
        }
        self.count(ts);
        if own.is_some() && !self.seen_today {
            self.seen_today = true;
            self.sessions += 1;
        }
        let side = &mut self.sides[which];
        let (old, new) = (side.own.map(|own| own.price), own.map(|own| own.price));
        if old != new {
            if old.is_some() {
                self.lives.add(step(between(side.since, ts)), true);
            }
            side.since = ts;
        }
        side.own = own;
        self.look_for_refill(ts, which);
    }

    /// Brings all times up to date.
    fn count(&mut self, ts: Timestamp) {
        let time = between(self.counted, ts);
        let [bids, offers] = [self.sides[0].own.is_some(), self.sides[1].own.is_some()];
        if bids || offers {
            self.present += time;
        }
        if bids && offers {
            self.both += time;
        }
        self.counted = self.counted.max(ts);
        for side in &mut self.sides {
            if let Some(own) = side.own.filter(|own| own.at_best) {
                let time = between(side.counted, ts);
                side.at_best += time;
                side.size_seconds += own.size as f64 * (time as f64 / 1e9);
            }
            side.counted = side.counted.max(ts);
        }
    }

    /// Its quote was traded against at a price.
    pub(super) fn traded(&mut self, ts: Timestamp, which: usize, price: Price) {
        self.look_for_refill(ts, which);
        let side = &mut self.sides[which];
        if side.wait.is_none()
            && let Some(own) = side.own.filter(|own| own.price == price && own.size > 0)
        {
            side.wait = Some(Wait { price, before: own.size, from: ts, fell: false });
        }
    }

    fn look_for_refill(&mut self, ts: Timestamp, which: usize) {
        let side = &mut self.sides[which];
        let Some(wait) = &mut side.wait else {
            return;
        };
        if between(wait.from, ts) > WAIT.nanos().unsigned_abs() {
            self.trades += 1;
            side.wait = None;
            return;
        }
        let size = side.own.filter(|own| own.price == wait.price).map_or(0, |own| own.size);
        let back = u128::from(size) * 5 >= u128::from(wait.before) * 4;
        if back && wait.fell {
            self.trades += 1;
            self.refills += 1;
            side.wait = None;
        } else if !back {
            wait.fell = true;
        }
    }

    /// A second after a burst against a side.
    pub(super) fn fade(&mut self, before: u64, which: usize) {
        if before > 0 {
            let now = self.size(which);
            self.fades.0 += 1;
            self.fades.1 += libm::log((1.0 + now as f64) / (1.0 + before as f64));
        }
    }

    /// A sample, with the mid's move since the one before and VPIN's place at it.
    pub(super) fn sample(&mut self, since: Option<(f64, Option<f64>)>) {
        let (bid, ask) = (self.size(0), self.size(1));
        let size = bid.saturating_add(ask);
        if let (Some((imbalance, before)), Some((moved, vpin))) = (self.sampled, since) {
            self.lead.add(imbalance, moved);
            if let Some(vpin) = vpin {
                let away = libm::log((1.0 + before as f64) / (1.0 + size as f64));
                self.withdrawal.add(vpin, away);
            }
        }
        self.sampled = crate::imbalance::of_sizes(bid, ask).map(|imbalance| (imbalance, size));
    }

    pub(super) const fn forget_sample(&mut self) {
        self.sampled = None;
    }

    /// Nothing more is seen of it: its quotes are left unfinished.
    pub(super) fn interrupt(&mut self, ts: Timestamp) {
        self.count(ts);
        for side in &mut self.sides {
            if side.own.take().is_some() {
                self.lives.add(step(between(side.since, ts)), false);
            }
            side.wait = None;
        }
    }
}
