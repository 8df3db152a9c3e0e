//! Time to expiry.

use alphatrader_model::time::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::time::Span;

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
}
