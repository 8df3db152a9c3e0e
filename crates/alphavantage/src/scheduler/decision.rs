//! What the scheduler decided, and why: the last ones in words, all of them as counts.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::{Span, Timestamp};
use serde::Serialize;

use super::breaker::BreakerState;
use super::subject::{Class, Subject};
use crate::body;
use crate::request::Function;

/// Why something that was due did not leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The least distance to the request before.
    Spacing,
    /// The minute is full.
    Window,
    /// A refusal for rate: all wait.
    Paused,
    /// As many as may be are on their way.
    InFlight,
    /// The breaker is open.
    Breaker,
    /// The window is used by 60 % or more: P5 waits.
    Busy,
}

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Choice {
    /// Sent.
    Send {
        /// What.
        subject: Subject,
        /// In which class.
        class: Class,
        /// How long it had been due.
        waited: Span,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Sent before more important ones: long overdue, one class up.
    Aged {
        /// What.
        subject: Subject,
    },
    /// Sent before more important ones: one in four slots is the news' when it waits.
    NewsTurn {
        /// What.
        subject: Subject,
    },
    /// Due, and did not leave.
    Hold {
        /// What.
        subject: Subject,
        /// Why.
        why: Why,
    },
    /// Not asked: the same is on its way.
    Join {
        /// What.
        subject: Subject,
    },
    /// Not asked any more: the data became fresh meanwhile.
    Fresh {
        /// What.
        subject: Subject,
    },
    /// Refreshes were skipped: a newer one was due before they could leave.
    Skip {
        /// What.
        subject: Subject,
        /// How many.
        count: u32,
    },
    /// Failed, and is tried again.
    Retry {
        /// What.
        subject: Subject,
        /// How it failed.
        class: body::Class,
        /// In how long.
        wait: Span,
    },
    /// Failed, and is not tried again before its next turn.
    GiveUp {
        /// What.
        subject: Subject,
        /// How it failed.
        class: body::Class,
    },
    /// A wrong request is not repeated for an hour.
    Negative {
        /// What.
        subject: Subject,
    },
    /// All wait after a refusal for rate.
    Pause {
        /// How long.
        wait: Span,
        /// Which refusal.
        class: body::Class,
    },
    /// The rate changed.
    Rate {
        /// Requests a second from here on.
        per_second: f64,
    },
    /// A breaker opened.
    Open {
        /// Of which function; of all where none is named.
        function: Option<Function>,
    },
    /// A function, or all of them, stopped until something changes.
    Latch {
        /// Which function; all where none is named.
        function: Option<Function>,
        /// Why.
        class: body::Class,
    },
    /// The periods are stretched so that all fit.
    Stretch {
        /// By how much; 1 is not at all.
        factor: f64,
    },
    /// Another part of the day began.
    Phase {
        /// Which.
        phase: super::cadence::Phase,
    },
}

impl Choice {
    /// Its name in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Aged { .. } => "aged",
            Self::NewsTurn { .. } => "news_turn",
            Self::Hold { why: Why::Spacing, .. } => "hold_spacing",
            Self::Hold { why: Why::Window, .. } => "hold_window",
            Self::Hold { why: Why::Paused, .. } => "hold_paused",
            Self::Hold { why: Why::InFlight, .. } => "hold_in_flight",
            Self::Hold { why: Why::Breaker, .. } => "hold_breaker",
            Self::Hold { why: Why::Busy, .. } => "hold_busy",
            Self::Join { .. } => "join",
            Self::Fresh { .. } => "fresh",
            Self::Skip { .. } => "skip",
            Self::Retry { .. } => "retry",
            Self::GiveUp { .. } => "give_up",
            Self::Negative { .. } => "negative",
            Self::Pause { .. } => "pause",
            Self::Rate { .. } => "rate",
            Self::Open { .. } => "breaker_open",
            Self::Latch { .. } => "latch",
            Self::Stretch { .. } => "stretch",
            Self::Phase { .. } => "phase",
        }
    }
}

/// A decision and when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decision {
    /// By the system's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub choice: Choice,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.at)?;
        match &self.choice {
            Choice::Send { subject, class, waited, attempt: 1 } => {
                write!(f, "{class} {subject}: sent {} ms after it was due", waited.millis())
            }
            Choice::Send { subject, class, attempt, .. } => {
                write!(f, "{class} {subject}: sent, attempt {attempt}")
            }
            Choice::Aged { subject } => write!(f, "{subject}: overdue three times its period, one class up"),
            Choice::NewsTurn { subject } => write!(f, "{subject}: the news' turn"),
            Choice::Hold { subject, why } => write!(f, "{subject}: due, held back: {why:?}"),
            Choice::Join { subject } => write!(f, "{subject}: is on its way already"),
            Choice::Fresh { subject } => write!(f, "{subject}: became fresh meanwhile, not asked"),
            Choice::Skip { subject, count } => write!(f, "{subject}: {count} turn(s) passed unasked"),
            Choice::Retry { subject, class, wait } => {
                write!(f, "{subject}: {}, again in {} ms", class.name(), wait.millis())
            }
            Choice::GiveUp { subject, class } => write!(f, "{subject}: {}, not tried again", class.name()),
            Choice::Negative { subject } => write!(f, "{subject}: a wrong request, not repeated for an hour"),
            Choice::Pause { wait, class } => write!(f, "all wait {} ms: {}", wait.millis(), class.name()),
            Choice::Rate { per_second } => write!(f, "{per_second:.2} requests a second from here on"),
            Choice::Open { function: Some(function) } => write!(f, "{function}: breaker opened"),
            Choice::Open { function: None } => f.write_str("breaker of all functions opened"),
            Choice::Latch { function: Some(function), class } => {
                write!(f, "{function}: stopped: {}", class.name())
            }
            Choice::Latch { function: None, class } => write!(f, "all functions stopped: {}", class.name()),
            Choice::Stretch { factor } => write!(f, "periods stretched by {factor:.2}"),
            Choice::Phase { phase } => write!(f, "the market is {phase:?} now"),
        }
    }
}

/// State of a breaker, for the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BreakerReport {
    /// Of which function; of all where none is named.
    pub function: Option<Function>,
    /// Where it is.
    pub state: BreakerState,
}

/// The last decisions, and how many of each kind there were.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    last: VecDeque<Decision>,
    counts: BTreeMap<&'static str, u64>,
}

impl Journal {
    /// Decisions that are kept.
    const KEPT: usize = 256;

    pub(crate) fn new() -> Self {
        Self { last: VecDeque::with_capacity(Self::KEPT), counts: BTreeMap::new() }
    }

    pub(crate) fn note(&mut self, at: Timestamp, choice: Choice) {
        *self.counts.entry(choice.name()).or_default() += 1;
        if self.last.len() == Self::KEPT {
            self.last.pop_front();
        }
        self.last.push_back(Decision { at, choice });
    }

    pub(crate) fn last(&self) -> impl DoubleEndedIterator<Item = &Decision> {
        self.last.iter()
    }

    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }
}
