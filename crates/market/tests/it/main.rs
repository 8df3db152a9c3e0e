//! The market from outside, as its users use it.

mod broker;
mod chain;
mod matching;
mod synthetic;
