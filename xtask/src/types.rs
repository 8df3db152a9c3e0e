//! `cargo xtask gen-types`: what the web page knows of the Rust types.

use crate::place;
use crate::step::{Outcome, command};

/// Lets the dashboard's tests of drift write what they otherwise compare: the TypeScript types and the OpenAPI document.
pub(crate) fn generate() -> Outcome {
    command(
        "types",
        place::cargo()
            .args(["test", "--package", "alphatrader-dashboard", "--test", "it", "drift"])
            .env("ALPHATRADER_BLESS", "1"),
    )
}
