//! The rules on whole situations.

mod checks;
mod rule;
mod world;
