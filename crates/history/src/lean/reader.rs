//! A file as a stream of items.

use std::path::Path;
use std::sync::Arc;

use alphatrader_model::Input;

use super::decode::{Decoded, Decoder};
use super::kind::{LeanFile, Named, Shape, conclude};
use crate::archive::{Archive, Bytes, Refusal};
pub use crate::context::Context;
use crate::context::midnight;
use crate::error::HistoryError;
use crate::foreign;
use crate::item::{Item, SourceId};
use crate::limits::Limits;
use crate::lines::Lines;
use crate::malformed::{Malformed, Reason};
use crate::progress::Progress;

/// How much of a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Lines that were read.
    pub records: u64,
    /// Lines, or ends of a file, that were not.
    pub malformed: u64,
}

/// A LEAN equity zip as a stream of items, in order of time; what cannot be read stands among them.
///
/// Sorted whatever the file holds: a line that goes back in time is reported and dropped. Ends after
/// a fault that [ends the file](Reason::ends_file).
pub struct Reader {
    path: Arc<Path>,
    file: LeanFile,
    source: SourceId,
    lines: Lines,
    decoder: Decoder,
    counts: Counts,
    over: bool,
}

/// A file that was opened and looked at, not yet read.
struct Opened {
    lines: Lines,
    file: LeanFile,
}

impl Reader {
    /// Opens a file as a source, whatever it is called.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] when it is not one of LEAN's equity zips
    /// of ticks, seconds or minutes, saying what it is instead.
    pub fn open(path: &Path, source: SourceId, context: Context<'_>) -> Result<Self, HistoryError> {
        Self::start(path, Archive::open(path, context.limits, context.progress), source, context)
    }

    /// As [`Reader::open`], from bytes that are not in a file; `path` is what they are called.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_bytes(
        path: &Path,
        bytes: Vec<u8>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let bytes: Box<dyn Bytes> = Box::new(std::io::Cursor::new(bytes));
        Self::start(path, Archive::new(bytes, context.limits, context.progress), source, context)
    }

    fn start(
        path: &Path,
        archive: Result<Archive, Refusal>,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<Self, HistoryError> {
        let Opened { lines, file } = open(path, archive, context.limits)?;
        let midnight = midnight(context.calendar, file.date);
        let decoder = Decoder::new(file.kind, midnight, context.instrument)
            .ok_or_else(|| unknown(path, format!("LEAN {}: this kind of file is not read yet", file.kind)))?;
        let counts = Counts::default();
        Ok(Self { path: Arc::from(path), file, source, lines, decoder, counts, over: false })
    }

    /// What the file is.
    pub const fn file(&self) -> &LeanFile {
        &self.file
    }

    /// How much was read so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn malformed(&mut self, line: u64, reason: Reason) -> Malformed {
        self.over |= reason.ends_file();
        self.counts.malformed += 1;
        if self.over {
            self.lines.close();
        }
        Malformed { file: Arc::clone(&self.path), line, reason }
    }

    /// The entry is read: what was held back, then whatever comes after the entry.
    fn finish(&mut self) -> Option<Result<Item, Malformed>> {
        if let Some(decoded) = self.decoder.finish() {
            return Some(Ok(item(self.source, decoded)));
        }
        let line = self.lines.number();
        match self.lines.next_entry() {
            Some(Err(reason)) => Some(Err(self.malformed(line, reason))),
            Some(Ok(_)) => {
                self.over = true;
                Some(Err(self.malformed(line, Reason::SecondEntry)))
            }
            None => {
                self.over = true;
                self.lines.close();
                None
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Item, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            let said = match self.lines.next_line() {
                Some((number, Ok(line))) => match self.decoder.decode(line, number) {
                    Ok(said) => {
                        self.counts.records += 1;
                        said
                    }
                    Err(reason) => return Some(Err(self.malformed(number, reason))),
                },
                Some((number, Err(reason))) => return Some(Err(self.malformed(number, reason))),
                None => return self.finish(),
            };
            if let Some(decoded) = said {
                return Some(Ok(item(self.source, decoded)));
            }
        }
        self.decoder.finish().map(|decoded| Ok(item(self.source, decoded)))
    }
}

impl LeanFile {
    /// What a file is, from its first lines and its names; nothing else of it is read.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn identify(path: &Path, limits: Limits) -> Result<Self, HistoryError> {
        open(path, Archive::open(path, limits, &Progress::default()), limits).map(|opened| opened.file)
    }
}

fn item(source: SourceId, decoded: Decoded) -> Item {
    let Decoded { at, payload, line } = decoded;
    Item { input: Input { ts_event: at, ts_recv: at, payload }, source, line }
}

fn unknown(path: &Path, reason: String) -> HistoryError {
    HistoryError::Unknown { path: path.to_owned(), reason }
}

fn open(path: &Path, archive: Result<Archive, Refusal>, limits: Limits) -> Result<Opened, HistoryError> {
    let archive = archive.map_err(|refusal| match refusal {
        Refusal::Io(source) => HistoryError::Open { path: path.to_owned(), source },
        Refusal::NotZip(start) => unknown(path, foreign::describe(&start)),
        Refusal::TooManyEntries(most) => unknown(path, format!("more than {most} entries")),
    })?;
    let mut lines = Lines::of_archive(archive, limits);
    let entry = match lines.next_entry() {
        Some(Ok(name)) => name,
        Some(Err(reason)) => return Err(unknown(path, reason.to_string())),
        None => return Err(unknown(path, "an empty archive".into())),
    };
    let named = Named::from_entry(&entry).or(Named::from_path(path));
    let file = conclude(named, Shape::of(lines.peek())).map_err(|reason| unknown(path, reason))?;
    Ok(Opened { lines, file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_can_move_to_the_thread_that_replays() {
        const fn moves<T: Send>() {}
        moves::<Reader>();
        moves::<crate::Merge<Reader>>();
        assert!(size_of::<Result<Item, Malformed>>() <= 128, "{}", size_of::<Result<Item, Malformed>>());
    }
}
