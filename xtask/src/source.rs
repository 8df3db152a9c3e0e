//! Rules about files rather than crates.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::place;
use crate::step::{Failure, Outcome, output};

/// A source file longer than this asks to be split.
const LONG: usize = 600;

/// Tracked source files past [`LONG`] lines, longest first.
pub(crate) fn long_files() -> Outcome<Vec<(usize, String)>> {
    let root = place::root();
    let mut command = Command::new("git");
    command.args(["ls-files", "--", "*.rs", "*.ts", "*.svelte"]).current_dir(&root);
    let mut long: Vec<(usize, String)> = output(&mut command)?
        .lines()
        .filter(|file| !file.starts_with("web/src/gen/"))
        .filter_map(|file| Some((lines(&root.join(file))?, file.to_owned())))
        .filter(|(lines, _)| *lines > LONG)
        .collect();
    long.sort_by(|a, b| b.cmp(a));
    Ok(long)
}

/// `None` for a file that is tracked but not there, such as one just deleted.
fn lines(file: &Path) -> Option<usize> {
    Some(std::fs::read_to_string(file).ok()?.lines().count())
}

/// Packages whose entry in an npm lock file names the address it was downloaded from. A lock file must name none: it
/// would bind everybody to one registry.
pub(crate) fn addresses_in_lock(text: &str) -> Outcome<Vec<String>> {
    let lock: Value = serde_json::from_str(text)
        .map_err(|e| Failure::new(format!("web/package-lock.json is not JSON: {e}")))?;
    let packages = lock.get("packages").and_then(Value::as_object).ok_or_else(|| {
        Failure::new("web/package-lock.json has no `packages`: write it with npm 7 or newer")
    })?;
    Ok(packages
        .iter()
        .filter(|(_, entry)| entry.get("resolved").is_some())
        .map(|(name, _)| name.clone())
        .collect())
}

/// Fails if `web/package-lock.json` names addresses.
pub(crate) fn lock_names_no_address() -> Outcome {
    let path = place::web().join("package-lock.json");
    let text =
        std::fs::read_to_string(&path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
    let found = addresses_in_lock(&text)?;
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "web/package-lock.json names the address of {} packages, {} first; delete it and web/node_modules, then \
         `npm install` in web/, whose .npmrc says omit-lockfile-registry-resolved=true",
        found.len(),
        found[0]
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages name files so that people open them.
    #[test]
    fn pages_name_only_files_that_exist() {
        let root = place::root();
        let mut listed = Command::new("git");
        listed.args(["ls-files", "--", "*.md"]).current_dir(&root);
        let mut lost = Vec::new();
        for page in output(&mut listed).unwrap().lines() {
            let text = std::fs::read_to_string(root.join(page)).unwrap_or_default();
            let quoted = text.split('`').skip(1).step_by(2);
            let ours = quoted.filter(|word| word.contains('/') && !word.contains(char::is_whitespace));
            let folders = ["crates/", "config/", "docs/", "xtask/", ".ci/", ".cargo/", "web/src/"];
            for path in ours.filter(|word| folders.iter().any(|folder| word.starts_with(folder))) {
                if !root.join(path).exists() {
                    lost.push(format!("{page}: {path}"));
                }
            }
        }
        assert_eq!(lost, Vec::<String>::new());
    }

    #[test]
    fn an_address_in_the_lock_is_found() {
        let lock = r#"{"packages":{"":{"name":"page"},
            "node_modules/a":{"version":"1.0.0","integrity":"sha512-x","funding":{"url":"https://example.org"}},
            "node_modules/b":{"version":"1.0.0","resolved":"https://example.org/b.tgz"}}}"#;
        assert_eq!(addresses_in_lock(lock).unwrap(), ["node_modules/b"]);
        assert!(addresses_in_lock("{}").is_err());
    }
}
