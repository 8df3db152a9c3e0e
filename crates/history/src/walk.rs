//! Files below a folder, sorted and bounded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::HistoryError;

/// Most files and folders that are looked at.
pub(crate) const MOST: usize = 200_000;
/// Deepest folder that is entered, counted from the first.
const DEEPEST: usize = 16;

/// What lies below a folder.
#[derive(Debug, Default)]
pub(crate) struct Below {
    /// Files, sorted by path.
    pub(crate) files: Vec<PathBuf>,
    /// Folders and files that could not be looked at, and why.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
}

/// Files below `root`, or `root` itself when it is a file. Folders for which `enter` says no are
/// passed over.
///
/// # Errors
/// [`HistoryError::Open`] for `root` itself, [`HistoryError::TooMany`].
pub(crate) fn below(root: &Path, mut enter: impl FnMut(&Path) -> bool) -> Result<Below, HistoryError> {
    let open = |source| HistoryError::Open { path: root.to_owned(), source };
    let mut below = Below::default();
    if !fs::metadata(root).map_err(open)?.is_dir() {
        below.files.push(root.to_owned());
        return Ok(below);
    }
    fs::read_dir(root).map_err(open)?;
    let (mut folders, mut seen) = (vec![(root.to_owned(), 0)], 0);
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                below.unreadable.push((folder, error));
                continue;
            }
        };
        for entry in entries {
            seen += 1;
            if seen > MOST {
                return Err(HistoryError::TooMany { path: root.to_owned(), limit: MOST });
            }
            // Metadata of the target: a link to a file is a file. Loops of links end at the depth.
            let looked = entry.and_then(|entry| {
                let path = entry.path();
                fs::metadata(&path).map(|metadata| (path, metadata))
            });
            match looked {
                Ok((path, metadata)) if metadata.is_dir() => {
                    if depth < DEEPEST && enter(&path) {
                        folders.push((path, depth + 1));
                    }
                }
                Ok((path, _)) => below.files.push(path),
                Err(error) => below.unreadable.push((folder.clone(), error)),
            }
        }
    }
    below.files.sort();
    below.unreadable.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted_and_folders_can_be_passed_over() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b/2.zip", "a/1.zip", "skip/3.zip", "0.zip"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let found = below(root.path(), |folder| !folder.ends_with("skip")).unwrap();
        let names: Vec<_> = found.files.iter().map(|file| file.strip_prefix(root.path()).unwrap()).collect();
        assert_eq!(names, ["0.zip", "a/1.zip", "b/2.zip"].map(Path::new));
        assert!(found.unreadable.is_empty());
        let file = root.path().join("0.zip");
        assert_eq!(below(&file, |_| true).unwrap().files, vec![file]);
        assert!(matches!(below(&root.path().join("no"), |_| true), Err(HistoryError::Open { .. })));
    }
}
