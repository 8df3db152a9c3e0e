//! What the market said: today's prints and quotes, and what is kept of the days before.
//!
//! Historical requests are answered from here, so they tell what was streamed. Everything is bounded:
//! old prints and quotes make room for new ones (the slots of [`series`] still tell their prices), the
//! slots of options grow coarser when there are too many, and past days are kept coarsely, then as
//! four prices.

pub mod outline;
pub mod series;

use std::collections::BTreeMap;

use alphatrader_model::{Contract, InstrumentId, Quote, Session, Span, Timestamp, Trade};
use jiff::civil::Date;

pub use outline::Outline;
use series::Series;

/// Slots of all options together before they grow coarser.
const MAX_OPTION_SLOTS: usize = 400_000;

/// Lengths of an option's slot, finest first, in seconds.
const OPTION_BASES: [u32; 6] = [5, 30, 60, 300, 900, 1_800];

/// Days before today of which the course is kept.
const MAX_DAYS: usize = 10;

/// Days before today of which the four prices are kept.
const MAX_OUTLINES: usize = 2_000;

/// Slots of a past day: a minute for stocks.
const PAST_STOCK: u32 = 60;

/// Slots of a past day: half an hour for options.
const PAST_OPTION: u32 = 1_800;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Archive {
    session: Option<Session>,
    today: BTreeMap<InstrumentId, Series>,
    days: BTreeMap<Date, BTreeMap<InstrumentId, Series>>,
    outlines: BTreeMap<Contract, BTreeMap<Date, Outline>>,
    option_slots: usize,
    /// Place of the length that options' slots have now.
    coarseness: usize,
}

impl Archive {
    /// A day begins; what was today is put away. `keep` says what an id stands for.
    pub fn begin_day(&mut self, session: Session, contract: impl Fn(InstrumentId) -> Option<Contract>) {
        if self.session.is_some_and(|today| today.date == session.date) {
            return;
        }
        if let Some(ended) = self.session.replace(session) {
            self.put_away(ended, contract);
        }
        self.option_slots = 0;
        self.coarseness = 0;
    }

    fn put_away(&mut self, ended: Session, contract: impl Fn(InstrumentId) -> Option<Contract>) {
        let mut kept = BTreeMap::new();
        for (id, mut series) in std::mem::take(&mut self.today) {
            let Some(contract) = contract(id) else { continue };
            series.put_away(if contract.option().is_some() { PAST_OPTION } else { PAST_STOCK });
            if let Some(outline) = series.outline(ended) {
                let days = self.outlines.entry(contract).or_default();
                days.insert(ended.date, outline);
                while days.len() > MAX_OUTLINES {
                    days.pop_first();
                }
            }
            kept.insert(id, series);
        }
        self.outlines.retain(|contract, _| contract.option().is_none_or(|option| option.expiry > ended.date));
        self.days.insert(ended.date, kept);
        while self.days.len() > MAX_DAYS {
            self.days.pop_first();
        }
    }

    /// The session that is today.
    pub fn session(&self) -> Option<Session> {
        self.session
    }

    /// A print; `option` is asked about a contract that was not heard of today.
    pub fn trade(&mut self, trade: &Trade, at: Timestamp, option: impl FnOnce() -> bool) {
        let Some(session) = self.session else { return };
        let series = self.series(trade.instrument, option);
        let added = series.trade(trade, at, session) && series.is_option();
        self.count(added);
    }

    /// A quote; `option` as for a print.
    pub fn quote(&mut self, quote: &Quote, at: Timestamp, option: impl FnOnce() -> bool) {
        let Some(session) = self.session else { return };
        let series = self.series(quote.instrument, option);
        let added = series.quote(quote, at, session) && series.is_option();
        self.count(added);
    }

    fn series(&mut self, id: InstrumentId, option: impl FnOnce() -> bool) -> &mut Series {
        let base = OPTION_BASES[self.coarseness];
        self.today.entry(id).or_insert_with(|| {
            let option = option();
            Series::new(if option { base } else { 1 }, option)
        })
    }

    /// Too many slots of options: all grow coarser.
    fn count(&mut self, added: bool) {
        if !added {
            return;
        }
        self.option_slots += 1;
        if self.option_slots < MAX_OPTION_SLOTS || self.coarseness + 1 == OPTION_BASES.len() {
            return;
        }
        self.coarseness += 1;
        let base = OPTION_BASES[self.coarseness];
        self.option_slots = 0;
        for series in self.today.values_mut().filter(|series| series.is_option()) {
            series.coarsen(base);
            self.option_slots += series.slots();
        }
        tracing::info!(seconds = base, slots = self.option_slots, "the history of options grows coarser");
    }

    /// What is kept of a contract's day; nothing of a day that the archive did not see or let go.
    pub fn day(&self, id: InstrumentId, date: Date) -> Option<&Series> {
        if self.session.is_some_and(|today| today.date == date) {
            return self.today.get(&id);
        }
        self.days.get(&date)?.get(&id)
    }

    /// The four prices of a contract's days that ended, oldest first.
    pub fn outlines(&self, contract: &Contract) -> impl DoubleEndedIterator<Item = Outline> + use<'_> {
        self.outlines.get(contract).into_iter().flat_map(|days| days.values().copied())
    }

    /// Whether a contract's day ended while the archive saw it.
    pub fn has_outline(&self, contract: &Contract, date: Date) -> bool {
        self.outlines.get(contract).is_some_and(|days| days.contains_key(&date))
    }

    /// How long an option's slots are now.
    pub fn option_base(&self) -> Span {
        Span::from_seconds(i64::from(OPTION_BASES[self.coarseness]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::market::{Level, TradeFlags};
    use alphatrader_model::{Calendar, Price, Quantity};

    fn session(day: i8) -> Session {
        Calendar::xnys().session(jiff::civil::date(2026, 3, day)).unwrap()
    }

    fn stock() -> Contract {
        "SPY".parse().unwrap()
    }

    fn print(cents: i64) -> Trade {
        Trade {
            instrument: InstrumentId(0),
            price: Price::from_cents(cents),
            size: Quantity::new(100),
            aggressor: None,
            venue: None,
            flags: TradeFlags::NONE,
        }
    }

    #[test]
    fn a_day_that_ended_is_kept_as_minutes_and_as_four_prices() {
        let mut archive = Archive::default();
        archive.begin_day(session(16), |_| Some(stock()));
        for (second, cents) in [(0, 60_000), (30, 60_100), (61, 59_900), (7_200, 60_050)] {
            archive.trade(&print(cents), session(16).open + Span::from_seconds(second), || false);
        }
        archive.begin_day(session(17), |_| Some(stock()));
        let outline = archive.outlines(&stock()).next().unwrap();
        assert_eq!(outline.open, Price::from_cents(60_000));
        assert_eq!((outline.high, outline.low), (Price::from_cents(60_100), Price::from_cents(59_900)));
        assert_eq!((outline.close, outline.volume), (Price::from_cents(60_050), 400));
        let day = archive.day(InstrumentId(0), session(16).date).unwrap();
        assert_eq!(day.slots(), 3);
        assert!(archive.day(InstrumentId(0), session(17).date).is_none());
    }

    #[test]
    fn options_grow_coarser_when_there_are_too_many() {
        let mut archive = Archive::default();
        archive.begin_day(session(16), |_| None);
        let open = session(16).open;
        let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1) });
        let contracts = 2_000;
        for minute in 0..390 {
            for id in 0..contracts {
                let cents = 100 + (minute * 7 + i64::from(id)) % 90;
                let quote = Quote { instrument: InstrumentId(id), bid: level(cents), ask: level(cents + 2) };
                archive.quote(&quote, open + Span::from_minutes(minute), || true);
            }
        }
        assert!(archive.option_base() > Span::MINUTE);
        assert!(archive.option_slots <= MAX_OPTION_SLOTS);
        let counted: usize = archive.today.values().map(Series::slots).sum();
        assert_eq!(counted, archive.option_slots);
    }
}
