//! How the edge is: for people, dashboards and health checks.

use alphatrader_model::{Symbol, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

use crate::earnings;
use crate::movers::Movers;
use crate::options::Rejections;
use crate::scheduler::Report;
use crate::sentiment::NewsCounts;

/// One chain that was received.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChainStatus {
    /// Whose.
    pub symbol: Symbol,
    /// Its only expiry; absent for the whole chain.
    pub expiry: Option<Date>,
    /// Contracts.
    pub rows: usize,
    /// Time since it was received, by the system's clock.
    pub age_ms: i64,
    /// Why it may not be traded on, in words.
    pub stale: Option<&'static str>,
    /// Median difference of the source's deltas and ours.
    pub delta_difference: Option<f64>,
}

/// A rate of the treasury, or the overnight rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RateStatus {
    /// `3month` to `30year`, or `overnight`.
    pub name: &'static str,
    /// The day it is of.
    pub date: Date,
    /// Continuous, a year.
    pub rate: f64,
}

/// Something that somebody should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// When, by the system's clock.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

/// How the edge is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// In one sentence.
    pub text: String,
    /// When data came last.
    pub last_data: Option<Timestamp>,
    /// Last thing that went wrong, without the key.
    pub last_error: Option<String>,
    /// Use of the window, stretch, breakers, every subject, the last decisions.
    pub scheduler: Report,
    /// Every chain with its age.
    pub chains: Vec<ChainStatus>,
    /// Payloads that were refused whole, by rule.
    pub refused: Vec<(&'static str, u64)>,
    /// Rows accepted, dropped and flagged, by rule.
    pub rejections: Rejections,
    /// What became of the articles.
    pub news: NewsCounts,
    /// Rates, newest of each.
    pub rates: Vec<RateStatus>,
    /// Whether the vendor says that US equities trade.
    pub us_open: Option<bool>,
    /// Movers of the day.
    pub movers: Option<Movers>,
    /// When followed companies report.
    pub earnings: Vec<earnings::Report>,
    /// The last alarms, oldest first; at most 32.
    pub alarms: Vec<Alarm>,
    /// Alarms since the start.
    pub alarms_total: u64,
    /// Bytes of all answers, unpacked.
    pub bytes: u64,
}

impl Status {
    /// Whether something is missing that should be there.
    pub fn is_degraded(&self) -> bool {
        self.scheduler.degraded.is_some()
    }

    pub(crate) fn words(report: &Report, last_data: Option<Timestamp>) -> String {
        let used = format!("{} of {} requests in the last minute", report.window_used, report.ceiling);
        match (&report.degraded, last_data) {
            (Some(degraded), _) => format!("degraded: {degraded}; {used}"),
            (None, None) => format!("no data yet; {used}"),
            (None, Some(at)) => {
                format!("last data {} s ago; {used}", report.at.since(at).millis().max(0) / 1_000)
            }
        }
    }
}
