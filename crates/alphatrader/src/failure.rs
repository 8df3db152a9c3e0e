//! Failures as a person meets them: what, where, what to do; and the exit code.

use std::fmt;
use std::path::Path;

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// In words, with what to do.
    message: String,
    /// 1: it failed; 2: it was asked wrongly.
    code: u8,
}

impl Failure {
    /// It was asked rightly and failed.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The configuration is wrong.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// The configuration file cannot be read.
    pub(crate) fn unreadable_config(path: &Path, error: &std::io::Error) -> Self {
        Self::config(format!(
            "the configuration {} cannot be read: {error}\nname another with --config FILE, or leave it away to run on the defaults",
            path.display()
        ))
    }

    /// The exit code.
    pub(crate) const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
