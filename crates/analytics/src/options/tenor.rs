//! Time to expiry.

use alphatrader_model::calendar::Calendar;
use alphatrader_model::time::{Span, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Calendar minutes in the year of option prices: 365 days.
pub const MINUTES_PER_YEAR: f64 = 525_600.0;

/// One minute in years: the shortest time to expiry that is priced, since gamma at the money has no
/// bound as time runs out.
pub const ONE_MINUTE: f64 = 1.0 / MINUTES_PER_YEAR;

/// Nanoseconds in the same year.
const NANOS_PER_YEAR: f64 = MINUTES_PER_YEAR * 60e9;

/// Years from `now` to the instant that settles the option, by the calendar clock; negative after it.
///
/// The instant of options on ETFs and of PM-settled index options is the close of the expiry day's
/// session (16:00, 13:00 on half days in New York), even where trading goes on for a quarter of an hour.
pub fn years_between(now: Timestamp, settlement: Timestamp) -> f64 {
    // Both instants are i64 nanoseconds, their difference may need one bit more.
    let nanos = i128::from(settlement.nanos()) - i128::from(now.nanos());
    nanos as f64 / NANOS_PER_YEAR
}

/// On which prices of its last day an option settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// At the close: 16:00 in New York, 13:00 on half days. Stocks, ETFs, weekly and daily index options.
    Close,
    /// At the opening prices, 09:30: monthly SPX options, which last trade in the session before.
    Open,
}

/// Until when an option can be traded on its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastTrading {
    /// Until the close of the session.
    #[default]
    Close,
    /// For a quarter of an hour more: options on SPY, QQQ, IWM and the like, 16:15.
    QuarterPast,
}

/// When an option ends: three instants of its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryTimes {
    /// Whose prices settle it. From here on T = 0.
    pub settles: Timestamp,
    /// Last instant of trading, the quarter of an hour after the close included.
    pub trades_until: Timestamp,
    /// Until here a holder may exercise whatever the settlement price says: 90 minutes after the close. Until then a
    /// short position carries the risk of assignment.
    pub exercisable_until: Timestamp,
}

impl ExpiryTimes {
    /// Of an option that expires on `expiry`; where the exchange is closed on that day, on the session before it (the
    /// Saturdays of old monthly options, Good Fridays).
    pub fn of(calendar: &Calendar, expiry: Date, settlement: Settlement, last: LastTrading) -> Self {
        let session = calendar.session(expiry).unwrap_or_else(|| calendar.previous_session(expiry));
        let close = session.close;
        match settlement {
            Settlement::Close => Self {
                settles: close,
                trades_until: match last {
                    LastTrading::Close => close,
                    LastTrading::QuarterPast => close + Span::from_minutes(15),
                },
                exercisable_until: close + Span::from_minutes(90),
            },
            Settlement::Open => Self {
                settles: session.open,
                trades_until: calendar.previous_session(session.date).close,
                exercisable_until: session.open,
            },
        }
    }

    /// What is left at an instant, which is the time of the quote, not that of its reading.
    pub fn left(&self, now: Timestamp) -> TimeLeft {
        let years = years_between(now, self.settles);
        TimeLeft {
            minutes: (years * MINUTES_PER_YEAR).max(0.0),
            years: if years <= 0.0 { 0.0 } else { years.max(ONE_MINUTE) },
            clamped: years > 0.0 && years < ONE_MINUTE,
            settled: years <= 0.0,
            tradable: now < self.trades_until,
            exercisable: now < self.exercisable_until,
        }
    }
}

/// What is left of an option's life.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeLeft {
    /// Calendar minutes to settlement, at least 0.
    pub minutes: f64,
    /// Years to price with: 0 when settled, else at least a minute.
    pub years: f64,
    /// Less than a minute was left and counts as one.
    pub clamped: bool,
    /// The settlement prices are made: only intrinsic value is left.
    pub settled: bool,
    /// It can still be traded, if only after settlement.
    pub tradable: bool,
    /// A holder may still exercise, so a short position may still be assigned.
    pub exercisable: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_year_has_365_days_of_minutes() {
        let now = Timestamp::from_seconds(1_381_152_600);
        assert_eq!(years_between(now, now + Span::from_minutes(525_600)), 1.0);
        assert!((years_between(now, now + Span::from_minutes(30)) - 5.707_762_557_077_626e-5).abs() < 1e-19);
        assert_eq!(years_between(now, now + Span::MINUTE), ONE_MINUTE);
        assert!(years_between(now + Span::SECOND, now) < 0.0);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let (first, last) = (Timestamp::from_nanos(i64::MIN), Timestamp::from_nanos(i64::MAX));
        assert!((years_between(first, last) - 584.9).abs() < 0.1);
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn times(day: Date, settlement: Settlement, last: LastTrading) -> ExpiryTimes {
        ExpiryTimes::of(&Calendar::xnys(), day, settlement, last)
    }

    #[test]
    fn the_close_settles_and_trading_may_go_on() {
        let spy = times(date(2026, 6, 17), Settlement::Close, LastTrading::QuarterPast);
        assert_eq!(spy.settles, at("2026-06-17T20:00:00Z"));
        assert_eq!(spy.trades_until, at("2026-06-17T20:15:00Z"));
        assert_eq!(spy.exercisable_until, at("2026-06-17T21:30:00Z"));
        let noon = spy.left(at("2026-06-17T16:00:00Z"));
        assert!((noon.minutes - 240.0).abs() < 1e-9 && !noon.clamped && !noon.settled, "{noon:?}");
        let late = spy.left(at("2026-06-17T20:05:00Z"));
        assert_eq!((late.minutes, late.years), (0.0, 0.0), "after the close T is 0");
        assert!(late.settled && late.tradable && late.exercisable, "a short position can still be assigned");
        let over = spy.left(at("2026-06-17T20:15:00Z"));
        assert!(!over.tradable && over.exercisable);
        assert!(!spy.left(at("2026-06-17T21:30:00Z")).exercisable);
        let stock = times(date(2026, 6, 17), Settlement::Close, LastTrading::Close);
        assert_eq!(stock.trades_until, stock.settles);
    }

    #[test]
    fn the_last_minute_counts_as_one() {
        let spy = times(date(2026, 6, 17), Settlement::Close, LastTrading::QuarterPast);
        let left = spy.left(at("2026-06-17T19:59:30Z"));
        assert!(left.clamped && left.years == ONE_MINUTE && (left.minutes - 0.5).abs() < 1e-9, "{left:?}");
        assert!(!spy.left(at("2026-06-17T19:59:00Z")).clamped, "a whole minute is one");
    }

    #[test]
    fn monthly_index_options_settle_at_the_open_after_their_last_session() {
        let spx = times(date(2026, 6, 19), Settlement::Open, LastTrading::Close);
        // Juneteenth, a Friday: the day before it counts.
        assert_eq!(spx.settles, at("2026-06-18T13:30:00Z"));
        assert_eq!(spx.trades_until, at("2026-06-17T20:00:00Z"));
        let winter = times(date(2026, 1, 16), Settlement::Open, LastTrading::Close);
        assert_eq!(winter.settles, at("2026-01-16T14:30:00Z"));
        let evening = winter.left(at("2026-01-15T22:00:00Z"));
        assert!(!evening.tradable && !evening.settled && (evening.minutes - 990.0).abs() < 1e-9);
    }

    #[test]
    fn half_days_end_at_one_and_saturdays_on_friday() {
        let half = times(date(2026, 11, 27), Settlement::Close, LastTrading::QuarterPast);
        assert_eq!(
            (half.settles, half.trades_until),
            (at("2026-11-27T18:00:00Z"), at("2026-11-27T18:15:00Z"))
        );
        let saturday = times(date(2013, 10, 19), Settlement::Close, LastTrading::Close);
        assert_eq!(saturday.settles, at("2013-10-18T20:00:00Z"));
        let good_friday = times(date(2015, 4, 3), Settlement::Close, LastTrading::Close);
        assert_eq!(good_friday.settles, at("2015-04-02T20:00:00Z"));
    }
}
