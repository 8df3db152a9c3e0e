//! A stock's days before today, newest first.

use alphatrader_market::synthetic::chronicle::{Chronicle, MarketBar};
use alphatrader_model::{Calendar, Contract, Symbol};
use jiff::civil::Date;

use super::History;
use crate::feed::archive::Outline;
use crate::feed::past::{self, Stretch, Walk};

/// Calendar days that are asked of a chronicle first, and then at once.
const FIRST_DAYS: i32 = 50;
const MORE_DAYS: i32 = 700;

impl<'a> History<'a> {
    /// Outlines of a stock before today, newest first: of days that were lived as they were, of
    /// earlier ones as they are made. Empty while the stock never had a price.
    pub fn outlines(&self, symbol: Symbol) -> Outlines<'a> {
        let contract = Contract::Stock(symbol);
        let today = self.feed.archive.session().map(|session| session.date);
        let earliest = self.feed.archive.outlines(&contract).next();
        let anchor = earliest.or_else(|| self.outline_today(&contract));
        let lived: Vec<Outline> = self
            .feed
            .archive
            .outlines(&contract)
            .rev()
            .filter(|outline| today.is_none_or(|today| outline.session.date < today))
            .collect();
        let made = match (anchor, self.chronicle_of(symbol)) {
            (None, _) => Made::Nothing,
            (Some(anchor), Some(chronicle)) => {
                let (before, ahead) = (anchor.session.date, Vec::new());
                Made::Told(Told {
                    chronicle,
                    calendar: self.calendar,
                    symbol,
                    before,
                    ahead,
                    reach: FIRST_DAYS,
                })
            }
            (Some(anchor), None) => {
                let open = anchor.open.to_f64();
                Made::Walked(Walk::new(self.calendar, self.seed, symbol, anchor.session.date, open))
            }
        };
        Outlines { lived: lived.into_iter(), made }
    }

    fn chronicle_of(&self, symbol: Symbol) -> Option<&'a Chronicle> {
        let chronicle = self.feed.chronicle.as_ref()?;
        chronicle.symbols().any(|profile| profile.symbol == symbol.as_str()).then_some(chronicle)
    }

    /// The minutes of a day that is told by its outline.
    pub(super) fn minutes(&self, symbol: Symbol, outline: &Outline) -> Vec<Stretch> {
        let lived = self.feed.archive.has_outline(&Contract::Stock(symbol), outline.session.date);
        if let Some(chronicle) = self.chronicle_of(symbol).filter(|_| !lived) {
            let minutes = chronicle.minutes(symbol, &outline.session);
            if !minutes.is_empty() {
                return minutes.iter().map(stretch).collect();
            }
        }
        past::minutes(outline, self.seed, symbol)
    }
}

fn stretch(bar: &MarketBar) -> Stretch {
    let cents = |price: alphatrader_model::Price| price.raw() / 100;
    Stretch {
        open: cents(bar.open),
        high: cents(bar.high),
        low: cents(bar.low),
        close: cents(bar.close),
        volume: bar.volume,
    }
}

/// See [`History::outlines`].
#[derive(Debug)]
pub struct Outlines<'a> {
    lived: std::vec::IntoIter<Outline>,
    made: Made<'a>,
}

#[derive(Debug)]
enum Made<'a> {
    Nothing,
    Walked(Walk<'a>),
    Told(Told<'a>),
}

/// Days that a chronicle tells, some at a time.
#[derive(Debug)]
struct Told<'a> {
    chronicle: &'a Chronicle,
    calendar: &'a Calendar,
    symbol: Symbol,
    /// Days before this one are still to be told.
    before: Date,
    /// Told already, oldest first.
    ahead: Vec<Outline>,
    /// Calendar days that are asked for next.
    reach: i32,
}

impl Iterator for Outlines<'_> {
    type Item = Outline;

    fn next(&mut self) -> Option<Outline> {
        if let Some(outline) = self.lived.next() {
            return Some(outline);
        }
        match &mut self.made {
            Made::Nothing => None,
            Made::Walked(walk) => walk.next(),
            Made::Told(told) => told.next(),
        }
    }
}

impl Told<'_> {
    fn next(&mut self) -> Option<Outline> {
        // A stretch of the calendar as long as those asked for holds a session.
        while self.ahead.is_empty() && self.before > self.chronicle.first_day() {
            let to = self.before.yesterday().ok()?;
            let from = to.checked_sub(jiff::Span::new().days(self.reach)).ok()?;
            let bars = self.chronicle.daily(self.symbol, from, to);
            self.ahead = bars.iter().filter_map(|bar| outline(bar, self.calendar)).collect();
            (self.before, self.reach) = (from, MORE_DAYS);
        }
        self.ahead.pop()
    }
}

fn outline(bar: &MarketBar, calendar: &Calendar) -> Option<Outline> {
    let sum = bar.open.raw() + bar.high.raw() + bar.low.raw() + bar.close.raw();
    Some(Outline {
        session: calendar.session(bar.date)?,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        trades: bar.count,
        notional: i128::from(sum) * i128::from(bar.volume) / 4,
    })
}
