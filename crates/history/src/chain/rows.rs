//! Contracts as they come: bounded, sorted, each once; what cannot be read counted and named.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alphatrader_model::chain::{ChainEntry, MOST_ROWS, Provider};
use alphatrader_model::{ChainSnapshot, Price, Symbol, Timestamp};

use super::ask::Ask;
use super::kind::ChainKind;
use super::reading::{Reading, SpotFrom};
use super::terms::underlying_of;
use crate::error::HistoryError;
use crate::malformed::{Malformed, Reason};

/// What could not be read.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) malformed: u64,
    /// The first of them.
    pub(super) examples: Vec<Malformed>,
    /// A file is not read to its end.
    pub(super) partial: bool,
}

impl Faults {
    /// Notes what could not be read; whether the file is read on.
    pub(super) fn note(&mut self, file: &Arc<Path>, line: u64, reason: Reason) -> bool {
        let goes_on = !reason.ends_file();
        self.partial |= !goes_on;
        self.malformed += 1;
        if self.examples.len() < Reading::EXAMPLES {
            self.examples.push(Malformed { file: Arc::clone(file), line, reason });
        }
        goes_on
    }
}

/// Contracts of a file as they come.
pub(super) struct Rows {
    path: Arc<Path>,
    entries: Vec<(ChainEntry, u64)>,
    pub(super) faults: Faults,
}

/// What a source states beside its rows.
#[derive(Clone, Copy)]
pub(super) struct Stated {
    pub(super) kind: ChainKind,
    pub(super) provider: Provider,
    pub(super) as_of: Timestamp,
    pub(super) spot: Option<Price>,
    pub(super) delayed: bool,
}

impl Rows {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: Arc::from(path), entries: Vec::new(), faults: Faults::default() }
    }

    /// Takes a contract. Nothing more is taken after the limit, and that is said.
    ///
    /// # Errors
    /// [`Reason::TooManyRows`].
    pub(super) fn push(&mut self, line: u64, entry: ChainEntry) -> Result<(), Reason> {
        if self.entries.len() >= MOST_ROWS {
            return Err(Reason::TooManyRows(MOST_ROWS));
        }
        self.entries.push((entry, line));
        Ok(())
    }

    /// Notes what could not be read; whether the file is read on.
    pub(super) fn note(&mut self, line: u64, reason: Reason) -> bool {
        self.faults.note(&self.path, line, reason)
    }

    /// Rows are those of this instant alone from here on.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// The chain of the underlying that was asked for, or of the only one.
    pub(super) fn into_reading(mut self, ask: &Ask, stated: Stated) -> Result<Reading, HistoryError> {
        let path: PathBuf = self.path.to_path_buf();
        let mut there: Vec<Symbol> =
            self.entries.iter().map(|(entry, _)| underlying_of(entry.contract.root)).collect();
        there.sort_unstable();
        there.dedup();
        let missing = |reason: String| HistoryError::NoChain { path: path.clone(), reason };
        let underlying = match (ask.symbol, there.as_slice()) {
            (_, []) => {
                let first =
                    self.faults.examples.first().map_or(String::new(), |malformed| format!("; {malformed}"));
                return Err(missing(format!(
                    "no row of an option could be read; {} were refused{first}",
                    self.faults.malformed
                )));
            }
            (Some(asked), _) => {
                let root = |entry: &ChainEntry| entry.contract.root == asked;
                if there.contains(&asked) {
                    self.entries.retain(|(entry, _)| underlying_of(entry.contract.root) == asked);
                    asked
                } else if self.entries.iter().any(|(entry, _)| root(entry)) {
                    self.entries.retain(|(entry, _)| root(entry));
                    underlying_of(asked)
                } else {
                    return Err(missing(format!("no options of {asked}; of {} it has", names(&there))));
                }
            }
            (None, [one]) => *one,
            (None, _) => {
                return Err(missing(format!("options of {}: choose one with --symbol", names(&there))));
            }
        };
        self.sort();
        let rows = self.entries.into_iter().map(|(entry, _)| entry).collect();
        let Stated { kind, provider, as_of, spot, delayed } = stated;
        let spot_from = if spot.is_some() { SpotFrom::Stated } else { SpotFrom::Nowhere };
        Ok(Reading {
            kind: Some(kind),
            snapshot: ChainSnapshot { underlying, provider, as_of, spot, expiry: None, delayed, rows },
            spot_from,
            files: vec![path],
            malformed: self.faults.malformed,
            examples: self.faults.examples,
            partial: self.faults.partial,
            others: there.into_iter().filter(|other| *other != underlying).collect(),
            notes: Vec::new(),
        })
    }

    /// By expiry, strike and right; the first of two rows of a contract stays.
    fn sort(&mut self) {
        self.entries.sort_by_key(|(entry, line)| {
            let contract = entry.contract;
            (contract.expiry, contract.strike, contract.right, contract.root, *line)
        });
        let mut again = Vec::new();
        self.entries.dedup_by(|later, first| {
            let same = later.0.contract == first.0.contract;
            if same {
                again.push(later.1);
            }
            same
        });
        for line in again {
            self.note(line, Reason::Again);
        }
    }
}

/// The first of some names, and how many more there are.
pub(super) fn names<T: ToString>(all: &[T]) -> String {
    const SHOWN: usize = 12;
    let mut text = all.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        // Writing to a `String` cannot fail.
        let _ = write!(text, " and {} more", all.len() - SHOWN);
    }
    text
}
