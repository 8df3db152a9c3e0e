//! One file being read.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::content::{Header, Piece};
use super::frame::{Chain, Fault, Frames};
use super::layout;
use crate::error::HistoryError;
use crate::progress::{Progress, Share};

/// One file being read: its header at once, then its pieces in their order. What cannot be read stands
/// among them as a [`Fault`]; a torn tail is the last of them.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    header: Box<Header>,
    frames: Frames<Counted>,
}

/// A file whose bytes are counted as they are read.
#[derive(Debug)]
struct Counted {
    file: BufReader<File>,
    share: Share,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.share.advance(count as u64);
        Ok(count)
    }
}

impl Recording {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`HistoryError::Open`], and [`HistoryError::Unknown`] when it is no recording, one of another
    /// version or layout, or one that ends before its header does.
    pub fn open(path: &Path, progress: &Progress) -> Result<Self, HistoryError> {
        let open = |source| HistoryError::Open { path: path.to_owned(), source };
        let unknown = |reason: String| HistoryError::Unknown { path: path.to_owned(), reason };
        let file = File::open(path).map_err(open)?;
        let length = file.metadata().map_err(open)?.len();
        let source = Counted { file: BufReader::new(file), share: Share::of(progress, length) };
        let mut frames = Frames::open(source).map_err(|fault| unknown(fault.to_string()))?;
        let first = frames.next().unwrap_or(Err(Fault::Torn { at: frames.position(), bytes: 0 }));
        match first.and_then(|frame| Piece::of(&frame)) {
            Ok(Piece::Header(header)) if header.layout != layout::name() => Err(unknown(format!(
                "recorded by {}, whose events have another layout than those of this program",
                header.program
            ))),
            Ok(Piece::Header(header)) => Ok(Self { path: path.to_owned(), header, frames }),
            Ok(_) => Err(unknown("a recording that does not begin with its header".into())),
            Err(fault) => Err(unknown(format!("a recording without its header: {fault}"))),
        }
    }

    /// Whether a file begins as a recording does.
    pub fn is_one(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| Frames::open(file).is_ok())
    }

    /// What it is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The chain after the last frame that was read.
    pub const fn chain_so_far(&self) -> Chain {
        self.frames.chain_so_far()
    }

    /// Bytes of the whole frames that were read.
    pub const fn position(&self) -> u64 {
        self.frames.position()
    }
}

impl Iterator for Recording {
    type Item = Result<Piece, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.frames.next()?.and_then(|frame| Piece::of(&frame)))
    }
}
