//! The market from outside, as its users use it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arbitrage;
mod broker;
mod chain;
mod matching;
mod synthetic;
mod universe;
