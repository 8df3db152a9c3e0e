//! Circuit breakers (signals-and-risk, section 7): those that need neither a whole chain nor a regime.

use std::collections::VecDeque;

use alphatrader_model::event::HaltLevel;
use alphatrader_model::settings::Breakers;
use alphatrader_model::{Money, Span, Timestamp};

/// A breaker that tripped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// How far it goes.
    pub level: HaltLevel,
    /// What it saw, in words.
    pub reason: String,
}

/// Loss of the day against equity at its start. Counts realised and unrealised profit and commissions.
/// A day whose start is unknown has no budget to lose: entries wait for it elsewhere.
pub fn daily_loss(limits: &Breakers, day_start: Money, profit: Money) -> Option<Trip> {
    let budget = day_start.scaled(limits.daily_loss);
    (profit <= -budget && budget > Money::ZERO).then(|| Trip {
        level: HaltLevel::Halt,
        reason: format!("day's loss {profit} reached {:.1} % of {day_start}", limits.daily_loss * 100.0),
    })
}

/// What the day may still lose.
pub fn loss_budget_left(limits: &Breakers, day_start: Money, profit: Money) -> Money {
    let budget = day_start.scaled(limits.daily_loss);
    budget.checked_add(profit).unwrap_or(Money::ZERO).max(Money::ZERO)
}

/// Rejects of the last minute. Holds at most as many instants as its limit allows.
#[derive(Debug, Clone, Default)]
pub struct RejectCounter {
    recent: VecDeque<Timestamp>,
}

impl RejectCounter {
    /// Notes a reject; trips when the minute is full of them.
    pub fn note(&mut self, limits: &Breakers, now: Timestamp) -> Option<Trip> {
        while self.recent.front().is_some_and(|t| now.since(*t) >= Span::MINUTE) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let count = self.recent.len();
        if count < limits.rejects_per_minute as usize {
            return None;
        }
        self.recent.clear();
        Some(Trip { level: HaltLevel::Halt, reason: format!("{count} orders rejected within a minute") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daily_loss_trips_at_its_limit_and_not_before() {
        let limits = Breakers::default();
        let start = Money::from_dollars(100_000);
        assert_eq!(daily_loss(&limits, start, "-1999.999999".parse().unwrap()), None);
        assert_eq!(daily_loss(&limits, start, Money::from_dollars(-2_000)).unwrap().level, HaltLevel::Halt);
        assert_eq!(loss_budget_left(&limits, start, Money::from_dollars(-500)), Money::from_dollars(1_500));
        assert_eq!(loss_budget_left(&limits, start, Money::from_dollars(-5_000)), Money::ZERO);
    }

    #[test]
    fn rejects_trip_only_within_one_minute() {
        let limits = Breakers::default();
        let mut counter = RejectCounter::default();
        for second in 0..8 {
            assert_eq!(counter.note(&limits, Timestamp::from_seconds(second * 20)), None, "{second}");
        }
        let mut tripped = None;
        for second in 200..205 {
            tripped = counter.note(&limits, Timestamp::from_seconds(second));
        }
        assert!(tripped.is_some());
    }
}
