//! Programs that a task needs: found on `PATH`, installed from Debian's packages where that is allowed, else named in
//! the message with the way to get them.

use std::process::Command;

use crate::step::{Failure, Outcome, output, run};

/// Whether `program` is on `PATH`.
pub(crate) fn present(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Node.js of a version that the page's tools accept, and npm. Never installed by us: a project should not choose a
/// person's Node.
pub(crate) fn node() -> Outcome {
    const HOW: &str = "install Node.js 20.19 or newer with npm (Debian: `apt-get install nodejs npm`, or a package from nodejs.org)";
    for program in ["node", "npm"] {
        if !present(program) {
            return Err(Failure::new(format!(
                "the web page is built with {program}, which is not on PATH: {HOW}"
            )));
        }
    }
    let said = output(Command::new("node").arg("--version"))?;
    match node_version(&said) {
        Some(version) if version >= (20, 19) => Ok(()),
        _ => Err(Failure::new(format!("node says {}: too old to build the web page; {HOW}", said.trim()))),
    }
}

fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A browser for the end-to-end test.
pub(crate) fn chromium() -> Outcome {
    if present("chromium") {
        return Ok(());
    }
    if !may_install() {
        return Err(Failure::new(
            "the browser test needs chromium, which is not on PATH: `sudo apt-get install chromium` (as root, or with CI \
             set, this task installs it itself)",
        ));
    }
    run(Command::new("apt-get").arg("update").env("DEBIAN_FRONTEND", "noninteractive"))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends", "chromium"])
        .env("DEBIAN_FRONTEND", "noninteractive"))?;
    if present("chromium") {
        Ok(())
    } else {
        Err(Failure::new("apt-get installed chromium, yet it is not on PATH"))
    }
}

fn may_install() -> bool {
    present("apt-get") && (std::env::var_os("CI").is_some() || is_root())
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_compare() {
        assert_eq!(node_version("v20.20.2\n"), Some((20, 20)));
        assert!(node_version("v9.99.0") < Some((20, 19)));
        assert_eq!(node_version("20"), None);
    }

    #[test]
    fn finds_what_is_there_and_only_that() {
        assert!(present("cargo"));
        assert!(!present("no-such-program-anywhere"));
    }
}
