//! The dashboard from outside: over real TCP.

// What tests share is not itself a test, which is all that clippy's setting exempts.
#![allow(clippy::unwrap_used)]

mod commands;
mod conflation;
mod drift;
mod http;
mod listening;
mod running;
mod slow;
mod stream;
