//! Time to expiry.

use alphatrader_model::calendar::{Expiration, SettledOn};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Calendar minutes in the year of option prices: 365 days.
pub const MINUTES_PER_YEAR: f64 = 525_600.0;

/// One minute in years: the shortest time to expiry that is priced, since gamma at the money has no
/// bound as time runs out.
pub const ONE_MINUTE: f64 = 1.0 / MINUTES_PER_YEAR;

/// From the close until which a holder may tell the clearing house to exercise.
const EXERCISE_DEADLINE: Span = Span::from_minutes(90);

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
    /// A holder may still exercise, so a short position may still be assigned: until 90 minutes after the close
    /// (17:30), whatever the settlement prices say. What settles on opening prices ends with them.
    pub exercisable: bool,
}

impl TimeLeft {
    /// Of an option that ends so, at an instant, which is the time of the quote, not that of its reading. The
    /// calendar says how: `Calendar::expiration`.
    pub fn at(now: Timestamp, ends: &Expiration) -> Self {
        let years = years_between(now, ends.settles);
        let deadline = match ends.settled_on {
            SettledOn::Open => ends.settles,
            SettledOn::Close => ends.settles + EXERCISE_DEADLINE,
        };
        Self {
            minutes: (years * MINUTES_PER_YEAR).max(0.0),
            years: if years <= 0.0 { 0.0 } else { years.max(ONE_MINUTE) },
            clamped: years > 0.0 && years < ONE_MINUTE,
            settled: years <= 0.0,
            tradable: now < ends.last_trade,
            exercisable: now < deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::calendar::Calendar;
    use alphatrader_model::instrument::Symbol;
    use jiff::civil::{Date, date};

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

    fn ends(root: &str, day: Date) -> Expiration {
        Calendar::xnys().expiration(Symbol::new(root).unwrap(), day)
    }

    #[test]
    fn the_close_settles_and_trading_may_go_on() {
        let spy = ends("SPY", date(2026, 6, 17));
        let noon = TimeLeft::at(at("2026-06-17T16:00:00Z"), &spy);
        assert!((noon.minutes - 240.0).abs() < 1e-9 && !noon.clamped && !noon.settled, "{noon:?}");
        let late = TimeLeft::at(at("2026-06-17T20:05:00Z"), &spy);
        assert_eq!((late.minutes, late.years), (0.0, 0.0), "after the close T is 0");
        assert!(late.settled && late.tradable && late.exercisable, "a short position can still be assigned");
        let over = TimeLeft::at(at("2026-06-17T20:15:00Z"), &spy);
        assert!(!over.tradable && over.exercisable);
        assert!(!TimeLeft::at(at("2026-06-17T21:30:00Z"), &spy).exercisable);
        assert!(!TimeLeft::at(at("2026-06-17T20:00:00Z"), &ends("AAPL", date(2026, 6, 17))).tradable);
    }

    #[test]
    fn the_last_minute_counts_as_one() {
        let spy = ends("SPY", date(2026, 6, 17));
        let left = TimeLeft::at(at("2026-06-17T19:59:30Z"), &spy);
        assert!(left.clamped && left.years == ONE_MINUTE && (left.minutes - 0.5).abs() < 1e-9, "{left:?}");
        assert!(!TimeLeft::at(at("2026-06-17T19:59:00Z"), &spy).clamped, "a whole minute is one");
    }

    #[test]
    fn monthly_index_options_settle_at_the_open_after_their_last_session() {
        let spx = ends("SPX", date(2026, 1, 16));
        let evening = TimeLeft::at(at("2026-01-15T22:00:00Z"), &spx);
        assert!(
            !evening.tradable && !evening.settled && (evening.minutes - 990.0).abs() < 1e-9,
            "{evening:?}"
        );
        let open = TimeLeft::at(at("2026-01-16T14:30:00Z"), &spx);
        assert!(open.settled && !open.exercisable);
        let weekly = TimeLeft::at(at("2026-01-16T14:30:00Z"), &ends("SPXW", date(2026, 1, 16)));
        assert!((weekly.minutes - 390.0).abs() < 1e-9 && weekly.tradable);
    }

    #[test]
    fn half_days_end_at_one_and_saturdays_on_friday() {
        let minutes = |text, root, day| TimeLeft::at(at(text), &ends(root, day)).minutes;
        assert!((minutes("2026-11-27T17:00:00Z", "SPY", date(2026, 11, 27)) - 60.0).abs() < 1e-9);
        assert!((minutes("2013-10-18T19:00:00Z", "SPY", date(2013, 10, 19)) - 60.0).abs() < 1e-9);
        assert!(
            (minutes("2015-04-02T19:00:00Z", "AAPL", date(2015, 4, 3)) - 60.0).abs() < 1e-9,
            "Good Friday"
        );
    }
}
