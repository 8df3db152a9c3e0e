//! Where records go when the ledger cannot be written: a file of fixed size beside it.
//!
//! It is allocated when the ledger is opened, so that a full disk cannot refuse it, and each step is
//! on the disk before the next is taken. The next open merges it into the ledger and clears it.
//!
//! Layout, little endian: a header (magic, epoch `u64`, checksum of both), then frames (length `u32`,
//! checksum, the step as JSON), then zeros. A checksum is the first 8 bytes of BLAKE3 over epoch,
//! length and content; the epoch is the incarnation that writes, so frames of an earlier one that
//! were not overwritten yet are never taken for new.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ledger::{Step, beside};

const MAGIC: [u8; 8] = *b"ATFALLB1";
const HEADER: usize = 24;
const FRAME: usize = 12;

/// Why a step could not be written to the fall-back file either.
#[derive(Debug, Error)]
pub enum FallbackError {
    /// The file is used up.
    #[error("the fall-back file {} is full ({} bytes): from here on nothing is recorded", path.display(), Fallback::SIZE)]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The device failed.
    #[error("the fall-back file {} cannot be written ({reason}): from here on nothing is recorded", path.display())]
    Device {
        /// The file.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
    /// The step has no JSON: a fault of the program.
    #[error("a step cannot be written down: {0}")]
    Unwritable(String),
}

/// What the fall-back file held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Steps that were merged into the ledger.
    pub steps: usize,
    /// Whether a step follows that was not written to its end; it was never acknowledged.
    pub torn: bool,
    /// Where a file that could not be read at all was put aside.
    pub put_aside: Option<PathBuf>,
}

/// The open fall-back file.
#[derive(Debug)]
pub struct Fallback {
    file: File,
    path: PathBuf,
    epoch: u64,
    /// Where the next frame goes.
    end: u64,
    /// Whether anything was found behind the header.
    dirty: bool,
}

fn checksum(epoch: u64, content: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&epoch.to_le_bytes()).update(&(content.len() as u64).to_le_bytes()).update(content);
    let mut short = [0; 8];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    short
}

fn header(epoch: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&epoch.to_le_bytes());
    header[16..].copy_from_slice(&checksum(epoch, &MAGIC));
    header
}

fn read_header(bytes: &[u8]) -> Option<u64> {
    let epoch = u64::from_le_bytes(bytes.get(8..16)?.try_into().ok()?);
    (bytes[..HEADER] == header(epoch)).then_some(epoch)
}

/// What a whole file holds: its steps, where they end, and whether something follows that is none.
struct Content {
    steps: Vec<Step>,
    end: usize,
    torn: bool,
}

fn read_frames(bytes: &[u8], epoch: u64) -> Content {
    let mut content = Content { steps: Vec::new(), end: HEADER, torn: false };
    loop {
        let rest = &bytes[content.end..];
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return content };
        let length = u32::from_le_bytes(*length) as usize;
        if length == 0 {
            return content;
        }
        let whole = rest
            .split_first_chunk::<8>()
            .and_then(|(sum, rest)| Some((sum, rest.get(..length)?)))
            .filter(|(sum, payload)| **sum == checksum(epoch, payload))
            .and_then(|(_, payload)| serde_json::from_slice(payload).ok());
        let Some(step) = whole else {
            content.torn = true;
            return content;
        };
        content.steps.push(step);
        content.end += FRAME + length;
    }
}

impl Fallback {
    /// Bytes of the file: some thousand steps, the closing of everything many times over.
    pub const SIZE: usize = 4 << 20;

    /// Opens the file, allocates it when there is none, and reads what an earlier run left in it.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Step>, Leftover)> {
        let mut leftover = Leftover::default();
        let mut bytes = match File::open(path) {
            Ok(file) => {
                let mut bytes = Vec::new();
                // A longer file is not ours; one byte more than ours is enough to see it.
                file.take(Self::SIZE as u64 + 1).read_to_end(&mut bytes)?;
                bytes
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let epoch = read_header(&bytes).filter(|_| bytes.len() == Self::SIZE);
        if epoch.is_none() && bytes.iter().any(|byte| *byte != 0) {
            let aside = beside(path, "damaged");
            std::fs::rename(path, &aside)?;
            leftover.put_aside = Some(aside);
            bytes.clear();
        }
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let content = if let Some(epoch) = epoch {
            read_frames(&bytes, epoch)
        } else {
            allocate(&mut file)?;
            Content { steps: Vec::new(), end: HEADER, torn: false }
        };
        leftover.steps = content.steps.len();
        leftover.torn = content.torn;
        let fallback = Self {
            file,
            path: path.to_path_buf(),
            epoch: epoch.unwrap_or(0),
            end: content.end as u64,
            dirty: content.torn || content.end > HEADER,
        };
        Ok((fallback, content.steps, leftover))
    }

    /// Forgets what the file holds: its steps are in the ledger. `incarnation` writes from here on.
    pub(crate) fn clear(&mut self, incarnation: u32) -> io::Result<()> {
        let epoch = u64::from(incarnation);
        // The new epoch first: from that moment no old frame counts, wherever a crash comes.
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(epoch))?;
        self.file.sync_data()?;
        if self.dirty {
            self.file.write_all(&vec![0; Self::SIZE - HEADER])?;
            self.file.sync_data()?;
        }
        self.epoch = epoch;
        self.end = HEADER as u64;
        self.dirty = false;
        Ok(())
    }

    /// The incarnation that the file was last cleared for; 0 when it is new.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Writes a step; it is on the disk when this returns.
    ///
    /// # Errors
    /// [`FallbackError`]; the step is then not recorded.
    pub(crate) fn append(&mut self, step: &Step) -> Result<(), FallbackError> {
        let payload = serde_json::to_vec(step).map_err(|e| FallbackError::Unwritable(e.to_string()))?;
        let end = self.end + (FRAME + payload.len()) as u64;
        let length = u32::try_from(payload.len()).ok().filter(|_| end <= Self::SIZE as u64);
        let length = length.ok_or_else(|| FallbackError::Full { path: self.path.clone() })?;
        let mut frame = Vec::with_capacity(FRAME + payload.len());
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&checksum(self.epoch, &payload));
        frame.extend_from_slice(&payload);
        self.write(&frame)
            .map_err(|e| FallbackError::Device { path: self.path.clone(), reason: e.to_string() })?;
        self.end = end;
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(frame)?;
        self.file.sync_data()
    }
}

/// Writes the whole file once, so that its blocks exist.
fn allocate(file: &mut File) -> io::Result<()> {
    let mut bytes = vec![0; Fallback::SIZE];
    bytes[..HEADER].copy_from_slice(&header(0));
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)?;
    file.set_len(Fallback::SIZE as u64)?;
    file.sync_all()
}
