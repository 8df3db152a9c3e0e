//! `cargo xtask dist`: the archive that a person downloads.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{Failure, Outcome, command, output, run, step};
use crate::{notices, place, web, workspace};

/// What goes into the archive beside the binary and the notices, from the root of the workspace.
const WITH_IT: [&str; 5] = ["config", "LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md"];

/// Builds, packs, and prints the checksum of the archive.
pub(crate) fn dist() -> Outcome {
    web::build()?;
    command("program", place::cargo().args(["build", "--release", "--locked", "--package", "alphatrader"]))?;
    let archive = step("archive", pack)?;
    println!("{}", checksum(&archive)?);
    println!("{}", archive.display());
    Ok(())
}

fn pack() -> Outcome<PathBuf> {
    let metadata = workspace::resolved_here()?;
    let program = metadata
        .members()
        .find(|package| package.name == "alphatrader")
        .ok_or_else(|| Failure::new("the workspace has no crate `alphatrader`"))?;
    let name = format!("alphatrader-{}-{}", program.version, workspace::host()?);
    let folder = metadata.target.join("dist");
    let stage = folder.join(&name);
    if stage.exists() {
        std::fs::remove_dir_all(&stage).map_err(|e| failed(&stage, &e))?;
    }
    std::fs::create_dir_all(&stage).map_err(|e| failed(&stage, &e))?;
    copy(&metadata.target.join("release/alphatrader"), &stage.join("alphatrader"))?;
    for what in WITH_IT {
        copy(&place::root().join(what), &stage.join(what))?;
    }
    let notices_file = stage.join("THIRD-PARTY-NOTICES.txt");
    std::fs::write(&notices_file, notices::text(&metadata)?).map_err(|e| failed(&notices_file, &e))?;
    let archive = folder.join(format!("{name}.tar.gz"));
    run(Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(&folder).arg(&name))?;
    Ok(archive)
}

/// Copies a file or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Outcome {
    if from.is_dir() {
        std::fs::create_dir_all(to).map_err(|e| failed(to, &e))?;
        for entry in std::fs::read_dir(from).map_err(|e| failed(from, &e))? {
            let path = entry.map_err(|e| failed(from, &e))?.path();
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
        return Ok(());
    }
    std::fs::copy(from, to).map(drop).map_err(|e| failed(from, &e))
}

/// The SHA-256 of a file and its name, in the form that `sha256sum --check` reads; also kept beside the file.
fn checksum(archive: &Path) -> Outcome<String> {
    let name = archive.file_name().unwrap_or_default();
    let folder = archive.parent().unwrap_or(Path::new("."));
    let mut command =
        if crate::need::present("sha256sum") { Command::new("sha256sum") } else { Command::new("shasum") };
    if command.get_program() == "shasum" {
        command.args(["-a", "256"]);
    }
    let line = output(command.arg(name).current_dir(folder))?;
    let beside = folder.join(format!("{}.sha256", name.to_string_lossy()));
    std::fs::write(&beside, &line).map_err(|e| failed(&beside, &e))?;
    Ok(line.trim_end().to_owned())
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("config");
        std::fs::create_dir_all(from.join("deep")).unwrap();
        std::fs::write(from.join("deep/config.yaml"), "a: 1").unwrap();
        copy(&from, &folder.path().join("to")).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("to/deep/config.yaml")).unwrap(), "a: 1");
    }

    /// The oracle is FIPS 180's own example.
    #[test]
    fn the_checksum_is_sha_256() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        std::fs::write(&file, "abc").unwrap();
        let line = checksum(&file).unwrap();
        assert_eq!(line, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  abc");
    }
}
