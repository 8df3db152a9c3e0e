//! What is known of the synthetic market beside its events: news, halts, bars of any day. All of it
//! follows from seed and date; nothing is remembered and no event is made.

use alphatrader_model::{Calendar, Price, Session, Span, Symbol, Timestamp};
use jiff::civil::Date;

use super::days::{Days, Part, Shock, number};
use super::flow::Flow;
use super::path::{Mixture, Series, shares};
use super::profile::{PROFILES, Profile, profile};
use crate::day::Shape;
use crate::random::{Random, mix};

/// A news item.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsItem {
    /// When it came out.
    pub time: Timestamp,
    /// Whom it concerns; SPY for what concerns the whole market.
    pub symbol: Symbol,
    /// One line.
    pub headline: String,
    /// A few sentences of plain text.
    pub body: String,
    /// From -1 (bad) to 1 (good).
    pub sentiment: f64,
    /// Whether the price moved on it.
    pub moved: bool,
}

/// A pause in trading, from the moment it begins until the reopening cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halt {
    /// Whose trading pauses.
    pub symbol: Symbol,
    /// When it begins.
    pub from: Timestamp,
    /// When trading goes on; the close ends it too.
    pub until: Timestamp,
    /// A volatility pause (limit up, limit down) rather than one for news.
    pub volatility: bool,
}

/// A halt that the market's maker orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptedHalt {
    /// Whose trading pauses.
    pub symbol: Symbol,
    /// After the open of every day.
    pub after_open: Span,
    /// For how long.
    pub length: Span,
}

/// Prices and volume of a stretch of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarketBar {
    /// When it begins; a day's bar begins at the open.
    pub begin: Timestamp,
    /// The exchange date.
    pub date: Date,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares.
    pub volume: u64,
    /// Prints.
    pub count: u64,
}

/// News, halts and bars of the synthetic market of a seed.
#[derive(Debug, Clone)]
pub struct Chronicle {
    seed: u64,
    calendar: Calendar,
    scripted: Vec<ScriptedHalt>,
}

impl Chronicle {
    /// Most days for which [`Chronicle::daily`] gives bars at once; the latest are given.
    pub const MOST_DAYS: usize = 520;
    /// A shock of this size pauses a single stock: the band of the largest stocks.
    const BAND: f64 = 0.05;
    /// How long a volatility pause lasts.
    const PAUSE: Span = Span::from_minutes(5);

    /// The chronicle of the market that [`super::Universe`] makes of the same seed.
    pub fn new(seed: u64, scripted: Vec<ScriptedHalt>) -> Self {
        Self { seed, calendar: Calendar::xnys(), scripted }
    }

    /// The first day that bars are told of.
    pub fn first_day(&self) -> Date {
        super::days::EPOCH
    }

    /// The symbols of the market.
    pub fn symbols(&self) -> impl Iterator<Item = &'static Profile> {
        PROFILES.iter()
    }

    /// Halts of a session, in order of time.
    pub fn halts(&self, session: &Session) -> Vec<Halt> {
        let mut halts: Vec<Halt> = self
            .scripted
            .iter()
            .map(|halt| {
                let from = session.open + halt.after_open;
                Halt { symbol: halt.symbol, from, until: from + halt.length, volatility: false }
            })
            .collect();
        for (profile, shock) in self.shocks(session.date).filter(|(profile, _)| !profile.fund) {
            if shock.size.abs() >= Self::BAND {
                let from = at(session, shock.at) + Span::from_seconds(45);
                halts.push(Halt {
                    symbol: profile.symbol(),
                    from,
                    until: from + Self::PAUSE,
                    volatility: true,
                });
            }
        }
        halts.retain(|halt| halt.from < session.close && halt.from >= session.open);
        halts.sort_by_key(|halt| (halt.from, halt.symbol));
        halts
    }

    /// What is the symbols' own, and the market's as SPY's: the shocks of a day.
    fn shocks(&self, date: Date) -> impl Iterator<Item = (&'static Profile, Shock)> + '_ {
        PROFILES.iter().enumerate().filter_map(move |(place, profile)| {
            let part = if profile.symbol == "SPY" {
                Part::MARKET
            } else {
                Part::own(place, profile.own, profile.fund)
            };
            part.shock(self.seed, date).map(|shock| (profile, shock))
        })
    }

    /// News of a session's day, from two and a half hours before the open to the close, in order.
    pub fn news(&self, session: &Session) -> Vec<NewsItem> {
        let mut items: Vec<NewsItem> = self
            .shocks(session.date)
            .map(|(profile, shock)| {
                let sentiment = shock.size / (shock.size.abs() + 1.2 * profile.own.max(0.004));
                item(profile, at(session, shock.at), sentiment, true, self.seed)
            })
            .collect();
        let mut random = Random::new(mix(&[self.seed, 31, number(session.date)]));
        let begin = session.open - Span::from_minutes(150);
        let length = session.close.since(begin).nanos() as f64;
        for profile in &PROFILES {
            let count = 1 + random.below(3);
            for _ in 0..count {
                let time = begin + Span::from_nanos((random.unit() * length) as i64);
                let sentiment = (0.28 * random.normal()).clamp(-0.6, 0.6);
                items.push(item(profile, time.floor_to(Span::SECOND), sentiment, false, self.seed));
            }
        }
        items.sort_by_key(|item| (item.time, item.symbol));
        items
    }

    /// Bars of a symbol's minutes on a session's day, latent prices to the cent; nothing for a symbol
    /// that the market does not have.
    pub fn minutes(&self, symbol: Symbol, session: &Session) -> Vec<MarketBar> {
        let Some(profile) = profile(symbol.as_str()) else { return Vec::new() };
        let days = Days::to(self.seed, &self.calendar, session);
        let (series, of) = Series::new(self.seed, days, &[(profile, profile.base)]);
        self.minutes_of(&series, &of[0], profile, session)
    }

    /// Bars of a symbol's days from `from` to `to`, both included, each the sum of its minutes; the
    /// latest [`Chronicle::MOST_DAYS`] of them, none before [`Chronicle::first_day`].
    pub fn daily(&self, symbol: Symbol, from: Date, to: Date) -> Vec<MarketBar> {
        let Some(profile) = profile(symbol.as_str()) else { return Vec::new() };
        let from = from.max(self.first_day());
        if from > to {
            return Vec::new();
        }
        let days = Days::new(self.seed, &self.calendar, from, to);
        let (series, of) = Series::new(self.seed, days, &[(profile, profile.base)]);
        let dates: Vec<Date> =
            series.days.rows().iter().map(|row| row.0).filter(|date| (from..=to).contains(date)).collect();
        let skipped = dates.len().saturating_sub(Self::MOST_DAYS);
        let sessions = dates[skipped..].iter().filter_map(|date| self.calendar.session(*date));
        sessions.filter_map(|session| sum(&self.minutes_of(&series, &of[0], profile, &session))).collect()
    }

    fn minutes_of(
        &self,
        series: &Series,
        of: &Mixture,
        profile: &'static Profile,
        session: &Session,
    ) -> Vec<MarketBar> {
        let mut paths = series.paths(session);
        let levels = paths.minutes(of, session.open);
        let place = shares(profile).len() as u64 + profile.base as u64;
        let mut random = Random::new(mix(&[self.seed, 32, place, number(session.date)]));
        let shape = Shape::new();
        let busy = libm::sqrt(paths.regime().scale()) * libm::exp(0.25 * random.normal());
        let prints =
            23_400.0 * profile.orders * busy * session.close.since(session.open).as_seconds() / 23_400.0;
        (0..levels.len() - 1)
            .map(|minute| {
                let begin = session.open + Span::from_minutes(minute as i64);
                let (first, last) = (levels[minute], levels[minute + 1]);
                // The highest point of a bridge from the one to the other, and the lowest.
                let deviation = paths.minute(of, begin) * first;
                let reach = |random: &mut Random| {
                    let change = last - first;
                    let squares = change * change + 2.0 * deviation * deviation * random.exponential();
                    0.5 * libm::sqrt(squares)
                };
                let middle = 0.5 * (first + last);
                let (high, low) = (middle + reach(&mut random), middle - reach(&mut random));
                let share =
                    shape.volume_until(session, begin + Span::MINUTE) - shape.volume_until(session, begin);
                let count = prints * share * libm::exp(0.3 * random.normal() - 0.045);
                let cents = |level: f64| Price::from_cents((level.round() as i64).max(1));
                let (open, close) = (cents(first), cents(last));
                MarketBar {
                    begin,
                    date: session.date,
                    open,
                    high: cents(high).max(open).max(close),
                    low: cents(low).min(open).min(close),
                    close,
                    volume: (count * profile.size * Flow::MEAN) as u64,
                    count: (count * Flow::PRINTS) as u64,
                }
            })
            .collect()
    }
}

/// One bar of many.
fn sum(bars: &[MarketBar]) -> Option<MarketBar> {
    let (first, last) = (bars.first()?, bars.last()?);
    Some(bars.iter().fold(MarketBar { close: last.close, volume: 0, count: 0, ..*first }, |sum, bar| {
        MarketBar {
            high: sum.high.max(bar.high),
            low: sum.low.min(bar.low),
            volume: sum.volume + bar.volume,
            count: sum.count + bar.count,
            ..sum
        }
    }))
}

/// The time at a part of a session.
fn at(session: &Session, part: f64) -> Timestamp {
    session.open + Span::from_nanos((part * session.close.since(session.open).nanos() as f64) as i64)
}

const GOOD: [&str; 5] = [
    "raises its outlook for the year",
    "beats expectations for the quarter",
    "wins a large contract",
    "is upgraded by a leading broker",
    "announces a larger buyback",
];
const BAD: [&str; 5] = [
    "cuts its outlook for the year",
    "misses expectations for the quarter",
    "faces an inquiry by regulators",
    "is downgraded by a leading broker",
    "delays a product launch",
];
const PLAIN: [&str; 5] = [
    "to present at an industry conference",
    "names a new board member",
    "publishes its annual report",
    "is discussed by analysts before its results",
    "opens a new office",
];
const MARKET_GOOD: [&str; 3] = [
    "Inflation comes in lower than expected",
    "Central bank hints at easier policy",
    "Jobs report beats forecasts",
];
const MARKET_BAD: [&str; 3] = [
    "Inflation comes in higher than expected",
    "Central bank hints at tighter policy",
    "Growth falls short of forecasts",
];

fn item(profile: &'static Profile, time: Timestamp, sentiment: f64, moved: bool, seed: u64) -> NewsItem {
    let mut random = Random::new(mix(&[seed, 33, time.nanos().unsigned_abs(), profile.base as u64]));
    let mut pick = |from: &[&'static str]| from[random.below(from.len() as u64) as usize];
    let headline = if profile.fund && sentiment.abs() > 0.15 {
        pick(if sentiment > 0.0 { &MARKET_GOOD } else { &MARKET_BAD }).to_owned()
    } else {
        let said = match sentiment {
            s if s > 0.15 => pick(&GOOD),
            s if s < -0.15 => pick(&BAD),
            _ => pick(&PLAIN),
        };
        format!("{} {said}", profile.name)
    };
    let body = format!(
        "{headline}. This item belongs to a synthetic market: it was made by a program and says nothing about {}.",
        profile.symbol
    );
    NewsItem { time, symbol: profile.symbol(), headline, body, sentiment, moved }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(date: &str) -> Session {
        Calendar::xnys().session(date.parse().unwrap()).unwrap()
    }

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    #[test]
    fn minutes_and_days_agree_and_days_follow_one_another() {
        let chronicle = Chronicle::new(7, Vec::new());
        let daily =
            chronicle.daily(symbol("AAPL"), "2025-05-01".parse().unwrap(), "2025-06-03".parse().unwrap());
        assert_eq!(daily.len(), 23);
        let minutes = chronicle.minutes(symbol("AAPL"), &session("2025-06-03"));
        assert_eq!(minutes.len(), 390);
        assert_eq!(sum(&minutes), daily.last().copied());
        for bar in daily.iter().chain(&minutes) {
            assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close), "{bar:?}");
            assert!(bar.volume > 0);
        }
        for pair in daily.windows(2) {
            let gap = pair[1].open.to_f64() / pair[0].close.to_f64() - 1.0;
            assert!(gap.abs() < 0.10, "{gap}");
        }
        assert!(
            chronicle
                .daily(symbol("ZZZ"), "2025-05-01".parse().unwrap(), "2025-06-03".parse().unwrap())
                .is_empty()
        );
    }

    #[test]
    fn news_comes_every_day_and_halts_are_rare() {
        let chronicle = Chronicle::new(7, Vec::new());
        let (mut items, mut moved, mut halts, mut days) = (0, 0, 0, 0);
        let mut date: Date = "2025-01-02".parse().unwrap();
        for _ in 0..250 {
            let session = Calendar::xnys().next_session(date);
            date = session.date;
            let news = chronicle.news(&session);
            assert!(news.windows(2).all(|pair| pair[0].time <= pair[1].time));
            assert!(news.iter().all(|item| item.sentiment.abs() <= 1.0 && item.time < session.close));
            items += news.len();
            moved += news.iter().filter(|item| item.moved).count();
            halts += chronicle.halts(&session).len();
            days += 1;
        }
        assert!(items > 13 * days && moved > days / 4, "{items} {moved}");
        assert!((3..days / 4).contains(&halts), "{halts} halts in {days} days");
    }

    #[test]
    fn a_halt_can_be_ordered() {
        let scripted = ScriptedHalt {
            symbol: symbol("TSLA"),
            after_open: Span::from_minutes(10),
            length: Span::from_minutes(5),
        };
        let chronicle = Chronicle::new(7, vec![scripted]);
        let session = session("2025-06-03");
        let halts = chronicle.halts(&session);
        assert!(halts.iter().any(|halt| halt.symbol == symbol("TSLA")
            && halt.from == session.open + Span::from_minutes(10)
            && !halt.volatility));
    }
}
