//! Properties of the whole.

mod chains;
mod hostile;
mod merge;
mod sums;
