//! Phases of the day, and how often what is asked for in each.

use alphatrader_model::{Calendar, Span, Timestamp};
use serde::Serialize;

/// What the day is doing, as far as data go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No trading: chains are pulled at 09:00 and 16:20 only.
    Closed,
    /// From 04:00 to the open.
    PreMarket,
    /// From the open to a quarter of an hour after the close, when the last options stop.
    Open,
}

/// How long options of funds trade on after the close.
const AFTER_CLOSE: Span = Span::from_minutes(15);
/// The pull after the close, counted from it.
const EVENING: Span = Span::from_minutes(20);
/// The pull before the open, counted back from it: the night's open interest is in.
const MORNING: Span = Span::from_minutes(30);

/// The phase at an instant, and when it ends (at most a day ahead).
pub(crate) fn phase(calendar: &Calendar, now: Timestamp) -> (Phase, Timestamp) {
    let date = calendar.date_of(now);
    let next_day = calendar.midnight(date.tomorrow().unwrap_or(date)).max(now + Span::SECOND);
    let Some(session) = calendar.session(date) else { return (Phase::Closed, next_day) };
    let early = calendar.instant(date, 4, 0);
    let late = session.close + AFTER_CLOSE;
    if now < early {
        (Phase::Closed, early)
    } else if now < session.open {
        (Phase::PreMarket, session.open)
    } else if now < late {
        (Phase::Open, late)
    } else {
        (Phase::Closed, next_day)
    }
}

/// The newest instant of a pull at or before `now`, and the next one.
pub(crate) fn pulls(calendar: &Calendar, now: Timestamp) -> (Timestamp, Timestamp) {
    let today = calendar.date_of(now);
    let before = calendar.previous_session(today);
    let after = calendar.next_session(today);
    let sessions = [Some(before), calendar.session(today), Some(after)];
    let instants = sessions.into_iter().flatten().flat_map(|s| [s.open - MORNING, s.close + EVENING]);
    let (mut last, mut next) = (before.open - MORNING, after.close + EVENING);
    for instant in instants {
        if instant <= now {
            last = last.max(instant);
        } else {
            next = next.min(instant);
        }
    }
    (last, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00-05:00").parse().unwrap()
    }

    #[test]
    fn the_day_has_three_phases() {
        let calendar = Calendar::xnys();
        let rows = [
            ("2026-11-23T03:59", Phase::Closed, "2026-11-23T04:00"),
            ("2026-11-23T04:00", Phase::PreMarket, "2026-11-23T09:30"),
            ("2026-11-23T09:30", Phase::Open, "2026-11-23T16:15"),
            ("2026-11-23T16:15", Phase::Closed, "2026-11-24T00:00"),
            ("2026-11-27T13:14", Phase::Open, "2026-11-27T13:15"),
            ("2026-11-26T12:00", Phase::Closed, "2026-11-27T00:00"),
        ];
        for (now, wanted, end) in rows {
            assert_eq!(phase(&calendar, at(now)), (wanted, at(end)), "{now}");
        }
    }

    #[test]
    fn chains_are_pulled_before_the_open_and_after_the_close() {
        let calendar = Calendar::xnys();
        let rows = [
            ("2026-11-23T08:59", "2026-11-20T16:20", "2026-11-23T09:00"),
            ("2026-11-23T09:00", "2026-11-23T09:00", "2026-11-23T16:20"),
            ("2026-11-23T17:00", "2026-11-23T16:20", "2026-11-24T09:00"),
            ("2026-11-27T14:00", "2026-11-27T13:20", "2026-11-30T09:00"),
            ("2026-11-28T12:00", "2026-11-27T13:20", "2026-11-30T09:00"),
        ];
        for (now, last, next) in rows {
            assert_eq!(pulls(&calendar, at(now)), (at(last), at(next)), "{now}");
        }
    }
}
