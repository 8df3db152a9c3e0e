//! The program as a person or another program meets it: arguments, exit codes, streams, signals.
#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod bad_input;
mod data;
mod discover;
mod hot_state;
mod options;
mod options_chain;
mod options_price;
mod program;
mod recording;
#[allow(dead_code, reason = "shared with the tests of the store; each takes what it needs")]
#[path = "../../../store/tests/it/redis_server.rs"]
mod redis_server;
mod running;
