//! `alphatrader replay RECORDING`: the engine's own inputs once more, its outputs held against the recorded ones.

use std::path::{Path, PathBuf};
use std::time::Instant;

use alphatrader_edge::Clock;
use alphatrader_engine::rerun::{Difference, Rerun};
use alphatrader_history::Progress;
use alphatrader_history::recording::{Header, Piece, Previous, Recording, Shelf};
use alphatrader_model::{Record, Seq};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::cli::Output;
use crate::failure::Failure;
use crate::{print_json, recall, replay};

/// Files of one start that follow one another: a start that ran for longer is replayed in pieces.
const MOST_PARTS: usize = 1_000;

/// What a replay of a recording came to, as other programs read it.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    /// Whether every output was the recorded one.
    identical: bool,
    /// The digest of all outputs since the start of the engine, up to the last event.
    digest: String,
    events: u64,
    seconds: f64,
    /// Recorded digests that were compared and equal.
    checkpoints: u64,
    incarnation: u32,
    /// Files of the same start that had to be replayed before this one.
    parts_before: usize,
    /// Whether the recording says that it ended in order.
    ended: bool,
    /// Bytes at its end that were being written when the process stopped.
    torn_bytes: u64,
    /// Why nothing after some event could be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    /// The first event that differs, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<String>,
    /// When the program is another one than that which recorded: equality is promised for the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_by: Option<String>,
}

/// Recordings at a path: the file itself, or those below it, in order.
pub(crate) fn recordings(source: &Path) -> Vec<PathBuf> {
    if source.is_file() {
        return if Recording::is_one(source) { vec![source.to_owned()] } else { Vec::new() };
    }
    let shelf = Shelf::new(source);
    let mut files: Vec<PathBuf> = shelf.days().into_iter().flat_map(|date| shelf.files(date)).collect();
    // The folder of one day.
    let date = source.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
    if let (Some(date), Some(above)) = (date, source.parent()) {
        files.extend(Shelf::new(above).files(date));
    }
    files
}

/// Replays each recording; fails when one of them differs.
///
/// # Errors
/// A recording that cannot be read or does not stand alone, and one whose outputs differ.
pub(crate) fn rerun(files: &[PathBuf], output: Output) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for file in files {
        let report = one(file)?;
        if output == Output::Text {
            describe(&report);
        }
        reports.push(report);
    }
    match reports.as_slice() {
        [one] => print_json(one)?,
        all => print_json(&all)?,
    }
    let differ: Vec<&str> = reports.iter().filter(|r| !r.identical).map(|r| r.file.as_str()).collect();
    if differ.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("not what was recorded: {}", differ.join(", "))))
}

/// A run on its way through the files of one start.
struct Run {
    rerun: Rerun,
    bar: ProgressBar,
    progress: Progress,
    events: u64,
    last: Option<Seq>,
    ended: bool,
    torn_bytes: u64,
    stopped: Option<String>,
    difference: Option<Difference>,
}

fn one(file: &Path) -> Result<Report, Failure> {
    let shelf = shelf_of(file);
    let parts = parts(&shelf, file)?;
    let begun = Clock::instant();
    let mut opened = open(&parts[0].0, &Progress::default())?;
    let Some(Ok(Piece::Recovered(recovered))) = opened.next() else {
        let first = parts[0].0.display();
        return Err(Failure::new(format!("{first}: it does not say what the ledger knew")));
    };
    let mut run = Run::new(&shelf, opened.header(), &recovered)?;
    for (place, (path, expected)) in parts.iter().enumerate() {
        let mut recording = open(path, &run.progress)?;
        run.bar.set_length(run.progress.total());
        run.file(&mut recording);
        let whole = run.difference.is_none() && run.stopped.is_none();
        let last = place + 1 == parts.len();
        if !last && whole && expected.as_deref() != Some(recording.chain_so_far().hex().as_str()) {
            return Err(Failure::new(format!(
                "{} is not the file that the next one goes on from",
                path.display()
            )));
        }
        if !whole {
            break;
        }
    }
    let header = opened.header().clone();
    Ok(run.report(file, &header, parts.len() - 1, begun))
}

fn open(path: &Path, progress: &Progress) -> Result<Recording, Failure> {
    Recording::open(path, progress).map_err(|e| Failure::new(e.to_string()))
}

/// The folder of recordings that a file stands in.
fn shelf_of(file: &Path) -> Shelf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    Shelf::new(file.parent().and_then(Path::parent).unwrap_or(Path::new(".")))
}

/// The files of a start up to this one, each with the chain that the next one expects of it.
fn parts(shelf: &Shelf, file: &Path) -> Result<Vec<(PathBuf, Option<String>)>, Failure> {
    let mut parts = vec![(file.to_owned(), None)];
    let mut header = open(file, &Progress::default())?.header().clone();
    while let Some(Previous { file: name, chain }) = header.previous.take() {
        let path = shelf.path_of(&name).filter(|path| path.is_file()).ok_or_else(|| {
            Failure::new(format!(
                "{} goes on from {name}, which is not below {}: it can be inspected and exported, not replayed bit for bit",
                file.display(),
                shelf.root().display()
            ))
        })?;
        if parts.len() == MOST_PARTS {
            return Err(Failure::new(format!("{}: more than {MOST_PARTS} files before it", file.display())));
        }
        header = open(&path, &Progress::default())?.header().clone();
        parts.insert(0, (path, Some(chain)));
    }
    Ok(parts)
}

impl Run {
    fn new(shelf: &Shelf, header: &Header, recovered: &[Record]) -> Result<Self, Failure> {
        let market = if header.rebuilt_from.is_empty() {
            alphatrader_engine::market_core::MarketCore::default()
        } else {
            rebuilt(shelf, header)?
        };
        let progress = Progress::default();
        Ok(Self {
            rerun: Rerun::new(header.incarnation, recovered, market),
            bar: replay::progress_bar(0),
            progress,
            events: 0,
            last: None,
            ended: false,
            torn_bytes: 0,
            stopped: None,
            difference: None,
        })
    }

    /// Takes a file, up to the first thing that stands in the way.
    fn file(&mut self, recording: &mut Recording) {
        for piece in recording {
            self.bar.set_position(self.progress.read());
            match piece {
                Ok(Piece::Events(taken)) => {
                    for one in &taken {
                        if let Err(difference) = self.rerun.take(&one.event, one.mark) {
                            self.difference = Some(difference);
                            return;
                        }
                        self.events += 1;
                        self.last = Some(one.event.seq);
                    }
                }
                // A checkpoint is of the event before it, or of none that is here.
                Ok(Piece::Checkpoint(recorded)) if Some(recorded.through) == self.last => {
                    if let Err(difference) = self.rerun.check(recorded.through, &recorded.digest) {
                        self.difference = Some(difference);
                        return;
                    }
                }
                Ok(Piece::Lost(lost)) => {
                    self.stopped = Some(format!(
                        "events {} to {} were not recorded ({}): nothing after them can be compared",
                        lost.from, lost.through, lost.reason
                    ));
                    return;
                }
                Ok(Piece::End(_)) => self.ended = true,
                Ok(Piece::Header(_) | Piece::Recovered(_) | Piece::Checkpoint(_)) => {}
                Err(alphatrader_history::recording::Fault::Torn { bytes, .. }) => self.torn_bytes = bytes,
                Err(fault) => {
                    self.stopped = Some(fault.to_string());
                    return;
                }
            }
        }
    }

    fn report(self, file: &Path, header: &Header, parts_before: usize, begun: Instant) -> Report {
        self.bar.finish_and_clear();
        let program = crate::run::program();
        Report {
            file: file.display().to_string(),
            identical: self.difference.is_none() && self.stopped.is_none(),
            digest: self.rerun.engine().digest(),
            events: self.events,
            seconds: begun.elapsed().as_secs_f64(),
            checkpoints: self.rerun.checkpoints(),
            incarnation: header.incarnation,
            parts_before,
            ended: self.ended,
            torn_bytes: self.torn_bytes,
            stopped: self.stopped,
            difference: self.difference.map(|difference| difference.to_string()),
            recorded_by: (header.program != program).then(|| header.program.clone()),
        }
    }
}

/// The market half as it was rebuilt at that start, from the same files.
fn rebuilt(shelf: &Shelf, header: &Header) -> Result<alphatrader_engine::market_core::MarketCore, Failure> {
    let mut files = Vec::new();
    for Previous { file, .. } in &header.rebuilt_from {
        files.push(shelf.path_of(file).filter(|path| path.is_file()).ok_or_else(|| {
            Failure::new(format!(
                "its market was rebuilt from {file}, which is not below {}",
                shelf.root().display()
            ))
        })?);
    }
    let recall =
        recall::of_files(shelf, files, &header.settings, header.begun, None).map_err(Failure::new)?;
    if recall.from != header.rebuilt_from {
        return Err(Failure::new("a file that its market was rebuilt from has changed since"));
    }
    Ok(recall.market)
}

fn describe(report: &Report) {
    let verdict = if report.identical { "identical" } else { "DIFFERENT" };
    eprintln!(
        "{}: {verdict}; {} events in {:.2} s, {} recorded digests equal",
        report.file, report.events, report.seconds, report.checkpoints
    );
    if let Some(difference) = &report.difference {
        eprintln!("  first difference: {difference}");
    }
    if let Some(stopped) = &report.stopped {
        eprintln!("  {stopped}");
    }
    if report.torn_bytes > 0 {
        eprintln!(
            "  the last {} bytes were being written when the process stopped; they are left out",
            report.torn_bytes
        );
    } else if !report.ended {
        eprintln!("  it has no end: the process was killed, or is still running");
    }
    if let Some(program) = &report.recorded_by {
        eprintln!(
            "  recorded by {program}, which is not this program: outputs are promised to be equal for the same one"
        );
    }
}
