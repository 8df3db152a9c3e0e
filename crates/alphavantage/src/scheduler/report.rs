//! The scheduler's table: what it follows, how it goes, what it decided and why.

use core::fmt;
use std::collections::BTreeMap;

use alphatrader_model::{Span, Timestamp};
use serde::Serialize;

use super::Scheduler;
use super::breaker::BreakerState;
use super::cadence::Phase;
use super::decision::{BreakerReport, Decision};
use super::subject::{Class, Subject};
use crate::body;
use crate::request::Function;

/// How long requests waited after they were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Waits {
    count: u64,
    total: Span,
    longest: Span,
}

impl Waits {
    pub(super) fn note(&mut self, waited: Span) {
        self.count += 1;
        self.total = self.total + waited;
        self.longest = self.longest.max(waited);
    }
}

/// One subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What.
    pub subject: Subject,
    /// Its class now.
    pub class: Class,
    /// The function that serves it.
    pub function: Function,
    /// How often it is planned, stretched; absent when it is not asked for, or only at the day's pulls.
    pub period_ms: Option<i64>,
    /// Time since its last success.
    pub age_ms: Option<i64>,
    /// Time until its next turn; negative when it waits.
    pub due_ms: Option<i64>,
    /// Requests sent.
    pub sent: u64,
    /// Answers with data.
    pub ok: u64,
    /// Answers without, refusals, failures.
    pub failed: u64,
}

/// How the scheduler is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// When, by the system's clock.
    pub at: Timestamp,
    /// What the day is doing.
    pub phase: Phase,
    /// Requests in the last 60 seconds.
    pub window_used: usize,
    /// Requests that any 60 seconds may hold.
    pub ceiling: u32,
    /// Requests a second allowed now.
    pub per_second: f64,
    /// Requests a minute that the periods need, unstretched.
    pub needed: f64,
    /// Requests a minute that may be planned.
    pub budget: f64,
    /// Factor by which all periods are stretched; 1 is not at all.
    pub stretch: f64,
    /// Requests on their way.
    pub in_flight: usize,
    /// Until when all wait after a refusal for rate.
    pub paused_until: Option<Timestamp>,
    /// What it does without, in words; absent when all is well.
    pub degraded: Option<String>,
    /// Breakers that are not closed.
    pub breakers: Vec<BreakerReport>,
    /// Requests since the start.
    pub sent: u64,
    /// Mean time that requests waited after they were due, ms.
    pub waited_mean_ms: f64,
    /// Longest time that one waited, ms.
    pub waited_longest_ms: i64,
    /// Every subject.
    pub lines: Vec<Line>,
    /// Answers by function and class.
    pub answers: Vec<(Function, &'static str, u64)>,
    /// Decisions by kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// The last decisions, oldest first; at most 256.
    pub decisions: Vec<Decision>,
}

impl Scheduler {
    /// How it is at `now`.
    pub fn report(&self, now: Timestamp) -> Report {
        let now = self.now.max(now);
        let lines = self.targets.iter().map(|target| Line {
            subject: target.subject,
            class: self.class_of(target.subject),
            function: self.function_of(target.subject),
            period_ms: target.period.map(|period| self.stretched(period).millis()),
            age_ms: target.last_ok.map(|at| now.since(at).millis()),
            due_ms: target.wants_at().map(|at| at.since(now).millis()),
            sent: target.sent,
            ok: target.ok,
            failed: target.failed,
        });
        let waits = self.waited;
        Report {
            at: now,
            phase: self.phase,
            window_used: self.window.used(now),
            ceiling: self.settings.per_minute,
            per_second: 1.0 / self.spacing().as_seconds(),
            needed: self.needed,
            budget: self.budget(),
            stretch: self.stretch,
            in_flight: self.flying.len(),
            paused_until: (self.paused_until > now).then_some(self.paused_until),
            degraded: self.degraded(),
            breakers: self.breakers(now),
            sent: self.tickets,
            waited_mean_ms: waits.total.as_seconds() * 1e3 / (waits.count.max(1) as f64),
            waited_longest_ms: waits.longest.millis(),
            lines: lines.collect(),
            answers: self.answers.iter().map(|((f, class), n)| (*f, *class, *n)).collect(),
            counts: self.journal.counts().clone(),
            decisions: self.journal.last().copied().collect(),
        }
    }

    fn breakers(&self, now: Timestamp) -> Vec<BreakerReport> {
        let own = self.breakers.iter().map(|(function, breaker)| (Some(*function), breaker.state(now)));
        [(None, self.all.state(now))]
            .into_iter()
            .chain(own)
            .filter(|(_, state)| *state != BreakerState::Closed)
            .map(|(function, state)| BreakerReport { function, state })
            .collect()
    }

    /// What it does without, in words.
    fn degraded(&self) -> Option<String> {
        let mut said = Vec::new();
        match self.latches.why_all() {
            Some(body::Class::DayLimit) => {
                said.push("the day's requests of this key are used up: nothing is asked before midnight in New York".to_owned());
            }
            Some(body::Class::DemoKey) => said.push(
                "`demo` is the key of the documentation's examples: set your own; nothing is asked any more"
                    .to_owned(),
            ),
            Some(_) => said.push("the key is refused: check it; nothing is asked any more".to_owned()),
            None => {}
        }
        for (function, _) in self.latches.functions() {
            said.push(match function {
                Function::RealtimeOptions => {
                    "the plan of this key has no REALTIME_OPTIONS: chains are those of the last session, for open interest alone"
                        .to_owned()
                }
                other => format!("the plan of this key has no {other}"),
            });
        }
        for breaker in self.breakers(self.now) {
            said.push(match breaker.function {
                Some(function) => format!("{function} does not answer"),
                None => "the server does not answer".to_owned(),
            });
        }
        if self.stretch > 1.0 {
            said.push(format!(
                "{:.0} requests a minute are wanted and {:.0} allowed: all periods are {:.2} times as long",
                self.needed,
                self.budget(),
                self.stretch
            ));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }
}

fn seconds(ms: Option<i64>) -> String {
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{:.1}", ms as f64 / 1e3))
}

/// The table for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} {:?}: {} of {} requests in the last minute, {:.2} a second allowed, {:.0} a minute wanted of {:.0}, stretch {:.2}, {} on the way",
            self.at,
            self.phase,
            self.window_used,
            self.ceiling,
            self.per_second,
            self.needed,
            self.budget,
            self.stretch,
            self.in_flight
        )?;
        if let Some(degraded) = &self.degraded {
            writeln!(f, "DEGRADED: {degraded}")?;
        }
        writeln!(
            f,
            "{:<24} {:<5} {:<22} {:>9} {:>9} {:>9} {:>6} {:>6} {:>6}",
            "subject", "class", "function", "period s", "age s", "due in s", "sent", "ok", "failed"
        )?;
        for line in &self.lines {
            writeln!(
                f,
                "{:<24} {:<5} {:<22} {:>9} {:>9} {:>9} {:>6} {:>6} {:>6}",
                line.subject,
                line.class,
                line.function,
                seconds(line.period_ms),
                seconds(line.age_ms),
                seconds(line.due_ms),
                line.sent,
                line.ok,
                line.failed
            )?;
        }
        let counts: Vec<String> = self.counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
        writeln!(f, "decisions: {}", counts.join(", "))?;
        let answers: Vec<String> =
            self.answers.iter().map(|(function, class, n)| format!("{function} {class} {n}")).collect();
        writeln!(f, "answers: {}", answers.join(", "))?;
        write!(
            f,
            "waited after due: mean {:.0} ms, longest {} ms",
            self.waited_mean_ms, self.waited_longest_ms
        )
    }
}
