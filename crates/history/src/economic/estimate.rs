//! Events by rule, and meetings that were announced years ahead.
//!
//! | event | rule |
//! | --- | --- |
//! | Employment Situation | first Friday of a month 08:30, the Thursday before where Friday has no session |
//! | Jobless claims | Thursday 08:30, Wednesday where Thursday has no session |
//! | ISM manufacturing | first session of a month 10:00 |
//! | ISM services | third session of a month 10:00 |
//! | EIA crude | Wednesday 10:30, Thursday after a Monday without a session |
//! | FOMC decision | the announced Wednesdays of 2026 14:00 |
//!
//! Consumer prices, producer prices, income and outlays, domestic product: no rule.

use alphatrader_model::Calendar;
use alphatrader_model::calendar::DayKind;
use jiff::civil::{Date, Weekday, date};

use super::{Certainty, EconomicEvent, Impact};

/// Days for which events are made at once.
pub const MOST_DAYS: i32 = 740;

/// Last days of the meetings that the Federal Reserve announced for 2026.
const MEETINGS: [Date; 8] = [
    date(2026, 1, 28),
    date(2026, 3, 18),
    date(2026, 4, 29),
    date(2026, 6, 17),
    date(2026, 7, 29),
    date(2026, 9, 16),
    date(2026, 10, 28),
    date(2026, 12, 9),
];

/// The events of the days from `from` to `to`, the first [`MOST_DAYS`] of them, in order.
pub fn between(calendar: &Calendar, from: Date, to: Date) -> Vec<EconomicEvent> {
    let days = from.series(jiff::Span::new().days(1)).take(MOST_DAYS as usize).take_while(|day| *day <= to);
    days.flat_map(|day| of_day(calendar, day)).collect()
}

fn of_day(calendar: &Calendar, day: Date) -> Vec<EconomicEvent> {
    let open = |day: Date| calendar.kind(day) != DayKind::Closed;
    if !open(day) {
        return Vec::new();
    }
    let weekday = day.weekday();
    let next = day.tomorrow().unwrap_or(day);
    let back = |days: i64| day.saturating_sub(jiff::Span::new().days(days));
    let mut events = Vec::new();
    let mut add = |hour: i8, minute: i8, name: &str, impact: Impact| {
        events.push(EconomicEvent {
            at: calendar.instant(day, hour, minute),
            date: day,
            whole_day: false,
            name: name.to_owned(),
            impact: Some(impact),
            country: "US".to_owned(),
            source: "rule".to_owned(),
            certainty: Certainty::Estimated,
        });
    };
    let is_first_friday = |day: Date| day.weekday() == Weekday::Friday && day.day() <= 7;
    if is_first_friday(day) || (is_first_friday(next) && !open(next)) {
        add(8, 30, "Employment Situation", Impact::High);
    }
    if weekday == Weekday::Thursday || (weekday == Weekday::Wednesday && !open(next)) {
        add(8, 30, "Jobless Claims", Impact::Medium);
    }
    let place = (1..=day.day()).filter(|n| day.with().day(*n).build().is_ok_and(open)).count();
    if place == 1 {
        add(10, 0, "ISM Manufacturing", Impact::Medium);
    }
    if place == 3 {
        add(10, 0, "ISM Services", Impact::Medium);
    }
    let delayed = |monday: Date| !open(monday);
    if (weekday == Weekday::Wednesday && !delayed(back(2)))
        || (weekday == Weekday::Thursday && delayed(back(3)))
    {
        add(10, 30, "EIA Crude Oil Inventories", Impact::Low);
    }
    if MEETINGS.contains(&day) {
        add(14, 0, "FOMC Decision", Impact::High);
        add(14, 30, "FOMC Press Conference", Impact::High);
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_move_what_they_stand_in_the_way_of() {
        let calendar = Calendar::xnys();
        let names = |day: Date| -> Vec<String> {
            between(&calendar, day, day).into_iter().map(|event| event.name).collect()
        };
        assert!(names(date(2026, 12, 4)).contains(&"Employment Situation".to_owned()));
        // The third of July 2026 is a holiday.
        assert!(names(date(2026, 7, 2)).contains(&"Employment Situation".to_owned()));
        // Thanksgiving.
        assert_eq!(names(date(2026, 11, 25)), ["Jobless Claims", "EIA Crude Oil Inventories"]);
        assert!(names(date(2026, 11, 26)).is_empty());
        // After Memorial Day.
        assert!(names(date(2026, 5, 28)).contains(&"EIA Crude Oil Inventories".to_owned()));
        assert!(!names(date(2026, 5, 27)).contains(&"EIA Crude Oil Inventories".to_owned()));
        assert_eq!(names(date(2026, 12, 1)), ["ISM Manufacturing"]);
        assert!(names(date(2026, 12, 9)).contains(&"FOMC Decision".to_owned()));
    }

    #[test]
    fn everything_by_rule_is_estimated_and_the_work_is_bounded() {
        let calendar = Calendar::xnys();
        let all = between(&calendar, date(2026, 1, 1), date(2036, 1, 1));
        assert!(all.iter().all(|event| event.certainty == Certainty::Estimated && event.source == "rule"));
        assert!(all.iter().all(|event| event.date < date(2028, 2, 1)));
        assert_eq!(all.iter().filter(|event| event.name == "FOMC Decision").count(), 8);
        assert!(!all.iter().any(|event| event.name.contains("CPI")));
    }
}
