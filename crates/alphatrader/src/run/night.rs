//! After the close, each day's recordings become Parquet and are searched for parameters: on a thread that gives
//! way to everything else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alphatrader_edge::Clock;
use alphatrader_history::Progress;
use alphatrader_history::recording::Shelf;
use alphatrader_history::tables::compact::{compact, is_due};
use alphatrader_model::{Calendar, Span};
use jiff::civil::Date;

use super::found::Found;
use crate::config::Config;

/// Wall time between two looks at the calendar.
const LOOK: Duration = Duration::from_secs(5);
/// After the close, before the day is archived: late prints and corrections are in then.
const AFTER_CLOSE: Span = Span::from_minutes(5);

/// What is archived, and when.
struct Night {
    shelf: Shelf,
    /// Where the Parquet goes; absent when none is wanted.
    archive: Option<PathBuf>,
    /// Who searches; absent when nobody does.
    found: Option<Found>,
    /// The last day that was searched.
    searched: Option<Date>,
    clock: Clock,
    calendar: Calendar,
    /// Days that were archived, or tried, by this process: today after its close, earlier days once.
    evenings: BTreeSet<Date>,
    mornings: BTreeSet<Date>,
}

/// Starts the thread. It ends with the process: what it has not finished has no name yet and is made anew
/// at the next start.
///
/// # Errors
/// The system starts no thread.
pub(super) fn start(config: &Config, clock: &Clock, found: Found) -> std::io::Result<()> {
    let wanted = &config.recording;
    if !wanted.enabled || !(wanted.archive || wanted.discover) {
        return Ok(());
    }
    let mut night = Night {
        shelf: super::record::shelf(config),
        archive: wanted.archive.then(|| config.archive()),
        found: wanted.discover.then_some(found),
        searched: None,
        clock: clock.clone(),
        calendar: Calendar::xnys(),
        evenings: BTreeSet::new(),
        mornings: BTreeSet::new(),
    };
    std::thread::Builder::new().name("night".into()).spawn(move || {
        give_way();
        loop {
            night.look();
            std::thread::park_timeout(LOOK);
        }
    })?;
    Ok(())
}

impl Night {
    fn look(&mut self) {
        let now = self.clock.now();
        let today = self.calendar.date_of(now);
        let over = self.calendar.session(today).is_some_and(|s| now.since(s.close) > AFTER_CLOSE);
        for date in self.shelf.days() {
            let tried = if date == today && over {
                !self.evenings.insert(date)
            } else if date < today {
                !self.mornings.insert(date)
            } else {
                true
            };
            if tried {
                continue;
            }
            if let Some(archive) = self.archive.as_ref().filter(|archive| is_due(&self.shelf, archive, date))
            {
                to_parquet(&self.shelf, archive, date);
            }
        }
        // On a simulated clock the night may pass at once: then the day is over because another has begun.
        let ended = |date: &Date| *date < today || (over && *date == today);
        if let Some(last) = self.shelf.days().into_iter().filter(ended).max() {
            self.search(last);
        }
    }

    /// Once for each day that is over, unless the file knows it already.
    fn search(&mut self, last: Date) {
        let Some(found) = &self.found else { return };
        if self.searched >= Some(last) {
            return;
        }
        self.searched = Some(last);
        if found.through() < Some(last) {
            found.search(&self.shelf, last);
        }
    }
}

fn to_parquet(shelf: &Shelf, archive: &Path, date: Date) {
    match compact(shelf, archive, date, &Progress::default()) {
        Ok(done) => {
            tracing::info!(%date, rows = done.rows(), tables = done.tables.len(), "archived as Parquet");
        }
        Err(error) => {
            tracing::error!(%date, %error, "the day is not archived; `alphatrader data compact` tries again");
        }
    }
}

/// The thread's claim to the processor is the lowest there is.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(19) {
        tracing::debug!(%error, "the night's thread runs like the others");
    }
}
