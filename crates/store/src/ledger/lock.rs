//! One process, one ledger: a lock of the operating system on a file beside it.
//!
//! The system gives the lock back when the process ends, however it ends. The file holds the number
//! of the process that has it, for the message to the one that does not get it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::LedgerError;

/// Held as long as the ledger is open.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// `ledger.db` is locked by `ledger.db.lock`.
fn lock_path(ledger: &Path) -> PathBuf {
    super::beside(ledger, "lock")
}

impl Lock {
    /// Takes the lock or says who has it.
    pub(super) fn take(ledger: &Path) -> Result<Self, LedgerError> {
        let failed = |error: &std::io::Error| LedgerError::io(ledger, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(lock_path(ledger))
            .map_err(|e| failed(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Locked { path: ledger.to_path_buf(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        // Only for the message of the other one: that this could not be written is no reason to fail.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.take(20).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_string(),
        _ => "unknown".into(),
    }
}
