//! When early exercise pays, and when a writer is likely to be assigned.
//!
//! A call is exercised on the day before a dividend, if the dividend is worth more than what exercise gives up: the put
//! of the same strike, which is all time value, and the interest on the strike until expiry, `K (1 - e^(-rT))`. A put is
//! exercised once that interest is worth more than the call of the same strike and the dividends that its shares
//! would still have brought. What the holder of a long option should do, a writer has to expect.

use core::fmt;

use alphatrader_model::calendar::Calendar;
use alphatrader_model::instrument::{OptionContract, Right};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Sessions before an ex-dividend date from which a short call is watched.
const WATCHED_SESSIONS: usize = 3;

/// A held American option, and what its market says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOption {
    /// The option.
    pub contract: OptionContract,
    /// Contracts held, negative when written.
    pub contracts: i64,
    /// Price of the underlying, dollars.
    pub spot: f64,
    /// Time to expiry, years.
    pub years: f64,
    /// Continuous rate of that tenor, a year.
    pub rate: f64,
    /// Price of the option of the same strike and expiry with the other right, dollars; absent when it has none.
    pub other_right: Option<f64>,
    /// The next dividend before expiry: first day without it, and dollars a share.
    pub dividend: Option<(Date, f64)>,
}

/// What an alert says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A long option: exercise it before the session ends.
    ExerciseNow,
    /// A short option: assignment is likely tonight.
    AssignmentLikely,
    /// A short call whose dividend comes within three sessions: assignment is likely on its eve.
    AssignmentAhead,
    /// It would be due, but the option of the other right has no price that could say so.
    Unknown,
}

/// An alert, with the numbers that it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What it says.
    pub kind: AlertKind,
    /// Call or put.
    pub right: Right,
    /// Dollars a share that exercise wins: the dividend (calls), the interest on the strike (puts).
    pub wins: f64,
    /// Dollars a share of time value that it gives up: price of the other right; absent when unknown.
    pub time_value: Option<f64>,
    /// Dollars a share that it pays or forgoes besides: interest on the strike (calls), dividends (puts).
    pub costs: f64,
    /// First day without the dividend.
    pub ex_date: Option<Date>,
    /// Contracts concerned.
    pub contracts: u64,
}

impl Alert {
    /// What exercise is worth more than waiting, dollars a share; absent when the time value is unknown.
    pub fn gain(&self) -> Option<f64> {
        Some(self.wins - self.time_value? - self.costs)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            AlertKind::ExerciseNow => "exercise pays today",
            AlertKind::AssignmentLikely => "assignment is likely tonight",
            AlertKind::AssignmentAhead => "assignment is likely before the dividend",
            AlertKind::Unknown => "early exercise cannot be judged",
        };
        let (wins, other, costs) = match self.right {
            Right::Call => ("dividend", "put", "interest on the strike"),
            Right::Put => ("interest on the strike", "call", "dividends"),
        };
        write!(f, "{what}, {} contracts: {wins} {:.4} against ", self.contracts, self.wins)?;
        match self.time_value {
            Some(price) => write!(f, "{other} {price:.4}")?,
            None => write!(f, "{other} of unknown price")?,
        }
        write!(f, " and {costs} {:.4}", self.costs)?;
        match self.ex_date {
            Some(date) => write!(f, ", ex-dividend {date}"),
            None => Ok(()),
        }
    }
}

/// The alert of a held option on `today`, if there is one.
pub fn alert(held: &HeldOption, today: Date, calendar: &Calendar) -> Option<Alert> {
    let strike = held.contract.strike.to_f64();
    let interest = -strike * libm::expm1(-held.rate * held.years);
    let sensible = held.years > 0.0 && interest.is_finite() && held.contracts != 0;
    let time_value = held.other_right.filter(|price| price.is_finite() && *price >= 0.0);
    let contracts = held.contracts.unsigned_abs();
    if !sensible {
        return None;
    }
    let due = |alert: &Alert| match alert.gain() {
        Some(gain) => gain > 0.0,
        None => alert.wins > alert.costs,
    };
    match held.contract.right {
        Right::Call => {
            if held.spot.is_nan() || held.spot <= strike {
                return None;
            }
            let (ex_date, amount) = held.dividend.filter(|(date, amount)| *date > today && *amount > 0.0)?;
            let kind = match (sessions_until(ex_date, today, calendar)?, held.contracts > 0) {
                (1, true) => AlertKind::ExerciseNow,
                (1, false) => AlertKind::AssignmentLikely,
                (_, true) => return None,
                (_, false) => AlertKind::AssignmentAhead,
            };
            let (right, ex_date) = (Right::Call, Some(ex_date));
            Some(Alert { kind, right, wins: amount, time_value, costs: interest, ex_date, contracts })
                .filter(due)
                .map(Alert::honest)
        }
        Right::Put => {
            if held.spot.is_nan() || held.spot >= strike {
                return None;
            }
            let kind = if held.contracts > 0 { AlertKind::ExerciseNow } else { AlertKind::AssignmentLikely };
            let forgone = held.dividend.filter(|(date, _)| *date > today).map_or(0.0, |(_, amount)| amount);
            let ex_date = held.dividend.map(|(date, _)| date);
            let right = Right::Put;
            Some(Alert { kind, right, wins: interest, time_value, costs: forgone, ex_date, contracts })
                .filter(due)
                .map(Alert::honest)
        }
    }
}

impl Alert {
    /// Says that it does not know, where it does not.
    fn honest(self) -> Self {
        if self.time_value.is_none() { Self { kind: AlertKind::Unknown, ..self } } else { self }
    }
}

/// Sessions from today's to the one without the dividend: 1 on its eve; absent when it is further than watched.
fn sessions_until(ex_date: Date, today: Date, calendar: &Calendar) -> Option<usize> {
    let mut day = today;
    for count in 1..=WATCHED_SESSIONS {
        day = calendar.next_session(day).date;
        if day >= ex_date {
            return Some(count);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// The 585 call of the oracle row `ad-call-spy-2d-itm`: two days, 1.85 tomorrow.
    fn call(contracts: i64) -> HeldOption {
        HeldOption {
            contract: "SPY260619C00585000".parse().unwrap(),
            contracts,
            spot: 600.0,
            years: 2.0 / 365.0,
            rate: 0.043,
            other_right: Some(0.03),
            dividend: Some((date(2026, 6, 18), 1.85)),
        }
    }

    fn on(held: &HeldOption, day: Date) -> Option<Alert> {
        alert(held, day, &Calendar::xnys())
    }

    #[test]
    fn the_eve_of_a_dividend_takes_calls_away() {
        let found = on(&call(-10), date(2026, 6, 17)).unwrap();
        assert_eq!(found.kind, AlertKind::AssignmentLikely);
        // 585 x (1 - e^(-0.043 x 2/365)) = 0.13782.
        assert!((found.gain().unwrap() - (1.85 - 0.03 - 0.137_820)).abs() < 1e-5, "{found:?}");
        assert_eq!(
            found.to_string(),
            "assignment is likely tonight, 10 contracts: dividend 1.8500 against put 0.0300 and interest on the \
             strike 0.1378, ex-dividend 2026-06-18"
        );
        assert_eq!(on(&call(10), date(2026, 6, 17)).unwrap().kind, AlertKind::ExerciseNow);
        let ahead = on(&call(-10), date(2026, 6, 16)).unwrap();
        assert_eq!(ahead.kind, AlertKind::AssignmentAhead);
        assert_eq!(on(&call(10), date(2026, 6, 16)), None, "a holder waits for the eve");
        assert_eq!(on(&call(-10), date(2026, 6, 10)), None, "far away");
        assert_eq!(on(&call(-10), date(2026, 6, 18)), None, "too late");
        // Over a weekend the eve is Friday.
        let monday = HeldOption { dividend: Some((date(2026, 6, 22), 1.85)), ..call(-10) };
        assert_eq!(
            on(&monday, date(2026, 6, 18)).unwrap().kind,
            AlertKind::AssignmentLikely,
            "a holiday between"
        );
    }

    #[test]
    fn a_call_that_loses_more_than_the_dividend_is_kept() {
        assert_eq!(on(&HeldOption { other_right: Some(1.75), ..call(-10) }, date(2026, 6, 17)), None);
        assert_eq!(on(&HeldOption { spot: 580.0, ..call(-10) }, date(2026, 6, 17)), None, "out of the money");
        assert_eq!(on(&HeldOption { dividend: None, ..call(-10) }, date(2026, 6, 17)), None);
        assert_eq!(on(&HeldOption { contracts: 0, ..call(-10) }, date(2026, 6, 17)), None);
        let dark = on(&HeldOption { other_right: None, ..call(-10) }, date(2026, 6, 17)).unwrap();
        assert_eq!((dark.kind, dark.gain()), (AlertKind::Unknown, None));
    }

    #[test]
    fn a_put_deep_in_the_money_earns_interest_on_its_strike() {
        let put = HeldOption {
            contract: "SPY260701P00660000".parse().unwrap(),
            contracts: -5,
            years: 14.0 / 365.0,
            other_right: Some(0.02),
            dividend: None,
            ..call(0)
        };
        let found = on(&put, date(2026, 6, 17)).unwrap();
        // 660 x (1 - e^(-0.043 x 14/365)) = 1.08765.
        assert!(
            (found.wins - 1.087_65).abs() < 1e-5 && found.kind == AlertKind::AssignmentLikely,
            "{found:?}"
        );
        assert_eq!(on(&HeldOption { other_right: Some(1.2), ..put }, date(2026, 6, 17)), None);
        let paid = HeldOption { dividend: Some((date(2026, 6, 18), 1.85)), ..put };
        assert_eq!(on(&paid, date(2026, 6, 17)), None, "the dividend is waited for");
        assert_eq!(on(&HeldOption { rate: -0.01, ..put }, date(2026, 6, 17)), None);
    }
}
