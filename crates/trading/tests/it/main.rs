//! The rules on whole situations.
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod checks;
mod rule;
mod world;
