//! What a file with options holds, without an instant to ask for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use alphatrader_model::instrument::OptionContract;
use alphatrader_model::{Calendar, Span, Symbol, Timestamp};

use super::ask::Ask;
use super::kind::{ChainKind, LeanOptions};
use super::lean_name::EntryName;
use super::reading::Reading;
use super::rows::Faults;
use super::terms::underlying_of;
use super::{daily, lean_day, read};
use crate::context::midnight;
use crate::error::HistoryError;
use crate::lean::Data;
use crate::malformed::Reason;

/// What a file with options holds.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) kind: ChainKind,
    pub(crate) symbol: Option<Symbol>,
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) records: BTreeMap<&'static str, u64>,
    pub(crate) malformed: u64,
    pub(crate) examples: Vec<String>,
    pub(crate) notes: Vec<String>,
}

/// Looks through a file with options.
///
/// # Errors
/// As [`read`].
pub(crate) fn survey(path: &Path, calendar: &Calendar) -> Result<Survey, HistoryError> {
    match ChainKind::of(path)? {
        ChainKind::Lean(holds) => of_zip(path, holds, calendar),
        ChainKind::OptionsDaily => daily::survey(path, calendar),
        kind => Ok(of_reading(kind, read(path, &Ask::default(), calendar)?)),
    }
}

fn of_reading(kind: ChainKind, reading: Reading) -> Survey {
    let as_of = reading.snapshot.as_of;
    let expiries = reading.expiries().len() as u64;
    Survey {
        kind,
        symbol: Some(reading.snapshot.underlying),
        first: Some(as_of),
        last: Some(as_of),
        records: BTreeMap::from([("contract", reading.snapshot.rows.len() as u64), ("expiry", expiries)]),
        malformed: reading.malformed,
        examples: reading.examples.iter().map(|one| format!("row {}: {}", one.line, one.reason)).collect(),
        notes: reading.notes,
    }
}

fn of_zip(path: &Path, holds: LeanOptions, calendar: &Calendar) -> Result<Survey, HistoryError> {
    let file: Arc<Path> = Arc::from(path);
    let mut lines = lean_day::open(path)?;
    let mut faults = Faults::default();
    let mut seen: Option<OptionContract> = None;
    let (mut first, mut last) = (None::<Timestamp>, None::<Timestamp>);
    let (mut contracts, mut records) = (0_u64, 0_u64);
    while let Some(entered) = lines.next_entry() {
        let name =
            entered.and_then(|name| EntryName::of(&name).ok_or(Reason::Unreadable("the name of an entry")));
        let name = match name {
            Ok(name) => name,
            Err(reason) => {
                faults.note(&file, 0, reason);
                continue;
            }
        };
        contracts += 1;
        seen.get_or_insert(name.contract);
        let span = name.holds.resolution.span().filter(|_| name.holds.data != Data::OpenInterest);
        while let Some((number, line)) = lines.next_line() {
            match line.and_then(|line| lean_day::parse(line, name.holds)) {
                Ok((millis, date, _)) => {
                    records += 1;
                    let Some(date) = date.or(name.date) else { continue };
                    let at =
                        midnight(calendar, date) + Span::from_millis(millis) + span.unwrap_or(Span::ZERO);
                    first = Some(first.map_or(at, |known| known.min(at)));
                    last = Some(last.map_or(at, |known| known.max(at)));
                }
                Err(reason) => _ = faults.note(&file, number, reason),
            }
        }
    }
    let name = match holds.data {
        Data::Quote => "quote",
        Data::Trade => "bar",
        Data::OpenInterest => "open_interest",
    };
    Ok(Survey {
        kind: ChainKind::Lean(holds),
        symbol: seen.map(|contract| underlying_of(contract.root)),
        first,
        last,
        records: BTreeMap::from([(name, records), ("contract", contracts)]),
        malformed: faults.malformed,
        examples: faults.examples.iter().map(|one| format!("line {}: {}", one.line, one.reason)).collect(),
        notes: Vec::new(),
    })
}
