//! What could not be read, and why.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

/// One line, or the rest of a file, that could not be read. Reading goes on with the next line, or
/// with the next file when [`Reason::ends_file`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The file.
    pub file: Arc<Path>,
    /// Line in it, counted from 1. Where the file itself is broken, the last line before the break
    /// (0 when there is none).
    pub line: u64,
    /// What is wrong.
    pub reason: Reason,
}

impl std::error::Error for Malformed {}

/// `path:line: reason`.
impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.reason)
    }
}

/// What is wrong with a line or a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// The line ends too early.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The line goes on.
    #[error("more fields than its kind of line has")]
    ExtraFields,
    /// A field is not a whole number.
    #[error("{0} is not a whole number")]
    NotANumber(&'static str),
    /// A field is a number that its meaning does not allow.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// A number has more decimals than are kept; nothing is rounded in silence.
    #[error("{0} is finer than is kept")]
    TooFine(&'static str),
    /// A field is not what its meaning asks for.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    /// A bar whose prices contradict each other.
    #[error("its low, open, close and high contradict each other")]
    Contradiction,
    /// The line goes back in time.
    #[error("earlier than the line before; dropped")]
    OutOfOrder,
    /// The line is longer than the limit.
    #[error("longer than {0} bytes")]
    LineTooLong(usize),
    /// An entry that does not belong to the file.
    #[error("the archive holds a second entry; one is expected")]
    SecondEntry,
    /// The file ends in the middle.
    #[error("the file ends in the middle: it was truncated; everything before this point was read")]
    Truncated,
    /// The archive has lost its directory, which stands at its end.
    #[error("the archive's directory is missing: it was truncated; its entries were read as far as they go")]
    NoDirectory,
    /// The packed bytes make no sense.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// Everything could be unpacked, but it is not what was packed.
    #[error("the checksum of the entry is wrong: some of its lines are not what was recorded")]
    Checksum,
    /// More than the limit of unpacked bytes.
    #[error("unpacks to more than {0} bytes")]
    TooLarge(u64),
    /// A way of packing that is not read.
    #[error("{0} is not read; pack it as an ordinary zip (deflate)")]
    Unsupported(&'static str),
    /// A chain of more contracts than are kept.
    #[error("more than {0} contracts; the rest is not read")]
    TooManyRows(usize),
    /// A contract that stood before.
    #[error("the contract stood before; dropped")]
    Again,
    /// Two fields that say the same thing say different things.
    #[error("{0} is not that of the option's symbol")]
    Disagrees(&'static str),
    /// It is about what the reader was not opened for.
    #[error("{0}; passed over")]
    PassedOver(&'static str),
    /// Part of a recording of this system.
    #[error("{0}")]
    Recording(String),
    /// The operating system could not read.
    #[error("cannot be read on: {0}")]
    Io(io::ErrorKind),
}

impl Reason {
    /// Whether nothing more of the file is read.
    pub const fn ends_file(&self) -> bool {
        matches!(
            self,
            Self::Truncated
                | Self::NoDirectory
                | Self::Damaged(_)
                | Self::Checksum
                | Self::TooLarge(_)
                | Self::TooManyRows(_)
                | Self::Unsupported(_)
                | Self::Io(_)
        )
    }
}
