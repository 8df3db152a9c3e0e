//! What the columns of a file are, and when a line was.

use alphatrader_model::{Calendar, Span, Timestamp};
use jiff::civil::Date;

use crate::context::midnight;
use crate::fields::Fields;
use crate::malformed::Reason;

/// A column that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Time,
    Venue,
    Symbol,
    Condition,
    Size,
    Price,
    Correction,
    Bid,
    BidSize,
    Ask,
    AskSize,
}

/// Most columns of a file.
const MOST: usize = 64;

/// The columns of a file, in its order; those that mean nothing here are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    columns: Vec<Option<Column>>,
    pub(super) quotes: bool,
}

impl Columns {
    /// What the first line says; nothing where it is none of TAQ's.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let line = core::str::from_utf8(line).ok()?;
        let name = |text: &str| {
            Some(match text.trim().trim_matches('"').to_ascii_uppercase().as_str() {
                "DT" => Column::Time,
                "EX" => Column::Venue,
                "SYMBOL" | "SYM_ROOT" => Column::Symbol,
                "COND" | "TR_SCOND" => Column::Condition,
                "SIZE" => Column::Size,
                "PRICE" => Column::Price,
                "CORR" | "TR_CORR" => Column::Correction,
                "BID" => Column::Bid,
                "BIDSIZ" => Column::BidSize,
                "OFR" | "ASK" => Column::Ask,
                "OFRSIZ" | "ASKSIZ" => Column::AskSize,
                _ => return None,
            })
        };
        let columns: Vec<Option<Column>> = line.split(',').take(MOST).map(name).collect();
        let has = |wanted: &[Column]| wanted.iter().all(|column| columns.contains(&Some(*column)));
        if !has(&[Column::Time, Column::Symbol]) {
            return None;
        }
        let quotes = has(&[Column::Bid, Column::BidSize, Column::Ask, Column::AskSize]);
        (quotes || has(&[Column::Price, Column::Size])).then_some(Self { columns, quotes })
    }

    /// The texts of a line by column; what is missing is empty.
    pub(super) fn split<'a>(&self, line: &'a [u8]) -> Result<Texts<'a>, Reason> {
        let mut texts = Texts::default();
        let mut fields = Fields::of(line);
        for column in &self.columns {
            let text = fields.text("a field")?;
            if let Some(column) = column {
                texts.0[*column as usize] = text;
            }
        }
        fields.end()?;
        Ok(texts)
    }
}

/// The texts of a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Texts<'a>([&'a [u8]; 11]);

impl<'a> Texts<'a> {
    pub(super) const fn of(&self, column: Column) -> &'a [u8] {
        self.0[column as usize]
    }

    /// Dollars in 1/10 000; 0 for nothing.
    pub(super) fn dollars(&self, column: Column, field: &'static str) -> Result<i64, Reason> {
        const HIGHEST: i64 = 10_000_000 * 10_000;
        match self.of(column) {
            b"" => Ok(0),
            text => Fields::of(text).decimal(field, 4, HIGHEST),
        }
    }

    /// A whole number; 0 for nothing.
    pub(super) fn whole(&self, column: Column, field: &'static str, most: i64) -> Result<i64, Reason> {
        match self.of(column) {
            b"" => Ok(0),
            text => Fields::of(text).decimal(field, 0, most),
        }
    }
}

/// Turns the times of lines into instants.
#[derive(Debug)]
pub(super) struct Clock {
    calendar: Calendar,
    /// The date that was read last, and where it begins.
    day: ([u8; 10], Timestamp, bool),
}

impl Clock {
    pub(super) fn new(calendar: &Calendar) -> Self {
        Self { calendar: calendar.clone(), day: ([0; 10], Timestamp::default(), false) }
    }

    /// When `2018-01-02T10:01:21.479000Z` is.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<Timestamp, Reason> {
        const FIELD: &str = "time";
        let unreadable = Reason::Unreadable(FIELD);
        let (text, utc) = text.strip_suffix(b"Z").map_or((text, false), |text| (text, true));
        let Some((date, time)) = text.split_first_chunk::<10>() else { return Err(unreadable) };
        let Some((b'T' | b' ', [h1, h2, b':', m1, m2, b':', seconds @ ..])) = time.split_first() else {
            return Err(unreadable);
        };
        let two = |tens: u8, ones: u8| Fields::of(&[tens, ones]).number(FIELD, 59);
        let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
        let nanos = Fields::of(seconds).seconds(FIELD, 59_999_999_999)?;
        if hours > 23 {
            return Err(Reason::OutOfRange(FIELD));
        }
        if self.day.0 != *date || self.day.2 != utc {
            self.day = (*date, self.begin(date, utc).ok_or(unreadable)?, utc);
        }
        Ok(self.day.1 + Span::from_minutes(hours * 60 + minutes) + Span::from_nanos(nanos))
    }

    fn begin(&self, date: &[u8], utc: bool) -> Option<Timestamp> {
        let date: Date = core::str::from_utf8(date).ok()?.parse().ok()?;
        if !(1_900..2_200).contains(&date.year()) {
            return None;
        }
        if !utc {
            return Some(midnight(&self.calendar, date));
        }
        let begin = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp::from_seconds(begin.timestamp().as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_found_by_their_names() {
        let trades = Columns::of(b"DT,EX,SYMBOL,COND,SIZE,PRICE,CORR").unwrap();
        assert!(!trades.quotes);
        let texts = trades.split(b"t,P,XXX,FTI,2,157.8,0").unwrap();
        assert_eq!((texts.of(Column::Venue), texts.of(Column::Condition)), (&b"P"[..], &b"FTI"[..]));
        assert_eq!(texts.dollars(Column::Price, "price"), Ok(1_578_000));
        assert_eq!(trades.split(b"t,P,XXX,FTI,2,157.8").unwrap_err(), Reason::Missing("a field"));
        assert_eq!(trades.split(b"t,P,XXX,FTI,2,157.8,0,1").unwrap_err(), Reason::ExtraFields);
        assert!(
            Columns::of(b"\"DT\",\"EX\",\"BID\",\"BIDSIZ\",\"OFR\",\"OFRSIZ\",\"SYMBOL\"").unwrap().quotes
        );
        for line in ["DT,RV1,RV5,CLOSE", "2018-01-02T10:01:21Z,P,XXX,F,2,1,0", "", "date,open"] {
            assert_eq!(Columns::of(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn times_are_utc_or_new_yorks() {
        let mut clock = Clock::new(&Calendar::xnys());
        let mut read = |text: &str| clock.read(text.as_bytes()).map(|at| at.to_string());
        assert_eq!(read("2018-01-02T10:01:21.479000Z").unwrap(), "2018-01-02T10:01:21.479Z");
        assert_eq!(read("2018-07-02 10:01:21.5").unwrap(), "2018-07-02T14:01:21.5Z");
        for text in ["2018-01-02", "2018-01-02T24:00:00Z", "2018-13-02T10:00:00Z", "2018-01-02T1:00:00Z", "x"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_time_is_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Clock::new(&Calendar::xnys()).read(&text);
            let _ = Columns::of(&text);
        }
    }
}
