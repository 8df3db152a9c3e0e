//! The days before the first that the gateway lived: made from the seed, joined to the first price.
//!
//! A day's move is a function of seed, symbol and date alone; the walk goes back from the first price
//! that was seen, so a day always has the same returns, and closes where the next one comes from. The
//! course inside a day is made to fit its four prices: minutes first, then seconds inside a minute, so
//! that bars of all lengths agree.

use alphatrader_market::day::Shape;
use alphatrader_market::random::{Random, mix};
use alphatrader_market::synthetic::profile::{Profile, profile};
use alphatrader_model::{Calendar, Price, Session, Span, Symbol, Timestamp};
use jiff::civil::Date;

use super::archive::Outline;

/// Nothing is told of days before this one.
pub const HEAD: Date = jiff::civil::date(2010, 1, 4);

/// Deviation of a night's and of a session's log return, of a large ETF.
const NIGHT: f64 = 0.0035;
const SESSION: f64 = 0.0065;
/// Mean log return of a session.
const DRIFT: f64 = 0.0002;
/// Deviation of how far the extremes lie outside open and close.
const WICK: f64 = 0.0026;
/// Shares of a print, mean.
const PRINT: u64 = 300;

/// A stretch of a day: four prices in cents, shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// First price, cents.
    pub open: i64,
    /// Highest price, cents.
    pub high: i64,
    /// Lowest price, cents.
    pub low: i64,
    /// Last price, cents.
    pub close: i64,
    /// Shares or contracts.
    pub volume: u64,
}

/// How a symbol moves and trades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// Movement relative to a large ETF's.
    pub movement: f64,
    /// Shares of an ordinary day.
    pub volume: f64,
}

/// Shares of an ordinary day by what the synthetic market knows of a symbol.
fn usual(profile: &Profile) -> f64 {
    23_400.0 * profile.orders * profile.size * 1.65
}

/// The habits of a symbol: as the synthetic market has it, else known of the large ETFs, those of a
/// large stock for others.
pub fn habit(symbol: Symbol) -> Habit {
    if let Some(profile) = profile(symbol.as_str()) {
        return Habit { movement: if profile.fund { 1.2 } else { 2.0 }, volume: usual(profile) };
    }
    match symbol.as_str() {
        "DIA" => Habit { movement: 1.0, volume: 4e6 },
        _ => Habit { movement: 2.0, volume: 25e6 },
    }
}

/// A number for each symbol, the same in every run.
pub fn number(symbol: Symbol) -> u64 {
    symbol.as_str().bytes().fold(7, |number, byte| number * 131 + u64::from(byte))
}

fn day_number(date: Date) -> u64 {
    u64::from(date.year().unsigned_abs()) * 512 + u64::from(date.day_of_year().unsigned_abs())
}

/// Days back from a price, newest first, until [`HEAD`].
#[derive(Debug)]
pub struct Walk<'a> {
    calendar: &'a Calendar,
    seed: u64,
    symbol: Symbol,
    habit: Habit,
    /// The day after the next one told.
    after: Date,
    /// Its opening price, dollars.
    open: f64,
}

impl<'a> Walk<'a> {
    /// From the opening price of the day `first`, dollars.
    pub fn new(calendar: &'a Calendar, seed: u64, symbol: Symbol, first: Date, open: f64) -> Self {
        Self { calendar, seed, symbol, habit: habit(symbol), after: first, open }
    }
}

impl Iterator for Walk<'_> {
    type Item = Outline;

    fn next(&mut self) -> Option<Outline> {
        let session = self.calendar.previous_session(self.after);
        if session.date < HEAD {
            return None;
        }
        self.after = session.date;
        let mut random =
            Random::new(mix(&[self.seed, number(self.symbol), day_number(session.date), 0x7061_7374]));
        let movement = self.habit.movement;
        let close = self.open * (-NIGHT * movement * random.normal()).exp();
        let open = close * (-(SESSION * movement * random.normal() + DRIFT)).exp();
        let high = open.max(close) * (WICK * movement * random.normal().abs()).exp();
        let low = open.min(close) * (-WICK * movement * random.normal().abs()).exp();
        // A price that rounds to nothing stays a cent.
        let cents = |dollars: f64| ((dollars * 100.0).round() as i64).max(1);
        let shares = self.habit.volume * (0.25 * random.normal()).exp();
        let volume = (shares as u64).max(100);
        self.open = open;
        let (open, high, low, close) = (cents(open), cents(high), cents(low), cents(close));
        let notional = i128::from(open + high + low + close) * 25 * i128::from(volume);
        Some(Outline {
            session,
            open: Price::from_cents(open),
            high: Price::from_cents(high),
            low: Price::from_cents(low),
            close: Price::from_cents(close),
            volume,
            trades: volume / PRINT + 1,
            notional,
        })
    }
}

/// The minutes of a day that fit its outline: the first opens at its open, the last closes at its
/// close, the highest and lowest touch its extremes, volumes add up to its volume.
pub fn minutes(outline: &Outline, seed: u64, symbol: Symbol) -> Vec<Stretch> {
    let session = &outline.session;
    let count = usize::try_from(session.close.since(session.open).nanos() / Span::MINUTE.nanos())
        .unwrap_or_default()
        .max(1);
    let mut random = Random::new(mix(&[seed, number(symbol), day_number(session.date), 0x6d69_6e73]));
    let cents = |price: Price| price.raw() / 100;
    let (high, low) = (cents(outline.high), cents(outline.low));
    let deviations = deviations(session, count, habit(symbol).movement);
    let path = path(outline, &deviations, &mut random);
    let mut minutes: Vec<Stretch> = path
        .windows(2)
        .zip(&deviations)
        .map(|(ends, deviation)| {
            let mut wick = || (0.4 * deviation * random.normal().abs() * ends[0] as f64) as i64;
            Stretch {
                open: ends[0],
                high: (ends[0].max(ends[1]) + wick()).min(high),
                low: (ends[0].min(ends[1]) - wick()).max(low),
                close: ends[1],
                volume: 0,
            }
        })
        .collect();
    if let Some(top) = minutes.iter_mut().max_by_key(|minute| minute.high) {
        top.high = high;
    }
    if let Some(bottom) = minutes.iter_mut().min_by_key(|minute| minute.low) {
        bottom.low = low;
    }
    let shape = Shape::new();
    let at = |minute: usize| session.open + Span::from_minutes(minute as i64);
    let weights: Vec<f64> = (0..count)
        .map(|minute| {
            let share = shape.volume_until(session, at(minute + 1)) - shape.volume_until(session, at(minute));
            share * (0.35 * random.normal()).exp()
        })
        .collect();
    for (minute, volume) in minutes.iter_mut().zip(split(outline.volume, &weights)) {
        minute.volume = volume;
    }
    minutes
}

fn deviations(session: &Session, count: usize, movement: f64) -> Vec<f64> {
    let shape = Shape::new();
    let at = |minute: usize| session.open + Span::from_minutes(minute as i64);
    (0..count)
        .map(|minute| {
            let share =
                shape.variance_until(session, at(minute + 1)) - shape.variance_until(session, at(minute));
            SESSION * movement * share.max(0.0).sqrt()
        })
        .collect()
}

/// A walk from open to close whose excursions are stretched to the extremes, in cents.
fn path(outline: &Outline, deviations: &[f64], random: &mut Random) -> Vec<i64> {
    let (open, close) = (outline.open.to_f64(), outline.close.to_f64());
    let mut walked = Vec::with_capacity(deviations.len() + 1);
    walked.push(0.0);
    let mut value = 0.0;
    for deviation in deviations {
        value += deviation * random.normal();
        walked.push(value);
    }
    let missing = (close / open).ln() - value;
    let count = deviations.len() as f64;
    let raw: Vec<f64> = walked
        .iter()
        .enumerate()
        .map(|(place, walked)| open * (walked + missing * place as f64 / count).exp())
        .collect();
    let (top, bottom) = (open.max(close), open.min(close));
    let most = raw.iter().copied().fold(top, f64::max);
    let least = raw.iter().copied().fold(bottom, f64::min);
    let (high, low) = (outline.high.to_f64(), outline.low.to_f64());
    let (above, below) = (room(high - top, most - top), room(bottom - low, bottom - least));
    let limits = (outline.low.raw() / 100, outline.high.raw() / 100);
    let last = raw.len() - 1;
    raw.iter()
        .enumerate()
        .map(|(place, price)| {
            let price = if *price > top {
                top + (price - top) * above
            } else if *price < bottom {
                bottom - (bottom - price) * below
            } else {
                *price
            };
            match place {
                0 => outline.open.raw() / 100,
                place if place == last => outline.close.raw() / 100,
                _ => ((price * 100.0).round() as i64).clamp(limits.0, limits.1),
            }
        })
        .collect()
}

fn room(wanted: f64, used: f64) -> f64 {
    if used > 0.0 { (wanted / used).max(0.0) } else { 0.0 }
}

/// Whole parts of `total` in proportion to the weights.
fn split(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let (mut before, mut cumulated) = (0, 0.0);
    let last = weights.len().saturating_sub(1);
    weights
        .iter()
        .enumerate()
        .map(|(place, weight)| {
            cumulated += weight;
            let until = (total as f64 * cumulated / sum).round() as u64;
            let until = if place == last { total } else { until.clamp(before, total) };
            let part = until - before;
            before = until;
            part
        })
        .collect()
}

/// The sixty seconds of a minute that began at `begin`: they fit its four prices and its volume.
pub fn seconds(minute: &Stretch, begin: Timestamp, seed: u64, symbol: Symbol) -> [Stretch; 60] {
    let mut random = Random::new(mix(&[seed, number(symbol), begin.seconds().unsigned_abs(), 0x7365_6373]));
    let first = 1 + random.below(28);
    let second = first + 1 + random.below(58 - first);
    let low_first = random.chance(if minute.close > minute.open { 0.75 } else { 0.25 });
    let turns = if low_first { (minute.low, minute.high) } else { (minute.high, minute.low) };
    let points = [
        (0.0, minute.open as f64),
        (first as f64 + 0.5, turns.0 as f64),
        (second as f64 + 0.5, turns.1 as f64),
        (60.0, minute.close as f64),
    ];
    let mut values = [0_i64; 61];
    for (place, value) in values.iter_mut().enumerate() {
        let time = place as f64;
        let leg = points.windows(2).find(|leg| time <= leg[1].0).expect("the last point is the end");
        let (from, to) = (leg[0], leg[1]);
        let between = from.1 + (to.1 - from.1) * (time - from.0) / (to.0 - from.0);
        let noise = random.below(3) as i64 - 1;
        *value = (between.round() as i64 + noise).clamp(minute.low, minute.high);
    }
    (values[0], values[60]) = (minute.open, minute.close);
    let weights: [f64; 60] = core::array::from_fn(|_| 0.05 + random.exponential());
    let volumes = split(minute.volume, &weights);
    core::array::from_fn(|place| {
        let (open, close) = (values[place], values[place + 1]);
        let mut stretch = Stretch {
            open,
            high: open.max(close),
            low: open.min(close),
            close,
            volume: volumes.get(place).copied().unwrap_or_default(),
        };
        for (turn, price) in [(first, turns.0), (second, turns.1)] {
            if place as u64 == turn {
                stretch.high = stretch.high.max(price);
                stretch.low = stretch.low.min(price);
            }
        }
        stretch
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(calendar: &Calendar, seed: u64) -> Walk<'_> {
        let symbol = Symbol::new("SPY").unwrap();
        Walk::new(calendar, seed, symbol, jiff::civil::date(2026, 3, 16), 600.0)
    }

    fn whole(parts: &[Stretch]) -> Stretch {
        parts[1..].iter().fold(parts[0], |whole, part| Stretch {
            open: whole.open,
            high: whole.high.max(part.high),
            low: whole.low.min(part.low),
            close: part.close,
            volume: whole.volume + part.volume,
        })
    }

    #[test]
    fn years_of_days_end_where_the_first_price_is() {
        let calendar = Calendar::xnys();
        let days: Vec<Outline> = walk(&calendar, 7).collect();
        assert!((4_050..4_090).contains(&days.len()), "{}", days.len());
        assert_eq!(days.last().unwrap().session.date, HEAD);
        assert!((days[0].close.to_f64() / 600.0 - 1.0).abs() < 0.02);
        for pair in days.windows(2) {
            let night = pair[0].open.to_f64() / pair[1].close.to_f64() - 1.0;
            assert!(night.abs() < 0.03, "{:?}", pair[0]);
        }
        assert!(
            days.iter().all(|day| day.low <= day.open.min(day.close) && day.high >= day.open.max(day.close))
        );
        assert_eq!(days, walk(&calendar, 7).collect::<Vec<_>>());
        assert_ne!(days[1].close, walk(&calendar, 8).nth(1).unwrap().close);
    }

    proptest! {
        #[test]
        fn minutes_fit_their_day_and_seconds_their_minute(seed in 0_u64..5_000, back in 0_usize..400) {
            let calendar = Calendar::xnys();
            let symbol = Symbol::new("SPY").unwrap();
            let day = walk(&calendar, seed).nth(back).unwrap();
            let minutes = minutes(&day, seed, symbol);
            prop_assert_eq!(minutes.len(), if day.session.is_half_day() { 210 } else { 390 });
            let cents = |price: Price| price.raw() / 100;
            prop_assert_eq!(whole(&minutes), Stretch {
                open: cents(day.open),
                high: cents(day.high),
                low: cents(day.low),
                close: cents(day.close),
                volume: day.volume,
            });
            for (place, minute) in minutes.iter().enumerate().step_by(37) {
                prop_assert!(minute.low <= minute.open.min(minute.close));
                prop_assert!(minute.high >= minute.open.max(minute.close));
                let begin = day.session.open + Span::from_minutes(place as i64);
                prop_assert_eq!(whole(&seconds(minute, begin, seed, symbol)), *minute);
            }
        }
    }
}
