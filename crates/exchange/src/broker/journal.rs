//! The state file: an append-only, checksummed journal of facts.
//!
//! Layout: eight bytes of magic with the format's version, then records. A record is a
//! little-endian `u32` length, the first eight bytes of BLAKE3 over length and payload, and the
//! payload. Facts are on the disk before anything that follows from them is said, so a killed
//! gateway comes back with all it said.
//!
//! A torn last record (the process or machine died while writing it) was never acknowledged and is
//! cut off. Damage with whole records after it is no torn write: that is an error, never a guess.
//!
//! When the file has grown enough it is written anew from a snapshot: temporary file, fsync,
//! rename, fsync of the folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

const MAGIC: &[u8; 8] = b"ATPGATE\x01";
const HEADER: usize = 4 + CHECKSUM;
const CHECKSUM: usize = 8;

/// The largest record; an order with all its fields has about 2 kB.
pub const MAX_RECORD: usize = 1 << 20;

/// The largest file that is read; compaction keeps it far below.
const MAX_FILE: u64 = 1 << 30;

/// The file is not written anew before it has this size.
const COMPACT_FROM: u64 = 4 << 20;

/// Why the state can't be read or written.
#[derive(Debug, Error)]
pub enum StateError {
    /// The operating system refused.
    #[error(
        "state file {path}: {action} failed: {source}; free space or correct the permissions, then start again"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "state file {path} is in use by another gateway; stop that one, or give this one a file of its own (--state-dir)"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file does not begin as a state file does.
    #[error("{path} is not a state file of this version; move it away to start with a fresh account")]
    NotAState {
        /// The file.
        path: PathBuf,
    },
    /// Damage with whole records after it.
    #[error(
        "state file {path} is damaged at byte {offset} and goes on after it; restore it from a backup, or move it away to start with a fresh account"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
    },
    /// A whole record says something that makes no sense.
    #[error(
        "state file {path} holds a record that contradicts the ones before it ({reason}); restore it from a backup, or move it away to start with a fresh account"
    )]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

/// An open state file, locked against other processes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    size: u64,
    /// Size right after the last compaction.
    compacted: u64,
    /// Held for as long as the journal lives; the system lets go of it when the process dies.
    _lock: File,
}

impl Journal {
    /// Opens or creates the file and hands each whole record to `take`, in order.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(path: &Path, mut take: impl FnMut(&[u8]) -> Result<(), String>) -> Result<Self, StateError> {
        let io = |action, source| StateError::Io { path: path.to_owned(), action, source };
        let lock_path = sibling(path, "lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|e| io("creating its lock", e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(e)) => return Err(io("locking it", e)),
        }
        let bytes = match std::fs::metadata(path) {
            Ok(meta) if meta.len() > MAX_FILE => {
                return Err(StateError::NotAState { path: path.to_owned() });
            }
            Ok(_) => std::fs::read(path).map_err(|e| io("reading", e))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(io("reading", e)),
        };
        let whole = read_records(path, &bytes, &mut take)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(path)
            .map_err(|e| io("opening", e))?;
        let mut journal = Self { path: path.to_owned(), file, size: whole, compacted: 0, _lock: lock };
        if whole == 0 {
            journal.file.set_len(0).map_err(|e| io("beginning", e))?;
            journal.file.write_all(MAGIC).map_err(|e| io("beginning", e))?;
            journal.size = MAGIC.len() as u64;
        } else if whole < bytes.len() as u64 {
            tracing::warn!(path = %path.display(), cut = bytes.len() as u64 - whole, "unfinished last record cut off");
            journal.file.set_len(whole).map_err(|e| io("cutting off the unfinished record", e))?;
        }
        journal.file.sync_all().map_err(|e| io("flushing", e))?;
        sync_folder(path).map_err(|e| io("flushing its folder", e))?;
        Ok(journal)
    }

    /// Appends records and waits until the disk has them.
    ///
    /// # Errors
    /// [`StateError::Io`]: nothing of this call may be acknowledged, and the journal must not be
    /// written again, for what is in the file is no longer known.
    pub fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StateError> {
        let mut bytes = Vec::with_capacity(records.iter().map(|r| r.len() + HEADER).sum());
        for record in records {
            write_record(&mut bytes, record);
        }
        self.file.write_all(&bytes).map_err(|e| self.io("writing", e))?;
        self.file.sync_data().map_err(|e| self.io("flushing", e))?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Whether the file has grown enough since it was last written anew.
    pub fn wants_compaction(&self) -> bool {
        self.size >= COMPACT_FROM.max(self.compacted * 4)
    }

    /// Writes the file anew from `records`; on failure the old file stays as it was.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn compact(&mut self, records: &[Vec<u8>]) -> Result<(), StateError> {
        let temporary = sibling(&self.path, "new");
        let mut bytes = MAGIC.to_vec();
        for record in records {
            write_record(&mut bytes, record);
        }
        let mut fresh = File::create(&temporary).map_err(|e| self.io("creating its successor", e))?;
        fresh.write_all(&bytes).map_err(|e| self.io("writing its successor", e))?;
        fresh.sync_all().map_err(|e| self.io("flushing its successor", e))?;
        std::fs::rename(&temporary, &self.path).map_err(|e| self.io("replacing", e))?;
        sync_folder(&self.path).map_err(|e| self.io("flushing its folder", e))?;
        self.file = OpenOptions::new().append(true).open(&self.path).map_err(|e| self.io("opening", e))?;
        self.size = bytes.len() as u64;
        self.compacted = self.size;
        Ok(())
    }

    fn io(&self, action: &'static str, source: io::Error) -> StateError {
        StateError::Io { path: self.path.clone(), action, source }
    }
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Windows has no handle on a folder to flush; its rename is journaled by the file system.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn checksum(length: [u8; 4], payload: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn write_record(out: &mut Vec<u8>, payload: &[u8]) {
    assert!(payload.len() <= MAX_RECORD, "a record of {} bytes exceeds the limit", payload.len());
    let length = u32::try_from(payload.len()).expect("checked against the limit").to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, payload));
    out.extend_from_slice(payload);
}

/// The record at the start of `bytes`: its payload and its whole length.
fn record_at(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<CHECKSUM>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if size > MAX_RECORD {
        return None;
    }
    let payload = rest.get(..size)?;
    (checksum(*length, payload) == *sum).then_some((payload, HEADER + size))
}

/// Hands out whole records; returns the length of the whole part (0 for a new file).
fn read_records(
    path: &Path,
    bytes: &[u8],
    take: &mut impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<u64, StateError> {
    if bytes.len() < MAGIC.len() {
        // A file that died while its first bytes were written holds nothing.
        return if MAGIC.starts_with(bytes) {
            Ok(0)
        } else {
            Err(StateError::NotAState { path: path.to_owned() })
        };
    }
    if &bytes[..MAGIC.len()] != MAGIC {
        return Err(StateError::NotAState { path: path.to_owned() });
    }
    let mut at = MAGIC.len();
    while let Some((payload, length)) = record_at(&bytes[at..]) {
        take(payload).map_err(|reason| StateError::Contradiction { path: path.to_owned(), reason })?;
        at += length;
    }
    let damaged_middle =
        (at + 1..bytes.len()).any(|later| record_at(&bytes[later..]).is_some_and(|(p, _)| !p.is_empty()));
    if damaged_middle {
        return Err(StateError::Damaged { path: path.to_owned(), offset: at as u64 });
    }
    Ok(at as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(path: &Path) -> Result<(Journal, Vec<Vec<u8>>), StateError> {
        let mut records = Vec::new();
        let journal = Journal::open(path, |record| {
            records.push(record.to_vec());
            Ok(())
        })?;
        Ok((journal, records))
    }

    fn records(n: u8) -> Vec<Vec<u8>> {
        (0..n).map(|i| vec![i + 1; usize::from(i) * 3 + 1]).collect()
    }

    #[test]
    fn what_was_appended_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.state");
        let (mut journal, empty) = read(&path).unwrap();
        assert!(empty.is_empty());
        journal.append(&records(3)).unwrap();
        assert!(matches!(read(&path), Err(StateError::InUse { .. })));
        drop(journal);
        let (mut journal, back) = read(&path).unwrap();
        assert_eq!(back, records(3));
        journal.compact(&records(2)).unwrap();
        journal.append(&[vec![9]]).unwrap();
        drop(journal);
        let mut expected = records(2);
        expected.push(vec![9]);
        assert_eq!(read(&path).unwrap().1, expected);
    }

    #[test]
    fn other_files_and_unusable_places_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "shopping list").unwrap();
        assert!(matches!(read(&path), Err(StateError::NotAState { .. })));
        let missing = folder.path().join("absent").join("gateway.state");
        let error = read(&missing).unwrap_err();
        assert!(error.to_string().contains("creating its lock failed"), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_file_cut_anywhere_keeps_every_whole_record(cut in 0_usize..140) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gateway.state");
            let all = records(5);
            read(&path).unwrap().0.append(&all).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let cut = cut.min(bytes.len());
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let (mut journal, back) = read(&path).unwrap();
            let mut end = MAGIC.len();
            let whole = all.iter().take_while(|r| { end += r.len() + HEADER; end <= cut }).count();
            prop_assert_eq!(&back, &all[..whole]);
            journal.append(&[vec![7]]).unwrap();
            drop(journal);
            let again = read(&path).unwrap().1;
            prop_assert_eq!(again.len(), whole + 1);
        }

        #[test]
        fn damage_is_an_error_unless_it_can_be_a_torn_end(at in 8_usize..130, bit in 0_u8..8) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gateway.state");
            let all = records(5);
            read(&path).unwrap().0.append(&all).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            let last = bytes.len() - (HEADER + all[4].len());
            match read(&path) {
                Err(StateError::Damaged { .. }) => prop_assert!(at < last),
                Ok((_, back)) => { prop_assert!(at >= last); prop_assert_eq!(&back[..], &all[..4]); }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
