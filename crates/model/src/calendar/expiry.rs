//! When options expire, when they trade last, and the instant that settles them, by root.
//!
//! | roots | settle on | exercise |
//! | --- | --- | --- |
//! | funds and stocks | the close of their last day | American, 100 shares |
//! | SPXW, NDXP, RUTW, XSP, MRUT, XEO, and any expiry of SPX, NDX, RUT, DJX that is no monthly one | the close of their last day | European, cash |
//! | OEX | the close of their last day | American, cash |
//! | monthly SPX, NDX, RUT, DJX, XSPAM, and VIX | the **opening** prices of their last day; they trade until the day before | European, cash |
//!
//! An expiry on a day without a session counts as the last session before it: until February 2015
//! monthly options were named by the Saturday after their third Friday. Which roots list daily expiries is
//! the state of 2026.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::{Calendar, DayKind, Session};
use crate::chain::Exercise;
use crate::instrument::Symbol;
use crate::time::Timestamp;

/// What settles an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettledOn {
    /// Opening prices of the last day.
    Open,
    /// Closing prices of the last day.
    Close,
}

/// The end of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiration {
    /// Its last day: the expiry, or the session before one without a session.
    pub day: Date,
    /// What settles it.
    pub settled_on: SettledOn,
    /// The instant whose prices settle it: 09:30, 16:00, or 13:00 on half days. Time to expiry ends here.
    pub settles: Timestamp,
    /// When trading in it ends: a fund's option trades for fifteen minutes after the prices that settle it;
    /// one that settles on opening prices ends the evening before.
    pub last_trade: Timestamp,
}

/// How often options of a root expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// In every session.
    Daily,
    /// On the last session of a week.
    Weekly,
    /// On third Fridays.
    Monthly,
    /// Thirty days before the next month's third Friday: VIX.
    Volatility,
}

const DAILY: [&str; 9] = ["IWM", "NDXP", "QQQ", "RUTW", "SPXW", "SPY", "XSP", "MRUT", "XEO"];
const MORNING: [&str; 6] = ["DJX", "NDX", "RUT", "SPX", "XSPAM", "VIX"];
const INDICES: [&str; 13] =
    ["DJX", "MRUT", "NDX", "NDXP", "OEX", "RUT", "RUTW", "SPX", "SPXW", "VIX", "VIXW", "XEO", "XSP"];

/// Whether options of this root are on an index: cash, no shares.
pub fn is_index(root: Symbol) -> bool {
    INDICES.contains(&root.as_str()) || root.as_str() == "XSPAM"
}

/// The symbol whose price moves options of this root: `SPX` for `SPXW`, else the root.
pub fn underlying(root: Symbol) -> Symbol {
    let of = match root.as_str() {
        "SPXW" | "SPXPM" => "SPX",
        "NDXP" => "NDX",
        "RUTW" => "RUT",
        "VIXW" => "VIX",
        "XSPAM" => "XSP",
        "BRKB" => "BRK.B",
        _ => return root,
    };
    Symbol::new(of).expect("each is a symbol")
}

/// When options of this root may be exercised.
pub fn exercise(root: Symbol) -> Exercise {
    if is_index(root) && root.as_str() != "OEX" { Exercise::European } else { Exercise::American }
}

/// How often options of this root expire.
pub fn cadence(root: Symbol) -> Cadence {
    match root.as_str() {
        name if DAILY.contains(&name) => Cadence::Daily,
        "SPX" | "NDX" | "RUT" | "DJX" | "XSPAM" | "OEX" => Cadence::Monthly,
        "VIX" => Cadence::Volatility,
        _ => Cadence::Weekly,
    }
}

impl Calendar {
    /// The instant that settles options of a root at an expiry: where time to expiry ends.
    pub fn settlement(&self, root: Symbol, expiry: Date) -> Timestamp {
        self.expiration(root, expiry).settles
    }

    /// How options of a root end at an expiry.
    pub fn expiration(&self, root: Symbol, expiry: Date) -> Expiration {
        let session = self.session(expiry).unwrap_or_else(|| self.previous_session(expiry));
        let day = session.date;
        let morning = MORNING.contains(&root.as_str());
        if root.as_str() == "VIXW" || (morning && (root.as_str() == "VIX" || self.is_monthly_expiry(day))) {
            let before = self.previous_session(day);
            return Expiration {
                day,
                settled_on: SettledOn::Open,
                settles: session.open,
                last_trade: before.options_close(root),
            };
        }
        let last_trade = if is_index(root) { session.close } else { session.options_close(root) };
        Expiration { day, settled_on: SettledOn::Close, settles: session.close, last_trade }
    }

    /// When trading in options of a root that expire on `expiry` ends in a session: on their last day as
    /// [`Calendar::expiration`] says, before it 16:15 or the close. Absent after their last trade.
    pub fn options_close(&self, session: &Session, root: Symbol, expiry: Date) -> Option<Timestamp> {
        let last = self.expiration(root, expiry).last_trade;
        let usual = session.options_close(root).min(last);
        (usual > session.open).then_some(usual)
    }

    /// The monthly expiry of a month: the third Friday, or the session before it.
    ///
    /// # Panics
    /// When the month is not 1 to 12.
    pub fn monthly_expiry(&self, year: i16, month: i8) -> Date {
        let friday = third_friday(year, month);
        self.session(friday).unwrap_or_else(|| self.previous_session(friday)).date
    }

    /// Whether a day is the monthly expiry of its month.
    pub fn is_monthly_expiry(&self, day: Date) -> bool {
        (14..=21).contains(&day.day()) && self.monthly_expiry(day.year(), day.month()) == day
    }

    /// Whether a session is the last of its week.
    pub fn ends_week(&self, day: Date) -> bool {
        if self.kind(day) == DayKind::Closed {
            return false;
        }
        let left = 4 - i64::from(day.weekday().to_monday_zero_offset());
        // What cannot be reached lies at the end of time: no session there.
        let rest = (1..=left).filter_map(|n| day.checked_add(jiff::Span::new().days(n)).ok());
        rest.into_iter().all(|day| self.kind(day) == DayKind::Closed)
    }

    /// Whether options with this cadence expire on a day.
    pub fn is_expiry(&self, cadence: Cadence, day: Date) -> bool {
        match cadence {
            Cadence::Daily => self.kind(day) != DayKind::Closed,
            Cadence::Weekly => self.ends_week(day),
            Cadence::Monthly => self.is_monthly_expiry(day),
            Cadence::Volatility => self.volatility_expiry(day.year(), day.month()) == day,
        }
    }

    /// The first expiry on or after a day. Nothing where two years hold none, at the end of the calendar.
    pub fn next_expiry(&self, cadence: Cadence, from: Date) -> Option<Date> {
        Self::steps(from, Date::tomorrow).find(|day| self.is_expiry(cadence, *day))
    }

    /// The last expiry on or before a day. Nothing where two years hold none.
    pub fn previous_expiry(&self, cadence: Cadence, from: Date) -> Option<Date> {
        Self::steps(from, Date::yesterday).find(|day| self.is_expiry(cadence, *day))
    }

    fn steps(from: Date, step: impl Fn(Date) -> Result<Date, jiff::Error>) -> impl Iterator<Item = Date> {
        const SEARCH: usize = 2 * 366;
        core::iter::successors(Some(from), move |day| step(*day).ok()).take(SEARCH)
    }

    /// Thirty days before the third Friday of the month after, or the session before.
    fn volatility_expiry(&self, year: i16, month: i8) -> Date {
        let (year, month) = if month == 12 { (year.saturating_add(1), 1) } else { (year, month + 1) };
        if year > 9_998 {
            return Date::MAX;
        }
        let day = self.monthly_expiry(year, month).saturating_sub(jiff::Span::new().days(30));
        self.session(day).unwrap_or_else(|| self.previous_session(day)).date
    }
}

fn third_friday(year: i16, month: i8) -> Date {
    let first = jiff::civil::date(year, month, 1);
    first.nth_weekday_of_month(3, Weekday::Friday).expect("every month has three Fridays")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn root(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    fn at(calendar: &Calendar, instant: Timestamp) -> String {
        calendar.local(instant).strftime("%F %H:%M").to_string()
    }

    #[test]
    fn third_fridays_without_a_session_move_to_thursday() {
        let calendar = Calendar::xnys();
        for (year, month, day) in [(2025, 4, 17), (2026, 6, 18), (2027, 6, 17), (2030, 4, 18), (2026, 11, 20)]
        {
            assert_eq!(calendar.monthly_expiry(year, month), date(year, month, day));
            assert!(calendar.is_monthly_expiry(date(year, month, day)));
        }
        assert!(!calendar.is_monthly_expiry(date(2026, 6, 19)));
        // Weekly ones move likewise.
        for (friday, moved) in [
            (date(2026, 4, 3), date(2026, 4, 2)),
            (date(2026, 7, 3), date(2026, 7, 2)),
            (date(2026, 12, 25), date(2026, 12, 24)),
            (date(2027, 1, 1), date(2026, 12, 31)),
            (date(2027, 3, 26), date(2027, 3, 25)),
            (date(2027, 12, 24), date(2027, 12, 23)),
        ] {
            assert_eq!(calendar.previous_expiry(Cadence::Weekly, friday), Some(moved));
            assert!(calendar.ends_week(moved) && !calendar.ends_week(friday));
        }
    }

    #[test]
    fn opening_prices_settle_monthly_index_options_and_closing_prices_all_others() {
        let calendar = Calendar::xnys();
        let end = |name: &str, day| {
            let end = calendar.expiration(root(name), day);
            (at(&calendar, end.settles), at(&calendar, end.last_trade))
        };
        let text = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let friday = date(2026, 11, 20);
        assert_eq!(end("SPX", friday), text("2026-11-20 09:30", "2026-11-19 16:15"));
        assert_eq!(end("SPXW", friday), text("2026-11-20 16:00", "2026-11-20 16:00"));
        assert_eq!(end("SPY", friday), text("2026-11-20 16:00", "2026-11-20 16:15"));
        assert_eq!(end("AAPL", friday), text("2026-11-20 16:00", "2026-11-20 16:00"));
        // No monthly expiry: the root's opening prices do not count.
        assert_eq!(end("SPX", date(2026, 11, 30)), text("2026-11-30 16:00", "2026-11-30 16:00"));
        // A half day.
        assert_eq!(end("SPY", date(2026, 11, 27)), text("2026-11-27 13:00", "2026-11-27 13:15"));
        assert_eq!(end("XSP", date(2026, 11, 27)), text("2026-11-27 13:00", "2026-11-27 13:00"));
        // The third Friday is a holiday.
        assert_eq!(end("SPX", date(2026, 6, 18)), text("2026-06-18 09:30", "2026-06-17 16:15"));
        // Named by a Saturday, as until 2015.
        assert_eq!(end("AAPL", date(2014, 6, 21)), text("2014-06-20 16:00", "2014-06-20 16:00"));
        assert_eq!(end("SPX", date(2014, 6, 21)), text("2014-06-20 09:30", "2014-06-19 16:15"));
        assert_eq!(end("VIX", date(2026, 11, 18)), text("2026-11-18 09:30", "2026-11-17 16:15"));
    }

    #[test]
    fn expiring_index_options_stop_at_the_close_while_others_trade_on() {
        let calendar = Calendar::xnys();
        let session = calendar.session(date(2026, 11, 23)).unwrap();
        let stop = |name: &str, expiry| {
            calendar.options_close(&session, root(name), expiry).map(|t| at(&calendar, t))
        };
        let (today, later) = (date(2026, 11, 23), date(2026, 11, 24));
        assert_eq!(stop("SPXW", today).as_deref(), Some("2026-11-23 16:00"));
        assert_eq!(stop("SPXW", later).as_deref(), Some("2026-11-23 16:15"));
        assert_eq!(stop("SPY", today).as_deref(), Some("2026-11-23 16:15"));
        assert_eq!(stop("AAPL", date(2026, 11, 27)).as_deref(), Some("2026-11-23 16:00"));
        assert_eq!(stop("SPY", date(2026, 11, 20)), None);
    }

    #[test]
    fn roots_know_their_underlying_their_exercise_and_their_days() {
        assert_eq!(underlying(root("SPXW")), root("SPX"));
        assert_eq!(underlying(root("SPY")), root("SPY"));
        assert_eq!(exercise(root("SPXW")), Exercise::European);
        assert_eq!(exercise(root("OEX")), Exercise::American);
        assert_eq!(exercise(root("QQQ")), Exercise::American);
        let calendar = Calendar::xnys();
        let next = |name: &str, from| calendar.next_expiry(cadence(root(name)), from);
        let sunday = date(2026, 11, 22);
        assert_eq!(next("SPY", sunday), Some(date(2026, 11, 23)));
        assert_eq!(next("AAPL", sunday), Some(date(2026, 11, 27)));
        assert_eq!(next("SPX", sunday), Some(date(2026, 12, 18)));
        // Published settlement days of VIX.
        for day in
            [date(2025, 1, 22), date(2025, 3, 18), date(2025, 4, 16), date(2025, 5, 21), date(2026, 5, 19)]
        {
            assert_eq!(next("VIX", day), Some(day), "{day}");
        }
        assert_eq!(calendar.next_expiry(Cadence::Monthly, Date::MAX), None);
        let _ = calendar.next_expiry(Cadence::Volatility, Date::MAX);
    }

    proptest! {
        #[test]
        fn expiries_are_sessions_and_neighbours_meet(days in 0_i64..5_800, which in 0_usize..4) {
            let calendar = Calendar::xnys();
            let cadence = [Cadence::Daily, Cadence::Weekly, Cadence::Monthly, Cadence::Volatility][which];
            let from = date(2015, 1, 1) + jiff::Span::new().days(days);
            let next = calendar.next_expiry(cadence, from).unwrap();
            prop_assert!(next >= from && calendar.session(next).is_some());
            prop_assert_eq!(calendar.previous_expiry(cadence, next), Some(next));
            let before = calendar.previous_expiry(cadence, from.yesterday().unwrap());
            prop_assert!(before.is_none_or(|day| day < from && calendar.is_expiry(cadence, day)));
            if cadence == Cadence::Weekly {
                prop_assert!((next - from).get_days() <= 8);
            }
        }

        #[test]
        fn nothing_trades_long_after_it_is_settled(days in 0_i64..5_800, which in 0_usize..6) {
            let calendar = Calendar::xnys();
            let root = root(["SPY", "SPX", "SPXW", "AAPL", "VIX", "NDX"][which]);
            let expiry = date(2015, 1, 1) + jiff::Span::new().days(days);
            let end = calendar.expiration(root, expiry);
            prop_assert!(end.day <= expiry);
            prop_assert_eq!(calendar.date_of(end.settles), end.day);
            let late = end.last_trade.since(end.settles);
            prop_assert!(late <= crate::Span::from_minutes(15));
            prop_assert_eq!(end.settled_on == SettledOn::Open, late < crate::Span::from_nanos(0));
        }
    }
}
