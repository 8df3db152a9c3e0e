//! Parameters found in the recorded market: read at the start, found anew every night, told to the engine as an
//! event and to the hot state.

use std::path::PathBuf;

use alphatrader_edge::Clock;
use alphatrader_edge::inbox::Sender;
use alphatrader_history::recording::Shelf;
use alphatrader_history::{Days, Progress};
use alphatrader_jobs::{Request, discover, file, threads};
use alphatrader_model::{Calendar, Discovered, Input, Payload, Settings, Timestamp};
use alphatrader_store::hot::Key;
use jiff::civil::Date;
use serde::Serialize;

use super::hot::HotState;
use crate::config::Config;

/// Sessions that are searched at night, a year of them.
const SESSIONS: usize = 250;
const SEED: u64 = 1;

/// Where the file is, and who has to hear of it.
#[derive(Clone)]
pub(super) struct Found {
    path: PathBuf,
    settings: Settings,
    clock: Clock,
    sender: Sender,
    hot: HotState,
}

/// A value of the hot state, with its time.
#[derive(Serialize)]
struct Stamped<'d, T> {
    as_of: Timestamp,
    /// Why nothing of it is in force.
    unusable: &'d Option<String>,
    #[serde(flatten)]
    value: &'d T,
}

/// The value of `discovered:parameters`.
#[derive(Serialize)]
struct Parameters<'d> {
    valid_until: Timestamp,
    data: &'d alphatrader_model::discovered::SearchedData,
    symbols: &'d std::collections::BTreeMap<
        alphatrader_model::Symbol,
        alphatrader_model::discovered::SymbolParameters,
    >,
}

impl Found {
    pub(super) fn new(config: &Config, clock: &Clock, sender: &Sender, hot: &HotState) -> Self {
        Self {
            path: config.state.directory.join(file::NAME),
            settings: config.trading.clone(),
            clock: clock.clone(),
            sender: sender.clone(),
            hot: hot.clone(),
        }
    }

    /// Reads the file and tells what it says, which may be that it is of no use.
    pub(super) fn read(&self) {
        let found = file::read(&self.path, &self.settings, self.clock.now());
        match &found.unusable {
            None => tracing::info!(
                file = %self.path.display(),
                symbols = found.symbols.len(),
                valid_until = %found.valid_until,
                "found parameters are read"
            ),
            Some(reason) if reason == "missing" => {
                tracing::info!(file = %self.path.display(), "no parameters were found yet: all defaults");
            }
            Some(reason) => {
                tracing::warn!(file = %self.path.display(), reason, "found parameters are not used: all defaults");
            }
        }
        self.tell(found);
    }

    /// The last session that the file rests on; absent when nothing of it can be used.
    pub(super) fn through(&self) -> Option<Date> {
        let known = file::read(&self.path, &self.settings, Timestamp::from_nanos(i64::MIN));
        known.data.last.filter(|_| known.unusable.is_none())
    }

    /// Searches the recordings up to a session that is over, and tells what was found.
    pub(super) fn search(&self, shelf: &Shelf, through: Date) {
        let days: Vec<Date> = shelf.days().into_iter().filter(|date| *date <= through).collect();
        let Some(from) = days.get(days.len().saturating_sub(SESSIONS)).copied() else { return };
        let incumbent = file::read(&self.path, &self.settings, Timestamp::from_nanos(i64::MIN));
        let request = Request {
            symbols: self.settings.symbols.clone(),
            from,
            to: through,
            // Half of the machine: the night is not over for everything else.
            threads: (threads::available() / 2).max(1),
            seed: SEED,
            settings: self.settings.clone(),
            incumbent: Some(incumbent).filter(|known| known.unusable.is_none()),
            git: option_env!("ALPHATRADER_GIT").map(str::to_owned),
        };
        let found = Days::of(shelf.root(), &Calendar::xnys())
            .map_err(alphatrader_jobs::DiscoverError::from)
            .and_then(|source| discover(&source, &request, &Progress::default(), &|_| ()));
        match found {
            Ok(found) => {
                if let Err(error) = file::write(&self.path, &found) {
                    tracing::error!(%error, "found parameters are in force and not kept: a restart forgets them");
                }
                let sessions = found.data.sessions_used;
                tracing::info!(%through, sessions, "parameters were searched; the next session takes them");
                self.tell(found);
            }
            Err(error) => {
                tracing::error!(%error, %through, "parameters were not searched; those before stay");
            }
        }
    }

    fn tell(&self, found: Discovered) {
        self.publish(&found);
        let now = self.clock.now();
        let payload = Payload::Discovered(Box::new(found));
        if let Err(error) = self.sender.push(Input { ts_event: now, ts_recv: now, payload }) {
            tracing::error!(%error, "found parameters did not reach the engine");
        }
    }

    fn publish(&self, found: &Discovered) {
        let Discovered { generated_at: as_of, unusable, correlation, .. } = found;
        let parameters =
            Parameters { valid_until: found.valid_until, data: &found.data, symbols: &found.symbols };
        let values = [
            (
                Key::DiscoveredParameters,
                serde_json::to_string(&Stamped { as_of: *as_of, unusable, value: &parameters }),
            ),
            (
                Key::DiscoveredCorrelation,
                serde_json::to_string(&Stamped { as_of: *as_of, unusable, value: correlation }),
            ),
        ];
        for (key, value) in values {
            let written = value.map_err(|e| e.to_string()).and_then(|value| {
                self.hot.store().set(&key.to_string(), &value, key.expiry()).map_err(|e| e.to_string())
            });
            if let Err(error) = written {
                tracing::warn!(%key, error, "the hot state does not hold it");
            }
        }
    }
}
