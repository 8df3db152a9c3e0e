//! Our own recordings: every event that the engine took, in day files that survive a crash.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`frame`] | frames: a checksum chain over packed bodies; where a torn or damaged file stops |
//! | [`content`] | what is in the frames: header, events, checkpoints, lost ranges, the end |
//! | [`layout`] | the layout of events, which a reader must share with the writer |
//! | [`segment`] | [`Segment`]: one file being written |
//! | [`shelf`] | folders by day: names of files, how many days and bytes are kept |
//! | [`recorder`] | [`Tape`] and [`Recorder`]: from the engine's thread over a bounded queue to the disk |
//! | [`reader`] | [`Recording`]: one file being read |
//! | [`market`] | [`MarketReader`]: the market events of a file as a source |
//!
//! `docs/guide/recordings.md` describes the bytes and what is guaranteed.

pub mod content;
pub mod frame;
pub mod layout;
pub mod market;
pub mod reader;
pub mod recorder;
pub mod segment;
pub mod shelf;

#[cfg(test)]
pub(crate) mod samples;

pub use content::{Checkpoint, End, Header, Lost, Piece, Previous, Taken};
pub use frame::Fault;
pub use market::MarketReader;
pub use reader::Recording;
pub use recorder::{Recorder, RecorderConfig, RecorderStatus, Tape};
pub use segment::Segment;
pub use shelf::Shelf;
