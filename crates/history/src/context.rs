//! What a reader needs to know beyond its file.

use alphatrader_model::{Calendar, InstrumentId, Span, Timestamp};
use jiff::civil::Date;

use crate::limits::Limits;
use crate::progress::Progress;

/// What a reader needs to know beyond its file.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Turns New York time into instants.
    pub calendar: &'a Calendar,
    /// The number that the file's symbol goes by; of a file of several, the number of the first of them.
    pub instrument: InstrumentId,
    /// Bounds on what the file may ask.
    pub limits: Limits,
    /// Counts the bytes that are read.
    pub progress: &'a Progress,
}

/// Where the wall clock's day begins. On the two Sundays when the clock changes this is not midnight:
/// the times of the files are wall clock, and all of them lie after the change.
pub(crate) fn midnight(calendar: &Calendar, date: Date) -> Timestamp {
    calendar.instant(date, 12, 0) - Span::from_minutes(12 * 60)
}

/// Where a day begins and ends.
pub(crate) fn day(calendar: &Calendar, date: Date) -> (Timestamp, Timestamp) {
    let next = date.tomorrow().unwrap_or(date);
    (calendar.midnight(date), calendar.midnight(next))
}
