//! Market data.
pub(crate) mod depth;
pub(crate) mod quote;
pub(crate) mod trade;
pub(crate) mod window;
