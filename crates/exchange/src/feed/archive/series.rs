//! One contract's day: slots of equal length that hold what happened in them, and the prints and
//! quotes themselves while there is room.

use std::collections::VecDeque;

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{Price, Quote, Session, Span, Timestamp, Trade, Venue};

use super::outline::Outline;

/// Prints kept of a stock and of an option.
const MAX_PRINTS: [usize; 2] = [100_000, 2_000];

/// Quotes kept of a stock and of an option.
const MAX_QUOTES: [usize; 2] = [50_000, 32];

/// First, highest, lowest and last value, in half price units (a midpoint may lie between two).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// First.
    pub open: i64,
    /// Highest.
    pub high: i64,
    /// Lowest.
    pub low: i64,
    /// Last.
    pub close: i64,
}

impl Course {
    /// A course of one value.
    pub fn flat(value: i64) -> Self {
        Self { open: value, high: value, low: value, close: value }
    }

    /// Goes on to `value`.
    pub fn add(&mut self, value: i64) {
        self.join(&Self::flat(value));
    }

    /// Goes on with a later course.
    pub fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
    }
}

/// A price in half units.
pub fn halves(price: Price) -> i64 {
    price.raw() * 2
}

/// Half units in dollars.
pub fn dollars(halves: i64) -> f64 {
    halves as f64 / (2 * Price::SCALE) as f64
}

/// Prints of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeSlot {
    /// Number of the slot, counted from the open.
    pub place: u32,
    /// Prices.
    pub course: Course,
    /// Shares or contracts.
    pub volume: u64,
    /// Sum of price times size, in price units.
    pub notional: i128,
    /// Prints.
    pub count: u32,
}

/// Quotes of one slot, where a price moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteSlot {
    /// Number of the slot, counted from the open.
    pub place: u32,
    /// Best bid; zero where there is none.
    pub bid: Course,
    /// Best offer.
    pub ask: Course,
}

impl QuoteSlot {
    /// Middle at the end.
    pub fn middle(&self) -> i64 {
        i64::midpoint(self.bid.close, self.ask.close)
    }
}

/// One print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// When.
    pub at: Timestamp,
    /// Price.
    pub price: Price,
    /// Shares or contracts.
    pub size: u64,
    /// Where.
    pub venue: Option<Venue>,
    /// What its conditions mean.
    pub flags: TradeFlags,
}

/// One quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
}

/// See the module's text.
#[derive(Debug, Clone)]
pub struct Series {
    option: bool,
    /// Length of a slot, seconds.
    base: u32,
    trades: Vec<TradeSlot>,
    quotes: Vec<QuoteSlot>,
    middles: Vec<Course>,
    prints: VecDeque<Print>,
    told: VecDeque<Told>,
    /// Prints and quotes before this instant made room.
    prints_from: Option<Timestamp>,
    told_from: Option<Timestamp>,
}

impl Series {
    /// Nothing yet, in slots of `base` seconds.
    pub fn new(base: u32, option: bool) -> Self {
        Self {
            option,
            base,
            trades: Vec::new(),
            quotes: Vec::new(),
            middles: Vec::new(),
            prints: VecDeque::new(),
            told: VecDeque::new(),
            prints_from: None,
            told_from: None,
        }
    }

    /// Whether it is an option's.
    pub fn is_option(&self) -> bool {
        self.option
    }

    /// Length of a slot.
    pub fn base(&self) -> Span {
        Span::from_seconds(i64::from(self.base))
    }

    /// Slots held.
    pub fn slots(&self) -> usize {
        self.trades.len() + self.quotes.len()
    }

    /// Prints by slot, oldest first.
    pub fn trades(&self) -> &[TradeSlot] {
        &self.trades
    }

    /// Quotes by slot, oldest first; a slot in which no price moved is left out.
    pub fn quotes(&self) -> &[QuoteSlot] {
        &self.quotes
    }

    /// Middles of the same slots as [`Series::quotes`].
    pub fn middles(&self) -> &[Course] {
        &self.middles
    }

    /// Prints that are still held, oldest first, and from when on all of them are.
    pub fn prints(&self) -> (&VecDeque<Print>, Option<Timestamp>) {
        (&self.prints, self.prints_from)
    }

    /// Quotes that are still held, oldest first, and from when on all of them are.
    pub fn told(&self) -> (&VecDeque<Told>, Option<Timestamp>) {
        (&self.told, self.told_from)
    }

    fn place(&self, at: Timestamp, session: Session) -> u32 {
        let seconds = at.since(session.open).nanos().max(0) / Span::SECOND.nanos();
        u32::try_from(seconds).unwrap_or(u32::MAX) / self.base
    }

    /// Takes a print; whether a slot was added.
    pub fn trade(&mut self, trade: &Trade, at: Timestamp, session: Session) -> bool {
        let (price, size) = (trade.price, trade.size.get());
        self.prints.push_back(Print { at, price, size, venue: trade.venue, flags: trade.flags });
        if self.prints.len() > MAX_PRINTS[usize::from(self.option)] {
            self.prints_from = self.prints.pop_front().map(|print| print.at + Span::from_nanos(1));
        }
        if trade.flags.contains(TradeFlags::NOT_LAST) {
            return false;
        }
        let place = self.place(at, session);
        let notional = i128::from(price.raw()) * i128::from(size);
        let new = TradeSlot { place, course: Course::flat(halves(price)), volume: size, notional, count: 1 };
        match self.trades.last_mut() {
            Some(slot) if slot.place >= place => {
                slot.take(&new);
                false
            }
            _ => {
                self.trades.push(new);
                true
            }
        }
    }

    /// Takes a quote; whether a slot was added.
    pub fn quote(&mut self, quote: &Quote, at: Timestamp, session: Session) -> bool {
        self.told.push_back(Told { at, bid: quote.bid, ask: quote.ask });
        if self.told.len() > MAX_QUOTES[usize::from(self.option)] {
            self.told_from = self.told.pop_front().map(|told| told.at + Span::from_nanos(1));
        }
        let bid = quote.bid.map_or(0, |level| halves(level.price));
        let Some(ask) = quote.ask.map(|level| halves(level.price)) else { return false };
        let place = self.place(at, session);
        let middle = i64::midpoint(bid, ask);
        let last = self.quotes.last().copied();
        if last.is_some_and(|last| last.bid.close == bid && last.ask.close == ask) {
            return false;
        }
        if let (Some(slot), Some(course)) = (self.quotes.last_mut(), self.middles.last_mut())
            && slot.place >= place
        {
            slot.bid.add(bid);
            slot.ask.add(ask);
            course.add(middle);
            return false;
        }
        // A slot begins with what was in force before it.
        let course = |before: Option<i64>, now: i64| {
            let mut course = Course::flat(before.unwrap_or(now));
            course.add(now);
            course
        };
        let bid = course(last.map(|last| last.bid.close), bid);
        let ask = course(last.map(|last| last.ask.close), ask);
        self.quotes.push(QuoteSlot { place, bid, ask });
        self.middles.push(course(last.map(|last| last.middle()), middle));
        true
    }

    /// Shares or contracts, and prints, in the slots that began at or after `since`.
    pub fn traded_since(&self, since: Timestamp, session: Session) -> (u64, u64) {
        let first = self.place(since.max(session.open), session);
        let slots = self.trades.iter().rev().take_while(|slot| slot.place >= first);
        slots.fold((0, 0), |(volume, count), slot| (volume + slot.volume, count + u64::from(slot.count)))
    }

    /// Puts slots together to a length of `base` seconds, a multiple of what it was.
    pub fn coarsen(&mut self, base: u32) {
        let factor = (base / self.base).max(1);
        self.base = base;
        let mut trades: Vec<TradeSlot> = Vec::with_capacity(self.trades.len() / 2);
        for slot in &self.trades {
            let slot = TradeSlot { place: slot.place / factor, ..*slot };
            match trades.last_mut() {
                Some(last) if last.place == slot.place => last.take(&slot),
                _ => trades.push(slot),
            }
        }
        let mut quotes: Vec<QuoteSlot> = Vec::with_capacity(self.quotes.len() / 2);
        let mut middles: Vec<Course> = Vec::with_capacity(self.quotes.len() / 2);
        for (slot, middle) in self.quotes.iter().zip(&self.middles) {
            let slot = QuoteSlot { place: slot.place / factor, ..*slot };
            match (quotes.last_mut(), middles.last_mut()) {
                (Some(last), Some(course)) if last.place == slot.place => {
                    last.bid.join(&slot.bid);
                    last.ask.join(&slot.ask);
                    course.join(middle);
                }
                _ => {
                    quotes.push(slot);
                    middles.push(*middle);
                }
            }
        }
        (self.trades, self.quotes, self.middles) = (trades, quotes, middles);
    }

    /// The day is over: slots of `base` seconds are what is kept.
    pub fn put_away(&mut self, base: u32) {
        self.coarsen(base.max(self.base));
        self.prints = VecDeque::new();
        self.told = VecDeque::new();
        let over = Some(Timestamp::from_nanos(i64::MAX));
        (self.prints_from, self.told_from) = (over, over);
    }

    /// The four prices of the day: of its prints, else of its middles; nothing when there were neither.
    pub fn outline(&self, session: Session) -> Option<Outline> {
        let prints = self.trades.iter().map(|slot| slot.course);
        let whole = join(prints).or_else(|| join(self.middles.iter().copied()))?;
        let price = |halves: i64| Price::from_raw(halves / 2);
        Some(Outline {
            session,
            open: price(whole.open),
            high: price(whole.high),
            low: price(whole.low),
            close: price(whole.close),
            volume: self.trades.iter().map(|slot| slot.volume).sum(),
            trades: self.trades.iter().map(|slot| u64::from(slot.count)).sum(),
            notional: self.trades.iter().map(|slot| slot.notional).sum(),
        })
    }
}

impl TradeSlot {
    /// Goes on with what came later.
    fn take(&mut self, later: &Self) {
        self.course.join(&later.course);
        self.volume += later.volume;
        self.notional += later.notional;
        self.count += later.count;
    }
}

fn join(courses: impl Iterator<Item = Course>) -> Option<Course> {
    courses.reduce(|mut whole, later| {
        whole.join(&later);
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Calendar, InstrumentId, Quantity};
    use proptest::prelude::*;

    fn session() -> Session {
        Calendar::xnys().session(jiff::civil::date(2026, 3, 16)).unwrap()
    }

    fn trade(cents: i64, size: u64) -> Trade {
        Trade {
            instrument: InstrumentId(0),
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            aggressor: None,
            venue: None,
            flags: TradeFlags::NONE,
        }
    }

    fn quote(bid: i64, ask: i64) -> Quote {
        let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(5) });
        Quote { instrument: InstrumentId(0), bid: level(bid), ask: level(ask) }
    }

    #[test]
    fn a_slot_of_quotes_begins_with_what_was_in_force() {
        let mut series = Series::new(1, false);
        let at = |second| session().open + Span::from_seconds(second);
        assert!(series.quote(&quote(100, 102), at(0), session()));
        // The same prices again say nothing new.
        assert!(!series.quote(&quote(100, 102), at(5), session()));
        assert!(series.quote(&quote(101, 103), at(9), session()));
        assert!(!series.quote(&quote(99, 101), at(9), session()));
        let slot = series.quotes()[1];
        assert_eq!(slot.bid, Course { open: 20_000, high: 20_200, low: 19_800, close: 19_800 });
        assert_eq!(dollars(slot.middle()), 1.0);
        assert_eq!(series.told().0.len(), 4);
    }

    proptest! {
        #[test]
        fn whatever_the_slots_the_day_has_the_same_four_prices(
            prints in prop::collection::vec((0_i64..5_000, 1_000_i64..2_000, 1_u64..500), 1..200),
        ) {
            let mut prints = prints;
            prints.sort_unstable();
            let mut fine = Series::new(1, false);
            for (second, cents, size) in &prints {
                fine.trade(&trade(*cents, *size), session().open + Span::from_seconds(*second), session());
            }
            let mut coarse = fine.clone();
            coarse.put_away(300);
            prop_assert_eq!(fine.outline(session()), coarse.outline(session()));
            prop_assert!(coarse.slots() <= fine.slots());
            let outline = fine.outline(session()).unwrap();
            prop_assert_eq!(outline.volume, prints.iter().map(|(_, _, size)| size).sum::<u64>());
            prop_assert!(outline.low <= outline.open && outline.close <= outline.high);
        }
    }
}
