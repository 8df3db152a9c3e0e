//! The web page: `npm ci` and `npm run build`, each only when what it reads has changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::step::{Failure, Outcome, run, step};
use crate::{need, place};

/// Builds the page into `web/dist`, if its sources or the built files changed since the last time.
pub(crate) fn build() -> Outcome {
    need::node()?;
    packages()?;
    let folder = place::web();
    let stamp = folder.join("node_modules/.xtask-build");
    let built = folder.join("dist/index.html").is_file();
    if built
        && std::fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint(&folder).unwrap_or_default())
    {
        eprintln!("==> web page: unchanged");
        return Ok(());
    }
    step("web page", || {
        run(place::npm().args(["run", "build"]))?;
        write(&stamp, &fingerprint(&folder)?)
    })
}

/// Installs the packages of the page exactly as the lock file says.
pub(crate) fn packages() -> Outcome {
    let folder = place::web();
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/.xtask-lock");
    let wanted = digest([(lock.as_path(), read(&lock)?)]);
    if std::fs::read_to_string(&stamp).is_ok_and(|old| old == wanted) {
        return Ok(());
    }
    step("web packages", || {
        run(place::npm().arg("ci"))?;
        write(&stamp, &wanted)
    })
}

/// What the page is made of and what came out. Both are in it: a `dist` that something else wrote is built again.
fn fingerprint(folder: &Path) -> Outcome<String> {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files)?;
    Ok(digest(files.iter().map(|(path, bytes)| (path.as_path(), bytes.clone()))))
}

/// Folders of `web` that no build reads, or that tests write.
const IGNORED: [&str; 4] = ["node_modules", "test-results", "coverage", "e2e"];

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Outcome {
    let entries = std::fs::read_dir(folder).map_err(|e| failed(folder, &e))?;
    for entry in entries {
        let path = entry.map_err(|e| failed(folder, &e))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !(folder == root && IGNORED.contains(&name.as_str())) {
                collect(root, &path, files)?;
            }
        } else {
            let bytes = read(&path)?;
            files.insert(path.strip_prefix(root).unwrap_or(&path).to_path_buf(), bytes);
        }
    }
    Ok(())
}

/// Changes with any name or byte. Not for strangers' input: it only has to notice honest edits.
fn digest<'a>(files: impl IntoIterator<Item = (&'a Path, Vec<u8>)>) -> String {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|e| failed(path, &e))
}

fn write(path: &Path, text: &str) -> Outcome {
    std::fs::write(path, text).map_err(|e| failed(path, &e))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_follows_sources_and_output_but_not_packages() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for made in ["src", "dist", "node_modules"] {
            std::fs::create_dir(at(made)).unwrap();
        }
        write(&at("src/app.ts"), "one").unwrap();
        let first = fingerprint(folder.path()).unwrap();
        write(&at("node_modules/x.js"), "package").unwrap();
        assert_eq!(fingerprint(folder.path()).unwrap(), first);
        write(&at("src/app.ts"), "two").unwrap();
        let second = fingerprint(folder.path()).unwrap();
        assert_ne!(second, first);
        write(&at("dist/index.html"), "placeholder").unwrap();
        let third = fingerprint(folder.path()).unwrap();
        assert_ne!(third, second);
        std::fs::rename(at("src/app.ts"), at("src/main.ts")).unwrap();
        assert_ne!(fingerprint(folder.path()).unwrap(), third);
    }
}
