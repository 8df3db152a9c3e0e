//! Between the broker's words and ours, as pure functions.
//!
//! What cannot be said in our words is refused with a reason, never bent.

pub(crate) mod contract;
pub(crate) mod instrument;
pub(crate) mod number;
pub(crate) mod order;
pub(crate) mod report;
pub(crate) mod time;
