//! `cargo xtask gen-types`: what the web page knows of the Rust types.

use crate::place;
use crate::step::{Outcome, command};

/// Runs the dashboard's export tests, which write the TypeScript types and the OpenAPI document.
pub(crate) fn generate() -> Outcome {
    command(
        "types",
        place::cargo()
            .args(["test", "--package", "alphatrader-dashboard", "export"])
            .env("UPDATE_GENERATED", "1"),
    )
}
