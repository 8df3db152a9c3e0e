//! The core as a whole, against a broker that does what a test says.
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod allocation;
mod correlation;
mod desk;
mod discovered;
mod options;
mod recovery;
mod replay;
mod simulation;
mod snapshot;
mod trade;
