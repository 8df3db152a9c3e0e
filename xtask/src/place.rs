//! Where things are: the root of the workspace, its target folder, the folder of recorded data.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable when it runs or tests us; the compiled-in one serves a binary started by hand.
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// The folder of the web page's sources.
pub(crate) fn web() -> PathBuf {
    root().join("web")
}

/// Recorded markets: `ALPHATRADER_DATA`, else a folder beside the checkout. It may be absent.
pub(crate) fn recorded_data() -> PathBuf {
    std::env::var_os("ALPHATRADER_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from)
}

/// `cargo`, started in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What cargo said to us about ourselves must not reach the crates that it builds next.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME" {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// `npm`, started in the folder of the web page.
pub(crate) fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(web());
    command
}
