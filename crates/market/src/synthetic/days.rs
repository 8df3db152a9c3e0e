//! The years, a day at a time: where each day opens and closes, and how volatile it is.
//!
//! Every moving part (the market, the technology sector, what is a symbol's own) walks from an epoch
//! day by day, over nights and sessions, pulled gently back to zero; volatility is a chain of three
//! states that all parts share. A day's levels follow from the seed and the date alone, at the cost of
//! one step a day, and no event of an earlier day is ever made.

use alphatrader_model::calendar::DayKind;
use alphatrader_model::{Calendar, Session};
use jiff::civil::{Date, Weekday};

use crate::random::{Random, mix};

/// The first day of the walk, where every part stands at zero. Earlier days are walked backwards.
pub const EPOCH: Date = jiff::civil::date(2020, 1, 2);

/// How volatile a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Regime {
    /// Six tenths of the usual movement.
    Calm,
    /// The usual movement.
    Normal,
    /// Twice the usual movement.
    Stressed,
}

impl Regime {
    /// Movement relative to the long run's root mean square.
    pub const fn scale(self) -> f64 {
        match self {
            Self::Calm => 0.65,
            Self::Normal => 1.0,
            Self::Stressed => 1.8,
        }
    }

    /// Probability of the calm, normal and stressed state on the next day.
    const fn next(self) -> [f64; 3] {
        match self {
            Self::Calm => [0.93, 0.065, 0.005],
            Self::Normal => [0.10, 0.86, 0.04],
            Self::Stressed => [0.01, 0.14, 0.85],
        }
    }

    fn step(self, random: &mut Random) -> Self {
        let [calm, normal, _] = self.next();
        match random.unit() {
            draw if draw < calm => Self::Calm,
            draw if draw < calm + normal => Self::Normal,
            _ => Self::Stressed,
        }
    }
}

/// A sudden move inside a session, with a story to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shock {
    /// When, as a part of the session.
    pub at: f64,
    /// Change of the log price.
    pub size: f64,
}

/// One moving part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    /// Its number: part of every seed drawn for it.
    pub(super) number: u64,
    /// Deviation of a session's log return in a day of ordinary volatility.
    pub(super) session: f64,
    /// Probability of a shock in a day, and its deviation.
    pub(super) shock: (f64, f64),
}

impl Part {
    /// Deviation of a night relative to that of a session.
    pub(super) const NIGHT: f64 = 0.80;

    /// The market: SPY. Measured on SPY, 2014 to 2019: 0.65 % of five-minute realised deviation.
    pub(super) const MARKET: Self = Self { number: 0, session: 0.0065, shock: (0.06, 0.004) };
    /// The technology sector beside the market.
    pub(super) const TECHNOLOGY: Self = Self { number: 1, session: 0.0036, shock: (0.0, 0.0) };

    /// What is a symbol's own.
    pub(super) const fn own(place: usize, session: f64, fund: bool) -> Self {
        let shock = if fund { (0.0, 0.0) } else { (0.05, 2.2 * session) };
        Self { number: 2 + place as u64, session, shock }
    }

    /// The shock of a day, if it has one.
    pub(super) fn shock(&self, seed: u64, date: Date) -> Option<Shock> {
        let mut random = Random::new(mix(&[seed, 21, self.number, number(date)]));
        if !random.chance(self.shock.0) {
            return None;
        }
        let at = 0.06 + 0.84 * random.unit();
        let sign = if random.chance(0.5) { 1.0 } else { -1.0 };
        Some(Shock { at, size: sign * self.shock.1 * (0.5 + 0.7 * random.exponential()).min(4.0) })
    }
}

/// Where a part stands on a day: logs, relative to its base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    pub(super) open: f64,
    pub(super) close: f64,
}

/// The days of a walk, with their volatility.
#[derive(Debug, Clone)]
pub(super) struct Days {
    seed: u64,
    rows: Vec<(Date, Regime)>,
    /// Place of the first day at or after [`EPOCH`].
    epoch: usize,
}

impl Days {
    /// What is left after a day of the distance from zero.
    const KEEP: f64 = 1.0 - 1.0 / 60.0;
    /// Most days in a walk, about eighty years; days further away stand where the walk ends.
    const MOST: usize = 30_000;

    /// All days from the epoch to `from` and to `to`.
    pub(super) fn new(seed: u64, calendar: &Calendar, from: Date, to: Date) -> Self {
        let is_open = |date: &Date| {
            !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
                && calendar.kind(*date) != DayKind::Closed
        };
        let before = core::iter::successors(EPOCH.yesterday().ok(), |date| date.yesterday().ok());
        let mut dates: Vec<Date> =
            before.take_while(|date| *date >= from).filter(is_open).take(Self::MOST).collect();
        dates.reverse();
        let epoch = dates.len();
        let after = core::iter::successors(Some(EPOCH), |date| date.tomorrow().ok());
        dates.extend(after.take_while(|date| *date <= to.max(EPOCH)).filter(is_open).take(Self::MOST));
        let mut rows: Vec<(Date, Regime)> = dates.into_iter().map(|date| (date, Regime::Normal)).collect();
        let step = |state: Regime, date: Date| state.step(&mut Random::new(mix(&[seed, 22, number(date)])));
        for place in epoch + 1..rows.len() {
            rows[place].1 = step(rows[place - 1].1, rows[place].0);
        }
        for place in (0..epoch).rev() {
            rows[place].1 = step(rows[place + 1].1, rows[place].0);
        }
        Self { seed, rows, epoch }
    }

    /// The walk that reaches one session.
    pub(super) fn to(seed: u64, calendar: &Calendar, session: &Session) -> Self {
        Self::new(seed, calendar, session.date, session.date)
    }

    /// The place of a day; of the last one before it where the exchange was closed.
    pub(super) fn place(&self, date: Date) -> usize {
        self.rows.partition_point(|row| row.0 <= date).saturating_sub(1)
    }

    /// The days, with their volatility.
    pub(super) fn rows(&self) -> &[(Date, Regime)] {
        &self.rows
    }

    /// How volatile a day is.
    pub(super) fn regime(&self, date: Date) -> Regime {
        self.rows.get(self.place(date)).map_or(Regime::Normal, |row| row.1)
    }

    /// A part's level on every day of the walk.
    pub(super) fn levels(&self, part: &Part) -> Vec<Levels> {
        let mut levels = vec![Levels { open: 0.0, close: 0.0 }; self.rows.len()];
        let mut level = 0.0;
        for (place, row) in self.rows.iter().enumerate().skip(self.epoch) {
            let (night, day) = self.moves(part, *row);
            let open = Self::KEEP * level + night;
            level = open + day;
            levels[place] = Levels { open, close: level };
        }
        let mut level = 0.0;
        for place in (0..self.epoch).rev() {
            let (night, day) = self.moves(part, self.rows[place]);
            let close = Self::KEEP * level - night;
            level = close - day;
            levels[place] = Levels { open: level, close };
        }
        levels
    }

    /// A part's moves over the night and over the session of a day, its shock included.
    fn moves(&self, part: &Part, (date, regime): (Date, Regime)) -> (f64, f64) {
        let mut random = Random::new(mix(&[self.seed, 23, part.number, number(date)]));
        let scale = part.session * regime.scale();
        let night = Part::NIGHT * scale * random.normal();
        let day = scale * random.normal();
        (night, day + part.shock(self.seed, date).map_or(0.0, |shock| shock.size))
    }
}

/// A number for each day.
pub(crate) fn number(date: Date) -> u64 {
    u64::from(date.year().unsigned_abs()) * 512 + u64::from(date.day_of_year().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_stands_where_any_walk_finds_it() {
        let calendar = Calendar::xnys();
        let short = Days::new(3, &calendar, date("2025-06-03"), date("2025-06-03"));
        let long = Days::new(3, &calendar, date("2015-01-02"), date("2027-01-04"));
        for part in [Part::MARKET, Part::own(4, 0.01, false)] {
            for day in ["2025-06-02", "2025-06-03", "2020-01-02"] {
                let (a, b) = (short.place(date(day)), long.place(date(day)));
                assert_eq!(short.levels(&part)[a], long.levels(&part)[b], "{day}");
                assert_eq!(short.regime(date(day)), long.regime(date(day)));
            }
        }
        let early = Days::new(3, &calendar, date("2016-02-01"), date("2016-02-01"));
        let (a, b) = (early.place(date("2016-02-01")), long.place(date("2016-02-01")));
        assert_eq!(early.levels(&Part::MARKET)[a], long.levels(&Part::MARKET)[b]);
    }

    #[test]
    fn the_years_move_as_measured_and_come_back() {
        let calendar = Calendar::xnys();
        let (mut squares, mut count, mut furthest) = (0.0, 0.0, 0.0_f64);
        for seed in 0..4 {
            let days = Days::new(seed, &calendar, date("2010-01-04"), date("2030-12-31"));
            let levels = days.levels(&Part::MARKET);
            for pair in levels.windows(2) {
                let change: f64 = pair[1].close - pair[0].close;
                squares += change * change;
                count += 1.0;
                furthest = furthest.max(pair[1].close.abs());
            }
        }
        // Measured on SPY: 0.82 % (2014 to 2019) and 0.93 % (2010 to 2019) from close to close.
        let deviation = libm::sqrt(squares / count);
        assert!((0.0070..0.0100).contains(&deviation), "{deviation}");
        assert!(furthest < 0.30, "{furthest}");
    }

    #[test]
    fn volatility_comes_in_spells() {
        let days = Days::new(1, &Calendar::xnys(), EPOCH, date("2060-01-02"));
        let share = |regime| {
            days.rows().iter().filter(|row| row.1 == regime).count() as f64 / days.rows().len() as f64
        };
        assert!((0.35..0.75).contains(&share(Regime::Calm)), "{}", share(Regime::Calm));
        assert!((0.03..0.25).contains(&share(Regime::Stressed)), "{}", share(Regime::Stressed));
        let same = days.rows().windows(2).filter(|pair| pair[0].1 == pair[1].1).count() as f64;
        assert!(same / days.rows().len() as f64 > 0.85);
    }
}
