//! The records of a file.

use std::io;
use std::path::Path;

use dbn::decode::dbn::fsm::{DbnFsm, ProcessResult};
use dbn::{Metadata, RecordRef};

use crate::limits::Limits;
use crate::malformed::Reason;
use crate::packed::Packed;
use crate::progress::Progress;

/// Most bytes of what stands before the records: a year of all options of an index is ten million.
const MOST_METADATA: u32 = 64 << 20;
/// Bytes that say what a file is and how long its metadata are.
const PRELUDE: usize = 8;

/// The records of a file, one after the other.
pub struct Frames {
    packed: Packed,
    machine: DbnFsm,
    ended: bool,
    /// Number of the last record, counted from 1.
    number: u64,
    over: bool,
}

/// Why a file is not opened.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The operating system refuses.
    Io(io::Error),
    /// In words.
    Not(String),
}

impl Frames {
    /// Opens a file, and reads what stands before its records.
    pub(crate) fn open(
        path: &Path,
        limits: Limits,
        progress: &Progress,
    ) -> Result<(Self, Metadata), Refusal> {
        Self::start(Packed::open(path, limits, progress).map_err(Refusal::Io)?)
    }

    pub(crate) fn start(packed: Packed) -> Result<(Self, Metadata), Refusal> {
        let machine = DbnFsm::new(DbnFsm::DEFAULT_BUF_SIZE, 0);
        let mut frames = Self { packed, machine, ended: false, number: 0, over: false };
        let refused = |reason: Reason| Refusal::Not(reason.to_string());
        while frames.machine.data().len() < PRELUDE && !frames.ended {
            frames.fill().map_err(refused)?;
        }
        sound(frames.machine.data()).map_err(|why| Refusal::Not(why.to_owned()))?;
        loop {
            match frames.machine.process() {
                ProcessResult::Metadata(metadata) => return Ok((frames, metadata)),
                ProcessResult::ReadMore(_) if frames.ended => {
                    return Err(Refusal::Not("DBN that ends before its first record".to_owned()));
                }
                ProcessResult::ReadMore(_) => frames.fill().map_err(refused)?,
                ProcessResult::Record(()) => {
                    return Err(Refusal::Not("DBN without metadata".to_owned()));
                }
                ProcessResult::Err(error) => {
                    return Err(Refusal::Not(format!("DBN that cannot be read: {error}")));
                }
            }
        }
    }

    /// Whether first bytes are those of DBN.
    pub(crate) fn are(start: &[u8]) -> bool {
        start.starts_with(b"DBN")
    }

    fn fill(&mut self) -> Result<(), Reason> {
        let made = self.packed.fill(self.machine.space())?;
        self.machine.fill(made);
        self.ended = made == 0;
        Ok(())
    }

    /// Goes to the next record; nothing at the end. After an error nothing more of the file is read.
    ///
    /// # Errors
    /// What is wrong with the file from here on.
    #[inline]
    pub fn advance(&mut self) -> Option<Result<(), Reason>> {
        if self.over {
            return None;
        }
        loop {
            // Every record is a whole number of eight bytes. After one that is not, the decoder would read the
            // next where none may stand.
            if self.machine.data().first().is_some_and(|words| words % 2 == 1) {
                self.over = true;
                self.packed.close();
                return Some(Err(Reason::Damaged("a record of an odd length")));
            }
            let fault = match self.machine.process() {
                ProcessResult::Record(()) => {
                    self.number += 1;
                    return Some(Ok(()));
                }
                ProcessResult::ReadMore(_) if self.ended => {
                    self.over = true;
                    let whole = self.machine.data().is_empty();
                    return if whole { None } else { Some(Err(Reason::Truncated)) };
                }
                ProcessResult::ReadMore(_) => match self.fill() {
                    Ok(()) => continue,
                    Err(reason) => reason,
                },
                ProcessResult::Metadata(_) => Reason::Damaged("metadata among its records"),
                ProcessResult::Err(_) => Reason::Damaged("its records make no sense"),
            };
            self.over = true;
            self.packed.close();
            return Some(Err(fault));
        }
    }

    /// The record that the last [`Frames::advance`] went to.
    #[inline]
    pub fn record(&self) -> Option<RecordRef<'_>> {
        self.machine.last_record()
    }

    /// The number of the last record, counted from 1; 0 before the first.
    pub const fn number(&self) -> u64 {
        self.number
    }
}

/// What the decoder does not bound itself.
fn sound(start: &[u8]) -> Result<(), &'static str> {
    if !Frames::are(start) {
        return Err("not DBN");
    }
    if start.len() < PRELUDE {
        return Err("DBN that ends before its first record");
    }
    let length = u32::from_le_bytes([start[4], start[5], start[6], start[PRELUDE - 1]]);
    if length > MOST_METADATA {
        return Err("DBN with more than 64 MiB of metadata");
    }
    let version = start[3];
    if !(1..=3).contains(&version) {
        return Err("DBN of a version that is not read; versions 1 to 3 are");
    }
    Ok(())
}
