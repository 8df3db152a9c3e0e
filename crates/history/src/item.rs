//! One thing that happened, with the source and the line that said so.

use alphatrader_model::{Input, Timestamp};

/// Number of a source among those that are merged; sources of one instant and rank go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// One thing that happened, as a recorded source tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What happened and when. Published files do not say when an event was received: `ts_recv` repeats
    /// `ts_event`. Recordings of this system do.
    pub input: Input,
    /// Which source says so.
    pub source: SourceId,
    /// Line of that source, counted from 1.
    pub line: u64,
}

impl Item {
    /// Its place in the order of recorded sources: instant, rank of the payload, source, line.
    pub fn key(&self) -> (Timestamp, u8, SourceId, u64) {
        (self.input.ts_event, self.input.payload.rank(), self.source, self.line)
    }
}
