//! Chains in a recording of this system: the last of an underlying that was taken at or before an instant.

use std::collections::BTreeMap;
use std::path::Path;

use alphatrader_model::{Calendar, ChainSnapshot, Payload, Symbol};

use super::ask::Ask;
use super::reading::{Reading, SpotFrom};
use super::rows::names;
use super::terms::underlying_of;
use crate::error::HistoryError;
use crate::malformed::{Malformed, Reason};
use crate::progress::Progress;
use crate::recording::{Piece, Recording};

/// Most underlyings that a recording is asked about.
const MOST_UNDERLYINGS: usize = 4_096;

pub(super) fn read(path: &Path, ask: &Ask) -> Result<Reading, HistoryError> {
    let calendar = Calendar::xnys();
    let mut recording = Recording::open(path, &Progress::default())?;
    let date = ask.date.unwrap_or(recording.header().date);
    let until = ask.at.map(|_| ask.within(date, &calendar));
    let mut latest: BTreeMap<Symbol, ChainSnapshot> = BTreeMap::new();
    let (mut malformed, mut examples, mut partial, mut before) = (0, Vec::new(), false, 0_u64);
    for piece in recording.by_ref() {
        match piece {
            Ok(Piece::Events(taken)) => {
                for one in taken {
                    let Payload::ChainSnapshot(chain) = one.event.payload else { continue };
                    if until.is_some_and(|until| chain.as_of > until) || chain.expiry.is_some() {
                        continue;
                    }
                    if latest.len() < MOST_UNDERLYINGS || latest.contains_key(&chain.underlying) {
                        before += u64::from(latest.insert(chain.underlying, *chain).is_some());
                    }
                }
            }
            Ok(_) => {}
            Err(fault) => {
                malformed += 1;
                partial = true;
                if examples.len() < Reading::EXAMPLES {
                    let reason = Reason::Recording(fault.to_string());
                    examples.push(Malformed { file: path.into(), line: 0, reason });
                }
            }
        }
    }
    let there: Vec<Symbol> = latest.keys().copied().collect();
    let missing = |reason: String| HistoryError::NoChain { path: path.to_owned(), reason };
    let wanted = match (ask.symbol.map(underlying_of), there.as_slice()) {
        (_, []) => return Err(missing("a recording without a whole chain at or before that instant".into())),
        (Some(asked), _) => asked,
        (None, [one]) => *one,
        (None, _) => return Err(missing(format!("chains of {}: choose one with --symbol", names(&there)))),
    };
    let snapshot = latest
        .remove(&wanted)
        .ok_or_else(|| missing(format!("no chain of {wanted}; of {} it has", names(&there))))?;
    let spot_from = if snapshot.spot.is_some() { SpotFrom::Stated } else { SpotFrom::Nowhere };
    let notes = if before > 0 {
        vec![format!("the last of several chains; {before} stand before it")]
    } else {
        Vec::new()
    };
    Ok(Reading {
        kind: None,
        snapshot,
        spot_from,
        files: vec![path.to_owned()],
        malformed,
        examples,
        partial,
        others: there.into_iter().filter(|other| *other != wanted).collect(),
        notes,
    })
}
