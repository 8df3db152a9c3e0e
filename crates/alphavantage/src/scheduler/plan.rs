//! When each subject is due, and the one factor by which all periods are stretched when not everything fits.

use alphatrader_model::{Span, Symbol, Timestamp};
use jiff::civil::Date;

use super::cadence::{self, Phase};
use super::decision::Choice;
use super::subject::{About, Class, Subject};
use super::{Scheduler, Target};
use crate::request::{BULK, Function, Maturity, Request};
use crate::settings::Settings;

/// Whether something that somebody asked for will be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It will.
    Queued,
    /// The same is on its way or waits already.
    Joined,
    /// What is there is young enough.
    Fresh,
    /// Too many wait.
    Full,
}

/// What is followed by these settings.
pub(super) fn subjects(settings: &Settings) -> Vec<Subject> {
    let mut out = Vec::new();
    for symbol in settings.symbols.iter().filter(|_| settings.options) {
        out.push(Subject::Expiry(*symbol, 0));
        // The second expiry is worth its own requests only where every day has one.
        if settings.daily_expiries.contains(symbol) {
            out.push(Subject::Expiry(*symbol, 1));
        }
        out.push(Subject::Chain(*symbol));
    }
    if settings.quotes {
        let hundreds = settings.symbols.len().div_ceil(BULK);
        out.extend((0..hundreds as u8).map(Subject::Quotes));
    }
    if settings.news {
        out.push(Subject::News(None));
        out.extend(settings.symbols.iter().map(|symbol| Subject::News(Some(*symbol))));
    }
    if settings.reference_data {
        out.extend([Subject::MarketStatus, Subject::Movers, Subject::Earnings, Subject::FundsRate]);
        out.extend(Maturity::ALL.map(Subject::Yield));
    }
    out
}

/// FNV-1a of its words: the same in every run, so that a day can be planned again.
fn hash(subject: Subject) -> u64 {
    subject
        .to_string()
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Where in its period a subject's turns lie: they are spread by its name.
fn offset(subject: Subject, period: Span) -> Span {
    Span::from_nanos((hash(subject) % period.nanos().max(1) as u64) as i64)
}

impl Scheduler {
    /// A first look is taken within this time, so that expiries are known soon.
    const FIRST: Span = Span::from_seconds(2);
    /// Days of a chain that are remembered as its expiries.
    const EXPIRIES: usize = 128;

    /// Symbols with an open position or a live signal.
    pub fn set_hot(&mut self, now: Timestamp, symbols: impl IntoIterator<Item = Symbol>) {
        let known = &self.settings.symbols;
        let hot = symbols.into_iter().filter(|symbol| known.contains(symbol)).collect();
        if self.hot != hot {
            self.hot = hot;
            self.advance(now);
            self.replan();
        }
    }

    /// The expiries of a symbol, from its whole chain.
    pub fn learn(&mut self, now: Timestamp, symbol: Symbol, mut expiries: Vec<Date>) {
        expiries.sort_unstable();
        expiries.dedup();
        expiries.truncate(Self::EXPIRIES);
        if self.expiries.get(&symbol) != Some(&expiries) && self.settings.symbols.contains(&symbol) {
            for target in &mut self.targets {
                if matches!(target.subject, Subject::Expiry(of, _) if of == symbol) {
                    target.refused_until = None;
                }
            }
            self.expiries.insert(symbol, expiries);
            self.advance(now);
            self.replan();
        }
    }

    /// News are asked from this instant on.
    pub fn news_from(&mut self, symbol: Option<Symbol>, since: Timestamp) {
        if symbol.is_none_or(|symbol| self.settings.symbols.contains(&symbol)) {
            self.news_since.insert(symbol, since);
        }
    }

    /// Somebody wants a chain, or one expiry of it, now, unless what is there is younger than `ttl`.
    pub fn ask(&mut self, now: Timestamp, symbol: Symbol, expiry: Option<Date>, ttl: Span) -> Asked {
        self.advance(now);
        let wanted = Subject::Once(symbol, expiry);
        let serves = |scheduler: &Self, target: &Target| match target.subject {
            Subject::Chain(of) => of == symbol,
            Subject::Expiry(of, n) => of == symbol && expiry.is_some() && scheduler.expiry(of, n) == expiry,
            subject => subject == wanted,
        };
        let young = |target: &Target| target.last_ok.is_some_and(|at| self.now.since(at) <= ttl);
        if self.targets.iter().any(|target| serves(self, target) && young(target)) {
            return Asked::Fresh;
        }
        let comes = |target: &Target| target.flying || target.subject == wanted;
        if self.targets.iter().any(|target| serves(self, target) && comes(target)) {
            self.journal.note(self.now, Choice::Join { subject: wanted });
            return Asked::Joined;
        }
        let waiting =
            self.targets.iter().filter(|target| matches!(target.subject, Subject::Once(..))).count();
        if waiting >= Self::ASKED {
            return Asked::Full;
        }
        self.targets.push(Target { due: Some(self.now), since: self.now, ..Target::new(wanted) });
        Asked::Queued
    }

    /// The n-th expiry that has not passed.
    pub(super) fn expiry(&self, symbol: Symbol, n: u8) -> Option<Date> {
        let today = self.calendar.date_of(self.now);
        self.expiries.get(&symbol)?.iter().filter(|date| **date >= today).nth(usize::from(n)).copied()
    }

    /// The request for a subject now; nothing where its expiry is not known.
    pub(super) fn request(&self, subject: Subject) -> Option<Request> {
        let format = self.settings.format;
        let realtime =
            |symbol, expiration| Request::RealtimeOptions { symbol, expiration, contract: None, format };
        Some(match subject {
            Subject::Expiry(symbol, n) => realtime(symbol, Some(self.expiry(symbol, n)?)),
            Subject::Chain(symbol) if self.function_of(subject) == Function::HistoricalOptions => {
                Request::HistoricalOptions { symbol, date: None, format }
            }
            Subject::Chain(symbol) => realtime(symbol, None),
            Subject::Once(symbol, expiry) => realtime(symbol, expiry),
            Subject::Quotes(n) => {
                let symbols = self.settings.symbols.chunks(BULK).nth(usize::from(n))?.to_vec();
                Request::RealtimeBulkQuotes { symbols }
            }
            Subject::News(symbol) => {
                Request::NewsSentiment { symbol, since: self.news_since.get(&symbol).copied() }
            }
            Subject::MarketStatus => Request::MarketStatus,
            Subject::Movers => Request::TopGainersLosers,
            Subject::Earnings => Request::EarningsCalendar { symbol: None },
            Subject::Yield(maturity) => Request::TreasuryYield { maturity },
            Subject::FundsRate => Request::FederalFundsRate,
        })
    }

    pub(super) fn stretched(&self, period: Span) -> Span {
        Span::from_nanos((period.nanos() as f64 * self.stretch) as i64)
    }

    /// Requests a minute that may be planned.
    pub(super) fn budget(&self) -> f64 {
        let by_spacing = 60.0 / self.spacing().as_seconds();
        f64::from(self.settings.per_minute).min(by_spacing) * (1.0 - Self::RESERVE)
    }

    fn period(&self, subject: Subject) -> Option<Span> {
        let mut about = About::default();
        if let Some(symbol) = subject.symbol() {
            about.daily = self.settings.daily_expiries.contains(&symbol);
            about.hot = self.hot.contains(&symbol);
        }
        if let Subject::Expiry(symbol, n) = subject {
            let expiry = self.expiry(symbol, n)?;
            about.is_today = expiry == self.calendar.date_of(self.now);
        }
        // Chains of the last session change once a day.
        if self.function_of(subject) == Function::HistoricalOptions {
            return None;
        }
        subject.period(&self.settings.cadence, self.phase, about)
    }

    /// When everything is due from here on. What is due keeps its turn where its period did not change.
    pub(super) fn replan(&mut self) {
        let planned: Vec<Option<Span>> = self.targets.iter().map(|t| self.period(t.subject)).collect();
        self.needed = 0.0;
        for (target, period) in self.targets.iter().zip(&planned) {
            let counts = self.class_of(target.subject) != Class::P5
                && !self.latches.has(self.function_of(target.subject));
            if let Some(period) = period.filter(|_| counts) {
                self.needed += 60.0 / period.as_seconds();
            }
        }
        let stretch = (self.needed / self.budget()).max(1.0);
        if (stretch / self.stretch - 1.0).abs() > 0.01 {
            self.journal.note(self.now, Choice::Stretch { factor: stretch });
            self.stretch = stretch;
        }
        for (place, period) in planned.into_iter().enumerate() {
            let target = &self.targets[place];
            if matches!(target.subject, Subject::Once(..)) {
                continue;
            }
            let changed = target.period != period;
            self.targets[place].period = period;
            match period {
                Some(period) if changed || self.targets[place].due.is_none() => {
                    self.targets[place].due = Some(self.first_due(place, period));
                }
                Some(_) => {}
                None => {
                    self.targets[place].due = self.pull_due(place);
                    if !self.is_pulled(place) {
                        self.targets[place].retry_at = None;
                    }
                }
            }
        }
    }

    /// Whether a subject is asked for at the day's pulls when it has no period.
    fn is_pulled(&self, place: usize) -> bool {
        matches!(self.targets[place].subject, Subject::Chain(_))
            && (self.phase == Phase::Closed || self.latches.has(Function::RealtimeOptions))
            && !self.latches.has(self.function_of(self.targets[place].subject))
    }

    /// When a subject without a period is due.
    pub(super) fn pull_due(&self, place: usize) -> Option<Timestamp> {
        if !self.is_pulled(place) {
            return None;
        }
        let (last, next) = cadence::pulls(&self.calendar, self.now);
        let target = &self.targets[place];
        if target.last_ok.is_some_and(|at| at >= last) {
            return Some(next);
        }
        // A pull that is due keeps its instant.
        Some(target.due.filter(|due| *due > last && *due <= next).unwrap_or(self.now))
    }

    fn first_due(&self, place: usize, period: Span) -> Timestamp {
        let subject = self.targets[place].subject;
        if self.targets[place].last_ok.is_none() {
            return self.now + offset(subject, period.min(Self::FIRST));
        }
        let grid = self.now.floor_to(period) + offset(subject, period);
        if grid >= self.now { grid } else { grid + period }
    }

    /// When the next refresh is due after the one that leaves now. Turns that have passed are skipped.
    pub(super) fn next_due(&mut self, place: usize) -> Option<Timestamp> {
        let target = &self.targets[place];
        let period = self.stretched(target.period?);
        let mut due = target.due.unwrap_or(self.now) + period;
        if due <= self.now {
            let passed = self.now.since(due).nanos() / period.nanos().max(1) + 1;
            due = due + Span::from_nanos(period.nanos().saturating_mul(passed));
            let subject = target.subject;
            let count = u32::try_from(passed).unwrap_or(u32::MAX);
            self.journal.note(self.now, Choice::Skip { subject, count });
        }
        Some(due)
    }
}
