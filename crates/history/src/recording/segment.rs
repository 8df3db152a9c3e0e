//! One file being written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::content::Piece;
use super::frame::{self, Chain, Kind};

/// One file being written. Frames go to the system whole, in one write each; what a kill of the
/// process leaves is whole frames and at most one torn one.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    file: File,
    chain: Chain,
    bytes: u64,
    buffer: Vec<u8>,
    dirty: bool,
}

impl Segment {
    /// Begins a file that does not exist yet.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&frame::MAGIC)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            chain: Chain::start(),
            bytes: frame::MAGIC.len() as u64,
            buffer: Vec::new(),
            dirty: true,
        })
    }

    /// Appends a frame. After an error the file is cut back to its whole frames, where that can be
    /// done, and nothing more may be appended.
    ///
    /// # Errors
    /// The system's: no space, no permission, a medium that is gone.
    pub fn append(&mut self, kind: Kind, body: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        let chain = frame::append(&mut self.buffer, kind, body, self.chain)?;
        if let Err(error) = self.file.write_all(&self.buffer) {
            // Where even this fails, the reader cuts the torn tail.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += self.buffer.len() as u64;
        self.chain = chain;
        self.dirty = true;
        Ok(())
    }

    /// Appends what is not events.
    ///
    /// # Errors
    /// As [`Segment::append`].
    pub fn say(&mut self, piece: &Piece) -> io::Result<()> {
        let (kind, body) = piece.frame();
        self.append(kind, &body)
    }

    /// Waits until everything is on the medium, where anything is not.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The chain after its last frame.
    pub const fn chain(&self) -> Chain {
        self.chain
    }
}

#[cfg(test)]
impl Segment {
    /// From here on the disk is full.
    pub(crate) fn onto_full_disk(&mut self) {
        self.file = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full can be opened");
    }
}
