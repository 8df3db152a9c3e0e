//! Profiles of market makers, or of exchanges where a feed names those: how they quote.
//!
//! The key is what a depth row names: a maker where the exchange has several, else the exchange. Many rows
//! are aggregates of an exchange, so refusing a profile is often the right answer.
//!
//! | measure | unit | what |
//! | --- | --- | --- |
//! | at best | share of time | its quote was at the best price of the side / time watched |
//! | size at best | shares | time-weighted, while at the best price |
//! | two-sided | share of time | it quoted both sides / it quoted at all |
//! | updates | 1/s | changes of its rows / time watched |
//! | quote life | seconds | median by Kaplan-Meier; left unfinished at session end, halt and gap |
//! | refill | share | after a trade against it its size was back (0.8) within 300 ms |
//! | led | share | of the improvements of the best price, those it made |
//! | fade | 1 | mean of ln((1 + size a second later)/(1 + size before)) after a burst against its side |
//! | lead | correlation | its own imbalance with the mid's move of the next 5 s |
//! | withdrawal | correlation | VPIN's place in its history with ln of the size it takes away in the next 5 s |
//!
//! A profile needs 5 sessions, 500 updates and 10 minutes of presence ([`MakerProfile::refusal`]). At most
//! [`MAKERS`] are told apart; further ones are counted as [`Makers::overflow`]. Time is trading time.
//! Comparing makers is [`compare`], grouping them [`cluster`]; both are for discovery.

pub mod cluster;
pub mod compare;
mod profile;
mod record;

use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::{Side, Venue};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::BookRow;
use serde::{Deserialize, Serialize};

use crate::book::MAX_ROWS;
use crate::clock::TradingClock;
pub use profile::{MakerProfile, NoProfile};
use record::{Own, Record};

/// Makers told apart.
pub const MAKERS: usize = 64;
/// A refill is waited for this long.
const WAIT: Span = Span::from_millis(300);
/// A burst's effect is looked at this much later.
const FADE: Span = Span::SECOND;
/// Time between samples for the correlations.
const SAMPLE: Span = Span::from_seconds(5);

/// A burst whose effect is not yet known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Burst {
    due: Option<Timestamp>,
    /// Sizes of the makers before it.
    before: Box<[u64]>,
}

/// Watches how each maker quotes in one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Makers {
    names: Box<[Option<Symbol>]>,
    records: Box<[Record]>,
    /// Makers with a quote on the side, a bit each: bids, offers.
    quoting: [u64; 2],
    best: [Option<Price>; 2],
    improvements: u64,
    bursts: [Burst; 2],
    /// Middle, dollars, and VPIN's place at the last sample.
    sampled: Option<(f64, Option<f64>)>,
    next_sample: Timestamp,
    clock: TradingClock,
    /// Time watched, and up to when.
    watched: Span,
    watched_to: Option<Timestamp>,
    overflow: u64,
}

impl Default for Makers {
    fn default() -> Self {
        let burst = Burst { due: None, before: vec![0; MAKERS].into_boxed_slice() };
        Self {
            names: vec![None; MAKERS].into_boxed_slice(),
            records: (0..MAKERS).map(|_| Record::default()).collect(),
            quoting: [0; 2],
            best: [None; 2],
            improvements: 0,
            bursts: [burst.clone(), burst],
            sampled: None,
            next_sample: Timestamp::from_nanos(i64::MIN),
            clock: TradingClock::default(),
            watched: Span::ZERO,
            watched_to: None,
            overflow: 0,
        }
    }
}

const fn index(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// Best row of a maker: its place, price, shares at that price.
type Best = (u8, Price, u64);

impl Makers {
    /// Rows of makers beyond the [`MAKERS`] that are told apart.
    pub const fn overflow(&self) -> u64 {
        self.overflow
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        let records: usize = self.records.iter().map(Record::heap_bytes).sum();
        let bursts = self.bursts.iter().map(|burst| size_of_val(&*burst.before)).sum::<usize>();
        size_of_val(&*self.names) + size_of_val(&*self.records) + records + bursts
    }

    /// Profiles of all makers seen, also those that are refused.
    pub fn profiles(&self) -> impl Iterator<Item = MakerProfile> {
        let seen = self.names.iter().zip(&self.records);
        seen.filter_map(|(name, record)| Some(profile::of((*name)?, record, self.watched, self.improvements)))
    }

    /// Place of a maker, given to it when it is new and one is left.
    fn place(&mut self, maker: Symbol) -> Option<usize> {
        for (place, name) in self.names.iter_mut().enumerate() {
            match name {
                Some(name) if *name == maker => return Some(place),
                Some(_) => {}
                None => {
                    *name = Some(maker);
                    return Some(place);
                }
            }
        }
        self.overflow += 1;
        None
    }

    /// A side of the book after a change; `changed` is whose row it was, where the feed names it. Rows
    /// are best first; the book is neither crossed nor locked (else call [`Self::interrupt`]).
    pub fn on_rows(&mut self, ts: Timestamp, side: Side, rows: &[BookRow], changed: Option<Venue>) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.watch(ts);
        if let Some(place) = changed.and_then(|maker| self.place(maker)) {
            self.records[place].updates += 1;
        }
        let mut own: [Best; MAX_ROWS] = [(0, Price::ZERO, 0); MAX_ROWS];
        let mut makers = 0;
        for row in rows.iter().take(MAX_ROWS) {
            let Some(place) = row.venue.and_then(|maker| self.place(maker)) else {
                continue;
            };
            let size = row.level.size.get();
            match own[..makers].iter_mut().find(|(of, ..)| usize::from(*of) == place) {
                Some((_, price, sum)) if *price == row.level.price => *sum = sum.saturating_add(size),
                Some(_) => {}
                None => {
                    own[makers] = (place as u8, row.level.price, size);
                    makers += 1;
                }
            }
        }
        self.take(ts, side, rows.first().map(|row| row.level.price), &own[..makers]);
    }

    fn take(&mut self, ts: Timestamp, side: Side, best: Option<Price>, own: &[Best]) {
        let which = index(side);
        let improved = matches!((self.best[which], best), (Some(old), Some(new))
            if (new.raw() - old.raw()) * side.sign() > 0);
        self.improvements += u64::from(improved);
        let mut quoting = 0_u64;
        for (place, price, size) in own {
            let at_best = best == Some(*price);
            let record = &mut self.records[usize::from(*place)];
            record.led += u64::from(improved && at_best);
            record.quote(ts, which, Some(Own { price: *price, size: *size, at_best }));
            quoting |= 1 << place;
        }
        let mut gone = self.quoting[which] & !quoting;
        while gone != 0 {
            self.records[gone.trailing_zeros() as usize].quote(ts, which, None);
            gone &= gone - 1;
        }
        (self.quoting[which], self.best[which]) = (quoting, best);
    }

    /// A print that took from a maker's quote, where the feed says from whose: `side` is the aggressor's.
    pub fn on_print(&mut self, ts: Timestamp, price: Price, side: Side, venue: Option<Venue>) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.watch(ts);
        let Some(maker) = venue else {
            return;
        };
        if let Some(place) = self.names.iter().position(|name| *name == Some(maker)) {
            self.records[place].traded(ts, index(side.opposite()), price);
        }
    }

    /// A burst or sweep began; `side` is the aggressor's. One a side is followed at a time.
    pub fn on_burst(&mut self, ts: Timestamp, side: Side) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.watch(ts);
        let hit = index(side.opposite());
        let burst = &mut self.bursts[hit];
        if burst.due.is_none() {
            burst.due = Some(ts + FADE);
            for (size, record) in burst.before.iter_mut().zip(&self.records) {
                *size = record.size(hit);
            }
        }
    }

    /// Time passed; give the mid and, where known, VPIN's place in its history, in [0, 1]. Call it once a
    /// second.
    pub fn advance(&mut self, ts: Timestamp, mid: Option<f64>, vpin: Option<f64>) {
        if self.clock.is_halted() {
            return;
        }
        let ts = self.watch(ts);
        if ts < self.next_sample {
            return;
        }
        self.next_sample = ts + SAMPLE;
        let before = self.sampled.take();
        let Some(mid) = mid.filter(|mid| mid.is_finite()) else {
            self.records.iter_mut().for_each(Record::forget_sample);
            return;
        };
        for record in &mut self.records {
            record.sample(before.map(|(before, vpin)| (mid - before, vpin)));
        }
        self.sampled = Some((mid, vpin.filter(|vpin| vpin.is_finite())));
    }

    /// Counts watched time, and looks at bursts that are due. The answer is trading time.
    fn watch(&mut self, ts: Timestamp) -> Timestamp {
        let ts = self.clock.at(ts);
        if let Some(to) = self.watched_to {
            let time = ts.nanos().saturating_sub(to.nanos()).max(0);
            self.watched = Span::from_nanos(self.watched.nanos().saturating_add(time));
        }
        let ts = self.watched_to.map_or(ts, |to| to.max(ts));
        self.watched_to = Some(ts);
        for (which, burst) in self.bursts.iter_mut().enumerate() {
            if burst.due.is_some_and(|due| ts >= due) {
                burst.due = None;
                for (before, record) in burst.before.iter().zip(&mut self.records) {
                    record.fade(*before, which);
                }
            }
        }
        ts
    }

    /// The book is lost, starts anew, is crossed, or the session ends: what is on show is left unfinished.
    pub fn interrupt(&mut self, ts: Timestamp) {
        if self.watched_to.is_some() {
            let ts = if self.clock.is_halted() { self.clock.at(ts) } else { self.watch(ts) };
            for record in &mut self.records {
                record.interrupt(ts);
            }
        }
        (self.quoting, self.best, self.watched_to, self.sampled) = ([0; 2], [None; 2], None, None);
        for burst in &mut self.bursts {
            burst.due = None;
        }
        self.records.iter_mut().for_each(Record::forget_sample);
    }

    /// Trading stops.
    pub fn on_halt(&mut self, ts: Timestamp) {
        self.interrupt(ts);
        self.clock.halt(ts);
    }

    /// Trading goes on.
    pub fn on_resume(&mut self, ts: Timestamp) {
        self.clock.resume(ts);
    }

    /// A new session begins at `ts`. What was measured is kept: profiles rest on several sessions.
    pub fn on_session(&mut self, ts: Timestamp) {
        self.interrupt(ts);
        self.clock = TradingClock::default();
        self.next_sample = Timestamp::from_nanos(i64::MIN);
        for record in &mut self.records {
            record.seen_today = false;
        }
    }
}

#[cfg(test)]
mod tests;
