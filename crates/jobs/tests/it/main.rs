//! Discovery over recordings, end to end.
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod recorded;
mod worlds;
