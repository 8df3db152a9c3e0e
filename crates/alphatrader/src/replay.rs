//! `alphatrader replay`: a recorded day through the whole core.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use alphatrader_engine::replay::{Durable, Overlay, Replay, ReplayConfig, Summary};
use alphatrader_history::days::Source;
use alphatrader_history::{Days, HistoryError, Item, Malformed, Progress, locate};
use alphatrader_model::{Calendar, Input, Money, Record, Seq, Session, Settings, Span, Symbol, Timestamp};
use alphatrader_store::ledger::{Ledger, Step};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::{Chain, Output, ReplayArgs};
use crate::failure::Failure;
use crate::{print_json, rerun};

/// Cash at the start of a replay.
const CASH: Money = Money::from_dollars(100_000);
/// Malformed lines that are shown; all are counted.
const SHOWN: u64 = 5;
/// Events that the reading thread hands over at once.
const BATCH: usize = 2_048;
/// Batches that may wait for the core; then the reading thread waits.
const BATCHES: usize = 8;

/// What a replay came to, as other programs read it. Money is decimal text.
#[derive(Debug, Serialize)]
struct Report {
    digest: String,
    events: u64,
    malformed: u64,
    seconds: f64,
    events_per_second: f64,
    signals: u64,
    orders: u64,
    fills: u64,
    realized_pnl: Money,
    open_positions: u64,
    symbol: Symbol,
    date: String,
    /// `none`, or `synthetic`: prices of options were made, not recorded.
    chain: &'static str,
    checks: u64,
    stopped_by: Vec<(String, u64)>,
}

/// A ledger of SQLite that answers when the records are on the disk.
struct OnDisk(Ledger);

impl Durable for OnDisk {
    fn commit(&mut self, seq: Seq, time: Timestamp, records: &[Record]) -> Result<(), String> {
        let step = Step { seq, time, records: records.to_vec() };
        self.0.commit(&[step]).map_err(|e| e.to_string())
    }
}

/// Runs the command.
///
/// # Errors
/// Nothing to replay, a source that cannot be read, a ledger that cannot be written.
pub(crate) fn replay(mut settings: Settings, args: &ReplayArgs) -> Result<(), Failure> {
    let recordings = rerun::recordings(&args.source);
    let (Some(symbol), Some(date)) = (&args.symbol, &args.date) else {
        if recordings.is_empty() {
            return Err(Failure::config(format!(
                "{} holds no recording of this system; a recorded market needs --symbol and --date, such as --symbol SPY --date 2013-10-07",
                args.source.display()
            )));
        }
        return rerun::rerun(&recordings, args.output);
    };
    let calendar = Calendar::xnys();
    let symbol: Symbol =
        symbol.to_ascii_uppercase().parse().map_err(|e| Failure::config(format!("--symbol: {e}")))?;
    let (date, session) = trading_day(&calendar, date)?;
    let progress = Progress::default();
    let market = open(&args.source, symbol, date, &calendar, &progress)?;
    trade_only(&mut settings, symbol);
    let folder =
        tempfile::tempdir().map_err(|e| Failure::new(format!("no temporary folder for the ledger: {e}")))?;
    let ledger = open_ledger(&folder.path().join("ledger.sqlite"))?;
    let config = ReplayConfig {
        settings,
        session,
        next_session: calendar.next_session(date),
        symbol,
        start: calendar.midnight(date),
        cash: CASH,
        latency: ReplayConfig::LATENCY,
        chain_seed: args.chain.map(|Chain::Synthetic| args.seed),
    };
    let replay = Replay::new(config, OnDisk(ledger));
    let (summary, malformed, seconds) = play(replay, market, &progress);
    report(args, symbol, date, summary, malformed, seconds)
}

/// The symbol's day, from LEAN's files or from recordings of this system.
fn open(
    source: &Path,
    symbol: Symbol,
    date: jiff::civil::Date,
    calendar: &Calendar,
    progress: &Progress,
) -> Result<Source, Failure> {
    let failed = |e: HistoryError| Failure::new(e.to_string());
    let days = Days::of(source, calendar);
    if let Ok(days) = days
        && days.is_recorded(date)
    {
        eprintln!("{symbol} {date}: recorded by this system");
        return Ok(Box::new(days.play(date, &[symbol], progress).map_err(failed)?));
    }
    let located = locate(source, symbol, date).map_err(failed)?;
    eprintln!("{located}");
    Ok(Box::new(located.open(calendar, ReplayConfig::UNDERLYING, progress).map_err(failed)?))
}

fn trading_day(calendar: &Calendar, text: &str) -> Result<(jiff::civil::Date, Session), Failure> {
    let date = text
        .parse()
        .map_err(|_| Failure::config(format!("--date `{text}` is not a date such as 2013-10-07")))?;
    let session = calendar.session(date).ok_or_else(|| {
        let next = calendar.next_session(date);
        Failure::config(format!("the exchange was closed on {date}; the next session is {}", next.date))
    })?;
    Ok((date, session))
}

/// The settings of the file, for the replayed symbol alone.
fn trade_only(settings: &mut Settings, symbol: Symbol) {
    settings.symbols = vec![symbol];
    settings.strategies.zero_dte.symbols = vec![symbol];
}

fn open_ledger(path: &Path) -> Result<Ledger, Failure> {
    Ledger::open(path).map(|(ledger, _)| ledger).map_err(|e| Failure::new(e.to_string()))
}

/// What the reading thread hands over at once: events in their order, and lines that could not be read.
#[derive(Default)]
struct Batch {
    inputs: Vec<Input>,
    malformed: Vec<Malformed>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.inputs.len().max(self.malformed.len()) >= BATCH
    }
}

/// Reads the recording, lays the chain over it, and hands both over until it ends or nobody listens.
fn read(
    recording: impl Iterator<Item = Result<Item, Malformed>>,
    mut overlay: Overlay,
    out: &SyncSender<Batch>,
) {
    // A chain adds to an event what a second of the session holds, more after a pause of the recording.
    let empty = || Batch { inputs: Vec::with_capacity(BATCH + 256), malformed: Vec::new() };
    let mut batch = empty();
    for item in recording {
        match item {
            Ok(item) => overlay.lay(item.input, &mut batch.inputs),
            Err(line) => batch.malformed.push(line),
        }
        if batch.is_full() && out.send(std::mem::replace(&mut batch, empty())).is_err() {
            return;
        }
    }
    // An error says that the listener is gone: then nobody misses the rest.
    let _ = out.send(batch);
}

/// Plays all of it; returns the summary, the lines that could not be read, and how long it took.
///
/// Unpacking, reading and the prices of a synthetic chain are one thread's work, the core and its
/// broker another's. The order of events is the reader's: the digest knows nothing of threads.
fn play(mut replay: Replay<OnDisk>, market: Source, progress: &Progress) -> (Summary, u64, f64) {
    let bar = progress_bar(progress.total());
    let begun = Instant::now();
    let overlay = replay.take_overlay();
    let mut malformed = 0_u64;
    let mut last = Timestamp::default();
    std::thread::scope(|scope| {
        let (out, batches) = sync_channel(BATCHES);
        scope.spawn(move || read(market, overlay, &out));
        for batch in batches {
            for line in batch.malformed {
                malformed += 1;
                show_malformed(&bar, malformed, &line);
            }
            for input in batch.inputs {
                last = input.ts_event;
                replay.take(input);
            }
            bar.set_position(progress.read());
        }
    });
    let summary = replay.finish(last + Span::SECOND);
    let seconds = begun.elapsed().as_secs_f64();
    bar.finish_and_clear();
    (summary, malformed, seconds)
}

pub(crate) fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes}/{total_bytes}  {eta} left");
    let bar = ProgressBar::new(bytes);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

pub(crate) fn show_malformed(bar: &ProgressBar, count: u64, line: &Malformed) {
    if count <= SHOWN {
        bar.suspend(|| eprintln!("malformed: {line}"));
    } else if count == SHOWN + 1 {
        bar.suspend(|| eprintln!("malformed: more such lines are counted, not shown"));
    }
}

fn report(
    args: &ReplayArgs,
    symbol: Symbol,
    date: jiff::civil::Date,
    summary: Summary,
    malformed: u64,
    seconds: f64,
) -> Result<(), Failure> {
    let report = Report {
        events_per_second: (summary.events as f64 / seconds.max(1e-9)).round(),
        digest: summary.digest,
        events: summary.events,
        malformed,
        seconds,
        signals: summary.signals,
        orders: summary.orders,
        fills: summary.fills,
        realized_pnl: summary.realized,
        open_positions: summary.open_positions,
        symbol,
        date: date.to_string(),
        chain: args.chain.map_or("none", |Chain::Synthetic| "synthetic"),
        checks: summary.checks,
        stopped_by: summary.stopped,
    };
    if args.output == Output::Text {
        explain(&report);
    }
    print_json(&report)
}

fn explain(report: &Report) {
    eprintln!(
        "{} events in {:.2} s, {:.2} million a second; {} malformed",
        report.events,
        report.seconds,
        report.events_per_second / 1e6,
        report.malformed
    );
    if report.chain == "synthetic" {
        eprintln!(
            "options: SYNTHETIC chain laid over the recorded underlying; its prices were made, not recorded"
        );
    }
    eprintln!(
        "signals {}, orders {}, fills {}, realised P&L {} after commissions, {} positions open",
        report.signals, report.orders, report.fills, report.realized_pnl, report.open_positions
    );
    if report.signals == 0 {
        eprintln!("why no signal: {} looks at the rule; stopped by", report.checks);
    } else {
        eprintln!("{} looks at the rule; otherwise stopped by", report.checks);
    }
    for (gate, count) in &report.stopped_by {
        eprintln!("  {count:>8}  {gate}");
    }
    eprintln!(
        "a simulation on recorded data: fills, costs and latency are modelled; nothing here promises a profit"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_history::{Reason, SourceId};
    use alphatrader_model::Payload;
    use std::sync::Arc;

    /// Every tenth line cannot be read.
    fn recording(lines: u64) -> impl Iterator<Item = Result<Item, Malformed>> {
        (0..lines).map(|line| {
            if line % 10 == 0 {
                let file = Arc::from(Path::new("x"));
                return Err(Malformed { file, line, reason: Reason::ExtraFields });
            }
            let at = Timestamp::from_nanos(line as i64);
            let input = Input { ts_event: at, ts_recv: at, payload: Payload::Timer };
            Ok(Item { input, source: SourceId(0), line })
        })
    }

    #[test]
    fn what_is_read_arrives_whole_and_in_order() {
        let lines = 10 * BATCH as u64 + 1;
        let (out, batches) = sync_channel(BATCHES);
        let (mut read_lines, mut malformed) = (Vec::new(), Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(move || read(recording(lines), Overlay::default(), &out));
            for batch in batches {
                assert!(batch.inputs.len() <= BATCH);
                read_lines.extend(batch.inputs.iter().map(|input| input.ts_event.nanos() as u64));
                malformed.extend(batch.malformed.iter().map(|line| line.line));
            }
        });
        let (bad, good): (Vec<u64>, Vec<u64>) = (0..lines).partition(|line| line % 10 == 0);
        assert_eq!((read_lines, malformed), (good, bad));
    }

    #[test]
    fn reading_ends_when_nobody_listens() {
        let (out, batches) = sync_channel(BATCHES);
        drop(batches);
        let mut taken = 0;
        let counted = recording(u64::MAX).inspect(|_| taken += 1);
        read(counted, Overlay::default(), &out);
        assert!(taken < 2 * BATCH as u64);
    }
}
