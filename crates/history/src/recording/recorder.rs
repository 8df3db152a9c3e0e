//! From the engine's thread over a bounded queue to the disk.
//!
//! The engine's thread encodes each event into a [`Tape`] (some fifty nanoseconds) and hands over what
//! came together ten times a second. The recorder's own thread packs it into frames, writes each frame
//! at once and makes the file durable once a second: a kill of the process loses less than a second,
//! a loss of power at most two.
//!
//! Trading never waits for the recording. A full queue makes a lost range, which the recording names
//! and [`RecorderStatus`] counts; a disk that takes nothing ends the recording, loudly, until the next
//! start. See `docs/decisions/0010-recording-gives-way.md`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alphatrader_edge::Clock;
use alphatrader_model::{Calendar, Event, Record, Timestamp};
use jiff::civil::Date;
use thiserror::Error;

use super::content::{Checkpoint, Chunk, End, Header, Lost, Piece, Previous};
use super::frame::Kind;
use super::segment::Segment;
use super::shelf::Shelf;

/// Bytes after which the tape is handed over at once.
const CHUNK: usize = 64 << 10;
/// Chunks that may wait for the disk: about 32 MiB, seconds of the busiest market.
const QUEUE: usize = 512;
/// Bytes after which a frame is written at once.
const FRAME: usize = 256 << 10;
/// How long events may wait for their frame.
const FRAME_AGE: Duration = Duration::from_millis(300);
/// How long frames may wait to be durable, and between two checkpoints.
const SYNC: Duration = Duration::from_secs(1);
/// How often the recorder looks at the clock when nothing comes.
const LOOK: Duration = Duration::from_millis(100);

/// What a recorder is told once.
#[derive(Debug, Clone)]
pub struct RecorderConfig {
    /// Where recordings go.
    pub shelf: Shelf,
    /// What is recorded. Date, part and the file before are the recorder's to fill in.
    pub header: Header,
    /// What the ledger knew.
    pub recovered: Vec<Record>,
    /// Days whose recordings are kept, today's included; at least 1.
    pub keep_days: usize,
    /// Bytes that all recordings together may have; the oldest days give way.
    pub most_bytes: u64,
}

/// Why nothing is recorded from the start.
#[derive(Debug, Error)]
pub enum RecorderError {
    /// The file cannot be begun.
    #[error(
        "the recording below {} cannot be begun: {source}; name another folder (recording.directory), or set recording.enabled to false",
        root.display()
    )]
    Begin {
        /// The folder of recordings.
        root: std::path::PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

/// How a recording is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// The file that is being written, as headers name it.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// Events written since the start.
    pub events: u64,
    /// Events that were not recorded: the queue was full, or the recording had ended.
    pub lost: u64,
    /// Why the recording ended before the process; nothing while it goes on.
    pub failed: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    status: Mutex<RecorderStatus>,
    failed: AtomicBool,
}

impl Shared {
    fn status(&self) -> MutexGuard<'_, RecorderStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Message {
    Chunk { lost: Option<Lost>, chunk: Chunk, checkpoint: Option<Checkpoint> },
    Roll { date: Date, begun: Timestamp },
    End { lost: Option<Lost>, reason: &'static str },
}

/// The engine's end: events go in, nothing ever waits.
pub struct Tape {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
    calendar: Calendar,
    date: Date,
    chunk: Chunk,
    lost: Option<Lost>,
}

/// The recorder's thread, seen from outside.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    thread: Mutex<Option<(JoinHandle<()>, Receiver<()>)>>,
}

impl Recorder {
    /// Begins a recording: its file exists and holds the header when this returns.
    ///
    /// # Errors
    /// [`RecorderError`].
    pub fn start(config: RecorderConfig, calendar: &Calendar) -> Result<(Self, Tape), RecorderError> {
        let root = config.shelf.root().to_owned();
        let begin = |source| RecorderError::Begin { root, source };
        let date = calendar.date_of(config.header.begun);
        let shared = Arc::new(Shared::default());
        let mut writer = Writer::new(config, Arc::clone(&shared));
        let first = Header { date, part: 0, previous: None, ..writer.config.header.clone() };
        writer.begin(first).map_err(begin.clone())?;
        let (sender, receiver) = sync_channel(QUEUE);
        let (over, ended) = sync_channel(1);
        let run = move || {
            writer.run(&receiver);
            // Nobody waits for it when the handle is gone already.
            let _ = over.send(());
        };
        let thread = std::thread::Builder::new().name("recorder".into()).spawn(run).map_err(begin)?;
        let tape = Tape {
            sender,
            shared: Arc::clone(&shared),
            calendar: calendar.clone(),
            date,
            chunk: Chunk::default(),
            lost: None,
        };
        Ok((Self { shared, thread: Mutex::new(Some((thread, ended))) }, tape))
    }

    /// How it is.
    pub fn status(&self) -> RecorderStatus {
        self.shared.status().clone()
    }

    /// Waits until everything that the tape handed over is on the disk, once the tape has ended; false
    /// when that takes longer than `patience`.
    pub fn finish(&self, patience: Duration) -> bool {
        let Some((thread, ended)) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return true;
        };
        ended.recv_timeout(patience).is_ok() && thread.join().is_ok()
    }
}

impl Tape {
    /// Takes an event as the engine took it, with the mark of what it yielded.
    pub fn take(&mut self, event: &Event, mark: Option<u64>) {
        if self.shared.failed.load(Ordering::Relaxed) {
            self.shared.status().lost += 1;
            return;
        }
        if !self.chunk.push(event, mark) {
            self.hand_over(None);
            self.chunk.push(event, mark);
        }
        if self.chunk.len() >= CHUNK {
            self.hand_over(None);
        }
    }

    /// Hands over what came together. `now` is the system's clock: when its exchange date is another
    /// one, the file ends and the next begins.
    /// `so_far` says how many events the engine took and what the digest of their outputs is.
    pub fn flush(&mut self, now: Timestamp, so_far: impl FnOnce() -> (u64, String)) {
        if !self.chunk.is_empty() {
            let (events, digest) = so_far();
            let (_, through) = self.chunk.range();
            self.hand_over(Some(Checkpoint { through, events, digest }));
        }
        let date = self.calendar.date_of(now);
        if date > self.date && self.sender.try_send(Message::Roll { date, begun: now }).is_ok() {
            self.date = date;
        }
    }

    /// The last words: after it nothing is recorded.
    pub fn end(mut self, now: Timestamp, reason: &'static str, so_far: impl FnOnce() -> (u64, String)) {
        self.flush(now, so_far);
        // A queue that is full even now belongs to a disk that hangs: the recording has no end then.
        let _ = self.sender.try_send(Message::End { lost: self.lost.take(), reason });
    }

    fn hand_over(&mut self, checkpoint: Option<Checkpoint>) {
        let chunk = std::mem::take(&mut self.chunk);
        let message = Message::Chunk { lost: self.lost.take(), chunk, checkpoint };
        match self.sender.try_send(message) {
            Ok(()) => {}
            Err(TrySendError::Full(Message::Chunk { lost, chunk, .. })) => {
                self.lose(lost.as_ref(), &chunk, "the disk did not keep up: the recorder's queue was full");
            }
            Err(TrySendError::Disconnected(Message::Chunk { lost, chunk, .. })) => {
                self.lose(lost.as_ref(), &chunk, "the recorder's thread had ended");
            }
            Err(_) => {}
        }
    }

    /// What cannot be handed over makes the hole wider.
    fn lose(&mut self, before: Option<&Lost>, chunk: &Chunk, reason: &str) {
        let (from, through) = chunk.range();
        let from = before.map_or(from, |lost| lost.from);
        if before.is_none() {
            tracing::error!(%from, reason, "events are not recorded; trading goes on");
        }
        self.lost = Some(Lost { from, through, reason: reason.to_owned() });
        self.shared.status().lost += u64::from(chunk.events());
    }
}

/// What lives on the recorder's thread.
struct Writer {
    config: RecorderConfig,
    shared: Arc<Shared>,
    segment: Option<Segment>,
    header: Header,
    /// Bytes of the other recordings on the shelf.
    others: u64,
    body: Vec<u8>,
    /// Events in `body`, and since when the first of them waits.
    waiting: u64,
    since: Option<Instant>,
    checkpoint: Option<Checkpoint>,
    checked: Instant,
    synced: Instant,
    file_events: u64,
}

impl Writer {
    fn new(config: RecorderConfig, shared: Arc<Shared>) -> Self {
        let now = Clock::instant();
        Self {
            header: config.header.clone(),
            config,
            shared,
            segment: None,
            others: 0,
            body: Vec::new(),
            waiting: 0,
            since: None,
            checkpoint: None,
            checked: now,
            synced: now,
            file_events: 0,
        }
    }

    /// Begins a file; older days give way first.
    fn begin(&mut self, header: Header) -> io::Result<()> {
        self.make_room(header.date)?;
        let path = self.config.shelf.next_file(header.date)?;
        let mut segment = Segment::create(&path)?;
        segment.say(&Piece::Header(Box::new(header.clone())))?;
        if header.part == 0 {
            segment.say(&Piece::Recovered(std::mem::take(&mut self.config.recovered)))?;
        }
        segment.sync()?;
        if let Some(folder) = path.parent() {
            // The name of a new file is durable only with its folder.
            std::fs::File::open(folder)?.sync_all()?;
        }
        self.shared.status().file = self.config.shelf.name_of(&path);
        tracing::info!(file = %path.display(), part = header.part, "recording");
        self.header = header;
        self.segment = Some(segment);
        self.file_events = 0;
        Ok(())
    }

    fn make_room(&mut self, today: Date) -> io::Result<()> {
        let gone = self.config.shelf.prune(today, self.config.keep_days, self.config.most_bytes)?;
        for date in gone {
            tracing::info!(%date, "recordings removed: recording.keep_days or recording.max_gigabytes was reached");
        }
        self.others = self.config.shelf.bytes();
        Ok(())
    }

    fn run(mut self, receiver: &Receiver<Message>) {
        loop {
            let (goes_on, done) = match receiver.recv_timeout(LOOK) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => (true, Ok(())),
                // The engine's thread is gone without a last word: what came is kept.
                Err(RecvTimeoutError::Disconnected) => (false, self.write().and_then(|()| self.sync())),
            };
            let done = done.and_then(|()| if goes_on { self.look_at_the_clock() } else { Ok(()) });
            if let Err(error) = done {
                self.fail(&error);
            }
            if !goes_on {
                return;
            }
        }
    }

    fn hear(&mut self, message: Message) -> (bool, io::Result<()>) {
        match message {
            Message::Chunk { lost, chunk, checkpoint } => (true, self.take(lost, &chunk, checkpoint)),
            Message::Roll { date, begun } => (true, self.roll(date, begun)),
            Message::End { lost, reason } => (false, self.end(lost, reason)),
        }
    }

    fn take(&mut self, lost: Option<Lost>, chunk: &Chunk, checkpoint: Option<Checkpoint>) -> io::Result<()> {
        if self.segment.is_none() {
            self.shared.status().lost += u64::from(chunk.events());
            return Ok(());
        }
        if let Some(lost) = lost {
            self.write()?;
            self.say(&Piece::Lost(lost))?;
        }
        chunk.write(&mut self.body);
        self.waiting += u64::from(chunk.events());
        self.since.get_or_insert_with(Instant::now);
        // One that is older than the events it follows is of no use.
        self.checkpoint = checkpoint;
        if self.body.len() >= FRAME { self.write() } else { Ok(()) }
    }

    fn look_at_the_clock(&mut self) -> io::Result<()> {
        if self.since.is_some_and(|since| since.elapsed() >= FRAME_AGE) {
            self.write()?;
        }
        if self.synced.elapsed() >= SYNC { self.sync() } else { Ok(()) }
    }

    /// Writes what waits as a frame, and a checkpoint after it when one is due.
    fn write(&mut self) -> io::Result<()> {
        self.since = None;
        if self.waiting == 0 {
            return Ok(());
        }
        let body = std::mem::take(&mut self.body);
        if let Some(segment) = &mut self.segment {
            segment.append(Kind::Events, &body)?;
            self.shared.status().events += self.waiting;
            self.file_events += self.waiting;
        }
        self.waiting = 0;
        self.body = body;
        self.body.clear();
        if self.checked.elapsed() >= SYNC {
            self.write_checkpoint()?;
        }
        self.look_at_the_room()
    }

    fn write_checkpoint(&mut self) -> io::Result<()> {
        self.checked = Clock::instant();
        match self.checkpoint.take() {
            Some(checkpoint) => self.say(&Piece::Checkpoint(checkpoint)),
            None => Ok(()),
        }
    }

    fn look_at_the_room(&mut self) -> io::Result<()> {
        let own = self.segment.as_ref().map_or(0, Segment::bytes);
        self.shared.status().bytes = own;
        if self.others + own <= self.config.most_bytes {
            return Ok(());
        }
        self.make_room(self.header.date)?;
        // The file itself is among those that were counted now.
        self.others = self.others.saturating_sub(own);
        if self.others + own > self.config.most_bytes {
            return Err(io::Error::other("today's recordings alone have reached recording.max_gigabytes"));
        }
        Ok(())
    }

    fn say(&mut self, piece: &Piece) -> io::Result<()> {
        self.segment.as_mut().map_or(Ok(()), |segment| segment.say(piece))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.synced = Clock::instant();
        self.segment.as_mut().map_or(Ok(()), Segment::sync)
    }

    fn end(&mut self, lost: Option<Lost>, reason: &str) -> io::Result<()> {
        self.write()?;
        self.write_checkpoint()?;
        if let Some(lost) = lost {
            self.say(&Piece::Lost(lost))?;
        }
        self.say(&Piece::End(End { events: self.file_events, reason: reason.to_owned() }))?;
        self.sync()
    }

    /// The day is over: its file ends, the next one says what it follows.
    fn roll(&mut self, date: Date, begun: Timestamp) -> io::Result<()> {
        self.end(None, "the day was over; another file goes on")?;
        let Some(before) = self.segment.take() else { return Ok(()) };
        let file = self.config.shelf.name_of(before.path());
        let previous = Some(Previous { file, chain: before.chain().hex() });
        drop(before);
        let part = self.header.part + 1;
        self.begin(Header { date, begun, part, previous, ..self.header.clone() })
    }

    /// The recording is over and trading goes on: said once in the log, and in the status for good.
    fn fail(&mut self, error: &io::Error) {
        let file = self.shared.status().file.clone();
        tracing::error!(file, %error, "the recording ends here until the next start; trading goes on");
        self.segment = None;
        self.body.clear();
        self.since = None;
        let waiting = std::mem::take(&mut self.waiting);
        let mut status = self.shared.status();
        status.lost += waiting;
        status.failed.get_or_insert_with(|| format!("{file} cannot be written: {error}"));
        self.shared.failed.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
