//! Which options of a symbol are listed on a day: expiries out to sixty days, strikes around spot.

use alphatrader_model::calendar::DayKind;
use alphatrader_model::{Calendar, Price, Session};
use jiff::civil::{Date, Weekday};

use crate::synthetic::profile::{Expiries, Profile};

/// The options listed on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainPlan {
    /// Today and every session until the last expiry.
    pub(super) sessions: Vec<Session>,
    /// Places of the expiries in the sessions, ascending.
    pub(super) expiries: Vec<usize>,
    /// Strikes of each expiry, ascending.
    pub(super) strikes: Vec<Vec<Price>>,
    /// Cents that the closest spread is wide.
    pub(super) width: i64,
}

impl ChainPlan {
    /// Days to the last expiry, at most.
    pub const DAYS: i32 = 60;
    /// Sessions that all have an expiry, where every day has one.
    const DAILY: usize = 11;
    /// Days after which only monthly expiries are listed, where every week has one.
    const WEEKLY: i32 = 42;
    /// Strikes on each side of spot of an expiry, at most.
    pub const MOST_STRIKES: usize = 45;
    /// Deviations of the underlying until the expiry that the strikes reach.
    const REACH: f64 = 2.6;

    /// The plan of a day on which the symbol opens near `spot` dollars, with this deviation of a
    /// session.
    pub fn new(
        profile: &Profile,
        calendar: &Calendar,
        today: Session,
        spot: f64,
        session_volatility: f64,
    ) -> Self {
        let mut sessions = vec![today];
        while let Some(last) = sessions.last()
            && let next = calendar.next_session(last.date)
            && days_between(&today, &next) <= Self::DAYS
        {
            sessions.push(next);
        }
        let expiries: Vec<usize> = (0..sessions.len())
            .filter(|place| is_expiry(profile.expiries, &sessions, *place, calendar))
            .collect();
        let step = Price::from_cents(profile.strike_step);
        let strikes = expiries
            .iter()
            .map(|place| {
                let deviation = session_volatility * libm::sqrt(1.4 * (*place as f64 + 1.0));
                strikes(spot, step, (Self::REACH * deviation).max(0.025))
            })
            .collect();
        let width = if profile.fund { 1 } else { 2 + (profile.spread / 2.0) as i64 };
        Self { sessions, expiries, strikes, width }
    }

    /// Contracts listed: a call and a put at each strike of each expiry.
    pub fn contracts(&self) -> usize {
        2 * self.strikes.iter().map(Vec::len).sum::<usize>()
    }
}

fn days_between(from: &Session, to: &Session) -> i32 {
    to.date.since(from.date).map_or(0, |span| span.get_days())
}

/// Whether the session at a place has an expiry. The last session of a week has the week's.
fn is_expiry(rhythm: Expiries, sessions: &[Session], place: usize, calendar: &Calendar) -> bool {
    let session = &sessions[place];
    let next = calendar.next_session(session.date);
    let ends_week = next.date.weekday().to_monday_zero_offset()
        <= session.date.weekday().to_monday_zero_offset()
        || days_between(session, &next) >= 7;
    match rhythm {
        Expiries::Daily => place < ChainPlan::DAILY || ends_week,
        Expiries::Weekly => {
            ends_week
                && (days_between(&sessions[0], session) <= ChainPlan::WEEKLY || is_monthly(session.date))
        }
    }
}

/// Whether a date is a third Friday, or the day before one on which the exchange is closed.
pub(super) fn is_monthly(date: Date) -> bool {
    let friday = match date.weekday() {
        Weekday::Friday => date.day(),
        Weekday::Thursday if Calendar::xnys().kind(date.tomorrow().unwrap_or(date)) == DayKind::Closed => {
            date.day() + 1
        }
        _ => return false,
    };
    (15..=21).contains(&friday)
}

/// Strikes around spot: every step near it, every second and every fifth further out.
fn strikes(spot: f64, step: Price, reach: f64) -> Vec<Price> {
    let raw = step.raw();
    let centre = ((spot * Price::SCALE as f64 / raw as f64).round() as i64).max(1);
    let furthest = ((spot * reach * Price::SCALE as f64 / raw as f64) as i64).max(10);
    let kept = |place: i64| match (place - centre).abs() {
        0..15 => true,
        15..40 => place % 2 == 0,
        _ => place % 5 == 0,
    };
    let side = |sign: i64| {
        let places = (1..=furthest).map(move |away| centre + sign * away);
        places.filter(|place| *place > 0 && kept(*place)).take(ChainPlan::MOST_STRIKES)
    };
    let mut places: Vec<i64> = side(-1).chain([centre]).chain(side(1)).collect();
    places.sort_unstable();
    places.into_iter().map(|place| Price::from_raw(place * raw)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::profile::{PROFILES, profile};

    fn plan(symbol: &str, date: &str) -> ChainPlan {
        let calendar = Calendar::xnys();
        let today = calendar.session(date.parse().unwrap()).unwrap();
        let profile = profile(symbol).unwrap();
        ChainPlan::new(profile, &calendar, today, profile.base, 0.012)
    }

    fn expiries(plan: &ChainPlan) -> Vec<String> {
        plan.expiries.iter().map(|place| plan.sessions[*place].date.to_string()).collect()
    }

    #[test]
    fn funds_expire_daily_then_weekly_and_stocks_weekly_then_monthly() {
        // A Monday. 2026-04-03 is Good Friday: that week's options expire on Thursday.
        let spy = expiries(&plan("SPY", "2026-03-16"));
        assert_eq!(spy[..2], ["2026-03-16", "2026-03-17"]);
        assert!(spy.contains(&"2026-04-02".to_owned()) && !spy.contains(&"2026-04-03".to_owned()));
        assert_eq!(spy.last().unwrap(), "2026-05-15");
        let aapl = expiries(&plan("AAPL", "2026-03-16"));
        assert_eq!(aapl[..3], ["2026-03-20", "2026-03-27", "2026-04-02"]);
        assert_eq!(aapl[5..], ["2026-04-24", "2026-05-15"], "{aapl:?}");
    }

    #[test]
    fn the_number_of_contracts_is_bounded() {
        let mut all = 0;
        for profile in &PROFILES {
            let plan = plan(profile.symbol, "2026-03-16");
            let most = 2 * (2 * ChainPlan::MOST_STRIKES + 1) * plan.expiries.len();
            assert!(plan.contracts() <= most);
            assert!(plan.strikes.iter().all(|strikes| strikes.windows(2).all(|pair| pair[0] < pair[1])));
            assert!(plan.strikes.iter().all(|strikes| strikes.len() >= 21));
            all += plan.contracts();
        }
        assert!((8_000..20_000).contains(&all), "{all} contracts");
    }
}
