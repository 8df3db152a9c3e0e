//! Who asks what, and when: a state machine. Time goes in, decisions come out; there is no clock and no I/O here.
//!
//! Three rules bind every request, retries and refused ones counted: no 60 seconds hold more than the ceiling, no two
//! are closer than the spacing, no more than a few are on their way. Below that, priorities: the class (see [`Class`]),
//! then the earliest deadline, which is when the next refresh of the same data is due. Something overdue by three of
//! its periods counts one class higher, and when news wait they get one slot in four. There is one request on its way
//! for a subject; refreshes whose data became fresh meanwhile are dropped; when not everything fits, all periods are
//! stretched by one factor.
//!
//! | part | what it holds |
//! | --- | --- |
//! | `window` | the log of sends: ceiling and spacing |
//! | `rate` | the rate after refusals |
//! | `breaker` | stops asking what does not answer |
//! | `latch` | what stopped until something changes |
//! | `cadence`, `subject` | phases of the day; what is followed, how often, how much it matters |
//! | `plan` | when each subject is due; the stretch |
//! | `outcome` | what an answer means for the next request |
//! | `decision`, `report` | what was decided and why |

mod breaker;
mod cadence;
mod decision;
mod latch;
mod outcome;
mod plan;
mod rate;
mod report;
mod subject;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alphatrader_edge::Backoff;
use alphatrader_model::{Calendar, Span, Symbol, Timestamp};
use jiff::civil::Date;

pub use breaker::BreakerState;
pub use cadence::Phase;
pub use decision::{BreakerReport, Choice, Decision, Why};
pub use outcome::Outcome;
pub use plan::Asked;
pub use report::{Line, Report};
pub use subject::{Class, Subject};

use self::breaker::Breaker;
use self::decision::Journal;
use self::latch::Latches;
use self::rate::Rate;
use self::window::Window;
use crate::request::{Function, Request};
use crate::settings::Settings;

/// A request that leaves now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its number; the answer is told under it.
    pub id: u64,
    /// For what.
    pub subject: Subject,
    /// What is asked.
    pub request: Request,
    /// How long it may take, wall time.
    pub timeout: Duration,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this, and ask again at once.
    Send(Box<Ticket>),
    /// Nothing before this instant, unless an answer comes.
    Wait(Timestamp),
}

/// One followed subject.
#[derive(Debug)]
struct Target {
    subject: Subject,
    /// How often, unstretched; absent when it is not asked for, or at the day's pulls.
    period: Option<Span>,
    /// When the next refresh is due.
    due: Option<Timestamp>,
    /// When the refresh that is on its way, or failed, was due.
    since: Timestamp,
    retry_at: Option<Timestamp>,
    attempt: u32,
    backoff: Option<Backoff>,
    flying: bool,
    /// A wrong request is not repeated before.
    refused_until: Option<Timestamp>,
    last_ok: Option<Timestamp>,
    /// Why it waited when last looked at; a hold is noted once.
    held: Option<Why>,
    sent: u64,
    ok: u64,
    failed: u64,
}

impl Target {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            period: None,
            due: None,
            since: Timestamp::default(),
            retry_at: None,
            attempt: 0,
            backoff: None,
            flying: false,
            refused_until: None,
            last_ok: None,
            held: None,
            sent: 0,
            ok: 0,
            failed: 0,
        }
    }

    /// When it wants to leave.
    fn wants_at(&self) -> Option<Timestamp> {
        let at = self.retry_at.or(self.due)?;
        Some(self.refused_until.map_or(at, |until| at.max(until)))
    }
}

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler {
    settings: Settings,
    calendar: Calendar,
    targets: Vec<Target>,
    expiries: BTreeMap<Symbol, Vec<Date>>,
    hot: BTreeSet<Symbol>,
    window: Window,
    rate: Rate,
    paused_until: Timestamp,
    all: Breaker,
    breakers: BTreeMap<Function, Breaker>,
    latches: Latches,
    /// What is on its way: ticket to place of the target.
    flying: BTreeMap<u64, Flight>,
    tickets: u64,
    phase: Phase,
    phase_ends: Timestamp,
    stretch: f64,
    needed: f64,
    /// Slots given to others while news waited.
    news_passed: u32,
    journal: Journal,
    answers: BTreeMap<(Function, &'static str), u64>,
    waited: report::Waits,
    /// News are asked from here on: the newest that was seen, less what comes late.
    news_since: BTreeMap<Option<Symbol>, Timestamp>,
    now: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    subject: Subject,
    function: Function,
}

/// What may be chosen now, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    class: Class,
    deadline: Timestamp,
    place: usize,
    base: Class,
}

impl Scheduler {
    /// Requests of somebody that may wait.
    pub const ASKED: usize = 64;
    /// Part of the budget kept for retries.
    const RESERVE: f64 = 0.05;
    /// Use of the window from which P5 waits.
    const BUSY: f64 = 0.6;
    /// Periods overdue from which a class is risen.
    const OVERDUE: i64 = 3;
    /// Slots that others get while news wait.
    const NEWS_SLOTS: u32 = 3;
    /// A refresh without a period (a pull, or asked for) may be tried for so long.
    const PATIENCE: Span = Span::from_minutes(10);

    /// A scheduler that begins at `now`.
    pub fn new(settings: &Settings, calendar: Calendar, now: Timestamp) -> Self {
        let (phase, phase_ends) = cadence::phase(&calendar, now);
        let mut scheduler = Self {
            targets: plan::subjects(settings).into_iter().map(Target::new).collect(),
            window: Window::new(settings.per_minute),
            rate: Rate::new(settings.spacing),
            settings: settings.clone(),
            calendar,
            expiries: BTreeMap::new(),
            hot: BTreeSet::new(),
            paused_until: now,
            all: Breaker::new(),
            breakers: BTreeMap::new(),
            latches: Latches::default(),
            flying: BTreeMap::new(),
            tickets: 0,
            phase,
            phase_ends,
            stretch: 1.0,
            needed: 0.0,
            news_passed: 0,
            journal: Journal::new(),
            answers: BTreeMap::new(),
            waited: report::Waits::default(),
            news_since: BTreeMap::new(),
            now,
        };
        scheduler.journal.note(now, Choice::Phase { phase });
        scheduler.replan();
        scheduler
    }

    /// What to do at `now`. A clock that goes back counts as standing still.
    pub fn next(&mut self, now: Timestamp) -> Step {
        self.advance(now);
        let now = self.now;
        if let Some(until) = self.latches.all_until(now) {
            return Step::Wait(until);
        }
        let Some(chosen) = self.choose() else { return Step::Wait(self.wakes_at()) };
        let (allowed, why) = self.allowed();
        if allowed > now {
            self.hold(chosen.place, why);
            // Nobody but an answer frees a place on the way.
            return Step::Wait(if why == Why::InFlight { self.phase_ends } else { allowed });
        }
        match self.send(chosen) {
            Some(ticket) => Step::Send(Box::new(ticket)),
            None => Step::Wait(now + Span::SECOND),
        }
    }

    /// Moves the time: another phase, a recovered rate, a latch that ends.
    fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let ended = self.latches.expire(self.now);
        let before = self.rate.per_second();
        self.rate.recover(self.now);
        let (phase, ends) = if self.now >= self.phase_ends {
            cadence::phase(&self.calendar, self.now)
        } else {
            (self.phase, self.phase_ends)
        };
        let turned = ends != self.phase_ends;
        self.phase_ends = ends;
        if phase != self.phase {
            self.phase = phase;
            self.journal.note(self.now, Choice::Phase { phase });
        }
        if ended || turned || (self.rate.per_second() - before).abs() > 0.0 {
            self.replan();
        }
    }

    /// When the next request may leave, and what keeps it.
    fn allowed(&self) -> (Timestamp, Why) {
        if self.flying.len() >= self.settings.in_flight {
            return (self.now + Span::SECOND, Why::InFlight);
        }
        let spaced = self.window.earliest(self.now, self.spacing());
        if self.paused_until > spaced {
            (self.paused_until, Why::Paused)
        } else if self.window.used(self.now) >= self.settings.per_minute as usize {
            (spaced, Why::Window)
        } else {
            (spaced, Why::Spacing)
        }
    }

    /// Least distance of two requests now.
    fn spacing(&self) -> Span {
        self.rate.spacing().max(self.settings.spacing)
    }

    fn is_busy(&self) -> bool {
        self.window.used(self.now) as f64 >= Self::BUSY * f64::from(self.settings.per_minute)
    }

    fn function_of(&self, subject: Subject) -> Function {
        match subject {
            Subject::Chain(_) if self.latches.has(Function::RealtimeOptions) => Function::HistoricalOptions,
            other => other.function(),
        }
    }

    /// Whether a request of this function may pass at all, and when.
    fn gate(&self, function: Function) -> Option<Timestamp> {
        if self.latches.has(function) {
            return None;
        }
        let of_all = self.all.opens_at(self.now)?;
        let own = self.breakers.get(&function).map_or(Some(self.now), |b| b.opens_at(self.now))?;
        Some(of_all.max(own))
    }

    /// The best of what is due. Notes what is due and may not leave.
    fn choose(&mut self) -> Option<Candidate> {
        let busy = self.is_busy();
        let (mut best, mut news): (Option<Candidate>, Option<Candidate>) = (None, None);
        let mut held = Vec::new();
        for (place, target) in self.targets.iter().enumerate() {
            if target.flying || target.wants_at().is_none_or(|at| at > self.now) {
                continue;
            }
            let base = self.class_of(target.subject);
            match self.gate(self.function_of(target.subject)) {
                Some(at) if at <= self.now => {}
                _ => {
                    held.push((place, Why::Breaker));
                    continue;
                }
            }
            let candidate = self.candidate(place, base);
            // Long overdue, it no longer waits for a quiet window.
            if candidate.class == Class::P5 && busy {
                held.push((place, Why::Busy));
                continue;
            }
            if matches!(target.subject, Subject::News(_)) {
                news = Some(news.map_or(candidate, |other| other.min(candidate)));
            }
            best = Some(best.map_or(candidate, |other| other.min(candidate)));
        }
        for (place, why) in held {
            self.hold(place, why);
        }
        match news {
            Some(news) if self.news_passed >= Self::NEWS_SLOTS => Some(news),
            _ => best,
        }
    }

    fn candidate(&self, place: usize, base: Class) -> Candidate {
        let target = &self.targets[place];
        let since = if target.retry_at.is_some() { target.since } else { target.due.unwrap_or(self.now) };
        let patience = target.period.map_or(Self::PATIENCE, |period| self.stretched(period));
        let overdue = self.now.since(since).nanos() > patience.nanos().saturating_mul(Self::OVERDUE);
        let class = if overdue { base.up() } else { base };
        Candidate { class, deadline: since + patience, place, base }
    }

    fn class_of(&self, subject: Subject) -> Class {
        subject.class(subject.symbol().is_some_and(|symbol| self.hot.contains(&symbol)))
    }

    fn hold(&mut self, place: usize, why: Why) {
        let target = &mut self.targets[place];
        if target.held != Some(why) {
            target.held = Some(why);
            let subject = target.subject;
            self.journal.note(self.now, Choice::Hold { subject, why });
        }
    }

    fn send(&mut self, chosen: Candidate) -> Option<Ticket> {
        let now = self.now;
        let subject = self.targets[chosen.place].subject;
        let Some(request) = self.request(subject) else {
            // Nothing to ask any more: its expiry is gone.
            self.targets[chosen.place].due = None;
            self.targets[chosen.place].retry_at = None;
            return None;
        };
        self.note_turns(chosen, subject);
        let next = self.next_due(chosen.place);
        let target = &mut self.targets[chosen.place];
        if target.retry_at.take().is_none() {
            target.since = target.due.unwrap_or(now);
            target.attempt = 0;
            target.backoff = None;
            target.due = next;
        }
        target.attempt += 1;
        target.sent += 1;
        target.flying = true;
        target.held = None;
        let waited = now.since(target.since);
        let attempt = target.attempt;
        self.waited.note(waited);
        self.window.note(now);
        self.all.passes();
        let function = request.function();
        self.breakers.entry(function).or_insert_with(Breaker::new).passes();
        self.tickets += 1;
        self.flying.insert(self.tickets, Flight { subject, function });
        self.journal.note(now, Choice::Send { subject, class: chosen.base, waited, attempt });
        let timeout = if matches!(subject, Subject::Chain(_) | Subject::Once(_, None)) {
            self.settings.chain_timeout
        } else {
            self.settings.timeout
        };
        Some(Ticket { id: self.tickets, subject, request, timeout })
    }

    /// Notes a turn that went against the classes.
    fn note_turns(&mut self, chosen: Candidate, subject: Subject) {
        let is_news = matches!(subject, Subject::News(_));
        let waiting = |target: &Target| {
            !target.flying
                && target.wants_at().is_some_and(|at| at <= self.now)
                && matches!(target.subject, Subject::News(_))
        };
        let news_waits = self.targets.iter().any(waiting);
        if is_news && self.news_passed >= Self::NEWS_SLOTS {
            self.journal.note(self.now, Choice::NewsTurn { subject });
        } else if chosen.class != chosen.base {
            self.journal.note(self.now, Choice::Aged { subject });
        }
        self.news_passed = if is_news || !news_waits { 0 } else { self.news_passed + 1 };
    }

    /// The earliest instant at which something may be due.
    fn wakes_at(&self) -> Timestamp {
        let busy = self.is_busy();
        let ready = |target: &Target| {
            let at = target.wants_at().filter(|_| !target.flying)?;
            let gate = self.gate(self.function_of(target.subject))?;
            let quiet = busy && self.class_of(target.subject) == Class::P5;
            let at = if quiet { at.max(self.now + Span::SECOND) } else { at };
            Some(at.max(gate))
        };
        let soonest = self.targets.iter().filter_map(ready).min();
        let latch = self.latches.next_end();
        [soonest, latch]
            .into_iter()
            .flatten()
            .fold(self.phase_ends, Timestamp::min)
            .max(self.now + Span::from_nanos(1))
    }
}
