//! Which step of a scenario is due when. Pure: time and events in, actions out.

use std::collections::BTreeMap;

use alphatrader_market::random::{Random, mix};
use alphatrader_model::{Calendar, Session, Span, Timestamp};

use super::action::Action;
use super::script::{Scenario, Step};
use super::when::Event;

/// See the module's text.
#[derive(Debug)]
pub struct Director {
    steps: Vec<Armed>,
    /// Steps by the instant at which they are due, in order of becoming so.
    due: BTreeMap<(Timestamp, u64), usize>,
    count: u64,
    random: Random,
}

#[derive(Debug)]
struct Armed {
    step: Step,
    /// Events of its kind so far.
    seen: u32,
    /// Times it may still happen; nothing for without end.
    left: Option<u32>,
}

impl Director {
    /// A director of a scenario that begins at `start`, in the session `today`.
    pub fn new(scenario: &Scenario, start: Timestamp, today: Session, calendar: &Calendar) -> Self {
        let arm = |step: &Step| {
            let left = match (step.every, step.times) {
                (_, Some(times)) => Some(times),
                (Some(_), None) => None,
                (None, None) => Some(1),
            };
            Armed { step: step.clone(), seen: 0, left }
        };
        let mut director = Self {
            steps: scenario.steps.iter().map(arm).collect(),
            due: BTreeMap::new(),
            count: 0,
            random: Random::new(mix(&[scenario.seed, 0x5CE7_A810])),
        };
        for index in 0..director.steps.len() {
            if let Some(moment) = director.steps[index].step.at {
                director.arm(index, moment.instant(start, today, calendar));
            }
        }
        director
    }

    /// Something happened at `now`, by or to a client.
    pub fn on_event(&mut self, event: Event, client_id: i32, now: Timestamp) {
        for index in 0..self.steps.len() {
            let armed = &mut self.steps[index];
            let Some(after) = armed.step.after else { continue };
            if after.event != event || after.client.is_some_and(|client| client != client_id) {
                continue;
            }
            armed.seen = armed.seen.saturating_add(1);
            // Without a repetition of its own a step that may happen often follows every nth event.
            let follows = match armed.step.every {
                Some(_) => armed.seen == after.nth,
                None => armed.seen.is_multiple_of(after.nth),
            };
            if follows {
                self.arm(index, now + after.delay.span());
            }
        }
    }

    /// When the next step is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// What happens next, when it is due at `now`.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Vec<Action>> {
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > now {
                return None;
            }
            let index = entry.remove();
            let armed = &mut self.steps[index];
            if armed.left == Some(0) {
                continue;
            }
            armed.left = armed.left.map(|left| left - 1);
            let (actions, every) = (armed.step.actions.clone(), armed.step.every);
            if let Some(every) = every.filter(|_| armed.left != Some(0)) {
                self.arm(index, at + every.span());
            }
            return Some(actions);
        }
        None
    }

    /// A number from 0 to 1 by chance.
    pub fn chance(&mut self) -> f64 {
        self.random.unit()
    }

    fn arm(&mut self, index: usize, at: Timestamp) {
        // At most one firing of a step waits for each time it may still happen.
        let waiting = self.due.values().filter(|of| **of == index).count();
        if self.steps[index].left.is_some_and(|left| waiting >= left as usize) || waiting >= MOST_WAITING {
            return;
        }
        let jitter = self.steps[index].step.jitter.span().nanos().unsigned_abs();
        let later = if jitter == 0 { 0 } else { self.random.below(jitter) };
        self.count += 1;
        let at = at + Span::from_nanos(i64::try_from(later).expect("below a length of time"));
        self.due.insert((at, self.count), index);
    }
}

/// Most firings of one step that wait: events that come faster are not followed.
const MOST_WAITING: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library::parse;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-16T{text}-04:00").parse().unwrap()
    }

    fn director(steps: &str) -> Director {
        let text = format!("name: x\ndescription: x\nseed: 3\nsteps:\n{steps}");
        let calendar = Calendar::xnys();
        let today = calendar.session(jiff::civil::date(2026, 3, 16)).unwrap();
        Director::new(&parse(&text, "x").unwrap(), at("10:00:00"), today, &calendar)
    }

    fn fires(director: &mut Director, until: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        while let Some(due) = director.next_due().filter(|due| *due <= until) {
            if let Some(actions) = director.take_due(due) {
                fired.push(format!("{} {}", due.since(at("10:00:00")).nanos() / 1_000_000, actions.len()));
            }
        }
        fired
    }

    #[test]
    fn steps_come_in_order_of_their_moments() {
        let mut director = director(concat!(
            "  - {at: +2s, do: [{close: {}}, {close: {}}]}\n",
            "  - {at: +1s, every: 3s, times: 3, do: [{close: {}}]}\n",
            "  - {at: '10:00:05', do: [{close: {}}, {close: {}}, {close: {}}]}\n",
        ));
        assert_eq!(fires(&mut director, at("11:00:00")), ["1000 1", "2000 2", "4000 1", "5000 3", "7000 1"]);
        assert_eq!(director.next_due(), None);
    }

    #[test]
    fn events_are_waited_for_and_counted() {
        let mut director = director(concat!(
            "  - {after: {event: fill, nth: 2, client: 7, delay: 500ms}, do: [{close: {}}]}\n",
            "  - {after: {event: order}, times: 2, do: [{close: {}}, {close: {}}]}\n",
        ));
        for (event, client) in [(Event::Fill, 7), (Event::Fill, 8), (Event::Order, 1), (Event::Fill, 7)] {
            director.on_event(event, client, at("10:00:01"));
        }
        assert_eq!(fires(&mut director, at("11:00:00")), ["1000 2", "1500 1"]);
        for event in [Event::Order, Event::Order, Event::Fill, Event::Fill] {
            director.on_event(event, 7, at("10:00:02"));
        }
        assert_eq!(fires(&mut director, at("11:00:00")), ["2000 2"]);
    }

    proptest! {
        #[test]
        fn jitter_is_bounded_and_the_same_for_a_seed(times in 1_u32..20) {
            let step = format!("  - {{at: +1s, every: 10s, times: {times}, jitter: 900ms, do: [{{close: {{}}}}]}}\n");
            let (mut one, mut two) = (director(&step), director(&step));
            let fired = fires(&mut one, at("15:00:00"));
            prop_assert_eq!(&fired, &fires(&mut two, at("15:00:00")));
            prop_assert_eq!(fired.len(), times as usize);
        }
    }
}
