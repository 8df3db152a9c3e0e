//! When companies report: a table, read by the names in its header.

use alphatrader_model::Symbol;
use jiff::civil::Date;
use serde::Serialize;
use thiserror::Error;

use crate::day;
use crate::number;

/// Rows that are kept.
pub const ROWS: usize = 20_000;

/// When in the day a company reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOfDay {
    /// Before the open.
    PreMarket,
    /// After the close.
    PostMarket,
}

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Report {
    /// Whose.
    pub symbol: Symbol,
    /// On which day.
    pub date: Date,
    /// When in the day, where it is said.
    pub time: Option<TimeOfDay>,
    /// Earnings a share that are expected, dollars.
    pub estimate: Option<f64>,
}

/// What a table was instead of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoReports {
    /// No such table.
    #[error("no table of earnings")]
    NotATable,
    /// Rows, but none of them a report: the server spells a refusal over the columns when it is asked too often.
    #[error("a table in which no row is a report: a refusal for rate")]
    Throttled,
}

/// Reads the table. Only a header is an empty calendar.
///
/// # Errors
/// [`NoReports`].
pub fn decode(body: &[u8]) -> Result<Vec<Report>, NoReports> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
    let header = reader.headers().map_err(|_| NoReports::NotATable)?.clone();
    let column = |name: &str| header.iter().position(|cell| cell.trim() == name);
    let (symbol, date) = column("symbol").zip(column("reportDate")).ok_or(NoReports::NotATable)?;
    let (estimate, time) = (column("estimate"), column("timeOfTheDay"));
    let (mut reports, mut seen) = (Vec::new(), 0_u64);
    for record in reader.records().take(ROWS) {
        seen += 1;
        let Ok(record) = record else { continue };
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or("");
        let report = Symbol::new(cell(Some(symbol)).trim()).ok().zip(day::date(cell(Some(date))));
        if let Some((symbol, date)) = report {
            reports.push(Report {
                symbol,
                date,
                time: match cell(time) {
                    "pre-market" => Some(TimeOfDay::PreMarket),
                    "post-market" => Some(TimeOfDay::PostMarket),
                    _ => None,
                },
                estimate: number::number(cell(estimate)).ok().flatten(),
            });
        }
    }
    if reports.is_empty() && seen > 0 { Err(NoReports::Throttled) } else { Ok(reports) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_is_read_by_its_header() {
        let body = b"symbol,name,reportDate,fiscalDateEnding,estimate,currency,timeOfTheDay\r\nIBM,\"International, Business\",2026-10-21,2026-09-30,2.41,USD,post-market\r\nMSFT,Microsoft,2026-10-28,2026-09-30,,USD,\r\n";
        let reports = decode(body).unwrap();
        assert_eq!(reports.len(), 2);
        assert_eq!((reports[0].time, reports[0].estimate), (Some(TimeOfDay::PostMarket), Some(2.41)));
        assert_eq!((reports[1].time, reports[1].estimate), (None, None));
        let six = b"symbol,name,reportDate,fiscalDateEnding,estimate,currency\r\nIBM,I,2026-10-21,2026-09-30,2.41,USD\r\n";
        assert_eq!(decode(six).unwrap()[0].time, None);
    }

    #[test]
    fn a_refusal_spelled_over_the_columns_is_told_apart_from_nothing() {
        let header = b"symbol,name,reportDate,fiscalDateEnding,estimate,currency\r\n";
        assert_eq!(decode(header), Ok(Vec::new()));
        let spelled = [header.as_slice(), b"I,n,f,o,r,m,a\r\n"].concat();
        assert_eq!(decode(&spelled), Err(NoReports::Throttled));
        assert_eq!(decode(b"<html>"), Err(NoReports::NotATable));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
            let table = [b"symbol,reportDate\r\n".as_slice(), &bytes].concat();
            let _ = decode(&table);
        }
    }
}
