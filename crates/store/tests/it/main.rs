//! The crate from outside: the ledger across kills, the writer, the contract of every hot store.

mod crash;
#[allow(dead_code, reason = "shared with the tests inside the crate; each takes what it needs")]
mod samples;
