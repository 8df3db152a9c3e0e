//! Why the ledger cannot be opened or written, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use alphatrader_model::Seq;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the ledger cannot be opened or written.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// No room for the ledger, its write-ahead log or its fall-back file.
    #[error("the disk of the ledger {} is full: free some space, then start again; nothing recorded so far is lost", path.display())]
    DiskFull {
        /// The ledger.
        path: PathBuf,
    },
    /// The file, its folder or its file system cannot be written.
    #[error("the ledger {} cannot be written ({reason}): make the file and its folder writable for this user, or choose another --state-dir", path.display())]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
    /// The file is damaged.
    #[error("the ledger {} is damaged ({detail}): keep a copy of it and of the files beside it, restore the last backup, and start again; open positions and orders are then fetched from the broker", path.display())]
    Corrupt {
        /// The ledger.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The file is something else.
    #[error("{} is not a ledger of this program ({detail}): choose another --state-dir, or move the file away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process has it.
    #[error("the ledger {} is in use by process {holder}: two cannot trade one account; stop the other one, or choose another --state-dir", path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// The other process's number, as it wrote it; `unknown` when it did not.
        holder: String,
    },
    /// A newer version of this program wrote it.
    #[error("the ledger {} has schema {found}, this version knows schemas up to {known}: start the version that wrote it, or a newer one", path.display())]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// Schema of the file.
        found: i64,
        /// Newest schema of this version.
        known: i64,
    },
    /// It cannot be opened.
    #[error("the ledger {} cannot be opened ({reason}): the path must be a file in a folder that exists and belongs to this user", path.display())]
    Open {
        /// The ledger.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
    /// A step came out of order or twice: a fault of the caller.
    #[error(
        "step {seq} was handed to the ledger after step {last}: steps are recorded once and in order; this is a fault of the program, please report it"
    )]
    Order {
        /// The step.
        seq: Seq,
        /// The last step that was taken.
        last: Seq,
    },
    /// A place or record that the file format cannot hold: a fault of the caller.
    #[error("step {seq} cannot be written down ({reason}); this is a fault of the program, please report it")]
    Unwritable {
        /// The step.
        seq: Seq,
        /// Why.
        reason: String,
    },
    /// A write failed before; whether the disk has it is not known, so nothing more is written here.
    #[error("the ledger {} failed earlier and is closed for this process: start again, the fall-back file beside it is read first", path.display())]
    Failed {
        /// The ledger.
        path: PathBuf,
    },
    /// The device failed.
    #[error("the ledger {} could not be read or written ({reason}): look at the health of the disk (system log), then start again", path.display())]
    Device {
        /// The ledger.
        path: PathBuf,
        /// In the system's words.
        reason: String,
    },
}

impl LedgerError {
    pub(crate) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path, reason },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt { path, detail: reason },
            Some(ErrorCode::NotADatabase) => Self::Foreign { path, detail: "no SQLite database".into() },
            Some(
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Locked { path, holder: "unknown".into() },
            Some(ErrorCode::CannotOpen) => Self::Open { path, reason },
            // What is stored does not have the types or constraints of the schema.
            Some(ErrorCode::ConstraintViolation) | None => Self::Corrupt { path, detail: reason },
            Some(_) => Self::Device { path, reason },
        }
    }

    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        let reason = error.to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, reason }
            }
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists => Self::Open { path, reason },
            _ => Self::Device { path, reason },
        }
    }
}
