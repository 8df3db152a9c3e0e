//! The recording of a run: begun before the first event, with what a replay needs.

use std::sync::Arc;
use std::time::Duration;

use alphatrader_edge::Clock;
use alphatrader_edge::inbox::Sender;
use alphatrader_history::recording::{Header, Recorder, RecorderConfig, Shelf, Tape, layout};
use alphatrader_model::{Calendar, Input, Payload, Record, Settings, Timestamp};

use crate::config::Config;
use crate::failure::Failure;
use crate::recall::{self, Recall};

/// How long the start may read the day's recordings.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes in a gigabyte, as disks are sold.
const GIGABYTE: f64 = 1e9;

/// Where recordings go, and what they say of the day so far.
pub(super) struct Before {
    pub(super) begun: Timestamp,
    pub(super) recall: Recall,
}

/// The folder of recordings.
pub(super) fn shelf(config: &Config) -> Shelf {
    Shelf::new(&config.recordings())
}

/// Rebuilds the market half from the day's recordings, and tells the engine their contracts before anybody
/// else can name one.
///
/// # Errors
/// A contract that the engine cannot be told of.
pub(super) fn before(config: &Config, clock: &Clock, sender: &Sender) -> Result<Before, Failure> {
    let begun = clock.now();
    let date = Calendar::xnys().date_of(begun);
    let recall = if config.recording.enabled {
        recall::of_day(&shelf(config), date, &config.trading, begun, PATIENCE)
    } else {
        Ok(Recall::default())
    };
    let recall = recall.unwrap_or_else(|reason| {
        tracing::warn!(reason, "today's recordings are not used: chart and VPIN begin anew");
        Recall::default()
    });
    if recall.events > 0 {
        tracing::info!(
            events = recall.events,
            files = recall.from.len(),
            "chart and VPIN go on from today's recordings"
        );
    }
    for instrument in &recall.instruments {
        let payload = Payload::Instrument(Box::new(instrument.clone()));
        sender
            .push(Input { ts_event: begun, ts_recv: begun, payload })
            .map_err(|e| Failure::new(e.to_string()))?;
    }
    Ok(Before { begun, recall })
}

/// Begins the recording; nothing where it is switched off.
///
/// # Errors
/// The file cannot be begun: said at the start, when somebody is there to hear it.
pub(super) fn begin(
    config: &Config,
    settings: Settings,
    incarnation: u32,
    recovered: Vec<Record>,
    before: &Before,
) -> Result<Option<(Arc<Recorder>, Tape)>, Failure> {
    let wanted = &config.recording;
    if !wanted.enabled {
        tracing::warn!("nothing is recorded: recording.enabled is false");
        return Ok(None);
    }
    let calendar = Calendar::xnys();
    let header = Header {
        program: program(),
        layout: layout::name(),
        date: calendar.date_of(before.begun),
        begun: before.begun,
        incarnation,
        part: 0,
        previous: None,
        settings,
        rebuilt_from: before.recall.from.clone(),
        market: if config.paper.enabled { "synthetic" } else { "live" }.to_owned(),
        speed: if config.paper.enabled { config.paper.speed } else { 1.0 },
    };
    let config = RecorderConfig {
        shelf: shelf(config),
        header,
        recovered,
        keep_days: usize::from(wanted.keep_days),
        most_bytes: (wanted.max_gigabytes * GIGABYTE) as u64,
    };
    let (recorder, tape) = Recorder::start(config, &calendar).map_err(|e| Failure::new(e.to_string()))?;
    Ok(Some((Arc::new(recorder), tape)))
}

/// This program with its version and the start of its BLAKE3, so that a replay can say whether it is the
/// one that recorded.
pub(crate) fn program() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let bytes = std::env::current_exe().and_then(std::fs::read);
    match bytes {
        Ok(bytes) => format!("alphatrader {version} {}", &blake3::hash(&bytes).to_hex()[..12]),
        Err(_) => format!("alphatrader {version}"),
    }
}
