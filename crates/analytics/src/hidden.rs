//! Hidden and iceberg orders, from prints and displayed sizes.
//!
//! Brokers' feeds give no order numbers, so only a price says what belongs together. Of each side the
//! touch, and whatever other levels are told, are followed in a table of [`SLOTS`] prices.
//!
//! | finding | rule |
//! | --- | --- |
//! | hidden execution | one burst (same side, same exchange, 5 ms) traded T at a level that displayed D before it; the level is still there afterwards, or trades again; T − D ≥ max(a round lot, D/2): T − D shares were not displayed |
//! | refill | after a trade the displayed size was below 0.8 of what it had been, and returns to that within the waiting time (300 ms) while the level stays the best price |
//! | iceberg | the refills' log-likelihood ratio exceeds ln 1000, and three or more of the last eight agree within 10 % |
//! | stated | the feed says so ([`TradeFlags::HIDDEN`]) |
//! | inside print | strictly between bid and offer: at the mid (± one price unit) a midpoint match, else "midpoint or hidden"; never an iceberg |
//!
//! The ratio compares refills that come at a rate of λ1 (an iceberg) with λ0 (what comes back anyway):
//! m·ln(λ1/λ0) − (λ1 − λ0)·T with m refills in T seconds of waiting. λ0 is learned from the control: what
//! comes back at the same levels after *cancels* of the same weight. Both have defaults until 200 episodes
//! of their kind were seen ([`rates`]); discovery replaces them ([`Hidden::set_rates`]).
//!
//! What an iceberg still hides is its usual refill times the further refills expected of one that has had
//! m, by the Kaplan-Meier curve of past episodes: those that traded away ended, those that were cancelled
//! or lost from sight were left. Below [`LEAST_PAST`] past episodes it is unknown.
//!
//! An episode expires after 5 s without a trade, when its level is more than 10 ticks from the touch,
//! on a halt, an auction or a gap. Odd lots are not displayed and take no part. A feed that samples merges
//! events and shows neither bursts nor refills: of its prints only those inside the spread are marked.
//!
//! Sources: Zotikov, Antonov (Quant. Finance 21(11), 2021) for the window after trades and for the size
//! left; the detector itself is our own.

mod episode;
mod finding;
pub mod rates;
mod slot;

use alphatrader_model::market::{Level, Side, TradeFlags};
use alphatrader_model::metric::{Metric, Quality};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{Iceberg, PrintMark};
use serde::{Deserialize, Serialize};

use crate::survival::Survival;
pub use finding::{Finding, HiddenCounts, HiddenPrint};
use rates::{LAMBDA_0, LAMBDA_1, RefillRates};
use slot::{Change, Shown, Slot};

/// Prices followed on each side, direct-mapped by tick.
pub const SLOTS: usize = 16;
/// Ticks from the touch beyond which a level is dropped.
pub const AWAY: i64 = 10;
/// An episode without a trade ends after this.
pub const QUIET: Span = Span::from_seconds(5);
/// Prints that make a share known.
pub const LEAST_PRINTS: u64 = 100;
/// Past episodes that make the remaining size known.
pub const LEAST_PAST: u64 = 200;
/// Refills of an iceberg at least.
pub const LEAST_REFILLS: u32 = 3;
/// Refills told apart in past episodes.
const STEPS: usize = 64;
/// ln 1000.
const SURE: f64 = 6.907_755_278_982_137;

/// What hidden orders are looked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenParameters {
    /// Smallest step of the price.
    pub tick: Price,
    /// How long a refill is waited for, 50 ms to 1 s.
    pub wait: Span,
    /// Shares of a round lot.
    pub lot: u64,
}

impl Default for HiddenParameters {
    fn default() -> Self {
        Self { tick: Price::CENT, wait: Span::from_millis(300), lot: 100 }
    }
}

/// Looks for hidden and iceberg orders in one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    parameters: HiddenParameters,
    /// λ0 and λ1 from discovery.
    given: Option<(f64, f64)>,
    /// First the bids' levels, then the offers'.
    slots: Box<[Slot]>,
    /// Best bid and offer.
    touch: Option<(Level, Level)>,
    /// Their places in the table.
    best: (usize, usize),
    rates: RefillRates,
    past: Survival,
    counts: HiddenCounts,
    quality: Quality,
    /// No open episode is quiet for too long before this.
    quiet_at: i64,
}

impl Hidden {
    /// Has seen nothing. The waiting time is moved into its range.
    pub fn new(parameters: HiddenParameters) -> Self {
        let wait = parameters.wait.clamp(Span::from_millis(50), Span::SECOND);
        let tick = parameters.tick.max(Price::from_raw(1));
        Self {
            parameters: HiddenParameters { tick, wait, ..parameters },
            given: None,
            slots: vec![Slot::default(); 2 * SLOTS].into_boxed_slice(),
            touch: None,
            best: (0, 0),
            rates: RefillRates::default(),
            past: Survival::new(STEPS),
            counts: HiddenCounts::default(),
            quality: Quality::GOOD,
            quiet_at: i64::MAX,
        }
    }

    /// Rates from discovery, refills a second: after cancels, and of icebergs (the larger). Absent, or of no
    /// use, they are learned here.
    pub fn set_rates(&mut self, rates: Option<(f64, f64)>) {
        self.given = rates.filter(|(slow, fast)| *slow > 0.0 && fast > slow && fast.is_finite());
    }

    /// λ0 and λ1 in force, refills a second.
    pub fn lambdas(&self) -> (f64, f64) {
        self.given.unwrap_or_else(|| (self.rates.cancels.rate().unwrap_or(LAMBDA_0), LAMBDA_1))
    }

    /// Waits for refills since the start, for discovery; kept over sessions.
    pub const fn rates(&self) -> &RefillRates {
        &self.rates
    }

    /// Refills of past episodes, for discovery; kept over sessions.
    pub const fn past(&self) -> &Survival {
        &self.past
    }

    /// Past episodes that discovery found.
    pub fn set_past(&mut self, past: &Survival) {
        self.past = Survival::new(STEPS);
        self.past.merge(past);
    }

    /// Volumes of the session.
    pub const fn counts(&self) -> &HiddenCounts {
        &self.counts
    }

    /// Bytes outside the value itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.slots) + self.past.heap_bytes()
    }

    /// Shares stated or inferred to be hidden over all shares of the session, in [0, 1]; ready after
    /// [`LEAST_PRINTS`] prints. A lower bound: what was hidden and never outlasted the display is not seen.
    pub fn share(&self) -> Metric {
        let HiddenCounts { prints, volume, stated, inferred, .. } = self.counts;
        let hidden = stated.saturating_add(inferred).min(volume);
        let value = (prints >= LEAST_PRINTS && volume > 0).then(|| hidden as f64 / volume as f64);
        Metric::new(value, prints, self.quality)
    }

    /// Shares strictly inside the spread, at the mid or not, over all shares of the session, in [0, 1];
    /// ready likewise.
    pub fn inside_share(&self) -> Metric {
        let HiddenCounts { prints, volume, midpoint, inside, .. } = self.counts;
        let within = midpoint.saturating_add(inside);
        let value = (prints >= LEAST_PRINTS && volume > 0).then(|| within as f64 / volume as f64);
        Metric::new(value, prints, self.quality)
    }

    /// Icebergs in force, bids before offers; at most 32.
    pub fn icebergs(&self) -> impl Iterator<Item = Iceberg> {
        let told = self.slots.iter().enumerate().filter(|(_, slot)| slot.episode.told);
        told.map(|(place, slot)| self.iceberg(side_of(place), slot))
    }

    /// A print. The answer is how the tape may mark it, and what it showed.
    #[inline]
    pub fn on_print(&mut self, ts: Timestamp, print: &HiddenPrint) -> (Option<PrintMark>, Option<Finding>) {
        let size = print.size.get();
        self.counts.prints += 1;
        self.counts.volume = self.counts.volume.saturating_add(size);
        if print.flags.contains(TradeFlags::HIDDEN) {
            self.counts.stated = self.counts.stated.saturating_add(size);
            return (Some(PrintMark::Hidden), None);
        }
        if let Some(mark) = self.inside(print) {
            return (Some(mark), None);
        }
        if print.flags.contains(TradeFlags::SAMPLED) {
            self.quality = self.quality.with(Quality::SNAPSHOT_FEED);
            return (None, None);
        }
        let (Some(side), false) = (print.side, print.flags.contains(TradeFlags::ODD_LOT)) else {
            return (None, None);
        };
        let book = side.opposite();
        if self.is_far(book, print.price) {
            return (None, None);
        }
        let place = self.place(book, print.price);
        self.claim(place, print.price);
        let slot = &mut self.slots[place];
        let shares = slot.on_print(ts, size, print.venue, &self.parameters, &mut self.rates);
        self.quiet_at = self.quiet_at.min(quiet_at(slot));
        let finding = self.found(book, print.price, shares);
        (finding.map(|_| PrintMark::Hidden), finding)
    }

    /// Marks a print strictly between bid and offer.
    #[inline]
    fn inside(&mut self, print: &HiddenPrint) -> Option<PrintMark> {
        let (bid, ask) = self.touch?;
        let (low, high, price) = (bid.price.raw(), ask.price.raw(), print.price.raw());
        if price <= low || price >= high {
            return None;
        }
        let size = print.size.get();
        self.counts.inside_prints += 1;
        if (2 * price - low - high).abs() <= 2 {
            self.counts.midpoint = self.counts.midpoint.saturating_add(size);
            return Some(PrintMark::Midpoint);
        }
        self.counts.inside = self.counts.inside.saturating_add(size);
        Some(PrintMark::MidpointOrHidden)
    }

    /// Whether a price is so far from the best of its side that it would take the place of a nearer one.
    #[inline]
    fn is_far(&self, side: Side, price: Price) -> bool {
        let Some((bid, ask)) = self.touch else {
            return false;
        };
        let best = if side == Side::Buy { bid.price } else { ask.price };
        if price == best {
            return false;
        }
        let behind = (best.raw() - price.raw()).saturating_mul(side.sign());
        let tick = self.parameters.tick.raw();
        behind > AWAY * tick || behind < (AWAY - SLOTS as i64 + 1) * tick
    }

    fn found(&mut self, side: Side, price: Price, shares: u64) -> Option<Finding> {
        if shares == 0 {
            return None;
        }
        self.counts.executions += 1;
        self.counts.inferred = self.counts.inferred.saturating_add(shares);
        Some(Finding::Hidden { side, price, shares })
    }

    /// A new touch, neither crossed nor locked. Give every one, also those that only one side changed.
    #[inline]
    pub fn on_touch(&mut self, ts: Timestamp, bid: Level, ask: Level) -> Option<Finding> {
        let before = self.touch.replace((bid, ask));
        let one = self.on_best(ts, Side::Buy, before.map(|touch| touch.0), bid);
        let other = self.on_best(ts, Side::Sell, before.map(|touch| touch.1), ask);
        one.or(other)
    }

    #[inline]
    fn on_best(&mut self, ts: Timestamp, side: Side, before: Option<Level>, now: Level) -> Option<Finding> {
        let same = before.is_some_and(|before| before.price == now.price);
        let place = if side == Side::Buy { self.best.0 } else { self.best.1 };
        if same {
            if before == Some(now) && !self.slots[place].awaits_word() {
                return None;
            }
        } else {
            if let Some(before) = before {
                self.best_moved(ts, side, before.price, now.price);
            }
            let place = self.direct(side, now.price);
            *(if side == Side::Buy { &mut self.best.0 } else { &mut self.best.1 }) = place;
        }
        self.shown(ts, side, now, true)
    }

    /// The best price of a side is another one.
    #[cold]
    fn best_moved(&mut self, ts: Timestamp, side: Side, before: Price, now: Price) {
        let place = self.direct(side, before);
        if self.slots[place].price == before.raw() {
            let better = (now.raw() - before.raw()) * side.sign() > 0;
            let change = if better { Change::Behind } else { Change::Gone };
            self.slots[place].on_left(ts, change, &self.parameters, &mut self.rates);
        }
        let far = AWAY * self.parameters.tick.raw();
        for place in self.places(side) {
            let slot = &self.slots[place];
            if slot.price != 0 && (slot.price - now.raw()).abs() > far {
                self.close(place);
            }
        }
    }

    /// Displayed size of a level behind the touch, where a book tells it.
    #[inline]
    pub fn on_level(&mut self, ts: Timestamp, side: Side, level: Level) -> Option<Finding> {
        if self.is_far(side, level.price) {
            return None;
        }
        self.shown(ts, side, level, false)
    }

    #[inline]
    fn shown(&mut self, ts: Timestamp, side: Side, level: Level, best: bool) -> Option<Finding> {
        let place = self.place(side, level.price);
        self.claim(place, level.price);
        let slot = &mut self.slots[place];
        match slot.on_shown(ts, level.size.get(), best, &self.parameters, &mut self.rates) {
            Shown::Nothing => None,
            Shown::Hidden(shares) => self.found(side, level.price, shares),
            Shown::Refilled => self.judge(side, place).map(Finding::Iceberg),
        }
    }

    /// Whether a level that was just refilled is an iceberg.
    #[cold]
    fn judge(&mut self, side: Side, place: usize) -> Option<Iceberg> {
        let slot = &self.slots[place];
        let sure = slot.episode.score(self.lambdas()) > SURE && slot.episode.agreeing() >= LEAST_REFILLS;
        if !sure {
            return None;
        }
        let iceberg = self.iceberg(side, slot);
        let episode = &mut self.slots[place].episode;
        self.counts.icebergs += u64::from(!episode.told);
        episode.told = true;
        Some(iceberg)
    }

    fn iceberg(&self, side: Side, slot: &Slot) -> Iceberg {
        let episode = &slot.episode;
        let peak = episode.peak().unwrap_or(0);
        let score = episode.score(self.lambdas());
        let further = (self.past.seen() >= LEAST_PAST)
            .then(|| self.past.expected_beyond(episode.refills.min(STEPS as u32 - 1) as usize))
            .flatten();
        Iceberg {
            side,
            price: Price::from_raw(slot.price),
            since: episode.since,
            last: episode.last_trade,
            refills: episode.refills,
            peak,
            executed: episode.executed,
            hidden: episode.hidden,
            score,
            posterior: 1.0 / (1.0 + libm::exp(-score)),
            remaining: further.map(|further| further * peak as f64),
            past: self.past.seen(),
        }
    }

    /// Time passed: episodes without a trade end. Call it once a second.
    #[inline]
    pub fn advance(&mut self, ts: Timestamp) {
        if ts.nanos() > self.quiet_at {
            self.end_quiet(ts);
        }
    }

    #[cold]
    fn end_quiet(&mut self, ts: Timestamp) {
        self.quiet_at = i64::MAX;
        for slot in self.slots.iter_mut().filter(|slot| slot.episode.is_open()) {
            if ts.nanos() > quiet_at(slot) {
                remember(&mut self.past, slot);
                slot.end_episode();
            } else {
                self.quiet_at = self.quiet_at.min(quiet_at(slot));
            }
        }
    }

    /// Bid and offer crossed or locked: they are no touch, and what was waited for is not known.
    pub fn on_crossed(&mut self) {
        self.touch = None;
        for slot in &mut self.slots {
            slot.interrupt();
        }
    }

    /// A halt, an auction, or a gap in prints, quotes or book: all episodes end unfinished.
    pub fn clear(&mut self) {
        self.touch = None;
        for place in 0..self.slots.len() {
            self.close(place);
        }
    }

    /// A new session: volumes begin at zero. Rates and past episodes are kept.
    pub fn on_session(&mut self) {
        self.clear();
        self.counts = HiddenCounts::default();
        self.quality = Quality::GOOD;
    }

    /// Makes a slot that of a price.
    #[inline]
    fn claim(&mut self, place: usize, price: Price) {
        if self.slots[place].price != price.raw() {
            self.close(place);
            self.slots[place].price = price.raw();
        }
    }

    /// Ends what a slot holds; an episode of an iceberg becomes a past one.
    #[cold]
    fn close(&mut self, place: usize) {
        remember(&mut self.past, &self.slots[place]);
        self.slots[place] = Slot::default();
    }

    /// Place of a price; that of the touch is known without a division.
    #[inline]
    fn place(&self, side: Side, price: Price) -> usize {
        match (self.touch, side) {
            (Some((bid, _)), Side::Buy) if bid.price == price => self.best.0,
            (Some((_, ask)), Side::Sell) if ask.price == price => self.best.1,
            _ => self.direct(side, price),
        }
    }

    fn direct(&self, side: Side, price: Price) -> usize {
        let ticks = price.raw().div_euclid(self.parameters.tick.raw());
        let place = ticks.rem_euclid(SLOTS as i64) as usize;
        if side == Side::Buy { place } else { SLOTS + place }
    }

    fn places(&self, side: Side) -> core::ops::Range<usize> {
        if side == Side::Buy { 0..SLOTS } else { SLOTS..self.slots.len() }
    }
}

/// An episode of an iceberg becomes a past one.
fn remember(past: &mut Survival, slot: &Slot) {
    if slot.episode.refills >= LEAST_REFILLS {
        past.add(slot.episode.refills as usize, slot.traded_away);
    }
}

const fn side_of(place: usize) -> Side {
    if place < SLOTS { Side::Buy } else { Side::Sell }
}

/// After this the level's episode has been without a trade for too long.
const fn quiet_at(slot: &Slot) -> i64 {
    slot.episode.last_trade.nanos().saturating_add(QUIET.nanos())
}

#[cfg(test)]
mod tests;
