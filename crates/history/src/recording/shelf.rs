//! Folders by day: names of files, how many days and bytes are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// What a file of a recording ends in.
pub const EXTENSION: &str = "atr";
/// Files of one day; each start and each midnight makes one.
const MOST_FILES: u32 = 9_999;

/// The folder of recordings: a folder by exchange date, in it `0001.atr` and so on, in the order in
/// which they were begun.
#[derive(Debug, Clone)]
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// A folder, which need not exist yet.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a day.
    pub fn day(&self, date: Date) -> PathBuf {
        self.root.join(date.to_string())
    }

    /// Days with a folder, in order.
    pub fn days(&self) -> Vec<Date> {
        let mut days: Vec<Date> = entries(&self.root)
            .filter(|path| path.is_dir())
            .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
            .collect();
        days.sort_unstable();
        days
    }

    /// The files of a day, in the order in which they were begun.
    pub fn files(&self, date: Date) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            entries(&self.day(date)).filter(|path| number(path).is_some()).collect();
        files.sort();
        files
    }

    /// A path below the shelf as headers name it: `2026-03-16/0001.atr`.
    pub fn name_of(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// The path of a file that a header names, where the name is one of ours: two names, no way out.
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let (day, file) = name.split_once('/')?;
        let path = self.day(day.parse().ok()?).join(file);
        (number(&path).is_some() && !file.contains(['/', '\\'])).then_some(path)
    }

    /// Where the next file of a day goes; its folder is made.
    ///
    /// # Errors
    /// The folder cannot be made, or holds 9 999 files.
    pub fn next_file(&self, date: Date) -> io::Result<PathBuf> {
        let folder = self.day(date);
        fs::create_dir_all(&folder)?;
        let last = self.files(date).iter().filter_map(|path| number(path)).max().unwrap_or(0);
        if last >= MOST_FILES {
            return Err(io::Error::other(format!("{} holds {last} recordings", folder.display())));
        }
        Ok(folder.join(format!("{:04}.{EXTENSION}", last + 1)))
    }

    /// Bytes of all recordings.
    pub fn bytes(&self) -> u64 {
        self.days().into_iter().map(|date| self.day_bytes(date)).sum()
    }

    fn day_bytes(&self, date: Date) -> u64 {
        self.files(date).iter().filter_map(|path| fs::metadata(path).ok()).map(|m| m.len()).sum()
    }

    /// Removes the recordings of the oldest days until at most `days` days are left and at most `bytes`
    /// bytes; `today` stays whatever it holds. Returns the days whose recordings are gone.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn prune(&self, today: Date, days: usize, bytes: u64) -> io::Result<Vec<Date>> {
        let mut kept: Vec<(Date, u64)> =
            self.days().into_iter().map(|date| (date, self.day_bytes(date))).filter(|d| d.1 > 0).collect();
        let mut total: u64 = kept.iter().map(|(_, bytes)| bytes).sum();
        let mut gone = Vec::new();
        while kept.len() > days.max(1) || total > bytes {
            let Some(place) = kept.iter().position(|(date, _)| *date != today) else { break };
            let (date, size) = kept.remove(place);
            for path in self.files(date) {
                fs::remove_file(path)?;
            }
            // What else lies in the folder is not ours to remove.
            let _ = fs::remove_dir(self.day(date));
            total -= size;
            gone.push(date);
        }
        Ok(gone)
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// `0001.atr`: 1.
fn number(path: &Path) -> Option<u32> {
    let stem = path.file_stem()?.to_str()?;
    let ours = path.extension()?.to_str()? == EXTENSION && stem.len() == 4;
    if ours { stem.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn files_are_numbered_within_their_day_and_named_from_the_shelf() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        let day = date(2026, 3, 16);
        for expected in ["2026-03-16/0001.atr", "2026-03-16/0002.atr"] {
            let path = shelf.next_file(day).unwrap();
            assert_eq!(shelf.name_of(&path), expected);
            assert_eq!(shelf.path_of(expected), Some(path.clone()));
            fs::write(path, "x").unwrap();
        }
        fs::write(shelf.day(day).join("notes.txt"), "x").unwrap();
        assert_eq!(shelf.files(day).len(), 2);
        for name in ["../2026-03-16/0001.atr", "2026-03-16/../x.atr", "/etc/passwd", "2026-03-16/1.atr"] {
            assert_eq!(shelf.path_of(name), None, "{name}");
        }
    }

    #[test]
    fn the_oldest_days_go_first_and_today_stays() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        for day in 10..15 {
            fs::write(shelf.next_file(date(2026, 3, day)).unwrap(), vec![0; 100]).unwrap();
        }
        let today = date(2026, 3, 14);
        assert_eq!(shelf.prune(today, 4, 10_000).unwrap(), [date(2026, 3, 10)]);
        assert_eq!(shelf.bytes(), 400);
        assert_eq!(shelf.prune(today, 4, 250).unwrap(), [date(2026, 3, 11), date(2026, 3, 12)]);
        assert_eq!(shelf.prune(today, 1, 0).unwrap(), [date(2026, 3, 13)]);
        assert_eq!(shelf.days(), [today]);
    }
}
