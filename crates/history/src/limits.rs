//! Bounds on what a file may ask of its reader.

/// Bounds on what a file may ask of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest line in bytes, at most [`Limits::LONGEST_LINE`]. Longer ones are skipped and reported.
    pub line: usize,
    /// Most entries of an archive. A day of options has one per contract.
    pub entries: usize,
    /// Most bytes that one entry may unpack to. A busy day of ticks is about a gigabyte.
    pub unpacked: u64,
}

impl Limits {
    /// The window that lines are read through leaves room for this many bytes.
    pub const LONGEST_LINE: usize = 16 * 1_024;
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 4_096, entries: 65_536, unpacked: 16 << 30 }
    }
}
