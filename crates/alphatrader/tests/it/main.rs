//! The program as a person or another program meets it: arguments, exit codes, streams, signals.
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod bad_input;
mod data;
mod program;
mod running;
