//! Economic events: files of the user's, and what rules foretell where there is no file.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`table`] | CSV with the columns `datetime_et,name,impact,country` |
//! | [`ics`] | the `VEVENT`s of an iCalendar file |
//! | [`estimate`] | events by rule: jobless claims, payrolls, ISM, EIA |
//!
//! Each event says where it comes from and whether it is confirmed. A file covers the days from its first to
//! its last event: a day there without one has none. Outside it coverage is unknown, because the days of
//! consumer and producer prices, of income and outlays and of domestic product follow from no rule.

pub mod estimate;
pub mod ics;
pub mod table;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use alphatrader_model::{Calendar, Timestamp};
use jiff::civil::Date;
use serde::Serialize;
use thiserror::Error;

/// Largest file that is read, bytes.
pub const MOST_BYTES: u64 = 8 << 20;
/// Most events of a file.
pub const MOST_EVENTS: usize = 20_000;

/// How much a release moves the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Hardly.
    Low,
    /// Somewhat.
    Medium,
    /// Much.
    High,
}

/// Whether somebody said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// A source names the instant.
    Confirmed,
    /// A rule foretells it; the source may do otherwise.
    Estimated,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EconomicEvent {
    /// When it is published.
    pub at: Timestamp,
    /// Its exchange date.
    pub date: Date,
    /// The source names a day without a time: `at` is the day's first instant.
    pub whole_day: bool,
    /// What.
    pub name: String,
    /// How much it moves the market, where that is said.
    pub impact: Option<Impact>,
    /// Whose economy, as the source writes it: `US`.
    pub country: String,
    /// The file, or `rule`.
    pub source: String,
    /// Whether somebody said so.
    pub certainty: Certainty,
}

/// What is known of a day's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// A source brackets the day: what is not there does not come.
    Known,
    /// No source brackets it: what is not there may come all the same.
    Unknown,
}

/// Why events can't be read.
#[derive(Debug, Error)]
pub enum EventsError {
    /// The file can't be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is too large.
    #[error("{0}: more than {MOST_BYTES} bytes; is it the right file?")]
    TooLarge(PathBuf),
    /// A line is not as it should be.
    #[error("{path}, line {line}: {what}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong and how to mend it.
        what: String,
    },
}

/// A line that can't be read: its number and why.
pub type BadLine = (usize, String);

/// A file of events, read again when it changes.
#[derive(Debug, Clone)]
pub struct EventsFile {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    events: Vec<EconomicEvent>,
    read_at: Option<SystemTime>,
}

impl EventsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`EventsError`].
    pub fn open(path: &Path, calendar: &Calendar) -> Result<Self, EventsError> {
        let mut file = Self { path: path.to_owned(), stamp: None, events: Vec::new(), read_at: None };
        file.refresh(calendar)?;
        Ok(file)
    }

    /// Reads the file again where its time or length has changed; whether it did.
    ///
    /// # Errors
    /// [`EventsError`]: the events read before stay.
    pub fn refresh(&mut self, calendar: &Calendar) -> Result<bool, EventsError> {
        let unreadable = |source| EventsError::Unreadable { path: self.path.clone(), source };
        let about = std::fs::metadata(&self.path).map_err(unreadable)?;
        let stamp = (about.modified().map_err(unreadable)?, about.len());
        if self.stamp == Some(stamp) {
            return Ok(false);
        }
        if about.len() > MOST_BYTES {
            return Err(EventsError::TooLarge(self.path.clone()));
        }
        let text = std::fs::read_to_string(&self.path).map_err(unreadable)?;
        let name = self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let line = |(line, what)| EventsError::Line { path: self.path.clone(), line, what };
        self.events = parse(&text, &name, calendar).map_err(line)?;
        self.stamp = Some(stamp);
        self.read_at = Some(SystemTime::now());
        Ok(true)
    }

    /// Its events, in order of time.
    pub fn events(&self) -> &[EconomicEvent] {
        &self.events
    }

    /// When it was read last.
    pub fn read_at(&self) -> Option<SystemTime> {
        self.read_at
    }

    /// Whether it brackets a day.
    pub fn coverage(&self, date: Date) -> Coverage {
        match (self.events.first(), self.events.last()) {
            (Some(first), Some(last)) if first.date <= date && date <= last.date => Coverage::Known,
            _ => Coverage::Unknown,
        }
    }
}

/// Reads events of either kind, in order of time. The same event twice counts once.
///
/// # Errors
/// [`BadLine`].
pub fn parse(text: &str, source: &str, calendar: &Calendar) -> Result<Vec<EconomicEvent>, BadLine> {
    // Files of official sources begin with the mark of their encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut events = if text.trim_start().starts_with("BEGIN:VCALENDAR") {
        ics::parse(text, source, calendar)?
    } else {
        table::parse(text, source, calendar)?
    };
    events.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    events.dedup_by(|a, b| a.at == b.at && a.name == b.name);
    Ok(events)
}

/// Events of the days from `from` to `to`: those of the file, and by rule those of days that it does not
/// bracket.
pub fn events_between(
    file: Option<&EventsFile>,
    calendar: &Calendar,
    from: Date,
    to: Date,
) -> Vec<EconomicEvent> {
    let covered = |date| file.is_some_and(|file| file.coverage(date) == Coverage::Known);
    let told = file.into_iter().flat_map(EventsFile::events);
    let mut events: Vec<EconomicEvent> =
        told.filter(|event| (from..=to).contains(&event.date)).cloned().collect();
    events.extend(estimate::between(calendar, from, to).into_iter().filter(|event| !covered(event.date)));
    events.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const CSV: &str = "datetime_et,name,impact,country\n\
        2026-12-10 08:30,CPI,high,US\n2026-12-01 10:00,ISM Manufacturing,medium,US\n2026-12-31,Year end,low,US\n";

    #[test]
    fn a_file_is_read_again_when_it_changes_and_covers_what_it_brackets() {
        let (calendar, folder) = (Calendar::xnys(), tempfile::tempdir().unwrap());
        let path = folder.path().join("events.csv");
        std::fs::write(&path, CSV).unwrap();
        let mut file = EventsFile::open(&path, &calendar).unwrap();
        assert_eq!(file.events().len(), 3);
        assert_eq!(file.events()[0].name, "ISM Manufacturing");
        assert_eq!(file.coverage(date(2026, 12, 7)), Coverage::Known);
        assert_eq!(file.coverage(date(2026, 11, 30)), Coverage::Unknown);
        assert!(!file.refresh(&calendar).unwrap());
        std::fs::write(&path, format!("{CSV}2027-01-13 08:30,CPI,high,US\n")).unwrap();
        assert!(file.refresh(&calendar).unwrap());
        assert_eq!(file.coverage(date(2027, 1, 7)), Coverage::Known);
        // A broken file leaves what was known.
        std::fs::write(&path, "datetime_et,name,impact,country\nsometime,CPI,high,US\n").unwrap();
        let error = file.refresh(&calendar).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("sometime"), "{error}");
        assert_eq!(file.events().len(), 4);
    }

    #[test]
    fn rules_speak_only_where_no_file_does() {
        let (calendar, folder) = (Calendar::xnys(), tempfile::tempdir().unwrap());
        let path = folder.path().join("events.csv");
        std::fs::write(&path, CSV).unwrap();
        let file = EventsFile::open(&path, &calendar).unwrap();
        let events = events_between(Some(&file), &calendar, date(2026, 11, 25), date(2026, 12, 31));
        let estimated = |e: &&EconomicEvent| e.certainty == Certainty::Estimated;
        assert!(events.iter().filter(estimated).all(|event| event.date < date(2026, 12, 1)));
        assert_eq!(events.iter().filter(|event| !estimated(event)).count(), 3);
        assert!(
            events_between(None, &calendar, date(2026, 12, 1), date(2026, 12, 31))
                .iter()
                .all(|e| estimated(&e))
        );
    }
}
