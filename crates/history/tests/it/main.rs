//! Tests of the whole crate: files made here, and recorded days where they are at hand.

#![allow(clippy::unwrap_used, reason = "what a test makes itself is there; if not, the test fails")]

mod broken;
mod chains;
mod chains_recorded;
mod locating;
mod making;
mod published;
mod published_recorded;
mod reading;
mod recorded;
