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
    debian("chromium", "chromium", "the browser test")
}

/// A Redis server, for the tests of the hot state.
pub(crate) fn redis() -> Outcome {
    debian("redis-server", "redis-server", "the test of the hot state")
}

/// Python with its virtual environments, for other people's clients.
pub(crate) fn python() -> Outcome {
    debian("python3", "python3", "the test with foreign clients")?;
    let has_venv =
        |program: &str| output(Command::new(program).args(["-c", "import venv, ensurepip"])).is_ok();
    if has_venv("python3") {
        return Ok(());
    }
    install("python3-venv", "the test with foreign clients")
}

/// Sees to it that `program` is there, from the Debian package of that name.
fn debian(program: &str, package: &str, who: &str) -> Outcome {
    if present(program) {
        return Ok(());
    }
    install(package, who)?;
    if present(program) {
        Ok(())
    } else {
        Err(Failure::new(format!("apt-get installed {package}, yet {program} is not on PATH")))
    }
}

fn install(package: &str, who: &str) -> Outcome {
    if !may_install() {
        return Err(Failure::new(format!(
            "{who} needs {package}: `sudo apt-get install {package}` (as root, or with CI set, this task installs it itself)"
        )));
    }
    run(Command::new("apt-get").arg("update").env("DEBIAN_FRONTEND", "noninteractive"))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--no-install-recommends", package])
        .env("DEBIAN_FRONTEND", "noninteractive"))
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
