//! Of whom a chain is wanted, and at which instant.

use alphatrader_model::{Calendar, Symbol, Timestamp};
use jiff::civil::{Date, Time};

/// Of whom a chain is wanted, and at which instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    /// The underlying, or a root of its options (`SPXW`): then that root alone.
    pub symbol: Option<Symbol>,
    /// The exchange date, where the source has several; of a table that states its instant, the date instead.
    pub date: Option<Date>,
    /// New York time. Of a day of quotes, the instant to look at it; of a table that states its instant, the
    /// time instead.
    pub at: Option<Time>,
}

impl Ask {
    /// The instant that counts for a table that states its own, or states none.
    pub(crate) fn instead_of(&self, stated: Option<Timestamp>, calendar: &Calendar) -> Option<Timestamp> {
        let stated_date = stated.map(|at| calendar.date_of(at));
        match (self.date.or(stated_date), self.at) {
            (Some(date), Some(time)) => Some(instant(calendar, date, time)),
            (Some(date), None) if Some(date) != stated_date => {
                calendar.session(date).map(|session| session.close)
            }
            _ => stated,
        }
    }

    /// The instant within a day: the time that was asked for, else the session's close, else 16:00.
    pub fn within(&self, date: Date, calendar: &Calendar) -> Timestamp {
        let close = || calendar.session(date).map(|session| session.close);
        match self.at {
            Some(time) => instant(calendar, date, time),
            None => close().unwrap_or_else(|| calendar.instant(date, 16, 0)),
        }
    }
}

/// A time on the exchange's wall clock.
fn instant(calendar: &Calendar, date: Date, time: Time) -> Timestamp {
    let seconds = i64::from(time.second());
    calendar.instant(date, time.hour(), time.minute()) + alphatrader_model::Span::from_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn a_stated_instant_counts_unless_another_is_asked_for() {
        let calendar = Calendar::xnys();
        let stated = Some(calendar.instant(date(2023, 9, 14), 16, 31));
        let ask = |date, at| Ask { symbol: None, date, at };
        let local = |ask: Ask, stated| ask.instead_of(stated, &calendar).map(|at| calendar.local(at));
        assert_eq!(local(ask(None, None), stated), Some(date(2023, 9, 14).at(16, 31, 0, 0)));
        let at = Some(time(15, 59, 30, 0));
        assert_eq!(local(ask(None, at), stated), Some(date(2023, 9, 14).at(15, 59, 30, 0)));
        assert_eq!(
            local(ask(Some(date(2023, 9, 14)), None), stated),
            Some(date(2023, 9, 14).at(16, 31, 0, 0))
        );
        assert_eq!(
            local(ask(Some(date(2015, 12, 24)), None), None),
            Some(date(2015, 12, 24).at(13, 0, 0, 0))
        );
        assert_eq!(local(ask(None, at), None), None, "a time without a date is no instant");
    }

    #[test]
    fn a_day_is_looked_at_when_it_closes() {
        let calendar = Calendar::xnys();
        let local = |ask: Ask, date| calendar.local(ask.within(date, &calendar));
        assert_eq!(local(Ask::default(), date(2015, 12, 24)), date(2015, 12, 24).at(13, 0, 0, 0));
        assert_eq!(local(Ask::default(), date(2015, 12, 25)), date(2015, 12, 25).at(16, 0, 0, 0));
        let eleven = Ask { at: Some(time(11, 0, 0, 0)), ..Ask::default() };
        assert_eq!(local(eleven, date(2015, 12, 24)), date(2015, 12, 24).at(11, 0, 0, 0));
    }
}
