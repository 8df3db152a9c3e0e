//! What an answer means for the next request.

use alphatrader_edge::{Backoff, Policy};
use alphatrader_model::{Span, Timestamp};

use super::breaker::Breaker;
use super::decision::Choice;
use super::subject::Subject;
use super::{Flight, Scheduler};
use crate::body::Class;
use crate::request::Function;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As its body says.
    Answered(Class),
    /// Data came and were refused by the rules for payloads. It is asked once more.
    Refused,
}

impl Scheduler {
    /// A wrong request is not repeated for so long.
    const NEGATIVE: Span = Span::from_minutes(60);
    /// How long all wait after a refusal for the second.
    const BURST_PAUSE: Span = Span::from_seconds(2);
    /// How long all wait at least, and at most, after a refusal for the minute.
    const MINUTE_PAUSE: (Span, Span) = (Span::from_seconds(5), Span::from_seconds(60));

    /// Tells how a request ended. A number that is not on its way is ignored.
    pub fn done(&mut self, now: Timestamp, ticket: u64, outcome: Outcome) {
        let Some(flight) = self.flying.remove(&ticket) else { return };
        self.advance(now);
        self.count(flight.function, outcome);
        let Some(place) = self.targets.iter().position(|target| target.subject == flight.subject) else {
            return;
        };
        self.targets[place].flying = false;
        match outcome {
            Outcome::Refused => {
                self.note_health(flight.function, Some(false));
                self.failed(place, Class::Empty, 2);
            }
            Outcome::Answered(class) => self.answered(place, flight, class),
        }
        self.drop_once(place);
    }

    fn count(&mut self, function: Function, outcome: Outcome) {
        let name = match outcome {
            Outcome::Answered(class) => class.name(),
            Outcome::Refused => "refused",
        };
        *self.answers.entry((function, name)).or_default() += 1;
    }

    fn answered(&mut self, place: usize, flight: Flight, class: Class) {
        let function = flight.function;
        let health = match class {
            Class::Transport(_) => Some(true),
            Class::MinuteLimit | Class::BurstLimit { .. } => None,
            _ => Some(false),
        };
        self.note_health(function, health);
        let attempts = self.class_of(flight.subject).attempts();
        match class {
            Class::Data => self.succeeded(place),
            // A chain that is empty is an anomaly: asked once more. No news is news.
            Class::Empty
                if matches!(flight.subject, Subject::Expiry(..) | Subject::Chain(_) | Subject::Once(..)) =>
            {
                self.failed(place, class, 2);
            }
            Class::Empty => self.succeeded(place),
            Class::Transport(_) => self.failed(place, class, attempts),
            Class::MinuteLimit => {
                let (least, most) = Self::MINUTE_PAUSE;
                let leaves = self.window.oldest_leaves(self.now).since(self.now);
                self.pause(leaves.clamp(least, most), class);
                self.rate.minute(self.now);
                self.rate_changed();
                self.failed(place, class, attempts);
            }
            Class::BurstLimit { per_second } => {
                self.pause(Self::BURST_PAUSE, class);
                self.rate.burst(self.now, per_second);
                self.rate_changed();
                self.failed(place, class, attempts);
            }
            Class::BadRequest => {
                self.targets[place].failed += 1;
                self.targets[place].refused_until = Some(self.now + Self::NEGATIVE);
                let subject = flight.subject;
                self.journal.note(self.now, Choice::Negative { subject });
            }
            Class::NotEntitled => {
                self.targets[place].failed += 1;
                if self.latches.function(function, class) {
                    self.journal.note(self.now, Choice::Latch { function: Some(function), class });
                }
                self.replan();
            }
            Class::AuthInvalid | Class::DemoKey | Class::DayLimit => {
                self.targets[place].failed += 1;
                self.latch_all(class);
            }
        }
    }

    fn latch_all(&mut self, class: Class) {
        let until = (class == Class::DayLimit).then(|| {
            let today = self.calendar.date_of(self.now);
            self.calendar.midnight(today.tomorrow().unwrap_or(today))
        });
        self.latches.all(class, until);
        self.journal.note(self.now, Choice::Latch { function: None, class });
    }

    fn note_health(&mut self, function: Function, failed: Option<bool>) {
        let own = self.breakers.entry(function).or_insert_with(Breaker::new);
        let Some(failed) = failed else {
            own.unsaid();
            self.all.unsaid();
            return;
        };
        if own.note(self.now, failed) {
            self.journal.note(self.now, Choice::Open { function: Some(function) });
        }
        if self.all.note(self.now, failed) {
            self.journal.note(self.now, Choice::Open { function: None });
        }
    }

    fn pause(&mut self, wait: Span, class: Class) {
        self.paused_until = self.paused_until.max(self.now + wait);
        self.journal.note(self.now, Choice::Pause { wait, class });
    }

    fn rate_changed(&mut self) {
        let per_second = self.rate.per_second();
        self.journal.note(self.now, Choice::Rate { per_second });
        self.replan();
    }

    pub(super) fn succeeded(&mut self, place: usize) {
        let now = self.now;
        let target = &mut self.targets[place];
        target.ok += 1;
        target.last_ok = Some(now);
        target.attempt = 0;
        target.backoff = None;
        target.refused_until = None;
        let subject = target.subject;
        if let Subject::Chain(symbol) | Subject::Once(symbol, None) = subject {
            // The rows of the nearest expiries came with it.
            for n in 0..self.targets.len() {
                let inside = matches!(self.targets[n].subject, Subject::Expiry(of, _) if of == symbol);
                if !inside || self.function_of(subject) != Function::RealtimeOptions {
                    continue;
                }
                self.targets[n].last_ok = Some(now);
                let waits = !self.targets[n].flying && self.targets[n].wants_at().is_some_and(|at| at <= now);
                if waits {
                    self.targets[n].due = self.next_due(n);
                    self.targets[n].retry_at = None;
                    let subject = self.targets[n].subject;
                    self.journal.note(now, Choice::Fresh { subject });
                }
            }
        }
        if self.targets[place].period.is_none() {
            self.targets[place].due = self.pull_due(place);
        }
    }

    /// Tries again, or waits for the next turn: a newer refresh beats a retry.
    fn failed(&mut self, place: usize, class: Class, attempts: u32) {
        let now = self.now;
        let pulled = self.targets[place].period.is_none();
        let stretched = self.targets[place].period.map(|period| self.stretched(period));
        let target = &mut self.targets[place];
        target.failed += 1;
        let seed = self.settings.seed ^ target.sent.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ place as u64;
        let policy = Policy { attempts: attempts.saturating_sub(1), ..Policy::CONNECTION };
        let backoff = target.backoff.get_or_insert_with(|| Backoff::seeded(policy, seed));
        let deadline = target.since + stretched.unwrap_or(Self::PATIENCE);
        let subject = target.subject;
        let wait = backoff
            .next()
            .filter(|_| target.attempt < attempts)
            .map(|wait| Span::from_nanos(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)))
            .filter(|wait| now + *wait < deadline);
        if let Some(wait) = wait {
            target.retry_at = Some(now + wait);
            self.journal.note(now, Choice::Retry { subject, class, wait });
            return;
        }
        target.attempt = 0;
        target.backoff = None;
        if pulled {
            // A pull that failed is tried again in a while, not at the next session.
            target.due = Some(now + Self::PATIENCE);
        }
        self.journal.note(now, Choice::GiveUp { subject, class });
    }

    /// What was asked for once goes when it is answered, or given up.
    fn drop_once(&mut self, place: usize) {
        let target = &self.targets[place];
        if matches!(target.subject, Subject::Once(..)) && target.retry_at.is_none() {
            self.targets.remove(place);
        }
    }
}
