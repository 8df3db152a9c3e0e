//! Lines of an archive's entry or of a packed file, each bounded, none copied.

use core::ops::Range;

use memchr::{memchr, memrchr};

use crate::archive::Archive;
use crate::limits::Limits;
use crate::malformed::Reason;
use crate::packed::Packed;

/// Unpacked bytes are looked at through a window of this size.
const WINDOW: usize = 64 * 1_024;

/// Where unpacked bytes come from.
enum Source {
    /// The current entry of an archive.
    Archive(Box<Archive>),
    /// A file that is one stream.
    Packed(Box<Packed>),
}

/// Lines of the archive's current entry, or of a file, without their line ends.
pub(crate) struct Lines {
    source: Source,
    window: Box<[u8]>,
    unread: Range<usize>,
    /// Number of the last line that was handed out.
    number: u64,
    /// The rest of a line that was too long is passed over.
    skipping: bool,
    over: bool,
    /// What ended the entry, told after its last whole line.
    fault: Option<Reason>,
    longest: usize,
}

impl Lines {
    /// Lines of an archive: of no entry before [`Lines::next_entry`].
    pub(crate) fn of_archive(archive: Archive, limits: Limits) -> Self {
        Self { over: true, ..Self::new(Source::Archive(Box::new(archive)), limits) }
    }

    /// Lines of a file.
    pub(crate) fn of_packed(packed: Packed, limits: Limits) -> Self {
        Self::new(Source::Packed(Box::new(packed)), limits)
    }

    fn new(source: Source, limits: Limits) -> Self {
        Self {
            source,
            window: vec![0; WINDOW].into_boxed_slice(),
            unread: 0..0,
            number: 0,
            skipping: false,
            over: false,
            fault: None,
            longest: limits.line.min(Limits::LONGEST_LINE),
        }
    }

    /// Goes to the next entry; its name, or nothing after the last.
    pub(crate) fn next_entry(&mut self) -> Option<Result<String, Reason>> {
        let Source::Archive(archive) = &mut self.source else { return None };
        let entered = archive.next_entry()?;
        if entered.is_ok() {
            self.number = 0;
        }
        self.unread = 0..0;
        self.skipping = false;
        self.over = entered.is_err();
        self.fault = None;
        Some(entered)
    }

    /// Number of the last line, counted from 1; 0 before the first.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The next line and its number; nothing at the end of the entry. An error of the file comes with
    /// the number of its last whole line.
    pub(crate) fn next_line(&mut self) -> Option<(u64, Result<&[u8], Reason>)> {
        let found = self.find()?;
        let line = found.map(|line| {
            let line = &self.window[line];
            line.strip_suffix(b"\r").unwrap_or(line)
        });
        Some((self.number, line))
    }

    /// Nothing more of the file is read.
    pub(crate) fn close(&mut self) {
        self.over = true;
        match &mut self.source {
            Source::Archive(archive) => archive.close(),
            Source::Packed(packed) => packed.close(),
        }
    }

    /// The first unpacked bytes of the entry, before any line is read: for finding out what it is.
    pub(crate) fn peek(&mut self) -> &[u8] {
        while !self.over && self.unread.len() < WINDOW {
            self.fill();
        }
        &self.window[self.unread.clone()]
    }

    fn find(&mut self) -> Option<Result<Range<usize>, Reason>> {
        let mut searched = self.unread.start;
        loop {
            if let Some(length) = memchr(b'\n', &self.window[searched..self.unread.end]) {
                let line = self.unread.start..searched + length;
                self.unread.start = line.end + 1;
                if self.skipping {
                    self.skipping = false;
                    searched = self.unread.start;
                    continue;
                }
                self.number += 1;
                return Some(self.bounded(line));
            }
            if self.unread.len() > self.longest + 1 {
                // The line's end is not even in sight: its start is let go.
                let first = !self.skipping;
                self.skipping = true;
                self.unread.start = self.unread.end;
                if first {
                    self.number += 1;
                    return Some(Err(Reason::LineTooLong(self.longest)));
                }
            }
            if self.over {
                return self.last();
            }
            let read = self.unread.len();
            self.fill();
            searched = self.unread.start + read.min(self.unread.len());
        }
    }

    /// The last line, when no line end follows it.
    fn last(&mut self) -> Option<Result<Range<usize>, Reason>> {
        let line = self.unread.clone();
        self.unread.start = self.unread.end;
        if line.is_empty() || self.skipping {
            return self.fault.take().map(Err);
        }
        self.number += 1;
        Some(self.bounded(line))
    }

    fn bounded(&self, line: Range<usize>) -> Result<Range<usize>, Reason> {
        if line.len() > self.longest + 1 { Err(Reason::LineTooLong(self.longest)) } else { Ok(line) }
    }

    /// Unpacks more into the window. Where the entry is broken, the half line before the break goes:
    /// half a line can be a wrong number.
    fn fill(&mut self) {
        if self.unread.start > 0 {
            self.window.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        let room = &mut self.window[self.unread.end..];
        let filled = match &mut self.source {
            Source::Archive(archive) => archive.fill(room),
            Source::Packed(packed) => packed.fill(room),
        };
        match filled {
            Ok(0) => self.over = true,
            Ok(more) => self.unread.end += more,
            Err(reason) => {
                self.over = true;
                self.unread.end = memrchr(b'\n', &self.window[self.unread.clone()]).map_or(0, |at| at + 1);
                self.fault = Some(reason);
            }
        }
    }
}
