//! The crate from outside: the ledger across kills, the writer, the contract of every hot store.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod crash;
mod mirror;
mod publish;
mod redis;
mod redis_server;
#[allow(dead_code, reason = "shared with the tests inside the crate; each takes what it needs")]
mod samples;
mod writer;
