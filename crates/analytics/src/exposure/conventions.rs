//! What the numbers rest on: assumptions, and the instant.

use alphatrader_model::calendar::Calendar;
use alphatrader_model::exposure::{Bucket, DealerSign, GreeksSource};
use alphatrader_model::time::{Span, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::options::RateCurve;

/// Assumptions of a chain's exposures. They stand beside the numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conventions {
    /// On which side dealers are assumed to stand.
    pub dealer_sign: DealerSign,
    /// Whose volatilities and Greeks.
    pub greeks: GreeksSource,
    /// Risk-free rate, continuous, a year: where `rates` says nothing.
    pub rate: f64,
    /// The same by tenor.
    #[serde(default)]
    pub rates: Option<RateCurve>,
    /// Dividend yield, continuous, a year: for expiries whose forward the quotes do not tell.
    pub dividend_yield: f64,
    /// Where the forward of an expiry comes from.
    pub forwards: Forwards,
    /// Half the width of the profile as a fraction of spot: 0.10 for ETFs and indices, 0.20 for stocks.
    pub reach: f64,
    /// A quote older than this in the session is stale.
    pub stale_after: Span,
}

/// Where the forward of an expiry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forwards {
    /// Put-call parity at the two strikes nearest the money, where they are quoted; else the dividend yield.
    #[default]
    Parity,
    /// The dividend yield.
    Yield,
}

impl Conventions {
    /// The risk-free rate of a tenor in years.
    pub fn rate_of(&self, years: f64) -> f64 {
        self.rates.as_ref().map_or(self.rate, |rates| rates.rate_for_years(years))
    }
}

impl Default for Conventions {
    fn default() -> Self {
        Self {
            dealer_sign: DealerSign::Naive,
            greeks: GreeksSource::Own,
            rate: 0.04,
            rates: None,
            dividend_yield: 0.0,
            forwards: Forwards::Parity,
            reach: 0.10,
            stale_after: Span::MINUTE,
        }
    }
}

/// The instant at which a chain is valued, and what the calendar says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The instant.
    pub now: Timestamp,
    /// Its date at the exchange.
    pub today: Date,
    /// The date of the next session after today.
    pub next_session: Date,
    /// Whether the session is open.
    pub in_session: bool,
}

impl Moment {
    /// An instant by the exchange's calendar.
    pub fn new(calendar: &Calendar, now: Timestamp) -> Self {
        let today = calendar.date_of(now);
        Self {
            now,
            today,
            next_session: calendar.next_session(today).date,
            in_session: calendar.session(today).is_some_and(|session| session.contains(now)),
        }
    }

    /// The same day, another instant of it: without asking the calendar again. `session` says whether it is open.
    #[must_use]
    pub const fn at(self, now: Timestamp, in_session: bool) -> Self {
        Self { now, in_session, ..self }
    }

    /// Whether an expiry belongs to a range.
    pub fn holds(&self, bucket: Bucket, expiry: Date) -> bool {
        match bucket {
            Bucket::Zero => expiry == self.today,
            Bucket::One => expiry == self.next_session,
            Bucket::Fortnight => {
                expiry >= self.today && self.today.checked_add(FORTNIGHT).is_ok_and(|last| expiry <= last)
            }
            Bucket::All => true,
        }
    }
}

const FORTNIGHT: core::time::Duration = core::time::Duration::from_hours(14 * 24);

/// The ranges of expiries, as [`Bucket`] orders them.
pub const BUCKETS: [Bucket; 4] = [Bucket::Zero, Bucket::One, Bucket::Fortnight, Bucket::All];

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn tomorrow_is_the_next_session() {
        // Friday noon before a weekend: the 1dte expiry is Monday's.
        let calendar = Calendar::xnys();
        let friday = date(2026, 6, 12);
        let moment = Moment::new(&calendar, calendar.instant(friday, 12, 0));
        assert!(moment.in_session);
        assert!(moment.holds(Bucket::Zero, friday));
        assert!(moment.holds(Bucket::One, date(2026, 6, 15)));
        assert!(!moment.holds(Bucket::One, date(2026, 6, 13)));
        assert!(moment.holds(Bucket::Fortnight, date(2026, 6, 26)));
        assert!(!moment.holds(Bucket::Fortnight, date(2026, 6, 27)));
        assert!(!moment.holds(Bucket::Fortnight, date(2026, 6, 11)));
        assert!(moment.holds(Bucket::All, date(2026, 6, 11)));
        assert!(!Moment::new(&calendar, calendar.instant(friday, 16, 0)).in_session);
    }

    #[test]
    fn the_last_day_of_the_calendar_does_not_overflow() {
        let moment = Moment { today: Date::MAX, ..Moment::new(&Calendar::xnys(), Timestamp::default()) };
        assert!(!moment.holds(Bucket::Fortnight, Date::MAX));
    }
}
